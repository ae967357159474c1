"""What is asked for is found, no more and no less, page by page in both directions, on both databases."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.twin.events.logs import HISTORIES, KINDS, PLACES, START_MS, SUBJECTS, SteppedClock
from twin.events.about import keys_of
from twin.events.event import SEVERITIES, Draft, Event, severity_of
from twin.events.filter import EventFilter
from twin.events.log import EventLog
from twin.events.words import searched, sought
from twin.store.database import open_database, writing

TYPED = ["空调", "调", "ahu", "b1-ahu 00", "chen", "fan 3", "3号", "!", "灯 rule"]
MOMENTS = st.none() | st.integers(START_MS - 40, START_MS + 60)
FILTERS = st.builds(
    EventFilter,
    from_ms=MOMENTS,
    to_ms=MOMENTS,
    type=st.none() | st.sampled_from([*KINDS, "alarm.*", "alarm.re*", "al*", "*", "none.*"]),
    subject=st.none() | st.sampled_from([*SUBJECTS, "device:*", "device:1*", "*"]),
    about=st.none() | st.frozensets(st.sampled_from([*SUBJECTS, *(f"element:{p}" for p in PLACES)])),
    severity=st.none() | st.sampled_from(SEVERITIES),
    text=st.none() | st.sampled_from(TYPED),
)


def fits(pattern: str | None, value: str) -> bool:
    if pattern is None:
        return True
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern


def is_wanted(event: Event, wanted: EventFilter) -> bool:
    """What the filter means, told in another way than the search works."""
    found = None if wanted.text is None else sought(wanted.text)
    return (
        (wanted.from_ms is None or event.time_ms >= wanted.from_ms)
        and (wanted.to_ms is None or event.time_ms < wanted.to_ms)
        and fits(wanted.type, event.type)
        and fits(wanted.subject, event.subject)
        and (wanted.about is None or bool(wanted.about & keys_of(event)))
        and (wanted.severity is None or severity_of(event.type, event.data) == wanted.severity)
        and (found is None or (bool(found.patterns) and found.finds(searched(event))))
    )


async def write(log: EventLog, clock: SteppedClock, history: list[tuple[int, Draft]]) -> list[Event]:
    written: list[Event] = []
    for step, draft in history:
        clock.ms += step
        written += await log.append(draft)
    return written


async def empty(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        await connection.execute(text("DELETE FROM event"))
        await connection.execute(text("DELETE FROM event_key"))
        clear = "INSERT INTO event_text(event_text) VALUES ('delete-all')"
        await connection.execute(text(clear if is_sqlite else "DELETE FROM event_text"))


async def paged(log: EventLog, wanted: EventFilter, limit: int, *, newest_first: bool) -> list[int]:
    """The seqs of all pages, as a client walks through them."""
    seqs: list[int] = []
    while page := await log.find(wanted, limit, newest_first=newest_first):
        assert len(page) <= limit
        seqs += [event.seq for event in page]
        wanted = replace(wanted, before_seq=seqs[-1]) if newest_first else replace(wanted, after_seq=seqs[-1])
    return seqs


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=HISTORIES, filters=st.lists(FILTERS, min_size=1, max_size=6), limit=st.integers(1, 7))
async def test_every_filter_finds_what_it_says_in_both_directions(
    engine: AsyncEngine, history: list[tuple[int, Draft]], filters: list[EventFilter], limit: int
) -> None:
    await empty(engine)
    clock = SteppedClock()
    log = EventLog(engine, clock)
    written = await write(log, clock, history)
    for wanted in filters:
        expected = [event.seq for event in written if is_wanted(event, wanted)]
        assert await paged(log, wanted, limit, newest_first=False) == expected
        assert await paged(log, wanted, limit, newest_first=True) == expected[::-1]


async def test_events_that_come_while_somebody_turns_pages_neither_repeat_nor_hide_any(
    engine: AsyncEngine,
) -> None:
    log = EventLog(engine, SteppedClock())
    draft = Draft("alarm.raised", "device:lamp", "rule:hot", {"text": "空调", "priority": "high"})
    await log.append(*[draft] * 10)
    wanted = EventFilter(text="空调", severity="high")
    first = await log.find(wanted, 4, newest_first=True)
    await log.append(draft)
    rest = await log.find(
        EventFilter(text="空调", severity="high", before_seq=first[-1].seq), 10, newest_first=True
    )
    assert [event.seq for event in (*first, *rest)] == list(range(10, 0, -1))


async def test_a_clock_that_was_set_back_an_hour_hides_nothing(engine: AsyncEngine) -> None:
    clock = SteppedClock()
    log = EventLog(engine, clock)
    hour = 3_600_000
    draft = Draft("alarm.raised", "device:lamp", "rule:hot", {})
    for ms in (0, 10, 20, 20 - hour, 30 - hour, 40):
        clock.ms = START_MS + ms
        await log.append(draft)
    found = await log.find(EventFilter(), 10)
    assert [event.id for event in found] == sorted(event.id for event in found)
    before = await log.find(EventFilter(to_ms=START_MS), 10)
    assert [event.seq for event in before] == [4, 5]
    after = await log.find(EventFilter(from_ms=START_MS, to_ms=START_MS + 20), 10)
    assert [event.seq for event in after] == [1, 2]
    assert await log.verify() is None


async def test_half_an_event_is_never_found(engine: AsyncEngine) -> None:
    log = EventLog(engine, SteppedClock())
    try:
        async with writing(engine) as connection:
            await log.append_within(
                connection, Draft("alarm.raised", "device:lamp", "system", {"text": "灯"})
            )
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert await log.find(EventFilter(text="灯"), 10) == ()
    assert await log.find(EventFilter(about=frozenset({"device:lamp"})), 10) == ()


def down_to_before_the_index(connection: Connection) -> None:
    """The database as it was left by a version that had no index."""
    statements = (
        "DROP TABLE event_text",
        "DROP TABLE event_key",
        "DROP TABLE event_index_version",
        "DROP INDEX event_by_kind",
        "ALTER TABLE event DROP COLUMN kind",
        "DROP INDEX event_by_type",
        "DROP INDEX event_by_subject",
        "DROP INDEX event_by_cause",
        "CREATE INDEX event_by_type ON event (type, time_ms)",
        "CREATE INDEX event_by_subject ON event (subject, time_ms)",
    )
    for statement in statements:
        connection.execute(text(statement))


async def test_a_log_of_an_older_version_is_indexed_when_it_is_opened(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await open_database(database_url)
    clock = SteppedClock()
    drafts = [Draft("alarm.raised", f"device:{n}", "system", {"text": f"灯 {n}"}) for n in range(30)]
    written = await EventLog(old, clock).append(*drafts)
    async with writing(old) as connection:
        await connection.run_sync(down_to_before_the_index)
    await old.dispose()
    engine = await open_database(database_url)
    log = EventLog(engine, clock)
    assert await log.find(EventFilter(text="灯 17"), 10) == (written[17],)
    assert await log.find(EventFilter(about=frozenset({"device:3"})), 10) == (written[3],)
    assert len(await log.find(EventFilter(text="灯"), 100)) == 30
    await log.append(Draft("alarm.raised", "device:new", "system", {"text": "灯 31"}))
    assert len(await log.find(EventFilter(text="灯"), 100)) == 31
    assert await log.density(int(START_MS), int(START_MS) + 1_000_000, 1) == [(0, "alarm.raised", None, 31)]
    await engine.dispose()


async def test_a_log_that_lost_its_tail_goes_on_and_is_found_as_it_is(engine: AsyncEngine) -> None:
    log = EventLog(engine, SteppedClock())
    await log.append(*[Draft("alarm.raised", "device:old", "system", {"text": "灯", "priority": "high"})] * 4)
    async with writing(engine) as connection:
        await connection.execute(text("DELETE FROM event WHERE seq > 2"))
    await log.append(*[Draft("alarm.raised", "device:new", "system", {"text": "门", "priority": "low"})] * 3)
    for wanted, seqs in (
        (EventFilter(text="灯"), [1, 2]),
        (EventFilter(text="门"), [3, 4, 5]),
        (EventFilter(about=frozenset({"device:old"})), [1, 2]),
        (EventFilter(severity="high"), [1, 2]),
        (EventFilter(severity="low"), [3, 4, 5]),
    ):
        assert [event.seq for event in await log.find(wanted, 10)] == seqs
