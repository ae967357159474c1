"""What people wrote about devices, in the database; each change is an event with who and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telemetry_bridge.clock import Clock
from telemetry_bridge.errors import Fault
from twin.devices.errors import DeviceFactsError
from twin.devices.facts import FIELDS, Facts, facts_faults, merged
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

    async def change(
        self, changes: Sequence[Change], base: Mapping[str, Facts], actor: str, reason: str = ""
    ) -> tuple[str, ...]:
        """Write facts; all are taken, or none. Gives the devices that are not as they were.

        `base` is what the files say of each device of the registry: what is the same is not kept twice.

        Raises:
            DeviceFactsError: an unknown device, or facts that cannot be, all of them.
        """
        async with writing(self._engine) as connection:
            known = {row.device: _entry(row) for row in await connection.execute(select(DEVICE_FACT))}
            faults = [fault for change in changes for fault in _faults(change, known, base)]
            if faults:
                raise DeviceFactsError(faults)
            drafts = []
            for change in changes:
                draft = await self._apply(connection, change, known, base[change.device], actor, reason)
                drafts += [draft] if draft else []
            events = await self._log.append_within(connection, *drafts) if drafts else ()
        self._log.announce(events)
        return tuple(draft.subject.removeprefix("device:") for draft in drafts)

    async def _apply(
        self,
        connection: AsyncConnection,
        change: Change,
        known: dict[str, Entry],
        base: Facts,
        actor: str,
        reason: str,
    ) -> Draft | None:
        """Write one change; the event that tells it, None: it changes nothing."""
        before = known[change.device].written if change.device in known else {}
        after = _written(before, change.facts, base)
        old, new = merged(base, before), merged(base, after)
        told = {name: [getattr(old, name), getattr(new, name)] for name in FIELDS if name in change.facts}
        told = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
        if not told:
            return None
        now = int(self._clock.now_ms())
        await connection.execute(delete(DEVICE_FACT).where(COLUMNS.device == change.device))
        row = {"device": change.device, "changed_ms": now, "changed_by": actor}
        await connection.execute(insert(DEVICE_FACT).values(**row, **after))
        known[change.device] = Entry(after, now, actor)
        data: dict[str, Any] = {"changed": told} | ({"reason": reason} if reason else {})
        return Draft("device.changed", f"device:{change.device}", actor, data)


def _written(before: Written, changes: Written, base: Facts) -> dict[str, str | None]:
    """All that is written about a device afterwards; what the files say too is not kept."""
    after = {name: changes.get(name, before.get(name)) for name in FIELDS}
    return {name: text if text and text != getattr(base, name) else None for name, text in after.items()}


def _faults(change: Change, known: Mapping[str, Entry], base: Mapping[str, Facts]) -> list[Fault]:
    where = change.where or change.device
    if change.device not in base:
        return [Fault(where, "there is no such device")]
    before = known[change.device].written if change.device in known else {}
    after = merged(base[change.device], _written(before, change.facts, base[change.device]))
    return [Fault(where, fault) for fault in facts_faults(after)]


def _entry(row: Row[Any]) -> Entry:
    return Entry({name: getattr(row, name) for name in FIELDS}, row.changed_ms, row.changed_by)
