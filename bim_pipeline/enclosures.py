"""Rooms of a model without IfcSpace: the free floor between walls, in a cut above the floor of each storey.

Walls, columns, doors and windows are cut 1.2 m over the floor; doors are closed. What is free and cannot be
reached from outside is a room, where there is a floor under it and a cover over it. Where passages without a
door are no wider than a door, they part rooms. A storey without a facade (a model of the structure alone) has
the covered part of its floor slab as rooms. Pure: arrays and polygons in, polygons out; metres, local frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from bim_pipeline.doors import DOOR_CLASSES, DoorFrame, door_frame
from bim_pipeline.sections import filled, hull, projection, section_segments
from bim_pipeline.source import Element, FloatArray, Mesh, Storey

CUT_M = 1.2
SEAL_M = 0.05  # cracks up to twice as wide are closed
THROAT_M = 1.1  # an opening up to so wide parts two rooms
LEAST_ROOM_M2 = 1.0
LEAST_PART_M2 = 2.0
LEAST_SLAB_M2 = 0.5
LEAST_HALF_WIDTH_M = 0.25  # what is narrower is a cavity or a shaft for pipes
FLOOR_REACH_M = 0.7  # a storey's floors lie so near to its elevation
HEADROOM_M = 1.8
DEFAULT_HEIGHT_M = 3.0
WALL_DEPTH_M = 0.4  # half of the thickest wall that a door may stand in
COVERED_SHARE = 0.25  # of a room must have a floor (a cover), where the storey has floors (covers) at all
WHOLE_SHARE = 0.9  # a room with less floor than this ends where its floor does, as a gallery at its void
KNOWN_SHARE = 0.3  # so much of all rooms over floors (under covers) means that the model has them
OPEN_PLAN_SHARE = 0.25  # rooms over less of the storey's floor: its facade is not in the model

WALL_CLASSES = frozenset(
    {"IfcWall", "IfcWallStandardCase", "IfcWallElementedCase", "IfcCurtainWall", "IfcBuildingElementPart"}
)
WINDOW_CLASSES = frozenset({"IfcWindow", "IfcWindowStandardCase"})
_UPRIGHT_CLASSES = frozenset(
    {"IfcColumn", "IfcColumnStandardCase", "IfcPlate", "IfcPlateStandardCase", "IfcMember"}
    | {"IfcMemberStandardCase"}
)
BARRIER_CLASSES = WALL_CLASSES | _UPRIGHT_CLASSES | WINDOW_CLASSES | DOOR_CLASSES
SLAB_CLASSES = frozenset({"IfcSlab", "IfcSlabStandardCase", "IfcSlabElementedCase"})
# What stands for a floor where there is none: one walks on the flights of a stairwell, rides in a shaft.
_CLIMBED_CLASSES = frozenset(
    {"IfcStair", "IfcStairFlight", "IfcRamp", "IfcRampFlight", "IfcTransportElement"}
)
COVER_CLASSES = SLAB_CLASSES | {"IfcRoof", "IfcCovering", "IfcPlate", "IfcBuildingElementProxy"}


@dataclass(frozen=True, slots=True, eq=False)
class Enclosure:
    """A room that the walls tell: its outline in plan, its floor and height, and the storey it is on.

    `doubt_m` is how far its floor is from the storey's elevation, and more where no slab is its floor.
    """

    storey_index: int | None
    outline: shapely.Polygon
    floor_z_m: float
    height_m: float
    doubt_m: float


@dataclass(frozen=True, slots=True, eq=False)
class _Slab:
    """Something level: its outline in plan, underside and top."""

    outline: BaseGeometry
    low_m: float
    high_m: float


def find_enclosures(
    elements: Sequence[Element], storeys: Sequence[Storey], meshes: Mapping[int, Mesh]
) -> list[Enclosure]:
    """Find the rooms of the given storeys, in order of storey and of place.

    elements: all of the model. storeys: those whose rooms are wanted; a model without storeys has one level,
    at the foot of most of its walls (none where it has no wall). meshes by element index.
    """
    drawn = [e for e in elements if e.element_index in meshes]
    search = _Search(drawn, meshes)
    levels = list(storeys) or search.single_level()
    found = [room for level in levels for room in search.rooms(level)]
    return _without_doubles(found)


class _Search:
    """Looks for rooms; what many levels share is made once."""

    def __init__(self, drawn: Sequence[Element], meshes: Mapping[int, Mesh]) -> None:
        self._meshes = meshes
        self._barriers = [e for e in drawn if e.ifc_class in BARRIER_CLASSES]
        self._heights = _heights(self._barriers, meshes)
        openings = [e for e in self._barriers if e.ifc_class in DOOR_CLASSES | WINDOW_CLASSES]
        self._frames = [frame for e in openings if (frame := door_frame(e, meshes[e.element_index]))]
        self._slabs = _slabs((e for e in drawn if e.ifc_class in COVER_CLASSES), meshes)
        self._climbed = _slabs((e for e in drawn if e.ifc_class in _CLIMBED_CLASSES), meshes)

    def single_level(self) -> list[Storey]:
        """One level where the model has no storey: at the foot of its walls."""
        feet = [
            h[0] for e, h in zip(self._barriers, self._heights, strict=True) if e.ifc_class in WALL_CLASSES
        ]
        if not feet:
            return []
        return [Storey(-1, 0, round(float(np.median(feet)), 4), DEFAULT_HEIGHT_M)]

    def rooms(self, level: Storey) -> list[Enclosure]:
        """The rooms of one storey."""
        z = level.elevation_m + CUT_M
        solid = self._solid(z)
        if solid.is_empty:
            return []
        low, high = level.elevation_m - FLOOR_REACH_M, level.elevation_m + HEADROOM_M
        floors = [s for s in self._slabs if low <= s.high_m <= level.elevation_m + FLOOR_REACH_M]
        covers = [s for s in self._slabs if s.high_m > high]
        climbed = [s for s in self._climbed if s.low_m < high and s.high_m > low]
        plate, roof = _union(floors), _union(covers)
        carrying = shapely.union(plate, _union(climbed))
        kept = self._indoors(_over_floor(_enclosed(solid), carrying), roof, level)
        if sum(room.area for room in kept) < OPEN_PLAN_SHARE * shapely.intersection(plate, roof).area:
            kept += _open_floor(plate, roof, solid, kept)
        parts = [part for room in kept for part in _parted(room) if _is_room(part)]
        parts.sort(key=lambda p: (round(p.centroid.y, 1), round(p.centroid.x, 1)))
        return [_enclosure(part, level, floors, covers) for part in parts]

    def _cut(self, z: float) -> BaseGeometry | None:
        """What stands at a height, without doors; None where no wall does."""
        through = (self._heights[:, 0] < z) & (self._heights[:, 1] > z)
        standing = [e for e, cuts in zip(self._barriers, through, strict=True) if cuts]
        if not any(e.ifc_class in WALL_CLASSES for e in standing):
            return None
        solids = (e for e in standing if e.ifc_class not in DOOR_CLASSES)
        return shapely.union_all([_section(self._meshes[e.element_index], z) for e in solids])

    def _closures(self, walls: BaseGeometry, z: float) -> list[BaseGeometry]:
        """What fills the openings of doors and windows at a height, as deep as their walls are thick."""
        here = [f for f in self._frames if _spans(self._meshes[f.element.element_index], z)]
        return [closure(frame, walls) for frame in here]

    def _indoors(
        self, rooms: Sequence[shapely.Polygon], roof: BaseGeometry, level: Storey
    ) -> list[shapely.Polygon]:
        """The rooms under a cover; what is not wholly covered must have walls higher than a parapet."""
        shares = _shares(rooms, roof)
        if not _is_known(rooms, shares):
            shares = [WHOLE_SHARE / 2] * len(rooms)  # no roof in the model: the walls alone tell
        wanted = COVERED_SHARE if any(share >= WHOLE_SHARE for share in shares) else 0.0
        high: BaseGeometry | None = None
        kept = []
        for room, share in zip(rooms, shares, strict=True):
            if share < wanted:
                continue
            if share < WHOLE_SHARE:
                if high is None:
                    high = shapely.union_all(_enclosed(self._solid(level.elevation_m + HEADROOM_M)))
                if shapely.intersection(room, high).area < room.area / 2:
                    continue
            kept.append(room)
        return kept

    def _solid(self, z: float) -> BaseGeometry:
        """What stands at a height, doors and windows closed; empty where no wall does."""
        walls = self._cut(z)
        return shapely.Polygon() if walls is None else shapely.union_all([walls, *self._closures(walls, z)])


def _slabs(elements: Iterable[Element], meshes: Mapping[int, Mesh]) -> list[_Slab]:
    """The bodies of elements as slabs, those left out that are too small to cover or carry anything."""
    found = []
    for element in elements:
        mesh = meshes[element.element_index]
        used = mesh[0][np.unique(mesh[1])]
        if len(used) and np.ptp(used[:, :2], axis=0).prod() >= LEAST_SLAB_M2:
            outline = hull(mesh) if element.ifc_class in _CLIMBED_CLASSES else projection(mesh, 0.3)
            found.append(_Slab(outline, float(used[:, 2].min()), float(used[:, 2].max())))
    return found


def closure(frame: DoorFrame, walls: BaseGeometry) -> BaseGeometry:
    """Give the area that closes an opening: between its jambs, through the thickness of the wall."""
    along = frame.along * (frame.width_m / 2 + 0.1)
    deep = frame.normal * WALL_DEPTH_M
    middle = frame.centre[:2]
    corners = [middle - along - deep, middle + along - deep, middle + along + deep, middle - along + deep]
    frame_area = shapely.Polygon(corners)
    near = shapely.intersection(walls, _buffer(frame_area, frame.width_m))
    reach = frame.width_m / 2 + SEAL_M
    bridged = _buffer(_buffer(near, reach), -reach)
    leaf = _buffer(shapely.LineString([middle - along, middle + along]), 0.03)
    return shapely.union(shapely.intersection(bridged, frame_area), leaf)


def _spans(mesh: Mesh, z: float) -> bool:
    used = mesh[0][np.unique(mesh[1]), 2]
    return bool(used.min() < z < used.max())


def _heights(elements: Iterable[Element], meshes: Mapping[int, Mesh]) -> FloatArray:
    """(n, 2) lowest and highest z of each element's body."""
    used = (meshes[e.element_index] for e in elements)
    rows = [(v[t].reshape(-1, 3)[:, 2].min(), v[t].reshape(-1, 3)[:, 2].max()) for v, t in used]
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def _section(mesh: Mesh, z: float) -> BaseGeometry:
    """The area of a body at a height; of a surface that closes no ring, a thin band."""
    segments = section_segments(mesh, z)
    area = filled(segments)
    if area.is_empty and len(segments):
        return _buffer(shapely.MultiLineString(list(segments)), 0.01)
    return area


