"""What points were when a segment was recorded, and which of today's they are. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import zstandard

from telemetry_bridge.points import Registry
from twin.errors import DamagedFilmError
from twin.film.packing import pack, unpack
from twin.film.segment import Mask, Rows, State


@dataclass(frozen=True, slots=True)
class PastPoint:
    """A point as it was: names, unit, the keys of its states, and its class, where that is known."""

    device: str
    name: str
    unit: str
    states: tuple[str, ...]
    point_class: str = ""

    def means_the_same(self, other: "PastPoint") -> bool:
        """Whether a value of the one is a value of the other: states may have been added at the end."""
        shared = min(len(self.states), len(other.states))
        return (
            self.unit == other.unit
            and self.states[:shared] == other.states[:shared]
            and bool(self.states) == bool(other.states)
        )


@dataclass(frozen=True)
class PastRegistry:
    """The points of a registry by point_index."""

    hash: str
    points: tuple[PastPoint, ...]

    @cached_property
    def index(self) -> Mapping[tuple[str, str], int]:
        """point_index by device and point."""
        return {(point.device, point.name): row for row, point in enumerate(self.points)}

    def __len__(self) -> int:
        return len(self.points)


def describe(registry: Registry) -> PastRegistry:
    """What the film keeps of a registry."""
    points = (
        PastPoint(
            point.device,
            point.name,
            point.unit,
            tuple(state.key for state in point.states),
            point.point_class,
        )
        for point in registry.points
    )
    return PastRegistry(registry.hash, tuple(points))


def encode_registry(registry: PastRegistry) -> bytes:
    """JSON under zstd with its checksum: per point device, name, unit, states' keys and class."""
    rows = [
        [point.device, point.name, point.unit, list(point.states), point.point_class]
        for point in registry.points
    ]
    return pack({"version": 1, "points": rows})


def decode_registry(key: str, data: bytes) -> PastRegistry:
    """Read one. DamagedFilmError: it is none."""
    try:
        document: dict[str, Any] = unpack(data)
        points = (PastPoint(row[0], row[1], row[2], tuple(row[3]), *row[4:5]) for row in document["points"])
        return PastRegistry(key, tuple(points))
    except (zstandard.ZstdError, ValueError, LookupError, TypeError) as error:
        raise DamagedFilmError(f"the film's list of points {key} cannot be read ({error})") from error


@dataclass(frozen=True, slots=True, eq=False)
class PointMap:
    """From the points of then to those of now: `now_index` (n_then,) int64, -1 where there is none."""

    then: PastRegistry
    now_index: Rows
    n_now: int

    @property
    def kept(self) -> Mask:
        """(n_then,) bool: points that are still there."""
        kept: Mask = self.now_index >= 0
        return kept

    def to_now(self, state: State) -> State:
        """A state of then in the numbers of now; what was not there then is unknown."""
        if self.n_now == len(self.now_index) and np.array_equal(self.now_index, np.arange(self.n_now)):
            return state
        found = State.unknown(self.n_now)
        to = self.now_index[self.kept]
        found.value[to] = state.value[self.kept]
        found.quality[to] = state.quality[self.kept]
        found.time_ms[to] = state.time_ms[self.kept]
        return found

    def gone(self, state: State) -> Rows:
        """The points of then, by their numbers of then, that are no more and had been heard of."""
        return np.flatnonzero(state.known & ~self.kept)


def mapping(then: PastRegistry, now: PastRegistry) -> PointMap:
    """Find the points of then among those of now: the same names, and a value still means the same."""
    found = [now.index.get((point.device, point.name), -1) for point in then.points]
    same = [
        row if row >= 0 and point.means_the_same(now.points[row]) else -1
        for point, row in zip(then.points, found, strict=True)
    ]
    return PointMap(then, np.array(same, dtype=np.int64), len(now))
