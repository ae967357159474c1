"""A film as it lies in a database, where nobody records: for the tools."""

import math
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import SystemClock
from telemetry_bridge.points import Registry
from telemetry_bridge.samples import Samples
from twin.film.cold.opening import keeping_of_tools
from twin.film.described import PastRegistry, mapping
from twin.film.film import Film
from twin.film.merging import stale_before
from twin.film.reading import FilmSettings, Stretch
from twin.film.segment import Mask, Segment, State, in_order
from twin.film.store import Entry, News, StoredLate
from twin.film.timeline import Piece


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """All that is known of a time, from `from_ms` to before `to_ms`: `segment` begins at `from_ms`.

    `afterwards`: of a time when nothing was recorded; samples that were delivered later.
    """

    from_ms: float
    to_ms: float
    registry: PastRegistry
    segment: Segment
    afterwards: bool = False


def cut_of(segment: Segment, from_ms: float, to_ms: float) -> Segment:
    """The part of a segment from one time to before another, with what was known when it began."""
    samples = segment.samples
    inside = (samples.time_ms >= from_ms) & (samples.time_ms < to_ms)
    if from_ms <= segment.start_ms:
        return Segment(segment.start_ms, segment.keyframe, samples if inside.all() else samples[inside])
    state = State.unknown(highest(segment) + 1)
    state.take(segment.keyframe.samples)
    state.take(samples[samples.time_ms < from_ms])
    return Segment(from_ms, state.keyframe(from_ms), samples[inside])


def highest(segment: Segment) -> int:
    """The greatest number of a point of which a segment tells; -1: of none."""
    columns = (segment.keyframe.point_index, segment.samples.point_index)
    return max((int(each.max()) for each in columns if len(each)), default=-1)


def with_late(segment: Segment, to_ms: float, late: Samples) -> Segment:
    """A segment with what waits to be merged, given in any order: as `Film.merge_late` will make it."""
    early = late[late.time_ms < segment.start_ms]
    own = late[(late.time_ms >= segment.start_ms) & (late.time_ms < to_ms)]
    if not len(early) and not len(own):
        return segment
    size = max(highest(segment), int(late.point_index.max())) + 1
    state = State.unknown(size)
    state.take(segment.keyframe.samples)
    state.take(early)
    samples = in_order(Samples.joined([segment.samples, own]))
    return Segment(segment.start_ms, state.keyframe(segment.start_ms), samples)


