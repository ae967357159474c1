"""Which events an archive takes along: those of its time in a row, and earlier ones that these go back to."""

from collections.abc import Sequence
from dataclasses import dataclass

from twin.alarms.alarms import Alarms
from twin.alarms.projection import AlarmFilter
from twin.events.event import GENESIS, Event
from twin.events.log import EventFilter, EventLog
from twin.incidents.errors import IntervalError

PAGE = 1000
MOST_EVENTS = 1_000_000
MOST_ALARMS = 20_000
MOST_OF_ONE = 1000
TOLD_WHOLE = ("workorder:",)
"""Subjects of which every event is needed to know how they stand."""


@dataclass(frozen=True, slots=True)
class Backstory:
    """`events` follow each other, after the one whose hash is `before`; `context`: earlier ones, each with
    the hash of the event before it.
    """

    events: tuple[Event, ...]
    before: str
    context: tuple[tuple[Event, str], ...]


async def backstory(log: EventLog, alarms: Alarms, from_ms: int, to_ms: int) -> Backstory:
    """The events of a time (ms since 1970 UTC) and what they go back to. Raises IntervalError."""
    events = await _in_a_row(log, from_ms, to_ms)
    earlier: dict[int, Event] = {}
    for event in [*await _of_alarms(alarms, events, from_ms, to_ms), *await _of_subjects(log, events)]:
        earlier[event.seq] = event
    for event in await _causes(log, [*events, *earlier.values()]):
        earlier[event.seq] = event
    if not events and not earlier:
        earlier |= {
            event.seq: event for event in await log.find(EventFilter(to_ms=from_ms), 1, newest_first=True)
        }
    inside = {event.seq for event in events}
    context = [earlier[seq] for seq in sorted(earlier.keys() - inside) if earlier[seq].time_ms < to_ms]
    before = await _hash_before(log, events[0].seq) if events else GENESIS
    return Backstory(
        tuple(events), before, tuple([(each, await _hash_before(log, each.seq)) for each in context])
    )


async def _in_a_row(log: EventLog, from_ms: int, to_ms: int) -> list[Event]:
    """From the first event of the time to its last; those between count, whatever the clock said."""
    first = await log.find(EventFilter(from_ms, to_ms), 1)
    last = await log.find(EventFilter(from_ms, to_ms), 1, newest_first=True)
    if not first:
        return []
    if last[0].seq - first[0].seq >= MOST_EVENTS:
        raise IntervalError(f"more than {MOST_EVENTS} events lie in this time; archive a shorter one", "long")
    found: list[Event] = []
    after, end = first[0].seq - 1, last[0].seq + 1
    while page := await log.find(EventFilter(after_seq=after, before_seq=end), PAGE):
        found.extend(page)
        after = page[-1].seq
    return found


async def _of_alarms(alarms: Alarms, events: Sequence[Event], from_ms: int, to_ms: int) -> list[Event]:
    """Every event of the alarms that were open in the time."""
    wanted = AlarmFilter(open_only=False, from_ms=from_ms, to_ms=to_ms)
    met = {str(event.data["alarm"]) for event in events if event.type.startswith("alarm.")}
    found: list[Event] = []
    for alarm in await alarms.find(wanted, MOST_ALARMS):
        met.discard(alarm.id)
        found.extend(await alarms.events_of(alarm))
    for alarm_id in sorted(met):
        found.extend(await alarms.events_of(await alarms.get(alarm_id)))
    return found


async def _of_subjects(log: EventLog, events: Sequence[Event]) -> list[Event]:
    found: list[Event] = []
    for subject in sorted({event.subject for event in events if event.subject.startswith(TOLD_WHOLE)}):
        found.extend(await log.find(EventFilter(subject=subject), MOST_OF_ONE))
    return found


async def _causes(log: EventLog, events: Sequence[Event]) -> list[Event]:
    """What led to some events, back to the first cause."""
    known = {event.id for event in events}
    found: list[Event] = []
    wanted = [event.cause for event in events]
    while wanted:
        cause = wanted.pop()
        if cause is None or cause in known:
            continue
        known.add(cause)
        event = await log.get(cause)
        if event is not None:
            found.append(event)
            wanted.append(event.cause)
    return found


async def _hash_before(log: EventLog, seq: int) -> str:
    found = await log.find(EventFilter(after_seq=seq - 2, before_seq=seq), 1) if seq > 1 else ()
    return found[0].hash if found else GENESIS
