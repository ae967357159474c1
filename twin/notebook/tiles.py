"""The triangles of a package's tiles, element by element, in the local frame.

Reads GLB as the package writes it: glTF 2.0 with KHR_mesh_quantization, EXT_mesh_features,
EXT_mesh_gpu_instancing, EXT_instance_features and EXT_meshopt_compression.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial import meshopt
from twin.errors import ExportError

Floats: TypeAlias = NDArray[np.float64]

_GLB_MAGIC, _JSON_CHUNK = 0x46546C67, 0x4E4F534A
_DTYPES = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_LIMITS = {5120: 127.0, 5121: 255.0, 5122: 32767.0, 5123: 65535.0}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_KNOWN = frozenset(
    {
        "KHR_mesh_quantization",
        "EXT_mesh_features",
        "EXT_mesh_gpu_instancing",
        "EXT_instance_features",
        meshopt.NAME,
    }
)


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
    feature: NDArray[np.int64]
    triangles: NDArray[np.int64]


def read_pieces(folder: Path, *, spaces: bool = False) -> Iterator[Piece]:
    """The pieces of all tiles of a package; with `spaces` the rooms' volumes too.

    Raises ExportError for a tile that is missing or cannot be read.
    """
    try:
        tileset = json.loads((folder / "tileset.json").read_bytes())
    except (OSError, ValueError) as error:
        raise ExportError(f"{folder} has no readable tileset.json; build the package again") from error
    for name in content_names(tileset["root"], spaces=spaces):
        try:
            yield from pieces_of((folder / name).read_bytes())
        except (OSError, ValueError, KeyError, IndexError, struct.error) as error:
            raise ExportError(f"the tile {name} cannot be read ({error}); build the package again") from error


def content_names(tile: Mapping[str, Any], *, spaces: bool, refine: str = "ADD") -> Iterator[str]:
    """The contents of a tile and those below it, without what finer tiles replace."""
    refine = tile.get("refine", refine)
    children = tile.get("children", ())
    is_space = (tile.get("extras") or {}).get("kind") == "spaces"
    if "content" in tile and (spaces or not is_space) and not (refine == "REPLACE" and children):
        yield tile["content"]["uri"]
    for child in children:
        yield from content_names(child, spaces=spaces, refine=refine)


def pieces_of(content: bytes) -> list[Piece]:
    """The pieces in a GLB. Raises ValueError for bytes that are none, or use what is not known here."""
    magic, version, length = struct.unpack_from("<III", content)
    size, kind = struct.unpack_from("<II", content, 12)
    if (magic, version, kind) != (_GLB_MAGIC, 2, _JSON_CHUNK) or length != len(content):
        raise ValueError("it is no GLB file, or cut short")
    gltf = json.loads(content[20 : 20 + size])
    unknown = sorted(set(gltf.get("extensionsRequired", ())) - _KNOWN)
    if unknown:
        raise ValueError(f"it needs {', '.join(unknown)}")
    return list(_Reader(gltf, content[20 + size + 8 :]).pieces())


class _Reader:
    """One glTF document with its binary chunk."""

    def __init__(self, gltf: Mapping[str, Any], binary: bytes) -> None:
        self._gltf = gltf
        self._binary = binary
        self._views: dict[int, NDArray[np.uint8]] = {}

    def pieces(self) -> Iterator[Piece]:
        for node in self._gltf.get("nodes", ()):
            if "mesh" not in node:
                continue
            matrix = np.array(node.get("matrix", np.eye(4).ravel()), dtype=np.float64).reshape(4, 4).T
            copies = node.get("extensions", {}).get("EXT_mesh_gpu_instancing")
            for primitive in self._gltf["meshes"][node["mesh"]]["primitives"]:
                if copies is None:
                    yield self._baked(primitive, matrix)
                else:
                    yield self._instanced(primitive, matrix, copies["attributes"])

    def accessor(self, number: int) -> NDArray[Any]:
        """An accessor's values (n, width), normalized ones as float64."""
        accessor = self._gltf["accessors"][number]
        view = self._gltf["bufferViews"][accessor["bufferView"]]
        component = accessor["componentType"]
        dtype, width, count = np.dtype(_DTYPES[component]), _WIDTHS[accessor["type"]], accessor["count"]
        row = dtype.itemsize * width
        stride = view.get("byteStride") or row
        start, content = accessor.get("byteOffset", 0), self._view(accessor["bufferView"])
        if count == 0 or start + stride * (count - 1) + row > len(content):
            raise ValueError("an accessor reaches over the end")
        rows = np.lib.stride_tricks.as_strided(content[start:], (count, row), (stride, 1))
        values = np.ascontiguousarray(rows).view(dtype).reshape(count, width)
        if accessor.get("normalized"):
            return np.maximum(values / _LIMITS[component], -1.0)
        return values

    def _view(self, number: int) -> NDArray[np.uint8]:
        """A buffer view's bytes, decoded where they are packed."""
        if number not in self._views:
            view = self._gltf["bufferViews"][number]
            packed = view.get("extensions", {}).get(meshopt.NAME)
            start = view.get("byteOffset", 0)
            plain = self._binary[start : start + view["byteLength"]]
            content = plain if packed is None else meshopt.decode_view(packed, self._binary)
            self._views[number] = np.frombuffer(content, dtype=np.uint8)
        return self._views[number]

    def _shape(
        self, primitive: Mapping[str, Any]
    ) -> tuple[Floats, Floats | None, Floats, NDArray[np.int64], str]:
        attributes = primitive["attributes"]
        values = [self.accessor(attributes[name]) for name in ("POSITION", "COLOR_0")]
        triangles = self.accessor(primitive["indices"]).astype(np.int64).reshape(-1, 3)
        if triangles.max(initial=0) >= len(values[0]):
            raise ValueError("an index points at no vertex")
        name = self._gltf["materials"][primitive["material"]].get("name", "opaque")
        positions, colours = (np.asarray(each, dtype=np.float64) for each in values)
        normals = None
        if "NORMAL" in attributes:
            normals = np.asarray(self.accessor(attributes["NORMAL"]), dtype=np.float64)
        return positions, normals, colours, triangles, str(name)

    def _baked(self, primitive: Mapping[str, Any], matrix: Floats) -> Piece:
        positions, normals, colours, triangles, name = self._shape(primitive)
        feature = self.accessor(primitive["attributes"]["_FEATURE_ID_0"])[:, 0].astype(np.int64)
        world = positions @ matrix[:3, :3].T + matrix[:3, 3]
        return _piece(name, world, normals, colours, feature, triangles)

    def _instanced(self, primitive: Mapping[str, Any], matrix: Floats, copies: Mapping[str, int]) -> Piece:
        positions, normals, colours, triangles, name = self._shape(primitive)
        feature = self.accessor(copies["_FEATURE_ID_0"])[:, 0].astype(np.int64)
        n, many = len(positions), len(feature)
        move = self._copy_values(copies, "TRANSLATION", np.zeros((many, 3)))
        turn = rotations(self._copy_values(copies, "ROTATION", np.tile([0.0, 0.0, 0.0, 1.0], (many, 1))))
        scale = self._copy_values(copies, "SCALE", np.ones((many, 3)))
        placed = np.einsum("kij,knj->kni", turn, positions[None] * scale[:, None]) + move[:, None]
        turned = None
        if normals is not None:
            turned = np.einsum("kij,knj->kni", turn, normals[None] / scale[:, None]).reshape(-1, 3)
        world = placed.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
        offsets = np.arange(many)[:, None, None] * n
        return _piece(
            name,
            world,
            turned,
            np.tile(colours, (many, 1)),
            np.repeat(feature, n),
            (triangles[None] + offsets).reshape(-1, 3),
        )

    def _copy_values(self, copies: Mapping[str, int], name: str, otherwise: Floats) -> Floats:
        return np.asarray(self.accessor(copies[name]), dtype=np.float64) if name in copies else otherwise


def rotations(quaternions: Floats) -> Floats:
    """Rotation matrices (n, 3, 3) of quaternions (n, 4) x, y, z, w, made unit first."""
    unit = quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)
    x, y, z, w = unit.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def _piece(
    name: str,
    world: Floats,
    normals: Floats | None,
    colours: Floats,
    feature: NDArray[np.int64],
    triangles: NDArray[np.int64],
) -> Piece:
    unit = None
    if normals is not None:
        length = np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        unit = _z_up(normals / length).astype(np.float32)
    return Piece(
        name,
        _z_up(world).astype(np.float32),
        unit,
        colours.astype(np.float32),
        feature,
        triangles,
    )


def _z_up(vectors: Floats) -> Floats:
    """glTF's (x, z, -y) back to (x, y, z)."""
    return np.stack([vectors[:, 0], -vectors[:, 2], vectors[:, 1]], axis=1)
