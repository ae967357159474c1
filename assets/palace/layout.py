"""The palace as data: storeys, spaces, doors, stairs, lifts, ramps, bays and equipment zones.

Pure geometry, no IFC. `build_layout()` is the one source that the model's generator, the devices and
the tests read. Metres, Z up, the model's local frame: x east, y north, origin at the building's
south-west corner, z 0 on the ground floor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import cast

from shapely import LineString, MultiLineString, Point, Polygon, box, unary_union
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from assets.palace import programme
from assets.palace.errors import LayoutError
from assets.palace.shapes import (
    DoorSpec,
    LiftSpec,
    ParkingBay,
    RampSpec,
    Rect,
    Room,
    SpaceSpec,
    StairSpec,
    StoreySpec,
    Zone,
)

__all__ = [
    "STOREYS",
    "DoorSpec",
    "Layout",
    "LiftSpec",
    "ParkingBay",
    "RampSpec",
    "SpaceSpec",
    "StairSpec",
    "StoreySpec",
    "Zone",
    "build_layout",
]

MODULE = 8.4
WALL = 0.2
SLAB = 0.3
CEILING_GAP = 0.9
STOREYS = (
    StoreySpec("B1", "B1 地下车库", "B1 Car park", -5.1, 5.1),
    StoreySpec("L1", "1F 大厅与场馆", "1F Lobby and halls", 0.0, 5.4),
    StoreySpec("L2", "2F 健身与阅览", "2F Fitness and library", 5.4, 4.5),
    StoreySpec("L3", "3F 羽毛球与舞蹈", "3F Badminton and dance", 9.9, 4.5),
    StoreySpec("L4", "4F 培训与音乐", "4F Training and music", 14.4, 4.5),
    StoreySpec("L5", "5F 办公与会议", "5F Offices and meetings", 18.9, 4.5),
    StoreySpec("RF", "RF 屋面", "RF Roof", 23.4, 3.0),
)
GRID_X = tuple(round(i * MODULE, 3) for i in range(17))
GRID_Y = (0.0, 13.8, 36.6, 50.4)
WING_LETTERS = {"sports": "S", "culture": "C", "atrium": "A", "basement": "B", "plaza": "P", "roof": "R"}
PARK_CUTS = (0.0, 42.6, 86.0, 123.0, 134.4)
DOOR_SIZES: dict[str, tuple[float, float]] = {
    "single": (1.0, 2.2),
    "double": (1.6, 2.3),
    "glass": (1.1, 2.4),
    "glass_double": (2.0, 2.5),
    "fire": (1.1, 2.2),
    "fire_double": (1.6, 2.3),
    "roller": (3.6, 3.0),
    "lift": (1.1, 2.2),
    "opening": (1.4, 2.4),
}
# The openings whose size is not the usual one: proscenium, ramp foot.
SPECIAL_OPENINGS = {("L1", "stage"): (15.0, 5.4), ("B1", "ramp"): (6.4, 2.8)}
PV_ZONES = (
    Zone("pv_south", "南区光伏", "South PV field", (78.0, -1.0, 132.0, 9.6), 23.75, "RF"),
    Zone("pv_north", "北区光伏", "North PV field", (78.0, 40.2, 132.0, 49.2), 23.75, "RF"),
)
PLANT_ZONES = (
    Zone("plant_west", "西屋面设备区", "West roof plant", (76.6, 18.6, 88.6, 36.0), 23.6, "RF"),
    Zone("plant_east", "东屋面设备区", "East roof plant", (121.6, 18.6, 133.4, 36.0), 23.6, "RF"),
)
POOL_BASIN: Rect = (4.3, 30.3, 29.3, 45.3)
LAMPS = tuple(
    [(float(x), -9.0) for x in range(6, 96, 15)]
    + [(float(x), -38.0) for x in range(6, 131, 12)]
    + [(-12.0, float(y)) for y in (-36, -24, -12)]
    + [(98.0, -14.0), (98.0, -28.0), (131.0, -14.0), (131.0, -28.0)]
)


@dataclass(frozen=True)
class Layout:
    """Everything that the palace's model and devices are placed by; see the module for frames and units."""

    storeys: tuple[StoreySpec, ...]
    spaces: tuple[SpaceSpec, ...]
    doors: tuple[DoorSpec, ...]
    stairs: tuple[StairSpec, ...]
    lifts: tuple[LiftSpec, ...]
    ramps: tuple[RampSpec, ...]
    bays: tuple[ParkingBay, ...]
    pv_zones: tuple[Zone, ...]
    plant_zones: tuple[Zone, ...]
    lamps: tuple[tuple[float, float], ...]
    pool_basin: Rect

    def space(self, key: str) -> SpaceSpec:
        """The space of that key (`L1.lobby`); LayoutError if there is none."""
        for spec in self.spaces:
            if spec.key == key:
                return spec
        raise LayoutError(f"no space {key!r} in the palace's layout")

    def storey(self, key: str) -> StoreySpec:
        """The storey of that key (`L1`); LayoutError if there is none."""
        return _storey(key)

    def on(self, storey: str) -> list[SpaceSpec]:
        """The spaces of a storey, in the programme's order."""
        return [s for s in self.spaces if s.storey == storey]

    def of(self, *functions: str) -> list[SpaceSpec]:
        """The spaces whose function is one of those."""
        return [s for s in self.spaces if s.function in functions]


