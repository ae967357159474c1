"""Points and places: which space and which storey a point is in. Pure functions over loaded data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.model import Space, Storey

Floats = NDArray[np.float64]
FLOOR_TOLERANCE_M = 0.15  # a device or a foot a little under the floor's level is still in the room


class SpaceLocator:
    """Answers which space points are in, many points at once."""

    def __init__(self, spaces: Sequence[Space]) -> None:
        self._spaces = spaces
        self._tree = shapely.STRtree([space.footprint for space in spaces])
        self._floor = np.array([space.floor_z_m for space in spaces])
        self._ceiling = np.array([space.floor_z_m + space.height_m for space in spaces])
        # Of nested spaces the smaller one is meant; then the one whose floor is nearer under the point.
        self._area = np.array([space.area_m2 for space in spaces])

    def locate(self, points: Floats) -> NDArray[np.int64]:
        """The position in the list of spaces of each point's space, -1 for none.

        points: (n, 3) float64, m; answer: (n,) int64. A point on a border counts as inside; where several
        spaces hold it, one with its true height wins over one with the tolerance, then the smallest.
        """
        found = np.full(len(points), -1, dtype=np.int64)
        if not self._spaces or len(points) == 0:
            return found
        geometry = shapely.points(points[:, 0], points[:, 1])
        point, space = self._tree.query(geometry, predicate="intersects")
        z = points[point, 2]
        in_height = (z >= self._floor[space]) & (z <= self._ceiling[space])
        near_floor = (z >= self._floor[space] - FLOOR_TOLERANCE_M) & (z <= self._ceiling[space])
        point, space, loose = point[near_floor], space[near_floor], ~in_height[near_floor]
        worst_first = np.lexsort((-space, -self._area[space], loose.astype(int) * -1))
        found[point[worst_first]] = space[worst_first]
        return found


def storey_at(storeys: Sequence[Storey], extents: Floats, point: tuple[float, float, float]) -> Storey | None:
    """The storey that a point is on: the highest one, here, whose elevation is not above it.

    extents: (len(storeys), 4) float64, m: min x, y, max x, y of what stands on each storey, NaN for
    nothing. None beside the building, under its lowest storey or over its highest.
    """
    x, y, z = point
    best: Storey | None = None
    for storey, (low_x, low_y, high_x, high_y) in zip(storeys, extents, strict=True):
        here = low_x <= x <= high_x and low_y <= y <= high_y
        low = storey.elevation_m - FLOOR_TOLERANCE_M
        if not here or not low <= z <= storey.elevation_m + storey.height_m:
            continue
        if best is None or storey.elevation_m > best.elevation_m:
            best = storey
    return best


def extents_by_storey(storeys: Sequence[Storey], storey_of: NDArray[np.int32], boxes: Floats) -> Floats:
    """(len(storeys), 4) min x, y, max x, y of the boxes on each storey, NaN for none.

    storey_of: (n,) element index of each element's storey, -1 for none; boxes: (n, 6), NaN for none.
    """
    extents = np.full((len(storeys), 4), np.nan)
    drawn = ~np.isnan(boxes[:, 0])
    for row, storey in enumerate(storeys):
        on_it = boxes[drawn & (storey_of == storey.element_index)]
        if len(on_it):
            extents[row] = [*on_it[:, :2].min(axis=0), *on_it[:, 3:5].max(axis=0)]
    return extents
