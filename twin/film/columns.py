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
from typing import Final

import zstandard

from twin.errors import DamagedFilmError

#: How many digits of a base one byte has room for, by base.
DIGITS: Final = (1, 1, 8, 5, 4, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2)
_VARINT_MOST: Final = 1 << 35
#: Bits of a Zstandard frame's first byte: its header says the content's size. Ours leave it out:
#: the decompressor would take as much memory as a damaged one claims.
_CLAIMS_SIZE: Final = 0xE0
_LOCAL: Final = threading.local()

Buffer = memoryview | bytes


@dataclass(frozen=True, slots=True)
class Packed:
    """Columns as they lie in a block, decompressed: of each how many bytes it has, how many are here, and the
    base that they are in.
    """

    data: bytes
    sizes: list[int]
    dense: list[int]
    bases: list[int]


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
    while at < len(data) and number < _VARINT_MOST:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7
    raise DamagedFilmError("it ends within a number")


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


def unpack(data: memoryview, limits: Sequence[int]) -> Packed:
    """Read as many columns as there are limits, bytes. DamagedFilmError: they are damaged, or larger."""
    sizes, dense, bases = ([0] * len(limits) for _ in range(3))
    taken, at = _directory(data, limits, sizes, bases)
    parts: list[Buffer] = []
    decompress = _decompressor()
    for place, length in taken:
        dense[place] = size = -(-sizes[place] // DIGITS[bases[place]])
        end = at + (length or size)
        part = _decompressed(decompress, data[at:end], size) if length else data[at:end]
        if len(part) != size or end > len(data):
            raise DamagedFilmError("a column ends before its time")
        parts.append(part)
        at = end
    if at != len(data):
        raise DamagedFilmError("more bytes than columns")
    return Packed(b"".join(parts), sizes, dense, bases)


def _directory(
    data: memoryview, limits: Sequence[int], sizes: list[int], bases: list[int]
) -> tuple[list[tuple[int, int]], int]:
    """Fill sizes and bases; gives the columns' places and bytes taken, and where the first begins."""
    mask, at, taken = int.from_bytes(data[:2], "little"), 2, []
    if mask >> len(limits):
        raise DamagedFilmError("columns that nobody knows")
    for place, limit in enumerate(limits):
        if not mask >> place & 1:
            continue
        size, at = varint(data, at)
        length, at = varint(data, at)
        if size > limit or at >= len(data) or not (data[at] == 0 or 2 <= data[at] < len(DIGITS)):
            raise DamagedFilmError(f"a column of {size} bytes")
        sizes[place], bases[place] = size, data[at]
        at += 1
        taken.append((place, length))
    return taken, at


def _decompressed(decompress: Callable[..., bytes], part: memoryview, size: int) -> bytes:
    if not part or part[0] & _CLAIMS_SIZE:
        raise DamagedFilmError("a column that is not as film is written")
    try:
        return decompress(part, max_output_size=size)
    except zstandard.ZstdError as error:
        raise DamagedFilmError(f"a column that cannot be decompressed ({error})") from error


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
