"""The triangles of a package's tiles, in the package's local frame: what is drawn, with whose it is.

Reads glTF 2.0 as the pipeline writes it: KHR_mesh_quantization, EXT_mesh_features, EXT_mesh_gpu_instancing,
EXT_instance_features, EXT_meshopt_compression.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial import meshopt
from spatial.errors import IncompletePackageError, TileFormatError

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_READ = {
    "KHR_mesh_quantization",
    "EXT_mesh_features",
    "EXT_mesh_gpu_instancing",
    "EXT_instance_features",
    "EXT_structural_metadata",
    meshopt.NAME,
}
_DTYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_FEATURE = "_FEATURE_ID_0"


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
            for uri in _uris(tileset["root"])
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
        return list(_Glb(content).triangles())
    except TileFormatError as error:
        raise TileFormatError(f"{name}: {error}") from error
    except (struct.error, ValueError, KeyError, IndexError, TypeError) as error:
        raise TileFormatError(f"{name} is no tile of a package; build the package again") from error


def _uris(tile: Mapping[str, Any]) -> Iterator[str]:
    """The contents of a tile and of those below it, but for the volumes of spaces."""
    if (tile.get("extras") or {}).get("kind") != "spaces":
        if "content" in tile:
            yield str(tile["content"]["uri"])
        for child in tile.get("children", ()):
            yield from _uris(child)


class _Glb:
    def __init__(self, content: bytes) -> None:
        magic, _, _ = struct.unpack_from("<III", content)
        if magic != 0x46546C67:
            raise TileFormatError("no GLB")
        (length,) = struct.unpack_from("<I", content, 12)
        self._doc = json.loads(content[20 : 20 + length])
        self._binary = content[28 + length :]
        self._views: dict[int, bytes] = {}
        unread = set(self._doc.get("extensionsRequired", ())) - _READ
        if unread:
            raise TileFormatError(f"it needs {', '.join(sorted(unread))}, which is not read here")

    def triangles(self) -> Iterator[Triangles]:
        """Every primitive of every node, placed."""
        for node in self._doc.get("nodes", ()):
            if "mesh" not in node:
                continue
            matrix = np.array(node.get("matrix", np.eye(4).ravel()), dtype=np.float64).reshape(4, 4).T
            for primitive in self._doc["meshes"][node["mesh"]]["primitives"]:
                yield self._placed(primitive, node, matrix)

    def _placed(self, primitive: Mapping[str, Any], node: Mapping[str, Any], matrix: Floats) -> Triangles:
        attributes = primitive["attributes"]
        corners = self._accessor(primitive["indices"])[:, 0].astype(np.int64).reshape(-1, 3)
        positions = self._accessor(attributes["POSITION"]).astype(np.float64)
        instancing = node.get("extensions", {}).get("EXT_mesh_gpu_instancing")
        if instancing is None:
            elements = self._accessor(attributes[_FEATURE])[:, 0].astype(np.int64)[corners[:, 0]]
            return Triangles(_z_up(_moved(positions, matrix))[corners], elements)
        copies, owners = self._copies(instancing["attributes"])
        spots = positions @ copies[:, :3, :3].transpose(0, 2, 1) + copies[:, None, :3, 3]
        placed = _z_up(_moved(spots, matrix))[:, corners]
        return Triangles(placed.reshape(-1, 3, 3), np.repeat(owners, len(corners)))

    def _copies(self, attributes: Mapping[str, int]) -> tuple[Floats, Indices]:
        """Where instances stand, (k, 4, 4), and whose they are, (k,)."""
        owners = self._accessor(attributes[_FEATURE])[:, 0].astype(np.int64)
        matrices = np.tile(np.eye(4), (len(owners), 1, 1))
        if "ROTATION" in attributes:
            matrices[:, :3, :3] = _rotations(self._accessor(attributes["ROTATION"]).astype(np.float64))
        if "SCALE" in attributes:
            matrices[:, :3, :3] *= self._accessor(attributes["SCALE"]).astype(np.float64)[:, None, :]
        if "TRANSLATION" in attributes:
            matrices[:, :3, 3] = self._accessor(attributes["TRANSLATION"])
        return matrices, owners

    def _accessor(self, number: int) -> NDArray[Any]:
        """An accessor's numbers as (count, width)."""
        accessor = self._doc["accessors"][number]
        kind, width = np.dtype(_DTYPES[accessor["componentType"]]), _WIDTHS[accessor["type"]]
        view = self._doc["bufferViews"][accessor["bufferView"]]
        stride = view.get("byteStride") or kind.itemsize * width
        return np.ndarray(
            (accessor["count"], width),
            dtype=kind,
            buffer=self._view(accessor["bufferView"]),
            offset=accessor.get("byteOffset", 0),
            strides=(stride, kind.itemsize),
        )

    def _view(self, number: int) -> bytes:
        if number not in self._views:
            view = self._doc["bufferViews"][number]
            packed = view.get("extensions", {}).get(meshopt.NAME)
            self._views[number] = (
                self._slice(view) if packed is None else meshopt.decode_view(packed, self._binary)
            )
        return self._views[number]

    def _slice(self, view: Mapping[str, Any]) -> bytes:
        start = view.get("byteOffset", 0)
        return self._binary[start : start + view["byteLength"]]


def _moved(points: Floats, matrix: Floats) -> Floats:
    moved: Floats = points @ matrix[:3, :3].T + matrix[:3, 3]
    return moved


def _z_up(points: Floats) -> Floats:
    """From glTF's Y up, (..., 3), to the local frame's Z up."""
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)


def _rotations(quaternions: Floats) -> Floats:
    """Rotation matrices (n, 3, 3) of unit quaternions (n, 4) x, y, z, w."""
    x, y, z, w = quaternions.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)
