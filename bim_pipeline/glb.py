"""Writing one tile as GLB bytes: quantized, feature ids in every vertex or instance. No I/O.

glTF 2.0 with KHR_mesh_quantization, EXT_meshopt_compression, EXT_mesh_features, EXT_mesh_gpu_instancing and
EXT_instance_features. Positions come in the local frame, Z up; glTF is Y up: (x, y, z) is (x, z, -y).

All meshes of a tile share one buffer view for each kind of number: few views, and one long run to compress.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pygltflib as gltf
from numpy.typing import NDArray

from bim_pipeline.quantizing import Quantizer
from bim_pipeline.source import FloatArray, IntArray
from bim_pipeline.welding import Part, Surface, surfaces
from spatial import meshopt

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
# Places of instances are whole multiples of this, m, so that their bytes have long runs of zeros.
PLACE_STEP_M = 2.0**-12


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


class _Streams:
    """The rows of one kind of number, gathered from all meshes of a tile into one buffer view."""

    def __init__(self, view: int, stride: int, target: int | None) -> None:
        self.view = view
        self.stride = stride
        self.target = target
        self._rows: list[NDArray[np.uint8]] = []
        self.count = 0

    def add(self, rows: NDArray[Any]) -> int:
        """Add rows, padded to the stride; gives the offset of the first, bytes."""
        offset = self.count * self.stride
        width = rows.shape[1] * rows.itemsize
        padded = np.zeros((len(rows), self.stride), dtype=np.uint8)
        padded[:, :width] = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), width)
        self._rows.append(padded)
        self.count += len(rows)
        return offset

    @property
    def byte_length(self) -> int:
        """The bytes of all rows as a decoder gives them."""
        return self.count * self.stride

    def encoded(self) -> tuple[str, bytes]:
        """Give the mode of EXT_meshopt_compression and the bytes."""
        rows = np.concatenate(self._rows)
        if self.target == _ELEMENT_BUFFER:
            return "INDICES", meshopt.encode_indices(rows.view(f"<u{self.stride}")[:, 0])
        return "ATTRIBUTES", meshopt.encode_attributes(rows)


class _Writer:
    def __init__(self) -> None:
        self._streams: dict[str, _Streams] = {}
        self._doc = gltf.GLTF2(
            asset=gltf.Asset(version="2.0", generator=GENERATOR),
            scene=0,
            scenes=[gltf.Scene(nodes=[])],
            extensionsUsed=["KHR_mesh_quantization", meshopt.NAME],
            extensionsRequired=["KHR_mesh_quantization", meshopt.NAME],
        )
        self._materials: dict[str, int] = {}

    def add_baked(self, parts: Sequence[Part]) -> float:
        """Add the baked mesh under a node whose matrix dequantizes; gives the error, m."""
        self._use("EXT_mesh_features")
        turned = [_turned(part) for part in parts]
        quantizer = _quantizer(turned)
        mesh = self._mesh("baked", turned, quantizer)
        self._node(gltf.Node(mesh=mesh, matrix=_grid_matrix(quantizer.step, quantizer.origin)))
        return quantizer.error_m

    def add_instances(self, instances: Instances, number: int) -> float:
        """Add an instanced mesh; gives the error, m.

        Instance transforms act on the quantized positions, before the node's matrix: places are in steps of
        the grid, and the node's matrix makes metres of them.
        """
        self._use("EXT_mesh_gpu_instancing", required=True)
        self._use("EXT_instance_features")
        turned = [_turned(part) for part in instances.parts]
        quantizer = _quantizer(turned)
        mesh = self._mesh(f"shape {number}", turned, quantizer)
        rotations = y_up_rotations(instances.rotations)
        scales = np.abs(y_up(instances.scales))
        offsets = rotate(rotations, np.array(quantizer.origin) * scales)
        places = np.rint((y_up(instances.translations) + offsets) / PLACE_STEP_M) * PLACE_STEP_M
        attributes = {"TRANSLATION": self._accessor("place", (places / quantizer.step).astype(np.float32))}
        if not np.allclose(rotations, [0.0, 0.0, 0.0, 1.0], atol=1e-7):
            attributes["ROTATION"] = self._accessor("turn", rotations.astype(np.float32))
        if not np.allclose(scales, 1.0, atol=1e-7):
            attributes["SCALE"] = self._accessor("scale", scales.astype(np.float32))
        attributes["_FEATURE_ID_0"] = self._accessor("owner", _column(instances.features))
        feature = {"featureCount": len(np.unique(instances.features)), "attribute": 0}
        self._node(
            gltf.Node(
                mesh=mesh,
                matrix=_grid_matrix(quantizer.step, (0.0, 0.0, 0.0)),
                extensions={
                    "EXT_mesh_gpu_instancing": {"attributes": attributes},
                    "EXT_instance_features": {"featureIds": [feature]},
                },
            )
        )
        return quantizer.error_m * float(scales.max()) + PLACE_STEP_M / 2

    def to_glb(self) -> bytes:
        """Give header, JSON chunk and binary chunk (glTF 2.0, 4)."""
        binary = self._write_views()
        document = self._doc.to_json(separators=(",", ":")).encode()
        document += b" " * (-len(document) % 4)
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

    def _write_views(self) -> bytes:
        """Describe the buffer views; gives the binary chunk, padded to 4 bytes."""
        blob = bytearray()
        decoded = 0
        for stream in self._streams.values():
            mode, content = stream.encoded()
            extension = {
                "buffer": 0,
                "byteOffset": len(blob),
                "byteLength": len(content),
                "byteStride": stream.stride,
                "count": stream.count,
                "mode": mode,
            }
            is_index = stream.target == _ELEMENT_BUFFER
            view = gltf.BufferView(
                buffer=1,
                byteOffset=decoded,
                byteLength=stream.byte_length,
                byteStride=None if is_index else stream.stride,
                target=stream.target,
                extensions={meshopt.NAME: extension},
            )
            self._doc.bufferViews.append(view)
            blob += content + bytes(-len(content) % 4)
            decoded += stream.byte_length + -stream.byte_length % 4
        fallback = {meshopt.NAME: {"fallback": True}}
        self._doc.buffers = [
            gltf.Buffer(byteLength=len(blob)),
            gltf.Buffer(byteLength=decoded, extensions=fallback),
        ]
        return bytes(blob)

    def _mesh(self, name: str, parts: Sequence[Part], quantizer: Quantizer) -> int:
        stored = [surface for part in parts for surface in surfaces(part, quantizer)]
        self._doc.meshes.append(gltf.Mesh(name=name, primitives=[self._primitive(s) for s in stored]))
        return len(self._doc.meshes) - 1

    def _primitive(self, surface: Surface) -> gltf.Primitive:
        attributes = gltf.Attributes(POSITION=self._accessor("position", surface.quanta, bounds=True))
        if surface.normals is not None:
            attributes.NORMAL = self._accessor("normal", surface.normals, normalized=True)
        attributes.COLOR_0 = self._accessor("colour", surface.colours, normalized=True)
        extensions = {}
        if surface.features is not None:
            setattr(attributes, "_FEATURE_ID_0", self._accessor("feature", _column(surface.features)))  # noqa: B010
            feature = {"featureCount": len(np.unique(surface.features)), "attribute": 0}
            extensions["EXT_mesh_features"] = {"featureIds": [feature]}
        return gltf.Primitive(
            attributes=attributes,
            indices=self._indices(surface.triangles, len(surface.quanta)),
            material=self._material(surface.material),
            extensions=extensions,
        )

    def _indices(self, triangles: NDArray[np.int64], vertices: int) -> int:
        kind = np.dtype(np.uint16 if vertices <= 65535 else np.uint32)
        rows = triangles.reshape(-1, 1).astype(kind)
        return self._add_accessor(f"index {kind.itemsize}", rows, _ELEMENT_BUFFER, normalized=False)

    def _accessor(
        self, stream: str, values: NDArray[Any], *, normalized: bool = False, bounds: bool = False
    ) -> int:
        """Add a vertex or instance attribute; rows are padded to 4 bytes, as glTF wants."""
        number = self._add_accessor(stream, values, _ARRAY_BUFFER, normalized=normalized)
        if bounds:
            self._doc.accessors[number].min = values.min(axis=0).tolist()
            self._doc.accessors[number].max = values.max(axis=0).tolist()
        return number

    def _add_accessor(self, stream: str, rows: NDArray[Any], target: int, *, normalized: bool) -> int:
        width = rows.shape[1] * rows.itemsize
        stride = width if target == _ELEMENT_BUFFER else width + (-width % 4)
        into = self._streams.setdefault(stream, _Streams(len(self._streams), stride, target))
        accessor = gltf.Accessor(
            bufferView=into.view,
            byteOffset=into.add(rows),
            componentType=_COMPONENT[rows.dtype],
            count=len(rows),
            type=_TYPE[rows.shape[1]],
            normalized=normalized,
            min=[],
            max=[],
        )
        if target == _ELEMENT_BUFFER:
            accessor.type, accessor.count = "SCALAR", rows.size
        self._doc.accessors.append(accessor)
        return len(self._doc.accessors) - 1

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


def _column(features: IntArray) -> NDArray[np.float32]:
    """Give feature ids as glTF wants them: it has no 32-bit integers for attributes."""
    return features.astype(np.float32).reshape(-1, 1)


def _turned(part: Part) -> Part:
    return replace(part, positions=y_up(part.positions), normals=y_up(part.normals))


def _grid_matrix(step: float, origin: tuple[float, float, float]) -> list[float]:
    """Give the column-major matrix that makes metres of steps."""
    x, y, z = origin
    return [step, 0.0, 0.0, 0.0, 0.0, step, 0.0, 0.0, 0.0, 0.0, step, 0.0, x, y, z, 1.0]


def _quantizer(parts: Sequence[Part]) -> Quantizer:
    positions = [part.positions for part in parts]
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
