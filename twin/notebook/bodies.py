"""The pieces of all tiles joined into few bodies: one for each storey, material and shading. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from twin.notebook.tiles import Piece

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """What one draw call shows: the triangles of a material on a storey, smooth or flat.

    storey: its element index, -1 for none. positions (n, 3) m; normals (n, 3), None for flat shading; colours
    (n, 3) sRGB; feature (n,) element indices by vertex; triangles (m, 3) uint32, in the order of their
    elements.
    """

    storey: int
    material: str
    positions: Floats
    normals: Floats | None
    colours: Floats
    feature: NDArray[np.int64]
    triangles: NDArray[np.uint32]

    def element_at(self, triangle: int) -> int | None:
        """The element that a triangle belongs to, by its number; None for a number that is none."""
        if not 0 <= triangle < len(self.triangles):
            return None
        return int(self.feature[self.triangles[triangle, 0]])


def join(pieces: Iterable[Piece], storey_of: NDArray[np.int32]) -> tuple[Body, ...]:
    """Join pieces, cut by storey; storey_of: (elements,) element index of each one's storey, -1 for none."""
    groups: dict[tuple[int, str, bool], list[Piece]] = defaultdict(list)
    for piece in pieces:
        for storey in np.unique(storey_of[piece.feature]).tolist():
            part = _only(piece, storey_of[piece.feature] == storey)
            if len(part.triangles):
                groups[storey, piece.material, piece.normals is None].append(part)
    return tuple(_joined(*key[:2], groups[key]) for key in sorted(groups))


def srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light to sRGB, both 0 to 1 (IEC 61966-2-1)."""
    low = linear * 12.92
    high = 1.055 * np.power(np.maximum(linear, 0.0031308), 1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, low, high).astype(np.float32)


def _only(piece: Piece, kept: NDArray[np.bool_]) -> Piece:
    """The part of a piece whose vertices are kept."""
    if kept.all():
        return piece
    renumbered = np.cumsum(kept) - 1
    triangles = renumbered[piece.triangles[kept[piece.triangles[:, 0]]]]
    return Piece(
        piece.material,
        piece.positions[kept],
        None if piece.normals is None else piece.normals[kept],
        piece.colours[kept],
        piece.feature[kept],
        triangles,
    )


def _joined(storey: int, material: str, parts: list[Piece]) -> Body:
    starts = np.cumsum([0, *(len(part.positions) for part in parts[:-1])])
    triangles = np.concatenate([p.triangles + start for p, start in zip(parts, starts, strict=True)])
    feature = np.concatenate([part.feature for part in parts])
    normals = [part.normals for part in parts if part.normals is not None]
    order = np.argsort(feature[triangles[:, 0]], kind="stable")
    return Body(
        storey,
        material,
        np.concatenate([part.positions for part in parts]),
        np.concatenate(normals) if normals else None,
        srgb(np.concatenate([part.colours for part in parts])[:, :3]),
        feature,
        triangles[order].astype(np.uint32),
    )
