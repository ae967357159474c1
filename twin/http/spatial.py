"""Storeys, spaces, plans, and the questions of where something is."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from twin.http import present, schemas
from twin.http.context import TwinDep
from twin.http.encoded import EncodedBody
from twin.http.problems import PROBLEM_RESPONSES

router = APIRouter(prefix="/api", tags=["places"], responses=PROBLEM_RESPONSES)

FARTHEST_M = 1e7
Metres = Annotated[float, Query(ge=-FARTHEST_M, le=FARTHEST_M, allow_inf_nan=False, description="m")]
Radius = Annotated[
    float | None,
    Query(ge=0, le=FARTHEST_M, allow_inf_nan=False, description="m; without it as far as it takes"),
]
GEOJSON = "application/geo+json"


@router.get("/storeys", operation_id="listStoreys")
def list_storeys(twin: TwinDep) -> schemas.StoreyPage:
    """The storeys, lowest first."""
    return schemas.StoreyPage(items=present.storeys(twin.package), next=None)


@router.get("/spaces", operation_id="listSpaces")
def list_spaces(
    twin: TwinDep,
    storey: Annotated[str | None, Query(max_length=64)] = None,
    footprint: bool = False,
    limit: Annotated[int | None, Query(ge=1)] = None,
    cursor: Annotated[str, Query(max_length=64)] = "",
) -> schemas.SpacePage:
    """The spaces; `footprint=true` adds their outlines."""
    on = twin.package.storey(storey).element_index if storey else None
    wanted = [each for each in twin.package.spaces if on is None or each.storey_index == on]
    part, next_cursor = present.part_of(wanted, limit, cursor)
    items = [present.space(twin.package, each, with_footprint=footprint) for each in part]
    return schemas.SpacePage(items=items, next=next_cursor)


@router.get(
    "/plans/{storey}",
    operation_id="getPlan",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {"schema": {"type": "object"}}}}},
)
def get_plan(request: Request, twin: TwinDep, storey: str) -> Response:
    """A storey's plan: a GeoJSON FeatureCollection in local metres."""
    body = EncodedBody(twin.package.plan_bytes(twin.package.storey(storey)), GEOJSON)
    return body.response(request)


@router.get("/spatial/locate", operation_id="locate")
def locate(twin: TwinDep, x: Metres, y: Metres, z: Metres) -> schemas.Located:
    """What is at a point: its space, its storey, and the elements whose box holds it."""
    found = twin.package.locate(x, y, z)
    return schemas.Located(
        space=None if found.space is None else present.space(twin.package, found.space),
        storey=None if found.storey is None else _storey_ref(found.storey.guid, twin),
        items=[present.element(twin.package, each) for each in found.elements],
        next=None,
    )


@router.get("/spatial/nearest", operation_id="nearest")
def nearest(
    twin: TwinDep,
    x: Metres,
    y: Metres,
    z: Metres,
    class_names: Annotated[list[str] | None, Query(alias="class")] = None,
    limit: Annotated[int, Query(ge=1)] = 10,
    radius: Radius = None,
) -> schemas.NearPage:
    """The elements nearest to a point, by the distance to their box; with `radius` none farther away."""
    found = twin.package.nearest(x, y, z, class_names or (), limit, radius)
    items = [
        schemas.NearElement(**dict(present.element(twin.package, each.element)), distance_m=each.distance_m)
        for each in found
    ]
    return schemas.NearPage(items=items, next=None)


def _storey_ref(guid: str, twin: TwinDep) -> schemas.ElementRef:
    return present.element_ref(twin.package.element(guid))
