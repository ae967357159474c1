"""Slabs with their holes, columns and beams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from shapely import LinearRing, Polygon, box, unary_union
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from assets.palace.devices_mesh import joined
from assets.palace.errors import LayoutError
from assets.palace.ifc_writer import Extrusion, Frame, IfcWriter, Part, TypeHandle
from assets.palace.joinery import slab
from assets.palace.layout import GRID_X, GRID_Y, POOL_BASIN, SLAB, Layout
from assets.palace.shapes import Rect, StairSpec, StoreySpec

FINISH_DEPTH = 0.03
LANDING = 1.5
# Rooms that stay free of columns, and rooms where one would stand in the way.
FREE = {
    "basketball_hall",
    "swimming_pool",
    "badminton_hall",
    "theatre",
    "stage",
    "corridor",
    "stair",
    "lift",
    "shaft",
    "toilet_women",
    "toilet_men",
    "toilet_accessible",
    "courtyard",
    "plaza",
    "outdoor_stage",
    "pavement",
    "garden",
    "arcade",
    "forecourt",
    "gallery_walk",
    "lift_lobby",
    "ramp",
    "roof",
}
WINGS = (("体育楼", -1.0, 58.8), ("中庭", 58.8, 75.6), ("文化楼", 75.6, 143.0))


def place_all(writer: IfcWriter) -> None:
    """Write the structure of all storeys."""
    for storey in writer.layout.storeys:
        for i, shape in enumerate(slab_shapes(writer.layout, storey)):
            _slab(writer, storey, shape, i)
    _sports_ceiling_slab(writer)
    kinds: dict[float, TypeHandle] = {}
    bars: dict[float, TypeHandle] = {}
    for storey in writer.layout.storeys[:-1]:
        height = round(storey.height - SLAB, 3)
        if height not in kinds:
            kinds[height] = _column_type(writer, height, storey.key == "B1")
        spots = list(column_places(writer.layout, storey))
        for x, y in spots:
            _column(writer, storey, kinds[height], x, y)
        for x0, x1, y in beam_spans(writer.layout, storey):
            span = round(x1 - x0, 2)
            if span not in bars:
                bars[span] = _beam_type(writer, span)
            at = Frame(x0, y, storey.elevation + storey.height - SLAB)
            writer.element(
                "IfcBeam",
                f"beam/{storey.key}/{x0:g}/{y:g}",
                f"框架梁 {storey.key}",
                at,
                storey.key,
                type=bars[span],
                predefined="BEAM",
                psets={"Pset_BeamCommon": {"LoadBearing": True, "Span": ("IfcPositiveLengthMeasure", span)}},
            )


def floor_area(layout: Layout, storey: StoreySpec) -> BaseGeometry:
    """What a storey's slab covers before holes are cut: all indoor rooms, and the roof under the decks."""
    rooms = [
        Polygon(s.gross)
        for s in layout.on(storey.key)
        if not s.external or s.function in ("courtyard", "roof")
    ]
    return unary_union(rooms).buffer(0.1, join_style="mitre")


def holes(layout: Layout, storey: StoreySpec) -> list[Polygon]:
    """Holes in a storey's slab: arriving stairs, lift and service shafts, the pool."""
    cut = [box(*stair_hole(s)) for s in layout.stairs if s.z_top == storey.elevation and s.form == "u"]
    if storey.key != "B1":
        cut += [Polygon(s.polygon) for s in layout.on(storey.key) if s.function in ("lift", "shaft")]
    if storey.key == "L1":
        cut.append(box(*POOL_BASIN))
    return cut


def stair_hole(stair: StairSpec) -> Rect:
    """The opening that a U stair needs in the floor it arrives at: all but the landing at its entry."""
    x0, y0, x1, y1 = stair.rect
    return {
        "+x": (x0, y0, x1 - LANDING, y1),
        "-x": (x0 + LANDING, y0, x1, y1),
        "+y": (x0, y0, x1, y1 - LANDING),
        "-y": (x0, y0 + LANDING, x1, y1),
    }[stair.entry]


def slab_shapes(layout: Layout, storey: StoreySpec) -> list[Polygon]:
    """The slabs of a storey, one or more a wing, holes cut."""
    area = floor_area(layout, storey).difference(unary_union(holes(layout, storey)))
    shapes: list[Polygon] = []
    for _, low, high in WINGS:
        piece = area.intersection(box(low, -10, high, 60))
        shapes += [p for p in getattr(piece, "geoms", [piece]) if isinstance(p, Polygon) and p.area > 0.5]
    return shapes


def _slab(writer: IfcWriter, storey: StoreySpec, shape: Polygon, number: int) -> None:
    raft = storey.key == "B1"
    depth = 0.6 if raft else SLAB - FINISH_DEPTH
    finish = "concrete" if storey.key != "RF" else "screed"
    kind = "BASESLAB" if raft else "ROOF" if storey.key == "RF" else "FLOOR"
    part = flat_part(shape, depth, -FINISH_DEPTH - depth, finish)
    writer.element(
        "IfcSlab",
        f"slab/{storey.key}/{number}",
        f"{'基础筏板' if raft else '楼板'} {storey.key}-{number + 1}",
        Frame(0, 0, storey.elevation),
        storey.key,
        parts=[part],
        predefined=kind,
        material="钢筋混凝土",
        psets={"Pset_SlabCommon": {"LoadBearing": True, "IsExternal": kind == "ROOF", "FireRating": "2h"}},
    )


