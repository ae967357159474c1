"""Finding events: columns by their indexes, keys and text by candidates from the index beside the log.

Events are in the order of their seq, which is that of their ids. A span of time is one of ids too, as the
time of an id never goes back: but for events that were written after the clock had, which have a key.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from twin.events.about import SET_BACK, keys_of, severity_key
from twin.events.event import Event, first_id, severity_of
from twin.events.filter import EventFilter
from twin.events.index import EVENT_KEY, listed, with_keys, with_terms
from twin.events.rows import event_of
from twin.events.words import Sought, searched, sought
from twin.store.tables import BIG, EVENT

FEWEST_CANDIDATES = 200
MOST_CANDIDATES = 10_000


async def find(
    connection: AsyncConnection, wanted: EventFilter, limit: int, *, newest_first: bool = False
) -> tuple[Event, ...]:
    """The first `limit` events that are wanted, by seq."""
    first, end = await _seqs_of(connection, wanted)
    if first >= end:
        return ()
    found = sought(wanted.text) if wanted.text is not None else None
    if found is not None and not found.patterns:
        return ()
    walk = _Walk(connection, wanted, found, newest_first=newest_first)
    return await walk.run(first, end, limit)


class _Walk:
    """One search through the log, part by part."""

    def __init__(
        self, connection: AsyncConnection, wanted: EventFilter, found: Sought | None, *, newest_first: bool
    ) -> None:
        self._connection, self._wanted, self._sought = connection, wanted, found
        self._newest_first = newest_first
        self._dialect = connection.dialect.name
        self._keys = [each for each in (wanted.about, _severity(wanted), _noun(wanted)) if each is not None]

    async def run(self, first: int, end: int, limit: int) -> tuple[Event, ...]:
        """The first `limit` events whose seq is in `first`..`end`, `end` not included."""
        if self._sought is None and not self._keys:
            return tuple(await self._events(_between(EVENT.c.seq, first, end), limit))
        hits: list[Event] = []
        size = max(2 * limit, FEWEST_CANDIDATES)
        while len(hits) < limit and (seqs := await self._candidates(first, end, size)):
            those = EVENT.c.seq.in_(listed(self._dialect, seqs, BIG))
            hits += [event for event in await self._events((those,), size) if self._fits(event)]
            if len(seqs) < size:
                break
            first, end = (first, seqs[-1]) if self._newest_first else (seqs[-1] + 1, end)
            size = min(4 * size, MOST_CANDIDATES)
        return tuple(hits[:limit])

    def _fits(self, event: Event) -> bool:
        """Whether a candidate is what was asked for: the index only says which ones may be."""
        wanted = self._wanted
        if wanted.severity is not None and severity_of(event.type, event.data) != wanted.severity:
            return False
        if wanted.about is not None and wanted.about.isdisjoint(keys_of(event)):
            return False
        return self._sought is None or self._sought.finds(searched(event))

    async def _candidates(self, first: int, end: int, size: int) -> list[int]:
        """The next seqs that the index gives, in the order of the walk."""
        keys = list(self._keys)
        query, seq = (
            with_keys(self._dialect, keys.pop(0))
            if self._sought is None
            else with_terms(self._dialect, self._sought)
        )
        query = query.where(*_between(seq, first, end))
        for each in keys:
            inner, inner_seq = with_keys(self._dialect, each)
            # Plus nothing: SQLite would ask the text index anew for each of these seqs.
            query = query.where((seq + 0).in_(inner.where(*_between(inner_seq, first, end))))
        query = query.order_by(seq.desc() if self._newest_first else seq).limit(size)
        return list((await self._connection.execute(query)).scalars())

    async def _events(self, conditions: Sequence[Any], limit: int) -> list[Event]:
        order = EVENT.c.seq.desc() if self._newest_first else EVENT.c.seq
        query = _where(select(EVENT), self._wanted).where(*conditions).order_by(order).limit(limit)
        return [event_of(row) for row in await self._connection.execute(query)]


def _severity(wanted: EventFilter) -> frozenset[str] | None:
    return None if wanted.severity is None else frozenset({severity_key(wanted.severity)})


def _noun(wanted: EventFilter) -> frozenset[str] | None:
    """The key of all types that begin with a noun and a dot."""
    kind = wanted.type
    return frozenset({f"kind:{kind.split('.')[0]}"}) if kind and kind.endswith("*") and "." in kind else None


async def _seqs_of(connection: AsyncConnection, wanted: EventFilter) -> tuple[int, int]:
    """Within which seqs the wanted events are: the first, and one that they are before."""
    first = 0 if wanted.after_seq is None else wanted.after_seq + 1
    last = await _newest(connection)
    end = last + 1 if wanted.before_seq is None else min(wanted.before_seq, last + 1)
    if wanted.from_ms is not None:
        since = await _first_since(connection, wanted.from_ms)
        first = end if since is None else max(first, since)
    if wanted.to_ms is not None and first < end:
        until = await _first_since(connection, wanted.to_ms)
        if until is not None and not await _is_set_back(connection, until):
            end = min(end, until)
    return first, end


async def _newest(connection: AsyncConnection) -> int:
    query = select(EVENT.c.seq).order_by(EVENT.c.seq.desc()).limit(1)
    return int((await connection.execute(query)).scalar() or 0)


async def _first_since(connection: AsyncConnection, time_ms: int) -> int | None:
    """The seq of the first event whose id's time is a given one or later."""
    query = select(EVENT.c.seq).where(EVENT.c.id >= first_id(time_ms)).order_by(EVENT.c.id).limit(1)
    found: int | None = (await connection.execute(query)).scalar()
    return found


async def _is_set_back(connection: AsyncConnection, seq: int) -> bool:
    """Whether the time of any event from a seq on is before that of its id."""
    query = select(EVENT_KEY.c.seq).where(EVENT_KEY.c.key == SET_BACK, EVENT_KEY.c.seq >= seq).limit(1)
    return (await connection.execute(query)).first() is not None


def _between(seq: Any, first: int, end: int) -> tuple[Any, Any]:
    return seq >= first, seq < end


def _where(query: Select[Any], wanted: EventFilter) -> Select[Any]:
    # Plus nothing: the span of seqs is the way in, an index by time would bring them in another order.
    columns, time_ms = EVENT.c, EVENT.c.time_ms + 0
    conditions: list[tuple[Any, Callable[[Any], Any]]] = [
        (wanted.from_ms, lambda value: time_ms >= value),
        (wanted.to_ms, lambda value: time_ms < value),
        (wanted.type, lambda value: _matches(columns.type, value)),
        (wanted.subject, lambda value: _matches(columns.subject, value)),
    ]
    return query.where(*(condition(value) for value, condition in conditions if value is not None))


def _matches(field: Any, text: str) -> Any:
    return field.startswith(text[:-1], autoescape=True) if text.endswith("*") else field == text
