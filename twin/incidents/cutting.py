"""Cuts a stretch out of a running film, through what the film tells everybody who reads it."""

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np

from telemetry_bridge.points import Registry
from telemetry_bridge.wire import Qualities, Values
from twin.film.described import PastPoint
from twin.film.film import Film
from twin.film.reading import Moment
from twin.film.timeline import Gap
from twin.incidents.errors import IntervalError
from twin.incidents.film_cut import FilmCut, Joint, Numbers, in_order

MOST_SAMPLES = 100_000_000
Part = tuple[Numbers, Values, Values, Qualities]


@dataclass(slots=True)
class _Points:
    """The points by their rows: those of today, then those that are no more, as they are met."""

    points: list[PastPoint]
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    others: dict[PastPoint, int] = field(default_factory=dict)

    @classmethod
    def of(cls, registry: Registry) -> "_Points":
        points = [
            PastPoint(each.device, each.name, each.unit, tuple(state.key for state in each.states))
            for each in registry.points
        ]
        return cls(points, {(each.device, each.name): row for row, each in enumerate(points)})

    def row_of(self, point: PastPoint) -> int:
        """The row of a point of then; one whose values mean something else today has one of its own."""
        row = self.rows.get((point.device, point.name))
        if row is not None and self.points[row].means_the_same(point):
            return row
        if point not in self.others:
            self.others[point] = len(self.points)
            self.points.append(point)
        return self.others[point]


async def cut(film: Film, registry: Registry, from_ms: float, to_ms: float) -> FilmCut:
    """Everything that the film knows of a time, so that each moment of it can be told again to the bit.

    Raises:
        IntervalError: nothing was recorded in that time, or more than an archive can hold; DamagedFilmError.
    """
    first_ms, last_ms = _recorded(film, from_ms, to_ms)
    points = _Points.of(registry)
    # Samples first: what comes in late meanwhile must not be in the states alone.
    parts = [part async for part in _samples(film, points, first_ms, last_ms)]
    joints = [_joint(points, moment) for moment in await _moments(film, first_ms, last_ms)]
    row, time_ms, value, quality = in_order(parts)
    return FilmCut(
        first_ms,
        last_ms,
        registry.hash,
        tuple(points.points),
        len(registry),
        tuple(joints),
        row,
        time_ms,
        value,
        quality,
        tuple(Gap(max(gap.from_ms, first_ms), gap.to_ms) for gap in film.gaps(first_ms, last_ms)),
    )


def _recorded(film: Film, from_ms: float, to_ms: float) -> tuple[float, float]:
    span = film.span
    if span is None or span[0] >= to_ms or span[1] <= from_ms:
        raise IntervalError("nothing was recorded in this time: there is no film to archive", "unrecorded")
    return max(from_ms, span[0]), min(to_ms, span[1])


async def _moments(film: Film, from_ms: float, to_ms: float) -> list[Moment]:
    """The state at the beginning, and where a piece of film or a gap begins."""
    found, at_ms = [], from_ms
    while at_ms <= to_ms:
        found.append(await film.state_at(at_ms))
        piece, gap = film.piece_at(at_ms)
        next_ms = piece.to_ms if gap is None else gap.to_ms
        if next_ms is None or not next_ms > at_ms:
            break
        at_ms = next_ms
    return found


def _joint(points: _Points, moment: Moment) -> Joint:
    known = np.flatnonzero(moment.state.known)
    gone = moment.gone
    row = np.concatenate([known, [points.row_of(each.point) for each in gone]]).astype(np.int32)
    return Joint(
        moment.time_ms,
        row,
        np.concatenate([moment.state.time_ms[known], [each.time_ms for each in gone]]).astype(np.float64),
        np.concatenate([moment.state.value[known], [each.value for each in gone]]).astype(np.float64),
        np.concatenate([moment.state.quality[known], [each.quality for each in gone]]).astype(np.uint8),
    )


async def _samples(film: Film, points: _Points, from_ms: float, to_ms: float) -> AsyncIterator[Part]:
    """Every sample after a time up to another; the one place that reads the film in bulk."""
    after_ms, end_ms = math.nextafter(from_ms, math.inf), math.nextafter(to_ms, math.inf)
    count = 0
    async for part in _by_stretch(film, points, after_ms, end_ms):
        count += len(part[0])
        if count > MOST_SAMPLES:
            raise IntervalError(
                f"more than {MOST_SAMPLES} samples lie in this time; archive a shorter one", "long"
            )
        yield part


async def _by_stretch(film: Film, points: _Points, from_ms: float, to_ms: float) -> AsyncIterator[Part]:
    rows: dict[str, Numbers] = {}
    async for stretch in film.samples(from_ms, to_ms):
        then, samples = stretch.registry, stretch.samples
        if then.hash not in rows:
            rows[then.hash] = np.array([points.row_of(each) for each in then.points], dtype=np.int32)
        inside = (samples.time_ms >= from_ms) & (samples.time_ms < to_ms)
        row = rows[then.hash][samples.point_index[inside]]
        yield row, samples.time_ms[inside], samples.value[inside], samples.quality[inside]
