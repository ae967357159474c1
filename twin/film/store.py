"""The film's rows in the database."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from twin.store import direct, fence
from twin.store.database import writing
from twin.store.tables import (
    FILM_CHUNK,
    FILM_COLD,
    FILM_LATE,
    FILM_REGISTRY,
    FILM_ROLLUP_DUE,
    FILM_SEGMENT,
    FILM_STRIP,
)

FENCED = "film"
#: Made once: they are written every few seconds, and made slower than carried out.
_DROP_CHUNK = delete(FILM_CHUNK).where(
    FILM_CHUNK.c.segment == bindparam("of"), FILM_CHUNK.c.number == bindparam("which")
)
_ADD_CHUNK = insert(FILM_CHUNK)
MOST_DELETED = 500  # segments in one transaction, so that no other write waits long


@dataclass(frozen=True, slots=True)
class Entry:
    """What the catalogue says of a segment; ms since 1970 UTC, `end_ms` not included. `change` is greater
    than that of all that was written before.
    """

    id: int
    start_ms: float
    end_ms: float
    registry: str
    samples: int
    change: int = 0
    afterwards: bool = False
    """Of a time when nothing was recorded: samples that were delivered later."""


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A part of an open segment that began at `start_ms`: recorded until `until_ms`."""

    segment: int
    number: int
    start_ms: float
    until_ms: float
    registry: str
    data: bytes


@dataclass(frozen=True, slots=True)
class StoredLate:
    """Late samples, as a chunk without a keyframe."""

    id: int
    registry: str
    data: bytes


