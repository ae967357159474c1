"""Which room a point stands in, many points at once, with the tolerance that real models need."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from bim_pipeline.source import FloatArray, Space

BELOW_M = 0.5  # a door's sill or a tread may lie so much under its room's floor
OFF_STOREY_M = 1000.0  # a room of another storey is taken only where there is none of the own one
NOWHERE = -1

Indices = NDArray[np.int64]


class RoomFinder:
    """Finds rooms among spaces; answers are positions in that sequence, NOWHERE for none."""

    def __init__(self, spaces: Sequence[Space]) -> None:
        self.spaces = spaces
        self.footprints = shapely.from_wkb([space.footprint for space in spaces])
        self._tree = shapely.STRtree(self.footprints)
        self._floor = np.array([space.floor_z_m for space in spaces])
        self._height = np.array([space.height_m for space in spaces])
        self._area = np.array([space.area_m2 for space in spaces])
        self._storey = np.array([_number(space.storey_index) for space in spaces])

    def at(self, points: FloatArray, storeys: Indices | None = None, reach_m: float | None = None) -> Indices:
        """Find the room that each point stands in.

        points: (n, 3) float64, m. storeys: (n,) element index of the storey that each point is known to
        belong to, -1 unknown: a room of that storey goes before one of another. Then the room with the
        nearest floor is taken, then the smallest. reach_m: how far over the floor a point may be; without
        it, up to the ceiling.
        """
        found = np.full(len(points), NOWHERE, dtype=np.int64)
        if not len(self.spaces) or not len(points):
            return found
        flat = shapely.points(points[:, 0], points[:, 1])
        point, room = self._tree.query(flat, predicate="intersects")
        over_floor = points[point, 2] - self._floor[room]
        most = np.maximum(self._height[room], BELOW_M) if reach_m is None else reach_m
        fits = (over_floor >= -BELOW_M) & (over_floor <= most)
        point, room, over_floor = point[fits], room[fits], over_floor[fits]
        cost = np.round(np.abs(over_floor), 2)
        if storeys is not None:
            wanted = storeys[point]
            cost += OFF_STOREY_M * ((wanted >= 0) & (wanted != self._storey[room]))
        worst_first = np.lexsort((room, self._area[room], cost))[::-1]
        found[point[worst_first]] = room[worst_first]
        return found

    def element_index(self, room: int) -> int | None:
        """Give the element index of a room, None for NOWHERE."""
        return None if room == NOWHERE else self.spaces[room].element_index

    def floor(self, room: int, otherwise: float) -> float:
        """Give the height of a room's floor, m, or what to take for NOWHERE."""
        return otherwise if room == NOWHERE else self.spaces[room].floor_z_m


def _number(index: int | None) -> int:
    return -1 if index is None else index
