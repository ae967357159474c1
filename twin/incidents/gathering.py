"""Reads log and film for an incident: the I/O that `dossier` is made of."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from telemetry_bridge.clock import Clock
from telemetry_bridge.points import Label, Point, Registry
from twin.errors import NotRecordedError
from twin.events.event import Event
from twin.events.log import EventFilter, EventLog
from twin.film.described import PastPoint
from twin.film.film import Film
from twin.film.reading import Moment
from twin.film.sampling import downsampled
from twin.film.segment import Track
from twin.incidents.dossier import Dossier, PointStory, entries_of, gaps_within
from twin.incidents.lexicon import Lexicon, spoken
from twin.incidents.model import Incident
from twin.incidents.readings import Reading, figures
from twin.incidents.responses import responses
from twin.incidents.threads import about, concerned
from twin.incidents.words import is_quiet

PAGE = 1000
MOST_EVENTS = 20_000
AFTERWARDS_MS = 48 * 3_600_000
"""Answers to an alarm, and work on it, are looked for so long after the interval."""
MOST_SAMPLES = 200_000
SAMPLES_AT_ONCE = 50_000
DRAWN = 600


@dataclass(frozen=True, slots=True)
class Meant:
    """What a report is about: devices by id, elements and spaces by guid, alarms by id; none: everything."""

    devices: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    alarms: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether it is everything."""
        return not (self.devices or self.places or self.alarms)


@dataclass(frozen=True, slots=True)
class Sources:
    """What a dossier is read from."""

    log: EventLog
    film: Film
    registry: Registry
    clock: Clock


async def gather(
    sources: Sources, incident: Incident, meant: Meant, lexicon: Lexicon, alarm_names: Mapping[str, Label]
) -> Dossier:
    """The dossier of an incident, as log and film stand now. Raises DamagedFilmError."""
    within = await events_between(sources.log, incident.from_ms, incident.to_ms)
    later = await events_between(sources.log, incident.to_ms, incident.to_ms + AFTERWARDS_MS)
    found = _chosen(within, later, meant)
    entries = entries_of(found, lexicon, alarm_names, incident.to_ms)
    shown = sum(not entry.after for entry in entries)
    film = sources.film
    return Dossier(
        incident,
        entries,
        len(within) - shown,
        tuple(responses(found, incident.from_ms, incident.to_ms)),
        await _stories(sources, incident, lexicon),
        gaps_within(film.gaps(incident.from_ms, incident.to_ms), film.span, incident.from_ms, incident.to_ms),
        int(sources.clock.now_ms()),
        lexicon,
    )


def _chosen(within: Sequence[Event], later: Sequence[Event], meant: Meant) -> list[Event]:
    """What belongs to what is meant; of what came later only what belongs to something within."""
    every = [*within, *later]
    inside = {event.id for event in within if not is_quiet(event)}
    is_meant = about(meant.devices, meant.places, meant.alarms)
    return concerned(every, lambda event: event.id in inside and (meant.is_whole or is_meant(event)))


async def events_between(log: EventLog, from_ms: int, to_ms: int) -> list[Event]:
    """The events from one time to before another, at most `MOST_EVENTS` of them."""
    found: list[Event] = []
    wanted = EventFilter(from_ms, to_ms)
    while len(found) < MOST_EVENTS and (page := await log.find(wanted, PAGE)):
        found.extend(page)
        wanted = replace(wanted, after_seq=page[-1].seq)
    return found


async def _stories(sources: Sources, incident: Incident, lexicon: Lexicon) -> tuple[PointStory, ...]:
    # The last moment within: what holds when the interval ends.
    moments = [
        await moment_at(sources.film, time_ms)
        for time_ms in (incident.from_ms, incident.at_ms, math.nextafter(incident.to_ms, -math.inf))
    ]
    stories = []
    for key in incident.points:
        device, _, name = key.partition("/")
        point = sources.film.find_point(device, name)
        if point is not None:
            readings = [_reading(sources.registry, moment, point) for moment in moments]
            stories.append(await _story(sources, incident, point, readings, lexicon))
    return tuple(stories)


async def moment_at(film: Film, time_ms: float) -> Moment | None:
    """The state of a moment; None: there was no film yet."""
    try:
        return await film.state_at(time_ms)
    except NotRecordedError:
        return None


def _reading(registry: Registry, moment: Moment | None, point: PastPoint) -> Reading:
    if moment is None:
        return Reading()
    known = registry.find(point.device, point.name)
    if known is not None:
        row = known.point_index
        if moment.state.known[row]:
            return Reading(float(moment.state.value[row]), int(moment.state.quality[row]))
    for gone in moment.gone:
        if (gone.point.device, gone.point.name) == (point.device, point.name):
            return Reading(gone.value, gone.quality)
    return Reading()


async def _story(
    sources: Sources, incident: Incident, point: PastPoint, readings: Sequence[Reading], lexicon: Lexicon
) -> PointStory:
    from_ms, to_ms = float(incident.from_ms), float(incident.to_ms)
    before, track = await whole_track(sources.film, point, from_ms, to_ms)
    known = await asyncio.to_thread(figures, before, track, from_ms, to_ms)
    thin = await asyncio.to_thread(downsampled, track, from_ms, to_ms, DRAWN)
    return PointStory(
        f"{point.device}/{point.name}",
        lexicon.device(point.device),
        lexicon.point(point.device, point.name),
        point.unit,
        _states(sources.registry.find(point.device, point.name), point),
        readings[0],
        readings[1],
        readings[2],
        known,
        before,
        thin,
    )


def _states(known: Point | None, past: PastPoint) -> tuple[Label, ...]:
    names = (
        {}
        if known is None
        else {each.key: spoken(Label(each.zh, each.en), each.key) for each in known.states}
    )
    return tuple(names.get(key, Label(key, key)) for key in past.states)


async def whole_track(film: Film, point: PastPoint, from_ms: float, to_ms: float) -> tuple[Track, Track]:
    """What a point read before an interval (one sample or none), and every sample within, up to a bound."""
    first = await film.history(point, from_ms, to_ms, 0, limit=SAMPLES_AT_ONCE)
    tracks, next_ms = [first.track], first.next_ms
    while next_ms is not None and sum(map(len, tracks)) < MOST_SAMPLES:
        part = await film.history(point, next_ms, to_ms, 0, limit=SAMPLES_AT_ONCE)
        tracks.append(part.track)
        next_ms = part.next_ms
    return first.before, Track.joined(tracks)
