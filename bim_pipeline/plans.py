"""Floor plans: per storey a GeoJSON FeatureCollection in local metres.

Walls and columns are cut 1.2 m over the floor, as architects do; doors are their leaf and its swing; stairs
are their treads; furniture is its outline. Outlines are simplified to a centimetre and written to a
millimetre; features come in order of kind and element, so that the same model gives the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from bim_pipeline.doors import DOOR_CLASSES, DoorFrame, door_frame
from bim_pipeline.remembering import Memory, element_parts, memory_key
from bim_pipeline.sections import hull, level_areas, projection, section_area
from bim_pipeline.source import Element, FloatArray, Mesh, Meshes, Space, Storey

CUT_M = 1.2
LOW_STOREY_M = 2.0  # in a lower one the cut is at the middle of its height
SIMPLIFY_M = 0.01
KINDS = ("space", "wall", "column", "door", "window", "stair", "ramp", "lift", "furniture")
SWING_STEPS = 9

_CLASSES_OF_KIND = {
    "wall": {"IfcWall", "IfcWallStandardCase", "IfcWallElementedCase", "IfcCurtainWall"},
    "column": {"IfcColumn", "IfcColumnStandardCase"},
    "door": DOOR_CLASSES,
    "window": {"IfcWindow", "IfcWindowStandardCase"},
    "stair": {"IfcStair", "IfcStairFlight"},
    "ramp": {"IfcRamp", "IfcRampFlight"},
    "lift": {"IfcTransportElement"},
    "furniture": {
        "IfcFurniture",
        "IfcFurnishingElement",
        "IfcSystemFurnitureElement",
        "IfcSanitaryTerminal",
    },
}
_KIND_OF_CLASS = {name: kind for kind, names in _CLASSES_OF_KIND.items() for name in names}
_PARTS_OF_WHOLE = {"IfcCurtainWall": "wall", "IfcStair": "stair", "IfcRamp": "ramp", "IfcWall": "wall"}
_NO_PARTS = {"IfcRailing", "IfcOpeningElement", "IfcDoor", "IfcWindow"}
_CUT_KINDS = {"wall", "column"}


@dataclass(frozen=True, slots=True, eq=False)
class _Drawing:
    """A kind of outline to draw for one element: of itself or of the parts it consists of."""

    kind: str
    element: Element
    parts: tuple[Element, ...]


def build_plans(
    elements: Sequence[Element],
    storeys: Sequence[Storey],
    spaces: Sequence[Space],
    meshes: Mapping[int, Mesh],
    memory: Memory | None = None,
) -> dict[int, bytes]:
    """Draw all plans: by the storey's position, UTF-8 JSON as docs/architecture.md describes it.

    elements by index, so that `elements[i].element_index` is i; meshes by element index; metres, local frame.
    What a `memory` holds of an earlier build is not drawn again; meshes are then `source.Meshes`.
    """
    drawings = _drawings(elements, meshes)
    features: dict[int, list[dict[str, Any] | orjson.Fragment]] = {storey.position: [] for storey in storeys}
    position = {storey.element_index: storey.position for storey in storeys}
    for space in spaces:
        if space.storey_index in position:
            outline = shapely.from_wkb(space.footprint)
            feature = _feature("space", elements[space.element_index], outline)
            features[position[space.storey_index]] += feature
    all_storeys = repr(storeys)
    for drawing in drawings:
        for place, drawn in _drawn(drawing, storeys, all_storeys, meshes, memory):
            features[place].append(drawn)
    return {storey.position: _collection(storey, elements, features[storey.position]) for storey in storeys}


def _drawn(
    drawing: _Drawing,
    storeys: Sequence[Storey],
    all_storeys: str,
    meshes: Mapping[int, Mesh],
    memory: Memory | None,
) -> list[tuple[int, orjson.Fragment]]:
    """Give the features of a drawing, each with the position of its storey; `all_storeys` as text."""

    def draw() -> bytes:
        return b"\n".join(
            b"%d %s" % (storey.position, orjson.dumps(feature))
            for storey, outline in _outlines(drawing, storeys, meshes)
            for feature in _feature(drawing.kind, drawing.element, outline)
        )

    if memory is None or not isinstance(meshes, Meshes):
        lines = draw()
    else:
        parts = [meshes.digest(part.element_index) for part in drawing.parts]
        said = [element_parts(element) for element in (drawing.element, *drawing.parts)]
        values = (value for row in said for value in row)
        lines = memory.recall(memory_key("plan", [drawing.kind, all_storeys, *parts, *values]), draw)
    split = (line.split(b" ", 1) for line in lines.splitlines())
    return [(int(position), orjson.Fragment(feature)) for position, feature in split]


def door_lines(frame: DoorFrame) -> BaseGeometry:
    """Draw a door: each leaf, open at a right angle, with the arc it swings; else the line of the opening.

    IFC 4.3, IfcDoorTypeOperationEnum: left and right as seen along the local y axis, to where leaves open.
    """
    operation = str(frame.element.attributes.get("OperationType") or "").upper()
    half = frame.along * frame.width_m / 2
    left, right = frame.centre[:2] - half, frame.centre[:2] + half
    if operation.startswith("DOUBLE_") and "SWING" in operation and not operation.startswith("DOUBLE_SWING"):
        middle = frame.centre[:2]
        lines = [*_leaf(left, middle, frame.normal), *_leaf(right, middle, frame.normal)]
    elif operation in {"SINGLE_SWING_LEFT", "DOUBLE_SWING_LEFT"}:
        lines = _leaf(left, right, frame.normal)
    elif operation in {"SINGLE_SWING_RIGHT", "DOUBLE_SWING_RIGHT"}:
        lines = _leaf(right, left, frame.normal)
    else:
        lines = [np.stack([left, right])]
    return shapely.MultiLineString([line.tolist() for line in lines])


def _leaf(hinge: FloatArray, closed: FloatArray, normal: FloatArray) -> list[FloatArray]:
    """The open leaf and the arc of its edge, as lines (n, 2)."""
    width = float(np.linalg.norm(closed - hinge))
    turn = np.linspace(0.0, np.pi / 2, SWING_STEPS)[:, None]
    arc = hinge + np.cos(turn) * (closed - hinge) + np.sin(turn) * normal * width
    return [np.stack([hinge, arc[-1]]), arc]


def _drawings(elements: Sequence[Element], meshes: Mapping[int, Mesh]) -> list[_Drawing]:
    """What to draw, by kind and element; the parts of a curtain wall or a stair are drawn as the whole."""
    parts: dict[int, list[Element]] = defaultdict(list)
    alone: list[_Drawing] = []
    for element in elements:
        if element.element_index not in meshes:
            continue
        whole = _whole(element, elements)
        kind = _KIND_OF_CLASS.get(element.ifc_class)
        if whole is not None:
            parts[whole.element_index].append(element)
        elif kind in _PARTS_OF_WHOLE.values():
            parts[element.element_index].append(element)
        elif kind is not None:
            alone.append(_Drawing(kind, element, (element,)))
    wholes = [
        _Drawing(_KIND_OF_CLASS[elements[index].ifc_class], elements[index], _without_whole(index, found))
        for index, found in parts.items()
    ]
    return sorted([*wholes, *alone], key=lambda d: (KINDS.index(d.kind), d.element.element_index))


def _whole(element: Element, elements: Sequence[Element]) -> Element | None:
    """The curtain wall, stair or ramp that an element is a part of."""
    if element.parent_index is None or element.ifc_class in _NO_PARTS:
        return None
    parent = elements[element.parent_index]
    return parent if parent.ifc_class in _PARTS_OF_WHOLE else None


def _without_whole(index: int, found: Sequence[Element]) -> tuple[Element, ...]:
    """The drawn parts; a whole that is drawn itself does not stand beside its parts."""
    parts = tuple(part for part in found if part.element_index != index)
    return parts or tuple(found)


def _outlines(
    drawing: _Drawing, storeys: Sequence[Storey], meshes: Mapping[int, Mesh]
) -> Iterator[tuple[Storey, BaseGeometry]]:
    """The outlines of a drawing on each storey where it shows."""
    if drawing.kind in _CUT_KINDS:
        bodies = [(part.storey_index, meshes[part.element_index]) for part in drawing.parts]
        for storey in storeys:
            cuts = [_cut(storey, own, storeys, mesh) for own, mesh in bodies]
            areas = [cut for cut in cuts if cut is not None and not cut.is_empty]
            if areas:
                yield storey, shapely.union_all(areas)
        return
    outline = _OUTLINE_OF_KIND[drawing.kind]
    by_storey: dict[int | None, list[BaseGeometry]] = defaultdict(list)
    for part in drawing.parts:
        own = drawing.element.storey_index if part.storey_index is None else part.storey_index
        by_storey[own].append(outline(part, meshes[part.element_index]))
    for storey in storeys:
        outlines = by_storey.get(storey.element_index)
        if outlines:
            yield storey, outlines[0] if len(outlines) == 1 else _collected(outlines)


def _cut(
    storey: Storey, own_storey: int | None, storeys: Sequence[Storey], mesh: Mesh
) -> BaseGeometry | None:
    """The section of a body on a storey, None where it does not show there.

    A body that is lower than the cut is cut at its own middle, but only on the storey it belongs to. A body
    that reaches through other storeys shows on those too, unless they are only another name for its own.
    """
    if len(mesh[1]) == 0:
        return None
    z = _cut_height(storey)
    low, high = float(mesh[0][:, 2].min()), float(mesh[0][:, 2].max())
    own = own_storey == storey.element_index
    if low < z < high and (own or not _is_same_level(storey, own_storey, storeys)):
        return section_area(mesh, z)
    if own and high <= z and high - storey.elevation_m > SIMPLIFY_M:
        return section_area(mesh, (max(low, storey.elevation_m) + high) / 2)
    return None


def _is_same_level(storey: Storey, own_storey: int | None, storeys: Sequence[Storey]) -> bool:
    """Whether the own storey is a level of its own beside this one, as in another building."""
    own = [other for other in storeys if other.element_index == own_storey]
    return bool(own) and abs(own[0].elevation_m - storey.elevation_m) < LOW_STOREY_M / 2


def _cut_height(storey: Storey) -> float:
    above = CUT_M if storey.height_m >= LOW_STOREY_M else storey.height_m / 2
    return storey.elevation_m + above


def _door(door: Element, mesh: Mesh) -> BaseGeometry:
    frame = door_frame(door, mesh)
    return shapely.MultiLineString() if frame is None else door_lines(frame)


def _window(_: Element, mesh: Mesh) -> BaseGeometry:
    """The rectangle that a window takes in its wall."""
    return _rectangle(hull(mesh))


def _treads(_: Element, mesh: Mesh) -> BaseGeometry:
    areas = [area for _, area in level_areas(mesh)]
    return _collected(areas) if areas else projection(mesh, upward=0.5)


def _slope(_: Element, mesh: Mesh) -> BaseGeometry:
    return projection(mesh, upward=0.5)


def _car(_: Element, mesh: Mesh) -> BaseGeometry:
    return _rectangle(hull(mesh))


def _furniture(_: Element, mesh: Mesh) -> BaseGeometry:
    return hull(mesh)


_OUTLINE_OF_KIND: Mapping[str, Callable[[Element, Mesh], BaseGeometry]] = {
    "door": _door,
    "window": _window,
    "stair": _treads,
    "ramp": _slope,
    "lift": _car,
    "furniture": _furniture,
}


def _rectangle(area: BaseGeometry) -> BaseGeometry:
    rectangle: BaseGeometry = shapely.minimum_rotated_rectangle(area)
    return rectangle


def _collected(outlines: Sequence[BaseGeometry]) -> BaseGeometry:
    """Outlines side by side, not merged: the edges between treads are what makes a stair."""
    parts = [part for outline in outlines for part in shapely.get_parts(outline)]
    polygons = [part for part in parts if isinstance(part, shapely.Polygon)]
    return shapely.MultiPolygon(polygons)


def _feature(kind: str, element: Element, outline: BaseGeometry) -> list[dict[str, Any]]:
    """One feature, or none where nothing is left of the outline."""
    simple = outline.simplify(SIMPLIFY_M).normalize()
    rounded = shapely.transform(simple, lambda xy: np.round(xy, 3) + 0.0)
    if rounded.is_empty:
        return []
    properties = {
        "kind": kind,
        "guid": element.guid,
        "element_index": element.element_index,
        "class": element.ifc_class,
        "name": (element.long_name or element.name) if kind == "space" else element.name,
    }
    return [{"type": "Feature", "properties": properties, "geometry": mapping(rounded)}]


def _collection(
    storey: Storey, elements: Sequence[Element], features: Sequence[dict[str, Any] | orjson.Fragment]
) -> bytes:
    content = {
        "type": "FeatureCollection",
        "storey": elements[storey.element_index].guid,
        "position": storey.position,
        "elevation_m": round(float(storey.elevation_m), 3),
        "features": features,
    }
    return orjson.dumps(content)
