"""Simulated devices behind a real Modbus line: over a socket, with everything that the line can read."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.adapter_file import Entry, parse_adapter_file
from telemetry_bridge.adapter_file_modbus import ModbusSettings
from telemetry_bridge.adapter_lines import Surroundings, make_lines
from telemetry_bridge.adapters.modbus_registers import encode, raw_value
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.clock import SystemClock
from telemetry_bridge.errors import CommandError
from telemetry_bridge.points import Point
from telemetry_bridge.ports import Command
from telemetry_bridge.wire import Quality
from tests.telemetry_bridge.adapting import registry_with_period, until
from twin.simulation.lines import SimulatedLine, points_over, simulated_line
from twin.simulation.modbus_device import raw_shown

LINE = """
- id: plant
  kind: modbus
  host: 192.0.2.1
  simulated: true
  timeout_s: 2
  groups: {default: 0.05}
  points:
    - {device: r1, point: temperature, address: 100, type: int16, scale: 0.1, absent: -32768}
    - {device: r1, point: setpoint, address: 102, type: float32, word_order: little, writable: true}
    - {device: r1, point: mode, address: 10, table: input, states: {1: cool, 2: heat, 4: fan},
       writable: true, write: {address: 120}}
    - {device: l1, point: switch, address: 17, table: coil, writable: true}
    - {device: l1, point: flag, address: 105, bit: 3, writable: true}
    - {device: r2, point: temperature, address: 5, unit: 7}
