"""Hours and days by the venue's clocks, also where these are changed."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.film.rollup.hours import HOUR_MS, Every, bucket_edges, day_edges, hour_edges

ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Europe/London",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Pacific/Apia",
    "Africa/Monrovia",
)
zones = st.sampled_from(ZONES).map(ZoneInfo)
MINUTE_MS = 60_000


def ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000.0


def shown(time_ms: float, zone: ZoneInfo) -> tuple[object, ...]:
    """What identifies an hour: what the clock shows, and how far it is from UTC."""
    local = datetime.fromtimestamp(time_ms / 1000.0, zone)
    return local.date(), local.hour, local.utcoffset()


@given(zone=zones, begin=st.integers(0, 80 * 365 * 24 * 60), minutes=st.integers(1, 4000))
def test_an_hour_is_as_long_as_the_clock_shows_it(zone: ZoneInfo, begin: int, minutes: int) -> None:
    from_ms = float(begin * MINUTE_MS)
    edges = hour_edges(from_ms, from_ms + minutes * MINUTE_MS, zone)
    assert edges[0] <= from_ms < edges[1]
    assert edges[-2] < from_ms + minutes * MINUTE_MS <= edges[-1]
    for start_ms, end_ms in pairwise(edges):
        assert 0 < end_ms - start_ms <= HOUR_MS
        assert shown(start_ms, zone) == shown(end_ms - 1000, zone)
        assert shown(start_ms, zone) != shown(end_ms, zone)
        assert shown(start_ms, zone) != shown(start_ms - 1000, zone)


@given(zone=zones, begin=st.integers(0, 80 * 365 * 24), hours=st.integers(1, 24 * 40))
def test_days_begin_at_an_edge_of_hours(zone: ZoneInfo, begin: int, hours: int) -> None:
    from_ms = begin * HOUR_MS
    days = day_edges(from_ms, from_ms + hours * HOUR_MS, zone)
    assert days[0] <= from_ms < days[-1]
    assert set(days.tolist()) <= set(hour_edges(days[0], days[-1], zone).tolist())
    for start_ms, end_ms in pairwise(days):
        begun, next_ = (datetime.fromtimestamp(each / 1000.0, zone) for each in (start_ms, end_ms))
        assert begun.date() < next_.date() <= begun.date() + timedelta(days=2)  # Apia left a day out


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", "2026-03-08T12:00:00-04:00", [1.0] * 23),
        ("America/New_York", "2026-11-01T12:00:00-05:00", [1.0] * 25),
        ("Australia/Lord_Howe", "2026-10-04T12:00:00+11:00", [1.0, 1.0, 0.5] + [1.0] * 21),
        ("Australia/Lord_Howe", "2026-04-05T12:00:00+10:30", [1.0, 1.0, 0.5] + [1.0] * 22),
        ("Asia/Kolkata", "2026-04-05T12:00:00+05:30", [1.0] * 24),
    ],
)
def test_days_on_which_clocks_are_changed(zone: str, day: str, hours: list[float]) -> None:
    begin, end = day_edges(ms(day), ms(day) + 1, ZoneInfo(zone))
    edges = hour_edges(begin, end, ZoneInfo(zone))
    assert (np.diff(edges) / HOUR_MS).tolist() == hours
    assert edges[-1] == end


@pytest.mark.parametrize("every", ["minute", "hour", "day"])
def test_buckets_hold_all_of_a_time(every: Every) -> None:
    zone, from_ms = ZoneInfo("Asia/Shanghai"), ms("2026-05-01T08:00:30+08:00")
    for length_ms in (1.0, 29_999.0, 30_000.0, 30_001.0, 7 * HOUR_MS):
        edges = bucket_edges(from_ms, from_ms + length_ms, every, zone)
        assert edges[0] <= from_ms
        assert edges[-2] < from_ms + length_ms <= edges[-1]
    assert datetime.fromtimestamp(edges[0] / 1000, UTC).second == 0
