"""Which recordings are deleted: those kept long enough, and of too much the oldest. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from twin.video.names import Segment

GB = 1_000_000_000
DAY_MS = 86_400_000.0
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole segment on the disk."""

    camera: str
    segment: Segment
    bytes: int


def to_delete(
    kept: Iterable[Kept], now_ms: float, keep_days: float, most_gb: float | None, most: int = MOST_AT_ONCE
) -> list[Kept]:
    """What goes now, oldest first, `most` at a time: it is a small step, and the next one follows soon.

    Segments that grow are never in it. What the clock says it will be recorded in the future counts as new.
    """
    oldest_first = sorted(
        (each for each in kept if each.segment.end_ms is not None),
        key=lambda each: (each.segment.end_ms or 0, each.camera),
    )
    too_much = sum(each.bytes for each in oldest_first) - (most_gb or float("inf")) * GB
    oldest_ms = now_ms - keep_days * DAY_MS
    gone: list[Kept] = []
    for each in oldest_first:
        if ((each.segment.end_ms or 0) > oldest_ms and too_much <= 0) or len(gone) == most:
            break
        gone.append(each)
        too_much -= each.bytes
    return gone


def is_low(free_bytes: float, least_free_gb: float, *, was_low: bool) -> bool:
    """Whether the disk has too little room to record; once it had, it must have a tenth more."""
    return free_bytes < least_free_gb * GB * (1.1 if was_low else 1.0)
