"""`twin bridge`: holds lines to devices for the servers, which get their samples over Redis.

Workers share the lines: each holds as many as the others, give or take one. A line has a lease, under which a
worker starts it; when a worker is gone, the others share its lines, and when one joins they give some back.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

import structlog

from spatial.package import ModelPackage
from telemetry_bridge.adapter_lines import Line, LineChanges
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.bus import Batch, Bus, Lease, LineReport, ProcessReport
from telemetry_bridge.bus_findings import findings_of
from telemetry_bridge.bus_line import report_of
from telemetry_bridge.bus_lines import share_of
from telemetry_bridge.clock import SystemClock
from telemetry_bridge.ending import end
from telemetry_bridge.errors import BridgeError
from telemetry_bridge.points import Point
from telemetry_bridge.ports import Adapter, Health
from telemetry_bridge.redis_link import LONGEST_PAUSE_S
from telemetry_bridge.said import said_of
from twin.devices.gate import DeviceGate
from twin.errors import SettingError
from twin.hangup import on_hangup
from twin.joining import open_bus, state_of
from twin.logs import configure_logs
from twin.runtime import open_registry, venue_of
from twin.settings import Settings, load_settings
from twin.simulation.adapter import SimulationAdapter
from twin.simulation.lines import may_be_simulated
from twin.sources import HERE, lines_of, sources_of

LOG = structlog.get_logger(__name__)

REPORT_S = 0.5
SHARE_S = 0.25
MS_PER_S = 1000.0
RETRY_S = 5.0

Source = Adapter | SimulationAdapter


class Holder:
    """One line: started while it is wanted here and its lease is held."""

    def __init__(self, name: str, make: Callable[[], Source], lease: Lease, bus: Bus, bridge: Bridge) -> None:
        """`lease` is asked for when the line is wanted."""
        self.name, self._make, self._lease, self._bus, self._bridge = name, make, lease, bus, bridge
        self._source: Source | None = None
        self._failure = "not started"
        self._task: asyncio.Task[None] | None = None

    async def want(self, group: asyncio.TaskGroup, *, wanted: bool) -> None:
        """Hold the line from now on, or give it back: stopped first, so that two never hold it."""
        if wanted and self._task is None:
            self._lease.ask()
            self._task = group.create_task(self._run(), name=f"line {self.name}")
        elif not wanted and self._task is not None:
            task, self._task = self._task, None
            await end(task)
            await self._lease.give_up()

    async def restart(self, group: asyncio.TaskGroup) -> None:
        """Let the line begin anew, where it is held here; its lease stays ours."""
        if self._task is not None:
            await end(self._task)
            self._task = group.create_task(self._run(), name=f"line {self.name}")

    async def _run(self) -> None:
        """Hold the line whenever the lease is ours; cancel to stop."""
        while True:
            token = await self._lease.changed(0)
            try:
                async with self._held():
                    LOG.info("this worker holds the line", line=self.name)
                    while token:
                        token = await self._lease.changed(token)
            except (BridgeError, OSError) as error:
                self._failure = said_of(error)
                LOG.error("the line cannot be started; trying again", line=self.name, reason=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                LOG.warning("another worker holds the line", line=self.name)

    @contextlib.asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        """Deliver samples and take commands until the block ends."""
        async with contextlib.AsyncExitStack() as stack:
            source = self._make()
            stack.push_async_callback(source.stop)
            await source.start(self._bridge)
            self._source = source
            stack.callback(self._let_go)
            await stack.enter_async_context(self._bus.commands.serve(self.name, source.send))
            yield

    def _let_go(self) -> None:
        self._source = None

    def report(self, worker: str, writable: Sequence[Point]) -> LineReport | None:
        """Tell how the line is; None: it is not ours."""
        token, source = self._lease.token, self._source
        if not token:
            return None
        if source is None:
            health = Health(False, self._failure, last_error=self._failure)
            return LineReport(self.name, self.name, worker, True, False, health, token=token)
        kind = source.kind if isinstance(source, Line) else self.name
        return report_of(self.name, source, kind, worker, token, writable)


class Worker:
    """The lines of one worker process: its share of all that it could hold."""

    def __init__(self, settings: Settings, only: Collection[str] = ()) -> None:
        """Open the package and the venue folder; `only`: these lines, not all.

        Raises what `open_twin` raises, and SettingError where a line of `only` is not there.
        """
        self._settings, self._package = settings, ModelPackage.open(settings.package)
        self._venue = venue_of(settings, self._package)
        self._registry = open_registry(self._venue, self._package)
        self._writable = tuple(point for point in self._registry.points if point.writable)
        self._clock = SystemClock()
        self._bridge = Bridge(self._registry, self._clock, simulated=settings.simulate)
        self._bus = open_bus(settings, self._venue, self._registry)
        self._only = frozenset(only)
        self._first = self._sources()
        names = [name for name in self._first if self._may_hold(name)]
        self._lines = {name: line for name in names if isinstance(line := self._first[name], Line)}
        if missing := set(only) - set(names):
            raise SettingError(f"--line: there is no line {', '.join(sorted(missing))}; see adapters.yaml")
        if not names:
            raise SettingError(
                "there are no lines to hold: give --mqtt or --simulate, or write adapters.yaml"
            )
        self._holders = {name: self._holder(name) for name in names}
        self._settled_s = 0.0
        self._read_ms = time.time() * MS_PER_S
        self._is_reload_wanted = False

    def _may_hold(self, name: str) -> bool:
        return not self._only or name in self._only

    def _sources(self) -> dict[str, Source]:
        gate = DeviceGate(self._registry.devices, self._venue.info.id, self._bridge.refused, self._clock)
        found = sources_of(self._settings, self._venue, self._registry, self._package, self._clock, gate)
        return {name: each for name, each in found if not (isinstance(each, Line) and each.kind in HERE)}

    def _holder(self, name: str) -> Holder:
        lease = self._bus.lease(f"line:{name}", asked=False)
        return Holder(name, lambda: self._made(name), lease, self._bus, self._bridge)

    def _made(self, name: str) -> Source:
        """The source of a line, to be started: lines may be started again, of others there is a new one."""
        if name in self._lines:
            return self._lines[name]
        return self._first.pop(name, None) or self._sources()[name]

    async def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Hold its share of the lines until cancelled. BusError: Redis cannot be reached."""
        self._bridge.on_taken = self._publish
        self._bus.when_back(self._redis_is_back)
        async with self._bus.running(), asyncio.TaskGroup() as group:
            on_ready()
            group.create_task(self._tell_for_ever(), name="report")
            await self._share_for_ever(group)

    def close(self) -> None:
        """Let go of the package."""
        self._package.close()

    def _publish(self, *columns: Any) -> None:
        self._bus.samples.publish(Batch.of(*columns))

    def _redis_is_back(self) -> None:
        """Say again what is known here: Redis may have forgotten it, and also who else is there."""
        self._settled_s = asyncio.get_running_loop().time() + self._settings.redis_lease_s + LONGEST_PAUSE_S
        state = state_of(self._bridge.live)
        if len(state):
            self._bus.samples.publish(state)

    async def _tell_for_ever(self) -> None:
        name = self._bus.name
        while True:
            told = (each.report(name, self._writable) for each in self._holders.values())
            lines = tuple(each for each in told if each is not None)
            able = frozenset(self._holders)
            self._bus.board.post(ProcessReport(name, able, lines, findings_of(self._bridge)))
            await asyncio.sleep(REPORT_S)

    async def _share_for_ever(self, group: asyncio.TaskGroup) -> None:
        """Hold as many lines as the other workers do, give or take one; none until they are known."""
        while True:
            await asyncio.sleep(SHARE_S)
            processes = self._bus.board.processes
            if self._is_told_to_reload(processes):
                await self._reload(group)
            is_known = any(each.name == self._bus.name for each in processes)
            if is_known and asyncio.get_running_loop().time() >= self._settled_s:
                share = share_of(self._bus.name, processes)
                holders = self._holders.values()
                await asyncio.gather(*(each.want(group, wanted=each.name in share) for each in holders))

    # The file of lines, read anew

    def want_reload(self) -> None:
        """Read the file of lines anew soon."""
        self._is_reload_wanted = True

    def _is_told_to_reload(self, processes: Sequence[ProcessReport]) -> bool:
        told_ms = max((each.reload_ms for each in processes), default=0.0)
        is_told = self._is_reload_wanted or told_ms > self._read_ms
        self._is_reload_wanted, self._read_ms = False, max(told_ms, self._read_ms)
        return is_told

    async def _reload(self, group: asyncio.TaskGroup) -> None:
        """Let lines start and stop by the file; one with faults changes nothing."""
        try:
            wanted = await asyncio.to_thread(self._wanted_lines)
        except (BridgeError, OSError) as error:
            LOG.error("the file of lines has faults; nothing has changed", reason=str(error))
            return
        changes = LineChanges.between(self._lines, wanted)
        for line in wanted:
            if line.id in changes.kept:
                self._lines[line.id].notes = line.notes  # they name lines of the file
        self._lines = {line.id: self._lines[line.id] if line.id in changes.kept else line for line in wanted}
        gone = [self._holders.pop(name) for name in changes.stopped]
        await asyncio.gather(*(each.want(group, wanted=False) for each in gone))
        await asyncio.gather(*(self._holders[name].restart(group) for name in changes.restarted))
        self._holders |= {name: self._holder(name) for name in changes.started}
        LOG.info("the file of lines was read anew", **changes.told)

    def _wanted_lines(self) -> list[Line]:
        lines = lines_of(self._settings, self._venue, self._registry, self._clock)
        return [
            line
            for line in lines
            if line.kind not in HERE
            and self._may_hold(line.id)
            and not (self._settings.simulate and may_be_simulated(line))
        ]


def run_worker(options: Mapping[str, Any], only: Collection[str] = ()) -> None:
    """Hold lines until Ctrl-C or SIGTERM. Raises the errors of `Worker`."""
    settings = load_settings(options)
    if settings.redis is None:
        raise SettingError("a worker needs the servers' Redis: --redis redis://HOST:6379")
    if settings.embedded_broker:  # it asks the server who may sign in, and a worker has no such list
        raise SettingError("TWIN_EMBEDDED_BROKER: a worker runs no broker; run mosquitto and give --mqtt")
    configure_logs(settings.log_format, settings.log_level)
    worker = Worker(settings, only)
    with asyncio.Runner() as runner:
        runner.run(_until_signal(worker))


async def _until_signal(worker: Worker) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError), contextlib.closing(worker):
        on_hangup(worker.want_reload)
        await worker.run(lambda: LOG.info("the worker runs; Ctrl-C ends it"))
