"""`/api/events`: what happened, and how much of it when."""

from typing import Annotated

from fastapi import APIRouter, Query

from twin.errors import BadRequestError
from twin.events.event import event_json
from twin.events.log import EventFilter
from twin.http import schemas
from twin.http.context import TwinDep
from twin.http.moments import From, To, milliseconds, span_of
from twin.http.present import rfc3339
from twin.http.problems import PROBLEM_RESPONSES

router = APIRouter(prefix="/api/events", tags=["history"], responses=PROBLEM_RESPONSES)

MAX_PAGE = 1000
Pattern = Annotated[str | None, Query(max_length=128, description="May end with `*`.")]


@router.get("", operation_id="listEvents")
async def list_events(
    twin: TwinDep,
    from_: From = None,
    to: To = None,
    kind: Annotated[Pattern, Query(alias="type")] = None,
    subject: Pattern = None,
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
    )
    found = await twin.events.find(wanted, limit, newest_first=newest_first)
    following = str(found[-1].seq) if len(found) == limit else None
    return schemas.EventPage(items=[schemas.Event(**event_json(each)) for each in found], next=following)


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
            schemas.DensityItem(
                bucket=bucket, time=rfc3339(from_ms + bucket * width_ms), type=kind, count=count
            )
            for bucket, kind, count in counts
        ],
        next=None,
    )
