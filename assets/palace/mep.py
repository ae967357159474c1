"""Ducts, pipes, cable trays, diffusers and sprinkler heads into the model, as members of their systems."""

# ruff: noqa: E501  (tables and the arguments of a placing read better in rows)

from collections.abc import Mapping
from functools import cache
from math import cos, dist, pi, sin

from shapely import Point, STRtree

from assets.palace.devices_climate import fan_coil_spots
from assets.palace.devices_mesh import Mesh, joined, lathe, tube
from assets.palace.devices_models import model
from assets.palace.devices_spec import ceiling, outline
from assets.palace.ifc_writer import Entity, Extrusion, Frame, IfcWriter, Part, TypeHandle, rectangle
from assets.palace.layout import Layout, SpaceSpec
from assets.palace.mep_routes import Piece, Section, all_pieces, diffuser_y, sprinkler_heads

BEND_CLASS = {
    "IfcDuctSegment": "IfcDuctFitting",
    "IfcPipeSegment": "IfcPipeFitting",
    "IfcCableCarrierSegment": "IfcCableCarrierFitting",
}
ROUND_SIDES = 8


def place_mep(writer: IfcWriter, systems: Mapping[str, Entity]) -> None:
    """Write the distribution between the devices: pieces, bends, ceiling diffusers, sprinkler heads."""
    layout = writer.layout
    types: dict[tuple[str, str], TypeHandle] = {}
    for piece in all_pieces(layout):
        entity = _write_piece(writer, layout, piece, types)
        writer.assign(systems[piece.section.system], [entity])
    _diffusers(writer, layout, systems["supply_air"])
    _sprinklers(writer, layout, systems["fire"])


def _write_piece(
    writer: IfcWriter, layout: Layout, piece: Piece, types: dict[tuple[str, str], TypeHandle]
) -> Entity:
    section = piece.section
    bend = piece.start == piece.end
    ifc_class = BEND_CLASS[section.ifc_class] if bend else section.ifc_class
    handle = types.get((section.key, ifc_class))
    if handle is None:
        handle = types[section.key, ifc_class] = _type(writer, section, ifc_class, bend)
    middle = tuple((a + b) / 2 for a, b in zip(piece.start, piece.end, strict=True))
    container = space_at(layout, piece.storey, middle[0], middle[1]) or piece.storey
    name = f"{section.name_zh}弯头" if bend else section.name_zh
    return writer.element(
        ifc_class, f"mep/{piece.key}", name, _frame(piece), container, type=handle,
        parts=() if bend else [Part(_straight(section, dist(piece.start, piece.end)), section.finish)],
        name_en=f"{section.name_en} bend" if bend else section.name_en, tag=f"MEP-{piece.key.replace('/', '-')}",
    )  # fmt: skip


def _type(writer: IfcWriter, section: Section, ifc_class: str, bend: bool) -> TypeHandle:
    size = (
        f"{section.width * 1000:.0f}×{section.height * 1000:.0f}"
        if section.height
        else f"DN{section.width * 1000:.0f}"
    )
    parts = [Part(_bend(section), section.finish)] if bend else []
    return writer.type(
        f"{ifc_class}Type", f"mep/{ifc_class}/{section.key}", f"{section.name_zh} {size}", parts,
        predefined="BEND" if bend else section.predefined, name_en=f"{section.name_en} {size}",
    )  # fmt: skip


def _straight(section: Section, length: float) -> Extrusion:
    return Extrusion(_profile(section), round(length, 4))


@cache
def _profile(section: Section) -> tuple[tuple[float, float], ...]:
    if section.height:
        w, h = section.width / 2, section.height / 2
        return rectangle(-w, -h, w, h)
    r = section.width / 2
    return tuple(
        (round(r * cos(2 * pi * i / ROUND_SIDES), 4), round(r * sin(2 * pi * i / ROUND_SIDES), 4))
        for i in range(ROUND_SIDES)
    )


