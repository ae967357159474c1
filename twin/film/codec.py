"""Segments as bytes and back. Pure.

A segment is kept as strips of 256 points each, so that one point's history does not cost what the whole
venue's does. A strip stands alone:

| type         | field                                                               |
| ------------ | ------------------------------------------------------------------- |
| 4 bytes      | `STRP`                                                              |
| u8           | version = 2                                                         |
| u32          | CRC-32 (ISO-HDLC) of all that follows                               |
| f64          | start of the segment, ms since 1970 UTC                             |
| u32          | number of the strip: that of its first point / 256                  |
| u16, u16     | runs (points), clocks (different columns of times)                  |
| columns      | of times, values and qualities (`layout`), packed (`columns`)         |

A chunk is the quick form, of a keyframe and samples in any order, which is soon replaced by strips: `CHNK`,
version and CRC as above, u32 keyframe points, u32 samples, columns. Numbers are little-endian.
"""

import struct
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import Indices, Qualities, Values
from twin.errors import DamagedFilmError
from twin.film import columns, layout
from twin.film.segment import Keyframe, Segment, State, column
from twin.film.strips import STRIP_POINTS, Strip, StripSet, Table, in_time, loops, strip_of

__all__ = (
    "STRIP_POINTS",
    "Strip",
    "StripSet",
    "decode_chunk",
    "decode_segment",
    "encode_chunk",
    "encode_segment",
    "open_strip",
    "open_strips",
    "strip_of",
    "warm_up",
)

VERSION: Final = 2
#: More samples of 256 points in a segment, the keyframe's included, are refused.
MOST: Final = layout.MOST
#: More samples in a chunk are refused.
MOST_IN_CHUNK: Final = 1 << 24
_SEAL: Final = struct.Struct("<4sBI")
_HEAD: Final = struct.Struct("<dIHH")
_CHUNK: Final = struct.Struct("<II")
#: Bytes a sample in each column of a chunk: point, time, value, quality.
_SAMPLE_WIDTHS: Final = np.array((4, 8, 8, 1))
_LIMITS: Final = (
    (layout.CLOCK_BYTES + layout.RUN_BYTES) * STRIP_POINTS,
    MOST,
    layout.WORD * MOST,
    *(MOST,) * layout.N_BANDS,
    layout.WORD * MOST,
    layout.CHANGE_BYTES * MOST,
)

Columns = tuple[Values, Values, Qualities]


def warm_up() -> None:
    """Load the compiled loops; a machine's first run compiles them, some 20 s of CPU, and keeps that."""
    samples = Samples.of([0, 0], [0.0, 1.0], [1.0, 2.0], [0, 0])
    segment = Segment.of(0.0, Keyframe.empty(), samples)
    strip = open_strip(encode_segment(segment)[0])
    strip.state_at(0.0, State.unknown(1))
    strip.track(0)
    strip.segment()
    open_strips([]).state_at(0.0, 1)
    open_strips([]).tracks(0)
    segment.state_at(0.0, 1)
    decode_chunk(encode_chunk(segment.keyframe, samples))


def encode_segment(segment: Segment) -> dict[int, bytes]:
    """The segment's strips by number; those of which it has nothing are left out.

    ValueError: samples are not in order, or more than MOST of 256 points.
    """
    if not in_time(segment):
        raise ValueError("samples before the segment's start, or a keyframe from after it")
    keyframe, samples = segment.keyframe, segment.samples
    key_point, key = _plain(keyframe.samples)
    point, sample = _plain(samples)
    start = (segment.start_ms, _bits(segment.start_ms))
    strips = {}
    for number, keys, rows in _cut(key_point, point):
        own_key = (key[0][keys], key[1][keys], key[2][keys])
        own = (sample[0][rows], sample[1][rows], sample[2][rows])
        size = np.zeros(layout.COLUMNS, dtype=np.int64)
        out, runs, clocks = loops().encode_strip(start, key_point[keys], own_key, point[rows], own, size)
        if runs < 0:
            raise ValueError("a segment's samples are not in order")
        dense, base = np.empty_like(size), np.empty_like(size)
        denser = loops().densified(out, size, dense, base)
        packed = columns.pack(_parts(out, size), _parts(denser, dense), base.tolist(), thoroughly=1)
        head = _HEAD.pack(segment.start_ms, number, runs, clocks)
        strips[number] = _sealed(b"STRP", head + packed)
    return strips


