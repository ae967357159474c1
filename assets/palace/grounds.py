"""The open air: lawn, plaza paving, street, trees, benches, water, the outdoor stage."""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, pi, radians, sin

import numpy as np
from shapely import Polygon, box, unary_union
from shapely.geometry.base import BaseGeometry

from assets.palace import trees
from assets.palace.devices_mesh import Mesh, joined, lathe, prism, tube
from assets.palace.floors import disc
from assets.palace.ifc_writer import Extrusion, Frame, IfcWriter, Part, TypeHandle
from assets.palace.joinery import slab
from assets.palace.meshes import ribbon
from assets.palace.structure import flat_part

SITE = (-46.0, -70.0, 172.0, 82.0)
BUILDING = ((-0.2, -0.2, 58.8, 50.6), (58.8, 8.2, 75.6, 42.2), (75.6, -0.2, 134.6, 50.6))
RAMP_HOLE = (134.5, -20.1, 141.9, 14.0)
PLAZA = (0.0, -42.0, 134.4, -3.6)
POND = (33.0, -31.0, 57.0, -25.0)
STAGE = (115.2, -23.0)


def place_all(writer: IfcWriter) -> None:
    """Write everything outside the walls."""
    _terrain(writer)
    _paving(writer)
    _street(writer)
    _planting(writer)
    _pond(writer)
    _stage(writer)
    _benches(writer)
    _bollards(writer)
    _flags(writer)
    _bike_racks(writer)
    _planters(writer)


def _flat(
    writer: IfcWriter,
    key: str,
    name: str,
    shape: BaseGeometry,
    top: float,
    depth: float,
    finish: str,
    name_en: str = "",
    container: str = "site",
    cls: str = "IfcCovering",
) -> None:
    predefined = {"IfcCovering": "FLOORING", "IfcGeographicElement": "TERRAIN"}.get(cls)
    pieces = [p for p in getattr(shape, "geoms", [shape]) if isinstance(p, Polygon) and p.area > 0.2]
    for i, piece in enumerate(pieces):
        writer.element(
            cls,
            f"{key}/{i}",
            name,
            Frame(0, 0, 0),
            container,
            parts=[flat_part(piece, depth, top - depth, finish)],
            predefined=predefined,
            name_en=name_en,
        )


def _terrain(writer: IfcWriter) -> None:
    built = unary_union([box(*r) for r in BUILDING])
    hole = box(*RAMP_HOLE)
    lawn = box(*SITE).difference(
        unary_union([built, hole, box(*PLAZA), box(SITE[0], -64, SITE[2], -42), box(*POND)])
    )
    _flat(writer, "lawn", "草坪", lawn, -0.06, 0.3, "grass", "Lawn", cls="IfcGeographicElement")
    apron = built.buffer(3.4, join_style="mitre").difference(unary_union([built, hole, box(*PLAZA)]))
    walk = (
        box(-24, -42, -20.5, 12).union(box(-24, 8.5, 0, 12)).difference(built.buffer(3.4, join_style="mitre"))
    )
    _flat(writer, "apron", "环楼步道", apron, -0.02, 0.25, "paving", "Perimeter path")
    _flat(writer, "walk", "林间步道", walk, -0.02, 0.25, "paving_red", "Grove path")
    drive = box(134.4, -42.0, 142.0, -20.1)
    _flat(writer, "drive", "车库入口车道", drive, -0.01, 0.25, "asphalt", "Car park drive")
    forecourt = box(58.9, -3.6, 75.5, 8.1).union(box(0, -3.6, 58.9, -0.3)).union(box(75.5, -3.6, 134.4, -0.3))
    _flat(
        writer,
        "forecourt",
        "前庭与骑楼铺地",
        forecourt,
        -0.01,
        0.25,
        "stone_floor_dark",
        "Forecourt and arcade paving",
    )


