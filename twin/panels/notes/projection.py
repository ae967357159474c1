"""From the events of notes to notes. No I/O; the live path and a rebuild use one function."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from twin.events.event import Draft, Event
from twin.panels.notes.model import Content, Note

ADDED, CHANGED, REMOVED = "note.added", "note.changed", "note.removed"
SUBJECT_PREFIX = "note:"


def subject_of(note_id: str) -> str:
    """How events name a note."""
    return SUBJECT_PREFIX + note_id


def added_draft(note_id: str, content: Content, actor: str) -> Draft:
    """The event that makes a note; holds all that a rebuild needs."""
    return Draft(ADDED, subject_of(note_id), actor, _data(content))


def changed_draft(note: Note, content: Content, actor: str) -> Draft:
    """The event of a change; its cause is the event before it."""
    return Draft(CHANGED, subject_of(note.id), actor, _data(content), note.last_event)


def removed_draft(note: Note, actor: str) -> Draft:
    """The event by which a note is gone; what it said stays in the events before."""
    data = {"element": note.element, "from_ms": note.from_ms, "to_ms": note.to_ms}
    return Draft(REMOVED, subject_of(note.id), actor, data, note.last_event)


def applied(before: Note | None, event: Event) -> Note | None:
    """The note after an event; None: it was taken away.

    Raises:
        ValueError: the event changes a note that is not there, or is none of a note.
    """
    if event.type == ADDED:
        author = event.actor.removeprefix("person:")
        note_id = event.subject.removeprefix(SUBJECT_PREFIX)
        return Note(
            note_id, **_said(event.data), author=author, created_ms=event.time_ms, **_stamp(event, revision=1)
        )
    if event.type not in (CHANGED, REMOVED):
        raise ValueError(f"{event.type} is no event of a note")
    if before is None:
        raise ValueError(f"{event.type} of {event.subject}, which is not there")
    if event.type == REMOVED:
        return None
    return replace(before, **_said(event.data), **_stamp(event, revision=before.revision + 1))


def _data(content: Content) -> dict[str, Any]:
    return {
        "text": content.text,
        "from_ms": content.from_ms,
        "to_ms": content.to_ms,
        "element": content.element,
    }


def _said(data: Mapping[str, Any]) -> dict[str, Any]:
    return {field: data[field] for field in ("text", "from_ms", "to_ms", "element")}


def _stamp(event: Event, revision: int) -> dict[str, Any]:
    return {"changed_ms": event.time_ms, "revision": revision, "last_event": event.id}
