"""Object placements as matrices, read once each; broken chains are found, not followed for ever."""

from __future__ import annotations

from typing import Any

import numpy as np

from bim_pipeline.source import FloatArray


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
        placed = parent @ own
        return placed if np.isfinite(placed).all() else None


def _axes(placement: Any) -> FloatArray:
    """Read an IfcAxis2Placement2D or 3D, (4, 4), in source units."""
    matrix = np.eye(4)
    if placement is None or not hasattr(placement, "Location"):
        return matrix
    coordinates = tuple(getattr(placement.Location, "Coordinates", None) or (0.0, 0.0, 0.0))
    matrix[: len(coordinates), 3] = coordinates
    axis = _direction(getattr(placement, "Axis", None), (0.0, 0.0, 1.0))
    reference = _direction(getattr(placement, "RefDirection", None), (1.0, 0.0, 0.0))
    x = reference - axis * float(axis @ reference)
    length = float(np.linalg.norm(x))
    if length < 1e-9:
        x = np.cross(axis, [0.0, 1.0, 0.0] if abs(axis[1]) < 0.9 else [0.0, 0.0, 1.0])
        length = float(np.linalg.norm(x))
    x /= length
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = x, np.cross(axis, x), axis
    return matrix


def _direction(direction: Any, fallback: tuple[float, float, float]) -> FloatArray:
    if direction is None:
        return np.array(fallback)
    ratios = np.zeros(3)
    given = tuple(direction.DirectionRatios)
    ratios[: len(given)] = given
    length = float(np.linalg.norm(ratios))
    return ratios / length if np.isfinite(length) and length > 1e-12 else np.array(fallback)
