"""The film as its readers see it: the state of any recorded moment, and what one point did.

A caller does not see where a stretch lies, in the recorder's memory or in the database. Decoded segments are
kept while there is room for them: a slider that is dragged reads each but once.
"""

import asyncio
import contextlib
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import Clock
from telemetry_bridge.points import Registry
from telemetry_bridge.wire import Quality
from twin.errors import DamagedFilmError, NotRecordedError
from twin.film.codec import decode_segment, decode_strip
from twin.film.described import (
    PastPoint,
    PastRegistry,
    PointMap,
    decode_registry,
    describe,
    encode_registry,
    mapping,
)
from twin.film.following import Follower
from twin.film.recorder import Recorder, RecorderSettings
from twin.film.sampling import downsampled
from twin.film.segment import Segment, State, Track
from twin.film.store import FilmStore
from twin.film.timeline import Gap, Piece, Timeline

LOG = structlog.get_logger(__name__)

DAY_MS = 86_400_000.0
CACHE_BYTES = 128 << 20
READ_AT_ONCE = 64  # segments of a history in memory
CLEAN_EVERY_S = 600.0


@dataclass(frozen=True, slots=True)
class FilmSettings:
    """For how many days film is kept, how it is recorded, and how much of it is kept decoded in memory."""

    keep_days: float = 30.0
    recorder: RecorderSettings = field(default_factory=RecorderSettings)
    cache_bytes: int = CACHE_BYTES


