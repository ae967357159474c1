"""Sums by minute, hour or day, as they are asked for: those that are kept, and the rest from samples.

What is kept counts where nothing of its hour was written since, nothing of it is still in memory, and no late
sample of the point waits for its place; so that an answer is the same as from all samples at once.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from telemetry_bridge.clock import Clock
from twin.errors import BadRequestError
from twin.film.codec import strip_of
from twin.film.described import PastPoint
from twin.film.film import Film
from twin.film.rollup.counting import PointKind, kind_of
from twin.film.rollup.hours import HOUR_MS, LEAST_MS, Edges, Every, bucket_edges, hour_edges
from twin.film.rollup.joining import COMPARED_MS, Buckets, Parts, buckets
from twin.film.rollup.layout import POINTS
from twin.film.rollup.store import MADE, RollupStore, StoredSums
from twin.film.rollup.summing import kept_parts, summed

MOST_BUCKETS = 2500
#: Hours that are read for one answer, over all its points.
MOST_HOURS = 20_000
#: How far is looked for a counter's reading before the first bucket, one step after the other.
LOOK_BACK_MS = (3 * HOUR_MS, 48 * HOUR_MS, COMPARED_MS)


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """A point's rows, each with its number within the strip, and the hours that they are of."""

    rows: tuple[tuple[StoredSums, int], ...] = ()
    hours: frozenset[float] = frozenset()


@dataclass(eq=False)
class Asker:
    """Answers for one film."""

    film: Film
    store: RollupStore
    zone: ZoneInfo
    clock: Clock
    _asking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def buckets_of(
        self, points: Sequence[PastPoint], from_ms: float, to_ms: float, every: Every
    ) -> list[Buckets]:
        """What points did in each whole minute, hour or day that a span touches, up to the one of now.

        Raises:
            BadRequestError: more than `MOST_BUCKETS`, or more hours than `MOST_HOURS` for all points.
            DamagedFilmError, NotRecordedError: film that is needed cannot be read.
        """
        _check(len(points), from_ms, to_ms, every)
        now_ms = self.clock.now_ms()
        edges = bucket_edges(
            from_ms, max(min(to_ms, np.nextafter(now_ms, np.inf)), from_ms), every, self.zone
        )
        async with self._asking:
            return [await self._buckets(point, edges, every) for point in points]

    async def _buckets(self, point: PastPoint, edges: Edges, every: Every) -> Buckets:
        kind, grid = kind_of(point), edges
        if every == "day":
            grid = hour_edges(edges[0], edges[-1], self.zone)
        elif every == "minute":
            hour_ms = hour_edges(edges[0], edges[0], self.zone)[:1]
            grid = np.unique(np.concatenate((hour_ms, edges)))
        parts = await self._parts(point, grid, use_kept=every != "minute")
        if kind is PointKind.COUNTER and parts.has_reading:
            parts = Parts.joined([await self._before(point, grid[0]), parts], 0)
        return buckets(parts, edges, kind)

    async def _before(self, point: PastPoint, until_ms: float) -> Parts:
        """What a counter did in the hours before a time, back to its last reading."""
        found = Parts.none(0)
        for back_ms in LOOK_BACK_MS:
            grid = hour_edges(until_ms - back_ms, until_ms, self.zone)
            found = await self._parts(point, grid[grid <= until_ms], use_kept=True)
            if found.has_reading:
                break
        return found

    async def _parts(self, point: PastPoint, grid: Edges, *, use_kept: bool) -> Parts:
        """What a point did between edges (n + 1,), each within one hour; whole hours where `use_kept`."""
        late = self.film.late_of(point).time_ms
        kept = _Kept()
        if use_kept:
            kept = await self._kept(point, grid, float(late.min()) if len(late) else np.inf)
        found = [await asyncio.to_thread(kept_parts, kept.rows, len(point.states))]
        hour_ms = _hours_of(grid, self.zone)
        is_open = np.array([start not in kept.hours for start in grid[:-1].tolist()], dtype=bool)
        for first, end in _runs(is_open):
            edges = grid[first : end + 1]
            told = await self.film.told_of(point, float(edges[0]), float(edges[-1]))
            found.append(await asyncio.to_thread(summed, point, told, edges, hour_ms[first:end]))
        return Parts.joined(found, len(point.states))

    async def _kept(self, point: PastPoint, grid: Edges, late_ms: float) -> _Kept:
        """What is kept of the hours between edges, as far as it still counts."""
        from_ms, to_ms = float(grid[0]), float(grid[-1])
        written = self.film.spans_in_memory()  # first: what leaves memory is due by then
        written += [(each.from_ms, each.to_ms) for each in await self.store.due(from_ms, to_ms)]
        own = self.film.rows_of(point)
        strips = {strip_of(row) for row in own.values()}
        rows = await self.store.sums({MADE, *strips}, from_ms, to_ms)
        made = {each.start_ms: each.end_ms for each in rows if each.strip == MADE}
        hours = frozenset(
            start
            for start, end in zip(grid[:-1].tolist(), grid[1:].tolist(), strict=True)
            if made.get(start) == end
            and end <= late_ms
            and not any(begin < end and until > start for begin, until in written)
        )
        wanted = tuple(
            (each, own[each.registry] % POINTS)
            for each in rows
            if each.start_ms in hours and each.registry in own and each.strip == strip_of(own[each.registry])
        )
        return _Kept(wanted, hours)


def _hours_of(grid: Edges, zone: ZoneInfo) -> Edges:
    """(n,) when the hour began in which each bucket does."""
    hours = hour_edges(float(grid[0]), float(grid[-1]), zone)
    return hours[np.searchsorted(hours, grid[:-1], "right") - 1]


def _runs(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    """From where to before where a mask is set."""
    changes = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return list(zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True))


def _check(points: int, from_ms: float, to_ms: float, every: Every) -> None:
    span_ms = to_ms - from_ms
    if span_ms > MOST_BUCKETS * LEAST_MS[every]:
        raise BadRequestError(
            f"that is more than {MOST_BUCKETS} buckets; ask for a shorter time, or every="
            + ("day" if every == "hour" else "hour"),
            reason="too-many-buckets",
        )
    if every != "minute" and points * span_ms > MOST_HOURS * HOUR_MS:
        raise BadRequestError(
            f"that is more than {MOST_HOURS} hours over all points; ask for fewer points or a shorter time",
            reason="too-many-hours",
        )
    if every == "minute" and points * span_ms > MOST_BUCKETS * LEAST_MS[every] * 4:
        raise BadRequestError(
            f"that is more than {4 * MOST_BUCKETS} minutes over all points; ask for fewer or a shorter time",
            reason="too-many-minutes",
        )
