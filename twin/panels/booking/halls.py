"""How halls stand at a moment: free, taken, or taken soon. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from twin.panels.booking.model import MS_PER_MINUTE, Bookable, Booking

SOON_MS = 30 * MS_PER_MINUTE


class HallState(StrEnum):
    """What a hall is painted by."""

    FREE = "free"
    SOON = "soon"
    """Free now, booked within half an hour."""
    PARTLY = "partly"
    """Some of its courts are taken."""
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Hall:
    """A space with something to book in it."""

    space: str
    state: HallState
    parts: int
    taken: int
    """Parts that are booked now."""
    next_ms: int | None
    """When the next booking begins, within a day."""


def halls_at(bookables: Iterable[Bookable], bookings: Sequence[Booking], time_ms: float) -> tuple[Hall, ...]:
    """Each space's state at a moment, by the bookings that were made and kept then."""
    parts: dict[str, set[str]] = {}
    for bookable in bookables:
        parts.setdefault(bookable.space, set()).update(bookable.parts)
    held = [booking for booking in bookings if booking.held_at(time_ms)]
    by_space: dict[str, list[Booking]] = {}
    for booking in held:
        by_space.setdefault(booking.space, []).append(booking)
    return tuple(_hall(space, own, by_space, time_ms) for space, own in parts.items())


def _hall(space: str, parts: set[str], held: Mapping[str, list[Booking]], time_ms: float) -> Hall:
    own = held.get(space, [])
    now = [booking for booking in own if booking.start_ms <= time_ms < booking.end_ms]
    taken = {part for booking in now for part in booking.parts} & parts
    coming = [booking.start_ms for booking in own if booking.start_ms > time_ms]
    following = min(coming, default=None)
    return Hall(space, _state(len(taken), len(parts), following, time_ms), len(parts), len(taken), following)


def _state(taken: int, parts: int, following: int | None, time_ms: float) -> HallState:
    if taken:
        return HallState.TAKEN if taken == parts else HallState.PARTLY
    return HallState.SOON if following is not None and following - time_ms <= SOON_MS else HallState.FREE