def _parts(data: NDArray[np.uint8], size: Table) -> list[memoryview]:
    view, ends = data.data, np.cumsum(size).tolist()
    return [view[end - length : end] for end, length in zip(ends, size.tolist(), strict=True)]


def _plain(samples: Samples) -> tuple[Indices, Columns]:
    """Contiguous and writable, as the compiled code knows them."""
    kinds = (np.uint32, np.float64, np.float64, np.uint8)
    each = (samples.point_index, samples.time_ms, samples.value, samples.quality)
    found = [np.require(part, kind, ("C", "W")) for part, kind in zip(each, kinds, strict=True)]
    return found[0], (found[1], found[2], found[3])


def _bits(number: float) -> int:
    return int(np.float64(number).view(np.int64))


def _cut(key_point: Indices, point: Indices) -> list[tuple[int, slice, slice]]:
    """Each strip's number, and where in both it lies. ValueError: it holds more than MOST."""
    highest = max((int(each[-1]) for each in (key_point, point) if len(each)), default=-1)
    edges = np.arange(strip_of(highest) + 2, dtype=np.int64) * STRIP_POINTS
    keys, rows = np.searchsorted(key_point, edges), np.searchsorted(point, edges)
    counts = np.diff(keys) + np.diff(rows)
    if len(counts) and counts.max() > MOST:
        raise ValueError(f"{counts.max()} samples of {STRIP_POINTS} points in a segment; at most {MOST}")
    return [
        (int(number), slice(keys[number], keys[number + 1]), slice(rows[number], rows[number + 1]))
        for number in np.flatnonzero(counts)
    ]


def open_strip(data: bytes) -> Strip:
    """Read a strip. DamagedFilmError: it is none, or a bit of it has changed."""
    return open_strips((data,)).strip(0)


def open_strips(blobs: Collection[bytes]) -> StripSet:
    """Read strips, of one segment or of several, in their order; many at once cost much less than one by one.

    DamagedFilmError: one of them is none, or a bit of it has changed.
    """
    bodies = [_unsealed(b"STRP", data) for data in blobs]
    if any(len(body) < _HEAD.size for body in bodies):
        raise DamagedFilmError("it ends before its time")
    heads = [_HEAD.unpack_from(body) for body in bodies]
    start_ms = np.array([head[0] for head in heads], dtype=np.float64)
    number, runs, clocks = np.array([head[1:] for head in heads], dtype=np.int64).reshape(-1, 3).T
    if ((runs < 1) | (runs > STRIP_POINTS) | (clocks < 1) | (clocks > runs)).any():
        raise DamagedFilmError("points or clocks that no strip has")
    packed = columns.unpack([body[_HEAD.size :] for body in bodies], _LIMITS)
    changes, rest = np.divmod(packed.sizes[:, layout.CHANGES], layout.CHANGE_BYTES)
    wrong = packed.sizes[:, layout.HEADS] != layout.CLOCK_BYTES * clocks + layout.RUN_BYTES * runs
    if (wrong | (rest != 0) | ((number + 1) * STRIP_POINTS > 1 << 32)).any():
        raise DamagedFilmError("its columns have not the length that they should")
    return _laid_out(start_ms, number * STRIP_POINTS, (clocks, runs, changes), packed)


def _laid_out(
    start_ms: Values, first_point: Table, counts: tuple[Table, Table, Table], packed: columns.Packed
) -> StripSet:
    sizes = packed.sizes
    at = np.zeros((len(sizes), layout.COLUMNS + 1), dtype=np.int64)
    np.cumsum(sizes, axis=1, out=at[:, 1:])
    where = np.zeros((layout.STRIP_FIELDS, len(sizes) + 1), dtype=np.int64)
    where[layout.S_POINT, :-1] = first_point
    np.cumsum((at[:, -1], *counts), axis=1, out=where[layout.S_DATA :, 1:])
    data = np.empty(where[layout.S_DATA, -1], dtype=np.uint8)
    each = np.array((sizes.ravel(), packed.dense.ravel(), packed.bases.ravel()))
    loops().spread_out(np.frombuffer(packed.data, dtype=np.uint8), each, data)
    fields = (layout.CLOCK_FIELDS, layout.RUN_FIELDS, 1)
    ends = where[layout.S_CLOCKS :, -1].tolist()
    clocks, runs, changes = (np.empty(n * m, np.int64) for n, m in zip(fields, ends, strict=True))
    strips = StripSet(start_ms, data, at, where, clocks, runs, changes)
    if not loops().all_laid_out(data, at, start_ms, where, strips.tables):
        raise DamagedFilmError("its runs do not add up")
    return strips


