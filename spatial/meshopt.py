"""The byte streams of EXT_meshopt_compression, written and read with numpy alone. No I/O.

A tile is compressed once more on its way (brotli or gzip), which finds more in bytes than in packed bits. So
the encoder does the filter's half of the work alone: differences between neighbours, byte plane by byte
plane, runs of sixteen zeros left out; every decoder of the extension reads that.

Source: the extension's specification, appendices A (bitstream) and B (filters: none are used here),
https://github.com/KhronosGroup/glTF/tree/main/extensions/2.0/Vendor/EXT_meshopt_compression.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAME = "EXT_meshopt_compression"
_ATTRIBUTE_HEADER, _INDEX_HEADER = 0xA0, 0xD1
_GROUP = 16
_TAIL_BYTES = 32
_BLOCK_BYTES, _BLOCK_ROWS = 8192, 256
_ABSENT, _LITERAL = 0, 3

Bytes = NDArray[np.uint8]


class MeshoptFormatError(ValueError):
    """A stream that `encode_attributes` or `encode_indices` did not write."""


def encode_attributes(rows: Bytes) -> bytes:
    """Encode vertex rows (n, stride), n >= 1, stride a multiple of 4 and at most 256: mode ATTRIBUTES."""
    if not len(rows):
        raise ValueError("there is no row to encode")
    stride = rows.shape[1]
    deltas = np.zeros_like(rows)
    np.subtract(rows[1:], rows[:-1], out=deltas[1:])
    zigzag = ((deltas << 1) ^ np.where(deltas & 128, 255, 0)).astype(np.uint8)
    size = _block_rows(stride)
    blocks = (_encode_block(zigzag[start : start + size]) for start in range(0, len(rows), size))
    first: bytes = rows[0].tobytes()
    tail = bytes(max(0, _TAIL_BYTES - stride)) + first
    return bytes([_ATTRIBUTE_HEADER]) + b"".join(blocks) + tail


def decode_attributes(content: bytes, count: int, stride: int) -> Bytes:
    """Give the rows (count, stride) that `encode_attributes` encoded; raises MeshoptFormatError."""
    if content[:1] != bytes([_ATTRIBUTE_HEADER]) or len(content) < 1 + max(stride, _TAIL_BYTES):
        raise MeshoptFormatError("this is no stream of vertex attributes")
    data = np.frombuffer(content, dtype=np.uint8)
    size = _block_rows(stride)
    position, blocks = 1, []
    for start in range(0, count, size):
        block, position = _decode_block(data, position, min(size, count - start), stride)
        blocks.append(block)
    zigzag = np.concatenate(blocks)
    deltas = ((zigzag >> 1) ^ np.where(zigzag & 1, 255, 0)).astype(np.uint8)
    deltas[0] += data[-stride:]
    rows: Bytes = np.cumsum(deltas, axis=0, dtype=np.uint8)
    return rows


def encode_indices(indices: NDArray[np.integer]) -> bytes:
    """Encode indices (n,), each below 2^30: mode INDICES, every one as its distance from the one before."""
    wide = np.concatenate([[0], indices]).astype(np.int64)
    deltas = wide[1:] - wide[:-1]
    # The lowest bit says which of two running values the distance counts from: the first one always.
    codes = ((deltas << 1) ^ (deltas >> 63)) << 1
    digits = np.arange(5)
    lengths = 1 + (codes[:, None] >= (1 << (7 * digits[1:]))).sum(axis=1)
    written = digits < lengths[:, None]
    more = np.where(digits < lengths[:, None] - 1, 128, 0)
    varints = (((codes[:, None] >> (7 * digits)) & 127) | more)[written]
    stream: bytes = varints.astype(np.uint8).tobytes()
    return bytes([_INDEX_HEADER]) + stream + bytes(4)


def decode_indices(content: bytes, count: int) -> NDArray[np.int64]:
    """Give the indices (count,) that `encode_indices` encoded; raises MeshoptFormatError."""
    data = np.frombuffer(content, dtype=np.uint8)[1:-4].astype(np.int64)
    last = np.flatnonzero(data < 128)
    if content[:1] != bytes([_INDEX_HEADER]) or len(last) != count:
        raise MeshoptFormatError("this is no stream of so many indices")
    first = np.concatenate([[0], last[:-1] + 1])
    place = np.arange(len(data)) - np.repeat(first, last - first + 1)
    codes = np.add.reduceat((data & 127) << (7 * place), first) if count else np.zeros(0, dtype=np.int64)
    if (codes & 1).any():
        raise MeshoptFormatError("the stream counts from two running values")
    zigzag = codes >> 1
    indices: NDArray[np.int64] = np.cumsum((zigzag >> 1) ^ -(zigzag & 1))
    return indices


def decode_view(extension: Mapping[str, Any], binary: bytes) -> bytes:
    """Give the bytes of a buffer view, by its extension object and the chunk that it points into."""
    start = extension.get("byteOffset", 0)
    content = binary[start : start + extension["byteLength"]]
    return decode(extension["mode"], content, extension["count"], extension["byteStride"])


def decode(mode: str, content: bytes, count: int, stride: int) -> bytes:
    """Give the plain bytes of a stream in one of the two modes; raises MeshoptFormatError."""
    if mode == "INDICES":
        return decode_indices(content, count).astype(f"<u{stride}").tobytes()
    return decode_attributes(content, count, stride).tobytes()


def _block_rows(stride: int) -> int:
    return min((_BLOCK_BYTES // stride) & ~(_GROUP - 1), _BLOCK_ROWS)


def _encode_block(rows: Bytes) -> bytes:
    """Encode up to 256 rows: per byte plane two bits a group of 16 rows, then those that are not zero."""
    count, stride = rows.shape
    groups = -(-count // _GROUP)
    planes = np.zeros((stride, groups * _GROUP), dtype=np.uint8)
    planes[:, :count] = rows.T
    grouped = planes.reshape(stride, groups, _GROUP)
    present: NDArray[np.bool_] = np.asarray(grouped.any(axis=2))
    modes = np.zeros((stride, -(-groups // 4) * 4), dtype=np.uint8)
    modes[:, :groups] = np.where(present, _LITERAL, _ABSENT)
    quads = modes.reshape(stride, -1, 4)
    headers = quads[:, :, 0] | quads[:, :, 1] << 2 | quads[:, :, 2] << 4 | quads[:, :, 3] << 6
    return b"".join(
        headers[plane].tobytes() + grouped[plane][present[plane]].tobytes() for plane in range(stride)
    )


def _decode_block(data: Bytes, position: int, count: int, stride: int) -> tuple[Bytes, int]:
    groups = -(-count // _GROUP)
    header_bytes = -(-groups // 4)
    planes = np.zeros((stride, groups, _GROUP), dtype=np.uint8)
    for plane in range(stride):
        header = data[position : position + header_bytes]
        modes = ((header[:, None] >> np.array([0, 2, 4, 6], dtype=np.uint8)) & 3).ravel()[:groups]
        if not np.isin(modes, (_ABSENT, _LITERAL)).all():
            raise MeshoptFormatError("the stream packs bits, which this module does not do")
        position += header_bytes
        present = np.flatnonzero(modes == _LITERAL)
        end = position + _GROUP * len(present)
        if end > len(data):
            raise MeshoptFormatError("the stream ends too early")
        planes[plane, present] = data[position:end].reshape(-1, _GROUP)
        position = end
    return planes.reshape(stride, -1).T[:count], position
