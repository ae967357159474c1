"""`/api/elements`: find elements, and tell all about one."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime

from spatial.model import ElementFilter
from twin.accounts.roles import Role
from twin.bound import BoundDevices
from twin.errors import BadRequestError
from twin.film.segment import State
from twin.http import present, present_live, schemas
from twin.http.context import TwinDep
from twin.http.identity import check_role, person_of, requires
from twin.http.problems import PROBLEM_RESPONSES
from twin.runtime import Twin
from twin.then import then_of

DEFAULT_LIMIT = 100
MOST_INDICES = 1000
MS_PER_S = 1000.0

router = APIRouter(prefix="/api/elements", tags=["model"], responses=PROBLEM_RESPONSES)

Text = Annotated[str, Query(max_length=200, description="Words to look for; Chinese text too.")]
ClassNames = Annotated[
    list[str] | None,
    Query(alias="class", description="IFC classes, without regard to case; may be repeated."),
]
Guid = Annotated[str | None, Query(max_length=64)]
Indices = Annotated[
    str | None, Query(max_length=16_000, description="element_index of the wanted ones, separated by commas.")
]
Limit = Annotated[int, Query(ge=1, description="At most 1000 are given at once.")]
Cursor = Annotated[str, Query(max_length=64, description="`next` of the page before.")]


@router.get("", operation_id="listElements")
def list_elements(
    twin: TwinDep,
    q: Text = "",
    class_names: ClassNames = None,
    storey: Guid = None,
    space: Guid = None,
    index: Indices = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = "",
) -> schemas.ElementPage:
    """Elements that meet every filter given, in a stable order."""
    wanted = ElementFilter(
        text=q,
        classes=tuple(class_names or ()),
        storey_index=twin.package.storey(storey).element_index if storey else None,
        space_index=twin.package.space(space).element_index if space else None,
        indices=_parse_indices(index),
    )
    page = twin.package.find(wanted, limit, cursor)
    return schemas.ElementPage(
        items=[present.element(twin.package, found) for found in page.items], next=page.next
    )


@router.get("/{guid}", operation_id="getElement", dependencies=[Depends(requires(Role.OPERATOR))])
async def get_element(
    request: Request,
    twin: TwinDep,
    guid: str,
    at: Annotated[
        AwareDatetime | None,
        Query(description="Devices and readings of a past moment, RFC 3339; of now when left out."),
    ] = None,
) -> schemas.ElementDetail:
    """All that is known of an element: properties, placement, devices, and what their points read.

    With `at`, for managers: the devices that stood for it then, of those that are still there, and what they
    read. Where nobody noted the bindings of then, they are those of now.
    """
    if at is None:
        return await asyncio.to_thread(_detail, twin, guid, twin.bound, None)
    check_role(await person_of(request), Role.MANAGER)
    moment = await twin.film.state_at(at.timestamp() * MS_PER_S)
    then = await then_of(twin, moment.time_ms)
    bound = twin.bound if then is None else then.bound
    return await asyncio.to_thread(_detail, twin, guid, bound, moment.state)


def _detail(twin: Twin, guid: str, bound: BoundDevices, state: State | None) -> schemas.ElementDetail:
    """An element with the devices that are bound to it, and a past state; None: that of now."""
    detail, known = twin.package.detail(guid), twin.registry.devices
    devices = [known[device] for device in bound.devices_at.get(guid, ()) if device in known]
    points = [point for device in devices for point in twin.registry.points_of(device.id)]
    return present.element_detail(
        twin.package,
        detail,
        [present_live.device(twin, device, bound) for device in devices],
        present_live.readings(twin, points, bound, state),
    )


def _parse_indices(text: str | None) -> tuple[int, ...] | None:
    """Numbers from `3,17,4`. Raises BadRequestError."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MOST_INDICES or not all(part.isascii() and part.isdigit() for part in parts):
        raise BadRequestError(f"index: give up to {MOST_INDICES} numbers separated by commas")
    return tuple(min(int(part), 2**31) for part in parts)
