"""A stretch of film in memory: the whole state at its start, then every sample. Pure.

Times are those at which something was measured, as the server's clock counts them: what a device sends late
is found where it belongs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import Indices, Qualities, Quality, Values

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
BYTES_A_SAMPLE = 21
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What n points read: `value` (n,) float64 in each point's unit, NaN where nothing is known; `quality`
    (n,) uint8; `time_ms` (n,) float64 of that sample, -inf where nothing is known.
    """

    value: Values
    quality: Qualities
    time_ms: Values

    @classmethod
    def unknown(cls, n: int) -> Self:
        """Nothing known of n points."""
        return cls(np.full(n, np.nan), np.full(n, Quality.BAD, dtype=np.uint8), np.full(n, -np.inf))

    def __len__(self) -> int:
        return len(self.value)

    @property
    def known(self) -> Mask:
        """(n,) bool: points of which anything was heard."""
        return self.time_ms > -np.inf

    def take(self, samples: Samples) -> None:
        """Take samples in any order: of each point the last one by time, and of one time the last given."""
        if not len(samples):
            return
        self.put(newest(samples))

    def put(self, samples: Samples) -> None:
        """Take samples, one a point, unless the state knows something younger."""
        rows = samples.time_ms >= self.time_ms[samples.point_index]
        taken = samples if rows.all() else samples[rows]
        index = taken.point_index
        self.value[index], self.quality[index], self.time_ms[index] = taken.value, taken.quality, taken.time_ms

    def copy(self) -> "State":
        """The same, to be changed on its own."""
        return State(self.value.copy(), self.quality.copy(), self.time_ms.copy())

    def keyframe(self) -> "Keyframe":
        """What is known, as columns."""
        index = np.flatnonzero(self.known)
        return Keyframe(index.astype(np.uint32), self.value[index], self.quality[index], self.time_ms[index])


@dataclass(frozen=True, slots=True, eq=False)
class Keyframe:
    """The whole state as columns: `point_index` (k,) uint32 ascending, and what each reads (see `State`)."""

    point_index: Indices
    value: Values
    quality: Qualities
    time_ms: Values

    @classmethod
    def empty(cls) -> Self:
        """Nothing known."""
        none = np.empty(0)
        return cls(none.astype(np.uint32), none, none.astype(np.uint8), none)

    def __len__(self) -> int:
        return len(self.point_index)

    def __getitem__(self, rows: slice) -> "Keyframe":
        return Keyframe(self.point_index[rows], self.value[rows], self.quality[rows], self.time_ms[rows])

    @property
    def samples(self) -> Samples:
        """The same as samples, one a point."""
        return Samples(self.point_index, self.time_ms, self.value, self.quality)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One point's samples in time order: `time_ms`, `value` (n,) float64, `quality` (n,) uint8."""

    time_ms: Values
    value: Values
    quality: Qualities

    @classmethod
    def joined(cls, tracks: Sequence["Track"]) -> "Track":
        """Tracks that follow each other, as one."""
        return cls(
            column([track.time_ms for track in tracks], np.float64),
            column([track.value for track in tracks], np.float64),
            column([track.quality for track in tracks], np.uint8),
        )

    def __len__(self) -> int:
        return len(self.time_ms)

    def __getitem__(self, rows: "slice | Rows | Mask") -> "Track":
        return Track(self.time_ms[rows], self.value[rows], self.quality[rows])


@dataclass(frozen=True, eq=False)
class Segment:
    """A stretch of film: `keyframe` is the state at `start_ms`, each with a time up to then; `samples` are by
    point, then by time, from `start_ms` on, no two of one point at one time.
    """

    start_ms: float
    keyframe: Keyframe
    samples: Samples

    @classmethod
    def of(cls, start_ms: float, keyframe: Keyframe, samples: Samples) -> Self:
        """Make one of samples in the order in which they came: of two of one moment the later counts."""
        return cls(start_ms, keyframe, in_order(samples))

    def __len__(self) -> int:
        """How many samples it holds."""
        return len(self.samples)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory."""
        return BYTES_A_SAMPLE * (len(self) + len(self.keyframe))

    @cached_property
    def starts(self) -> Rows:
        """(p,) int64: where each point's samples begin."""
        index = self.samples.point_index
        changes = index[1:] != index[:-1]
        first = np.concatenate(([len(self) > 0], changes))[: len(self)]
        return np.flatnonzero(first).astype(np.int64)

    def state_at(self, time_ms: float, n_points: int) -> State:
        """The state of points 0..n-1 at a time from `start_ms` on; samples of that very moment count."""
        state = State.unknown(n_points)
        state.put(self.keyframe.samples)
        if len(self):
            counts = np.add.reduceat((self.samples.time_ms <= time_ms).astype(np.int64), self.starts)
            state.put(self.samples[(self.starts + counts - 1)[counts > 0]])
        return state

    def track(self, point_index: int) -> Track:
        """One point's samples, without what the keyframe knows."""
        first, end = np.searchsorted(self.samples.point_index, (point_index, point_index + 1))
        rows = slice(int(first), int(end))
        return Track(self.samples.time_ms[rows], self.samples.value[rows], self.samples.quality[rows])

    def at_start(self, point_index: int) -> Track:
        """What the keyframe knows of a point: one sample, of the time when it came, or none."""
        row = int(np.searchsorted(self.keyframe.point_index, point_index))
        known = row < len(self.keyframe) and self.keyframe.point_index[row] == point_index
        found = self.keyframe[row : row + known]
        return Track(found.time_ms, found.value, found.quality)


def in_order(samples: Samples) -> Samples:
    """By point, then by time; of two samples of one point and time the one given later."""
    index, time_ms = samples.point_index, samples.time_ms
    order = np.lexsort((time_ms, index))
    index, time_ms = index[order], time_ms[order]
    last = np.append((index[1:] != index[:-1]) | (time_ms[1:] != time_ms[:-1]), True)[: len(index)]
    return samples[order[last]]


def newest(samples: Samples) -> Samples:
    """The last sample of each point, by time; of two of one time the one given later."""
    ordered = in_order(samples)
    index = ordered.point_index
    return ordered[np.append(index[1:] != index[:-1], True)[: len(index)]]


def column(parts: Sequence[NDArray[Any]], dtype: type[Number]) -> NDArray[Number]:
    """Parts of a column as one; no parts give an empty one."""
    return np.concatenate([np.empty(0, dtype=dtype), *parts])
