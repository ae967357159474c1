"""`/api/ops`: the ledger of devices, their health, work orders, the history of elements."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from spatial.errors import UnknownPlaceError
from twin.accounts.accounts import Person
from twin.accounts.roles import Role
from twin.alarms.model import Alarm
from twin.alarms.projection import AlarmFilter
from twin.errors import BadRequestError, NotFoundError
from twin.events.event import event_json
from twin.http import present
from twin.http.identity import PersonDep, requires
from twin.http.moments import milliseconds
from twin.http.present_live import name
from twin.http.problems import PROBLEM_RESPONSES
from twin.http.schemas import Event
from twin.panels.ops import listing, schemas, sheets
from twin.panels.ops.devices import EntryFilter
from twin.panels.ops.export import Language
from twin.panels.ops.listing import Line, Sort
from twin.panels.ops.model import Action, OrderState, Priority, WorkOrder, actions_from, may
from twin.panels.ops.places import located, space_names, storey_names
from twin.panels.ops.service import Operations
from twin.panels.ops.store import OrderFilter
from twin.panels.ops.workorders import Report
from twin.panels.panel import service_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A spreadsheet.",
        "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}},
    }
}
MOST_EXPORTED = 100_000
NEWEST = 50
DAY_MS = 86_400_000.0

router = APIRouter(
    prefix="/api/ops",
    tags=["operations"],
    responses=PROBLEM_RESPONSES,
    dependencies=[Depends(requires(Role.OPERATOR))],
)


def _operations(request: Request) -> Operations:
    found: Operations = service_of(request, "ops")
    return found


OpsDep = Annotated[Operations, Depends(_operations)]
Guid = Annotated[str, Query(max_length=64)]
Text = Annotated[str, Query(max_length=200, description="Words; all must be found.")]
Short = Annotated[str, Query(max_length=128)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str, Query(max_length=64, description="`next` of the page before.")]
Lang = Annotated[Language, Query(description="Language of the headings.")]
Wanted = Annotated[
    Literal["open", "all"] | schemas.StateName, Query(description="Open ones, all, or those in one state.")
]


Found = tuple[list[Line], float]


async def _lines(
    ops: OpsDep,
    q: Text = "",
    kind: Annotated[str, Query(alias="type", max_length=128)] = "",
    storey: Guid = "",
    space: Guid = "",
) -> Found:
    standing = await ops.standing()
    return listing.lines_of(standing, EntryFilter(q, kind, storey, space)), standing.observed_ms


LinesDep = Annotated[Found, Depends(_lines)]
HealthQuery = Annotated[schemas.HealthName | None, Query()]


@router.get("/devices", operation_id="listLedger")
async def list_devices(
    ops: OpsDep,
    found: LinesDep,
    health: HealthQuery = None,
    sort: Sort = "health",
    order: Literal["asc", "desc"] = "asc",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> schemas.Ledger:
    """The ledger with how each device is; by default what needs somebody first."""
    every, observed_ms = found
    lines = listing.in_order(_of_health(every, health), sort, descending=order == "desc")
    shown, following = listing.page(lines, limit, cursor)
    counts = {health.key: count for health, count in listing.count_health(every).items()}
    return schemas.Ledger(
        items=[_line(line) for line in shown],
        next=following,
        total=len(lines),
        health=schemas.HealthCounts(**counts),
        types=await _kinds(ops),
        observed_days=observed_ms / DAY_MS,
    )


@router.get("/devices.xlsx", operation_id="exportLedger", response_class=Response, responses=SHEET)
async def export_devices(
    ops: OpsDep, found: LinesDep, health: HealthQuery = None, lang: Lang = "zh"
) -> Response:
    """The ledger as a spreadsheet, by device; the filters are those of the list."""
    zone = ops.twin.venue.zone
    content = await asyncio.to_thread(sheets.ledger_sheet, _of_health(found[0], health), lang, zone)
    return _file(content, "devices")


@router.get("/devices/{device}", operation_id="getLedgerEntry")
async def get_device(ops: OpsDep, device: str) -> schemas.LedgerEntry:
    """One line of the ledger."""
    standing = await ops.standing()
    for entry in standing.entries:
        if entry.device.id == device:
            return _line((entry, standing.conditions[entry.row]))
    raise NotFoundError(f"there is no device {device[:100]!r}")


@router.get("/people", operation_id="listAssignees")
async def list_people(ops: OpsDep, person: PersonDep) -> schemas.People:
    """Who can be given work orders."""
    found = await ops.people(person)
    items = [
        schemas.PersonRef(name=each.name, display_name=each.display_name, role=each.role.key)
        for each in found
    ]
    return schemas.People(items=items, next=None, me=person.name)


@router.get("/history", operation_id="getOpsHistory")
async def get_history(
    ops: OpsDep, person: PersonDep, element: Guid = "", device: Short = ""
) -> schemas.MaintenanceHistory:
    """The newest work orders and alarms of an element and its devices, or of one device."""
    devices = tuple(each.id for each in ops.twin.devices_at(element)) if element else (device,)
    wanted = OrderFilter(concerns=(element, devices)) if element else OrderFilter(device=device)
    orders = await ops.orders.find(wanted, NEWEST)
    alarms: list[Alarm] = []
    for each in devices:
        alarms += await ops.twin.alarms.find(AlarmFilter(open_only=False, device=each), NEWEST)
    alarms.sort(key=lambda alarm: alarm.raised_ms, reverse=True)
    return schemas.MaintenanceHistory(
        orders=[schemas.Order(**_fields(ops, order, person)) for order in orders],
        alarms=[_past_alarm(alarm) for alarm in alarms[:NEWEST]],
    )


# Work orders


def _order_filter(
    ops: OpsDep,
    state: Wanted = "open",
    q: Text = "",
    assignee: Annotated[str | None, Query(max_length=64)] = None,
    device: Annotated[str | None, Query(max_length=128)] = None,
    element: Annotated[str | None, Query(max_length=64)] = None,
    alarm: Annotated[str | None, Query(max_length=64)] = None,
    overdue: Annotated[bool, Query(description="Only what should have been done by now.")] = False,
) -> OrderFilter:
    one = None if state in ("open", "all") else OrderState(state)
    late_ms = int(ops.twin.clock.now_ms()) if overdue else None
    return OrderFilter(
        state == "open", one, assignee, device, element, alarm, text=q.strip(), overdue_ms=late_ms
    )


OrderFilterDep = Annotated[OrderFilter, Depends(_order_filter)]


@router.get("/orders", operation_id="listWorkOrders")
async def list_orders(
    ops: OpsDep, person: PersonDep, wanted: OrderFilterDep, limit: Limit = 100, cursor: Cursor = ""
) -> schemas.OrderPage:
    """Work orders, newest first."""
    found = await ops.orders.find(wanted, limit + 1, cursor)
    items = [schemas.Order(**_fields(ops, order, person)) for order in found[:limit]]
    return schemas.OrderPage(items=items, next=items[-1].id if len(found) > limit else None)


@router.get("/orders.xlsx", operation_id="exportWorkOrders", response_class=Response, responses=SHEET)
async def export_orders(ops: OpsDep, wanted: OrderFilterDep, lang: Lang = "zh") -> Response:
    """Work orders as a spreadsheet, newest first; the filters are those of the list."""
    found = await ops.orders.find(wanted, MOST_EXPORTED)
    package, zone = ops.twin.package, ops.twin.venue.zone
    names = storey_names(package, lang), space_names(package, lang)
    return _file(await asyncio.to_thread(sheets.orders_sheet, found, *names, lang, zone), "workorders")


@router.get("/orders/counts", operation_id="countWorkOrders")
async def count_orders(ops: OpsDep) -> schemas.OrderCounts:
    """How many orders are in each state; cheap enough to be asked after every event."""
    return schemas.OrderCounts(**{state.value: count for state, count in (await ops.orders.counts()).items()})


@router.get("/orders/{order}", operation_id="getWorkOrder")
async def get_order(ops: OpsDep, person: PersonDep, order: str) -> schemas.OrderDetail:
    """A work order with all that happened to it."""
    found = await ops.orders.get(order)
    events = [Event(**event_json(event)) for event in await ops.orders.events_of(found)]
    return schemas.OrderDetail(**_fields(ops, found, person), events=events)


@router.post("/orders", operation_id="createWorkOrder", status_code=201)
async def create_order(ops: OpsDep, person: PersonDep, said: schemas.OrderIn) -> schemas.Order:
    """Report a fault of an element, a device or an alarm."""
    report = Report(
        said.title,
        said.description,
        Priority(said.priority),
        element=said.element,
        device=said.device,
        alarm=said.alarm,
        due_ms=_due_ms(ops, said.due),
    )
    made = await ops.orders.create(await located(ops.twin, report), person.actor)
    return schemas.Order(**_fields(ops, made, person))


@router.post("/orders/{order}/dispatch", operation_id="dispatchWorkOrder")
async def dispatch_order(
    ops: OpsDep, person: PersonDep, order: str, said: schemas.DispatchIn
) -> schemas.Order:
    """Give an order to somebody; also to somebody else than before."""
    assignee = await ops.assignee(said.assignee, person)
    data = {
        "assignee": assignee,
        "due_ms": _due_ms(ops, said.due, (await ops.orders.get(order)).due_ms),
        "note": said.note,
    }
    return await _act(ops, order, Action.DISPATCH, person, data)


@router.post("/orders/{order}/accept", operation_id="acceptWorkOrder")
async def accept_order(
    ops: OpsDep, person: PersonDep, order: str, said: schemas.NoteIn | None = None
) -> schemas.Order:
    """Take the order that one was given."""
    return await _act(ops, order, Action.ACCEPT, person, _note(said))


@router.post("/orders/{order}/finish", operation_id="finishWorkOrder")
async def finish_order(ops: OpsDep, person: PersonDep, order: str, said: schemas.ReasonIn) -> schemas.Order:
    """Say that the work is done, and what was done."""
    return await _act(ops, order, Action.FINISH, person, {"note": said.note})


@router.post("/orders/{order}/verify", operation_id="verifyWorkOrder")
async def verify_order(
    ops: OpsDep, person: PersonDep, order: str, said: schemas.NoteIn | None = None
) -> schemas.Order:
    """Find the work good; for managers."""
    return await _act(ops, order, Action.VERIFY, person, _note(said))


@router.post("/orders/{order}/reopen", operation_id="reopenWorkOrder")
async def reopen_order(ops: OpsDep, person: PersonDep, order: str, said: schemas.ReasonIn) -> schemas.Order:
    """Send the work back, with the reason; for managers."""
    return await _act(ops, order, Action.REOPEN, person, {"note": said.note})


@router.post("/orders/{order}/cancel", operation_id="cancelWorkOrder")
async def cancel_order(ops: OpsDep, person: PersonDep, order: str, said: schemas.ReasonIn) -> schemas.Order:
    """Drop an order that is not done, with the reason."""
    return await _act(ops, order, Action.CANCEL, person, {"note": said.note})


async def _act(
    ops: Operations, order: str, action: Action, person: Person, said: Mapping[str, Any]
) -> schemas.Order:
    return schemas.Order(**_fields(ops, await ops.orders.act(order, action, person, said), person))


def _due_ms(ops: Operations, due: datetime | None, known_ms: int | None = None) -> int | None:
    """By when, ms since 1970 UTC; a time that is over is refused, unless it is `known_ms` as before."""
    due_ms = milliseconds(due)
    if due_ms is not None and due_ms != known_ms and due_ms <= ops.twin.clock.now_ms():
        raise BadRequestError("due: give a time ahead")
    return due_ms


def _note(said: schemas.NoteIn | None) -> dict[str, str]:
    return {"note": said.note if said else ""}


def _fields(ops: Operations, order: WorkOrder, person: Person) -> dict[str, Any]:
    """The order as `person` sees it."""
    device = ops.twin.registry.devices.get(order.device or "")
    can = [
        action.value for action in actions_from(order.state) if may(order, action, person.name, person.role)
    ]
    return schemas.order_fields(order, _time) | {
        "element_index": _element_index(ops, order.element),
        "device_name": name(device.label) if device else None,
        "actions": can,
    }


def _element_index(ops: Operations, guid: str | None) -> int | None:
    """Where the element is in this model; None where a new model no longer has it."""
    try:
        return None if guid is None else ops.twin.package.element(guid).element_index
    except UnknownPlaceError:
        return None


def _past_alarm(alarm: Alarm) -> schemas.PastAlarm:
    return schemas.PastAlarm(
        id=alarm.id,
        name=name(alarm.name),
        message=name(alarm.message),
        priority=alarm.priority.key,
        state=alarm.state.value,
        device=alarm.device,
        raised=present.rfc3339(alarm.raised_ms),
        returned=_time(alarm.returned_ms),
        closed=_time(alarm.closed_ms),
    )


def _of_health(lines: list[Line], health: str | None) -> list[Line]:
    return lines if health is None else [line for line in lines if line[1].health.key == health]


def _line(line: Line) -> schemas.LedgerEntry:
    entry, now = line
    return schemas.entry_out(entry, now, None if now.last_ms is None else present.rfc3339(now.last_ms))


async def _kinds(ops: Operations) -> list[schemas.DeviceKind]:
    """The types that have devices, by id."""
    entries = await ops.entries()
    labels = {entry.device.type: entry.type_label for entry in entries}
    counts = Counter(entry.device.type for entry in entries)
    return [
        schemas.DeviceKind(type=kind, name=name(labels[kind]), devices=counts[kind])
        for kind in sorted(counts)
    ]


def _time(time_ms: int | None) -> str | None:
    return None if time_ms is None else present.rfc3339(time_ms)


def _file(content: bytes, stem: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{stem}.xlsx"', "cache-control": "no-store"}
    return Response(content, media_type=XLSX, headers=headers)
