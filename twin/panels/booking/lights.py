"""Light for who has booked: on before a booking begins, off after it ends, by commands that are events.

What is to be done is read from the bookings and from what was done before, so that a restart, or a second
server over the same database, neither forgets a booking nor switches twice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telemetry_bridge.clock import Clock
from telemetry_bridge.points import Point
from twin.control.commands import Commands
from twin.control.interlocks import Asker
from twin.control.model import Order
from twin.panels.booking import ledger
from twin.panels.booking.ledger import BookingFilter
from twin.panels.booking.model import MS_PER_MINUTE, Booking
from twin.panels.booking.table import LIGHT
from twin.store.database import writing

ON_BEFORE_MS = 10 * MS_PER_MINUTE
OFF_AFTER_MS = 5 * MS_PER_MINUTE
LOOK_BACK_MS = 24 * 60 * MS_PER_MINUTE  # a server that was down longer leaves old lights to the people there
ACTOR = "linkage:booking-light"

Phase = Literal["on", "off"]
Done = Callable[[str, Phase], bool]


@dataclass(frozen=True, slots=True)
class Switching:
    """What a booking now does to its lights."""

    booking: Booking
    phase: Phase


def window(booking: Booking) -> tuple[int, int]:
    """From when to before when a booking wants light, ms UTC."""
    return booking.start_ms - ON_BEFORE_MS, booking.end_ms + OFF_AFTER_MS


def wants_light(booking: Booking, now_ms: float) -> bool:
    """Whether a booking wants light now."""
    begin, end = window(booking)
    return booking.holds and begin <= now_ms < end


def due(bookings: Iterable[Booking], done: Done, now_ms: float) -> tuple[Switching, ...]:
    """What is to be switched now and has not been: off only what was switched on."""
    found: list[Switching] = []
    for booking in bookings:
        wants, was_on, was_off = wants_light(booking, now_ms), done(booking.id, "on"), done(booking.id, "off")
        if wants and not was_on:
            found.append(Switching(booking, "on"))
        elif was_on and not was_off and not wants:
            found.append(Switching(booking, "off"))
    return tuple(found)


def lamps_to_switch(
    switching: Switching, lamps: Mapping[str, Sequence[Point]], bookings: Iterable[Booking], now_ms: float
) -> tuple[Point, ...]:
    """The lamps of a booking; when they go off, without those that another booking wants."""
    own = tuple(lamps.get(switching.booking.bookable, ()))
    if switching.phase == "on":
        return own
    others = (each for each in bookings if each.id != switching.booking.id and wants_light(each, now_ms))
    needed = {point.key for other in others for point in lamps.get(other.bookable, ())}
    return tuple(point for point in own if point.key not in needed)


class CourtLights:
    """Switches lights by the twin's own clock; call `step` often."""

    def __init__(
        self,
        engine: AsyncEngine,
        commands: Commands,
        clock: Clock,
        lamps: Mapping[str, Sequence[Point]],
    ) -> None:
        """`lamps` gives the points that a bookable's lights are switched by."""
        self._engine, self._commands, self._clock, self._lamps = engine, commands, clock, lamps

    async def step(self) -> int:
        """Switch what is due; gives how many bookings' lights were."""
        now_ms = self._clock.now_ms()
        nearby = BookingFilter(from_ms=now_ms - LOOK_BACK_MS, to_ms=now_ms + ON_BEFORE_MS + 1)
        async with self._engine.connect() as connection:
            bookings = await ledger.find(connection, nearby)
            done = await _done(connection, [booking.id for booking in bookings])
        wanted = due(bookings, lambda booking, phase: (booking, phase) in done, now_ms)
        return sum([await self._switch(each, bookings, now_ms) for each in wanted])

    async def _switch(self, switching: Switching, bookings: Sequence[Booking], now_ms: float) -> bool:
        """Note the switching and send its commands; False where another server was faster.

        A lamp that somebody works at is left alone; the others are switched.
        """
        points = lamps_to_switch(switching, self._lamps, bookings, now_ms)
        booking = switching.booking
        orders = [_order(point, switching) for point in points]
        refused = await self._commands.refused(orders, Asker(ACTOR), booking.last_event)
        left_alone = {each.order for each in refused}
        allowed = [order for order in orders if order not in left_alone]
        prepared = self._commands.prepare(allowed, ACTOR, booking.last_event)
        row = {"booking": booking.id, "phase": switching.phase, "time_ms": int(now_ms)}
        try:
            async with writing(self._engine) as connection:
                await connection.execute(insert(LIGHT).values(**row))
                events = await self._commands.write(connection, prepared)
        except IntegrityError:
            return False
        await self._commands.dispatch(prepared, events)
        return True


def _order(point: Point, switching: Switching) -> Order:
    level = point.type.high if switching.phase == "on" else point.type.low
    return Order(point.device, point.name, level, f"booking {switching.booking.id}: light {switching.phase}")


async def _done(connection: AsyncConnection, bookings: Sequence[str]) -> set[tuple[str, Any]]:
    query = select(LIGHT.c.booking, LIGHT.c.phase).where(LIGHT.c.booking.in_(bookings))
    return {(row.booking, row.phase) for row in await connection.execute(query)}
