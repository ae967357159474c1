"""`POST /api/telemetry`: devices that speak HTTP."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from telemetry_bridge.payload import MAX_LISTED, deliver, parse_http
from twin.http import schemas
from twin.http.context import TwinDep
from twin.http.problems import PROBLEM_RESPONSES

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


@router.post("/telemetry", operation_id="postTelemetry", openapi_extra=BODY)
async def post_telemetry(request: Request, twin: TwinDep) -> schemas.TelemetryAnswer:
    """Take samples; the good ones of a batch are kept, and each of the others is named with its reason."""
    body = await request.body()
    batch = await run_in_threadpool(parse_http, body)
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
