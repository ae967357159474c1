"""One mesh for one shape: the same triangles in the same order, whatever order a kernel found them in.

How a kernel cuts a face into triangles can depend on memory addresses. Here every plane part of a surface is
made Delaunay by flipping diagonals (Lawson 1977), which is unique but where corners lie on one circle (any
rectangle); those are fanned from their first vertex. Vertices and triangles are sorted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bim_pipeline.source import FloatArray, IntArray
from spatial.components import connected_parts

_TIE = 1e-6
_FLAT = 1e-6
_MAX_ROUNDS = 500


def canonical_mesh(
    vertices: FloatArray,
    triangles: IntArray,
    colour_ids: IntArray,
    owners: NDArray[np.int64] | None = None,
    *,
    keep_diagonals: bool = False,
) -> tuple[FloatArray, IntArray, IntArray, NDArray[np.int64]]:
    """Give the mesh with its vertices sorted by owner, x, y, z and made unique, and its triangles sorted.

    The surface stays what it is; only diagonals between triangles in one plane and of one colour are chosen
    anew. `triangles` (m, 3), `colour_ids` (m,); `owners` (n,) keeps the vertices of several shapes apart, so
    that many small ones are done at once. `keep_diagonals` is for triangles that no kernel chose, but for
    their order. Gives vertices, triangles, colours and the vertices' owners.
    """
    owner = np.zeros(len(vertices), dtype=np.int64) if owners is None else owners
    first, ids = _unique_vertices(vertices, owner)
    faces = ids[triangles]
    different = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    faces, colours, unique = faces[different], colour_ids[different], vertices[first] + 0.0
    if len(faces) > 1 and not keep_diagonals:
        faces = _fanned(unique, _delaunay(unique, faces, colours), colours)
    smallest = np.argmin(faces, axis=1)
    faces = np.take_along_axis(faces, (smallest[:, None] + np.arange(3)) % 3, axis=1)
    order = np.lexsort((colours, faces[:, 2], faces[:, 1], faces[:, 0]))
    return unique, faces[order].astype(np.int32), colours[order], owner[first]


def _unique_vertices(
    vertices: FloatArray, owners: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the first row of each vertex, sorted by owner, x, y, z, and each row's number among these."""
    order = np.lexsort((vertices[:, 2], vertices[:, 1], vertices[:, 0], owners))
    ordered, owner = vertices[order], owners[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (ordered[1:] != ordered[:-1]).any(axis=1) | (owner[1:] != owner[:-1])
    ids = np.empty(len(order), dtype=np.int64)
    ids[order] = np.cumsum(fresh) - 1
    return order[fresh], ids


@dataclass(frozen=True, slots=True, eq=False)
class _FlatEdges:
    """Edges between two triangles in one plane and of one colour, (k,) each.

    `one` and `two` are the triangles, `start` and `end` the edge as `one` runs, `left` and `right` the third
    vertices; `cotangents` is the sum of the cotangents of the angles there, `scale` its natural size.
    """

    one: NDArray[np.int64]
    two: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    cotangents: FloatArray
    scale: FloatArray

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Where the other diagonal is the Delaunay one: the two angles are more than 180 degrees."""
        return np.asarray(self.cotangents < -_TIE * self.scale)

    @property
    def tied(self) -> NDArray[np.bool_]:
        """Where the four corners lie on one circle."""
        return np.asarray(np.abs(self.cotangents) <= _TIE * self.scale)


def _delaunay(vertices: FloatArray, faces: NDArray[np.int64], colours: IntArray) -> NDArray[np.int64]:
    """Flip diagonals until all are Delaunay; only the plane parts with a wrong one are looked at again."""
    edges = _flat_edges(vertices, faces, colours)
    if not edges.wrong.any():
        return faces
    labels = connected_parts(len(faces), edges.one, edges.two)
    active = np.flatnonzero(np.isin(labels, labels[edges.one[edges.wrong]]))
    part, part_colours = faces[active], colours[active]
    for _ in range(_MAX_ROUNDS):
        edges = _flat_edges(vertices, part, part_colours)
        if not edges.wrong.any():
            break
        part = _flipped(part, edges)
    result = faces.copy()
    result[active] = part
    return result


def _flipped(faces: NDArray[np.int64], edges: _FlatEdges) -> NDArray[np.int64]:
    """Flip as many wrong diagonals at once as do not share a triangle."""
    wrong = np.flatnonzero(edges.wrong)
    best = np.full(len(faces), len(edges.one), dtype=np.int64)
    np.minimum.at(best, edges.one[wrong], wrong)
    np.minimum.at(best, edges.two[wrong], wrong)
    now = wrong[(best[edges.one[wrong]] == wrong) & (best[edges.two[wrong]] == wrong)]
    result = faces.copy()
    result[edges.one[now]] = np.stack([edges.left[now], edges.start[now], edges.right[now]], axis=1)
    result[edges.two[now]] = np.stack([edges.right[now], edges.end[now], edges.left[now]], axis=1)
    return result


def _fanned(vertices: FloatArray, faces: NDArray[np.int64], colours: IntArray) -> NDArray[np.int64]:
    """Fan each group of triangles whose corners lie on one circle from its first vertex."""
    edges = _flat_edges(vertices, faces, colours)
    tied = np.flatnonzero(edges.tied)
    if not len(tied):
        return faces
    labels = connected_parts(len(faces), edges.one[tied], edges.two[tied])
    sizes = np.bincount(labels)
    fixed = faces.copy()
    _fan_quads(fixed, edges, tied[sizes[labels[edges.one[tied]]] == 2])
    members = np.argsort(labels, kind="stable")
    ends = np.cumsum(sizes)
    for label in np.flatnonzero(sizes > 2):
        rows = members[ends[label] - sizes[label] : ends[label]]
        fan = _fan(faces[rows])
        if fan is not None:
            fixed[rows] = fan
    return fixed


def _fan_quads(faces: NDArray[np.int64], edges: _FlatEdges, chosen: NDArray[np.int64]) -> None:
    """Fan groups of two triangles in place: the common case, all at once."""
    loop = np.stack([edges.start, edges.right, edges.end, edges.left], axis=1)[chosen]
    smallest = np.argmin(loop, axis=1)
    loop = np.take_along_axis(loop, (smallest[:, None] + np.arange(4)) % 4, axis=1)
    faces[edges.one[chosen]] = loop[:, [0, 1, 2]]
    faces[edges.two[chosen]] = loop[:, [0, 2, 3]]


def _flat_edges(vertices: FloatArray, faces: NDArray[np.int64], colours: IntArray) -> _FlatEdges:
    start, end, apex = faces.ravel(), np.roll(faces, -1, axis=1).ravel(), np.roll(faces, -2, axis=1).ravel()
    here, there = shared_edges(start, end, len(vertices))
    opposite = (start[here] == end[there]) & (colours[here // 3] == colours[there // 3])
    here, there = here[opposite], there[opposite]
    p, q, r, s = (vertices[ids] for ids in (start[here], end[here], apex[here], apex[there]))
    flat = _is_flat(p, q, r, s)
    here, there = here[flat], there[flat]
    left, right = _cotangent(r[flat], p[flat], q[flat]), _cotangent(s[flat], q[flat], p[flat])
    return _FlatEdges(
        one=here // 3,
        two=there // 3,
        start=start[here],
        end=end[here],
        left=apex[here],
        right=apex[there],
        cotangents=left + right,
        scale=1.0 + np.abs(left) + np.abs(right),
    )


def shared_edges(
    start: NDArray[np.int64], end: NDArray[np.int64], vertices: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair the half edges that two triangles, and no third, have in common."""
    key = np.minimum(start, end) * vertices + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    same = key[order][1:] == key[order][:-1]
    alone = same.copy()
    alone[1:] &= ~same[:-1]
    alone[:-1] &= ~same[1:]
    return order[:-1][alone], order[1:][alone]


def _is_flat(p: FloatArray, q: FloatArray, r: FloatArray, s: FloatArray) -> NDArray[np.bool_]:
    """Say where s (n, 3) lies in the plane of p, q, r and on the other side of the edge p q than r."""
    normal = np.cross(q - p, r - p)
    height = np.abs(np.einsum("ij,ij->i", normal, s - p))
    size = np.maximum(np.linalg.norm(q - p, axis=1), np.linalg.norm(s - p, axis=1))
    in_plane = height <= _FLAT * np.linalg.norm(normal, axis=1) * size
    beyond = np.einsum("ij,ij->i", normal, np.cross(p - q, s - q)) > 0
    return np.asarray(in_plane & beyond)


def _cotangent(at: FloatArray, one: FloatArray, two: FloatArray) -> FloatArray:
    u, v = one - at, two - at
    sine = np.linalg.norm(np.cross(u, v), axis=1)
    cotangent: FloatArray = np.einsum("ij,ij->i", u, v) / np.maximum(sine, 1e-300)
    return cotangent


def _fan(faces: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Fan the polygon that triangles (k, 3) fill from its first vertex; None if it is no simple polygon."""
    loop = _boundary(faces)
    if loop is None or len(loop) != len(faces) + 2:
        return None
    middle = np.array(loop[1:])
    fan = np.stack([np.full(len(faces), loop[0]), middle[:-1], middle[1:]], axis=1)
    return fan.astype(np.int64)


def _boundary(faces: NDArray[np.int64]) -> list[int] | None:
    """Walk around the triangles once, from the smallest vertex; None if there is not one single way."""
    edges = set(_edges(faces))
    after: dict[int, list[int]] = defaultdict(list)
    for start, end in edges:
        if (end, start) not in edges:
            after[start].append(end)
    if not after or any(len(ends) != 1 for ends in after.values()):
        return None
    loop = [min(after)]
    while (following := after[loop[-1]][0]) != loop[0]:
        if len(loop) > len(after) or following not in after:
            return None
        loop.append(following)
    return loop if len(loop) == len(after) else None


def _edges(faces: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    for a, b, c in faces.tolist():
        yield from ((a, b), (b, c), (c, a))
