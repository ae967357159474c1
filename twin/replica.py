"""What a server does that is one of several: it shares samples and events, and one of them leads.

The leader records the film, raises alarms, decides what became of commands and keeps the live state for
those who come later. The others follow, so that each could go on where the leader was.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.bus import Batch, Bus, ProcessReport
from telemetry_bridge.bus_findings import findings_of
from telemetry_bridge.bus_line import RemoteLine
from telemetry_bridge.bus_lines import lines_of
from telemetry_bridge.ending import end
from telemetry_bridge.ports import Adapter
from twin.alarms.alarms import Alarms
from twin.control.commands import Commands
from twin.errors import FencedError
from twin.film.film import Film
from twin.film.trouble import Condition
from twin.joining import state_of
from twin.line_file import LineFile
from twin.simulation.adapter import SimulationAdapter

LOG = structlog.get_logger(__name__)

LEADER = "leader"
LINES_EVERY_S = 0.5
MS_PER_S = 1000.0
KEEP_EVERY_S = 5.0
RETRY_S = 1.0
DATABASE_FAULTS = (SQLAlchemyError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True, eq=False)
class Duties:
    """What the leader alone does."""

    film: Film
    alarms: Alarms
    commands: Commands

    async def take_up(self, token: int) -> None:
        """Begin, where the last leader was. FencedError: there is a newer leader than this token."""
        await self.film.record(token)
        await self.alarms.lead()
        await self.commands.lead()

    async def lay_down(self) -> None:
        """Stop; what another has not taken over yet is written first."""
        self.commands.follow_only()
        self.alarms.follow_only()
        await self.film.follow_only()


class Replica:
    """One of several servers, from start to end."""

    def __init__(
        self,
        bus: Bus,
        bridge: Bridge,
        adapters: dict[str, Adapter | SimulationAdapter],
        duties: Duties,
        lines: LineFile | None = None,
    ) -> None:
        """`adapters` is kept up to the lines that workers hold, as `lines` says that they should."""
        self._bus, self._bridge, self._adapters, self._duties = bus, bridge, adapters, duties
        self._lease = bus.lease(LEADER)
        self._remote: dict[str, RemoteLine] = {}
        self._forgotten: set[str] = set()
        self._lines = lines
        self._read_ms = time.time() * MS_PER_S
        self._reload_ms = 0.0
        self.leads = False

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take part until the block ends; then what this one leads is handed on in order.

        Raises BusError where Redis cannot be reached.
        """
        self._bus.samples.subscribe(self._take)
        self._bridge.on_taken = self._publish
        async with self._bus.running():
            work = (self._lead_for_ever(), self._keep_for_ever(), self._see_lines_for_ever())
            tasks = [asyncio.create_task(each, name="replica") for each in work]
            try:
                yield
            finally:
                await end(*tasks)
                await self._lay_down()

    # Samples

    def _take(self, batch: Batch) -> None:
        self._bridge.take_over(batch.point_index, batch.value, batch.time_ms, batch.quality)

    def _publish(self, *columns: Any) -> None:
        self._bus.samples.publish(Batch.of(*columns))

    async def _keep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            if self.leads:
                await self._bus.samples.keep(state_of(self._bridge.live))

    # Lines

    async def _see_lines_for_ever(self) -> None:
        while True:
            self._bus.board.post(self._report())
            await self._follow_reload()
            self.see_lines()
            await asyncio.sleep(LINES_EVERY_S)

    def _report(self) -> ProcessReport:
        condition = self._duties.film.recorder.condition
        return ProcessReport(
            self._bus.name,
            findings=findings_of(self._bridge),
            reload_ms=self._reload_ms,
            store=None if condition is None else condition.told(),
        )

    @property
    def film_condition(self) -> Condition | None:
        """How it is while this server, or another, cannot write the film; None: all is well.

        One server records at a time; this one's own word is newer than what it told.
        """
        own = self._duties.film.recorder.condition
        told = [each.store for each in self._bus.board.processes if each.name != self._bus.name]
        found = [own, *(Condition.heard(each) for each in told if each is not None)]
        return next((each for each in found if each is not None), None)

    def see_lines(self) -> None:
        """Bring the lines up to what workers tell; one that was known and is told of no more is down."""
        reports = lines_of(self._bus.board.processes)
        for name in self._forgotten - reports.keys():
            del self._remote[name], self._adapters[name]
            self._forgotten.discard(name)
        for name, line in self._remote.items():
            if name not in reports:
                line.fall_silent()
        for name, report in reports.items():
            if name in self._remote:
                self._remote[name].tell(report)
            elif name not in self._adapters:
                line = RemoteLine(report, self._bus.commands, self._bridge.registry)
                self._remote[name] = self._adapters[name] = line

    async def _follow_reload(self) -> None:
        """Read the file of lines anew where another process was told to."""
        told_ms = max((each.reload_ms for each in self._bus.board.processes), default=0.0)
        if told_ms > self._read_ms and self._lines is not None:
            self._read_ms = told_ms
            before = self._lines.elsewhere
            await self._lines.follow()
            self.forget(before)

    def tell_reload(self, before: Collection[str]) -> None:
        """Let all processes read their files of lines anew, as this one did; `before` as `forget` has it."""
        self._reload_ms = self._read_ms = time.time() * MS_PER_S
        self.forget(before)

    def forget(self, before: Collection[str]) -> None:
        """Show no more, once no worker holds them, lines that were in the file `before` and are not now."""
        now = () if self._lines is None else self._lines.elsewhere
        self._forgotten = (self._forgotten | (set(before) & self._remote.keys())) - set(now)

    @property
    def note(self) -> str | None:
        """What is wrong with the whole, for people; None: nothing."""
        if self._bus.note is not None:
            return self._bus.note
        wanted = () if self._lines is None else self._lines.elsewhere
        missing = ", ".join(name for name in wanted if name not in self._remote)
        return f"no worker holds the lines {missing}: start 'twin bridge'" if missing else None

    # Leading

    async def _lead_for_ever(self) -> None:
        token = 0
        while True:
            token = await self._lease.changed(token)
            await self._lay_down()
            if token:
                await self._take_up(token)

    async def _take_up(self, token: int) -> None:
        """Begin to lead; while the database is away it is tried again, as long as the lease is ours."""
        while self._lease.token == token:
            try:
                await self._duties.take_up(token)
            except FencedError as error:
                LOG.warning("this server does not lead", reason=str(error))
                return
            except DATABASE_FAULTS as error:
                LOG.warning("this server cannot lead yet", reason=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                self.leads = True
                LOG.info("this server leads")
                return

    async def _lay_down(self) -> None:
        if self.leads:
            self.leads = False
            await self._duties.lay_down()
            LOG.info("this server follows")