@dataclass(frozen=True, slots=True)
class News:
    """What is to be written in one transaction: whole segments with their strips, in place of their chunks
    or of what they were; a chunk; until when an open segment (id, ms) tells; late samples, and up to which
    id of them all are merged.
    """

    whole: Sequence[tuple[Entry, Mapping[int, bytes]]] = ()
    chunk: StoredChunk | None = None
    until: tuple[int, float] | None = None
    late: StoredLate | None = None
    merged_late: int = 0

    def __bool__(self) -> bool:
        return bool(self.whole or self.chunk or self.until or self.late or self.merged_late)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The greatest number of each kind that is in use; 0: none is."""

    segment: int = 0
    change: int = 0
    late: int = 0


@dataclass
class FilmStore:
    """Reads and writes; every method is one transaction, or one query."""

    engine: AsyncEngine
    _token: int | None = field(default=None)

    async def claim(self, token: int) -> None:
        """Be the one of several servers who writes. FencedError: another claimed it under a greater token.

        From then on every write is refused once another has claimed it.
        """
        await fence.claim(self.engine, FENCED, token)
        self._token = token

    @contextlib.asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that will write. FencedError: another server records now."""
        async with writing(self.engine) as connection:
            if self._token is not None:
                await fence.check(connection, FENCED, self._token)
            yield connection

    def writing(self) -> contextlib.AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that writes what belongs to the film. FencedError: another server records now."""
        return self._writing()

    async def catalogue(self, after_change: int = 0) -> list[Entry]:
        """Whole segments that were written since a change, by id."""
        query = select(FILM_SEGMENT).where(FILM_SEGMENT.c.change > after_change)
        async with self.engine.connect() as connection:
            rows = (await connection.execute(query.order_by(FILM_SEGMENT.c.id))).all()
        return [Entry(*row) for row in rows]

    async def strips(self, segment: int) -> dict[int, bytes]:
        """A segment's strips by their number; none: the segment is not there, or empty."""
        query = select(FILM_STRIP.c.strip, FILM_STRIP.c.data).where(FILM_STRIP.c.segment == segment)
        return await direct.read(self.engine, partial(_by_number, query))

    async def strip(self, number: int, segments: Sequence[int]) -> dict[int, bytes]:
        """One strip of several segments by their ids; where it is empty it is left out."""
        columns = FILM_STRIP.c
        query = select(columns.segment, columns.data).where(
            columns.strip == number, columns.segment.in_(segments)
        )
        return await direct.read(self.engine, partial(_by_number, query))

    async def registry_data(self, key: str) -> bytes | None:
        """A registry's bytes by its hash."""
        query = select(FILM_REGISTRY.c.data).where(FILM_REGISTRY.c.hash == key)
        async with self.engine.connect() as connection:
            found = (await connection.execute(query)).scalar()
        return None if found is None else bytes(found)

    async def registry_hashes(self) -> list[str]:
        """Every registry that was ever recorded."""
        async with self.engine.connect() as connection:
            return [str(row[0]) for row in await connection.execute(select(FILM_REGISTRY.c.hash))]

    async def add_registry(self, key: str, data: bytes) -> None:
        """Keep a registry, unless it is there."""
        async with writing(self.engine) as connection:
            known = select(FILM_REGISTRY.c.hash).where(FILM_REGISTRY.c.hash == key)
            if (await connection.execute(known)).first() is None:
                await connection.execute(FILM_REGISTRY.insert().values(hash=key, data=data))

    async def numbers(self) -> Numbers:
        """What numbers are in use."""
        columns = (FILM_SEGMENT.c.id, FILM_CHUNK.c.segment, FILM_SEGMENT.c.change, FILM_LATE.c.id)
        async with self.engine.connect() as connection:
            found = [(await connection.execute(select(func.max(each)))).scalar() or 0 for each in columns]
        return Numbers(max(found[:2]), found[2], found[3])

    async def chunks(self) -> list[StoredChunk]:
        """The open segments' chunks, by segment and number."""
        query = select(FILM_CHUNK).order_by(FILM_CHUNK.c.segment, FILM_CHUNK.c.number)
        async with self.engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [_chunk(row) for row in rows]

    async def chunk_marks(self) -> list[tuple[int, int, float]]:
        """Segment, number and `until_ms` of every chunk, in order."""
        columns = FILM_CHUNK.c
        query = select(columns.segment, columns.number, columns.until_ms)
        async with self.engine.connect() as connection:
            rows = (await connection.execute(query.order_by(columns.segment, columns.number))).all()
        return [(int(row[0]), int(row[1]), float(row[2])) for row in rows]

    async def chunk(self, segment: int, number: int) -> StoredChunk | None:
        """A part of an open segment; None: the segment is whole by now."""
        same = (FILM_CHUNK.c.segment == segment) & (FILM_CHUNK.c.number == number)
        async with self.engine.connect() as connection:
            row = (await connection.execute(select(FILM_CHUNK).where(same))).first()
        return None if row is None else _chunk(row)

    async def late(self, after_id: int = 0) -> list[StoredLate]:
        """Late samples that are not merged yet, after an id, by id."""
        query = select(FILM_LATE).where(FILM_LATE.c.id > after_id).order_by(FILM_LATE.c.id)
        async with self.engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [StoredLate(int(row.id), str(row.registry), bytes(row.data)) for row in rows]

    async def late_ids(self) -> list[int]:
        """The ids of what `late` gives."""
        async with self.engine.connect() as connection:
            return [int(row[0]) for row in await connection.execute(select(FILM_LATE.c.id))]

    async def save(self, news: News) -> None:
        """Write it, all or nothing.

        The same again does no harm: after a lost connection nobody knows whether it was done.
        """
        await direct.write(self.engine, partial(_save, news, self._token))

    async def drop_chunks(self, segment: int) -> None:
        """Forget an open segment's chunks."""
        async with self._writing() as connection:
            await connection.execute(delete(FILM_CHUNK).where(FILM_CHUNK.c.segment == segment))

    async def delete_before(self, time_ms: float) -> list[int]:
        """Delete some segments that ended before a time, the oldest first; gives their ids.

        Those of which something lies in files stay until it is deleted there.
        """
        columns = FILM_SEGMENT.c
        in_files = select(FILM_COLD.c.segment).where(
            FILM_COLD.c.segment == columns.id, FILM_COLD.c.file != ""
        )
        old = (columns.end_ms < time_ms) & ~in_files.exists()
        oldest = select(columns.id).where(old).order_by(columns.end_ms).limit(MOST_DELETED)
        async with self._writing() as connection:
            ids = [int(row[0]) for row in await connection.execute(oldest)]
            if ids:
                for table in (FILM_STRIP, FILM_COLD):
                    await connection.execute(delete(table).where(table.c.segment.in_(ids)))
                await connection.execute(delete(FILM_SEGMENT).where(columns.id.in_(ids)))
        return ids


