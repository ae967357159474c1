"""From the events of work orders to work orders. No I/O; the live path and a rebuild use one function."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from twin.events.event import Draft, Event
from twin.panels.ops.model import EVENT_PREFIX, STATE_AFTER_EVENT, OrderState, Priority, WorkOrder

CREATED = EVENT_PREFIX + OrderState.CREATED.value
SUBJECT_PREFIX = "workorder:"
PLACE_FIELDS = ("element", "device", "storey", "space", "alarm")

_TIME_OF_STATE = {
    OrderState.DISPATCHED: "dispatched_ms",
    OrderState.ACCEPTED: "accepted_ms",
    OrderState.DONE: "done_ms",
    OrderState.VERIFIED: "closed_ms",
    OrderState.CANCELLED: "closed_ms",
}


def subject_of(order_id: str) -> str:
    """How events name a work order."""
    return SUBJECT_PREFIX + order_id


def changed_draft(order: WorkOrder, state: OrderState, actor: str, said: Mapping[str, Any]) -> Draft:
    """The event of a step; its cause is the event before it. Holds where the work is, too."""
    data = {"number": order.number, "element": order.element, "device": order.device, **said}
    return Draft(EVENT_PREFIX + state.value, subject_of(order.id), actor, data, order.last_event)


def applied(before: WorkOrder | None, event: Event) -> WorkOrder:
    """The work order after an event.

    Raises:
        ValueError: the event changes an order that was never made, or is none of a work order.
    """
    state = STATE_AFTER_EVENT.get(event.type)
    if state is None:
        raise ValueError(f"{event.type} is no event of a work order")
    if state is OrderState.CREATED:
        return _made(event)
    if before is None:
        raise ValueError(f"{event.type} of {event.subject}, which was never made")
    changes: dict[str, Any] = {"state": state, "changed_ms": event.time_ms, "last_event": event.id}
    if state in _TIME_OF_STATE:
        changes[_TIME_OF_STATE[state]] = event.time_ms
    return replace(before, **changes, **_said(before, state, event.data))


def _said(before: WorkOrder, state: OrderState, data: Mapping[str, Any]) -> dict[str, Any]:
    if state is OrderState.DISPATCHED:
        due = data.get("due_ms")
        return {
            "assignee": data["assignee"],
            "due_ms": before.due_ms if due is None else due,
            "accepted_ms": None,
        }
    if state is OrderState.DONE:
        return {"note": data.get("note", "")}
    if state is OrderState.REOPENED:
        return {"accepted_ms": None, "done_ms": None, "reopened": before.reopened + 1}
    return {}


def _made(event: Event) -> WorkOrder:
    data = event.data
    return WorkOrder(
        id=event.subject.removeprefix(SUBJECT_PREFIX),
        number=data["number"],
        title=data["title"],
        description=data["description"],
        priority=Priority(data["priority"]),
        state=OrderState.CREATED,
        **{field: data[field] for field in PLACE_FIELDS},
        reporter=event.actor.removeprefix("person:"),
        assignee=None,
        note="",
        due_ms=data["due_ms"],
        created_ms=event.time_ms,
        changed_ms=event.time_ms,
        dispatched_ms=None,
        accepted_ms=None,
        done_ms=None,
        closed_ms=None,
        reopened=0,
        last_event=event.id,
    )
