"""The event log in the database: append and read. An event is acknowledged when it is on disk."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telemetry_bridge.clock import Clock
from twin.events import search
from twin.events.audit import Anchor, Audit, Auditor
from twin.events.chain import Chain, chain_of
from twin.events.counting import Counted, Spans, counted
from twin.events.event import Draft, Event, Head, appended
from twin.events.filter import EventFilter
from twin.events.index import writes
from twin.events.rows import event_of, row_of
from twin.store.database import writing
from twin.store.tables import EVENT

__all__ = ["PAGE", "EventFilter", "EventLog"]

Listener = Callable[[Event], None]

PAGE = 1000
APPEND_LOCK = 0x7477696E  # "twin": the advisory lock that appends take their turns by


class EventLog:
    """The venue's events; one for each server process."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._appending = asyncio.Lock()
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every event once it is on disk, in order; it must not block or raise."""
        self._listeners.append(listener)

    async def append(self, *drafts: Draft) -> tuple[Event, ...]:
        """Write events; all or none. When this returns they are on disk."""
        async with self._appending, writing(self._engine) as connection:
            events = await self.append_within(connection, *drafts)
        self.announce(events)
        return events

    async def append_within(self, connection: AsyncConnection, *drafts: Draft) -> tuple[Event, ...]:
        """Write events in the caller's transaction, beside what they are about.

        The caller calls `announce` when it has committed.
        """
        await self.take_turn(connection)
        events = tuple(appended(drafts, await _head(connection), int(self._clock.now_ms())))
        await connection.execute(EVENT.insert(), [row_of(event) for event in events])
        for statement, rows in writes(connection.dialect.name, events):
            await connection.execute(statement, rows)
        return events

    async def take_turn(self, connection: AsyncConnection) -> None:
        """Let one append at a time read where the log ends; held until the transaction does.

        On SQLite `writing` holds the only write lock already.
        """
        if connection.dialect.name == "postgresql":
            await connection.execute(select(func.pg_advisory_xact_lock(APPEND_LOCK)))

    def announce(self, events: Sequence[Event]) -> None:
        """Tell the listeners of events that are on disk now."""
        for event in events:
            for listener in self._listeners:
                listener(event)

    async def find(self, wanted: EventFilter, limit: int, *, newest_first: bool = False) -> tuple[Event, ...]:
        """The first `limit` events that are wanted, by seq."""
        async with self._engine.connect() as connection:
            return await self.find_within(connection, wanted, limit, newest_first=newest_first)

    async def find_within(
        self, connection: AsyncConnection, wanted: EventFilter, limit: int, *, newest_first: bool = False
    ) -> tuple[Event, ...]:
        """As `find`, in the caller's transaction."""
        return await search.find(connection, wanted, limit, newest_first=newest_first)

    async def head_within(self, connection: AsyncConnection) -> Head:
        """As `head`, in the caller's transaction."""
        return await _head(connection)

    async def get(self, event_id: str) -> Event | None:
        """The event of an id."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(EVENT).where(EVENT.c.id == event_id))).first()
        return None if row is None else event_of(row)

    async def chain(self, event_id: str) -> Chain | None:
        """What led to the event of an id, and what it led to; None: there is no such event."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(EVENT).where(EVENT.c.id == event_id))).first()
            return None if row is None else await chain_of(connection, event_of(row))

    async def head(self) -> Head:
        """Where the log ends."""
        async with self._engine.connect() as connection:
            return await _head(connection)

    async def all(self, after_seq: int = 0) -> AsyncIterator[Event]:
        """Every event after a seq, in order, read page by page."""
        while page := await self.find(EventFilter(after_seq=after_seq), PAGE):
            for event in page:
                yield event
            after_seq = page[-1].seq

    async def seqs_of(self, span: EventFilter) -> tuple[int, int] | None:
        """The first and the last seq of the events within a filter's times; None: there are none."""
        query = select(func.min(EVENT.c.seq), func.max(EVENT.c.seq)).select_from(EVENT)
        if span.from_ms is not None:
            query = query.where(EVENT.c.time_ms >= span.from_ms)
        if span.to_ms is not None:
            query = query.where(EVENT.c.time_ms < span.to_ms)
        async with self._engine.connect() as connection:
            first, last = (await connection.execute(query)).one()
        return None if first is None else (int(first), int(last))

    async def verify(self) -> str | None:
        """What is wrong with the chain; None: nothing was changed, nothing is missing."""
        return (await self.audit()).fault

    async def audit(self, anchors: Iterable[Anchor] = ()) -> Audit:
        """Whether the whole log is what was written, and still has what `anchors` say."""
        auditor = Auditor(anchors=anchors)
        async with self._engine.connect() as connection:
            while rows := await _page_after(connection, auditor.head.seq if auditor.events else None):
                fault = _fault_in(rows, auditor)
                if fault is not None:
                    return Audit(auditor.events, auditor.head, fault)
        return Audit(auditor.events, auditor.head, auditor.end())

    async def density(self, from_ms: int, to_ms: int, buckets: int) -> list[Counted]:
        """How many events fall into each of `buckets` equal spans: (span, type, severity, count).

        Raised alarms are told apart by their severity; of other types it is None.
        """
        async with self._engine.connect() as connection:
            return await counted(connection, Spans.of(from_ms, to_ms, buckets))


async def _head(connection: AsyncConnection) -> Head:
    query = select(EVENT.c.seq, EVENT.c.id, EVENT.c.hash).order_by(EVENT.c.seq.desc()).limit(1)
    row = (await connection.execute(query)).first()
    return Head() if row is None else Head(row.seq, row.id, row.hash)


async def _page_after(connection: AsyncConnection, seq: int | None) -> Sequence[Row[Any]]:
    """The next rows as they lie there; None: from the first on, whatever its seq."""
    query = select(EVENT).order_by(EVENT.c.seq).limit(PAGE)
    query = query if seq is None else query.where(EVENT.c.seq > seq)
    return (await connection.execute(query)).all()


def _fault_in(rows: Sequence[Row[Any]], auditor: Auditor) -> str | None:
    for row in rows:
        try:
            fault = auditor.take(event_of(row))
        except ValueError:
            fault = f"event {row.seq} ({row.id}) was changed: its data is no JSON"
        if fault is not None:
            return fault
    return None
