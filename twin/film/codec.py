"""Segments as bytes and back. Pure.

A block is a header, the frames' times, and strips of 1,024 points each. A strip can be read without the
others, so that one point's history does not cost what the whole venue's does.

| type        | field                                                                        |
| ----------- | ---------------------------------------------------------------------------- |
| 4 bytes     | `FILM`                                                                       |
| u8          | version = 1                                                                  |
| u32         | CRC-32 (ISO-HDLC) of all that follows                                        |
| u32, u32    | frames, strips                                                               |
| f64         | start, ms since 1970 UTC                                                     |
| u32[strips] | bytes of each strip; 0: none of its points is in the block                   |
| column      | the frames' times                                                            |
| strips      | u32 keyframe points, u32 points, u32 samples, then columns (see `_strip`)     |

Columns are those of `columns`; numbers are little-endian.
"""

import struct
import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from telemetry_bridge.wire import Values
from twin.errors import DamagedFilmError
from twin.film.columns import (
    Reader,
    Signed,
    pack,
    pack_ascending,
    pack_bits,
    pack_values,
    running_sum,
    running_xor,
    unpack,
    unpack_ascending,
    unpack_bits,
    unpack_values,
)
from twin.film.segment import Keyframe, Segment, column

MAGIC: Final = b"FILM"
VERSION: Final = 1
STRIP_POINTS: Final = 1024
#: More of anything is no film of ours: bytes that lie must not make the reader take all memory.
MOST: Final = 1 << 22
_SEAL: Final = struct.Struct("<4sBI")
_HEADER: Final = struct.Struct("<IId")
_STRIP: Final = struct.Struct("<III")


def encode_segment(segment: Segment) -> bytes:
    """The segment's bytes."""
    strips = [_strip(part) for part in _cut(segment)]
    body = b"".join(
        (
            _HEADER.pack(len(segment.times_ms), len(strips), segment.start_ms),
            np.array([len(strip) for strip in strips], dtype="<u4").tobytes(),
            pack_bits(segment.times_ms),
            *strips,
        )
    )
    return _SEAL.pack(MAGIC, VERSION, zlib.crc32(body)) + body


def decode_segment(data: bytes) -> Segment:
    """Read a whole block. DamagedFilmError: it is none, or a bit of it has changed."""
    start_ms, times_ms, lengths, reader = _opened(data)
    parts = [_read_strip(Reader(reader.take(length)), start_ms, times_ms) for length in lengths if length]
    return _pasted(start_ms, times_ms, parts)


def decode_strip(data: bytes, point_index: int) -> Segment:
    """Read a point's strip alone: a segment of that point and its neighbours. DamagedFilmError as above."""
    start_ms, times_ms, lengths, reader = _opened(data)
    place = point_index // STRIP_POINTS
    if place >= len(lengths) or not lengths[place]:
        return _pasted(start_ms, times_ms, [])
    reader.take(sum(lengths[:place]))
    return _read_strip(Reader(reader.take(lengths[place])), start_ms, times_ms)


