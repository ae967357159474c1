"""What is known of a command, and when its outcome is decided. No I/O."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from telemetry_bridge.points import Point
from telemetry_bridge.ports import Command
from telemetry_bridge.said import Said
from telemetry_bridge.wire import Quality
from twin.events.event import Draft, Event
from twin.events.origin import sample_data

TOLERANCE = 0.01  # of the point's range: what a device may round

SENT, CONFIRMED, FAILED = "command.sent", "command.confirmed", "command.failed"


class Outcome(StrEnum):
    """How far a command has come."""

    SENT = "sent"
    CONFIRMED = "confirmed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants of a point; `value` is a number, a truth value or a state's key."""

    device: str
    point: str
    value: object
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CommandState:
    """A command: the value that is desired; what the device reports is its point's own live value."""

    command: Command
    actor: str
    reason: str
    event: str
    """Id of the `command.sent` event."""
    outcome: Outcome = Outcome.SENT
    fault: str = ""
    decided_ms: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the device's answer is still awaited."""
        return self.outcome is Outcome.SENT

    def decided(self, outcome: Outcome, time_ms: float, fault: str = "") -> "CommandState":
        """The command with its outcome."""
        return replace(self, outcome=outcome, decided_ms=time_ms, fault=fault)


def shows(point: Point, desired: float, reported: float, quality: int) -> bool:
    """Whether a report is the desired value, but for what a device may round; a doubtful report never is."""
    if quality not in (Quality.GOOD, Quality.SIMULATED) or not math.isfinite(reported):
        return False
    if point.states:
        return round(reported) == round(desired)
    span = point.type.high - point.type.low
    slack = TOLERANCE * span if math.isfinite(span) else TOLERANCE * max(1.0, abs(desired))
    return abs(reported - desired) <= slack


def fault_of(point: Point, desired: float, reported: float, quality: int) -> Said:
    """Why a command failed when its time was over, for people."""
    if not math.isfinite(reported):
        return Said(f"{point.key} has never reported", "never-reported", key=point.key)
    doubt = "" if quality in (Quality.GOOD, Quality.SIMULATED) else f" ({Quality(quality).name.lower()})"
    text = f"{point.key} still reports {reported:g}{doubt} instead of {desired:g}"
    return Said(text, "still-reports", key=point.key, reported=f"{reported:g}", desired=f"{desired:g}")


def sent_draft(command: Command, actor: str, reason: str, cause: str | None) -> Draft:
    """The event of a command on its way."""
    data = {"command": command.id, "point": command.point, "value": command.value, "reason": reason}
    return Draft(SENT, f"device:{command.device}", actor, data, cause)


def outcome_draft(state: CommandState, reported: float | None, reported_ms: float = math.nan) -> Draft:
    """The event of what became of a command; its cause is the sending, its sample the device's report.

    `reported_ms`: when the device reported, ms since 1970 UTC; NaN: never.
    """
    kind = CONFIRMED if state.outcome is Outcome.CONFIRMED else FAILED
    data: dict[str, Any] = {
        "command": state.command.id,
        "point": state.command.point,
        "value": state.command.value,
        "reported": reported if reported is not None and math.isfinite(reported) else None,
    }
    key = f"{state.command.device}/{state.command.point}"
    sample = None if reported is None else sample_data(key, reported_ms, reported)
    if sample is not None:
        data["sample"] = sample
    if state.fault:
        data["fault"] = str(state.fault)
        said = Said.of(state.fault)
        if said.reason != "other":
            data["why"] = {"reason": said.reason, "named": dict(said.named)}
    return Draft(kind, f"device:{state.command.device}", "system", data, state.event)


def state_of(event: Event) -> CommandState:
    """The command that a `command.sent` event tells of."""
    device = event.subject.removeprefix("device:")
    data = event.data
    command = Command(
        str(data["command"]), device, str(data["point"]), float(data["value"]), float(event.time_ms)
    )
    return CommandState(command, event.actor, str(data.get("reason", "")), event.id)


def last_commands(events: Sequence[Event]) -> tuple[CommandState, ...]:
    """The last command of each point among these events, which are in order, with its outcome."""
    latest: dict[tuple[str, str], CommandState] = {}
    for event in events:
        key = (event.subject.removeprefix("device:"), str(event.data.get("point", "")))
        known = latest.get(key)
        if event.type not in (SENT, CONFIRMED, FAILED):
            continue
        if event.type == SENT:
            latest.pop(key, None)
            latest[key] = state_of(event)
        elif known is not None and known.command.id == event.data.get("command"):
            latest[key] = answered(known, event)
    return tuple(latest.values())


def answered(state: CommandState, event: Event) -> CommandState:
    """The command with the outcome that a `command.confirmed` or `command.failed` event tells of."""
    outcome = Outcome.CONFIRMED if event.type == CONFIRMED else Outcome.FAILED
    return state.decided(outcome, event.time_ms, _fault_in(event.data))


def _fault_in(data: Mapping[str, Any]) -> str:
    """Why a command failed, as its event says it, with the reason where it has one that is known here."""
    text, why = str(data.get("fault", "")), data.get("why")
    return text if why is None else Said.from_document({"text": text, **why})