def _enclosed(solid: BaseGeometry) -> list[shapely.Polygon]:
    """The free areas that cannot be reached from outside, cracks closed."""
    sealed = _buffer(solid, SEAL_M)
    holes = [
        shapely.Polygon(ring)
        for part in _polygons(sealed)
        for ring in part.interiors
        if shapely.Polygon(ring).area > LEAST_ROOM_M2 / 4
    ]
    free = shapely.difference(shapely.union_all(holes), sealed) if holes else shapely.Polygon()
    return [p for part in _polygons(free) for p in _unsealed(part, solid)]


def _unsealed(part: shapely.Polygon, solid: BaseGeometry) -> list[shapely.Polygon]:
    """A free area back at its full size, up to the walls; the largest piece of it."""
    grown = shapely.difference(_buffer(part, SEAL_M), solid)
    pieces = _polygons(grown)
    return [max(pieces, key=lambda p: p.area)] if pieces else []


def _shares(rooms: Sequence[shapely.Polygon], area: BaseGeometry) -> list[float]:
    return [float(shapely.intersection(room, area).area / room.area) for room in rooms]


def _is_known(rooms: Sequence[shapely.Polygon], shares: Sequence[float]) -> bool:
    """Whether the model has slabs there at all: enough of all rooms lie over (under) them."""
    known = sum(share * room.area for share, room in zip(shares, rooms, strict=True))
    return bool(known >= KNOWN_SHARE * sum(room.area for room in rooms))


