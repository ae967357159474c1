"""Cuts and projections of meshes in plan: pure functions on arrays, metres, Z up.

A mesh is `(vertices (n, 3) float64, triangles (m, 3) int32)` as in `source.Mesh`.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from bim_pipeline.source import FloatArray, Mesh

GRID_M = 1e-4  # a tenth of a millimetre: nearer ends of segments are one point
_SLIVER_M2 = 1e-6
_LEVEL_M = 0.005
_XY = np.dtype(np.complex128)  # a point as one number, so that points sort
_INSIDE_OUT = 0.1  # so little of the level area looks up


def section_segments(mesh: Mesh, z: float) -> FloatArray:
    """Cut a mesh with the plane at height z: (k, 2, 2) float64, m, the ends of each segment in x and y.

    The body is on the left of a segment where the triangles are wound the right way. Triangles that lie in
    the plane give nothing; a vertex in the plane counts as above it, so that a closed mesh gives closed
    rings.
    """
    vertices, triangles = mesh
    if len(triangles) == 0:
        return np.empty((0, 2, 2))
    corners = vertices[triangles]
    above = corners[:, :, 2] >= z
    cut = above.any(axis=1) & ~above.all(axis=1)
    corners, above = corners[cut], above[cut]
    # Turn each triangle so that its lone corner, the one on the other side of the plane, comes first.
    lone_above = above.sum(axis=1) == 1
    lone = np.where(lone_above, above.argmax(axis=1), (~above).argmax(axis=1))
    turned = np.take_along_axis(corners, ((lone[:, None] + np.arange(3)) % 3)[:, :, None], axis=1)
    first = _crossing(turned[:, 0], turned[:, 1], z)
    second = _crossing(turned[:, 0], turned[:, 2], z)
    segments = np.where(lone_above[:, None, None], _pair(first, second), _pair(second, first))
    segments = np.round(segments / GRID_M) * GRID_M
    kept: FloatArray = segments[(segments[:, 0] != segments[:, 1]).any(axis=1)]
    return kept


def section_area(mesh: Mesh, z: float) -> BaseGeometry:
    """Cut a mesh with the plane at height z: the area (Multi)Polygon of its body there, may be empty."""
    return filled(section_segments(mesh, z))


def filled(segments: FloatArray) -> BaseGeometry:
    """Fill the rings that segments (k, 2, 2) make, where they wind around a point (the nonzero rule).

    Bodies that overlap count once, openings stay open. Where the segments close no ring, the answer is empty.
    """
    if len(segments) == 0:
        return shapely.Polygon()
    # Bodies that touch give a segment twice, which closes no ring; the winding still needs both.
    undirected = np.sort(np.ascontiguousarray(segments).view(_XY).reshape(-1, 2), axis=1)
    lines = np.asarray(shapely.linestrings(np.unique(undirected, axis=0).view(np.float64).reshape(-1, 2, 2)))
    faces, *failures = shapely.polygonize_full(lines)
    if not all(shapely.is_empty(failures)):
        faces = shapely.polygonize(shapely.get_parts(shapely.union_all(lines, grid_size=GRID_M)))
    polygons = shapely.get_parts(faces)
    if len(polygons) == 0:
        return shapely.Polygon()
    inside = _winding(segments, shapely.point_on_surface(polygons)) != 0
    return shapely.union_all(polygons[inside])


def projection(mesh: Mesh, upward: float = -2.0) -> BaseGeometry:
    """Project the triangles of a mesh whose normal's z is at least `upward` (-2: all) to an area."""
    vertices, triangles = mesh
    corners = vertices[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1)
    facing = normals[:, 2] >= upward * length
    polygons = np.asarray(shapely.polygons(np.round(corners[facing][:, :, :2] / GRID_M) * GRID_M))
    return _union(polygons)


def hull(mesh: Mesh) -> BaseGeometry:
    """Give the convex hull of a mesh as seen from above."""
    vertices, triangles = mesh
    used = np.zeros(len(vertices), dtype=bool)
    used[triangles.ravel()] = True
    points = vertices[used, :2]
    # A line through the points is made at once; a MultiPoint makes an object of each.
    return shapely.LineString(points if len(points) > 1 else np.repeat(points, 2, axis=0)).convex_hull


def level_areas(
    mesh: Mesh, least_m2: float = 0.05, flat: float = 0.95, step_m: float = 0.02
) -> list[tuple[float, BaseGeometry]]:
    """Find the level faces that look up, such as treads: their height z, m, and area, lowest first.

    A face is level if its normal's z is at least `flat`. Faces within 5 mm of height are one level; levels
    are merged with the next lower one if nearer than `step_m`. Less than `least_m2` in all is no level: the
    small facets of a railing, at any height, must not run treads together. A mesh that is wound inside out is
    taken the right way round: a body has as much level area below as above, or more above.
    """
    vertices, triangles = mesh
    corners = vertices[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1)
    up, down = (sign * normals[:, 2] >= flat * np.maximum(length, _SLIVER_M2) for sign in (1, -1))
    level = down if length[up].sum() < _INSIDE_OUT * length[down].sum() else up
    corners, area = corners[level], length[level] / 2
    heights = corners[:, :, 2].mean(axis=1)
    _, slot = np.unique(np.round(heights / _LEVEL_M), return_inverse=True)
    kept = np.flatnonzero((np.bincount(slot, weights=area) >= least_m2 / 2)[slot])
    order = kept[np.argsort(heights[kept], kind="stable")]
    breaks = np.flatnonzero(np.diff(heights[order]) > step_m) + 1
    groups = np.split(order, breaks) if len(order) else []
    polygons = np.asarray(shapely.polygons(np.round(corners[:, :, :2] / GRID_M) * GRID_M))
    found = [(float(heights[group].mean()), _union(polygons[group])) for group in groups]
    return [(z, outline) for z, outline in found if outline.area >= least_m2]


def _union(polygons: NDArray[np.object_]) -> BaseGeometry:
    sound = polygons[shapely.area(polygons) > _SLIVER_M2]
    return shapely.union_all(sound, grid_size=GRID_M) if len(sound) else shapely.Polygon()


def _pair(first: FloatArray, second: FloatArray) -> FloatArray:
    return np.stack([first, second], axis=1)


def _crossing(one: FloatArray, other: FloatArray, z: float) -> FloatArray:
    """Where edges cross the plane, (k, 2); the same bits from both triangles that share an edge."""
    swap = (one[:, 2] > other[:, 2])[:, None]
    low, high = np.where(swap, other, one), np.where(swap, one, other)
    share = (z - low[:, 2]) / (high[:, 2] - low[:, 2])
    crossing: FloatArray = low[:, :2] + share[:, None] * (high[:, :2] - low[:, :2])
    return crossing


def _winding(segments: FloatArray, points: NDArray[np.object_]) -> NDArray[np.int64]:
    """How often segments wind around each point, counter-clockwise positive: (len(points),) int64."""
    x, y = shapely.get_x(points)[:, None], shapely.get_y(points)[:, None]
    (x0, y0), (x1, y1) = segments[:, 0].T, segments[:, 1].T
    side = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)
    upward = (y0 <= y) & (y1 > y) & (side > 0)
    downward = (y0 > y) & (y1 <= y) & (side < 0)
    winding: NDArray[np.int64] = upward.sum(axis=1) - downward.sum(axis=1)
    return winding