@dataclass(frozen=True, slots=True)
class GonePoint:
    """What a point read that is no more, or whose values mean something else today."""

    point: PastPoint
    value: float
    quality: int
    time_ms: float


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """The state of a moment in today's point numbers. In a `gap` it is the last state before it, all
    stale.
    """

    time_ms: float
    state: State
    gap: Gap | None
    gone: tuple[GonePoint, ...]
    registry: str


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What a point did: its samples, what it read when the span began (one sample of an earlier time, or
    none), and the gaps. `next_ms`: samples from here on were left out.
    """

    point: PastPoint
    track: Track
    before: Track
    gaps: tuple[Gap, ...]
    next_ms: float | None = None


class Film:
    """One venue's film; one for each server process."""

    def __init__(
        self, engine: AsyncEngine, registry: Registry, clock: Clock, settings: FilmSettings | None = None
    ) -> None:
        self._store = FilmStore(engine)
        self._clock = clock
        self._settings = settings or FilmSettings()
        self._now = describe(registry)
        self._timeline = Timeline()
        self._past: dict[str, PastRegistry] = {self._now.hash: self._now}
        self._maps: dict[str, PointMap] = {}
        self._decoded: OrderedDict[int, tuple[str, Segment]] = OrderedDict()
        self._follower = Follower(self._store, self._timeline)
        self._tasks: list[asyncio.Task[None]] = []
        self._records = False
        self._reading = asyncio.Semaphore(2)  # histories at a time: each keeps a core busy
        self.recorder = Recorder(
            self._store, self._timeline, registry.hash, len(registry), clock, self._settings.recorder
        )

    @contextlib.asynccontextmanager
    async def running(self, *, records: bool = True) -> AsyncIterator[None]:
        """Record, and delete what is too old, until the block ends.

        Without `records` another server does, as long as `record` is not called: this one follows.
        """
        await self.open(records=records)
        self._begin(*((self.recorder.run, self._clean_for_ever) if records else (self._follow_for_ever,)))
        try:
            yield
        finally:
            await self._end()
            if self._records:
                await self.recorder.stop()

    async def open(self, *, records: bool = True) -> None:
        """Learn what was recorded, and begin to record."""
        await self._store.add_registry(self._now.hash, encode_registry(self._now))
        self._records = records
        await (self.recorder.start() if records else self._follower.catch_up())
        for key in await self._store.registry_hashes():
            await self._registry(key)

    async def record(self, token: int) -> None:
        """Be the server that records, where the last one was.

        Raises:
            FencedError: another took it over under a greater token; what the database raises.
        """
        await self._store.claim(token)
        await self._end()
        try:
            await self.recorder.start()
        except BaseException:
            self._begin(self._follow_for_ever)
            raise
        self._follower.clear()
        self._records = True
        self._begin(self.recorder.run, self._clean_for_ever)

    async def follow_only(self) -> None:
        """Let another server record; what waits is written first, unless another has begun."""
        if not self._records:
            return
        await self._end()
        self.recorder.rest()
        await self.recorder.stop()
        self.recorder.forget()
        self._records = False
        self._begin(self._follow_for_ever)

    def _begin(self, *work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._tasks = [asyncio.create_task(each(), name="film") for each in work]

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks = []

    async def _follow_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._settings.recorder.flush_s)
            try:
                await self._follower.catch_up()
                self._forget_old()
            except (SQLAlchemyError, OSError, TimeoutError, DamagedFilmError) as error:
                LOG.warning("the film cannot be followed", reason=str(error))

    def _forget_old(self) -> None:
        """Leave out of the timeline what the server that records deletes."""
        limit_ms = self._clock.now_ms() - self._settings.keep_days * DAY_MS
        old = self._timeline.pieces(-math.inf, limit_ms)
        self._timeline.remove([piece.segment for piece in old if piece.to_ms < limit_ms])

    def _in_memory(self, segment_id: int) -> tuple[str, Segment] | None:
        """A segment that the database does not hold as a whole yet, with its registry's hash."""
        recent = self.recorder.segment(segment_id)
        return self._follower.segment(segment_id) if recent is None else (self._now.hash, recent)

    async def _registry(self, key: str) -> PastRegistry:
        if key not in self._past:
            data = await self._store.registry_data(key)
            if data is None:
                raise DamagedFilmError(f"the film's list of points {key} is missing")
            self._past[key] = await asyncio.to_thread(decode_registry, key, data)
        return self._past[key]

    @property
    def registry(self) -> str:
        """The hash of the registry that is recorded now."""
        return self._now.hash

    @property
    def span(self) -> tuple[float, float] | None:
        """From when to when there is film, ms since 1970 UTC; None: there is none."""
        self.recorder.touch()
        return self._timeline.span

    def gaps(self, from_ms: float, to_ms: float) -> tuple[Gap, ...]:
        """The times between, of which nothing was recorded."""
        self.recorder.touch()
        return tuple(self._timeline.gaps(from_ms, to_ms))

    def piece_at(self, time_ms: float) -> tuple[Piece, Gap | None]:
        """What tells of a time, and the gap in which it lies. NotRecordedError: before all film."""
        self.recorder.touch()
        found = self._timeline.at(time_ms)
        if found is None:
            raise NotRecordedError(
                "nothing was recorded at that time; GET /api/film says from when on there is"
            )
        piece, gap = found
        is_end = gap is not None and gap.to_ms is None and time_ms <= gap.from_ms
        return piece, None if is_end else gap

    async def state_at(self, time_ms: float) -> Moment:
        """The state of a moment. NotRecordedError: before all film; DamagedFilmError: it cannot be read."""
        piece, gap = self.piece_at(time_ms)
        key, segment = await self._segment(piece.segment)
        then = await self._registry(key)
        asked_ms = time_ms if gap is None else gap.from_ms
        state = segment.state_at(asked_ms, len(then))
        if gap is not None:
            state.quality[state.known & (state.quality != Quality.BAD)] = Quality.STALE
        points = await self._map(key)
        gone = tuple(_gone(points.then, state, int(row)) for row in points.gone(state))
        return Moment(time_ms, points.to_now(state), gap, gone, key)

    async def _map(self, key: str) -> PointMap:
        if key not in self._maps:
            self._maps[key] = mapping(await self._registry(key), self._now)
        return self._maps[key]

    async def _segment(self, segment_id: int) -> tuple[str, Segment]:
        recent = self._in_memory(segment_id)
        if recent is not None:
            return recent
        if segment_id not in self._decoded:
            key, data = await self._data(segment_id)
            self._keep(segment_id, key, await asyncio.to_thread(decode_segment, data))
        self._decoded.move_to_end(segment_id)
        return self._decoded[segment_id]

    async def _data(self, segment_id: int) -> tuple[str, bytes]:
        found = await self._store.segment_data([segment_id])
        if segment_id not in found:
            raise NotRecordedError("that stretch of film was just deleted: it is older than film_keep_days")
        return found[segment_id]

    def _keep(self, segment_id: int, key: str, segment: Segment) -> None:
        self._decoded[segment_id] = (key, segment)
        room = self._settings.cache_bytes - sum(kept.nbytes for _, kept in self._decoded.values())
        while room < 0 and len(self._decoded) > 1:
            _, (_, old) = self._decoded.popitem(last=False)
            room += old.nbytes

    def find_point(self, device: str, name: str) -> PastPoint | None:
        """A point of today, or else one that once was."""
        for registry in (self._now, *self._past.values()):
            row = registry.index.get((device, name))
            if row is not None:
                return registry.points[row]
        return None

    async def history(
        self, point: PastPoint, from_ms: float, to_ms: float, max_points: int, *, limit: int = 0
    ) -> History:
        """What a point did from one time to before another; `max_points` 0: every sample, at most `limit`.

        What a point of another meaning (unit, states) read under this name is left out.
        """
        self.recorder.touch()
        pieces = self._timeline.pieces(from_ms, to_ms)
        async with self._reading:
            before, tracks, next_ms = await self._tracks(point, pieces, 0 if max_points else limit)
        whole = Track.joined(tracks)
        track = (
            await asyncio.to_thread(downsampled, whole, from_ms, to_ms, max_points) if max_points else whole
        )
        return History(point, track, before, self.gaps(from_ms, to_ms), next_ms)

    async def _tracks(
        self, point: PastPoint, pieces: Sequence[Piece], limit: int
    ) -> tuple[Track, list[Track], float | None]:
        tracks: list[Track] = []
        before, count = Track.joined([]), 0
        for start in range(0, len(pieces), READ_AT_ONCE):
            part = pieces[start : start + READ_AT_ONCE]
            rows, data = self._rows_of(point), await self._sources(part)
            found = await asyncio.to_thread(_read_tracks, part, data, rows)
            for number, (first, track) in enumerate(found):
                if start + number == 0:
                    before = first
                tracks.append(track)
                count += len(track)
                if limit and count > limit:
                    return before, *_limited(tracks, limit)
        return before, tracks, None

    def _rows_of(self, point: PastPoint) -> dict[str, int]:
        """The point's number in each registry in which it means the same."""
        key = (point.device, point.name)
        found = ((past, past.index.get(key)) for past in self._past.values())
        return {
            past.hash: row
            for past, row in found
            if row is not None and past.points[row].means_the_same(point)
        }

    async def _sources(self, pieces: Iterable[Piece]) -> dict[int, tuple[str, Segment | bytes]]:
        """Registry and content of the pieces' segments: decoded where that was done before."""
        found: dict[int, tuple[str, Segment | bytes]] = {}
        for piece in pieces:
            recent = self._in_memory(piece.segment)
            if recent is not None:
                found[piece.segment] = recent
            elif piece.segment in self._decoded:
                found[piece.segment] = self._decoded[piece.segment]
        wanted = sorted({piece.segment for piece in pieces} - set(found))
        return {**found, **(await self._store.segment_data(wanted) if wanted else {})}

    async def _clean_for_ever(self) -> None:
        while True:
            await asyncio.sleep(CLEAN_EVERY_S)
            try:
                await self.clean()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                LOG.error("old film cannot be deleted", reason=str(error))

    async def clean(self) -> int:
        """Delete some of what is too old; gives how many segments.

        A part at a time: a clock that was set wrong, and is set right soon, does not cost the whole film.
        """
        limit_ms = self._clock.now_ms() - self._settings.keep_days * DAY_MS
        deleted = await self._store.delete_before(limit_ms)
        self._timeline.remove(deleted)
        return len(deleted)


