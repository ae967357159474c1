"""Energy from meters' counters and from power readings. Pure.

Arrays are `(times, meters)` float64, NaN where nothing is known; times are ms since 1970 UTC, ascending.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.film.rollup.counting import began_anew

Floats = NDArray[np.float64]

MS_PER_HOUR = 3_600_000.0
ROOM = 1.25
"""A circuit may draw this much more than what is known to hang on it."""
LATE_H = 1.0
"""A reading may be this much older than the time for which it stands, and bring what was counted since."""
LEAST_KWH = 1.0
"""Counters that report in steps may be this much ahead of a short span."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Energy of a span: `kwh` is None where nothing is known; `from_ms` and `to_ms` are what it covers."""

    kwh: float | None
    from_ms: float | None = None
    to_ms: float | None = None
    resets: int = 0


NOTHING = Amount(None)


def advance(before: Floats, after: Floats, hours: Floats, max_kw: Floats) -> Floats:
    """What counters counted between two readings, kWh, broadcast; NaN where that cannot be known.

    A counter that fell began anew at zero: it counted what it shows now. More than `max_kw` could bring in
    that time, either way, is another meter's number and no energy.
    """
    rise = after - before
    counted = np.where(began_anew(before, after), after, rise)
    most = max_kw * ROOM * hours + LEAST_KWH
    return np.where((counted >= 0) & (counted <= most), counted, np.nan)


def between(times_ms: Floats, read_ms: Floats) -> Floats:
    """Hours in which counters may have counted what they rose from each time to the next.

    `(times - 1, meters)`; `read_ms` (times, meters) is when what they showed had come: not after the time.
    """
    whole = (np.diff(times_ms) / MS_PER_HOUR)[:, None]
    hours: Floats = np.clip(np.diff(read_ms, axis=0) / MS_PER_HOUR, whole, whole + LATE_H)
    return hours


def per_bucket(times_ms: Floats, counters: Floats, read_ms: Floats, max_kw: Floats) -> Floats:
    """What each meter counted between each two times, `(times - 1, meters)` kWh.

    NaN where either reading is missing: how a difference over a longer time is spread is not known.
    """
    return advance(counters[:-1], counters[1:], between(times_ms, read_ms), max_kw)


def total(times_ms: Floats, counter: Floats, read_ms: Floats, max_kw: float) -> Amount:
    """What one meter counted, from its first known reading to its last; counters count through a gap.

    Steps that cannot be known (a replaced meter) are left out. `counter` and `read_ms` are `(times,)`.
    """
    known = np.flatnonzero(~np.isnan(counter))
    if len(known) < 2:
        return NOTHING
    times, values = times_ms[known], counter[known]
    hours = between(times, read_ms[known, None])[:, 0]
    steps = advance(values[:-1], values[1:], hours, np.array(max_kw))
    if np.isnan(steps).all():
        return NOTHING
    resets = int((np.diff(values) < 0).sum() + (np.isnan(steps) & (np.diff(values) >= 0)).sum())
    return Amount(float(np.nansum(steps)), float(times[0]), float(times[-1]), resets)


def summed(amounts: "list[Amount]") -> Amount:
    """Amounts of one span together; what is not known counts nothing, so say which were missing."""
    known = [each for each in amounts if each.kwh is not None]
    if not known:
        return NOTHING
    return Amount(
        sum(each.kwh or 0.0 for each in known),
        min(each.from_ms for each in known if each.from_ms is not None),
        max(each.to_ms for each in known if each.to_ms is not None),
        sum(each.resets for each in known),
    )


def missing_hours(times_ms: Floats, counters: Floats) -> float:
    """Hours between readings of which one is missing, of any of the meters."""
    known: NDArray[np.bool_] = np.logical_not(np.isnan(counters).any(axis=1))
    told = known[:-1] & known[1:]
    return float((np.diff(times_ms) / MS_PER_HOUR).sum(where=~told))


def integral(times_ms: Floats, power_kw: Floats) -> tuple[Floats, Floats]:
    """Energy of signed power readings, `(meters,)` kWh: of positive power, and of negative power as positive.

    By trapezoids over each two readings that are both there (a change of sign between them is cut at zero);
    what lies between others is left out.
    """
    hours = (np.diff(times_ms) / MS_PER_HOUR)[:, None]
    first, last = power_kw[:-1], power_kw[1:]
    return np.nansum(_positive(first, last) * hours, axis=0), np.nansum(
        _positive(-first, -last) * hours, axis=0
    )


def _positive(first: Floats, last: Floats) -> Floats:
    """Mean over a straight line from one power to another, of the part above zero."""
    high, low = np.maximum(first, last), np.minimum(first, last)
    span = np.where(high > low, high - low, 1.0)
    crossing = np.maximum(high, 0.0) ** 2 / (2.0 * span)
    return np.where(low >= 0, (first + last) / 2.0, np.where(np.isnan(high), np.nan, crossing))
