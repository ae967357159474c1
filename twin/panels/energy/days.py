"""Days of the venue and the times at which counters are read. Pure; times are ms since 1970 UTC."""

from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Step = Literal["15min", "hour", "day"]
STEP_MS = {"15min": 900_000.0, "hour": 3_600_000.0}
MS_PER_S = 1000.0


def day_of(time_ms: float, zone: ZoneInfo) -> date:
    """The venue's day in which a moment lies."""
    return datetime.fromtimestamp(time_ms / MS_PER_S, zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[float, float]:
    """From midnight to midnight by the venue's clocks: 23 or 25 hours where they are changed."""
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp() * MS_PER_S


def bounds(from_ms: float, to_ms: float, step: Step, zone: ZoneInfo) -> NDArray[np.float64]:
    """Where buckets begin and end, ascending: from the start in equal steps, or at the venue's midnights.

    The first is `from_ms`, the last `to_ms`.
    """
    if step == "day":
        inner = _midnights(from_ms, to_ms, zone)
    else:
        inner = np.arange(from_ms + STEP_MS[step], to_ms, STEP_MS[step]).tolist()
    return np.array([from_ms, *inner, to_ms])


def _midnights(from_ms: float, to_ms: float, zone: ZoneInfo) -> list[float]:
    day, found = day_of(from_ms, zone) + timedelta(days=1), []
    while (moment := _midnight(day, zone)) < to_ms:
        found.append(moment)
        day += timedelta(days=1)
    return found


def bucket_count(from_ms: float, to_ms: float, step: Step) -> int:
    """How many buckets `bounds` makes, at most; before it makes them."""
    return int((to_ms - from_ms) / STEP_MS.get(step, 82_800_000.0)) + 1
