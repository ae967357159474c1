"""When pictures were taken: order, spacing, bursts, late packets, jumps, a clock that is set."""

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from twin.video.moments import Moments, Placed

BEGIN_MS = 1_000_000.0
STEP_S = 0.04


def placed(moments: Moments, arrivals_ms: list[float], step_s: float = STEP_S) -> list[Placed]:
    return [moments.place(number * step_s, at) for number, at in enumerate(arrivals_ms)]


def on_time(count: int, begin_ms: float = BEGIN_MS, speed: float = 1.0) -> list[float]:
    return [begin_ms + number * STEP_S * 1000.0 * speed for number in range(count)]


@given(late=st.lists(st.floats(0.0, 900.0), min_size=2, max_size=60))
def test_packets_that_come_late_are_spaced_as_the_camera_says(late: list[float]) -> None:
    arrivals = list(accumulate((at + more for at, more in zip(on_time(len(late)), late, strict=True)), max))
    found = placed(Moments(), arrivals)
    steps = [after.time_ms - before.time_ms for before, after in pairwise(found)]
    assert all(step >= 1 for step in steps)
    assert all(step <= STEP_S * 1000.0 * 1.01 + 1 for step in steps)
    assert all(each.broken == "none" for each in found)
    # Nothing is said to have been taken after it came.
    assert all(
        each.time_ms <= round(at) + number
        for number, (each, at) in enumerate(zip(found, arrivals, strict=True))
    )


def test_a_steady_camera_keeps_its_spacing_however_its_packets_jitter() -> None:
    jitter = [0.0, 35.0, 12.0, 50.0, 0.0, 20.0] * 20
    found = placed(Moments(), [at + more for at, more in zip(on_time(120), jitter, strict=True)])
    steps = {after.time_ms - before.time_ms for before, after in pairwise(found)}
    assert steps <= {40, 41, 39}


def test_what_a_connection_brings_at_once_was_taken_before() -> None:
    moments = Moments()
    held = [(number * STEP_S, BEGIN_MS + number) for number in range(50)]  # two seconds within 50 ms
    assert moments.first_ms(held) == BEGIN_MS + 49 - 49 * 40.0
    assert Moments(last_ms=BEGIN_MS).first_ms(held) == BEGIN_MS + 1.0


def test_a_camera_that_stays_late_is_placed_anew_and_one_that_catches_up_is_not() -> None:
    catching = Moments()
    placed(catching, on_time(25))
    stall = [
        BEGIN_MS + 3000.0 + number for number in range(50)
    ]  # stood still for two seconds, then all at once
    found = [catching.place((25 + number) * STEP_S, at) for number, at in enumerate(stall)]
    assert {each.broken for each in found} == {"none"}
    assert found[-1].time_ms - found[0].time_ms <= 49 * 41
    late = Moments()
    placed(late, on_time(25))
    found = [
        late.place((25 + number) * STEP_S, at) for number, at in enumerate(on_time(250, BEGIN_MS + 4000.0))
    ]
    assert [each.broken for each in found].count("gap") == 1
    assert abs(found[-1].time_ms - (BEGIN_MS + 4000.0 + 249 * 40.0)) <= 1


@given(jump_s=st.floats(-1e6, 1e6).filter(lambda each: not -0.001 <= each <= 10.1))
def test_a_jump_of_the_cameras_time_is_none_of_ours(jump_s: float) -> None:
    moments = Moments()
    last = placed(moments, on_time(25))[-1]
    after = moments.place(24 * STEP_S + jump_s, BEGIN_MS + 25 * 40.0)
    assert after.broken == "none"
    assert last.time_ms < after.time_ms <= BEGIN_MS + 25 * 40.0 + 1


def test_a_clock_that_is_set_back_begins_a_take_and_one_set_forward_a_gap() -> None:
    moments = Moments()
    placed(moments, on_time(25))
    back = moments.place(25 * STEP_S, BEGIN_MS - 3_600_000.0)
    assert (back.broken, back.time_ms) == ("set-back", BEGIN_MS - 3_600_000.0)
    forward = Moments()
    placed(forward, on_time(25))
    found = [
        forward.place((25 + number) * STEP_S, at)
        for number, at in enumerate(on_time(200, BEGIN_MS + 3_600_000.0))
    ]
    assert [each.broken for each in found].count("gap") == 1
    assert found[-1].time_ms == round(BEGIN_MS + 3_600_000.0 + 199 * 40.0)


def test_where_the_venues_time_runs_faster_so_do_recordings() -> None:
    found = placed(Moments(speed=10.0), on_time(50, speed=10.0))
    assert found[-1].time_ms - found[0].time_ms == 49 * 400
