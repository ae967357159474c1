"""Which points of a room see each other: the edges of its part of the graph."""

from __future__ import annotations

import numpy as np

from navigation.freespace import FreeSpace
from navigation.model import Floats, Ints

TAUT_TOLERANCE = 1e-9


def visible_pairs(space: FreeSpace, terminals: Floats) -> Ints:
    """Pairs of nodes that see each other and that a shortest way may use: (m, 2), first below second.

    Nodes are the terminals, (n, 2), and then the room's corners. An edge that ends at a corner without
    touching it along (so that a way over it would rather cut it) is left out: shortest ways stay.
    """
    count = len(terminals)
    points = np.concatenate([terminals, space.corners])
    first, second = np.triu_indices(len(points), 1)
    if len(first) == 0:
        return np.empty((0, 2), dtype=np.int64)
    keep = _taut(space, points, first, second, count) & _taut(space, points, second, first, count)
    first, second = first[keep], second[keep]
    seen = space.sees(points[first], points[second])
    return np.stack([first[seen], second[seen]], axis=1).astype(np.int64)


def visible_from(space: FreeSpace, point: tuple[float, float], nodes: Floats) -> Ints:
    """Which of some points, (n, 2), one sees from a point: their rows."""
    if len(nodes) == 0:
        return np.empty(0, dtype=np.int64)
    rows: Ints = np.flatnonzero(space.sees(np.broadcast_to(point, nodes.shape), nodes))
    return rows


def _taut(space: FreeSpace, points: Floats, from_: Ints, to: Ints, count: int) -> np.ndarray:
    """Whether a way that comes from a point may bend at the corner it comes to: both its arms on one side."""
    taut = np.ones(len(to), dtype=bool)
    at_corner = to >= count
    corner = points[to[at_corner]]
    along = corner - points[from_[at_corner]]
    arms = space.arms[to[at_corner] - count] - corner[:, None, :]
    side = along[:, None, 0] * arms[..., 1] - along[:, None, 1] * arms[..., 0]
    taut[at_corner] = side[:, 0] * side[:, 1] >= -TAUT_TOLERANCE
    return taut