"""


def _parts(key: str) -> tuple[str, str]:
    device, _, point = key.partition("/")
    return device, point


class Devices:
    """What the simulation plays, by `device/point`."""

    def __init__(self, bridge: Bridge, values: dict[str, float]) -> None:
        self._points = bridge.registry.points
        self.values = values
        self.deaf = False

    def shown(self, point_index: int) -> float:
        return self.values.get(self._points[point_index].key, math.nan)

    def order(self, point: Point, value: float) -> None:
        if not self.deaf:
            self.values[point.key] = value


class Played:
    """A bridge with the line on it."""

    def __init__(self, text: str = LINE, speed: float = 1.0) -> None:
        self.bridge = Bridge(registry_with_period(60.0), SystemClock())
        registry = self.bridge.registry
        values = {"r1/temperature": 21.5, "r1/setpoint": 22.5, "r1/mode": 2.0, "l1/switch": 1.0}
        self.devices = Devices(self.bridge, values | {"l1/flag": 1.0, "r2/temperature": 19.0})
        file = parse_adapter_file(text)
        (read,) = make_lines(file, Surroundings("palace", registry, self.bridge.clock, Path(), {}))
        self.read = read
        self.line = simulated_line(read, registry, self.devices, speed)

    def shows(self, key: str) -> tuple[float, Quality]:
        point = self.bridge.registry.find(*_parts(key))
        assert point is not None
        live = self.bridge.live
        return round(float(live.value[point.point_index]), 3), Quality(int(live.quality[point.point_index]))

    async def write(self, key: str, value: float) -> None:
        device, point = _parts(key)
        await self.line.send(Command("c1", device, point, value, self.bridge.clock.now_ms()))


@contextlib.asynccontextmanager
async def running(played: Played) -> AsyncIterator[Played]:
    await played.line.start(played.bridge)
    try:
        yield played
    finally:
        await played.line.stop()


async def test_what_devices_show_comes_over_the_line_and_says_that_it_is_simulated() -> None:
    async with running(Played()) as played:
        wanted = {key: (value, Quality.SIMULATED) for key, value in played.devices.values.items()}
        await until(lambda: {key: played.shows(key) for key in wanted} == wanted)
        health = played.line.health()
        assert (health.connected, health.points, health.bad) == (True, 6, 0)
        assert health.detail.startswith("connected to 127.0.0.1:")
        assert health.detail.endswith("(a simulated device)")
        played.devices.values["r1/temperature"] = -4.2
        await until(lambda: played.shows("r1/temperature") == (-4.2, Quality.SIMULATED))


async def test_a_device_without_a_reading_makes_its_point_bad_until_it_has_one() -> None:
    async with running(Played()) as played:
        await until(lambda: played.shows("r1/temperature")[1] is Quality.SIMULATED)
        played.devices.values["r1/temperature"] = math.nan
        await until(lambda: played.shows("r1/temperature")[1] is Quality.BAD)
        assert "no reading" in played.line.health().last_error
        played.devices.values["r1/temperature"] = 20.0
        await until(lambda: played.shows("r1/temperature") == (20.0, Quality.SIMULATED))


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("r1/setpoint", 19.25, 19.25),
        ("r1/mode", 0.0, 0.0),
        ("l1/switch", 0.0, 0.0),
        ("l1/flag", 0.0, 0.0),
    ],
)
async def test_commands_go_through_registers_and_are_read_back(key: str, value: float, shown: float) -> None:
    async with running(Played()) as played:
        await until(lambda: played.shows(key)[1] is Quality.SIMULATED)
        assert played.line.writes(*_parts(key))
        await played.write(key, value)
        assert played.devices.values[key] == shown
        await until(lambda: played.shows(key) == (shown, Quality.SIMULATED))


async def test_a_device_that_does_not_follow_makes_the_command_fail() -> None:
    async with running(Played()) as played:
        await until(lambda: played.line.health().connected)
        played.devices.deaf = True
        with pytest.raises(CommandError, match="reads back"):
            await played.write("r1/setpoint", 30.0)


async def test_it_stops_whole_and_starts_again() -> None:
    played = Played()
    for _ in range(2):
        async with running(played):
            await until(lambda: played.line.health().connected)
            address = played.line.health().detail.split()[2]
        host, _, port = address.partition(":")
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await asyncio.open_connection(host, int(port))
        assert not played.line.health().connected


async def test_where_time_runs_faster_the_line_asks_more_often() -> None:
    text = LINE.replace("{default: 0.05}", "{default: 3600}")
    async with running(Played(text, speed=36_000.0)) as played:
        await until(lambda: played.shows("r2/temperature")[1] is Quality.SIMULATED)
        played.devices.values["r2/temperature"] = 18.0
        await until(lambda: played.shows("r2/temperature") == (18.0, Quality.SIMULATED))


def test_only_what_the_file_lets_be_simulated_is() -> None:
    assert isinstance(Played().line, SimulatedLine)
    for text in (LINE.replace("simulated: true", "port: 502"), LINE + "  enabled: false\n"):
        played = Played(text)
        assert played.line is played.read
        assert not points_over([played.read], played.bridge.registry).any()
    played = Played()
    over = points_over([played.read], played.bridge.registry)
    found = {each.key for each in played.bridge.registry.points if over[each.point_index]}
    assert found == set(played.devices.values)


@given(
    kind=st.sampled_from(["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]),
    orders=st.tuples(*[st.sampled_from(["big", "little"])] * 2),
    scale=st.sampled_from([1.0, 0.1, 0.01, 2.0]),
    value=st.floats(allow_nan=True, allow_infinity=True, width=32),
)
def test_a_register_holds_what_a_point_shows_or_the_mark_of_no_reading(
    kind: str, orders: tuple[str, str], scale: float, value: float
) -> None:
    text = (
        "- id: x\n  kind: modbus\n  host: h\n  points:\n    - {device: r1, point: temperature, address: 0, "
        f"absent: 77, type: {kind}, scale: {scale}, word_order: {orders[0]}, byte_order: {orders[1]}}}\n"
    )
    (entry,) = parse_adapter_file(text).entries
    assert isinstance(entry, Entry)
    assert isinstance(entry.settings, ModbusSettings)
    (register,) = entry.settings.registers()
    point = registry_with_period(60.0).find("r1", "temperature")
    assert point is not None
    raw = raw_shown(register, point, value)
    assert raw is not None
    read = raw_value(register, encode(raw, register.type, register.word_order, register.byte_order))
    if raw == 77:  # no reading, or what cannot be told from it
        assert read is None
        return
    assert read is not None
    slack = 1e-6 * abs(value) if kind.startswith("float") else 0.5 * scale
    assert register.conversion.read(read) == pytest.approx(value, rel=1e-6, abs=slack)
