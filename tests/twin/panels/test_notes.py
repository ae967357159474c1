"""Notes on both databases: who may change them, what the events say, the rebuild, the list."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import SystemClock
from twin.accounts.accounts import Person
from twin.accounts.roles import Role
from twin.errors import NotFoundError
from twin.events.event import Draft, Head, appended
from twin.events.log import EventFilter, EventLog
from twin.panels.notes import store
from twin.panels.notes.errors import NotAuthorError, NoteChangedError
from twin.panels.notes.model import Content, Note, NoteFilter, Position
from twin.panels.notes.notes import Notes
from twin.panels.notes.panel import NOTES
from twin.panels.notes.projection import added_draft, applied, changed_draft, removed_draft
from twin.store.database import migrate

CHEN = Person("1", "chen", "陈工", Role.OPERATOR)
LIN = Person("2", "lin", "林工", Role.OPERATOR)
WU = Person("3", "wu", "吴经理", Role.MANAGER)
LEAK = Content("冷凝水漏到看台", 10_000, 20_000, "g" * 22)


@pytest.fixture
async def log(engine: AsyncEngine) -> EventLog:
    assert NOTES.migrations is not None
    await migrate(engine, NOTES.migrations, "notes_version")
    return EventLog(engine, SystemClock())


@pytest.fixture
def notes(engine: AsyncEngine, log: EventLog) -> Notes:
    return Notes(engine, log, SystemClock())


async def test_a_note_is_added_changed_and_removed_and_the_log_says_so(notes: Notes, log: EventLog) -> None:
    note = await notes.add(LEAK, CHEN)
    assert (note.content, note.author, note.revision) == (LEAK, "chen", 1)
    longer = Content("冷凝水漏到看台，已擦干", 10_000, 30_000, LEAK.element)
    changed = await notes.change(note.id, longer, 1, WU)
    assert (changed.content, changed.author, changed.revision) == (longer, "chen", 2)
    assert await notes.get(note.id) == changed
    await notes.remove(note.id, 2, CHEN)
    with pytest.raises(NotFoundError):
        await notes.get(note.id)
    events = await log.find(EventFilter(subject=f"note:{note.id}"), 10)
    assert [(each.type, each.actor) for each in events] == [
        ("note.added", "person:chen"),
        ("note.changed", "person:wu"),
        ("note.removed", "person:chen"),
    ]
    assert [each.cause for each in events] == [None, events[0].id, events[1].id]
    assert events[0].data == {"text": LEAK.text, "from_ms": 10_000, "to_ms": 20_000, "element": LEAK.element}


async def test_nobody_else_changes_a_note_and_nobody_overwrites_what_they_did_not_read(
    notes: Notes, log: EventLog
) -> None:
    note = await notes.add(LEAK, CHEN)
    other = Content("什么都没有", 10_000)
    with pytest.raises(NotAuthorError, match="chen's"):
        await notes.change(note.id, other, 1, LIN)
    with pytest.raises(NotAuthorError):
        await notes.remove(note.id, 1, LIN)
    await notes.change(note.id, other, 1, CHEN)
    with pytest.raises(NoteChangedError):
        await notes.change(note.id, LEAK, 1, WU)
    with pytest.raises(NoteChangedError):
        await notes.remove(note.id, 1, CHEN)
    assert (await notes.get(note.id)).content == other
    assert len(await log.find(EventFilter(type="note.*"), 10)) == 2


async def test_what_says_nothing_new_is_no_change(notes: Notes, log: EventLog) -> None:
    note = await notes.add(LEAK, CHEN)
    assert await notes.change(note.id, LEAK, 1, CHEN) == note
    assert len(await log.find(EventFilter(type="note.*"), 10)) == 1


async def test_of_two_who_change_at_once_one_is_told(notes: Notes) -> None:
    note = await notes.add(LEAK, CHEN)
    wishes = [notes.change(note.id, Content(f"{number}", 1), 1, WU) for number in range(4)]
    done = await asyncio.gather(*wishes, return_exceptions=True)
    assert sum(isinstance(each, Note) for each in done) == 1
    assert sum(isinstance(each, NoteChangedError) for each in done) == 3


async def test_notes_are_found_by_time_element_and_text_page_by_page(notes: Notes) -> None:
    contents = [LEAK, Content("", 15_000), Content("100% 湿度", 20_000), Content("x", 15_000, 15_500)]
    leak, marker, damp, short = [(await notes.add(each, CHEN)).id for each in contents]

    async def ids(after: Position | None = None, limit: int = 10, **wanted: object) -> list[str]:
        found = await notes.find(NoteFilter(**wanted), limit, after)  # type: ignore[arg-type]
        return [note.id for note in found]

    assert await ids() == [leak, marker, short, damp]
    assert await ids(from_ms=15_500, to_ms=20_000) == [leak, short]
    assert await ids(from_ms=20_001) == []
    assert await ids(to_ms=15_000) == [leak]
    assert await ids(element="g" * 22) == [leak]
    assert await ids(text="0%") == [damp]
    assert await ids(text="CHEN", limit=2) == [leak, marker]
    assert await ids(after=Position(15_000, marker)) == [short, damp]


async def test_the_table_is_what_the_events_say(notes: Notes, log: EventLog, engine: AsyncEngine) -> None:
    kept = await notes.add(LEAK, CHEN)
    await notes.change(kept.id, Content("y", 3), 1, CHEN)
    gone = await notes.add(Content("z", 4), LIN)
    await notes.remove(gone.id, 1, LIN)
    before = await notes.find(NoteFilter(), 10)
    assert await store.rebuild(engine, log) == 4
    assert await notes.find(NoteFilter(), 10) == before


CONTENTS = st.builds(
    Content,
    st.text(max_size=20),
    st.integers(0, 10**13),
    st.none() | st.integers(10**13 + 1, 10**14),
    st.none() | st.just("e" * 22),
)


@given(st.lists(CONTENTS, min_size=1, max_size=6), st.booleans())
def test_the_projection_follows_any_run_of_changes(contents: list[Content], removed: bool) -> None:
    first, *later = contents
    (event,) = appended([added_draft("n", first, "person:a")], Head(), 5)
    note = applied(None, event)
    for content in later:
        assert note is not None
        (event,) = appended([changed_draft(note, content, "person:b")], Head(), 6)
        note = applied(note, event)
    assert note is not None
    assert (note.content, note.revision, note.author) == (contents[-1], len(contents), "a")
    if removed:
        (event,) = appended([removed_draft(note, "person:a")], Head(), 7)
        assert applied(note, event) is None


def test_events_of_something_else_are_refused() -> None:
    (event,) = appended([Draft("note.read", "note:n", "person:a", {})], Head(), 5)
    with pytest.raises(ValueError, match="no event of a note"):
        applied(None, event)
    (event,) = appended([Draft("note.removed", "note:n", "person:a", {})], Head(), 5)
    with pytest.raises(ValueError, match="not there"):
        applied(None, event)
