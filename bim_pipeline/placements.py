"""Object placements as matrices, read once each; broken chains are found, not followed for ever."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from bim_pipeline.source import FloatArray

Vector: TypeAlias = tuple[float, float, float]


class PlacementReader:
    """Reads IfcObjectPlacement trees; lengths are multiplied by `metres_per_unit`."""

    def __init__(self, metres_per_unit: float) -> None:
        self._scale = metres_per_unit
        self._known: dict[int, FloatArray | None] = {}

    def read(self, placement: Any) -> FloatArray | None:
        """Give (4, 4) source_from_element, m; None where there is none, or a cycle, or no finite numbers."""
        chain = self._chain(placement)
        if chain is None:
            return None
        matrix: FloatArray | None = np.eye(4)
        for link in reversed(chain):
            if link.id() not in self._known:
                self._known[link.id()] = self._link(link, matrix)
            matrix = self._known[link.id()]
        return matrix

    def _chain(self, placement: Any) -> list[Any] | None:
        chain: list[Any] = []
        seen: set[int] = set()
        while placement is not None:
            if placement.id() in seen:
                return None
            seen.add(placement.id())
            chain.append(placement)
            if placement.id() in self._known:
                break
            placement = getattr(placement, "PlacementRelTo", None)
        return chain or None

    def _link(self, link: Any, parent: FloatArray | None) -> FloatArray | None:
        if parent is None:
            return None
        own = _axes(getattr(link, "RelativePlacement", None) or getattr(link, "CartesianPosition", None))
        own[:3, 3] *= self._scale
        with np.errstate(over="ignore", invalid="ignore"):
            placed = parent @ own
        return placed if np.isfinite(placed).all() else None


def _axes(placement: Any) -> FloatArray:
    """Read an IfcAxis2Placement2D or 3D, (4, 4), in source units.

    In plain floats: a model has one of these for each product, and numpy costs more on three numbers.
    """
    if placement is None or not hasattr(placement, "Location"):
        return np.eye(4)
    coordinates = tuple(getattr(placement.Location, "Coordinates", None) or (0.0, 0.0, 0.0))
    x0, y0, z0 = (*coordinates, 0.0, 0.0, 0.0)[:3]
    z = _direction(getattr(placement, "Axis", None), (0.0, 0.0, 1.0))
    x = _across(_direction(getattr(placement, "RefDirection", None), (1.0, 0.0, 0.0)), z)
    y = _cross(z, x)
    return np.array(
        [
            [x[0], y[0], z[0], x0],
            [x[1], y[1], z[1], y0],
            [x[2], y[2], z[2], z0],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )


def _across(vector: Vector, axis: Vector) -> Vector:
    """Give the unit vector nearest to `vector` that is square to the unit vector `axis`."""
    along = _dot(vector, axis)
    part = (vector[0] - along * axis[0], vector[1] - along * axis[1], vector[2] - along * axis[2])
    if _dot(part, part) < 1e-18:
        part = _cross(axis, (0.0, 1.0, 0.0) if abs(axis[1]) < 0.9 else (0.0, 0.0, 1.0))
    return _unit(part)


def _direction(direction: Any, fallback: Vector) -> Vector:
    if direction is None:
        return fallback
    x, y, z = (*direction.DirectionRatios, 0.0, 0.0, 0.0)[:3]
    length = math.hypot(x, y, z)
    return _unit((x, y, z)) if math.isfinite(length) and length > 1e-12 else fallback


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Vector, b: Vector) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def _unit(a: Vector) -> Vector:
    length = math.hypot(*a)
    return (a[0] / length, a[1] / length, a[2] / length)
