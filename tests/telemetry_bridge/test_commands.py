"""Commands are checked before anything is sent."""

import json

import pytest

from telemetry_bridge.commands import command_payload, make_command
from telemetry_bridge.errors import CommandError
from tests.telemetry_bridge.builders import registry


def test_a_command_carries_the_number_and_the_state() -> None:
    command = make_command(registry(), "c-1", "l1", "switch", "on", 0.0)
    assert command.value == 1.0
    assert json.loads(command_payload(command, registry())) == {
        "id": "c-1",
        "time": "1970-01-01T00:00:00.000Z",
        "point": "switch",
        "value": 1.0,
        "state": "on",
    }
    plain = make_command(registry(), "c-2", "r1", "setpoint", 22, 0.0)
    assert "state" not in json.loads(command_payload(plain, registry()))


@pytest.mark.parametrize(
    ("device", "point", "value", "message"),
    [
        ("nobody", "switch", 1, "no point nobody/switch"),
        ("r1", "temperature", 20, "takes no commands"),
        ("r1", "setpoint", 90, "takes 5 to 35, not 90"),
        ("r1", "setpoint", "warm", "takes a number"),
        ("r1", "setpoint", None, "null is no value of r1/setpoint$"),
        ("r1", "setpoint", float("nan"), "nan is no value of r1/setpoint$"),
        ("r1", "mode", "dry", "one of cool, heat, fan"),
        ("r1", "mode", 7, "takes 0 to 2"),
    ],
)
def test_what_cannot_be_commanded(device: str, point: str, value: object, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        make_command(registry(), "c", device, point, value, 0.0)