def _bend(section: Section) -> Extrusion | Mesh:
    """What fills the corner between two pieces: a block for rectangular sections, a ball for round ones."""
    w, h = section.width / 2, section.height / 2
    if section.height:
        return Extrusion(rectangle(-w, -w, w, w), section.height, Frame(0, 0, -h))
    ball = lathe([(0.0, -w), (0.71 * w, -0.71 * w), (w, 0.0), (0.71 * w, 0.71 * w), (0.0, w)], ROUND_SIDES)
    return Mesh(ball.vertices, tuple(ball.triangles()))


def _frame(piece: Piece) -> Frame:
    """The piece's own Z along its axis and its Y up, so that a profile's height is vertical."""
    (x, y, z), length = piece.start, dist(piece.start, piece.end)
    if length == 0:
        return Frame(x, y, z)
    d = tuple(round((b - a) / length, 9) for a, b in zip(piece.start, piece.end, strict=True))
    if abs(d[2]) > 0.99:
        return Frame(x, y, z if d[2] > 0 else piece.end[2])
    return Frame(x, y, z, axis=(d[0], d[1], d[2]), ref=(-d[1] + 0.0, d[0], 0.0))


@cache
def _index(layout: Layout, storey: str) -> tuple[STRtree, tuple[SpaceSpec, ...]]:
    spaces = tuple(layout.on(storey))
    return STRtree([outline(space) for space in spaces]), spaces


def space_at(layout: Layout, storey: str, x: float, y: float) -> str | None:
    """The key of the space of a storey that holds a point in plan; None in a wall or outside."""
    tree, spaces = _index(layout, storey)
    found = sorted(int(i) for i in tree.query(Point(x, y), predicate="intersects"))
    return spaces[found[0]].key if found else None


def _diffusers(writer: IfcWriter, layout: Layout, system: Entity) -> None:
    """The ceiling diffusers of the fan coils; they report nothing, so they are no devices."""
    handle = writer.type(
        "IfcAirTerminalType", "mep/ceiling_diffuser", "风机盘管散流器", _parts("diffuser"), predefined="DIFFUSER",
        name_en="Fan coil diffuser",
    )  # fmt: skip
    for space in layout.spaces:
        for i, (x, y) in enumerate(fan_coil_spots(space)):
            entity = writer.element(
                "IfcAirTerminal", f"mep/diffuser/{space.key}/{i}", "风机盘管散流器",
                Frame(x, diffuser_y(space, y), ceiling(space)), space.key, type=handle, name_en="Fan coil diffuser",
                tag=f"MEP-diffuser-{space.number}-{i + 1}",
            )  # fmt: skip
            writer.assign(system, [entity])


def _parts(key: str) -> list[Part]:
    return [Part(Mesh(mesh.vertices, tuple(mesh.triangles())), finish) for mesh, finish in model(key).items]


def _sprinklers(writer: IfcWriter, layout: Layout, system: Entity) -> None:
    body = joined([tube(0.012, -0.09, 0.0, 6), lathe([(0.02, -0.11), (0.02, -0.09)], 8)])
    part = Part(Mesh(body.vertices, tuple(body.triangles())), "signal_red")
    handle = writer.type(
        "IfcFireSuppressionTerminalType", "mep/sprinkler_head", "直立型喷头", [part], predefined="SPRINKLER",
        name_en="Sprinkler head",
    )  # fmt: skip
    for i, (x, y, z) in enumerate(sprinkler_heads(layout)):
        container = space_at(layout, "B1", x, y) or "B1"
        entity = writer.element(
            "IfcFireSuppressionTerminal", f"mep/sprinkler/{i}", "喷头", Frame(x, y, z), container, type=handle,
            name_en="Sprinkler head", tag=f"MEP-sprinkler-{i + 1}",
        )  # fmt: skip
        writer.assign(system, [entity])