def _over_floor(rooms: Sequence[shapely.Polygon], plate: BaseGeometry) -> list[shapely.Polygon]:
    """The rooms that have a floor, cut off where it ends; all where the model has hardly any floor."""
    shares = _shares(rooms, plate)
    if not _is_known(rooms, shares):
        return list(rooms)
    kept: list[shapely.Polygon] = []
    for room, share in zip(rooms, shares, strict=True):
        if share >= WHOLE_SHARE:
            kept.append(room)
        elif share >= COVERED_SHARE / 2:
            floor = shapely.intersection(room, _buffer(plate, SEAL_M))
            kept += [part for part in _polygons(floor) if part.area >= LEAST_ROOM_M2]
    return kept


def _open_floor(
    plate: BaseGeometry, roof: BaseGeometry, solid: BaseGeometry, rooms: Sequence[shapely.Polygon]
) -> list[shapely.Polygon]:
    """The covered floor of a storey whose facade is not in the model, without what is a room already."""
    taken = _buffer(shapely.union_all([solid, *rooms]), SEAL_M)
    free = shapely.difference(shapely.intersection(plate, roof), taken)
    return [p for part in _polygons(free) for p in _unsealed(part, solid)]


def _parted(room: shapely.Polygon) -> list[shapely.Polygon]:
    """A free area cut at its throats, so that what an opening without a door joins are two rooms."""
    cores = [
        core
        for core in _polygons(_buffer(room, -THROAT_M / 2))
        if _buffer(core, THROAT_M / 2).area >= LEAST_PART_M2
    ]
    if len(cores) < 2:
        return [room]
    parts: list[BaseGeometry] = []
    for core in cores:
        grown = shapely.intersection(_buffer(core, THROAT_M / 2 + 0.01), room)
        parts.append(shapely.difference(grown, shapely.union_all(parts)))
    for rest in _polygons(shapely.difference(room, shapely.union_all(parts))):
        touching = [shapely.intersection(_buffer(rest, 0.01), part).area for part in parts]
        nearest = int(np.argmax(touching))
        parts[nearest] = shapely.union(parts[nearest], rest)
    return [max(_polygons(part), key=lambda p: p.area) for part in parts if _polygons(part)]


