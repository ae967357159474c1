"""Statuses, values and freshness: the parts of the OPC UA adapter without a network."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.adapter_file_opcua import NodeEntry
from telemetry_bridge.adapter_file_parts import PointRef
from telemetry_bridge.adapters.freshness import Freshness
from telemetry_bridge.adapters.opcua import node_text, subscription_parameters
from telemetry_bridge.adapters.opcua_values import ms_of, quality_of, sample_of, written_value
from telemetry_bridge.wire import Quality
from tests.telemetry_bridge.builders import registry

REF = PointRef("r1", "temperature")
NOW_MS = 1_790_000_000_000.0


def entry(**more: object) -> NodeEntry:
    fields = {"device": "r1", "point": "setpoint", "node": "ns=2;s=x"} | more
    return NodeEntry(**fields)  # type: ignore[arg-type]


@given(st.integers(0, 2**32 - 1))
def test_only_good_is_good(status: int) -> None:
    quality, fault = quality_of(status, "X")
    assert (quality is Quality.GOOD) == (status >> 30 == 0)
    assert bool(fault) == (quality is Quality.BAD)
    if status >> 30 >= 2:
        assert quality is Quality.BAD


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "no value"), ([1.0], "a list is no number"), (math.nan, "nan is no reading"), (b"x", "a bytes")],
)
def test_what_is_no_value_is_bad_with_a_reason(value: object, expected: str) -> None:
    sample = sample_of(entry(), value, 0, "Good")
    assert sample.value is None
    assert expected in sample.fault
    assert sample.reading().quality is Quality.BAD


def test_values_are_converted() -> None:
    assert sample_of(entry(scale=0.1, offset=-40.0), 650, 0, "Good").value == 25.0
    assert sample_of(entry(states={1: "heat"}), True, 0, "Good").value == "heat"
    assert sample_of(entry(), "heat", 0, "Good").value == "heat"
    assert "none of the states 1" in sample_of(entry(states={1: "heat"}), 2, 0, "Good").fault


def test_what_is_written_fits_the_variable() -> None:
    found = registry()
    setpoint, mode = found.find("r1", "setpoint"), found.find("r1", "mode")
    assert setpoint is not None
    assert mode is not None
    assert written_value(entry(scale=0.1), 21.54, setpoint, "Int16") == 215
    assert written_value(entry(), 21.54, setpoint, "Float") == 21.54
    assert written_value(entry(), 1.0, mode, "Boolean") is True
    assert written_value(entry(), 1.0, mode, "String") == "heat"
    assert written_value(entry(states={4: "heat"}), 1.0, mode, "Byte") == 4
    with pytest.raises(ValueError, match="type Guid cannot be written"):
        written_value(entry(), 1.0, setpoint, "Guid")


def test_namespaces_by_uri() -> None:
    names = ["http://opcfoundation.org/UA/", "urn:a", "urn:b"]
    assert node_text("nsu=urn:b;s=x;y", names) == "ns=2;s=x;y"
    assert node_text("ns=1;i=5", names) == "ns=1;i=5"
    with pytest.raises(ValueError, match="no namespace urn:c"):
        node_text("nsu=urn:c;s=x", names)


def test_times_with_and_without_a_zone() -> None:
    assert ms_of(None) is None
    assert ms_of(datetime(1970, 1, 1, 0, 0, 1)) == 1000.0  # as asyncua gave them once
    assert ms_of(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1000.0


@given(st.lists(st.tuples(st.floats(-200_000, 5_000), st.floats(0, 20_000)), max_size=30))
def test_stamps_never_go_back_and_are_never_ahead(steps: list[tuple[float, float]]) -> None:
    freshness = Freshness({REF: 60.0})
    now_ms, last_ms = NOW_MS, -math.inf
    for offset_ms, step_ms in steps:
        now_ms += step_ms
        stamp = freshness.stamp(REF, now_ms + offset_ms, now_ms)
        shown_ms = now_ms if stamp is None else stamp
        assert now_ms - 60_000 <= shown_ms <= now_ms
        assert shown_ms >= last_ms, "the live state would take it for late"
        last_ms = shown_ms


def test_silent_points_are_due_after_their_period() -> None:
    other = PointRef("r2", "temperature")
    freshness = Freshness({REF: 10.0, other: 60.0})
    assert freshness.due(0.0) == [REF, other]
    freshness.heard(REF, 0.0)
    freshness.heard(other, 0.0)
    assert freshness.due(9.9) == []
    assert freshness.due(10.0) == [REF]
    assert freshness.due(60.0) == [REF, other]
    freshness.forget()
    assert freshness.due(0.0) == [REF, other]


@given(st.floats(0, 86_400_000))
def test_a_subscription_ends_with_its_session_and_shows_life_before(publishing_ms: float) -> None:
    parameters = subscription_parameters(publishing_ms)
    lifetime, keep_alive = parameters.RequestedLifetimeCount, parameters.RequestedMaxKeepAliveCount
    assert keep_alive >= 1
    assert lifetime >= 3 * keep_alive
    if 1 <= publishing_ms <= 5000:
        assert keep_alive * publishing_ms <= 10_000
        assert lifetime * publishing_ms <= 90_000
