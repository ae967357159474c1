"""The film's rows in the database."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from twin.store import fence
from twin.store.database import writing
from twin.store.tables import FILM_CHUNK, FILM_REGISTRY, FILM_SEGMENT

FENCED = "film"
MOST_DELETED = 500  # segments in one transaction, so that no other write waits long


@dataclass(frozen=True, slots=True)
class Entry:
    """What the catalogue says of a segment; ms since 1970 UTC, `end_ms` not included."""

    id: int
    start_ms: float
    end_ms: float
    registry: str
    samples: int


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A part of an open segment: recorded until `until_ms`."""

    segment: int
    number: int
    until_ms: float
    registry: str
    data: bytes


class FilmStore:
    """Reads and writes; every method is one transaction, or one query."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._token: int | None = None

    async def claim(self, token: int) -> None:
        """Be the one of several servers who writes. FencedError: another claimed it under a greater token.

        From then on every write is refused once another has claimed it.
        """
        await fence.claim(self._engine, FENCED, token)
        self._token = token

    @contextlib.asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that will write. FencedError: another server records now."""
        async with writing(self._engine) as connection:
            if self._token is not None:
                await fence.check(connection, FENCED, self._token)
            yield connection

    async def catalogue(self, after_id: int = 0) -> list[Entry]:
        """All whole segments after an id, by id."""
        columns = FILM_SEGMENT.c
        query = select(columns.id, columns.start_ms, columns.end_ms, columns.registry, columns.samples)
        query = query.where(columns.id > after_id)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return sorted((Entry(*row) for row in rows), key=lambda entry: entry.id)

    async def segment_data(self, ids: Sequence[int]) -> dict[int, tuple[str, bytes]]:
        """Registry hash and bytes of segments, by id; those that are not there are left out."""
        columns = FILM_SEGMENT.c
        query = select(columns.id, columns.registry, columns.data).where(columns.id.in_(ids))
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return {int(row[0]): (str(row[1]), bytes(row[2])) for row in rows}

    async def registry_data(self, key: str) -> bytes | None:
        """A registry's bytes by its hash."""
        query = select(FILM_REGISTRY.c.data).where(FILM_REGISTRY.c.hash == key)
        async with self._engine.connect() as connection:
            found = (await connection.execute(query)).scalar()
        return None if found is None else bytes(found)

    async def registry_hashes(self) -> list[str]:
        """Every registry that was ever recorded."""
        async with self._engine.connect() as connection:
            return [str(row[0]) for row in await connection.execute(select(FILM_REGISTRY.c.hash))]

    async def add_registry(self, key: str, data: bytes) -> None:
        """Keep a registry, unless it is there."""
        async with writing(self._engine) as connection:
            known = select(FILM_REGISTRY.c.hash).where(FILM_REGISTRY.c.hash == key)
            if (await connection.execute(known)).first() is None:
                await connection.execute(FILM_REGISTRY.insert().values(hash=key, data=data))

    async def last_id(self) -> int:
        """The greatest id of a segment, whole or open; 0: there is none."""
        whole, part = select(func.max(FILM_SEGMENT.c.id)), select(func.max(FILM_CHUNK.c.segment))
        async with self._engine.connect() as connection:
            found = [(await connection.execute(query)).scalar() or 0 for query in (whole, part)]
        return max(found)

    async def chunks(self) -> list[StoredChunk]:
        """What an unclean stop left, by segment and number."""
        query = select(FILM_CHUNK).order_by(FILM_CHUNK.c.segment, FILM_CHUNK.c.number)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [
            StoredChunk(row.segment, row.number, row.until_ms, row.registry, bytes(row.data)) for row in rows
        ]

    async def chunk_marks(self) -> list[tuple[int, int, float]]:
        """Segment, number and `until_ms` of every chunk, in order."""
        columns = FILM_CHUNK.c
        query = select(columns.segment, columns.number, columns.until_ms)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query.order_by(columns.segment, columns.number))).all()
        return [(int(row[0]), int(row[1]), float(row[2])) for row in rows]

    async def chunk(self, segment: int, number: int) -> StoredChunk | None:
        """A part of an open segment; None: the segment is whole by now."""
        same = (FILM_CHUNK.c.segment == segment) & (FILM_CHUNK.c.number == number)
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(FILM_CHUNK).where(same))).first()
        if row is None:
            return None
        return StoredChunk(row.segment, row.number, row.until_ms, row.registry, bytes(row.data))

    async def save(
        self, whole: Sequence[tuple[Entry, bytes]], chunk: StoredChunk | None, until: tuple[int, float] | None
    ) -> None:
        """Write segments in place of their chunks, a new chunk, and until when an open segment (id, ms)
        tells.

        All or nothing. The same again does no harm: after a lost connection nobody knows whether it was done.
        """
        async with self._writing() as connection:
            for entry, data in whole:
                await _save_segment(connection, entry, data)
            if chunk is not None:
                await _save_chunk(connection, chunk)
            if until is not None:
                where = FILM_CHUNK.c.segment == until[0]
                await connection.execute(update(FILM_CHUNK).where(where).values(until_ms=until[1]))

    async def drop_chunks(self, segment: int) -> None:
        """Forget an open segment's chunks."""
        async with self._writing() as connection:
            await connection.execute(delete(FILM_CHUNK).where(FILM_CHUNK.c.segment == segment))

    async def delete_before(self, time_ms: float) -> list[int]:
        """Delete some segments that ended before a time, the oldest first; gives their ids."""
        columns = FILM_SEGMENT.c
        oldest = (
            select(columns.id).where(columns.end_ms < time_ms).order_by(columns.end_ms).limit(MOST_DELETED)
        )
        async with self._writing() as connection:
            ids = [int(row[0]) for row in await connection.execute(oldest)]
            if ids:
                await connection.execute(delete(FILM_SEGMENT).where(columns.id.in_(ids)))
        return ids


async def _save_segment(connection: AsyncConnection, entry: Entry, data: bytes) -> None:
    # By its start too: another server's segment of this number must not be replaced but refuse ours.
    own = (FILM_SEGMENT.c.id == entry.id) & (FILM_SEGMENT.c.start_ms == entry.start_ms)
    await connection.execute(delete(FILM_SEGMENT).where(own))
    await connection.execute(
        FILM_SEGMENT.insert().values(
            id=entry.id,
            start_ms=entry.start_ms,
            end_ms=entry.end_ms,
            registry=entry.registry,
            samples=entry.samples,
            data=data,
        )
    )
    await connection.execute(delete(FILM_CHUNK).where(FILM_CHUNK.c.segment == entry.id))


async def _save_chunk(connection: AsyncConnection, chunk: StoredChunk) -> None:
    same = (FILM_CHUNK.c.segment == chunk.segment) & (FILM_CHUNK.c.number == chunk.number)
    await connection.execute(delete(FILM_CHUNK).where(same))
    await connection.execute(
        FILM_CHUNK.insert().values(
            segment=chunk.segment,
            number=chunk.number,
            until_ms=chunk.until_ms,
            registry=chunk.registry,
            data=chunk.data,
        )
    )
