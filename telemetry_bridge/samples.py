"""Samples as columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemetry_bridge.wire import Indices, Qualities, Values


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """n samples: `point_index` (n,) uint32; `time_ms` (n,) float64, ms since 1970 UTC, when it was measured;
    `value` (n,) float64 in the point's unit, NaN: no reading; `quality` (n,) uint8.
    """

    point_index: Indices
    time_ms: Values
    value: Values
    quality: Qualities

    @classmethod
    def of(cls, point_index: ArrayLike, time_ms: ArrayLike, value: ArrayLike, quality: ArrayLike) -> Self:
        """Make some of columns of any type; times and qualities may be one for all."""
        index = np.asarray(point_index, dtype=np.uint32)
        return cls(
            index,
            np.broadcast_to(np.asarray(time_ms, dtype=np.float64), index.shape),
            np.broadcast_to(np.asarray(value, dtype=np.float64), index.shape),
            np.broadcast_to(np.asarray(quality, dtype=np.uint8), index.shape),
        )

    @classmethod
    def none(cls) -> Self:
        """No samples."""
        return cls.of([], [], [], [])

    @classmethod
    def joined(cls, parts: Sequence["Samples"]) -> Self:
        """Parts one after the other."""
        whole: list[Samples] = [cls.none(), *parts]
        return cls(
            np.concatenate([part.point_index for part in whole]),
            np.concatenate([part.time_ms for part in whole]),
            np.concatenate([part.value for part in whole]),
            np.concatenate([part.quality for part in whole]),
        )

    def __len__(self) -> int:
        return len(self.point_index)

    def __getitem__(self, rows: slice | NDArray[Any]) -> "Samples":
        return Samples(self.point_index[rows], self.time_ms[rows], self.value[rows], self.quality[rows])
