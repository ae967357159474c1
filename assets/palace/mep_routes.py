"""Runs of ducts, pipes and cable trays: straight pieces along corridors, halls and shafts, and branches.

Pure data over the layout; no IFC. Metres, Z up, the model's local frame. Every run is cut into pieces no
longer than a delivered length, with a fitting at each bend.
"""

# ruff: noqa: E501  (tables of runs read better in rows)

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, dist

from shapely import Point

from assets.palace.devices_climate import PUMPS, fan_coil_spots, terminal_spots
from assets.palace.devices_spec import Vec3, ceiling, grid, outline, wing_letter
from assets.palace.layout import Layout, SpaceSpec

PIECE_M = 6.0


@dataclass(frozen=True, slots=True)
class Section:
    """What is drawn along a run: IFC class, system, finish, names, and its size in m (height 0: round)."""

    key: str
    ifc_class: str
    predefined: str
    system: str
    finish: str
    name_zh: str
    name_en: str
    width: float
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A straight piece between two points on its axis, or (`end` = `start`) a bend."""

    key: str
    section: Section
    start: Vec3
    end: Vec3
    storey: str


def _duct(key: str, system: str, finish: str, zh: str, en: str, width: float, height: float = 0.0) -> Section:
    return Section(key, "IfcDuctSegment", "RIGIDSEGMENT", system, finish, zh, en, width, height)


def _pipe(key: str, system: str, finish: str, zh: str, en: str, width: float) -> Section:
    return Section(key, "IfcPipeSegment", "RIGIDSEGMENT", system, finish, zh, en, width)


def _tray(key: str, system: str, finish: str, zh: str, en: str, width: float, height: float) -> Section:
    return Section(key, "IfcCableCarrierSegment", "CABLETRAYSEGMENT", system, finish, zh, en, width, height)


SUPPLY = _duct("supply_main", "supply_air", "duct", "送风干管", "Supply duct", 0.5, 0.28)
SUPPLY_BRANCH = _duct("supply_branch", "supply_air", "duct", "送风支管", "Supply branch duct", 0.32, 0.2)
SUPPLY_RISER = _duct("supply_riser", "supply_air", "duct", "送风立管", "Supply riser", 1.0, 0.6)
SUPPLY_ROUND = _duct("supply_round", "supply_air", "duct", "送风圆管", "Round supply duct", 0.7)
EXHAUST = _duct("exhaust_main", "exhaust", "duct_exhaust", "排风干管", "Exhaust duct", 0.9, 0.35)
EXHAUST_BRANCH = _duct(
    "exhaust_branch", "exhaust", "duct_exhaust", "排风支管", "Exhaust branch duct", 0.25, 0.18
)
EXHAUST_RISER = _duct("exhaust_riser", "exhaust", "duct_exhaust", "排风立管", "Exhaust riser", 0.9, 0.5)
CHWS = _pipe("chws", "chilled_water", "pipe_cyan", "冷冻水供水管", "Chilled water supply pipe", 0.12)
CHWR = _pipe("chwr", "chilled_water", "pipe_blue", "冷冻水回水管", "Chilled water return pipe", 0.12)
CHWS_MAIN = _pipe(
    "chws_main", "chilled_water", "pipe_cyan", "冷冻水供水主管", "Chilled water supply main", 0.26
)
CHWR_MAIN = _pipe(
    "chwr_main", "chilled_water", "pipe_blue", "冷冻水回水主管", "Chilled water return main", 0.26
)
CHWS_BRANCH = _pipe(
    "chws_branch", "chilled_water", "pipe_cyan", "冷冻水供水支管", "Chilled water supply branch", 0.05
)
CHWR_BRANCH = _pipe(
    "chwr_branch", "chilled_water", "pipe_blue", "冷冻水回水支管", "Chilled water return branch", 0.05
)
CONDENSER = _pipe("condenser", "condenser_water", "pipe_purple", "冷却水管", "Condenser water pipe", 0.24)
COLD = _pipe("cold_water", "cold_water", "pipe_green", "给水管", "Cold water pipe", 0.08)
COLD_BRANCH = _pipe("cold_branch", "cold_water", "pipe_green", "给水支管", "Cold water branch", 0.04)
FIRE = _pipe("fire_main", "fire", "pipe_red", "消防水管", "Fire water pipe", 0.12)
SPRINKLER = _pipe("sprinkler", "fire", "pipe_red", "喷淋支管", "Sprinkler branch", 0.05)
POOL = _pipe("pool", "pool", "pipe_blue", "泳池循环管", "Pool circulation pipe", 0.2)
POWER_TRAY = _tray("power_tray", "power", "tray", "电力桥架", "Power cable tray", 0.3, 0.1)
LIGHT_TRAY = _tray("light_tray", "lighting", "tray", "照明线槽", "Lighting trunking", 0.12, 0.08)
DATA_TRAY = _tray("data_tray", "data", "tray_orange", "弱电桥架", "Data cable tray", 0.2, 0.08)
PV_TRAY = _tray("pv_tray", "pv", "tray", "光伏桥架", "PV cable tray", 0.15, 0.08)

#: In a corridor's ceiling void: section, offset across the corridor, height above the ceiling.
CORRIDOR_BUNDLE = (
    (SUPPLY, 0.75, 0.26), (CHWS, 0.05, 0.14), (CHWR, -0.2, 0.14), (COLD, -0.42, 0.12), (FIRE, -0.65, 0.16),
    (POWER_TRAY, -1.05, 0.40), (DATA_TRAY, -1.05, 0.18),
)  # fmt: skip
#: In a shaft: section, x and y from its south-west corner.
SHAFT_BUNDLE = (
    (SUPPLY_RISER, 0.8, 0.6), (EXHAUST_RISER, 0.8, 1.6), (CHWS_MAIN, 1.75, 0.4), (CHWR_MAIN, 1.75, 0.8), (COLD, 1.75, 1.2),
    (FIRE, 1.75, 1.5), (POWER_TRAY, 1.75, 1.9), (DATA_TRAY, 1.3, 2.2),
)  # fmt: skip
SHAFTS = (
    ("shaft_s", ("B1", "L1", "L2", "L3")),
    ("shaft_w", ("L1", "L2", "L3", "L4", "L5")),
    ("shaft_e", ("B1", "L1", "L2", "L3", "L4", "L5")),
)
#: Runs in the car park and the plant rooms: section, and points (x, y, height above the basement floor).
BASEMENT_RUNS: tuple[tuple[Section, tuple[Vec3, ...]], ...] = (
    (CHWS_MAIN, ((19.0, 36.4, 2.65), (35.2, 36.4, 2.65), (35.2, 36.4, 3.3), (35.2, 28.6, 3.3), (42.35, 28.6, 3.3), (42.35, 20.4, 3.3))),
    (CHWR_MAIN, ((19.0, 36.9, 2.65), (35.7, 36.9, 2.65), (35.7, 36.9, 3.3), (35.7, 29.1, 3.3), (42.75, 29.1, 3.3), (42.75, 20.0, 3.3))),
    (CHWS_MAIN, ((42.35, 28.6, 3.3), (116.4, 28.6, 3.3), (116.4, 25.2, 3.3), (125.15, 25.2, 3.3), (125.15, 19.6, 3.3))),
    (CHWR_MAIN, ((42.75, 29.1, 3.3), (116.9, 29.1, 3.3), (116.9, 25.7, 3.3), (125.55, 25.7, 3.3), (125.55, 19.6, 3.3))),
    (CONDENSER, ((22.2, 33.2, 2.65), (36.2, 33.2, 2.65), (36.2, 33.2, 3.6), (36.2, 28.0, 3.6), (126.4, 28.0, 3.6), (126.4, 19.4, 3.6))),
    (EXHAUST, ((43.4, 13.0, 3.55), (3.0, 13.0, 3.55))),
    (EXHAUST, ((43.4, 13.0, 3.55), (132.0, 13.0, 3.55))),
    (FIRE, ((52.0, 47.6, 3.2), (52.0, 44.4, 3.2), (131.0, 44.4, 3.2), (131.0, 8.0, 3.2), (2.0, 8.0, 3.2), (2.0, 28.8, 3.2))),
    (FIRE, ((52.0, 44.4, 3.2), (38.4, 44.4, 3.2), (38.4, 28.2, 3.2), (2.0, 28.2, 3.2))),
    (COLD, ((66.0, 47.6, 3.0), (66.0, 44.0, 3.0), (39.0, 44.0, 3.0), (39.0, 27.6, 3.0), (42.35, 27.6, 3.0), (42.35, 20.4, 3.0))),
    (COLD, ((66.0, 44.0, 3.0), (115.8, 44.0, 3.0), (115.8, 24.6, 3.0), (125.15, 24.6, 3.0), (125.15, 19.6, 3.0))),
    (POWER_TRAY, ((12.6, 29.6, 3.8), (12.6, 28.9, 3.8), (134.0, 28.9, 3.8))),
    (POWER_TRAY, ((12.6, 28.9, 3.8), (1.0, 28.9, 3.8), (1.0, 12.4, 3.8), (134.0, 12.4, 3.8))),
    (DATA_TRAY, ((96.0, 46.6, 3.5), (96.0, 28.4, 3.5), (48.4, 28.4, 3.5))),
    (DATA_TRAY, ((96.0, 28.4, 3.5), (120.0, 28.4, 3.5), (120.0, 23.2, 3.5))),
    (POOL, ((19.0, 42.6, 2.6), (31.0, 42.6, 2.6), (31.0, 45.4, 2.6), (19.0, 45.4, 2.6))),
)  # fmt: skip
#: Runs on the roof: section, and points (x, y, height above the deck).
ROOF_RUNS: tuple[tuple[Section, tuple[Vec3, ...]], ...] = (
    (SUPPLY_RISER, ((77.3, 34.0, 1.5), (77.3, 20.4, 1.5), (82.0, 20.4, 1.5))),
    (EXHAUST, ((86.6, 30.6, 0.9), (86.6, 20.6, 0.9), (83.2, 20.6, 0.9))),
    (CONDENSER, ((129.4, 31.0, 0.5), (129.4, 19.8, 0.5), (126.6, 19.8, 0.5))),
    (CONDENSER, ((129.9, 31.0, 0.5), (129.9, 19.2, 0.5), (126.6, 19.2, 0.5))),
    (POOL, ((123.8, 29.0, 0.4), (123.8, 19.6, 0.4))),
    (CHWS_MAIN, ((83.2, 34.0, 0.5), (83.2, 19.0, 0.5))),
    (CHWR_MAIN, ((83.6, 34.0, 0.5), (83.6, 19.0, 0.5))),
    (PV_TRAY, ((77.6, 0.0, 0.25), (77.6, 13.0, 0.25))),
    (PV_TRAY, ((77.6, 40.0, 0.25), (77.6, 48.6, 0.25))),
    (PV_TRAY, ((77.6, 10.6, 0.25), (118.8, 10.6, 0.25), (118.8, 17.6, 0.25))),
    (PV_TRAY, ((77.6, 39.8, 0.25), (119.3, 39.8, 0.25), (119.3, 20.4, 0.25))),
)  # fmt: skip


def all_pieces(layout: Layout) -> list[Piece]:
    """Give every piece of the building's distribution, in a stable order."""
    runs = [*_corridors(layout), *_fan_coils(layout), *_halls(layout), *_shafts(layout), *_wet_rooms(layout)]
    runs += [*_basement(layout), *_roof(layout), *_car_park_rows(layout), *_room_trunking(layout)]
    return [piece for i, run in enumerate(runs) for piece in cut(i, *run)]


