"""What the routes of incident reports take and answer."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from twin.http.schemas import FROM, Answer, Gap
from twin.incidents.model import MOST_POINTS, Incident
from twin.venue import Name

Title = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Text = Annotated[str, Field(max_length=20_000)]
Caption = Annotated[str, Field(max_length=300)]
PointKey = Annotated[str, Field(max_length=201, pattern=r"^[^/]+/[^/]+$")]
Points = Annotated[list[PointKey], Field(max_length=MOST_POINTS)]
Id = Annotated[str, Field(max_length=64)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class IncidentIn(_In):
    """A new report. `at` left out: when an alarm was raised; `points` left out: chosen by the server."""

    title: Title
    from_time: AwareDatetime = Field(alias="from")
    to: AwareDatetime
    at: AwareDatetime | None = None
    summary: Text = ""
    conclusions: Text = ""
    element: Id | None = None
    space: Id | None = None
    alarm: Id | None = None
    points: Points | None = None


class IncidentChange(_In):
    """What the author changes; what is left out stays. `version` is that of the report that was read."""

    version: int
    title: Title | None = None
    from_time: AwareDatetime | None = Field(default=None, alias="from")
    to: AwareDatetime | None = None
    at: AwareDatetime | None = None
    summary: Text | None = None
    conclusions: Text | None = None
    points: Points | None = None


class CaptionIn(_In):
    """What a picture shows."""

    caption: Caption


class PictureOut(Answer):
    """A picture of the scene; the PNG is at `/api/incidents/{incident}/pictures/{id}.png`."""

    id: str
    time: str
    caption: str
    width: int
    height: int
    bytes: int
    sha256: str
    by: str


class IncidentOut(Answer):
    """A report as a list shows it."""

    id: str
    number: int
    title: str
    from_time: str = FROM
    to: str
    author: str
    created: str
    changed: str
    changed_by: str
    pictures: int


class IncidentPage(Answer):
    """A part of the list of reports."""

    items: list[IncidentOut]
    next: str | None


class IncidentDetail(Answer):
    """A report with all that its author wrote."""

    id: str
    number: int
    version: int
    title: str
    summary: str
    conclusions: str
    from_time: str = FROM
    to: str
    at: str
    element: str | None
    space: str | None
    alarm: str | None
    points: list[str]
    pictures: list[PictureOut]
    author: str
    created: str
    changed: str
    changed_by: str


class ReportEntry(Answer):
    """A line of the timeline. `cause` is the number of the line that led to it, where that is among them."""

    number: int
    event: str
    time: str
    type: str
    severity: Literal["alarm", "handled", "other"]
    actor: Name
    text: Name
    element: str | None
    cause: int | None
    after: bool


class ResponseTimes(Answer):
    """How fast somebody answered an alarm; times are null where it has not happened."""

    alarm: str
    priority: str
    device: str
    name: Name
    place: Name
    raised: str
    acknowledged: str | None
    acknowledged_by: str | None
    commanded: str | None
    command: Name | None
    returned: str | None
    closed: str | None
    order: int | None
    order_closed: str | None


class Moment(Answer):
    """What a point read at a moment; null where nothing is known of it."""

    value: float | None
    state: Name | None
    quality: str | None


class PointReport(Answer):
    """What a point did: before, at the moment that matters, after, and within.

    `doubtful`: the share of the time, 0..1, in which it was stale, bad or not known.
    """

    point: str
    name: Name
    device_name: Name
    unit: str
    before: Moment
    at: Moment
    after: Moment
    least: float | None
    greatest: float | None
    mean: float | None
    samples: int
    doubtful: float


class Dossier(Answer):
    """What log and film say to a report, as they stand now."""

    entries: list[ReportEntry]
    left_out: int
    responses: list[ResponseTimes]
    points: list[PointReport]
    gaps: list[Gap]
    recorded: float


class Suggestion(Answer):
    """A point that a report may show."""

    point: str
    name: Name
    device_name: Name
    unit: str


class Suggestions(Answer):
    """Points that belong to what a report is about, the most telling first, and the moment that matters."""

    items: list[Suggestion]
    at: str


class ArchiveNote(Answer):
    """An archive that is shown, read-only: whose, when it was made, and the incident that it is about."""

    incident: str
    number: int
    title: str
    from_time: str = FROM
    to: str
    at: str
    venue: str
    made: str
    made_by: str


class ArchiveInfo(Answer):
    """The archive that this server shows; null on one that is no archive."""

    archive: ArchiveNote | None


def rendered(incident: Incident, time: Any) -> dict[str, Any]:
    """The fields of an `IncidentDetail`; `time` writes ms since 1970 UTC."""
    return {
        "id": incident.id,
        "number": incident.number,
        "version": incident.version,
        "title": incident.title,
        "summary": incident.summary,
        "conclusions": incident.conclusions,
        "from_time": time(incident.from_ms),
        "to": time(incident.to_ms),
        "at": time(incident.at_ms),
        "element": incident.scope.element,
        "space": incident.scope.space,
        "alarm": incident.scope.alarm,
        "points": list(incident.points),
        "pictures": [
            PictureOut(
                id=each.id,
                time=time(each.time_ms),
                caption=each.caption,
                width=each.width,
                height=each.height,
                bytes=each.bytes,
                sha256=each.sha256,
                by=each.by,
            )
            for each in incident.pictures
        ],
        "author": incident.author,
        "created": time(incident.created_ms),
        "changed": time(incident.changed_ms),
        "changed_by": incident.changed_by,
    }
