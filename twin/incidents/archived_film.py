"""The film of an archive, for all that read a film: nothing is recorded, everything can be seen."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from typing import Any, cast

import numpy as np

from telemetry_bridge.samples import Samples
from twin.errors import NotRecordedError
from twin.film.described import PastPoint, PastRegistry
from twin.film.film import Film
from twin.film.reading import GonePoint, History, Moment, Stretch
from twin.film.recorder import Recorder
from twin.film.sampling import downsampled
from twin.film.segment import State, Track, in_order
from twin.film.timeline import Gap, Piece
from twin.film.told import Told
from twin.film.trouble import Condition, Trouble
from twin.incidents.film_cut import FilmCut

NOTE = "this is an archive: nothing is recorded"


class StillRecorder:
    """A recorder that records nothing."""

    note = NOTE
    condition: Condition | None = None

    def __init__(self) -> None:
        self.trouble = Trouble()
        self.writing = asyncio.Lock()

    def take(self, samples: Samples) -> None:
        """Let samples go by."""

    def touch(self) -> None:
        """Let time go by."""

    def reel(self, segment_id: int) -> None:
        """No segment is in memory."""
        del segment_id


class ArchivedFilm(Film):
    """A film that tells of its cut alone. What it does not override tells of an empty film."""

    def __init__(self, cut: FilmCut, *film: Any) -> None:
        """`film`: what a film is made of."""
        super().__init__(*film)
        self._cut = cut
        self._row_of = {(point.device, point.name): row for row, point in enumerate(cut.points)}
        self.recorder = cast(Recorder, StillRecorder())

    @contextlib.asynccontextmanager
    async def running(self, *, records: bool = True) -> AsyncIterator[None]:
        """Run nothing until the block ends."""
        del records
        await self.scenes.catch_up()
        yield

    @property
    def registry(self) -> str:
        """The hash of the registry that its numbers are of."""
        return self._cut.registry

    @property
    def span(self) -> tuple[float, float] | None:
        """From when to when it tells, ms since 1970 UTC; the end is within."""
        return self._cut.from_ms, math.nextafter(self._cut.to_ms, math.inf)

    def gaps(self, from_ms: float, to_ms: float) -> tuple[Gap, ...]:
        """The times between, of which nothing was recorded."""
        ends = ((gap, math.inf if gap.to_ms is None else gap.to_ms) for gap in self._cut.gaps)
        return tuple(gap for gap, end_ms in ends if gap.from_ms < to_ms and end_ms > from_ms)

    def piece_at(self, time_ms: float) -> tuple[Piece, Gap | None]:
        """What tells of a time, and the gap in which it lies. NotRecordedError: before all film."""
        cut = self._cut
        if time_ms < cut.from_ms:
            raise NotRecordedError("the archive does not reach back so far; GET /api/film says how far")
        _, end_ms = cast(tuple[float, float], self.span)
        if time_ms >= end_ms:
            gap: Gap | None = Gap(end_ms, None)
        else:
            gap = cut.gap_at(time_ms)
        return Piece(*self._stretch(time_ms, end_ms), 1), gap

    def _stretch(self, time_ms: float, end_ms: float) -> tuple[float, float]:
        """The stretch without a gap in which a moment lies, or after which it comes."""
        begin_ms = self._cut.from_ms
        for gap in self._cut.gaps:
            if time_ms < gap.from_ms or gap.to_ms is None or time_ms < gap.to_ms:
                return begin_ms, gap.from_ms
            begin_ms = gap.to_ms
        return begin_ms, end_ms

    @property
    def registries(self) -> tuple[PastRegistry, ...]:
        """The archive's list of points."""
        return (PastRegistry(self._cut.registry, self._cut.points),)

    def samples_at_most(self, from_ms: float, to_ms: float) -> int:
        """How many samples it has of a time."""
        first, end = np.searchsorted(self._cut.time_ms, (from_ms, to_ms))
        return int(end - first)

    async def samples(self, from_ms: float, to_ms: float) -> AsyncIterator[Stretch]:
        """All samples from one time to before another; see `Film.samples`."""
        cut = self._cut
        part = slice(*np.searchsorted(cut.time_ms, (from_ms, to_ms)))
        found = Samples.of(cut.row[part], cut.time_ms[part], cut.value[part], cut.quality[part])
        _, end_ms = cast(tuple[float, float], self.span)
        span = max(from_ms, cut.from_ms), min(to_ms, end_ms)
        yield Stretch(*span, self.registries[0], await asyncio.to_thread(in_order, found))

    async def state_at(self, time_ms: float) -> Moment:
        """The state of a moment. NotRecordedError: before all of it."""
        _, gap = self.piece_at(time_ms)
        cut = self._cut
        state = await asyncio.to_thread(cut.state_at, min(time_ms, cut.to_ms))
        now, gone = slice(0, cut.registered), slice(cut.registered, None)
        rows = cut.registered + np.flatnonzero(_part(state, gone).known)
        lost = tuple(_gone(cut.points[row], state, int(row)) for row in rows)
        return Moment(time_ms, _part(state, now), gap, lost, cut.registry)

    def spans_in_memory(self) -> list[tuple[float, float]]:
        """All of time: sums are made of the cut itself."""
        return [(-math.inf, math.inf)]

    def late_of(self, point: PastPoint) -> Track:
        """Nothing waits for its place."""
        del point
        return Track.joined([])

    async def told_of(self, point: PastPoint, from_ms: float, to_ms: float) -> list[Told]:
        """What a point did from one time to before another, stretch by stretch; gaps are in none."""
        track = await asyncio.to_thread(self._cut.track, self._cut.points.index(point))
        begin_ms, end_ms = cast(tuple[float, float], self.span)
        edges = [
            begin_ms,
            *(end for gap in self._cut.gaps for end in (gap.from_ms, gap.to_ms or end_ms)),
            end_ms,
        ]
        spans = [(max(a, from_ms), min(b, to_ms)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        return [
            Told(a, b, track[track.time_ms < a][-1:], track[(track.time_ms >= a) & (track.time_ms < b)])
            for a, b in spans
            if a < b
        ]

    def find_point(self, device: str, name: str) -> PastPoint | None:
        """A point of the archive."""
        row = self._row_of.get((device, name))
        return None if row is None else self._cut.points[row]

    async def history(
        self, point: PastPoint, from_ms: float, to_ms: float, max_points: int, *, limit: int = 0
    ) -> History:
        """What a point did from one time to before another; see `Film.history`."""
        track = await asyncio.to_thread(self._cut.track, self._cut.points.index(point))
        before = track[track.time_ms < from_ms][-1:]
        inside = track[(track.time_ms >= max(from_ms, self._cut.from_ms)) & (track.time_ms < to_ms)]
        next_ms: float | None = None
        if max_points:
            inside = await asyncio.to_thread(downsampled, inside, from_ms, to_ms, max_points)
        elif limit and len(inside) > limit:
            next_ms = float(inside.time_ms[limit])
            inside = inside[inside.time_ms < next_ms]
        return History(point, inside, before, self.gaps(from_ms, to_ms), next_ms)


def _part(state: State, rows: slice) -> State:
    return State(state.value[rows], state.quality[rows], state.time_ms[rows])


def _gone(point: PastPoint, state: State, row: int) -> GonePoint:
    return GonePoint(point, float(state.value[row]), int(state.quality[row]), float(state.time_ms[row]))
