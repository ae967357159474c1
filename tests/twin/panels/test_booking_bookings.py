"""Booking over both databases: never twice, every act an event, the table rebuilt from them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.twin.panels.booking_house import (
    HOUR_MS,
    HOUSE,
    MONDAY_8_MS,
    SECRET,
    HandClock,
    bookable,
    person,
    venue,
)
from twin.accounts.accounts import Person
from twin.accounts.roles import Role
from twin.errors import DataFolderError, NotFoundError
from twin.events.log import EventFilter, EventLog
from twin.panels.booking.bookings import Bookings
from twin.panels.booking.codes import check_code, code_of, load_secret
from twin.panels.booking.errors import BadCodeError, BookingRuleError, BookingStateError, SlotTakenError
from twin.panels.booking.ledger import BookingFilter, rebuild
from twin.panels.booking.model import BookingState, ticks_of
from twin.panels.booking.panel import BOOKING as PANEL
from twin.panels.booking.table import CLAIM, METADATA
from twin.store.database import migrate, open_database, writing

MINUTE_MS = 60_000


@pytest.fixture
async def booking_engine(engine: AsyncEngine) -> AsyncEngine:
    assert PANEL.migrations is not None
    await migrate(engine, PANEL.migrations, "booking_version")
    return engine


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MONDAY_8_MS - 2 * HOUR_MS)


@pytest.fixture
def bookings(booking_engine: AsyncEngine, clock: HandClock) -> Bookings:
    return Bookings(booking_engine, EventLog(booking_engine, clock), clock, venue())


@pytest.fixture
async def engines(database_url: str, booking_engine: AsyncEngine) -> AsyncIterator[list[AsyncEngine]]:
    """Several servers' connections to one database."""
    others = [await open_database(database_url) for _ in range(3)]
    yield [booking_engine, *others]
    for engine in others:
        await engine.dispose()


async def claims(engine: AsyncEngine) -> list[tuple[str, int, str]]:
    async with engine.connect() as connection:
        return sorted((row.part, row.tick, row.booking) for row in await connection.execute(select(CLAIM)))


async def test_many_clients_on_several_servers_get_one_slot_once(
    engines: list[AsyncEngine], clock: HandClock
) -> None:
    servers = [Bookings(engine, EventLog(engine, clock), clock, venue()) for engine in engines]
    tries = [
        servers[number % len(servers)].create(person(f"p{number}"), name, MONDAY_8_MS, 2)
        for number, name in enumerate(["whole", "west", "east", "long"] * 6)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    made = [each for each in results if not isinstance(each, BaseException)]
    assert all(isinstance(each, SlotTakenError) for each in results if isinstance(each, BaseException))
    taken = [part for booking in made for part in booking.parts]
    assert sorted(taken) == ["east", "west"]
    held = await servers[0].find(BookingFilter(holding=True))
    assert {each.id for each in held} == {each.id for each in made}
    created = await EventLog(engines[0], clock).find(EventFilter(type="booking.created"), 100)
    assert len(created) == len(made)


async def test_the_database_itself_refuses_a_second_claim(booking_engine: AsyncEngine) -> None:
    row = {"part": "west", "tick": 1, "booking": "A"}
    async with writing(booking_engine) as connection:
        await connection.execute(insert(CLAIM).values(**row))
    with pytest.raises(IntegrityError):
        async with writing(booking_engine) as connection:
            await connection.execute(insert(CLAIM).values(**row | {"booking": "B"}))


async def test_one_person_in_a_hurry_gets_no_more_than_the_days_share(
    engines: list[AsyncEngine], clock: HandClock
) -> None:
    servers = [Bookings(engine, EventLog(engine, clock), clock, venue()) for engine in engines]
    tries = [
        servers[hour % len(servers)].create(person(), "west", MONDAY_8_MS + hour * HOUR_MS, 2)
        for hour in range(8)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in results) == 2
    assert sum(isinstance(each, BookingRuleError) for each in results) == 6
    assert len(await claims(engines[0])) == 8


async def test_the_migration_makes_what_the_tables_say(booking_engine: AsyncEngine) -> None:
    async with booking_engine.connect() as connection:
        found = await connection.run_sync(
            lambda sync: {
                name: {column["name"] for column in inspect(sync).get_columns(name)}
                for name in METADATA.tables
            }
        )
    assert found == {name: set(table.c.keys()) for name, table in METADATA.tables.items()}


class TestALife:
    async def test_a_cancelled_slot_can_be_booked_again(self, bookings: Bookings) -> None:
        first = await bookings.create(person("li"), "whole", MONDAY_8_MS, 4)
        with pytest.raises(SlotTakenError, match="choose another"):
            await bookings.create(person("wu"), "east", MONDAY_8_MS, 4)
        gone = await bookings.cancel(person("li"), first.id)
        assert gone.state is BookingState.CANCELLED
        second = await bookings.create(person("wu"), "east", MONDAY_8_MS, 4)
        assert second.holds

    async def test_other_peoples_bookings_are_not_there(self, bookings: Bookings) -> None:
        booking = await bookings.create(person("li"), "west", MONDAY_8_MS, 4)
        for act in (bookings.cancel, bookings.get):
            with pytest.raises(NotFoundError):
                await act(person("wu"), booking.id)
        with pytest.raises(BadCodeError):
            await bookings.check_in(person("wu"), bookings.code(booking))
        assert (
            await bookings.cancel(person("op", Role.OPERATOR), booking.id)
        ).state is BookingState.CANCELLED

    async def test_it_is_cancelled_in_time_or_at_the_desk(self, bookings: Bookings, clock: HandClock) -> None:
        booking = await bookings.create(person(), "west", MONDAY_8_MS, 4)
        clock.ms = MONDAY_8_MS - 59 * MINUTE_MS
        with pytest.raises(BookingRuleError, match="ask at the desk"):
            await bookings.cancel(person(), booking.id)
        await bookings.cancel(person("op", Role.OPERATOR), booking.id)
        with pytest.raises(BookingStateError, match="cancelled"):
            await bookings.cancel(person("op", Role.OPERATOR), booking.id)

    async def test_its_code_lets_in_once_around_its_time(self, bookings: Bookings, clock: HandClock) -> None:
        booking = await bookings.create(person(), "west", MONDAY_8_MS, 4)
        code = bookings.code(booking)
        clock.ms = MONDAY_8_MS - 31 * MINUTE_MS
        with pytest.raises(BadCodeError, match="come then"):
            await bookings.check_in(person(), code)
        clock.ms = MONDAY_8_MS - 30 * MINUTE_MS
        assert (await bookings.check_in(person("gate", Role.OPERATOR), code.lower())).state == "checked_in"
        with pytest.raises(BookingStateError, match="already"):
            await bookings.check_in(person(), code)

    async def test_a_place_that_nobody_came_for_is_free_again(
        self, bookings: Bookings, clock: HandClock
    ) -> None:
        booking = await bookings.create(person("li"), "west", MONDAY_8_MS, 4)
        came = await bookings.create(person("li"), "east", MONDAY_8_MS, 4)
        clock.ms = MONDAY_8_MS
        await bookings.check_in(person("li"), bookings.code(came))
        clock.ms = MONDAY_8_MS + 20 * MINUTE_MS - 1
        assert await bookings.expire() == ()
        clock.ms += 1
        assert [each.id for each in await bookings.expire()] == [booking.id]
        assert await bookings.expire() == ()
        late = await bookings.create(person("wu"), "west", MONDAY_8_MS, 4)
        assert await bookings.expire() == ()
        assert late.holds

    async def test_every_act_is_an_event_with_actor_and_cause(
        self, bookings: Bookings, clock: HandClock
    ) -> None:
        booking = await bookings.create(person("li"), "west", MONDAY_8_MS, 4)
        await bookings.cancel(person("op", Role.OPERATOR), booking.id)
        log = bookings._log
        first, second = await log.find(EventFilter(subject=f"booking:{booking.id}"), 9)
        assert (first.type, first.actor, first.cause) == ("booking.created", "person:li", None)
        assert (second.type, second.actor, second.cause) == ("booking.cancelled", "person:op", first.id)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["create", "cancel", "check_in", "expire"]),
        st.sampled_from(sorted(HOUSE)),
        st.integers(0, 3),
        st.sampled_from(["li", "wu"]),
        st.integers(0, 45),
    ),
    max_size=14,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
