"""The film as its readers see it: the state of any recorded moment, and what one point did.

A caller does not see where a stretch lies, in the recorder's memory, in the database or in cold files,
nor whether samples came so late that they still wait for their place. Opened segments are kept while there is
room for them: a slider that is dragged reads each but once.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import Clock
from telemetry_bridge.points import Registry
from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import Quality
from twin.errors import DamagedFilmError, NotRecordedError
from twin.film.catalogue import Catalogue
from twin.film.caution import CautiousClock
from twin.film.codec import StripSet, decode_segment, open_strips, strip_of
from twin.film.cold.joining import joined
from twin.film.cold.ledger import ColdLedger
from twin.film.cold.tier import ColdTier, Keeping
from twin.film.described import (
    PastPoint,
    PastRegistry,
    PointMap,
    decode_registry,
    describe,
    mapping,
)
from twin.film.following import Follower
from twin.film.late import LateBatch
from twin.film.merging import stale_before
from twin.film.policy import DEFAULT, Policies, Policy
from twin.film.recorder import CLOCK_TREMBLES_MS, Recorder, RecorderSettings
from twin.film.sampling import downsampled
from twin.film.scene_keeping import Scenes
from twin.film.scene_store import SceneStore
from twin.film.scenes import Scene
from twin.film.segment import Growing, Reel, Segment, State, Track
from twin.film.store import Entry, FilmStore
from twin.film.timeline import Gap, Piece, just_after
from twin.film.told import Told, with_late

CACHE_BYTES = 128 << 20
DELETED = "that stretch of film was just deleted: it is older than film is kept"
READ_AT_ONCE = 64  # segments of a history in memory


@dataclass(frozen=True, slots=True)
class FilmSettings:
    """How long film is kept where (`keeping`; left out: `keep_days` in the database), how it is recorded, and
    how much of it is kept decoded in memory.
    """

    keep_days: float = 30.0
    recorder: RecorderSettings = field(default_factory=RecorderSettings)
    cache_bytes: int = CACHE_BYTES
    keeping: Keeping | None = None

    @property
    def kept(self) -> Keeping:
        """How long film is kept where."""
        return self.keeping or Keeping(Policies(Policy(DEFAULT, self.keep_days)))


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


@dataclass(frozen=True, slots=True)
class Strips:
    """A whole segment, opened: strips, and what came out of cold files, of other points."""

    strips: StripSet
    cold: tuple[Segment, ...] = ()

    @classmethod
    def opened(cls, strips: Mapping[int, bytes], cold: tuple[Segment, ...] = ()) -> "Strips":
        """Read a segment's strips. DamagedFilmError: one of them cannot be."""
        return cls(open_strips(strips.values()), cold)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory."""
        return self.strips.nbytes + sum(part.nbytes for part in self.cold)

    def state_at(self, time_ms: float, n_points: int) -> State:
        """As `Segment.state_at`."""
        state = self.strips.state_at(time_ms, n_points)
        for part in self.cold:
            state.take(part.keyframe.samples)
            state.take(part.samples, time_ms)
        return state


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Samples of a part of the film in the numbers of the registry of then, by point, then by time."""

    from_ms: float
    to_ms: float
    registry: PastRegistry
    samples: Samples


