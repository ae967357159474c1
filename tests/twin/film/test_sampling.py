"""A line of few points still has its peaks."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.film.sampling import downsampled
from twin.film.segment import Track

numbers = st.one_of(st.integers(-50, 50).map(float), st.just(math.nan))


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 999), numbers), max_size=80), st.integers(3, 40))
def test_least_greatest_and_last_of_every_span_stay(
    samples: list[tuple[int, float]], max_points: int
) -> None:
    samples = sorted(samples, key=lambda each: each[0])
    track = Track(
        np.array([each[0] for each in samples], dtype=np.float64),
        np.array([each[1] for each in samples], dtype=np.float64),
        np.arange(len(samples)).astype(np.uint8),
    )
    kept = downsampled(track, 0, 1000, max_points)
    assert len(kept) <= max_points
    assert set(kept.quality.tolist()) <= set(track.quality.tolist())
    assert np.all(np.diff(kept.quality.astype(int)) > 0)
    if len(track) <= max_points:
        assert len(kept) == len(track)
        return
    buckets = max_points // 3
    for bucket in range(buckets):
        inside = [row for row, each in enumerate(samples) if int(each[0] / 1000 * buckets) == bucket]
        if not inside:
            continue
        assert inside[-1] in kept.quality
        shown = [samples[row][1] for row in kept.quality.tolist() if row in inside]
        known = [samples[row][1] for row in inside if not math.isnan(samples[row][1])]
        if known:
            assert min(known) in shown
            assert max(known) in shown
