"""A small venue to book in: two half courts that make a whole one, and a room with longer slots."""

from zoneinfo import ZoneInfo

from twin.accounts.accounts import Person
from twin.accounts.roles import Role
from twin.panels.booking.bookings import Venue
from twin.panels.booking.model import Bookable, Kind, Names, Rules, Spans

ZONE = ZoneInfo("Asia/Shanghai")
OPEN: Spans = (("08:00", "22:00"),)
MONDAY_8_MS = 1_795_392_000_000  # 2026-11-23 08:00 in Xiamen
HOUR_MS = 3_600_000
SECRET = b"k" * 32


def person(name: str = "li", role: Role = Role.MEMBER) -> Person:
    return Person(name.upper(), name, name.title(), role)


def bookable(
    name: str,
    parts: tuple[str, ...] = (),
    slot_min: int = 60,
    rules: Rules | None = None,
    kind: str = "basketball",
) -> Bookable:
    return Bookable(
        id=name,
        kind=Kind(kind, Names(kind, kind)),
        name=Names(name, name),
        space="S1",
        parts=parts or (name,),
        slot_min=slot_min,
        capacity=10,
        rules=rules or Rules(),
        hours=(OPEN,) * 7,
    )


HOUSE = {
    each.id: each
    for each in (
        bookable("west"),
        bookable("east"),
        bookable("whole", ("west", "east")),
        bookable("long", ("west",), slot_min=90),
    )
}


def venue(**bookables: Bookable) -> Venue:
    return Venue(bookables or HOUSE, ZONE, SECRET)


class HandClock:
    """A clock that the test sets."""

    speed = 1.0

    def __init__(self, now_ms: float) -> None:
        self.ms = now_ms

    def now_ms(self) -> float:
        return self.ms
