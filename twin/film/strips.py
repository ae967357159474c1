"""Strips of film, opened: what is asked for is decoded when it is asked for. Pure.

Strips that are opened together lie one after the other, so that a whole venue's moment, or a point's week, is
one call of compiled code.
"""

from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import Values
from twin.errors import DamagedFilmError
from twin.film import layout
from twin.film.segment import Keyframe, Segment, State, Track

STRIP_POINTS: Final = layout.POINTS
Table = NDArray[np.int64]


@cache
def loops() -> ModuleType:
    """The compiled loops: slow to load, and the server starts without them."""
    from twin.film import kernels  # noqa: PLC0415

    return kernels


def strip_of(point_index: int) -> int:
    """The number of the strip that holds a point."""
    return point_index // STRIP_POINTS


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One strip of a segment, its columns decompressed: what is asked for is decoded when it is asked for."""

    number: int
    start_ms: float
    data: NDArray[np.uint8]
    at: Table
    clocks: Table
    runs: Table
    changes: Table

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory."""
        arrays = (self.data, self.at, self.clocks, self.runs, self.changes)
        return sum(array.nbytes for array in arrays)

    @property
    def first_point(self) -> int:
        """The point that its runs' numbers count from."""
        return self.number * STRIP_POINTS

    def state_at(self, time_ms: float, state: State) -> None:
        """Write what the strip's points read at a time, from the segment's start on, into the state of all.

        Samples of that very moment count; of points of which nothing is known by then nothing is written.
        """
        tables = (self.clocks, self.runs, self.changes)
        into = (state.time_ms, state.value, state.quality)
        loops().state_at(self.data, self.at, tables, self.first_point, time_ms, into)

    def track(self, point_index: int) -> Track:
        """One point's samples, without what the keyframe knows."""
        return self._rows(point_index, from_keyframe=False)

    def at_start(self, point_index: int) -> Track:
        """What the keyframe knows of a point: one sample, of the time when it came, or none."""
        return self._rows(point_index, from_keyframe=True)

    def _rows(self, point_index: int, *, from_keyframe: bool) -> Track:
        places = self.runs[layout.R_POINT] + self.first_point
        row = int(np.searchsorted(places, point_index))
        if row == len(places) or places[row] != point_index:
            return Track.joined([])
        clock = int(self.runs[layout.R_CLOCK, row])
        known, count = int(self.clocks[layout.C_KEY, clock]), int(self.clocks[layout.C_ROWS, clock])
        time_ms, value, quality = np.empty(count), np.empty(count), np.empty(count, dtype=np.uint8)
        loops().decode_clock(self.data, self.at, self.clocks, clock, time_ms)
        loops().decode_run(self.data, self.at, self.runs, row, value)
        loops().decode_quality(self.data, self.at, self.runs, row, self.changes, quality)
        return Track(time_ms, value, quality)[slice(0, known) if from_keyframe else slice(known, count)]

    def segment(self) -> Segment:
        """All of it. DamagedFilmError: its samples are not in order."""
        total = int(self.clocks[layout.C_ROWS, self.runs[layout.R_CLOCK]].sum())
        point, known = np.empty(total, dtype=np.uint32), np.empty(total, dtype=np.bool_)
        rows = (np.empty(total), np.empty(total), np.empty(total, dtype=np.uint8))
        loops().decode_all(self.data, self.at, (self.clocks, self.runs, self.changes), point, rows, known)
        point += np.uint32(self.first_point)
        whole = Samples(point, *rows)
        key = whole[known]
        keyframe = Keyframe.of(key)
        found = Segment(self.start_ms, keyframe, whole[~known])
        if not _in_order(found):
            raise DamagedFilmError("its samples are not in order")
        return found


def _in_order(segment: Segment) -> bool:
    point, time_ms = segment.samples.point_index, segment.samples.time_ms
    later = (point[1:] > point[:-1]) | (time_ms[1:] > time_ms[:-1])
    return bool(later.all() and in_time(segment))


def in_time(segment: Segment) -> bool:
    """Whether samples and keyframe are on their sides of the segment's start."""
    before, after = segment.keyframe.time_ms, segment.samples.time_ms
    return bool((before <= segment.start_ms).all() and (after >= segment.start_ms).all())


@dataclass(frozen=True, slots=True, eq=False)
class StripSet:
    """Strips opened together: `start_ms` (n,) float64; `data` their columns, `at` (n, COLUMNS + 1) where each
    column begins in its strip's; `where` (STRIP_FIELDS, n + 1) where each strip begins in `data` and in the
    tables, which are flat.
    """

    start_ms: Values
    data: NDArray[np.uint8]
    at: Table
    where: Table
    clocks: Table
    runs: Table
    changes: Table

    def __len__(self) -> int:
        return len(self.start_ms)

    @property
    def tables(self) -> tuple[Table, Table, Table]:
        """As the compiled loops take them."""
        return self.clocks, self.runs, self.changes

    @property
    def nbytes(self) -> int:
        """Bytes that they take in memory."""
        return sum(array.nbytes for array in (self.data, self.at, self.where, *self.tables))

    def strip(self, place: int) -> Strip:
        """One of them, in the order in which they were opened."""
        where = self.where
        own = slice(where[layout.S_DATA, place], where[layout.S_DATA, place + 1])
        tables = loops().tables_of(self.tables, where, place)
        number = int(where[layout.S_POINT, place]) // STRIP_POINTS
        return Strip(number, float(self.start_ms[place]), self.data[own], self.at[place], *tables)

    def state_at(self, time_ms: float, n_points: int) -> State:
        """As `Segment.state_at`, of the segment whose strips they are."""
        state = State.unknown(n_points)
        into = (state.time_ms, state.value, state.quality)
        loops().states_at(self.data, self.at, self.where, self.tables, time_ms, into)
        return state

    def tracks(self, point_index: int) -> list[tuple[Track, Track]]:
        """Of each strip what it knows of a point at its start, one sample or none, and its samples."""
        run, known = np.empty(len(self), np.int64), np.empty(len(self), np.bool_)
        first = np.zeros(len(self) + 1, np.int64)
        loops().find_runs(self.where, self.tables, point_index, run, known, first)
        total = int(first[-1])
        rows = (np.empty(total), np.empty(total), np.empty(total, np.uint8))
        loops().decode_runs(self.data, self.at, self.where, self.tables, run, first, rows)
        track, edges = Track(*rows), first.tolist()
        places = zip(edges, edges[1:], known.tolist(), strict=False)
        return [(track[start : start + key], track[start + key : end]) for start, end, key in places]
