"""Guesses of bindings that a person said are wrong, in the database; they are not made again."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import Clock
from twin.events.event import Draft, Event
from twin.events.log import EventLog
from twin.store.database import writing
from twin.store.tables import BINDING_REJECTION

COLUMNS = BINDING_REJECTION.c
Pair = tuple[str, str]
"""A device and the guid of an element."""


class Rejections:
    """The rejected guesses; `clock` is the machine's."""

    def __init__(self, engine: AsyncEngine, log: EventLog, clock: Clock) -> None:
        self._engine, self._log, self._clock = engine, log, clock

    async def all(self) -> frozenset[Pair]:
        """Every rejected pair."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(COLUMNS.device, COLUMNS.element))
            return frozenset((row.device, row.element) for row in rows)

    async def reject(self, pairs: Sequence[Pair], actor: str, reason: str = "") -> tuple[Event, ...]:
        """Say that some devices do not belong to some elements; what was said before is said once."""
        now = int(self._clock.now_ms())
        async with writing(self._engine) as connection:
            await self._log.take_turn(connection)  # what others write at once is read first
            for device, element in dict.fromkeys(pairs):
                same = (COLUMNS.device == device) & (COLUMNS.element == element)
                await connection.execute(delete(BINDING_REJECTION).where(same))
                row = {"device": device, "element": element, "rejected_ms": now, "rejected_by": actor}
                await connection.execute(insert(BINDING_REJECTION).values(**row))
            drafts = [
                Draft("binding.rejected", f"device:{device}", actor, {"element": element, "reason": reason})
                for device, element in dict.fromkeys(pairs)
            ]
            events = await self._log.append_within(connection, *drafts) if drafts else ()
        self._log.announce(events)
        return events

    async def forget(self, devices: Sequence[str]) -> None:
        """Let all guesses for some devices be made again."""
        async with writing(self._engine) as connection:
            await connection.execute(delete(BINDING_REJECTION).where(COLUMNS.device.in_(devices)))
