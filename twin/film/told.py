"""What one point did, stretch by stretch, with what came late and waits for its place. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from twin.film.merging import stale_before
from twin.film.segment import Track
from twin.film.timeline import Piece


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a piece of film tells of a point: what it read at the start (one sample, or none), and since."""

    from_ms: float
    to_ms: float
    before: Track
    track: Track
    gap_ms: float = -np.inf
    """Where nothing was recorded then: since when. What was read before that is stale."""


def with_late(told: Sequence[Told], pieces: Sequence[Piece], late: Track, to_ms: float) -> list[Told]:
    """As the film will tell it up to a time when late samples of the point, in the order in which they came,
    are merged.

    pieces: all there are, the one before included, whether or not they know of the point. Of times of which
    nothing was recorded the late samples tell, each from its own moment on.
    """
    if not len(late):
        return list(told)
    late = Track.sorted([late])
    merged = [_merged(each, late) for each in told]
    ends = [piece.to_ms for piece in pieces]
    for gap_ms, end_ms in zip([-np.inf, *ends], [*(piece.from_ms for piece in pieces), to_ms], strict=True):
        own = late[(late.time_ms >= gap_ms) & (late.time_ms < end_ms)]
        if len(own):
            merged.append(Told(float(own.time_ms[0]), end_ms, late[:0], own))
    return sorted(merged, key=lambda each: each.from_ms)


def _merged(told: Told, late: Track) -> Told:
    is_own = (late.time_ms >= told.from_ms) & (late.time_ms < told.to_ms)
    carried = late[late.time_ms < told.from_ms][-1:]
    before = Track.sorted([told.before, stale_before(carried, told.gap_ms)])[-1:]
    return replace(told, before=before, track=Track.sorted([told.track, late[is_own]]))
