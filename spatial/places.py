"""Points and places: which space and which storey a point is in. Over loaded data, no I/O."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.index import PackedIndex, loops, pack
from spatial.model import Space, Storey

Floats = NDArray[np.float64]
FLOOR_TOLERANCE_M = 0.15  # a device or a foot a little under the floor's level is still in the room


class SpaceLocator:
    """Answers which space points are in, thousands at once, exactly.

    Where rounding might decide whether a point is in an outline, shapely's exact predicates do.
    """

    def __init__(self, spaces: Sequence[Space]) -> None:
        # Of nested spaces the smaller one is meant: what is meant first comes first in all that follows.
        area = np.array([space.area_m2 for space in spaces])
        order = np.lexsort((np.arange(len(spaces)), area))
        ordered = [spaces[at] for at in order]
        self._place = np.append(order, -1)  # so that what is nowhere, -1, stays it
        self._outlines = np.array([space.footprint for space in ordered], dtype=object)
        self._floor = np.array([space.floor_z_m for space in ordered], dtype=np.float64)
        self._ceiling = self._floor + np.array([space.height_m for space in ordered], dtype=np.float64)
        self._plain = shapely.is_valid(self._outlines).astype(np.bool_)
        self._starts, self._edges = _edges(self._outlines)
        self._index = PackedIndex.from_bytes(pack(self._boxes()))

    def locate(self, points: Floats) -> NDArray[np.int64]:
        """The position in the list of spaces of each point's space, -1 for none.

        points: (n, 3) float64, m; answer: (n,) int64. A point on a border counts as inside; where several
        spaces hold it, one with its true height wins over one with the tolerance, then the smallest, then
        the first. Raises QueryError for a point that is not finite.
        """
        held = self._index.containing_many(points)
        found, doubtful = loops().first_places(
            points, held.offsets, held.rows, self._floor, self._plain, self._starts, self._edges
        )
        for point in np.flatnonzero(doubtful).tolist():
            found[point] = self._without_rounding(points[point], held.of(point))
        answer: NDArray[np.int64] = self._place[found]
        return answer

    def _without_rounding(self, point: Floats, candidates: NDArray[np.int64]) -> int:
        inside = candidates[shapely.intersects_xy(self._outlines[candidates], point[0], point[1])]
        ranked = [*inside[self._floor[inside] <= point[2]], *inside]
        return int(ranked[0]) if ranked else -1

    def _boxes(self) -> Floats:
        """The boxes in which a space's points are, with the tolerance under the floor: (n, 6) m."""
        around = shapely.bounds(self._outlines).reshape(-1, 4)
        floor = self._floor - FLOOR_TOLERANCE_M
        boxes = np.column_stack([around[:, :2], floor, around[:, 2:], self._ceiling])
        # A space without an outline or turned upside down holds nothing.
        boxes[~(floor <= self._ceiling)] = np.nan
        return boxes


def _edges(outlines: NDArray[np.object_]) -> tuple[NDArray[np.int64], Floats]:
    """The edges of all rings, (e, 4) x, y, x, y, by outline; and where each outline's begin, (n + 1,)."""
    parts, outline = shapely.get_parts(outlines, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    spots, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    edges = np.hstack([spots[:-1], spots[1:]])[joined]
    owner = outline[part[ring[:-1][joined]]]
    return np.searchsorted(owner, np.arange(len(outlines) + 1)).astype(np.int64), edges


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
