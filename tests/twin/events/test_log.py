import asyncio
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import SimulatedClock
from tests.twin.panels.booking_house import HandClock
from twin.events.event import Draft, Event
from twin.events.log import EventFilter, EventLog
from twin.store.database import open_database, writing
from twin.store.tables import EVENT

START_MS = 1_780_000_000_000.0


def draft(number: int, subject: str = "device:lamp", kind: str = "command.sent") -> Draft:
    return Draft(kind, subject, "person:chen", {"value": number, "why": "测试"})


def log_on(engine: AsyncEngine) -> tuple[EventLog, SimulatedClock]:
    clock = SimulatedClock(START_MS, speed=0)
    return EventLog(engine, clock), clock


async def test_what_was_appended_is_read_back_as_it_was(engine: AsyncEngine) -> None:
    log, _ = log_on(engine)
    written = await log.append(draft(1), draft(2))
    assert await log.find(EventFilter(), 10) == written
    assert await log.get(written[1].id) == written[1]
    assert written[0].time_ms == START_MS


async def test_events_outlive_the_process(database_url: str) -> None:
    first = await open_database(database_url)
    log, _ = log_on(first)
    written = await log.append(draft(1))
    await first.dispose()
    second = await open_database(database_url)
    again, _ = log_on(second)
    assert await again.find(EventFilter(), 10) == written
    assert (await again.append(draft(2)))[0].seq == 2
    assert await again.verify() is None
    await second.dispose()


async def test_writers_at_once_leave_no_gap_and_no_fork(database_url: str) -> None:
    engines = [await open_database(database_url) for _ in range(3)]
    logs = [log_on(engine)[0] for engine in engines]
    await asyncio.gather(*(logs[i % 3].append(draft(i)) for i in range(30)))
    found = await logs[0].find(EventFilter(), 100)
    assert [event.seq for event in found] == list(range(1, 31))
    assert {event.data["value"] for event in found} == set(range(30))
    assert await logs[0].verify() is None
    for engine in engines:
        await engine.dispose()


async def test_a_change_behind_the_servers_back_shows(engine: AsyncEngine) -> None:
    log, _ = log_on(engine)
    await log.append(*(draft(i) for i in range(5)))
    async with writing(engine) as connection:
        await connection.execute(text("""update event set actor = 'person:nobody' where seq = 3"""))
    assert "event 3" in (await log.verify() or "")
    async with writing(engine) as connection:
        await connection.execute(text("delete from event where seq = 3"))
    assert "missing" in (await log.verify() or "")


async def test_listeners_hear_each_event_once_and_in_order(engine: AsyncEngine) -> None:
    log, _ = log_on(engine)
    heard: list[Event] = []
    log.listen(heard.append)
    await asyncio.gather(*(log.append(draft(i)) for i in range(10)))
    assert [event.seq for event in heard] == list(range(1, 11))


async def test_a_transaction_that_fails_leaves_no_event(engine: AsyncEngine) -> None:
    log, _ = log_on(engine)
    heard: list[Event] = []
    log.listen(heard.append)
    try:
        async with writing(engine) as connection:
            await log.append_within(connection, draft(1))
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert await log.find(EventFilter(), 10) == ()
    assert heard == []


async def test_events_are_found_by_time_type_and_subject(engine: AsyncEngine) -> None:
    log, clock = log_on(engine)
    await log.append(draft(1, "device:lamp"))
    clock.set_speed(1000.0)
    await asyncio.sleep(0.05)
    clock.set_speed(0.0)
    await log.append(draft(2, "device:fan"), draft(3, "booking:7", "booking.created"))

    async def values(wanted: EventFilter, **options: bool) -> list[int]:
        return [event.data["value"] for event in await log.find(wanted, 10, **options)]

    assert await values(EventFilter(to_ms=int(START_MS) + 1)) == [1]
    assert await values(EventFilter(from_ms=int(START_MS) + 1)) == [2, 3]
    assert await values(EventFilter(type="booking.created")) == [3]
    assert await values(EventFilter(type="booking.*")) == [3]
    assert await values(EventFilter(subject="device:*")) == [1, 2]
    assert await values(EventFilter(subject="device:%")) == []
    assert await values(EventFilter(after_seq=2)) == [3]
    assert await values(EventFilter(before_seq=3), newest_first=True) == [2, 1]


async def test_density_counts_every_event_of_the_span(engine: AsyncEngine) -> None:
    log, _ = log_on(engine)
    await log.append(draft(1), draft(2), draft(3, kind="alarm.raised"))
    start = int(START_MS) - 5000
    density = await log.density(start, start + 10_000, 10)
    assert density == [(5, "alarm.raised", None, 1), (5, "command.sent", None, 2)]


KINDS = st.sampled_from(
    [("alarm.raised", "high"), ("alarm.raised", "low"), ("alarm.raised", None)]
) | st.tuples(st.sampled_from(["alarm.acknowledged", "command.sent", "booking/odd.created"]), st.none())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    events=st.lists(st.tuples(st.integers(0, 60), KINDS), max_size=20),
    span=st.tuples(st.integers(-5, 60), st.integers(-2, 70)),
    buckets=st.integers(1, 80),
)
async def test_density_is_what_counting_each_event_gives(
    engine: AsyncEngine,
    events: list[tuple[int, tuple[str, str | None]]],
    span: tuple[int, int],
    buckets: int,
) -> None:
    clock = HandClock(START_MS)
    log = EventLog(engine, clock)
    async with writing(engine) as connection:
        await connection.execute(EVENT.delete())
    begin, end = int(START_MS) + span[0], int(START_MS) + span[0] + span[1]
    expected: Counter[tuple[int, str, str | None]] = Counter()
    for ms, (kind, priority) in events:
        clock.ms = START_MS + ms
        data = {} if priority is None else {"priority": priority}
        await log.append(Draft(kind, "alarm:A", "rule:r", data))
        if begin <= clock.ms < end:
            number = min(int(clock.ms - begin) // max((end - begin) // buckets, 1), buckets - 1)
            expected[number, kind, priority] += 1
    found = await log.density(begin, end, buckets)
    assert {(number, kind, severity): count for number, kind, severity, count in found} == dict(expected)
    assert found == sorted(found, key=lambda each: (each[0], each[1], each[2] or ""))


async def test_density_tells_raised_alarms_apart_by_severity(engine: AsyncEngine) -> None:
    log, _ = log_on(engine)
    feigned = {"priority": "low", "message": '"priority":"critical"'}
    await log.append(
        *(Draft("alarm.raised", "alarm:A", "rule:r", data) for data in (feigned, {"priority": "critical"})),
        Draft("workorder.created", "workorder:W", "person:p", {"priority": "high"}),
    )
    start = int(START_MS)
    assert await log.density(start, start + 1000, 1) == [
        (0, "alarm.raised", "critical", 1),
        (0, "alarm.raised", "low", 1),
        (0, "workorder.created", None, 1),
    ]
