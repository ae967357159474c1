"""A stretch of film in memory: the whole state at its start, then every sample. Pure.

Times are those at which something was measured, as the server's clock counts them: what a device sends late
is found where it belongs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import Indices, Qualities, Quality, Values

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
BYTES_A_SAMPLE = 21
ROOM = 256
#: Beyond so many points, and one a sample, a table of them all costs more than it saves.
MANY_POINTS = 1 << 16
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

    def take(self, samples: Samples, until_ms: float = np.inf) -> None:
        """Take the samples up to a time, given in any order, unless the state knows younger ones.

        Of two of one point and time the later given counts. IndexError: a point that the state has not.
        """
        if not len(samples):
            return
        if int(samples.point_index.max()) >= len(self):
            raise IndexError(f"point {samples.point_index.max()} of {len(self)}")
        from twin.film.folding import fold  # noqa: PLC0415 - slow to load, and the server starts without it

        fold(*_columns(samples), until_ms, self.value, self.quality, self.time_ms)

    def copy(self) -> "State":
        """The same, to be changed on its own."""
        return State(self.value.copy(), self.quality.copy(), self.time_ms.copy())

    def keyframe(self, latest_ms: float = np.inf) -> "Keyframe":
        """What is known, as columns; nothing of it later than a time, whatever the clock was before."""
        index = np.flatnonzero(self.known)
        time_ms = np.minimum(self.time_ms[index], latest_ms)
        return Keyframe(index.astype(np.uint32), self.value[index], self.quality[index], time_ms)


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

    @classmethod
    def of(cls, samples: Samples) -> Self:
        """What samples tell, one a point, ascending."""
        return cls(samples.point_index, samples.value, samples.quality, samples.time_ms)

    def __len__(self) -> int:
        return len(self.point_index)

    def __getitem__(self, rows: "slice | Mask") -> "Keyframe":
        return Keyframe(self.point_index[rows], self.value[rows], self.quality[rows], self.time_ms[rows])

    @property
    def samples(self) -> Samples:
        """The same as samples, one a point."""
        return Samples(self.point_index, self.time_ms, self.value, self.quality)

    def track(self, point_index: int) -> "Track":
        """What is known of a point: one sample, of the time when it came, or none."""
        row = int(np.searchsorted(self.point_index, point_index))
        known = row < len(self) and self.point_index[row] == point_index
        return Track.of(self.samples[row : row + known])


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One point's samples in time order: `time_ms`, `value` (n,) float64, `quality` (n,) uint8."""

    time_ms: Values
    value: Values
    quality: Qualities

    @classmethod
    def of(cls, samples: Samples) -> "Track":
        """Samples of one point, in order."""
        return cls(samples.time_ms, samples.value, samples.quality)

    @classmethod
    def joined(cls, tracks: Sequence["Track"]) -> "Track":
        """Tracks that follow each other, as one."""
        return cls(
            column([track.time_ms for track in tracks], np.float64),
            column([track.value for track in tracks], np.float64),
            column([track.quality for track in tracks], np.uint8),
        )

    @classmethod
    def sorted(cls, tracks: Sequence["Track"]) -> "Track":
        """Tracks in any order as one; of two samples of one time that of the later track counts."""
        whole = cls.joined(tracks)
        ordered = in_order(Samples.of(np.zeros(len(whole)), whole.time_ms, whole.value, whole.quality))
        return cls.of(ordered)

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

    def state_at(self, time_ms: float, n_points: int) -> State:
        """The state of points 0..n-1 at a time from `start_ms` on; samples of that very moment count."""
        state = State.unknown(n_points)
        state.take(self.keyframe.samples)
        state.take(self.samples, time_ms)
        return state

    def track(self, point_index: int) -> Track:
        """One point's samples, without what the keyframe knows."""
        first, end = np.searchsorted(self.samples.point_index, (point_index, point_index + 1))
        return Track.of(self.samples[int(first) : int(end)])

    def at_start(self, point_index: int) -> Track:
        """What the keyframe knows of a point: one sample, of the time when it came, or none."""
        return self.keyframe.track(point_index)


