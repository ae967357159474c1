"""Lamps that obey, or do not, behind an adapter of the tests' own."""

import asyncio

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.errors import CommandError
from telemetry_bridge.points import Device, DeviceType, PointType, Registry
from telemetry_bridge.ports import Command, Health, Reading, Sink
from tests.twin.panels.booking_house import HandClock

LAMP = DeviceType(
    "lamp",
    points=(
        PointType("level", "Lighting_Level_Command", "%", 0, 100, writable=True, period_s=60),
        PointType("power", "Active_Power_Sensor", "kW", 0, 2, period_s=60),
    ),
)


def lamps(*names: str) -> Registry:
    return Registry([LAMP], [Device(name, "lamp") for name in names])


class Obeying:
    """An adapter whose devices report what they were told when `report` is called."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self.got: list[Command] = []
        self.refuses = ""
        self.connected = True
        self.busy = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()

    async def start(self, sink: Sink) -> None:
        """Nothing to start."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def send(self, command: Command) -> None:
        """Take a command; while `answers` is not set the line is `busy` with it."""
        self.busy.set()
        await self.answers.wait()
        if not self.connected:
            raise CommandError("no connection")
        if self.refuses:
            raise CommandError(self.refuses)
        self.got.append(command)

    def health(self) -> Health:
        return Health(self.connected, "test")

    def report(self, device: str | None = None) -> None:
        """The devices, or one of them, say what they were told last."""
        told = {each.device: each for each in self.got if device in (None, each.device)}
        self.bridge.accept([Reading(each.device, each.point, each.value) for each in told.values()])


def bridge_of(registry: Registry, clock: HandClock) -> Bridge:
    return Bridge(registry, clock)
