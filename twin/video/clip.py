"""A clip to take along: fragments of recordings as one MP4 that begins at zero, without decoding. Pure.

The head gets the clip's length (`mehd`) and an index (`sidx`; ISO/IEC 14496-12, 8.16.3), so that players know
how long it is and can seek; in each fragment the decode time is counted from the clip's beginning.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from twin.video.boxes import Fragment, Track, find
from twin.video.errors import MediaError
from twin.video.playlist import Shown

LONGEST_MS = 3_600_000.0
STARTS_WITH_SAP = 0x9000_0000  # it starts with a stream access point, of type 1


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """What is sent: the head, then the fragments, each moved by `moved_ticks`; `bytes` in all."""

    head: bytes
    fragments: tuple[Shown, ...]
    moved_ticks: int
    bytes: int


def plan(found: Sequence[Shown]) -> ClipPlan:
    """The clip of fragments that one player setup can show.

    Raises MediaError where the camera's format changes within.
    """
    track = found[0].index.track
    if any(each.index.track.setup != track.setup for each in found):
        raise MediaError("the camera's picture format changes within this time")
    begin_ms, end_ms = found[0].fragment.begin_ms, found[-1].fragment.end_ms
    ticks_a_ms = track.timescale / 1000.0
    setup = with_length(track.setup, round((end_ms - begin_ms) * ticks_a_ms))
    index = segment_index(track, [each.fragment for each in found])
    head = setup + index
    size = len(head) + sum(each.fragment.size for each in found)
    return ClipPlan(head, tuple(found), round(begin_ms * ticks_a_ms), size)


def with_length(setup: bytes, ticks: int) -> bytes:
    """The head of a file with how long it is. Raises MediaError."""
    moov, mvex = find(setup, b"moov"), find(setup, b"moov", b"mvex")
    if moov is None or mvex is None:
        raise MediaError("no MP4 of ours: moov/mvex is missing")
    mehd = struct.pack(">I4sBxxxQ", 20, b"mehd", 1, ticks)
    grown = bytearray(setup[: mvex.begin] + mehd + setup[mvex.begin :])
    for box in (moov, mvex):
        start = box.begin - box.header
        struct.pack_into(">I", grown, start, box.end - start + len(mehd))
    return bytes(grown)


def segment_index(track: Track, fragments: Sequence[Fragment]) -> bytes:
    """The `sidx` of fragments that follow it at once."""
    ticks_a_ms = track.timescale / 1000.0
    begins = [round((each.begin_ms - fragments[0].begin_ms) * ticks_a_ms) for each in fragments]
    end = round((fragments[-1].end_ms - fragments[0].begin_ms) * ticks_a_ms)
    rows = b"".join(
        struct.pack(">III", each.size, max(after - begin, 0), STARTS_WITH_SAP if each.starts_with_key else 0)
        for each, begin, after in zip(fragments, begins, [*begins[1:], end], strict=True)
    )
    fixed = struct.pack(">IIIIHH", track.track_id, track.timescale, 0, 0, 0, len(fragments))
    return struct.pack(">I4sI", 12 + len(fixed) + len(rows), b"sidx", 0) + fixed + rows


def moved(fragment: bytes, ticks: int, sequence: int) -> bytes:
    """A fragment whose decode time is `ticks` less, numbered anew. Raises MediaError."""
    traf = find(fragment, b"moof", b"traf")
    tfdt = None if traf is None else find(fragment, b"tfdt", begin=traf.begin, end=traf.end)
    mfhd = find(fragment, b"moof", b"mfhd")
    if tfdt is None or mfhd is None or fragment[tfdt.begin] != 1:
        raise MediaError("a fragment is damaged")
    changed = bytearray(fragment)
    (before,) = struct.unpack_from(">Q", fragment, tfdt.begin + 4)
    struct.pack_into(">Q", changed, tfdt.begin + 4, max(before - ticks, 0))
    struct.pack_into(">I", changed, mfhd.begin + 4, sequence)
    return bytes(changed)
