"""The events that a player meets on its way, in the order in which it meets them, a part at a time."""

import math
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from twin.events.event import Event
from twin.events.log import EventFilter
from twin.film.replay import Place

ANY = EventFilter()


class FindEvents(Protocol):
    """As `EventLog.find`: the first `limit` events by seq, or the last ones."""

    def __call__(
        self, wanted: EventFilter, limit: int, *, newest_first: bool = False
    ) -> Awaitable[Sequence[Event]]:
        """Give the events that are wanted."""


class Passed(NamedTuple):
    """Events in the order in which they are met, and up to where these are all."""

    events: list[Event]
    reached: Place


def place_of(event: Event) -> Place:
    """Where an event has just happened."""
    return Place(float(event.time_ms), event.seq)


async def passed(find: FindEvents, start: Place, end: Place, most: int, wanted: EventFilter = ANY) -> Passed:
    """The events on the way from one place to another, forwards or backwards, about `most` at most.

    Going forwards it meets what happened after `start` and up to `end`; going backwards the same between the
    two, the newest first. Where there are too many it gets not as far as `end`: the rest is asked from
    `reached` on.
    """
    low, high = min(start, end), max(start, end)
    first_ms = int(low.time_ms) if math.isfinite(low.seq) else math.floor(low.time_ms) + 1
    end_ms = math.floor(high.time_ms) + 1
    is_back, reached = end < start, end
    while end_ms > first_ms:
        page = await find(replace(wanted, from_ms=first_ms, to_ms=end_ms), most + 1)
        if len(page) <= most:
            found = [event for event in page if low < place_of(event) <= high]
            return Passed(sorted(found, key=place_of, reverse=is_back), reached)
        if end_ms - first_ms == 1:
            return await _of_one_moment(find, start, end, first_ms, most, wanted)
        half = (end_ms - first_ms) // 2
        if is_back:
            first_ms = end_ms - half
            reached = Place(first_ms - 1.0)
        else:
            end_ms = first_ms + half
            reached = Place(end_ms - 1.0)
    return Passed([], reached)


async def _of_one_moment(
    find: FindEvents, start: Place, end: Place, time_ms: int, most: int, wanted: EventFilter
) -> Passed:
    """As `passed`, of one millisecond that has too many: by their seq."""
    within = replace(wanted, from_ms=time_ms, to_ms=time_ms + 1)
    at_start = start.time_ms == time_ms and math.isfinite(start.seq)
    if end < start:
        within = replace(within, before_seq=int(start.seq) + 1) if at_start else within
        page = await find(within, most, newest_first=True)
        stop = (
            max(end, Place(float(time_ms), page[-1].seq - 1)) if len(page) == most else _before(end, time_ms)
        )
        return Passed([event for event in page if place_of(event) > end], stop)
    within = replace(within, after_seq=int(start.seq)) if at_start else within
    page = await find(within, most)
    stop = min(end, place_of(page[-1])) if len(page) == most else min(end, Place(float(time_ms)))
    return Passed([event for event in page if place_of(event) <= end], stop)


def _before(end: Place, time_ms: int) -> Place:
    """Before all events of a millisecond, on the way back to `end`."""
    return max(end, Place(time_ms - 1.0))