class Growing:
    """A stretch of film that is being recorded: samples in the order in which they came. Single-threaded,
    but what `samples` gave once does not change.
    """

    def __init__(self, start_ms: float, keyframe: Keyframe) -> None:
        self.start_ms, self.keyframe = start_ms, keyframe
        self._columns = _room(ROOM)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory."""
        return BYTES_A_SAMPLE * (len(self._columns) + len(self.keyframe))

    def add(self, samples: Samples) -> None:
        """Take samples; of two of one point and time the later added counts."""
        end = self._count + len(samples)
        if end > len(self._columns):
            before, self._columns = self.samples(), _room(max(end, 2 * len(self._columns)))
            _copy(before, self._columns, 0)
        _copy(samples, self._columns, self._count)
        self._count = end

    def samples(self, first: int = 0) -> Samples:
        """What came, from the `first` on."""
        return self._columns[first : self._count]

    def segment(self) -> Segment:
        """What came, in order."""
        return Segment.of(self.start_ms, self.keyframe, self.samples())

    def state_at(self, time_ms: float, n_points: int) -> State:
        """As `Segment.state_at`."""
        state = State.unknown(n_points)
        state.take(self.keyframe.samples)
        state.take(self.samples(), time_ms)
        return state

    def track(self, point_index: int) -> Track:
        """As `Segment.track`."""
        samples = self.samples()
        return Track.of(in_order(samples[samples.point_index == point_index]))

    def at_start(self, point_index: int) -> Track:
        """As `Segment.at_start`."""
        return self.keyframe.track(point_index)


class Reel(Protocol):
    """A stretch of film to be read, whatever its form."""

    def state_at(self, time_ms: float, n_points: int) -> State:
        """The state of points 0..n-1 at a time from its start on; samples of that very moment count."""

    def track(self, point_index: int) -> Track:
        """One point's samples, without what was known at the start."""

    def at_start(self, point_index: int) -> Track:
        """What was known of a point at the start: one sample, of the time when it came, or none."""


def _plain(column: NDArray[Number]) -> NDArray[Number]:
    """A column in the one form that the loops are compiled for: contiguous, and not read-only."""
    return np.require(column, requirements=("C", "W"))


def _room(n: int) -> Samples:
    return Samples(np.empty(n, np.uint32), np.empty(n), np.empty(n), np.empty(n, np.uint8))


def _copy(samples: Samples, to: Samples, at: int) -> None:
    end = at + len(samples)
    to.point_index[at:end], to.time_ms[at:end] = samples.point_index, samples.time_ms
    to.value[at:end], to.quality[at:end] = samples.value, samples.quality


def in_order(samples: Samples) -> Samples:
    """By point, then by time; of two samples of one point and time the one given later."""
    n_points = int(samples.point_index.max()) + 1 if len(samples) else 0
    if n_points > MANY_POINTS + len(samples):
        return in_sequence(samples)
    from twin.film.folding import sort  # noqa: PLC0415 - slow to load, and the server starts without it

    found = _room(len(samples))
    left = sort(_columns(samples), np.zeros(n_points + 1, np.int64), _columns(found))
    return found[:left] if left >= 0 else in_sequence(samples)


def _columns(samples: Samples) -> tuple[Indices, Values, Values, Qualities]:
    each = _plain(samples.point_index), _plain(samples.time_ms), _plain(samples.value)
    return *each, _plain(samples.quality)


def in_sequence(samples: Samples) -> Samples:
    """As `in_order`, whatever the order was."""
    index, time_ms = samples.point_index, samples.time_ms
    order = np.lexsort((time_ms, index))
    index, time_ms = index[order], time_ms[order]
    last = np.append((index[1:] != index[:-1]) | (time_ms[1:] != time_ms[:-1]), True)[: len(index)]
    return samples[order[last]]


def same(one: Samples, other: Samples) -> bool:
    """Whether samples are equal to the bit."""
    return all(
        np.ascontiguousarray(getattr(one, name)).tobytes()
        == np.ascontiguousarray(getattr(other, name)).tobytes()
        for name in ("point_index", "time_ms", "value", "quality")
    )


def column(parts: Sequence[NDArray[Any]], dtype: type[Number]) -> NDArray[Number]:
    """Parts of a column as one; no parts give an empty one."""
    return np.concatenate([np.empty(0, dtype=dtype), *parts])
