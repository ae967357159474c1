"""PNG pictures from outside: checked to the last byte, and kept without what is not the picture. Pure.

Source: PNG Specification, Third Edition (W3C, 2025): 5.2 signature, 5.3 chunks, 11.2.1 IHDR, 10 compression.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from twin.incidents.errors import PictureError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 6_000_000
MOST_PIXELS_A_SIDE = 4096
KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"sRGB", b"gAMA", b"IDAT", b"IEND"})
"""Other chunks (texts, EXIF, colour profiles) may hold what nobody meant to hand out, or nothing needed."""
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A PNG that every reader can show, with its size in pixels."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    depth: int
    colour: int

    @property
    def raw_bytes(self) -> int:
        """Bytes of the pixels before compression: a filter byte and the samples of each row."""
        return self.height * (1 + (self.width * CHANNELS[self.colour] * self.depth + 7) // 8)


def checked_png(data: bytes) -> CleanPicture:
    """The picture, when it is one.

    Raises:
        PictureError: no PNG, damaged, interlaced, too large, or one whose pixels are not what it says.
    """
    if len(data) > MOST_BYTES:
        raise PictureError(f"the picture has {len(data)} bytes; at most {MOST_BYTES} are taken")
    if not data.startswith(SIGNATURE):
        raise PictureError("this is no PNG; send the picture as image/png")
    chunks = list(_chunks(data))
    names = [name for name, _ in chunks]
    if names[:1] != [b"IHDR"] or names[-1] != b"IEND" or names.count(b"IHDR") != 1 or b"IDAT" not in names:
        raise PictureError("the PNG is not whole: a part that it needs is missing, or is there twice")
    header = _header(chunks[0][1])
    _check_pixels(header, b"".join(body for name, body in chunks if name == b"IDAT"))
    kept = b"".join(_chunk(name, body) for name, body in chunks if name in KEPT)
    return CleanPicture(SIGNATURE + kept, header.width, header.height)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place < len(data):
        if len(data) - place < 12:
            raise PictureError("the PNG ends in the middle of a part")
        length, name = struct.unpack_from(">I4s", data, place)
        if length > len(data) - place - 12:
            raise PictureError("the PNG ends in the middle of a part")
        body = data[place + 8 : place + 8 + length]
        (declared,) = struct.unpack_from(">I", data, place + 8 + length)
        if zlib.crc32(name + body) != declared:
            raise PictureError("the PNG is damaged: a checksum is wrong")
        yield name, body
        place += 12 + length
        if name == b"IEND" and place != len(data):
            raise PictureError("there is something behind the PNG's end")


def _header(body: bytes) -> _Header:
    if len(body) != 13:
        raise PictureError("the PNG's header has a wrong length")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", body)
    if not (0 < width <= MOST_PIXELS_A_SIDE and 0 < height <= MOST_PIXELS_A_SIDE):
        raise PictureError(
            f"the picture is {width} x {height}; at most {MOST_PIXELS_A_SIDE} a side are taken"
        )
    if depth not in DEPTHS.get(colour, ()) or (compression, filtering, interlace) != (0, 0, 0):
        raise PictureError("this kind of PNG is not taken; save it plain, without interlacing")
    return _Header(width, height, depth, colour)


def _check_pixels(header: _Header, packed: bytes) -> None:
    """Unpack no more than the header says: a few bytes may swell to gigabytes."""
    unpacking = zlib.decompressobj()
    try:
        size = len(unpacking.decompress(packed, header.raw_bytes + 1))
    except zlib.error as error:
        raise PictureError("the PNG's pixels cannot be unpacked") from error
    if size != header.raw_bytes or not unpacking.eof or unpacking.unused_data:
        raise PictureError("the PNG's pixels are not as many as its header says")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
