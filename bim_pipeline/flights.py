"""Stairs and ramps: the line one walks, and the rooms where it starts and ends.

A stair's line runs over the middles of its treads, the level faces that look up; a ramp's over the middles
of the level lines of its upper face. Flights of one stair are joined over their landings; a stair through
several storeys becomes one portal for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import orjson
import shapely

from bim_pipeline.remembering import Memory, memory_key
from bim_pipeline.rooms import NOWHERE, RoomFinder
from bim_pipeline.sections import level_areas, section_segments
from bim_pipeline.source import Element, FloatArray, Mesh, Meshes, Portal, Storey

STAIR_CLASSES = frozenset({"IfcStair", "IfcStairFlight"})
RAMP_CLASSES = frozenset({"IfcRamp", "IfcRampFlight"})
PROBE_STEPS_M = np.arange(0.2, 1.7, 0.1)  # from the last tread on into the room
REACH_M = 0.75  # a line ends at most so far over the floor of the room it leads to
JOINT_M = 0.4  # a flight starts where another ends, within two risers
STOREY_M = 0.3
LANDING_M = 1.5
MIN_RISER_M = 0.08
RAMP_LINES = 24
MIN_RISE_M = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Flight:
    """One flight: its line (n, 3) float64, m, from the lowest point up, and its width."""

    element: Element
    line: FloatArray
    width_m: float


def flight_portals(
    elements: Sequence[Element],
    meshes: Mapping[int, Mesh],
    storeys: Sequence[Storey],
    finder: RoomFinder,
    memory: Memory | None = None,
) -> list[Portal]:
    """Make the portals of all stairs and ramps, in order of their element; side a is the lower end.

    A portal names the whole stair or ramp. An end that is in no room has no space; but where two stairs meet
    on a landing that is in no room, and lead from there to one room each, they are one portal. Lines that a
    `memory` holds of an earlier build are not looked for again.
    """
    elevations = np.array([storey.elevation_m for storey in storeys])
    portals = []
    for whole, flights in _flights_by_whole(elements, meshes, memory):
        kind = "ramp" if whole.ifc_class in RAMP_CLASSES else "stair"
        for chain in _chains(flights):
            width = min(flight.width_m for flight in chain)
            for line in split_at(joined(chain), elevations):
                portals.append(_portal(whole, kind, line, width, finder))
    return _bridged(portals)


def stair_line(mesh: Mesh) -> tuple[FloatArray, float] | None:
    """Find the line over the treads, (n, 3) from below up, and the width, m; None for no stair.

    The line begins one going before the first tread, on the floor it rises from.
    """
    treads = _treads(mesh)
    if len(treads) < 2:
        return None
    centres = shapely.centroid([area for _, area in treads])
    line = np.column_stack([shapely.get_x(centres), shapely.get_y(centres), [z for z, _ in treads]])
    rise = float(np.median(np.diff(line[:, 2])))
    foot = line[0] + _unit(line[0] - line[1]) * min(float(np.linalg.norm((line[0] - line[1])[:2])), 0.4)
    foot[2] = line[0, 2] - rise
    widths = [_long_side(area) for _, area in treads]
    return np.vstack([foot, line]), float(np.median(widths))


def _treads(mesh: Mesh) -> list[tuple[float, shapely.Geometry]]:
    """The treads of a flight, lowest first: height z and area.

    Much smaller level faces are stringers or rails. Of two levels nearer than any riser, such as a stone
    on its concrete step, the upper one is walked on.
    """
    areas = level_areas(mesh)
    typical = float(np.median([area.area for _, area in areas])) if areas else 0.0
    treads: list[tuple[float, shapely.Geometry]] = []
    for z, area in areas:
        if area.area < 0.3 * typical:
            continue
        if treads and z - treads[-1][0] < MIN_RISER_M:
            treads.pop()
        treads.append((z, area))
    return treads


def ramp_line(mesh: Mesh) -> tuple[FloatArray, float] | None:
    """Find the line up the upper face of a ramp, (n, 3), and its width, m; None where nothing slopes."""
    vertices, triangles = mesh
    corners = vertices[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    upright = normals[:, 2] / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)
    surface = (vertices, triangles[(upright > 0.7) & (upright < 0.99999)])
    if len(surface[1]) == 0:
        return None
    heights = vertices[np.unique(surface[1]), 2]
    if np.ptp(heights) < MIN_RISE_M:
        return None
    levels = np.linspace(heights.min() + 0.01, heights.max() - 0.01, RAMP_LINES)
    cuts = [(z, section_segments(surface, z)) for z in levels]
    points = [_middle(z, segments) for z, segments in cuts if len(segments)]
    widths = [float(np.linalg.norm(cut[:, 0] - cut[:, 1], axis=1).sum()) for _, cut in cuts if len(cut)]
    return (np.array(points), float(np.median(widths))) if len(points) > 1 else None


def joined(chain: Sequence[Flight]) -> FloatArray:
    """Join the lines of flights, each a continuation of the one before it: (n, 3)."""
    parts = [chain[0].line]
    # The foot of a later flight lies on the landing, where the one before it has its last tread already.
    parts += [flight.line[1:] if len(flight.line) > 2 else flight.line for flight in chain[1:]]
    return np.concatenate(parts)


def split_at(line: FloatArray, elevations: FloatArray) -> list[FloatArray]:
    """Cut a rising line at the storeys it passes, not at those where it starts or ends."""
    between = [z for z in elevations if line[0, 2] + 2 * STOREY_M < z < line[-1, 2] - 2 * STOREY_M]
    cuts = []
    for z in sorted(between):
        nearest = int(np.abs(line[:, 2] - z).argmin())
        if abs(line[nearest, 2] - z) <= STOREY_M and 0 < nearest < len(line) - 1:
            cuts.append(nearest)
    ends = [0, *cuts, len(line) - 1]
    return [line[start : end + 1] for start, end in pairwise(ends) if end > start]


def _flights_by_whole(
    elements: Sequence[Element], meshes: Mapping[int, Mesh], memory: Memory | None
) -> Iterable[tuple[Element, list[Flight]]]:
    """The flights of each stair and ramp; a flight without a whole is one itself."""
    by_index = {element.element_index: element for element in elements}
    groups: dict[int, list[Element]] = defaultdict(list)
    for element in elements:
        if element.ifc_class in STAIR_CLASSES | RAMP_CLASSES:
            groups[_whole(element, by_index).element_index].append(element)
    for index in sorted(groups):
        flights = [_flight(part, meshes, memory) for part in _bodies(groups[index], meshes)]
        found = [flight for flight in flights if flight is not None]
        if found:
            yield by_index[index], found


def _whole(element: Element, by_index: Mapping[int, Element]) -> Element:
    parent = by_index.get(-1 if element.parent_index is None else element.parent_index)
    is_part = parent is not None and parent.ifc_class in {"IfcStair", "IfcRamp"}
    return parent if is_part and parent is not None else element


def _bodies(parts: Sequence[Element], meshes: Mapping[int, Mesh]) -> list[Element]:
    """The drawn flights; the whole itself only where no flight of it is drawn."""
    drawn = [part for part in parts if part.element_index in meshes]
    flights = [part for part in drawn if part.ifc_class.endswith("Flight")]
    return flights or drawn


def _flight(element: Element, meshes: Mapping[int, Mesh], memory: Memory | None) -> Flight | None:
    found = _walked(element, meshes, memory)
    if found is None or np.ptp(found[0][:, 2]) < MIN_RISE_M:
        return None
    return Flight(element, *found)


def _walked(
    element: Element, meshes: Mapping[int, Mesh], memory: Memory | None
) -> tuple[FloatArray, float] | None:
    """Give the line and the width of a flight or ramp, known ones from memory."""
    is_ramp = element.ifc_class in RAMP_CLASSES

    def look() -> tuple[FloatArray, float] | None:
        mesh = meshes[element.element_index]
        return ramp_line(mesh) if is_ramp else stair_line(mesh)

    if memory is None or not isinstance(meshes, Meshes):
        return look()
    key = memory_key("flight", [is_ramp, meshes.digest(element.element_index)])
    packed = memory.recall(key, lambda: _packed(look()))
    line, width_m = orjson.loads(packed) or (None, 0.0)
    return None if line is None else (np.array(line, dtype=np.float64), width_m)


def _packed(found: tuple[FloatArray, float] | None) -> bytes:
    return orjson.dumps(None if found is None else (found[0].tolist(), float(found[1])))


def _chains(flights: Sequence[Flight]) -> Iterable[list[Flight]]:
    """Flights in the order one climbs them, each in at least one chain.

    After a flight comes the nearest one that starts at its top, before it the nearest one that ends at its
    foot: of a stair that parts in two, both arms are climbed from its first flight. What starts half-way
    beside a whole chain is a copy of a part of it, as some exporters write, and left out.
    """
    left = sorted(flights, key=lambda f: (round(float(f.line[0, 2]), 2), f.element.element_index))
    base = float(left[0].line[0, 2]) if left else 0.0
    while left:
        chain = _climb(left[0], flights)
        left = [flight for flight in left if all(flight is not used for used in chain)]
        if chain[0].line[0, 2] <= base + 2 * JOINT_M or not _is_beside(chain[0], flights):
            yield chain


def _climb(flight: Flight, flights: Sequence[Flight]) -> list[Flight]:
    """The chain that a flight is in: up from it to the top, and down to the bottom."""
    chain = [flight]
    while following := [f for f in flights if f.line[0, 2] > chain[-1].line[0, 2] and _joins(chain[-1], f)]:
        top = chain[-1].line[-1]
        chain.append(min(following, key=lambda f: float(np.linalg.norm(f.line[0] - top))))
    while before := [f for f in flights if f.line[0, 2] < chain[0].line[0, 2] and _joins(f, chain[0])]:
        foot = chain[0].line[0]
        chain.insert(0, min(before, key=lambda f: float(np.linalg.norm(f.line[-1] - foot))))
    return chain


def _joins(low: Flight, high: Flight) -> bool:
    return bool(abs(high.line[0, 2] - low.line[-1, 2]) <= JOINT_M)


def _is_beside(flight: Flight, flights: Sequence[Flight]) -> bool:
    """Whether another flight passes the height at which this one starts."""
    foot = flight.line[0, 2]
    return any(f.line[0, 2] + JOINT_M < foot < f.line[-1, 2] - JOINT_M for f in flights)


def _portal(whole: Element, kind: str, line: FloatArray, width_m: float, finder: RoomFinder) -> Portal:
    room_a, a = _landing(line[0], line[1], finder)
    room_b, b = _landing(line[-1], line[-2], finder)
    return Portal(
        whole.element_index,
        kind,
        finder.element_index(room_a),
        finder.element_index(room_b),
        (float(a[0]), float(a[1]), float(a[2])),
        (float(b[0]), float(b[1]), float(b[2])),
        width_m,
        np.vstack([a, line, b]),
    )


def _bridged(portals: Sequence[Portal]) -> list[Portal]:
    """The portals, with pairs that meet on a landing in no room made one; it names the lower element."""
    left = list(portals)
    for low in portals:
        if low.space_a is None or low.space_b is not None:
            continue
        upper = [p for p in left if p.space_a is None and p.space_b is not None and _meet(low, p)]
        if upper:
            high = min(upper, key=lambda p: float(np.linalg.norm(np.subtract(p.a, low.b))))
            left.remove(high)
            left[left.index(low)] = _one_after_other(low, high)
    return left


def _meet(low: Portal, high: Portal) -> bool:
    x, y, z = np.abs(np.subtract(high.a, low.b))
    return bool(np.hypot(x, y) <= LANDING_M and z <= JOINT_M)


def _one_after_other(low: Portal, high: Portal) -> Portal:
    paths = [path for path in (low.path, high.path) if path is not None]
    width = min(low.width_m, high.width_m)
    return replace(low, space_b=high.space_b, b=high.b, width_m=width, path=np.concatenate(paths))


def _landing(end: FloatArray, before: FloatArray, finder: RoomFinder) -> tuple[int, FloatArray]:
    """The room that a line leads into at one end, and where one stands in it: (3,)."""
    ahead = _unit(end - before)
    points = end + PROBE_STEPS_M[:, None] * ahead
    rooms = finder.at(points, reach_m=REACH_M)
    hit = int((rooms != NOWHERE).argmax())
    stand = points[hit].copy()
    stand[2] = finder.floor(int(rooms[hit]), float(end[2]))
    return int(rooms[hit]), stand


def _unit(vector: FloatArray) -> FloatArray:
    """The direction in plan, (3,) with z 0; zero for an upright vector."""
    flat = np.array([vector[0], vector[1], 0.0])
    length = float(np.linalg.norm(flat))
    return flat / length if length > 1e-9 else flat


def _middle(z: float, segments: FloatArray) -> list[float]:
    """The middle of a level line made of segments, weighted by their lengths."""
    lengths = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1)
    x, y = np.average(segments.mean(axis=1), axis=0, weights=lengths)
    return [float(x), float(y), z]


def _long_side(area: shapely.Geometry) -> float:
    """The longer side of the narrowest rectangle around an area, m."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(area))
    return float(np.linalg.norm(np.diff(corners[:3], axis=0), axis=1).max()) if len(corners) >= 3 else 0.0