def _is_room(outline: shapely.Polygon) -> bool:
    wide = not _buffer(outline, -LEAST_HALF_WIDTH_M).is_empty
    return bool(outline.area >= LEAST_ROOM_M2 and wide)


def _enclosure(
    outline: shapely.Polygon, level: Storey, floors: Sequence[_Slab], covers: Sequence[_Slab]
) -> Enclosure:
    slab = _floor(outline, floors)
    floor = level.elevation_m if slab is None else slab
    clean = shapely.set_precision(shapely.simplify(outline, 0.005), 1e-3)
    polygon = max(_polygons(clean) or [outline], key=lambda p: p.area)
    return Enclosure(
        storey_index=level.element_index if level.element_index >= 0 else None,
        outline=shapely.normalize(polygon),
        floor_z_m=round(floor, 3),
        height_m=round(_height(outline, floor, level, covers), 3),
        doubt_m=FLOOR_REACH_M + 1.0 if slab is None else abs(floor - level.elevation_m),
    )


def _floor(outline: shapely.Polygon, floors: Sequence[_Slab]) -> float | None:
    """The top of the slab that most of a room lies on; None where there is none."""
    under = zip(_common(outline, floors).tolist(), (s.high_m for s in floors), strict=True)
    area, top = max(under, default=(0.0, 0.0))
    return top if area > COVERED_SHARE * outline.area else None


