"""Writing one tile as GLB bytes: quantized, feature ids in every vertex or instance. No I/O.

glTF 2.0 with KHR_mesh_quantization, EXT_mesh_features, EXT_mesh_gpu_instancing and
EXT_instance_features. Positions come in the local frame, Z up; glTF is Y up: (x, y, z) is (x, z, -y).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pygltflib as gltf
from numpy.typing import NDArray

from bim_pipeline.mesh import Quantizer, packed_normals
from bim_pipeline.source import FloatArray, IntArray

GENERATOR = "venue-twin"
MATERIALS = ("opaque", "metal", "glass", "space")
_ARRAY_BUFFER, _ELEMENT_BUFFER = 34962, 34963
_COMPONENT = {
    np.dtype(np.int8): 5120,
    np.dtype(np.uint8): 5121,
    np.dtype(np.uint16): 5123,
    np.dtype(np.uint32): 5125,
    np.dtype(np.float32): 5126,
}
_TYPE = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
_GLB_MAGIC, _JSON_CHUNK, _BIN_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
_EMPTY_JSON: tuple[Any, ...] = (None, [], {}, "")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Triangles of one material.

    `positions` (n, 3) float64, m, Z up; `normals` (n, 3); `colours` (n, 4) uint8, linear RGBA; `triangles`
    (m, 3); `features` (n,) element indices, None in an instanced mesh.
    """

    material: str
    positions: FloatArray
    normals: NDArray[np.float32]
    colours: NDArray[np.uint8]
    triangles: IntArray
    features: IntArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Instances:
    """One mesh drawn many times: `parts` in the shape's frame; per instance a rotation, a scale, a place.

    `translations` (k, 3), m; `rotations` (k, 4) unit quaternions x, y, z, w; `scales` (k, 3); all local
    frame, Z up; `features` (k,) element indices.
    """

    parts: Sequence[Part]
    translations: FloatArray
    rotations: FloatArray
    scales: FloatArray
    features: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """What one GLB holds: `baked` parts with a feature id in each vertex, and instanced meshes."""

    baked: Sequence[Part]
    instanced: Sequence[Instances] = ()


@dataclass(frozen=True, slots=True)
class WrittenTile:
    """A tile's bytes, and the farthest that quantization moved one coordinate, m."""

    content: bytes
    error_m: float


def write_tile(tile: Tile) -> WrittenTile:
    """Give the GLB of a tile; the same tile gives the same bytes."""
    writer = _Writer()
    error = writer.add_baked(tile.baked) if tile.baked else 0.0
    for number, instances in enumerate(tile.instanced):
        error = max(error, writer.add_instances(instances, number))
    return WrittenTile(writer.to_glb(), error)


def y_up(vectors: NDArray[Any]) -> NDArray[Any]:
    """Turn (n, 3) vectors from Z up into glTF's Y up."""
    return np.stack([vectors[:, 0], vectors[:, 2], -vectors[:, 1]], axis=1)


def y_up_rotations(quaternions: FloatArray) -> FloatArray:
    """Turn (n, 4) rotations x, y, z, w from the Z-up frame into glTF's: their axes turn as vectors do."""
    turned = np.concatenate([y_up(quaternions[:, :3]), quaternions[:, 3:]], axis=1)
    # One sign for each rotation: q and -q are the same.
    return np.where(turned[:, 3:] < 0, -turned, turned)