Run = tuple[str, Section, Sequence[Vec3]]


def cut(index: int, storey: str, section: Section, points: Sequence[Vec3]) -> Iterator[Piece]:
    """Cut a run into straight pieces, with a bend between those of different directions."""
    count = 0
    for leg, (a, b) in enumerate(pairwise(points)):
        if dist(a, b) < 0.05:
            continue
        if leg:
            yield Piece(f"{section.key}/{index}/bend{leg}", section, a, a, storey)
        steps = ceil(dist(a, b) / PIECE_M)
        for i in range(steps):
            yield Piece(
                f"{section.key}/{index}/{count}",
                section,
                _mix(a, b, i / steps),
                _mix(a, b, (i + 1) / steps),
                storey,
            )
            count += 1


def _mix(a: Vec3, b: Vec3, t: float) -> Vec3:
    return (
        round(a[0] + (b[0] - a[0]) * t, 4), round(a[1] + (b[1] - a[1]) * t, 4), round(a[2] + (b[2] - a[2]) * t, 4)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spine:
    """A corridor's middle line: along x (or y) at `at`, from `low` to `high`."""

    space: SpaceSpec
    along_x: bool
    at: float
    low: float
    high: float

    def point(self, along: float, across: float, z: float) -> Vec3:
        """The point `along` the corridor, `across` from its middle."""
        return (along, self.at + across, z) if self.along_x else (self.at + across, along, z)


def spines(layout: Layout) -> list[Spine]:
    """Give the middle lines of the corridors above ground, drawn into the corridors that they join."""
    found = []
    for space in layout.of("corridor"):
        if space.storey != "B1":
            x0, y0, x1, y1 = outline(space).bounds
            along_x = x1 - x0 >= y1 - y0
            low, high, at = (x0, x1, (y0 + y1) / 2) if along_x else (y0, y1, (x0 + x1) / 2)
            name = space.key.partition(".")[2]
            before = 1.5 if name in {"cor_w", "cor_e", "link"} else -0.3
            after = 1.5 if name in {"cor_w", "cor_e"} else -0.3
            found.append(Spine(space, along_x, round(at, 3), round(low - before, 3), round(high + after, 3)))
    return found


def _corridors(layout: Layout) -> Iterator[Run]:
    for spine in spines(layout):
        z = ceiling(spine.space)
        for section, across, up in CORRIDOR_BUNDLE:
            ends = [spine.point(end, across, z + up) for end in (spine.low, spine.high)]
            yield spine.space.storey, section, ends


def _nearest(spines_here: Iterable[Spine], x: float, y: float) -> Spine | None:
    """The spine that a straight branch from (x, y) reaches first; None: none runs past it."""
    best, reach = None, 30.0
    for spine in spines_here:
        along, across = (x, y) if spine.along_x else (y, x)
        if spine.low <= along <= spine.high and abs(across - spine.at) < reach:
            best, reach = spine, abs(across - spine.at)
    return best


def _fan_coils(layout: Layout) -> Iterator[Run]:
    """Two pipes from the corridor to each fan coil, a duct from it to its diffuser."""
    by_storey: dict[str, list[Spine]] = {}
    for spine in spines(layout):
        by_storey.setdefault(spine.space.storey, []).append(spine)
    for space in layout.spaces:
        for x, y in fan_coil_spots(space):
            yield from _fan_coil(space, x, y, by_storey.get(space.storey, []))


def _fan_coil(space: SpaceSpec, x: float, y: float, near: Sequence[Spine]) -> Iterator[Run]:
    z = ceiling(space)
    spine = _nearest((s for s in near if wing_letter(s.space) == wing_letter(space)), x, y)
    if spine is not None:
        for section, offset, up, across in ((CHWS_BRANCH, -0.1, 0.30, 0.05), (CHWR_BRANCH, 0.06, 0.22, -0.2)):
            along = (x + 0.62, y + offset) if spine.along_x else (x + 0.62 + offset, y)
            start = spine.point(along[0] if spine.along_x else along[1], across, z + up)
            corner = (start[0], along[1], z + up) if spine.along_x else (along[0], start[1], z + up)
            yield space.storey, section, [start, corner]
    yield space.storey, SUPPLY_BRANCH, [(x, y + 0.32, z + 0.32), (x, diffuser_y(space, y), z + 0.32)]


def diffuser_y(space: SpaceSpec, y: float) -> float:
    """Where the diffuser of a fan coil at `y` lies: 2 m ahead of it, kept inside the room."""
    top = outline(space).bounds[3]
    return round(min(y + 2.0, top - 0.45), 3)


def _halls(layout: Layout) -> Iterator[Run]:
    """A duct over each row of supply terminals, and a header across the rows at one end."""
    for space in layout.of(
        "basketball_hall",
        "swimming_pool",
        "badminton_hall",
        "theatre",
        "stage",
        "exhibition_hall",
        "foyer",
    ):
        rows: dict[float, list[float]] = {}
        for x, y in terminal_spots(space):
            rows.setdefault(y, []).append(x)
        high = ceiling(space) - space.floor_z > 6
        section, z = (SUPPLY_ROUND, ceiling(space) - 0.4) if high else (SUPPLY, ceiling(space) + 0.28)
        ends = []
        for y, xs in sorted(rows.items()):
            for low, high_x in _stretches(sorted(xs), 7.0):
                ends.append(high_x + 1.2)
                yield space.storey, section, [(high_x + 1.2, y, z), (low - 0.6, y, z)]
        if len(rows) > 1:
            x = max(ends)
            yield space.storey, section, [(x, min(rows), z), (x, max(rows), z)]


def _shafts(layout: Layout) -> Iterator[Run]:
    for name, storeys in SHAFTS:
        for key in storeys:
            level, space = layout.storey(key), layout.space(f"{key}.{name}")
            x0, y0, _, _ = outline(space).bounds
            for section, dx, dy in SHAFT_BUNDLE:
                top = level.elevation + level.height
                yield key, section, [(x0 + dx, y0 + dy, level.elevation), (x0 + dx, y0 + dy, top)]


def _wet_rooms(layout: Layout) -> Iterator[Run]:
    """Cold water into every wet room from the corridor beside it; exhaust air out of it."""
    for space in layout.of(
        "toilet_women",
        "toilet_men",
        "toilet_accessible",
        "water_point",
        "changing_room_men",
        "changing_room_women",
    ):
        near = [
            s
            for s in spines(layout)
            if s.space.storey == space.storey and wing_letter(s.space) == wing_letter(space)
        ]
        x0, y0, x1, y1 = outline(space).bounds
        x, y, z = (x0 + x1) / 2, (y0 + y1) / 2, ceiling(space)
        spine = _nearest(near, x, y)
        if spine is None:
            continue
        start = spine.point(x if spine.along_x else y, -0.42, z + 0.12)
        yield space.storey, COLD_BRANCH, [start, (x, y, z + 0.12), (x, y, space.floor_z + 1.0)]
        far = spine.point(x + 0.7 if spine.along_x else y + 0.7, 0.0, z + 0.45)
        corner = (x + 0.7, y, z + 0.45) if spine.along_x else (x, y + 0.7, z + 0.45)
        yield space.storey, EXHAUST_BRANCH, [corner, far]


def _basement(layout: Layout) -> Iterator[Run]:
    floor = layout.storey("B1").elevation
    for section, points in BASEMENT_RUNS:
        yield "B1", section, [(x, y, floor + z) for x, y, z in points]
    for rule in PUMPS:
        room = layout.space(rule.room)
        section = {"chilled_water": CHWS_MAIN, "condenser_water": CONDENSER, "pool": POOL, "fire": FIRE}.get(
            rule.systems, COLD
        )
        for i in range(rule.count):
            x, y = rule.x + i * rule.step[0], rule.y + i * rule.step[1]
            yield room.storey, section, [(x, y, floor + 0.85), (x, y, floor + 2.65)]
        last = rule.x + (rule.count - 1) * rule.step[0]
        yield room.storey, section, [(rule.x, rule.y, floor + 2.65), (last, rule.y, floor + 2.65)]


def _roof(layout: Layout) -> Iterator[Run]:
    deck = layout.storey("RF").elevation
    for section, points in ROOF_RUNS:
        yield "RF", section, [(x, y, deck + z) for x, y, z in points]


def _car_park_rows(layout: Layout) -> Iterator[Run]:
    """Trunking over the heads of the bays, that carries their sensors; sprinkler branches across the aisles."""
    rows: dict[tuple[float, float], list[float]] = {}
    for bay in layout.bays:
        reach = bay.length / 2 - 0.6
        y = bay.y + (reach if bay.turn_deg == 0 else -reach)
        rows.setdefault((round(y, 3), bay.z), []).append(bay.x)
    for (y, floor), xs in sorted(rows.items()):
        for low, high in _stretches(sorted(xs)):
            yield "B1", LIGHT_TRAY, [(low - 1.1, y, floor + 2.78), (high + 1.1, y, floor + 2.78)]
    for x, y0, y1 in sprinkler_branches(layout):
        z = layout.storey("B1").elevation + 3.4
        yield "B1", SPRINKLER, [(x, y0, z), (x, y1, z)]


def _stretches(xs: Sequence[float], gap: float = 4.0) -> Iterator[tuple[float, float]]:
    """Neighbours joined: (first, last) of each stretch without a gap of more than `gap` m."""
    start = last = xs[0]
    for x in xs[1:]:
        if x - last > gap:
            yield start, last
            start = x
        last = x
    yield start, last


def sprinkler_branches(layout: Layout) -> list[tuple[float, float, float]]:
    """Sprinkler branches of the car park: x, and y from and to, one a module, cut where rooms stand."""
    found = []
    for zone in layout.of("car_park"):
        x0, y0, x1, y1 = outline(zone).bounds
        for i in range(int((x1 - x0) // 4.2)):
            x = round(x0 + 2.1 + 4.2 * i, 3)
            inside = [y for _, y in _column(zone, x, y0, y1)]
            for low, high in _stretches(inside) if inside else ():
                if high - low > 3.0:
                    found.append((x, low, high))
    return found


def _column(zone: SpaceSpec, x: float, y0: float, y1: float) -> list[tuple[float, float]]:
    shape = outline(zone).buffer(-0.4)
    count = int((y1 - y0) // 1.0)
    return [(x, round(y0 + 0.5 + i, 3)) for i in range(count) if shape.contains(Point(x, y0 + 0.5 + i))]


def sprinkler_heads(layout: Layout) -> list[Vec3]:
    """Where the car park's sprinkler heads hang: every 4 m along the branches."""
    z = layout.storey("B1").elevation + 3.38
    return [
        (x, round(y0 + 0.6 + 4.0 * i, 3), z)
        for x, y0, y1 in sprinkler_branches(layout)
        for i in range(int((y1 - y0 - 0.6) // 4.0) + 1)
    ]


def _room_trunking(layout: Layout) -> Iterator[Run]:
    """A trunking over the luminaires of each larger room, along its longer side."""
    for space in layout.of(
        "training_room",
        "music_room",
        "art_room",
        "dance_room",
        "library",
        "office",
        "fitness",
        "meeting_room",
        "table_tennis_hall",
        "martial_arts",
        "kids_sports",
    ):
        x0, y0, x1, y1 = outline(space).bounds
        x, y = grid(space, 40.0, 1.0)[0]
        z = ceiling(space) + 0.5
        ends = (
            [(x0 + 0.3, y, z), (x1 - 0.3, y, z)]
            if x1 - x0 >= y1 - y0
            else [(x, y0 + 0.3, z), (x, y1 - 0.3, z)]
        )
        yield space.storey, LIGHT_TRAY, ends
