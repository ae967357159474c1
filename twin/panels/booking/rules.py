"""What the venue's rules say to a request. No I/O; each check raises with one line for the person."""

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from twin.accounts.accounts import Person
from twin.accounts.roles import Role
from twin.days import day_of
from twin.panels.booking.errors import BookingRuleError, BookingStateError
from twin.panels.booking.model import MS_PER_MINUTE, Bookable, Booking, BookingState, Slot
from twin.panels.booking.slots import slots_of_day


def is_staff(person: Person) -> bool:
    """Whether somebody sees and changes other people's bookings, and is not bound by limits."""
    return person.role >= Role.OPERATOR


def slot_at(bookable: Bookable, start_ms: int, zone: ZoneInfo) -> Slot:
    """The slot that starts at a moment. Raises BookingRuleError where none does."""
    try:
        slots = slots_of_day(bookable, day_of(start_ms, zone), zone)
    except (OverflowError, ValueError):
        slots = ()  # at the end of the calendar
    for slot in slots:
        if slot.start_ms == start_ms:
            return slot
    raise BookingRuleError(
        f"{bookable.id} has no slot that starts then; see /api/booking/slots", reason="no-slot"
    )


def check_booking(
    bookable: Bookable, slot: Slot, people: int, person: Person, now_ms: float, zone: ZoneInfo
) -> None:
    """Whether a person may book a slot now. Raises BookingRuleError where not."""
    rules = bookable.rules
    if person.role < rules.min_role:
        raise BookingRuleError(
            f"{bookable.id} can be booked with the role {rules.min_role.key} and above", reason="role-too-low"
        )
    if not 1 <= people <= bookable.capacity:
        raise BookingRuleError(
            f"{bookable.id} takes 1 to {bookable.capacity} people, not {people}",
            reason="people",
            most=bookable.capacity,
        )
    if now_ms >= slot.end_ms:
        raise BookingRuleError("this slot is over; choose a later one", reason="slot-over")
    if not is_staff(person) and is_too_early(bookable, slot, now_ms, zone):
        raise BookingRuleError(
            f"{bookable.id} can be booked {rules.days_ahead} days ahead; come back later",
            reason="too-early",
            days=rules.days_ahead,
        )


def is_too_early(bookable: Bookable, slot: Slot, now_ms: float, zone: ZoneInfo) -> bool:
    """Whether a slot is further ahead than can be booked yet, in local days."""
    ahead = day_of(slot.start_ms, zone) - day_of(now_ms, zone)
    return ahead.days > bookable.rules.days_ahead


def check_share(bookable: Bookable, person: Person, already: int, day: date) -> None:
    """Whether a person has not had enough of a kind on a day. Raises BookingRuleError."""
    if not is_staff(person) and already >= bookable.rules.per_day:
        raise BookingRuleError(
            f"at most {bookable.rules.per_day} bookings of {bookable.kind.id} a day; "
            f"you have {already} on {day.isoformat()}",
            reason="share",
            most=bookable.rules.per_day,
            already=already,
        )


def check_cancel(bookable: Bookable | None, booking: Booking, person: Person, now_ms: float) -> None:
    """Whether a person may cancel a booking now. Raises BookingStateError or BookingRuleError."""
    if booking.state is not BookingState.BOOKED:
        raise BookingStateError(f"this booking is {booking.state.value}; only an open one can be cancelled")
    if is_staff(person) or bookable is None:
        return
    last_ms = booking.start_ms - bookable.rules.cancel_until_min * MS_PER_MINUTE
    # Who books at the last minute by mistake still has a moment to take it back.
    if now_ms > max(last_ms, booking.created_ms + 5 * MS_PER_MINUTE):
        raise BookingRuleError(
            f"it can be cancelled until {bookable.rules.cancel_until_min} minutes before the start; "
            "ask at the desk",
            reason="cancel-too-late",
            minutes=bookable.rules.cancel_until_min,
        )


def check_in_window(bookable: Bookable | None, booking: Booking) -> tuple[int, int]:
    """From when to before when a booking's code is good, ms UTC."""
    early_min = bookable.rules.check_in_from_min if bookable else 30
    return booking.start_ms - early_min * MS_PER_MINUTE, booking.end_ms


def hold_until_ms(bookable: Bookable | None, booking: Booking) -> int:
    """Until when a place is kept for somebody who has not come: never beyond the slot's end."""
    hold_ms = (bookable.rules.hold_min if bookable else 20) * MS_PER_MINUTE
    return min(max(booking.start_ms, booking.created_ms) + hold_ms, booking.end_ms)


def overdue(bookings: Iterable[tuple[Bookable | None, Booking]], now_ms: float) -> tuple[Booking, ...]:
    """Bookings for which nobody has come in time."""
    return tuple(
        booking
        for bookable, booking in bookings
        if booking.state is BookingState.BOOKED and now_ms >= hold_until_ms(bookable, booking)
    )
