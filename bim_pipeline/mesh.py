"""Mesh arithmetic in numpy: cleaning, normals that break at creases. No I/O."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bim_pipeline.source import FloatArray, IntArray, SmoothMesh
from spatial.components import connected_parts

CREASE_ANGLE_DEG = 35.0
# Below this area, m2, a triangle is thinner than anything that a screen shows.
MIN_TRIANGLE_AREA_M2 = 1e-10


def face_vectors(vertices: FloatArray, triangles: IntArray) -> FloatArray:
    """Give each triangle's normal times twice its area, (m, 3), m2."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    return np.cross(b - a, c - a)


def sound_triangles(vertices: FloatArray, triangles: IntArray) -> NDArray[np.bool_]:
    """Say which triangles (m,) can be drawn: three different, finite corners and an area."""
    a, b, c = triangles.T
    different = (a != b) & (b != c) & (a != c)
    finite_vertex = np.asarray(np.isfinite(vertices).all(axis=1))
    finite = finite_vertex[triangles].all(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        area = np.linalg.norm(face_vectors(vertices, triangles), axis=1) * 0.5
    sound: NDArray[np.bool_] = different & finite & (area > MIN_TRIANGLE_AREA_M2)
    return sound


def used_vertices(vertices: FloatArray, triangles: IntArray) -> tuple[FloatArray, IntArray]:
    """Drop the vertices that no triangle uses; order is kept."""
    used = np.zeros(len(vertices), dtype=bool)
    used[triangles.ravel()] = True
    new_ids = np.cumsum(used, dtype=np.int64) - 1
    return vertices[used], new_ids[triangles].astype(np.int32)


def smooth_mesh(
    vertices: FloatArray,
    triangles: IntArray,
    colour_ids: IntArray,
    crease_deg: float = CREASE_ANGLE_DEG,
) -> SmoothMesh:
    """Split vertices at creases and colour edges, and give each part its normal.

    Two triangles that share an edge are one surface there if they have the same colour and their
    normals differ by less than `crease_deg`. `colour_ids` is (m,), one a triangle. A normal is weighted by
    the triangles' angles, so that it does not depend on how faces are cut (Thuermer and Wuethrich 1998).
    """
    faces = face_vectors(vertices, triangles)
    parts = _smooth_parts(triangles, colour_ids, faces, crease_deg)
    count = int(parts.max()) + 1 if len(parts) else 0
    first = np.full(count, len(parts), dtype=np.int64)
    np.minimum.at(first, parts, np.arange(len(parts)))
    return SmoothMesh(
        vertex_ids=triangles.ravel()[first].astype(np.int32),
        normals=_part_normals(faces, corner_angles(vertices, triangles), parts, count),
        colour_ids=np.repeat(colour_ids, 3)[first].astype(np.int32),
        triangles=parts.reshape(-1, 3).astype(np.int32),
    )


def _smooth_parts(
    triangles: IntArray, colour_ids: IntArray, faces: FloatArray, crease_deg: float
) -> NDArray[np.int64]:
    """Number the smooth parts of each corner (3m,), in order of their first corner."""
    corner_a, corner_b = _smooth_edges(triangles, colour_ids, faces, crease_deg)
    return connected_parts(triangles.size, corner_a, corner_b)


def _smooth_edges(
    triangles: IntArray, colour_ids: IntArray, faces: FloatArray, crease_deg: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair the corners (3m numbering) that lie on both ends of every smooth edge."""
    corner = np.arange(triangles.size).reshape(-1, 3)
    start, end = triangles.ravel().astype(np.int64), triangles[:, [1, 2, 0]].ravel().astype(np.int64)
    corner_start, corner_end = corner.ravel(), corner[:, [1, 2, 0]].ravel()
    flip = start > end
    low, high = np.where(flip, end, start), np.where(flip, start, end)
    corner_low = np.where(flip, corner_end, corner_start)
    corner_high = np.where(flip, corner_start, corner_end)
    key = low * (int(triangles.max(initial=0)) + 1) + high
    order = np.argsort(key, kind="stable")
    here, there = order[:-1], order[1:]
    face_here, face_there = here // 3, there // 3
    unit = faces / np.maximum(np.linalg.norm(faces, axis=1, keepdims=True), 1e-300)
    smooth = (
        (key[here] == key[there])
        & (colour_ids[face_here] == colour_ids[face_there])
        & (np.einsum("ij,ij->i", unit[face_here], unit[face_there]) > np.cos(np.radians(crease_deg)))
    )
    here, there = here[smooth], there[smooth]
    return (
        np.concatenate([corner_low[here], corner_high[here]]),
        np.concatenate([corner_low[there], corner_high[there]]),
    )


def corner_angles(vertices: FloatArray, triangles: IntArray) -> FloatArray:
    """Give the angle at each corner of each triangle, (m, 3), radians."""
    corners = vertices[triangles]
    ahead = np.roll(corners, -1, axis=1) - corners
    behind = np.roll(corners, 1, axis=1) - corners
    sine = np.linalg.norm(np.cross(ahead, behind), axis=2)
    angles: FloatArray = np.arctan2(sine, np.einsum("ijk,ijk->ij", ahead, behind))
    return angles


def _part_normals(
    faces: FloatArray, angles: FloatArray, parts: NDArray[np.int64], count: int
) -> NDArray[np.float32]:
    unit_faces = faces / np.maximum(np.linalg.norm(faces, axis=1, keepdims=True), 1e-300)
    per_corner = (unit_faces[:, None, :] * angles[:, :, None]).reshape(-1, 3)
    total = np.stack([np.bincount(parts, per_corner[:, i], minlength=count) for i in range(3)], axis=1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    up = np.array([0.0, 0.0, 1.0])
    unit = np.where(length > 1e-12, total / np.maximum(length, 1e-12), up)
    return unit.astype(np.float32)
