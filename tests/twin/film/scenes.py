"""Frames of samples for the tests of the film, random and regular."""

import struct
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import Frame, Kind
from twin.film.segment import State

START_MS = 1_790_000_000_000.0
N = 600  # three strips

bits = st.integers(0, 2**64 - 1).map(lambda number: struct.unpack("<d", struct.pack("<Q", number))[0])
decimals = st.builds(
    lambda whole, places: whole / 10**places, st.integers(-(10**7), 10**7), st.integers(0, 7)
)
odd = st.sampled_from(
    [0.0, -0.0, float("inf"), float("-inf"), float("nan"), 5e-324, 2.0**53, 2.0**60, 0.1 + 0.2]
)
values = st.one_of(decimals, decimals, bits, odd)
points = st.one_of(st.integers(0, 5), st.sampled_from([255, 256, 511, 512, N - 1]))
samples = st.dictionaries(points, st.tuples(values, st.integers(0, 3)), max_size=6)
steps_ms = st.one_of(st.just(0.0), st.floats(0.001, 5000.0))
scenes = st.lists(st.tuples(steps_ms, samples), max_size=12)


def frame_of(time_ms: float, update: dict[int, tuple[float, int]]) -> Frame:
    index = sorted(update)
    return Frame(
        Kind.DELTA,
        0,
        time_ms,
        np.array(index, dtype=np.uint32),
        np.array([update[each][0] for each in index], dtype=np.float64),
        np.array([update[each][1] for each in index], dtype=np.uint8),
    )


def frames_of(
    scene: Sequence[tuple[float, dict[int, tuple[float, int]]]], start_ms: float = START_MS
) -> list[Frame]:
    frames, time_ms = [], start_ms
    for step_ms, update in scene:
        time_ms += step_ms
        frames.append(frame_of(time_ms, update))
    return frames


def folded(frames: Sequence[Frame], until_ms: float = np.inf, n: int = N) -> State:
    """The naive reference: apply every frame up to a time, one after the other."""
    state = State.unknown(n)
    for frame in frames:
        if frame.time_ms <= until_ms:
            for row, point in enumerate(frame.point_index.tolist()):
                state.value[point] = frame.value[row]
                state.quality[point] = frame.quality[row]
                state.time_ms[point] = frame.time_ms
    return state


def samples_of(frame: Frame) -> Samples:
    """What a frame holds, each sample of the frame's time."""
    return Samples.of(frame.point_index, frame.time_ms, frame.value, frame.quality)


def same_state(one: State, other: State) -> bool:
    """Equal to the bit."""
    return (
        one.value.tobytes() == other.value.tobytes()
        and one.quality.tobytes() == other.quality.tobytes()
        and one.time_ms.tobytes() == other.time_ms.tobytes()
    )
