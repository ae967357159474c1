"""`/api/film`, `/api/history`: what was recorded; and the past for `/api/state?at=`."""

import math
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from telemetry_bridge.wire import Quality, encode_frame
from twin.accounts.roles import Role
from twin.errors import BadRequestError, NotFoundError
from twin.film.described import PastPoint
from twin.film.reading import GonePoint
from twin.film.replay import snapshot
from twin.film.segment import State, Track
from twin.film.timeline import Gap
from twin.http import schemas
from twin.http.context import TwinDep
from twin.http.identity import requires
from twin.http.moments import From, To, milliseconds, span_of
from twin.http.present import rfc3339
from twin.http.present_live import QUALITY_NAMES, state_key
from twin.http.problems import PROBLEM_RESPONSES
from twin.runtime import Twin
from twin.then import rebound, then_of

router = APIRouter(prefix="/api", tags=["history"], responses=PROBLEM_RESPONSES)

RAW_PAGE = 50_000
LEAST_POINTS = 3


@router.get("/film", operation_id="getFilm", dependencies=[Depends(requires(Role.MANAGER))])
async def get_film(twin: TwinDep, from_: From = None, to: To = None) -> schemas.FilmInfo:
    """From when to when there is film, and the gaps: times at which the server did not run."""
    span = twin.film.span
    first, last = span or (twin.clock.now_ms(),) * 2
    begin, end = milliseconds(from_), milliseconds(to)
    gaps = twin.film.gaps(first if begin is None else begin, last if end is None else end)
    return schemas.FilmInfo(
        first=rfc3339(first) if span else None,
        last=rfc3339(last) if span else None,
        gaps=[gap_out(each) for each in gaps],
        registry=twin.film.registry,
        keep_days=twin.film.keep_days,
        recording=twin.archive is None and twin.film_condition is None,
    )


@router.get("/history/{device}/{point}", operation_id="getHistory")
async def get_history(
    twin: TwinDep,
    device: str,
    point: str,
    from_: From = None,
    to: To = None,
    max_points: Annotated[
        int, Query(ge=0, le=100_000, description="0: every sample, in parts of 50,000.")
    ] = 1000,
    cursor: Annotated[str, Query(max_length=32, description="`next` of the part before.")] = "",
) -> schemas.History:
    """What a point read; downsampled so that the least, the greatest and the last of every span are kept."""
    if 0 < max_points < LEAST_POINTS:
        raise BadRequestError(f"max_points: give 0 for every sample, or {LEAST_POINTS} and more")
    found = twin.film.find_point(device, point)
    if found is None:
        raise NotFoundError(f"no point {device[:100]}/{point[:100]} was ever recorded; see /api/points")
    from_ms, to_ms = span_of(twin, from_, to)
    begin_ms = _continued(cursor, from_ms, to_ms)
    history = await twin.film.history(found, begin_ms, to_ms, max_points, limit=RAW_PAGE)
    return schemas.History(
        device=device,
        point=point,
        unit=found.unit,
        states=list(found.states),
        from_time=rfc3339(from_ms),
        to=rfc3339(to_ms),
        before=next(iter(_samples(history.before, found)), None),
        items=_samples(history.track, found),
        gaps=[gap_out(each) for each in history.gaps],
        next=None if history.next_ms is None else history.next_ms.hex(),
    )


def _continued(cursor: str, from_ms: float, to_ms: float) -> float:
    """Where a part begins: the cursor is the time of its first sample, to the bit."""
    if not cursor:
        return from_ms
    try:
        begin_ms = float.fromhex(cursor)
    except (ValueError, OverflowError):
        begin_ms = math.nan
    if not from_ms <= begin_ms <= to_ms:
        raise BadRequestError(f"cursor: '{cursor[:40]}' is none that this list gave")
    return begin_ms


def _samples(track: Track, point: PastPoint) -> list[schemas.PastSample]:
    columns = (track.time_ms.tolist(), track.value.tolist(), track.quality.tolist())
    return [
        schemas.PastSample(
            time=rfc3339(time_ms),
            value=None if math.isnan(value) else value,
            state=state_key(point.states, value),
            quality=QUALITY_NAMES[Quality(quality)],
        )
        for time_ms, value, quality in zip(*columns, strict=True)
    ]


def gap_out(gap: Gap) -> schemas.Gap:
    """A gap as the API answers it."""
    return schemas.Gap(from_time=rfc3339(gap.from_ms), to=None if gap.to_ms is None else rfc3339(gap.to_ms))


async def past_state(request: Request, twin: Twin, at: datetime) -> Response | schemas.StateList:
    """The state of a past moment: the answer of `/api/state?at=`."""
    moment = await twin.film.state_at(at.timestamp() * 1000.0)
    if "application/octet-stream" in request.headers.get("accept", ""):
        return Response(
            encode_frame(snapshot(moment.state, 0, moment.time_ms)),
            media_type="application/octet-stream",
            headers={"vary": "Accept", "cache-control": "no-store"},
        )
    then = await then_of(twin, moment.time_ms)
    return schemas.StateList(
        epoch=twin.bridge.epoch,
        seq=0,
        time=rfc3339(moment.time_ms),
        items=_state_items(twin, moment.state),
        gap=None if moment.gap is None else gap_out(moment.gap),
        gone=[_gone(each) for each in moment.gone],
        revision=None if then is None else then.scene.revision,
        rebound=None if then is None else len(rebound(then.bindings.elements, twin.bindings.element_of)),
        next=None,
    )


def _state_items(twin: Twin, state: State) -> list[schemas.StateItem]:
    columns = (state.value.tolist(), state.quality.tolist(), state.time_ms.tolist())
    return [
        schemas.StateItem(
            device=point.device,
            point=point.name,
            point_index=point.point_index,
            **_reading(value, quality, time_ms, tuple(each.key for each in point.states)),
        )
        for point, value, quality, time_ms in zip(twin.registry.points, *columns, strict=True)
    ]


def _gone(found: GonePoint) -> schemas.GonePoint:
    reading = _reading(found.value, found.quality, found.time_ms, found.point.states)
    return schemas.GonePoint(
        device=found.point.device, point=found.point.name, unit=found.point.unit, **reading
    )


def _reading(value: float, quality: int, time_ms: float, states: tuple[str, ...]) -> schemas.ReadingFields:
    if math.isinf(time_ms):
        return {"value": None, "state": None, "time": None, "quality": None}
    return {
        "value": None if math.isnan(value) else value,
        "state": state_key(states, value),
        "time": rfc3339(time_ms),
        "quality": QUALITY_NAMES[Quality(quality)],
    }
