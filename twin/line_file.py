"""The lines of `adapters.yaml` in a server, which can be read anew while they run."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from telemetry_bridge.adapter_lines import Line, LineChanges
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.bus_line import RemoteLine
from telemetry_bridge.clock import Clock
from telemetry_bridge.errors import BridgeError
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import Adapter
from twin.settings import Settings
from twin.simulation.adapter import SimulationAdapter
from twin.sources import FileLines, file_lines, lines_of
from twin.venue import Venue

LOG = structlog.get_logger(__name__)

Source = Adapter | SimulationAdapter
#: Told of what is about to change; what it raises keeps everything as it is.
Tell = Callable[[LineChanges], Awaitable[None]]


class LineFile:
    """Reads the file, and lets lines start and stop by it. `adapters` is kept up to date."""

    def __init__(
        self,
        settings: Settings,
        venue: Venue,
        registry: Registry,
        clock: Clock,
        bridge: Bridge,
        adapters: dict[str, Source],
    ) -> None:
        self._settings, self._venue, self._registry, self._clock = settings, venue, registry, clock
        self._bridge, self._adapters = bridge, adapters
        self._lock = asyncio.Lock()
        self.elsewhere: tuple[str, ...] = ()
        """The lines that workers should hold."""

    def _read(self) -> FileLines:
        lines = lines_of(self._settings, self._venue, self._registry, self._clock)
        return file_lines(self._settings, lines, self._registry, self._clock, self._simulation)

    @property
    def _simulation(self) -> SimulationAdapter | None:
        found = self._adapters.get("simulation")
        return found if isinstance(found, SimulationAdapter) else None

    @property
    def _running(self) -> dict[str, Line]:
        """The lines of this server."""
        return {
            name: each
            for name, each in self._adapters.items()
            if isinstance(each, Line) and not isinstance(each, RemoteLine)
        }

    def open(self) -> None:
        """Put the file's lines among the adapters; nothing is started. AdapterFileError: it has faults."""
        found = self._read()
        self._adapters.update({line.id: line for line in found.here})
        self.elsewhere = found.elsewhere

    async def reload(self, tell: Tell) -> LineChanges:
        """Read the file anew: lines that did not change keep running.

        Raises:
            AdapterFileError: the file has faults, all of them listed; nothing has changed.
        """
        async with self._lock:
            found = await asyncio.to_thread(self._read)
            changes = LineChanges.between(self._running, found.here)
            await tell(changes)
            await self._exchange(found, changes)
            LOG.info("the file of lines was read anew", **changes.told)
            return changes

    async def _exchange(self, found: FileLines, changes: LineChanges) -> None:
        """Stop what is gone before anything starts: two lines may want the same device or port."""
        running = self._running
        gone = [running[name] for name in (*changes.stopped, *changes.restarted)]
        for line in gone:
            del self._adapters[line.id]
        await asyncio.gather(*(line.stop() for line in gone))
        if self._simulation is not None:
            self._simulation.leave(found.simulated)
        self.elsewhere = found.elsewhere
        for line in found.here:
            await self._put(line, kept=line.id in changes.kept)

    async def _put(self, line: Line, *, kept: bool) -> None:
        """Let a line run, in the file's order among the others."""
        running = self._adapters.pop(line.id, None)
        if kept and isinstance(running, Line):
            running.notes = line.notes  # they name lines of the file
            self._adapters[line.id] = running
        else:
            self._adapters[line.id] = line
            await line.start(self._bridge)

    async def follow(self) -> None:
        """Read the file anew as another process did; one with faults is logged, and changes nothing."""
        try:
            await self.reload(_nothing)
        except (BridgeError, OSError) as error:
            LOG.error("the file of lines has faults; nothing has changed", reason=str(error))

    async def stop(self) -> None:
        """Stop all lines of this server."""
        await asyncio.gather(*(line.stop() for line in self._running.values()))


async def _nothing(_changes: LineChanges) -> None:
    """Tell nobody."""
