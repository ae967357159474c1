"""What a model says bounds its spaces (IfcRelSpaceBoundary), kept for a cross-check with what geometry shows.

Such relations are missing or wrong in many models, so that nothing is derived from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bim_pipeline.entities import instances


def read_boundaries(model: Any, index: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    """Give (space, element) by element index, each pair once, in order; `index` is by step id.

    The second half of a boundary that two spaces share, and boundaries at several levels of detail, say the
    same pair again; virtual boundaries have no element.
    """
    found = set()
    for relation in instances(model, "IfcRelSpaceBoundary"):
        space, element = relation.RelatingSpace, relation.RelatedBuildingElement
        if space is not None and element is not None and space.id() in index and element.id() in index:
            found.add((index[space.id()], index[element.id()]))
    return tuple(sorted(found))
