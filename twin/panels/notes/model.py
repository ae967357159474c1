"""A note, and what may be done with it. No I/O."""

from dataclasses import dataclass

from twin.accounts.accounts import Person
from twin.accounts.roles import Role


@dataclass(frozen=True, slots=True)
class Content:
    """What somebody notes: about a moment (`to_ms` None) or an interval, ms since 1970 UTC.

    `text` may be '', a bare marker; `element`: the guid of what it is about.
    """

    text: str
    from_ms: int
    to_ms: int | None = None
    element: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note; `author` is an account's name, `revision` counts its changes from 1."""

    id: str
    text: str
    from_ms: int
    to_ms: int | None
    element: str | None
    author: str
    created_ms: int
    changed_ms: int
    revision: int
    last_event: str

    @property
    def content(self) -> Content:
        """What it says."""
        return Content(self.text, self.from_ms, self.to_ms, self.element)

    @property
    def end_ms(self) -> int:
        """When what it is about ends; a moment ends when it begins."""
        return self.from_ms if self.to_ms is None else self.to_ms


def may_change(note: Note, person: Person) -> bool:
    """Whether a person may change a note or take it away: its author, and managers."""
    return person.role >= Role.MANAGER or person.name == note.author


@dataclass(frozen=True, slots=True)
class NoteFilter:
    """Which notes; None and '' do not filter.

    Those that touch a span (ms since 1970 UTC, its end not included), those of an element, those with a text.
    """

    from_ms: int | None = None
    to_ms: int | None = None
    element: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of the list ended: notes are in order of `from_ms`, then id."""

    from_ms: int
    id: str
