"""The sources of telemetry that the settings ask for."""

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from spatial.package import ModelPackage
from telemetry_bridge.adapter_file import FILE, load_adapter_file
from telemetry_bridge.adapter_lines import Line, Surroundings, make_lines
from telemetry_bridge.adapters.broker import EmbeddedBroker
from telemetry_bridge.adapters.mqtt import MqttAdapter
from telemetry_bridge.clock import Clock
from telemetry_bridge.errors import AdapterError, AdapterFileError, CommandError, Fault
from telemetry_bridge.gate import Gate
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import Adapter, Command, Health
from telemetry_bridge.ports import Sink as ReadingSink
from telemetry_bridge.said import Said
from twin.settings import Settings
from twin.simulation.adapter import SimulationAdapter
from twin.simulation.lines import may_be_simulated, points_over, simulated_line
from twin.venue import Venue

LOG = structlog.get_logger(__name__)

INSIDER = "twin"
"""User name of the server's own client at the embedded broker."""
HERE = ("webhook",)
"""Kinds of lines that a server runs itself, even where workers hold all others: they come by HTTP."""
RESERVED = ("broker", "mqtt", "simulation")


class EmbeddedMqtt:
    """A broker of our own on loopback, and the adapter that listens to it."""

    def __init__(self, port: int, venue_id: str, registry: Registry, gate: Gate) -> None:
        """`gate` says which devices may speak."""
        self._port = port
        self._gate = gate
        self._venue_id = venue_id
        self._registry = registry
        self._broker: EmbeddedBroker | None = None
        self._adapter: MqttAdapter | None = None

    @property
    def url(self) -> str | None:
        """The broker's address once it runs."""
        return None if self._broker is None else self._broker.url

    async def start(self, sink: ReadingSink) -> None:
        """Start the broker, on a free port where the wanted one is taken, then listen to it."""
        self._broker = await self._start_broker()
        password = secrets.token_urlsafe()
        self._gate.admit_insider(INSIDER, password)
        url = self._broker.url.replace("://", f"://{INSIDER}:{password}@", 1)
        self._adapter = MqttAdapter(url, self._venue_id, self._registry)
        await self._adapter.start(sink)

    async def _start_broker(self) -> EmbeddedBroker:
        wanted = EmbeddedBroker(self._port, gate=self._gate)
        try:
            await wanted.start()
        except AdapterError as error:
            LOG.info("the embedded broker takes a free port", wanted=self._port, reason=str(error))
        else:
            return wanted
        other = EmbeddedBroker(gate=self._gate)
        await other.start()
        return other

    async def stop(self) -> None:
        """Stop listening, then the broker."""
        if self._adapter is not None:
            await self._adapter.stop()
        if self._broker is not None:
            await self._broker.stop()

    async def send(self, command: Command) -> None:
        """Publish a command. Raises CommandError."""
        if self._adapter is None:
            raise CommandError("the embedded broker does not run")
        await self._adapter.send(command)

    def health(self) -> Health:
        """How the adapter is."""
        return (
            Health(False, Said("not started", "not-started"))
            if self._adapter is None
            else self._adapter.health()
        )


def sources_of(
    settings: Settings, venue: Venue, registry: Registry, package: ModelPackage, clock: Clock, gate: Gate
) -> Iterator[tuple[str, Adapter | SimulationAdapter]]:
    """Each source with its name, in the order in which they start; `gate` says which devices may speak.

    Raises AdapterError for a bad address, AdapterFileError for a file of adapters with faults.
    """
    if settings.embedded_broker:
        yield "broker", EmbeddedMqtt(settings.broker_port, venue.info.id, registry, gate)
    if settings.mqtt is not None:
        yield "mqtt", MqttAdapter(settings.mqtt, venue.info.id, registry)
    lines = lines_of(settings, venue, registry, clock)
    simulation: SimulationAdapter | None = None
    if settings.simulate:
        elsewhere = _points_over(settings, lines, registry)
        simulation = SimulationAdapter(registry, package, venue, clock, settings.seed, elsewhere)
        yield "simulation", simulation
    if settings.redis is None:
        lines = list(file_lines(settings, lines, registry, clock, simulation).here)
    elif settings.simulate:
        lines = [line for line in lines if not may_be_simulated(line)]
    for line in lines:
        yield line.id, line


def _points_over(settings: Settings, lines: Sequence[Line], registry: Registry) -> NDArray[np.bool_]:
    """Which points, `(points,)`, the simulation leaves to lines.

    A worker may hold a line without the simulation: there the simulation speaks for its devices itself.
    """
    return points_over(lines if settings.redis is None else (), registry)


@dataclass(frozen=True, slots=True, eq=False)
class FileLines:
    """The lines of the file: those that run in the server, and the names of those that workers should hold.

    `simulated`: which points, `(points,)`, the simulation leaves to lines.
    """

    here: tuple[Line, ...]
    elsewhere: tuple[str, ...]
    simulated: NDArray[np.bool_]


def file_lines(
    settings: Settings,
    lines: Sequence[Line],
    registry: Registry,
    clock: Clock,
    simulation: SimulationAdapter | None = None,
) -> FileLines:
    """Say of the lines of a file where each runs; the simulation plays the devices of those that allow it."""
    simulated = _points_over(settings, lines, registry)
    if settings.redis is not None:
        here = tuple(line for line in lines if line.kind in HERE)
        elsewhere = tuple(
            line.id for line in lines if line.enabled and line.kind not in HERE and not may_be_simulated(line)
        )
        return FileLines(here, elsewhere, simulated)
    if simulation is not None:
        lines = [simulated_line(line, registry, simulation, clock.speed) for line in lines]
    return FileLines(tuple(lines), (), simulated)


def lines_of(settings: Settings, venue: Venue, registry: Registry, clock: Clock) -> list[Line]:
    """The lines to devices that the file of adapters lists; none where there is no file.

    Raises AdapterFileError for a file that cannot be read or has faults.
    """
    path = settings.adapters or adapter_file_of(venue)
    if path is None:
        return []
    file = load_adapter_file(path)
    # Secrets are in the environment, under the names that the file gives them.
    around = Surroundings(venue.info.id, registry, clock, path.parent, os.environ)
    lines = make_lines(file, around)
    for line in lines:
        if line.id in RESERVED:
            message = f"the id {line.id} means a source of the server; choose another"
            raise AdapterFileError([Fault(file.name, message)])
    return lines


def adapter_file_of(venue: Venue) -> Path | None:
    """``adapters.yaml`` in the venue folder, where there is one."""
    path = None if venue.folder is None else venue.folder / FILE
    return path if path is not None and path.is_file() else None
