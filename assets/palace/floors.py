"""Floor finishes of every room, court lines, parking lines, and the swimming pool."""

from __future__ import annotations

from itertools import pairwise
from math import cos, pi, sin

import numpy as np
from shapely import Polygon, box
from shapely.geometry.base import BaseGeometry

from assets.palace.devices_mesh import Mesh, joined, prism, tube
from assets.palace.ifc_writer import Extrusion, Frame, IfcWriter, Part, TypeHandle
from assets.palace.joinery import slab
from assets.palace.layout import POOL_BASIN
from assets.palace.shapes import SpaceSpec
from assets.palace.structure import FINISH_DEPTH, flat_part, holes

FINISHES: dict[str, tuple[str, str, str]] = {
    "basketball_hall": ("运动木地板", "Sports timber", "sport_wood"),
    "badminton_hall": ("运动木地板", "Sports timber", "sport_wood"),
    "table_tennis_hall": ("运动地胶", "Sports vinyl", "sport_blue"),
    "fitness": ("橡胶地面", "Rubber floor", "rubber"),
    "fitness_studio": ("运动地胶", "Sports vinyl", "wood_dark"),
    "martial_arts": ("拼装软垫", "Tatami mats", "sport_red"),
    "yoga_room": ("实木地板", "Timber floor", "wood_light"),
    "kids_sports": ("儿童软垫", "Soft floor", "sport_green"),
    "dance_room": ("舞蹈地板", "Dance floor", "wood_light"),
    "music_room": ("地毯", "Carpet", "carpet"),
    "theatre": ("地毯", "Carpet", "carpet_red"),
    "stage": ("舞台木地板", "Stage boards", "wood_dark"),
    "library": ("地毯", "Carpet", "carpet_blue"),
    "exhibition_hall": ("实木地板", "Timber floor", "wood"),
    "gallery": ("实木地板", "Timber floor", "wood"),
    "swimming_pool": ("防滑地砖", "Deck tile", "deck_tile"),
    "car_park": ("环氧地坪", "Epoxy floor", "epoxy"),
    "ramp": ("环氧地坪", "Epoxy floor", "epoxy"),
    "courtyard": ("花岗岩铺装", "Granite paving", "paving"),
    "training_room": ("复合木地板", "Laminate", "wood_light"),
    "office": ("方块地毯", "Carpet tile", "carpet_blue"),
    "meeting_room": ("方块地毯", "Carpet tile", "carpet_blue"),
    "lobby": ("花岗岩地面", "Granite floor", "stone_floor"),
}
STONE = ("石材地面", "Stone floor", "stone_floor")
SCREED = ("细石混凝土地面", "Screed", "screed")
BACKROOMS = {
    "shaft",
    "lift",
    "storage",
    "electrical_room",
    "electrical_closet",
    "hvac_plant",
    "pool_plant",
    "water_plant",
    "battery_room",
    "workshop",
    "robot_dock",
    "stair",
}
THICK = 0.012


def place_all(writer: IfcWriter) -> None:
    """Write finishes, lines and the pool."""
    for storey in writer.layout.storeys:
        cut = holes(writer.layout, storey)
        for spec in writer.layout.on(storey.key):
            if not spec.external or spec.function == "courtyard":
                _finish(writer, spec, cut)
    _badminton(writer)
    _basketball(writer)
    _pool(writer)
    _parking(writer)


def _finish(writer: IfcWriter, spec: SpaceSpec, cut: list[Polygon]) -> None:
    zh, en, finish = FINISHES.get(spec.function, SCREED if spec.function in BACKROOMS else STONE)
    shape: BaseGeometry = Polygon(spec.polygon)
    for hole in cut:
        shape = shape.difference(hole)
    pieces = [p for p in getattr(shape, "geoms", [shape]) if p.area > 0.3]
    for i, piece in enumerate(pieces):
        writer.element(
            "IfcCovering",
            f"floor/{spec.key}/{i}",
            f"{spec.name_zh} {zh}",
            Frame(0, 0, spec.floor_z),
            spec.key,
            parts=[flat_part(piece, FINISH_DEPTH, -FINISH_DEPTH, finish)],
            predefined="FLOORING",
            name_en=f"{en}, {spec.name_en}",
            material=zh,
            psets={"Pset_CoveringCommon": {"Finish": zh, "IsExternal": spec.external}},
        )


