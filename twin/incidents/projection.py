"""From events to incidents, and back. No I/O; the live path and a rebuild use one function."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from twin.events.event import Draft, Event
from twin.incidents.model import Incident, Picture, Scope

CREATED, UPDATED, EXPORTED = "incident.created", "incident.updated", "incident.exported"
SUBJECT_PREFIX = "incident:"
TEXTS = ("title", "summary", "conclusions")
TIMES = ("from_ms", "to_ms", "at_ms")
SCOPE = ("element", "space", "alarm")
PERSON = "person:"


@dataclass(frozen=True, slots=True)
class Account:
    """What the author gives: texts, the stretch of time, what it is about, the points shown."""

    title: str
    summary: str
    conclusions: str
    from_ms: int
    to_ms: int
    at_ms: int
    scope: Scope
    points: tuple[str, ...]


def subject_of(incident_id: str) -> str:
    """How events name an incident."""
    return SUBJECT_PREFIX + incident_id


def created_draft(incident_id: str, number: int, said: Account, actor: str) -> Draft:
    """The event that makes an incident; holds all that a rebuild needs."""
    fields = {name: getattr(said, name) for name in (*TEXTS, *TIMES)}
    data = {"number": number, **fields, **_scope(said.scope), "points": list(said.points)}
    return Draft(CREATED, subject_of(incident_id), actor, data)


def updated_draft(incident: Incident, changes: Mapping[str, Any], actor: str) -> Draft:
    """The event that changes some fields, by their names in `Account`, or `pictures`."""
    return Draft(
        UPDATED,
        subject_of(incident.id),
        actor,
        {"number": incident.number, "changes": dict(changes)},
        incident.last_event,
    )


def exported_draft(incident: Incident, kind: str, content: Mapping[str, Any], actor: str) -> Draft:
    """The event that says that an incident was given out: `kind` (pdf, archive), its bytes and SHA-256."""
    data = {"number": incident.number, "format": kind, **content}
    return Draft(EXPORTED, subject_of(incident.id), actor, data, incident.last_event)


def differences(before: Incident, said: Account) -> dict[str, Any]:
    """What the author changed, as an event tells it."""
    found: dict[str, Any] = {
        name: getattr(said, name) for name in (*TEXTS, *TIMES) if getattr(said, name) != getattr(before, name)
    }
    if said.scope != before.scope:
        found |= _scope(said.scope)
    if said.points != before.points:
        found["points"] = list(said.points)
    return found


def pictures_data(pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """Pictures as an event tells of them."""
    return [asdict(picture) for picture in pictures]


def account_of(incident: Incident) -> Account:
    """What the author gave, as it stands now."""
    fields = {name: getattr(incident, name) for name in (*TEXTS, *TIMES)}
    return Account(**fields, scope=incident.scope, points=incident.points)


def applied(before: Incident | None, event: Event) -> Incident:
    """The incident after an event.

    Raises:
        ValueError: the event is of an incident that was never made, or is none of an incident.
    """
    if event.type == CREATED:
        return _made(event)
    if before is None or event.type not in (UPDATED, EXPORTED):
        raise ValueError(f"{event.type} of {event.subject}: no such step, or it was never made")
    if event.type == EXPORTED:
        return replace(before, last_event=event.id)
    changed = _changed(before, event.data["changes"])
    return replace(
        changed,
        changed_ms=event.time_ms,
        changed_by=event.actor.removeprefix(PERSON),
        version=before.version + 1,
        last_event=event.id,
    )


def _changed(before: Incident, changes: Mapping[str, Any]) -> Incident:
    fields: dict[str, Any] = {name: changes[name] for name in (*TEXTS, *TIMES) if name in changes}
    if "points" in changes:
        fields["points"] = tuple(changes["points"])
    if "pictures" in changes:
        fields["pictures"] = tuple(Picture(**each) for each in changes["pictures"])
    if any(name in changes for name in SCOPE):
        fields["scope"] = Scope(**{name: changes[name] for name in SCOPE})
    return replace(before, **fields)


def _made(event: Event) -> Incident:
    data, person = event.data, event.actor.removeprefix(PERSON)
    return Incident(
        id=event.subject.removeprefix(SUBJECT_PREFIX),
        number=data["number"],
        **{name: data[name] for name in (*TEXTS, *TIMES)},
        scope=Scope(**{name: data[name] for name in SCOPE}),
        points=tuple(data["points"]),
        pictures=(),
        author=person,
        created_ms=event.time_ms,
        changed_ms=event.time_ms,
        changed_by=person,
        version=1,
        last_event=event.id,
    )


def _scope(scope: Scope) -> dict[str, Any]:
    return asdict(scope)
