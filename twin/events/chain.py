"""From an event back to what it began with, and on to all that it led to."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from twin.events.event import Event
from twin.events.index import listed
from twin.events.origin import Origin, origin_of
from twin.events.rows import event_of
from twin.store.tables import EVENT

MOST_CAUSES = 1000
MOST_EFFECTS = 1000


@dataclass(frozen=True, slots=True)
class Chain:
    """An event with its causes, the first one first, and its effects, in the order in which they happened.

    `missing` is the id of a cause that the log does not have; `causes_cut` and `effects_cut`: there are more.
    """

    event: Event
    causes: tuple[Event, ...]
    effects: tuple[Event, ...]
    missing: str | None
    causes_cut: bool
    effects_cut: bool

    @property
    def first(self) -> Event:
        """Where the chain begins."""
        return self.causes[0] if self.causes else self.event

    @property
    def origin(self) -> Origin:
        """What the first event came from; `unknown` where the way back is cut or broken."""
        return Origin.UNKNOWN if self.missing or self.causes_cut else origin_of(self.first)


async def chain_of(connection: AsyncConnection, event: Event) -> Chain:
    """The chain of an event in the log."""
    causes = await _causes(connection, event)
    effects = await _effects(connection, event)
    first = causes[0] if causes else event
    causes_cut = len(causes) > MOST_CAUSES
    missing = first.cause if first.cause is not None and not causes_cut else None
    return Chain(
        event,
        tuple(causes[-MOST_CAUSES:]),
        tuple(effects[:MOST_EFFECTS]),
        missing,
        causes_cut,
        len(effects) > MOST_EFFECTS,
    )


async def _causes(connection: AsyncConnection, event: Event) -> list[Event]:
    """What led to an event, the first one first; at most one more than is told.

    A cause comes before what it led to, so that even a forged one does not lead in a circle.
    """
    start = select(EVENT.c.seq, EVENT.c.cause).where(EVENT.c.seq == event.seq)
    way = start.cte("way", recursive=True)
    before = select(EVENT.c.seq, EVENT.c.cause).join(
        way, (EVENT.c.id == way.c.cause) & (EVENT.c.seq < way.c.seq)
    )
    way = way.union_all(before)
    seqs = select(way.c.seq).where(way.c.seq < event.seq).limit(MOST_CAUSES + 1)
    found = list((await connection.execute(seqs)).scalars())
    return await _events(
        connection, EVENT.c.seq.in_(listed(connection.dialect.name, found, EVENT.c.seq.type))
    )


async def _effects(connection: AsyncConnection, event: Event) -> list[Event]:
    """What an event led to, step by step; at most about one step more than is told."""
    found: dict[int, Event] = {}
    latest = [event]
    while latest and len(found) <= MOST_EFFECTS:
        ids = listed(connection.dialect.name, [each.id for each in latest], EVENT.c.id.type)
        step = await _events(connection, EVENT.c.cause.in_(ids), MOST_EFFECTS + 1)
        latest = [each for each in step if each.seq > event.seq and each.seq not in found]
        found |= {each.seq: each for each in latest}
    return [found[seq] for seq in sorted(found)]


async def _events(connection: AsyncConnection, condition: Any, limit: int | None = None) -> list[Event]:
    query = select(EVENT).where(condition).order_by(EVENT.c.seq).limit(limit)
    return [event_of(row) for row in await connection.execute(query)]
