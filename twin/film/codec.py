"""Segments as bytes and back. Pure."""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from telemetry_bridge.samples import Samples
from twin.errors import DamagedFilmError
from twin.film.segment import Keyframe, Segment, State, Track, column

STRIP_POINTS: Final = 256
VERSION: Final = 2
MOST: Final = 1 << 22
_SEAL: Final = struct.Struct("<4sBI")
_STRIP: Final = struct.Struct("<dI")


def strip_of(point_index: int) -> int:
    """The number of the strip that holds a point."""
    return point_index // STRIP_POINTS


@dataclass(frozen=True, slots=True)
class Strip:
    """One strip of a segment, opened."""

    number: int
    whole: Segment

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self.whole.nbytes

    @classmethod
    def opened(cls, data: bytes) -> Self:
        """Read a strip's bytes."""
        body = _unsealed(b"STRP", data)
        start_ms, number = _STRIP.unpack_from(body)
        keyframe, samples = decode_chunk(bytes(body[_STRIP.size :]))
        return cls(number, Segment(start_ms, keyframe, samples))

    def state_at(self, time_ms: float, state: State) -> None:
        """Write what the strip's points read at a time into the state of all."""
        found = self.whole.state_at(time_ms, len(state)).keyframe()
        index = found.point_index
        state.value[index], state.quality[index], state.time_ms[index] = (
            found.value,
            found.quality,
            found.time_ms,
        )

    def track(self, point_index: int) -> Track:
        """One point's samples."""
        return self.whole.track(point_index)

    def at_start(self, point_index: int) -> Track:
        """What the keyframe knows of a point."""
        return self.whole.at_start(point_index)

    def segment(self) -> Segment:
        """All of it."""
        return self.whole


def open_strip(data: bytes) -> Strip:
    """Read a strip's bytes. DamagedFilmError: they are none."""
    return Strip.opened(data)


def encode_segment(segment: Segment) -> dict[int, bytes]:
    """The segment as strips, by number."""
    keyframe, samples = segment.keyframe, segment.samples
    numbers = np.union1d(keyframe.point_index // STRIP_POINTS, samples.point_index // STRIP_POINTS).astype(np.int64)
    strips = {}
    for number in numbers.tolist():
        edges = (number * STRIP_POINTS, (number + 1) * STRIP_POINTS)
        keys = slice(*np.searchsorted(keyframe.point_index, edges).tolist())
        rows = slice(*np.searchsorted(samples.point_index, edges).tolist())
        body = _STRIP.pack(segment.start_ms, number) + encode_chunk(keyframe[keys], samples[rows])
        strips[number] = _sealed(b"STRP", body)
    return strips


def decode_segment(strips: Mapping[int, bytes]) -> Segment:
    """The segment whose strips these are, by number. DamagedFilmError: one is damaged or of another."""
    parts = []
    for number, data in sorted(strips.items()):
        strip = open_strip(data)
        if strip.number != number or (parts and strip.whole.start_ms != parts[0].start_ms):
            raise DamagedFilmError("a strip of another segment")
        parts.append(strip.segment())
    keys = [part.keyframe for part in parts]
    keyframe = Keyframe(
        column([key.point_index for key in keys], np.uint32),
        column([key.value for key in keys], np.float64),
        column([key.quality for key in keys], np.uint8),
        column([key.time_ms for key in keys], np.float64),
    )
    start_ms = parts[0].start_ms if parts else -np.inf
    return Segment(start_ms, keyframe, Samples.joined([part.samples for part in parts]))


def encode_chunk(keyframe: Keyframe, samples: Samples) -> bytes:
    """A keyframe and samples in any order, quickly."""
    both = (keyframe.samples, samples)
    parts = [struct.pack("<II", len(keyframe), len(samples))]
    for each in both:
        parts += [np.ascontiguousarray(c).tobytes() for c in (each.point_index, each.time_ms, each.value, each.quality)]
    return _sealed(b"CHNK", b"".join(parts))


def decode_chunk(data: bytes) -> tuple[Keyframe, Samples]:
    """The inverse of `encode_chunk`. DamagedFilmError: the bytes are none, or have changed."""
    body = _unsealed(b"CHNK", data)
    if len(body) < 8:
        raise DamagedFilmError("a chunk ends before its time")
    k, n = struct.unpack_from("<II", body)
    if len(body) != 8 + 21 * (k + n):
        raise DamagedFilmError("a chunk ends before its time")
    at, found = 8, []
    for count in (k, n):
        for kind, width in (("<u4", 4), ("<f8", 8), ("<f8", 8), ("u1", 1)):
            found.append(np.frombuffer(body, kind, count, at).copy())
            at += width * count
    key = Samples(*found[:4])
    return Keyframe(key.point_index, key.value, key.quality, key.time_ms), Samples(*found[4:])


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
