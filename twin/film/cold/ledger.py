"""Which part of the film lies in which cold file: the rows of it in the database.

A file is noted (`writing`) before it is written, and noted (`going`) before it is deleted: whatever a stop
in between leaves on the shelf is known, and is deleted the next time. What counts is noted in the one
transaction that takes it out of the database's strips.
"""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    Integer,
    LargeBinary,
    String,
    cast,
    delete,
    func,
    insert,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from twin.film.store import Entry
from twin.store import direct
from twin.store.tables import FILM_COLD, FILM_COLD_FILE, FILM_SEGMENT, FILM_STRIP

WRITING, WHOLE, GOING = "writing", "whole", "going"
NO_FILE: Final = ""
#: More names in one statement are more than SQLite takes.
MOST_IDS: Final = 500
Writing = Callable[[], contextlib.AbstractAsyncContextManager[AsyncConnection]]


@dataclass(frozen=True, slots=True)
class ColdPart:
    """What a file holds of a segment: `row_groups` row groups from `row_group` on."""

    segment: int
    policy: str
    file: str
    row_group: int
    row_groups: int
    samples: int


@dataclass(frozen=True, slots=True)
class ColdFile:
    """A file of a day of the venue and a policy; `parts` segments, `samples` of them without keyframes."""

    key: str
    day: str
    policy: str
    from_ms: float
    to_ms: float
    parts: int
    samples: int
    bytes: int
    sha256: str
    written_ms: int


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a segment lies, as of one moment: strips of the database by number, and parts in files."""

    strips: Mapping[int, bytes]
    parts: tuple[ColdPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Warm:
    """A segment of which something is in the database, and the policies that were carried out on it."""

    entry: Entry
    done: frozenset[str]


@dataclass(frozen=True, slots=True)
class Moved:
    """What becomes of a segment: strips that are written anew (None: they go), parts in files, how many
    samples are deleted for good; `gone`: nothing is left of it in the database's strips.
    """

    entry: Entry
    strips: Mapping[int, bytes | None]
    parts: tuple[ColdPart, ...]
    dropped: int
    gone: bool


@dataclass
class ColdLedger:
    """Reads and writes; every method is one transaction, or one query."""

    engine: AsyncEngine
    writing: Writing
    _columns: tuple[Any, ...] = field(
        default=(
            FILM_COLD.c.segment,
            FILM_COLD.c.policy,
            FILM_COLD.c.file,
            FILM_COLD.c.row_group,
            FILM_COLD.c.row_groups,
            FILM_COLD.c.samples,
        ),
        repr=False,
    )

    async def stored(self, segment: int) -> Stored:
        """Where a segment lies. One statement: between two of them it could be moved."""
        own = select(FILM_STRIP.c.strip, FILM_STRIP.c.data).where(FILM_STRIP.c.segment == segment)
        rows = await self._both(own, (segment,))
        return Stored({row[0]: bytes(row[1]) for row in rows if row[3] is None}, _parts(rows, segment))

    async def stored_strip(self, number: int, segments: Sequence[int]) -> dict[int, Stored]:
        """Of some segments one strip, and where else they lie; one that has neither is left out."""
        columns = FILM_STRIP.c
        own = select(columns.segment, columns.data).where(
            columns.strip == number, columns.segment.in_(segments)
        )
        rows = await self._both(own, segments)
        strips = {int(row[0]): bytes(row[1]) for row in rows if row[3] is None}
        moved = [row for row in rows if row[3] is not None]
        cold = {int(row[2]) for row in moved}
        return {
            each: Stored({number: strips[each]} if each in strips else {}, _parts(moved, each))
            for each in cold | strips.keys()
        }

    async def _both(self, strips: Any, segments: Sequence[int]) -> Sequence[Any]:
        """Rows of a number and bytes of strips, and then those of parts: segment, policy, file ..."""
        empty = [cast(null(), kind) for kind in (Integer, String, String, Integer, Integer, Integer)]
        warm = strips.add_columns(*empty)
        cold = select(cast(null(), Integer), cast(null(), LargeBinary), *self._columns).where(
            FILM_COLD.c.segment.in_(segments), FILM_COLD.c.file != NO_FILE
        )
        query = union_all(warm, cold)
        return await direct.read(self.engine, lambda connection: connection.execute(query).all())

    async def warm(self, before_ms: float) -> list[Warm]:
        """Segments that ended before a time and of which something is in the database, by their start."""
        columns = FILM_SEGMENT.c
        has_strips = select(FILM_STRIP.c.segment).where(FILM_STRIP.c.segment == columns.id).exists()
        which = (columns.end_ms < before_ms) & has_strips
        query = select(*_ENTRY).where(which).order_by(columns.start_ms)
        done = select(FILM_COLD.c.segment, FILM_COLD.c.policy).join(
            FILM_SEGMENT, columns.id == FILM_COLD.c.segment
        )
        async with self.engine.connect() as connection:
            rows = (await connection.execute(query)).all()
            found: dict[int, set[str]] = defaultdict(set)
            for segment, policy in await connection.execute(done.where(which)):
                found[segment].add(policy)
        return [Warm(Entry(*row), frozenset(found[row.id])) for row in rows]

    async def entries(self, segments: Sequence[int]) -> dict[int, Entry]:
        """Some segments' lines by their ids."""
        found = {}
        async with self.engine.connect() as connection:
            for start in range(0, len(segments), MOST_IDS):
                which = FILM_SEGMENT.c.id.in_(segments[start : start + MOST_IDS])
                rows = await connection.execute(select(*_ENTRY).where(which))
                found.update({int(row.id): Entry(*row) for row in rows})
        return found

    async def intend(self, files: Sequence[ColdFile]) -> None:
        """Note files that are about to be written."""
        if files:
            async with self.writing() as connection:
                rows = [_row(each) | {"state": WRITING} for each in files]
                await connection.execute(insert(FILM_COLD_FILE), rows)

    async def commit(self, files: Sequence[ColdFile], moved: Sequence[Moved]) -> bool:
        """Let files count from now on, in place of what is taken out of the database.

        False: one of the segments was written meanwhile, or is gone, and nothing is done.
        """
        async with self.writing() as connection:
            if not await _unchanged(connection, [each.entry for each in moved]):
                return False
            await _set_state(connection, [each.key for each in files], WHOLE)
            for each in moved:
                await _move(connection, each)
        return True

    async def replace(self, old: Sequence[str], new: ColdFile | None, parts: Sequence[ColdPart]) -> bool:
        """Let a file count in place of others; None: nothing of them is needed.

        False: what is needed of them has changed meanwhile, and nothing is done.
        """
        async with self.writing() as connection:
            query = select(FILM_COLD.c.segment).where(FILM_COLD.c.file.in_(old))
            found = sorted(int(row[0]) for row in await connection.execute(query))
            if found != sorted(each.segment for each in parts):
                return False
            await connection.execute(delete(FILM_COLD).where(FILM_COLD.c.file.in_(old)))
            if new is not None:
                await _set_state(connection, [new.key], WHOLE)
                await connection.execute(insert(FILM_COLD), [_part_row(each) for each in parts])
            await _set_state(connection, old, GOING)
        return True

    async def expire(self, policy: str, before_ms: float, most: int) -> list[int]:
        """Let some files of a policy that end before a time count no more; gives the segments of which
        nothing is left and that are deleted too.
        """
        columns = FILM_COLD_FILE.c
        old = (columns.policy == policy) & (columns.to_ms < before_ms) & (columns.state == WHOLE)
        query = select(columns.key).where(old).order_by(columns.to_ms).limit(most)
        async with self.writing() as connection:
            keys = [str(row[0]) for row in await connection.execute(query)]
            lost = select(FILM_COLD.c.segment, func.sum(FILM_COLD.c.samples)).where(
                FILM_COLD.c.file.in_(keys)
            )
            segments = (await connection.execute(lost.group_by(FILM_COLD.c.segment))).all()
            await connection.execute(delete(FILM_COLD).where(FILM_COLD.c.file.in_(keys)))
            await _set_state(connection, keys, GOING)
            for segment, samples in segments:
                left = {"samples": FILM_SEGMENT.c.samples - samples}
                await connection.execute(
                    update(FILM_SEGMENT).where(FILM_SEGMENT.c.id == segment).values(left)
                )
            return await _delete_empty(connection, [int(row[0]) for row in segments])

    async def holed(self, but: Collection[str] = ()) -> tuple[ColdFile, list[ColdPart]] | None:
        """A file of which not all is needed any more, and what of it is; None: there is none but some."""
        count = select(func.count()).where(FILM_COLD.c.file == FILM_COLD_FILE.c.key).scalar_subquery()
        where = (FILM_COLD_FILE.c.state == WHOLE) & (count < FILM_COLD_FILE.c.parts)
        where &= FILM_COLD_FILE.c.key.not_in(but)
        async with self.engine.connect() as connection:
            row = (await connection.execute(select(*_FILE).where(where).limit(1))).first()
            if row is None:
                return None
            query = select(*self._columns).where(FILM_COLD.c.file == row.key)
            parts = [
                ColdPart(*each) for each in await connection.execute(query.order_by(FILM_COLD.c.row_group))
            ]
        return ColdFile(*row), parts

    async def unfinished(self) -> list[str]:
        """Keys of files that count for nothing, and may be on the shelf."""
        query = select(FILM_COLD_FILE.c.key).where(FILM_COLD_FILE.c.state != WHOLE)
        async with self.engine.connect() as connection:
            return [str(row[0]) for row in await connection.execute(query)]

    async def forget(self, key: str) -> None:
        """A file that counts for nothing is on the shelf no more."""
        is_it = (FILM_COLD_FILE.c.key == key) & (FILM_COLD_FILE.c.state != WHOLE)
        async with self.writing() as connection:
            await connection.execute(delete(FILM_COLD_FILE).where(is_it))

    async def files(self) -> list[ColdFile]:
        """All files that count, by day and key."""
        query = select(*_FILE).where(FILM_COLD_FILE.c.state == WHOLE)
        query = query.order_by(FILM_COLD_FILE.c.day, FILM_COLD_FILE.c.key)
        async with self.engine.connect() as connection:
            return [ColdFile(*row) for row in await connection.execute(query)]

    async def parts_of(self, key: str) -> list[ColdPart]:
        """What is needed of a file, in its order."""
        query = select(*self._columns).where(FILM_COLD.c.file == key).order_by(FILM_COLD.c.row_group)
        async with self.engine.connect() as connection:
            return [ColdPart(*row) for row in await connection.execute(query)]

    async def policies(self) -> set[str]:
        """The policies by which there are files."""
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(FILM_COLD_FILE.c.policy).distinct())
            return {str(row[0]) for row in rows}


