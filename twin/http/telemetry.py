"""`POST /api/telemetry`: devices that speak HTTP."""

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool

from telemetry_bridge.columns import FRAME_MEDIA_TYPE, ColumnBatch, ColumnReader, deliver_columns
from telemetry_bridge.payload import Batch, deliver, read_document, read_samples
from telemetry_bridge.ports import Acceptance, Reading, Refusal
from twin.accounts.roles import Role
from twin.http import schemas
from twin.http.context import TwinDep
from twin.http.present_live import refused_samples
from twin.http.problems import PROBLEM_RESPONSES
from twin.http.sender import device_of, device_or
from twin.runtime import Twin

router = APIRouter(prefix="/api", tags=["live"], responses=PROBLEM_RESPONSES)

SAMPLES = {
    "type": "object",
    "required": ["samples"],
    "properties": {
        "samples": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["device", "point", "value"],
                "properties": {
                    "device": {"type": "string"},
                    "point": {"type": "string"},
                    "value": {"type": ["number", "boolean", "string"]},
                    "time": {"type": "string", "format": "date-time"},
                },
            },
        }
    },
}
NUMBERS = {"type": "array", "items": {"type": ["number", "null"]}}
NUMBER_OR_NUMBERS = {"type": ["number", "array"], "items": {"type": "number"}}
COLUMNS = {
    "type": "object",
    "required": ["columns"],
    "properties": {
        "columns": {
            "type": "object",
            "required": ["value"],
            "properties": {
                "point": {"type": "array", "items": {"type": "string"}},
                "point_index": {"type": "array", "items": {"type": "integer"}},
                "registry": {"type": "string"},
                "value": NUMBERS,
                "time": {"type": "string", "format": "date-time"},
                "time_ms": NUMBER_OR_NUMBERS,
                "quality": NUMBER_OR_NUMBERS,
            },
        }
    },
}
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [SAMPLES, COLUMNS]},
                "example": {"samples": [{"device": "L2-LUM-0131", "point": "status", "value": "on"}]},
            },
            FRAME_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.post(
    "/telemetry",
    operation_id="postTelemetry",
    openapi_extra=BODY,
    dependencies=[Depends(device_or(Role.OPERATOR))],
)
async def post_telemetry(
    request: Request, twin: TwinDep, registry: str | None = None
) -> schemas.TelemetryAnswer:
    """Take samples; the good ones of a batch are kept, and each of the others is named with its reason.

    A device signs with its own secret (`Authorization: Bearer twd_...`) and speaks for itself alone; a
    gateway signs with the key of an account with the role `operator` and speaks for all. Thousands at once go
    as columns, in JSON or as frames; frames need `registry`, which `GET /api/points` tells.
    """
    body = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    batch = await run_in_threadpool(_read, twin, body, media_type, registry)
    sender = device_of(request)
    # On the event loop: the live state has one writer.
    return _answer(_delivered(twin, batch, sender))


def _read(twin: Twin, body: bytes, media_type: str, registry: str | None) -> Batch | ColumnBatch:
    reader = twin.cached("column reader", lambda: ColumnReader(twin.registry))
    if media_type == FRAME_MEDIA_TYPE:
        return reader.read_frames(body, registry)
    document = read_document(body)
    if isinstance(document, dict) and "columns" in document:
        return reader.read_json(document)
    return read_samples(document)


def _delivered(twin: Twin, batch: Batch | ColumnBatch, sender: str | None) -> Acceptance:
    if isinstance(batch, Batch):
        return deliver(batch if sender is None else _own(twin, batch, sender), twin.bridge)
    if sender is None:
        return deliver_columns(batch, twin.bridge)
    own = batch.of_device(twin.registry, sender)
    if len(own.strangers) > len(batch.strangers):
        twin.gate.count_wrong_device(sender)
    return deliver_columns(own, twin.bridge, sender)


def _answer(acceptance: Acceptance) -> schemas.TelemetryAnswer:
    return schemas.TelemetryAnswer(
        accepted=acceptance.accepted,
        refused_count=acceptance.refused_count,
        refused=refused_samples(acceptance),
    )


def _own(twin: Twin, batch: Batch, sender: str) -> Batch:
    """The readings of the device that signed; those of others are refused."""
    foreign = [each for each in batch.readings if each.device != sender]
    if not foreign:
        return batch
    twin.gate.count_wrong_device(sender)
    own = tuple(each for each in batch.readings if each.device == sender)
    return Batch(own, (*batch.refused, *(_foreign(each, sender) for each in foreign)))


def _foreign(reading: Reading, sender: str) -> Refusal:
    reason = f"this was signed by {sender}, which speaks for itself alone"
    return Refusal.of(reading.row, reading.device, reading.point, "wrong_device", reason)
