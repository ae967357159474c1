"""The ground that a model brings with it: lawns, roads, paving, a surveyed site."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spatial.model import Box, Columns, Storey

SITE_CLASSES = ("IfcSite", "IfcGeographicElement")
"""What is terrain whatever its relief; all else must lie flat and near the ground."""

_LEAST_SHARE = 0.005
"""Of the model's plan: less is a bench or a tree, not ground."""
_LEAST_COVER = 0.5
"""Of the box around all of it: less is paths here and there, with nothing between them."""
_THICKEST_M = 1.0
_HIGHEST_M = 1.0
_BASEMENT_M = -1.0


def ground_level(storeys: Sequence[Storey]) -> float:
    """Where the ground lies, m: at zero over a basement, else at the lowest storey; zero without storeys."""
    lowest = min((storey.elevation_m for storey in storeys), default=0.0)
    return 0.0 if lowest < _BASEMENT_M else lowest


def terrain_box(boxes: NDArray[np.float64], columns: Columns, storeys: Sequence[Storey]) -> Box | None:
    """The box of what belongs to no storey, is large in plan and lies about the ground.

    boxes: (n, 6) min xyz, max xyz, m, NaN where nothing is drawn; row = element_index. None where the model
    has no such ground, or where it leaves more than half of its own box bare.
    """
    drawn = ~np.isnan(boxes).any(axis=1)
    if not drawn.any():
        return None
    plan = (boxes[:, 3] - boxes[:, 0]) * (boxes[:, 4] - boxes[:, 1])
    large = drawn & (columns.storey < 0) & (plan >= _LEAST_SHARE * _plan_of(boxes[drawn]))
    found = large & (_is_site(columns) | _is_flat(boxes, ground_level(storeys)))
    if not found.any() or plan[found].sum() < _LEAST_COVER * _plan_of(boxes[found]):
        return None
    west, south, low = (float(number) for number in boxes[found, :3].min(axis=0))
    east, north, high = (float(number) for number in boxes[found, 3:].max(axis=0))
    return west, south, low, east, north, high


def _is_site(columns: Columns) -> NDArray[np.bool_]:
    return np.isin(np.array(columns.class_names)[columns.class_id], SITE_CLASSES)


def _is_flat(boxes: NDArray[np.float64], ground_m: float) -> NDArray[np.bool_]:
    thin = boxes[:, 5] - boxes[:, 2] <= _THICKEST_M
    flat: NDArray[np.bool_] = thin & (np.abs(boxes[:, 5] - ground_m) <= _HIGHEST_M)
    return flat


def _plan_of(boxes: NDArray[np.float64]) -> float:
    sides = boxes[:, 3:5].max(axis=0) - boxes[:, :2].min(axis=0)
    return float(sides[0] * sides[1])
