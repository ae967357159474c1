"""The way of a command: checked, written down, handed to the device's adapter, answered by its report.

What is desired is the command; what is reported is the point's live value; the two are never mixed. A command
whose point already reports the value, or does so within `timeout_s`, is confirmed. Commands that were on
their way when the server stopped are handed over once more by the next one, under the same id, when their
line is there.
"""

import asyncio
import math
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telemetry_bridge.adapter_lines import Line
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.commands import make_command
from telemetry_bridge.errors import CommandError
from telemetry_bridge.points import Device, Point
from telemetry_bridge.ports import Adapter, Command, Selective
from telemetry_bridge.said import Said, said_of
from twin.accounts.roles import Role
from twin.control.interlocks import (
    Asker,
    Hold,
    HoldSource,
    Interlock,
    RefusedOrder,
    Use,
    UseSource,
    refusal_of,
    refused_draft,
)
from twin.control.model import (
    CONFIRMED,
    FAILED,
    SENT,
    CommandState,
    Order,
    Outcome,
    answered,
    fault_of,
    last_commands,
    outcome_draft,
    sent_draft,
    shows,
    state_of,
)
from twin.errors import InterlockError
from twin.events.event import Event
from twin.events.log import PAGE, EventFilter, EventLog
from twin.simulation.adapter import SimulationAdapter
from twin.store.database import writing

LOG = structlog.get_logger(__name__)

Adapters = Mapping[str, Adapter | SimulationAdapter]

