"""`/api/incidents`: reports on what happened in a stretch of time."""

import asyncio
import hashlib
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from twin.accounts.roles import Role
from twin.errors import BadRequestError
from twin.http.identity import PersonDep, requires
from twin.http.moments import milliseconds
from twin.http.present import rfc3339
from twin.http.problems import PROBLEM_RESPONSES
from twin.incidents.errors import PictureError
from twin.incidents.model import Incident, Scope
from twin.incidents.phrases import Language
from twin.incidents.png import checked_png
from twin.incidents.projection import Account, account_of
from twin.panels.incidents import schemas, shown
from twin.panels.incidents.archiving import fingerprint_of, make_archive
from twin.panels.incidents.service import IncidentReports
from twin.panels.panel import service_of

PNG = "image/png"
PDF = "application/pdf"
ARCHIVE = "application/vnd.venue-twin.incident+zip"

router = APIRouter(
    prefix="/api/incidents",
    tags=["incidents"],
    responses=PROBLEM_RESPONSES,
    dependencies=[Depends(requires(Role.MANAGER))],
)


def _reports(request: Request) -> IncidentReports:
    found: IncidentReports = service_of(request, "incidents")
    return found


ReportsDep = Annotated[IncidentReports, Depends(_reports)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str, Query(max_length=64, description="`next` of the page before.")]
Words = Annotated[str, Query(max_length=200, description="In title, author or number.")]
Guid = Annotated[str | None, Query(max_length=64)]
Begin = Annotated[AwareDatetime, Query(alias="from", description="RFC 3339, with `Z` or an offset.")]
End = Annotated[AwareDatetime, Query(description="RFC 3339; not included.")]


@router.get("", operation_id="listIncidents")
async def list_incidents(
    reports: ReportsDep, q: Words = "", limit: Limit = 100, cursor: Cursor = ""
) -> schemas.IncidentPage:
    """Reports, newest first."""
    found = await reports.records.find(limit + 1, cursor, q.strip())
    items = [shown.listed(each) for each in found[:limit]]
    return schemas.IncidentPage(items=items, next=items[-1].id if len(found) > limit else None)


@router.get("/suggestions", operation_id="suggestForIncident")
async def suggest(
    reports: ReportsDep,
    from_: Begin,
    to: End,
    element: Guid = None,
    space: Guid = None,
    alarm: Guid = None,
) -> schemas.Suggestions:
    """What a report on a time, and perhaps a place or an alarm, should show."""
    from_ms, to_ms = _ms(from_), _ms(to)
    reports.check_interval(from_ms, to_ms)
    choice = await reports.choice(Scope(element, space, alarm), from_ms, to_ms)
    lexicon = await reports.lexicon()
    items = [shown.suggestion(key, lexicon, _unit(reports, key)) for key in choice.points]
    return schemas.Suggestions(items=items, at=rfc3339(choice.at_ms))


@router.get("/archive", operation_id="getIncidentArchive")
async def get_archive(reports: ReportsDep) -> schemas.ArchiveInfo:
    """What archive this server shows; null on an ordinary one."""
    known = reports.twin.archive
    return schemas.ArchiveInfo(archive=None if known is None else shown.archive(known))


@router.post("", operation_id="createIncident", status_code=HTTPStatus.CREATED)
async def create_incident(
    reports: ReportsDep, person: PersonDep, said: schemas.IncidentIn
) -> schemas.IncidentDetail:
    """Begin a report."""
    from_ms, to_ms = _ms(said.from_time), _ms(said.to)
    reports.check_interval(from_ms, to_ms)
    scope = Scope(said.element, said.space, said.alarm)
    choice = await reports.choice(scope, from_ms, to_ms)
    account = Account(
        said.title.strip(),
        said.summary,
        said.conclusions,
        from_ms,
        to_ms,
        _within(milliseconds(said.at), from_ms, to_ms, choice.at_ms),
        scope,
        choice.points if said.points is None else reports.check_points(said.points),
    )
    return shown.detail(await reports.records.create(account, person.actor))


@router.get("/{incident}", operation_id="getIncident")
async def get_incident(reports: ReportsDep, incident: str) -> schemas.IncidentDetail:
    """A report with all that its author wrote."""
    return shown.detail(await reports.records.get(incident))


@router.patch("/{incident}", operation_id="changeIncident")
async def change_incident(
    reports: ReportsDep, person: PersonDep, incident: str, said: schemas.IncidentChange
) -> schemas.IncidentDetail:
    """Write on. 409: somebody else has meanwhile."""
    before = await reports.records.get(incident)
    account = _changed(reports, before, said)
    changed = await reports.records.change(incident, account, person.actor, version=said.version)
    return shown.detail(changed)


@router.get("/{incident}/dossier", operation_id="getIncidentDossier")
async def get_dossier(reports: ReportsDep, incident: str) -> schemas.Dossier:
    """What log and film say to a report: who did what when, values, response times, gaps."""
    return shown.dossier(await reports.dossier(await reports.records.get(incident)))


