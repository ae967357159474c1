"""Is the film what was written? Reads every byte of it, and says what is wrong, when, and of which points.

Looks beside a running server: each joint of two segments is read in one snapshot of the database. What waits
to be merged is laid over both sides of a joint, since it may have reached one of them only.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telemetry_bridge.samples import Samples
from twin.errors import DamagedFilmError
from twin.film.catalogue import Catalogue
from twin.film.codec import STRIP_POINTS, decode_chunk, open_strip
from twin.film.cold.auditing import faults_of_files
from twin.film.cold.ledger import ColdLedger
from twin.film.cold.shelf import Shelf
from twin.film.described import PastRegistry, decode_registry, mapping
from twin.film.faults import Fault, Remedy
from twin.film.scene_checking import give_up, scene_faults
from twin.film.scene_store import all_scenes
from twin.film.segment import Keyframe, Segment, State
from twin.film.store import Entry, StoredChunk
from twin.store.database import writing
from twin.store.tables import FILM_CHUNK, FILM_COLD, FILM_LATE, FILM_REGISTRY, FILM_SEGMENT, FILM_STRIP

NAMED = 3  # points that a fault names


@dataclass(slots=True)
class Audit:
    """What was read, and what is wrong with it."""

    segments: int = 0
    strips: int = 0
    samples: int = 0
    chunks: int = 0
    late: int = 0
    registries: int = 0
    scenes: int = 0
    bindings: int = 0
    cold_files: int = 0
    bytes: int = 0
    first_ms: float | None = None
    last_ms: float | None = None
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A segment that was read: what its points read at its end, and at its start; None: it has faults."""

    entry: Entry
    end: State | None
    start: Keyframe


def checked(
    entry: Entry, strips: Mapping[int, bytes], points: PastRegistry, in_files: int | None = None
) -> tuple[Checked, list[Fault], int]:
    """Read a whole segment; gives it, what is wrong with it, and how many samples could be read.

    `in_files`: so many of its samples are noted to lie in cold files; None: film of it was never moved.
    """
    state, keys, faults, count = State.unknown(len(points)), [Keyframe.empty()], [], in_files or 0
    for number, data in sorted(strips.items()):
        try:
            part = _read(entry, number, data, len(points))
        except DamagedFilmError as error:
            faults.append(_strip_fault(entry, number, str(error), points))
            continue
        count += len(part)
        keys.append(part.keyframe)
        state.take(part.keyframe.samples)
        state.take(part.samples)
    if not faults and count != entry.samples:
        what = f"it has {count} samples, and {entry.samples} were written: strips of it are missing"
        faults.append(_of(entry, "samples", what, Remedy(samples=count)))
    faults = [_with_rest(fault, count) for fault in faults]
    end = None if faults else state
    return Checked(entry, end, _joined(keys)), faults, count


def _read(entry: Entry, number: int, data: bytes, n_points: int) -> Segment:
    strip = open_strip(data)
    if strip.number != number or strip.start_ms != entry.start_ms:
        raise DamagedFilmError("it is another segment's, or of other points")
    part = strip.segment()
    if max(_highest(part.keyframe.point_index), _highest(part.samples.point_index)) >= n_points:
        raise DamagedFilmError("it tells of points that its list of points does not have")
    return part


def _with_rest(fault: Fault, count: int) -> Fault:
    return fault if fault.remedy is None else replace(fault, remedy=replace(fault.remedy, samples=count))


def _joined(keys: Sequence[Keyframe]) -> Keyframe:
    return Keyframe.of(Samples.joined([key.samples for key in keys]))


def _of(entry: Entry, kind: str, what: str, remedy: Remedy | None = None) -> Fault:
    return Fault(kind, what, entry.id, entry.start_ms, entry.end_ms, remedy=remedy)


def _strip_fault(entry: Entry, number: int, reason: str, points: PastRegistry) -> Fault:
    rows = range(number * STRIP_POINTS, min((number + 1) * STRIP_POINTS, len(points)))
    return replace(
        _of(entry, "strip", f"strip {number} cannot be read ({reason})", Remedy(strips=(number,))),
        points=named(points, rows),
        n_points=len(rows),
    )


