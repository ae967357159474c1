"""What can be booked and what a booking is. No I/O. Times are ms since 1970 UTC."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from twin.accounts.roles import Role

MS_PER_MINUTE = 60_000
TICK_MS = 15 * MS_PER_MINUTE
"""Bookings claim their place by the quarter of an hour, so that slots of different lengths cannot overlap."""

Spans = tuple[tuple[str, str], ...]
"""Opening hours of a day, local: ("08:00", "22:00"), ..."""

LightRule = Literal["area", "space", "none"]


@dataclass(frozen=True, slots=True)
class Names:
    """What people call a thing."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may book when."""

    min_role: Role = Role.MEMBER
    days_ahead: int = 7
    per_day: int = 2
    """Bookings of one kind that a person may have on one day."""
    cancel_until_min: int = 60
    """Minutes before the start until which its owner may cancel."""
    check_in_from_min: int = 30
    """Minutes before the start from which the code is good; it is until the end."""
    hold_min: int = 20
    """Minutes after the start at which a place that nobody came for is free again."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A sport or a use; what can be booked is listed under it."""

    id: str
    name: Names


@dataclass(frozen=True, slots=True)
class Bookable:
    """A hall, a court or a room that can be booked.

    `space` is the IFC Name of its space; `parts` what it takes up, a whole hall the same ones as its courts.
    `element` is the tag or name of the model's element that stands for it, `area` its part of the space,
    (min x, min y, max x, max y) in m, local frame.
    """

    id: str
    kind: Kind
    name: Names
    space: str
    parts: tuple[str, ...]
    slot_min: int
    capacity: int
    rules: Rules
    hours: tuple[Spans, ...]
    """Of each weekday, Monday first."""
    price: float = 0.0
    element: str | None = None
    area: tuple[float, float, float, float] | None = None
    lights: LightRule = "area"


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that can be booked; `end_ms` is not included."""

    start_ms: int
    end_ms: int


class BookingState(StrEnum):
    """Where a booking stands; the last two hold no place."""

    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


HOLDING = (BookingState.BOOKED, BookingState.CHECKED_IN)


@dataclass(frozen=True, slots=True)
class Booking:
    """A place taken for a time, by a person (`person` as events name them)."""

    id: str
    bookable: str
    space: str
    parts: tuple[str, ...]
    person: str
    person_name: str
    start_ms: int
    end_ms: int
    people: int
    state: BookingState
    created_ms: int
    changed_ms: int
    released_ms: int | None
    """When it gave its place back; None: it holds it."""
    last_event: str

    @property
    def holds(self) -> bool:
        """Whether it keeps its place."""
        return self.state in HOLDING

    def held_at(self, time_ms: float) -> bool:
        """Whether it was there, and kept its place, at a moment of the past or now."""
        return self.created_ms <= time_ms and (self.released_ms is None or time_ms < self.released_ms)


def ticks_of(start_ms: int, end_ms: int) -> range:
    """The quarter hours that a time touches."""
    return range(start_ms // TICK_MS, -(-end_ms // TICK_MS))
