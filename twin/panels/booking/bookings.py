"""Booking, cancelling, checking in and running out: each an event and its rows in one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telemetry_bridge.clock import Clock
from telemetry_bridge.times import format_rfc3339
from twin.accounts.accounts import Person
from twin.days import day_of
from twin.errors import NotFoundError
from twin.events.event import new_id
from twin.events.log import EventLog
from twin.panels.booking import ledger, rules
from twin.panels.booking.codes import booking_id_in, check_code, code_of
from twin.panels.booking.errors import BadCodeError, BookingStateError, SlotTakenError
from twin.panels.booking.ledger import BookingFilter
from twin.panels.booking.model import Bookable, Booking, BookingState, Slot
from twin.panels.booking.projection import CANCELLED, CHECKED_IN, EXPIRED, changed_draft, created_draft
from twin.panels.booking.slots import day_bounds
from twin.store.database import writing

MAKER = "system"


@dataclass(frozen=True, slots=True)
class Venue:
    """What the rules of booking need of the venue."""

    bookables: Mapping[str, Bookable]
    zone: ZoneInfo
    secret: bytes


class Bookings:
    """The venue's bookings; any number of server processes may have one over the same database."""

    def __init__(self, engine: AsyncEngine, log: EventLog, clock: Clock, venue: Venue) -> None:
        self._engine, self._log, self._clock = engine, log, clock
        self.venue = venue

    def bookable(self, bookable_id: str) -> Bookable:
        """What an id names. Raises NotFoundError."""
        found = self.venue.bookables.get(bookable_id)
        if found is None:
            raise NotFoundError(f"nothing to book is called {bookable_id[:64]}; see /api/booking/bookables")
        return found

    async def create(self, person: Person, bookable_id: str, start_ms: int, people: int) -> Booking:
        """Book a slot. Raises NotFoundError, BookingRuleError; SlotTakenError: somebody was faster."""
        bookable, now_ms = self.bookable(bookable_id), self._clock.now_ms()
        slot = rules.slot_at(bookable, start_ms, self.venue.zone)
        rules.check_booking(bookable, slot, people, person, now_ms, self.venue.zone)
        wanted = _wanted(bookable, slot, people, person, int(now_ms))
        try:
            async with writing(self._engine) as connection:
                events = await self._log.append_within(connection, created_draft(wanted, person.actor))
                made = await ledger.apply(connection, None, events[0])
                await self._check_share(connection, bookable, made, person)
        except IntegrityError as error:
            starts = format_rfc3339(slot.start_ms)
            raise SlotTakenError(f"{bookable_id} is taken at {starts}; choose another slot") from error
        self._log.announce(events)
        return made

    async def cancel(self, person: Person, booking_id: str) -> Booking:
        """Give a place back. Raises NotFoundError, BookingStateError or BookingRuleError."""

        def check(booking: Booking) -> None:
            _check_own(booking, person)
            bookable = self.venue.bookables.get(booking.bookable)
            rules.check_cancel(bookable, booking, person, self._clock.now_ms())

        return await self._change(booking_id, CANCELLED, person.actor, check)

    async def check_in(self, person: Person, code: str) -> Booking:
        """Let a booking's people in; members by their own codes, staff by anybody's.

        Raises BadCodeError where the code is not genuine or not good now, BookingStateError where it is used.
        """

        def check(booking: Booking) -> None:
            check_code(code, booking, self.venue.secret)
            _check_own(booking, person)
            self._check_open(booking)

        try:
            return await self._change(booking_id_in(code), CHECKED_IN, person.actor, check)
        except NotFoundError as error:
            raise BadCodeError("no booking of yours has this check-in code") from error

    async def expire(self) -> tuple[Booking, ...]:
        """Free the places for which nobody has come in time."""
        now_ms = self._clock.now_ms()
        begun = await self.find(BookingFilter(to_ms=now_ms, holding=True))
        paired = ((self.venue.bookables.get(booking.bookable), booking) for booking in begun)
        gone: list[Booking] = []
        for booking in rules.overdue(paired, now_ms):
            try:
                gone.append(await self._change(booking.id, EXPIRED, MAKER, _check_still_open))
            except BookingStateError:
                continue  # somebody came, or another server was faster
        return tuple(gone)

    async def find(self, wanted: BookingFilter) -> tuple[Booking, ...]:
        """Bookings that are wanted, by their start."""
        async with self._engine.connect() as connection:
            return await ledger.find(connection, wanted)

    async def get(self, person: Person, booking_id: str) -> Booking:
        """A booking that a person may see. Raises NotFoundError."""
        async with self._engine.connect() as connection:
            booking = await ledger.get(connection, booking_id)
        if booking is None:
            raise NotFoundError(f"there is no booking {booking_id[:26]}")
        _check_own(booking, person)
        return booking

    def code(self, booking: Booking) -> str:
        """The code that checks a booking in."""
        return code_of(booking, self.venue.secret)

    def _check_open(self, booking: Booking) -> None:
        if booking.state is not BookingState.BOOKED:
            raise BookingStateError(f"this booking is {booking.state.value} already")
        bookable = self.venue.bookables.get(booking.bookable)
        begin, end = rules.check_in_window(bookable, booking)
        if not begin <= self._clock.now_ms() < end:
            raise BadCodeError(
                f"this code is good from {format_rfc3339(begin)} to {format_rfc3339(end)}; come then",
                reason="code-not-now",
            )

    async def _change(
        self, booking_id: str, kind: str, actor: str, check: Callable[[Booking], None]
    ) -> Booking:
        async with writing(self._engine) as connection:
            before = await ledger.get(connection, booking_id, lock=True)
            if before is None:
                raise NotFoundError(f"there is no booking {booking_id[:26]}")
            check(before)
            events = await self._log.append_within(connection, changed_draft(kind, before, actor))
            after = await ledger.apply(connection, before, events[0])
        self._log.announce(events)
        return after

    async def _check_share(
        self, connection: AsyncConnection, bookable: Bookable, made: Booking, person: Person
    ) -> None:
        """Appending took its turn: who books at the same time is counted already, or waits."""
        same = [each.id for each in self.venue.bookables.values() if each.kind.id == bookable.kind.id]
        day = day_of(made.start_ms, self.venue.zone)
        span = day_bounds(day, self.venue.zone)
        count = await ledger.count_of_day(connection, person.actor, same, span)
        rules.check_share(bookable, person, count - 1, day)


def _wanted(bookable: Bookable, slot: Slot, people: int, person: Person, now_ms: int) -> Booking:
    return Booking(
        id=new_id(now_ms),
        bookable=bookable.id,
        space=bookable.space,
        parts=bookable.parts,
        person=person.actor,
        person_name=person.display_name,
        start_ms=slot.start_ms,
        end_ms=slot.end_ms,
        people=people,
        state=BookingState.BOOKED,
        created_ms=now_ms,
        changed_ms=now_ms,
        released_ms=None,
        last_event="",
    )


def _check_own(booking: Booking, person: Person) -> None:
    """Other people's bookings are, to all but staff, not there."""
    if booking.person != person.actor and not rules.is_staff(person):
        raise NotFoundError(f"there is no booking {booking.id} of yours")


def _check_still_open(booking: Booking) -> None:
    if booking.state is not BookingState.BOOKED:
        raise BookingStateError(f"this booking is {booking.state.value}")