# -- court lines: marks of 5 cm on the floor ----------------------------------------------------------


def rule(x0: float, y0: float, x1: float, y1: float, wide: float = 0.05) -> Mesh:
    """A straight line along x or y, as a thin plate on the floor."""
    half = wide / 2
    return slab(min(x0, x1) - half, min(y0, y1) - half, 0.002, max(x0, x1) + half, max(y0, y1) + half, THICK)


def outline(x0: float, y0: float, x1: float, y1: float, wide: float = 0.05) -> list[Mesh]:
    """The four lines of a rectangle."""
    return [
        rule(x0, y0, x1, y0, wide),
        rule(x0, y1, x1, y1, wide),
        rule(x0, y0, x0, y1, wide),
        rule(x1, y0, x1, y1, wide),
    ]


def arc(x: float, y: float, radius: float, start: float, stop: float, wide: float = 0.05) -> list[Mesh]:
    """An arc from `start` to `stop` degrees, as plates."""
    steps = max(4, int(abs(stop - start) / 9))
    angles = np.radians(np.linspace(start, stop, steps + 1))
    plates = []
    for a, b in pairwise(angles):
        ring = [
            (x + r * cos(t), y + r * sin(t))
            for r, t in (
                (radius - wide / 2, a),
                (radius + wide / 2, a),
                (radius + wide / 2, b),
                (radius - wide / 2, b),
            )
        ]
        plates.append(prism([(float(p), float(q)) for p, q in ring], 0.002, THICK))
    return plates


def badminton_lines() -> list[Mesh]:
    """A badminton court 13.4 x 6.1 m about the origin, length along x (BWF Laws, diagram A)."""
    lines = outline(-6.7, -3.05, 6.7, 3.05, 0.04)
    for y in (-2.59, 2.59):
        lines.append(rule(-6.7, y, 6.7, y, 0.04))
    for x in (-5.94, -1.98, 1.98, 5.94):
        lines.append(rule(x, -3.05, x, 3.05, 0.04))
    return [*lines, rule(-6.7, 0, -1.98, 0, 0.04), rule(1.98, 0, 6.7, 0, 0.04)]


def basketball_lines() -> list[Mesh]:
    """A basketball court 28 x 15 m about the origin, length along x (FIBA Rules 2022, art. 2)."""
    lines = [*outline(-14, -7.5, 14, 7.5), rule(0, -7.5, 0, 7.5), *arc(0, 0, 1.8, 0, 360)]
    for side in (-1, 1):
        lines += [rule(side * 14, y, side * 8.2, y) for y in (-2.45, 2.45)]
        lines += [rule(side * 8.2, -2.45, side * 8.2, 2.45), *arc(side * 8.2, 0, 1.8, 0, 360)]
        lines += [rule(side * 14, y, side * 11.01, y) for y in (-6.6, 6.6)]
        middle = 180 if side > 0 else 0
        lines += arc(side * 12.425, 0, 6.75, middle - 78, middle + 78)
        lines += arc(side * 12.425, 0, 1.25, middle - 90, middle + 90)
    return lines


def _badminton(writer: IfcWriter) -> None:
    mat = slab(-7.4, -3.6, 0.0, 7.4, 3.6, 0.004)
    net = [
        Part(joined([tube(0.02, 0, 1.55, 8).moved(y=y) for y in (-3.05, 3.05)]), "white"),
        Part(slab(-0.004, -3.05, 0.79, 0.004, 3.05, 1.5), "black"),
        Part(slab(-0.012, -3.05, 1.5, 0.012, 3.05, 1.55), "line_white"),
    ]
    court = writer.type(
        "IfcBuildingElementProxyType",
        "court/badminton",
        "羽毛球场地",
        [Part(mat, "sport_green"), Part(joined(badminton_lines()), "line_white")],
        name_en="Badminton court",
    )
    nets = writer.type(
        "IfcFurnitureType",
        "net/badminton",
        "羽毛球网",
        net,
        predefined="USERDEFINED",
        name_en="Badminton net",
        attributes={"ElementType": "SPORTS"},
    )
    for column in range(2):
        for row in range(6):
            x, y = 8.6 + 16.2 * column, 4.9 + 8.1 * row
            number = column * 6 + row + 1
            for kind, cls, name in (
                (court, "IfcBuildingElementProxy", "场地"),
                (nets, "IfcFurniture", "球网"),
            ):
                writer.element(
                    cls,
                    f"badminton/{name}/{number}",
                    f"羽毛球{number}号{name}",
                    Frame(x, y, 9.9),
                    "L3.badminton",
                    type=kind,
                    name_en=f"Badminton court {number}",
                    tag=f"L3-CRT-{number:02d}",
                )