def _chunk(row: Row[Any]) -> StoredChunk:
    return StoredChunk(row.segment, row.number, row.start_ms, row.until_ms, row.registry, bytes(row.data))


def _by_number(query: Select[int, bytes], connection: Connection) -> dict[int, bytes]:
    return {row[0]: row[1] for row in connection.execute(query)}


def _save(news: News, token: int | None, connection: Connection) -> None:
    if token is not None:
        fence.ensure(connection, FENCED, token)
    for entry, strips in news.whole:
        _save_segment(connection, entry, strips)
    if news.chunk is not None:
        _save_chunk(connection, news.chunk)
    if news.until is not None:
        where = FILM_CHUNK.c.segment == news.until[0]
        connection.execute(update(FILM_CHUNK).where(where).values(until_ms=news.until[1]))
    if news.late is not None:
        _save_late(connection, news.late)
    if news.merged_late:
        connection.execute(delete(FILM_LATE).where(FILM_LATE.c.id <= news.merged_late))


def _save_segment(connection: Connection, entry: Entry, strips: Mapping[int, bytes]) -> None:
    # By its start too: another server's segment of this number must not be replaced but refuse ours.
    own = (FILM_SEGMENT.c.id == entry.id) & (FILM_SEGMENT.c.start_ms == entry.start_ms)
    connection.execute(delete(FILM_SEGMENT).where(own))
    connection.execute(
        FILM_SEGMENT.insert().values(
            id=entry.id,
            start_ms=entry.start_ms,
            end_ms=entry.end_ms,
            registry=entry.registry,
            samples=entry.samples,
            change=entry.change,
            afterwards=entry.afterwards,
        )
    )
    for table in (FILM_STRIP, FILM_COLD):
        connection.execute(delete(table).where(table.c.segment == entry.id))
    if strips:
        rows = [{"strip": number, "segment": entry.id, "data": data} for number, data in strips.items()]
        connection.execute(insert(FILM_STRIP), rows)
    connection.execute(delete(FILM_CHUNK).where(FILM_CHUNK.c.segment == entry.id))
    _make_sums_due(connection, entry)


def _make_sums_due(connection: Connection, entry: Entry) -> None:
    """Note that the sums of the hours of a segment are to be made anew."""
    connection.execute(delete(FILM_ROLLUP_DUE).where(FILM_ROLLUP_DUE.c.change == entry.change))
    due = FILM_ROLLUP_DUE.insert().values(change=entry.change, from_ms=entry.start_ms, to_ms=entry.end_ms)
    connection.execute(due)


def _save_chunk(connection: Connection, chunk: StoredChunk) -> None:
    connection.execute(_DROP_CHUNK, {"of": chunk.segment, "which": chunk.number})
    values = {
        "segment": chunk.segment,
        "number": chunk.number,
        "start_ms": chunk.start_ms,
        "until_ms": chunk.until_ms,
        "registry": chunk.registry,
        "data": chunk.data,
    }
    connection.execute(_ADD_CHUNK, values)


def _save_late(connection: Connection, late: StoredLate) -> None:
    connection.execute(delete(FILM_LATE).where(FILM_LATE.c.id == late.id))
    connection.execute(FILM_LATE.insert().values(id=late.id, registry=late.registry, data=late.data))
