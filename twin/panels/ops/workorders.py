"""Making work orders and taking their steps: each an event and its row in one transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import Clock
from twin.accounts.accounts import Person
from twin.accounts.roles import Role
from twin.control.interlocks import Hold
from twin.errors import NotFoundError, RoleError
from twin.events.event import Draft, Event, new_id
from twin.events.log import EventFilter, EventLog
from twin.panels.ops import store
from twin.panels.ops.errors import NotAssigneeError, WorkOrderExistsError
from twin.panels.ops.model import Action, OrderState, Priority, Step, WorkOrder, check_step
from twin.panels.ops.projection import CREATED, changed_draft, subject_of
from twin.panels.ops.store import OrderFilter
from twin.store.database import writing

MOST_EVENTS = 500
MOST_HELD = 10_000


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports; guids, ids, ms since 1970 UTC. `cause`: the event that it is due to."""

    title: str
    description: str = ""
    priority: Priority = Priority.NORMAL
    element: str | None = None
    device: str | None = None
    storey: str | None = None
    space: str | None = None
    alarm: str | None = None
    due_ms: int | None = None
    cause: str | None = None


class WorkOrders:
    """The venue's work orders; one for each server process."""

    def __init__(self, engine: AsyncEngine, log: EventLog, clock: Clock) -> None:
        self._engine, self._log, self._clock = engine, log, clock
        self._last_id = ""

    async def create(self, report: Report, actor: str) -> WorkOrder:
        """Make an order of a report.

        Raises:
            WorkOrderExistsError: an open order is about the same alarm.
        """
        self._last_id = order_id = new_id(int(self._clock.now_ms()), self._last_id)
        try:
            async with writing(self._engine) as connection:
                draft = created_draft(order_id, await store.next_number(connection), report, actor)
                events = await self._log.append_within(connection, draft)
                order = await store.apply(connection, None, events[0])
        except IntegrityError as error:
            raise await self._taken(report) from error
        self._log.announce(events)
        return order

    async def _taken(self, report: Report) -> WorkOrderExistsError:
        found = await self.find(OrderFilter(open_only=True, alarm=report.alarm), 1)
        which = f"work order {found[0].number}" if found else "an open work order"
        return WorkOrderExistsError(f"{which} is about this alarm already; go on with that one")

    async def act(
        self, order_id: str, action: Action, person: Person, said: Mapping[str, Any] | None = None
    ) -> WorkOrder:
        """Take a step; `said` goes into its event (`note`, and of a dispatch `assignee` and `due_ms`).

        Raises:
            NotFoundError, WorkOrderStateError, NotAssigneeError, RoleError.
        """
        async with writing(self._engine) as connection:
            order = await store.get(connection, order_id, lock=True)
            if order is None:
                raise NotFoundError(f"there is no work order {order_id[:40]!r}")
            step = check_step(order, action)
            check_person(order, step, person)
            draft = changed_draft(order, step.leads_to, person.actor, said or {})
            events = await self._log.append_within(connection, draft)
            after = await store.apply(connection, order, events[0])
        self._log.announce(events)
        return after

    async def get(self, order_id: str) -> WorkOrder:
        """The order of an id. Raises NotFoundError."""
        async with self._engine.connect() as connection:
            found = await store.get(connection, order_id)
        if found is None:
            raise NotFoundError(f"there is no work order {order_id[:40]!r}")
        return found

    async def events_of(self, order: WorkOrder) -> tuple[Event, ...]:
        """What happened to an order, oldest first."""
        return await self._log.find(EventFilter(subject=subject_of(order.id)), MOST_EVENTS)

    async def find(self, wanted: OrderFilter, limit: int, before_id: str = "") -> tuple[WorkOrder, ...]:
        """See `store.find`."""
        return await store.find(self._engine, wanted, limit, before_id)

    async def counts(self) -> dict[OrderState, int]:
        """How many orders are in each state."""
        return await store.counts(self._engine)

    async def open_by_device(self) -> Mapping[str, int]:
        """How many open orders each device has."""
        return await store.open_by_device(self._engine)

    async def holds(self, devices: Collection[str]) -> dict[str, list[Hold]]:
        """Which of some devices somebody works at: those of orders that were accepted and are not done.

        Only who accepted may command the device meanwhile, to try what was mended.
        """
        wanted = OrderFilter(state=OrderState.ACCEPTED)
        found: dict[str, list[Hold]] = {}
        for order in await store.find(self._engine, wanted, MOST_HELD):
            if order.device is not None and order.device in devices:
                found.setdefault(order.device, []).append(_hold(order))
        return found


def _hold(order: WorkOrder) -> Hold:
    name = f"work order {order.number}, {order.title}"
    return Hold(name, f"person:{order.assignee}", f"#{order.number} {order.title}")


def created_draft(order_id: str, number: int, report: Report, actor: str) -> Draft:
    """The event that makes an order; holds all that a rebuild needs."""
    data = {
        "number": number,
        "title": report.title,
        "description": report.description,
        "priority": report.priority.value,
        "element": report.element,
        "device": report.device,
        "storey": report.storey,
        "space": report.space,
        "alarm": report.alarm,
        "due_ms": report.due_ms,
    }
    return Draft(CREATED, subject_of(order_id), actor, data, report.cause)


def check_person(order: WorkOrder, step: Step, person: Person) -> None:
    """Raise RoleError or NotAssigneeError where a person may not take a step of an order."""
    if person.role < step.role:
        needed = Role(step.role).key
        raise RoleError(f"this needs the role {needed}; {person.name} is {person.role.key}")
    if step.assignee_only and order.assignee != person.name:
        raise NotAssigneeError(f"work order {order.number} is {order.assignee}'s; dispatch it anew first")
