"""`POST /api/telemetry`: devices that speak HTTP."""

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool

from telemetry_bridge.payload import MAX_LISTED, Batch, deliver, parse_http
from telemetry_bridge.ports import Reading, Refusal
from twin.accounts.roles import Role
from twin.http import schemas
from twin.http.context import TwinDep
from twin.http.problems import PROBLEM_RESPONSES
from twin.http.sender import device_of, device_or
from twin.runtime import Twin

router = APIRouter(prefix="/api", tags=["live"], responses=PROBLEM_RESPONSES)

BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
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
                },
                "example": {"samples": [{"device": "L2-LUM-0131", "point": "status", "value": "on"}]},
            }
        },
    }
}


@router.post(
    "/telemetry",
    operation_id="postTelemetry",
    openapi_extra=BODY,
    dependencies=[Depends(device_or(Role.OPERATOR))],
)
async def post_telemetry(request: Request, twin: TwinDep) -> schemas.TelemetryAnswer:
    """Take samples; the good ones of a batch are kept, and each of the others is named with its reason.

    A device signs with its own secret (`Authorization: Bearer twd_...`) and speaks for itself alone; a
    gateway signs with the key of an account with the role `operator` and speaks for all.
    """
    body = await request.body()
    batch = await run_in_threadpool(parse_http, body)
    sender = device_of(request)
    if sender is not None:
        batch = _own(twin, batch, sender)
    acceptance = deliver(batch, twin.bridge)  # on the event loop: the live state has one writer
    return schemas.TelemetryAnswer(
        accepted=acceptance.accepted,
        refused_count=len(acceptance.refused),
        refused=[
            schemas.RefusedSample(
                index=each.index,
                device=each.device,
                point=each.point,
                code=each.code,
                reason=each.reason,
            )
            for each in acceptance.refused[:MAX_LISTED]
        ],
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
