"""Positions as 16-bit steps of a grid, normals as bytes. No I/O.

The grid is the same for neighbouring tiles and shapes (steps are powers of two, origins whole steps), so that
equal parts come out as equal bytes, which compress.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bim_pipeline.source import FloatArray

MAX_QUANTUM = 65535
# 1/1024 m: half a millimetre of error, below what a model means or a screen shows.
COARSEST_WANTED_STEP = 2.0**-10
# What is smaller than two metres gets a finer grid: at least so many steps for its longest side.
LEAST_STEPS = 2048
FINEST_STEP = 2.0**-24


@dataclass(frozen=True, slots=True)
class Quantizer:
    """Positions as uint16: `position = origin + step * q`, one step for all axes so that angles stay."""

    origin: tuple[float, float, float]
    step: float

    @classmethod
    def over(cls, low: FloatArray, high: FloatArray) -> Quantizer:
        """Make the quantizer for the box `low`..`high`, (3,) each, m."""
        extent = float(np.max(high - low))
        step = max(min(COARSEST_WANTED_STEP, _power_below(extent / LEAST_STEPS)), FINEST_STEP)
        # One step is lost where the origin is put on the grid.
        while extent > (MAX_QUANTUM - 1) * step:
            step *= 2.0
        x, y, z = (math.floor(float(value) / step) * step for value in low)
        return cls((x, y, z), step)

    @property
    def error_m(self) -> float:
        """The farthest that one coordinate moves, m."""
        return self.step / 2

    def quantize(self, positions: FloatArray) -> NDArray[np.uint16]:
        """Turn positions (n, 3), m, inside the box into steps (n, 3)."""
        steps = np.rint((positions - np.array(self.origin)) / self.step)
        quanta: NDArray[np.uint16] = np.clip(steps, 0, MAX_QUANTUM).astype(np.uint16)
        return quanta

    def positions(self, quanta: NDArray[np.uint16]) -> FloatArray:
        """Turn steps (n, 3) back into positions, m."""
        restored: FloatArray = np.array(self.origin) + quanta.astype(np.float64) * self.step
        return restored


def packed_normals(normals: NDArray[np.floating]) -> NDArray[np.int8]:
    """Turn unit normals (n, 3) into normalized int8 (KHR_mesh_quantization)."""
    packed: NDArray[np.int8] = np.clip(np.rint(normals * 127.0), -127, 127).astype(np.int8)
    return packed


def _power_below(value: float) -> float:
    """Give the largest power of two that is not above `value`; the finest step for what is nothing."""
    return 2.0 ** math.floor(math.log2(value)) if value > FINEST_STEP else FINEST_STEP