@cache
def build_layout() -> Layout:
    """The whole layout, computed once."""
    rooms = {storey.key: programme.STOREY_ROOMS[storey.key]() for storey in STOREYS}
    rooms["B1"] += _car_park(rooms["B1"])
    shapes = {key: {r.key: _union(r.rects, r) for r in rows} for key, rows in rooms.items()}
    doors = tuple(_number_doors(d for key in rooms for d in _doors(key, rooms[key], shapes[key])))
    spaces = tuple(s for key in rooms for s in _spaces(key, rooms[key], shapes[key], doors))
    return Layout(
        STOREYS,
        spaces,
        doors,
        _stairs(),
        _lifts(),
        _ramps(),
        tuple(_bays()),
        PV_ZONES,
        PLANT_ZONES,
        LAMPS,
        POOL_BASIN,
    )


def _storey(key: str) -> StoreySpec:
    for storey in STOREYS:
        if storey.key == key:
            return storey
    raise LayoutError(f"no storey {key!r} in the palace's layout")


def _union(rects: Iterable[Rect], room: Room) -> Polygon:
    shape = unary_union([box(*r) for r in rects])
    if not isinstance(shape, Polygon):
        raise LayoutError(f"room {room.key!r} is not in one piece")
    return orient(shape)


def _car_park(rooms: list[Room]) -> list[Room]:
    taken = unary_union([box(*r) for room in rooms for r in room.rects])
    zones = []
    for i, name in enumerate("abcd"):
        low, high = PARK_CUTS[i], PARK_CUTS[i + 1]
        rest = box(low, 0, high, 50.4).difference(taken)
        parts = list(getattr(rest, "geoms", [rest]))
        best = max(parts, key=lambda p: p.area)
        doors = f"park_{'abcd'[i + 1]} open" if i < 3 else ""
        zones.append(
            Room(
                f"park_{name}",
                f"停车{name.upper()}区",
                f"Parking zone {name.upper()}",
                "car_park",
                tuple(_rects_of(best)),
                0,
                doors,
                4.3,
            )
        )
    return zones


def _rects_of(shape: Polygon) -> Iterator[Rect]:
    """A rectilinear polygon as rectangles, cut at each of its x coordinates."""
    xs = sorted({round(x, 3) for x, _ in shape.exterior.coords})
    for a, b in pairwise(xs):
        piece = shape.intersection(box(a, -100, b, 200))
        for part in getattr(piece, "geoms", [piece]):
            if part.area > 0.01:
                yield tuple(round(v, 3) for v in part.bounds)


