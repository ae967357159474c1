"""What an incident report is: frozen data, no I/O. Times are ms since 1970 UTC."""

from dataclasses import dataclass

LONGEST_MS = 7 * 86_400_000
"""No report is about more than a week: who needs more needs statistics."""
MOST_POINTS = 40
MOST_PICTURES = 24


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the scene at a moment; the PNG itself is kept apart, under `id`."""

    id: str
    time_ms: int
    caption: str
    width: int
    height: int
    bytes: int
    sha256: str
    by: str
    """Account name of who took it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the report is about within its time; nothing given: the whole venue. Guids and an alarm's id."""

    element: str | None = None
    space: str | None = None
    alarm: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole venue."""
        return self.element is None and self.space is None and self.alarm is None


@dataclass(frozen=True, slots=True)
class Incident:
    """One report. `number` is what people call it by; people are account names.

    It is about `from_ms` to before `to_ms`; `at_ms` is the moment for which values are shown between those
    of the beginning and the end. `points` are `device/point`. `version` counts the changes, from 1;
    `last_event` is the id of its newest event.
    """

    id: str
    number: int
    title: str
    summary: str
    conclusions: str
    from_ms: int
    to_ms: int
    at_ms: int
    scope: Scope
    points: tuple[str, ...]
    pictures: tuple[Picture, ...]
    author: str
    created_ms: int
    changed_ms: int
    changed_by: str
    version: int
    last_event: str
