"""How sums lie: what the compiled loops and their callers both know. No I/O.

Numba's cache of compiled code does not see changes here: touch `kernels.py` too.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.film.described import PastPoint, PastRegistry
from twin.film.rollup.counting import PointKind, kind_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: ms known; sum of value x ms; least and greatest; first reading; last one, else the value that was carried
#: over; readings; what a counter showed whenever it began anew; how often it did.
KNOWN, WEIGHTED, LOW, HIGH, FIRST, LAST, COUNT, LOST, RESETS, FIELDS = range(10)
#: Points of a strip.
POINTS: Final = 256


def no_sums(slots: int) -> Floats:
    """(FIELDS, slots) of nothing known."""
    sums = np.zeros((FIELDS, slots))
    sums[[LOW, HIGH, FIRST, LAST]] = np.nan
    return sums


@dataclass(frozen=True)
class PointTable:
    """Of each of n points how many states it has (n,) int64, and whether it counts (n,) int64, 0 or 1."""

    n_states: Ints
    counts: Ints

    @classmethod
    def of(cls, points: tuple[PastPoint, ...]) -> "PointTable":
        """Those of some points."""
        kinds = [kind_of(point) for point in points]
        return cls(
            np.array([len(point.states) for point in points], dtype=np.int64),
            np.array([kind is PointKind.COUNTER for kind in kinds], dtype=np.int64),
        )

    @classmethod
    def of_registry(cls, registry: PastRegistry) -> "PointTable":
        """Those of a registry, by point_index."""
        return cls.of(registry.points)

    @cached_property
    def state_at(self) -> Ints:
        """(n + 1,) where each point's states begin."""
        return np.append(0, np.cumsum(self.n_states))
