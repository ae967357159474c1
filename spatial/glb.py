"""Reading glTF 2.0 as the pipeline writes it into tiles: what is drawn, where its copies stand. No I/O.

KHR_mesh_quantization, EXT_mesh_features, EXT_mesh_gpu_instancing, EXT_instance_features,
EXT_meshopt_compression.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial import meshopt
from spatial.errors import TileFormatError

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

FEATURE = "_FEATURE_ID_0"
_MAGIC, _JSON_CHUNK = 0x46546C67, 0x4E4F534A
_DTYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_LIMITS = {5120: 127.0, 5121: 255.0, 5122: 32767.0, 5123: 65535.0}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_READ = frozenset(
    {
        "KHR_mesh_quantization",
        "EXT_mesh_features",
        "EXT_mesh_gpu_instancing",
        "EXT_instance_features",
        "EXT_structural_metadata",
        meshopt.NAME,
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """Where the k copies of an instanced mesh stand, and whose each is.

    translations (k, 3) m, rotations (k, 3, 3), scales (k, 3), features (k,) element indices: a point of the
    mesh is scaled, turned, moved, and then placed by its node's matrix.
    """

    translations: Floats
    rotations: Floats
    scales: Floats
    features: Indices


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """One mesh primitive; `matrix` (4, 4) is its node's, `copies` is None where it is drawn once."""

    material: str
    attributes: Mapping[str, int]
    triangles: Indices
    matrix: Floats
    copies: Copies | None


def contents(tile: Mapping[str, Any], *, spaces: bool, refine: str = "ADD") -> Iterator[str]:
    """The contents of a tile of a tileset and of those below it, without what finer tiles replace."""
    refine = tile.get("refine", refine)
    children = tile.get("children", ())
    is_space = (tile.get("extras") or {}).get("kind") == "spaces"
    if "content" in tile and (spaces or not is_space) and not (refine == "REPLACE" and children):
        yield str(tile["content"]["uri"])
    for child in children:
        yield from contents(child, spaces=spaces, refine=refine)


class Glb:
    """One document with its binary chunk.

    Raises TileFormatError for bytes that are no GLB, or need an extension that is not read here; a document
    that contradicts itself gives that or one of FAULTS.
    """

    def __init__(self, content: bytes) -> None:
        magic, version, length = struct.unpack_from("<III", content)
        size, kind = struct.unpack_from("<II", content, 12)
        if (magic, version, kind) != (_MAGIC, 2, _JSON_CHUNK) or length != len(content):
            raise TileFormatError("it is no GLB file, or cut short")
        self._doc: Mapping[str, Any] = json.loads(content[20 : 20 + size])
        self._binary = content[28 + size :]
        self._views: dict[int, bytes] = {}
        unread = sorted(set(self._doc.get("extensionsRequired", ())) - _READ)
        if unread:
            raise TileFormatError(f"it needs {', '.join(unread)}, which is not read here")

    def primitives(self) -> Iterator[Primitive]:
        """Every primitive of every node."""
        for node in self._doc.get("nodes", ()):
            if "mesh" not in node:
                continue
            matrix = np.array(node.get("matrix", np.eye(4).ravel()), dtype=np.float64).reshape(4, 4).T
            instancing = node.get("extensions", {}).get("EXT_mesh_gpu_instancing")
            copies = None if instancing is None else self._copies(instancing["attributes"])
            for primitive in self._doc["meshes"][node["mesh"]]["primitives"]:
                yield self._primitive(primitive, matrix, copies)

    def accessor(self, number: int) -> NDArray[Any]:
        """An accessor's numbers (count, width), normalized ones as float64 in -1..1."""
        accessor = self._doc["accessors"][number]
        component = accessor["componentType"]
        kind, width = np.dtype(_DTYPES[component]), _WIDTHS[accessor["type"]]
        view = self._doc["bufferViews"][accessor["bufferView"]]
        stride = view.get("byteStride") or kind.itemsize * width
        values: NDArray[Any] = np.ndarray(
            (accessor["count"], width),
            dtype=kind,
            buffer=self._view(accessor["bufferView"]),
            offset=accessor.get("byteOffset", 0),
            strides=(stride, kind.itemsize),
        )
        return np.maximum(values / _LIMITS[component], -1.0) if accessor.get("normalized") else values

    def floats(self, number: int) -> Floats:
        """An accessor's numbers (count, width) as float64."""
        return np.asarray(self.accessor(number), dtype=np.float64)

    def features(self, attributes: Mapping[str, int]) -> Indices:
        """The element indices (count,) that attributes of vertices or copies carry."""
        return self.accessor(attributes[FEATURE])[:, 0].astype(np.int64)

    def _primitive(self, raw: Mapping[str, Any], matrix: Floats, copies: Copies | None) -> Primitive:
        attributes = raw["attributes"]
        triangles = self.accessor(raw["indices"]).astype(np.int64).reshape(-1, 3)
        if triangles.max(initial=0) >= self._doc["accessors"][attributes["POSITION"]]["count"]:
            raise TileFormatError("an index points at no vertex")
        material = "opaque"
        if "material" in raw:
            material = str(self._doc["materials"][raw["material"]].get("name", material))
        return Primitive(material, attributes, triangles, matrix, copies)

    def _copies(self, attributes: Mapping[str, int]) -> Copies:
        features = self.features(attributes)

        def values(name: str, otherwise: list[float]) -> Floats:
            return (
                self.floats(attributes[name])
                if name in attributes
                else np.tile(otherwise, (len(features), 1))
            )

        return Copies(
            values("TRANSLATION", [0.0, 0.0, 0.0]),
            rotations(values("ROTATION", [0.0, 0.0, 0.0, 1.0])),
            values("SCALE", [1.0, 1.0, 1.0]),
            features,
        )

    def _view(self, number: int) -> bytes:
        """A buffer view's bytes, decoded where they are packed."""
        if number not in self._views:
            view = self._doc["bufferViews"][number]
            packed = view.get("extensions", {}).get(meshopt.NAME)
            start = view.get("byteOffset", 0)
            self._views[number] = (
                self._binary[start : start + view["byteLength"]]
                if packed is None
                else meshopt.decode_view(packed, self._binary)
            )
        return self._views[number]


#: What reading a damaged document may raise beside TileFormatError.
FAULTS = (struct.error, ValueError, KeyError, IndexError, TypeError)


def rotations(quaternions: Floats) -> Floats:
    """Rotation matrices (n, 3, 3) of quaternions (n, 4) x, y, z, w, made unit first."""
    x, y, z, w = (quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def moved(points: Floats, matrix: Floats) -> Floats:
    """Points (..., 3) placed by a matrix (4, 4)."""
    placed: Floats = points @ matrix[:3, :3].T + matrix[:3, 3]
    return placed


def z_up(points: Floats) -> Floats:
    """From glTF's Y up, (..., 3), to the local frame's Z up."""
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)
