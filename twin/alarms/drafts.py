"""Alarms' events before they are in the log. No I/O."""

import math
from collections.abc import Mapping
from typing import Any

from telemetry_bridge.points import Device, Label
from telemetry_bridge.times import format_rfc3339
from twin.alarms.backlog import Change
from twin.alarms.model import Action, Alarm, AlarmState, Check, Place
from twin.alarms.states import NEW, next_state
from twin.alarms.table import WatchedPoint
from twin.alarms.texts import message
from twin.events.event import Draft
from twin.events.origin import sample_data


def raising(
    alarm: Alarm | str,
    row: WatchedPoint,
    device: Device,
    place: Place,
    change: Change,
    cause_data: Mapping[str, float | None],
) -> Draft:
    """The event that raises an alarm: a new one, whose id is given, or one that had returned."""
    open_one = alarm if isinstance(alarm, Alarm) else None
    becomes = NEW if open_one is None else next_state(open_one.state, Action.RAISE, active=open_one.active)
    said = message(row, device, place, change.value)
    data = {
        "alarm": alarm if open_one is None else open_one.id,
        "rule": row.rule.id,
        "priority": row.rule.priority.key,
        "device": device.id,
        "point": row.point.name,
        "element": place.element,
        "space": place.space,
        "storey": place.storey,
        "name": _both(row.rule.name),
        "message": _both(said),
        "value": finite(change.value),
        "limit": limit_of(row),
        "unit": row.point.unit,
        "since": _time(change.since_ms),
        "sample": sample_data(row.point.key, change.sampled_ms, change.value),
        "cause_data": dict(cause_data),
        "state": str(becomes),
    }
    cause = None if open_one is None else open_one.last_event
    return Draft(Action.RAISE.event_type, subject_of(device.id), row.rule.actor, data, cause)


def step(alarm: Alarm, action: Action, actor: str, data: Mapping[str, Any] | None = None) -> Draft:
    """The event of any other step. Raises AlarmStateError where the alarm cannot take it now."""
    becomes: AlarmState = next_state(alarm.state, action, active=alarm.active)
    known = {
        "alarm": alarm.id,
        "rule": alarm.rule,
        "priority": alarm.priority.key,
        "device": alarm.device,
        "point": alarm.point,
        "element": alarm.element,
        "space": alarm.space,
        "storey": alarm.storey,
        "state": str(becomes),
    }
    return Draft(
        action.event_type, subject_of(alarm.device), actor, known | dict(data or {}), alarm.last_event
    )


def returning(alarm: Alarm, actor: str, change: Change) -> Draft:
    """The event that says that the condition is over. Raises AlarmStateError."""
    key = f"{alarm.device}/{alarm.point}"
    data = {
        "value": finite(change.value),
        "since": _time(change.since_ms),
        "sample": sample_data(key, change.sampled_ms, change.value),
    }
    return step(alarm, Action.RETURN, actor, data)


def closing(alarm: Alarm, actor: str) -> Draft:
    """The event that ends an alarm that has become normal. Raises AlarmStateError."""
    return step(alarm, Action.CLOSE, actor)


def subject_of(device: str) -> str:
    """What an alarm's events are about."""
    return f"device:{device}"


def limit_of(row: WatchedPoint) -> float | None:
    """The limit of a condition that has one, in the point's unit."""
    condition = row.rule.condition
    return condition.limit if condition.check in (Check.ABOVE, Check.BELOW) else None


def finite(value: float) -> float | None:
    """JSON has no NaN."""
    return value if math.isfinite(value) else None


def _time(time_ms: float) -> str | None:
    return format_rfc3339(time_ms) if math.isfinite(time_ms) else None


def _both(label: Label) -> dict[str, str]:
    return {"zh": label.zh, "en": label.en}
