"""Days of the venue and the times at which counters are read. Pure; times are ms since 1970 UTC."""

from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from twin.days import day_of, midnight_ms

Step = Literal["15min", "hour", "day"]
STEP_MS = {"15min": 900_000.0, "hour": 3_600_000.0}


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
    while (moment := midnight_ms(day, zone)) < to_ms:
        found.append(moment)
        day += timedelta(days=1)
    return found


def bucket_count(from_ms: float, to_ms: float, step: Step) -> int:
    """How many buckets `bounds` makes, at most; before it makes them."""
    return int((to_ms - from_ms) / STEP_MS.get(step, 82_800_000.0)) + 1
