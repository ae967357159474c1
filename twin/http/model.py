"""`/api/model`: which model is served, and its elements as columns."""

import orjson
from fastapi import APIRouter, Request, Response

from bim_pipeline.differences import read_differences
from spatial.package import ModelPackage
from twin.http import present, schemas
from twin.http.context import TwinDep
from twin.http.encoded import EncodedBody
from twin.http.problems import PROBLEM_RESPONSES
from twin.runtime import Twin

router = APIRouter(prefix="/api/model", tags=["model"], responses=PROBLEM_RESPONSES)


@router.get("", operation_id="getModel")
def get_model(twin: TwinDep) -> schemas.Model:
    """The model's facts, its venue, and the time that it lives in."""
    package, raw = twin.package, twin.package.manifest.raw
    return schemas.Model(
        name=package.manifest.name,
        revision=package.manifest.revision,
        tileset_url=f"/tiles/tileset.json?revision={package.manifest.revision}",
        columns_url="/api/model/columns",
        bounds=present.box(package.manifest.bounds),
        terrain=present.box(twin.cached("terrain", package.terrain)),
        boxes_url="/api/model/boxes",
        storeys=present.storeys(package),
        element_count=package.element_count,
        counts=dict(package.manifest.counts),
        source=schemas.SourceInfo.model_validate(raw.get("source") or {}),
        local_from_source=raw.get("local_from_source"),
        georeference=raw.get("georeference"),
        warning_count=len(raw.get("warnings") or ()),
        venue=_venue(twin),
        simulated=twin.bridge.simulated,
        speed=twin.clock.speed,
        time=present.rfc3339(twin.clock.now_ms()),
        epoch=twin.bridge.epoch,
        registry=twin.registry.hash,
    )


def _venue(twin: Twin) -> schemas.VenueSummary:
    info = twin.venue.info
    return schemas.VenueSummary(
        id=info.id,
        name=info.name,
        timezone=info.timezone,
        location=info.location,
        opening_hours={str(day): hours for day, hours in info.opening_hours.items()},
        operator=info.operator,
    )


@router.get("/differences", operation_id="getDifferences", response_model=schemas.Differences)
def get_differences(request: Request, twin: TwinDep) -> Response:
    """What this revision of the model changed against the one before it; nothing where there was none."""
    body = twin.cached("differences", lambda: EncodedBody(differences_json(twin.package), "application/json"))
    return body.response(request)


def differences_json(package: ModelPackage) -> bytes:
    """`differences.json` of the package as the API gives it."""
    content = read_differences(package.folder) or {"revision": package.manifest.revision}
    return schemas.Differences.model_validate(content).model_dump_json(by_alias=True).encode()


@router.get("/columns", operation_id="getColumns", response_model=schemas.Columns)
def get_columns(request: Request, twin: TwinDep) -> Response:
    """Class, storey and space of every element, row = element_index; does not change within a revision."""
    body = twin.cached("columns", lambda: EncodedBody(columns_json(twin.package), "application/json"))
    return body.response(request)


@router.get(
    "/boxes",
    operation_id="getBoxes",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def get_boxes(request: Request, twin: TwinDep) -> Response:
    """Boxes of all elements, row = element_index: little-endian float32, min xyz, max xyz, m; NaN is none."""
    body = twin.cached("boxes", lambda: EncodedBody(boxes_bytes(twin.package), "application/octet-stream"))
    return body.response(request)


def boxes_bytes(package: ModelPackage) -> bytes:
    """`(n, 6)` float32, to the centimetre, which compresses to a third."""
    return package.boxes().round(2).astype("<f4").tobytes()


def columns_json(package: ModelPackage) -> bytes:
    """The columns as JSON."""
    columns = package.columns
    content = {
        "classes": list(columns.class_names),
        "class": columns.class_id,
        "storey": columns.storey,
        "space": columns.space,
    }
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