def named(points: PastRegistry, rows: Sequence[int] | range) -> tuple[str, ...]:
    """The names of the first few of some points."""
    return tuple(f"{points.points[row].device}/{points.points[row].name}" for row in rows[:NAMED])


def joint_fault(before: Checked, after: Checked, points: PastRegistry, late: Samples) -> Fault | None:
    """Whether a segment knows of its start what the one before it, which it touches, knows of its end.

    `late` waits still, and may have reached only one of them. Of some points only one of them may know: the
    rest lies in files, was deleted or taken out, or an import had only some of the points.
    """
    joint_ms = after.entry.start_ms
    if before.end is None or after.end is None or _began_anew(after.start, joint_ms):
        return None
    early = late[late.time_ms < joint_ms]
    one, other = State.unknown(len(points)), State.unknown(len(points))
    one.take(before.end.keyframe(joint_ms).samples)
    other.take(after.start.samples)
    for state in (one, other):
        state.take(early)
    differs = (_bits(one.value) != _bits(other.value)) | (one.quality != other.quality)
    differs |= one.time_ms != other.time_ms
    wrong = np.flatnonzero(differs & one.known & other.known).tolist()
    if not wrong:
        return None
    what = "what it knows of its start is not what the stretch before it ended with"
    return replace(_of(after.entry, "joint", what), points=named(points, wrong), n_points=len(wrong))


def _began_anew(start: Keyframe, start_ms: float) -> bool:
    """Whether a recording began there because the clock was set back.

    What it knew had times to come: they were made that of its start. What is cut knows of earlier times only.
    """
    return bool((start.time_ms >= start_ms).any())


def _bits(column: Any) -> Any:
    return np.ascontiguousarray(column).view(np.int64)


def span_faults(entries: Sequence[Entry]) -> Iterator[Fault]:
    """What segments say of their times that cannot be."""
    for entry in entries:
        if not (math.isfinite(entry.start_ms) and entry.start_ms < entry.end_ms < math.inf):
            yield _of(entry, "span", "it ends before it begins")
        if entry.samples < 0:
            yield _of(entry, "span", "it says that it has less than no samples")
    for one, other in pairwise(sorted(entries, key=lambda each: (each.start_ms, each.end_ms))):
        if (one.start_ms, one.end_ms) == (other.start_ms, other.end_ms):
            yield _of(other, "span", f"it tells of the very time of which segment {one.id} tells")
    afterwards = sorted((each for each in entries if each.afterwards), key=lambda each: each.start_ms)
    for one, other in pairwise(afterwards):
        if other.start_ms < one.end_ms and (one.start_ms, one.end_ms) != (other.start_ms, other.end_ms):
            yield _of(other, "span", f"it was learned afterwards, as segment {one.id} of the same time was")


