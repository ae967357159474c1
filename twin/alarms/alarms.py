"""The alarms of a running twin: frames in, events out, people's answers taken.

Frames are judged when they come (`on_frame`, which never waits); what they change is written by one task
(`run`) in small parts, so that a flood leaves the loop free and live clients time to read.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.bridge import Outgoing
from telemetry_bridge.clock import Clock
from telemetry_bridge.points import Registry
from telemetry_bridge.times import format_rfc3339
from telemetry_bridge.wire import Frame, Values
from twin.alarms import drafts, projection
from twin.alarms.backlog import Backlog, Change, Pending
from twin.alarms.engine import Changes, Engine
from twin.alarms.ledger import Entry, Ledger
from twin.alarms.model import UNACKNOWLEDGED, Action, Alarm, AlarmState, Priority
from twin.alarms.projection import AlarmFilter, Position
from twin.alarms.states import steps_to
from twin.alarms.table import PlaceOf, RuleTable, WatchedPoint
from twin.errors import BadRequestError, RequestError
from twin.events.event import Draft, Event, new_id
from twin.events.log import EventFilter, EventLog
from twin.events.origin import SYSTEM

LOG = structlog.get_logger(__name__)

TICK_S = 0.5
RETRY_S = 2.0
PAUSE_S = 0.02
REMEMBERED_MS = 60_000.0
"""What rules said while another server leads is remembered for so long: until its death shows."""
APART_MS = 3_000.0
"""Two servers see the same sample in frames at most so far apart."""
AT_ONCE = 100
"""Rows that are written in one transaction: far below what makes a live client fall behind (512 events)."""
MOST_EVENTS = 500
MOST_AT_ONE_TIME = 20_000
"""Alarms that were open at one moment, at most so many are told."""
LONGEST_SHELF_MS = 30 * 86_400_000

ReadPoint = Callable[[int], float]


def at_its_time(frame: Frame) -> Values:
    """The times of a frame's samples where nobody knows better: all are the frame's."""
    return np.full(len(frame.point_index), frame.time_ms)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the alarms ask of the twin: where a device is, what a point reads now (NaN: nothing), and when a
    frame's samples were taken."""

    registry: Registry
    clock: Clock
    place_of: PlaceOf
    read: ReadPoint
    sampled_ms: Callable[[Frame], Values] = at_its_time


@dataclass(frozen=True, slots=True)
class Count:
    """Open alarms of one priority; shelved ones are counted apart, and in `total` too."""

    total: int = 0
    unacknowledged: int = 0
    active: int = 0
    shelved: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """An alarm that could not be acted on, and why."""

    alarm: str
    error: RequestError


