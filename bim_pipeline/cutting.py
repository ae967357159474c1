"""Bodies that are cut: which of them the fast kernel may do, and whether what it gave can be true. No I/O.

Measured on ten models by six tools (476 cut bodies, against the exact kernels): manifold was wrong on 50, by
up to 6 m, all of them cut by half spaces; where solids cut solids (openings, holes of steel) it was right on
all, ten to thirty times as fast. So it is given these alone; a cut can only take away, which is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bim_pipeline.mesh import face_vectors
from bim_pipeline.source import FloatArray, IntArray

# What rounding may do to a box, m, and to a volume, as a share of it.
BOX_TOLERANCE_M = 1e-4
VOLUME_TOLERANCE = 1e-6
_DEEPEST_MAP = 8
_MOST_OPERANDS = 10_000
_HALF_SPACES = ("IfcHalfSpaceSolid", "IfcPolygonalBoundedHalfSpace", "IfcBoxedHalfSpace")


@dataclass(frozen=True, slots=True)
class Measure:
    """What a closed mesh fills: its box `low`..`high`, (3,) each, m, and its volume, m3."""

    low: FloatArray
    high: FloatArray
    volume_m3: float


def measured(vertices: FloatArray, triangles: IntArray) -> Measure | None:
    """Measure a mesh: vertices (n, 3), m, triangles (m, 3); None where it has no triangle.

    The volume is the sum of the tetrahedra over a vertex (divergence theorem); it means something only where
    the mesh is closed.
    """
    if not len(triangles):
        return None
    used = vertices[triangles.ravel()]
    heights = vertices[triangles[:, 0]] - used[0]
    with np.errstate(over="ignore", invalid="ignore"):
        volume = float(np.einsum("ij,ij->", face_vectors(vertices, triangles), heights)) / 6
    return Measure(used.min(axis=0), used.max(axis=0), volume)


def is_plausible_cut(cut: Measure | None, whole: Measure | None) -> bool:
    """Say whether `cut` can be what cutting leaves of `whole`: a smaller volume, nowhere outside.

    A cut that took nothing away is not believed either: it may be one that failed.
    """
    if cut is None or whole is None or not 0 < cut.volume_m3 < whole.volume_m3 * (1 - VOLUME_TOLERANCE):
        return False
    inside = (cut.low >= whole.low - BOX_TOLERANCE_M) & (cut.high <= whole.high + BOX_TOLERANCE_M)
    return bool(inside.all())


def is_cut_by_solids(product: Any, representations: Sequence[Any]) -> bool:
    """Say whether a product's body has openings or is a boolean result, and no half space cuts it."""
    openings = [relation.RelatedOpeningElement for relation in getattr(product, "HasOpenings", ())]
    bodies = [opening.Representation for opening in openings if opening is not None]
    items = _cut_items([*representations, *(r for body in bodies if body for r in body.Representations)])
    return bool(items or openings) and not any(_has_half_space(item) for item in items)


def _cut_items(representations: Sequence[Any]) -> list[Any]:
    """Find the boolean results in representations, also in mapped ones."""
    found: list[Any] = []
    level = [item for representation in representations for item in representation.Items]
    for _ in range(_DEEPEST_MAP):
        found += [item for item in level if item.is_a("IfcBooleanResult") or item.is_a("IfcCsgSolid")]
        mapped = [item.MappingSource.MappedRepresentation for item in level if item.is_a("IfcMappedItem")]
        level = [item for representation in mapped for item in representation.Items]
    return found


def _has_half_space(item: Any) -> bool:
    """Look through a tree of operands; one that does not end is no tree of solids."""
    waiting = [item]
    for _ in range(_MOST_OPERANDS):
        if not waiting:
            return False
        operand = waiting.pop()
        if operand.is_a() in _HALF_SPACES:
            return True
        if operand.is_a("IfcCsgSolid"):
            waiting.append(operand.TreeRootExpression)
        elif operand.is_a("IfcBooleanResult"):
            waiting += (operand.FirstOperand, operand.SecondOperand)
    return True
