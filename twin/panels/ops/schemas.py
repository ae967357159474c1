"""What the operations panel's routes take and answer."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from twin.http.schemas import Answer, Event
from twin.panels.ops.devices import Entry
from twin.panels.ops.model import OrderState, Priority, WorkOrder
from twin.panels.ops.service import Condition
from twin.venue import Name

HealthName = Literal["online", "stale", "bad", "fault"]
StateName = Literal["created", "dispatched", "accepted", "done", "verified", "reopened", "cancelled"]
PriorityName = Literal["urgent", "high", "normal", "low"]
ActionName = Literal["dispatch", "accept", "finish", "verify", "reopen", "cancel"]
Note = Annotated[str, Field(max_length=4000)]


class Plate(Answer):
    """What is on the name plate, as people, the venue's files or the model say; '' where nobody said."""

    manufacturer: str
    model: str
    reference: str
    serial: str
    barcode: str
    acquired: str
    made: str


class LedgerEntry(Answer):
    """A device with how it is.

    `stale_share`: of the points that ever told anything, those that are old, 0..1; `availability`: the share
    of the observed time without a fault, 0..1.
    """

    device: str
    type: str
    name: Name
    type_name: Name
    tag: str
    element: str | None
    element_index: int | None
    storey: str | None
    space: str | None
    plate: Plate
    attributes: dict[str, str]
    health: HealthName
    stale_share: float | None
    last_seen: str | None
    alarms: int
    orders: int
    faults: int
    availability: float


class HealthCounts(Answer):
    """How many devices are so."""

    online: int
    stale: int
    bad: int
    fault: int


class DeviceKind(Answer):
    """A type of device that the ledger holds."""

    type: str
    name: Name
    devices: int


class Ledger(Answer):
    """A page of the ledger; `total` meet the filter, `health` counts those that meet all of it but health.

    `observed_days`: for how long faults were watched, at most 30.
    """

    items: list[LedgerEntry]
    next: str | None
    total: int
    health: HealthCounts
    types: list[DeviceKind]
    observed_days: float


class OrderIn(BaseModel):
    """A report: of an element, a device, or an alarm, which brings both."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field(min_length=1, max_length=120)
    description: Note = ""
    priority: PriorityName = "normal"
    element: str | None = Field(default=None, max_length=64)
    device: str | None = Field(default=None, max_length=128)
    alarm: str | None = Field(default=None, max_length=26)
    due: AwareDatetime | None = None


class DispatchIn(BaseModel):
    """Whom an order is given to."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    assignee: str = Field(min_length=1, max_length=64)
    due: AwareDatetime | None = None
    note: Note = ""


class NoteIn(BaseModel):
    """What one has to say about a step."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    note: Note = ""


class ReasonIn(BaseModel):
    """A step that needs its reason."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    note: str = Field(min_length=1, max_length=4000)


class Order(Answer):
    """A work order; `actions` are those that whoever asks can take now; people are account names."""

    id: str
    number: int
    title: str
    description: str
    priority: PriorityName
    state: StateName
    element: str | None
    element_index: int | None
    device: str | None
    device_name: Name | None
    storey: str | None
    space: str | None
    alarm: str | None
    reporter: str
    assignee: str | None
    note: str
    due: str | None
    created: str
    changed: str
    dispatched: str | None
    accepted: str | None
    done: str | None
    closed: str | None
    reopened: int
    actions: list[ActionName]


class OrderDetail(Order):
    """A work order with all that happened to it, oldest first."""

    events: list[Event]


class OrderPage(Answer):
    """Work orders, newest first."""

    items: list[Order]
    next: str | None


class OrderCounts(Answer):
    """How many orders are in each state."""

    created: int
    dispatched: int
    accepted: int
    done: int
    verified: int
    reopened: int
    cancelled: int


class PersonRef(Answer):
    """Somebody who can be given work."""

    name: str
    display_name: str
    role: str


class People(Answer):
    """Who can be given work, by name; `me` is who asks."""

    items: list[PersonRef]
    next: str | None
    me: str


class PastAlarm(Answer):
    """An alarm, as a history shows it."""

    id: str
    name: Name
    message: Name
    priority: str
    state: str
    device: str
    raised: str
    returned: str | None
    closed: str | None


class MaintenanceHistory(Answer):
    """What happened to an element and its devices: the newest orders and alarms."""

    orders: list[Order]
    alarms: list[PastAlarm]


STATE_NAMES: dict[OrderState, StateName] = {
    OrderState.CREATED: "created",
    OrderState.DISPATCHED: "dispatched",
    OrderState.ACCEPTED: "accepted",
    OrderState.DONE: "done",
    OrderState.VERIFIED: "verified",
    OrderState.REOPENED: "reopened",
    OrderState.CANCELLED: "cancelled",
}


def plate_out(entry: Entry) -> Plate:
    """The name plate of a device."""
    plate = entry.plate
    return Plate(
        manufacturer=plate.manufacturer,
        model=plate.model,
        reference=plate.reference,
        serial=plate.serial,
        barcode=plate.barcode,
        acquired=plate.acquired,
        made=plate.made,
    )


def entry_out(entry: Entry, now: Condition, last_seen: str | None) -> LedgerEntry:
    """A line of the ledger."""
    device, element = entry.device, entry.element
    return LedgerEntry(
        device=device.id,
        type=device.type,
        name=Name(zh=device.label.zh, en=device.label.en),
        type_name=Name(zh=entry.type_label.zh, en=entry.type_label.en),
        tag=device.tag,
        element=element.guid if element else None,
        element_index=element.element_index if element else None,
        storey=entry.storey.guid if entry.storey else None,
        space=entry.space.guid if entry.space else None,
        plate=plate_out(entry),
        attributes=dict(device.attributes),
        health=_health(now),
        stale_share=now.stale_share,
        last_seen=last_seen,
        alarms=now.alarms,
        orders=now.orders,
        faults=now.record.faults,
        availability=now.record.availability,
    )


def _health(now: Condition) -> HealthName:
    names: tuple[HealthName, ...] = ("online", "stale", "bad", "fault")
    return names[now.health]


def order_fields(order: WorkOrder, times: Callable[[int | None], str | None]) -> dict[str, Any]:
    """Those fields of an order that need nothing but the order; `times` turns ms, or None, into text."""
    return {
        "id": order.id,
        "number": order.number,
        "title": order.title,
        "description": order.description,
        "priority": Priority(order.priority).value,
        "state": STATE_NAMES[order.state],
        "element": order.element,
        "device": order.device,
        "storey": order.storey,
        "space": order.space,
        "alarm": order.alarm,
        "reporter": order.reporter,
        "assignee": order.assignee,
        "note": order.note,
        "due": times(order.due_ms),
        "created": times(order.created_ms),
        "changed": times(order.changed_ms),
        "dispatched": times(order.dispatched_ms),
        "accepted": times(order.accepted_ms),
        "done": times(order.done_ms),
        "closed": times(order.closed_ms),
        "reopened": order.reopened,
    }
