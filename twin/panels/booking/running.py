"""The panel while the server runs: opened, and moved on beat by beat."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from twin.panels.booking.bookables_file import load_bookables
from twin.panels.booking.bookings import Bookings, Venue
from twin.panels.booking.codes import load_secret
from twin.panels.booking.ledger import BookingFilter
from twin.panels.booking.lights import CourtLights
from twin.panels.booking.model import MS_PER_MINUTE, Booking
from twin.panels.booking.places import Placed, place_bookables
from twin.panels.booking.uses import BookedRooms
from twin.runtime import Twin
from twin.simulation.adapter import SimulationAdapter
from twin.simulation.programme import Visit

LOG = structlog.get_logger(__name__)

BEAT_S = 0.5  # at 60-fold time half a minute of the venue's
AROUND_MS = 60 * MS_PER_MINUTE


@dataclass(frozen=True, slots=True, eq=False)
class BookingRoom:
    """What the panel's requests work with."""

    twin: Twin
    bookings: Bookings
    lights: CourtLights
    places: Mapping[str, Placed]

    async def step(self) -> None:
        """Free what nobody came for, switch lights, tell the simulation who comes."""
        await self.bookings.expire()
        await self.lights.step()
        await self._tell_simulation()

    async def _tell_simulation(self) -> None:
        simulation = self.twin.adapters.get("simulation")
        if isinstance(simulation, SimulationAdapter):
            now_ms = self.twin.clock.now_ms()
            near = BookingFilter(from_ms=now_ms - AROUND_MS, to_ms=now_ms + AROUND_MS, holding=True)
            simulation.expect([_visit(each) for each in await self.bookings.find(near)])


def _visit(booking: Booking) -> Visit:
    return Visit(booking.space, float(booking.start_ms), float(booking.end_ms), booking.people)


def open_room(twin: Twin) -> BookingRoom:
    """The panel over a running twin. Raises VenueError where bookables.yaml has faults, DataFolderError."""
    if twin.database is None:
        raise RuntimeError("the twin does not run")
    read = load_bookables(twin.venue)
    places, notes = place_bookables(read, twin.package, twin.registry, twin.bound.element_of)
    twin.notes.extend(notes)
    secret = load_secret(twin.settings.data_folder)
    venue = Venue({key: each.bookable for key, each in places.items()}, twin.venue.zone, secret)
    lamps = {key: each.lamps for key, each in places.items()}
    bookings = Bookings(twin.database, twin.events, twin.clock, venue)
    booked = BookedRooms(bookings, twin.clock, places, twin.registry, twin.rooms)
    twin.commands.uses.append(booked.uses)
    return BookingRoom(
        twin,
        bookings,
        CourtLights(twin.database, twin.commands, twin.clock, lamps),
        places,
    )


@contextlib.asynccontextmanager
async def run(twin: Twin) -> AsyncIterator[BookingRoom]:
    """Run the panel until the block ends."""
    room = await asyncio.to_thread(open_room, twin)
    task = asyncio.create_task(_beat(room), name="bookings")
    try:
        yield room
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _beat(room: BookingRoom) -> None:
    while True:
        try:
            await room.step()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            LOG.warning("bookings cannot be moved on; trying again", reason=str(error))
        except Exception:
            # One booking that goes wrong must not leave all others in the dark.
            LOG.exception("a step of the booking panel failed")
        await asyncio.sleep(BEAT_S)
