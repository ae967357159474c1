"""The plain way to show a building: one GLB, one mesh an element, 32-bit floats, nothing instanced.

Made from a model package's own tiles, so that both ways show the same triangles.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pygltflib
from numpy.typing import NDArray

from bim_pipeline.mesh import face_vectors
from spatial.meshopt import NAME, decode_view

_DTYPES = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_FLOAT, _UINT = 5126, 5125
_INSTANCING = "EXT_mesh_gpu_instancing"


@dataclass(frozen=True)
class Piece:
    """Triangles of one material in the building's frame (glTF, Y up).

    ``positions`` and ``normals`` (n, 3) float32, m; ``colours`` (n, 4) float32, linear; ``elements`` (n,)
    int64, the element index of each vertex; ``triangles`` (m, 3) int64.
    """

    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    colours: NDArray[np.float32]
    elements: NDArray[np.int64]
    triangles: NDArray[np.int64]


def write_plain_glb(package: Path, target: Path) -> int:
    """Write the building of a model package as one plain GLB; give the number of meshes.

    Space volumes are left out, as the first view leaves them out.
    """
    meshes: dict[int, list[Piece]] = {}
    for path in _building_tiles(package):
        for piece in _pieces(_load(path)):
            for element, part in _by_element(piece):
                meshes.setdefault(element, []).append(part)
    _write(target, {element: _joined(parts) for element, parts in sorted(meshes.items())})
    return len(meshes)


def _building_tiles(package: Path) -> list[Path]:
    tileset = json.loads((package / "tileset.json").read_text(encoding="utf-8"))
    found: list[Path] = []
    waiting = [tileset["root"]]
    while waiting:
        tile = waiting.pop()
        waiting.extend(tile.get("children", []))
        if "content" in tile and tile.get("extras", {}).get("kind") != "spaces":
            found.append(package / tile["content"]["uri"])
    return sorted(found)


@dataclass(frozen=True)
class _Tile:
    """A tile's document and the bytes of its buffer views."""

    gltf: Any
    views: list[bytes]


def _load(path: Path) -> _Tile:
    document: Any = pygltflib.GLTF2()
    gltf = document.load(str(path))
    binary = gltf.binary_blob()
    return _Tile(gltf, [_view_bytes(view, binary) for view in gltf.bufferViews])


def _view_bytes(view: Any, binary: bytes) -> bytes:
    packed = (view.extensions or {}).get(NAME)
    if packed is not None:
        return decode_view(packed, binary)
    start = view.byteOffset or 0
    return binary[start : start + view.byteLength]


def _pieces(tile: _Tile) -> Iterator[Piece]:
    gltf = tile.gltf
    for node in gltf.nodes:
        if node.mesh is None:
            continue
        matrix = np.array(node.matrix or np.eye(4).ravel(), dtype=np.float64).reshape(4, 4).T
        instancing = (node.extensions or {}).get(_INSTANCING)
        for primitive in gltf.meshes[node.mesh].primitives:
            if instancing is None:
                ids = _read(tile, primitive.attributes._FEATURE_ID_0).astype(np.int64).ravel()
                yield _placed(tile, primitive, matrix, ids)
            else:
                yield from _instances(tile, primitive, matrix, instancing["attributes"])


def _instances(
    tile: _Tile, primitive: Any, matrix: NDArray[np.float64], attributes: dict[str, int]
) -> Iterator[Piece]:
    ids = _read(tile, attributes["_FEATURE_ID_0"]).astype(np.int64).ravel()
    count = len(ids)
    moves = _read(tile, attributes["TRANSLATION"]) if "TRANSLATION" in attributes else np.zeros((count, 3))
    turns = (
        _read(tile, attributes["ROTATION"])
        if "ROTATION" in attributes
        else np.tile([0.0, 0.0, 0.0, 1.0], (count, 1))
    )
    scales = _read(tile, attributes["SCALE"]) if "SCALE" in attributes else np.ones((count, 3))
    vertices = tile.gltf.accessors[primitive.attributes.POSITION].count
    for move, turn, scale, element in zip(moves, turns, scales, ids, strict=True):
        local = np.eye(4)
        local[:3, :3] = _rotation(turn) * scale
        local[:3, 3] = move
        yield _placed(tile, primitive, matrix @ local, np.full(vertices, element, dtype=np.int64))


def _placed(tile: _Tile, primitive: Any, matrix: NDArray[np.float64], elements: NDArray[np.int64]) -> Piece:
    positions = _read(tile, primitive.attributes.POSITION) @ matrix[:3, :3].T + matrix[:3, 3]
    colours = _read(tile, primitive.attributes.COLOR_0).astype(np.float32)
    triangles = _read(tile, primitive.indices).astype(np.int64).reshape(-1, 3)
    if primitive.attributes.NORMAL is None:
        return _with_flat_normals(positions, colours, elements, triangles)
    normals = _unit(_read(tile, primitive.attributes.NORMAL) @ np.linalg.inv(matrix[:3, :3]))
    return Piece(positions.astype(np.float32), normals, colours, elements, triangles)


