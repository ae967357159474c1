"""Bookings in the database, always in a caller's transaction."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from twin.events.event import Event
from twin.events.log import PAGE, EventFilter, EventLog
from twin.panels.booking.model import HOLDING, Booking, BookingState, ticks_of
from twin.panels.booking.projection import CREATED, applied
from twin.panels.booking.table import BOOKING, CLAIM
from twin.store.database import writing

MOST = 5000


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """Which bookings: those that touch the time from `from_ms` to before `to_ms`, and so on."""

    from_ms: float | None = None
    to_ms: float | None = None
    person: str | None = None
    space: str | None = None
    bookable: str | None = None
    holding: bool = False
    """Only those that keep their place now."""


async def apply(connection: AsyncConnection, before: Booking | None, event: Event) -> Booking:
    """Bring the tables to what an event says.

    Raises:
        IntegrityError (sqlalchemy): a part is taken in one of the booking's quarter hours.
    """
    after = applied(before, event)
    if event.type == CREATED:
        claims = [
            {"part": part, "tick": tick, "booking": after.id}
            for part in after.parts
            for tick in ticks_of(after.start_ms, after.end_ms)
        ]
        await connection.execute(insert(CLAIM), claims)
        await connection.execute(insert(BOOKING).values(**_columns(after)))
        return after
    await connection.execute(update(BOOKING).where(BOOKING.c.id == after.id).values(**_columns(after)))
    if not after.holds:
        await connection.execute(delete(CLAIM).where(CLAIM.c.booking == after.id))
    return after


async def get(connection: AsyncConnection, booking_id: str, *, lock: bool = False) -> Booking | None:
    """A booking by its id; `lock`: nobody else changes it until the transaction ends."""
    query = select(BOOKING).where(BOOKING.c.id == booking_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).first()
    return None if row is None else _booking(row)


async def find(connection: AsyncConnection, wanted: BookingFilter, limit: int = MOST) -> tuple[Booking, ...]:
    """Bookings that are wanted, by their start."""
    columns = BOOKING.c
    conditions: list[tuple[Any, Callable[[Any], Any]]] = [
        (wanted.from_ms, lambda value: columns.end_ms > value),
        (wanted.to_ms, lambda value: columns.start_ms < value),
        (wanted.person, lambda value: columns.person == value),
        (wanted.space, lambda value: columns.space == value),
        (wanted.bookable, lambda value: columns.bookable == value),
        (wanted.holding or None, lambda _: columns.state.in_([state.value for state in HOLDING])),
    ]
    query = select(BOOKING).where(*(make(value) for value, make in conditions if value is not None))
    rows = await connection.execute(query.order_by(columns.start_ms, columns.id).limit(limit))
    return tuple(_booking(row) for row in rows)


async def count_of_day(
    connection: AsyncConnection, person: str, bookables: Sequence[str], span: tuple[int, int]
) -> int:
    """How many bookings of these a person holds that start within a span, ms UTC."""
    query = select(func.count()).where(
        BOOKING.c.person == person,
        BOOKING.c.bookable.in_(bookables),
        BOOKING.c.start_ms >= span[0],
        BOOKING.c.start_ms < span[1],
        BOOKING.c.state.in_([state.value for state in HOLDING]),
    )
    return int((await connection.execute(query)).scalar_one())


async def rebuild(engine: AsyncEngine, log: EventLog) -> int:
    """Make the tables anew from the events; all or nothing. Gives how many events were read."""
    count, after_seq = 0, 0
    async with writing(engine) as connection:
        await connection.execute(delete(CLAIM))
        await connection.execute(delete(BOOKING))
        while page := await log.find(EventFilter(type="booking.*", after_seq=after_seq), PAGE):
            for event in page:
                before = await get(connection, event.subject.removeprefix("booking:"))
                await apply(connection, before, event)
            count, after_seq = count + len(page), page[-1].seq
    return count


def _columns(booking: Booking) -> dict[str, Any]:
    return {
        "id": booking.id,
        "bookable": booking.bookable,
        "space": booking.space,
        "parts": json.dumps(booking.parts),
        "person": booking.person,
        "person_name": booking.person_name,
        "start_ms": booking.start_ms,
        "end_ms": booking.end_ms,
        "people": booking.people,
        "state": booking.state.value,
        "created_ms": booking.created_ms,
        "changed_ms": booking.changed_ms,
        "released_ms": booking.released_ms,
        "last_event": booking.last_event,
    }


def _booking(row: Row[Any]) -> Booking:
    return Booking(
        row.id,
        row.bookable,
        row.space,
        tuple(json.loads(row.parts)),
        row.person,
        row.person_name,
        row.start_ms,
        row.end_ms,
        row.people,
        BookingState(row.state),
        row.created_ms,
        row.changed_ms,
        row.released_ms,
        row.last_event,
    )
