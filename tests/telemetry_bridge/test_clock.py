"""Clocks: the simulated one runs at its speed, and never jumps."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.clock import SimulatedClock, SystemClock


class Hand:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_system_clock_is_unix_time() -> None:
    before = time.time() * 1000
    assert before <= SystemClock().now_ms() <= time.time() * 1000


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e4)), max_size=20))
def test_time_is_the_sum_of_what_each_speed_brought(steps: list[tuple[float, float]]) -> None:
    hand = Hand()
    clock = SimulatedClock(5000.0, 1.0, hand)
    expected, speed = 5000.0, 1.0
    for seconds, next_speed in steps:
        hand.now_s += seconds
        expected += seconds * speed * 1000
        assert clock.now_ms() == pytest.approx(expected, rel=1e-9, abs=1e-3)
        clock.set_speed(next_speed)
        assert clock.now_ms() == pytest.approx(expected, rel=1e-9, abs=1e-3)
        speed = next_speed
    assert clock.speed == speed


@pytest.mark.parametrize("speed", [-1.0, math.inf, math.nan])
def test_a_nonsense_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        SimulatedClock(0.0, speed)
