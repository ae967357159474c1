"""`/api/booking`: what can be booked, when, by whom."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime

from twin.accounts.accounts import Person
from twin.accounts.roles import Role
from twin.days import day_of
from twin.errors import BadRequestError, NotFoundError
from twin.http.identity import PersonDep, requires
from twin.http.moments import From, To, milliseconds
from twin.http.present import rfc3339
from twin.http.problems import PROBLEM_RESPONSES
from twin.panels.booking import schemas, shown
from twin.panels.booking.halls import halls_at
from twin.panels.booking.ledger import BookingFilter
from twin.panels.booking.model import Bookable
from twin.panels.booking.qr import qr_svg
from twin.panels.booking.running import BookingRoom
from twin.panels.booking.slots import day_bounds, slots_of_day
from twin.panels.panel import service_of

DAY_MS = 86_400_000
MOST_DAYS = 62

router = APIRouter(prefix="/api/booking", tags=["booking"], responses=PROBLEM_RESPONSES)
ANYBODY = [Depends(requires(Role.PUBLIC))]
MEMBER = [Depends(requires(Role.MEMBER))]


def _room(request: Request) -> BookingRoom:
    room: BookingRoom = service_of(request, "booking")
    return room


RoomDep = Annotated[BookingRoom, Depends(_room)]


@router.get("/bookables", operation_id="listBookables", dependencies=ANYBODY)
async def list_bookables(room: RoomDep) -> schemas.BookableList:
    """All that can be booked."""
    zone = room.bookings.venue.zone
    return schemas.BookableList(
        items=[shown.bookable_out(each, room.twin.package) for each in room.places.values()],
        timezone=zone.key,
        today=day_of(room.twin.clock.now_ms(), zone).isoformat(),
        next=None,
    )


@router.get("/slots", operation_id="listSlots", dependencies=ANYBODY)
async def list_slots(
    room: RoomDep,
    person: PersonDep,
    bookable: Annotated[str, Query(max_length=64)],
    day: Annotated[date, Query(alias="date", description="A day of the venue.")],
) -> schemas.SlotList:
    """The slots of a day and which of them are free."""
    (slots,) = await _slots(room, [room.bookings.bookable(bookable)], day, person)
    return slots


@router.get("/kinds/{kind}/slots", operation_id="listSlotsOfKind", dependencies=ANYBODY)
async def list_slots_of_kind(
    room: RoomDep, person: PersonDep, kind: str, day: Annotated[date, Query(alias="date")]
) -> schemas.KindSlots:
    """The slots of a day of every court or room of a kind."""
    found = [each.bookable for each in room.places.values() if each.bookable.kind.id == kind]
    if not found:
        raise NotFoundError(f"nothing of the kind {kind[:64]} can be booked; see /api/booking/bookables")
    items = await _slots(room, found, day, person)
    return schemas.KindSlots(kind=kind, date=day.isoformat(), items=items, next=None)


async def _slots(
    room: BookingRoom, bookables: Sequence[Bookable], day: date, person: Person
) -> list[schemas.SlotList]:
    _check_day(day)
    zone, now_ms = room.bookings.venue.zone, room.twin.clock.now_ms()
    begin, end = day_bounds(day, zone)
    taken = await room.bookings.find(BookingFilter(from_ms=begin, to_ms=end + DAY_MS, holding=True))
    return [
        schemas.SlotList(
            bookable=each.id,
            date=day.isoformat(),
            items=[
                shown.slot_out(each, slot, taken, person, now_ms, zone)
                for slot in slots_of_day(each, day, zone)
            ],
            next=None,
        )
        for each in bookables
    ]


@router.get("/halls", operation_id="listHalls", dependencies=ANYBODY)
async def list_halls(
    room: RoomDep, at: Annotated[AwareDatetime | None, Query(description="RFC 3339; now if left out.")] = None
) -> schemas.HallList:
    """How halls stand at a moment: free, taken soon, partly or wholly taken."""
    given = milliseconds(at)
    time_ms = room.twin.clock.now_ms() if given is None else float(given)
    around = await room.bookings.find(BookingFilter(from_ms=time_ms, to_ms=time_ms + DAY_MS))
    halls = halls_at((each.bookable for each in room.places.values()), around, time_ms)
    spaces = {each.bookable.space: each.space for each in room.places.values()}
    items = [shown.hall_out(hall, spaces[hall.space]) for hall in halls]
    return schemas.HallList(time=rfc3339(time_ms), items=items, next=None)


@router.post("/bookings", operation_id="createBooking", status_code=201, dependencies=MEMBER)
async def create_booking(room: RoomDep, person: PersonDep, wish: schemas.BookingIn) -> schemas.BookingOut:
    """Book a slot; 409 where somebody was faster or the venue's rules do not allow it."""
    start_ms = milliseconds(wish.start) or 0
    made = await room.bookings.create(person, wish.bookable, start_ms, wish.people)
    return shown.booking_out(room, made, person)


@router.get("/bookings", operation_id="listBookings", dependencies=MEMBER)
async def list_bookings(
    room: RoomDep,
    person: PersonDep,
    mine: bool = False,
    space: Annotated[str | None, Query(max_length=64)] = None,
    from_: From = None,
    to: To = None,
) -> schemas.BookingList:
    """Bookings by their start, those given back included; of the next week where no time is given."""
    now_ms = room.twin.clock.now_ms()
    from_ms, to_ms = milliseconds(from_), milliseconds(to)
    begin = float(now_ms - DAY_MS if from_ms is None else from_ms)
    end = float(begin + 8 * DAY_MS if to_ms is None else to_ms)
    if not begin < end <= begin + MOST_DAYS * DAY_MS:
        raise BadRequestError(f"from must be before to, by at most {MOST_DAYS} days")
    wanted = BookingFilter(begin, end, person=person.actor if mine else None, space=space)
    found = await room.bookings.find(wanted)
    return schemas.BookingList(items=[shown.booking_out(room, each, person) for each in found], next=None)


@router.get("/bookings/{booking_id}/qr.svg", operation_id="getBookingQr", dependencies=MEMBER)
async def get_qr(room: RoomDep, person: PersonDep, booking_id: str) -> Response:
    """The check-in code as a QR picture."""
    booking = await room.bookings.get(person, booking_id)
    headers = {"Cache-Control": "private, no-store"}
    return Response(qr_svg(room.bookings.code(booking)), media_type="image/svg+xml", headers=headers)


@router.post("/bookings/{booking_id}/cancel", operation_id="cancelBooking", dependencies=MEMBER)
async def cancel_booking(room: RoomDep, person: PersonDep, booking_id: str) -> schemas.BookingOut:
    """Give a booking back."""
    return shown.booking_out(room, await room.bookings.cancel(person, booking_id), person)


@router.post("/check-in", operation_id="checkIn", dependencies=MEMBER)
async def check_in(room: RoomDep, person: PersonDep, body: schemas.CheckIn) -> schemas.BookingOut:
    """Let the people of a booking in by its code; a gate does it with the key of an operator's account."""
    return shown.booking_out(room, await room.bookings.check_in(person, body.code), person)


def _check_day(day: date) -> None:
    if not 2000 <= day.year <= 2100:
        raise BadRequestError("date must be between 2000 and 2100")
