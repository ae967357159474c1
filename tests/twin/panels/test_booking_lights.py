"""Light for who has booked: on before, off after, once, whatever restarts in between."""

import asyncio
from collections.abc import Mapping
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from spatial.model import Space
from spatial.package import ModelPackage
from telemetry_bridge.points import Device, Point, Registry
from tests.twin.control.obeying import LAMP, Obeying, bridge_of, lamps
from tests.twin.panels.booking_house import HOUR_MS, HOUSE, MONDAY_8_MS, HandClock, person, venue
from twin.accounts.roles import Role
from twin.control.commands import Commands
from twin.control.uses import Rooms
from twin.events.log import EventFilter, EventLog
from twin.panels.booking.bookings import Bookings
from twin.panels.booking.halls import HallState, halls_at
from twin.panels.booking.ledger import BookingFilter
from twin.panels.booking.lights import CourtLights, due, wants_light, window
from twin.panels.booking.model import Booking, BookingState
from twin.panels.booking.panel import BOOKING as PANEL
from twin.panels.booking.places import Lamp, Placed, chosen_lamps
from twin.panels.booking.table import LIGHT
from twin.panels.booking.uses import BookedRooms
from twin.store.database import migrate

MINUTE_MS = 60_000
REGISTRY = lamps("west1", "west2", "east1")


def level(device: str) -> Point:
    point = REGISTRY.find(device, "level")
    assert point is not None
    return point


LAMPS = {
    "west": (level("west1"), level("west2")),
    "east": (level("east1"),),
    "whole": (level("west1"), level("west2"), level("east1")),
}


