"""The newest state of every point, as numpy columns. No I/O and no clock: time is passed in.

What a sample does to the state:

- One older than what is there is late and changes nothing; the same one again changes nothing either.
- A simulated one does not override a real one unless it is later by `real_beats_simulated_ms`, and gives way
  to a real one unless that is earlier by as much. So what comes twice or in another order comes to the same.
- A finite value outside the engineering range is shown as it came, with quality bad: whoever repairs the
  sensor needs to see 250 °C.
- A value that is not finite is no value: the last one stays, with quality bad.
- A value older than three periods is stale; when a point falls silent, `mark_stale` makes it so.

Where the clock runs faster than real time (`speed`), real devices do not: their periods, and the time for
which they outrank the simulator, are counted in real time. Nor does the simulator's beat: what it sends is
not silent before a few seconds of real time have passed, however long that is by the clock.

A point that repeats its value is no change and goes into no frame; that it lives shows in its quality.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemetry_bridge.wire import Indices, Qualities, Quality, Values

STALE_AFTER_PERIODS = 3.0
REAL_BEATS_SIMULATED_MS = 60_000.0
SIMULATOR_RESTS_MS = 10_000.0
"""Real time that a busy machine may take between two beats of the simulator."""

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Samples as columns of one length, the newest per point: what a frame holds.

    `point_index` is (n,) uint32 ascending, `value` (n,) float64 in the point's unit, `quality` (n,) uint8.
    """

    point_index: Indices
    value: Values
    quality: Qualities

    def __len__(self) -> int:
        return len(self.point_index)


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    index: NDArray[np.intp]
    value: Values
    time_ms: Values
    quality: Qualities

    def __getitem__(self, rows: Rows | Mask) -> "_Samples":
        return _Samples(self.index[rows], self.value[rows], self.time_ms[rows], self.quality[rows])