def _tile_type(writer: IfcWriter) -> TypeHandle:
    """8.4 x 7.68 m of plaza: pale granite, a dark border, a brick-red diamond as in Minnan courtyards."""
    wide, deep = 8.4, 7.68
    base = box(0, 0, wide, deep)
    border = base.difference(box(0.35, 0.35, wide - 0.35, deep - 0.35))
    centre = (wide / 2, deep / 2)
    diamond = Polygon(
        [
            (centre[0] - 1.5, centre[1]),
            (centre[0], centre[1] - 1.5),
            (centre[0] + 1.5, centre[1]),
            (centre[0], centre[1] + 1.5),
        ]
    )
    inner = diamond.buffer(-0.42, join_style="mitre")
    pale = base.difference(unary_union([border, diamond]))
    joints = [slab(x, 0.35, -0.012, x + 0.05, deep - 0.35, -0.006) for x in (1.4, 2.8, 5.6, 7.0)]
    joints += [slab(0.35, y, -0.012, wide - 0.35, y + 0.05, -0.006) for y in (1.28, 2.24, 5.44, 6.4)]
    parts = [
        flat_part(pale, 0.2, -0.21, "paving"),
        flat_part(border, 0.2, -0.21, "paving_dark"),
        flat_part(diamond.difference(inner), 0.2, -0.21, "paving_red"),
        flat_part(inner, 0.2, -0.21, "granite_light"),
        Part(joined(joints), "paving_dark"),
    ]
    return writer.type(
        "IfcCoveringType", "paving", "广场铺装单元", parts, predefined="FLOORING", name_en="Plaza paving bay"
    )


def _paving(writer: IfcWriter) -> None:
    kind = _tile_type(writer)
    for i in range(16):
        for j in range(5):
            x, y = 8.4 * i, -42.0 + 7.68 * j
            if _meets_pond(x, y):
                continue
            writer.element(
                "IfcCovering",
                f"paving/{i}/{j}",
                "广场铺装",
                Frame(x, y, 0),
                _outdoor_space(x),
                type=kind,
                predefined="FLOORING",
            )
    rest = unary_union(
        [
            box(8.4 * i, -42 + 7.68 * j, 8.4 * i + 8.4, -42 + 7.68 * (j + 1))
            for i in range(16)
            for j in range(5)
            if _meets_pond(8.4 * i, -42 + 7.68 * j)
        ]
    ).difference(box(*POND))
    _flat(writer, "paving/pond", "水景周边铺装", rest, -0.01, 0.2, "paving", "Paving round the water")


def _meets_pond(x: float, y: float) -> bool:
    return box(x, y, x + 8.4, y + 7.68).intersects(box(*POND).buffer(0.3))


def _outdoor_space(x: float) -> str:
    return "L1.stage_out" if x > 95 else "L1.plaza"


def _street(writer: IfcWriter) -> None:
    x0, x1 = SITE[0], SITE[2]
    _flat(writer, "street/pavement", "人行道", box(x0, -50, x1, -42), -0.02, 0.25, "paving_dark", "Pavement")
    tactile = box(x0, -46.2, x1, -45.8)
    _flat(writer, "street/tactile", "盲道", tactile, -0.005, 0.02, "line_yellow", "Tactile paving")
    _flat(writer, "street/road", "市政道路", box(x0, -64, x1, -50.2), -0.17, 0.25, "asphalt", "Road")
    _flat(writer, "street/kerb", "路缘石", box(x0, -50.2, x1, -50), -0.01, 0.3, "granite_light", "Kerb")
    dash = writer.type(
        "IfcBuildingElementProxyType",
        "street/dash",
        "车道虚线",
        [Part(slab(0, -0.07, 0, 3, 0.07, 0.01), "line_white")],
        name_en="Lane mark",
    )
    for i, x in enumerate(range(int(x0) + 3, int(x1) - 4, 7)):
        for y in (-53.6, -60.4):
            writer.element(
                "IfcBuildingElementProxy",
                f"street/dash/{i}/{y}",
                "车道线",
                Frame(x, y, -0.17),
                "site",
                type=dash,
            )
    _flat(
        writer,
        "street/centre",
        "道路中线",
        box(x0, -57.1, x1, -56.9),
        -0.16,
        0.01,
        "line_yellow",
        "Centre line",
    )
    bars = [slab(60 + 1.1 * i, -63.5, -0.17, 60.6 + 1.1 * i, -50.7, -0.155) for i in range(13)]
    writer.element(
        "IfcBuildingElementProxy",
        "street/zebra",
        "人行横道",
        Frame(0, 0, 0),
        "site",
        parts=[Part(joined(bars), "line_white")],
        name_en="Zebra crossing",
    )


