"""Sums of an hour come back from their bytes; damaged ones are refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.film.samples import decimals, singles
from twin.errors import DamagedFilmError
from twin.film.rollup import layout as k
from twin.film.rollup.codec import StripSums, decode, decode_point, encode

US = 1000.0
finite = st.floats(allow_nan=False, allow_infinity=False)
values = st.one_of(decimals, decimals, singles, finite, st.integers(-(2**60), 2**60).map(float))
times = st.integers(0, 3_600_000_000).map(lambda us: us / US)
KINDS = ("gauge", "counter", "state")


@st.composite
def points(draw: st.DrawFn) -> tuple[str, list[float], list[float]]:
    """A point's kind, its sums, and its states."""
    kind, known, count = draw(st.sampled_from(KINDS)), draw(times), draw(st.integers(0, 2**31))
    low, first, last, high = sorted(draw(st.lists(values, min_size=4, max_size=4)))
    states = draw(st.lists(times, min_size=1, max_size=4)) if kind == "state" else []
    share = draw(st.floats(0, 1))
    weighted = {
        "gauge": (low + (high - low) * share) * known if math.isfinite(high - low) else low * known,
        "counter": 0.0,
        "state": float(sum(number * each for number, each in enumerate(states))),
    }[kind]
    resets = draw(st.integers(0, 3)) if kind == "counter" else 0
    lost = draw(decimals) if resets else 0.0
    sums = [known, weighted, low, high, first if count else math.nan, last, float(count), lost, float(resets)]
    return kind, sums, states


@st.composite
def strips(draw: st.DrawFn) -> tuple[StripSums, np.ndarray]:
    found = draw(st.dictionaries(st.integers(0, 255), points(), max_size=6))
    order = sorted(found)
    columns = [found[point] for point in order]
    sums = np.array([each[1] for each in columns]).T if columns else k.no_sums(0)
    states = [each[2] for each in columns]
    state_at = np.append(0, np.cumsum([len(each) for each in states], dtype=np.int64)).astype(np.int64)
    flat = np.array([time_ms for each in states for time_ms in each])
    counts = np.array([each[0] == "counter" for each in columns], dtype=bool)
    return StripSums(np.array(order, dtype=np.int64), sums, state_at, flat), counts


@settings(max_examples=60, deadline=None)
@given(found=strips())
def test_sums_come_back(found: tuple[StripSums, np.ndarray]) -> None:
    strip, counts = found
    data = encode(strip, counts)
    again = decode(data)
    assert again.point.tolist() == strip.point.tolist()
    assert again.state_at.tolist() == strip.state_at.tolist()
    np.testing.assert_allclose(again.states, strip.states, atol=0.5 / US)
    exact = [k.LOW, k.HIGH, k.FIRST, k.LAST, k.COUNT, k.LOST, k.RESETS]
    np.testing.assert_array_equal(again.sums[exact], strip.sums[exact])
    np.testing.assert_allclose(again.sums[k.KNOWN], strip.sums[k.KNOWN], atol=0.5 / US)
    with np.errstate(over="ignore", invalid="ignore"):
        off = np.abs(again.sums[k.WEIGHTED] - strip.sums[k.WEIGHTED])
        size = np.maximum(np.abs(strip.sums[k.LOW]), np.abs(strip.sums[k.HIGH])) + 10.0
        allowed = size * (strip.sums[k.KNOWN] + 1) * 1e-9
    sane = size < 1e300
    assert (off[sane] <= allowed[sane] + 0.01).all()


@settings(max_examples=60, deadline=None)
@given(found=strips())
def test_one_point_is_read_as_all_are(found: tuple[StripSums, np.ndarray]) -> None:
    data = encode(*found)
    whole = decode(data)
    for point in {*found[0].point.tolist(), 0, 255}:
        one, expected = decode_point(data, point), whole.of(point)
        if expected is None:
            assert one is None
            continue
        assert one is not None
        np.testing.assert_array_equal(one[1], expected[1])
        np.testing.assert_allclose(one[0], expected[0], rtol=1e-12)


def test_damaged_sums_are_refused() -> None:
    sums = k.no_sums(1)
    sums[[k.KNOWN, k.LOW, k.HIGH, k.LAST]] = [[1000.0], [1.0], [1.0], [1.0]]
    data = encode(StripSums(np.array([7]), sums, np.array([0, 0]), np.empty(0)), np.array([False]))
    assert decode_point(data, 7) is not None
    for at in range(len(data)):
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(DamagedFilmError):
            decode(flipped)
        with pytest.raises(DamagedFilmError):
            decode_point(data[:at], 7)
