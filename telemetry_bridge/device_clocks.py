"""Devices whose clocks are wrong: found by their times against arrival, and corrected. No I/O.

The offset of an arrival is the server's time less the device's newest time in it: how long the sample was on
its way, plus how far the device's clock is behind. The way only ever adds, so the least offset of several
arrivals tells the clock (as in NTP: D. Mills, RFC 5905, 10, clock filter). A device that hands in what it
kept while it was offline has large offsets too; but these shrink from message to message, or a fresh sample
comes between. So a clock counts as wrong when

- of the last `KEPT` arrivals at least `ENOUGH` are within `JITTER_MS` of the least offset (those that come
  within `GAP_MS` count as one: who reports every second must be found out too),
- they are spread over `SPAN_MS` at least, and none was right.

One arrival that is right within `TOLERANCE_MS` ends it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.live import Rows
from telemetry_bridge.points import Registry
from telemetry_bridge.wire import Values

TOLERANCE_MS = 10_000.0
JITTER_MS = 5_000.0
SPAN_MS = 10_000.0
KEPT = 8
ENOUGH = 5
GAP_MS = SPAN_MS / (ENOUGH - 1)


@dataclass(frozen=True, slots=True)
class ClockSkew:
    """A device's clock that is wrong: `behind_ms` is added to its times; negative: the clock is ahead.

    `heard_ms` is when it was last heard with a wrong time, by the server's clock, ms since 1970 UTC.
    """

    device: str
    behind_ms: float
    heard_ms: float


class DeviceClocks:
    """What is known of the clocks of a registry's devices."""

    def __init__(self, registry: Registry) -> None:
        self._names = tuple(registry.devices)
        number = {name: place for place, name in enumerate(self._names)}
        self._device_of = np.array([number[point.device] for point in registry.points], dtype=np.intp)
        count = len(self._names)
        self._behind_ms = np.zeros(count)
        self._is_watched = np.zeros(count, dtype=np.bool_)
        self._offsets = np.full((count, KEPT), np.nan)
        self._arrivals = np.full((count, KEPT), np.nan)
        self._seen = np.zeros(count, dtype=np.intp)
        self._heard_ms = np.full(count, np.nan)

    def corrected(self, point_index: Rows, time_ms: Values, now_ms: float) -> Values:
        """Give (m,) times by the server's clock; what is not finite stays so.

        `point_index` (m,), `time_ms` (m,) as the devices say: the samples of one arrival. For the speed of
        real time alone.
        """
        offset = now_ms - time_ms
        odd = np.abs(offset) > TOLERANCE_MS
        if not (odd.any() or self._is_watched.any()):
            return time_ms
        device = self._device_of[point_index]
        rows = np.flatnonzero((odd | self._is_watched[device]) & np.isfinite(offset))
        self._note(device[rows], offset[rows], now_ms)
        corrected: Values = time_ms + self._behind_ms[device]
        return corrected

    def _note(self, device: Rows, offset: Values, now_ms: float) -> None:
        """Take one arrival of each device: the least of its offsets."""
        order = np.lexsort((offset, device))
        device, offset = device[order], offset[order]
        first = np.ones(len(device), dtype=np.bool_)
        first[1:] = device[1:] != device[:-1]
        device, offset = device[first], offset[first]
        is_right = np.abs(offset) <= TOLERANCE_MS
        self._forget(device[is_right])
        self._remember(device[~is_right], offset[~is_right], now_ms)

    def _forget(self, device: Rows) -> None:
        self._behind_ms[device] = 0.0
        self._is_watched[device] = False
        self._offsets[device] = np.nan
        self._seen[device] = 0

    def _remember(self, device: Rows, offset: Values, now_ms: float) -> None:
        if not len(device):
            return
        seen = self._seen[device]
        last = (seen - 1) % KEPT
        joins = (seen > 0) & (now_ms - self._arrivals[device, last] < GAP_MS)
        place = np.where(joins, last, seen % KEPT)
        self._offsets[device, place] = np.where(
            joins, np.minimum(self._offsets[device, place], offset), offset
        )
        self._arrivals[device, place] = np.where(joins, self._arrivals[device, place], now_ms)
        self._seen[device] += ~joins
        self._is_watched[device] = True
        self._heard_ms[device] = now_ms
        offsets = self._offsets[device]
        least = np.fmin.reduce(offsets, axis=1)
        near = offsets <= least[:, np.newaxis] + JITTER_MS  # NaN compares false
        is_wrong = (near.sum(axis=1) >= ENOUGH) & (_span(self._arrivals[device], near) >= SPAN_MS)
        holds = np.abs(least - self._behind_ms[device]) <= JITTER_MS
        self._behind_ms[device] = np.where(is_wrong | holds, least, 0.0)

    @property
    def skews(self) -> tuple[ClockSkew, ...]:
        """The clocks that are corrected now, the worst first."""
        wrong = np.flatnonzero(self._behind_ms)
        worst_first = wrong[np.argsort(-np.abs(self._behind_ms[wrong]), kind="stable")]
        return tuple(
            ClockSkew(self._names[each], float(self._behind_ms[each]), float(self._heard_ms[each]))
            for each in worst_first
        )


def _span(arrivals: Values, chosen: NDArray[np.bool_]) -> Values:
    """(k,) ms from the first to the last of the chosen ones in each row; at least one is."""
    last = np.where(chosen, arrivals, -np.inf).max(axis=1)
    span: Values = last - np.where(chosen, arrivals, np.inf).min(axis=1)
    return span
