"""Notes where the log of events ends: every few seconds beside the database, every day in the log itself.

What is noted elsewhere cannot be changed with the database. Each day's end is told to clients and written to
the server's own log too, so that whoever keeps those keeps an anchor.
"""

import asyncio
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import Clock, SystemClock
from twin.events.anchors_file import add_anchor, load_all, set_aside
from twin.events.audit import Anchor, newest_of_each
from twin.events.errors import EventFileError
from twin.events.event import Draft, Event, Head
from twin.events.log import EventFilter, EventLog
from twin.events.origin import SYSTEM
from twin.store.database import writing

LOG = structlog.get_logger(__name__)

SEALED = "log.sealed"
BEAT_S = 2.0


class Sealer:
    """Notes a log's end in a file, and seals its days; any number of servers may do so over one log."""

    def __init__(self, log: EventLog, engine: AsyncEngine, clock: Clock, zone: tzinfo, path: Path) -> None:
        """`clock` and `zone` tell the venue's days; `path` is the file of anchors."""
        self._log, self._engine, self._clock, self._zone, self._path = log, engine, clock, zone, path
        self._real = SystemClock()
        self._noted: Head | None = None
        self._sealed_day = ""
        self.note: str | None = None
        """What people must know: that anchors cannot be written, or do not fit the log; None: nothing."""

    async def check(self) -> None:
        """See at the start whether the log still has the ends that were noted.

        A file that does not fit is set aside, for `twin events verify` and for people.
        """
        try:
            anchors = await asyncio.to_thread(load_all, self._path.parent)
            wrong = [anchor for anchor in newest_of_each(anchors) if not await self._has(anchor)]
            if any(anchor.where == self._path.name for anchor in wrong):
                await asyncio.to_thread(set_aside, self._path, int(self._real.now_ms()))
        except (EventFileError, OSError) as error:
            self.note = f"where the log of events ended cannot be read: {error}"
            return
        if wrong:
            self.note = (
                f"the log of events has not the event {wrong[0].seq} {wrong[0].said}: see twin events verify"
            )
            LOG.error(self.note)

    async def _has(self, anchor: Anchor) -> bool:
        only = EventFilter(after_seq=anchor.seq - 1, before_seq=anchor.seq + 1)
        found = await self._log.find(only, 1)
        return bool(found) and found[0].hash == anchor.hash

    async def run(self) -> None:
        """Note and seal until cancelled; what fails is tried again."""
        try:
            while True:
                await self._whole_step()
                await asyncio.sleep(BEAT_S)
        finally:
            await self._step()

    async def _whole_step(self) -> None:
        """A step that ends before its cancellation counts: a transaction cut off keeps SQLite locked."""
        step = asyncio.ensure_future(self._step())
        try:
            await asyncio.shield(step)
        except asyncio.CancelledError:
            await step
            raise

    async def _step(self) -> None:
        try:
            await self.seal()
            await self.anchor()
        except (SQLAlchemyError, OSError, TimeoutError, EventFileError) as error:
            LOG.warning("the end of the log of events cannot be noted", reason=str(error))

    async def anchor(self) -> None:
        """Note where the log ends, if that is news. Raises OSError, EventFileError."""
        head = await self._log.head()
        if head == self._noted or not head.seq:
            return
        anchor = Anchor(head.seq, head.hash, int(self._real.now_ms()))
        await asyncio.to_thread(add_anchor, self._path, anchor)
        self._noted = head

    async def seal(self) -> Event | None:
        """Write the day's `log.sealed` where a day with events has ended since the last one."""
        today = self._day(self._clock.now_ms())
        if today == self._sealed_day:
            return None
        async with writing(self._engine) as connection:
            await self._log.take_turn(connection)
            head = await self._log.head_within(connection)
            last = await self._log.find_within(connection, EventFilter(type=SEALED), 1, newest_first=True)
            since = EventFilter(after_seq=last[0].seq if last else 0)
            first = await self._log.find_within(connection, since, 1)
            events: tuple[Event, ...] = ()
            if first and self._day(first[0].time_ms) < today:
                data = {"seq": head.seq, "hash": head.hash, "events": head.seq - (last[0].seq if last else 0)}
                events = await self._log.append_within(connection, Draft(SEALED, "log", SYSTEM, data))
        self._log.announce(events)
        self._sealed_day = today
        for event in events:
            LOG.info("the log of events is sealed", seq=event.seq, hash=event.hash)
        return events[0] if events else None

    def _day(self, time_ms: float) -> str:
        return datetime.fromtimestamp(time_ms / 1000.0, UTC).astimezone(self._zone).date().isoformat()
