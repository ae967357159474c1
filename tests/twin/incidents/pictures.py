"""PNG files made by hand."""

import struct
import zlib


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def header(width: int, height: int, depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(width: int = 4, height: int = 3, *between: bytes, shade: int = 120) -> bytes:
    """A picture of one grey; `between` are further chunks before the pixels."""
    row = b"\0" + bytes([shade]) * (3 * width)
    pixels = chunk(b"IDAT", zlib.compress(row * height))
    return b"\x89PNG\r\n\x1a\n" + header(width, height) + b"".join(between) + pixels + chunk(b"IEND", b"")
