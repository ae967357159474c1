"""The events that a player meets on its way, in the order in which it meets them, a part at a time."""

import math
from bisect import bisect_right
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from twin.events.event import Event
from twin.events.log import EventFilter
from twin.film.replay import Place

ANY = EventFilter()
#: The log is asked for this many times the way that is passed now: for some seconds of playing.
MOST_AHEAD = 64.0


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


class Road:
    """The events on the way of one player, asked of the log a good way ahead: asking costs more than the rest
    of a frame. What is written into the past meanwhile, as by a clock set back, is met from the next time on.
    """

    def __init__(self, find: FindEvents, most: int) -> None:
        self._find, self._most = find, most
        self._ahead = MOST_AHEAD
        self._known = Place(math.inf), Place(-math.inf)
        self._events: list[Event] = []

    async def passed(self, start: Place, end: Place, limit_ms: float) -> Passed:
        """As the function; beyond `limit_ms`, and beyond `end`, the log may still change."""
        if self._knows(start, end):
            return Passed(self._between(start, end), end)
        is_back = end < start
        far = Place(start.time_ms + (end.time_ms - start.time_ms) * self._ahead)
        limit = Place(limit_ms)
        goal = min(end, max(far, limit)) if is_back else max(end, min(far, limit))
        events, reached = await passed(self._find, start, goal, self._most)
        self._ahead = min(self._ahead * 2.0, MOST_AHEAD) if reached == goal else max(self._ahead / 2.0, 1.0)
        self._known = min(start, reached), max(start, reached)
        self._events = events[::-1] if is_back else events
        stop = max(end, reached) if is_back else min(end, reached)
        return Passed(self._between(start, stop), stop)

    def forget(self) -> None:
        """The player is elsewhere: what was asked ahead may be old by the time it comes back."""
        self._known = Place(math.inf), Place(-math.inf)

    def _knows(self, start: Place, end: Place) -> bool:
        low, high = self._known
        return low <= start <= high and low <= end <= high

    def _between(self, start: Place, end: Place) -> list[Event]:
        """Of the known events those on a way, in the order in which they are met."""
        low, high = (bisect_right(self._events, place, key=place_of) for place in sorted((start, end)))
        found = self._events[low:high]
        return found[::-1] if end < start else found