def _doors(storey: str, rooms: list[Room], shapes: dict[str, Polygon]) -> Iterator[DoorSpec]:
    inside = unary_union([shapes[r.key] for r in rooms if not r.external])
    for room in rooms:
        for entry in filter(None, (e.strip() for e in room.doors.split(";"))):
            other, kind, at = _parse_door(entry)
            if other == "out":
                edge: BaseGeometry = shapes[room.key].boundary.intersection(inside.boundary)
            elif other in shapes:
                edge = shapes[room.key].boundary.intersection(shapes[other].boundary)
            else:
                raise LayoutError(f"{storey}.{room.key}: door to unknown room {other!r}")
            yield _door(storey, room.key, None if other == "out" else other, kind, at, edge)


def _parse_door(entry: str) -> tuple[str, str, Point | None]:
    head, _, place = entry.partition("@")
    other, _, kind = head.strip().partition(" ")
    at = Point(*(float(v) for v in place.split(","))) if place else None
    return other, kind.strip() or "single", at


def _segments(edge: BaseGeometry) -> list[tuple[float, float, float, float]]:
    """The straight pieces of a shared boundary, merged, as (x0, y0, x1, y1)."""
    lines = [g for g in getattr(edge, "geoms", [edge]) if isinstance(g, LineString)]
    merged = unary_union(MultiLineString(lines)) if lines else LineString()
    pieces = []
    for line in getattr(merged, "geoms", [merged]):
        coords = list(line.coords)
        pieces += [(*a, *b) for a, b in pairwise(coords)]
    return _join_collinear(pieces)


def _join_collinear(
    pieces: list[tuple[float, float, float, float]],
) -> list[tuple[float, float, float, float]]:
    runs: dict[tuple[str, float], list[tuple[float, float]]] = {}
    for x0, y0, x1, y1 in pieces:
        vertical = abs(x0 - x1) < 1e-6
        line = ("y", round(x0, 3)) if vertical else ("x", round(y0, 3))
        low, high = sorted((y0, y1) if vertical else (x0, x1))
        runs.setdefault(line, []).append((round(low, 3), round(high, 3)))
    joined = []
    for (axis, at), spans in sorted(runs.items()):
        for low, high in _merge_spans(spans):
            joined.append((low, at, high, at) if axis == "x" else (at, low, at, high))
    return joined


def _merge_spans(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1] + 1e-6:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _door(storey: str, a: str, b: str | None, kind: str, at: Point | None, edge: BaseGeometry) -> DoorSpec:
    segments = _segments(edge)
    if not segments:
        raise LayoutError(f"{storey}: {a} and {b or 'outside'} share no wall")
    lines = [LineString([s[:2], s[2:]]) for s in segments]
    line = min(lines, key=lambda g: g.distance(at)) if at else max(lines, key=lambda g: g.length)
    width, height = _door_size(storey, a, b, kind, line.length)
    along = line.project(at) if at else line.length / 2
    margin = min(width / 2 + 0.25, line.length / 2)
    place = line.interpolate(min(max(along, margin), line.length - margin))
    (x0, _), (x1, _) = line.coords
    axis = "y" if abs(x0 - x1) < 1e-6 else "x"
    x, y = round(place.x, 3), round(place.y, 3)
    far = None if b is None else f"{storey}.{b}"
    key = f"{storey}.{a}>{b or 'out'}@{x:g},{y:g}"
    return DoorSpec(
        key, "", storey, f"{storey}.{a}", far, x, y, _storey(storey).elevation, axis, width, height, kind
    )


