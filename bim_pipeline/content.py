"""From the elements of a cell to the meshes of its tile: what is baked and what is instanced. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bim_pipeline.colours import vertex_colours
from bim_pipeline.glb import MATERIALS, Instances, Tile
from bim_pipeline.mesh import face_vectors, used_vertices
from bim_pipeline.source import Body, FloatArray, Geometry, Shape
from bim_pipeline.tiling import Cell
from bim_pipeline.welding import Part, is_flat

# An instanced mesh costs other viewers a draw call of its own (ours bakes the small ones when it loads them);
# below these the copies are baked here.
MIN_INSTANCES = 2
MIN_TRIANGLES_SAVED = 200
MAX_INSTANCED_PER_TILE = 64
_RIGID_TOLERANCE = 1e-6


class ContentBuilder:
    """Makes tiles out of cells; a shape's parts are prepared once, however many cells use it."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._parts: dict[tuple[str, bool], tuple[Part, ...]] = {}

    def tile(self, cell: Cell) -> Tile:
        """Give the meshes of a cell's tile."""
        bodies = [self._geometry.bodies[index] for index in cell.elements]
        is_space = cell.band == "space"
        groups = _instance_groups(bodies) if not is_space else {}
        chosen = {body.element_index for group in groups.values() for body in group}
        rest = [body for body in bodies if body.element_index not in chosen]
        instanced = [self._instances(groups[key]) for key in sorted(groups)]
        return Tile(self._baked(rest, is_space=is_space), instanced)

    def _shape_parts(self, shape: Shape, *, is_space: bool) -> tuple[Part, ...]:
        key = (shape.key, is_space)
        if key not in self._parts:
            self._parts[key] = tuple(_split(shape, self._geometry, is_space=is_space))
        return self._parts[key]

    def _instances(self, bodies: Sequence[Body]) -> Instances:
        matrices = np.array([body.local_from_shape for body in bodies])
        scales = np.linalg.norm(matrices[:, :3, :3], axis=1)
        return Instances(
            parts=self._shape_parts(bodies[0].shape, is_space=False),
            translations=matrices[:, :3, 3],
            rotations=quaternions(matrices[:, :3, :3] / scales[:, None, :]),
            scales=scales,
            features=np.array([body.element_index for body in bodies], dtype=np.int32),
        )

    def _baked(self, bodies: Sequence[Body], *, is_space: bool) -> list[Part]:
        by_material: dict[str, list[Part]] = {}
        for body in bodies:
            for part in self._shape_parts(body.shape, is_space=is_space):
                by_material.setdefault(part.material, []).append(_placed(part, body))
        return [_joined(by_material[name]) for name in MATERIALS if name in by_material]


def _split(shape: Shape, geometry: Geometry, *, is_space: bool) -> list[Part]:
    """Cut a shape by material; a triangle's colour decides."""
    smooth = geometry.smooth[shape.key]
    colours = vertex_colours(shape.colours)
    names = np.array(
        [_material(c, bool(m), is_space=is_space) for c, m in zip(shape.colours, shape.metal, strict=True)]
    )
    of_triangle = names[shape.colour_ids]
    flat = is_flat(smooth.normals, smooth.triangles, face_vectors(shape.vertices, shape.triangles))
    positions = shape.vertices[smooth.vertex_ids]
    table = np.arange(len(positions), dtype=np.float64)[:, None]
    parts = []
    for name in MATERIALS:
        own = of_triangle == name
        if not own.any():
            continue
        kept, triangles = used_vertices(table, smooth.triangles[own])
        ids = kept[:, 0].astype(np.int64)
        tints = colours[smooth.colour_ids[ids]]
        parts.append(Part(name, positions[ids], smooth.normals[ids], tints, triangles, flat[own]))
    return parts


def _material(colour: FloatArray, metal: bool, *, is_space: bool) -> str:
    if is_space:
        return "space"
    if colour[3] < 0.999:
        return "glass"
    return "metal" if metal else "opaque"