class _Writer:
    def __init__(self) -> None:
        self._blob = bytearray()
        self._doc = gltf.GLTF2(
            asset=gltf.Asset(version="2.0", generator=GENERATOR),
            scene=0,
            scenes=[gltf.Scene(nodes=[])],
            extensionsUsed=["KHR_mesh_quantization"],
            extensionsRequired=["KHR_mesh_quantization"],
        )
        self._materials: dict[str, int] = {}

    def add_baked(self, parts: Sequence[Part]) -> float:
        """Add the baked mesh under a node whose matrix dequantizes; gives the error, m."""
        self._use("EXT_mesh_features")
        quantizer = _quantizer(parts)
        mesh = self._mesh("baked", parts, quantizer)
        x, y, z = quantizer.origin
        s = quantizer.step
        matrix = [s, 0.0, 0.0, 0.0, 0.0, s, 0.0, 0.0, 0.0, 0.0, s, 0.0, x, y, z, 1.0]
        self._node(gltf.Node(mesh=mesh, matrix=matrix))
        return quantizer.error_m

    def add_instances(self, instances: Instances, number: int) -> float:
        """Add an instanced mesh; the instances' scales and places carry the dequantization.

        Instance transforms act on the quantized positions, before the node's matrix, so that they have to.
        """
        self._use("EXT_mesh_gpu_instancing", required=True)
        self._use("EXT_instance_features")
        quantizer = _quantizer(instances.parts)
        mesh = self._mesh(f"shape {number}", instances.parts, quantizer)
        rotations = y_up_rotations(instances.rotations)
        scales = np.abs(y_up(instances.scales))
        offsets = rotate(rotations, np.array(quantizer.origin) * scales)
        attributes = {
            "TRANSLATION": self._accessor((y_up(instances.translations) + offsets).astype(np.float32)),
            "ROTATION": self._accessor(rotations.astype(np.float32)),
            "SCALE": self._accessor((scales * quantizer.step).astype(np.float32)),
            "_FEATURE_ID_0": self._accessor(instances.features.astype(np.float32)),
        }
        feature = {"featureCount": len(np.unique(instances.features)), "attribute": 0}
        self._node(
            gltf.Node(
                mesh=mesh,
                extensions={
                    "EXT_mesh_gpu_instancing": {"attributes": attributes},
                    "EXT_instance_features": {"featureIds": [feature]},
                },
            )
        )
        return quantizer.error_m * float(scales.max())

    def to_glb(self) -> bytes:
        """Give header, JSON chunk and binary chunk (glTF 2.0, 4)."""
        self._doc.buffers = [gltf.Buffer(byteLength=len(self._blob))]
        document = self._doc.to_json(separators=(",", ":")).encode()
        document += b" " * (-len(document) % 4)
        binary = bytes(self._blob) + b"\0" * (-len(self._blob) % 4)
        total = 12 + 8 + len(document) + 8 + len(binary)
        return b"".join(
            (
                struct.pack("<III", _GLB_MAGIC, 2, total),
                struct.pack("<II", len(document), _JSON_CHUNK),
                document,
                struct.pack("<II", len(binary), _BIN_CHUNK),
                binary,
            )
        )

    def _mesh(self, name: str, parts: Sequence[Part], quantizer: Quantizer) -> int:
        primitives = [self._primitive(part, quantizer) for part in parts]
        self._doc.meshes.append(gltf.Mesh(name=name, primitives=primitives))
        return len(self._doc.meshes) - 1

    def _primitive(self, part: Part, quantizer: Quantizer) -> gltf.Primitive:
        attributes = gltf.Attributes(
            POSITION=self._accessor(quantizer.quantize(y_up(part.positions)), bounds=True),
            NORMAL=self._accessor(packed_normals(y_up(part.normals)), normalized=True),
            COLOR_0=self._accessor(part.colours, normalized=True),
        )
        extensions = {}
        if part.features is not None:
            setattr(attributes, "_FEATURE_ID_0", self._accessor(part.features.astype(np.float32)))  # noqa: B010
            feature = {"featureCount": len(np.unique(part.features)), "attribute": 0}
            extensions["EXT_mesh_features"] = {"featureIds": [feature]}
        return gltf.Primitive(
            attributes=attributes,
            indices=self._indices(part.triangles, len(part.positions)),
            material=self._material(part.material),
            extensions=extensions,
        )

    def _indices(self, triangles: IntArray, vertices: int) -> int:
        kind = np.uint16 if vertices <= 65535 else np.uint32
        view = self._view(
            np.ascontiguousarray(triangles.ravel().astype(kind)).tobytes(), _ELEMENT_BUFFER, None
        )
        accessor = gltf.Accessor(
            bufferView=view, componentType=_COMPONENT[np.dtype(kind)], count=triangles.size, type="SCALAR"
        )
        self._doc.accessors.append(accessor)
        return len(self._doc.accessors) - 1

    def _accessor(self, values: NDArray[Any], *, normalized: bool = False, bounds: bool = False) -> int:
        """Add a vertex or instance attribute; rows are padded to 4 bytes, as glTF wants."""
        rows = values.reshape(len(values), -1)
        width = rows.shape[1] * rows.itemsize
        stride = width + (-width % 4)
        padded = np.zeros((len(rows), stride), dtype=np.uint8)
        padded[:, :width] = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), width)
        accessor = gltf.Accessor(
            bufferView=self._view(padded.tobytes(), _ARRAY_BUFFER, stride),
            componentType=_COMPONENT[rows.dtype],
            count=len(rows),
            type=_TYPE[rows.shape[1]],
            normalized=normalized,
            min=rows.min(axis=0).tolist() if bounds else [],
            max=rows.max(axis=0).tolist() if bounds else [],
        )
        self._doc.accessors.append(accessor)
        return len(self._doc.accessors) - 1

    def _view(self, content: bytes, target: int, stride: int | None) -> int:
        self._blob.extend(b"\0" * (-len(self._blob) % 4))
        view = gltf.BufferView(
            buffer=0, byteOffset=len(self._blob), byteLength=len(content), byteStride=stride, target=target
        )
        self._blob.extend(content)
        self._doc.bufferViews.append(view)
        return len(self._doc.bufferViews) - 1

    def _node(self, node: gltf.Node) -> None:
        self._doc.nodes.append(node)
        self._doc.scenes[0].nodes = list(range(len(self._doc.nodes)))

    def _use(self, extension: str, *, required: bool = False) -> None:
        if extension not in self._doc.extensionsUsed:
            self._doc.extensionsUsed.append(extension)
            if required:
                self._doc.extensionsRequired.append(extension)

    def _material(self, name: str) -> int:
        if name not in self._materials:
            self._doc.materials.append(_material(name))
            self._materials[name] = len(self._doc.materials) - 1
        return self._materials[name]


def _quantizer(parts: Sequence[Part]) -> Quantizer:
    positions = [y_up(part.positions) for part in parts]
    low = np.min([p.min(axis=0) for p in positions], axis=0)
    high = np.max([p.max(axis=0) for p in positions], axis=0)
    return Quantizer.over(low, high)


def _material(name: str) -> gltf.Material:
    roughness = {"opaque": 0.85, "metal": 0.38, "glass": 0.06, "space": 1.0}[name]
    return gltf.Material(
        name=name,
        pbrMetallicRoughness=gltf.PbrMetallicRoughness(
            metallicFactor=0.85 if name == "metal" else 0.0, roughnessFactor=roughness
        ),
        alphaMode="BLEND" if name in ("glass", "space") else "OPAQUE",
        alphaCutoff=None,
        # Surfaces of real models are often open, or turned inside out.
        doubleSided=True,
    )


def rotate(quaternions: FloatArray, vectors: FloatArray) -> FloatArray:
    """Turn vectors (n, 3) or (3,) by unit quaternions (n, 4) x, y, z, w."""
    axis, w = quaternions[:, :3], quaternions[:, 3:]
    spread = np.broadcast_to(vectors, axis.shape)
    twice = 2.0 * np.cross(axis, spread)
    turned: FloatArray = spread + w * twice + np.cross(axis, twice)
    return turned
