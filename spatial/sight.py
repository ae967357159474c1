"""Triangles that hide what is behind them: what a ray meets first, and whether one point sees another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spatial.errors import QueryError
from spatial.index import Floats, Indices, Mask, PackedIndex, loops, pack, point_rows, ray_rows

_NONE_HIDDEN: Mask = np.zeros(0, dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class FirstHits:
    """What each ray meets first: distances_m (n,), infinity for nothing; owners (n,), -1 for nothing."""

    distances_m: Floats
    owners: Indices


@dataclass(frozen=True, slots=True, eq=False)
class TriangleIndex:
    """Triangles with their owners, as a rule element indices; safe to share between threads.

    corners: (m, 3, 3) float64, m; owners: (m,) int64. Triangles count from either side, borders included.
    """

    corners: Floats
    owners: Indices
    index: PackedIndex

    @classmethod
    def of(cls, corners: ArrayLike, owners: ArrayLike) -> Self:
        """Index triangles (m, 3, 3), m, of owners (m,), none negative. Raises QueryError."""
        spots = np.ascontiguousarray(corners, dtype=np.float64)
        whose = np.ascontiguousarray(owners, dtype=np.int64)
        if spots.ndim != 3 or spots.shape[1:] != (3, 3) or whose.shape != spots.shape[:1]:
            raise QueryError("triangles are (m, 3, 3) numbers with one owner each")
        if not np.isfinite(spots).all() or (whose < 0).any():
            raise QueryError("triangles have finite corners and an owner that is not negative")
        content = pack(np.hstack([spots.min(axis=1), spots.max(axis=1)]))
        return cls(spots, whose, PackedIndex.from_bytes(content))

    def first_hits(
        self,
        origins: ArrayLike,
        directions: ArrayLike,
        reach_m: float = np.inf,
        hidden: Mask | None = None,
    ) -> FirstHits:
        """What each ray (n, 3) meets first within its reach.

        hidden: (owners' highest + 1 or more,) bool, owners that are as if they were not there.
        Raises QueryError as `PackedIndex.along_rays` does.
        """
        met, rows = self._crossings(ray_rows(origins, directions, reach_m), hidden, any_will_do=False)
        owners = np.full(len(rows), -1, dtype=np.int64)
        owners[rows >= 0] = self.owners[rows[rows >= 0]]
        return FirstHits(met, owners)

    def sees(
        self,
        eyes: ArrayLike,
        targets: ArrayLike,
        hidden: Mask | None = None,
        skip_m: tuple[float, float] = (0.0, 0.0),
    ) -> NDArray[np.bool_]:
        """Whether nothing stands between each eye (n, 3) or (3,) and its target (n, 3): (n,) bool.

        hidden: as in `first_hits`. skip_m: what stands so near to the eye, or to the target, does not count.
        Raises QueryError for a point that is not finite, or a length that is negative or no number.
        """
        if not (min(skip_m) >= 0 and np.isfinite(skip_m).all()):
            raise QueryError("what is skipped at the ends of a line of sight is a length in metres")
        goal = point_rows(targets)
        start = np.broadcast_to(point_rows(eyes), goal.shape)
        way = goal - start
        length = np.linalg.norm(way, axis=1)
        # Whoever stands on the target sees it, whatever the direction.
        unit = np.where(length[:, None] > 0, way / np.maximum(length, 1e-300)[:, None], [1.0, 0.0, 0.0])
        ends = np.stack([np.full_like(length, skip_m[0]), length - skip_m[1]], axis=1)
        _, rows = self._crossings(np.hstack([start, unit, ends]), hidden, any_will_do=True)
        clear: NDArray[np.bool_] = (rows < 0) | (length == 0)
        return clear

    def _crossings(
        self, segments: Floats, hidden: Mask | None, *, any_will_do: bool
    ) -> tuple[Floats, Indices]:
        left_out = _NONE_HIDDEN if hidden is None else np.ascontiguousarray(hidden, dtype=np.bool_)
        if hidden is not None and len(self.owners) and len(left_out) <= int(self.owners.max()):
            raise QueryError("a mask of hidden owners has an entry for each owner")
        met, rows = loops().first_crossings(
            segments, any_will_do, left_out, self.corners, self.owners, *self.index.tree
        )
        return met, rows
