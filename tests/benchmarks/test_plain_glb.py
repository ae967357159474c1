"""The baseline building holds the same triangles, in the same place, as the tiles that it is made from."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pygltflib
import pytest

from benchmarks.plain_glb import write_plain_glb

_TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4"}


def _store(
    gltf: Any, blob: bytearray, values: np.ndarray[Any, Any], component: int, *, normalized: bool = False
) -> int:
    gltf.bufferViews.append(pygltflib.BufferView(buffer=0, byteOffset=len(blob), byteLength=values.nbytes))
    blob.extend(values.tobytes() + b"\0" * (-values.nbytes % 4))
    accessor = pygltflib.Accessor(
        bufferView=len(gltf.bufferViews) - 1,
        componentType=component,
        count=len(values),
        type=_TYPES[values.shape[1]],
        normalized=normalized,
    )
    gltf.accessors.append(accessor)
    return len(gltf.accessors) - 1


def _primitive(gltf: Any, blob: bytearray, ids: list[int] | None) -> pygltflib.Primitive:
    """A right triangle with legs of 100 steps along x and z."""
    positions = np.array([[0, 0, 0], [100, 0, 0], [0, 0, 100]], dtype=np.uint16)
    normals = np.array([[0, 127, 0]] * 3, dtype=np.int8)
    colours = np.array([[255, 0, 0, 255]] * 3, dtype=np.uint8)
    attributes: Any = pygltflib.Attributes(
        POSITION=_store(gltf, blob, positions, 5123),
        NORMAL=_store(gltf, blob, normals, 5120, normalized=True),
        COLOR_0=_store(gltf, blob, colours, 5121, normalized=True),
    )
    if ids is not None:
        attributes._FEATURE_ID_0 = _store(gltf, blob, np.array(ids, dtype=np.float32).reshape(-1, 1), 5126)
    indices = _store(gltf, blob, np.array([[0], [1], [2]], dtype=np.uint16), 5123)
    return pygltflib.Primitive(attributes=attributes, indices=indices)


def _write_tile(path: Path) -> None:
    """Element 5 baked at a hundredth of a metre a step, 10 m along x; elements 8 and 9 as instances."""
    gltf: Any = pygltflib.GLTF2(
        asset=pygltflib.Asset(version="2.0"), scene=0, scenes=[pygltflib.Scene(nodes=[0, 1])]
    )
    blob = bytearray()
    gltf.meshes = [
        pygltflib.Mesh(primitives=[_primitive(gltf, blob, [5, 5, 5])]),
        pygltflib.Mesh(primitives=[_primitive(gltf, blob, None)]),
    ]
    moves = _store(gltf, blob, np.array([[0, 0, 0], [0, 7, 0]], dtype=np.float32), 5126)
    half = np.sqrt(0.5)
    turns = _store(gltf, blob, np.array([[0, 0, 0, 1], [0, half, 0, half]], dtype=np.float32), 5126)
    scales = _store(gltf, blob, np.array([[0.02] * 3, [0.02] * 3], dtype=np.float32), 5126)
    ids = _store(gltf, blob, np.array([[8], [9]], dtype=np.float32), 5126)
    attributes = {"TRANSLATION": moves, "ROTATION": turns, "SCALE": scales, "_FEATURE_ID_0": ids}
    matrix = [0.01, 0, 0, 0, 0, 0.01, 0, 0, 0, 0, 0.01, 0, 10, 0, 0, 1]
    gltf.nodes = [
        pygltflib.Node(mesh=0, matrix=matrix),
        pygltflib.Node(mesh=1, extensions={"EXT_mesh_gpu_instancing": {"attributes": attributes}}),
    ]
    gltf.buffers = [pygltflib.Buffer(byteLength=len(blob))]
    gltf.set_binary_blob(bytes(blob))
    gltf.save_binary(str(path))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "tiles").mkdir()
    _write_tile(tmp_path / "tiles" / "a.glb")
    spaces = {"content": {"uri": "tiles/never-read.glb"}, "extras": {"kind": "spaces"}}
    root = {"children": [{"content": {"uri": "tiles/a.glb"}, "extras": {"kind": "building"}}, spaces]}
    (tmp_path / "tileset.json").write_text(json.dumps({"root": root}), encoding="utf-8")
    return tmp_path


def _bounds(gltf: Any, mesh: int) -> list[list[float]]:
    accessor = gltf.accessors[gltf.meshes[mesh].primitives[0].attributes.POSITION]
    return [[round(v, 4) + 0.0 for v in accessor.min], [round(v, 4) + 0.0 for v in accessor.max]]


def test_one_mesh_an_element_in_its_place(package: Path, tmp_path: Path) -> None:
    target = tmp_path / "plain.glb"
    assert write_plain_glb(package, target) == 3
    empty: Any = pygltflib.GLTF2()
    gltf = empty.load(str(target))
    assert [mesh.name for mesh in gltf.meshes] == ["5", "8", "9"]
    assert _bounds(gltf, 0) == [[10, 0, 0], [11, 0, 1]]
    assert _bounds(gltf, 1) == [[0, 0, 0], [2, 0, 2]]
    # A quarter turn about y takes x to -z and z to x.
    assert _bounds(gltf, 2) == [[0, 7, -2], [2, 7, 0]]
