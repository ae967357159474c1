"""The rows of the sums by the hour."""

import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, insert, select, update

from twin.film.store import FilmStore
from twin.store.tables import FILM_ROLLUP, FILM_ROLLUP_DUE

#: The strip of the row that says that an hour's sums are made, and of how much film.
MADE: Final = -1
MOST_DELETED: Final = 200  # hours in one transaction, so that no other write waits long
_COVERED: Final = struct.Struct("<d")


@dataclass(frozen=True, slots=True)
class StoredSums:
    """An hour's sums of 256 points in the numbers of a registry; ms since 1970 UTC."""

    strip: int
    start_ms: float
    part: int
    end_ms: float
    registry: str
    data: bytes


@dataclass(frozen=True, slots=True)
class MadeHour:
    """That an hour's sums are made, of `covered_ms` of film."""

    start_ms: float
    end_ms: float
    covered_ms: float


@dataclass(frozen=True, slots=True)
class Due:
    """Film from a time to a time that was written, and whose hours' sums are not made of it yet."""

    change: int
    from_ms: float
    to_ms: float


@dataclass(frozen=True, slots=True)
class RollupStore:
    """Reads and writes; every method is one transaction, or one query."""

    film: FilmStore

    async def due(self, from_ms: float = -float("inf"), to_ms: float = float("inf")) -> list[Due]:
        """What is due of a time, by change."""
        columns = FILM_ROLLUP_DUE.c
        query = select(FILM_ROLLUP_DUE).where(columns.to_ms > from_ms, columns.from_ms < to_ms)
        async with self.film.engine.connect() as connection:
            rows = (await connection.execute(query.order_by(columns.change))).all()
        return [Due(int(row[0]), float(row[1]), float(row[2])) for row in rows]

    async def made(self, from_ms: float, to_ms: float) -> list[MadeHour]:
        """The hours that begin from one time to before another and whose sums are made."""
        columns = FILM_ROLLUP.c
        query = select(columns.start_ms, columns.end_ms, columns.data).where(
            columns.strip == MADE, columns.start_ms >= from_ms, columns.start_ms < to_ms
        )
        async with self.film.engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [MadeHour(float(row[0]), float(row[1]), _COVERED.unpack(bytes(row[2]))[0]) for row in rows]

    async def sums(
        self, strips: Collection[int], from_ms: float, to_ms: float, hours: Collection[float] | None = None
    ) -> list[StoredSums]:
        """What is kept of strips and of hours that begin from one time to before another, in order."""
        columns = FILM_ROLLUP.c
        query = select(FILM_ROLLUP).where(
            columns.strip.in_(strips), columns.start_ms >= from_ms, columns.start_ms < to_ms
        )
        async with self.film.engine.connect() as connection:
            rows = (await connection.execute(query.order_by(columns.start_ms, columns.part))).all()
        return [
            StoredSums(
                int(row.strip), float(row.start_ms), int(row.part), float(row.end_ms), row.registry, row.data
            )
            for row in rows
            if hours is None or row.start_ms in hours
        ]

    async def all_sums(self, start_ms: float) -> list[StoredSums]:
        """All that is kept of the hour that begins at a time."""
        columns = FILM_ROLLUP.c
        query = select(FILM_ROLLUP).where(columns.start_ms == start_ms, columns.strip != MADE)
        async with self.film.engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [
            StoredSums(
                int(row.strip), float(row.start_ms), int(row.part), float(row.end_ms), row.registry, row.data
            )
            for row in rows
        ]

    async def save(self, made: MadeHour, sums: Sequence[StoredSums]) -> None:
        """Write an hour's sums in place of what was kept of it, all or nothing."""
        columns = FILM_ROLLUP.c
        mark = StoredSums(MADE, made.start_ms, 0, made.end_ms, "", _COVERED.pack(made.covered_ms))
        rows = [
            {
                "strip": each.strip,
                "start_ms": each.start_ms,
                "part": each.part,
                "end_ms": each.end_ms,
                "registry": each.registry,
                "data": each.data,
            }
            for each in (mark, *sums)
        ]
        async with self.film.writing() as connection:
            await connection.execute(delete(FILM_ROLLUP).where(columns.start_ms == made.start_ms))
            await connection.execute(insert(FILM_ROLLUP), rows)

    async def settle(self, begin_ms: Mapping[int, float | None]) -> None:
        """Note from when on each change is still due; None: all of it is done."""
        done = [change for change, from_ms in begin_ms.items() if from_ms is None]
        columns = FILM_ROLLUP_DUE.c
        async with self.film.writing() as connection:
            if done:
                await connection.execute(delete(FILM_ROLLUP_DUE).where(columns.change.in_(done)))
            for change, from_ms in begin_ms.items():
                if from_ms is not None:
                    later = update(FILM_ROLLUP_DUE).where(columns.change == change)
                    await connection.execute(later.values(from_ms=from_ms))

    async def delete_before(self, time_ms: float) -> int:
        """Delete the sums of some hours that ended before a time, the oldest first; gives how many rows."""
        columns = FILM_ROLLUP.c
        oldest = (
            select(columns.start_ms)
            .where(columns.strip == MADE, columns.end_ms <= time_ms)
            .order_by(columns.start_ms)
            .limit(MOST_DELETED)
        )
        async with self.film.writing() as connection:
            hours = [float(row[0]) for row in await connection.execute(oldest)]
            if not hours:
                return 0
            gone = await connection.execute(delete(FILM_ROLLUP).where(columns.start_ms.in_(hours)))
        return int(gone.rowcount)

    async def bytes_kept(self) -> int:
        """Bytes of all sums."""
        async with self.film.engine.connect() as connection:
            found = await connection.execute(select(func.sum(func.length(FILM_ROLLUP.c.data))))
        return int(found.scalar() or 0)
