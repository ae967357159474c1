"""The live state against a plain reference: a dictionary and a loop."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry_bridge.live import SIMULATOR_RESTS_MS, LiveState
from telemetry_bridge.wire import Quality

N = 4
LOW = np.array([-10.0, 0.0, -np.inf, 0.0])
HIGH = np.array([10.0, 1.0, np.inf, 100.0])
PERIOD_MS = np.array([1000.0, 1000.0, 50.0, 1e6])
BEATS_MS = 500.0


def new_state(speed: float = 1.0) -> LiveState:
    state = LiveState(LOW, HIGH, PERIOD_MS, BEATS_MS)
    state.speed = speed
    return state


Sample = tuple[int, float, float, Quality]


@dataclass
class Known:
    value: float
    time_ms: float
    quality: int
    simulated: bool


class Reference:
    """What the docstring of `live` says, one sample at a time."""

    def __init__(self, speed: float) -> None:
        self.known: dict[int, Known] = {}
        self.speed = speed

    def silence_ms(self, index: int, simulated: bool) -> float:
        if not simulated:
            return float(3 * PERIOD_MS[index] * self.speed)
        rests_ms = SIMULATOR_RESTS_MS * self.speed if self.speed > 1 else 0.0
        return float(max(3 * PERIOD_MS[index], rests_ms))

    def apply(self, samples: list[Sample], now_ms: float) -> list[bool]:
        applied = [False] * len(samples)
        for simulated in (False, True):
            rows = [
                row for row, sample in enumerate(samples) if (sample[3] == Quality.SIMULATED) is simulated
            ]
            for row in sorted(rows, key=lambda row: samples[row][2]):
                applied[row] = True
                self._one(samples[row], simulated, now_ms, applied, row)
        return applied

    def _one(self, sample: Sample, simulated: bool, now_ms: float, applied: list[bool], row: int) -> None:
        index, value, time_ms, quality = sample
        old = self.known.get(index)
        if old is not None:
            outranked = simulated and not old.simulated and time_ms - old.time_ms < BEATS_MS * self.speed
            outranks = not simulated and old.simulated and old.time_ms - time_ms < BEATS_MS * self.speed
            if (time_ms < old.time_ms and not outranks) or outranked:
                applied[row] = False
                return
        kept = value if math.isfinite(value) else (old.value if old else math.nan)
        if not math.isfinite(value) or not LOW[index] <= value <= HIGH[index]:
            judged = Quality.BAD
        elif quality != Quality.BAD and now_ms - time_ms > self.silence_ms(index, simulated):
            judged = Quality.STALE
        else:
            judged = quality
        self.known[index] = Known(kept, time_ms, int(judged), simulated)

    def mark_stale(self, now_ms: float) -> None:
        for index, known in self.known.items():
            silent = now_ms - known.time_ms > self.silence_ms(index, known.simulated)
            if silent and known.quality in (Quality.GOOD, Quality.SIMULATED):
                known.quality = int(Quality.STALE)


_values = st.one_of(
    st.integers(-12, 12).map(float), st.sampled_from([math.nan, math.inf, -math.inf, 1e300, 0.5])
)
_samples = st.tuples(
    st.integers(0, N - 1),
    _values,
    st.integers(0, 60).map(lambda step: step * 100.0),
    st.sampled_from(list(Quality)),
)
_batches = st.lists(
    st.tuples(st.lists(_samples, max_size=8), st.integers(0, 80).map(lambda step: step * 100.0)), max_size=6
)


def apply(state: LiveState, samples: list[Sample], now_ms: float) -> list[bool]:
    index, value, time_ms, quality = ([sample[each] for sample in samples] for each in range(4))
    return [bool(each) for each in state.apply(index, value, time_ms, quality, now_ms)]


def contents(state: LiveState) -> dict[int, tuple[float, float, int, bool]]:
    return {
        int(index): (
            float(state.value[index]),
            float(state.time_ms[index]),
            int(state.quality[index]),
            bool(state.simulated[index]),
        )
        for index in np.flatnonzero(state.known)
    }


def expected(reference: Reference) -> dict[int, tuple[float, float, int, bool]]:
    return {
        index: (known.value, known.time_ms, known.quality, known.simulated)
        for index, known in sorted(reference.known.items())
    }


def same(
    left: dict[int, tuple[float, float, int, bool]], right: dict[int, tuple[float, float, int, bool]]
) -> bool:
    # repr, since NaN is not equal to itself.
    return repr(left) == repr(right)


@settings(max_examples=300)
@given(_batches, st.sampled_from([1.0, 3.0]))
def test_columns_do_what_one_sample_at_a_time_would(
    batches: list[tuple[list[Sample], float]], speed: float
) -> None:
    state, reference = new_state(speed), Reference(speed)
    for samples, now_ms in batches:
        applied = apply(state, samples, now_ms)
        assert applied == reference.apply(samples, now_ms)
        assert same(contents(state), expected(reference))
        state.mark_stale(now_ms)
        reference.mark_stale(now_ms)
        assert same(contents(state), expected(reference))


_times = st.lists(st.integers(0, 60), min_size=1, max_size=7, unique=True)


@settings(max_examples=300)
@given(_times, st.data())
def test_the_order_in_which_samples_come_changes_nothing(times: list[int], data: st.DataObject) -> None:
    """Workers may send a batch again, and devices take their time."""
    qualities = st.sampled_from([Quality.GOOD, Quality.SIMULATED])
    samples = [(0, float(time % 7), time * 100.0, data.draw(qualities)) for time in times]
    shuffled = data.draw(st.permutations(samples * 2))
    states = new_state(), new_state()
    for state, order in zip(states, (samples, shuffled), strict=True):
        for sample in order:
            apply(state, [sample], 6000.0)
    assert same(contents(states[0]), contents(states[1]))


@settings(max_examples=200)
@given(_batches)
def test_what_changed_adds_up_to_the_snapshot(batches: list[tuple[list[Sample], float]]) -> None:
    state = new_state()
    shown: dict[int, tuple[float, int]] = {}
    for samples, now_ms in batches:
        before = {index: entry[:1] + entry[2:3] for index, entry in contents(state).items()}
        apply(state, samples, now_ms)
        state.mark_stale(now_ms)
        after = {index: entry[:1] + entry[2:3] for index, entry in contents(state).items()}
        changed = state.take_changed()
        really = {index for index in after if repr(after[index]) != repr(before.get(index))}
        assert really <= set(changed.point_index.tolist())
        assert np.all(np.diff(changed.point_index.astype(int)) > 0)
        for index, value, quality in zip(
            changed.point_index.tolist(), changed.value.tolist(), changed.quality.tolist(), strict=True
        ):
            shown[index] = (value, quality)
    snapshot = state.snapshot()
    whole = dict(
        zip(
            snapshot.point_index.tolist(),
            zip(snapshot.value.tolist(), snapshot.quality.tolist(), strict=True),
            strict=True,
        )
    )
    assert repr(whole) == repr(dict(sorted(shown.items())))


def test_nothing_is_known_at_first() -> None:
    state = new_state()
    assert len(state) == N
    assert len(state.snapshot()) == 0
    assert state.mark_stale(1e15) == 0
    assert len(state.take_changed()) == 0


def test_a_repeated_value_is_no_change_but_keeps_the_point_alive() -> None:
    state = new_state()
    state.apply([0], [5.0], 0.0, Quality.GOOD, 0.0)
    assert len(state.take_changed()) == 1
    state.apply([0], [5.0], 2900.0, Quality.GOOD, 2900.0)
    assert len(state.take_changed()) == 0
    assert state.mark_stale(5800.0) == 0
    assert state.mark_stale(5901.0) == 1
    assert state.take_changed().quality.tolist() == [Quality.STALE]
    assert state.mark_stale(6000.0) == 0
    state.apply([0], [5.0], 6000.0, Quality.GOOD, 6000.0)
    assert state.take_changed().quality.tolist() == [Quality.GOOD]


def test_nonsense_keeps_the_last_value_and_marks_it_bad() -> None:
    state = new_state()
    state.apply([0], [5.0], 0.0, Quality.GOOD, 0.0)
    state.apply([0], [math.nan], 10.0, Quality.GOOD, 10.0)
    assert contents(state)[0] == (5.0, 10.0, Quality.BAD, False)
    state.apply([0], [250.0], 20.0, Quality.GOOD, 20.0)
    assert contents(state)[0] == (250.0, 20.0, Quality.BAD, False)
    state.apply([0], [6.0], 30.0, Quality.GOOD, 30.0)
    assert contents(state)[0] == (6.0, 30.0, Quality.GOOD, False)


def test_the_real_one_beats_the_simulated_one_until_it_is_silent() -> None:
    state = new_state()
    state.apply([0], [1.0], 0.0, Quality.SIMULATED, 0.0)
    assert state.apply([0], [2.0], 0.0, Quality.GOOD, 0.0).all()
    assert not state.apply([0], [3.0], BEATS_MS - 1, Quality.SIMULATED, 0.0).any()
    assert state.apply([0], [3.0], BEATS_MS, Quality.SIMULATED, 0.0).all()
    assert not state.apply([0], [4.0], 0.0, Quality.GOOD, 0.0).any()
    assert state.apply([0], [4.0], 1.0, Quality.GOOD, 0.0).all(), "the device's clock is a little behind"


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_within_a_batch_time_decides_not_order(order: list[int]) -> None:
    state = new_state()
    values, times = np.array([1.0, 2.0]), np.array([100.0, 200.0])
    state.apply([0, 0], values[order], times[order], Quality.GOOD, 200.0)
    assert contents(state)[0][:2] == (2.0, 200.0)
