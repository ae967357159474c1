"""Which recordings tell of which time. Pure.

Segments of one camera may overlap where the clock was set back; the later take holds there, and of one take
the one that begins later. Times are ms since 1970 UTC; stretches include their beginning, not their end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from twin.video.names import Segment

JOINT_MS = 1000.0
"""What is missing between two segments for less than this is no gap."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time."""

    from_ms: float
    to_ms: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time and the segment that tells of it."""

    from_ms: float
    to_ms: float
    segment: Segment


def pieces(segments: Iterable[tuple[Segment, float]], from_ms: float, to_ms: float) -> list[Piece]:
    """What tells of each moment of a stretch, in order, without overlaps; segments come with their ends."""
    found: list[Piece] = []
    for segment, end_ms in sorted(segments, key=lambda each: (each[0].take, each[0].begin_ms)):
        begin, end = max(float(segment.begin_ms), from_ms), min(end_ms, to_ms)
        if begin < end:
            found = _laid_over(found, Piece(begin, end, segment))
    return found


def _laid_over(found: list[Piece], new: Piece) -> list[Piece]:
    """The pieces, in order, with another on top."""
    if not found or found[-1].to_ms <= new.from_ms:
        found.append(new)
        return found
    left: list[Piece] = []
    right: list[Piece] = []
    for each in found:
        if each.from_ms < new.from_ms:
            left.append(Piece(each.from_ms, min(each.to_ms, new.from_ms), each.segment))
        if each.to_ms > new.to_ms:
            right.append(Piece(max(each.from_ms, new.to_ms), each.to_ms, each.segment))
    return [*left, new, *right]


def spans(found: Sequence[Piece], joint_ms: float = JOINT_MS) -> list[Span]:
    """The stretches that pieces cover; joints shorter than `joint_ms` are none."""
    merged: list[Span] = []
    for each in found:
        if merged and each.from_ms - merged[-1].to_ms < joint_ms:
            merged[-1] = Span(merged[-1].from_ms, max(merged[-1].to_ms, each.to_ms))
        else:
            merged.append(Span(each.from_ms, each.to_ms))
    return merged


def gap_at(covered: Sequence[Span], at_ms: float) -> tuple[float | None, float | None]:
    """The gap around a moment of which no span tells; None: nothing is on that side."""
    before = max((each.to_ms for each in covered if each.to_ms <= at_ms), default=None)
    after = min((each.from_ms for each in covered if each.from_ms > at_ms), default=None)
    return before, after
