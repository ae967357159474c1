"""`/api/points`, `/api/devices`, `/api/state`: what is measured, by what, and what it reads now."""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel

from telemetry_bridge.points import Device, Point
from twin.accounts.roles import Role
from twin.http import history, present, present_live, schemas
from twin.http.context import TwinDep
from twin.http.encoded import EncodedBody
from twin.http.identity import check_role, person_of
from twin.http.problems import PROBLEM_RESPONSES
from twin.runtime import Twin

router = APIRouter(prefix="/api", tags=["live"], responses=PROBLEM_RESPONSES)

FRAME = "application/octet-stream"
Limit = Annotated[int | None, Query(ge=1, description="All, when left out.")]
Cursor = Annotated[str, Query(max_length=64, description="`next` of the part before.")]
Short = Annotated[str | None, Query(max_length=100)]


@router.get("/points", operation_id="listPoints", response_model=schemas.PointPage)
def list_points(
    request: Request,
    twin: TwinDep,
    device: Short = None,
    point_class: Annotated[str | None, Query(alias="class", max_length=100)] = None,
    limit: Limit = None,
    cursor: Cursor = "",
) -> Response | schemas.PointPage:
    """The points, by point_index."""
    if not request.query_params:
        return _whole(request, twin, "points", lambda: _points(twin, twin.registry.points, None, ""))
    points = twin.registry.points if device is None else twin.registry.points_of(device)
    wanted = [each for each in points if point_class in (None, each.point_class)]
    return _points(twin, wanted, limit, cursor)


def _points(twin: Twin, wanted: Sequence[Point], limit: int | None, cursor: str) -> schemas.PointPage:
    part, next_cursor = present.part_of(wanted, limit, cursor)
    return schemas.PointPage(items=[present_live.point(twin, each) for each in part], next=next_cursor)


@router.get("/devices", operation_id="listDevices", response_model=schemas.DevicePage)
def list_devices(
    request: Request,
    twin: TwinDep,
    kind: Annotated[str | None, Query(alias="type", max_length=100)] = None,
    storey: Short = None,
    space: Short = None,
    limit: Limit = None,
    cursor: Cursor = "",
) -> Response | schemas.DevicePage:
    """The devices, by id."""
    devices = list(twin.registry.devices.values())
    if not request.query_params:
        return _whole(request, twin, "devices", lambda: _devices(twin, devices, None, ""))
    on = twin.package.storey(storey).element_index if storey else None
    within = twin.package.space(space).element_index if space else None
    wanted = [each for each in devices if kind in (None, each.type) and _is_at(twin, each, on, within)]
    return _devices(twin, wanted, limit, cursor)


def _devices(twin: Twin, wanted: Sequence[Device], limit: int | None, cursor: str) -> schemas.DevicePage:
    part, next_cursor = present.part_of(wanted, limit, cursor)
    return schemas.DevicePage(items=[present_live.device(twin, each) for each in part], next=next_cursor)


def _whole(request: Request, twin: Twin, name: str, make: Callable[[], BaseModel]) -> Response:
    """A whole list, written once while bindings stay: to validate thousands of items holds up the stream."""
    body = twin.cached_while_bound(
        name, lambda: EncodedBody(make().model_dump_json(by_alias=True).encode(), "application/json")
    )
    return body.response(request)


def _is_at(twin: Twin, device: Device, storey_index: int | None, space_index: int | None) -> bool:
    """Whether a device is on a storey and in a space; None is anywhere. A space's own device is in it."""
    if storey_index is None and space_index is None:
        return True
    element = twin.bound.element_of.get(device.id)
    if element is None:
        return False
    in_space = space_index in (None, element.space_index, element.element_index)
    return in_space and storey_index in (None, element.storey_index)


@router.get(
    "/state",
    operation_id="getState",
    response_model=schemas.StateList,
    responses={200: {"content": {FRAME: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_state(
    request: Request,
    twin: TwinDep,
    at: Annotated[
        AwareDatetime | None, Query(description="A past moment, RFC 3339; now when left out.")
    ] = None,
) -> Response | schemas.StateList:
    """What every point reads, or read; with `Accept: application/octet-stream` as one snapshot frame."""
    if at is not None:
        check_role(await person_of(request), Role.MANAGER)
        return await history.past_state(request, twin, at)
    if FRAME in request.headers.get("accept", ""):
        return Response(
            twin.bridge.snapshot().data,
            media_type=FRAME,
            headers={"vary": "Accept", "cache-control": "no-store"},
        )
    return schemas.StateList(
        epoch=twin.bridge.epoch,
        seq=twin.bridge.seq,
        time=present.rfc3339(twin.clock.now_ms()),
        items=[present_live.state_item(twin, each) for each in twin.registry.points],
        revision=twin.package.manifest.revision,
        rebound=0,
        next=None,
    )