@router.post(
    "/{incident}/pictures",
    operation_id="addIncidentPicture",
    status_code=HTTPStatus.CREATED,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {PNG: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def add_picture(
    request: Request,
    reports: ReportsDep,
    person: PersonDep,
    incident: str,
    at: Annotated[AwareDatetime, Query(description="The moment that the picture shows.")],
    caption: Annotated[str, Query(max_length=300)] = "",
) -> schemas.IncidentDetail:
    """Add a picture of the scene: a PNG, at most 6 MB and 4096 pixels a side, at most 24 a report."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != PNG:
        raise PictureError("send the picture as image/png")
    clean = checked_png(await request.body())
    changed = await reports.records.add_picture(incident, clean, _ms(at), caption.strip(), person)
    return shown.detail(changed)


@router.get(
    "/{incident}/pictures/{picture}.png",
    operation_id="getIncidentPicture",
    response_class=Response,
    responses={200: {"content": {PNG: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_picture(reports: ReportsDep, incident: str, picture: str) -> Response:
    """A picture's PNG; it never changes under its id."""
    png = await reports.records.picture(incident, picture)
    headers = {"cache-control": "private, max-age=31536000, immutable"}
    return Response(png, media_type=PNG, headers=headers)


@router.patch("/{incident}/pictures/{picture}", operation_id="captionIncidentPicture")
async def caption_picture(
    reports: ReportsDep, person: PersonDep, incident: str, picture: str, said: schemas.CaptionIn
) -> schemas.IncidentDetail:
    """Write what a picture shows."""
    caption = said.caption.strip()
    return shown.detail(await reports.records.caption_picture(incident, picture, caption, person.actor))


@router.delete("/{incident}/pictures/{picture}", operation_id="deleteIncidentPicture")
async def delete_picture(
    reports: ReportsDep, person: PersonDep, incident: str, picture: str
) -> schemas.IncidentDetail:
    """Take a picture out."""
    return shown.detail(await reports.records.delete_picture(incident, picture, person.actor))


@router.post(
    "/{incident}/report.pdf",
    operation_id="printIncident",
    response_class=Response,
    responses={200: {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def print_incident(
    reports: ReportsDep,
    person: PersonDep,
    incident: str,
    lang: Annotated[Language, Query(description="Language of the document.")] = "zh",
) -> Response:
    """The report as a document to hand out; that it was is written down. 503: what the machine lacks."""
    found = await reports.records.get(incident)
    content = await reports.pdf(found, lang)
    await reports.records.note_export(incident, "pdf", _fingerprint(content) | {"lang": lang}, person.actor)
    return Response(content, media_type=PDF, headers=_as_file(f"incident-{found.number}.pdf"))


@router.post(
    "/{incident}/archive",
    operation_id="archiveIncident",
    response_class=FileResponse,
    responses={200: {"content": {ARCHIVE: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def archive_incident(
    reports: ReportsDep,
    person: PersonDep,
    incident: str,
    lang: Annotated[Language, Query(description="Language of the report in it.")] = "zh",
    model: Annotated[bool, Query(description="Take the model along, so that it opens anywhere.")] = True,
    video: Annotated[
        bool, Query(description="Take along what the cameras recorded that saw it, 1 GB at most.")
    ] = True,
) -> FileResponse:
    """Everything about it in one file, which `twin incident open` shows: film, events, pictures, report."""
    found = await reports.records.get(incident)
    async with reports.archiving:
        packed = await make_archive(reports, found, lang, person.name, with_model=model, with_video=video)
    sent = FileResponse(
        packed.path,
        media_type=ARCHIVE,
        headers=_as_file(packed.name),
        background=BackgroundTask(packed.path.unlink, missing_ok=True),
    )
    facts = await asyncio.to_thread(fingerprint_of, packed.path)
    await reports.records.note_export(
        incident, "archive", facts | {"model": model, "cameras": list(packed.cameras)}, person.actor
    )
    return sent


def _fingerprint(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _as_file(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}


def _changed(reports: IncidentReports, before: Incident, said: schemas.IncidentChange) -> Account:
    """What the author gave before, with what was changed."""
    known = account_of(before)
    from_ms = known.from_ms if said.from_time is None else _ms(said.from_time)
    to_ms = known.to_ms if said.to is None else _ms(said.to)
    reports.check_interval(from_ms, to_ms)
    fallback = min(max(known.at_ms, from_ms), to_ms - 1)
    return Account(
        _or(said.title, known.title).strip(),
        _or(said.summary, known.summary),
        _or(said.conclusions, known.conclusions),
        from_ms,
        to_ms,
        _within(milliseconds(said.at), from_ms, to_ms, fallback),
        known.scope,
        known.points if said.points is None else reports.check_points(said.points),
    )


def _or(said: str | None, known: str) -> str:
    return known if said is None else said


def _within(at_ms: int | None, from_ms: int, to_ms: int, otherwise_ms: int) -> int:
    if at_ms is None:
        return otherwise_ms
    if not from_ms <= at_ms < to_ms:
        raise BadRequestError("at: give a moment from `from` to before `to`")
    return at_ms


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000.0)


def _unit(reports: IncidentReports, key: str) -> str:
    device, _, point = key.partition("/")
    found: Any = reports.twin.registry.find(device, point)
    return "" if found is None else found.unit
