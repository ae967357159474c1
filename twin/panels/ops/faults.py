"""How often devices failed, and for what part of the time they could be used. Pure, but for one query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from twin.alarms.model import Check, Rule
from twin.panels.ops.health import FAULT_KEYS
from twin.store.tables import ALARM

WINDOW_MS = 30 * 86_400_000
MOST_ALARMS = 100_000


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of time in which a device was out of order; ms since 1970 UTC."""

    device: str
    from_ms: float
    to_ms: float
    times: int = 1


@dataclass(frozen=True, slots=True)
class Record:
    """What a device's faults come to: how many, and the share of the time without one, 0..1."""

    faults: int = 0
    availability: float = 1.0


SPOTLESS = Record()


def fault_rules(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Ids of the rules that speak of the device itself: a fault that it reports, or its silence.

    A room that is too warm is no fault of its sensor.
    """
    return tuple(
        rule.id
        for rule in rules
        if rule.condition.check is Check.QUALITY or FAULT_KEYS & set(rule.condition.states)
    )


async def read_spells(
    engine: AsyncEngine, rules: tuple[str, ...], from_ms: float, to_ms: float
) -> list[Spell]:
    """The spells that some rules' alarms tell of, those that touch a span of time.

    An alarm that was raised again before it was closed counts from its first raising to its last return:
    the time lost is then an upper bound.
    """
    column = ALARM.c
    query = select(column.device, column.raised_ms, column.returned_ms, column.active, column.occurrences)
    touches = or_(column.active, column.returned_ms.is_(None), column.returned_ms > from_ms)
    query = query.where(column.rule.in_(rules), column.raised_ms < to_ms, touches)
    async with engine.connect() as connection:
        rows = (await connection.execute(query.order_by(column.id.desc()).limit(MOST_ALARMS))).all()
    return [
        Spell(
            row.device,
            row.raised_ms,
            to_ms if row.active or row.returned_ms is None else row.returned_ms,
            row.occurrences,
        )
        for row in rows
    ]


def records(spells: Iterable[Spell], from_ms: float, to_ms: float) -> Mapping[str, Record]:
    """What the spells within a span come to, by device; spells that overlap count their time once."""
    by_device: dict[str, list[Spell]] = {}
    for spell in spells:
        by_device.setdefault(spell.device, []).append(spell)
    span_ms = max(to_ms - from_ms, 1.0)
    return {
        device: Record(sum(spell.times for spell in found), 1.0 - covered_ms(found, from_ms, to_ms) / span_ms)
        for device, found in by_device.items()
    }


def covered_ms(spells: Iterable[Spell], from_ms: float, to_ms: float) -> float:
    """The length of the union of some spells within a span, ms."""
    total, reached = 0.0, from_ms
    for spell in sorted(spells, key=lambda each: each.from_ms):
        begin, end = max(spell.from_ms, reached), min(spell.to_ms, to_ms)
        total += max(end - begin, 0.0)
        reached = max(reached, end)
    return total
