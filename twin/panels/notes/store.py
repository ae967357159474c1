"""Notes in the database, written in the transaction of the events that change them."""

from dataclasses import fields
from typing import Any

from sqlalchemy import Row, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from twin.events.event import Event
from twin.events.log import EventFilter, EventLog
from twin.panels.notes.model import Note, NoteFilter, Position
from twin.panels.notes.projection import ADDED, SUBJECT_PREFIX, applied
from twin.panels.notes.table import NOTE
from twin.store.database import writing

PAGE = 1000
COLUMNS = tuple(each.name for each in fields(Note))


async def apply(connection: AsyncConnection, before: Note | None, event: Event) -> Note | None:
    """Bring the table to what an event says; gives the note, None where it is gone."""
    after = applied(before, event)
    key = event.subject.removeprefix(SUBJECT_PREFIX)
    if after is None:
        await connection.execute(delete(NOTE).where(NOTE.c.id == key))
        return None
    row = {name: getattr(after, name) for name in COLUMNS} | {"end_ms": after.end_ms}
    if event.type == ADDED:
        await connection.execute(insert(NOTE).values(**row))
    else:
        await connection.execute(update(NOTE).where(NOTE.c.id == key).values(**row))
    return after


async def get(connection: AsyncConnection, note_id: str, *, lock: bool = False) -> Note | None:
    """A note; with `lock` nobody else changes it until the transaction ends."""
    query = select(NOTE).where(NOTE.c.id == note_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).first()
    return None if row is None else _note(row)


async def find(
    engine: AsyncEngine, wanted: NoteFilter, limit: int, after: Position | None = None
) -> tuple[Note, ...]:
    """The first `limit` notes that are wanted, in order of their beginning; with `after` those behind it."""
    query = select(NOTE).where(*_conditions(wanted))
    if after is not None:
        later, same = NOTE.c.from_ms > after.from_ms, NOTE.c.from_ms == after.from_ms
        query = query.where(or_(later, and_(same, NOTE.c.id > after.id)))
    async with engine.connect() as connection:
        rows = await connection.execute(query.order_by(NOTE.c.from_ms, NOTE.c.id).limit(limit))
        return tuple(_note(row) for row in rows)


async def rebuild(engine: AsyncEngine, log: EventLog) -> int:
    """Make the table anew from the events, all or nothing; gives how many events were read.

    Nothing else may write notes meanwhile.
    """
    notes: dict[str, Note | None] = {}
    count, seq = 0, 0
    async with writing(engine) as connection:
        await connection.execute(delete(NOTE))
        while page := await log.find(EventFilter(type="note.*", after_seq=seq), PAGE):
            for event in page:
                notes[event.subject] = await apply(connection, notes.get(event.subject), event)
            count, seq = count + len(page), page[-1].seq
    return count


def _conditions(wanted: NoteFilter) -> list[Any]:
    column = NOTE.c
    conditions: list[Any] = []
    if wanted.from_ms is not None:
        conditions.append(column.end_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        conditions.append(column.from_ms < wanted.to_ms)
    if wanted.element is not None:
        conditions.append(column.element == wanted.element)
    if wanted.text:
        found = (each.icontains(wanted.text, autoescape=True) for each in (column.text, column.author))
        conditions.append(or_(*found))
    return conditions


def _note(row: Row[Any]) -> Note:
    return Note(**{name: getattr(row, name) for name in COLUMNS})
