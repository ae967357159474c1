"""The triangles of a package's tiles with what shading needs, in the local frame."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spatial.errors import TileFormatError
from spatial.glb import FAULTS, Floats, Glb, Indices, Primitive, contents, moved, z_up
from twin.errors import ExportError


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Triangles of one material: `triangles` (m, 3) into the n vertices; `feature` (n,) element indices.

    positions (n, 3) m, local frame, Z up; normals (n, 3), None for plane faces, which share their corners and
    are shaded flat (glTF 2.0, 3.7.2.1); colours (n, 4) linear RGBA, 0 to 1. All three corners of a triangle
    belong to one element.
    """

    material: str
    positions: NDArray[np.float32]
    normals: NDArray[np.float32] | None
    colours: NDArray[np.float32]
    feature: Indices
    triangles: Indices


def read_pieces(folder: Path, *, spaces: bool = False) -> Iterator[Piece]:
    """The pieces of all tiles of a package; with `spaces` the rooms' volumes too.

    Raises ExportError for a tile that is missing or cannot be read.
    """
    try:
        tileset = json.loads((folder / "tileset.json").read_bytes())
    except (OSError, ValueError) as error:
        raise ExportError(f"{folder} has no readable tileset.json; build the package again") from error
    for name in contents(tileset["root"], spaces=spaces):
        try:
            yield from pieces_of((folder / name).read_bytes())
        except (OSError, TileFormatError, *FAULTS) as error:
            raise ExportError(f"the tile {name} cannot be read ({error}); build the package again") from error


def pieces_of(content: bytes) -> list[Piece]:
    """The pieces in a GLB. Raises TileFormatError or one of FAULTS, as `Glb` does."""
    glb = Glb(content)
    return [_piece(glb, primitive) for primitive in glb.primitives()]


def _piece(glb: Glb, primitive: Primitive) -> Piece:
    attributes = primitive.attributes
    positions = glb.floats(attributes["POSITION"])
    normals = glb.floats(attributes["NORMAL"]) if "NORMAL" in attributes else None
    colours = glb.floats(attributes["COLOR_0"])
    triangles = primitive.triangles
    if primitive.copies is None:
        feature = glb.features(attributes)
    else:
        feature = np.repeat(primitive.copies.features, len(positions))
        many = len(primitive.copies.features)
        triangles = (triangles[None] + np.arange(many)[:, None, None] * len(positions)).reshape(-1, 3)
        colours = np.tile(colours, (many, 1))
        positions, normals = _copied(primitive, positions, normals)
    return Piece(
        primitive.material,
        z_up(moved(positions, primitive.matrix)).astype(np.float32),
        None if normals is None else _unit(normals),
        colours.astype(np.float32),
        feature,
        triangles,
    )


def _copied(primitive: Primitive, positions: Floats, normals: Floats | None) -> tuple[Floats, Floats | None]:
    """Positions (n, 3) and normals (n, 3) of a mesh at each of its k copies, (k * n, 3)."""
    copies = primitive.copies
    assert copies is not None  # the caller asks for copies alone
    scales, turn = copies.scales[:, None], copies.rotations
    placed = np.einsum("kij,knj->kni", turn, positions[None] * scales) + copies.translations[:, None]
    if normals is None:
        return placed.reshape(-1, 3), None
    return placed.reshape(-1, 3), np.einsum("kij,knj->kni", turn, normals[None] / scales).reshape(-1, 3)


def _unit(normals: Floats) -> NDArray[np.float32]:
    length = np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return z_up(normals / length).astype(np.float32)
