"""Makes the film smaller without changing what it tells: small segments and small cold files become larger
ones, and what was freed is given back to the disk.

Each step is one transaction that puts a larger segment in the place of some that touch, so that a stop at any
moment leaves a whole film. Segments are joined only where each knows of its start exactly what the one before
it ended with: nothing is lost but keyframes that say the same again.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telemetry_bridge.samples import Samples
from twin.errors import ColdAwayError
from twin.film.codec import encode_segment
from twin.film.cold import moving
from twin.film.cold.gathering import gather
from twin.film.errors import FilmHeldError
from twin.film.importing import end_of
from twin.film.segment import Keyframe, Segment
from twin.film.store import Entry
from twin.film.stored import StoredFilm
from twin.film.verifying import joints
from twin.store.database import writing
from twin.store.tables import FILM_CHUNK, FILM_COLD, FILM_LATE, FILM_SEGMENT, FILM_STRIP

HOUR_MS: Final = 3_600_000.0
LONGEST_MS: Final = 6 * HOUR_MS
MOST_SAMPLES: Final = 1_000_000
#: As the recorder has it: with fewer samples for each point of its keyframe this is most of a segment.
WORTH_A_KEY: Final = 8.0
TABLES: Final = (FILM_STRIP.name, FILM_SEGMENT.name, FILM_CHUNK.name, FILM_LATE.name)


@dataclass(frozen=True, slots=True)
class Compacted:
    """What was done; `note`: why what was freed could not be given back to the disk.

    `files_joined` cold files are no more, `files_left` are left; `files_note`: why they could not be joined.
    """

    merged_late: int
    joined: int
    left: int
    bytes_before: int
    bytes_after: int
    note: str | None = None
    files_joined: int = 0
    files_left: int = 0
    files_note: str | None = None


async def compact(
    engine: AsyncEngine, show: Callable[[float, str], None] = lambda _done, _what: None
) -> Compacted:
    """Merge what waits, join what is small, free what is unused; the caller holds the film alone.

    Raises FilmHeldError: somebody records all the same; DamagedFilmError; what the database raises.
    """
    before = await size_of(engine)
    film = StoredFilm(engine)
    waiting = await _late_rows(engine)
    await film.learn()
    await film.merge_late()
    joined = 0
    runs = list(await _runs(engine))
    for number, run in enumerate(runs):
        show(number / len(runs), f"{joined} segments joined")
        joined += await _join_run(engine, film, run)
    fewer, files_note = await _gathered(film, show)
    note = await _freed(engine)
    left, files = await _count(engine), len(await film.cold.ledger.files())
    return Compacted(waiting, joined, left, before, await size_of(engine), note, fewer, files, files_note)


async def _gathered(film: StoredFilm, show: Callable[[float, str], None]) -> tuple[int, str | None]:
    """Join cold files; gives how many fewer there are, and why not all could be."""
    if not await film.cold.ledger.files():
        return 0, None
    try:
        await film.cold.check()
        return await gather(film.cold.mover, moving.MOST_SAMPLES, lambda done: show(done, "cold files")), None
    except ColdAwayError as error:
        return 0, f"cold files are not joined: {error}"


async def _late_rows(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(FILM_LATE))).scalar() or 0)


async def _count(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(FILM_SEGMENT))).scalar() or 0)


async def _runs(engine: AsyncEngine) -> Iterator[list[Entry]]:
    """Segments that touch, as runs of which parts may be joined; none that is cold."""
    async with engine.connect() as connection:
        rows = (await connection.execute(select(FILM_SEGMENT).order_by(FILM_SEGMENT.c.id))).all()
        cold = set((await connection.execute(select(FILM_COLD.c.segment).distinct())).scalars())
    return runs_of([Entry(*row) for row in rows], cold)


def runs_of(entries: Sequence[Entry], cold: set[int]) -> Iterator[list[Entry]]:
    """As `_runs`. Pure."""
    hidden = overlapping(entries)
    run: list[Entry] = []
    for before, after in joints(entries):
        usable = not {before.id, after.id} & (cold | hidden)
        if run and (run[-1].id != before.id or not usable):
            yield run
            run = []
        if usable:
            run = [*(run or [before]), after]
    if run:
        yield run


def overlapping(entries: Sequence[Entry]) -> set[int]:
    """The ids of the segments that tell of a time of which another tells too."""
    found: set[int] = set()
    last: Entry | None = None
    for entry in sorted(entries, key=lambda each: each.start_ms):
        if last is not None and entry.start_ms < last.end_ms:
            found |= {entry.id, last.id}
        if last is None or entry.end_ms > last.end_ms:
            last = entry
    return found


async def _join_run(engine: AsyncEngine, film: StoredFilm, run: Sequence[Entry]) -> int:
    """Join what is small of a run; gives how many segments fewer there are."""
    joined = 0
    entry, whole = run[0], await film.whole(run[0].id)
    parts = 1
    for other in run[1:]:
        segment = await film.whole(other.id)
        if may_join(entry, whole, other, segment):
            entry, whole, parts = (
                _joined_entry(entry, other),
                await asyncio.to_thread(join, whole, segment),
                parts + 1,
            )
            continue
        joined += await _replace(engine, run, entry, whole, parts)
        entry, whole, parts = other, segment, 1
    return joined + await _replace(engine, run, entry, whole, parts)


def may_join(entry: Entry, whole: Segment, other: Entry, segment: Segment) -> bool:
    """Whether two segments that touch are small enough to be one, and the second begins as the first ends."""
    samples = len(whole) + len(segment)
    is_small = samples < WORTH_A_KEY * max(len(segment.keyframe), 1) and samples <= MOST_SAMPLES
    return (
        is_small
        and other.end_ms - entry.start_ms <= LONGEST_MS
        and same_keys(end_of(whole), segment.keyframe, segment.start_ms)
    )


def same_keys(one: Keyframe, other: Keyframe, at_ms: float) -> bool:
    """Whether two keyframes are the same to the bit; of the first no time is later than `at_ms`."""
    if len(one) != len(other):
        return False
    columns = (
        (one.point_index, other.point_index),
        (one.value, other.value),
        (one.quality, other.quality),
        (np.minimum(one.time_ms, at_ms), other.time_ms),
    )
    return all(mine.tobytes() == theirs.tobytes() for mine, theirs in columns)


def _joined_entry(one: Entry, other: Entry) -> Entry:
    """The later number: it counts where both were recorded, and nothing else lies over them."""
    samples = one.samples + other.samples
    return Entry(max(one.id, other.id), one.start_ms, other.end_ms, one.registry, samples)


def join(one: Segment, other: Segment) -> Segment:
    """Two segments that touch as one."""
    before = one.samples[one.samples.time_ms < other.start_ms]
    both = Samples.joined([before, other.samples])
    order = np.argsort(both.point_index, kind="stable")  # each is by point, then by time
    return Segment(one.start_ms, one.keyframe, both[order])


async def _replace(
    engine: AsyncEngine, run: Sequence[Entry], entry: Entry, whole: Segment, parts: int
) -> int:
    if parts == 1:
        return 0
    old = [each.id for each in run if entry.start_ms <= each.start_ms < entry.end_ms]
    strips = await asyncio.to_thread(encode_segment, whole)
    async with writing(engine) as connection:
        if (await connection.execute(select(FILM_CHUNK.c.segment).limit(1))).first() is not None:
            raise FilmHeldError(
                "a server has begun to record: what was joined so far is whole; stop it first"
            )
        await _put(connection, old, entry, len(whole), strips)
    return parts - 1


async def _put(
    connection: AsyncConnection, old: Sequence[int], entry: Entry, samples: int, strips: dict[int, bytes]
) -> None:
    change = (await connection.execute(select(func.max(FILM_SEGMENT.c.change)))).scalar() or 0
    await connection.execute(delete(FILM_STRIP).where(FILM_STRIP.c.segment.in_(old)))
    await connection.execute(delete(FILM_SEGMENT).where(FILM_SEGMENT.c.id.in_(old)))
    await connection.execute(
        insert(FILM_SEGMENT).values(
            id=entry.id,
            start_ms=entry.start_ms,
            end_ms=entry.end_ms,
            registry=entry.registry,
            samples=samples,
            change=int(change) + 1,
            afterwards=False,
        )
    )
    if strips:
        rows = [{"strip": number, "segment": entry.id, "data": data} for number, data in strips.items()]
        await connection.execute(insert(FILM_STRIP), rows)


# The disk


async def size_of(engine: AsyncEngine) -> int:
    """Bytes that the database takes: on SQLite its file, on PostgreSQL the film's tables."""
    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            pages = (await connection.execute(text("PRAGMA page_count"))).scalar() or 0
            return int(pages) * int((await connection.execute(text("PRAGMA page_size"))).scalar() or 0)
        sizes = ", ".join(f"pg_total_relation_size('{name}')" for name in TABLES)
        row = (await connection.execute(text(f"SELECT {sizes}"))).one()
        return sum(int(size) for size in row)


async def _freed(engine: AsyncEngine) -> str | None:
    """Give what is unused back to the disk; why that could not be done, else None."""
    try:
        if engine.dialect.name == "sqlite":
            await asyncio.to_thread(_vacuum, engine.url.database or "")
        else:
            async with engine.connect() as connection:
                plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await plain.execute(text(f"VACUUM FULL {', '.join(TABLES)}"))
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:160]
        return f"what was freed is not given back to the disk ({reason}): that needs as much room again"
    return None


def _vacuum(path: str) -> None:
    connection = sqlite3.connect(path, timeout=30.0, isolation_level=None)
    try:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
