"""Sources of telemetry: which ones the settings ask for, and the broker of our own."""

import socket
from pathlib import Path
from typing import Any

import pytest

from spatial.package import ModelPackage
from telemetry_bridge.clock import SystemClock
from telemetry_bridge.errors import AdapterError, CommandError
from telemetry_bridge.points import Device, DeviceType, PointType, Registry
from telemetry_bridge.ports import Acceptance, Command, Reading
from telemetry_bridge.refused import RefusedSenders
from tests.spatial.conftest import folder, package
from twin.devices.gate import DeviceGate
from twin.settings import load_settings
from twin.simulation.adapter import SimulationAdapter
from twin.simulation.lines import SimulatedLine
from twin.sources import EmbeddedMqtt, sources_of
from twin.venue import plain_venue

__all__ = ["folder", "package"]

REGISTRY = Registry([DeviceType("lamp", points=(PointType("status"),))], [])
GATE = DeviceGate(REGISTRY.devices, "x", RefusedSenders(), SystemClock())


class Ignoring:
    """A sink that wants nothing."""

    def accept(self, readings: Any) -> Acceptance:
        """Take nothing."""
        return Acceptance(len(list[Reading](readings)))


LAMP = DeviceType("lamp", points=(PointType("status"), PointType("power")))
LINES = """
- id: plant
  kind: modbus
  host: 192.0.2.1
  simulated: true
  points: [{device: l1, point: power, address: 0}]
- id: other
  kind: modbus
  host: 192.0.2.1
  points: [{device: l2, point: power, address: 0}]
"""


def sources(package: ModelPackage, folder: Path, **options: Any) -> dict[str, Any]:
    """The sources of two lamps with two lines, one of which may be simulated."""
    file = folder / "adapters.yaml"
    file.write_text(LINES, "utf-8")
    settings = load_settings({"package": Path("x.twin"), "adapters": file, **options})
    registry = Registry([LAMP], [Device("l1", "lamp"), Device("l2", "lamp")])
    return dict(sources_of(settings, plain_venue("x"), registry, package, SystemClock(), GATE))


def names(package: ModelPackage, **options: Any) -> list[str]:
    settings = load_settings({"package": Path("x.twin"), **options})
    venue = plain_venue("x")
    return [name for name, _ in sources_of(settings, venue, REGISTRY, package, SystemClock(), GATE)]


def test_only_what_is_asked_for_is_there(package: ModelPackage) -> None:
    assert names(package) == []
    assert names(package, simulate=True) == ["simulation"]
    assert names(package, embedded_broker=True, mqtt="mqtt://b", simulate=True) == [
        "broker",
        "mqtt",
        "simulation",
    ]


class Counting:
    """A sink of columns that remembers which points came."""

    def __init__(self) -> None:
        self.points: set[int] = set()

    def accept_columns(self, point_index: Any, value: Any, time_ms: Any, quality: Any) -> Acceptance:
        """Take all."""
        self.points |= {int(each) for each in point_index}
        return Acceptance(len(point_index))

    def note_strangers(self, devices: Any) -> None:
        """The simulation names none."""
        raise AssertionError(devices)


async def sent_first(simulation: SimulationAdapter) -> set[int]:
    """The points that the simulation sends when it starts."""
    sink = Counting()
    await simulation.start(sink)
    await simulation.stop()
    return sink.points


async def test_the_simulation_leaves_points_to_lines_whose_devices_it_plays(
    package: ModelPackage, tmp_path: Path
) -> None:
    found = sources(package, tmp_path, simulate=True)
    assert list(found) == ["simulation", "plant", "other"]
    assert [isinstance(found[name], SimulatedLine) for name in ("plant", "other")] == [True, False]
    assert await sent_first(found["simulation"]) == {1, 2, 3}  # all but l1/power


def test_without_a_simulation_lines_reach_their_own_devices(package: ModelPackage, tmp_path: Path) -> None:
    found = sources(package, tmp_path)
    assert list(found) == ["plant", "other"]
    assert not any(isinstance(each, SimulatedLine) for each in found.values())


async def test_among_workers_the_simulation_speaks_for_its_devices_itself(
    package: ModelPackage, tmp_path: Path
) -> None:
    found = sources(package, tmp_path, simulate=True, redis="redis://127.0.0.1:1")
    assert list(found) == ["simulation", "other"]
    assert await sent_first(found["simulation"]) == {0, 1, 2, 3}


def test_a_broker_address_that_can_never_work_is_refused(package: ModelPackage) -> None:
    with pytest.raises(AdapterError, match="mqtt://"):
        names(package, mqtt="http://broker")


async def test_a_taken_port_is_given_up_for_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        broker = EmbeddedMqtt(port, "x", REGISTRY, GATE)
        await broker.start(Ignoring())
        try:
            assert broker.url is not None
            assert broker.url.startswith("mqtt://127.0.0.1:")
            assert not broker.url.endswith(f":{port}")
        finally:
            await broker.stop()


async def test_before_its_start_it_says_so_and_stopping_is_harmless() -> None:
    broker = EmbeddedMqtt(0, "x", REGISTRY, GATE)
    assert not broker.health().connected
    with pytest.raises(CommandError):
        await broker.send(Command("1", "d", "p", 1.0, 0.0))
    await broker.stop()