class Alarms:
    """Every rule and every alarm; call it from one event loop. `start` it before anything else."""

    def __init__(
        self,
        table: RuleTable,
        log: EventLog,
        database: AsyncEngine,
        surroundings: Surroundings,
        *,
        shared: bool = False,
    ) -> None:
        """`shared`: this is one of several servers, and writes what rules say once it is told to `lead`."""
        self._leads, self._recent = not shared, deque[tuple[float, Changes]]()
        self.table = table
        self._log, self._database, self._around = log, database, surroundings
        self._engine = Engine(table)
        self._backlog = Backlog(table)
        self._ledger = Ledger(log, database, shared=shared)
        self._wake = asyncio.Event()
        self._last_id = ""
        self.note: str | None = None
        """What keeps alarms from being recorded, for people; None: nothing."""

    async def start(self) -> None:
        """Load the open alarms, so that what still holds is not raised again.

        An alarm whose rule or point is gone returns: nothing could ever end it.
        """
        await self._ledger.load()
        active = [alarm for alarm in self._ledger.open.values() if alarm.active]
        rows = {alarm.id: self.table.row_of.get(alarm.source) for alarm in active}
        self._engine = Engine(self.table, [row for row in rows.values() if row is not None])
        orphans = [alarm for alarm in active if rows[alarm.id] is None]
        for first in range(0, len(orphans), AT_ONCE):
            await self._return_orphans(orphans[first : first + AT_ONCE])

    def on_frame(self, outgoing: Outgoing) -> None:
        """Judge a frame; what it changes is written later, by `run`."""
        frame = outgoing.frame
        sampled_ms = self._around.sampled_ms(frame)
        self._found(
            self._engine.feed(frame.point_index, frame.value, frame.quality, frame.time_ms, sampled_ms),
            frame.time_ms,
        )

    def _found(self, changes: Changes, now_ms: float) -> None:
        """Take what the engine found: to be written, or remembered where another server writes it."""
        if not len(changes):
            return
        if self._leads:
            self._backlog.add(changes)
            self._wake.set()
            return
        self._recent.append((now_ms, changes))
        while self._recent[0][0] < now_ms - REMEMBERED_MS:
            self._recent.popleft()

    async def follow(self, events: Sequence[Event]) -> None:
        """Take what other servers wrote; `events` is the next part of the log."""
        await self._ledger.follow(events)

    async def lead(self) -> None:
        """Write what rules say from now on: first what the last leader did not come to.

        That is whatever stands otherwise than it was written, and what came and went since it died.
        """
        async with self._ledger.entry():
            pass  # brings the ledger up to what the last leader wrote
        active = {self.table.row_of.get(each.source) for each in self._ledger.open.values() if each.active}
        recorded = np.zeros(len(self.table), dtype=np.bool_)
        recorded[[row for row in active if row is not None]] = True
        for _, changes in self._recent:
            await self._add_missed(changes, recorded)
        self._recent.clear()
        self._backlog.add(
            self._engine.standing(np.flatnonzero(self._engine.settled & (self._engine.raised != recorded)))
        )
        self._leads = True
        self._wake.set()

    async def _add_missed(self, changes: Changes, recorded: NDArray[np.bool_]) -> None:
        """Take what was raised and is over again, unless the last leader wrote it down."""
        for position in np.flatnonzero(changes.raised & ~recorded[changes.row]):
            row, since_ms = int(changes.row[position]), float(changes.since_ms[position])
            if self._engine.raised[row] or await self._is_recorded(row, since_ms):
                continue
            one = np.array([position])
            self._backlog.add(
                Changes(
                    changes.row[one],
                    changes.raised[one],
                    changes.since_ms[one],
                    changes.value[one],
                    changes.sampled_ms[one],
                )
            )
            self._backlog.add(self._engine.standing(np.array([row])))

    async def _is_recorded(self, row: int, since_ms: float) -> bool:
        """Whether an alarm of a row was written that was raised at about that time."""
        source = self.table.rows[row].source
        around = AlarmFilter(
            open_only=False,
            device=self.table.rows[row].point.device,
            from_ms=int(since_ms - APART_MS),
            to_ms=int(since_ms + REMEMBERED_MS),
        )
        found = await projection.find(self._database, around, MOST_AT_ONE_TIME)
        return any(alarm.source == source and alarm.changed_ms >= since_ms - APART_MS for alarm in found)

    def follow_only(self) -> None:
        """Leave the writing to another server."""
        self._leads = False
        self._backlog = Backlog(self.table)

    async def run(self) -> None:
        """Write what changes, and end shelvings that are over, for ever; cancel to stop."""
        while True:
            try:
                async with asyncio.timeout(TICK_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                await self.settle()
                self.note = None
            except (SQLAlchemyError, OSError) as error:
                LOG.warning("the database takes no alarms", reason=str(error), waiting=len(self._backlog))
                self.note = f"alarms wait for the database: {len(self._backlog)} change(s) are not recorded"
                await asyncio.sleep(RETRY_S)

    async def settle(self) -> None:
        """Bring everything up to the clock's time and write it."""
        now_ms = self._around.clock.now_ms()
        self._found(self._engine.tick(now_ms), now_ms)
        if not self._leads:
            return
        await self._end_shelvings()
        while len(self._backlog):
            await self._write_some()
            # Live clients get time to read: they are closed when 512 events wait for them.
            await asyncio.sleep(PAUSE_S if len(self._backlog) else 0)

    # What people ask

    @property
    def waiting(self) -> int:
        """Rows with changes that are not written yet."""
        return len(self._backlog)

    def open_alarms(self) -> tuple[Alarm, ...]:
        """Every open alarm, oldest first."""
        return tuple(self._ledger.open.values())

    def counts(self) -> dict[Priority, Count]:
        """Open alarms by priority; from memory."""
        return {
            priority: count_of(alarm for alarm in self._ledger.open.values() if alarm.priority is priority)
            for priority in Priority
        }

    async def find(self, wanted: AlarmFilter, limit: int, after: Position | None = None) -> tuple[Alarm, ...]:
        """See `projection.find`."""
        return await projection.find(self._database, wanted, limit, after)

    async def open_at(
        self, moment_ms: int, wanted: AlarmFilter, limit: int, after: Position | None = None
    ) -> tuple[Alarm, ...]:
        """The alarms that were open at a moment (ms since 1970 UTC), as they were then, in `find`'s order.

        Only those that changed since are made again from their events.
        """
        then = replace(wanted, open_only=False, from_ms=moment_ms, to_ms=moment_ms + 1)
        now = await projection.find(self._database, then, MOST_AT_ONE_TIME)
        changed = {alarm.id for alarm in now if alarm.changed_ms > moment_ms}
        rebuilt: dict[str, Alarm] = {}
        for subject, since_ms in _subjects(alarm for alarm in now if alarm.id in changed).items():
            span = EventFilter(from_ms=since_ms, to_ms=moment_ms + 1, type="alarm.*", subject=subject)
            events = await self._log.find(span, MOST_AT_ONE_TIME)
            rebuilt |= projection.applied(rebuilt, [each for each in events if each.data["alarm"] in changed])
        found = [
            rebuilt.get(alarm.id, alarm) for alarm in now if alarm.id in rebuilt or alarm.id not in changed
        ]
        return projection.part_of([alarm for alarm in found if alarm.is_open], limit, after)

    async def get(self, alarm_id: str) -> Alarm:
        """The alarm of an id. Raises NotFoundError."""
        return await self._ledger.get(alarm_id)

    async def events_of(self, alarm: Alarm) -> tuple[Event, ...]:
        """The newest events of an alarm, oldest first."""
        subject = drafts.subject_of(alarm.device)
        wanted = EventFilter(
            from_ms=alarm.raised_ms, to_ms=alarm.changed_ms + 1, type="alarm.*", subject=subject
        )
        found = await self._log.find(wanted, MOST_EVENTS, newest_first=True)
        return tuple(event for event in reversed(found) if event.data["alarm"] == alarm.id)

    # What people do

    async def acknowledge(self, alarm_id: str, actor: str, comment: str = "") -> Alarm:
        """Take an alarm; one that has returned is closed by it. Raises NotFoundError or AlarmStateError."""
        return await self._act(alarm_id, Action.ACKNOWLEDGE, actor, {"comment": comment})

    async def acknowledge_each(
        self, alarm_ids: Iterable[str], actor: str, comment: str = ""
    ) -> AsyncIterator[tuple[tuple[Alarm, ...], tuple[Refusal, ...]]]:
        """Take several alarms, an event each; those that cannot be taken hold up no other.

        Gives what became of each part once it is on record; an alarm named twice counts once.
        """
        ids = tuple(dict.fromkeys(alarm_ids))
        for first in range(0, len(ids), AT_ONCE):
            yield await self._acknowledge_part(ids[first : first + AT_ONCE], actor, comment)
            await asyncio.sleep(PAUSE_S)

    async def _acknowledge_part(
        self, ids: Sequence[str], actor: str, comment: str
    ) -> tuple[tuple[Alarm, ...], tuple[Refusal, ...]]:
        taken: list[Draft] = []
        refused: list[Refusal] = []
        async with self._ledger.entry() as entry:
            for alarm_id in ids:
                try:
                    alarm = entry.alarm(alarm_id) or await self._ledger.get(alarm_id)
                    steps_to(alarm, Action.ACKNOWLEDGE)
                    taken.append(drafts.step(alarm, Action.ACKNOWLEDGE, actor, {"comment": comment}))
                except RequestError as error:
                    refused.append(Refusal(alarm_id, error))
            await entry.append(taken)
            await entry.append(
                [drafts.step(each, Action.CLOSE, actor, {"comment": comment}) for each in entry.to_close()]
            )
        return tuple(entry.changed.values()), tuple(refused)

    async def close(self, alarm_id: str, actor: str, comment: str = "") -> Alarm:
        """Close an alarm whose condition is over. Raises NotFoundError or AlarmStateError."""
        return await self._act(alarm_id, Action.CLOSE, actor, {"comment": comment})

    async def shelve(
        self, alarm_id: str, actor: str, reason: str, until_ms: float, comment: str = ""
    ) -> Alarm:
        """Put an alarm out of sight until a time. Raises also BadRequestError."""
        ahead_ms = until_ms - self._around.clock.now_ms()
        if not 0 < ahead_ms <= LONGEST_SHELF_MS:
            raise BadRequestError("until: give a time ahead, at most 30 days from now")
        data = {"comment": comment, "reason": reason, "until": format_rfc3339(until_ms)}
        return await self._act(alarm_id, Action.SHELVE, actor, data)

    async def unshelve(self, alarm_id: str, actor: str, comment: str = "") -> Alarm:
        """Bring an alarm back into sight. Raises NotFoundError or AlarmStateError."""
        return await self._act(alarm_id, Action.UNSHELVE, actor, {"comment": comment})

    async def _act(self, alarm_id: str, wanted: Action, actor: str, data: Mapping[str, Any]) -> Alarm:
        await self._ledger.get(alarm_id)
        async with self._ledger.entry() as entry:
            alarm = entry.alarm(alarm_id) or await self._ledger.get(alarm_id)
            for action in steps_to(alarm, wanted):
                await entry.append([drafts.step(alarm, action, actor, data)])
                alarm = entry.changed[alarm_id]
        return alarm

    # What the engine does

    async def _write_some(self) -> None:
        """Write the first part of the backlog; it is kept when that fails."""
        taken = self._backlog.take(AT_ONCE)
        try:
            async with self._ledger.entry() as entry:
                await entry.append(list(self._raisings(taken, entry)))
                await entry.append(list(self._returns(taken, entry)))
                await entry.append([drafts.closing(alarm, _rule_actor(alarm)) for alarm in entry.to_close()])
        except BaseException:
            self._backlog.put_back(taken)
            raise

    def _raisings(self, taken: Iterable[Pending], entry: Entry) -> Iterator[Draft]:
        for pending in taken:
            row = self.table.rows[pending.row]
            known = entry.of_source(row.source)
            if pending.raised is not None and not (known and known.active):
                yield self._raising(known, row, pending.raised)

    def _raising(self, known: Alarm | None, row: WatchedPoint, change: Change) -> Draft:
        device = self._around.registry.devices[row.point.device]
        place = self._around.place_of(device.id)
        return drafts.raising(known or self._new_id(), row, device, place, change, self._cause_data(row))

    def _new_id(self) -> str:
        """An id after all before it, within a millisecond too: lists sort by it."""
        self._last_id = new_id(int(self._around.clock.now_ms()), self._last_id)
        return self._last_id

    def _cause_data(self, row: WatchedPoint) -> dict[str, float | None]:
        points = [self._around.registry.find(row.point.device, name) for name in row.rule.cause_data]
        found = {point.name: self._around.read(point.point_index) for point in points if point is not None}
        return {name: drafts.finite(value) for name, value in found.items()}

    def _returns(self, taken: Iterable[Pending], entry: Entry) -> Iterator[Draft]:
        for pending in taken:
            row = self.table.rows[pending.row]
            alarm = entry.of_source(row.source)
            if pending.returned is not None and alarm is not None and alarm.active:
                yield drafts.returning(alarm, row.rule.actor, pending.returned)

    async def _return_orphans(self, orphans: Iterable[Alarm]) -> None:
        gone = {"reason": "the rule or the point no longer exists"}
        async with self._ledger.entry() as entry:
            await entry.append([drafts.step(each, Action.RETURN, SYSTEM, gone) for each in orphans])
            await entry.append([drafts.closing(alarm, SYSTEM) for alarm in entry.to_close()])

    async def _end_shelvings(self) -> None:
        now_ms = self._around.clock.now_ms()
        over = [
            alarm.id
            for alarm in self._ledger.open.values()
            if alarm.shelved_until_ms is not None and alarm.shelved_until_ms <= now_ms
        ]
        for alarm_id in over:
            current = self._ledger.open.get(alarm_id)
            if current is not None and current.state is AlarmState.SHELVED:
                await self._act(alarm_id, Action.UNSHELVE, SYSTEM, {"reason": "its time is over"})


def _subjects(alarms: Iterable[Alarm]) -> dict[str, int]:
    """What some alarms' events are about, and since when (ms since 1970 UTC)."""
    found: dict[str, int] = {}
    for alarm in alarms:
        subject = drafts.subject_of(alarm.device)
        found[subject] = min(found.get(subject, alarm.raised_ms), alarm.raised_ms)
    return found


def count_of(alarms: Iterable[Alarm]) -> Count:
    """How many alarms there are, and in which states."""
    states = [alarm.state for alarm in alarms]
    active = states.count(AlarmState.UNACKNOWLEDGED_ACTIVE) + states.count(AlarmState.ACKNOWLEDGED_ACTIVE)
    unacknowledged = sum(state in UNACKNOWLEDGED for state in states)
    return Count(len(states), unacknowledged, active, states.count(AlarmState.SHELVED))


def _rule_actor(alarm: Alarm) -> str:
    return f"rule:{alarm.rule}"
