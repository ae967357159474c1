"""The state at any time is what applying frame after frame gives."""

from hypothesis import given
from hypothesis import strategies as st

from tests.twin.film.scenes import START_MS, N, folded, frames_of, same_state, scenes, segment_of


@given(scenes, scenes, st.floats(0, 70_000))
def test_state_at_any_time(before: list, scene: list, after_ms: float) -> None:  # type: ignore[type-arg]
    earlier = frames_of(before)
    start_ms = earlier[-1].time_ms if earlier else START_MS
    frames = frames_of(scene, start_ms)
    segment = segment_of(earlier, frames)
    for time_ms in (start_ms + after_ms, *(frame.time_ms for frame in frames)):
        assert same_state(segment.state_at(time_ms, N), folded([*earlier, *frames], time_ms)) or (
            time_ms < segment.start_ms
        )


@given(scenes)
def test_a_track_is_one_points_samples(scene: list) -> None:  # type: ignore[type-arg]
    frames = frames_of(scene)
    segment = segment_of([], frames)
    for point in (0, 3, 1024, N - 1):
        expected = [
            (frame.time_ms, int(frame.quality[row]))
            for frame in frames
            for row in range(len(frame))
            if frame.point_index[row] == point
        ]
        track = segment.track(point)
        assert list(zip(track.time_ms.tolist(), track.quality.tolist(), strict=True)) == expected
