"""A command is sent, and its outcome is what the device itself reports."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.errors import CommandError
from telemetry_bridge.ports import Reading
from telemetry_bridge.said import REASONS, Said
from telemetry_bridge.wire import Quality
from tests.twin.control.obeying import Obeying, bridge_of, lamps
from tests.twin.panels.booking_house import MONDAY_8_MS, HandClock
from twin.control.commands import Commands
from twin.control.model import Order, Outcome, last_commands, shows
from twin.errors import problem_of_foreign
from twin.events.event import Event
from twin.events.log import EventFilter, EventLog


class House:
    """Two lamps, commands to them, and a stopwatch for time-outs."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.clock = HandClock(MONDAY_8_MS)
        self.bridge: Bridge = bridge_of(lamps("a", "b"), self.clock)
        self.log = EventLog(engine, self.clock)
        self.adapter = Obeying(self.bridge)
        self.seconds = 0.0
        self.commands = self.again()

    def again(self, *, shared: bool = False) -> Commands:
        """As after a restart of the server, or one of several servers."""
        return Commands(
            self.bridge,
            self.log,
            self.engine,
            {"mqtt": self.adapter},
            30.0,
            lambda: self.seconds,
            shared=shared,
        )

    async def events(self) -> list[Event]:
        return list(await self.log.find(EventFilter(type="command.*"), 100))

    def outcome(self, device: str = "a") -> Outcome | None:
        point = self.bridge.registry.find(device, "level")
        assert point is not None
        state = self.commands.find(point.point_index)
        return None if state is None else state.outcome


@pytest.fixture
def house(engine: AsyncEngine) -> House:
    return House(engine)


ON = Order("a", "level", 100, "test")


async def test_it_is_confirmed_by_the_devices_own_report(house: House) -> None:
    (state,) = await house.commands.send([ON], "person:op", cause="C" * 26)
    await house.commands.step()
    assert (state.outcome, house.outcome()) == (Outcome.SENT, Outcome.SENT)
    house.adapter.report()
    await house.commands.step()
    assert house.outcome() is Outcome.CONFIRMED
    sent, confirmed = await house.events()
    assert (sent.type, sent.actor, sent.cause, sent.subject) == (
        "command.sent",
        "person:op",
        "C" * 26,
        "device:a",
    )
    assert (confirmed.type, confirmed.cause, confirmed.data["reported"]) == (
        "command.confirmed",
        sent.id,
        100.0,
    )
    await house.commands.step()
    assert len(await house.events()) == 2


async def test_it_fails_when_the_device_goes_on_reporting_something_else(house: House) -> None:
    await house.commands.send([ON], "person:op")
    house.bridge.accept([Reading("a", "level", 40)])
    house.seconds = 29.9
    await house.commands.step()
    assert house.outcome() is Outcome.SENT
    house.seconds = 30.0
    await house.commands.step()
    assert house.outcome() is Outcome.FAILED
    failed = (await house.events())[-1]
    assert failed.data["fault"] == "a/level still reports 40 instead of 100"
    # A server that starts later can say it in another language too.
    (state,) = last_commands(await house.events())
    said = Said.of(state.fault)
    assert (said.reason, said.named) == (
        "still-reports",
        {"key": "a/level", "reported": "40", "desired": "100"},
    )


async def test_a_device_that_never_spoke_and_one_out_of_reach_say_so(house: House) -> None:
    await house.commands.send([ON], "person:op")
    house.seconds = 31.0
    await house.commands.step()
    assert (await house.events())[-1].data["fault"] == "a/level has never reported"
    house.adapter.refuses = "the broker is away"
    (state,) = await house.commands.send([ON], "person:op")
    assert (state.outcome, state.fault) == (Outcome.FAILED, "the broker is away")
    assert (await house.events())[-1].data["fault"] == "the broker is away"


async def test_without_any_source_it_fails_with_what_to_do(house: House) -> None:
    commands = Commands(house.bridge, house.log, house.engine, {})
    (state,) = await commands.send([ON], "person:op")
    assert "--simulate" in state.fault


@pytest.mark.parametrize(
    "order",
    [Order("a", "power", 1), Order("a", "level", 101), Order("x", "level", 1), Order("a", "level", "bright")],
)
async def test_what_cannot_be_obeyed_is_refused_whole(house: House, order: Order) -> None:
    with pytest.raises(CommandError) as caught:
        await house.commands.send([ON, order], "person:op")
    problem = problem_of_foreign(caught.value)
    assert problem.reason.removeprefix("command-") in REASONS - {"other"}
    assert problem.named["key"] == f"{order.device}/{order.point}"
    assert await house.events() == []
    assert house.adapter.got == []


async def test_a_later_command_takes_the_place_of_an_open_one(house: House) -> None:
    await house.commands.send([ON], "person:op")
    await house.commands.send([Order("a", "level", 0)], "person:op")
    house.adapter.report()
    await house.commands.step()
    types = [each.type for each in await house.events()]
    assert types == ["command.sent", "command.sent", "command.failed", "command.confirmed"]
    assert "later command" in (await house.events())[2].data["fault"]
    assert house.outcome() is Outcome.CONFIRMED


def kinds(events: list[Event]) -> list[tuple[str, object]]:
    """What each event says of which value."""
    return [(each.type.removeprefix("command."), each.data["value"]) for each in events]


OFF = Order("a", "level", 0, "test")


async def test_a_line_that_fails_late_adds_no_second_outcome(house: House) -> None:
    house.bridge.accept([Reading("a", "level", 100)])
    house.adapter.answers.clear()
    sending = asyncio.create_task(house.commands.send([ON], "person:op"))
    await house.adapter.busy.wait()
    await house.commands.step()
    house.adapter.refuses = "the broker did not answer"
    house.adapter.answers.set()
    await sending
    assert kinds(await house.events()) == [("sent", 100.0), ("confirmed", 100.0)]
    assert house.outcome() is Outcome.CONFIRMED