class Hall:
    """A court with lamps, and all that switches them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.clock = HandClock(MONDAY_8_MS - 2 * HOUR_MS)
        bridge = bridge_of(REGISTRY, self.clock)
        self.log = EventLog(engine, self.clock)
        self.adapter = Obeying(bridge)
        self.commands = Commands(bridge, self.log, engine, {"mqtt": self.adapter})
        self.bookings = Bookings(engine, self.log, self.clock, venue())

    def lights(self) -> CourtLights:
        return CourtLights(self.engine, self.commands, self.clock, LAMPS)

    async def at(self, minutes: float) -> list[tuple[str, float]]:
        """What is switched when the clock shows so many minutes after eight."""
        self.clock.ms = MONDAY_8_MS + minutes * MINUTE_MS
        before = len(self.adapter.got)
        await self.lights().step()
        return sorted((each.device, each.value) for each in self.adapter.got[before:])


@pytest.fixture
async def hall(engine: AsyncEngine) -> Hall:
    assert PANEL.migrations is not None
    await migrate(engine, PANEL.migrations, "booking_version")
    return Hall(engine)


async def test_light_comes_ten_minutes_before_and_goes_five_after(hall: Hall) -> None:
    booking = await hall.bookings.create(person(), "west", MONDAY_8_MS, 4)
    assert await hall.at(-10.001) == []
    assert await hall.at(-10) == [("west1", 100.0), ("west2", 100.0)]
    assert await hall.at(0) == []
    await hall.bookings.check_in(person(), hall.bookings.code(booking))
    assert await hall.at(64.9) == []
    assert await hall.at(65) == [("west1", 0.0), ("west2", 0.0)]
    assert await hall.at(70) == []
    sent = await hall.log.find(EventFilter(type="command.sent"), 10)
    acts = await hall.log.find(EventFilter(subject=f"booking:{booking.id}"), 10)
    assert [each.cause for each in sent] == [acts[0].id] * 2 + [acts[1].id] * 2
    assert {each.actor for each in sent} == {"linkage:booking-light"}


async def test_several_servers_switch_once(hall: Hall) -> None:
    await hall.bookings.create(person(), "west", MONDAY_8_MS, 4)
    hall.clock.ms = MONDAY_8_MS
    switched = await asyncio.gather(*(hall.lights().step() for _ in range(4)))
    assert sorted(switched) == [0, 0, 0, 1]
    assert len(await hall.log.find(EventFilter(type="command.sent"), 10)) == 2
    async with hall.engine.connect() as connection:
        assert len((await connection.execute(select(LIGHT))).all()) == 1


async def test_who_plays_on_keeps_the_light(hall: Hall) -> None:
    first = await hall.bookings.create(person("li"), "whole", MONDAY_8_MS, 4)
    await hall.at(0)
    await hall.bookings.check_in(person("li"), hall.bookings.code(first))
    await hall.bookings.create(person("wu"), "west", MONDAY_8_MS + HOUR_MS, 4)
    assert await hall.at(50) == [("west1", 100.0), ("west2", 100.0)]
    assert await hall.at(65) == [("east1", 0.0)]


async def test_cancelled_before_it_never_lights_and_during_it_goes_dark(hall: Hall) -> None:
    early = await hall.bookings.create(person(), "east", MONDAY_8_MS, 4)
    late = await hall.bookings.create(person(), "west", MONDAY_8_MS, 4)
    await hall.bookings.cancel(person(), early.id)
    assert await hall.at(-5) == [("west1", 100.0), ("west2", 100.0)]
    await hall.bookings.cancel(person("op", Role.OPERATOR), late.id)
    assert await hall.at(-4) == [("west1", 0.0), ("west2", 0.0)]


async def test_a_server_that_was_down_lights_late_and_leaves_what_is_over(hall: Hall) -> None:
    await hall.bookings.create(person(), "east", MONDAY_8_MS, 4)
    await hall.bookings.create(person(), "west", MONDAY_8_MS + HOUR_MS, 4)
    assert await hall.at(90) == [("west1", 100.0), ("west2", 100.0)]


def made(
    start_min: int, minutes: int, state: BookingState = BookingState.BOOKED, place: str = "west"
) -> Booking:
    start = MONDAY_8_MS + start_min * MINUTE_MS
    released = None if state in (BookingState.BOOKED, BookingState.CHECKED_IN) else start
    parts = HOUSE[place].parts
    return Booking(
        f"{place}{start_min}", place, "S1", parts, "person:li", "Li",
        start, start + minutes * MINUTE_MS, 2, state,
        MONDAY_8_MS - HOUR_MS, MONDAY_8_MS - HOUR_MS, released, "E",
    )  # fmt: skip


@given(
    st.builds(made, st.integers(-200, 200), st.integers(15, 120), st.sampled_from(list(BookingState))),
    st.integers(-300, 400),
    st.booleans(),
    st.booleans(),
)
def test_what_is_due_brings_light_to_what_is_wanted(
    booking: Booking, minute: int, on: bool, off: bool
) -> None:
    now_ms = MONDAY_8_MS + minute * MINUTE_MS
    done = {"on": on, "off": off}
    phases = [each.phase for each in due([booking], lambda _, phase: done[phase], now_ms)]
    begin, end = window(booking)
    assert wants_light(booking, now_ms) == (booking.holds and begin <= now_ms < end)
    assert phases == (["on"] if wants_light(booking, now_ms) and not on else
                      ["off"] if on and not off and not wants_light(booking, now_ms) else [])  # fmt: skip


class TestHalls:
    def state(self, minute: float, *bookings: Booking) -> tuple[HallState, int]:
        (hall,) = halls_at(HOUSE.values(), bookings, MONDAY_8_MS + minute * MINUTE_MS)
        assert hall.parts == 2
        return hall.state, hall.taken

    def test_a_hall_is_taken_when_all_of_its_parts_are(self) -> None:
        assert self.state(0, made(0, 60)) == (HallState.PARTLY, 1)
        assert self.state(0, made(0, 60), made(0, 60, place="east")) == (HallState.TAKEN, 2)
        assert self.state(0, made(0, 60, place="whole")) == (HallState.TAKEN, 2)
        assert self.state(60, made(0, 60)) == (HallState.FREE, 0)

    def test_soon_is_within_half_an_hour(self) -> None:
        assert self.state(-30, made(0, 60)) == (HallState.SOON, 0)
        assert self.state(-30.1, made(0, 60)) == (HallState.FREE, 0)

    def test_the_past_shows_what_was_given_back_later(self) -> None:
        gone = made(30, 60, BookingState.CANCELLED)
        assert self.state(29, gone)[0] is HallState.SOON
        assert self.state(31, gone)[0] is HallState.FREE
        assert self.state(-61, made(-60, 60))[0] is HallState.FREE


def test_lamps_over_the_court_else_the_nearest_else_all() -> None:
    row = tuple(Lamp(level(name), x, 0.0) for name, x in (("west1", 0.0), ("west2", 5.0), ("east1", 20.0)))
    court = HOUSE["west"]
    assert chosen_lamps(court, (-1, -1, 6, 1), row) == LAMPS["west"]
    assert chosen_lamps(court, (14, 9, 15, 10), row) == (level("east1"), level("west2"))
    assert chosen_lamps(court, None, row) == LAMPS["whole"]


async def test_no_light_is_owed_to_bookings_of_another_day(hall: Hall) -> None:
    await hall.bookings.create(person(), "west", MONDAY_8_MS + 24 * HOUR_MS, 4)
    assert await hall.at(0) == []
    assert len(await hall.bookings.find(BookingFilter(holding=True))) == 1


async def test_what_is_booked_is_known_of_its_lamps_and_of_its_space(hall: Hall) -> None:
    devices = [Device(name, "lamp", attributes={"space": "S1"}) for name in ("west1", "east1", "corner")]
    registry = Registry([LAMP], [*devices, Device("far", "lamp", attributes={"space": "S9"})])
    rooms = Rooms(cast(ModelPackage, None), dict)
    booked = BookedRooms(hall.bookings, hall.clock, placed(LAMPS), registry, rooms)
    everything = ("west1", "east1", "corner", "far", "unknown")
    made = await hall.bookings.create(person(), "west", MONDAY_8_MS, 4)
    assert await booked.uses(everything) == {}
    hall.clock.ms = MONDAY_8_MS
    found = await booked.uses(everything)
    # The other court's lamp lights nothing that is booked; the corner's lights the hall.
    assert sorted(found) == ["corner", "west1"]
    (west,) = found["west1"]
    assert [(west.during, west.named)] == [("booked", {"place": "west", "until": "09:00"})]
    await hall.bookings.check_in(person(), hall.bookings.code(made))
    assert [use.during for use in (await booked.uses(["corner"]))["corner"]] == ["booked", "in_use"]
    hall.clock.ms = MONDAY_8_MS + HOUR_MS
    assert await booked.uses(everything) == {}


def placed(lamps: Mapping[str, tuple[Point, ...]]) -> dict[str, Placed]:
    space = cast(Space, None)
    return {name: Placed(HOUSE[name], space, None, lit) for name, lit in lamps.items()}
