"""A stretch of film in memory: the whole state at its start, then what changed, and when. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.wire import Frame, Indices, Qualities, Quality, Values

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What n points read: `value` (n,) float64 in each point's unit, NaN where nothing is known; `quality`
    (n,) uint8; `time_ms` (n,) float64 of the frame that brought it, -inf where nothing is known.
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

    def take(self, frame: Frame) -> None:
        """Write a frame into the state."""
        self.value[frame.point_index] = frame.value
        self.quality[frame.point_index] = frame.quality
        self.time_ms[frame.point_index] = frame.time_ms

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
    """A stretch of film: `keyframe` is the state at `start_ms`; `times_ms` (f,) float64 are its frames',
    which never fall. The samples are (s,) columns by point, then by frame: `point_index` uint32, `frame`
    uint32 (the place in `times_ms`), `value` float64, `quality` uint8.
    """

    start_ms: float
    keyframe: Keyframe
    times_ms: Values
    point_index: Indices
    frame: Indices
    value: Values
    quality: Qualities

    @classmethod
    def of(cls, start_ms: float, keyframe: Keyframe, frames: Sequence[Frame]) -> Self:
        """Make one of frames in time order, each with ascending point indices."""
        counts = [len(frame) for frame in frames]
        number = np.repeat(np.arange(len(frames), dtype=np.uint32), counts)
        times = np.array([frame.time_ms for frame in frames], dtype=np.float64)
        point = column([frame.point_index for frame in frames], np.uint32)
        value = column([frame.value for frame in frames], np.float64)
        quality = column([frame.quality for frame in frames], np.uint8)
        order = np.argsort(point, kind="stable")
        return cls(start_ms, keyframe, times, point[order], number[order], value[order], quality[order])

    @classmethod
    def joined(cls, parts: Sequence["Segment"]) -> Self:
        """Parts that follow each other as one; the first one's keyframe is the whole's."""
        before = np.cumsum([0, *(len(part.times_ms) for part in parts)])
        frame = [part.frame + np.uint32(count) for part, count in zip(parts, before, strict=False)]
        point = column([part.point_index for part in parts], np.uint32)
        order = np.argsort(point, kind="stable")
        return cls(
            parts[0].start_ms,
            parts[0].keyframe,
            column([part.times_ms for part in parts], np.float64),
            point[order],
            column(frame, np.uint32)[order],
            column([part.value for part in parts], np.float64)[order],
            column([part.quality for part in parts], np.uint8)[order],
        )

    def __len__(self) -> int:
        """How many samples it holds."""
        return len(self.point_index)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory, about."""
        return 17 * len(self) + 21 * len(self.keyframe) + 8 * len(self.times_ms)

    @cached_property
    def starts(self) -> Rows:
        """(p,) int64: where each point's samples begin."""
        changes = self.point_index[1:] != self.point_index[:-1]
        first = np.concatenate(([len(self) > 0], changes))[: len(self)]
        return np.flatnonzero(first).astype(np.int64)

    def state_at(self, time_ms: float, n_points: int) -> State:
        """The state of points 0..n-1 at a time from `start_ms` on; frames of that very moment count."""
        state = State.unknown(n_points)
        _put(
            state,
            self.keyframe.point_index,
            self.keyframe.value,
            self.keyframe.quality,
            self.keyframe.time_ms,
        )
        if len(self):
            rows = self._newest(int(np.searchsorted(self.times_ms, time_ms, side="right")))
            columns = (self.value[rows], self.quality[rows], self.times_ms[self.frame[rows]])
            _put(state, self.point_index[rows], *columns)
        return state

    def _newest(self, frames: int) -> Rows:
        """Each point's last sample within the first so many frames."""
        counts = np.add.reduceat((self.frame < frames).astype(np.int64), self.starts)
        rows: Rows = (self.starts + counts - 1)[counts > 0]
        return rows

    def track(self, point_index: int) -> Track:
        """One point's samples, without what the keyframe knows."""
        first, end = np.searchsorted(self.point_index, (point_index, point_index + 1))
        rows = slice(int(first), int(end))
        return Track(self.times_ms[self.frame[rows]], self.value[rows], self.quality[rows])

    def at_start(self, point_index: int) -> Track:
        """What the keyframe knows of a point: one sample, of the time when it came, or none."""
        row = int(np.searchsorted(self.keyframe.point_index, point_index))
        known = row < len(self.keyframe) and self.keyframe.point_index[row] == point_index
        found = self.keyframe[row : row + known]
        return Track(found.time_ms, found.value, found.quality)


def column(parts: Sequence[NDArray[Any]], dtype: type[Number]) -> NDArray[Number]:
    """Parts of a column as one; no parts give an empty one."""
    return np.concatenate([np.empty(0, dtype=dtype), *parts])


def _put(state: State, index: Indices, value: Values, quality: Qualities, time_ms: Values) -> None:
    state.value[index], state.quality[index], state.time_ms[index] = value, quality, time_ms
