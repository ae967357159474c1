"""Which points a client wants, in the form in which the hub asks: one bit a point. Pure."""

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemetry_bridge.live import Mask
from telemetry_bridge.wire import Indices

ID_DIGITS = 12
#: The id of the selection of every point.
ALL_ID = "all"


class Selection:
    """Some of n points; `id` is the same for the same points, so that clients can share their frames."""

    __slots__ = ("__weakref__", "_bits", "count", "id")

    def __init__(self, mask: Mask | None) -> None:
        """Take the points of `mask`, (n,) bool; None: all, however many there are."""
        self._bits: NDArray[np.uint8] | None = None if mask is None else np.packbits(mask, bitorder="little")
        #: How many points it holds; None: all.
        self.count: int | None = None if mask is None else int(np.count_nonzero(mask))
        self.id = ALL_ID
        if self._bits is not None:
            self.id = hashlib.sha256(self._bits.tobytes()).hexdigest()[:ID_DIGITS]

    @classmethod
    def of(cls, n_points: int, point_index: ArrayLike) -> "Selection":
        """Select points by number, each in 0..n-1."""
        mask = np.zeros(n_points, dtype=np.bool_)
        mask[np.asarray(point_index, dtype=np.intp)] = True
        return cls(mask)

    def within(self, point_index: Indices) -> Indices:
        """Give those of `point_index` that it holds, in their order."""
        if self._bits is None:
            return point_index
        held: Mask = (self._bits[point_index >> 3] >> (point_index & 7).astype(np.uint8) & 1).astype(np.bool_)
        return point_index[held]


#: Every point.
EVERYTHING = Selection(None)
