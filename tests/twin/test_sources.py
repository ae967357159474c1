"""Sources of telemetry: which ones the settings ask for, and the broker of our own."""

import socket
from pathlib import Path
from typing import Any

import pytest

from spatial.package import ModelPackage
from telemetry_bridge.clock import SystemClock
from telemetry_bridge.errors import AdapterError, CommandError
from telemetry_bridge.points import DeviceType, PointType, Registry
from telemetry_bridge.ports import Acceptance, Command, Reading
from telemetry_bridge.refused import RefusedSenders
from tests.spatial.conftest import folder, package
from twin.devices.gate import DeviceGate
from twin.settings import load_settings
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
