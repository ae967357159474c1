"""`/api/bindings`: which element each device stands for, what deserves a look, and changing it."""

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime

from spatial.errors import UnknownPlaceError
from spatial.model import Element
from telemetry_bridge.bindings import Binding, report_of
from twin.accounts.roles import Role
from twin.bound import BoundDevices
from twin.devices.binding_report import Report, Row, RowKind, Shared
from twin.devices.binding_text import parse_bindings, write_bindings
from twin.devices.guessing import Guess
from twin.errors import NotFoundError, NotRecordedError
from twin.film.scenes import Scene
from twin.http import binding_schemas, present, schemas
from twin.http.context import ActorDep, TwinDep
from twin.http.devices import CSV, CSV_ANSWER, decoded
from twin.http.identity import check_role, person_of, requires
from twin.http.present_live import name
from twin.http.problems import PROBLEM_RESPONSES
from twin.runtime import Twin
from twin.then import Then, rebound, then_of
from twin.venue import Name

router = APIRouter(prefix="/api", tags=["live"], responses=PROBLEM_RESPONSES)

MANAGES = [Depends(requires(Role.MANAGER))]
CSV_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {CSV: {"schema": {"type": "string"}, "example": "device,element\nL2-LUM-0131,\n"}},
    }
}
MOST_SHARED = 500
MS_PER_S = 1000.0
At = Annotated[
    AwareDatetime | None, Query(description="A past moment, RFC 3339; now when left out. For managers.")
]


@router.get("/bindings", operation_id="listBindings")
async def list_bindings(request: Request, twin: TwinDep, at: At = None) -> schemas.BindingReport:
    """All bindings, by device, and what about them deserves a look; or those of a past moment."""
    if at is None:
        return await _report(twin)
    check_role(await person_of(request), Role.MANAGER)
    then = await then_of(twin, at.timestamp() * MS_PER_S)
    if then is None:
        raise NotRecordedError("which bindings were in force at that time was not noted")
    return await asyncio.to_thread(_report_of, twin, then)


@router.put("/bindings", operation_id="putBindings", dependencies=MANAGES)
async def put_bindings(
    twin: TwinDep, actor: ActorDep, changes: schemas.BindingChange | list[schemas.BindingItem]
) -> schemas.BindingReport:
    """Bind the devices that are named; the others keep their element. All are taken, or none."""
    items = changes if isinstance(changes, list) else changes.items
    await twin.rebind([Binding(each.device, each.element) for each in items], actor)
    return await _report(twin)


@router.get(
    "/bindings/table.csv", operation_id="exportBindings", response_class=Response, responses=CSV_ANSWER
)
async def export_bindings(twin: TwinDep) -> Response:
    """Every device and its element as a table; it can be changed and imported again."""
    headers = {"content-disposition": 'attachment; filename="bindings.csv"'}
    return Response("\ufeff" + write_bindings(twin.bindings.all()), media_type=CSV, headers=headers)


@router.post("/bindings/table", operation_id="importBindings", dependencies=MANAGES, openapi_extra=CSV_BODY)
async def import_bindings(
    request: Request,
    twin: TwinDep,
    actor: ActorDep,
    dry_run: Annotated[bool, Query(description="Only say what would change.")] = False,
    reason: Annotated[str, Query(max_length=200, description="Why, for the event.")] = "",
) -> binding_schemas.BindingTableImport:
    """Bind many devices by a table with the columns `device` and `element`; all of it is taken, or none.

    422: every fault with its line.
    """
    rows = await asyncio.to_thread(parse_bindings, decoded(await request.body()), "table")
    element_of = twin.bindings.element_of
    changes = [row for row in rows if element_of.get(row.device, "") != row.element]
    await asyncio.to_thread(twin.bindings.with_changes, rows, twin.has_element)  # every fault of every row
    if changes and not dry_run:
        await twin.rebind(changes, actor, reason)
    return binding_schemas.BindingTableImport(
        rows=len(rows), changed=[each.device for each in changes], applied=not dry_run
    )


