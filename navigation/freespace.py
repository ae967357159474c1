"""The floor of one room on which the middle of a body can be: footprint less walls, columns and furniture.

A door's threshold belongs to the rooms on both its sides, to the middle of the wall each: the floors of two
rooms meet at the portal's *gate*, a line across it, so that a way through a gate never leaves the floors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from navigation.model import Floats

BODY_RADIUS_M = 0.25
NARROWEST_GATE_M = 0.10  # a portal narrower than a body is still passed, in its middle
OVERLAP_M = 0.01  # each floor reaches over the gate by this, so that rounding opens no slit
INSIDE_M = 0.10  # and as far behind the standing point, where the room's own floor begins
REACH_M = 1.5  # farther than this from the floor no standing point is joined to it
SIGHT_TOLERANCE_M = 1e-3
SIMPLIFY_M = 0.005
LEAST_AREA_M2 = 0.01
MITRE_LIMIT = 2.0


@dataclass(frozen=True, slots=True)
class Gate:
    """The line across a portal: `middle` and `normal` (towards the room), local x and y.

    `depth_m` is from the middle to where one stands in the room; a door's threshold is free whatever stands
    there in the plan, an open passage has columns in it.
    """

    middle: tuple[float, float]
    normal: tuple[float, float]
    width_m: float
    depth_m: float
    is_door: bool

    def half_width_m(self, radius_m: float) -> float:
        """How far from its middle a body can cross."""
        return max(self.width_m / 2 - radius_m, NARROWEST_GATE_M / 2)

    def threshold(self, radius_m: float) -> Polygon:
        """The floor from the gate to where one stands."""
        (x, y), (nx, ny) = self.middle, self.normal
        half = self.half_width_m(radius_m)
        near, far = -OVERLAP_M, self.depth_m + INSIDE_M
        return Polygon(
            [
                (x + nx * along - ny * across, y + ny * along + nx * across)
                for along, across in ((near, -half), (far, -half), (far, half), (near, half))
            ]
        )


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What stands in a room, by how sure one cannot walk through it."""

    walls: tuple[BaseGeometry, ...] = ()
    columns: tuple[BaseGeometry, ...] = ()
    stairs: tuple[BaseGeometry, ...] = ()
    furniture: tuple[BaseGeometry, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FreeSpace:
    """`area` is the free floor, `sight` the same a millimetre wider (prepared): what a straight way stays in.

    `corners` (n, 2) are its reflex vertices, `arms` (n, 2, 2) the vertices before and after each.
    `clearance_m` is how far from walls the middle of a body stays.
    """

    area: Polygon | MultiPolygon
    sight: Polygon | MultiPolygon
    corners: Floats
    arms: Floats
    clearance_m: float

    def sees(self, starts: Floats, ends: Floats) -> np.ndarray:
        """Whether the straight way from each start to its end is on the floor: (n, 2) twice to (n,) bool."""
        lines = shapely.linestrings(np.stack([starts, ends], axis=1))
        return np.asarray(shapely.covers(self.sight, lines))

    def snap(self, x: float, y: float) -> tuple[float, float]:
        """The nearest point of the main floor."""
        point = Point(x, y)
        if self.area.covers(point):
            return (x, y)
        nearest = shapely.shortest_line(_largest(self.area), point).coords[0]
        return (nearest[0], nearest[1])

    @property
    def anchor(self) -> tuple[float, float]:
        """A point well inside: the middle of the largest circle."""
        centre = shapely.maximum_inscribed_circle(_largest(self.area), tolerance=0.1).coords[0]
        return (centre[0], centre[1])


def free_space(
    footprint: Polygon | MultiPolygon,
    gates: Sequence[Gate],
    standing: Sequence[tuple[float, float]] = (),
    obstacles: Obstacles | None = None,
) -> FreeSpace:
    """The free floor of a room.

    standing: where stairs and lifts are entered. The first of several attempts, each less strict about
    clearance and furniture, at which all gates and standing points hang together; else the one at which
    fewest are cut off.
    """
    terminals = shapely.points([*(gate.middle for gate in gates), *standing]) if gates or standing else None
    best: tuple[int, BaseGeometry, float] | None = None
    for radius, solid in _attempts(obstacles or Obstacles()):
        area = _floor(footprint, gates, standing, solid, radius)
        cut_off = _cut_off(area, terminals)
        if best is None or cut_off < best[0]:
            best = (cut_off, area, radius)
        if cut_off == 0:
            break
    assert best is not None  # there is always a first attempt
    return _finished(_reached(best[1], terminals), best[2])


def _attempts(obstacles: Obstacles) -> Iterator[tuple[float, tuple[BaseGeometry, ...]]]:
    hard = obstacles.walls + obstacles.columns
    if obstacles.furniture:
        yield BODY_RADIUS_M, hard + obstacles.stairs + obstacles.furniture
    yield BODY_RADIUS_M, hard + obstacles.stairs
    yield 0.15, hard + obstacles.stairs
    yield 0.15, hard
    yield 0.05, obstacles.walls
    yield 0.02, ()


def _floor(
    footprint: BaseGeometry,
    gates: Sequence[Gate],
    standing: Sequence[tuple[float, float]],
    solid: Sequence[BaseGeometry],
    radius: float,
) -> BaseGeometry:
    body: BaseGeometry = footprint.buffer(-radius, join_style="mitre", mitre_limit=MITRE_LIMIT)
    grown = shapely.union_all(
        shapely.buffer(list(solid), radius, join_style="mitre", mitre_limit=MITRE_LIMIT)
    )
    body = body.difference(grown)
    parts = [body, *(_threshold(gate, grown, radius) for gate in gates)]
    area = shapely.union_all(parts)
    bridges = [_bridge(body, footprint, point) for point in [*map(_stand, gates), *standing]]
    found = [bridge for bridge in bridges if bridge is not None]
    return shapely.union_all([area, *found]) if found else area


def _stand(gate: Gate) -> tuple[float, float]:
    (x, y), (nx, ny) = gate.middle, gate.normal
    return (x + nx * gate.depth_m, y + ny * gate.depth_m)


def _threshold(gate: Gate, grown: BaseGeometry, radius: float) -> BaseGeometry:
    whole = gate.threshold(radius)
    if gate.is_door or grown.is_empty:
        return whole
    left = whole.difference(grown)
    return whole if left.is_empty else left


def _bridge(body: BaseGeometry, footprint: BaseGeometry, point: tuple[float, float]) -> BaseGeometry | None:
    """A narrow floor from a standing point to the room's, where it stands too near a wall or a stair."""
    here = Point(point)
    if body.is_empty or body.covers(here):
        return None
    line: LineString = shapely.shortest_line(here, body)
    if line.length > REACH_M or not footprint.buffer(0.1).covers(line):
        return None
    return line.buffer(NARROWEST_GATE_M / 2, cap_style="square", join_style="mitre", mitre_limit=MITRE_LIMIT)


def _cut_off(area: BaseGeometry, terminals: np.ndarray | None) -> int:
    """How many standing points are not on the largest piece of floor."""
    if area.is_empty:
        return 1_000_000 if terminals is None else 1_000_000 + len(terminals)
    if terminals is None:
        return 0
    return int((shapely.distance(_largest(area), terminals) > SIGHT_TOLERANCE_M).sum())


def _reached(area: BaseGeometry, terminals: np.ndarray | None) -> list[Polygon]:
    """The pieces of floor that one can come to, in a room without portals the largest one."""
    if terminals is not None:
        parts = _polygons(area)
        found = [part for part in parts if shapely.distance(part, terminals).min() <= SIGHT_TOLERANCE_M]
        if found:
            return found
    largest = _largest(area)
    return [] if largest.is_empty else [largest]


def _finished(parts: Sequence[Polygon], radius: float) -> FreeSpace:
    tidied = [piece for part in parts for piece in _polygons(part.simplify(SIMPLIFY_M))]
    polygons = [part for part in tidied if part.area > LEAST_AREA_M2]
    tidy = MultiPolygon([shapely.orient_polygons(part) for part in polygons])
    sight = tidy.buffer(SIGHT_TOLERANCE_M, join_style="mitre", mitre_limit=MITRE_LIMIT)
    shapely.prepare(sight)
    shapely.prepare(tidy)
    corners, arms = reflex_corners(tidy)
    return FreeSpace(tidy, sight, corners, arms, radius)


def reflex_corners(area: MultiPolygon) -> tuple[Floats, Floats]:
    """The vertices round which a shortest way can bend: (n, 2), and their neighbours, (n, 2, 2).

    The rings are oriented with the floor on their left.
    """
    corners, arms = [np.empty((0, 2))], [np.empty((0, 2, 2))]
    for polygon in area.geoms:
        for ring in (polygon.exterior, *polygon.interiors):
            here = np.asarray(ring.coords)[:-1, :2]
            before, after = np.roll(here, 1, axis=0), np.roll(here, -1, axis=0)
            into, out = here - before, after - here
            turn = into[:, 0] * out[:, 1] - into[:, 1] * out[:, 0]
            size = np.linalg.norm(into, axis=1) * np.linalg.norm(out, axis=1)
            reflex = turn < -0.02 * size
            corners.append(here[reflex])
            arms.append(np.stack([before[reflex], after[reflex]], axis=1))
    return np.concatenate(corners), np.concatenate(arms)


def _polygons(area: BaseGeometry) -> list[Polygon]:
    return [part for part in shapely.get_parts(area) if isinstance(part, Polygon)]


def _largest(area: BaseGeometry) -> Polygon:
    polygons = _polygons(area)
    return max(polygons, key=lambda part: part.area) if polygons else Polygon()
