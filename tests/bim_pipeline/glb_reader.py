"""Reading GLB files the way a viewer does, written from the specifications and not from the writer."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial.meshopt import decode_view

_DTYPE = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


@dataclass(frozen=True)
class Drawn:
    """What is drawn of one element by one primitive: corners (m, 3, 3) and normals, local frame, Z up."""

    feature: int
    material: str
    corners: NDArray[np.float64]
    normals: NDArray[np.float64]
    colours: NDArray[np.float64]
    instanced: bool


class Glb:
    """A GLB's JSON and binary chunk."""

    def __init__(self, content: bytes) -> None:
        magic, version, length = struct.unpack_from("<III", content)
        assert (magic, version, length) == (0x46546C67, 2, len(content))
        size, kind = struct.unpack_from("<II", content, 12)
        assert kind == 0x4E4F534A
        self.json: dict[str, Any] = json.loads(content[20 : 20 + size])
        binary = content[20 + size + 8 :]
        self._views = [
            decode_view(view["extensions"]["EXT_meshopt_compression"], binary)
            for view in self.json["bufferViews"]
        ]

    def accessor(self, number: int) -> NDArray[Any]:
        """Give an accessor's values (n, width), normalized ones as floats."""
        accessor = self.json["accessors"][number]
        view = self.json["bufferViews"][accessor["bufferView"]]
        dtype = np.dtype(_DTYPE[accessor["componentType"]])
        width = _WIDTH[accessor["type"]]
        stride = view.get("byteStride") or dtype.itemsize * width
        start = accessor.get("byteOffset", 0)
        raw = np.frombuffer(self._views[accessor["bufferView"]], dtype=np.uint8)
        assert len(raw) == view["byteLength"]
        rows = np.lib.stride_tricks.as_strided(
            raw[start:], shape=(accessor["count"], dtype.itemsize * width), strides=(stride, 1)
        )
        values = np.ascontiguousarray(rows).view(dtype).reshape(accessor["count"], width)
        if accessor.get("normalized"):
            limit = {5120: 127, 5121: 255, 5122: 32767, 5123: 65535}[accessor["componentType"]]
            return np.maximum(values.astype(np.float64) / limit, -1.0)
        return values

    def drawn(self) -> list[Drawn]:
        """Give everything that a viewer draws, element by element."""
        found: list[Drawn] = []
        for node in self.json["nodes"]:
            mesh = self.json["meshes"][node["mesh"]]
            matrix = np.array(node.get("matrix", np.eye(4).ravel()), dtype=np.float64).reshape(4, 4).T
            instancing = node.get("extensions", {}).get("EXT_mesh_gpu_instancing")
            for primitive in mesh["primitives"]:
                if instancing is None:
                    found.extend(self._baked(primitive, matrix))
                else:
                    found.extend(self._instanced(primitive, matrix, instancing["attributes"]))
        return found

    def _parts(self, primitive: dict[str, Any]) -> tuple[NDArray[Any], ...]:
        a = primitive["attributes"]
        indices = self.accessor(primitive["indices"]).reshape(-1, 3).astype(np.int64)
        positions = self.accessor(a["POSITION"]).astype(np.float64)
        colours = self.accessor(a["COLOR_0"]).astype(np.float64)
        if "NORMAL" in a:
            return positions, self.accessor(a["NORMAL"]).astype(np.float64), colours, indices
        return _with_flat_normals(positions, colours, indices)

    def _baked(self, primitive: dict[str, Any], matrix: NDArray[np.float64]) -> list[Drawn]:
        positions, normals, colours, indices = self._parts(primitive)
        world = positions @ matrix[:3, :3].T + matrix[:3, 3]
        feature = self.accessor(primitive["attributes"]["_FEATURE_ID_0"])[:, 0]
        if "NORMAL" not in primitive["attributes"]:
            feature = feature[self.accessor(primitive["indices"])[:, 0]]
        name = self.json["materials"][primitive["material"]]["name"]
        of_triangle = feature[indices]
        assert (of_triangle == of_triangle[:, :1]).all(), "a triangle with corners of two elements"
        found = []
        for value in np.unique(of_triangle[:, 0]):
            own = indices[of_triangle[:, 0] == value]
            found.append(
                Drawn(int(value), name, z_up(world)[own], z_up(normals)[own], colours[own], instanced=False)
            )
        return found

    def _instanced(
        self, primitive: dict[str, Any], matrix: NDArray[np.float64], attributes: dict[str, int]
    ) -> list[Drawn]:
        positions, normals, colours, indices = self._parts(primitive)
        name = self.json["materials"][primitive["material"]]["name"]
        assert "_FEATURE_ID_0" not in primitive["attributes"]
        columns = {key: self.accessor(value).astype(np.float64) for key, value in attributes.items()}
        found = []
        for i, feature in enumerate(columns["_FEATURE_ID_0"][:, 0]):
            rotation = rotation_matrix(columns["ROTATION"][i]) if "ROTATION" in columns else np.eye(3)
            scale = columns["SCALE"][i] if "SCALE" in columns else np.ones(3)
            local = positions * scale @ rotation.T + columns["TRANSLATION"][i]
            world = local @ matrix[:3, :3].T + matrix[:3, 3]
            turned = (normals / scale) @ rotation.T
            turned /= np.linalg.norm(turned, axis=1, keepdims=True)
            found.append(
                Drawn(
                    int(feature),
                    name,
                    z_up(world)[indices],
                    z_up(turned)[indices],
                    colours[indices],
                    instanced=True,
                )
            )
        return found


def _with_flat_normals(
    positions: NDArray[np.float64], colours: NDArray[np.float64], indices: NDArray[np.int64]
) -> tuple[NDArray[Any], ...]:
    """Give each triangle corners of its own with the face's normal, as glTF 2.0, 3.7.2.1 asks."""
    corners = indices.ravel()
    a, b, c = (positions[indices[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    face /= np.maximum(np.linalg.norm(face, axis=1, keepdims=True), 1e-30)
    own = np.arange(len(corners)).reshape(-1, 3)
    return positions[corners], np.repeat(face, 3, axis=0), colours[corners], own


def z_up(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn glTF's Y up into Z up."""
    return np.stack([vectors[:, 0], -vectors[:, 2], vectors[:, 1]], axis=1)


def rotation_matrix(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the matrix of a unit quaternion x, y, z, w."""
    x, y, z, w = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
