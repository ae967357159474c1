"""`/api/commands`: what devices are told to do, and what became of it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from telemetry_bridge.said import Reason, Said
from twin.control.model import CommandState, Order
from twin.errors import BadRequestError
from twin.http.context import TwinDep
from twin.http.identity import PersonDep
from twin.http.present import rfc3339
from twin.http.problems import PROBLEM_RESPONSES
from twin.http.schemas import Answer
from twin.runtime import Twin

router = APIRouter(prefix="/api/commands", tags=["commands"], responses=PROBLEM_RESPONSES)


class CommandIn(BaseModel):
    """An order to a device."""

    model_config = ConfigDict(extra="forbid")

    device: str = Field(max_length=128)
    point: str = Field(max_length=128)
    value: float | bool | str = Field(description="A number, a truth value or the key of a state.")
    reason: str = Field(default="", max_length=200)
    cause: str | None = Field(
        default=None, max_length=26, description="Id of the event that it answers, such as an alarm's."
    )


class CommandOut(Answer):
    """A command: `value` is desired, `reported` is what the device says now.

    `fault` is why it failed, `fault_reason` and `fault_named` the same for pages in other languages.
    """

    id: str
    device: str
    point: str
    value: float
    reported: float | None
    state: Literal["sent", "confirmed", "failed"]
    fault: str
    fault_reason: Reason | None
    fault_named: dict[str, str | int | float]
    actor: str
    reason: str
    sent: str
    decided: str | None
    event: str


class CommandList(Answer):
    """Commands, newest first."""

    items: list[CommandOut]
    next: str | None


@router.post("", operation_id="sendCommand", status_code=202)
async def send_command(twin: TwinDep, person: PersonDep, order: CommandIn) -> CommandOut:
    """Tell a device what to do; the answer says that it is on its way, the list what came of it.

    409: it cannot be obeyed, or the venue's interlocks forbid it; or somebody works at the device.
    """
    if order.cause is not None and await twin.events.get(order.cause) is None:
        raise BadRequestError(f"cause: there is no event '{order.cause}'")
    wanted = Order(order.device, order.point, order.value, order.reason)
    (state,) = await twin.commands.send([wanted], person.actor, order.cause, role=person.role)
    return command_out(twin, state)


@router.get("", operation_id="listCommands")
async def list_commands(
    twin: TwinDep,
    device: Annotated[str | None, Query(max_length=128)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> CommandList:
    """The last command of each point, newest first."""
    found = [state for state in twin.commands.last() if device in (None, state.command.device)]
    return CommandList(items=[command_out(twin, state) for state in found[:limit]], next=None)


def command_out(twin: Twin, state: CommandState) -> CommandOut:
    """A command as clients see it."""
    command = state.command
    point = twin.registry.find(command.device, command.point)
    live = twin.bridge.live
    said = Said.of(state.fault)
    known = point is not None and bool(live.known[point.point_index])
    return CommandOut(
        id=command.id,
        device=command.device,
        point=command.point,
        value=command.value,
        reported=float(live.value[point.point_index]) if point is not None and known else None,
        state=state.outcome.value,
        fault=state.fault,
        fault_reason=said.reason if said else None,
        fault_named=dict(said.named) if said else {},
        actor=state.actor,
        reason=state.reason,
        sent=rfc3339(command.time_ms),
        decided=None if state.decided_ms is None else rfc3339(state.decided_ms),
        event=state.event,
    )
