"""What of a mesh must be stored: plane faces share their corners and need no normals. No I/O.

A viewer works out the normal of a triangle that has none stored (glTF 2.0, 3.7.2.1: flat normals), so that a
box keeps 8 vertices instead of 24. Normals are stored where a surface is curved, and where rounding to the
grid would turn a thin triangle's face.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bim_pipeline.mesh import face_vectors, used_vertices
from bim_pipeline.quantizing import Quantizer, packed_normals
from bim_pipeline.source import FloatArray, IntArray

# Cosines: a plane face's normals are its own to 0.6 degrees, and to 3.6 degrees once its corners are rounded.
_FLAT_COSINE = 0.99995
_ROUNDED_COSINE = 0.998


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Triangles of one material.

    `positions` (n, 3) float64, m; `normals` (n, 3); `colours` (n, 4) uint8, linear RGBA; `triangles`
    (m, 3); `flat` (m,) bool, triangles whose corners have the face's own normal; `features` (n,) element
    indices, ascending, None in an instanced mesh.
    """

    material: str
    positions: FloatArray
    normals: NDArray[np.floating]
    colours: NDArray[np.uint8]
    triangles: IntArray
    flat: NDArray[np.bool_]
    features: IntArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """What is stored of a part: `quanta` (n, 3) uint16; `normals` (n, 3) int8, None for plane faces."""

    material: str
    quanta: NDArray[np.uint16]
    normals: NDArray[np.int8] | None
    colours: NDArray[np.uint8]
    triangles: NDArray[np.int64]
    features: IntArray | None


def is_flat(normals: NDArray[np.floating], triangles: IntArray, faces: FloatArray) -> NDArray[np.bool_]:
    """Say which triangles (m,) have corner normals (n, 3) that are those of their faces (m, 3)."""
    return _least_cosine(normals, triangles, faces) > _FLAT_COSINE


def surfaces(part: Part, quantizer: Quantizer) -> list[Surface]:
    """Give the plane faces and the curved ones of a part, whichever it has."""
    quanta = quantizer.quantize(part.positions)
    rounded = face_vectors(quanta.astype(np.float64), part.triangles)
    plane = part.flat & (_least_cosine(part.normals, part.triangles, rounded) > _ROUNDED_COSINE)
    found = []
    if plane.any():
        found.append(_welded(part, quanta, part.triangles[plane]))
    if not plane.all():
        found.append(_with_normals(part, quanta, part.triangles[~plane]))
    return found


def _least_cosine(normals: NDArray[np.floating], triangles: IntArray, faces: FloatArray) -> FloatArray:
    """Give the smallest cosine (m,) between a face and the normals at its corners; 0 where it has no area."""
    length = np.linalg.norm(faces, axis=1)
    unit = faces / np.maximum(length, 1e-300)[:, None]
    corners = [np.einsum("ij,ij->i", normals[triangles[:, i]], unit) for i in range(3)]
    least: FloatArray = np.minimum(np.minimum(corners[0], corners[1]), corners[2])
    return least


def _welded(part: Part, quanta: NDArray[np.uint16], triangles: IntArray) -> Surface:
    """Keep one vertex for each element, colour and place, in that order, and sort the triangles."""
    used = np.zeros(len(quanta), dtype=bool)
    used[triangles.ravel()] = True
    rows = np.flatnonzero(used)
    q = quanta[rows].astype(np.int64)
    place = q[:, 0] << 32 | q[:, 1] << 16 | q[:, 2]
    owner = _owners(part, rows)
    order = np.lexsort((place, owner))
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (np.diff(place[order]) != 0) | (np.diff(owner[order]) != 0)
    new_ids = np.zeros(len(quanta), dtype=np.int64)
    new_ids[rows[order]] = np.cumsum(fresh) - 1
    kept = rows[order[fresh]]
    return Surface(
        part.material,
        quanta[kept],
        None,
        part.colours[kept],
        _sorted_triangles(new_ids[triangles]),
        None if part.features is None else part.features[kept],
    )


def _owners(part: Part, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number vertices by element, then by colour."""
    packed = np.ascontiguousarray(part.colours[rows]).view(np.uint32)[:, 0]
    colour = np.unique(packed, return_inverse=True)[1].astype(np.int64)
    if part.features is None:
        return colour
    owner: NDArray[np.int64] = part.features[rows].astype(np.int64) << 32 | colour
    return owner


def _sorted_triangles(triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Begin each triangle at its first vertex and sort them, so that neighbours come one after another."""
    smallest = np.argmin(triangles, axis=1)
    turned = np.take_along_axis(triangles, (smallest[:, None] + np.arange(3)) % 3, axis=1)
    return turned[np.lexsort((turned[:, 2], turned[:, 1], turned[:, 0]))]


def _with_normals(part: Part, quanta: NDArray[np.uint16], triangles: IntArray) -> Surface:
    table, kept_triangles = used_vertices(np.arange(len(quanta), dtype=np.float64)[:, None], triangles)
    kept = table[:, 0].astype(np.int64)
    return Surface(
        part.material,
        quanta[kept],
        packed_normals(part.normals[kept]),
        part.colours[kept],
        kept_triangles.astype(np.int64),
        None if part.features is None else part.features[kept],
    )
