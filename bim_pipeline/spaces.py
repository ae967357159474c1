"""Spaces as places: footprints from their volumes, and which space an element stands in. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import shapely

from bim_pipeline.source import Body, Element, FloatArray, Mesh, Space, Storey

# A face whose normal is within about 18 degrees of straight down belongs to the floor of a space.
_DOWN = -0.95
_GRID_M = 1e-4
_SIMPLIFY_M = 0.002
# The centre of a thing that hangs on a ceiling or stands in the floor's finish is still in the room.
_HEIGHT_TOLERANCE_M = 0.15
_EMPTY_FOOTPRINT: bytes = shapely.to_wkb(shapely.Polygon())


def derive_spaces(
    elements: Sequence[Element],
    bodies: Mapping[int, Body],
    functions: Mapping[int, str],
    areas_m2: Mapping[int, float],
    storeys: Mapping[int, Storey],
) -> list[Space]:
    """Give every IfcSpace with its footprint; one without a volume has an empty footprint.

    `functions` by element index is what the space's ObjectType, else its classification says; `areas_m2` is
    what its quantities say, used where there is no volume.
    """
    found = []
    for element in elements:
        if element.ifc_class != "IfcSpace":
            continue
        body = bodies.get(element.element_index)
        function = functions.get(element.element_index, "")
        if body is None:
            found.append(_without_volume(element, function, areas_m2, storeys))
        else:
            found.append(_with_volume(element, function, body))
    return found


def _without_volume(
    element: Element, function: str, areas_m2: Mapping[int, float], storeys: Mapping[int, Storey]
) -> Space:
    storey = storeys.get(element.storey_index) if element.storey_index is not None else None
    return Space(
        element.element_index,
        element.storey_index,
        function,
        floor_z_m=storey.elevation_m if storey else 0.0,
        height_m=0.0,
        area_m2=areas_m2.get(element.element_index, 0.0),
        footprint=_EMPTY_FOOTPRINT,
    )


def _with_volume(element: Element, function: str, body: Body) -> Space:
    mesh = body.mesh()
    outline = footprint(mesh)
    low, high = float(mesh[0][:, 2].min()), float(mesh[0][:, 2].max())
    return Space(
        element.element_index,
        element.storey_index,
        function,
        floor_z_m=round(low, 4),
        height_m=round(high - low, 4),
        area_m2=round(float(outline.area), 4),
        footprint=shapely.to_wkb(outline),
    )


def footprint(mesh: Mesh) -> shapely.Polygon | shapely.MultiPolygon:
    """Give the outline, in x and y, of a closed mesh's floor; of all of it where no face looks down."""
    vertices, triangles = mesh
    corners = vertices[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    floor = normals[:, 2] < _DOWN * lengths
    flat = np.abs(normals[:, 2]) > 1e-9
    chosen = corners[floor & flat] if (floor & flat).any() else corners[flat]
    if not len(chosen):
        return shapely.Polygon()
    faces = shapely.polygons(chosen[:, :, :2])
    outline = shapely.simplify(shapely.union_all(faces, grid_size=_GRID_M), _SIMPLIFY_M)
    return _polygonal(outline)


def _polygonal(geometry: shapely.Geometry) -> shapely.Polygon | shapely.MultiPolygon:
    if isinstance(geometry, shapely.Polygon | shapely.MultiPolygon):
        return shapely.normalize(geometry)
    parts = [part for part in shapely.get_parts(geometry) if isinstance(part, shapely.Polygon)]
    return shapely.normalize(shapely.MultiPolygon(parts))


def spaces_of(elements: Sequence[Element], spaces: Sequence[Space], boxes: FloatArray) -> list[int | None]:
    """Give the space that contains each element: by the model's structure, else by its box's centre.

    `boxes` (n, 6), NaN rows for elements without a body.
    """
    by_structure = _by_structure(elements)
    by_place = _by_place(spaces, (boxes[:, :3] + boxes[:, 3:]) / 2)
    places = {"IfcSite", "IfcBuilding", "IfcBuildingStorey", "IfcSpace", "IfcSpatialZone"}
    return [
        by_place.get(element.element_index) if space is None and element.ifc_class not in places else space
        for element, space in zip(elements, by_structure, strict=True)
    ]


def _by_structure(elements: Sequence[Element]) -> list[int | None]:
    found: list[int | None] = []
    for element in elements:
        index = element.parent_index
        while index is not None and elements[index].ifc_class != "IfcSpace":
            index = elements[index].parent_index
        found.append(index)
    return found


def _by_place(spaces: Sequence[Space], centres: FloatArray) -> dict[int, int]:
    """Match centres (n, 3) with spaces; of several, the one with the smallest footprint."""
    outlines = shapely.from_wkb([space.footprint for space in spaces])
    usable = ~np.isnan(centres).any(axis=1)
    rows = np.flatnonzero(usable)
    if not len(spaces) or not len(rows):
        return {}
    points = shapely.points(centres[rows, :2])
    point_ids, space_ids = shapely.STRtree(outlines).query(points, predicate="intersects")
    z = centres[rows[point_ids], 2]
    low = np.array([space.floor_z_m for space in spaces]) - _HEIGHT_TOLERANCE_M
    high = np.array([space.floor_z_m + space.height_m for space in spaces]) + _HEIGHT_TOLERANCE_M
    inside = (z >= low[space_ids]) & (z <= high[space_ids])
    areas = np.array([space.area_m2 for space in spaces])
    found: dict[int, int] = {}
    order = np.lexsort((space_ids[inside], areas[space_ids[inside]]))
    for point, space in zip(point_ids[inside][order], space_ids[inside][order], strict=True):
        found.setdefault(int(rows[point]), spaces[int(space)].element_index)
    return found
