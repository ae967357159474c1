"""The finger that the benchmark of the time slider moves."""

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scrub import MOVE_EVERY_S, ROUND_S, finger_share


def test_it_begins_at_the_right_turns_at_the_left_and_comes_back() -> None:
    assert finger_share(0, 0.25, 0.75) == 0.75
    assert finger_share(ROUND_S / 2, 0.25, 0.75) == 0.25
    assert abs(finger_share(ROUND_S, 0.25, 0.75) - 0.75) < 1e-9


@given(st.floats(0, 1000), st.floats(0, 0.5), st.floats(0.5, 1))
def test_it_stays_on_its_way_and_never_jumps(passed_s: float, left: float, right: float) -> None:
    here, soon = (finger_share(at, left, right) for at in (passed_s, passed_s + MOVE_EVERY_S))
    assert left - 1e-9 <= here <= right + 1e-9
    assert abs(here - soon) <= (right - left) * 2 * MOVE_EVERY_S / ROUND_S + 1e-9
