"""`/api/energy`: what flows, what a day took, and whose it is."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime

from twin.accounts.roles import Role
from twin.errors import BadRequestError
from twin.http.identity import requires
from twin.http.moments import From, To, milliseconds, span_of
from twin.http.problems import PROBLEM_RESPONSES
from twin.panels.energy import schemas, shown
from twin.panels.energy.comparing import compare
from twin.panels.energy.days import Step, bounds, bucket_count
from twin.panels.energy.figures import divided, flows, room_energy
from twin.panels.energy.service import EnergyRoom
from twin.panels.panel import service_of

MOST_BUCKETS = 800
COMPARED_DAYS = (1, 7)
FIRST_YEAR, LAST_YEAR = 1980, 2200

router = APIRouter(
    prefix="/api/energy",
    tags=["energy"],
    responses=PROBLEM_RESPONSES,
    dependencies=[Depends(requires(Role.OPERATOR))],
)


def _room(request: Request) -> EnergyRoom:
    room: EnergyRoom = service_of(request, "energy")
    return room


def _day(
    day: Annotated[date | None, Query(description="A day of the venue; of `at` if left out.")] = None,
) -> date | None:
    if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadRequestError(f"day: give one between {FIRST_YEAR} and {LAST_YEAR}")
    return day


RoomDep = Annotated[EnergyRoom, Depends(_room)]
Day = Annotated[date | None, Depends(_day)]
At = Annotated[AwareDatetime | None, Query(description="As of this moment, RFC 3339; now if left out.")]


def _moment(room: EnergyRoom, at: AwareDatetime | None) -> float:
    """The moment asked for, never after now."""
    now_ms = room.twin.clock.now_ms()
    asked = milliseconds(at)
    return now_ms if asked is None else min(float(asked), now_ms)


@router.get("/summary", operation_id="getEnergySummary")
async def get_summary(room: RoomDep, day: Day, at: At = None) -> schemas.EnergySummary:
    """What flows now, and the day so far against the day before and a week before, up to the same time."""
    at_ms = _moment(room, at)
    span = room.span(day, at_ms)
    row, grid = await room.moment(at_ms), await room.grid(span)
    spans = (span, *(room.earlier(span, days) for days in COMPARED_DAYS))
    balances = [await room.balance(each) for each in spans]
    today, yesterday, last_week = map(shown.balance_out, spans, balances)
    return schemas.EnergySummary(
        timezone=room.twin.venue.info.timezone,
        now=shown.flows_out(at_ms, flows(room.plant, row)),
        today=today,
        yesterday=yesterday,
        last_week=last_week,
        comparisons=[
            shown.comparison_out(days, other, compare(balances[0], found))
            for days, other, found in zip(COMPARED_DAYS, spans[1:], balances[1:], strict=True)
        ],
        storeys=shown.storeys_out(room.twin.package, divided(room.plant, room.plant.by_storey, grid, row)),
        kinds=shown.kinds_out(divided(room.plant, room.plant.by_kind, grid, row)),
        carbon=shown.carbon_out(room.info, today.grid_kwh),
        cost=shown.cost_out(room.info, today.grid_kwh),
        gaps=shown.gaps_out(room.twin.film.gaps(span.from_ms, span.to_ms)),
    )


@router.get("/circuits", operation_id="listEnergyCircuits")
async def list_circuits(room: RoomDep, day: Day, at: At = None) -> schemas.CircuitList:
    """The meter tree: what goes through each circuit now, and went through it in the day."""
    at_ms = _moment(room, at)
    span = room.span(day, at_ms)
    row, grid = await room.moment(at_ms), await room.grid(span)
    items = shown.circuits_out(room.plant, room.twin.bound, grid, row)
    return schemas.CircuitList(day=span.day.isoformat(), to=shown.time_of(span.to_ms), items=items)


@router.get("/spaces", operation_id="listEnergySpaces")
async def list_spaces(room: RoomDep, day: Day, at: At = None) -> schemas.SpaceList:
    """The rooms, by what the loads in them draw; what is plugged in is metered by circuit alone."""
    at_ms = _moment(room, at)
    span = room.span(day, at_ms)
    row, grid = await room.moment(at_ms), await room.grid(span)
    items = shown.spaces_out(room.twin.package, room_energy(room.plant, grid, row))
    return schemas.SpaceList(day=span.day.isoformat(), to=shown.time_of(span.to_ms), items=items)


@router.get("/series", operation_id="getEnergySeries")
async def get_series(
    room: RoomDep,
    by: Literal["total", "circuit", "storey", "kind"] = "kind",
    step: Step = "hour",
    from_: From = None,
    to: To = None,
) -> schemas.SeriesList:
    """Energy in equal spans of time, from the meters' counters; `total` is what comes in, by intake."""
    from_ms, to_ms = span_of(room.twin, from_, to)
    if bucket_count(from_ms, to_ms, step) > MOST_BUCKETS:
        raise BadRequestError(
            f"that is more than {MOST_BUCKETS} values a curve; give a longer step or less time"
        )
    grid = await room.readings.at(bounds(from_ms, to_ms, step, room.twin.venue.zone))
    return schemas.SeriesList(
        by=by,
        step=step,
        times=[shown.time_of(each) for each in grid.times_ms.tolist()],
        items=shown.series_out(room.plant, room.twin.package, by, grid),
        gaps=shown.gaps_out(room.twin.film.gaps(from_ms, min(to_ms, room.twin.clock.now_ms()))),
    )
