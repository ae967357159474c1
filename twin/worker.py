"""`twin bridge`: holds lines to devices for the servers, which get their samples over Redis.

Workers share the lines: each holds as many as the others, give or take one. A line has a lease, under which a
worker starts it; when a worker is gone, the others share its lines, and when one joins they give some back.
"""

import asyncio
import contextlib
import functools
import signal
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

import structlog

from spatial.package import ModelPackage
from telemetry_bridge.adapter_lines import Line
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
from twin.devices.gate import DeviceGate
from twin.errors import SettingError
from twin.joining import open_bus, state_of
from twin.logs import configure_logs
from twin.runtime import open_registry, venue_of
from twin.settings import Settings, load_settings
from twin.simulation.adapter import SimulationAdapter
from twin.sources import HERE, sources_of

LOG = structlog.get_logger(__name__)

REPORT_S = 0.5
SHARE_S = 0.25
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
                self._failure = str(error)
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
        first = self._sources()
        names = [name for name in first if not only or name in only]
        if missing := set(only) - set(names):
            raise SettingError(f"--line: there is no line {', '.join(sorted(missing))}; see adapters.yaml")
        if not names:
            raise SettingError(
                "there are no lines to hold: give --mqtt or --simulate, or write adapters.yaml"
            )
        self._holders = [self._holder(name, first) for name in names]
        self._settled_s = 0.0

    def _sources(self) -> dict[str, Source]:
        gate = DeviceGate(self._registry.devices, self._venue.info.id, self._bridge.refused, self._clock)
        found = sources_of(self._settings, self._venue, self._registry, self._package, self._clock, gate)
        return {name: each for name, each in found if not (isinstance(each, Line) and each.kind in HERE)}

    def _holder(self, name: str, first: dict[str, Source]) -> Holder:
        made = functools.partial(self._made, name, first)
        lease = self._bus.lease(f"line:{name}", asked=False)
        return Holder(name, made, lease, self._bus, self._bridge)

    def _made(self, name: str, first: dict[str, Source]) -> Source:
        """The source of a line: one that runs for the first time, or else a new one."""
        return first.pop(name, None) or self._sources()[name]

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
        name, able = self._bus.name, frozenset(each.name for each in self._holders)
        while True:
            told = (each.report(name, self._writable) for each in self._holders)
            lines = tuple(each for each in told if each is not None)
            self._bus.board.post(ProcessReport(name, able, lines, findings_of(self._bridge)))
            await asyncio.sleep(REPORT_S)

    async def _share_for_ever(self, group: asyncio.TaskGroup) -> None:
        """Hold as many lines as the other workers do, give or take one; none until they are known."""
        while True:
            await asyncio.sleep(SHARE_S)
            processes = self._bus.board.processes
            is_known = any(each.name == self._bus.name for each in processes)
            if is_known and asyncio.get_running_loop().time() >= self._settled_s:
                share = share_of(self._bus.name, processes)
                await asyncio.gather(*(each.want(group, wanted=each.name in share) for each in self._holders))


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
        await worker.run(lambda: LOG.info("the worker runs; Ctrl-C ends it"))
