"""Which devices serve what is booked now, for interlocks: the lamps of a court, else all of its space."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from telemetry_bridge.clock import Clock
from telemetry_bridge.points import Registry
from twin.control.interlocks import Use
from twin.control.uses import Rooms
from twin.panels.booking.bookings import Bookings
from twin.panels.booking.ledger import BookingFilter
from twin.panels.booking.model import Booking, BookingState
from twin.panels.booking.places import Placed

MS_PER_S = 1000.0


class BookedRooms:
    """Tells which devices serve rooms that are booked, by the twin's own clock."""

    def __init__(
        self,
        bookings: Bookings,
        clock: Clock,
        places: Mapping[str, Placed],
        registry: Registry,
        rooms: Rooms,
    ) -> None:
        self._bookings, self._clock, self._registry, self._rooms = bookings, clock, registry, rooms
        self._lit = lit_by(places.values())
        self._names = {key: each.bookable.name for key, each in places.items()}

    async def uses(self, devices: Collection[str]) -> dict[str, list[Use]]:
        """A `UseSource`."""
        now_ms = self._clock.now_ms()
        running = await self._bookings.find(BookingFilter(from_ms=now_ms, to_ms=now_ms + 1, holding=True))
        known = [each for each in devices if each in self._registry.devices]
        return {each: found for each in known if (found := self._of(each, running))}

    def _of(self, device: str, running: Sequence[Booking]) -> list[Use]:
        """What is booked of a device; of the lamps of a court, its own bookings alone."""
        courts = self._lit.get(device)
        spaces = self._rooms.served(self._registry.devices[device])
        uses: list[Use] = []
        for booking in running:
            if booking.bookable in courts if courts is not None else booking.space in spaces:
                uses += self._uses_of(booking)
        return uses

    def _uses_of(self, booking: Booking) -> list[Use]:
        name = self._names.get(booking.bookable)
        until = datetime.fromtimestamp(booking.end_ms / MS_PER_S, self._bookings.venue.zone).strftime("%H:%M")
        place = (booking.bookable, booking.bookable) if name is None else (name.zh, name.en)
        named = {"place": place[0], "until": until}
        booked = Use("booked", f"{place[1]} is booked until {until}", named)
        if booking.state is not BookingState.CHECKED_IN:
            return [booked]
        return [booked, Use("in_use", f"{place[1]} is in use until {until}", named)]


def lit_by(places: Iterable[Placed]) -> dict[str, set[str]]:
    """What each lamp lights: ids of bookables by device."""
    lit: dict[str, set[str]] = {}
    for placed in places:
        for lamp in placed.lamps:
            lit.setdefault(lamp.device, set()).add(placed.bookable.id)
    return lit
