"""From the events of bookings to bookings. No I/O; the live path and a rebuild use the same function."""

from dataclasses import replace
from typing import Any

from twin.events.event import Draft, Event
from twin.panels.booking.model import Booking, BookingState

CREATED, CANCELLED = "booking.created", "booking.cancelled"
CHECKED_IN, EXPIRED = "booking.checked_in", "booking.expired"

_STATE_AFTER = {
    CREATED: BookingState.BOOKED,
    CANCELLED: BookingState.CANCELLED,
    CHECKED_IN: BookingState.CHECKED_IN,
    EXPIRED: BookingState.EXPIRED,
}


def created_draft(booking: Booking, actor: str) -> Draft:
    """The event that makes a booking; holds all that a rebuild needs."""
    data: dict[str, Any] = {
        "bookable": booking.bookable,
        "space": booking.space,
        "parts": list(booking.parts),
        "person": booking.person,
        "person_name": booking.person_name,
        "start_ms": booking.start_ms,
        "end_ms": booking.end_ms,
        "people": booking.people,
    }
    return Draft(CREATED, f"booking:{booking.id}", actor, data)


def changed_draft(kind: str, booking: Booking, actor: str) -> Draft:
    """An event that changes a booking; its cause is the event before it."""
    data = {"bookable": booking.bookable, "space": booking.space, "start_ms": booking.start_ms}
    return Draft(kind, f"booking:{booking.id}", actor, data, booking.last_event)


def applied(before: Booking | None, event: Event) -> Booking:
    """The booking after an event.

    Raises:
        ValueError: the event changes a booking that was never made, or is none of a booking.
    """
    if event.type not in _STATE_AFTER:
        raise ValueError(f"{event.type} is no event of a booking")
    if event.type == CREATED:
        return _made(event)
    if before is None:
        raise ValueError(f"{event.type} of {event.subject}, which was never made")
    after = replace(before, state=_STATE_AFTER[event.type], changed_ms=event.time_ms, last_event=event.id)
    return after if after.holds else replace(after, released_ms=event.time_ms)


def _made(event: Event) -> Booking:
    data = event.data
    return Booking(
        id=event.subject.removeprefix("booking:"),
        bookable=data["bookable"],
        space=data["space"],
        parts=tuple(data["parts"]),
        person=data["person"],
        person_name=data["person_name"],
        start_ms=data["start_ms"],
        end_ms=data["end_ms"],
        people=data["people"],
        state=BookingState.BOOKED,
        created_ms=event.time_ms,
        changed_ms=event.time_ms,
        released_ms=None,
        last_event=event.id,
    )
