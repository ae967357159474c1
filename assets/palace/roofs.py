"""Roofs and what crowns the facades.

Sports wing: a swallowtail roof (燕尾脊): the ridge runs along x and sweeps up at both ends, the slopes are
concave as on Minnan houses. Atrium: a glass gable. Culture wing: a flat roof behind a tiled crown.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from shapely import Polygon, box

from assets.palace.devices_mesh import Mesh, joined, lathe
from assets.palace.ifc_writer import (
    Entity,
    Extrusion,
    Frame,
    IfcWriter,
    Part,
    TypeHandle,
    box_part,
    rectangle,
)
from assets.palace.joinery import slab
from assets.palace.meshes import Vec3, bar, ribbon, sheet
from assets.palace.sign import NAME
from assets.palace.structure import flat_part

WEST, EAST, SOUTH, NORTH = -3.4, 59.6, -5.0, 55.4
RIDGE_Y = 25.2
SKIN = 0.32
BAYS = (WEST, 8.4, 16.8, 25.2, 33.6, 42.0, 50.4, EAST)
CULTURE = (75.6, -3.6, 134.4, 50.4)
COURT = (92.4, 13.8, 117.6, 36.6)
ATRIUM = (58.8, 8.4, 75.6, 42.0)
# Eaves and ridge of the atrium's glass roof.
ATRIUM_HEIGHTS = (18.95, 20.9)


def place_all(writer: IfcWriter) -> None:
    """Write all roofs, crowns, arcades and the entrance canopy."""
    _sports_roof(writer)
    _sports_gables(writer)
    _trusses(writer)
    _portico(writer)
    _atrium_roof(writer)
    _culture_crown(writer)
    _bands(writer)
    _sports_base(writer)
    _arcade(writer)
    _canopy(writer)
    _roof_plant_screen(writer)


# -- sports wing ---------------------------------------------------------------------------------------


def sports_height(x: float, y: float) -> float:
    """Height of the swallowtail roof's upper face, m: concave slopes under a ridge that rises to its ends."""
    v = abs((x - (WEST + EAST) / 2) / ((EAST - WEST) / 2))
    ridge, eaves = 20.7 + 2.9 * v**2.8, 15.9 + 1.5 * v**3.2
    w = min(1.0, abs(y - RIDGE_Y) / (RIDGE_Y - SOUTH))
    return float(eaves + (ridge - eaves) * (1 - w) ** 1.32)


def _underside(x: float, y: float) -> float:
    return sports_height(x, y) - SKIN + 0.05


def _sports_roof(writer: IfcWriter) -> None:
    whole = writer.element(
        "IfcRoof",
        "roof/sports",
        "燕尾脊大屋面",
        Frame(0, 0, 0),
        "L4",
        predefined="GABLE_ROOF",
        name_en="Swallowtail roof",
        psets={"Pset_RoofCommon": {"IsExternal": True, "FireRating": "1h"}},
    )
    for i, (x0, x1) in enumerate(pairwise(BAYS)):
        for side, (y0, y1) in (("南", (SOUTH, RIDGE_Y)), ("北", (RIDGE_Y, NORTH))):
            xs, ys = np.linspace(x0, x1, 7), np.linspace(y0, y1, 15)
            key = f"roof/sports/{i}/{side}"
            grid = ([*map(float, xs)], [*map(float, ys)])
            body = Part(sheet(sports_height, *grid, SKIN - 0.06), "tile")
            lining = Part(sheet(_underside, *grid, 0.05), "wood_light")
            writer.element(
                "IfcSlab",
                key,
                f"{side}坡屋面板{i + 1}",
                Frame(0, 0, 0),
                "L4",
                parts=[body, lining],
                predefined="ROOF",
                whole=whole,
                material="陶瓦屋面",
            )
            ribs = Part(_ribs(x0, x1, ys), "tile_ridge")
            writer.element(
                "IfcCovering",
                f"{key}/ribs",
                f"{side}坡瓦垄{i + 1}",
                Frame(0, 0, 0),
                "L4",
                parts=[ribs],
                predefined="ROOFING",
                material="陶瓦",
            )
    _ridge(writer)
    _eaves(writer)