# -- planting ------------------------------------------------------------------------------------------


def tree_places() -> Iterator[tuple[str, float, float]]:
    """Kind and place of every tree, m."""
    for i in range(-5, 20):
        x = 4.2 + 8.4 * i
        if not (56 < x < 79 or 132 < x < 145):
            yield "camphor", x, -47.8
    for i in range(6):
        for side in (-1, 1):
            yield "palm", 67.2 + side * 11.5, -9.5 - 6.2 * i
    for i in range(4):
        for j in range(5):
            yield "banyan", -41.0 + 10.0 * i + 2.2 * (j % 2), -36.5 + 9.5 * j
    yield from _back_trees()
    for x in (12.6, 29.4):
        for y in (-12.5, -36.5):
            yield "flame", x, y
    for x, y in ((96.6, -9.0), (133.0, -9.0), (96.6, -38.0), (133.0, -38.0)):
        yield "flame", x, y
    yield from (
        ("court", x, y) for x, y in ((96.6, 18.4), (113.4, 18.4), (96.6, 32.0), (113.4, 32.0), (105.0, 25.2))
    )


def _back_trees() -> Iterator[tuple[str, float, float]]:
    for i in range(9):
        yield "flame", -10.0 - 2.5 * (i % 2), 16.0 + 6.5 * i
        yield "camphor", 150.0 + 3.0 * (i % 2), -34.0 + 11.0 * i
    for i in range(15):
        yield ("flame" if i % 3 else "camphor"), 2.0 + 9.4 * i, 62.0 + 3.0 * (i % 2)
    for i in range(12):
        yield ("camphor" if i % 2 else "banyan"), -38.0 + 17.5 * i, 74.0


def _planting(writer: IfcWriter) -> None:
    makers = {
        "banyan": ("榕树", "Banyan", trees.banyan),
        "flame": ("凤凰木", "Flame tree", trees.flame_tree),
        "camphor": ("香樟", "Camphor", trees.camphor),
        "palm": ("大王椰", "Royal palm", trees.palm),
    }
    kinds = {
        key: writer.type(
            "IfcBuildingElementProxyType",
            f"tree/{key}",
            zh,
            make(),
            name_en=en,
            attributes={"ElementType": "tree"},
        )
        for key, (zh, en, make) in makers.items()
    }
    random = np.random.default_rng(7)
    for i, (kind, x, y) in enumerate(tree_places()):
        turn, size = float(random.uniform(0, 360)), float(random.choice([0.85, 1.0, 1.12, 1.25]))
        court = kind == "court"
        real = "flame" if court else kind
        z, container = (9.95, "L3.court") if court else (-0.05, "site")
        writer.element(
            "IfcGeographicElement",
            f"tree/{i}",
            makers[real][0],
            Frame(x, y, z, round(turn, 1)),
            container,
            type=kinds[real],
            scale=0.62 if court else size,
            predefined="USERDEFINED",
            object_type="tree",
            name_en=makers[real][1],
        )
    _shrubs(writer)