_ENTRY = tuple(
    FILM_SEGMENT.c[name]
    for name in ("id", "start_ms", "end_ms", "registry", "samples", "change", "afterwards")
)
_FILE = tuple(FILM_COLD_FILE.c[name] for name in ColdFile.__dataclass_fields__)


def _parts(rows: Iterable[Any], segment: int) -> tuple[ColdPart, ...]:
    return tuple(ColdPart(*row[2:]) for row in rows if row[3] is not None and row[2] == segment)


def _row(file: ColdFile) -> dict[str, Any]:
    return {name: getattr(file, name) for name in ColdFile.__dataclass_fields__}


def _part_row(part: ColdPart) -> dict[str, Any]:
    return {name: getattr(part, name) for name in ColdPart.__dataclass_fields__}


async def _set_state(connection: AsyncConnection, keys: Sequence[str], state: str) -> None:
    if keys:
        where = FILM_COLD_FILE.c.key.in_(keys)
        await connection.execute(update(FILM_COLD_FILE).where(where).values(state=state))


async def _unchanged(connection: AsyncConnection, entries: Sequence[Entry]) -> bool:
    columns = FILM_SEGMENT.c
    for start in range(0, len(entries), MOST_IDS):
        some = {each.id: each.change for each in entries[start : start + MOST_IDS]}
        rows = await connection.execute(select(columns.id, columns.change).where(columns.id.in_(some)))
        if {int(row[0]): int(row[1]) for row in rows} != some:
            return False
    return True


