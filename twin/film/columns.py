"""Columns of bytes under Zstandard, one after the other. Pure.

| type     | field                                                                            |
| -------- | -------------------------------------------------------------------------------- |
| u16      | a bit for each column that is not empty, the lowest for the first                |
| varint   | of each of these how many bytes it has,                                          |
| varint   | how many it takes, 0: as it is,                                                  |
| u8       | 0, or the base in which several of its bytes are one (see `DIGITS`)              |
| bytes    | the columns: Zstandard frames (RFC 8878) without magic number and size, or as is |

Varints are LEB128. Symbols that have few bits each are poorly served by whole bytes: a column whose bytes are
all below 16 is also tried with as many in one byte as there is room for, as the digits of a number.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Final

import numpy as np
import zstandard
from numpy.typing import NDArray

from twin.errors import DamagedFilmError
from twin.film.layout import BASE, DENSE, FIELDS, PLACE, SIZE, STORED, TAKEN

_LOCAL: Final = threading.local()

#: What is wrong with a block, by number.
FAULTS: Final = (
    "",
    "it ends within a number",
    "columns that nobody knows",
    "a column of more bytes than it may have",
    "a column ends before its time",
    "a column that is not as film is written",
    "more bytes than columns",
)

Buffer = memoryview | bytes
Table = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Columns of n blocks as they lie there, decompressed, one after the other.

    (n, columns) int64: how many bytes each column has, how many of them are here, and the base they are in.
    """

    data: bytes
    sizes: Table
    dense: Table
    bases: Table


def put_varint(number: int) -> bytes:
    """A number from 0 on as LEB128."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


def pack(
    plain: Sequence[Buffer], dense: Sequence[Buffer] = (), bases: Sequence[int] = (), thoroughly: int = 0
) -> bytes:
    """Columns as bytes, the first so many thoroughly.

    dense: the same with several bytes in one, for those columns that have a base in `bases`, not 0.
    """
    thorough, quick = _compressors()
    mask, head, body = 0, [], []
    for place, column in enumerate(plain):
        if not len(column):
            continue
        compress = thorough if place < thoroughly else quick
        base, packed = 0, compress(column)
        if bases and bases[place]:
            other = compress(dense[place])
            if len(other) < len(packed):
                base, packed = bases[place], other
        stored = not base and len(packed) >= len(column)
        mask |= 1 << place
        head += [put_varint(len(column)), put_varint(0 if stored else len(packed)), bytes((base,))]
        body.append(column if stored else packed)
    return b"".join([mask.to_bytes(2, "little"), *head, *body])


def unpack(blocks: Sequence[Buffer], limits: Sequence[int]) -> Packed:
    """Read as many columns of each block as there are limits, bytes. DamagedFilmError: damaged, or larger."""
    data = b"".join(blocks)
    ends = np.cumsum([len(block) for block in blocks], dtype=np.int64)
    found = np.zeros((FIELDS, len(blocks), len(limits)), dtype=np.int64)
    fault = _loops().find_columns(
        np.frombuffer(data, dtype=np.uint8), ends, np.array(limits, dtype=np.int64), found
    )
    if fault:
        raise DamagedFilmError(FAULTS[fault])
    return Packed(_decompressed(data, found), found[SIZE], found[DENSE], found[BASE])


def _decompressed(data: bytes, found: Table) -> bytes:
    """The columns of all blocks, one after the other."""
    held = found[TAKEN] > 0
    starts, lengths = found[PLACE][held], found[TAKEN][held]
    decompress, view = _decompressor(), memoryview(data)
    places = zip(
        starts.tolist(),
        (starts + lengths).tolist(),
        found[DENSE][held].tolist(),
        found[STORED][held].tolist(),
        strict=True,
    )
    try:
        parts = [
            view[start:end] if stored else decompress(view[start:end], max_output_size=size)
            for start, end, size, stored in places
        ]
    except zstandard.ZstdError as error:
        raise DamagedFilmError(f"a column that cannot be decompressed ({error})") from error
    whole = b"".join(parts)
    if len(whole) != found[DENSE].sum() or list(map(len, parts)) != found[DENSE][held].tolist():
        raise DamagedFilmError("a column ends before its time")
    return whole


@cache
def _loops() -> ModuleType:
    """The compiled loops: slow to load, and the server starts without them."""
    from twin.film import directory  # noqa: PLC0415

    return directory


@cache
def _parameters() -> tuple[zstandard.ZstdCompressionParameters, zstandard.ZstdCompressionParameters]:
    """For the heads, and for what is mostly noise: short matches in that are chance, and cost more than they
    save.
    """
    bare = {"format": zstandard.FORMAT_ZSTD1_MAGICLESS, "write_content_size": False}
    thorough = zstandard.ZstdCompressionParameters.from_level(9, **bare)
    quick = zstandard.ZstdCompressionParameters(
        strategy=zstandard.STRATEGY_FAST, min_match=7, window_log=18, hash_log=12, **bare
    )
    return thorough, quick


def _compressors() -> tuple[Callable[[Buffer], bytes], Callable[[Buffer], bytes]]:
    """A thread's own: they may not be shared, and cost more to make than to use."""
    own: tuple[Callable[[Buffer], bytes], Callable[[Buffer], bytes]] | None
    own = getattr(_LOCAL, "compressors", None)
    if own is None:
        thorough, quick = (zstandard.ZstdCompressor(compression_params=each) for each in _parameters())
        own = _LOCAL.compressors = thorough.compress, quick.compress
    return own


def _decompressor() -> Callable[..., bytes]:
    own: Callable[..., bytes] | None = getattr(_LOCAL, "decompress", None)
    if own is None:
        one = zstandard.ZstdDecompressor(format=zstandard.FORMAT_ZSTD1_MAGICLESS)
        own = _LOCAL.decompress = one.decompress
    return own
