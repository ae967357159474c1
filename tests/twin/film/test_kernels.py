"""Numbers, clocks and runs as the codec's loops see them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.samples import Samples
from tests.twin.film.samples import START_MS, decimals, same_segment, segment_of, venue
from twin.film import kernels, layout
from twin.film.codec import (
    Strip,
    decode_chunk,
    decode_segment,
    encode_chunk,
    encode_segment,
    open_strip,
    warm_up,
)
from twin.film.segment import Keyframe, Segment, State

integers = st.integers(-(2**63), 2**63 - 1)


@given(integers)
def test_zigzag(number: int) -> None:
    assert kernels.unzigzag(np.uint64(kernels.zigzag(number))) == number
    assert kernels.zigzag(number) == (2 * number if number >= 0 else -2 * number - 1)


@given(decimals, st.integers(0, kernels.CODES - 1).filter(lambda code: code != kernels.BITS))
def test_a_value_that_fits_comes_back(value: float, code: int) -> None:
    if kernels.fits(value, code):
        assert kernels.real(int(kernels.scaled(value, code)), code) == value


def test_short_decimals_fit() -> None:
    for code in range(7):
        assert kernels.fits(12345 / 10**code, code)
        assert kernels.fits(float(np.float32(12345 / 10**code)), kernels.SINGLE + code)
    assert not kernels.fits(0.1 + 0.2, 6)
    assert not kernels.fits(2.0**60, 0)


@given(st.floats(-1e18, 1e18), st.sampled_from([0, 1, 2, 3, 15, 16, 17]))
def test_the_latest_number_of_a_time(time_ms: float, code: int) -> None:
    number = kernels.latest(time_ms, code)
    if abs(number) < kernels.EXACT:
        assert kernels.real(number, code) <= time_ms < kernels.real(number + 1, code)
    else:
        assert (number > 0) == (time_ms > 0)


def strip_of_one(time_ms: np.ndarray, value: np.ndarray) -> Strip:
    samples = Samples.of(np.zeros(len(time_ms)), time_ms, value, 0)
    segment = Segment(START_MS, Keyframe.empty(), samples)
    strips = encode_segment(segment)
    assert same_segment(decode_segment(strips), segment)
    return open_strip(strips[0])


def jittered(n: int, beat_ms: float, sigma_ms: float, unit_ms: float) -> np.ndarray:
    random = np.random.default_rng(n)
    late = random.normal(0, sigma_ms, n)
    return np.round((START_MS + 1000 + beat_ms * np.arange(n) + late) / unit_ms) * unit_ms


@pytest.mark.parametrize("unit_ms", [1.0, 100.0])
def test_a_clock_that_keeps_to_its_grid_is_told_at_any_place(unit_ms: float) -> None:
    strip = strip_of_one(jittered(60, 5000, 50, unit_ms), np.zeros(60))
    assert strip.clocks[layout.C_WAY, 0] == kernels.GRID
    assert strip.clocks[layout.C_DIRECT, 0]
    assert strip.clocks[layout.C_BEAT, 0] == 5000 / unit_ms


def test_messages_that_were_lost_do_not_move_the_grid() -> None:
    kept = np.delete(jittered(60, 5000, 50, 1), [10, 11, 12, 30, 45])
    strip = strip_of_one(kept, np.zeros(55))
    assert strip.clocks[layout.C_WAY, 0] in (kernels.GRID, kernels.SLOW)
    late = strip.data[strip.at[layout.TIMES] : strip.at[layout.TIMES + 1]]
    assert (late >= kernels.LITERAL).sum() <= 3 + 5  # the losses, and jitter beyond 2.5 sigma


def test_a_steady_clock_and_a_steady_counter_take_no_room() -> None:
    n = 10_000
    strip = strip_of_one(START_MS + 250.0 * np.arange(n), 5e6 + 0.125 * np.arange(n))
    assert strip.clocks[layout.C_WAY, 0] == kernels.STEADY
    assert strip.runs[layout.R_SLOPE, 0] == 125
    assert strip.data.nbytes == layout.CLOCK_BYTES + layout.RUN_BYTES


def clocks_of(*times_ms: np.ndarray) -> Strip:
    """A strip of points with these times, each of which comes back."""
    index = np.repeat(np.arange(len(times_ms)), [len(each) for each in times_ms])
    segment = Segment(START_MS, Keyframe.empty(), Samples.of(index, np.concatenate(times_ms), 0.0, 0))
    strips = encode_segment(segment)
    assert same_segment(decode_segment(strips), segment)
    return open_strip(strips[0])


@pytest.mark.parametrize("early", range(13))
def test_a_clock_that_is_off_its_beat_a_few_times_is_not_steady(early: int) -> None:
    """Eight times cost as much as another beat does, and were taken for a steady clock."""
    beats = START_MS + 1000 + 5000.0 * np.arange(61)
    time_ms = beats - np.where(np.arange(61) % 5 == 3, 100.0, 0.0) * (np.arange(61) < 5 * early)
    strip = clocks_of(beats + 100, time_ms)
    assert (strip.clocks[layout.C_WAY, 1] == kernels.STEADY) == (early == 0)


@given(st.integers(2, 80), st.lists(st.tuples(st.integers(0, 79), st.integers(-3, 3)), max_size=30))
def test_what_is_nearly_steady_comes_back(n: int, off: list[tuple[int, int]]) -> None:
    beats, late = START_MS + 1000 + 5000.0 * np.arange(80), np.zeros(80)
    for row, units in off:
        late[row] = 100.0 * units
    clocks_of(beats + 100, (beats + late)[:n])


def test_a_reading_that_fails_does_not_cost_the_others() -> None:
    value = np.round(20 + np.random.default_rng(1).normal(0, 0.2, 100), 1)
    value[[0, 17, 50]] = np.nan, -0.0, np.inf
    strip = strip_of_one(START_MS + 1000.0 * np.arange(100), value)
    assert strip.runs[layout.R_CODE, 0] == 1
    assert strip.at[layout.CHANGES] - strip.at[layout.VALUES_WIDE] <= 4 * layout.WORD


def test_decimals_from_single_precision_are_seen() -> None:
    value = np.round(np.linspace(20, 25, 100), 2).astype(np.float32).astype(np.float64)
    strip = strip_of_one(START_MS + 1000.0 * np.arange(100), value)
    assert strip.runs[layout.R_CODE, 0] == kernels.SINGLE + 2


def test_a_devices_points_share_its_times() -> None:
    time_ms = np.tile(jittered(20, 1000, 10, 1), 3)
    samples = Samples.of(np.repeat([3, 4, 9], 20), time_ms, 0.0, 0)
    strip = open_strip(encode_segment(Segment(START_MS, Keyframe.empty(), samples))[0])
    assert strip.clocks.shape[1] == 1
    assert strip.runs[layout.R_CLOCK].tolist() == [0, 0, 0]


def test_once_warm_nothing_is_compiled() -> None:
    warm_up()
    loops = [
        getattr(kernels, name) for name in vars(kernels) if hasattr(getattr(kernels, name), "signatures")
    ]
    known = [len(loop.signatures) for loop in loops]
    segment = segment_of(venue(1, 20, 5))
    for strip in map(open_strip, encode_segment(segment).values()):
        strip.state_at(START_MS, State.unknown(20))
        strip.track(3)
        strip.segment()
    decode_chunk(encode_chunk(segment.keyframe, segment.samples[::-1]))
    assert [len(loop.signatures) for loop in loops] == known