def _height(outline: shapely.Polygon, floor: float, level: Storey, covers: Sequence[_Slab]) -> float:
    """Up to the lowest cover over the room, else to the next storey."""
    over = [s for s in covers if s.low_m >= floor + HEADROOM_M]
    wide = np.flatnonzero(_common(outline, over) > COVERED_SHARE * outline.area)
    if len(wide):
        return min(over[n].low_m for n in wide) - floor
    return max(level.height_m - (floor - level.elevation_m), HEADROOM_M)


def _common(outline: shapely.Polygon, slabs: Sequence[_Slab]) -> FloatArray:
    """The areas, m2, that a room has in common with slabs."""
    outlines = np.array([s.outline for s in slabs], dtype=object)
    return np.asarray(shapely.area(shapely.intersection(outlines, outline)), dtype=np.float64)


def _without_doubles(rooms: Sequence[Enclosure]) -> list[Enclosure]:
    """The rooms without those that a second storey at nearly the same height shows again.

    A room ends where the one over it begins.
    """
    neighbours = _neighbours(rooms)
    kept: set[int] = set()
    for number in sorted(range(len(rooms)), key=lambda n: rooms[n].doubt_m):
        if not any(n in kept and _same(rooms[number], rooms[n]) for n in neighbours[number]):
            kept.add(number)
    return [
        _below_next(rooms[number], [rooms[n] for n in neighbours[number] if n in kept])
        for number in sorted(kept)
    ]


def _neighbours(rooms: Sequence[Enclosure]) -> list[list[int]]:
    """For each room those that it meets in plan, at any height."""
    outlines = np.array([room.outline for room in rooms], dtype=object)
    found: list[list[int]] = [[] for _ in rooms]
    for one, other in shapely.STRtree(outlines).query(outlines, predicate="intersects").T.tolist():
        if one != other:
            found[one].append(other)
    return found


def _below_next(room: Enclosure, others: Sequence[Enclosure]) -> Enclosure:
    """A room that ends where one over it begins."""
    above = [
        other.floor_z_m - room.floor_z_m
        for other in others
        if other.floor_z_m > room.floor_z_m + HEADROOM_M
        and shapely.intersection(other.outline, room.outline).area > COVERED_SHARE * room.outline.area
    ]
    return replace(room, height_m=round(min([room.height_m, *above]), 3))


def _same(one: Enclosure, other: Enclosure) -> bool:
    if one.storey_index == other.storey_index or abs(one.floor_z_m - other.floor_z_m) > HEADROOM_M:
        return False
    smaller = min(one.outline.area, other.outline.area)
    return bool(shapely.intersection(one.outline, other.outline).area > smaller / 2)


def _union(slabs: Sequence[_Slab]) -> BaseGeometry:
    return shapely.union_all([s.outline for s in slabs]) if slabs else shapely.Polygon()


def _buffer(geometry: BaseGeometry, distance_m: float) -> BaseGeometry:
    """Grow or shrink an area with sharp corners; GEOS meets its own overflows at the sharpest."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return shapely.buffer(geometry, distance_m, join_style="mitre", cap_style="flat")


def _polygons(geometry: BaseGeometry) -> list[shapely.Polygon]:
    return [p for p in shapely.get_parts(geometry) if isinstance(p, shapely.Polygon) and not p.is_empty]
