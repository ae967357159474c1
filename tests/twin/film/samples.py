"""Segments for the tests of the film's codec: odd ones and those that devices make."""

import struct
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from telemetry_bridge.samples import Samples
from twin.film.segment import Keyframe, Segment, State

START_MS = 1_790_000_000_000.0
N = 700  # three strips

Reading = tuple[float, float, int]  # time_ms, value, quality
Run = tuple[Reading | None, list[Reading]]  # what the keyframe knows, and samples

bits = st.integers(0, 2**64 - 1).map(lambda number: struct.unpack("<d", struct.pack("<Q", number))[0])
decimals = st.builds(
    lambda whole, places: whole / 10**places, st.integers(-(10**7), 10**7), st.integers(0, 7)
)
singles = decimals.map(lambda value: float(np.float32(value)))
odd = st.sampled_from(
    [0.0, -0.0, float("inf"), float("-inf"), float("nan"), 5e-324, 2.0**53, 2.0**60, 1e300, 0.1 + 0.2]
)
values = st.one_of(decimals, decimals, singles, bits, odd)
wandering = st.builds(
    lambda start, steps, places: ((np.cumsum([start, *steps])) / 10**places).tolist(),
    st.integers(-500, 500),
    st.lists(st.integers(-3, 3), max_size=40),
    st.integers(0, 3),
)
series = st.one_of(st.lists(values, max_size=12), wandering)
starts = st.sampled_from([START_MS, START_MS, 0.0, -5000.0, START_MS + 0.25, 1e-3, -1.79e12 - 0.125, 1e18])
units = st.sampled_from([1000.0, 100.0, 10.0, 1.0, 0.001, 2.0**-12, 0.3])
points = st.one_of(st.integers(0, 5), st.sampled_from([255, 256, 257, 511, 512, N - 1]))


@st.composite
def times(draw: st.DrawFn, start_ms: float, most: int) -> list[float]:
    """Up to so many ascending times from the start on, of a beat or of none."""
    if draw(st.integers(0, 9)) == 0:
        return sorted(draw(st.sets(st.floats(start_ms, allow_infinity=True), max_size=most)))
    unit, beat = draw(units), draw(st.integers(0, 5000))
    jitter = draw(st.lists(st.integers(0, draw(st.sampled_from([1, 100, 10**7]))), max_size=most))
    found = np.unique([start_ms + unit * (i * beat + late) for i, late in enumerate(jitter)])
    return [float(time_ms) for time_ms in found if time_ms >= start_ms]


@st.composite
def runs(draw: st.DrawFn, start_ms: float, clocks: Sequence[list[float]]) -> Run:
    value = draw(series)
    time_ms = draw(st.one_of(st.sampled_from(clocks), times(start_ms, len(value)))) if clocks else []
    quality = draw(
        st.one_of(
            st.just([0] * len(value)), st.lists(st.integers(0, 255), min_size=len(value), max_size=len(value))
        )
    )
    key = draw(
        st.one_of(st.none(), st.tuples(st.sampled_from([0.0, 5000.0, 0.5, 1e9]), values, st.integers(0, 3)))
    )
    return (
        None if key is None else (start_ms - key[0], key[1], key[2]),
        list(zip(time_ms, value, quality, strict=False)),
    )


@st.composite
def scenes(draw: st.DrawFn) -> tuple[float, dict[int, Run]]:
    """A start, and runs by point, many of them at the times of others."""
    start_ms = draw(starts)
    clocks = draw(st.lists(times(start_ms, 40), min_size=1, max_size=3))
    found = draw(st.dictionaries(points, runs(start_ms, clocks), max_size=8))
    return start_ms, {point: found[point] for point in sorted(found)}


def segment_of(scene: tuple[float, dict[int, Run]]) -> Segment:
    start_ms, by_point = scene
    keys = [(point, *key) for point, (key, _) in by_point.items() if key is not None]
    rows = [(point, *each) for point, (_, readings) in by_point.items() for each in readings]
    key, sample = _samples(keys), _samples(rows)
    return Segment(start_ms, Keyframe(key.point_index, key.value, key.quality, key.time_ms), sample)


def venue(seed: int, points: int = 300, rows: int = 40) -> tuple[float, dict[int, Run]]:
    """What devices of 1 to 8 points make of some minutes: jittered beats, messages that are lost, values of
    all kinds, readings that fail, qualities that come and go.
    """
    random = np.random.default_rng(seed)
    found: dict[int, Run] = {}
    while len(found) < points:
        beat, unit = random.choice([100.0, 1000.0, 5000.0, 60_000.0]), random.choice([1.0, 1.0, 100.0, 0.001])
        stamp = (
            START_MS + (np.arange(-1, rows) + random.random()) * beat + random.normal(0, beat / 100, rows + 1)
        )
        stamp = np.unique(np.round(stamp / unit) * unit)
        stamp = stamp[random.random(len(stamp)) > random.choice([0.0, 0.1])]
        for _ in range(random.integers(1, 9)):
            found[len(found)] = _run(random, stamp)
    return START_MS, found


def _run(random: np.random.Generator, stamp: np.ndarray) -> Run:
    n = len(stamp)
    walk = random.normal(20, 5) + np.cumsum(random.normal(0, 0.2, n))
    kinds = (
        np.round(walk, 1),
        walk,
        np.round(walk, 2).astype(np.float32).astype(np.float64),
        np.cumsum(random.random(n) < 0.02) % 2.0,
        np.round(random.integers(0, 10**6) + np.cumsum(random.integers(0, 20, n)) / 1000, 3),
        1e6 + 1234.5 * np.arange(n),
        np.where(random.random(n) < 0.1, np.nan, np.round(walk, 1)),
        np.full(n, -0.0),
    )
    value = kinds[random.integers(len(kinds))]
    quality = np.where(np.cumsum(random.random(n) < random.choice([0.0, 0.1])) % 2, 2, 0)
    readings = list(zip(stamp.tolist(), value.tolist(), quality.tolist(), strict=True))
    known = [reading for reading in readings if reading[0] < START_MS]
    return (known[-1] if known else None), [reading for reading in readings if reading[0] >= START_MS]


def _samples(rows: Sequence[tuple[int, float, float, int]]) -> Samples:
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return Samples.of(*columns)


def folded(scene: tuple[float, dict[int, Run]], time_ms: float, n: int = N) -> State:
    """The naive reference: of each point the last reading up to a time."""
    state = State.unknown(n)
    for point, (key, readings) in scene[1].items():
        for reading in ([] if key is None else [key]) + [each for each in readings if each[0] <= time_ms]:
            state.time_ms[point], state.value[point], state.quality[point] = reading
    return state


def same_state(one: State, other: State) -> bool:
    """Equal to the bit."""
    return all(
        getattr(one, name).tobytes() == getattr(other, name).tobytes()
        for name in ("value", "quality", "time_ms")
    )


def same_columns(one: Samples | Keyframe, other: Samples | Keyframe) -> bool:
    names = ("point_index", "time_ms", "value", "quality")
    return all(
        getattr(one, name).dtype == getattr(other, name).dtype
        and getattr(one, name).tobytes() == getattr(other, name).tobytes()
        for name in names
    )


def same_segment(one: Segment, other: Segment) -> bool:
    """Equal to the bit."""
    return (
        np.float64(one.start_ms).tobytes() == np.float64(other.start_ms).tobytes()
        and same_columns(one.keyframe, other.keyframe)
        and same_columns(one.samples, other.samples)
    )