def _ribs(x0: float, x1: float, ys: np.ndarray) -> Mesh:
    """Rolls of tiles down the slope, every 0.9 m: three-sided ribbons."""
    count = round((x1 - x0) / 0.9)
    rolls = []
    for i in range(count):
        x = float(x0 + (x1 - x0) * (i + 0.5) / count)
        rolls.append(ribbon([_rib_ring(x, float(y)) for y in ys]))
    return joined(rolls)


def _rib_ring(x: float, y: float) -> list[Vec3]:
    z = sports_height(x, y)
    return [(x - 0.12, y, z - 0.02), (x, y, z + 0.13), (x + 0.12, y, z - 0.02)]


def _ridge(writer: IfcWriter) -> None:
    """The ridge: a white band under a tiled coping that splits the sky at both ends."""
    xs = [float(x) for x in np.linspace(WEST - 2.2, EAST + 1.0, 41)]
    for name, half, low, high, finish in (
        ("正脊", 0.38, -0.5, 0.75, "granite_light"),
        ("脊帽", 0.55, 0.75, 0.98, "tile_ridge"),
    ):
        rings = [_ridge_ring(x, half, low, high) for x in xs]
        writer.element(
            "IfcCovering",
            f"roof/sports/{name}",
            name,
            Frame(0, 0, 0),
            "L4",
            parts=[Part(ribbon(rings), finish)],
            predefined="MOLDING",
            name_en="Swallowtail ridge",
        )


def _ridge_ring(x: float, half: float, low: float, high: float) -> list[Vec3]:
    # Beyond the gable the tail lifts faster than the roof would.
    beyond = max(0.0, WEST - x, x - EAST)
    z = sports_height(min(max(x, WEST), EAST), RIDGE_Y) + 0.9 * beyond
    thin = half / (1 + 0.5 * beyond)
    return [
        (x, RIDGE_Y - thin, z + low),
        (x, RIDGE_Y - thin, z + high),
        (x, RIDGE_Y + thin, z + high),
        (x, RIDGE_Y + thin, z + low),
    ]


def _eaves(writer: IfcWriter) -> None:
    """Bronze gutters along the eaves and granite bargeboards on the verges."""
    xs = [float(x) for x in np.linspace(WEST, EAST, 31)]
    for name, y in (("南檐沟", SOUTH - 0.05), ("北檐沟", NORTH + 0.05)):
        rings = [_box_ring_x(x, y, sports_height(x, y)) for x in xs]
        writer.element(
            "IfcCovering",
            f"roof/sports/{name}",
            name,
            Frame(0, 0, 0),
            "L4",
            parts=[Part(ribbon(rings), "bronze")],
            predefined="MOLDING",
        )
    ys = [float(y) for y in np.linspace(SOUTH, NORTH, 31)]
    for name, x in (("西博风", WEST - 0.05), ("东博风", EAST + 0.05)):
        rings = [_box_ring_y(x, y, sports_height(x, y)) for y in ys]
        writer.element(
            "IfcCovering",
            f"roof/sports/{name}",
            name,
            Frame(0, 0, 0),
            "L4",
            parts=[Part(ribbon(rings), "granite_light")],
            predefined="MOLDING",
        )


def _box_ring_x(x: float, y: float, z: float) -> list[Vec3]:
    return [
        (x, y - 0.15, z - 0.45),
        (x, y - 0.15, z + 0.08),
        (x, y + 0.15, z + 0.08),
        (x, y + 0.15, z - 0.45),
    ]


def _box_ring_y(x: float, y: float, z: float) -> list[Vec3]:
    return [
        (x - 0.18, y, z - 0.55),
        (x + 0.18, y, z - 0.55),
        (x + 0.18, y, z + 0.22),
        (x - 0.18, y, z + 0.22),
    ]


