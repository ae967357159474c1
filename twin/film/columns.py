"""Columns of bytes under Zstandard, one after the other. Pure.

| type         | field                                                                      |
| ------------ | -------------------------------------------------------------------------- |
| varint[2 n]  | of each column how many bytes it has, and how many it takes; 0: as it is   |
| frames       | Zstandard frames (RFC 8878) without magic number and size                  |

Varints are LEB128. How many columns there are, who reads them knows.
"""

import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

import zstandard

from twin.errors import DamagedFilmError

VARINT_MOST: Final = 1 << 35
_LOCAL: Final = threading.local()


def put_varint(number: int) -> bytes:
    """A number from 0 on as LEB128."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """The number at a place, and the place after it. DamagedFilmError: there is none."""
    number = shift = 0
    while at < len(data) and number < VARINT_MOST:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7
    raise DamagedFilmError("it ends within a number")


def pack(columns: Sequence[memoryview | bytes], level: int) -> bytes:
    """Columns as bytes."""
    compress = _compressor(level)
    head, body = [], []
    for column in columns:
        packed: memoryview | bytes = compress(column) if len(column) else b""
        smaller = len(packed) < len(column)
        head.append(put_varint(len(column)) + put_varint(len(packed) if smaller else 0))
        body.append(packed if smaller else column)
    return b"".join(head + body)


def sizes(data: memoryview, n: int, limits: Sequence[int]) -> tuple[list[int], list[int], int]:
    """Bytes of n columns, bytes that they take (0: as they are), and where they begin.

    DamagedFilmError: a column is larger than its limit.
    """
    numbers, at = [], 0
    for _ in range(2 * n):
        number, at = varint(data, at)
        numbers.append(number)
    found = numbers[::2]
    for size, limit in zip(found, limits, strict=True):
        if size > limit:
            raise DamagedFilmError(f"a column of {size} bytes")
    return found, numbers[1::2], at


def unpack(data: memoryview, n: int, limits: Sequence[int]) -> tuple[bytes, list[int]]:
    """n columns one after the other, and the bytes of each. DamagedFilmError: they are damaged, or larger
    than their limits.
    """
    whole, taken, at = sizes(data, n, limits)
    decompress = _decompressor()
    parts = []
    for size, length in zip(whole, taken, strict=True):
        end = at + (length or size)
        part: memoryview | bytes = data[at:end]
        if length:
            part = _decompressed(decompress, part, size)
        if len(part) != size or end > len(data):
            raise DamagedFilmError("a column ends before its time")
        parts.append(part)
        at = end
    if at != len(data):
        raise DamagedFilmError("more bytes than columns")
    return b"".join(parts), whole


def _decompressed(decompress: Callable[..., bytes], part: memoryview | bytes, size: int) -> bytes:
    try:
        return decompress(part, max_output_size=size)
    except zstandard.ZstdError as error:
        raise DamagedFilmError(f"a column that cannot be decompressed ({error})") from error


@cache
def _parameters(level: int) -> zstandard.ZstdCompressionParameters:
    return zstandard.ZstdCompressionParameters.from_level(
        level, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=False
    )


def _compressor(level: int) -> Callable[..., bytes]:
    """A thread's own: they may not be shared, and cost more to make than to use."""
    own: dict[int, Callable[..., bytes]] | None = getattr(_LOCAL, "compressors", None)
    if own is None:
        own = _LOCAL.compressors = {}
    if level not in own:
        own[level] = zstandard.ZstdCompressor(compression_params=_parameters(level)).compress
    return own[level]


def _decompressor() -> Callable[..., bytes]:
    own: Callable[..., bytes] | None = getattr(_LOCAL, "decompress", None)
    if own is None:
        own = _LOCAL.decompress = zstandard.ZstdDecompressor(format=zstandard.FORMAT_ZSTD1_MAGICLESS).decompress
    return own