def _with_flat_normals(
    positions: NDArray[np.float64],
    colours: NDArray[np.float32],
    elements: NDArray[np.int64],
    triangles: NDArray[np.int64],
) -> Piece:
    """Give each triangle three vertices of its own, with the normal of its face."""
    corners = triangles.ravel()
    faces = face_vectors(positions, triangles.astype(np.int32))
    return Piece(
        positions[corners].astype(np.float32),
        _unit(np.repeat(faces, 3, axis=0)),
        colours[corners],
        elements[corners],
        np.arange(len(corners)).reshape(-1, 3),
    )


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    length = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)
    unit: NDArray[np.float32] = (vectors / length).astype(np.float32)
    return unit


def _rotation(quaternion: NDArray[Any]) -> NDArray[np.float64]:
    """The (3, 3) matrix of a quaternion x, y, z, w."""
    x, y, z, w = np.asarray(quaternion, dtype=np.float64)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _read(tile: _Tile, index: int) -> NDArray[np.float64]:
    """An accessor's values, (n, width) float64; normalized integers as 0..1 or -1..1."""
    accessor = tile.gltf.accessors[index]
    view = tile.gltf.bufferViews[accessor.bufferView]
    dtype: np.dtype[Any] = np.dtype(_DTYPES[accessor.componentType])
    width = _WIDTHS[accessor.type]
    start = accessor.byteOffset or 0
    stride = view.byteStride or dtype.itemsize * width
    values = np.ndarray(
        (accessor.count, width), dtype, tile.views[accessor.bufferView], start, (stride, dtype.itemsize)
    ).astype(np.float64)
    largest = float(np.iinfo(dtype.str).max) if accessor.normalized else 1.0
    return values / largest


def _by_element(piece: Piece) -> Iterator[tuple[int, Piece]]:
    owner = piece.elements[piece.triangles[:, 0]]
    for element in np.unique(owner):
        used, triangles = np.unique(piece.triangles[owner == element], return_inverse=True)
        yield (
            int(element),
            Piece(
                piece.positions[used],
                piece.normals[used],
                piece.colours[used],
                piece.elements[used],
                triangles.reshape(-1, 3),
            ),
        )


def _joined(parts: list[Piece]) -> Piece:
    offsets = np.cumsum([0] + [len(part.positions) for part in parts[:-1]])
    return Piece(
        np.concatenate([part.positions for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.colours for part in parts]),
        np.concatenate([part.elements for part in parts]),
        np.concatenate([part.triangles + offset for part, offset in zip(parts, offsets, strict=True)]),
    )


def _write(target: Path, meshes: dict[int, Piece]) -> None:
    gltf: Any = pygltflib.GLTF2(
        asset=pygltflib.Asset(version="2.0"), scene=0, scenes=[pygltflib.Scene(nodes=[])]
    )
    gltf.materials = [
        pygltflib.Material(name="opaque", doubleSided=True),
        pygltflib.Material(name="glass", doubleSided=True, alphaMode="BLEND"),
    ]
    blob = bytearray()
    for index, (element, piece) in enumerate(meshes.items()):
        attributes = pygltflib.Attributes(
            POSITION=_store(gltf, blob, piece.positions, bounds=True),
            NORMAL=_store(gltf, blob, piece.normals),
            COLOR_0=_store(gltf, blob, piece.colours),
        )
        indices = _store(gltf, blob, piece.triangles.astype(np.uint32).reshape(-1, 1))
        material = int(bool((piece.colours[:, 3] < 1).any()))
        primitive = pygltflib.Primitive(attributes=attributes, indices=indices, material=material)
        gltf.meshes.append(pygltflib.Mesh(name=str(element), primitives=[primitive]))
        gltf.nodes.append(pygltflib.Node(mesh=index))
        gltf.scenes[0].nodes.append(index)
    gltf.buffers = [pygltflib.Buffer(byteLength=len(blob))]
    gltf.set_binary_blob(bytes(blob))
    gltf.save_binary(str(target))


def _store(gltf: Any, blob: bytearray, values: NDArray[Any], *, bounds: bool = False) -> int:
    gltf.bufferViews.append(pygltflib.BufferView(buffer=0, byteOffset=len(blob), byteLength=values.nbytes))
    blob.extend(np.ascontiguousarray(values).tobytes())
    gltf.accessors.append(
        pygltflib.Accessor(
            bufferView=len(gltf.bufferViews) - 1,
            componentType=_FLOAT if values.dtype == np.float32 else _UINT,
            count=len(values),
            type={1: "SCALAR", 3: "VEC3", 4: "VEC4"}[values.shape[1]],
            min=values.min(axis=0).tolist() if bounds else None,
            max=values.max(axis=0).tolist() if bounds else None,
        )
    )
    return len(gltf.accessors) - 1