class FilmReader:
    """Answers what was. What it is made of is kept up to date by `Film`."""

    def __init__(
        self, engine: AsyncEngine, registry: Registry, clock: Clock, settings: FilmSettings | None = None
    ) -> None:
        self._store = FilmStore(engine)
        self._clock, self._cautious = clock, CautiousClock(clock)
        self._settings = settings or FilmSettings()
        self._now = describe(registry)
        self._catalogue = Catalogue()
        self._past: dict[str, PastRegistry] = {self._now.hash: self._now}
        self._maps: dict[str, PointMap] = {}
        self._opened: OrderedDict[int, Strips] = OrderedDict()
        self._follower = Follower(self._store, self._catalogue, self._changed)
        self._records = False
        self._reading = asyncio.Semaphore(2)  # histories at a time: each keeps a core busy
        self.recorder = Recorder(
            self._store, self._catalogue, registry.hash, len(registry), clock, self._settings.recorder
        )
        self.cold = ColdTier(
            ColdLedger(engine, self._store.writing),
            self._settings.kept,
            clock,
            self._registry,
            self.recorder.writing,
        )
        """What lies in files."""
        self.scenes = Scenes(SceneStore(engine, self._store.writing), clock)
        """Which model and which bindings were in force when."""
        self.recorder.on_begin = self.scenes.begin

    def _changed(self, segment_id: int) -> None:
        """A segment was written again."""
        self._opened.pop(segment_id, None)

    def _in_memory(self, segment_id: int) -> tuple[str, Growing] | None:
        """A segment that the database does not hold as a whole yet, with its registry's hash."""
        recent = self.recorder.reel(segment_id)
        return self._follower.reel(segment_id) if recent is None else (self._now.hash, recent)

    @property
    def _late(self) -> tuple[LateBatch, ...]:
        """Samples that wait for their place."""
        own = LateBatch(self._now.hash, self.recorder.late.samples)
        return (own, *self.recorder.late.older, *self._follower.late)

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
    def keep_days(self) -> float | None:
        """Days until the last of a stretch of film is deleted; None: it is kept for ever."""
        days = self._settings.kept.days
        return days if math.isfinite(days) else None

    @property
    def registries(self) -> tuple[PastRegistry, ...]:
        """Every list of points that was ever recorded, today's first."""
        return tuple(self._past.values())

    def samples_at_most(self, from_ms: float, to_ms: float) -> int:
        """How many samples the stretches of a time have, also those of them that lie outside of it."""
        self.recorder.touch()
        found = sum(len(batch.samples) for batch in self._late)
        for segment in {piece.segment for piece in self._catalogue.pieces(from_ms, to_ms)}:
            recent, entry = self._in_memory(segment), self._catalogue.entry(segment)
            found += len(recent[1]) if recent is not None else entry.samples if entry is not None else 0
        return found

    def scene_at(self, time_ms: float) -> Scene | None:
        """Which model and which bindings were in force at a time; None: nobody noted it."""
        return self.scenes.at(time_ms)

    @property
    def span(self) -> tuple[float, float] | None:
        """From when to when there is film, ms since 1970 UTC; None: there is none.

        What was recorded before the clock was set back, of a time that is still to come, is not in it.
        """
        self.recorder.touch()
        span = self._catalogue.timeline.span
        return None if span is None else (span[0], min(span[1], max(self._latest_ms, span[0])))

    @property
    def _latest_ms(self) -> float:
        """The end of what may be told: whoever recorded it may have a clock that is a little ahead."""
        return just_after(self._clock.now_ms() + CLOCK_TREMBLES_MS)

    def gaps(self, from_ms: float, to_ms: float) -> tuple[Gap, ...]:
        """The times between, of which nothing was recorded."""
        self.recorder.touch()
        return tuple(self._catalogue.timeline.gaps(from_ms, to_ms))

    def piece_at(self, time_ms: float) -> tuple[Piece, Gap | None]:
        """What tells of a time, and the gap in which it lies. NotRecordedError: before all film."""
        self.recorder.touch()
        latest_ms = self._latest_ms
        found = self._catalogue.at(min(time_ms, latest_ms))
        if found is None:
            raise NotRecordedError(
                "nothing was recorded at that time; GET /api/film says from when on there is"
            )
        piece, gap = found
        if time_ms > latest_ms and gap is None:
            gap = Gap(latest_ms, None)
        is_end = gap is not None and gap.to_ms is None and time_ms <= gap.from_ms
        return piece, None if is_end else gap

    async def state_at(self, time_ms: float) -> Moment:
        """The state of a moment. NotRecordedError: before all film; DamagedFilmError: it cannot be read."""
        piece, gap = self.piece_at(time_ms)
        key, reel = await self._reel(piece.segment)
        then = await self._registry(key)
        learned = self._catalogue.is_afterwards(piece.segment)
        asked_ms = time_ms if gap is None or learned else gap.from_ms
        state = await state_of(reel, asked_ms, len(then))
        if gap is not None and not learned:
            state.quality[state.known & (state.quality != Quality.BAD)] = Quality.STALE
        began_ms = self._catalogue.gap_start_ms(piece.segment) if gap is None or learned else gap.from_ms
        for batch in self._late:
            if batch.registry == key:
                state.take(stale_before(batch.samples, began_ms), time_ms)
        points = await self._map(key)
        gone = tuple(_gone(points.then, state, int(row)) for row in points.gone(state))
        return Moment(time_ms, points.to_now(state), gap, gone, key)

    async def _map(self, key: str) -> PointMap:
        if key not in self._maps:
            self._maps[key] = mapping(await self._registry(key), self._now)
        return self._maps[key]

    async def _reel(self, segment_id: int) -> tuple[str, Growing | Strips]:
        recent = self._in_memory(segment_id)
        if recent is not None:
            return recent
        entry = self._entry(segment_id)
        if segment_id not in self._opened:
            self._keep(segment_id, await asyncio.to_thread(Strips.opened, *await self._parts(entry)))
        self._opened.move_to_end(segment_id)
        return entry.registry, self._opened[segment_id]

    def _entry(self, segment_id: int) -> Entry:
        entry = self._catalogue.entry(segment_id)
        if entry is None:
            raise NotRecordedError(DELETED)
        return entry

    async def _parts(self, entry: Entry) -> tuple[Mapping[int, bytes], tuple[Segment, ...]]:
        """Strips of a segment in the database, and what of it lies in files."""
        strips, cold = await self.cold.read(entry)
        if entry.samples and not strips and not cold:
            raise NotRecordedError(DELETED)
        return strips, cold

    def _keep(self, segment_id: int, strips: Strips) -> None:
        self._opened[segment_id] = strips
        room = self._settings.cache_bytes - sum(kept.nbytes for kept in self._opened.values())
        while room < 0 and len(self._opened) > 1:
            _, old = self._opened.popitem(last=False)
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
        pieces = self._catalogue.pieces(from_ms, to_ms)
        async with self._reading:
            before, tracks, next_ms = await self._tracks(point, pieces, 0 if max_points else limit)
        before, whole = self._with_late(point, before, Track.joined(tracks), (from_ms, next_ms or to_ms))
        track = (
            await asyncio.to_thread(downsampled, whole, from_ms, to_ms, max_points) if max_points else whole
        )
        return History(point, track, before, self.gaps(from_ms, to_ms), next_ms)

    def _with_late(
        self, point: PastPoint, before: Track, track: Track, span: tuple[float, float]
    ) -> tuple[Track, Track]:
        """What a point read before a span (one sample or none) and in it, with what still waits for its
        place.
        """
        late = self.late_of(point)
        if not len(late):
            return before, track
        early, own = late.time_ms < span[0], (late.time_ms >= span[0]) & (late.time_ms < span[1])
        return Track.sorted([before, late[early]])[-1:], Track.sorted([track, late[own]])

    async def _tracks(
        self, point: PastPoint, pieces: Sequence[Piece], limit: int
    ) -> tuple[Track, list[Track], float | None]:
        tracks: list[Track] = []
        before, count = Track.joined([]), 0
        for start in range(0, len(pieces), READ_AT_ONCE):
            part = pieces[start : start + READ_AT_ONCE]
            found = await self._tracks_of(point, part)
            for number, (first, track) in enumerate(found):
                if start + number == 0:
                    before = first
                tracks.append(track)
                count += len(track)
                if limit and count > limit:
                    return before, *_limited(tracks, limit)
        return before, tracks, None

    async def _tracks_of(self, point: PastPoint, pieces: Sequence[Piece]) -> list[tuple[Track, Track]]:
        """Per piece what the point read at its start, and its samples within."""
        rows = self.rows_of(point)
        recent = {piece.segment: self._in_memory(piece.segment) for piece in pieces}
        keys = {key: self._key(key, held) for key, held in recent.items()}
        stored = [key for key, held in recent.items() if held is None and keys[key] in rows]
        strips = {
            row: [key for key in stored if rows[keys[key]] == row]
            for row in {rows[keys[key]] for key in stored}
        }
        data: dict[int, Reel | bytes] = {key: held[1] for key, held in recent.items() if held is not None}
        for row, segments in strips.items():
            entries = {key: entry for key in segments if (entry := self._catalogue.entry(key)) is not None}
            data.update(await self.cold.of_point(row, strip_of(row), entries))
        places = [(piece, rows.get(keys[piece.segment]), data.get(piece.segment)) for piece in pieces]
        return await asyncio.to_thread(_read_tracks, places)

    def _key(self, segment_id: int, held: tuple[str, Growing] | None) -> str:
        """The hash of a segment's registry."""
        if held is not None:
            return held[0]
        entry = self._catalogue.entry(segment_id)
        return "" if entry is None else entry.registry

    def rows_of(self, point: PastPoint) -> dict[str, int]:
        """The point's number in each registry in which it means the same."""
        key = (point.device, point.name)
        found = ((past, past.index.get(key)) for past in self._past.values())
        return {
            past.hash: row
            for past, row in found
            if row is not None and past.points[row].means_the_same(point)
        }

    @property
    def records(self) -> bool:
        """Whether this is the server that records."""
        return self._records

    @property
    def believed_ms(self) -> float:
        """What time it is for whoever deletes, ms since 1970 UTC: see `CautiousClock`."""
        return self._cautious.now_ms()

    @property
    def store(self) -> FilmStore:
        """The film's rows, for who keeps more of it in the same database."""
        return self._store

    def spans_in_memory(self) -> list[tuple[float, float]]:
        """From when to when segments tell that the database has not as a whole yet."""
        self.recorder.touch()
        return [*self.recorder.spans, *self._follower.open_spans]

    def pieces(self, from_ms: float, to_ms: float) -> list[Piece]:
        """All that tells of a time, cut to it, in order, none over another."""
        self.recorder.touch()
        return self._catalogue.pieces(from_ms, to_ms)

    async def segment_of(self, piece: Piece) -> tuple[PastRegistry, Segment]:
        """The whole segment of a piece, in the numbers of the registry of then."""
        key, segment = await self._whole(piece.segment)
        return await self._registry(key), segment

    def late_of(self, point: PastPoint) -> Track:
        """A point's samples that wait for their place, in the order in which they came."""
        rows = self.rows_of(point)
        found = [
            batch.samples[batch.samples.point_index == rows[batch.registry]]
            for batch in self._late
            if batch.registry in rows
        ]
        return Track.joined([Track.of(each) for each in found])

    async def told_of(self, point: PastPoint, from_ms: float, to_ms: float) -> list[Told]:
        """What a point did from one time to before another, stretch by stretch; gaps are in none."""
        late, pieces, rows = self.late_of(point), self.pieces(from_ms, to_ms), self.rows_of(point)
        keys = [self._key(piece.segment, self._in_memory(piece.segment)) for piece in pieces]
        found: list[Told] = []
        async with self._reading:
            for start in range(0, len(pieces), READ_AT_ONCE):
                part = pieces[start : start + READ_AT_ONCE]
                tracks = zip(part, await self._tracks_of(point, part), strict=True)
                found += [
                    Told(piece.from_ms, piece.to_ms, *each, self._catalogue.gap_start_ms(piece.segment))
                    for piece, each in tracks
                ]
        known = [each for each, key in zip(found, keys, strict=True) if key in rows]
        before = self.pieces(-math.inf, from_ms)[-1:] if len(late) else []
        return with_late(known, [*before, *pieces], late, to_ms)

    async def samples(self, from_ms: float, to_ms: float) -> AsyncIterator[Stretch]:
        """All samples from one time to before another, a stretch of some minutes at a time, in order.

        What waits for its place is not in them. What was known when the span began: `state_at`.
        """
        self.recorder.touch()
        for piece in self._catalogue.pieces(from_ms, to_ms):
            key, segment = await self._whole(piece.segment)
            samples = segment.samples
            inside = (samples.time_ms >= piece.from_ms) & (samples.time_ms < piece.to_ms)
            yield Stretch(piece.from_ms, piece.to_ms, await self._registry(key), samples[inside])

    async def _whole(self, segment_id: int) -> tuple[str, Segment]:
        recent = self._in_memory(segment_id)
        if recent is not None:
            return recent[0], await asyncio.to_thread(recent[1].segment)
        entry = self._entry(segment_id)
        return entry.registry, await asyncio.to_thread(_decoded, entry, *await self._parts(entry))


