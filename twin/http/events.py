"""`/api/events`: what happened, why, and how much of it when."""

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query

from twin.errors import BadRequestError, NotFoundError
from twin.events.event import event_json
from twin.events.log import EventFilter
from twin.events.origin import Origin
from twin.events.places import element_keys, space_keys
from twin.http import schemas
from twin.http.context import TwinDep
from twin.http.moments import From, To, milliseconds, span_of
from twin.http.present import rfc3339
from twin.http.problems import PROBLEM_RESPONSES
from twin.runtime import Twin

router = APIRouter(prefix="/api/events", tags=["history"], responses=PROBLEM_RESPONSES)

MAX_PAGE = 1000
TEXT = "Words of its type, subject, actor and data, each by its beginning; Chinese text wherever it stands."
EventId = Annotated[str, Path(max_length=64, description="Its `id`.")]
SeverityName = Literal["critical", "high", "medium", "low"]
Guid = Annotated[str | None, Query(max_length=64)]
Pattern = Annotated[str | None, Query(max_length=128, description="May end with `*`.")]


@router.get("", operation_id="listEvents")
async def list_events(
    twin: TwinDep,
    from_: From = None,
    to: To = None,
    kind: Annotated[Pattern, Query(alias="type")] = None,
    subject: Pattern = None,
    element: Annotated[
        Guid, Query(description="A guid: what is about the element, or about a device bound to it.")
    ] = None,
    space: Annotated[
        Guid, Query(description="A guid: what is about the space, or about anything within it.")
    ] = None,
    text: Annotated[str | None, Query(min_length=1, max_length=200, description=TEXT)] = None,
    severity: Annotated[SeverityName | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    newest_first: Annotated[bool, Query(description="From the newest back.")] = False,
    cursor: Annotated[str, Query(max_length=20, description="`next` of the part before.")] = "",
) -> schemas.EventPage:
    """What happened from one time to before another."""
    seq = _seq(cursor)
    wanted = EventFilter(
        milliseconds(from_),
        milliseconds(to),
        kind,
        subject,
        after_seq=None if newest_first else seq,
        before_seq=seq if newest_first else None,
        about=await asyncio.to_thread(_about, twin, element, space),
        severity=severity,
        text=text,
    )
    found = await twin.events.find(wanted, limit + 1, newest_first=newest_first)
    items = [schemas.Event(**event_json(each)) for each in found[:limit]]
    return schemas.EventPage(items=items, next=str(items[-1].seq) if len(found) > limit else None)


def _about(twin: Twin, element: str | None, space: str | None) -> frozenset[str] | None:
    """The keys of the places that were asked for; of both, those that both have. None: everywhere."""
    devices_at = twin.bound.devices_at
    of_element = None if element is None else element_keys(element, devices_at)
    of_space = None if space is None else space_keys(space, twin.package, devices_at)
    if of_element is None or of_space is None:
        return of_space if of_element is None else of_element
    return of_element & of_space


def _seq(cursor: str) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit()):
        raise BadRequestError(f"cursor: '{cursor[:40]}' is none that this list gave")
    return int(cursor)


@router.get("/density", operation_id="getEventDensity")
async def get_density(
    twin: TwinDep,
    from_: From = None,
    to: To = None,
    buckets: Annotated[int, Query(ge=1, le=2000)] = 200,
) -> schemas.EventDensity:
    """How many events of each type fall into each of equal spans; of the last day when no time is given."""
    from_ms, to_ms = span_of(twin, from_, to)
    counts = await twin.events.density(int(from_ms), int(to_ms), buckets)
    width_ms = max((int(to_ms) - int(from_ms)) // buckets, 1)
    return schemas.EventDensity(
        from_time=rfc3339(from_ms),
        to=rfc3339(to_ms),
        bucket_s=width_ms / 1000.0,
        items=[
            schemas.DensityItem(bucket=bucket, time=rfc3339(from_ms + bucket * width_ms), **what)
            for bucket, what in _counted(counts)
        ],
        next=None,
    )


def _counted(counts: list[tuple[int, str, str | None, int]]) -> Iterator[tuple[int, dict[str, Any]]]:
    for bucket, kind, severity, count in counts:
        yield bucket, {"type": kind, "severity": severity, "count": count}


@router.get("/{event}", operation_id="getEvent")
async def get_event(twin: TwinDep, event: EventId) -> schemas.Event:
    """One event."""
    found = await twin.events.get(event)
    if found is None:
        raise _unknown(event)
    return schemas.Event(**event_json(found))


@router.get("/{event}/chain", operation_id="getEventChain")
async def get_chain(twin: TwinDep, event: EventId) -> schemas.EventChain:
    """What led to an event, from the first cause on, and all that it led to."""
    chain = await twin.events.chain(event)
    if chain is None:
        raise _unknown(event)
    first = chain.first
    return schemas.EventChain(
        event=schemas.Event(**event_json(chain.event)),
        causes=[schemas.Event(**event_json(each)) for each in chain.causes],
        effects=[schemas.Event(**event_json(each)) for each in chain.effects],
        origin=schemas.EventOrigin(
            kind=chain.origin.value,
            event=first.id,
            actor=first.actor,
            sample=first.data.get("sample") if chain.origin is Origin.SAMPLE else None,
        ),
        missing=chain.missing,
        causes_cut=chain.causes_cut,
        effects_cut=chain.effects_cut,
    )


def _unknown(event_id: str) -> NotFoundError:
    return NotFoundError(f"there is no event '{event_id[:40]}'")
