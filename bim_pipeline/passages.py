"""Open passages: where two rooms touch and no wall, window or door is between them.

The border of every room is sampled. From each sample a short line runs straight out of the room; where it
meets another room on the same level without crossing a barrier, one can walk there. Runs of such samples
are passages. It works for rooms drawn to the faces of the walls (with a gap between them), to their middle
(without one) and for rooms inside others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from bim_pipeline.doors import DoorFrame
from bim_pipeline.remembering import Memory, memory_key
from bim_pipeline.rooms import NOWHERE, RoomFinder
from bim_pipeline.sections import section_segments
from bim_pipeline.source import Element, FloatArray, Mesh, Meshes, Portal

SPACING_M = 0.15
GAP_M = 0.6  # as thick as a wall with an opening in it may be
INSIDE_M = 0.25  # the line starts and ends so deep in the rooms: more than half a common wall
MIN_WIDTH_M = 0.6
MAX_STEP_M = 0.35  # two risers between the floors of the rooms
MIN_HEADROOM_M = 1.9
WAIST_M = 0.6  # what stands at this height over the floor cannot be walked through

CUT_CLASSES = frozenset(
    {
        "IfcWall",
        "IfcWallStandardCase",
        "IfcWallElementedCase",
        "IfcCurtainWall",
        "IfcPlate",
        "IfcMember",
        "IfcMemberStandardCase",
        "IfcPlateStandardCase",
        "IfcWindow",
        "IfcWindowStandardCase",
        "IfcColumn",
        "IfcColumnStandardCase",
        "IfcBuildingElementPart",
    }
)
RAILING_CLASSES = frozenset({"IfcRailing"})
_BARRIER_BELOW_M, _BARRIER_ABOVE_M = 0.1, 1.2  # heights over the floor between which a railing bars the way


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """Samples of room borders, in order: points and outward normals (n, 2), m; room and ring (n,)."""

    points: FloatArray
    normals: FloatArray
    spacing: FloatArray
    room: NDArray[np.int64]
    ring: NDArray[np.int64]


def open_passages(
    elements: Iterable[Element],
    meshes: Mapping[int, Mesh],
    frames: Sequence[DoorFrame],
    finder: RoomFinder,
    memory: Memory | None = None,
) -> list[Portal]:
    """Find the open passages between rooms, in order of the rooms and of place.

    Views between rooms that a `memory` holds of an earlier build are not taken again.
    """
    if len(finder.spaces) < 2:
        return []
    barriers = _Barriers(elements, meshes, frames, memory)
    samples = _sample_borders(finder.footprints)
    opposite, distance = _opposite_rooms_known(samples, finder, memory)
    reached = np.flatnonzero(opposite != NOWHERE)
    floors = np.array([space.floor_z_m for space in finder.spaces])
    levels = np.round(floors[samples.room[reached]], 1)
    for level in np.unique(levels):
        rows = reached[levels == level]
        blocked = barriers.crossed(_sight_lines(samples, rows, distance[rows]), float(level))
        opposite[rows[blocked]] = NOWHERE
    passages = [_passage(samples, run, opposite, distance, finder) for run in _runs(samples, opposite)]
    return _without_doubles(passages)


class _Barriers:
    """What cannot be walked through, as segments in plan at any level."""

    def __init__(
        self,
        elements: Iterable[Element],
        meshes: Mapping[int, Mesh],
        frames: Sequence[DoorFrame],
        memory: Memory | None,
    ) -> None:
        self._drawn = [
            (e, e.ifc_class in RAILING_CLASSES)
            for e in elements
            if (e.ifc_class in CUT_CLASSES or e.ifc_class in RAILING_CLASSES) and e.element_index in meshes
        ]
        self._meshes = meshes
        self._doors = np.array([frame.threshold() for frame in frames]).reshape(-1, 2, 2)
        self._sills = np.array([frame.centre[2] for frame in frames])
        self._memory = memory if isinstance(meshes, Meshes) else None

    @cached_property
    def _cut(self) -> list[Mesh]:
        return _bodies((e for e, _ in self._drawn), self._meshes, CUT_CLASSES)

    @cached_property
    def _cut_heights(self) -> FloatArray:
        return _heights(self._cut)

    @cached_property
    def _railings(self) -> list[Mesh]:
        return _bodies((e for e, _ in self._drawn), self._meshes, RAILING_CLASSES)

    @cached_property
    def _railing_heights(self) -> FloatArray:
        return _heights(self._railings)

    @cached_property
    def _digest(self) -> bytes:
        """Say what the barriers but the doors are made of."""
        assert isinstance(self._meshes, Meshes)
        return memory_key(
            "barriers",
            [part for e, railing in self._drawn for part in (railing, self._meshes.digest(e.element_index))],
        )

    def crossed(self, lines: FloatArray, level: float) -> NDArray[np.bool_]:
        """Tell which lines (n, 2, 2), m, cross a barrier of the level with its floor at `level`."""
        if self._memory is None:
            return self._crossed(lines, level)
        self._memory.keep(self._segments_key(level))
        key = memory_key("crossed", [self._digest, lines, level, self._doors_of(level)])
        found = self._memory.recall(key, lambda: self._crossed(lines, level).tobytes())
        return np.frombuffer(found, dtype=np.bool_)

    def _crossed(self, lines: FloatArray, level: float) -> NDArray[np.bool_]:
        segments = np.concatenate([self._segments_known(level), self._doors_of(level)])
        tree = shapely.STRtree(np.asarray(shapely.linestrings(segments)))
        hit, _ = tree.query(shapely.linestrings(lines), predicate="intersects")
        crossed = np.zeros(len(lines), dtype=bool)
        crossed[hit] = True
        return crossed

    def _doors_of(self, level: float) -> FloatArray:
        near: FloatArray = self._doors[np.abs(self._sills - level) < _BARRIER_ABOVE_M]
        return near

    def _segments_known(self, level: float) -> FloatArray:
        """Give all barriers of a level but the doors, (n, 2, 2), m."""
        if self._memory is None:
            return self._segments(level)
        found = self._memory.recall(self._segments_key(level), lambda: self._segments(level).tobytes())
        return np.frombuffer(found, dtype=np.float64).reshape(-1, 2, 2)

    def _segments_key(self, level: float) -> bytes:
        return memory_key("segments", [self._digest, level])

    def _segments(self, level: float) -> FloatArray:
        waist, (low, high) = level + WAIST_M, self._cut_heights.T
        parts = [
            section_segments(self._cut[row], waist) for row in np.flatnonzero((low < waist) & (high > waist))
        ]
        low, high = self._railing_heights.T
        in_the_way = (low < level + _BARRIER_ABOVE_M) & (high > level + _BARRIER_BELOW_M)
        parts += [_edges_in_plan(self._railings[row]) for row in np.flatnonzero(in_the_way)]
        return np.concatenate([np.zeros((0, 2, 2)), *parts])


def _bodies(drawn: Iterable[Element], meshes: Mapping[int, Mesh], classes: frozenset[str]) -> list[Mesh]:
    """The bodies of some classes, empty ones left out."""
    bodies = (meshes[element.element_index] for element in drawn if element.ifc_class in classes)
    return [body for body in bodies if len(body[1])]


def _heights(meshes: Sequence[Mesh]) -> FloatArray:
    """(n, 2) lowest and highest z of each mesh."""
    return np.array([[v[:, 2].min(), v[:, 2].max()] for v, _ in meshes]).reshape(-1, 2)


def _edges_in_plan(mesh: Mesh) -> FloatArray:
    """All edges of a mesh as segments (k, 2, 2), each once, those that stand upright left out."""
    vertices, triangles = mesh
    corners = np.round(vertices[:, :2], 2)[triangles]
    edges = corners[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 4)
    unique = np.unique(edges, axis=0).reshape(-1, 2, 2)
    lying: FloatArray = unique[(unique[:, 0] != unique[:, 1]).any(axis=1)]
    return lying


def _sample_borders(footprints: NDArray[np.object_]) -> _Samples:
    """Sample the rings of all rooms at the middle of stretches about SPACING_M long."""
    polygons, room_of_polygon = shapely.get_parts(footprints, return_index=True)
    rings, polygon_of_ring = shapely.get_rings(shapely.orient_polygons(polygons), return_index=True)
    coordinates, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    follows = ring_of_point[1:] == ring_of_point[:-1]
    start, end = coordinates[:-1][follows], coordinates[1:][follows]
    ring_of_edge = ring_of_point[:-1][follows]
    length = np.linalg.norm(end - start, axis=1)
    count = np.maximum(np.round(length / SPACING_M), 1).astype(np.int64)
    edge = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    share = ((place + 0.5) / count[edge])[:, None]
    points = start[edge] * (1 - share) + end[edge] * share
    along = (end - start) / np.maximum(length, 1e-12)[:, None]
    # The rings run counter-clockwise around the room (holes clockwise), so the outside is on the right.
    normals = np.stack([along[:, 1], -along[:, 0]], axis=1)[edge]
    ring = ring_of_edge[edge]
    room = room_of_polygon[polygon_of_ring[ring]].astype(np.int64)
    return _Samples(points, normals, (length / count)[edge], room, ring)


def _opposite_rooms_known(
    samples: _Samples, finder: RoomFinder, memory: Memory | None
) -> tuple[NDArray[np.int64], FloatArray]:
    """Give `_opposite_rooms`, which depends on the rooms alone."""
    if memory is None:
        return _opposite_rooms(samples, finder)
    rooms = (part for space in finder.spaces for part in (space.footprint, space.floor_z_m, space.height_m))

    def look() -> bytes:
        opposite, nearest = _opposite_rooms(samples, finder)
        return opposite.tobytes() + nearest.tobytes()

    found = memory.recall(memory_key("opposite", rooms), look)
    half = len(found) // 2
    return np.frombuffer(found[:half], dtype=np.int64).copy(), np.frombuffer(found[half:], dtype=np.float64)


def _opposite_rooms(samples: _Samples, finder: RoomFinder) -> tuple[NDArray[np.int64], FloatArray]:
    """The nearest other room straight out of each sample that one could walk to, and how far it is, m."""
    start = samples.points + samples.normals * 1e-3
    rays = shapely.linestrings(np.stack([start, samples.points + samples.normals * GAP_M], axis=1))
    sample, room = shapely.STRtree(finder.footprints).query(rays, predicate="intersects")
    own = samples.room[sample]
    walkable = (own != room) & _same_level(own, room, finder)
    sample, room = sample[walkable], room[walkable]
    distance = shapely.distance(shapely.points(samples.points[sample]), finder.footprints[room])
    far_first = np.lexsort((room, distance))[::-1]
    opposite = np.full(len(samples.points), NOWHERE, dtype=np.int64)
    nearest = np.zeros(len(samples.points))
    opposite[sample[far_first]] = room[far_first]
    nearest[sample[far_first]] = distance[far_first]
    return opposite, nearest


def _same_level(one: NDArray[np.int64], other: NDArray[np.int64], finder: RoomFinder) -> NDArray[np.bool_]:
    """Whether one can step from room to room: floors nearly level, room for the head in both."""
    floor = np.array([space.floor_z_m for space in finder.spaces])
    ceiling = floor + np.array([space.height_m for space in finder.spaces])
    headroom = np.minimum(ceiling[one], ceiling[other]) - np.maximum(floor[one], floor[other])
    walkable: NDArray[np.bool_] = (np.abs(floor[one] - floor[other]) <= MAX_STEP_M) & (
        headroom >= MIN_HEADROOM_M
    )
    return walkable


def _sight_lines(samples: _Samples, rows: NDArray[np.int64], distance: FloatArray) -> FloatArray:
    """(n, 2, 2): from inside the room to inside the opposite one."""
    normals = samples.normals[rows]
    start = samples.points[rows] - INSIDE_M * normals
    end = samples.points[rows] + (distance + INSIDE_M)[:, None] * normals
    return np.stack([start, end], axis=1)


def _runs(samples: _Samples, opposite: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows of neighbouring samples that see the same room, wide enough to walk through."""
    runs: list[NDArray[np.int64]] = []
    rings = np.unique(samples.ring[opposite != NOWHERE])
    starts = np.searchsorted(samples.ring, rings, side="left")
    ends = np.searchsorted(samples.ring, rings, side="right")
    for start, end in zip(starts, ends, strict=True):
        rows = np.arange(start, end)
        changes = np.flatnonzero(opposite[rows] != np.roll(opposite[rows], 1))
        if len(changes):  # start the ring at a change, so that no run is cut in two
            rows = np.roll(rows, -changes[0])
        breaks = np.flatnonzero(np.diff(opposite[rows])) + 1
        runs += [run for run in np.split(rows, breaks) if opposite[run[0]] != NOWHERE]
    return [run for run in runs if samples.spacing[run].sum() >= MIN_WIDTH_M]