def _placed(part: Part, body: Body) -> Part:
    """Move a part to where its body stands, with its feature id in each vertex."""
    linear = body.local_from_shape[:3, :3]
    positions = part.positions @ linear.T + body.local_from_shape[:3, 3]
    normals = part.normals @ np.linalg.inv(linear)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    triangles = part.triangles if np.linalg.det(linear) > 0 else part.triangles[:, ::-1]
    features = np.full(len(positions), body.element_index, dtype=np.int32)
    return Part(part.material, positions, normals, part.colours, triangles, part.flat, features)


def _joined(parts: Sequence[Part]) -> Part:
    starts = np.cumsum([0, *(len(part.positions) for part in parts[:-1])])
    triangles = [part.triangles + start for part, start in zip(parts, starts, strict=True)]
    return Part(
        parts[0].material,
        np.concatenate([part.positions for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.colours for part in parts]),
        np.concatenate(triangles).astype(np.int32),
        np.concatenate([part.flat for part in parts]),
        np.concatenate([part.features for part in parts if part.features is not None]),
    )


def _instance_groups(bodies: Sequence[Body]) -> dict[str, list[Body]]:
    """Choose the shapes worth a draw call of their own: those that save the most triangles."""
    by_shape: dict[str, list[Body]] = {}
    matrices = np.array([body.local_from_shape for body in bodies]).reshape(-1, 4, 4)
    for body, can_be in zip(bodies, are_instanceable(matrices).tolist(), strict=True):
        if can_be:
            by_shape.setdefault(body.shape.key, []).append(body)
    saved = {key: (len(group) - 1) * len(group[0].shape.triangles) for key, group in by_shape.items()}
    worth = [
        key
        for key, group in by_shape.items()
        if len(group) >= MIN_INSTANCES and saved[key] >= MIN_TRIANGLES_SAVED
    ]
    worth.sort(key=lambda key: (-saved[key], key))
    return {key: by_shape[key] for key in worth[:MAX_INSTANCED_PER_TILE]}


def are_instanceable(matrices: FloatArray) -> NDArray[np.bool_]:
    """Say which matrices (n, 4, 4) are no more than a rotation, a scale along their own axes and a move."""
    linear = matrices[:, :3, :3]
    gram = linear.transpose(0, 2, 1) @ linear
    squares = np.diagonal(gram, axis1=1, axis2=2)
    shear = np.abs(gram[:, [0, 0, 1], [1, 2, 2]]).max(axis=1)
    return np.asarray((np.linalg.det(linear) > 0) & (shear <= _RIGID_TOLERANCE * squares.max(axis=1)))


def quaternions(rotations: FloatArray) -> FloatArray:
    """Turn rotation matrices (n, 3, 3) into unit quaternions (n, 4) x, y, z, w with w >= 0.

    The largest component is computed first, so that nothing is divided by a small number (Shepperd 1978).
    """
    m = rotations
    trace = m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2]
    squares = np.stack([2 * m[:, i, i] - trace for i in range(3)] + [trace], axis=1) + 1.0
    best = np.argmax(squares, axis=1)
    products = _quaternion_products(m, squares)
    rows = np.arange(len(m))
    found = products[rows, best] / (2.0 * np.sqrt(squares[rows, best]))[:, None]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    unit: FloatArray = np.where(found[:, 3:] < 0, -found, found)
    return unit


def _quaternion_products(m: FloatArray, squares: FloatArray) -> FloatArray:
    """Four times the products q_i q_j of the quaternion's components, (n, 4, 4)."""
    table = np.empty((len(m), 4, 4))
    for i in range(4):
        table[:, i, i] = squares[:, i]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        table[:, i, j] = table[:, j, i] = m[:, i, j] + m[:, j, i]
    for i, j, k in ((0, 2, 1), (1, 0, 2), (2, 1, 0)):
        table[:, i, 3] = table[:, 3, i] = m[:, j, k] - m[:, k, j]
    return table