async def test_the_tables_are_what_the_events_say(
    booking_engine: AsyncEngine, acts: list[tuple[str, str, int, str, int]]
) -> None:
    clock = HandClock(MONDAY_8_MS - HOUR_MS)
    log = EventLog(booking_engine, clock)
    bookings = Bookings(booking_engine, log, clock, venue())
    for kind, name, slot, who, minutes in acts:
        clock.ms += minutes * MINUTE_MS
        await _try(bookings, kind, name, slot, person(who))
    before = (await bookings.find(BookingFilter()), await claims(booking_engine))
    held = [each for each in before[0] if each.holds]
    expected = sorted(
        (part, tick, each.id)
        for each in held
        for part in each.parts
        for tick in ticks_of(each.start_ms, each.end_ms)
    )
    assert before[1] == expected
    await rebuild(booking_engine, log)
    assert (await bookings.find(BookingFilter()), await claims(booking_engine)) == before


async def _try(bookings: Bookings, kind: str, name: str, slot: int, who: Person) -> None:
    own = await bookings.find(BookingFilter(person=who.actor, holding=True))
    length_ms = HOUSE[name].slot_min * MINUTE_MS
    try:
        if kind == "create":
            await bookings.create(who, name, MONDAY_8_MS + slot * length_ms, 2)
        elif kind == "expire":
            await bookings.expire()
        elif own and kind == "cancel":
            await bookings.cancel(who, own[0].id)
        elif own:
            await bookings.check_in(who, bookings.code(own[0]))
    except (SlotTakenError, BookingRuleError, BookingStateError, BadCodeError):
        pass


class TestCodes:
    async def test_a_changed_code_or_key_is_not_genuine(self, bookings: Bookings) -> None:
        booking = await bookings.create(person(), "west", MONDAY_8_MS, 4)
        code = code_of(booking, SECRET)
        check_code(code, booking, SECRET)
        for other in (code[:-1] + ("A" if code[-1] != "A" else "B"), code_of(booking, b"x" * 32)):
            with pytest.raises(BadCodeError, match="not genuine"):
                check_code(other, booking, SECRET)
        with pytest.raises(BadCodeError, match="no check-in code"):
            await bookings.check_in(person(), "hello")

    def test_the_key_is_made_once_and_kept_from_others(self, tmp_path: Path) -> None:
        first = load_secret(tmp_path)
        assert load_secret(tmp_path) == first
        assert (tmp_path / "booking.key").stat().st_mode & 0o777 == 0o600
        assert [each.name for each in tmp_path.iterdir()] == ["booking.key"]
        (tmp_path / "booking.key").write_bytes(b"short")
        with pytest.raises(DataFolderError, match="damaged"):
            load_secret(tmp_path)


async def test_an_unknown_place_is_said_so(bookings: Bookings) -> None:
    with pytest.raises(NotFoundError, match="see /api/booking/bookables"):
        await bookings.create(person(), "moon", MONDAY_8_MS, 1)
    assert bookable("x").parts == ("x",)
    async with bookings._engine.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(CLAIM))).scalar_one() == 0
