"""Hours and days by the venue's clocks. Pure; times are ms since 1970 UTC.

An hour is as long as the local time shows the same hour at the same offset from UTC: 3600 s, and less where
clocks are changed by a part of an hour. An hour that is repeated is two.
"""

from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from twin.days import day_of, midnight_ms

Edges = NDArray[np.float64]
Every = Literal["minute", "hour", "day"]

HOUR_S: Final = 3600
MINUTE_MS: Final = 60_000.0
HOUR_MS: Final = 3_600_000.0
DAY_MS: Final = 86_400_000.0
#: The shortest that a bucket is, about; so many of them at most are in a span.
LEAST_MS: Final = {"minute": MINUTE_MS, "hour": HOUR_MS, "day": 23 * HOUR_MS}


def offset_s(time_s: int, zone: ZoneInfo) -> int:
    """How far the venue's clocks are ahead of UTC, s."""
    offset = datetime.fromtimestamp(time_s, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _changed_s(from_s: int, to_s: int, zone: ZoneInfo) -> int:
    """The first second of (from, to] at which the offset is not that of `from`; it is another at `to`."""
    before = offset_s(from_s, zone)
    while to_s - from_s > 1:
        middle = (from_s + to_s) // 2
        if offset_s(middle, zone) == before:
            from_s = middle
        else:
            to_s = middle
    return to_s


def _begin_s(time_s: int, zone: ZoneInfo) -> int:
    """When the hour of a moment began."""
    offset = offset_s(time_s, zone)
    begin = (time_s + offset) // HOUR_S * HOUR_S - offset
    return begin if offset_s(begin, zone) == offset else _changed_s(begin, time_s, zone)


def _end_s(begin_s: int, zone: ZoneInfo) -> int:
    """When the hour that begins at a moment ends."""
    offset = offset_s(begin_s, zone)
    end = (begin_s + offset) // HOUR_S * HOUR_S + HOUR_S - offset
    return end if offset_s(end, zone) == offset else _changed_s(begin_s, end, zone)


def hour_edges(from_ms: float, to_ms: float, zone: ZoneInfo) -> Edges:
    """(n + 1,) where n hours begin and end that hold all from a time to before another."""
    edges = [_begin_s(int(from_ms // 1000), zone)]
    while edges[-1] * 1000 < to_ms:
        edges.append(_end_s(edges[-1], zone))
    return np.array(edges, dtype=np.float64) * 1000.0


def day_edges(from_ms: float, to_ms: float, zone: ZoneInfo) -> Edges:
    """As `hour_edges`, of days from midnight to midnight: 23 or 25 hours where clocks are changed."""
    day = day_of(from_ms, zone)
    edges = [midnight_ms(day, zone)]
    while edges[-1] < to_ms:
        day += timedelta(days=1)
        edges.append(midnight_ms(day, zone))
    return np.array(edges)


def bucket_edges(from_ms: float, to_ms: float, every: Every, zone: ZoneInfo) -> Edges:
    """As `hour_edges`, of minutes, hours or days."""
    if every == "minute":
        first = from_ms // MINUTE_MS
        return np.arange(first, max(np.ceil(to_ms / MINUTE_MS), first + 1) + 1) * MINUTE_MS
    return (hour_edges if every == "hour" else day_edges)(from_ms, to_ms, zone)
