"""`/api/bridge`: the lines to devices, so that one sees which is down, since when and why."""

from typing import Literal

from fastapi import APIRouter, Depends

from telemetry_bridge.adapter_lines import Line
from telemetry_bridge.adapters.mqtt import MqttAdapter
from telemetry_bridge.bus_findings import wrong_clocks
from telemetry_bridge.ports import Adapter
from telemetry_bridge.said import Reason, Said
from twin.accounts.roles import Role
from twin.http.context import ActorDep, TwinDep
from twin.http.identity import requires
from twin.http.present import rfc3339
from twin.http.problems import PROBLEM_RESPONSES
from twin.http.schemas import Answer
from twin.joining import found_elsewhere
from twin.runtime import Twin
from twin.simulation.adapter import SimulationAdapter
from twin.simulation.lines import SimulatedLine

router = APIRouter(prefix="/api/bridge", tags=["server"], responses=PROBLEM_RESPONSES)

LineState = Literal["up", "down", "off"]
MAX_CLOCKS = 100


class LineNote(Answer):
    """What of the file of lines does not count, in English, and its reason with the values that it names."""

    text: str
    reason: Reason
    named: dict[str, str | int | float]


class BridgeLine(Answer):
    """One way of talking with devices.

    `state` is `off` where the file of adapters says so. `points` are those that the line serves, where it
    knows them, and `bad` those of them that it cannot read now. `simulated`: the devices at its other end are
    played by the server. `last_error` stays when all is well again;
    `reason` and `named` are why it is down, else what went wrong last, for pages in other languages than
    English (`telemetry_bridge/said.py`); without a reason all was well. `notes` say what of the file was left
    out.
    """

    id: str
    kind: str
    state: LineState
    simulated: bool
    detail: str
    received: int
    refused: int
    reconnects: int
    points: int
    bad: int
    last_message: str | None
    last_error: str
    reason: Reason | None
    named: dict[str, str | int | float]
    notes: list[LineNote]


class WrongClock(Answer):
    """A device whose clock is wrong; `behind_s` is added to its times, negative where the clock is ahead."""

    device: str
    behind_s: float


class BridgeState(Answer):
    """All lines, in the order in which they start; devices whose clocks are wrong, the worst first."""

    items: list[BridgeLine]
    clocks: list[WrongClock]


class ReloadedLines(Answer):
    """What became of the lines that this server runs, or by its file ought to: their names.

    `elsewhere` are those that workers hold; these read their own file, and their log says what became of it.
    """

    kept: list[str]
    started: list[str]
    restarted: list[str]
    stopped: list[str]
    elsewhere: list[str]


@router.get("", operation_id="getBridge")
async def get_bridge(twin: TwinDep) -> BridgeState:
    """Each line to devices: whether it is up, what came over it, what went wrong last."""
    clocks = [
        WrongClock(device=each.device, behind_s=round(each.behind_ms / 1000.0, 1))
        for each in wrong_clocks(twin.bridge, found_elsewhere(twin.bus))[:MAX_CLOCKS]
    ]
    return BridgeState(items=bridge_lines(twin), clocks=clocks)


@router.post("/reload", operation_id="reloadBridge", dependencies=[Depends(requires(Role.MANAGER))])
async def reload_bridge(twin: TwinDep, actor: ActorDep) -> ReloadedLines:
    """Read `adapters.yaml` anew, here and on all servers and workers; lines that did not change keep running.

    A file with faults changes nothing, and the answer lists them all.
    """
    changes = await twin.reload_lines(actor)
    return ReloadedLines(
        kept=list(changes.kept),
        started=list(changes.started),
        restarted=list(changes.restarted),
        stopped=list(changes.stopped),
        elsewhere=list(twin.lines.elsewhere),
    )


def bridge_lines(twin: Twin) -> list[BridgeLine]:
    """The lines of a twin as clients see them."""
    return [_line(name, adapter) for name, adapter in twin.adapters.items()]


def _line(name: str, adapter: Adapter | SimulationAdapter) -> BridgeLine:
    health = adapter.health()
    state: LineState = "up" if health.connected else "down"
    if isinstance(adapter, Line) and not adapter.enabled:
        state = "off"
    said = Said.of(health.last_error if health.connected else health.detail)
    notes = adapter.notes if isinstance(adapter, Line) else ()
    return BridgeLine(
        id=name,
        kind=_kind(name, adapter),
        state=state,
        simulated=isinstance(adapter, SimulationAdapter | SimulatedLine),
        detail=health.detail,
        received=health.received,
        refused=health.refused,
        reconnects=health.reconnects,
        points=health.points,
        bad=health.bad,
        last_message=None if health.last_ms is None else rfc3339(health.last_ms),
        last_error=health.last_error,
        reason=said.reason if said else None,
        named=dict(said.named) if said else {},
        notes=[LineNote.model_validate(Said.of(each).document()) for each in notes],
    )


def _kind(name: str, adapter: Adapter | SimulationAdapter) -> str:
    """What a line speaks; of the server's own sources the name says it."""
    if isinstance(adapter, Line):
        return adapter.kind
    return "mqtt" if isinstance(adapter, MqttAdapter) else name