def _shrubs(writer: IfcWriter) -> None:
    kind = writer.type(
        "IfcBuildingElementProxyType",
        "shrub",
        "三角梅花球",
        trees.shrub(),
        name_en="Bougainvillea",
        attributes={"ElementType": "tree"},
    )
    places = [(x, -4.9, 0.0, "site") for x in np.arange(2.0, 57, 2.1) if abs(x % 8.4) > 1] + [
        (x, 53.0, 0.0, "site") for x in np.arange(2, 134, 2.4)
    ]
    places += [(-2.2, y, 0.0, "site") for y in np.arange(2, 50, 2.4)]
    places += [
        (x, y, 10.35, "L3.court")
        for x in np.arange(94.2, 116.5, 1.8)
        for y in (15.6, 34.8)
        if abs(x - 105) > 2.4
    ]
    for i, (x, y, z, container) in enumerate(places):
        writer.element(
            "IfcGeographicElement",
            f"shrub/{i}",
            "三角梅",
            Frame(float(x), float(y), z),
            container,
            type=kind,
            predefined="USERDEFINED",
            object_type="shrub",
            name_en="Bougainvillea",
        )
    beds = [
        (93.6, 15.0, 102.6, 16.2),
        (107.4, 15.0, 116.4, 16.2),
        (93.6, 34.2, 102.6, 35.4),
        (107.4, 34.2, 116.4, 35.4),
    ]
    for i, rect in enumerate(beds):
        rim = box(*rect).difference(box(*rect).buffer(-0.12, join_style="mitre"))
        parts = [
            flat_part(rim, 0.5, 0.0, "granite"),
            flat_part(box(*rect).buffer(-0.12, join_style="mitre"), 0.42, 0.0, "soil"),
        ]
        writer.element(
            "IfcBuildingElementProxy",
            f"bed/{i}",
            "花池",
            Frame(0, 0, 9.9),
            "L3.court",
            parts=parts,
            name_en="Planter",
        )


# -- water, stage, furniture ---------------------------------------------------------------------------


def _pond(writer: IfcWriter) -> None:
    """A shallow sheet of water with jets, and a granite egret (白鹭), the city's bird, on its plinth."""
    pond = box(*POND)
    rim = pond.difference(pond.buffer(-0.5, join_style="mitre"))
    parts = [
        flat_part(rim, 0.75, -0.3, "granite"),
        flat_part(pond, 0.1, -0.4, "pool_tile"),
        flat_part(pond.buffer(-0.5, join_style="mitre"), 0.04, 0.26, "water_feature"),
    ]
    writer.element(
        "IfcBuildingElementProxy",
        "pond",
        "广场水景",
        Frame(0, 0, 0),
        "L1.plaza",
        parts=parts,
        name_en="Water feature",
    )
    jet = writer.type(
        "IfcBuildingElementProxyType",
        "jet",
        "喷泉",
        [Part(lathe([(0.03, 0), (0.05, 0.9), (0.16, 1.5), (0.05, 1.75)], 8), "glass_clear")],
        name_en="Jet",
    )
    for i in range(9):
        writer.element(
            "IfcBuildingElementProxy",
            f"jet/{i}",
            f"喷泉{i + 1}",
            Frame(35.4 + 2.4 * i, -28.0 + (0.8 if i % 2 else -0.8), 0.28),
            "L1.plaza",
            type=jet,
        )
    plinth = slab(-0.7, -0.7, -0.3, 0.7, 0.7, 1.1)
    writer.element(
        "IfcBuildingElementProxy",
        "egret",
        "白鹭雕塑",
        Frame(45.0, -28.0, 0.0),
        "L1.plaza",
        parts=[Part(plinth, "granite_dark"), Part(_egret(), "white")],
        name_en="Egret sculpture",
    )


def _egret() -> Mesh:
    legs = [tube(0.05, 1.1, 2.2, 6).moved(y=y) for y in (-0.15, 0.15)]
    body = ribbon(
        [
            _oval(x, z, w, h)
            for x, z, w, h in (
                (-1.1, 2.9, 0.05, 0.05),
                (-0.4, 2.5, 0.35, 0.3),
                (0.2, 2.55, 0.4, 0.4),
                (0.6, 2.95, 0.2, 0.22),
                (0.75, 3.5, 0.12, 0.12),
                (0.55, 4.0, 0.1, 0.1),
                (0.8, 4.3, 0.13, 0.12),
                (1.5, 4.2, 0.02, 0.02),
            )
        ]
    )
    wings = [
        ribbon(
            [
                _oval(x, z, w, 0.05, side * y)
                for x, y, z, w in ((0.1, 0.3, 2.7, 0.5), (-0.2, 1.2, 3.5, 0.4), (-0.8, 1.9, 4.4, 0.08))
            ]
        )
        for side in (-1, 1)
    ]
    return joined([*legs, body, *wings])


