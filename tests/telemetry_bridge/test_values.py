"""Values as devices and people write them."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.points import Point
from telemetry_bridge.values import BadValue, number_of
from tests.telemetry_bridge.builders import registry


def point(key: str) -> Point:
    found = registry().find(*key.split("/"))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("key", "value", "number"),
    [
        ("r1/temperature", 21, 21.0),
        ("r1/temperature", -1.5, -1.5),
        ("r1/temperature", 250, 250.0),
        ("l1/switch", "on", 1.0),
        ("l1/switch", False, 0.0),
        ("l1/switch", 1, 1.0),
        ("l1/status", "fault", 2.0),
        ("l1/status", True, 1.0),
        ("l1/flag", True, 1.0),
        ("r1/mode", "heat", 1.0),
        ("r1/mode", 2.0, 2.0),
    ],
)
def test_good_values(key: str, value: object, number: float) -> None:
    assert number_of(point(key), value) == number


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("r1/temperature", "21", "bad_value"),
        ("r1/temperature", "on", "bad_value"),
        ("r1/temperature", True, "bad_value"),
        ("r1/temperature", [21], "bad_value"),
        ("r1/temperature", {"value": 21}, "bad_value"),
        ("r1/mode", "dry", "unknown_state"),
        ("r1/mode", "Heat", "unknown_state"),
        ("r1/mode", 0.5, "unknown_state"),
        ("r1/mode", True, "bad_value"),
    ],
)
def test_bad_values(key: str, value: object, code: str) -> None:
    bad = number_of(point(key), value)
    assert isinstance(bad, BadValue)
    assert bad.code == code
    assert bad.reason.startswith(key)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, 10**400])
def test_no_reading(value: object) -> None:
    bad = number_of(point("r1/temperature"), value)
    assert isinstance(bad, BadValue)
    assert "is no value of" in bad.reason


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(_json, st.sampled_from(["r1/temperature", "r1/mode", "l1/switch", "l1/flag"]))
def test_anything_is_a_finite_number_or_has_a_reason(value: Any, key: str) -> None:
    result = number_of(point(key), value)
    if isinstance(result, BadValue):
        assert result.reason.encode()
    else:
        assert math.isfinite(result)