TIMEOUT_S = 30.0
BEAT_S = 0.25
RESUMED = 2000  # so many of the last events of commands are looked through after a start
KEPT = 1000  # points of which the last command is remembered
SIMULATION = "simulation"
SUPERSEDED = Said("a later command took its place", "superseded")
NO_SOURCE = Said(
    "no source of telemetry takes commands to this point; start the server with --mqtt or --simulate, or "
    "make it writable in adapters.yaml",
    "no-source",
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Commands that are checked but not sent: append what `Commands.write` says, then `dispatch` them."""

    commands: tuple[Command, ...]
    actor: str
    reasons: tuple[str, ...]
    cause: str | None


@dataclass(frozen=True, slots=True)
class _Open:
    """A command whose outcome is awaited, and until when."""

    state: CommandState
    deadline_s: float


class Commands:
    """The commands of one server process. Their time-outs are real seconds, for devices live in real time."""

    def __init__(
        self,
        bridge: Bridge,
        log: EventLog,
        engine: AsyncEngine,
        adapters: Adapters,
        timeout_s: float = TIMEOUT_S,
        monotonic_s: Callable[[], float] = time.monotonic,
        interlocks: Sequence[Interlock] = (),
        *,
        shared: bool = False,
    ) -> None:
        """`interlocks` are the venue's; whoever knows of work at devices adds itself to `holds`, whoever
        knows when rooms are booked or in use to `uses`.

        `shared`: this is one of several servers, which decides what became of commands once told to `lead`.
        """
        self._shared, self._leads, self._seq = shared, not shared, 0
        self._interlocks = tuple(interlocks)
        self.holds: list[HoldSource] = []
        self.uses: list[UseSource] = []
        self._bridge, self._log, self._engine, self._adapters = bridge, log, engine, adapters
        self._timeout_s, self._monotonic_s = timeout_s, monotonic_s
        self._states: dict[int, CommandState] = {}  # by point_index, the last one of each
        self._open: dict[str, _Open] = {}  # by command id, those without an outcome
        self._unsent: set[str] = set()  # ids of those that a stopped server may not have sent
        self._deciding: set[str] = set()  # ids of those whose outcome is being written

    def prepare(self, orders: Sequence[Order], actor: str, cause: str | None = None) -> Prepared:
        """Check orders against the registry. Nothing is sent yet.

        Raises CommandError where one cannot be obeyed.
        """
        now_ms = self._bridge.clock.now_ms()
        commands = tuple(
            make_command(
                self._bridge.registry, secrets.token_hex(8), each.device, each.point, each.value, now_ms
            )
            for each in orders
        )
        return Prepared(commands, actor, tuple(each.reason for each in orders), cause)

    async def write(self, connection: AsyncConnection, prepared: Prepared) -> tuple[Event, ...]:
        """Write the sending down in the caller's transaction; `dispatch` them when it has committed."""
        drafts = [
            sent_draft(command, prepared.actor, reason, prepared.cause)
            for command, reason in zip(prepared.commands, prepared.reasons, strict=True)
        ]
        return await self._log.append_within(connection, *drafts) if drafts else ()

    async def dispatch(self, prepared: Prepared, events: Sequence[Event]) -> tuple[CommandState, ...]:
        """Hand commands that are written down to their devices; one out of reach is a failure."""
        self._log.announce(events)
        sent = [
            CommandState(command, prepared.actor, reason, event.id)
            for command, reason, event in zip(prepared.commands, prepared.reasons, events, strict=True)
        ]
        return await self._hand_over(sent)

    async def refused(
        self, orders: Sequence[Order], asker: Asker, cause: str | None = None
    ) -> tuple[RefusedOrder, ...]:
        """The orders that interlocks forbid; each is written down with who asked and why it was refused.

        Raises CommandError where one cannot be obeyed at all.
        """
        commands = self.prepare(orders, asker.actor, cause).commands
        devices = {order.device for order in orders}
        holds, uses = await self._held(devices), await self._used(devices)
        found = []
        for order, command in zip(orders, commands, strict=True):
            place = self._place(command)
            about = holds.get(order.device, ()), uses.get(order.device, ())
            each = refusal_of(order, command.value, place, asker, self._interlocks, *about)
            found += [each] if each is not None else []
        if found:
            await self._log.append(*(refused_draft(each, asker.actor, cause) for each in found))
        return tuple(found)

    async def _held(self, devices: Collection[str]) -> dict[str, list[Hold]]:
        """Every reason why somebody works at some devices."""
        holds: dict[str, list[Hold]] = {}
        for source in self.holds:
            for device, found in (await source(devices)).items():
                holds.setdefault(device, []).extend(found)
        return holds

    async def _used(self, devices: Collection[str]) -> dict[str, list[Use]]:
        """What is known of the rooms of some devices, where any interlock wants to know."""
        uses: dict[str, list[Use]] = {}
        if all(each.during is None for each in self._interlocks):
            return uses
        for source in self.uses:
            for device, found in (await source(devices)).items():
                uses.setdefault(device, []).extend(found)
        return uses

    def _place(self, command: Command) -> tuple[Device, Point]:
        registry = self._bridge.registry
        point = registry.find(command.device, command.point)
        if point is None:
            raise CommandError(f"there is no point {command.device}/{command.point}")
        return registry.devices[command.device], point

    async def send(
        self, orders: Sequence[Order], actor: str, cause: str | None = None, role: Role | None = None
    ) -> tuple[CommandState, ...]:
        """Send orders; `role` is that of the person who asks, None: the twin itself.

        Raises CommandError where one cannot be obeyed at all, InterlockError where one may not be; then none
        was sent.
        """
        refused = await self.refused(orders, Asker(actor, role), cause)
        if refused:
            first = refused[0]
            raise InterlockError(first.why, reason=f"interlock-{first.kind.replace('_', '-')}", **first.named)
        prepared = self.prepare(orders, actor, cause)
        async with writing(self._engine) as connection:
            events = await self.write(connection, prepared)
        return await self.dispatch(prepared, events)

    def find(self, point_index: int) -> CommandState | None:
        """The last command of a point."""
        return self._states.get(point_index)

    def last(self) -> tuple[CommandState, ...]:
        """The last command of each point, newest first."""
        return tuple(sorted(self._states.values(), key=lambda state: state.event, reverse=True))

    async def resume(self) -> None:
        """Remember the last commands, and hand those over again that were on their way at the stop.

        Of several servers the one that comes to lead does the latter.
        """
        self._seq = (await self._log.head()).seq
        found = await self._log.find(EventFilter(type="command.*"), RESUMED, newest_first=True)
        known = [state for state in last_commands(found[::-1]) if self._point(state.command) is not None]
        for state in known:
            self._remember(state)
        if self._leads:
            await self._send_again(self._open)

    async def lead(self) -> None:
        """Decide from now on what becomes of commands; those that nobody may have sent are handed over."""
        self._leads = True
        await self._send_again(self._open)

    def follow_only(self) -> None:
        """Let another server decide what becomes of commands."""
        self._leads = False

    async def follow(self, events: Sequence[Event]) -> None:
        """Take what other servers wrote; `events` is the next part of the log, of any kind."""
        for event in events:
            if event.seq > self._seq and event.type in (SENT, CONFIRMED, FAILED):
                self._follow(event)
            self._seq = max(self._seq, event.seq)

    def _follow(self, event: Event) -> None:
        point = self._bridge.registry.find(event.subject.removeprefix("device:"), str(event.data["point"]))
        if point is None:
            return
        known = self._states.get(point.point_index)
        if event.type == SENT:
            if known is None or known.event != event.id:
                self._remember(state_of(event))
            return
        self._open.pop(str(event.data["command"]), None)
        if known is not None and known.command.id == event.data["command"] and known.is_open:
            self._states[point.point_index] = answered(known, event)

    async def run(self) -> None:
        """Decide what became of commands until cancelled; a database that is away is tried again."""
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                await self.step()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                LOG.warning("the outcome of commands cannot be written", reason=str(error))

    async def step(self) -> None:
        """Confirm what devices report, fail what has waited too long."""
        if not self._leads:
            return
        await self._send_again(self._unsent)
        judged = (self._judged(each) for each in self._open.values())
        await self._conclude([state for state in judged if state is not None])

    async def _send_again(self, which: Iterable[str]) -> None:
        """Hand commands over that may not have been sent; one whose line is not there yet waits its time."""
        now_s, ready = self._monotonic_s(), []
        waiting = {each: self._open[each] for each in which if each in self._open}
        for command_id, each in waiting.items():
            adapter = self._serving(each.state.command)
            if adapter is None or adapter.health().connected or now_s >= each.deadline_s:
                ready.append(command_id)
        self._unsent = waiting.keys() - set(ready)
        await self._hand_over([waiting[each].state for each in ready])

    def _judged(self, waiting: _Open) -> CommandState | None:
        """The command with its outcome; None: still open."""
        state = waiting.state
        point = self._point(state.command)
        if point is None:
            return None
        if not self._is_last(state):
            return self._superseded(state)
        live, now_ms = self._bridge.live, self._bridge.clock.now_ms()
        reported, quality = float(live.value[point.point_index]), int(live.quality[point.point_index])
        if shows(point, state.command.value, reported, quality):
            return state.decided(Outcome.CONFIRMED, now_ms)
        if self._monotonic_s() < waiting.deadline_s:
            return None
        return state.decided(Outcome.FAILED, now_ms, fault_of(point, state.command.value, reported, quality))

    def _is_last(self, state: CommandState) -> bool:
        """Whether no later command to its point is known."""
        point = self._point(state.command)
        known = None if point is None else self._states.get(point.point_index)
        return known is not None and known.command.id == state.command.id

    def _superseded(self, state: CommandState) -> CommandState:
        """A point follows its last command: one before it has lost."""
        return state.decided(Outcome.FAILED, self._bridge.clock.now_ms(), SUPERSEDED)

    async def _conclude(self, decided: Sequence[CommandState]) -> None:
        """Write outcomes down, one for each command, then remember them; until then they count as open.

        While one is written, another part may come to one of its own: the first counts.
        """
        fresh = [
            state
            for state in decided
            if state.command.id in self._open and state.command.id not in self._deciding
        ]
        if not fresh:
            return
        ids = {state.command.id for state in fresh}
        self._deciding |= ids
        try:
            written = await self._write_outcomes(fresh)
        finally:
            self._deciding -= ids
        for state in written:
            self._open.pop(state.command.id, None)
            point = self._point(state.command)
            if point is not None and self._is_last(state):
                self._states[point.point_index] = state

    async def _write_outcomes(self, decided: Sequence[CommandState]) -> Sequence[CommandState]:
        """Write outcomes down, but for what another server decided before; gives those written."""
        async with writing(self._engine) as connection:
            if self._shared:
                await self._log.take_turn(connection)
                others = await self._decided_by_others(connection)
                decided = [state for state in decided if state.command.id not in others]
            drafts = [outcome_draft(state, *self._reported(state)) for state in decided]
            events = await self._log.append_within(connection, *drafts) if drafts else ()
        self._log.announce(events)
        return decided

    async def _decided_by_others(self, connection: AsyncConnection) -> set[str]:
        """Ids of the commands whose outcomes are in the log, and did not reach us yet."""
        found: set[str] = set()
        seq = self._seq
        while page := await self._log.find_within(
            connection, EventFilter(type="command.*", after_seq=seq), PAGE
        ):
            found |= {str(each.data["command"]) for each in page if each.type in (CONFIRMED, FAILED)}
            seq = page[-1].seq
        return found

    async def _hand_over(self, sent: Sequence[CommandState]) -> tuple[CommandState, ...]:
        """Give commands to their devices, but for those that have lost to a later one meanwhile."""
        for state in sent:
            self._remember(state)
        lost = [self._superseded(each.state) for each in self._open.values() if not self._is_last(each.state)]
        await self._conclude(lost)
        failed: list[CommandState] = []
        for state in sent:
            fault = await self._fault_of_sending(state.command) if self._is_last(state) else ""
            if fault:
                failed.append(state.decided(Outcome.FAILED, self._bridge.clock.now_ms(), fault))
        await self._conclude(failed)
        by_id = {state.command.id: state for state in (*lost, *failed)}
        return tuple(by_id.get(state.command.id, state) for state in sent)

    def _remember(self, state: CommandState) -> None:
        """Know a command as the last one of its point, unless a later one is known."""
        point = self._point(state.command)
        if point is None:
            return
        if state.is_open:
            self._open[state.command.id] = _Open(state, self._monotonic_s() + self._timeout_s)
        known = self._states.get(point.point_index)
        if known is not None and known.event > state.event:
            return
        self._states.pop(point.point_index, None)
        self._states[point.point_index] = state
        closed = [index for index, each in self._states.items() if not each.is_open]
        for index in closed[: max(0, len(self._states) - KEPT)]:
            del self._states[index]

    async def _fault_of_sending(self, command: Command) -> str:
        """Hand a command to the adapter that serves its device; why that did not work, or ''."""
        adapter = self._serving(command)
        if adapter is None:
            return NO_SOURCE
        try:
            await adapter.send(command)
        except CommandError as error:
            return said_of(error)
        return ""

    def _serving(self, command: Command) -> Adapter | SimulationAdapter | None:
        """The simulation where it reports the point; else the line that names it, else one open to all."""
        point = self._point(command)
        simulation = self._adapters.get(SIMULATION)
        if simulation is not None and point is not None and self._bridge.live.simulated[point.point_index]:
            return simulation
        protocols = [adapter for name, adapter in self._adapters.items() if name != SIMULATION]
        for adapter in protocols:
            if isinstance(adapter, Selective) and adapter.writes(command.device, command.point):
                return adapter
        protocols = [each for each in protocols if not isinstance(each, Line) or each.any_point]
        connected = [adapter for adapter in protocols if adapter.health().connected]
        return next(iter((*connected, *protocols)), simulation)

    def _point(self, command: Command) -> Point | None:
        return self._bridge.registry.find(command.device, command.point)

    def _reported(self, state: CommandState) -> tuple[float | None, float]:
        """What the device says, and since when, ms since 1970 UTC."""
        point, live = self._point(state.command), self._bridge.live
        if point is None:
            return None, math.nan
        return float(live.value[point.point_index]), float(live.time_ms[point.point_index])
