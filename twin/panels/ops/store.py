"""Work orders in the database, written in the transaction of the events that change them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from twin.events.event import Event
from twin.events.log import EventFilter, EventLog
from twin.panels.ops.model import OPEN, OrderState, Priority, WorkOrder
from twin.panels.ops.projection import CREATED, SUBJECT_PREFIX, applied
from twin.panels.ops.table import WORK_ORDER
from twin.store import numbering
from twin.store.database import writing

PAGE = 1000
NUMBER_LOCK = 0x6F707331  # "ops1": the advisory lock by which orders get their numbers
COLUMNS = tuple(each.name for each in fields(WorkOrder))


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which work orders; what is None does not filter.

    `concerns`: those of an element (guid) or of one of some devices; `text`: in number, title, people;
    `overdue_ms`: due before that time (ms since 1970 UTC), and not done.
    """

    open_only: bool = False
    state: OrderState | None = None
    assignee: str | None = None
    device: str | None = None
    element: str | None = None
    alarm: str | None = None
    concerns: tuple[str, tuple[str, ...]] | None = None
    text: str = ""
    overdue_ms: int | None = None


async def next_number(connection: AsyncConnection) -> int:
    """The number of the next order; nobody else gets it while the transaction lasts."""
    return await numbering.next_number(connection, WORK_ORDER.c.number, NUMBER_LOCK)


async def apply(connection: AsyncConnection, before: WorkOrder | None, event: Event) -> WorkOrder:
    """Bring the table to what an event says.

    Raises:
        IntegrityError (sqlalchemy): another open order is about the same alarm.
    """
    after = applied(before, event)
    row = {name: getattr(after, name) for name in COLUMNS}
    row |= {"state": after.state.value, "priority": after.priority.value}
    if event.type == CREATED:
        await connection.execute(insert(WORK_ORDER).values(**row))
    else:
        await connection.execute(update(WORK_ORDER).where(WORK_ORDER.c.id == after.id).values(**row))
    return after


async def get(connection: AsyncConnection, order_id: str, *, lock: bool = False) -> WorkOrder | None:
    """A work order; with `lock` nobody else changes it until the transaction ends."""
    query = select(WORK_ORDER).where(WORK_ORDER.c.id == order_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).first()
    return None if row is None else _order(row)


async def find(
    engine: AsyncEngine, wanted: OrderFilter, limit: int, before_id: str = ""
) -> tuple[WorkOrder, ...]:
    """The first `limit` orders, newest first; with `before_id` those made before it."""
    query = select(WORK_ORDER).where(*_conditions(wanted))
    if before_id:
        query = query.where(WORK_ORDER.c.id < before_id)
    async with engine.connect() as connection:
        rows = await connection.execute(query.order_by(WORK_ORDER.c.id.desc()).limit(limit))
        return tuple(_order(row) for row in rows)


async def counts(engine: AsyncEngine) -> dict[OrderState, int]:
    """How many orders are in each state."""
    query = select(WORK_ORDER.c.state, func.count()).group_by(WORK_ORDER.c.state)
    async with engine.connect() as connection:
        found = {str(state): int(count) for state, count in await connection.execute(query)}
    return {state: found.get(state.value, 0) for state in OrderState}


async def open_by_device(engine: AsyncEngine) -> Mapping[str, int]:
    """How many open orders each device has; those that have none are absent."""
    query = select(WORK_ORDER.c.device, func.count()).where(_is_open(), WORK_ORDER.c.device.is_not(None))
    async with engine.connect() as connection:
        rows = await connection.execute(query.group_by(WORK_ORDER.c.device))
        return {str(device): int(count) for device, count in rows}


async def rebuild(engine: AsyncEngine, log: EventLog) -> int:
    """Make the table anew from the events, all or nothing; gives how many events were read.

    Nothing else may write orders meanwhile.
    """
    orders: dict[str, WorkOrder] = {}
    count, seq = 0, 0
    async with writing(engine) as connection:
        await connection.execute(delete(WORK_ORDER))
        while page := await log.find(EventFilter(type="workorder.*", after_seq=seq), PAGE):
            for event in page:
                key = event.subject.removeprefix(SUBJECT_PREFIX)
                orders[key] = await apply(connection, orders.get(key), event)
            count, seq = count + len(page), page[-1].seq
    return count


def _is_open() -> Any:
    return WORK_ORDER.c.state.in_([state.value for state in OPEN])


def _conditions(wanted: OrderFilter) -> list[Any]:
    column = WORK_ORDER.c
    exact = (
        (wanted.state and wanted.state.value, column.state),
        (wanted.assignee, column.assignee),
        (wanted.device, column.device),
        (wanted.element, column.element),
        (wanted.alarm, column.alarm),
    )
    conditions = [field == value for value, field in exact if value is not None]
    if wanted.open_only:
        conditions.append(_is_open())
    if wanted.concerns is not None:
        element, devices = wanted.concerns
        conditions.append(or_(column.element == element, column.device.in_(devices)))
    if wanted.overdue_ms is not None:
        conditions += [
            column.due_ms < wanted.overdue_ms,
            column.done_ms.is_(None),
            column.closed_ms.is_(None),
        ]
    if wanted.text:
        conditions.append(_holds(wanted.text))
    return conditions


def _holds(text: str) -> Any:
    column = WORK_ORDER.c
    searched = (column.title, column.description, column.device, column.assignee, column.reporter)
    found = [each.icontains(text, autoescape=True) for each in searched]
    number = text.lstrip("#")
    if number.isascii() and number.isdigit() and len(number) < 9:
        found.append(column.number == int(number))
    return or_(*found)


def _order(row: Row[Any]) -> WorkOrder:
    known = {name: getattr(row, name) for name in COLUMNS}
    return WorkOrder(**known | {"state": OrderState(row.state), "priority": Priority(row.priority)})