class StoredFilm(Film):
    """Reads; `learn` and `merge_late` write, for whoever holds the film alone."""

    def __init__(self, engine: AsyncEngine, settings: FilmSettings | None = None) -> None:
        """Read what lies in a database."""
        settings = settings or FilmSettings(keeping=keeping_of_tools())
        super().__init__(engine, Registry((), ()), SystemClock(), settings)

    async def look(self) -> None:
        """Learn what there is, also of a segment in the making, and write nothing. DamagedFilmError."""
        await self._read_registries()
        await self._follower.catch_up()
        await self._take_latest()

    async def learn(self) -> None:
        """Make whole segments of what an unclean stop left, and learn what there is."""
        await self._read_registries()
        await self.recorder.learn()
        await self._take_latest()

    async def _read_registries(self) -> None:
        for key in await self._store.registry_hashes():
            await self._registry(key)

    async def _take_latest(self) -> None:
        """Count points as they were recorded last: what is learned of a time before all film is kept so."""
        entries, late = self._catalogue.entries(), [batch for batch in self._late if len(batch.samples)]
        if entries:
            self._now = await self._registry(entries[-1].registry)
        elif late:
            self._now = await self._registry(late[-1].registry)

    async def cuts(self, from_ms: float = -math.inf, to_ms: float = math.inf) -> AsyncIterator[Cut]:
        """All that is known of a time, a stretch at a time, in order; what waits to be merged is in it."""
        for piece in self.pieces(from_ms, to_ms):
            yield await self.cut(piece)

    async def whole(self, segment: int) -> Segment:
        """A whole segment, as the database has it. DamagedFilmError."""
        return (await self._whole(segment))[1]

    async def samples(self, from_ms: float, to_ms: float) -> AsyncIterator[Stretch]:
        """As `Film.samples`; what waits to be merged is in it, and stays where it waits."""
        async for cut in self.cuts(from_ms, to_ms):
            yield Stretch(cut.from_ms, cut.to_ms, cut.registry, cut.segment.samples)

    async def cut(self, piece: Piece) -> Cut:
        """All that is known of a piece."""
        key, segment = await self._whole(piece.segment)
        points = await self._registry(key)
        late = [self._late_of(batch.registry, batch.samples, points) for batch in self._late]
        gap_ms = self._catalogue.gap_start_ms(piece.segment)
        whole = with_late(segment, piece.to_ms, stale_before(Samples.joined(late), gap_ms))
        cut = cut_of(whole, piece.from_ms, piece.to_ms)
        return Cut(piece.from_ms, piece.to_ms, points, cut, self._catalogue.is_afterwards(piece.segment))

    @property
    def ends_ms(self) -> tuple[float, ...]:
        """When what was recorded ends, in the order in which it was; also of what grows still."""
        pieces = self._catalogue.timeline.pieces(-math.inf, math.inf)
        growing = (each.to_ms for each in pieces if self._catalogue.entry(each.segment) is None)
        return (*self._catalogue.ends_ms, *growing)

    def neighbours(self, piece: Piece) -> tuple[Piece | None, Piece | None]:
        """The recorded pieces that a time touches before and after it."""
        timeline = self._catalogue.timeline
        found = [timeline.at(math.nextafter(piece.from_ms, -math.inf)), timeline.at(piece.to_ms)]
        before, after = (each[0] if each is not None and each[1] is None else None for each in found)
        return before, after

    # For whoever holds the film alone

    async def keep_registry(self, registry: PastRegistry, data: bytes) -> None:
        """Keep a list of points, unless it is there."""
        await self._store.add_registry(registry.hash, data)
        self._past.setdefault(registry.hash, registry)

    def new_entry(self, piece: Piece, registry: str, samples: int, *, afterwards: bool) -> Entry:
        """A line of the catalogue for a new segment of a piece's time."""
        until_ms = math.nextafter(piece.to_ms, -math.inf)
        entry = self.recorder.entry(self.recorder.new_id(), piece.from_ms, until_ms, registry, samples)
        return replace(entry, afterwards=afterwards)

    async def put(self, entry: Entry, strips: Mapping[int, bytes], late: StoredLate | None) -> None:
        """Write a whole segment, and late samples with it, in one transaction."""
        await self._store.save(News([(entry, strips)], late=late))
        self._catalogue.add(entry)

    async def put_late(self, late: StoredLate) -> None:
        """Let samples wait to be merged, safe in the database."""
        await self._store.save(News(late=late))

    async def next_late(self) -> int:
        """The id of the next row of late samples."""
        return (await self._store.numbers()).late + 1

    async def merge_waiting(self) -> None:
        """Merge what waits in the database."""
        self.recorder.late.clear()
        self.recorder.late.open(await self._store.late())
        await self.merge_late()

    def _late_of(self, registry: str, samples: Samples, points: PastRegistry) -> Samples:
        """What waits, in the numbers of a list of points."""
        if not len(samples):
            return samples
        numbers = mapping(self._past[registry], points).now_index[samples.point_index]
        kept = numbers >= 0
        return replace(samples[kept], point_index=numbers[kept].astype(np.uint32))


def only(cut: Cut, mask: Mask) -> Cut:
    """A cut with some of its points alone; `mask` is (n_points,)."""
    if mask.all():
        return cut
    key, samples = cut.segment.keyframe, cut.segment.samples
    rest = key[mask[key.point_index]]
    segment = Segment(cut.segment.start_ms, rest, samples[mask[samples.point_index]])
    return replace(cut, segment=segment)