@router.get("/bindings/report", operation_id="getBindingsReport")
async def get_report(
    twin: TwinDep,
    kind: Annotated[list[RowKind] | None, Query(description="Of these kinds alone.")] = None,
    device: Annotated[str | None, Query(max_length=100, description="Of this device alone.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str, Query(max_length=64, description="`next` of the page before.")] = "",
) -> binding_schemas.BindingsReport:
    """Devices without an element with what is guessed of them, what vanished, what rules bound."""
    report = await twin.binding_report()
    rows = [each for each in report.rows if not kind or each.kind in kind]
    rows = [each for each in rows if device in (None, each.device)]
    part, following = present.part_of(rows, limit, cursor)
    return await asyncio.to_thread(_shown_report, twin, report, part, following)


@router.post("/bindings/accept", operation_id="acceptBindings", dependencies=MANAGES)
async def accept_bindings(
    twin: TwinDep, actor: ActorDep, wish: binding_schemas.AcceptBindings
) -> binding_schemas.ReportCounts:
    """Bind devices to the elements that a person says they belong to, guessed or chosen; null: to none."""
    await twin.rebind([Binding(each.device, each.element) for each in wish.items], actor, wish.reason)
    set_aside = [each.device for each in wish.items if each.element is None]
    if set_aside:  # what was rejected of them before says no more than that
        await twin.devices.rejections.forget(set_aside)
    return _counts(await twin.binding_report())


@router.post("/bindings/reject", operation_id="rejectBindings", dependencies=MANAGES)
async def reject_bindings(
    twin: TwinDep, actor: ActorDep, wish: binding_schemas.RejectGuesses
) -> binding_schemas.ReportCounts:
    """Say that guesses are wrong: they are not made again. A device that a rule bound so is bound no more."""
    unknown = [each.device for each in wish.items if each.device not in twin.registry.devices]
    if unknown:
        raise NotFoundError(f"there is no device {unknown[0]!r}")
    rejected = await twin.devices.rejections.reject(
        [(each.device, each.element) for each in wish.items], actor, wish.reason
    )
    ruled = twin.bindings.ruled
    wrong = [each.device for each in wish.items if ruled.get(each.device) == each.element]
    if wrong:
        changes = [Binding(device, None) for device in dict.fromkeys(wrong)]
        await twin.rebind(changes, actor, wish.reason, cause=rejected[0].id)
    return _counts(await twin.binding_report())


async def _report(twin: Twin) -> schemas.BindingReport:
    revision, bindings = twin.film.scenes.now
    last = twin.film.scenes.at(twin.clock.now_ms())
    if last is None or not last.shows(revision, bindings.hash):
        last = Scene(0, math.nan, None, revision, bindings.hash)
    return await asyncio.to_thread(_report_of, twin, Then(last, bindings, twin.bound))


def _report_of(twin: Twin, then: Then) -> schemas.BindingReport:
    elements, bound, scene = then.bindings.elements, then.bound, then.scene
    report = report_of(elements, lambda guid: guid in bound.devices_at)
    return schemas.BindingReport(
        items=[_item(device, guid, bound) for device, guid in elements.items()],
        next=None,
        unbound=list(report.unbound),
        lost=dict(report.lost),
        shared={guid: list(devices) for guid, devices in report.shared.items()},
        revision=scene.revision,
        hash=scene.bindings,
        since=None if math.isnan(scene.from_ms) else present.rfc3339(math.floor(scene.from_ms)),
        rebound=schemas.ReboundDevices(**asdict(rebound(elements, twin.bindings.element_of))),
    )


def _item(device: str, guid: str | None, bound: BoundDevices) -> schemas.BoundItem:
    element = bound.element_of.get(device)
    index = None if element is None else element.element_index
    return schemas.BoundItem(device=device, element=guid, element_index=index)


def _shown_report(
    twin: Twin, report: Report, rows: Sequence[Row], following: str | None
) -> binding_schemas.BindingsReport:
    return binding_schemas.BindingsReport(
        items=[_row(twin, each) for each in rows],
        next=following,
        counts=_counts(report),
        shared=[_shared(twin, each) for each in report.shared[:MOST_SHARED] if each.doubtful],
    )


def _counts(report: Report) -> binding_schemas.ReportCounts:
    kinds = Counter(row.kind for row in report.rows)
    return binding_schemas.ReportCounts(
        **{kind.value: kinds[kind] for kind in RowKind},
        settled=report.settled,
        shared=len(report.shared),
        doubtful=sum(each.doubtful for each in report.shared),
    )


def _row(twin: Twin, row: Row) -> binding_schemas.ReportRow:
    device = twin.registry.devices[row.device]
    past = row.past
    return binding_schemas.ReportRow(
        device=row.device,
        name=name(device.label),
        type=device.type,
        type_name=name(twin.registry.types[device.type].label),
        kind=row.kind.value,
        element=row.element,
        bound=None if row.element is None else _element(twin, row.element),
        past=None
        if past is None
        else binding_schemas.PastElement(
            guid=past.guid,
            name=past.name,
            ifc_class=past.ifc_class,
            storey=past.storey,
            box=present.box(past.box),
        ),
        guesses=[shown for each in row.guesses if (shown := _guess(twin, each)) is not None],
    )


def _guess(twin: Twin, guess: Guess) -> binding_schemas.GuessOut | None:
    element = _element(twin, guess.element)
    if element is None:
        return None
    return binding_schemas.GuessOut(
        element=element,
        confidence=round(guess.confidence, 3),
        rules=list(guess.rules),
        text=guess.text,
        distance_m=guess.distance_m,
    )


def _shared(twin: Twin, shared: Shared) -> binding_schemas.SharedElement:
    return binding_schemas.SharedElement(
        element=_element(twin, shared.element),
        guid=shared.element,
        devices=list(shared.devices),
        doubtful=shared.doubtful,
    )


def _element(twin: Twin, guid: str) -> binding_schemas.PlacedElement | None:
    try:
        element = twin.package.element(guid)
    except UnknownPlaceError:
        return None
    return binding_schemas.PlacedElement(
        guid=element.guid,
        element_index=element.element_index,
        name=Name(zh=element.long_name or element.name, en=element.name_en),
        tag=element.tag,
        ifc_class=element.ifc_class,
        storey=present.storey_guid(twin.package, element.storey_index),
        space=_space(twin, element),
        box=present.box(element.box),
    )


def _space(twin: Twin, element: Element) -> str | None:
    """The guid of the space that an element is in, or is."""
    if element.element_index in twin.package.space_by_index:
        return element.guid
    return present.space_guid(twin.package, element.space_index)