def _decoded(entry: Entry, strips: Mapping[int, bytes], cold: tuple[Segment, ...]) -> Segment:
    """A whole segment out of what the tiers have of it."""
    parts = [*([decode_segment(strips)] if strips else []), *cold]
    return parts[0] if len(parts) == 1 else joined(entry.start_ms, parts)


def _gone(then: PastRegistry, state: State, row: int) -> GonePoint:
    return GonePoint(
        then.points[row], float(state.value[row]), int(state.quality[row]), float(state.time_ms[row])
    )


async def state_of(reel: Growing | Strips, time_ms: float, n_points: int) -> State:
    """A reel's state; of one that grows at once, so that it does not grow meanwhile."""
    if isinstance(reel, Growing):
        return reel.state_at(time_ms, n_points)
    return await asyncio.to_thread(reel.state_at, time_ms, n_points)


def _read_tracks(
    places: Sequence[tuple[Piece, int | None, Reel | bytes | None]],
) -> list[tuple[Track, Track]]:
    """Per piece what the point of a number read at its start, and its samples within."""
    found = [(Track.joined([]), Track.joined([]))] * len(places)
    together: dict[int, dict[int, bytes]] = {}
    for place, (piece, row, content) in enumerate(places):
        if row is None or content is None:
            continue
        if isinstance(content, bytes):
            together.setdefault(row, {})[place] = content
        else:
            found[place] = _within(piece, content.at_start(row), content.track(row))
    for row, strips in together.items():
        for place, tracks in zip(strips, open_strips(strips.values()).tracks(row), strict=True):
            found[place] = _within(places[place][0], *tracks)
    return found


def _within(piece: Piece, before: Track, track: Track) -> tuple[Track, Track]:
    """What a point read last before a piece, and its samples within."""
    first, end = np.searchsorted(track.time_ms, (piece.from_ms, piece.to_ms)).tolist()
    return track[first - 1 : first] if first else before, track[first:end]


def _limited(tracks: Sequence[Track], limit: int) -> tuple[list[Track], float]:
    """The first `limit` samples, and the time of the next."""
    whole = Track.joined(tracks)
    next_ms = float(whole.time_ms[limit])
    return [whole[whole.time_ms < next_ms]], next_ms