def joints(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Segments that one recording cut apart, neither hidden where they touch.

    A server that goes on where another died begins with what it remembers itself: its first segment begins
    just after the last recorded moment, which is no whole millisecond; a cut is at a whole one.
    """
    catalogue = Catalogue()
    for entry in entries:
        if entry.start_ms < entry.end_ms:
            catalogue.add(entry)
    for one, other in pairwise(catalogue.timeline.pieces(-math.inf, math.inf)):
        before, after = catalogue.entry(one.segment), catalogue.entry(other.segment)
        if before is None or after is None or before.registry != after.registry:
            continue
        touch = one.to_ms == before.end_ms == after.start_ms == other.from_ms
        if touch and float(after.start_ms).is_integer():
            yield before, after


# Reading


@asynccontextmanager
async def snapshot(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that sees the database as it is at the first query."""
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execution_options(isolation_level="REPEATABLE READ")
        async with connection.begin():
            yield connection


async def entries_in(connection: AsyncConnection) -> list[Entry]:
    """Every whole segment, by id."""
    rows = await connection.execute(select(FILM_SEGMENT).order_by(FILM_SEGMENT.c.id))
    return [Entry(*row) for row in rows.all()]


class Verifier:
    """Reads a film that lies in a database."""

    def __init__(self, engine: AsyncEngine, shelf: Shelf | None = None) -> None:
        """`shelf`: where its cold files lie."""
        self._engine, self._shelf = engine, shelf
        self._points: dict[str, PastRegistry] = {}
        self.audit = Audit()

    async def verify(self) -> Audit:
        """Read all. Raises what the database raises."""
        await self._registries()
        async with snapshot(self._engine) as connection:
            entries = await entries_in(connection)
            await self._open_ones(connection)
            await self._orphans(connection)
            await self._scenes(connection, entries)
        self._note_spans(entries)
        after_of = {before.id: after for before, after in joints(entries)}
        known: dict[int, Checked] = {}
        for entry in sorted(entries, key=lambda each: (each.start_ms, each.id)):
            found = await self._segment(entry)
            before = known.pop(entry.id, None)
            if before is not None and found is not None:
                await self._joint(before, found)
            if entry.id in after_of and found is not None:
                known[after_of[entry.id].id] = found
        await self._cold_files()
        return self.audit

    async def _cold_files(self) -> None:
        """What lies in files: the bytes that were written, all of them and no others."""
        ledger = ColdLedger(self._engine, lambda: writing(self._engine))
        async for file, what in faults_of_files(ledger, self._shelf):
            if file is not None:
                self.audit.cold_files += 1
                self.audit.bytes += file.bytes
            if what:
                times = (None, None) if file is None else (file.from_ms, file.to_ms)
                self._fault(Fault("cold", what, None, *times))

    def _fault(self, *faults: Fault) -> None:
        self.audit.faults += faults

    async def _registries(self) -> None:
        async with self._engine.connect() as connection:
            rows = (await connection.execute(select(FILM_REGISTRY))).all()
        for row in rows:
            key, data = str(row.hash), bytes(row.data)
            self.audit.registries += 1
            self.audit.bytes += len(data)
            try:
                self._points[key] = await asyncio.to_thread(decode_registry, key, data)
            except DamagedFilmError as error:
                self._fault(Fault("registry", str(error)))

    def _note_spans(self, entries: Sequence[Entry]) -> None:
        self._fault(*span_faults(entries))
        self.audit.first_ms = min((entry.start_ms for entry in entries), default=None)
        self.audit.last_ms = max((entry.end_ms for entry in entries), default=None)

    async def _known(self, key: str) -> PastRegistry | None:
        """A list of points; one that came since the beginning is read now."""
        if key not in self._points:
            query = select(FILM_REGISTRY.c.data).where(FILM_REGISTRY.c.hash == key)
            async with self._engine.connect() as connection:
                data = (await connection.execute(query)).scalar()
            if data is None:
                return None
            try:
                self._points[key] = decode_registry(key, bytes(data))
            except DamagedFilmError:
                return None
        return self._points[key]

    async def _segment(self, entry: Entry) -> Checked | None:
        """Read a segment as it is now; None: it was deleted meanwhile, or its points are not known."""
        async with snapshot(self._engine) as connection:
            now, strips, in_files = await _stored(connection, entry.id)
        if now is None:
            return None
        self.audit.segments += 1
        self.audit.strips += len(strips)
        self.audit.bytes += sum(map(len, strips.values()))
        points = await self._known(now.registry)
        if points is None:
            self._fault(_of(now, "registry", f"its list of points {now.registry} is missing or damaged"))
            return None
        found, faults, count = await asyncio.to_thread(checked, now, strips, points, in_files)
        self.audit.samples += count
        self._fault(*faults)
        return found

    async def _joint(self, before: Checked, after: Checked) -> None:
        points = await self._known(after.entry.registry)
        if points is None or joint_fault(before, after, points, Samples.none()) is None:
            return
        # Late samples may have been merged into one of them since the other was read: both again, at once.
        async with snapshot(self._engine) as connection:
            one = await _stored(connection, before.entry.id)
            other = await _stored(connection, after.entry.id)
            late = await self._late_in(connection, points)
        if one[0] is None or other[0] is None or one[0].end_ms != other[0].start_ms:
            return
        first, _, _ = await asyncio.to_thread(checked, one[0], one[1], points, one[2])
        second, _, _ = await asyncio.to_thread(checked, other[0], other[1], points, other[2])
        found = joint_fault(first, second, points, late)
        if found is not None:
            self._fault(found)

    async def _late_in(self, connection: AsyncConnection, points: PastRegistry) -> Samples:
        """All that waits, in the numbers of a list of points."""
        rows = (await connection.execute(select(FILM_LATE).order_by(FILM_LATE.c.id))).all()
        parts = []
        for row in rows:
            own = self._points.get(str(row.registry))
            try:
                samples = decode_chunk(bytes(row.data))[1]
            except DamagedFilmError:
                continue
            if own is not None and len(samples) and int(samples.point_index.max()) < len(own):
                numbers = mapping(own, points).now_index[samples.point_index]
                kept = numbers >= 0
                parts.append(replace(samples[kept], point_index=numbers[kept].astype(np.uint32)))
        return Samples.joined(parts)

    async def _open_ones(self, connection: AsyncConnection) -> None:
        """The chunks of segments in the making, and late samples."""
        rows = await connection.execute(
            select(FILM_CHUNK).order_by(FILM_CHUNK.c.segment, FILM_CHUNK.c.number)
        )
        by_segment: dict[int, list[StoredChunk]] = {}
        for row in rows.all():
            chunk = StoredChunk(row[0], row[1], row[2], row[3], row[4], bytes(row[5]))
            by_segment.setdefault(chunk.segment, []).append(chunk)
        for chunks in by_segment.values():
            self.audit.chunks += len(chunks)
            self.audit.bytes += sum(len(chunk.data) for chunk in chunks)
            found = await asyncio.to_thread(chunk_fault, chunks, await self._known(chunks[0].registry))
            if found is not None:
                self._fault(found)
        for row in (await connection.execute(select(FILM_LATE).order_by(FILM_LATE.c.id))).all():
            self.audit.late += 1
            self.audit.bytes += len(row.data)
            await self._late_row(int(row.id), str(row.registry), bytes(row.data))

    async def _late_row(self, number: int, registry: str, data: bytes) -> None:
        points, remedy = await self._known(registry), Remedy(late=number)
        try:
            samples = decode_chunk(data)[1]
        except DamagedFilmError as error:
            self._fault(Fault("late", f"late samples, row {number}, cannot be read ({error})", remedy=remedy))
            return
        if points is None:
            self._fault(
                Fault("registry", f"late samples, row {number}: their points {registry} are not known")
            )
        elif len(samples) and int(samples.point_index.max()) >= len(points):
            what = f"late samples, row {number}, are of points that their list does not have"
            self._fault(Fault("late", what, remedy=remedy))

    async def _scenes(self, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
        """Which model and which bindings were in force."""
        scenes, sets = await all_scenes(connection)
        self.audit.scenes, self.audit.bindings = len(scenes), len(sets)
        self.audit.bytes += sum(len(each.data) for each in sets.values())
        self._fault(*await asyncio.to_thread(scene_faults, scenes, sets, entries))

    async def _orphans(self, connection: AsyncConnection) -> None:
        whole = select(FILM_SEGMENT.c.id)
        query = select(FILM_STRIP.c.segment, func.count()).where(FILM_STRIP.c.segment.not_in(whole))
        for segment, count in (await connection.execute(query.group_by(FILM_STRIP.c.segment))).all():
            what = f"{count} strips belong to a segment that is not there"
            self._fault(Fault("orphan", what, int(segment), remedy=Remedy(strips=(-1,))))
        both = select(FILM_CHUNK.c.segment).where(FILM_CHUNK.c.segment.in_(whole)).distinct()
        for segment in (await connection.execute(both)).scalars():
            self._fault(Fault("chunk", "it is whole and in the making at once", int(segment)))


async def _stored(
    connection: AsyncConnection, segment: int
) -> tuple[Entry | None, dict[int, bytes], int | None]:
    """A segment's line and strips, and how many of its samples lie in files; None: it was never moved."""
    row = (await connection.execute(select(FILM_SEGMENT).where(FILM_SEGMENT.c.id == segment))).first()
    if row is None:
        return None, {}, None
    query = select(FILM_STRIP.c.strip, FILM_STRIP.c.data).where(FILM_STRIP.c.segment == segment)
    strips = {int(each[0]): bytes(each[1]) for each in await connection.execute(query)}
    moved = select(func.sum(FILM_COLD.c.samples)).where(FILM_COLD.c.segment == segment)
    in_files = (await connection.execute(moved)).scalar()
    return Entry(*row), strips, None if in_files is None else int(in_files)


def chunk_fault(chunks: Sequence[StoredChunk], points: PastRegistry | None) -> Fault | None:
    """What is wrong with the parts of a segment in the making, by number; the first of it."""
    first, until_ms = chunks[0], chunks[-1].until_ms
    if points is None:
        what = f"its list of points {first.registry} is missing or damaged"
        return Fault("registry", what, first.segment, first.start_ms, until_ms)
    for number, chunk in enumerate(chunks):
        what = _part_fault(first, number, chunk, len(points))
        if what:
            what = f"part {number} of a stretch in the making {what}"
            remedy = Remedy(chunks_from=number)
            return Fault("chunk", what, first.segment, first.start_ms, until_ms, remedy=remedy)
    return None


def _part_fault(first: StoredChunk, number: int, chunk: StoredChunk, n_points: int) -> str:
    if chunk.number != number:
        return "is missing"
    if (chunk.start_ms, chunk.registry) != (first.start_ms, first.registry):
        return "is of another one"
    try:
        keyframe, samples = decode_chunk(chunk.data)
    except DamagedFilmError as error:
        return f"cannot be read ({error})"
    if max(_highest(keyframe.point_index), _highest(samples.point_index)) >= n_points:
        return "is of points that its list of points does not have"
    is_early = (keyframe.time_ms > chunk.start_ms).any() or (samples.time_ms < chunk.start_ms).any()
    return "tells of times before it began" if is_early else ""


def _highest(index: Any) -> int:
    return int(index.max()) if len(index) else -1


# Repair


async def repair(engine: AsyncEngine, faults: Sequence[Fault]) -> list[Fault]:
    """Take out what cannot be read, each segment in one transaction; gives the faults that ended by it.

    The caller holds the film alone. Raises what the database raises.
    """
    mended = [fault for fault in faults if fault.remedy is not None]
    by_segment: dict[int | None, list[Fault]] = {}
    for fault in mended:
        by_segment.setdefault(fault.segment, []).append(fault)
    for segment, own in by_segment.items():
        async with writing(engine) as connection:
            for fault in own:
                await _take_out(connection, segment, fault.remedy or Remedy())
    return mended


async def _take_out(connection: AsyncConnection, segment: int | None, remedy: Remedy) -> None:
    if remedy.bindings is not None:
        await give_up(connection, remedy.bindings)
        return
    if remedy.late is not None:
        await connection.execute(delete(FILM_LATE).where(FILM_LATE.c.id == remedy.late))
        return
    if remedy.chunks_from is not None:
        rest = (FILM_CHUNK.c.segment == segment) & (FILM_CHUNK.c.number >= remedy.chunks_from)
        await connection.execute(delete(FILM_CHUNK).where(rest))
        return
    own = FILM_STRIP.c.segment == segment
    if remedy.strips == (-1,):
        await connection.execute(delete(FILM_STRIP).where(own))
        return
    if remedy.strips:
        await connection.execute(delete(FILM_STRIP).where(own & FILM_STRIP.c.strip.in_(remedy.strips)))
    greatest = (await connection.execute(select(func.max(FILM_SEGMENT.c.change)))).scalar() or 0
    new = {"samples": remedy.samples, "change": int(greatest) + 1}
    await connection.execute(update(FILM_SEGMENT).where(FILM_SEGMENT.c.id == segment).values(**new))