def _sports_gables(writer: IfcWriter) -> None:
    """Gable walls up to the roof, and the strip of glass under the eaves that lets the roof float."""
    ys = [float(y) for y in np.linspace(-0.1, 50.5, 25)]
    for name, x in (("西山墙", -0.2), ("东山墙", 58.5)):
        top = [(y, sports_height(x, y) - SKIN) for y in ys]
        ring = [(ys[0], 14.4), (ys[-1], 14.4), *reversed(top)]
        plane = Frame(x, 0, 0, 0.0, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
        _gable_wall(writer, name, Part(Extrusion(ring, 0.3, plane), "granite"))
        _gable_relief(writer, name, x - 0.08 if x < 1 else x + 0.3)
    for name, y in (("南高窗", 0.0), ("北高窗", 50.4)):
        for i, (x0, x1) in enumerate(pairwise((0.0, 8.4, 16.8, 25.2, 33.6, 42.0, 50.4, 58.8))):
            tops = [sports_height(x, y) - SKIN for x in (x0, x1)]
            glass = _upright_quad(x0 + 0.1, x1 - 0.1, y, 14.5, tops)
            bars = [
                slab(x - 0.05, y - 0.08, 14.4, x + 0.05, y + 0.08, min(tops))
                for x in np.linspace(x0, x1, 5)[:-1]
            ]
            writer.element(
                "IfcWindow",
                f"clerestory/{name}/{i}",
                f"{name}{i + 1}",
                Frame(0, 0, 0),
                "L4",
                predefined="WINDOW",
                parts=[Part(glass, "glass"), Part(joined(bars), "mullion")],
                psets={"Pset_WindowCommon": {"IsExternal": True}},
            )


def _gable_wall(writer: IfcWriter, name: str, part: Part) -> None:
    writer.element(
        "IfcWall",
        f"gable/{name}",
        name,
        Frame(0, 0, 0),
        "L4",
        parts=[part],
        predefined="SOLIDWALL",
        name_en="Gable wall",
        material="花岗岩外墙300",
        psets={"Pset_WallCommon": {"IsExternal": True, "Reference": "山墙"}},
    )


def _gable_relief(writer: IfcWriter, name: str, x: float) -> None:
    """A brick field in the gable, as the painted gables of Minnan houses have."""
    ys = [float(y) for y in np.linspace(6, 44.4, 21)]
    top = [(y, sports_height(0, y) - SKIN - 0.9) for y in ys]
    plane = Frame(x, 0, 0, 0.0, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    part = Part(Extrusion([(ys[0], 15.0), (ys[-1], 15.0), *reversed(top)], 0.08, plane), "brick")
    writer.element(
        "IfcCovering",
        f"gable/{name}/relief",
        f"{name}红砖",
        Frame(0, 0, 0),
        "L4",
        parts=[part],
        predefined="CLADDING",
    )


def _upright_quad(x0: float, x1: float, y: float, low: float, tops: list[float]) -> Mesh:
    front = [(x0, y - 0.02, low), (x1, y - 0.02, low), (x1, y - 0.02, tops[1]), (x0, y - 0.02, tops[0])]
    back = [(a, y + 0.02, c) for a, _, c in front]
    sides = tuple((j, i, i + 4, j + 4) for i, j in ((0, 1), (1, 2), (2, 3), (3, 0)))
    faces = ((0, 1, 2, 3), (7, 6, 5, 4), *(tuple(reversed(s)) for s in sides))
    return Mesh((*front, *back), faces)


def _trusses(writer: IfcWriter) -> None:
    """Steel trusses across the badminton hall: their top chord follows the roof."""
    for i, x in enumerate((4.2, 8.4, 12.6, 16.8, 21.0, 25.2, 29.4)):
        ys = [float(y) for y in np.linspace(0.3, 50.1, 17)]
        top = [(x, y, sports_height(x, y) - SKIN - 0.15) for y in ys]
        low = [
            (x, y, max(16.0, 0.55 * z + 7.3) if 0 < k < 16 else z - 0.2) for k, (_, y, z) in enumerate(top)
        ]
        chords = [bar(a, b, 0.2) for line in (top, low) for a, b in pairwise(line)]
        webs = [bar(a, b, 0.1) for a, b in zip(top[1:-1], low[1:-1], strict=True)]
        webs += [bar(top[k], low[k + 1], 0.08) for k in range(1, 8)] + [
            bar(top[k + 1], low[k], 0.08) for k in range(8, 15)
        ]
        writer.element(
            "IfcBeam",
            f"truss/{i}",
            f"钢桁架{i + 1}",
            Frame(0, 0, 0),
            "L3",
            parts=[Part(joined([*chords, *webs]), "white")],
            predefined="BEAM",
            name_en="Steel truss",
            material="Q355钢",
            psets={"Pset_BeamCommon": {"LoadBearing": True, "Span": ("IfcPositiveLengthMeasure", 50.0)}},
        )


def _portico(writer: IfcWriter) -> None:
    """Tall granite columns that carry the south eaves."""
    heights: dict[float, TypeHandle] = {}
    for i in range(8):
        x = 8.4 * i
        height = round(sports_height(x, -3.0) - SKIN, 2)
        if height not in heights:
            shaft = lathe([(0.34, 0.5), (0.3, height - 0.5)], 16)
            base = joined(
                [slab(-0.5, -0.5, 0, 0.5, 0.5, 0.5), slab(-0.45, -0.45, height - 0.5, 0.45, 0.45, height)]
            )
            heights[height] = writer.type(
                "IfcColumnType",
                f"portico/{height}",
                f"花岗岩廊柱 {height:.2f}m",
                [Part(shaft, "granite_light"), Part(base, "granite")],
                predefined="COLUMN",
                name_en="Granite portico column",
                material="花岗岩",
            )
        writer.element(
            "IfcColumn",
            f"portico/{i}",
            f"廊柱{i + 1}",
            Frame(x if x < 58 else 58.3, -3.0, 0),
            "L1",
            type=heights[height],
            predefined="COLUMN",
            psets={"Pset_ColumnCommon": {"LoadBearing": True, "IsExternal": True}},
        )


# -- atrium --------------------------------------------------------------------------------------------


def _atrium_roof(writer: IfcWriter) -> None:
    """A glass gable on steel rafters: panes are plates of one type."""
    x0, y0, x1, y1 = ATRIUM
    middle, eaves, ridge = (x0 + x1) / 2, *ATRIUM_HEIGHTS
    whole = writer.element(
        "IfcRoof",
        "roof/atrium",
        "中庭玻璃屋面",
        Frame(0, 0, 0),
        "L5",
        predefined="GABLE_ROOF",
        name_en="Atrium glass roof",
    )
    run, rise = middle - x0, ridge - eaves
    length = float(np.hypot(run, rise))
    columns, rows = 16, 4
    size = (round(length / rows, 3), round((y1 - y0) / columns, 3))
    pane = writer.type(
        "IfcPlateType",
        "pane/atrium",
        "屋面玻璃",
        [Part(slab(0, 0, -0.02, size[0] - 0.06, size[1] - 0.06, 0.02), "glass_roof")],
        predefined="CURTAIN_PANEL",
        name_en="Roof glass",
    )
    for side, start, sign in (("w", x0, 1.0), ("e", x1, -1.0)):
        along = (sign * run / length, 0.0, rise / length)
        normal = (-sign * rise / length, 0.0, run / length)
        for i in range(rows):
            for j in range(columns):
                # On the east side the pane's own y runs south, so it starts one pane further north.
                y = y0 + size[1] * (j if sign > 0 else j + 1)
                at = Frame(
                    start + along[0] * size[0] * i, y, eaves + along[2] * size[0] * i, 0.0, normal, along
                )
                writer.element(
                    "IfcPlate",
                    f"roof/atrium/{side}/{i}/{j}",
                    "屋面玻璃",
                    at,
                    "L5",
                    type=pane,
                    predefined="CURTAIN_PANEL",
                    whole=whole,
                )
    _atrium_rafters(writer, whole, size[1], columns)
    for k, y in enumerate((y0, y1)):
        _atrium_gable(writer, k, y, (x0, middle, x1), (eaves, ridge))


def _atrium_rafters(writer: IfcWriter, whole: Entity, step: float, columns: int) -> None:
    x0, y0, x1, _ = ATRIUM
    middle, eaves, ridge = (x0 + x1) / 2, *ATRIUM_HEIGHTS
    for j in range(columns + 1):
        y = y0 + step * j
        frame = [
            bar((x0, y, eaves - 0.1), (middle, y, ridge - 0.1), 0.08, 0.22),
            bar((middle, y, ridge - 0.1), (x1, y, eaves - 0.1), 0.08, 0.22),
        ]
        if j % 2 == 0:
            frame.append(bar((x0, y, eaves - 0.2), (x1, y, eaves - 0.2), 0.05, 0.05))
        writer.element(
            "IfcMember",
            f"roof/atrium/rafter/{j}",
            "屋面钢梁",
            Frame(0, 0, 0),
            "L5",
            parts=[Part(joined(frame), "white")],
            predefined="RAFTER",
            whole=whole,
        )


def _atrium_gable(
    writer: IfcWriter, k: int, y: float, xs: tuple[float, float, float], zs: tuple[float, float]
) -> None:
    plane = Frame(0, y + 0.02, 0, 0.0, (0.0, -1.0, 0.0), (1.0, 0.0, 0.0))
    triangle = Part(
        Extrusion([(xs[0], zs[0] - 0.05), (xs[2], zs[0] - 0.05), (xs[1], zs[1])], 0.04, plane), "glass"
    )
    edge = box_part(xs[0], y - 0.12, zs[0] - 0.2, xs[2], y + 0.12, zs[0], "mullion")
    writer.element(
        "IfcPlate",
        f"roof/atrium/gable/{k}",
        "山花玻璃",
        Frame(0, 0, 0),
        "L5",
        parts=[triangle, edge],
        predefined="CURTAIN_PANEL",
    )


# -- culture wing --------------------------------------------------------------------------------------


def _rings_between(
    outer: tuple[float, float, float, float],
    inner: tuple[float, float, float, float],
    z_out: float,
    z_in: float,
    lift: float,
) -> list[Mesh]:
    """Four sloping strips between two rectangles; the outer corners are lifted by `lift`."""
    a, b = rectangle(*outer), rectangle(*inner)
    return [_skirt(a[i], a[(i + 1) % 4], b[i], b[(i + 1) % 4], z_out, z_in, lift) for i in range(4)]


def _skirt(
    p: tuple[float, float],
    q: tuple[float, float],
    p_in: tuple[float, float],
    q_in: tuple[float, float],
    z_out: float,
    z_in: float,
    lift: float,
) -> Mesh:
    sections = []
    for t in np.linspace(0, 1, 25):
        up = lift * abs(2 * float(t) - 1) ** 8
        low = [float(p[i] + (q[i] - p[i]) * t) for i in (0, 1)]
        high = [float(p_in[i] + (q_in[i] - p_in[i]) * t) for i in (0, 1)]
        sections.append(
            [
                (low[0], low[1], z_out + up - 0.22),
                (low[0], low[1], z_out + up),
                (high[0], high[1], z_in),
                (high[0], high[1], z_out - 0.22),
            ]
        )
    return ribbon(sections)


def _culture_crown(writer: IfcWriter) -> None:
    """Parapet, tiled skirt with lifted corners, and a balustrade round the court."""
    x0, y0, x1, y1 = CULTURE
    skirts = _rings_between(
        (x0 - 1.5, y0 - 1.5, x1 + 1.5, y1 + 1.5), (x0 + 0.1, y0 + 0.1, x1 - 0.1, y1 - 0.1), 23.75, 24.85, 0.55
    )
    for i, mesh in enumerate(skirts):
        name = ("南", "东", "北", "西")[i]
        writer.element(
            "IfcCovering",
            f"crown/{i}",
            f"{name}檐口瓦披",
            Frame(0, 0, 0),
            "RF",
            parts=[Part(mesh, "tile")],
            predefined="ROOFING",
            name_en="Tiled skirt roof",
            material="陶瓦",
        )
    _parapets(writer)
    _roof_heads(writer)


def _parapets(writer: IfcWriter) -> None:
    for i, shape in enumerate(_frame_strips(*CULTURE, 0.3)):
        writer.element(
            "IfcWall",
            f"parapet/{i}",
            "女儿墙",
            Frame(0, 0, 23.4),
            "RF",
            parts=[flat_part(shape, 1.5, 0, "granite")],
            predefined="PARAPET",
            psets={"Pset_WallCommon": {"IsExternal": True, "Reference": "女儿墙"}},
        )
        writer.element(
            "IfcCovering",
            f"parapet/cap/{i}",
            "女儿墙压顶",
            Frame(0, 0, 24.9),
            "RF",
            parts=[flat_part(shape.buffer(0.06, join_style="mitre"), 0.1, 0, "tile_ridge")],
            predefined="MOLDING",
        )
    cx0, cy0, cx1, cy1 = COURT
    for i, shape in enumerate(_frame_strips(cx0 - 0.5, cy0 - 0.5, cx1 + 0.5, cy1 + 0.5, 0.3)):
        writer.element(
            "IfcWall",
            f"parapet/court/{i}",
            "天井女儿墙",
            Frame(0, 0, 23.4),
            "RF",
            parts=[flat_part(shape, 1.1, 0, "brick")],
            predefined="PARAPET",
            psets={"Pset_WallCommon": {"IsExternal": True, "Reference": "女儿墙"}},
        )


def _roof_heads(writer: IfcWriter) -> None:
    for i, rect in enumerate(((80.6, 13.4, 89.8, 17.6), (120.2, 13.4, 129.4, 17.6))):
        writer.element(
            "IfcSlab",
            f"stairhead/{i}",
            "楼梯间屋面",
            Frame(0, 0, 26.4),
            "RF",
            parts=[flat_part(box(*rect), 0.25, 0, "tile")],
            predefined="ROOF",
        )
    for i, rect in enumerate(((86.8, 17.2, 89.4, 22.4), (120.6, 17.2, 123.4, 20.2))):
        writer.element(
            "IfcBuildingElementProxy",
            f"overrun/{i}",
            "电梯机房",
            Frame(0, 0, 23.4),
            "RF",
            parts=[flat_part(box(*rect), 2.2, 0, "granite_dark")],
        )


def _frame_strips(x0: float, y0: float, x1: float, y1: float, wide: float) -> list[Polygon]:
    return [
        box(x0, y0, x1, y0 + wide),
        box(x1 - wide, y0 + wide, x1, y1 - wide),
        box(x0, y1 - wide, x1, y1),
        box(x0, y0 + wide, x0 + wide, y1 - wide),
    ]


def _bands(writer: IfcWriter) -> None:
    """String courses of pale granite at each floor of the culture wing."""
    x0, y0, x1, y1 = CULTURE
    for storey, z in (("L2", 5.1), ("L3", 9.65), ("L4", 14.15), ("L5", 18.65), ("RF", 23.1)):
        o, i = 0.34, 0.2
        sides = [
            (x0 - o, y0 - o, x1 + o, y0 - i),
            (x1 + i, y0 - i, x1 + o, y1 + i),
            (x0 - o, y1 + i, x1 + o, y1 + o),
            (x0 - o, y0 - i, x0 - i, 8.2),
            (x0 - o, 42.2, x0 - i, y1 + i),
        ]
        for k, rect in enumerate(sides):
            writer.element(
                "IfcCovering",
                f"band/{storey}/{k}",
                "花岗岩腰线",
                Frame(0, 0, z),
                storey,
                parts=[flat_part(box(*rect), 0.32, 0, "granite_light")],
                predefined="MOLDING",
            )


def _sports_base(writer: IfcWriter) -> None:
    """Granite piers, plinth and string courses that give the sports wing's brick sides a rhythm."""
    for i in range(13):
        pier = box(-0.55, 4.2 * i - 0.35 if i else -0.25, -0.2, 4.2 * i + 0.35 if i < 12 else 50.65)
        parts = [
            flat_part(pier, 14.6, 0, "granite_light"),
            flat_part(pier.buffer(0.08), 0.9, 0, "granite_dark"),
        ]
        _molding(writer, f"pier/w/{i}", "花岗岩壁柱", parts, 0.0, "L1")
    for i in range(9):
        pier = box(4.2 * i - 0.3, 50.6, 4.2 * i + 0.3, 50.9)
        _molding(writer, f"pier/n/{i}", "花岗岩壁柱", [flat_part(pier, 14.4, 0, "granite_light")], 0.0, "L1")
    for storey, z, high in (("L1", -0.05, 0.85), ("L2", 5.15, 0.35), ("L3", 9.65, 0.35), ("L4", 14.2, 0.4)):
        strips = [box(-0.34, -0.3, -0.2, 50.7)]
        strips += [] if storey == "L1" else [box(-0.3, 50.6, 59, 50.76)]
        for k, strip in enumerate(strips):
            finish = "granite_dark" if storey == "L1" else "granite_light"
            _molding(
                writer, f"base/{storey}/{k}", "花岗岩线脚", [flat_part(strip, high, 0, finish)], z, storey
            )


def _molding(writer: IfcWriter, key: str, name: str, parts: list[Part], z: float, storey: str) -> None:
    writer.element("IfcCovering", key, name, Frame(0, 0, z), storey, parts=parts, predefined="MOLDING")


def _arcade(writer: IfcWriter) -> None:
    """The culture wing's qilou (骑楼): granite arches, a brick keystone, one type of 4.2 m."""
    wide, high, pier, spring = 4.2, 5.1, 0.5, 3.1
    radius = (wide - 2 * pier) / 2
    arc = [
        (wide / 2 - radius * float(np.cos(t)), spring + 0.82 * radius * float(np.sin(t)))
        for t in np.linspace(0, np.pi, 17)
    ]
    outline = [(0, 0), (pier, 0), *arc, (wide - pier, 0), (wide, 0), (wide, high), (0, high)]
    plane = Frame(0, 0.25, 0, 0.0, (0.0, -1.0, 0.0), (1.0, 0.0, 0.0))
    body = Part(Extrusion(outline, 0.5, plane), "granite_light")
    key = Part(
        slab(wide / 2 - 0.18, -0.31, spring + 0.8 * radius - 0.1, wide / 2 + 0.18, 0.31, high - 0.25), "brick"
    )
    foot = joined(
        [
            slab(-0.02, -0.3, 0, pier + 0.06, 0.3, 0.55),
            slab(wide - pier - 0.06, -0.3, 0, wide + 0.02, 0.3, 0.55),
            slab(-0.02, -0.3, spring - 0.15, pier + 0.06, 0.3, spring),
            slab(wide - pier - 0.06, -0.3, spring - 0.15, wide + 0.02, 0.3, spring),
        ]
    )
    arch = writer.type(
        "IfcWallType",
        "arcade",
        "骑楼拱券",
        [body, key, Part(foot, "granite")],
        predefined="ELEMENTEDWALL",
        name_en="Arcade arch",
        material="花岗岩",
    )
    for i in range(14):
        writer.element(
            "IfcWall",
            f"arcade/{i}",
            f"骑楼拱券{i + 1}",
            Frame(75.6 + wide * i, -3.45, 0),
            "L1",
            type=arch,
            predefined="ELEMENTEDWALL",
            psets={"Pset_WallCommon": {"IsExternal": True, "Reference": "骑楼"}},
        )


def _canopy(writer: IfcWriter) -> None:
    """The entrance canopy: a tiled, slightly swept roof on four columns, with the house's red sign."""

    def height(x: float, y: float) -> float:
        v = abs((x - 67.2) / 9.0)
        return float(6.35 + 0.6 * v**2.6 - 0.03 * (y + 6))

    xs = [float(x) for x in np.linspace(58.9, 75.5, 13)]
    ys = [-7.2, -3.0, 2.0, 8.2]
    low = sheet(lambda x, y: height(x, y) - 0.35, xs, ys, 0.06)
    writer.element(
        "IfcSlab",
        "canopy",
        "主入口雨篷",
        Frame(0, 0, 0),
        "L1",
        predefined="ROOF",
        name_en="Entrance canopy",
        parts=[Part(sheet(height, xs, ys, 0.35), "tile"), Part(low, "wood_light")],
    )
    rings = [_box_ring_x(x, -7.25, height(x, -7.2)) for x in xs]
    writer.element(
        "IfcCovering",
        "canopy/edge",
        "雨篷檐口",
        Frame(0, 0, 0),
        "L1",
        parts=[Part(ribbon(rings), "bronze")],
        predefined="MOLDING",
    )
    shaft = writer.type(
        "IfcColumnType",
        "canopy",
        "雨篷圆柱",
        [
            Part(lathe([(0.24, 0), (0.2, 6.3)], 16), "granite_light"),
            Part(slab(-0.35, -0.35, 0, 0.35, 0.35, 0.4), "granite"),
        ],
        predefined="COLUMN",
        name_en="Canopy column",
    )
    for i, x in enumerate((60.4, 64.4, 70.0, 74.0)):
        writer.element(
            "IfcColumn",
            f"canopy/{i}",
            f"雨篷柱{i + 1}",
            Frame(x, -6.2, 0),
            "L1",
            type=shaft,
            predefined="COLUMN",
        )
    sign = [Part(slab(62.2, -6.75, 6.5, 72.2, -6.6, 7.7), "brick_dark"), *_sign_strokes()]
    writer.element(
        "IfcBuildingElementProxy", "sign", "馆名牌匾", Frame(0, 0, 0), "L1", parts=sign, name_en="House sign"
    )


def _sign_strokes() -> list[Part]:
    """The nine characters of the house's name, gilded, in relief on the sign."""
    size, pitch, left, foot = 0.85, 1.08, 62.4, 6.72
    plane = Frame(0, -6.74, 0, 0.0, (0.0, -1.0, 0.0), (1.0, 0.0, 0.0))
    parts = []
    for i, pieces in enumerate(NAME):
        for rings in pieces:
            placed = [
                [(left + pitch * i + x * size / 120, foot + (y + 13) * size / 120) for x, y in ring]
                for ring in rings
            ]
            parts.append(Part(Extrusion(placed[0], 0.05, plane, placed[1:]), "gold"))
    return parts


def _roof_plant_screen(writer: IfcWriter) -> None:
    """Louvred screens round the roof's two plant areas."""
    louvre = writer.type(
        "IfcMemberType",
        "louvre",
        "屋面百叶",
        [Part(slab(-0.6, -0.06, 0, 0.6, 0.06, 0.1), "terracotta")],
        predefined="MEMBER",
        name_en="Roof louvre",
    )
    for zone in writer.layout.plant_zones:
        x0, y0, x1, y1 = zone.rect
        sides = [(x0, y0, x1, y0, 0.0), (x0, y1, x1, y1, 0.0), (x0, y0, x0, y1, 90.0), (x1, y0, x1, y1, 90.0)]
        for s, (a, b, c, d, turn) in enumerate(sides):
            count = int(max(c - a, d - b) // 1.2)
            for i in range(count):
                t = (i + 0.5) / count
                for k in range(4):
                    at = Frame(a + (c - a) * t, b + (d - b) * t, 23.7 + 0.4 * k, turn)
                    writer.element(
                        "IfcMember",
                        f"louvre/{zone.key}/{s}/{i}/{k}",
                        "屋面百叶",
                        at,
                        "RF",
                        type=louvre,
                        predefined="MEMBER",
                    )
