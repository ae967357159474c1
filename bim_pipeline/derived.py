"""Rooms that walls tell, as elements with guids, volumes and spaces like those of a model. No I/O."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import ifcopenshell.guid
import numpy as np
import shapely

from bim_pipeline.assembly import Assembly, shape_digest
from bim_pipeline.colours import SPACE_COLOUR
from bim_pipeline.doors import DOOR_CLASSES
from bim_pipeline.enclosures import Enclosure, find_enclosures
from bim_pipeline.mesh import smooth_mesh
from bim_pipeline.source import Body, Element, FloatArray, Geometry, Mesh, ModelWarning, Shape, Space, Storey

DESCRIPTION = "derived from walls: the model has no IfcSpace here"
# The middle of a room may move so much, m, before the room is taken for another one.
_GUID_GRID_M = 0.5


def with_derived_rooms(
    assembly: Assembly, storeys: Sequence[Storey], spaces: Sequence[Space]
) -> tuple[Assembly, list[Space]]:
    """Add rooms where the model has none; gives the assembly and all spaces.

    Rooms are derived on every storey of a model without any space, else on storeys that have doors but no
    space. The new elements come after all others, in order of their guids, and have the class IfcSpace.
    """
    wanted = storeys_without_rooms(assembly.elements, storeys, spaces)
    if not wanted and (storeys or spaces):
        return assembly, list(spaces)
    try:
        found = find_enclosures(assembly.elements, wanted, assembly.geometry.meshes())
    except shapely.GEOSException as error:
        text = f"rooms could not be derived from walls, whose shapes cross themselves ({error})"
        warning = ModelWarning("rooms_not_derived", None, text)
        return replace(assembly, warnings=(*assembly.warnings, warning)), list(spaces)
    if not found:
        return assembly, list(spaces)
    first = len(assembly.elements)
    named = _named(found, assembly.elements, storeys)
    rooms = [(replace(e, element_index=first + n), room) for n, (e, room) in enumerate(named)]
    derived = [_space(element, room) for element, room in rooms]
    return _with_bodies(assembly, rooms), [*spaces, *derived]


def storeys_without_rooms(
    elements: Sequence[Element], storeys: Sequence[Storey], spaces: Sequence[Space]
) -> list[Storey]:
    """Choose the storeys whose rooms the model leaves out.

    Where it has spaces elsewhere, a storey without any counts if it has doors: foundations and roofs have
    no rooms because they have none.
    """
    with_rooms = {space.storey_index for space in spaces}
    if not with_rooms:
        return list(storeys)
    with_doors = {e.storey_index for e in elements if e.ifc_class in DOOR_CLASSES}
    return [s for s in storeys if s.element_index in with_doors - with_rooms]


def _named(
    rooms: Sequence[Enclosure], elements: Sequence[Element], storeys: Sequence[Storey]
) -> list[tuple[Element, Enclosure]]:
    """Make the elements of rooms, ascending by guid; names count a storey's rooms: 2.07."""
    positions: Mapping[int | None, int] = {s.element_index: s.position for s in storeys}
    count: Counter[int | None] = Counter()
    taken = {element.guid for element in elements}
    made = []
    for room in rooms:
        count[room.storey_index] += 1
        storey = None if room.storey_index is None else elements[room.storey_index].guid
        element = Element(
            element_index=-1,
            guid=_guid(storey or "", room, taken),
            step_id=0,
            ifc_class="IfcSpace",
            name=f"{positions.get(room.storey_index, 0) + 1}.{count[room.storey_index]:02d}",
            description=DESCRIPTION,
            parent_index=room.storey_index,
            storey_index=room.storey_index,
        )
        made.append((element, room))
    return sorted(made, key=lambda pair: pair[0].guid)


def _guid(storey: str, room: Enclosure, taken: set[str]) -> str:
    """Make a guid from a room's storey and place, the same in each build of the model; adds it to `taken`."""
    place = np.round(np.array(room.outline.centroid.coords[0]) / _GUID_GRID_M).astype(int).tolist()
    number = 0
    while True:
        text = f"room {storey} {place} {number}"
        digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        guid = str(ifcopenshell.guid.compress(digest))
        if guid not in taken:
            taken.add(guid)
            return guid
        number += 1


def _space(element: Element, room: Enclosure) -> Space:
    return Space(
        element_index=element.element_index,
        storey_index=element.storey_index,
        function="",
        floor_z_m=room.floor_z_m,
        height_m=room.height_m,
        area_m2=round(float(room.outline.area), 4),
        footprint=shapely.to_wkb(room.outline),
        derived=True,
    )


def _with_bodies(assembly: Assembly, rooms: Sequence[tuple[Element, Enclosure]]) -> Assembly:
    geometry = assembly.geometry
    bodies, smooth = dict(geometry.bodies), dict(geometry.smooth)
    boxes = []
    for element, room in rooms:
        body = _body(element, room)
        bodies[element.element_index] = body
        smooth[body.shape.key] = smooth_mesh(body.shape.vertices, body.shape.triangles, body.shape.colour_ids)
        boxes.append(body.box())
    text = f"the model has storeys without IfcSpace: {len(rooms)} rooms were derived from walls"
    return replace(
        assembly,
        elements=(*assembly.elements, *(element for element, _ in rooms)),
        geometry=Geometry(bodies, smooth, geometry.failed),
        boxes=np.vstack([assembly.boxes, *boxes]),
        warnings=(*assembly.warnings, ModelWarning("rooms_derived", None, text)),
    )


def _body(element: Element, room: Enclosure) -> Body:
    """The volume of a room, around the whole metre nearest to its middle."""
    x, y = np.round(np.array(room.outline.centroid.coords[0]))
    vertices, triangles = prism(shapely.transform(room.outline, lambda xy: xy - (x, y)), room.height_m)
    colour_ids = np.zeros(len(triangles), dtype=np.int32)
    shape = Shape("", vertices, triangles, colour_ids, np.array([SPACE_COLOUR]), np.zeros(1, dtype=np.bool_))
    placement = np.eye(4)
    placement[:3, 3] = x, y, room.floor_z_m
    return Body(element.element_index, replace(shape, key=shape_digest(shape)), placement)


def prism(outline: shapely.Polygon, height_m: float) -> Mesh:
    """Raise an outline, with its holes, from z 0 to a height: a closed mesh, wound outwards."""
    faces = shapely.get_parts(shapely.constrained_delaunay_triangles(outline))
    caps = shapely.get_coordinates(shapely.orient_polygons(faces)).reshape(-1, 4, 2)[:, :3]
    rings = shapely.get_rings(shapely.orient_polygons(outline))
    walls = [edge for ring in rings for edge in pairwise(shapely.get_coordinates(ring))]
    low, high = _lifted(caps, 0.0)[:, ::-1], _lifted(caps, height_m)
    sides = [_side(np.array(edge), height_m) for edge in walls]
    corners = np.concatenate([low, high, *sides]).reshape(-1, 3)
    vertices, triangles = np.unique(corners, axis=0, return_inverse=True)
    return vertices, triangles.reshape(-1, 3).astype(np.int32)


def _lifted(triangles: FloatArray, z: float) -> FloatArray:
    return np.concatenate([triangles, np.full((*triangles.shape[:2], 1), z)], axis=2)


def _side(edge: FloatArray, height_m: float) -> FloatArray:
    """The two triangles (2, 3, 3) over an edge (2, 2); the room is on its left."""
    a, b = np.append(edge[0], 0.0), np.append(edge[1], 0.0)
    up = np.array([0.0, 0.0, height_m])
    return np.array([[a, b, b + up], [a, b + up, a + up]])
