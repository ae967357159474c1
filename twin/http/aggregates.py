"""`/api/history/.../aggregates`, `/api/aggregates`: what points did, by minute, hour or day of the venue."""

import math
from datetime import UTC, datetime
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from numpy.typing import NDArray
from pydantic import Field

from telemetry_bridge.clock import MS_PER_S
from twin.errors import BadRequestError, NotFoundError
from twin.film.described import PastPoint
from twin.film.rollup.counting import PointKind
from twin.film.rollup.hours import Every
from twin.film.rollup.joining import Buckets
from twin.http import schemas
from twin.http.context import TwinDep
from twin.http.moments import From, To, span_of
from twin.http.present import rfc3339
from twin.http.present_live import state_key
from twin.http.problems import PROBLEM_RESPONSES
from twin.runtime import Twin

router = APIRouter(prefix="/api", tags=["history"], responses=PROBLEM_RESPONSES)

MOST_POINTS = 50
#: The first day whose local time is told the same everywhere.
FIRST_MS = datetime(1970, 1, 2, tzinfo=UTC).timestamp() * MS_PER_S
LAST_MS = datetime(9990, 1, 1, tzinfo=UTC).timestamp() * MS_PER_S

Step = Annotated[Every, Query(description="Minutes, hours or days by the venue's clocks.")]


class Aggregate(schemas.Answer):
    """What a point did in a bucket; null: not known."""

    from_time: str = schemas.FROM
    to: str = Field(description="Not included.")
    known_s: float = Field(description="For how long a value was known: good or simulated.")
    count: int = Field(description="Readings.")
    mean: float | None = Field(description="By time, while it was known; none of counters.")
    min: float | None
    max: float | None
    last: float | None
    state: str | None = Field(description="The key of `last`, where the point has states.")
    increase: float | None = Field(
        description="Of counters: what was counted since the last reading before, or the first."
    )
    resets: int | None = Field(description="Of counters: how often they began anew.")
    states_s: dict[str, float] | None = Field(description="Seconds in each state, where it has states.")


class Aggregates(schemas.Answer):
    """What a point did, bucket by bucket."""

    device: str
    point: str
    unit: str
    kind: PointKind
    states: list[str]
    every: Every
    time_zone: str
    items: list[Aggregate]


class AggregatesList(schemas.Answer):
    """The same of several points."""

    items: list[Aggregates]


@router.get("/history/{device}/{point}/aggregates", operation_id="getAggregates")
async def get_aggregates(
    twin: TwinDep, device: str, point: str, from_: From = None, to: To = None, every: Step = "hour"
) -> Aggregates:
    """What a point did in each minute, hour or day that the time touches; whole ones, up to that of now."""
    return (await _answer(twin, [_found(twin, device, point)], span_of(twin, from_, to), every))[0]


@router.get("/aggregates", operation_id="listAggregates")
async def list_aggregates(
    twin: TwinDep,
    points: Annotated[
        str, Query(max_length=20_000, description="`device/point`, separated by commas; at most 50.")
    ],
    from_: From = None,
    to: To = None,
    every: Step = "hour",
) -> AggregatesList:
    """As `/api/history/{device}/{point}/aggregates`, of several points, in the order asked."""
    keys = [key.strip().partition("/") for key in points.split(",") if key.strip()]
    if not 0 < len(keys) <= MOST_POINTS:
        raise BadRequestError(f"points: name 1 to {MOST_POINTS}, as device/point,device/point")
    found = [_found(twin, device, point) for device, _, point in keys]
    return AggregatesList(items=await _answer(twin, found, span_of(twin, from_, to), every))


def _found(twin: Twin, device: str, point: str) -> PastPoint:
    found = twin.film.find_point(device, point)
    if found is None:
        raise NotFoundError(f"no point {device[:100]}/{point[:100]} was ever recorded; see /api/points")
    return found


async def _answer(
    twin: Twin, points: list[PastPoint], span: tuple[float, float], every: Every
) -> list[Aggregates]:
    if not FIRST_MS <= span[0] < span[1] <= LAST_MS:
        raise BadRequestError("from and to: give times of the years 1970 to 9989")
    found = await twin.rollups.ask.buckets_of(points, *span, every)
    zone = str(twin.rollups.zone)
    return [
        Aggregates(
            device=point.device,
            point=point.name,
            unit=point.unit,
            kind=each.kind,
            states=list(point.states),
            every=every,
            time_zone=zone,
            items=_items(point, each),
        )
        for point, each in zip(points, found, strict=True)
    ]


def _items(point: PastPoint, found: Buckets) -> list[Aggregate]:
    edges = [rfc3339(edge) for edge in found.edges.tolist()]
    counts, has_states = found.kind is PointKind.COUNTER, found.kind is PointKind.STATE
    return [
        Aggregate(
            from_time=edges[row],
            to=edges[row + 1],
            known_s=round(float(found.known_s[row]), 3),
            count=int(found.count[row]),
            mean=_number(found.mean, row),
            min=_number(found.low, row),
            max=_number(found.high, row),
            last=_number(found.last, row),
            state=state_key(point.states, float(found.last[row])),
            increase=_number(found.increase, row),
            resets=int(found.resets[row]) if counts else None,
            states_s=_states(point, found, row) if has_states else None,
        )
        for row in range(len(edges) - 1)
    ]


def _states(point: PastPoint, found: Buckets, row: int) -> dict[str, float]:
    times = found.states_s[row].tolist()
    return {key: round(time_s, 3) for key, time_s in zip(point.states, times, strict=True)}


def _number(column: NDArray[np.float64], row: int) -> float | None:
    value = float(column[row])
    return value if math.isfinite(value) else None