def _oval(x: float, z: float, wide: float, high: float, y: float = 0.0) -> list[tuple[float, float, float]]:
    return [(x, y + wide * cos(a), z + high * sin(a)) for a in (2 * pi * i / 8 for i in range(8))]


def _stage(writer: IfcWriter) -> None:
    """The outdoor stage: a platform under a brick-red shell, and rings of seat steps before it."""
    x, y = STAGE
    ring = [(9.0 * cos(radians(a)), 6.5 * sin(radians(a))) for a in range(0, 181, 10)]
    parts = [
        Part(Extrusion(ring, 0.9, Frame(0, 0, 0)), "wood"),
        Part(slab(-9.3, -0.4, 0, 9.3, 0.0, 0.45), "granite"),
    ]
    writer.element(
        "IfcSlab",
        "stage",
        "露天舞台",
        Frame(x, y + 3, 0),
        "L1.stage_out",
        parts=parts,
        predefined="USERDEFINED",
        object_type="STAGE",
        name_en="Outdoor stage",
    )
    writer.element(
        "IfcRoof",
        "stage/shell",
        "舞台罩棚",
        Frame(x, y + 3, 0),
        "L1.stage_out",
        parts=[Part(_shell(), "brick")],
        predefined="DOME_ROOF",
        name_en="Stage shell",
    )
    for row in range(4):
        radius = 11.0 + 2.0 * row
        arc_ring = _arc_ring(radius, radius + 0.6, 205, 335)
        high = 0.42 + 0.18 * row
        writer.element(
            "IfcFurniture",
            f"stage/step/{row}",
            f"看台座阶{row + 1}",
            Frame(x, y + 4, 0),
            "L1.stage_out",
            parts=[
                Part(Extrusion(arc_ring, high, Frame(0, 0, 0)), "granite"),
                Part(Extrusion(arc_ring, 0.06, Frame(0, 0, high)), "wood"),
            ],
            predefined="USERDEFINED",
            object_type="BENCH",
            name_en="Seat steps",
        )


def _arc_ring(inner: float, outer: float, start: float, stop: float) -> list[tuple[float, float]]:
    angles = [radians(start + (stop - start) * i / 24) for i in range(25)]
    return [
        *((outer * cos(a), outer * sin(a)) for a in angles),
        *((inner * cos(a), inner * sin(a)) for a in reversed(angles)),
    ]


def _shell() -> Mesh:
    sections = []
    for i in range(15):
        a = pi * i / 14
        x, z = 9.6 * cos(a), 7.4 * sin(a)
        lean = 1.2 + 1.6 * sin(a)
        sections.append(
            [
                (x, 6.6, z),
                (x, 6.6 - lean * 2.3, z + 0.9 * sin(a)),
                (x * 1.03, 6.6 - lean * 2.3, z + 1.15 * sin(a) + 0.1),
                (x * 1.03, 6.9, z + 0.3),
            ]
        )
    return ribbon(sections)


def _benches(writer: IfcWriter) -> None:
    bench = writer.type(
        "IfcFurnitureType",
        "bench",
        "户外长椅",
        [
            Part(
                joined([slab(-0.9, -0.24 + 0.12 * i, 0.42, 0.9, -0.15 + 0.12 * i, 0.46) for i in range(4)]),
                "wood",
            ),
            Part(joined([slab(x - 0.05, -0.22, 0, x + 0.05, 0.22, 0.42) for x in (-0.7, 0.7)]), "granite"),
        ],
        predefined="USERDEFINED",
        name_en="Bench",
        attributes={"ElementType": "BENCH"},
    )
    spots = [(67.2 + s * 8.6, -12.6 - 6.2 * i, 90.0) for i in range(5) for s in (-1, 1)]
    spots += [(34.0 + 5.5 * i, y, t) for i in range(5) for y, t in ((-23.6, 0.0), (-32.4, 180.0))]
    spots += [(-21.5, -34.0 + 8.0 * i, 90.0) for i in range(5)] + [
        (10.0 + 9.0 * i, -6.6, 0.0) for i in range(5)
    ]
    for i, (x, y, turn) in enumerate(spots):
        writer.element(
            "IfcFurniture",
            f"bench/{i}",
            f"长椅{i + 1}",
            Frame(x, y, 0, turn),
            "L1.plaza" if x > 0 else "L1.grove",
            type=bench,
            name_en="Bench",
        )
    court = [(100.0, 25.2, 90.0), (110.0, 25.2, 90.0), (105.0, 20.0, 0.0), (105.0, 30.4, 0.0)]
    for i, (x, y, turn) in enumerate(court):
        writer.element(
            "IfcFurniture",
            f"bench/court/{i}",
            f"庭院长椅{i + 1}",
            Frame(x, y, 9.9, turn),
            "L3.court",
            type=bench,
            name_en="Bench",
        )


