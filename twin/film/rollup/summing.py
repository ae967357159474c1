"""Film summed: all points of an hour, or one point by buckets. No I/O; the loops are compiled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.samples import Samples
from twin.film.described import PastPoint, PastRegistry
from twin.film.rollup.codec import StripSums, decode, decode_point, encode
from twin.film.rollup.joining import Parts
from twin.film.rollup.layout import COUNT, KNOWN, POINTS, PointTable, no_sums
from twin.film.rollup.store import StoredSums
from twin.film.segment import Keyframe, Mask, Segment
from twin.film.timeline import Piece
from twin.film.told import Told

Floats = NDArray[np.float64]


@cache
def _loops() -> ModuleType:
    """The compiled loops: slow to load, and the server starts without them."""
    from twin.film.rollup import kernels  # noqa: PLC0415

    return kernels


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What was recorded under one registry without a break: the points' sums, slot n being point n, and of
    which points the film knows anything.
    """

    registry: PastRegistry
    table: PointTable
    sums: Floats
    states: Floats
    heard: Mask

    @classmethod
    def begun(cls, registry: PastRegistry, table: PointTable) -> "_Part":
        n = len(registry)
        return cls(
            registry, table, no_sums(n), np.zeros(int(table.state_at[-1])), np.zeros(n, dtype=np.bool_)
        )

    def strip(self, number: int) -> StripSums:
        """One strip's sums of the points of which anything is known."""
        own = slice(number * POINTS, (number + 1) * POINTS)
        sums, table = self.sums[:, own], self.table
        known = (sums[COUNT] > 0) | (sums[KNOWN] > 0)
        n_states = table.n_states[own]
        first, last = table.state_at[own][0], table.state_at[own][-1] + n_states[-1]
        states = self.states[first:last][np.repeat(known, n_states)]
        state_at = np.append(0, np.cumsum(n_states[known]))
        return StripSums(np.flatnonzero(known), sums[:, known], state_at, states)

    def counts(self, number: int, points: NDArray[np.int64]) -> Mask:
        """Which points of a strip count."""
        found: Mask = self.table.counts[number * POINTS + points] > 0
        return found