def flat_part(shape: BaseGeometry, depth: float, z: float, finish: str) -> Part:
    """A polygon with its holes as an extrusion from height z upwards; LayoutError if it is in pieces."""
    simple = shape.simplify(1e-3)
    if not isinstance(simple, Polygon):
        raise LayoutError(f"a floor of finish {finish!r} is in pieces: write each piece by itself")
    turned = orient(simple)
    inner = [_points(ring) for ring in turned.interiors]
    return Part(Extrusion(_points(turned.exterior), depth, Frame(0, 0, z), inner), finish)


def _points(ring: LinearRing) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in ring.coords[:-1]]


def _sports_ceiling_slab(writer: IfcWriter) -> None:
    """The slab over the sports wing's third floor rooms, below the big roof; the hall stays open to it."""
    shape = box(33.5, -0.1, 58.9, 50.5)
    writer.element(
        "IfcSlab",
        "slab/sports/attic",
        "体育楼顶板",
        Frame(0, 0, 14.4),
        "L4",
        parts=[flat_part(shape, SLAB, -SLAB, "concrete")],
        predefined="ROOF",
        material="钢筋混凝土",
        psets={"Pset_SlabCommon": {"LoadBearing": True, "IsExternal": False}},
    )


def column_places(layout: Layout, storey: StoreySpec) -> Iterator[tuple[float, float]]:
    """Grid points where a column may stand: inside the building, not in a free room, not before a door."""
    area = floor_area(layout, storey)
    free = unary_union(
        [Polygon(s.polygon).buffer(-0.01) for s in layout.on(storey.key) if s.function in FREE]
    )
    doors = [(d.x, d.y, d.width) for d in layout.doors if d.storey == storey.key and d.kind != "open"]
    for x in map(_inward(GRID_X), GRID_X):
        for y in map(_inward(GRID_Y), GRID_Y):
            spot = box(x - 0.1, y - 0.1, x + 0.1, y + 0.1)
            clear = all(max(abs(x - a), abs(y - b)) > w / 2 + 0.5 for a, b, w in doors)
            if clear and area.buffer(0.3).contains(spot) and free.intersection(spot).area < 0.03:
                yield x, y


def _inward(lines: tuple[float, ...]) -> Callable[[float], float]:
    """Moves the outermost lines inwards, so that columns stand behind the facade."""
    shift = {lines[0]: 0.5, lines[-1]: -0.5}
    return lambda value: round(value + shift.get(value, 0.0), 3)


def _column_type(writer: IfcWriter, height: float, basement: bool) -> TypeHandle:
    half = 0.35 if basement else 0.3
    parts = [Part(slab(-half, -half, 0, half, half, height), "concrete" if basement else "plaster_warm")]
    if basement:
        stripes = [
            slab(-half - 0.01, -half - 0.01, z, half + 0.01, half + 0.01, z + 0.15)
            for z in (0.15, 0.45, 0.75)
        ]
        parts.append(Part(joined(stripes), "line_yellow"))
    return writer.type(
        "IfcColumnType",
        f"column/{height}",
        f"混凝土柱 {2 * half * 1000:.0f}",
        parts,
        predefined="COLUMN",
        name_en="Concrete column",
        material="钢筋混凝土",
    )


def _column(writer: IfcWriter, storey: StoreySpec, kind: TypeHandle, x: float, y: float) -> None:
    writer.element(
        "IfcColumn",
        f"column/{storey.key}/{x:g}/{y:g}",
        f"柱 {storey.key}",
        Frame(x, y, storey.elevation),
        storey.key,
        type=kind,
        predefined="COLUMN",
        psets={"Pset_ColumnCommon": {"LoadBearing": True, "IsExternal": False, "FireRating": "3h"}},
    )


def beam_spans(layout: Layout, storey: StoreySpec) -> list[tuple[float, float, float]]:
    """Beams (x0, x1, y) along the grid's x lines, between columns of neighbouring modules."""
    spots = set(column_places(layout, storey))
    spans = []
    for y in map(_inward(GRID_Y), GRID_Y):
        row = sorted(x for x, row_y in spots if row_y == y)
        spans += [(a, b, y) for a, b in pairwise(row) if b - a < 9]
    return spans


def _beam_type(writer: IfcWriter, span: float) -> TypeHandle:
    return writer.type(
        "IfcBeamType",
        f"beam/{span}",
        f"框架梁300×600 {span:.1f}m",
        [Part(slab(0.3, -0.15, -0.6, span - 0.3, 0.15, 0), "concrete")],
        predefined="BEAM",
        name_en="Concrete beam",
        material="钢筋混凝土",
    )
