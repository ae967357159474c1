"""What a build keeps for the next one, in one file of the package: named frames, each compressed alone.

The file is the same for the same model, however it was built. It is never served. Layout: a line that says
which pipeline wrote it; the length of the directory, 8 bytes little-endian; the directory, JSON of
`{name: [offset, length]}`; the frames (zstd). Whether it is whole is known from the manifest's digests.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import zstandard
from numpy.typing import NDArray

from bim_pipeline.source import ChunkResult, FloatArray, Shape, SmoothMesh

CACHE = "rebuild.cache"
_MAGIC = b"venue twin rebuild cache "
_LEVEL = 1
_PLAIN = {"list", "dict", "set", "frozenset", "tuple"}


class Cache:
    """A cache that was read; frames are unpacked when they are asked for."""

    def __init__(self, content: bytes, directory: Mapping[str, Sequence[int]], start: int) -> None:
        self._content = content
        self._directory = directory
        self._start = start
        self._unpack = zstandard.ZstdDecompressor().decompress

    @classmethod
    def read(cls, path: Path, version: str) -> Cache | None:
        """Read a file that this version of the pipeline wrote; None for any other, or for none."""
        try:
            content = path.read_bytes()
        except OSError:
            return None
        head = _MAGIC + version.encode() + b"\n"
        if not content.startswith(head) or len(content) < len(head) + 8:
            return None
        (length,) = struct.unpack_from("<Q", content, len(head))
        start = len(head) + 8
        try:
            directory = orjson.loads(content[start : start + length])
        except orjson.JSONDecodeError:
            return None
        return cls(content, directory, start + length)

    def __contains__(self, name: str) -> bool:
        return name in self._directory

    def frame(self, name: str) -> bytes:
        """Give a frame as it is stored; raises KeyError."""
        offset, length = self._directory[name]
        return self._content[self._start + offset : self._start + offset + length]

    def get(self, name: str) -> bytes | None:
        """Give what a frame holds; None where there is none of that name."""
        return self._unpack(self.frame(name)) if name in self._directory else None


class CacheWriter:
    """Collects frames; those that an older cache holds are taken over as they are."""

    def __init__(self, known: Cache | None) -> None:
        self._known = known
        self._frames: dict[str, bytes] = {}
        self._pack = zstandard.ZstdCompressor(level=_LEVEL).compress

    def add(self, name: str, content: bytes) -> None:
        """Add a frame."""
        self._frames[name] = self._pack(content)

    def take_over(self, name: str) -> None:
        """Add a frame as the older cache holds it; raises KeyError where it does not."""
        if self._known is None:
            raise KeyError(name)
        self._frames[name] = self._known.frame(name)

    def add_named_by_content(self, name: str, shape: Shape, smooth: SmoothMesh) -> None:
        """Add a shape whose name says what it holds, so that one of that name need not be packed again."""
        if self._known is not None and name in self._known:
            self.take_over(name)
        else:
            self.add(name, pack_arrays(_shape_arrays(shape, smooth)))

    def write(self, path: Path, version: str) -> None:
        """Write the file, frames in order of their names."""
        directory, offset = {}, 0
        for name in sorted(self._frames):
            directory[name] = (offset, len(self._frames[name]))
            offset += len(self._frames[name])
        listed = orjson.dumps(directory)
        with path.open("wb") as file:
            file.write(_MAGIC + version.encode() + b"\n" + struct.pack("<Q", len(listed)) + listed)
            file.writelines(self._frames[name] for name in directory)


def pack_arrays(arrays: Iterable[NDArray[Any]]) -> bytes:
    """Put arrays one after the other, each with its type and shape."""
    parts = []
    for array in arrays:
        head = orjson.dumps((array.dtype.str, array.shape))
        parts += [struct.pack("<I", len(head)), head, np.ascontiguousarray(array).tobytes()]
    return b"".join(parts)


def unpack_arrays(content: bytes) -> list[NDArray[Any]]:
    """Give the arrays that `pack_arrays` put together; they cannot be written to."""
    arrays, at = [], 0
    while at < len(content):
        (length,) = struct.unpack_from("<I", content, at)
        kind, shape = orjson.loads(content[at + 4 : at + 4 + length])
        at += 4 + length
        array = np.frombuffer(content, dtype=kind, count=math.prod(shape), offset=at).reshape(shape)
        at += array.nbytes
        arrays.append(array)
    return arrays


def _shape_arrays(shape: Shape, smooth: SmoothMesh) -> list[NDArray[Any]]:
    return [
        shape.vertices, shape.triangles, shape.colour_ids, shape.colours, shape.metal,
        smooth.vertex_ids, smooth.normals, smooth.colour_ids, smooth.triangles,
    ]  # fmt: skip


def shape_of(name: str, content: bytes) -> tuple[Shape, SmoothMesh]:
    """Read a shape from its frame."""
    arrays = unpack_arrays(content)
    return Shape(name, *arrays[:5]), SmoothMesh(*arrays[5:])


@dataclass(frozen=True, slots=True, eq=False)
class KnownBodies:
    """What the bodies of products came out as: `keys` (n,) uint64, ascending, are their fingerprints.

    `shapes` (n,) are names of shapes, '' where there is no body; `matrices` (n, 4, 4); `boxes` (n, 6), m, NaN
    where there is none; `reasons` by row.
    """

    keys: NDArray[np.uint64]
    shapes: tuple[str, ...]
    matrices: FloatArray
    boxes: FloatArray
    reasons: Mapping[int, str]

    @classmethod
    def of(cls, keys: Mapping[int, int], found: ChunkResult, boxes: Mapping[int, FloatArray]) -> KnownBodies:
        """Collect what was found; fingerprints and boxes go by step id, of all products there are."""
        placed = {step_id: (name, matrix) for step_id, name, matrix in found.bodies}
        step_of = {key: step_id for step_id, key in keys.items()}
        steps = [step_of[key] for key in sorted(step_of)]
        nowhere = ("", np.zeros((4, 4)))
        return cls(
            np.array(sorted(step_of), dtype=np.uint64),
            tuple(placed.get(step, nowhere)[0] for step in steps),
            np.array([placed.get(step, nowhere)[1] for step in steps]).reshape(-1, 4, 4),
            np.array([boxes[step] for step in steps]).reshape(-1, 6),
            {row: found.failed[step] for row, step in enumerate(steps) if step in found.failed},
        )

    def pack(self) -> bytes:
        """Give it as bytes."""
        listed = orjson.dumps([self.shapes, [[row, text] for row, text in sorted(self.reasons.items())]])
        return pack_arrays([self.keys, self.matrices, self.boxes, np.frombuffer(listed, dtype=np.uint8)])

    @classmethod
    def unpack(cls, content: bytes) -> KnownBodies:
        """Read what `pack` gave."""
        keys, matrices, boxes, listed = unpack_arrays(content)
        shapes, reasons = orjson.loads(listed.tobytes())
        return cls(keys, tuple(shapes), matrices, boxes, {int(row): text for row, text in reasons})

    def rows(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Give the row of each fingerprint, -1 where it is not known."""
        if not len(self.keys):
            return np.full(len(keys), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, place, -1)


def pack_tables(tables: Any) -> bytes:
    """Put a tree of this package's dataclasses, plain containers, text and numbers into bytes."""
    return pickle.dumps(tables, protocol=5)


def unpack_tables(content: bytes) -> Any:
    """Read what `pack_tables` gave; raises pickle.UnpicklingError for anything that is not plain data."""
    return _PlainUnpickler(io.BytesIO(content)).load()


class _PlainUnpickler(pickle.Unpickler):
    """Makes nothing but dataclasses of this package and plain containers: a foreign file runs no code."""

    def find_class(self, module: str, name: str) -> Any:
        """Look up what a pickle names."""
        if module == "builtins" and name in _PLAIN:
            return super().find_class(module, name)
        if module.startswith("bim_pipeline."):
            found = getattr(import_module(module), name, None)
            if isinstance(found, type) and is_dataclass(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no plain data")
