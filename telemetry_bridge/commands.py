"""Commands to devices: checked against the registry, written for the wire. Pure."""

import orjson

from telemetry_bridge.errors import CommandError
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import Command, clipped
from telemetry_bridge.said import Said
from telemetry_bridge.times import format_rfc3339
from telemetry_bridge.values import BadValue, number_of


def make_command(
    registry: Registry, command_id: str, device: str, point: str, value: object, now_ms: float
) -> Command:
    """Make a command; `value` as a person writes it: a number, a truth value or a state's key.

    Raises:
        CommandError: no such point, not writable, or a value that it cannot take or that is out of range.
    """
    found = registry.find(device, point)
    if found is None:
        key = f"{clipped(device)}/{clipped(point)}"
        raise CommandError(Said(f"there is no point {key}", "unlisted-point", key=key))
    if not found.writable:
        raise CommandError(Said(f"{found.key} takes no commands", "read-only", key=found.key))
    number = number_of(found, value)
    if isinstance(number, BadValue):
        raise CommandError(Said(number.reason, "unfit-value", key=found.key))
    if not found.type.low <= number <= found.type.high:
        low, high, wanted = (f"{each:g}" for each in (found.type.low, found.type.high, number))
        text = f"{found.key} takes {low} to {high}, not {wanted}"
        raise CommandError(Said(text, "out-of-range", key=found.key, low=low, high=high, value=wanted))
    return Command(command_id, device, point, number, now_ms)


def command_payload(command: Command, registry: Registry) -> bytes:
    """Give the JSON that a device gets: `{id, time, point, value, state?}`; `state` for an enumeration."""
    document = {
        "id": command.id,
        "time": format_rfc3339(command.time_ms),
        "point": command.point,
        "value": command.value,
    }
    point = registry.find(command.device, command.point)
    if point is not None and point.states:
        document["state"] = point.states[int(command.value)].key
    return orjson.dumps(document)
