"""`/api/notes`: what people noted at moments of the past and at elements."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from twin.accounts.accounts import Person
from twin.accounts.roles import Role
from twin.errors import BadRequestError
from twin.http import present
from twin.http.context import TwinDep
from twin.http.identity import PersonDep, requires
from twin.http.moments import From, To, milliseconds
from twin.http.problems import PROBLEM_RESPONSES
from twin.panels.notes.model import Content, Note, NoteFilter, Position, may_change
from twin.panels.notes.notes import Notes
from twin.panels.notes.schemas import NoteChange, NoteIn, NoteOut, NotePage
from twin.panels.panel import service_of
from twin.runtime import Twin

router = APIRouter(
    prefix="/api/notes",
    tags=["history"],
    responses=PROBLEM_RESPONSES,
    dependencies=[Depends(requires(Role.OPERATOR))],
)


def _notes(request: Request) -> Notes:
    found: Notes = service_of(request, "notes")
    return found


NotesDep = Annotated[Notes, Depends(_notes)]


@router.get("", operation_id="listNotes")
async def list_notes(
    twin: TwinDep,
    notes: NotesDep,
    person: PersonDep,
    from_: From = None,
    to: To = None,
    element: Annotated[str | None, Query(max_length=64)] = None,
    text: Annotated[str, Query(max_length=200, description="In the text or the author's name.")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    cursor: Annotated[str, Query(max_length=64, description="`next` of the page before.")] = "",
) -> NotePage:
    """Notes that touch a time, in order of their beginning; all when no time is given."""
    wanted = NoteFilter(milliseconds(from_), milliseconds(to), element, text.strip())
    found = await notes.find(wanted, limit + 1, _position(cursor))
    shown = found[:limit]
    more = len(found) > limit
    return NotePage(
        items=[_out(twin, note, person) for note in shown],
        next=f"{shown[-1].from_ms}-{shown[-1].id}" if more else None,
    )


@router.post("", operation_id="addNote", status_code=201)
async def add_note(twin: TwinDep, notes: NotesDep, person: PersonDep, said: NoteIn) -> NoteOut:
    """Note something at a moment or an interval."""
    return _out(twin, await notes.add(_content(twin, said), person), person)


@router.get("/{note}", operation_id="getNote")
async def get_note(twin: TwinDep, notes: NotesDep, person: PersonDep, note: str) -> NoteOut:
    """One note."""
    return _out(twin, await notes.get(note), person)


@router.put("/{note}", operation_id="changeNote")
async def change_note(
    twin: TwinDep, notes: NotesDep, person: PersonDep, note: str, said: NoteChange
) -> NoteOut:
    """Let a note say something else; its author and managers may."""
    changed = await notes.change(note, _content(twin, said), said.revision, person)
    return _out(twin, changed, person)


@router.delete("/{note}", operation_id="removeNote", status_code=204)
async def remove_note(
    notes: NotesDep,
    person: PersonDep,
    note: str,
    revision: Annotated[int, Query(ge=1, description="The one that was read.")],
) -> None:
    """Take a note away; its author and managers may."""
    await notes.remove(note, revision, person)


def _content(twin: Twin, said: NoteIn) -> Content:
    """Raises UnknownPlaceError where the model has no such element."""
    element = None if said.element is None else twin.package.element(said.element).guid
    return Content(said.text, round(said.from_time.timestamp() * 1000.0), milliseconds(said.to), element)


def _out(twin: Twin, note: Note, person: Person) -> NoteOut:
    index = _index_of(twin, note.element)
    return NoteOut(
        id=note.id,
        text=note.text,
        from_time=present.rfc3339(note.from_ms),
        to=None if note.to_ms is None else present.rfc3339(note.to_ms),
        element=note.element,
        element_index=index,
        author=note.author,
        created=present.rfc3339(note.created_ms),
        changed=present.rfc3339(note.changed_ms),
        revision=note.revision,
        may_change=may_change(note, person),
    )


def _index_of(twin: Twin, guid: str | None) -> int | None:
    """An element that a newer revision of the model has no more has no index."""
    if guid is None or not twin.has_element(guid):
        return None
    return twin.package.element(guid).element_index


def _position(cursor: str) -> Position | None:
    """Where the page before ended. Raises BadRequestError."""
    if not cursor:
        return None
    begin, dash, note_id = cursor.rpartition("-")
    if not dash or not begin.removeprefix("-").isascii() or not begin.removeprefix("-").isdigit():
        raise BadRequestError(f"cursor: '{cursor[:40]}' is none that this list gave")
    return Position(int(begin), note_id)
