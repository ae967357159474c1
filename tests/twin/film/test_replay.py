"""Wishes are read, and deltas add up to the state, forwards and backwards."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.wire import Frame, Kind, Quality
from tests.twin.film.scenes import START_MS, N, folded, frames_of, scenes
from twin.film.replay import Place, Player, delta, snapshot
from twin.film.segment import State
from twin.film.wishes import Ack, Pause, Play, Seek, read_wish


def show(shown: State, frame: Frame) -> None:
    """What a viewer does with a frame."""
    shown.value[frame.point_index] = frame.value
    shown.quality[frame.point_index] = frame.quality


@given(scenes, st.lists(st.integers(0, 12), min_size=1, max_size=6))
def test_deltas_from_any_moment_to_any_other_add_up(scene: list, visits: list[int]) -> None:  # type: ignore[type-arg]
    frames = frames_of(scene)
    states = [folded(frames[:count]) for count in range(len(frames) + 1)]
    path = [states[min(visit, len(frames))] for visit in visits]
    shown = State.unknown(N)
    first = snapshot(path[0], 1, START_MS)
    assert (first.kind, first.replay, len(first)) == (Kind.SNAPSHOT, True, path[0].known.sum())
    show(shown, first)
    for before, after in itertools.pairwise(path):
        frame = delta(before, after, 2, START_MS)
        assert (frame.kind, frame.replay) == (Kind.DELTA, True)
        show(shown, frame)
        assert shown.value.tobytes() == after.value.tobytes()
        assert shown.quality.tobytes() == after.quality.tobytes()


def test_a_point_that_is_not_known_any_more_is_bad_and_without_a_value() -> None:
    (frame,) = frames_of([(1.0, {3: (5.0, 0)})])
    back = delta(folded([frame]), State.unknown(N), 2, START_MS)
    assert back.point_index.tolist() == [3]
    assert np.isnan(back.value[0])
    assert back.quality.tolist() == [Quality.BAD]


def test_speed_and_direction() -> None:
    player = Player(Place(1000.0), speed=-60.0, since_s=7.0)
    assert player.target(7.1) == pytest.approx(-5000.0)
    player.stand(Place(-5000.0), 7.1)
    assert player.target(7.1) == -5000.0
    with pytest.raises(ValueError, match="nowhere"):
        Player().target(1.0)


def test_what_may_be_asked_for() -> None:
    seek = read_wish('{"type": "seek", "time": "2026-11-21T16:30:00.250+08:00"}')
    assert isinstance(seek, Seek)
    assert seek.time_ms == 1795249800250.0
    assert read_wish('{"type": "play"}') == Play(type="play", speed=1.0)
    assert read_wish('{"type": "play", "speed": -3600}') == Play(type="play", speed=-3600.0)
    assert read_wish('{"type": "pause"}') == Pause(type="pause")
    assert read_wish('{"type": "ack", "seq": 7}') == Ack(type="ack", seq=7)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"type": "seek", "time": "2026-11-21T16:30:00"}, "timezone"),
        ({"type": "seek", "time": None}, "time"),
        ({"type": "play", "speed": 0.05}, "0.1 to 3600"),
        ({"type": "play", "speed": "fast"}, "speed"),
        ({"type": "ack", "seq": -1}, "seq"),
        ({"type": "rewind"}, "rewind"),
        ({}, "type"),
    ],
)
def test_what_may_not_says_why(message: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_wish(json.dumps(message))
