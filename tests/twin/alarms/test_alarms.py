"""The alarms of a running twin, on both databases: what is recorded, restarted, rebuilt, flooded."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.bridge import Outgoing
from telemetry_bridge.clock import SimulatedClock
from telemetry_bridge.points import Device, DeviceType, Label, PointType, Registry, State
from telemetry_bridge.wire import Frame, Kind, Quality
from twin.alarms import projection
from twin.alarms.alarms import AT_ONCE, Alarms, Refusal, Surroundings
from twin.alarms.model import Alarm, AlarmState, Check, Condition, Match, Place, Priority, Rule
from twin.alarms.projection import AlarmFilter, Position
from twin.alarms.table import make_table
from twin.errors import AlarmStateError, BadRequestError, NotFoundError
from twin.events.event import Event
from twin.events.log import EventFilter, EventLog

START_MS = 1_780_000_000_000.0
OFF_ON_FAULT = tuple(State(key, key, key) for key in ("off", "on", "fault"))
THING = DeviceType(
    "thing",
    points=(PointType("status", "Status", states=OFF_ON_FAULT), PointType("t", "Temperature", "degC")),
)
HOT = Rule(
    "hot",
    Label("过热", "Too hot"),
    Priority.HIGH,
    Match(point_class=("Temperature",)),
    Condition(Check.ABOVE, 30.0, 1.0),
    Label("{space} {value}，高于 {limit}", "{device} in {space}: {value}, above {limit}"),
    ("status",),
)
FAULT = Rule(
    "fault",
    Label("故障", "Fault"),
    Priority.CRITICAL,
    Match(point_class=("Status",)),
    Condition(Check.STATE, states=("fault",)),
    Label("{device} {value}", "{device}: {value}"),
)
HALL = Place("guid-element", "guid-space", "guid-storey", Label("大厅", "Hall"), "hall")


class House:
    """A registry, a clock that stands still until told, and alarms on a database."""

    def __init__(self, engine: AsyncEngine, devices: int = 3) -> None:
        self.engine = engine
        self.registry = Registry(
            [THING], [Device(f"D{i:05d}", "thing", Label(f"设备{i}", f"Device {i}")) for i in range(devices)]
        )
        self.now_s = 0.0
        self.clock = SimulatedClock(START_MS, monotonic_s=lambda: self.now_s)
        self.log = EventLog(engine, self.clock)
        self.alarms = self.made([HOT, FAULT])

    def made(self, rules: Sequence[Rule]) -> Alarms:
        table, faults, _ = make_table(rules, self.registry, lambda _: HALL)
        assert faults == []
        around = Surroundings(self.registry, self.clock, lambda _: HALL, lambda _: 1.0)
        return Alarms(table, self.log, self.engine, around)

    async def restart(self, rules: Sequence[Rule] = (HOT, FAULT)) -> None:
        self.alarms = self.made(rules)
        await self.alarms.start()

    def reads(self, values: dict[str, float], quality: Quality = Quality.GOOD) -> None:
        found = {self.registry.find(*key.split("/")): value for key, value in values.items()}
        index = np.array(sorted(point.point_index for point in found if point), dtype=np.uint32)
        by_index = {point.point_index: value for point, value in found.items() if point}
        column = np.array([by_index[int(i)] for i in index])
        qualities = np.full(len(index), quality, dtype=np.uint8)
        self.alarms.on_frame(
            Outgoing(Frame(Kind.DELTA, 1, self.clock.now_ms(), index, column, qualities), b"")
        )

    async def read(self, values: dict[str, float]) -> None:
        self.reads(values)
        await self.alarms.settle()

    async def only(self) -> Alarm:
        (alarm,) = await self.alarms.find(AlarmFilter(open_only=False), 10)
        return alarm

    async def told(self) -> list[Event]:
        return list(await self.log.find(EventFilter(type="alarm.*"), 1000))

    async def types(self) -> list[str]:
        return [event.type for event in await self.told()]


@pytest.fixture
async def house(engine: AsyncEngine) -> House:
    house = House(engine)
    await house.alarms.start()
    return house


async def test_an_alarm_from_its_raising_to_its_end(house: House) -> None:
    await house.read({"D00000/t": 31.5})
    raised = await house.only()
    assert raised.state is AlarmState.UNACKNOWLEDGED_ACTIVE
    assert (raised.device, raised.value, raised.limit, raised.unit) == ("D00000", 31.5, 30.0, "degC")
    assert (raised.element, raised.space, raised.storey) == ("guid-element", "guid-space", "guid-storey")
    assert raised.message == Label("大厅 31.5°C，高于 30°C", "Device 0 in Hall: 31.5°C, above 30°C")
    assert raised.cause_data == {"status": 1.0}
    house.now_s += 60
    taken = await house.alarms.acknowledge(raised.id, "person:chen", "on my way")
    assert (taken.state, taken.acknowledged_by) == (AlarmState.ACKNOWLEDGED_ACTIVE, "person:chen")
    await house.read({"D00000/t": 29.5})
    assert (await house.only()).active
    await house.read({"D00000/t": 20.0})
    ended = await house.only()
    assert (ended.state, ended.closed_by) == (AlarmState.NORMAL, "rule:hot")
    events = await house.told()
    assert [event.type for event in events] == [
        "alarm.raised",
        "alarm.acknowledged",
        "alarm.returned",
        "alarm.closed",
    ]
    assert [event.cause for event in events] == [None, *(event.id for event in events[:-1])]
    assert [event.actor for event in events] == ["rule:hot", "person:chen", "rule:hot", "rule:hot"]
    assert {event.subject for event in events} == {"device:D00000"}
    assert events[1].data["comment"] == "on my way"
    assert await house.alarms.events_of(ended) == tuple(events)
    assert await house.log.verify() is None


async def test_one_that_returns_unseen_stays_and_may_come_again(house: House) -> None:
    await house.read({"D00000/t": 31.5})
    await house.read({"D00000/t": 20.0})
    assert (await house.only()).state is AlarmState.UNACKNOWLEDGED_RETURNED
    await house.read({"D00000/t": 33.0})
    again = await house.only()
    assert (again.state, again.occurrences, again.value) == (AlarmState.UNACKNOWLEDGED_ACTIVE, 2, 33.0)
    await house.read({"D00000/t": 20.0})
    closed = await house.alarms.acknowledge(again.id, "person:chen")
    assert (closed.state, closed.is_open) == (AlarmState.NORMAL, False)
    assert (await house.types())[-2:] == ["alarm.acknowledged", "alarm.closed"]
    with pytest.raises(AlarmStateError, match="it is closed"):
        await house.alarms.acknowledge(again.id, "person:chen")
    await house.read({"D00000/t": 31.0})
    assert {alarm.id for alarm in house.alarms.open_alarms()}.isdisjoint({again.id})


async def test_raised_and_returned_in_one_part_are_both_recorded(house: House) -> None:
    house.reads({"D00000/t": 31.5})
    house.reads({"D00000/t": 20.0})
    await house.alarms.settle()
    assert await house.types() == ["alarm.raised", "alarm.returned"]
    assert (await house.only()).state is AlarmState.UNACKNOWLEDGED_RETURNED


async def test_shelving_ends_by_itself_and_shows_what_still_holds(house: House) -> None:
    await house.read({"D00000/t": 31.5})
    alarm_id = (await house.only()).id
    until_ms = START_MS + 600_000
    shelved = await house.alarms.shelve(alarm_id, "person:chen", "sensor is being replaced", until_ms)
    assert (shelved.state, shelved.shelved_until_ms) == (AlarmState.SHELVED, until_ms)
    assert (shelved.shelved_by, shelved.shelve_reason) == ("person:chen", "sensor is being replaced")
    assert house.alarms.counts()[Priority.HIGH].unacknowledged == 0
    await house.read({"D00000/t": 20.0})
    await house.read({"D00000/t": 31.5})
    assert (await house.only()).state is AlarmState.SHELVED
    house.now_s += 601
    await house.alarms.settle()
    assert (await house.only()).state is AlarmState.UNACKNOWLEDGED_ACTIVE
    assert (await house.told())[-1].actor == "system"


async def test_a_shelved_one_that_is_over_closes_when_unshelved(house: House) -> None:
    await house.read({"D00000/t": 31.5})
    alarm_id = (await house.only()).id
    await house.alarms.shelve(alarm_id, "person:chen", "noise", START_MS + 1000)
    await house.read({"D00000/t": 20.0})
    assert (await house.alarms.unshelve(alarm_id, "person:li")).closed_by == "person:li"


@pytest.mark.parametrize("ahead_ms", [0.0, -5.0, 31 * 86_400_000.0, float("nan")])
async def test_a_shelving_needs_a_time_ahead(house: House, ahead_ms: float) -> None:
    await house.read({"D00000/t": 31.5})
    alarm_id = (await house.only()).id
    with pytest.raises(BadRequestError, match="until"):
        await house.alarms.shelve(alarm_id, "person:chen", "x", START_MS + ahead_ms)


async def test_a_wrong_step_changes_nothing(house: House) -> None:
    await house.read({"D00000/t": 31.5})
    before = await house.only()
    with pytest.raises(AlarmStateError, match="acknowledge or shelve"):
        await house.alarms.close(before.id, "person:chen")
    with pytest.raises(NotFoundError, match="no alarm 'nothing'"):
        await house.alarms.close("nothing", "person:chen")
    assert await house.only() == before
    assert await house.types() == ["alarm.raised"]


async def test_a_restart_neither_raises_twice_nor_forgets(house: House) -> None:
    await house.read({"D00000/t": 31.5, "D00001/status": 2.0})
    before = house.alarms.open_alarms()
    await house.restart()
    assert house.alarms.open_alarms() == before
    await house.read({"D00000/t": 31.5, "D00001/status": 2.0})
    assert await house.types() == ["alarm.raised"] * 2
    await house.read({"D00000/t": 20.0})
    assert (await house.types())[-1] == "alarm.returned"


async def test_an_alarm_whose_rule_is_gone_can_be_closed(house: House) -> None:
    await house.read({"D00000/t": 31.5, "D00001/t": 31.5})
    first, second = house.alarms.open_alarms()
    await house.alarms.acknowledge(first.id, "person:chen")
    await house.restart([FAULT])
    assert [alarm.id for alarm in house.alarms.open_alarms()] == [second.id]
    assert (await house.alarms.close(second.id, "person:chen")).closed_by == "person:chen"
    returned = [event for event in await house.told() if event.type == "alarm.returned"]
    assert {event.data["reason"] for event in returned} == {"the rule or the point no longer exists"}


async def everything(house: House) -> tuple[Alarm, ...]:
    return await house.alarms.find(AlarmFilter(open_only=False), 1000)


async def test_the_projection_is_what_the_events_say(house: House) -> None:
    rng = np.random.default_rng(7)
    for _ in range(60):
        house.now_s += 30
        device = f"D0000{rng.integers(3)}"
        await house.read({f"{device}/t": float(rng.choice([20.0, 29.5, 31.0]))})
        await house.read({f"{device}/status": float(rng.integers(3))})
        for alarm in house.alarms.open_alarms():
            try:
                match int(rng.integers(6)):
                    case 0:
                        await house.alarms.acknowledge(alarm.id, "person:chen")
                    case 1:
                        until_ms = house.clock.now_ms() + 45_000
                        await house.alarms.shelve(alarm.id, "person:li", "x", until_ms)
                    case 2:
                        await house.alarms.close(alarm.id, "person:wu")
            except AlarmStateError:
                continue
    before = await everything(house)
    assert len(before) > 10
    assert {alarm.state for alarm in before} >= {AlarmState.NORMAL}
    assert await projection.rebuild(house.engine, house.log) == len(before)
    assert await everything(house) == before
    for event in await house.told():
        assert event.data["state"] in set(AlarmState)


async def test_what_the_database_does_not_take_is_kept_for_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise OperationalError("insert", {}, Exception("disk full"))

    house.reads({"D00000/t": 31.5})
    with monkeypatch.context() as patched:
        patched.setattr(projection, "save", broken)
        with pytest.raises(OperationalError):
            await house.alarms.settle()
        assert house.alarms.open_alarms() == ()
        assert await house.types() == []
    assert house.alarms.waiting == 1
    await house.alarms.settle()
    assert await house.types() == ["alarm.raised"]


async def test_the_database_keeps_one_open_alarm_of_a_source(house: House) -> None:
    await house.read({"D00000/t": 31.5})
    twin = replace(await house.only(), id="0" * 26)
    with pytest.raises(IntegrityError):
        async with house.engine.begin() as connection:
            await projection.save(connection, [twin])


async def test_people_and_the_engine_at_once_leave_one_story(house: House) -> None:
    await house.read({"D00000/t": 31.5})
    alarm_id = (await house.only()).id
    answers = await asyncio.gather(
        *(house.alarms.acknowledge(alarm_id, f"person:{i}") for i in range(5)),
        house.read({"D00001/t": 31.5}),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Alarm) for answer in answers) == 1
    assert sum(isinstance(answer, AlarmStateError) for answer in answers) == 4
    before = await everything(house)
    await projection.rebuild(house.engine, house.log)
    assert await everything(house) == before


async def test_the_list_is_filtered_ordered_and_paged(house: House) -> None:
    for number in range(3):
        house.now_s += 60
        await house.read({f"D0000{number}/t": 31.5, f"D0000{number}/status": 2.0})
    await house.alarms.acknowledge(house.alarms.open_alarms()[0].id, "person:chen")
    found = await house.alarms.find(AlarmFilter(), 10)
    assert [alarm.priority for alarm in found] == [Priority.CRITICAL] * 3 + [Priority.HIGH] * 3
    assert [alarm.device for alarm in found[:3]] == ["D00002", "D00001", "D00000"]
    paged: list[Alarm] = []
    position = None
    while part := await house.alarms.find(AlarmFilter(), 4, position):
        paged += part
        position = Position(int(part[-1].priority), part[-1].id)
    assert tuple(paged) == found

    async def count(wanted: AlarmFilter) -> int:
        return len(await house.alarms.find(wanted, 10))

    assert await count(AlarmFilter(priority=Priority.HIGH)) == 3
    assert await count(AlarmFilter(device="D00001")) == 2
    assert await count(AlarmFilter(space="guid-space")) == 6
    assert await count(AlarmFilter(storey="elsewhere")) == 0
    assert await count(AlarmFilter(state=AlarmState.ACKNOWLEDGED_ACTIVE)) == 1
    assert await count(AlarmFilter(to_ms=int(START_MS) + 120_000)) == 2
    counts = house.alarms.counts()
    assert (counts[Priority.HIGH].total, counts[Priority.LOW].total) == (3, 0)


async def test_those_open_within_a_span_are_found_when_closed_too(house: House) -> None:
    await house.read({"D00000/t": 31.5})
    house.now_s += 100
    await house.read({"D00000/t": 20.0})
    await house.alarms.close((await house.only()).id, "person:chen")
    closed_ms = int(START_MS) + 100_000
    inside = AlarmFilter(open_only=False, from_ms=closed_ms - 10, to_ms=closed_ms)
    assert len(await house.alarms.find(inside, 10)) == 1
    assert await house.alarms.find(replace(inside, from_ms=closed_ms + 1, to_ms=None), 10) == ()
    assert await house.alarms.find(replace(inside, from_ms=None, to_ms=int(START_MS)), 10) == ()


async def test_a_moment_of_the_past_has_the_alarms_of_then(house: House) -> None:
    """What was seen at each moment is what is told of it afterwards."""
    seen: list[tuple[int, tuple[Alarm, ...]]] = []

    async def look() -> None:
        seen.append((int(house.clock.now_ms()), await house.alarms.find(AlarmFilter(), 100)))
        house.now_s += 60

    await house.read({"D00000/t": 31.5, "D00001/status": 2.0})
    await look()
    first = (await house.alarms.find(AlarmFilter(device="D00000"), 1))[0]
    await house.alarms.acknowledge(first.id, "person:chen")
    await look()
    await house.alarms.shelve(first.id, "person:chen", "x", house.clock.now_ms() + 1e6)
    await house.read({"D00001/status": 0.0, "D00002/t": 40.0})
    await look()
    await house.read({"D00000/t": 20.0})
    await house.alarms.close(first.id, "person:li")
    await look()
    for moment_ms, alarms in seen:
        assert await house.alarms.open_at(moment_ms, AlarmFilter(), 100) == alarms
    moment_ms, alarms = seen[2]
    assert await house.alarms.open_at(moment_ms, AlarmFilter(), 1) == alarms[:1]
    rest = Position(int(alarms[0].priority), alarms[0].id)
    assert await house.alarms.open_at(moment_ms, AlarmFilter(), 100, rest) == alarms[1:]
    assert await house.alarms.open_at(int(START_MS) - 1, AlarmFilter(), 100) == ()


async def test_a_flood_leaves_the_loop_free_and_loses_nothing(engine: AsyncEngine) -> None:
    """Thousands of points turn bad in one frame; the loop is never held while they are written."""
    house = House(engine, devices=3000)
    await house.restart([replace(FAULT, condition=Condition(Check.QUALITY, qualities=(Quality.BAD,)))])
    house.reads({f"{device}/status": 1.0 for device in house.registry.devices}, Quality.BAD)
    assert house.alarms.waiting == 3000
    turns = 0
    writing = asyncio.create_task(house.alarms.settle())
    while not writing.done():
        turns += 1
        await asyncio.sleep(0)
    await writing
    assert turns > 3000 / AT_ONCE
    assert len(house.alarms.open_alarms()) == 3000
    assert (await house.log.head()).seq == 3000


async def test_run_writes_by_itself_and_says_what_keeps_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = asyncio.create_task(house.alarms.run())
    try:
        house.reads({"D00000/t": 31.5})
        await until(lambda: len(house.alarms.open_alarms()) == 1)
        with monkeypatch.context() as patched:
            patched.setattr(projection, "save", unavailable)
            house.reads({"D00001/t": 31.5})
            await until(lambda: house.alarms.note is not None)
        await until(lambda: len(house.alarms.open_alarms()) == 2 and house.alarms.note is None)
    finally:
        task.cancel()


async def unavailable(*_: object) -> None:
    raise OSError("gone")


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


async def taken_by_chen(house: House, ids: Sequence[str]) -> tuple[list[Alarm], list[Refusal]]:
    taken: list[Alarm] = []
    refused: list[Refusal] = []
    async for part, left in house.alarms.acknowledge_each(ids, "person:chen", "seen"):
        taken += part
        refused += left
    return taken, refused


async def test_many_are_taken_at_once_and_those_that_cannot_be_hold_up_none(house: House) -> None:
    await house.read({"D00000/t": 31.5, "D00001/t": 31.5, "D00002/t": 31.5})
    await house.read({"D00001/t": 10.0})
    first, second, third = (alarm.id for alarm in await house.alarms.find(AlarmFilter(), 10))
    await house.alarms.acknowledge(third, "person:lin")
    before = len(await house.told())
    taken, refused = await taken_by_chen(house, [first, "nothing", second, third, first])
    assert {alarm.id: alarm.is_open for alarm in taken} == {
        alarm_id: (await house.alarms.get(alarm_id)).is_open for alarm_id in (first, second)
    }
    assert sorted(str(alarm.state) for alarm in taken) == ["acknowledged-active", "normal"]
    assert [each.alarm for each in refused] == ["nothing", third]
    assert [type(each.error) for each in refused] == [NotFoundError, AlarmStateError]
    new = (await house.told())[before:]
    assert sorted(event.type for event in new) == [
        "alarm.acknowledged",
        "alarm.acknowledged",
        "alarm.closed",
    ]
    assert {(event.actor, event.data["comment"]) for event in new} == {("person:chen", "seen")}
    assert await house.log.verify() is None


async def test_a_flood_is_taken_in_parts(engine: AsyncEngine) -> None:
    house = House(engine, AT_ONCE + 5)
    await house.alarms.start()
    await house.read({f"{device}/t": 31.5 for device in house.registry.devices})
    ids = [alarm.id for alarm in house.alarms.open_alarms()]
    parts = [len(part) async for part, _ in house.alarms.acknowledge_each(ids, "person:chen")]
    assert parts == [AT_ONCE, 5]
    assert (await house.types()).count("alarm.acknowledged") == AT_ONCE + 5