def _basketball(writer: IfcWriter) -> None:
    at = Frame(16.8, 9.6, 0)
    paint = [
        slab(side * 14 if side < 0 else 8.2, -2.45, 0.0, -8.2 if side < 0 else 14, 2.45, 0.005)
        for side in (-1, 1)
    ]
    parts = [Part(joined(paint), "sport_blue"), Part(joined(basketball_lines()), "line_white")]
    writer.element(
        "IfcBuildingElementProxy",
        "basketball/court",
        "篮球场地标线",
        at,
        "L1.basketball",
        parts=parts,
        name_en="Basketball court",
        tag="L1-CRT-01",
    )


def _pool(writer: IfcWriter) -> None:
    """A 25 m pool of six lanes, 1.8 m deep, with water, ropes and starting blocks."""
    _pool_basin(writer, 1.8, "L1.pool")
    _pool_lanes(writer, 1.8, "L1.pool")


def _pool_basin(writer: IfcWriter, deep: float, key: str) -> None:
    x0, y0, x1, y1 = POOL_BASIN
    shell = box(x0 - 0.25, y0 - 0.25, x1 + 0.25, y1 + 0.25).difference(box(x0, y0, x1, y1))
    parts = [
        flat_part(shell, deep - 0.03, -deep, "pool_tile"),
        flat_part(box(x0 - 0.25, y0 - 0.25, x1 + 0.25, y1 + 0.25), 0.25, -deep - 0.25, "pool_tile"),
    ]
    writer.element(
        "IfcSlab",
        "pool/basin",
        "泳池池体",
        Frame(0, 0, 0),
        key,
        parts=parts,
        predefined="BASESLAB",
        name_en="Pool basin",
        material="钢筋混凝土",
    )
    kerb = box(x0 - 0.35, y0 - 0.35, x1 + 0.35, y1 + 0.35).difference(
        box(x0 + 0.02, y0 + 0.02, x1 - 0.02, y1 - 0.02)
    )
    writer.element(
        "IfcCovering",
        "pool/kerb",
        "泳池压顶",
        Frame(0, 0, 0),
        key,
        parts=[flat_part(kerb, 0.05, 0, "white")],
        predefined="FLOORING",
    )
    water = [flat_part(box(x0 + 0.01, y0 + 0.01, x1 - 0.01, y1 - 0.01), 0.04, -0.16, "water")]
    writer.element(
        "IfcBuildingElementProxy",
        "pool/water",
        "泳池水面",
        Frame(0, 0, 0),
        key,
        parts=water,
        name_en="Pool water",
    )


def _pool_lanes(writer: IfcWriter, deep: float, key: str) -> None:
    x0, y0, _, _ = POOL_BASIN
    floor = writer.type(
        "IfcBuildingElementProxyType",
        "pool/lane",
        "泳道标线",
        [Part(slab(0, -0.125, 0, 21, 0.125, 0.01), "book_blue")],
        name_en="Lane line",
    )
    floats = [tube(0.06, 0, 0.3, 8).along_x().moved(x=0.36 * i) for i in range(69)]
    rope = writer.type(
        "IfcFurnitureType",
        "pool/rope",
        "分道线",
        [Part(joined(floats[::2]), "sport_red"), Part(joined(floats[1::2]), "white")],
        predefined="USERDEFINED",
        name_en="Lane rope",
        attributes={"ElementType": "SPORTS"},
    )
    block = writer.type(
        "IfcFurnitureType",
        "pool/block",
        "出发台",
        [
            Part(slab(-0.3, -0.25, 0, 0.3, 0.25, 0.6), "white"),
            Part(slab(-0.35, -0.27, 0.6, 0.3, 0.27, 0.66), "sport_blue"),
        ],
        predefined="USERDEFINED",
        name_en="Starting block",
        attributes={"ElementType": "SPORTS"},
    )
    for lane in range(6):
        y = y0 + 2.5 * (lane + 0.5)
        writer.element(
            "IfcBuildingElementProxy",
            f"pool/lane/{lane}",
            f"泳道{lane + 1}",
            Frame(x0 + 2, y, -deep + 0.005),
            key,
            type=floor,
        )
        writer.element(
            "IfcFurniture", f"pool/block/{lane}", f"出发台{lane + 1}", Frame(x0 - 0.55, y, 0), key, type=block
        )
        if lane:
            writer.element(
                "IfcFurniture",
                f"pool/rope/{lane}",
                f"分道线{lane}",
                Frame(x0 + 0.1, y - 1.25, -0.1),
                key,
                type=rope,
            )


