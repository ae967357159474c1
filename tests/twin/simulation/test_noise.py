import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin.simulation.noise import keys_of, normal, smooth, uniform

TICKS = st.integers(-(2**40), 2**40)
SEEDS = st.integers(0, 2**63)


@given(seed=SEEDS, tick=TICKS)
def test_a_key_gives_the_same_number_whoever_stands_beside_it(seed: int, tick: int) -> None:
    alone = uniform(keys_of(seed, ["b"]), tick)
    among = uniform(keys_of(seed, ["a", "b", "c"]), tick)
    assert alone[0] == among[1]
    assert 0.0 <= alone[0] < 1.0


def test_uniform_is_uniform() -> None:
    numbers = uniform(keys_of(1, [f"k{i}" for i in range(20_000)]), 5)
    counts, _ = np.histogram(numbers, bins=20, range=(0, 1))
    assert abs(counts - 1000).max() < 150  # five standard deviations


def test_channels_and_ticks_are_independent() -> None:
    keys = keys_of(1, [f"k{i}" for i in range(20_000)])
    first = uniform(keys, 5)
    for other in (uniform(keys, 6), uniform(keys, 5, channel=1)):
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.03


def test_normal_has_mean_zero_and_variance_one() -> None:
    numbers = normal(keys_of(3, [f"k{i}" for i in range(20_000)]), 0)
    assert abs(numbers.mean()) < 0.03
    assert abs(numbers.std() - 1.0) < 0.03


@given(seed=SEEDS, time_s=st.floats(0, 4e9), period_s=st.floats(10, 1e6))
def test_smooth_noise_has_no_jumps(seed: int, time_s: float, period_s: float) -> None:
    keys = keys_of(seed, ["x", "y"])
    step = period_s / 1000.0
    here, next_to_it = smooth(keys, time_s, period_s), smooth(keys, time_s + step, period_s)
    # The steepest slope of the ease curve is 1.5, between values at most 2 apart.
    assert np.all(np.abs(here) <= 1.0)
    assert np.all(np.abs(next_to_it - here) <= 1.5 * 2 * 1.02 / 1000.0 + 1e-6)