def _cut(segment: Segment) -> list[Segment]:
    """The segment's strips; the last one is not empty."""
    highest = [
        int(column[-1]) for column in (segment.point_index, segment.keyframe.point_index) if len(column)
    ]
    edges = np.arange(max(highest, default=-1) // STRIP_POINTS + 2) * STRIP_POINTS
    rows = np.searchsorted(segment.point_index, edges)
    keys = np.searchsorted(segment.keyframe.point_index, edges)
    return [
        _part(segment, slice(keys[i], keys[i + 1]), slice(rows[i], rows[i + 1]))
        for i in range(len(edges) - 1)
    ]


def _part(segment: Segment, keys: slice, rows: slice) -> Segment:
    return Segment(
        segment.start_ms,
        segment.keyframe[keys],
        segment.times_ms,
        segment.point_index[rows],
        segment.frame[rows],
        segment.value[rows],
        segment.quality[rows],
    )


def _strip(part: Segment) -> bytes:
    starts = part.starts
    if not len(part) and not len(part.keyframe):
        return b""
    first = np.zeros(len(part), dtype=np.bool_)
    first[starts] = True
    frame = np.diff(part.frame.astype(np.int64), prepend=np.int64(0))
    frame[first] = part.frame[first]
    quality = part.quality.copy()
    quality[1:] ^= np.where(first[1:], 0, part.quality[:-1]).astype(np.uint8)
    return b"".join(
        (
            _STRIP.pack(len(part.keyframe), len(starts), len(part)),
            _packed_keyframe(part.keyframe),
            pack_ascending(part.point_index[starts]),
            pack(np.diff(starts, append=len(part)).astype(np.uint64)),
            pack(frame.astype(np.uint64)),
            pack(quality.astype(np.uint64)),
            pack_values(part.value, starts),
        )
    )


def _packed_keyframe(keyframe: Keyframe) -> bytes:
    times, which = np.unique(keyframe.time_ms, return_inverse=True)
    return b"".join(
        (
            pack_ascending(keyframe.point_index),
            pack(keyframe.quality.astype(np.uint64)),
            pack_values(keyframe.value, np.arange(len(keyframe))),
            struct.pack("<I", len(times)),
            pack_bits(times),
            pack(which.astype(np.uint64)),
        )
    )


def _opened(data: bytes) -> tuple[float, Values, list[int], Reader]:
    """Start, frames' times, strips' lengths, and a reader at the first strip."""
    reader = Reader(memoryview(data))
    magic, version, check = _SEAL.unpack(reader.take(_SEAL.size))
    if magic != MAGIC or version != VERSION:
        raise DamagedFilmError(f"no film of version {VERSION}")
    if zlib.crc32(reader.data[reader.at :]) != check:
        raise DamagedFilmError("its checksum is wrong")
    frames, strips, start_ms = _HEADER.unpack(reader.take(_HEADER.size))
    _check_counts(frames, strips)
    lengths = np.frombuffer(reader.take(4 * strips), "<u4").tolist()
    return start_ms, unpack_bits(reader, frames), lengths, reader


def _read_strip(reader: Reader, start_ms: float, times_ms: Values) -> Segment:
    keys, points, samples = _STRIP.unpack(reader.take(_STRIP.size))
    _check_counts(keys, points, samples)
    keyframe = _read_keyframe(reader, keys)
    index = unpack_ascending(reader, points).astype(np.uint32)
    lengths: Signed = unpack(reader, points).astype(np.int64)
    if int(lengths.sum()) != samples or (points and not 1 <= lengths.min() <= lengths.max() <= samples):
        raise DamagedFilmError("its runs do not add up")
    frame = running_sum(unpack(reader, samples).astype(np.int64), lengths)
    quality = running_xor(unpack(reader, samples), lengths)
    if samples and not 0 <= frame.min() <= frame.max() < len(times_ms):
        raise DamagedFilmError("a sample of a frame that is not there")
    return Segment(
        start_ms,
        keyframe,
        times_ms,
        np.repeat(index, lengths),
        frame.astype(np.uint32),
        unpack_values(reader, lengths),
        quality.astype(np.uint8),
    )


def _check_counts(*counts: int) -> None:
    if max(counts) > MOST:
        raise DamagedFilmError(f"it claims {max(counts)} of something")


def _read_keyframe(reader: Reader, n: int) -> Keyframe:
    index = unpack_ascending(reader, n).astype(np.uint32)
    quality = unpack(reader, n).astype(np.uint8)
    value = unpack_values(reader, np.ones(n, dtype=np.int64))
    (distinct,) = struct.unpack("<I", reader.take(4))
    _check_counts(distinct)
    times, which = unpack_bits(reader, distinct), unpack(reader, n)
    if n and int(which.max()) >= distinct:
        raise DamagedFilmError("a time that is not there")
    return Keyframe(index, value, quality, times[which.astype(np.int64)])


def _pasted(start_ms: float, times_ms: Values, parts: Sequence[Segment]) -> Segment:
    """Strips in their order as one segment."""
    keys = [part.keyframe for part in parts]
    return Segment(
        start_ms,
        Keyframe(
            column([key.point_index for key in keys], np.uint32),
            column([key.value for key in keys], np.float64),
            column([key.quality for key in keys], np.uint8),
            column([key.time_ms for key in keys], np.float64),
        ),
        times_ms,
        column([part.point_index for part in parts], np.uint32),
        column([part.frame for part in parts], np.uint32),
        column([part.value for part in parts], np.float64),
        column([part.quality for part in parts], np.uint8),
    )
