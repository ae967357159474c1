"""The operations panel as it runs: the ledger of devices, their health, and the work orders."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from twin.accounts.accounts import Person
from twin.accounts.roles import Role
from twin.bound import BoundDevices
from twin.devices.base import read_base
from twin.devices.facts import merged
from twin.devices.ledger import Entry as Written
from twin.events.log import EventFilter
from twin.panels.ops import faults
from twin.panels.ops.devices import Entry, make_entries, read_plates
from twin.panels.ops.errors import AssigneeError
from twin.panels.ops.health import DeviceColumns, Health, judge
from twin.panels.ops.workorders import WorkOrders
from twin.runtime import Twin

RECORDS_FOR_MS = 15_000.0
"""The faults of 30 days are counted anew no more often: lists are asked for at every page and event."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a device is and was; `stale_share` 0..1, `last_ms` ms since 1970 UTC, None: it told nothing yet."""

    health: Health
    stale_share: float | None
    last_ms: float | None
    alarms: int
    orders: int
    record: faults.Record


@dataclass(frozen=True, slots=True)
class Standing:
    """The whole ledger at one moment: entries by device id, and the condition of each, in the same order."""

    entries: tuple[Entry, ...]
    conditions: tuple[Condition, ...]
    observed_ms: float
    """For how long faults were watched, at most 30 days; ms."""


class Operations:
    """What the panel's requests work with."""

    def __init__(self, twin: Twin, engine: AsyncEngine) -> None:
        self.twin = twin
        self.orders = WorkOrders(engine, twin.events, twin.clock)
        self._engine = engine
        self._columns = DeviceColumns(twin.registry)
        self._rules = faults.fault_rules(twin.rulebook.rules)
        self._entries: tuple[BoundDevices, tuple[int, int], tuple[Entry, ...]] | None = None
        self._records: tuple[float, float, Mapping[str, faults.Record]] | None = None

    async def entries(self) -> tuple[Entry, ...]:
        """The ledger by device id; made anew when devices were bound to other elements, or written about."""
        bound, ledger = self.twin.bound, self.twin.devices.ledger
        mark = await ledger.mark()
        if self._entries is None or self._entries[0] is not bound or self._entries[1] != mark:
            made = await asyncio.to_thread(self._make_entries, bound, await ledger.all())
            self._entries = (bound, mark, made)
        return self._entries[2]

    def _make_entries(self, bound: BoundDevices, written: Mapping[str, Written]) -> tuple[Entry, ...]:
        package, registry = self.twin.package, self.twin.registry
        plates = self.twin.cached("ops.plates", lambda: read_plates(package))
        facts = self.twin.cached_while_bound("devices.base", lambda: read_base(package, registry, bound))
        known = {
            device: merged(facts[device], each.written) for device, each in written.items() if device in facts
        }
        return make_entries(package, registry, bound, plates, {**facts, **known})

    async def standing(self) -> Standing:
        """The whole ledger as it stands now."""
        entries = await self.entries()
        observed_ms, records = await self._fault_records()
        orders = await self.orders.open_by_device()
        alarms: dict[str, int] = {}
        for alarm in self.twin.alarms.open_alarms():
            alarms[alarm.device] = alarms.get(alarm.device, 0) + 1
        now = judge(self._columns, self.twin.bridge.live)
        conditions = tuple(
            Condition(
                Health(int(now.health[entry.row])),
                _finite(now.stale_share[entry.row]),
                _finite(now.last_ms[entry.row]),
                alarms.get(entry.device.id, 0),
                orders.get(entry.device.id, 0),
                records.get(entry.device.id, faults.SPOTLESS),
            )
            for entry in entries
        )
        return Standing(entries, conditions, observed_ms)

    async def _fault_records(self) -> tuple[float, Mapping[str, faults.Record]]:
        now_ms = self.twin.clock.now_ms()
        if self._records is None or not 0 <= now_ms - self._records[0] < RECORDS_FOR_MS:
            from_ms = max(now_ms - faults.WINDOW_MS, await self._first_ms())
            spells = await faults.read_spells(self._engine, self._rules, from_ms, now_ms)
            self._records = (now_ms, now_ms - from_ms, faults.records(spells, from_ms, now_ms))
        return self._records[1], self._records[2]

    async def _first_ms(self) -> float:
        """When the first event was written down: before that, nobody watched."""
        first = await self.twin.events.find(EventFilter(), 1)
        return float(first[0].time_ms) if first else self.twin.clock.now_ms()

    async def people(self, asking: Person) -> tuple[Person, ...]:
        """Who can be given work, by name: every account that may, and whoever asks."""
        accounts = await self.twin.accounts.all()
        able = {
            each.person.name: each.person
            for each in accounts
            if not each.disabled and each.person.role >= Role.OPERATOR
        }
        return tuple(person for _, person in sorted({**able, asking.name: asking}.items()))

    async def assignee(self, name: str, asking: Person) -> str:
        """The account name of somebody who can be given work. Raises AssigneeError."""
        people = {person.name: person for person in await self.people(asking)}
        if name not in people:
            raise AssigneeError(f"{name[:64]!r} cannot be given work; one of {', '.join(people)}")
        return people[name].name


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