def _door_size(storey: str, a: str, b: str | None, kind: str, length: float) -> tuple[float, float]:
    if kind == "open":
        return round(length, 3), 3.0
    for room in (a, b):
        if kind == "opening" and (storey, room) in SPECIAL_OPENINGS:
            return SPECIAL_OPENINGS[storey, str(room)]
    return DOOR_SIZES[kind]


def _number_doors(doors: Iterable[DoorSpec]) -> Iterator[DoorSpec]:
    counts: dict[str, int] = {}
    for door in doors:
        counts[door.storey] = counts.get(door.storey, 0) + 1
        number = f"{door.storey}-D{counts[door.storey]:03d}"
        yield DoorSpec(**{**door.__dict__, "number": number})


def _spaces(
    storey: str, rooms: list[Room], shapes: dict[str, Polygon], doors: tuple[DoorSpec, ...]
) -> Iterator[SpaceSpec]:
    level = _storey(storey)
    counts: dict[str, int] = {}
    for room in rooms:
        wing = room.wing or _wing(storey, room)
        letter = WING_LETTERS[wing]
        counts[letter] = counts.get(letter, 0) + 1
        digit = "1" if storey in {"B1", "RF"} else storey[1:]
        public = room.public and room.function not in {"lift", "shaft"}
        gross = shapes[room.key]
        net = _net(gross, _open_edges(f"{storey}.{room.key}", doors, gross, shapes, storey))
        yield SpaceSpec(
            f"{storey}.{room.key}",
            f"{letter}{digit}-{counts[letter]:02d}",
            room.name_zh,
            room.name_en,
            room.function,
            storey,
            _ring(net),
            level.elevation,
            room.height or level.height - CEILING_GAP,
            wing,
            room.capacity,
            _ring(gross),
            public,
            room.external,
        )


def _wing(storey: str, room: Room) -> str:
    if storey == "B1":
        return "basement"
    x = min(r[0] for r in room.rects)
    if room.function == "lobby":
        return "atrium"
    return "sports" if x < 58.8 else "culture"


def _open_edges(
    key: str, doors: tuple[DoorSpec, ...], gross: Polygon, shapes: dict[str, Polygon], storey: str
) -> BaseGeometry:
    edges = []
    for door in doors:
        if door.kind == "open" and key in (door.space_a, door.space_b):
            other = door.space_b if door.space_a == key else door.space_a
            edges.append(gross.boundary.intersection(shapes[str(other).removeprefix(f"{storey}.")].boundary))
    return unary_union(edges)


def _net(gross: Polygon, open_edges: BaseGeometry) -> Polygon:
    """The gross shape less half a wall on every edge that has a wall."""
    walled = gross.boundary.difference(open_edges.buffer(1e-4)) if not open_edges.is_empty else gross.boundary
    net = gross.difference(walled.buffer(WALL / 2, cap_style="square", join_style="mitre"))
    parts = [p for p in getattr(net, "geoms", [net]) if isinstance(p, Polygon)]
    return max(parts, key=lambda p: p.area)


def _ring(shape: Polygon) -> tuple[tuple[float, float], ...]:
    coords = list(orient(cast(Polygon, shape.simplify(1e-3))).exterior.coords)[:-1]
    return tuple((round(x, 3), round(y, 3)) for x, y in coords)


def _stairs() -> tuple[StairSpec, ...]:
    stairs = []
    plans: list[tuple[str, int, Rect, tuple[str, ...]]]
    plans = [("s", i, r, ("B1", "L1", "L2", "L3")) for i, r in enumerate(programme.SPORTS_STAIRS, 1)]
    plans += [("c", i, r, tuple(s.key for s in STOREYS)) for i, r in enumerate(programme.CULTURE_STAIRS, 1)]
    for wing, number, rect, storeys in plans:
        entry = {"s1": "+y", "s2": "-x", "c1": "+x", "c2": "-x"}[f"{wing}{number}"]
        for low, high in pairwise(storeys):
            name = f"{wing.upper()}{number} {low}-{high}"
            stairs.append(
                StairSpec(
                    f"stair_{wing}{number}.{low}",
                    f"楼梯{name}",
                    f"Stair {name}",
                    (f"{low}.stair_{wing}{number}", f"{high}.stair_{wing}{number}"),
                    _clear(rect),
                    entry,
                    _storey(low).elevation,
                    _storey(high).elevation,
                )
            )
    stairs.append(
        StairSpec(
            "stair_grand",
            "大厅主楼梯",
            "Grand stair",
            ("L1.lobby", "L2.gallery"),
            (65.0, 25.9, 69.4, 37.8),
            "+y",
            0.0,
            5.4,
            "straight",
        )
    )
    return tuple(stairs)


