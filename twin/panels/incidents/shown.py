"""Incidents and their dossiers as the API answers them. Pure."""

import math

from telemetry_bridge.points import Label
from telemetry_bridge.wire import Quality
from twin.film.timeline import Gap
from twin.http.present import rfc3339
from twin.http.present_live import QUALITY_NAMES, name
from twin.http.schemas import Gap as GapOut
from twin.incidents.dossier import Dossier, Entry, PointStory
from twin.incidents.lexicon import Lexicon, spoken
from twin.incidents.manifest import Manifest
from twin.incidents.model import Incident
from twin.incidents.readings import Reading
from twin.incidents.responses import Response
from twin.panels.incidents import schemas


def listed(incident: Incident) -> schemas.IncidentOut:
    """An incident in a list."""
    return schemas.IncidentOut(
        id=incident.id,
        number=incident.number,
        title=incident.title,
        from_time=rfc3339(incident.from_ms),
        to=rfc3339(incident.to_ms),
        author=incident.author,
        created=rfc3339(incident.created_ms),
        changed=rfc3339(incident.changed_ms),
        changed_by=incident.changed_by,
        pictures=len(incident.pictures),
    )


def detail(incident: Incident) -> schemas.IncidentDetail:
    """An incident with all that its author wrote."""
    return schemas.IncidentDetail(**schemas.rendered(incident, rfc3339))


def dossier(found: Dossier) -> schemas.Dossier:
    """What log and film say."""
    return schemas.Dossier(
        entries=[_entry(each) for each in found.entries],
        left_out=found.left_out,
        responses=[_response(each, found.lexicon) for each in found.responses],
        points=[_story(each) for each in found.points],
        gaps=[_gap(each) for each in found.gaps],
        recorded=found.recorded,
    )


def archive(known: Manifest) -> schemas.ArchiveNote:
    """The archive that is shown."""
    about = known.incident
    return schemas.ArchiveNote(
        incident=about.id,
        number=about.number,
        title=about.title,
        from_time=rfc3339(about.from_ms),
        to=rfc3339(about.to_ms),
        at=rfc3339(about.at_ms),
        venue=known.venue,
        made=known.made,
        made_by=known.made_by,
    )


def suggestion(key: str, lexicon: Lexicon, unit: str) -> schemas.Suggestion:
    """A point that may be shown."""
    device, _, point = key.partition("/")
    return schemas.Suggestion(
        point=key,
        name=name(lexicon.point(device, point)),
        device_name=name(lexicon.device(device)),
        unit=unit,
    )


def _entry(entry: Entry) -> schemas.ReportEntry:
    event = entry.event
    element = event.data.get("element")
    return schemas.ReportEntry(
        number=entry.number,
        event=event.id,
        time=rfc3339(event.time_ms),
        type=event.type,
        severity=entry.severity,
        actor=name(entry.actor),
        text=name(entry.text),
        element=element if isinstance(element, str) else None,
        cause=entry.cause,
        after=entry.after,
    )


def _response(found: Response, lexicon: Lexicon) -> schemas.ResponseTimes:
    place = found.space or found.element
    return schemas.ResponseTimes(
        alarm=found.alarm,
        priority=found.priority,
        device=found.device,
        name=name(spoken(found.name, found.rule)),
        place=name(lexicon.place(place) if place else Label()),
        raised=rfc3339(found.raised_ms),
        acknowledged=_time(found.acknowledged_ms),
        acknowledged_by=None if found.acknowledged_by is None else lexicon.actor(found.acknowledged_by).zh,
        commanded=None if found.command is None else rfc3339(found.command.time_ms),
        command=None if found.command is None else name(command_text(found, lexicon)),
        returned=_time(found.returned_ms),
        closed=_time(found.closed_ms),
        order=found.order,
        order_closed=_time(found.order_closed_ms),
    )


def command_text(found: Response, lexicon: Lexicon) -> Label:
    """What the first command was: the device, the quantity and the value."""
    if found.command is None:
        return Label()
    device, point = found.command.subject.removeprefix("device:"), str(found.command.data.get("point", ""))
    value = lexicon.value(device, point, found.command.data.get("value"))
    quantity = lexicon.point(device, point)
    return Label(f"{quantity.zh} → {value.zh}", f"{quantity.en} → {value.en}")


def _story(story: PointStory) -> schemas.PointReport:
    known = story.figures
    return schemas.PointReport(
        point=story.key,
        name=name(story.name),
        device_name=name(story.device_name),
        unit=story.unit,
        before=_moment(story, story.before),
        at=_moment(story, story.at),
        after=_moment(story, story.after),
        least=_finite(known.least),
        greatest=_finite(known.greatest),
        mean=None if story.states else _finite(known.mean),
        samples=known.samples,
        doubtful=known.doubtful,
    )


def _moment(story: PointStory, reading: Reading) -> schemas.Moment:
    state = state_label(story, reading.value)
    return schemas.Moment(
        value=_finite(reading.value),
        state=None if state is None else name(state),
        quality=None if reading.quality is None else QUALITY_NAMES[Quality(reading.quality)],
    )


def state_label(story: PointStory, value: float) -> Label | None:
    """The state that a value is; None for a quantity, or a value that is none of its states."""
    is_state = bool(story.states) and value.is_integer() and 0 <= value < len(story.states)
    return story.states[int(value)] if is_state else None


def _gap(gap: Gap) -> GapOut:
    return GapOut(from_time=rfc3339(gap.from_ms), to=None if gap.to_ms is None else rfc3339(gap.to_ms))


def _time(time_ms: int | None) -> str | None:
    return None if time_ms is None else rfc3339(time_ms)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
