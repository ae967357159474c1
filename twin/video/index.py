"""The index of a segment's file: its track and its fragments, read by its boxes alone."""

import os
import struct
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from twin.video.boxes import MOST_BOX_BYTES, Fragment, Track, closed, read_fragment, read_track
from twin.video.errors import MediaError


@dataclass(frozen=True, slots=True)
class SegmentIndex:
    """What a file holds, as far as it is whole: `size` is where its last whole fragment ends."""

    track: Track
    fragments: tuple[Fragment, ...]
    size: int

    @property
    def begin_ms(self) -> float:
        """When its first picture is shown."""
        return self.fragments[0].begin_ms

    @property
    def end_ms(self) -> float:
        """When its last picture ends."""
        return self.fragments[-1].end_ms

    def place_of(self, at_ms: float) -> int:
        """Which fragment shows a moment; the first for earlier moments, the last for later ones."""
        return max(bisect_right(self.fragments, at_ms, key=lambda each: each.begin_ms) - 1, 0)

    def key_before(self, place: int) -> int:
        """The fragment at or before `place` that can be shown without the one before it."""
        while place > 0 and not self.fragments[place].starts_with_key:
            place -= 1
        return place


def read_index(path: Path, known: SegmentIndex | None = None) -> SegmentIndex:
    """Read the index of a file, going on after what is `known` of it already.

    Raises MediaError where it has no whole fragment, OSError where it cannot be read.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _read(handle, path.name, known)
    finally:
        os.close(handle)


def _read(handle: int, name: str, known: SegmentIndex | None) -> SegmentIndex:
    whole = os.fstat(handle).st_size
    track = _read_head(handle, whole) if known is None else known.track
    at = track.head if known is None else known.size
    found = [] if known is None else list(known.fragments)
    while (piece := _next(handle, at, whole)) is not None:
        moof, size = piece
        found.append(read_fragment(track, moof, at, size))
        at += size
    if not found:
        raise MediaError(f"{name} has no whole fragment")
    return SegmentIndex(track, closed(tuple(found)), at)


def _head_of_box(handle: int, at: int, whole: int) -> tuple[int, bytes] | None:
    """Size and kind of the box at a place; None: there is none, or it is cut off."""
    head = os.pread(handle, 16, at)
    if len(head) < 8:
        return None
    size, kind = struct.unpack_from(">I4s", head)
    if size == 1 and len(head) == 16:
        (size,) = struct.unpack_from(">Q", head, 8)
    return None if size < 8 or at + size > whole else (size, kind)


def _read_head(handle: int, whole: int) -> Track:
    at = 0
    while (box := _head_of_box(handle, at, whole)) is not None:
        size, kind = box
        if size > MOST_BOX_BYTES:
            break
        at += size
        if kind == b"moov":
            return read_track(os.pread(handle, at, 0))
    raise MediaError("no MP4 of ours: its head is missing")


def _next(handle: int, at: int, whole: int) -> tuple[bytes, int] | None:
    """The moof at a place, and its size with its mdat; None: nothing whole follows."""
    head = _head_of_box(handle, at, whole)
    if head is None or head[1] != b"moof" or head[0] > MOST_BOX_BYTES:
        return None
    body = _head_of_box(handle, at + head[0], whole)
    if body is None or body[1] != b"mdat":
        return None
    return os.pread(handle, head[0], at), head[0] + body[0]
