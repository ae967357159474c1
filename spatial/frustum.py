"""What a camera sees: a frustum, and the boxes that meet it. Pure functions over arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spatial.errors import QueryError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SIDES = ((0, 2, 4), (1, 2, 4), (0, 3, 4), (1, 3, 4), (0, 2, 5), (1, 2, 5), (0, 3, 5), (1, 3, 5))
_EDGES = ((0, 1), (2, 3), (4, 5), (6, 7), (0, 2), (1, 3), (4, 6), (5, 7), (0, 4), (1, 5), (2, 6), (3, 7))


@dataclass(frozen=True, slots=True, eq=False)
class Frustum:
    """A convex body of six planes, all of it finite.

    planes: (6, 4) float64 of a, b, c, d with a x + b y + c z + d >= 0 inside; left, right, bottom, top, near,
    far. corners: (8, 3) m. axes: (k, 3) directions along which it may be apart from a box.
    """

    planes: Floats
    corners: Floats
    axes: Floats

    @classmethod
    def from_planes(cls, planes: ArrayLike) -> Self:
        """The frustum of planes (6, 4), as above. Raises QueryError where they enclose no finite body."""
        given = np.asarray(planes, dtype=np.float64)
        if given.shape != (6, 4) or not np.isfinite(given).all():
            raise QueryError("a frustum has six planes of four finite numbers each")
        length = np.linalg.norm(given[:, :3], axis=1, keepdims=True)
        if not (length > 0).all():
            raise QueryError("a plane of a frustum has no direction")
        unit = given / length
        try:
            corners = np.array([np.linalg.solve(unit[list(s), :3], -unit[list(s), 3]) for s in _SIDES])
        except np.linalg.LinAlgError as error:
            raise QueryError("the planes of a frustum do not meet in corners") from error
        slack = 1e-9 * max(1.0, float(np.abs(corners).max()))
        if (corners @ unit[:, :3].T + unit[:, 3] < -slack).any():
            raise QueryError("the planes of a frustum enclose no body; normals point inwards")
        return cls(unit, corners, _axes(unit, corners))

    @classmethod
    def from_matrix(cls, clip_from_local: ArrayLike) -> Self:
        """The frustum of a camera: (4, 4) float64, row-major, column vectors; -w <= x, y, z <= w is seen.

        Source: Gribb and Hartmann, "Fast extraction of viewing frustum planes" (2001). Raises QueryError.
        """
        matrix = np.asarray(clip_from_local, dtype=np.float64)
        if matrix.shape != (4, 4):
            raise QueryError("a camera is a matrix of four rows and four columns")
        x, y, z, w = matrix
        return cls.from_planes(np.array([w + x, w - x, w + y, w - y, w + z, w - z]))

    def meets(self, boxes: Floats) -> Mask:
        """Which boxes (n, 6) m touch or overlap it: (n,) bool, by the theorem of separating axes.

        Source: Gottschalk, Lin, Manocha, "OBBTree" (SIGGRAPH 1996), for two convex polyhedra: their faces'
        normals and the cross products of their edges.
        """
        halves, centres = (boxes[:, 3:] - boxes[:, :3]) / 2, (boxes[:, 3:] + boxes[:, :3]) / 2
        reach = halves @ np.abs(self.axes).T
        middle = centres @ self.axes.T
        along = self.corners @ self.axes.T
        apart = (middle - reach > along.max(axis=0)) | (middle + reach < along.min(axis=0))
        result: Mask = ~apart.any(axis=1)
        return result


def _axes(planes: Floats, corners: Floats) -> Floats:
    """The box's normals, the frustum's, and the cross products of edges, of length one."""
    edges = np.array([corners[b] - corners[a] for a, b in _EDGES])
    crossed = np.cross(edges[:, None], np.eye(3)[None]).reshape(-1, 3)
    length = np.linalg.norm(crossed, axis=1)
    kept = length > 1e-12 * max(1.0, float(length.max()))
    crossed = crossed[kept] / length[kept, None]
    return np.vstack([np.eye(3), planes[:, :3], crossed])
