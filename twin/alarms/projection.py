"""The alarms in the database: a projection, written in the transaction of the events that change it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Row, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telemetry_bridge.points import Label
from twin.alarms.model import Alarm, AlarmState, Priority
from twin.alarms.states import after
from twin.events.event import Event
from twin.events.log import EventFilter, EventLog
from twin.store.database import writing
from twin.store.tables import ALARM

PAGE = 1000
COLUMNS = tuple(each.name for each in fields(Alarm) if each.name in ALARM.c)
SHOWN = ("value", "limit", "unit", "shelve_reason", "cause_data")
LABELS = ("name", "message")


@dataclass(frozen=True, slots=True)
class AlarmFilter:
    """Which alarms; what is None does not filter.

    `from_ms`, `to_ms` (ms since 1970 UTC, `to_ms` not included): those open at some time between them.
    """

    open_only: bool = True
    state: AlarmState | None = None
    priority: Priority | None = None
    storey: str | None = None
    space: str | None = None
    device: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a part of the list ends: the last alarm's priority and id."""

    priority: int
    id: str


async def load_open(engine: AsyncEngine) -> tuple[Alarm, ...]:
    """Every alarm that is not closed, oldest first."""
    query = select(ALARM).where(ALARM.c.closed_ms.is_(None)).order_by(ALARM.c.id)
    async with engine.connect() as connection:
        return tuple(_alarm(row) for row in await connection.execute(query))


async def get(engine: AsyncEngine, alarm_id: str) -> Alarm | None:
    """The alarm of an id."""
    async with engine.connect() as connection:
        row = (await connection.execute(select(ALARM).where(ALARM.c.id == alarm_id))).first()
    return None if row is None else _alarm(row)


async def find(
    engine: AsyncEngine, wanted: AlarmFilter, limit: int, after_position: Position | None = None
) -> tuple[Alarm, ...]:
    """The first `limit` alarms after a position: open ones by priority, then newest; others newest first."""
    query = select(ALARM).where(*_conditions(wanted))
    newest_first = ALARM.c.id.desc()
    query = (
        query.order_by(ALARM.c.priority, newest_first) if wanted.open_only else query.order_by(newest_first)
    )
    if after_position is not None:
        query = query.where(_behind(after_position, by_priority=wanted.open_only))
    async with engine.connect() as connection:
        return tuple(_alarm(row) for row in await connection.execute(query.limit(limit)))


def _conditions(wanted: AlarmFilter) -> list[Any]:
    column = ALARM.c
    given: list[tuple[Any, Any]] = [
        (wanted.state, column.state),
        (wanted.priority, column.priority),
        (wanted.storey, column.storey),
        (wanted.space, column.space),
        (wanted.device, column.device),
    ]
    conditions = [field == value for value, field in given if value is not None]
    if wanted.open_only:
        conditions.append(column.closed_ms.is_(None))
    if wanted.from_ms is not None:
        conditions.append(or_(column.closed_ms.is_(None), column.closed_ms >= wanted.from_ms))
    if wanted.to_ms is not None:
        conditions.append(column.raised_ms < wanted.to_ms)
    return conditions


def _behind(position: Position, *, by_priority: bool) -> Any:
    older = ALARM.c.id < position.id
    if not by_priority:
        return older
    less_urgent = ALARM.c.priority > position.priority
    return or_(less_urgent, and_(ALARM.c.priority == position.priority, older))


def part_of(alarms: Iterable[Alarm], limit: int, after_position: Position | None) -> tuple[Alarm, ...]:
    """The first `limit` of some alarms after a position, in the order of the open ones."""
    newest_first = sorted(alarms, key=lambda alarm: alarm.id, reverse=True)
    ordered = sorted(newest_first, key=lambda alarm: alarm.priority)
    if after_position is not None:
        priority, alarm_id = after_position.priority, after_position.id
        ordered = [
            a for a in ordered if a.priority > priority or (a.priority == priority and a.id < alarm_id)
        ]
    return tuple(ordered[:limit])


async def save(connection: AsyncConnection, alarms: Sequence[Alarm]) -> None:
    """Write alarms over what was known of them, in the caller's transaction."""
    if alarms:
        await connection.execute(delete(ALARM).where(ALARM.c.id.in_([alarm.id for alarm in alarms])))
        await connection.execute(ALARM.insert(), [_row(alarm) for alarm in alarms])


def applied(alarms: Mapping[str, Alarm], events: Iterable[Event]) -> dict[str, Alarm]:
    """Those alarms that some events change, by id, as they are after them.

    Raises what `states.after` raises.
    """
    changed: dict[str, Alarm] = {}
    for event in events:
        alarm_id: str = event.data["alarm"]
        changed[alarm_id] = after(changed.get(alarm_id, alarms.get(alarm_id)), event)
    return changed


async def rebuild(engine: AsyncEngine, log: EventLog) -> int:
    """Make the projection anew from the events; gives how many alarms there are.

    Nothing else may write alarms meanwhile.
    """
    alarms: dict[str, Alarm] = {}
    seq = 0
    while page := await log.find(EventFilter(type="alarm.*", after_seq=seq), PAGE):
        alarms |= applied(alarms, page)
        seq = page[-1].seq
    every = list(alarms.values())
    async with writing(engine) as connection:
        await connection.execute(delete(ALARM))
        for first in range(0, len(every), PAGE):
            await save(connection, every[first : first + PAGE])
    return len(every)


def _row(alarm: Alarm) -> dict[str, Any]:
    row = {name: getattr(alarm, name) for name in COLUMNS}
    shown = {name: getattr(alarm, name) for name in SHOWN}
    shown["cause_data"] = dict(alarm.cause_data)
    for name in LABELS:
        label: Label = getattr(alarm, name)
        shown[name] = [label.zh, label.en]
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True)
    return row | {"state": str(alarm.state), "priority": int(alarm.priority), "shown": text}


def _alarm(row: Row[Any]) -> Alarm:
    shown = json.loads(row.shown)
    known: dict[str, Any] = {name: getattr(row, name) for name in COLUMNS}
    known |= {name: shown[name] for name in SHOWN} | {name: Label(*shown[name]) for name in LABELS}
    return Alarm(**known | {"state": AlarmState(row.state), "priority": Priority(row.priority)})
