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

Whoever keeps a record (`on_written`) hears of every sample that counts, each with its own time: the late ones
too, and that points fell silent.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemetry_bridge.samples import Samples
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
        #: Called with samples as they count, in any order. Values outside the range are bad; one that is not
        #: finite is the last that was. That a point is stale from now on, or shows a real device's value in
        #: place of a younger simulated one, is a sample of now.
        self.on_written: Callable[[Samples], None] | None = None

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
        samples = Samples.of(point_index, time_ms, value, quality)
        applied = np.zeros(len(samples), dtype=np.bool_)
        from_simulator = samples.quality == Quality.SIMULATED
        for kind, simulated in ((~from_simulator, False), (from_simulator, True)):
            rows = np.flatnonzero(kind)
            if len(rows):
                part = samples[rows]
                taken = self._may_apply(part, simulated)
                self._write(_in_time_order(part[taken]), now_ms, simulated)
                applied[rows[taken]] = True
                if self.on_written is not None and not simulated and not taken.all():
                    late = part[~taken]
                    self.on_written(replace(late, quality=self._within_range(late)))
        return applied

    def _may_apply(self, samples: Samples, simulated: bool) -> Mask:
        """(m,) bool: neither late nor outranked, whatever came first."""
        index = samples.point_index
        ahead_ms = samples.time_ms - self.time_ms[index]
        fresh: Mask = ahead_ms >= 0.0
        beats_ms = self._real_beats_simulated_ms * self.speed
        if simulated:
            fresh &= self.simulated[index] | (ahead_ms >= beats_ms)
        else:
            fresh |= self.simulated[index] & (-ahead_ms < beats_ms)
        return fresh

    def _write(self, samples: Samples, now_ms: float, simulated: bool) -> None:
        newest = samples[_last_of_each(samples.point_index)]
        finite = samples[np.isfinite(samples.value)]
        is_older = newest.time_ms < self.time_ms[newest.point_index]
        old_value, old_quality = self.value[newest.point_index], self.quality[newest.point_index]
        self.value[finite.point_index] = finite.value  # of equal indices numpy keeps the last
        self.quality[newest.point_index] = self._judged(newest, now_ms, simulated)
        changed = self.quality[newest.point_index] != old_quality
        changed |= _differs(self.value[newest.point_index], old_value)
        changed |= ~np.isfinite(self.time_ms[newest.point_index])
        self.time_ms[newest.point_index] = newest.time_ms
        self.simulated[newest.point_index] = simulated
        self._dirty[newest.point_index[changed]] = True
        if self.on_written is not None and len(samples):
            self._tell(self.on_written, samples, old_value)
            index = newest.point_index
            turned = is_older | ((self.quality[index] == Quality.STALE) & (newest.quality != Quality.STALE))
            self._tell_of_now(self.on_written, index[turned], now_ms)

    def _tell(self, listener: Callable[[Samples], None], samples: Samples, old_value: Values) -> None:
        """Tell of samples (by point, then time) that were written; `old_value` is of each of their points."""
        value = samples.value if np.isfinite(samples.value).all() else _filled(samples, old_value)
        listener(replace(samples, value=value, quality=self._within_range(samples)))

    def _tell_of_now(self, listener: Callable[[Samples], None], index: Indices, now_ms: float) -> None:
        """Tell what points read since now, where that does not follow from their samples alone."""
        if len(index):
            listener(Samples.of(index, now_ms, self.value[index], self.quality[index]))

    def _within_range(self, samples: Samples) -> Qualities:
        """(m,) the samples' qualities; bad where the value is none, or outside the range."""
        index = samples.point_index
        # NaN compares false, so that nonsense is what is not inside.
        inside = (samples.value >= self._low[index]) & (samples.value <= self._high[index])
        inside &= np.isfinite(samples.value)
        return np.where(inside, samples.quality, Quality.BAD).astype(np.uint8)

    def _judged(self, samples: Samples, now_ms: float, simulated: bool) -> Qualities:
        index = samples.point_index
        quality = self._within_range(samples)
        silence_ms = self._simulated_silence_ms[index] if simulated else self._silence_ms[index] * self.speed
        stale = now_ms - samples.time_ms > silence_ms
        return np.where(stale & (quality != Quality.BAD), Quality.STALE, quality).astype(np.uint8)

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
        count = int(turned.sum())
        if count and self.on_written is not None:
            self._tell_of_now(self.on_written, np.flatnonzero(turned).astype(np.uint32), now_ms)
        return count

    def rewind(self, now_ms: float) -> None:
        """The clock was set back: nothing was measured after now, so that what comes next is not late."""
        known = self.known
        self.time_ms[known] = np.minimum(self.time_ms[known], now_ms)

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


def _in_time_order(samples: Samples) -> Samples:
    """Sort by point, then time; equal ones stay in order."""
    if np.all(samples.point_index[1:] > samples.point_index[:-1]):
        return samples
    return samples[np.lexsort((samples.time_ms, samples.point_index))]


def _filled(samples: Samples, old_value: Values) -> Values:
    """(m,) each value that is not finite as its point's last before it; `old_value` (k,) is before all."""
    index = samples.point_index
    is_first = np.append(True, index[1:] != index[:-1])
    run = np.cumsum(is_first) - 1
    rows = np.arange(len(index))
    last = np.maximum.accumulate(np.where(np.isfinite(samples.value), rows, -1))
    known = last >= np.flatnonzero(is_first)[run]
    return np.where(known, samples.value[last], old_value[run])


def _last_of_each(sorted_index: NDArray[np.unsignedinteger]) -> Rows:
    """Give the last row of each run of equal indices."""
    if not len(sorted_index):
        return np.empty(0, dtype=np.intp)
    ends = np.append(sorted_index[1:] != sorted_index[:-1], True)
    return np.flatnonzero(ends)


def _differs(new: Values, old: Values) -> Mask:
    differs: Mask = (new != old) & ~(np.isnan(new) & np.isnan(old))
    return differs