async def _move(connection: AsyncConnection, moved: Moved) -> None:
    segment = moved.entry.id
    own = FILM_STRIP.c.segment == segment
    if moved.gone:
        await connection.execute(delete(FILM_STRIP).where(own))
    else:
        await connection.execute(delete(FILM_STRIP).where(own & FILM_STRIP.c.strip.in_(list(moved.strips))))
        rest = [
            {"strip": number, "segment": segment, "data": data}
            for number, data in moved.strips.items()
            if data is not None
        ]
        if rest:
            await connection.execute(insert(FILM_STRIP), rest)
    if moved.parts:
        for each in moved.parts:
            if each.file == NO_FILE:
                same = (FILM_COLD.c.segment == segment) & (FILM_COLD.c.policy == each.policy)
                await connection.execute(delete(FILM_COLD).where(same & (FILM_COLD.c.file == NO_FILE)))
        await connection.execute(insert(FILM_COLD), [_part_row(each) for each in moved.parts])
    if moved.dropped:
        left = {"samples": FILM_SEGMENT.c.samples - moved.dropped}
        await connection.execute(update(FILM_SEGMENT).where(FILM_SEGMENT.c.id == segment).values(left))
    if moved.gone:
        await _delete_empty(connection, [segment])


async def _delete_empty(connection: AsyncConnection, segments: Sequence[int]) -> list[int]:
    """Delete those of some segments of which no tier has anything; gives which."""
    deleted = []
    for segment in segments:
        strips = select(FILM_STRIP.c.segment).where(FILM_STRIP.c.segment == segment).limit(1)
        cold = select(FILM_COLD.c.segment).where(FILM_COLD.c.segment == segment, FILM_COLD.c.file != NO_FILE)
        if (await connection.execute(strips)).first() or (await connection.execute(cold.limit(1))).first():
            continue
        await connection.execute(delete(FILM_COLD).where(FILM_COLD.c.segment == segment))
        await connection.execute(delete(FILM_SEGMENT).where(FILM_SEGMENT.c.id == segment))
        deleted.append(segment)
    return deleted
