"""What keeps a command from being sent, from the file to the event."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.errors import RegistryError
from telemetry_bridge.points import Device, Point, PointType
from tests.twin.control.obeying import Obeying, bridge_of, lamps
from tests.twin.panels.booking_house import MONDAY_8_MS, HandClock
from twin.accounts.roles import Role
from twin.control.commands import Commands
from twin.control.interlocks import Asker, Hold, Interlock, RefusedOrder, Use, refusal_of
from twin.control.interlocks_file import load_interlocks, parse_interlocks
from twin.control.model import Order, last_commands
from twin.errors import InterlockError
from twin.events.event import Event
from twin.events.log import EventFilter, EventLog

LAMP = Device("a", "lamp")
LEVEL = Point(0, "a", PointType("level", "Lighting_Level_Command", writable=True))
PLACE = (LAMP, LEVEL)
ORDER = Order("a", "level", 50, "test")
OPERATOR, MANAGER = Asker("person:op", Role.OPERATOR), Asker("person:boss", Role.MANAGER)
ITSELF = Asker("booking")

FILE = """
- id: stage
  name: {zh: 舞台灯, en: Stage lights}
  match: {device: [stage-*, a], point: level}
  role: manager
- {id: dim, match: {point_class: Lighting_Level_Command}, range: [null, 80]}
- {id: pumps, match: {device_type: pump}, in_maintenance: true}
- {id: dark, match: {point: level}, range: [20, null], while: in_use}
"""


def kind(asker: Asker, value: float = 50.0, *locks: Interlock) -> str | None:
    found = refusal_of(ORDER, value, PLACE, asker, locks)
    return None if found is None else found.kind


def used(asker: Asker, value: float, lock: Interlock, *uses: Use) -> RefusedOrder | None:
    return refusal_of(ORDER, value, PLACE, asker, [lock], (), uses)


def test_an_interlock_may_count_only_while_a_room_is_booked_or_in_use() -> None:
    booked = Use("booked", "Court 1 is booked until 20:00", {"place": "Court 1", "until": "20:00"})
    dark = Interlock("dark", points=("level",), low=20.0, during="booked")
    assert used(ITSELF, 0.0, dark) is None
    assert used(ITSELF, 0.0, dark, Use("in_use", "somebody")) is None
    assert used(ITSELF, 30.0, dark, booked) is None
    found = used(ITSELF, 0.0, dark, booked)
    assert found is not None
    assert (found.kind, found.interlock, found.named) == ("booked", "dark", booked.named)
    assert found.why == "Court 1 is booked until 20:00: a/level takes 20 to inf here, not 0"
    by_role = Interlock("role", points=("level",), role=Role.MANAGER, during="in_use")
    assert used(OPERATOR, 0.0, by_role, booked) is None
    refused = used(OPERATOR, 0.0, by_role, Use("in_use", "somebody"))
    assert refused is not None
    assert refused.kind == "in_use"
    assert used(MANAGER, 0.0, by_role, Use("in_use", "somebody")) is None
    nothing = Interlock("none", points=("level",), during="booked")
    assert used(MANAGER, 50.0, nothing) is None
    assert used(MANAGER, 50.0, nothing, booked) is not None


def held(asker: Asker, *holds: Hold) -> RefusedOrder | None:
    return refusal_of(ORDER, 50.0, PLACE, asker, (), holds)


def test_the_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    stage, dim, pumps, dark = parse_interlocks(FILE)
    assert (stage.role, stage.devices, stage.points, stage.name.en) == (
        Role.MANAGER,
        ("stage-*", "a"),
        ("level",),
        "Stage lights",
    )
    assert (dim.low, dim.high, pumps.in_maintenance) == (-math.inf, 80.0, True)
    assert (dim.during, dark.during) == (None, "in_use")
    assert load_interlocks(tmp_path) == load_interlocks(None) == ()
    (tmp_path / "interlocks.yaml").write_text(FILE, "utf-8")
    assert len(load_interlocks(tmp_path)) == 4


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("- {id: a, match: {}, role: manager}\n", 1, "it would mean every point"),
        ("- id: a\n  match: {point: x}\n", 1, "forbids nothing"),
        ("- id: a\n  match: {point: x}\n  while: empty\n", 3, "booked"),
        ("- {id: a, match: {point: x}, while: booked, in_maintenance: true}\n", 1, "two interlocks"),
        ("- id: a\n  match: {point: x}\n  range: [5, 1]\n", 1, "is above"),
        ("- id: a\n  match: {point: x}\n  role: visitor\n", 3, "operator"),
        ("- id: a\n  match: {colour: x}\n  role: manager\n", 2, "Extra inputs"),
        (
            "interlocks:\n" + "- {id: a, match: {point: x}, role: admin}\n" * 2,
            3,
            "twice",
        ),
    ],
)
def test_each_fault_is_named_by_its_line(text: str, where: int, says: str) -> None:
    with pytest.raises(RegistryError) as caught:
        parse_interlocks(text)
    (fault,) = caught.value.faults
    assert (fault.where, says in fault.message) == (f"interlocks.yaml:{where}", True), fault


def test_a_role_is_asked_of_people_and_not_of_the_twin_itself() -> None:
    lock = Interlock("stage", points=("level",), role=Role.MANAGER)
    assert [kind(asker, 50.0, lock) for asker in (OPERATOR, MANAGER, ITSELF)] == ["role", None, None]


def test_a_range_binds_everybody() -> None:
    lock = Interlock("dim", point_classes=("Lighting_Level_Command",), high=80.0)
    for asker in (OPERATOR, MANAGER, ITSELF):
        assert [kind(asker, value, lock) for value in (80.0, 80.5)] == [None, "range"]


def test_a_device_that_is_worked_at_is_left_alone_but_by_who_works_at_it() -> None:
    mended, by_op = Hold("mended"), Hold("work order 3", "person:op")
    assert held(MANAGER, mended) is not None
    assert held(ITSELF, mended) is not None
    assert held(ITSELF, Hold("mended", "")) is not None
    assert held(OPERATOR, by_op) is None
    on_test = Interlock("a", devices=("a",), in_maintenance=True)
    assert refusal_of(ORDER, 50.0, PLACE, MANAGER, [on_test], [mended]) is None


@given(st.permutations(["", "person:op", "person:boss"]), st.integers(1, 3))
def test_of_several_holds_each_must_let_a_command_pass_and_all_are_named(by: list[str], count: int) -> None:
    holds = [Hold(f"work by {each or 'nobody'}", each, f"#{each}") for each in by[:count]]
    found = held(OPERATOR, *holds)
    assert (found is None) == (by[:count] == ["person:op"])
    if found is not None:
        assert all(each.why in found.why and each.label in found.named["holds"] for each in holds)
        if "" in by[:count]:  # the strictest comes first
            assert found.why.startswith("a is being worked at: work by nobody")


@given(st.lists(st.sampled_from(["a", "b", "lamp", "pump", "*"]), max_size=3))
def test_an_interlock_about_other_points_forbids_nothing(names: list[str]) -> None:
    lock = Interlock("x", types=tuple(names), role=Role.ADMIN)
    covered = not names or "lamp" in names or "*" in names
    assert (kind(OPERATOR, 50.0, lock) == "role") == covered


class House:
    """A lamp behind interlocks."""

    def __init__(self, engine: AsyncEngine, *locks: Interlock) -> None:
        clock = HandClock(MONDAY_8_MS)
        bridge = bridge_of(lamps("a", "b"), clock)
        self.log = EventLog(engine, clock)
        self.adapter = Obeying(bridge)
        self.commands = Commands(bridge, self.log, engine, {"mqtt": self.adapter}, interlocks=locks)

    async def events(self) -> list[Event]:
        return list(await self.log.find(EventFilter(type="command.*"), 100))


async def test_what_is_forbidden_is_not_sent_and_is_an_event_with_who_and_why(engine: AsyncEngine) -> None:
    house = House(engine, Interlock("dim", points=("level",), high=80.0))
    with pytest.raises(InterlockError) as caught:
        await house.commands.send([ORDER, Order("b", "level", 90, "party")], "person:op", role=Role.OPERATOR)
    assert (caught.value.reason, house.adapter.got) == ("interlock-range", [])
    (event,) = await house.events()
    assert (event.type, event.subject, event.actor) == ("command.refused", "device:b", "person:op")
    assert (event.data["interlock"], event.data["reason"], event.data["value"]) == ("dim", "party", 90)
    assert "not 90" in event.data["fault"]


async def test_work_at_a_device_is_asked_for_at_every_command(engine: AsyncEngine) -> None:
    house = House(engine)
    flagged = {"a": [Hold("the ballast is changed")]}
    ordered = {"a": [Hold("work order 3, flickers", "person:op", "#3 flickers")]}

    async def flags(devices: object) -> dict[str, list[Hold]]:
        return flagged

    async def orders(devices: object) -> dict[str, list[Hold]]:
        return ordered

    house.commands.holds += [flags, orders]
    # Who accepted the work order may not command what is set aside for another reason.
    with pytest.raises(InterlockError, match="ballast is changed; work order 3") as caught:
        await house.commands.send([ORDER], "person:op", role=Role.ADMIN)
    assert caught.value.named == {"holds": "the ballast is changed；#3 flickers"}
    flagged.clear()
    await house.commands.send([ORDER], "person:op", role=Role.ADMIN)
    assert [each.device for each in house.adapter.got] == ["a"]
    events = await house.events()
    assert [event.type for event in events] == ["command.refused", "command.sent"]
    (state,) = last_commands([*events, events[0]])
    assert state.is_open
