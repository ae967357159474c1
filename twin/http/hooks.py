"""`POST /api/hooks/{id}`: messages of other systems, as the lines of kind `webhook` in `adapters.yaml` say.

Who may post is decided by the message's own proof, so the route is open to everyone.
"""

import structlog
from fastapi import APIRouter, Request
from sqlalchemy.exc import SQLAlchemyError

from telemetry_bridge.adapter_lines import Line
from telemetry_bridge.adapters.webhook import Received, WebhookAdapter
from telemetry_bridge.adapters.webhook_mapping import HookEvent
from telemetry_bridge.errors import HookCode, HookError
from twin.errors import (
    BadRequestError,
    BodyTooLargeError,
    BusyError,
    NotFoundError,
    ReplayedError,
    RequestError,
    SignInError,
)
from twin.events.event import Draft
from twin.http import schemas
from twin.http.context import TwinDep
from twin.http.present_live import refused_samples
from twin.http.problems import PROBLEM_RESPONSES
from twin.runtime import Twin

LOG = structlog.get_logger(__name__)

router = APIRouter(prefix="/api/hooks", tags=["live"], responses=PROBLEM_RESPONSES)

BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
}
MAX_BYTES = 1024 * 1024


class HookAnswer(schemas.TelemetryAnswer):
    """What became of a message: its samples, and how many events it gave."""

    events: int


@router.post("/{hook}", operation_id="postHook", openapi_extra=BODY)
async def post_hook(hook: str, request: Request, twin: TwinDep) -> HookAnswer:
    """Take a message of another system. A message is taken once: sent again, it is refused with 409."""
    adapter = _webhook(twin, hook)
    try:
        received = adapter.receive(request.headers, await _body(request))
    except HookError as error:
        raise _problem(error) from error
    await _write_down(twin, hook, adapter, received)
    acceptance = received.acceptance
    return HookAnswer(
        accepted=acceptance.accepted,
        refused_count=acceptance.refused_count,
        refused=refused_samples(acceptance),
        events=len(received.events),
    )


def _webhook(twin: Twin, hook: str) -> WebhookAdapter:
    line = twin.adapters.get(hook)
    if isinstance(line, Line) and isinstance(line.adapter, WebhookAdapter):
        return line.adapter
    raise NotFoundError("there is no such webhook, or it does not run; see /api/bridge")


async def _body(request: Request) -> bytes:
    """The body, up to a webhook's limit: strangers may post too. Raises BodyTooLargeError."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise BodyTooLargeError(MAX_BYTES)
    return bytes(body)


async def _write_down(twin: Twin, hook: str, adapter: WebhookAdapter, received: Received) -> None:
    """Append the events; where that fails the sender may send the message again. Raises BusyError."""
    if not received.events:
        return
    drafts = [_draft(twin, hook, event) for event in received.events]
    try:
        await twin.events.append(*drafts)
    except (SQLAlchemyError, OSError) as error:
        adapter.give_back(received.mark)
        LOG.warning("events of a webhook cannot be written", hook=hook, reason=str(error))
        raise BusyError("the events cannot be written down now; send the message again") from error


def _draft(twin: Twin, hook: str, event: HookEvent) -> Draft:
    """The event as the log has it: about the device where the venue has it, else about the webhook."""
    data = dict(event.data)
    if event.device and event.device not in twin.registry.devices:
        data["device"] = event.device
    known = event.device in twin.registry.devices
    subject = f"device:{event.device}" if known else f"hook:{hook}"
    return Draft(event.type, subject, f"hook:{hook}", data)


def _problem(error: HookError) -> RequestError:
    """The problem that a refused message becomes; the sender is told no more than it needs."""
    by_code: dict[HookCode, type[RequestError]] = {
        "unsigned": SignInError,
        "stale": SignInError,
        "replayed": ReplayedError,
        "malformed": BadRequestError,
        "busy": BusyError,
    }
    return by_code.get(error.code, BadRequestError)(str(error))
