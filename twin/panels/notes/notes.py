"""Adding, changing and removing notes: each an event and its row in one transaction."""

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telemetry_bridge.clock import Clock
from twin.accounts.accounts import Person
from twin.errors import NotFoundError
from twin.events.event import Event, new_id
from twin.events.log import EventLog
from twin.panels.notes import store
from twin.panels.notes.errors import NotAuthorError, NoteChangedError
from twin.panels.notes.model import Content, Note, NoteFilter, Position, may_change
from twin.panels.notes.projection import added_draft, changed_draft, removed_draft
from twin.store.database import writing


class Notes:
    """The venue's notes; one for each server process."""

    def __init__(self, engine: AsyncEngine, log: EventLog, clock: Clock) -> None:
        self._engine, self._log, self._clock = engine, log, clock
        self._last_id = ""

    async def add(self, content: Content, person: Person) -> Note:
        """Put a note."""
        self._last_id = note_id = new_id(int(self._clock.now_ms()), self._last_id)
        async with writing(self._engine) as connection:
            events = await self._log.append_within(connection, added_draft(note_id, content, person.actor))
            note = await store.apply(connection, None, events[0])
        self._log.announce(events)
        assert note is not None  # an added note is there
        return note

    async def change(self, note_id: str, content: Content, revision: int, person: Person) -> Note:
        """Let a note say something else; one that says it already stays as it is.

        Raises:
            NotFoundError, NotAuthorError; NoteChangedError: it is not at `revision` any more.
        """
        events: tuple[Event, ...] = ()
        async with writing(self._engine) as connection:
            note = await _changeable(connection, note_id, revision, person)
            if note.content == content:
                return note
            events = await self._log.append_within(connection, changed_draft(note, content, person.actor))
            after = await store.apply(connection, note, events[0])
        self._log.announce(events)
        assert after is not None  # a changed note is there
        return after

    async def remove(self, note_id: str, revision: int, person: Person) -> None:
        """Take a note away; what it said stays in the log of events. Raises what `change` raises."""
        async with writing(self._engine) as connection:
            note = await _changeable(connection, note_id, revision, person)
            events = await self._log.append_within(connection, removed_draft(note, person.actor))
            await store.apply(connection, note, events[0])
        self._log.announce(events)

    async def get(self, note_id: str) -> Note:
        """The note of an id. Raises NotFoundError."""
        async with self._engine.connect() as connection:
            return _found(await store.get(connection, note_id), note_id)

    async def find(self, wanted: NoteFilter, limit: int, after: Position | None = None) -> tuple[Note, ...]:
        """See `store.find`."""
        return await store.find(self._engine, wanted, limit, after)


async def _changeable(connection: AsyncConnection, note_id: str, revision: int, person: Person) -> Note:
    note = _found(await store.get(connection, note_id, lock=True), note_id)
    if not may_change(note, person):
        raise NotAuthorError(f"this note is {note.author}'s; its author and managers may change it")
    if note.revision != revision:
        raise NoteChangedError("the note was changed meanwhile; read it again before you change it")
    return note


def _found(note: Note | None, note_id: str) -> Note:
    if note is None:
        raise NotFoundError(f"there is no note {note_id[:40]!r}; it may have been taken away")
    return note
