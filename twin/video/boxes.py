"""Fragmented MP4, read without a decoder: where its fragments lie and which moments they show. Pure.

Source of the layout: ISO/IEC 14496-12 (boxes, 8.8 movie fragments), 14496-15 (avcC, hvcC); of the codec's
name: RFC 6381. Files are as `twin.video.writing` makes them: one video track, `default-base-is-moof`, decode
times that are ms since 1970 UTC. Other files are refused with MediaError, never read wrongly.
"""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace

from twin.video.errors import MediaError

CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf"})
MOST_BOX_BYTES = 64 << 20
NOT_SYNC = 0x0001_0000
MS_PER_S = 1000.0


@dataclass(frozen=True, slots=True)
class Box:
    """A box of `data`: its kind, and where its content lies."""

    kind: bytes
    begin: int
    end: int
    header: int = 8


@dataclass(frozen=True, slots=True)
class Track:
    """What the head of a file says of its video: `codec` as RFC 6381 names it; ticks a second; pixels.

    `head` is the size of what comes before the first fragment, `setup` its bytes: ftyp and moov.
    """

    codec: str
    width: int
    height: int
    timescale: int
    setup: bytes
    track_id: int
    default_duration: int
    default_size: int
    default_flags: int

    @property
    def head(self) -> int:
        """Bytes before the first fragment."""
        return len(self.setup)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One fragment: where it lies in its file, when it begins and ends, whether it can be shown by itself.

    `shown_ms`: from when on each of its pictures is shown, rising. Times are ms since 1970 UTC.
    """

    sequence: int
    offset: int
    size: int
    begin_ms: float
    end_ms: float
    starts_with_key: bool
    shown_ms: "array[float]"


def boxes(data: bytes, begin: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes one after the other; one that is cut off at the end is left out.

    Raises MediaError where something else stands.
    """
    stop = len(data) if end is None else end
    while begin + 8 <= stop:
        size, kind, header = _head(data, begin)
        if begin + size > stop:
            return
        yield Box(kind, begin + header, begin + size, header)
        begin += size


