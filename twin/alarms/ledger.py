"""Alarms on record: their events and the projection, written as one; the open ones are held in memory."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from twin.alarms import projection
from twin.alarms.model import Alarm, AlarmState, Source
from twin.errors import NotFoundError
from twin.events.event import Draft, Event
from twin.events.log import PAGE, EventFilter, EventLog
from twin.store.database import writing

ALARM_EVENTS = "alarm."


class Entry:
    """What one transaction writes; nothing of it counts before it is committed."""

    def __init__(self, ledger: "Ledger", log: EventLog, connection: AsyncConnection) -> None:
        self._ledger, self._log, self._connection = ledger, log, connection
        self.events: list[Event] = []
        self.changed: dict[str, Alarm] = {}
        self._of_source: dict[Source, str] = {}

    async def append(self, drafts: Sequence[Draft]) -> None:
        """Write events, at most one of an alarm, and what they make of the alarms."""
        if not drafts:
            return
        events = await self._log.append_within(self._connection, *drafts)
        known = ((event.data["alarm"], self.alarm(event.data["alarm"])) for event in events)
        changed = projection.applied({key: alarm for key, alarm in known if alarm is not None}, events)
        self.events += events
        self.changed |= changed
        self._of_source |= {alarm.source: alarm.id for alarm in changed.values()}

    def alarm(self, alarm_id: str) -> Alarm | None:
        """An open alarm, or one changed here, as it is after what was appended."""
        return self.changed.get(alarm_id) or self._ledger.open.get(alarm_id)

    def of_source(self, source: Source) -> Alarm | None:
        """The open alarm of a source, as it is after what was appended."""
        alarm_id = self._of_source.get(source)
        found = self._ledger.of_source(source) if alarm_id is None else self.changed[alarm_id]
        return found if found is not None and found.is_open else None

    def to_close(self) -> tuple[Alarm, ...]:
        """Alarms that became normal here and are not closed yet."""
        return tuple(
            alarm for alarm in self.changed.values() if alarm.state is AlarmState.NORMAL and alarm.is_open
        )


class Ledger:
    """The alarms of one server; `open` holds every open one by id, oldest first."""

    def __init__(self, log: EventLog, database: AsyncEngine, *, shared: bool = False) -> None:
        """`shared`: other servers write alarms too; each then looks first what they wrote."""
        self._log, self._database, self._shared = log, database, shared
        self._seq = 0
        self._open: dict[str, Alarm] = {}
        self._ids: dict[Source, str] = {}
        self._writing = asyncio.Lock()

    @property
    def open(self) -> Mapping[str, Alarm]:
        """Every open alarm by id, oldest first."""
        return self._open

    def of_source(self, source: Source) -> Alarm | None:
        """The open alarm of a source."""
        return self._open.get(self._ids.get(source, ""))

    async def load(self) -> None:
        """Read the open alarms."""
        if not self._shared:
            self._remember(await projection.load_open(self._database))
            return
        async with self._writing, writing(self._database) as connection:
            await self._log.take_turn(connection)
            self._seq = (await self._log.head_within(connection)).seq
            self._remember(await projection.load_open(self._database))

    async def follow(self, events: Sequence[Event]) -> None:
        """Take what other servers wrote; `events` is the next part of the log, of any kind."""
        async with self._writing:
            self._apply(events)

    def _apply(self, events: Sequence[Event]) -> None:
        new = [event for event in events if event.seq > self._seq]
        alarms = [event for event in new if event.type.startswith(ALARM_EVENTS)]
        self._remember(projection.applied(self._open, alarms).values())
        self._seq = new[-1].seq if new else self._seq

    async def _catch_up(self, connection: AsyncConnection) -> None:
        """Look what other servers wrote; nobody writes more before the transaction ends."""
        await self._log.take_turn(connection)
        while page := await self._log.find_within(
            connection, EventFilter(type=f"{ALARM_EVENTS}*", after_seq=self._seq), PAGE
        ):
            self._apply(page)

    async def get(self, alarm_id: str) -> Alarm:
        """The alarm of an id, open or closed. Raises NotFoundError."""
        found = self._open.get(alarm_id) or await projection.get(self._database, alarm_id)
        if found is None:
            raise NotFoundError(f"there is no alarm '{alarm_id[:40]}'")
        return found

    @contextlib.asynccontextmanager
    async def entry(self) -> AsyncIterator[Entry]:
        """A transaction, one at a time; on an error nothing of it remains, in memory either."""
        async with self._writing:
            async with writing(self._database) as connection:
                if self._shared:
                    await self._catch_up(connection)
                entry = Entry(self, self._log, connection)
                yield entry
                await projection.save(connection, tuple(entry.changed.values()))
            self._remember(entry.changed.values())
            if self._shared and entry.events:
                self._seq = entry.events[-1].seq
            self._log.announce(entry.events)

    def _remember(self, alarms: Iterable[Alarm]) -> None:
        for alarm in alarms:
            if alarm.is_open:
                self._open[alarm.id] = alarm
                self._ids[alarm.source] = alarm.id
            elif self._open.pop(alarm.id, None) is not None:
                del self._ids[alarm.source]
