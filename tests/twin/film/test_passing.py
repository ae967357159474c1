"""Events on the way: all of them, once, in order, however they are cut into parts."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tests.twin.film.playing import Log, event, met
from twin.events.event import Event
from twin.events.log import EventFilter
from twin.film.passing import Road, passed
from twin.film.replay import Place

times = st.one_of(st.integers(0, 12), st.integers(0, 100_000))
logs = st.lists(times, max_size=30).map(
    lambda each: [event(seq + 1, time_ms) for seq, time_ms in enumerate(each)]
)
places = st.builds(
    Place,
    st.one_of(times.map(float), st.floats(-10.0, 110_000.0)),
    st.just(float("inf")),
)


def place_among(events: list[Event], number: int, bare: Place) -> Place:
    """Just where an event has happened, or any place."""
    if not events or number >= len(events):
        return bare
    return Place(float(events[number].time_ms), events[number].seq)


@given(logs, st.tuples(places, places), st.tuples(st.integers(0, 40), st.integers(0, 40)), st.integers(1, 8))
def test_all_are_met_once_and_in_order(
    events: list[Event], bare: tuple[Place, Place], at: tuple[int, int], most: int
) -> None:
    start, end = (place_among(events, number, place) for number, place in zip(at, bare, strict=True))

    async def walk() -> list[int]:
        place, found = start, list[int]()
        for _ in range(5000):
            part, reached = await passed(Log(events).find, place, end, most)
            assert len(part) <= most
            assert [each.seq for each in part] == met(events, place, reached)
            assert min(start, end) <= reached <= max(start, end)
            found += [each.seq for each in part]
            if reached == end:
                return found
            assert (reached > place) == (end > start)
            place = reached
        raise AssertionError("it never arrived")

    assert asyncio.run(walk()) == met(events, start, end)


async def test_a_quiet_stretch_costs_one_question() -> None:
    log = Log([event(1, 10**9)])
    assert await passed(log.find, Place(0.0), Place(1e8), 250) == ([], Place(1e8))
    assert log.asked == 1


async def test_only_what_is_wanted_is_met() -> None:
    events = [event(1, 10, "alarm.raised"), event(2, 20), event(3, 30, "alarm.cleared")]
    found, _ = await passed(Log(events).find, Place(0.0), Place(99.0), 9, EventFilter(type="alarm.*"))
    assert [each.seq for each in found] == [1, 3]


@given(logs, st.lists(places, min_size=2, max_size=12), st.integers(1, 8))
def test_a_road_tells_the_same_wherever_one_turns(events: list[Event], turns: list[Place], most: int) -> None:
    async def walk() -> None:
        road, place = Road(Log(events).find, most), turns[0]
        for goal in turns[1:]:
            found = list[int]()
            for _ in range(5000):
                part, reached = await road.passed(place, goal, 50_000.0)
                assert len(part) <= most
                found += [each.seq for each in part]
                assert found[len(found) - len(part) :] == met(events, place, reached)
                place = reached
                if place == goal:
                    break
            assert place == goal

    asyncio.run(walk())


async def test_a_road_is_asked_for_once_in_a_while() -> None:
    log = Log([event(number + 1, number * 10_000) for number in range(100)])
    road, found = Road(log.find, 250), 0
    for number in range(300):
        part, _ = await road.passed(Place(number * 1000.0), Place((number + 1) * 1000.0), 1e9)
        found += len(part)
    assert found == 30
    assert log.asked < 10


async def test_a_road_does_not_believe_to_know_what_may_still_be_written() -> None:
    log = Log([])
    road = Road(log.find, 250)
    assert (await road.passed(Place(0.0), Place(10.0), 15.0)).events == []
    log.events = [event(1, 20)]
    assert (await road.passed(Place(10.0), Place(14.0), 15.0)).events == []
    assert [each.seq for each in (await road.passed(Place(14.0), Place(30.0), 35.0)).events] == [1]
