"""The state at any time is what taking sample after sample gives, in whatever order they came."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.samples import Samples
from tests.twin.film.scenes import START_MS, N, folded, frames_of, same_state, samples_of, scenes
from twin.film.segment import Growing, Keyframe, Reel, Segment, State, Track, in_order, in_sequence

Scene = list[tuple[float, dict[int, tuple[float, int]]]]


def reels(before: Scene, scene: Scene) -> tuple[float, list[Reel]]:
    """The same stretch of film in its forms, samples in order and out of it."""
    earlier = frames_of(before)
    start_ms = earlier[-1].time_ms if earlier else START_MS
    keyframe = folded(earlier).keyframe() if earlier else Keyframe.empty()
    parts = [samples_of(frame) for frame in frames_of(scene, start_ms)]
    growing, mixed = Growing(start_ms, keyframe), Growing(start_ms, keyframe)
    for part in parts:
        growing.add(part)
    for part in parts[1::2] + parts[::2]:
        mixed.add(part)
    return start_ms, [Segment.of(start_ms, keyframe, Samples.joined(parts)), growing, mixed, mixed.segment()]


# Frames of one moment are one after the other: of two samples of one time the later counts.
distinct = scenes.map(lambda scene: [(step_ms + 0.5, update) for step_ms, update in scene])


@given(distinct, distinct, st.floats(0, 70_000))
def test_state_at_any_time(before: Scene, scene: Scene, after_ms: float) -> None:
    start_ms, forms = reels(before, scene)
    frames = [*frames_of(before), *frames_of(scene, start_ms)]
    for time_ms in (start_ms + after_ms, *(frame.time_ms for frame in frames_of(scene, start_ms))):
        for form in forms:
            assert same_state(form.state_at(time_ms, N), folded(frames, time_ms))


@given(distinct, distinct)
def test_a_track_is_one_points_samples(before: Scene, scene: Scene) -> None:
    start_ms, forms = reels(before, scene)
    known = folded(frames_of(before))
    for point in (0, 3, 256, N - 1):
        expected = [
            (frame.time_ms, int(frame.quality[row]))
            for frame in frames_of(scene, start_ms)
            for row in range(len(frame))
            if frame.point_index[row] == point
        ]
        for form in forms:
            track, first = form.track(point), form.at_start(point)
            assert list(zip(track.time_ms.tolist(), track.quality.tolist(), strict=True)) == expected
            assert first.time_ms.tolist() == [each for each in [known.time_ms[point]] if np.isfinite(each)]


def test_of_two_samples_of_one_time_the_later_counts() -> None:
    samples = Samples.of([1, 0, 1, 1], [5.0, 5.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0], 0)
    segment = Segment.of(0.0, Keyframe.empty(), samples)
    assert segment.samples.point_index.tolist() == [0, 1, 1]
    assert segment.samples.value.tolist() == [2.0, 3.0, 4.0]
    assert segment.state_at(5.0, 2).value.tolist() == [2.0, 4.0]
    late = Track.sorted([Track.of(segment.samples[1:]), Track.of(Samples.of([1], [4.0], [9.0], 1))])
    assert (late.value.tolist(), late.quality.tolist()) == ([9.0, 4.0], [1, 0])


def test_what_was_given_of_a_growing_reel_does_not_change() -> None:
    reel = Growing(0.0, Keyframe.empty())
    reel.add(Samples.of([1], [1.0], [1.0], 0))
    given_out = reel.samples()
    for number in range(1000):
        reel.add(Samples.of([0], [2.0 + number], [2.0], 0))
    assert (given_out.point_index.tolist(), given_out.value.tolist()) == ([1], [1.0])
    assert len(reel) == 1001
    assert len(reel.samples(1)) == 1000


def test_a_point_that_a_state_has_not_is_an_error() -> None:
    state = State.unknown(2)
    with pytest.raises(IndexError, match="point 2 of 2"):
        state.take(Samples.of([2], [1.0], [1.0], 0))


arrivals = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 2, 255, N - 1, 2**32 - 1]),
        st.one_of(st.integers(-3, 12).map(float), st.sampled_from([np.nan, np.inf, -np.inf, -0.0])),
    ),
    max_size=60,
)


@given(arrivals, st.booleans(), st.booleans())
def test_any_order_of_arrival_is_put_in_order(rows: list[tuple[int, float]], few: bool, sane: bool) -> None:
    rows = [
        (point % N if few else point, time_ms if np.isfinite(time_ms) or not sane else 5.0)
        for point, time_ms in rows
    ]
    samples = Samples.of([each[0] for each in rows], [each[1] for each in rows], np.arange(len(rows)), 0)
    found, expected = in_order(samples), in_sequence(samples)
    for name in ("point_index", "time_ms", "value", "quality"):
        assert getattr(found, name).tobytes() == getattr(expected, name).tobytes()