def _bollards(writer: IfcWriter) -> None:
    bollard = writer.type(
        "IfcBuildingElementProxyType",
        "bollard",
        "石墩",
        [Part(lathe([(0.2, 0), (0.2, 0.5), (0.13, 0.62), (0.22, 0.8), (0.0, 0.98)], 10), "granite")],
        name_en="Bollard",
    )
    for i in range(33):
        x = 1.0 + 4.15 * i
        writer.element(
            "IfcBuildingElementProxy",
            f"bollard/{i}",
            "石墩",
            Frame(x, -42.4, 0),
            "L1.street",
            type=bollard,
            name_en="Bollard",
        )


def _flags(writer: IfcWriter) -> None:
    flag = prism([(0.06, 0), (1.98, 0), (1.98, 0.02), (0.06, 0.02)], 10.6, 11.9)
    pole = writer.type(
        "IfcBuildingElementProxyType",
        "flag",
        "旗杆",
        [
            Part(tube(0.06, 0, 12.2, 10), "chrome"),
            Part(flag, "sport_red"),
            Part(slab(-0.6, -0.6, 0, 0.6, 0.6, 0.35), "granite_light"),
        ],
        name_en="Flagpole",
    )
    for i, x in enumerate((51.0, 54.0, 57.0)):
        writer.element(
            "IfcBuildingElementProxy",
            f"flag/{i}",
            f"旗杆{i + 1}",
            Frame(x, -13.0, 0, 20.0),
            "L1.plaza",
            type=pole,
            name_en="Flagpole",
        )


def _bike_racks(writer: IfcWriter) -> None:
    hoop = ribbon(
        [
            [(0.35 * cos(a) + 0.02 * cos(b), 0.02 * sin(b), 0.45 + 0.45 * sin(a)) for b in (0, 2.1, 4.2)]
            for a in (pi * i / 8 for i in range(9))
        ]
    )
    rack = writer.type(
        "IfcFurnitureType",
        "bike_rack",
        "自行车架",
        [Part(hoop, "steel")],
        predefined="USERDEFINED",
        name_en="Bike rack",
        attributes={"ElementType": "RACK"},
    )
    for i in range(20):
        writer.element(
            "IfcFurniture",
            f"bike/{i}",
            "自行车架",
            Frame(-4.6, 4.0 + 0.9 * i, 0),
            "site",
            type=rack,
            name_en="Bike rack",
        )


def _planters(writer: IfcWriter) -> None:
    deck = [disc(1.6, 0.45, 0.0, "granite"), disc(1.35, 0.5, 0.0, "soil")]
    ring = writer.type(
        "IfcFurnitureType",
        "planter",
        "圆形树池座凳",
        deck,
        predefined="USERDEFINED",
        name_en="Planter seat",
        attributes={"ElementType": "PLANTER"},
    )
    for i, (kind, x, y) in enumerate(tree_places()):
        if kind == "flame" and -40 < y < -8:
            writer.element(
                "IfcFurniture",
                f"planter/{i}",
                "圆形树池座凳",
                Frame(x, y, 0),
                "L1.plaza" if x < 96 else "L1.stage_out",
                type=ring,
                name_en="Planter seat",
            )
