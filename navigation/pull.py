"""Pulls a way taut by line of sight: corners and gates that a straight line makes needless go.

The way keeps its order of rooms and portals: a straight line is clear when it crosses each gate in turn and
stays, between two of them, on that room's free floor. So a way never slips through a door it was not led
through, a closed one say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from navigation.freespace import BODY_RADIUS_M, FreeSpace, Gate
from navigation.model import Floats

ROUNDS = 4
EDGE_M = 1e-3
SAVING_M = 1e-4
Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Vertex:
    """A point of a way, on the gate of a portal or, `portal` None, in a room."""

    x: float
    y: float
    z: float = 0.0
    portal: int | None = None

    @property
    def spot(self) -> Spot:
        """Local x and y."""
        return (self.x, self.y)


@dataclass(frozen=True, slots=True)
class Chain:
    """What a straight part of a way goes through: one room more than portals."""

    rooms: tuple[int, ...]
    portals: tuple[int, ...] = ()

    def joined(self, portal: int | None, other: Chain) -> Chain:
        """This chain and the next one, with the gate of a portal or a point in the same room between."""
        if portal is None:
            return Chain(self.rooms + other.rooms[1:], self.portals + other.portals)
        return Chain(self.rooms + other.rooms, (*self.portals, portal, *other.portals))


@dataclass(frozen=True, slots=True)
class Way:
    """A way on one storey: `vertices`, and the chain between each two."""

    vertices: tuple[Vertex, ...]
    chains: tuple[Chain, ...]


@dataclass(frozen=True, slots=True)
class Floor:
    """Rooms by space and gates by portal: all that pulling needs to know."""

    rooms: Mapping[int, FreeSpace]
    gates: Mapping[int, Gate]

    def clear(self, start: Spot, end: Spot, chain: Chain) -> bool:
        """Whether the straight line from start to end goes through a chain."""
        spots = self.crossings(start, end, chain)
        if spots is None:
            return False
        line = np.array([start, *spots, end])
        if len(chain.rooms) == 1:
            return bool(self.rooms[chain.rooms[0]].sees(line[:1], line[1:])[0])
        parts = shapely.linestrings(np.stack([line[:-1], line[1:]], axis=1))
        floors = [self.rooms[room].sight for room in chain.rooms]
        return bool(shapely.covers(floors, parts).all())

    def crossings(self, start: Spot, end: Spot, chain: Chain) -> list[Spot] | None:
        """Where the line crosses each gate of a chain; None where it misses one or their order."""
        spots: list[Spot] = []
        latest = -1e-9
        for portal in chain.portals:
            hit = _crossing(start, end, self.gates[portal], 0.0)
            if hit is None or hit[0] < latest:
                return None
            latest = hit[0]
            spots.append((start[0] + hit[0] * (end[0] - start[0]), start[1] + hit[0] * (end[1] - start[1])))
        return spots


def pull(way: Way, floor: Floor) -> Way:
    """The way pulled taut; its ends stay."""
    for _ in range(ROUNDS):
        before = _length(way)
        way = _slid(_shortened(way, floor), floor)
        if before - _length(way) < SAVING_M:
            break
    return way


def _shortened(way: Way, floor: Floor) -> Way:
    """Without the vertices between which one sees past them."""
    vertices, chains = list(way.vertices), list(way.chains)
    place = 1
    while place < len(vertices) - 1:
        joined = chains[place - 1].joined(vertices[place].portal, chains[place])
        if floor.clear(vertices[place - 1].spot, vertices[place + 1].spot, joined):
            chains[place - 1 : place + 1] = [joined]
            del vertices[place]
            place = max(place - 1, 1)
        else:
            place += 1
    return Way(tuple(vertices), tuple(chains))


def _slid(way: Way, floor: Floor) -> Way:
    """With the vertices on gates moved along them to where the way is shortest."""
    vertices = list(way.vertices)
    for place in range(1, len(vertices) - 1):
        here = vertices[place]
        if here.portal is None:
            continue
        before, after = vertices[place - 1].spot, vertices[place + 1].spot
        better = _best_on_gate(before, after, floor.gates[here.portal])
        saving = _detour(before, here.spot, after) - _detour(before, better, after)
        if (
            saving > SAVING_M
            and floor.clear(before, better, way.chains[place - 1])
            and floor.clear(better, after, way.chains[place])
        ):
            vertices[place] = replace(here, x=better[0], y=better[1])
    return replace(way, vertices=tuple(vertices))


def _crossing(start: Spot, end: Spot, gate: Gate, radius_m: float) -> tuple[float, float] | None:
    """Where a line meets a gate: as a part of the line, 0 to 1, and as metres across from its middle."""
    (mx, my), (nx, ny) = gate.middle, gate.normal
    from_start = (start[0] - mx) * nx + (start[1] - my) * ny
    from_end = (end[0] - mx) * nx + (end[1] - my) * ny
    if from_start * from_end > EDGE_M**2 or abs(from_start - from_end) < 1e-12:
        return None
    part = min(max(from_start / (from_start - from_end), 0.0), 1.0)
    x, y = start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])
    across = (x - mx) * -ny + (y - my) * nx
    if abs(across) > gate.half_width_m(radius_m) + EDGE_M:
        return None
    return part, across


def _best_on_gate(before: Spot, after: Spot, gate: Gate) -> Spot:
    """The point of a gate by which the way from before to after is shortest."""
    (mx, my), (nx, ny) = gate.middle, gate.normal
    far = [abs((x - mx) * nx + (y - my) * ny) for x, y in (before, after)]
    along = [(x - mx) * -ny + (y - my) * nx for x, y in (before, after)]
    total = sum(far)
    best = along[0] + (along[1] - along[0]) * far[0] / total if total > 0 else along[0]
    half = gate.half_width_m(BODY_RADIUS_M)
    best = min(max(best, -half), half)
    return (mx - ny * best, my + nx * best)


def _detour(before: Spot, here: Spot, after: Spot) -> float:
    return math.dist(before, here) + math.dist(here, after)


def _length(way: Way) -> float:
    return length_of([vertex.spot for vertex in way.vertices])


def length_of(spots: Sequence[Spot] | Floats) -> float:
    """The length of a line through some points, m."""
    return float(np.linalg.norm(np.diff(np.asarray(spots, dtype=np.float64), axis=0), axis=1).sum())
