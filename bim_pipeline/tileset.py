"""Writing `tileset.json`: 3D Tiles 1.1 (OGC 22-025r4), refine ADD, Z up. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bim_pipeline.source import FloatArray
from bim_pipeline.tiling import Cell, band_size_m, joined_box


def tileset(cells: Sequence[Cell], uris: Sequence[str], positions: Mapping[int, int]) -> dict[str, Any]:
    """Give the tileset over cells whose contents are at `uris`; `positions` orders storeys by index.

    root -> a node for each storey -> a node for each cell, whose geometric error says when the content
    below it is worth drawing -> the tile with the content.
    """
    if not cells:
        return _document({**_tile(np.zeros(6), 0.0, None, "building"), "refine": "ADD"}, 0.0)
    whole = joined_box(np.array([cell.box for cell in cells]))
    size = float(np.linalg.norm(whole[3:] - whole[:3]))
    groups: dict[tuple[int, int, str], list[dict[str, Any]]] = {}
    for cell, uri in zip(cells, uris, strict=True):
        storey = -1 if cell.storey_index is None else cell.storey_index
        key = (positions.get(storey, -1), storey, cell.kind)
        groups.setdefault(key, []).append(_cell_node(cell, uri, size))
    children = [_group_node(key, groups[key], cells, size) for key in sorted(groups)]
    root = _tile(whole, size, None, "building")
    root["refine"] = "ADD"
    root["children"] = children
    return _document(root, size)


def _document(root: dict[str, Any], error: float) -> dict[str, Any]:
    return {"asset": {"version": "1.1", "generator": "venue-twin"}, "geometricError": error, "root": root}


def _group_node(
    key: tuple[int, int, str], nodes: list[dict[str, Any]], cells: Sequence[Cell], size: float
) -> dict[str, Any]:
    _, storey, kind = key
    index = None if storey < 0 else storey
    own = [cell for cell in cells if cell.storey_index == index and cell.kind == kind]
    node = _tile(joined_box(np.array([cell.box for cell in own])), size, index, kind)
    node["children"] = nodes
    return node


def _cell_node(cell: Cell, uri: str, size: float) -> dict[str, Any]:
    """Give a leaf, under a gate that opens when the largest element of its band is worth drawing."""
    leaf = _tile(cell.box, 0.0, cell.storey_index, cell.kind)
    leaf["content"] = {"uri": uri}
    if cell.band in ("shell", "space"):
        return leaf
    gate = _tile(cell.box, min(band_size_m(cell.band, size), size), cell.storey_index, cell.kind)
    gate["children"] = [leaf]
    return gate


def _tile(box: FloatArray, error: float, storey: int | None, kind: str) -> dict[str, Any]:
    return {
        "boundingVolume": {"box": bounding_box(box)},
        "geometricError": round(error, 3),
        "extras": {"storey": storey, "kind": kind},
    }


def bounding_box(box: FloatArray) -> list[float]:
    """Give a 3D Tiles box, 12 numbers: the centre and three half axes; a flat side gets a millimetre."""
    centre = (box[:3] + box[3:]) / 2
    half = np.maximum((box[3:] - box[:3]) / 2, 0.001) + 0.001
    numbers = [*centre, half[0], 0.0, 0.0, 0.0, half[1], 0.0, 0.0, 0.0, half[2]]
    return [round(float(n), 4) for n in numbers]