def _head(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Size, kind and length of the header of the box at `at`. Raises MediaError."""
    size, kind = struct.unpack_from(">I4s", data, at)
    header = 8
    if size == 1:
        if at + 16 > len(data):
            return 1 << 62, kind, header
        size, header = struct.unpack_from(">Q", data, at + 8)[0], 16
    if size < header or not kind.isascii():
        raise MediaError(f"no MP4: a box of {size} bytes at {at}")
    return size, kind, header


def find(data: bytes, *path: bytes, begin: int = 0, end: int | None = None) -> Box | None:
    """The first box along a path of kinds."""
    found: Box | None = None
    for kind in path:
        found = next((each for each in boxes(data, begin, end) if each.kind == kind), None)
        if found is None:
            return None
        begin, end = found.begin, found.end
    return found


def _wanted(data: bytes, *path: bytes, begin: int = 0, end: int | None = None) -> Box:
    found = find(data, *path, begin=begin, end=end)
    if found is None:
        raise MediaError(f"no MP4 of ours: {'/'.join(each.decode('latin1') for each in path)} is missing")
    return found


def read_track(setup: bytes) -> Track:
    """What ftyp and moov say. Raises MediaError."""
    try:
        return _read_track(setup)
    except (struct.error, IndexError) as error:
        raise MediaError("no MP4 of ours: its head is damaged") from error


def _read_track(setup: bytes) -> Track:
    trak = _wanted(setup, b"moov", b"trak")
    inside = {"begin": trak.begin, "end": trak.end}
    timescale = _timescale(setup, _wanted(setup, b"mdia", b"mdhd", **inside))
    if timescale <= 0:
        raise MediaError("no MP4 of ours: it has no time")
    stsd = _wanted(setup, b"mdia", b"minf", b"stbl", b"stsd", **inside)
    entry = next(boxes(setup, stsd.begin + 8, stsd.end), None)
    if entry is None:
        raise MediaError("no MP4 of ours: its track has no format")
    width, height = struct.unpack_from(">HH", setup, entry.begin + 24)
    trex = _wanted(setup, b"moov", b"mvex", b"trex")
    track_id, _, duration, size, flags = struct.unpack_from(">5I", setup, trex.begin + 4)
    codec = _codec(setup, entry)
    return Track(codec, width, height, timescale, setup, track_id, duration, size, flags)


def _timescale(data: bytes, mdhd: Box) -> int:
    place = mdhd.begin + (20 if data[mdhd.begin] == 1 else 12)
    found: int = struct.unpack_from(">I", data, place)[0]
    return found


def _codec(data: bytes, entry: Box) -> str:
    """As RFC 6381 and ISO/IEC 14496-15, annex E, name it; the bare kind for other formats."""
    kind = entry.kind.decode("latin1")
    fixed = entry.begin + 78  # VisualSampleEntry
    avcc = find(data, b"avcC", begin=fixed, end=entry.end)
    if avcc is not None:
        return f"{kind}.{data[avcc.begin + 1 : avcc.begin + 4].hex()}"
    hvcc = find(data, b"hvcC", begin=fixed, end=entry.end)
    return kind if hvcc is None else f"{kind}.{_hevc_name(data[hvcc.begin : hvcc.begin + 13])}"


def _hevc_name(record: bytes) -> str:
    space, tier, profile = record[1] >> 6, (record[1] >> 5) & 1, record[1] & 31
    (compatible,) = struct.unpack_from(">I", record, 2)
    reversed_bits = int(f"{compatible:032b}"[::-1], 2)
    limits = record[6:12].rstrip(b"\0")
    parts = [f"{['', 'A', 'B', 'C'][space]}{profile}", f"{reversed_bits:x}", f"{'LH'[tier]}{record[12]}"]
    return ".".join([*parts, *(f"{byte:x}" for byte in limits)])


@dataclass(frozen=True, slots=True)
class _Defaults:
    duration: int
    size: int
    flags: int


def read_fragment(track: Track, moof: bytes, offset: int, size: int) -> Fragment:
    """What a movie fragment box says, `moof` with its header; `size` is that of moof and mdat together.

    Raises MediaError.
    """
    try:
        return _read_fragment(track, moof, offset, size)
    except (struct.error, IndexError) as error:
        raise MediaError(f"the fragment at {offset} is damaged") from error


def _read_fragment(track: Track, moof: bytes, offset: int, size: int) -> Fragment:
    mfhd = _wanted(moof, b"moof", b"mfhd")
    traf = _wanted(moof, b"moof", b"traf")
    inside = {"begin": traf.begin, "end": traf.end}
    (sequence,) = struct.unpack_from(">I", moof, mfhd.begin + 4)
    defaults = _header(track, moof, _wanted(moof, b"tfhd", **inside))
    tick = _decode_time(moof, _wanted(moof, b"tfdt", **inside))
    shown: list[float] = []
    key: bool | None = None
    scale = MS_PER_S / track.timescale
    begin = tick
    for trun in (each for each in boxes(moof, **inside) if each.kind == b"trun"):
        for duration, flags, offset_ticks in _samples(moof, trun, defaults):
            key = not flags & NOT_SYNC if key is None else key
            shown.append((tick + offset_ticks) * scale)
            tick += duration
    if key is None:
        raise MediaError(f"the fragment at {offset} is empty")
    return Fragment(sequence, offset, size, begin * scale, tick * scale, key, array("d", sorted(shown)))


def _header(track: Track, data: bytes, tfhd: Box) -> _Defaults:
    """ISO/IEC 14496-12, 8.8.7."""
    flags = int.from_bytes(data[tfhd.begin + 1 : tfhd.begin + 4], "big")
    at = tfhd.begin + 8 + (8 if flags & 1 else 0) + (4 if flags & 2 else 0)
    found = [track.default_duration, track.default_size, track.default_flags]
    for place, bit in enumerate((8, 16, 32)):
        if flags & bit:
            (found[place],) = struct.unpack_from(">I", data, at)
            at += 4
    return _Defaults(*found)


def _decode_time(data: bytes, tfdt: Box) -> int:
    form = ">Q" if data[tfdt.begin] == 1 else ">I"
    found: int = struct.unpack_from(form, data, tfdt.begin + 4)[0]
    return found


def _samples(data: bytes, trun: Box, defaults: _Defaults) -> Iterator[tuple[int, int, int]]:
    """Duration, flags and composition offset of each sample; ISO/IEC 14496-12, 8.8.8."""
    version, flags = data[trun.begin], int.from_bytes(data[trun.begin + 1 : trun.begin + 4], "big")
    (count,) = struct.unpack_from(">I", data, trun.begin + 4)
    at = trun.begin + 8 + (4 if flags & 1 else 0)
    first_flags: int | None = None
    if flags & 4:
        (first_flags,) = struct.unpack_from(">I", data, at)
        at += 4
    width = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
    if at + width * count > trun.end or count > MOST_BOX_BYTES:
        raise MediaError("a run of samples is cut off")
    for number in range(count):
        duration, sample_flags, composed = defaults.duration, defaults.flags, 0
        place = at + number * width
        if flags & 0x100:
            (duration,) = struct.unpack_from(">I", data, place)
            place += 4
        place += 4 if flags & 0x200 else 0
        if flags & 0x400:
            (sample_flags,) = struct.unpack_from(">I", data, place)
            place += 4
        if flags & 0x800:
            (composed,) = struct.unpack_from(">i" if version else ">I", data, place)
        if number == 0 and first_flags is not None:
            sample_flags = first_flags
        yield duration, sample_flags, composed


def closed(fragments: tuple[Fragment, ...]) -> tuple[Fragment, ...]:
    """The same, each ending where the next begins: how long its last picture lasts is guessed."""
    ends = [each.begin_ms for each in fragments[1:]]
    return tuple(
        replace(each, end_ms=end) if end > each.begin_ms else each
        for each, end in zip(fragments, [*ends, *(each.end_ms for each in fragments[-1:])], strict=True)
    )