@dataclass(slots=True, eq=False)
class HourSums:
    """The sums of all points of an hour, in the making: pieces of film are added in order of time."""

    start_ms: float
    end_ms: float
    covered_ms: float = 0.0
    _parts: list[_Part] = field(default_factory=list)

    def add(self, piece: Piece, registry: PastRegistry, table: PointTable, segment: Segment) -> None:
        """Add what a piece tells; `segment` is the whole one that it is of."""
        if not self._parts or self._parts[-1].registry.hash != registry.hash:
            self._parts.append(_Part.begun(registry, table))
        part, key, samples = self._parts[-1], segment.keyframe, segment.samples
        _loops().add_segment(
            part.sums,
            part.states,
            (table.state_at, table.n_states, table.counts),
            np.array([self.start_ms, self.end_ms]),
            (piece.from_ms, piece.to_ms),
            _plain(key.point_index, key.value, key.quality),
            _plain(samples.point_index, samples.time_ms, samples.value, samples.quality),
        )
        for index in (key.point_index, samples.point_index):
            part.heard[index[index < len(part.heard)]] = True
        self.covered_ms += min(piece.to_ms, self.end_ms) - max(piece.from_ms, self.start_ms)

    def rows(self, before: Iterable[StoredSums] = ()) -> list[StoredSums]:
        """As rows. Of points of which the film knows nothing any more, what was kept `before` stays."""
        kept = {(each.part, each.strip): each for each in before}
        found = []
        for number, part in enumerate(self._parts):
            for strip in range(-(-len(part.registry) // POINTS)):
                sums, old = part.strip(strip), kept.get((number, strip))
                if old is not None and old.registry == part.registry.hash:
                    heard = part.heard[strip * POINTS : (strip + 1) * POINTS]
                    sums = _with_gone(sums, decode(old.data), heard)
                if len(sums.point):
                    data = encode(sums, part.counts(strip, sums.point))
                    row = (strip, self.start_ms, number, self.end_ms, part.registry.hash, data)
                    found.append(StoredSums(*row))
        return found


def _with_gone(now: StripSums, before: StripSums, heard: Mask) -> StripSums:
    """The sums of now, and of points that the film knows nothing of those of before."""
    gone = ~heard[before.point]
    if not gone.any():
        return now
    point = np.concatenate((now.point, before.point[gone]))
    order = np.argsort(point)
    n_states = np.concatenate((np.diff(now.state_at), np.diff(before.state_at)[gone]))[order]
    each = [*_split(now), *(row for row, is_gone in zip(_split(before), gone, strict=True) if is_gone)]
    return StripSums(
        point[order],
        np.concatenate((now.sums, before.sums[:, gone]), axis=1)[:, order],
        np.append(0, np.cumsum(n_states)),
        np.concatenate([each[row] for row in order.tolist()]),
    )


def _split(sums: StripSums) -> list[Floats]:
    """The states of each point."""
    return np.split(sums.states, sums.state_at[1:-1]) if len(sums.point) else []


def summed(point: PastPoint, told: Sequence[Told], edges: Floats, hour_ms: Floats) -> Parts:
    """What one point did, stretch by stretch, in buckets between edges (n + 1,); `hour_ms` (n,) when the hour
    of each began.
    """
    n, width = len(edges) - 1, len(point.states)
    sums, states = no_sums(n), np.zeros(n * width)
    counts = int(PointTable.of((point,)).counts[0])
    for each in told:
        track, known = each.track, len(each.before) > 0
        times, values, qualities = _plain(track.time_ms, track.value, track.quality)
        _loops().add_run(
            sums,
            states,
            0,
            0,
            width,
            counts,
            edges,
            each.from_ms,
            each.to_ms,
            float(each.before.value[-1]) if known else np.nan,
            each.before.quality[-1] if known else np.uint8(2),
            times,
            values,
            qualities,
            0,
            len(times),
        )
    known_slots = np.flatnonzero((sums[COUNT] > 0) | (sums[KNOWN] > 0))
    return Parts(
        edges[known_slots], hour_ms[known_slots], sums[:, known_slots], states.reshape(n, width)[known_slots]
    )


def kept_parts(kept: Iterable[tuple[StoredSums, int]], n_states: int) -> Parts:
    """What is kept of one point: rows in order, each with the point's number within its strip."""
    found = [(row.start_ms, decode_point(row.data, point)) for row, point in kept]
    known = [(start_ms, each) for start_ms, each in found if each is not None]
    if not known:
        return Parts.none(n_states)
    states = np.zeros((len(known), n_states))
    for row, (_, (_, own)) in enumerate(known):
        width = min(n_states, len(own))
        states[row, :width] = own[:width]
    start_ms = np.array([start for start, _ in known])
    return Parts(start_ms, start_ms, np.stack([sums for _, (sums, _) in known], axis=1), states)


def _plain(*columns: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Columns in the one form that the loops are compiled for: contiguous, and not read-only."""
    return tuple(np.require(each, requirements=("C", "W")) for each in columns)


def warm_up() -> None:
    """Load the compiled loops."""
    registry = PastRegistry("", (PastPoint("", "", "", ()),))
    segment = Segment.of(0.0, Keyframe.empty(), Samples.of([0], [0.0], [1.0], [0]))
    hour = HourSums(0.0, 1.0)
    hour.add(Piece(0.0, 1.0, 0), registry, PointTable.of_registry(registry), segment)
    told = Told(0.0, 1.0, segment.track(0)[:0], segment.track(0))
    summed(registry.points[0], [told], np.array([0.0, 1.0]), np.array([0.0]))
