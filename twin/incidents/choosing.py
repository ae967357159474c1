"""Which points a report shows when its author has not said, and which moment matters. Pure."""

from collections.abc import Iterable, Sequence

from telemetry_bridge.points import Registry
from twin.events.event import Event
from twin.incidents.gathering import Meant

MOST_CHOSEN = 12
PRIORITIES = ("critical", "high", "medium", "low")


def chosen_points(events: Sequence[Event], registry: Registry, meant: Meant) -> list[str]:
    """Points as `device/point`: of the alarms, their causes, what was commanded, then what is meant."""
    found: dict[str, None] = {}
    raised = sorted(_of_kind(events, "alarm.raised", meant), key=_urgency)
    for event in raised:
        device = str(event.data.get("device", ""))
        names = [str(event.data.get("point", "")), *(event.data.get("cause_data") or {})]
        found |= dict.fromkeys(f"{device}/{name}" for name in names)
    for event in _of_kind(events, "command.sent", meant):
        found[f"{event.subject.removeprefix('device:')}/{event.data.get('point', '')}"] = None
    for device in sorted(meant.devices):
        found |= dict.fromkeys(point.key for point in registry.points_of(device))
    known = [key for key in found if _is_known(registry, key)]
    return known[:MOST_CHOSEN]


def moment_that_matters(events: Sequence[Event], meant: Meant, from_ms: int, to_ms: int) -> int:
    """When the first of the most urgent alarms was raised; without an alarm the middle."""
    raised = sorted(_of_kind(events, "alarm.raised", meant), key=_urgency)
    return raised[0].time_ms if raised else (from_ms + to_ms) // 2


def _of_kind(events: Iterable[Event], kind: str, meant: Meant) -> Iterable[Event]:
    for event in events:
        if event.type != kind:
            continue
        device, data = event.subject.removeprefix("device:"), event.data
        is_meant = (
            device in meant.devices
            or data.get("alarm") in meant.alarms
            or not {data.get("element"), data.get("space")}.isdisjoint(meant.places)
        )
        if meant.is_whole or is_meant:
            yield event


def _urgency(event: Event) -> tuple[int, int]:
    priority = str(event.data.get("priority", ""))
    rank = PRIORITIES.index(priority) if priority in PRIORITIES else len(PRIORITIES)
    return rank, event.seq


def _is_known(registry: Registry, key: str) -> bool:
    device, _, name = key.partition("/")
    return registry.find(device, name) is not None
