"""Bookables, slots and bookings as clients see them."""

from collections.abc import Sequence
from typing import Literal
from zoneinfo import ZoneInfo

from spatial.model import Space
from spatial.package import ModelPackage
from telemetry_bridge.said import Said
from twin.accounts.accounts import Person
from twin.control.model import CommandState, Outcome
from twin.http.present import rfc3339
from twin.panels.booking import schemas
from twin.panels.booking.halls import Hall
from twin.panels.booking.model import Bookable, Booking, BookingState, Names, Slot, ticks_of
from twin.panels.booking.places import Placed
from twin.panels.booking.rules import is_staff, is_too_early
from twin.panels.booking.running import BookingRoom
from twin.venue import Name


def bookable_out(placed: Placed, package: ModelPackage) -> schemas.BookableOut:
    """A bookable and where it is."""
    bookable, space = placed.bookable, placed.space
    element = space.element_index if placed.element is None else placed.element.element_index
    storey = package.storey_by_index.get(space.storey_index) if space.storey_index is not None else None
    return schemas.BookableOut(
        id=bookable.id,
        kind=bookable.kind.id,
        kind_name=_name(bookable.kind.name),
        name=_name(bookable.name),
        space=bookable.space,
        space_name=_space_name(space),
        space_guid=space.guid,
        space_index=space.element_index,
        element_index=element,
        storey=None if storey is None else storey.guid,
        parts=list(bookable.parts),
        slot_min=bookable.slot_min,
        capacity=bookable.capacity,
        price=bookable.price,
        min_role=bookable.rules.min_role.key,
        days_ahead=bookable.rules.days_ahead,
        per_day=bookable.rules.per_day,
        cancel_until_min=bookable.rules.cancel_until_min,
        lights=len(placed.lamps),
    )


def slot_out(
    bookable: Bookable, slot: Slot, taken: Sequence[Booking], person: Person, now_ms: float, zone: ZoneInfo
) -> schemas.SlotOut:
    """A slot and whether it is free; `taken` are the bookings of its space that hold their places."""
    blocking = next((each for each in taken if _blocks(each, bookable, slot)), None)
    own = blocking is not None and (blocking.person == person.actor or is_staff(person))
    state = _slot_state(bookable, slot, blocking, person, now_ms, zone)
    known = blocking.id if blocking is not None and own else None
    return schemas.SlotOut(start=rfc3339(slot.start_ms), end=rfc3339(slot.end_ms), state=state, booking=known)


def _blocks(booking: Booking, bookable: Bookable, slot: Slot) -> bool:
    shared = set(booking.parts) & set(bookable.parts)
    times = range(booking.start_ms, booking.end_ms)
    ticks, own = ticks_of(times.start, times.stop), ticks_of(slot.start_ms, slot.end_ms)
    return bool(shared) and ticks.start < own.stop and own.start < ticks.stop


def _slot_state(
    bookable: Bookable, slot: Slot, blocking: Booking | None, person: Person, now_ms: float, zone: ZoneInfo
) -> schemas.SlotState:
    if blocking is not None:
        return "mine" if blocking.person == person.actor and blocking.bookable == bookable.id else "taken"
    if now_ms >= slot.end_ms:
        return "over"
    return "too_early" if not is_staff(person) and is_too_early(bookable, slot, now_ms, zone) else "free"


def hall_out(hall: Hall, space: Space) -> schemas.HallOut:
    """A hall's state."""
    return schemas.HallOut(
        space=hall.space,
        space_guid=space.guid,
        space_index=space.element_index,
        state=hall.state.value,
        parts=hall.parts,
        taken=hall.taken,
        next=None if hall.next_ms is None else rfc3339(hall.next_ms),
    )


def booking_out(room: BookingRoom, booking: Booking, person: Person) -> schemas.BookingOut:
    """A booking, as much of it as a person may know."""
    mine = booking.person == person.actor
    known = mine or is_staff(person)
    return schemas.BookingOut(
        id=booking.id,
        bookable=booking.bookable,
        space=booking.space,
        start=rfc3339(booking.start_ms),
        end=rfc3339(booking.end_ms),
        people=booking.people,
        state=booking.state.value,
        mine=mine,
        person=booking.person if known else None,
        person_name=booking.person_name if known else None,
        created=rfc3339(booking.created_ms),
        released=None if booking.released_ms is None else rfc3339(booking.released_ms),
        code=room.bookings.code(booking) if mine and booking.state is BookingState.BOOKED else None,
        light=light_out(room, booking) if known else None,
    )


def light_out(room: BookingRoom, booking: Booking) -> schemas.LightOut | None:
    """The lights of a booking by their last commands; None where there are none to switch."""
    placed = room.places.get(booking.bookable)
    if placed is None or not placed.lamps:
        return None
    states = [room.twin.commands.find(point.point_index) for point in placed.lamps]
    own = [state for state in states if state is not None and f"booking {booking.id}:" in state.reason]
    said = Said.of(min((state.fault for state in own if state.fault), default=""))
    return schemas.LightOut(
        lamps=len(placed.lamps),
        ordered=_ordered(own),
        confirmed=_count(own, Outcome.CONFIRMED),
        waiting=_count(own, Outcome.SENT),
        failed=_count(own, Outcome.FAILED),
        fault=said,
        fault_reason=said.reason if said else None,
        fault_named=dict(said.named) if said else {},
    )


def _ordered(own: Sequence[CommandState]) -> Literal["on", "off"] | None:
    if not own:
        return None
    return "on" if own[-1].command.value > 0 else "off"


def _count(own: Sequence[CommandState], outcome: Outcome) -> int:
    return sum(state.outcome is outcome for state in own)


def _name(names: Names) -> Name:
    return Name(zh=names.zh, en=names.en)


def _space_name(space: Space) -> Name:
    return Name(zh=space.long_name or space.name, en=space.name_en or space.long_name or space.name)