def _parking(writer: IfcWriter) -> None:
    """Bay lines, painted signs for chargers and accessible bays, arrows in the aisles."""
    kinds = {
        "plain": _bay_type(writer, "plain", "普通车位", "Parking bay", None),
        "charger": _bay_type(writer, "charger", "充电车位", "Charging bay", "epoxy_green"),
        "accessible": _bay_type(writer, "accessible", "无障碍车位", "Accessible bay", "sport_blue"),
    }
    for bay in writer.layout.bays:
        kind = "charger" if bay.charger else "accessible" if bay.accessible else "plain"
        writer.element(
            "IfcBuildingElementProxy",
            f"bay/{bay.number}",
            f"车位 {bay.number}",
            Frame(bay.x, bay.y, bay.z, bay.turn_deg),
            bay.space,
            type=kinds[kind],
            tag=f"BAY-{bay.number}",
            name_en=f"Bay {bay.number}",
            psets={"Venue_Parking": {"Number": bay.number, "Kind": kind}},
        )
    arrow = prism([(-0.5, 0), (0.5, 0), (0, 1.2)], 0.002, THICK)
    shaft = slab(-0.12, -1.8, 0.002, 0.12, 0, THICK)
    arrows = writer.type(
        "IfcBuildingElementProxyType",
        "arrow",
        "导向箭头",
        [Part(joined([arrow, shaft]), "line_white")],
        name_en="Arrow",
    )
    for y, turn in ((9.6, 270.0), (26.4, 90.0), (43.2, 90.0)):
        for i, x in enumerate(range(8, 134, 12)):
            space = _zone_at(writer, float(x), y)
            if space:
                writer.element(
                    "IfcBuildingElementProxy",
                    f"arrow/{y}/{i}",
                    "导向箭头",
                    Frame(float(x), y, -5.1, turn),
                    space,
                    type=arrows,
                )


def _zone_at(writer: IfcWriter, x: float, y: float) -> str | None:
    spot = box(x - 2, y - 0.6, x + 2, y + 0.6)
    for spec in writer.layout.of("car_park"):
        if Polygon(spec.polygon).contains(spot):
            return spec.key
    return None


def _bay_type(writer: IfcWriter, key: str, zh: str, en: str, fill: str | None) -> TypeHandle:
    half, long = 1.25, 2.65
    lines = [
        rule(-half, -long, -half, long, 0.1),
        rule(half, -long, half, long, 0.1),
        rule(-half, -long, half, -long, 0.1),
    ]
    stop = slab(-0.8, -long + 0.55, 0, 0.8, -long + 0.7, 0.12)
    parts = [Part(joined(lines), "line_white"), Part(stop, "line_yellow")]
    if fill:
        parts.append(Part(slab(-half + 0.05, -long + 0.05, 0, half - 0.05, long, 0.003), fill))
    return writer.type("IfcBuildingElementProxyType", f"bay/{key}", zh, parts, name_en=en)


def disc(radius: float, depth: float, z: float, finish: str) -> Part:
    """A round plate about the origin."""
    ring = [(radius * cos(2 * pi * i / 40), radius * sin(2 * pi * i / 40)) for i in range(40)]
    return Part(Extrusion(ring, depth, Frame(0, 0, z)), finish)
