"""`GET /api/history.parquet`: any part of what was recorded, as a file for DuckDB, pandas and the like."""

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from telemetry_bridge.wire import Indices
from twin.errors import BusyError, NotFoundError
from twin.film.choosing import Choice, meanings
from twin.film.downloading import DEFAULT_MOST, MOST, Wanted, parquet_bytes
from twin.http.context import TwinDep
from twin.http.moments import From, To, span_of
from twin.http.present import rfc3339
from twin.http.problems import PROBLEM_RESPONSES
from twin.runtime import Twin

router = APIRouter(prefix="/api", tags=["history"], responses=PROBLEM_RESPONSES)

PARQUET = "application/vnd.apache.parquet"
AT_ONCE = 2
Globs = Annotated[
    list[str] | None,
    Query(max_length=100, description="By name, `*` for any characters; may be given several times."),
]


@router.get(
    "/history.parquet",
    operation_id="downloadHistory",
    response_class=StreamingResponse,
    responses={200: {"content": {PARQUET: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def download_history(
    twin: TwinDep,
    from_: From = None,
    to: To = None,
    device: Globs = None,
    point: Globs = None,
    point_class: Annotated[
        list[str] | None, Query(alias="class", max_length=100, description="Points of a class; as `point`.")
    ] = None,
    space: Annotated[
        str | None, Query(max_length=100, description="Of the devices in a space, by guid.")
    ] = None,
    storey: Annotated[
        str | None, Query(max_length=100, description="Of the devices on a storey, by guid.")
    ] = None,
    most: Annotated[
        int, Query(alias="max", ge=1, le=MOST, description="More samples than this are refused.")
    ] = DEFAULT_MOST,
) -> Response:
    """Every sample of a time, of all points or those that are asked for, as one Parquet file.

    Columns: `device`, `point`, `time` (UTC, to the microsecond), `time_ms` (the same, exact), `value`,
    `quality` (0 good, 1 stale, 2 bad, 3 simulated), `state`, `unit`. Space and storey are as bound today.
    """
    from_ms, to_ms = span_of(twin, from_, to)
    named = _named(twin, space, storey)
    choice = Choice(tuple(device or ()), tuple(point or ()), tuple(point_class or ()), named)
    if not meanings(twin.film.registries, choice):
        raise NotFoundError("no point that was ever recorded is meant by this; see /api/points")
    wanted = Wanted(choice, from_ms, to_ms, most)
    facts = {"from": rfc3339(from_ms), "to": rfc3339(to_ms), "venue": twin.venue.info.id}
    parts = await _begun(twin, parquet_bytes(twin.film, wanted, facts))
    headers = {
        "content-disposition": f'attachment; filename="{file_name(from_ms, to_ms)}"',
        "cache-control": "no-store",
        "content-encoding": "identity",  # it is compressed by itself
    }
    return StreamingResponse(parts, media_type=PARQUET, headers=headers)


def file_name(from_ms: float, to_ms: float) -> str:
    """The name of a file of a span, such as `history-20260501T000000Z-20260502T000000Z.parquet`."""
    first, last = (
        datetime.fromtimestamp(math.floor(each / 1000.0), UTC).strftime("%Y%m%dT%H%M%SZ")
        for each in (from_ms, to_ms)
    )
    return f"history-{first}-{last}.parquet"


def _named(twin: Twin, space: str | None, storey: str | None) -> frozenset[tuple[str, str]] | None:
    """Device and name of the points of a place; None: no place was asked for."""
    found: set[int] | None = None
    if space is not None:
        found = _all_of(found, twin.places.points_in_space(twin.package.space(space).guid))
    if storey is not None:
        found = _all_of(found, twin.places.points_on_storey(twin.package.storey(storey).guid))
    points = twin.registry.points
    return None if found is None else frozenset((points[row].device, points[row].name) for row in found)


def _all_of(found: set[int] | None, places: Indices | None) -> set[int]:
    own = set() if places is None else set(places.tolist())
    return own if found is None else found & own


async def _begun(twin: Twin, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The parts once the first is there: what is refused is a problem, not half a file.

    Raises BusyError: two downloads are being written, each of which keeps a core busy.
    """
    gate = twin.cached("downloads", lambda: asyncio.Semaphore(AT_ONCE))
    if gate.locked():
        raise BusyError("other downloads are being written: try again when they are done", "downloads")
    running = _in_turn(gate, parts)
    first = await anext(running)
    return _after(first, running)


async def _in_turn(gate: asyncio.Semaphore, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async with gate:
        async for part in parts:
            yield part


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part
