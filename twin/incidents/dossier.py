"""What log and film say to an incident, ready to be shown. Pure: events and readings in, frozen data out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from telemetry_bridge.points import Label
from twin.events.event import Event
from twin.film.segment import Track
from twin.film.timeline import Gap
from twin.incidents.lexicon import Lexicon
from twin.incidents.model import Incident
from twin.incidents.readings import Figures, Reading
from twin.incidents.responses import Response
from twin.incidents.words import Severity, is_quiet, label_in, sentence, severity_of

MOST_ENTRIES = 400
SHORTEST_GAP_MS = 1.0
"""Events and intervals are told in whole ms: less than that is no gap."""
AFTERWARDS = ("alarm.", "command.", "workorder.")
"""Of what came after the interval only this belongs to it: how it was answered, and ended."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline, numbered from 1; `cause` is the number of the line that led to it."""

    number: int
    event: Event
    severity: Severity
    actor: Label
    text: Label
    cause: int | None
    after: bool
    """Whether it came after the interval."""


@dataclass(frozen=True, slots=True, eq=False)
class PointStory:
    """A point with its values at three moments, its figures, and its samples, thinned out for drawing."""

    key: str
    device_name: Label
    name: Label
    unit: str
    states: tuple[Label, ...]
    before: Reading
    at: Reading
    after: Reading
    figures: Figures
    first: Track
    """What it read when the interval began: one sample, or none."""
    track: Track


@dataclass(frozen=True, slots=True, eq=False)
class Dossier:
    """Everything that a report shows beside what its author wrote.

    `gaps` lie within the interval, to its ends at most; `left_out`: events of the interval that are not
    shown, because they are about other things, or because there are too many.
    """

    incident: Incident
    entries: tuple[Entry, ...]
    left_out: int
    responses: tuple[Response, ...]
    points: tuple[PointStory, ...]
    gaps: tuple[Gap, ...]
    made_ms: int
    lexicon: Lexicon

    @property
    def recorded(self) -> float:
        """The share of the interval of which there is film, 0..1."""
        span = self.incident.to_ms - self.incident.from_ms
        missing = sum((gap.to_ms or self.incident.to_ms) - gap.from_ms for gap in self.gaps)
        return 1.0 - missing / span


def entries_of(
    events: Sequence[Event], lexicon: Lexicon, alarm_names: Mapping[str, Label], to_ms: int
) -> tuple[Entry, ...]:
    """The lines of events that are in order; at most `MOST_ENTRIES`."""
    shown = [event for event in events if not is_quiet(event) and _belongs(event, to_ms)][:MOST_ENTRIES]
    numbers = {event.id: number for number, event in enumerate(shown, 1)}
    names = {**alarm_names, **_names_in(events)}
    return tuple(
        Entry(
            numbers[event.id],
            event,
            severity_of(event.type),
            lexicon.actor(event.actor),
            sentence(event, lexicon, names),
            None if event.cause is None else numbers.get(event.cause),
            event.time_ms >= to_ms,
        )
        for event in shown
    )


def _belongs(event: Event, to_ms: int) -> bool:
    return event.time_ms < to_ms or event.type.startswith(AFTERWARDS)


def _names_in(events: Sequence[Event]) -> dict[str, Label]:
    raised = (event for event in events if event.type == "alarm.raised")
    return {str(event.data.get("alarm")): label_in(event.data.get("name")) for event in raised}


def gaps_within(
    gaps: Sequence[Gap], span: tuple[float, float] | None, from_ms: int, to_ms: int
) -> tuple[Gap, ...]:
    """The times within an interval of which there is no film, those before and after all film included."""
    if span is None:
        return (Gap(from_ms, to_ms),)
    every = [Gap(float("-inf"), span[0]), *gaps, Gap(span[1], None)]
    found = []
    for gap in every:
        begin, end = max(gap.from_ms, from_ms), min(to_ms if gap.to_ms is None else gap.to_ms, to_ms)
        if end - begin >= SHORTEST_GAP_MS:
            found.append(Gap(begin, end))
    return tuple(found)