def _clear(rect: Rect) -> Rect:
    half = WALL / 2
    return (
        round(rect[0] + half, 3),
        round(rect[1] + half, 3),
        round(rect[2] - half, 3),
        round(rect[3] - half, 3),
    )


def _lifts() -> tuple[LiftSpec, ...]:
    plans = [("s1", programme.SPORTS_LIFTS[0], "+y"), ("s2", programme.SPORTS_LIFTS[1], "+y")]
    plans += [("c1", programme.CULTURE_LIFTS[0], "+x"), ("c2", programme.CULTURE_LIFTS[1], "+x")]
    plans.append(("c3", programme.FREIGHT_LIFT, "-x"))
    lifts = []
    for key, rect, entry in plans:
        stops = ("B1", "L1", "L2", "L3") if key[0] == "s" else ("B1", "L1", "L2", "L3", "L4", "L5")
        kind_zh, kind_en = ("货梯", "Goods lift") if key == "c3" else ("客梯", "Lift")
        lifts.append(
            LiftSpec(
                f"lift_{key}",
                f"{kind_zh}{key.upper()}",
                f"{kind_en} {key.upper()}",
                _clear(rect),
                entry,
                stops,
                tuple(f"{s}.lift_{key}" for s in stops),
            )
        )
    return tuple(lifts)


def _ramps() -> tuple[RampSpec, ...]:
    return (
        RampSpec(
            "ramp_car",
            "车库坡道",
            "Car park ramp",
            (138.4, 22.4, -5.1),
            (138.4, -20.1, 0.0),
            6.4,
            "B1.ramp",
            None,
        ),
    )


def _bays() -> Iterator[ParkingBay]:
    """Bays three to a module in rows along the aisles, wherever the row is free car park."""
    layout_rooms = programme.STOREY_ROOMS["B1"]()
    taken = unary_union([box(*r) for room in layout_rooms for r in room.rects])
    # Cross aisles between the long ones, and the strip in front of the lift lobbies' doors.
    clear = [
        box(31.4, 12.0, 37.2, 24.0),
        box(48, 12.0, 53.4, 24.0),
        box(128.8, 12.0, 134.4, 24.0),
        box(75.6, 29.0, 81.4, 41.0),
        box(88.0, 23.0, 93.0, 29.4),
    ]
    blocked = unary_union([taken, *clear])
    rows = ((3.9, 0.0), (15.3, 180.0), (20.7, 0.0), (32.1, 180.0), (37.5, 0.0))
    count = 0
    for y, turn in rows:
        for slot in range(48):
            x = round(0.45 + MODULE * (slot // 3) + 1.25 + 2.5 * (slot % 3), 3)
            area = box(x - 1.25, y - 2.65, x + 1.25, y + 2.65)
            if area.intersects(blocked.buffer(0.05)):
                continue
            count += 1
            zone = "abcd"[next(i for i in range(4) if x < PARK_CUTS[i + 1])]
            charger, accessible = y < 5 and 50 < x < 92, 20 < y < 21 and 93 < x < 101
            yield ParkingBay(f"B1-{count:03d}", x, y, -5.1, turn, f"B1.park_{zone}", charger, accessible)