def decode_segment(strips: Mapping[int, bytes]) -> Segment:
    """The segment whose strips these are, by number; of none an empty one that starts at -inf.

    DamagedFilmError: one is damaged, or is another segment's, or another's place.
    """
    opened = open_strips(strips.values())
    parts = []
    for number, place in sorted((number, place) for place, number in enumerate(strips)):
        strip = opened.strip(place)
        if strip.number != number or strip.start_ms != opened.start_ms[0]:
            raise DamagedFilmError("a strip of another segment, or of other points")
        parts.append(strip.segment())
    return Segment(
        parts[0].start_ms if parts else -np.inf,
        _joined([part.keyframe for part in parts]),
        Samples.joined([part.samples for part in parts]),
    )


def _joined(keys: Sequence[Keyframe]) -> Keyframe:
    return Keyframe(
        column([key.point_index for key in keys], np.uint32),
        column([key.value for key in keys], np.float64),
        column([key.quality for key in keys], np.uint8),
        column([key.time_ms for key in keys], np.float64),
    )


def encode_chunk(keyframe: Keyframe, samples: Samples) -> bytes:
    """A keyframe and samples in any order, quickly. ValueError: more than MOST_IN_CHUNK."""
    if max(len(keyframe), len(samples)) > MOST_IN_CHUNK:
        raise ValueError(f"{len(samples)} samples in a chunk; at most {MOST_IN_CHUNK}")
    parts: list[memoryview] = []
    for point, (time_ms, value, quality) in (_plain(keyframe.samples), _plain(samples)):
        planes = np.empty(layout.SAMPLE_BYTES * len(point), dtype=np.uint8)
        loops().put_samples(point, time_ms, value, quality, planes)
        parts += _parts(planes, len(point) * _SAMPLE_WIDTHS)
    return _sealed(b"CHNK", _CHUNK.pack(len(keyframe), len(samples)) + columns.pack(parts))


def decode_chunk(data: bytes) -> tuple[Keyframe, Samples]:
    """The inverse of `encode_chunk`. DamagedFilmError: the bytes are none, or have changed."""
    body = _unsealed(b"CHNK", data)
    if len(body) < _CHUNK.size:
        raise DamagedFilmError("it ends before its time")
    counts = _CHUNK.unpack_from(body)
    if max(counts) > MOST_IN_CHUNK:
        raise DamagedFilmError(f"{max(counts)} samples in a chunk")
    sizes = [int(count * width) for count in counts for width in _SAMPLE_WIDTHS]
    packed = columns.unpack([body[_CHUNK.size :]], sizes)
    if packed.sizes[0].tolist() != sizes or packed.bases.any():
        raise DamagedFilmError("its columns have not the length that they should")
    planes = np.frombuffer(packed.data, dtype=np.uint8)
    key, samples = _samples(planes, 0, counts[0]), _samples(planes, counts[0], counts[1])
    return Keyframe.of(key), samples


def _samples(planes: NDArray[np.uint8], before: int, n: int) -> Samples:
    """n samples of a chunk that come after some others."""
    found = Samples(np.empty(n, np.uint32), np.empty(n), np.empty(n), np.empty(n, np.uint8))
    own = planes[layout.SAMPLE_BYTES * before : layout.SAMPLE_BYTES * (before + n)]
    loops().take_samples(own, found.point_index, found.time_ms, found.value, found.quality)
    return found


def _sealed(magic: bytes, body: bytes) -> bytes:
    return _SEAL.pack(magic, VERSION, zlib.crc32(body)) + body


def _unsealed(magic: bytes, data: bytes) -> memoryview:
    if len(data) < _SEAL.size:
        raise DamagedFilmError("too short to be film")
    found, version, check = _SEAL.unpack_from(data)
    if found != magic or version != VERSION:
        raise DamagedFilmError(f"no film of version {VERSION}")
    body = memoryview(data)[_SEAL.size :]
    if zlib.crc32(body) != check:
        raise DamagedFilmError("its checksum is wrong")
    return body