class LiveState:
    """Value, time and quality of n points, and which of them changed since last asked.

    Columns, all of length n and not to be written from outside: `value` float64 (NaN: none yet), `time_ms`
    float64 of the newest sample (-inf: none yet), `quality` uint8, `simulated` bool (the newest sample was).
    """

    def __init__(
        self,
        low: Values,
        high: Values,
        period_ms: Values,
        real_beats_simulated_ms: float = REAL_BEATS_SIMULATED_MS,
    ) -> None:
        """Begin with nothing known; the arguments are (n,) columns of the registry."""
        n = len(period_ms)
        self._low, self._high = low, high
        self._silence_ms = STALE_AFTER_PERIODS * period_ms
        self._real_beats_simulated_ms = real_beats_simulated_ms
        #: Clock ms that pass in a real one.
        self.speed = 1.0
        self.value = np.full(n, np.nan)
        self.time_ms = np.full(n, -np.inf)
        self.quality = np.full(n, Quality.BAD, dtype=np.uint8)
        self.simulated = np.zeros(n, dtype=np.bool_)
        self._dirty = np.zeros(n, dtype=np.bool_)

    def __len__(self) -> int:
        return len(self.value)

    @property
    def _simulated_silence_ms(self) -> Values:
        """(n,) How long simulated points may be silent, clock ms."""
        rests_ms = SIMULATOR_RESTS_MS * self.speed if self.speed > 1.0 else 0.0
        silence_ms: Values = np.maximum(self._silence_ms, rests_ms)
        return silence_ms

    @property
    def known(self) -> Mask:
        """(n,) bool: points of which anything was ever heard."""
        known: Mask = np.isfinite(self.time_ms)
        return known

    def apply(
        self, point_index: ArrayLike, value: ArrayLike, time_ms: ArrayLike, quality: ArrayLike, now_ms: float
    ) -> Mask:
        """Take m samples; gives (m,) bool, true where the sample was neither late nor outranked.

        A batch counts as if its real samples came first, then its simulated ones, each in order of time, and
        in the order given where times are equal. `point_index` in 0..n-1, `time_ms` finite; `quality` and
        `time_ms` may be one number for all.
        """
        index = np.asarray(point_index, dtype=np.intp)
        samples = _Samples(
            index,
            np.broadcast_to(np.asarray(value, dtype=np.float64), index.shape),
            np.broadcast_to(np.asarray(time_ms, dtype=np.float64), index.shape),
            np.broadcast_to(np.asarray(quality, dtype=np.uint8), index.shape),
        )
        applied = np.zeros(len(index), dtype=np.bool_)
        from_simulator = samples.quality == Quality.SIMULATED
        for part, simulated in ((~from_simulator, False), (from_simulator, True)):
            rows = np.flatnonzero(part)
            if len(rows):
                rows = rows[self._may_apply(samples[rows], simulated)]
                self._write(_in_time_order(samples[rows]), now_ms, simulated)
                applied[rows] = True
        return applied

    def _may_apply(self, samples: _Samples, simulated: bool) -> Mask:
        """(m,) bool: neither late nor outranked, whatever came first."""
        ahead_ms = samples.time_ms - self.time_ms[samples.index]
        fresh: Mask = ahead_ms >= 0.0
        beats_ms = self._real_beats_simulated_ms * self.speed
        if simulated:
            fresh &= self.simulated[samples.index] | (ahead_ms >= beats_ms)
        else:
            fresh |= self.simulated[samples.index] & (-ahead_ms < beats_ms)
        return fresh

    def _write(self, samples: _Samples, now_ms: float, simulated: bool) -> None:
        newest = samples[_last_of_each(samples.index)]
        finite = samples[np.isfinite(samples.value)]
        old_value, old_quality = self.value[newest.index], self.quality[newest.index]
        self.value[finite.index] = finite.value  # of equal indices numpy keeps the last
        self.quality[newest.index] = self._judged(newest, now_ms, simulated)
        changed = (self.quality[newest.index] != old_quality) | _differs(self.value[newest.index], old_value)
        changed |= ~np.isfinite(self.time_ms[newest.index])
        self.time_ms[newest.index] = newest.time_ms
        self.simulated[newest.index] = simulated
        self._dirty[newest.index[changed]] = True

    def _judged(self, samples: _Samples, now_ms: float, simulated: bool) -> Qualities:
        index = samples.index
        # NaN compares false, so that nonsense is what is not inside.
        inside = (samples.value >= self._low[index]) & (samples.value <= self._high[index])
        inside &= np.isfinite(samples.value)
        silence_ms = self._simulated_silence_ms[index] if simulated else self._silence_ms[index] * self.speed
        stale = now_ms - samples.time_ms > silence_ms
        quality = np.where(stale & (samples.quality != Quality.BAD), Quality.STALE, samples.quality)
        return np.where(inside, quality, Quality.BAD).astype(np.uint8)

    def mark_stale(self, now_ms: float) -> int:
        """Turn what has been silent for more than three periods stale; gives how many points did.

        Bad points stay bad.
        """
        silence_ms = np.where(self.simulated, self._simulated_silence_ms, self._silence_ms * self.speed)
        silent = now_ms - self.time_ms > silence_ms
        trusted = (self.quality == Quality.GOOD) | (self.quality == Quality.SIMULATED)
        turned = silent & trusted
        self.quality[turned] = Quality.STALE
        self._dirty |= turned
        return int(turned.sum())

    def take_changed(self) -> Columns:
        """Give what changed since the last call."""
        index = np.flatnonzero(self._dirty)
        self._dirty[index] = False
        return self._columns(index)

    def snapshot(self) -> Columns:
        """Give every point of which anything was ever heard."""
        return self._columns(np.flatnonzero(self.known))

    def _columns(self, index: Rows) -> Columns:
        return Columns(index.astype(np.uint32), self.value[index], self.quality[index])


def _in_time_order(samples: _Samples) -> _Samples:
    """Sort by point, then time; equal ones stay in order."""
    if np.all(samples.index[1:] > samples.index[:-1]):
        return samples
    return samples[np.lexsort((samples.time_ms, samples.index))]


def _last_of_each(sorted_index: Rows) -> Rows:
    """Give the last row of each run of equal indices."""
    if not len(sorted_index):
        return np.empty(0, dtype=np.intp)
    ends = np.append(sorted_index[1:] != sorted_index[:-1], True)
    return np.flatnonzero(ends)


def _differs(new: Values, old: Values) -> Mask:
    differs: Mask = (new != old) & ~(np.isnan(new) & np.isnan(old))
    return differs
