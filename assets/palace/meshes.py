"""Meshes that the building needs beside `devices_mesh`: bars between points, strips, curved sheets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from assets.palace.devices_mesh import Mesh

Vec3 = tuple[float, float, float]
Floats = NDArray[np.float64]


def bar(a: Vec3, b: Vec3, width: float, height: float | None = None) -> Mesh:
    """A bar of rectangular section between two points: `width` level, `height` (or width) across it, m."""
    start, end = np.array(a, float), np.array(b, float)
    along = end - start
    side = np.cross(along, (0.0, 0.0, 1.0))
    if np.linalg.norm(side) < 1e-9:
        side = np.array((1.0, 0.0, 0.0))
    side *= width / 2 / np.linalg.norm(side)
    up = np.cross(side, along)
    up *= (height or width) / 2 / np.linalg.norm(up)
    ring = (-side - up, side - up, side + up, -side + up)
    vertices = [tuple(map(float, p + o)) for p in (start, end) for o in ring]
    sides = [(i, (i + 1) % 4, (i + 1) % 4 + 4, i + 4) for i in range(4)]
    faces = _outward(vertices, [(0, 3, 2, 1), (4, 5, 6, 7), *sides])
    return Mesh(tuple(vertices), tuple(faces))  # type: ignore[arg-type]


def _outward(vertices: Sequence[Sequence[float]], faces: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Faces of a convex body, each turned so that it looks away from the body's centre."""
    points = np.array(vertices, float)
    centre = points.mean(axis=0)
    turned = []
    for face in faces:
        p = points[list(face)]
        normal = np.cross(p[1] - p[0], p[2] - p[0])
        turned.append(face if np.dot(normal, p.mean(axis=0) - centre) >= 0 else tuple(reversed(face)))
    return turned


def sheet(
    surface: Callable[[float, float], float], xs: Sequence[float], ys: Sequence[float], thickness: float
) -> Mesh:
    """A curved sheet z = surface(x, y) over a grid, closed below by the same surface `thickness` lower.

    xs and ys ascend. Triangles, so that the faces are planar.
    """
    top = [(x, y, surface(x, y)) for x in xs for y in ys]
    low = [(x, y, z - thickness) for x, y, z in top]
    n, m = len(xs), len(ys)
    shift = n * m
    faces: list[tuple[int, ...]] = []
    for i in range(n - 1):
        for j in range(m - 1):
            a, b, c, d = i * m + j, (i + 1) * m + j, (i + 1) * m + j + 1, i * m + j + 1
            faces += [
                (a, b, c),
                (a, c, d),
                (a + shift, c + shift, b + shift),
                (a + shift, d + shift, c + shift),
            ]
    rim = [i * m for i in range(n)] + [(n - 1) * m + j for j in range(1, m)]
    rim += [i * m + m - 1 for i in range(n - 2, -1, -1)] + list(range(m - 2, 0, -1))
    for a, b in zip(rim, [*rim[1:], rim[0]], strict=True):
        faces += [(a, a + shift, b + shift), (a, b + shift, b)]
    return Mesh(tuple(top + low), tuple(faces))


def ribbon(sections: Sequence[Sequence[Vec3]]) -> Mesh:
    """A closed body through equal-length rings of points, capped at both ends; triangles."""
    size = len(sections[0])
    vertices = [p for ring in sections for p in ring]
    faces: list[tuple[int, ...]] = []
    for k in range(len(sections) - 1):
        for i in range(size):
            a, b = k * size + i, k * size + (i + 1) % size
            faces += [(a, b, b + size), (a, b + size, a + size)]
    last = (len(sections) - 1) * size
    for i in range(1, size - 1):
        faces += [(0, i + 1, i), (last, last + i, last + i + 1)]
    return Mesh(tuple(vertices), tuple(faces))
