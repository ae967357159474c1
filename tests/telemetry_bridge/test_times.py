"""RFC 3339 both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.times import format_rfc3339, parse_rfc3339


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2026-11-21T08:30:00.250Z", 1795249800250.0),
        ("2026-11-21T16:30:00.25+08:00", 1795249800250.0),
        ("2026-11-21t08:30:00.2500001234z", 1795249800250.0),
        ("2026-11-21 08:30:00Z", 1795249800000.0),
        ("1969-12-31T23:59:59.999Z", -1.0),
        ("2026-11-21T08:30:00.000001Z", 1795249800000.001),
    ],
)
def test_times_are_read(text: str, time_ms: float) -> None:
    assert parse_rfc3339(text) == pytest.approx(time_ms, abs=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1790000000000",
        "2026-11-21",
        "2026-11-21T08:30:00",
        "2026-11-21T08:30Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "2026-11-21T08:30:00+99:00",
        "２０２６-11-21T08:30:00Z",
        "2026-W47-6T08:30:00Z",
        "2026-11-21T08:30:00Z\n",
        "2026-11-21T08:30:00.25aZ",
        "2026-11-21T08:30:00.+25Z",
        "2026-11-21T08:30:00.25 Z",
        "2026-02-30T08:30:00.250Z",
        "2026-11-21T24:30:00.250Z",
        "٢026-11-21T08:30:00.250Z",
    ],
)
def test_anything_else_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        parse_rfc3339(text)


@given(st.integers(-(10**12), 10**13))
def test_round_trip(time_ms: int) -> None:
    assert parse_rfc3339(format_rfc3339(time_ms)) == time_ms


def test_format_has_milliseconds_and_a_z() -> None:
    assert format_rfc3339(1795249800250.4) == "2026-11-21T08:30:00.250Z"
    assert format_rfc3339(0) == "1970-01-01T00:00:00.000Z"
