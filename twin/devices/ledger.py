"""What people wrote about devices, in the database; each change is an event with who and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import Clock
from telemetry_bridge.errors import Fault
from telemetry_bridge.points import Registry
from twin.devices.errors import DeviceFactsError
from twin.devices.facts import FIELDS, Facts, facts_faults, merged
from twin.devices.table_text import Line
from twin.events.event import Draft
from twin.events.log import EventLog
from twin.store.database import writing
from twin.store.tables import DEVICE_FACT

COLUMNS = DEVICE_FACT.c
Written = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody writes about a device: fact to text, None or '' to go back to what the files say.

    `where` names it in a fault (`devices.csv:12`).
    """

    device: str
    facts: Written
    where: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What people wrote about a device, and who did last; ms since 1970 UTC."""

    written: Written
    changed_ms: int
    changed_by: str


class Ledger:
    """The facts that people wrote; `clock` is the machine's."""

    def __init__(self, engine: AsyncEngine, log: EventLog, clock: Clock) -> None:
        self._engine, self._log, self._clock = engine, log, clock

    async def all(self) -> dict[str, Entry]:
        """Every device that somebody wrote about."""
        async with self._engine.connect() as connection:
            return {row.device: _entry(row) for row in await connection.execute(select(DEVICE_FACT))}

    async def in_maintenance(self) -> dict[str, str]:
        """The devices that are set aside for maintenance, each with why."""
        query = select(COLUMNS.device, COLUMNS.maintenance).where(COLUMNS.maintenance.is_not(None))
        async with self._engine.connect() as connection:
            return {row.device: row.maintenance for row in await connection.execute(query)}

    async def mark(self) -> tuple[int, int]:
        """What changes, cheaply asked for, whenever `all` would give another answer."""
        query = select(func.count(), func.coalesce(func.max(COLUMNS.changed_ms), 0))
        async with self._engine.connect() as connection:
            count, changed_ms = (await connection.execute(query)).one()
        return int(count), int(changed_ms)

    async def change(
        self,
        changes: Sequence[Change],
        base: Mapping[str, Facts],
        actor: str,
        reason: str = "",
        *,
        dry_run: bool = False,
    ) -> tuple[str, ...]:
        """Write facts; all are taken, or none. Gives the devices that are not as they were.

        `base` is what the files say of each device of the registry: what is the same is not kept twice.
        `dry_run`: nothing is written, only said.

        Raises:
            DeviceFactsError: an unknown device, or facts that cannot be, all of them.
        """
        now = int(self._clock.now_ms())
        async with writing(self._engine) as connection:
            await self._log.take_turn(connection)  # what others write at once is read first
            known = {row.device: _entry(row) for row in await connection.execute(select(DEVICE_FACT))}
            steps = plan(changes, known, base)
            if dry_run or not steps:
                return tuple(step.device for step in steps)
            for step in steps:
                row = {"device": step.device, "changed_ms": now, "changed_by": actor}
                await connection.execute(delete(DEVICE_FACT).where(COLUMNS.device == step.device))
                await connection.execute(insert(DEVICE_FACT).values(**row, **step.written))
            drafts = [_draft(step, actor, reason) for step in steps]
            events = await self._log.append_within(connection, *drafts)
        self._log.announce(events)
        return tuple(step.device for step in steps)


@dataclass(frozen=True, slots=True)
class Step:
    """A change that is one: all that is written of the device then, and by fact the text before and after."""

    device: str
    written: Written
    told: Mapping[str, tuple[str, str]]


def plan(changes: Sequence[Change], known: Mapping[str, Entry], base: Mapping[str, Facts]) -> list[Step]:
    """What some changes come to; those that change nothing are left out.

    Raises:
        DeviceFactsError: an unknown device, one that is there twice, or facts that cannot be; all of them.
    """
    faults, steps, seen = list[Fault](), list[Step](), set[str]()
    for change in changes:
        where = change.where or change.device
        if change.device not in base or change.device in seen:
            why = "is there twice" if change.device in seen else "is not in the registry"
            faults.append(Fault(where, f"the device {why}"))
            continue
        seen.add(change.device)
        entry, files = known.get(change.device), base[change.device]
        before = {} if entry is None else entry.written
        step = _step(change, before, files)
        old = set(facts_faults(merged(files, before)))  # of the files: nobody mends them here
        faults += [
            Fault(where, fault) for fault in facts_faults(merged(files, step.written)) if fault not in old
        ]
        steps += [step] if step.told else []
    if faults:
        raise DeviceFactsError(faults)
    return steps


def _step(change: Change, before: Written, base: Facts) -> Step:
    after = _written(before, change.facts, base)
    old, new = merged(base, before), merged(base, after)
    pairs = {name: (getattr(old, name), getattr(new, name)) for name in FIELDS}
    return Step(change.device, after, {name: pair for name, pair in pairs.items() if pair[0] != pair[1]})


def _written(before: Written, changes: Written, base: Facts) -> dict[str, str | None]:
    """All that is written about a device afterwards; what the files say too is not kept."""
    after = {name: changes.get(name, before.get(name)) for name in FIELDS}
    return {name: text if text and text != getattr(base, name) else None for name, text in after.items()}


def _draft(step: Step, actor: str, reason: str) -> Draft:
    data: dict[str, Any] = {"changed": {name: list(pair) for name, pair in step.told.items()}}
    return Draft(
        "device.changed", f"device:{step.device}", actor, data | ({"reason": reason} if reason else {})
    )


def _entry(row: Row[Any]) -> Entry:
    return Entry({name: getattr(row, name) for name in FIELDS}, row.changed_ms, row.changed_by)


def table_lines(
    registry: Registry,
    element_of: Mapping[str, str | None],
    base: Mapping[str, Facts],
    written: Mapping[str, Entry],
) -> list[Line]:
    """Every device with its facts, for a table; `element_of` gives the guid that each is bound to."""
    return [
        Line(
            device.id,
            device.type,
            device.label.zh,
            device.label.en,
            element_of.get(device.id) or "",
            merged(base[device.id], written[device.id].written) if device.id in written else base[device.id],
        )
        for device in registry.devices.values()
    ]
