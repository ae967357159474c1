"""Storeys in order, with elevations and heights. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bim_pipeline.source import Element, FloatArray, Storey

_SAME_LEVEL_M = 0.01
_DEFAULT_HEIGHT_M = 3.0


def derive_storeys(elements: Sequence[Element], boxes: FloatArray) -> list[Storey]:
    """Give the storeys, the lowest first.

    A storey's elevation is its placement's z, else its Elevation attribute; its height reaches to the next
    storey of the same building, the top one's to the highest element on it. `boxes` (n, 6), NaN without body.
    """
    levels = [(elevation_m(e), e.element_index, e) for e in elements if e.ifc_class == "IfcBuildingStorey"]
    levels.sort(key=lambda level: (level[0], level[1]))
    tops = _tops(elements, boxes)
    return [
        Storey(index, position, round(level, 4), round(_height(level, storey, levels, tops.get(index)), 4))
        for position, (level, index, storey) in enumerate(levels)
    ]


def elevation_m(storey: Element) -> float:
    """Give the elevation of a storey, m, local frame."""
    if storey.placement is not None:
        return float(storey.placement[2, 3])
    elevation = storey.attributes.get("Elevation")
    return float(elevation) if isinstance(elevation, int | float) else 0.0


def _height(
    level: float, storey: Element, levels: Sequence[tuple[float, int, Element]], top: float | None
) -> float:
    above = (
        z for z, _, other in levels if other.parent_index == storey.parent_index and z > level + _SAME_LEVEL_M
    )
    next_level = next(above, top)
    if next_level is None or next_level <= level + _SAME_LEVEL_M:
        return _DEFAULT_HEIGHT_M
    return next_level - level


def _tops(elements: Sequence[Element], boxes: FloatArray) -> dict[int, float]:
    found: dict[int, float] = {}
    for element in elements:
        top = float(boxes[element.element_index, 5])
        if element.storey_index is not None and not np.isnan(top):
            found[element.storey_index] = max(top, found.get(element.storey_index, -np.inf))
    return found