def _gone(then: PastRegistry, state: State, row: int) -> GonePoint:
    return GonePoint(
        then.points[row], float(state.value[row]), int(state.quality[row]), float(state.time_ms[row])
    )


def _read_tracks(
    pieces: Sequence[Piece], data: dict[int, tuple[str, Segment | bytes]], rows: dict[str, int]
) -> list[tuple[Track, Track]]:
    """Per piece what the point read at its start, and its samples within."""
    none = Track.joined([])
    found = []
    for piece in pieces:
        key, content = data.get(piece.segment, ("", b""))
        row = rows.get(key)
        if row is None:
            found.append((none, none))
            continue
        segment = content if isinstance(content, Segment) else decode_strip(content, row)
        track = segment.track(row)
        before = Track.joined([segment.at_start(row), track[track.time_ms < piece.from_ms]])
        inside = (track.time_ms >= piece.from_ms) & (track.time_ms < piece.to_ms)
        found.append((before[-1:], track[inside]))
    return found


def _limited(tracks: Sequence[Track], limit: int) -> tuple[list[Track], float]:
    """The first `limit` samples, and the time of the next; samples of one moment stay together."""
    whole = Track.joined(tracks)
    next_ms = float(whole.time_ms[limit])
    return [whole[whole.time_ms < next_ms]], next_ms
