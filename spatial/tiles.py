"""The triangles of a package's tiles, in the package's local frame: what is drawn, with whose it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spatial.errors import IncompletePackageError, TileFormatError
from spatial.glb import FAULTS, Floats, Glb, Indices, Primitive, contents, moved, z_up


@dataclass(frozen=True, slots=True, eq=False)
class Triangles:
    """corners: (m, 3, 3) float64, m, local frame, Z up; elements: (m,) int64 element indices."""

    corners: Floats
    elements: Indices


def read_triangles(folder: Path) -> Triangles:
    """All triangles that a package's tiles draw, spaces left out.

    As exact as the tiles: to `quantization_error_m` of the manifest. Raises IncompletePackageError where a
    file is missing or broken, and TileFormatError where it is written in a way that is not read here.
    """
    try:
        tileset = json.loads((folder / "tileset.json").read_bytes())
        parts = [
            part
            for uri in contents(tileset["root"], spaces=False)
            for part in tile_triangles((folder / uri).read_bytes(), uri)
        ]
    except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise IncompletePackageError(
            f"{folder}: its tiles cannot be read; build the package again"
        ) from error
    if not parts:
        return Triangles(np.empty((0, 3, 3)), np.empty(0, np.int64))
    return Triangles(
        np.concatenate([part.corners for part in parts]), np.concatenate([part.elements for part in parts])
    )


def tile_triangles(content: bytes, name: str) -> list[Triangles]:
    """The triangles of one GLB, mesh by mesh. Raises TileFormatError."""
    try:
        glb = Glb(content)
        return [_placed(glb, primitive) for primitive in glb.primitives()]
    except TileFormatError as error:
        raise TileFormatError(f"{name}: {error}") from error
    except FAULTS as error:
        raise TileFormatError(f"{name} is no tile of a package; build the package again") from error


def _placed(glb: Glb, primitive: Primitive) -> Triangles:
    positions = glb.floats(primitive.attributes["POSITION"])
    corners, copies = primitive.triangles, primitive.copies
    if copies is None:
        elements = glb.features(primitive.attributes)[corners[:, 0]]
        return Triangles(z_up(moved(positions, primitive.matrix))[corners], elements)
    matrices = copies.rotations * copies.scales[:, None, :]
    spots = positions @ matrices.transpose(0, 2, 1) + copies.translations[:, None]
    placed = z_up(moved(spots, primitive.matrix))[:, corners]
    return Triangles(placed.reshape(-1, 3, 3), np.repeat(copies.features, len(corners)))
