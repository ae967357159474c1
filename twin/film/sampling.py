"""A long track as few samples, with its peaks. Pure."""

import numpy as np

from twin.film.segment import Rows, Track

KEPT_PER_BUCKET = 3


def downsampled(track: Track, from_ms: float, to_ms: float, max_points: int) -> Track:
    """At most `max_points` samples: of each of equal spans the least, the greatest and the last.

    So that a peak of a moment is seen in a year's line, and so is where it went. A short track is given
    whole; `max_points` is 3 or more.
    """
    if len(track) <= max_points:
        return track
    buckets = max_points // KEPT_PER_BUCKET
    share = (track.time_ms - from_ms) / max(to_ms - from_ms, 1e-9)
    bucket = np.clip((share * buckets).astype(np.int64), 0, buckets - 1)
    return track[_extremes_and_last(track, bucket)]


def _extremes_and_last(track: Track, bucket: Rows) -> Rows:
    """The rows to keep, ascending; `bucket` (n,) never falls."""
    lasts = np.flatnonzero(np.append(bucket[1:] != bucket[:-1], True))
    with_value = np.flatnonzero(~np.isnan(track.value))
    order = with_value[np.lexsort((track.value[with_value], bucket[with_value]))]
    changes = bucket[order][1:] != bucket[order][:-1]
    least = order[np.concatenate(([True], changes))] if len(order) else order
    greatest = order[np.append(changes, True)] if len(order) else order
    return np.unique(np.concatenate((lasts, least, greatest)))