def _passage(
    samples: _Samples,
    run: NDArray[np.int64],
    opposite: NDArray[np.int64],
    distance: FloatArray,
    finder: RoomFinder,
) -> Portal:
    """A run of samples as a portal; side a is the room with the lower index."""
    middle = run[np.searchsorted(np.cumsum(samples.spacing[run]), samples.spacing[run].sum() / 2)]
    near, far = _sight_lines(samples, np.array([middle]), distance[[middle]])[0]
    sides = sorted(
        [(int(samples.room[middle]), near), (int(opposite[middle]), far)], key=lambda side: side[0]
    )
    (room_a, a), (room_b, b) = sides
    return Portal(
        None,
        "opening",
        finder.element_index(room_a),
        finder.element_index(room_b),
        (float(a[0]), float(a[1]), finder.spaces[room_a].floor_z_m),
        (float(b[0]), float(b[1]), finder.spaces[room_b].floor_z_m),
        float(samples.spacing[run].sum()),
    )


def _without_doubles(passages: Sequence[Portal]) -> list[Portal]:
    """Each passage is seen from both its rooms: keep the wider view of each."""
    kept: dict[tuple[int, int], list[Portal]] = defaultdict(list)
    for passage in sorted(passages, key=lambda p: (-p.width_m, *_rooms(p), p.a)):
        wider = kept[_rooms(passage)]
        if all(_apart(passage, twin) for twin in wider):
            wider.append(passage)
    return sorted((p for found in kept.values() for p in found), key=lambda p: (*_rooms(p), p.a))


def _rooms(passage: Portal) -> tuple[int, int]:
    return (passage.space_a or 0, passage.space_b or 0)


def _apart(passage: Portal, wider: Portal) -> bool:
    between = np.hypot(passage.a[0] - wider.a[0], passage.a[1] - wider.a[1])
    return bool(between > wider.width_m / 2 + GAP_M)
