"""How much of each body is seen from outside: points on its surfaces in coarse depth pictures. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bim_pipeline.source import Body, FloatArray, Shape

# Points lie closer than a picture's pixels, so that a wall has no holes in it.
MOST_POINTS = 150_000
LEAST_SPACING_M = 0.2
LEAST_POINTS = 4
_PIXEL_SPACINGS = 2.5
_DEPTH_SPACINGS = 2.5
# From all around a little above the horizon, from half above, and from the top: (turn, height), degrees.
_VIEWS_DEG = (
    *((45.0 * i, 15.0) for i in range(8)),
    *((90.0 * i + 22.5, 50.0) for i in range(4)),
    (0.0, 90.0),
)
# Fractions of the plastic number's powers: points that fill a square evenly (Roberts 2018, R2 sequence).
_R2 = (0.7548776662466927, 0.5698402909980532)
_OPAQUE = 0.999


@dataclass(frozen=True, slots=True, eq=False)
class _Points:
    """`places` (n, 3), m; per point the row of its body, the area, m2, it stands for, whether it hides."""

    places: FloatArray
    owners: NDArray[np.int64]
    areas: FloatArray
    blocks: NDArray[np.bool_]


def seen_areas(bodies: Sequence[Body]) -> FloatArray:
    """Give the area (n,), m2, of each body that is seen from outside, mean of 13 views from afar.

    What is transparent hides nothing. Good for an order, not for a measurement: a slit narrower than a pixel
    (about a hundredth of the building) is open or closed by chance, the same in every run.
    """
    if not bodies:
        return np.zeros(0)
    surfaces = _Surfaces([body.shape for body in bodies])
    matrices = np.array([body.local_from_shape for body in bodies])
    sizes = surfaces.areas * np.abs(np.linalg.det(matrices[:, :3, :3])) ** (2 / 3)
    spacing = max(LEAST_SPACING_M, float(np.sqrt(sizes.sum() / MOST_POINTS)))
    points = _points(surfaces, matrices, sizes, spacing)
    total = np.zeros(len(bodies))
    for across, up, away in _views():
        seen = _seen(points, across, up, away, spacing)
        total += np.bincount(points.owners[seen], points.areas[seen], minlength=len(bodies))
    return total / len(_VIEWS_DEG)


class _Surfaces:
    """The triangles of bodies' shapes one after another, each shape once, with their areas summed up."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        unique = {shape.key: shape for shape in shapes}
        self._corners = np.concatenate([shape.vertices[shape.triangles] for shape in unique.values()])
        self._opaque = np.concatenate([s.colours[s.colour_ids, 3] >= _OPAQUE for s in unique.values()])
        edges = self._corners[:, 1:] - self._corners[:, :1]
        areas = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1) / 2
        self._running = np.cumsum(areas)
        ends = np.cumsum([len(shape.triangles) for shape in unique.values()])
        bounds = np.concatenate([[0.0], self._running[ends - 1]])
        rows = {key: row for row, key in enumerate(unique)}
        own = np.array([rows[shape.key] for shape in shapes])
        self._starts, self.areas = bounds[own], np.diff(bounds)[own]
        self._last = ends[own] - 1

    def spread(
        self, owners: NDArray[np.int64], shares: FloatArray, number: NDArray[np.int64]
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Give the points (n, 3) at shares 0..1 of the owners' areas, shape's frame, and which hide."""
        wanted = self._starts[owners] + shares * self.areas[owners]
        chosen = np.minimum(np.searchsorted(self._running, wanted, side="right"), self._last[owners])
        u, v = ((number * step) % 1.0 for step in _R2)
        over = u + v > 1
        u, v = np.where(over, 1 - u, u), np.where(over, 1 - v, v)
        a, b, c = (self._corners[chosen, i] for i in range(3))
        places: FloatArray = a + u[:, None] * (b - a) + v[:, None] * (c - a)
        return places, self._opaque[chosen]


def _points(surfaces: _Surfaces, matrices: FloatArray, sizes: FloatArray, spacing: float) -> _Points:
    """Spread points over all bodies, one for each square of the spacing."""
    counts = np.maximum(LEAST_POINTS, np.ceil(sizes / spacing**2)).astype(np.int64)
    owners = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    spots, blocks = surfaces.spread(owners, (number + 0.5) / counts[owners], number + 1)
    turned = np.einsum("nij,nj->ni", matrices[owners, :3, :3], spots)
    return _Points(turned + matrices[owners, :3, 3], owners, (sizes / counts)[owners], blocks)


def _views() -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
    """Give per view the unit vectors of its picture: across, up, and away from the eye."""
    for turn_deg, height_deg in _VIEWS_DEG:
        turn, height = np.radians(turn_deg), np.radians(height_deg)
        across = np.array([-np.sin(turn), np.cos(turn), 0.0])
        away = -np.array([np.cos(height) * np.cos(turn), np.cos(height) * np.sin(turn), np.sin(height)])
        yield across, np.cross(across, away), away


def _seen(
    points: _Points, across: FloatArray, up: FloatArray, away: FloatArray, spacing: float
) -> NDArray[np.bool_]:
    """Say which points nothing hides, by the nearest depth in each pixel."""
    pixel = spacing * _PIXEL_SPACINGS
    columns, rows = (_cells(points.places @ axis, pixel) for axis in (across, up))
    depth = points.places @ away
    width = int(columns.max()) + 1
    cell = rows * width + columns
    nearest = np.full((int(rows.max()) + 1) * width, np.inf)
    np.minimum.at(nearest, cell[points.blocks], depth[points.blocks])
    seen: NDArray[np.bool_] = depth <= nearest[cell] + spacing * _DEPTH_SPACINGS
    return seen


def _cells(along: FloatArray, pixel: float) -> NDArray[np.int64]:
    cells: NDArray[np.int64] = np.floor((along - along.min()) / pixel).astype(np.int64)
    return cells
