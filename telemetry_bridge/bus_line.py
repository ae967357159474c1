"""A line to devices that a worker holds, as the servers see it."""

from collections.abc import Iterable
from typing import Protocol

from telemetry_bridge.adapter_lines import Line
from telemetry_bridge.bus import Commands, LineReport
from telemetry_bridge.points import Point, Registry
from telemetry_bridge.ports import Adapter, Command, Health, Selective, Sink
from telemetry_bridge.said import Said

SILENT = Said("its worker is not heard of; look whether 'twin bridge' runs", "worker-silent")


class RemoteLine(Line):
    """Commands go over the bus to the worker; health and the rest are what the worker told last."""

    def __init__(self, report: LineReport, commands: Commands, registry: Registry) -> None:
        self._commands, self._registry = commands, registry
        self.tell(report)

    def tell(self, report: LineReport) -> None:
        """Take what the worker says now."""
        self._report = report
        self._heard = True
        self.notes, self.any_point = report.notes, report.any_point

    def fall_silent(self) -> None:
        """Note that no worker tells of the line any more."""
        self._heard = False

    @property
    def id(self) -> str:
        """Its name."""
        return self._report.id

    @property
    def kind(self) -> str:
        """What it speaks."""
        return self._report.kind

    @property
    def enabled(self) -> bool:
        """Whether its worker's file wants it to run."""
        return self._report.enabled

    @property
    def adapter(self) -> Adapter | None:
        """Nothing runs in this process."""
        return None

    async def start(self, sink: Sink) -> None:
        """Do nothing: the worker starts it."""

    async def stop(self) -> None:
        """Do nothing: the worker stops it."""

    def writes(self, device: str, point: str) -> bool:
        """Say whether commands to a point are for this line."""
        found = self._registry.find(device, point)
        return found is not None and found.point_index in self._report.writes

    async def send(self, command: Command) -> None:
        """Hand a command to the worker. CommandError: it was not sent."""
        await self._commands.hand_over(self.id, command)

    def health(self) -> Health:
        """Say how it is, as the worker told."""
        known = self._report.health
        if self._heard:
            return known
        return Health(False, SILENT, known.received, known.refused, known.reconnects, known.last_ms, SILENT)


class Told(Protocol):
    """What is told of an adapter."""

    def health(self) -> Health:
        """Say how it is."""


def report_of(
    name: str, adapter: Told, kind: str, worker: str, token: int, writable: Iterable[Point]
) -> LineReport:
    """Tell of an adapter that runs in this process under its lease's token.

    `writable` are the points of the venue that can be written at all.
    """
    line = adapter if isinstance(adapter, Line) else None
    writes = frozenset(
        point.point_index
        for point in writable
        if isinstance(adapter, Selective) and adapter.writes(point.device, point.name)
    )
    return LineReport(
        id=name,
        kind=kind,
        worker=worker,
        enabled=line is None or line.enabled,
        any_point=line is None or line.any_point,
        health=adapter.health(),
        notes=() if line is None else line.notes,
        writes=writes,
        token=token,
    )
