"""Which segments go along where a stretch is handed on: those nearest to what matters first. Pure."""

from collections.abc import Mapping, Sequence

from twin.video.keeping import Kept

MOST_BYTES = 1 << 30


def taken(found: Mapping[str, Sequence[Kept]], at_ms: float, most_bytes: int = MOST_BYTES) -> list[Kept]:
    """The whole segments that have room, those around `at_ms` first, cameras in their order."""
    ranked = [
        (_distance(each, at_ms), place, each)
        for place, segments in enumerate(found.values())
        for each in segments
        if each.segment.end_ms is not None
    ]
    chosen: list[Kept] = []
    room = most_bytes
    for _, _, each in sorted(ranked, key=lambda known: known[:2]):
        if each.bytes > room:
            break
        chosen.append(each)
        room -= each.bytes
    return chosen


def _distance(kept: Kept, at_ms: float) -> float:
    """How far a segment is from a moment, ms."""
    end_ms = kept.segment.end_ms or 0
    return max(kept.segment.begin_ms - at_ms, at_ms - end_ms, 0.0)
