"""What shows when a log was changed behind the server's back, and what an export proves to a third party."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.twin.events.logs import HISTORIES, SteppedClock
from twin.errors import SettingError
from twin.events.anchors_file import FILE, add_anchor, load_all, load_anchors, set_aside
from twin.events.audit import DAY_MS, HOUR_MS, MINUTE_MS, Anchor, Auditor, thinned
from twin.events.errors import EventFileError, LogFaultError
from twin.events.event import Draft, Event, Head, appended
from twin.events.exchange import audit_lines, event_line, first_line, last_line
from twin.events.log import EventLog
from twin.events.moments import parse_moment
from twin.store.database import writing

NOW_MS = 1_790_000_000_000
DRAFT = Draft("command.sent", "device:lamp", "person:chen", {"value": 1.5, "why": "测试"})


def made(number: int, after: Head | None = None) -> list[Event]:
    return list(appended([DRAFT] * number, after or Head(), NOW_MS))


def forged(events: list[Event], row: int) -> list[Event]:
    """The log of somebody who changed an event and made every hash after it anew."""
    start = Head() if row == 0 else Head(events[row - 1].seq, events[row - 1].id, events[row - 1].hash)
    changed = replace(DRAFT, actor="person:nobody")
    return events[:row] + list(appended([changed] * (len(events) - row), start, NOW_MS))


def audited(events: list[Event], *anchors: Anchor) -> str | None:
    auditor = Auditor(anchors=anchors)
    faults = (auditor.take(event) for event in events)
    return next((fault for fault in faults if fault is not None), None) or auditor.end()


def anchor_of(event: Event, time_ms: int = NOW_MS) -> Anchor:
    return Anchor(event.seq, event.hash, time_ms, "a notebook")


@given(st.integers(1, 12), st.data())
def test_a_tail_cut_off_shows_by_an_anchor_and_by_nothing_else(number: int, data: st.DataObject) -> None:
    events = made(number)
    noted = data.draw(st.integers(1, number))
    kept = data.draw(st.integers(0, number))
    fault = audited(events[:kept], anchor_of(events[noted - 1]))
    if kept >= noted:
        assert fault is None
    else:
        assert f"ends with event {kept}, but event {noted}" in str(fault)
        assert f"{noted - kept} event(s) are missing" in str(fault)
        assert audited(events[:kept]) is None


@given(st.integers(1, 12), st.data())
def test_a_log_with_all_hashes_made_anew_shows_by_an_anchor(number: int, data: st.DataObject) -> None:
    events = made(number)
    changed, noted = data.draw(st.integers(0, number - 1)), data.draw(st.integers(0, number - 1))
    false = forged(events, changed)
    assert audited(false) is None
    fault = audited(false, anchor_of(events[noted]))
    assert (fault is None) is (noted < changed)
    if fault is not None:
        assert fault.startswith(f"event {noted + 1} ")
        assert "a notebook" in fault


@given(st.lists(st.integers(0, 40 * DAY_MS), max_size=60), st.integers(0, 40 * DAY_MS))
def test_thinned_anchors_are_few_and_keep_the_newest(ages: list[int], older: int) -> None:
    times = sorted(NOW_MS - age for age in ages)
    anchors = [Anchor(seq, str(seq), time) for seq, time in enumerate(times, 1)]
    kept = thinned(anchors, NOW_MS)
    assert list(kept) == [anchor for anchor in anchors if anchor in set(kept)]
    assert kept[-1:] == tuple(anchors[-1:])
    assert len([each for each in kept if NOW_MS - each.time_ms < HOUR_MS]) <= 61
    assert len([each for each in kept if NOW_MS - each.time_ms >= DAY_MS]) <= 42
    for anchor in anchors:
        width = DAY_MS if NOW_MS - anchor.time_ms >= DAY_MS else HOUR_MS
        width = MINUTE_MS if NOW_MS - anchor.time_ms < HOUR_MS else width
        assert any(each.seq >= anchor.seq and each.time_ms - anchor.time_ms < width for each in kept)


def test_anchors_are_kept_in_a_file_that_says_when_it_is_none(tmp_path: Path) -> None:
    path = tmp_path / FILE
    assert load_anchors(path) == ()
    first, second = Anchor(1, "a" * 64, NOW_MS, FILE), Anchor(5, "b" * 64, NOW_MS + 90_000, FILE)
    for anchor in (first, second, first):
        add_anchor(path, anchor)
    assert load_anchors(path) == (first, second)
    aside = set_aside(path, NOW_MS)
    add_anchor(path, first)
    assert {each.where for each in load_all(tmp_path)} == {FILE, aside.name}
    path.write_text("{}\n")
    with pytest.raises(EventFileError, match="line 1"):
        load_anchors(path)


def lines_of(events: list[Event], after: Head | None = None) -> list[str]:
    before = after or Head()
    end = Head(events[-1].seq, events[-1].id, events[-1].hash)
    return [
        first_line(before, NOW_MS),
        *(event_line(each) for each in events),
        last_line(end, len(events), NOW_MS),
    ]


@given(HISTORIES)
def test_an_export_as_written_holds(history: list[tuple[int, Draft]]) -> None:
    events = list(appended([draft for _, draft in history], Head(), NOW_MS))
    count, end = audit_lines(lines_of(events), "x.jsonl")
    assert (count, end.seq, end.hash) == (len(events), events[-1].seq, events[-1].hash)


@given(st.integers(1, 5), st.data())
def test_whatever_is_changed_in_an_export_shows(number: int, data: st.DataObject) -> None:
    lines = lines_of(made(number))
    row = data.draw(st.integers(0, len(lines) - 1))
    act = data.draw(st.sampled_from(["drop", "twice", "change"]))
    if act == "change":
        said = json.loads(lines[row])
        holder = said.get("end", said.get("after", said))
        field = data.draw(st.sampled_from(sorted(set(holder) - {"written"})))
        holder[field] = {"seq": 99, "time_ms": 1, "events": 99, "data": {"forged": 1}}.get(field, "forged")
        lines[row] = json.dumps(said, ensure_ascii=False) + "\n"
    else:
        lines[row : row + 1] = [] if act == "drop" else [lines[row]] * 2
    with pytest.raises((LogFaultError, EventFileError), match=r"x\.jsonl"):
        audit_lines(lines, "x.jsonl")


@pytest.mark.parametrize(
    "lines",
    [[], ["\n"], ["no json"], ["[]"], ['{"format":"venue-twin events","version":2}'], ['{"format":1}', "{}"]],
)
def test_what_is_no_export_is_told_apart(lines: list[str]) -> None:
    with pytest.raises(EventFileError, match=r"x\.jsonl"):
        audit_lines(lines, "x.jsonl")


def test_a_file_goes_on_where_the_one_before_ends() -> None:
    events = made(4)
    _, end = audit_lines(lines_of(events[:2]), "1.jsonl")
    second = lines_of(events[2:], Head(2, "", events[1].hash))
    assert audit_lines(second, "2.jsonl", end)[0] == 2
    with pytest.raises(LogFaultError, match=r"begins after event 2; the file before ends with 3"):
        audit_lines(second, "2.jsonl", Anchor(3, events[2].hash, 0))


async def change(engine: AsyncEngine, statement: str) -> None:
    async with writing(engine) as connection:
        await connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE event SET actor = 'person:nobody' WHERE seq = 3", "event 3 ("),
        ("UPDATE event SET data = 'not json' WHERE seq = 3", "event 3 ("),
        ("UPDATE event SET cause = NULL, time_ms = 1 WHERE seq = 1", "event 1 ("),
        ("DELETE FROM event WHERE seq = 2", "event 2 is missing"),
        (
            "INSERT INTO event SELECT 0, 'A', time_ms, type, subject, actor, cause, data, hash "
            "FROM event WHERE seq = 5",
            "event 1 is missing: 0 follows 0",
        ),
        ("DELETE FROM event WHERE seq >= 4", "the log ends with event 3, but event 5"),
        ("DELETE FROM event", "the log ends with event 0, but event 5"),
    ],
)
async def test_a_database_changed_behind_the_servers_back_names_the_first_event(
    engine: AsyncEngine, statement: str, says: str
) -> None:
    log = EventLog(engine, SteppedClock())
    events = await log.append(*[DRAFT] * 5)
    anchor = anchor_of(events[-1])
    assert (await log.audit([anchor])).fault is None
    await change(engine, statement)
    assert says in str((await log.audit([anchor])).fault)


@pytest.mark.parametrize(
    ("written", "ms"),
    [
        ("2026-10-25T02:30:00+02:00", 1_792_888_200_000),
        ("2026-10-25T02:30:00+01:00", 1_792_891_800_000),
        ("2026-10-25T12:00", 1_792_926_000_000),
        ("2026-10-26", 1_792_969_200_000),
    ],
)
def test_times_of_the_command_line(written: str, ms: int, in_berlin: Callable[[], None]) -> None:
    in_berlin()
    assert parse_moment(written, "--from") == ms


@pytest.mark.parametrize("written", ["2026-10-25T02:30", "2026-03-29T02:30", "yesterday", ""])
def test_a_time_that_clocks_show_twice_or_never_is_asked_for_with_its_offset(
    written: str, in_berlin: Callable[[], None]
) -> None:
    in_berlin()
    with pytest.raises(SettingError, match="--from"):
        parse_moment(written, "--from")


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> object:
    def set_zone() -> None:
        monkeypatch.setenv("TZ", "Europe/Berlin")
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()
