"""JSON documents of the film under Zstandard, with its checksum. Pure."""

from typing import Any, Final

import orjson
import zstandard

MAX_BYTES: Final = 1 << 28


def pack(document: Any) -> bytes:
    """A document as bytes."""
    return zstandard.ZstdCompressor(level=6, write_checksum=True).compress(orjson.dumps(document))


def unpack(data: bytes) -> Any:
    """The document. ValueError, zstandard.ZstdError: it is none, was changed, or says that it is enormous."""
    size = zstandard.frame_content_size(data)
    if not 0 <= size <= MAX_BYTES:
        raise ValueError(f"{size} bytes")
    return orjson.loads(zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False))