async def test_a_line_that_fails_for_a_command_that_has_lost_adds_no_second_outcome(house: House) -> None:
    house.adapter.answers.clear()
    sending = asyncio.create_task(house.commands.send([ON], "person:op"))
    await house.adapter.busy.wait()
    house.adapter.busy.clear()
    later = asyncio.create_task(house.commands.send([OFF], "person:op"))
    await house.adapter.busy.wait()
    house.adapter.refuses = "the broker did not answer"
    house.adapter.answers.set()
    await asyncio.gather(sending, later)
    assert sorted(kinds(await house.events())) == [
        ("failed", 0.0),
        ("failed", 100.0),
        ("sent", 0.0),
        ("sent", 100.0),
    ]


async def test_a_time_out_and_a_later_command_at_once_are_one_outcome(house: House) -> None:
    await house.commands.send([ON], "person:op")
    house.seconds = 31.0
    await asyncio.gather(house.commands.step(), house.commands.send([OFF], "person:op"))
    failed = [each for each in kinds(await house.events()) if each[0] == "failed"]
    assert failed == [("failed", 100.0)]


async def test_of_two_orders_to_one_point_the_last_goes_to_the_device(house: House) -> None:
    states = await house.commands.send([ON, OFF], "person:op")
    assert [state.outcome for state in states] == [Outcome.FAILED, Outcome.SENT]
    assert [command.value for command in house.adapter.got] == [0.0]
    house.adapter.report()
    await house.commands.step()
    assert kinds(await house.events())[2:] == [("failed", 100.0), ("confirmed", 0.0)]


async def test_every_command_of_people_who_press_at_once_has_one_outcome(house: House) -> None:
    orders = [Order("a", "level", level) for level in (10, 20, 30, 40)]
    await asyncio.gather(*(house.commands.send([order], "person:op") for order in orders))
    house.adapter.report()
    await house.commands.step()
    events = await house.events()
    outcomes = [each.data["value"] for each in events if each.type != "command.sent"]
    assert sorted(outcomes) == [10.0, 20.0, 30.0, 40.0]
    last = [each for each in events if each.type == "command.sent"][-1]
    assert house.adapter.got[-1].value == last.data["value"], "the device has what was written down last"
    assert [each.data["value"] for each in events if each.type == "command.confirmed"] == [last.data["value"]]


async def test_a_leader_that_hears_late_of_a_command_concludes_it(house: House) -> None:
    leader, sender = house.again(shared=True), house.again(shared=True)
    await leader.lead()
    await sender.send([ON], "person:op")
    await leader.send([OFF], "person:op")
    house.adapter.report()
    await leader.follow(await house.events())
    await leader.step()
    await leader.follow(await house.events())
    await leader.step()
    assert sorted(kinds(await house.events())[2:]) == [("confirmed", 0.0), ("failed", 100.0)]


async def test_a_restart_hands_over_again_what_was_on_its_way_and_nothing_else(house: House) -> None:
    await house.commands.send([ON, Order("b", "level", 100)], "person:op")
    house.adapter.report("b")
    await house.commands.step()
    before = [command.id for command in house.adapter.got]
    house.commands = house.again()
    await house.commands.resume()
    assert [command.id for command in house.adapter.got[2:]] == [before[0]]
    assert (house.outcome("a"), house.outcome("b")) == (Outcome.SENT, Outcome.CONFIRMED)
    house.adapter.report("a")
    await house.commands.step()
    assert [each.type for each in await house.events()].count("command.sent") == 2
    assert house.outcome("a") is Outcome.CONFIRMED
    assert {each.command.device for each in house.commands.last()} == {"a", "b"}


async def test_after_a_restart_a_line_has_time_to_connect(house: House) -> None:
    await house.commands.send([ON], "person:op")
    house.adapter.connected = False
    house.commands = house.again()
    await house.commands.resume()
    await house.commands.step()
    assert house.outcome() is Outcome.SENT
    house.adapter.connected = True
    await house.commands.step()
    await house.commands.step()
    assert [command.value for command in house.adapter.got] == [100.0, 100.0], "once by each server"
    house.adapter.report()
    await house.commands.step()
    assert house.outcome() is Outcome.CONFIRMED


async def test_after_a_restart_a_line_that_stays_away_is_the_reason(house: House) -> None:
    await house.commands.send([ON, Order("b", "level", 20)], "person:op")
    house.adapter.connected = False
    house.commands = house.again()
    await house.commands.resume()
    await house.commands.send([OFF], "person:op")  # which no longer waits for anything
    house.seconds = 30.0
    await house.commands.step()
    faults = {each.data["value"]: each.data["fault"] for each in await house.events() if "fault" in each.data}
    assert faults == {0.0: "no connection", 20.0: "no connection", 100.0: "a later command took its place"}


@given(st.floats(0, 100), st.floats(0, 100), st.sampled_from(list(Quality)))
def test_a_report_shows_a_value_only_when_it_is_good_and_near(
    desired: float, reported: float, quality: Quality
) -> None:
    point = lamps("a").find("a", "level")
    assert point is not None
    near = abs(desired - reported) <= 1.0
    good = quality in (Quality.GOOD, Quality.SIMULATED)
    assert shows(point, desired, reported, quality) == (near and good)
    assert not shows(point, desired, float("nan"), Quality.GOOD)


def test_outcomes_without_their_sending_are_passed_over() -> None:
    stray = Event(
        1, "E", 0, "command.confirmed", "device:a", "system", None, {"point": "level", "command": "x"}, ""
    )
    assert last_commands([stray]) == ()
