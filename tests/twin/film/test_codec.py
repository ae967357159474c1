"""A segment is its bytes, and its bytes are the segment."""

import contextlib
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.film.samples import N, Run, folded, same_columns, same_segment, same_state, scenes, segment_of
from twin.errors import DamagedFilmError
from twin.film.codec import (
    STRIP_POINTS,
    decode_chunk,
    decode_segment,
    encode_chunk,
    encode_segment,
    open_strip,
    strip_of,
)
from twin.film.segment import State

Scene = tuple[float, dict[int, Run]]


@settings(max_examples=300)
@given(scenes())
def test_round_trip_to_the_bit(scene: Scene) -> None:
    segment = segment_of(scene)
    strips = encode_segment(segment)
    assert set(strips) == {strip_of(point) for point, (key, rows) in scene[1].items() if key or rows}
    if strips:
        found = decode_segment(strips)
        assert same_segment(found, segment)
        assert encode_segment(found) == strips


@settings(max_examples=300)
@given(scenes(), st.floats(0, 1e6), st.integers(0, 10**6))
def test_the_state_of_any_moment_is_the_naive_one(scene: Scene, after_ms: float, which: int) -> None:
    strips = encode_segment(segment_of(scene))
    stamps = [reading[0] for _, rows in scene[1].values() for reading in rows]
    moments = [scene[0] + after_ms, scene[0]] + ([stamps[which % len(stamps)]] if stamps else [])
    for time_ms in moments:
        state = State.unknown(N)
        for data in strips.values():
            open_strip(data).state_at(time_ms, state)
        assert same_state(state, folded(scene, time_ms))


@given(scenes(), st.sampled_from([0, 1, 3, 255, 256, 512, N - 1, 100, 5000]))
def test_one_point_is_read_alone(scene: Scene, point: int) -> None:
    segment = segment_of(scene)
    for number, data in encode_segment(segment).items():
        strip = open_strip(data)
        own = number == strip_of(point)
        for whole, part in ((segment.track, strip.track), (segment.at_start, strip.at_start)):
            expected, found = whole(point), part(point)
            for name in ("time_ms", "value", "quality"):
                wanted = getattr(expected, name)[: len(expected) if own else 0]
                assert getattr(found, name).tobytes() == wanted.tobytes()


@given(scenes(), st.randoms(use_true_random=False))
def test_a_chunk_keeps_samples_as_they_came(scene: Scene, random: np.random.Generator) -> None:
    segment = segment_of(scene)
    order = list(range(len(segment)))
    random.shuffle(order)
    samples = segment.samples[np.array(order, dtype=np.int64)]
    keyframe, found = decode_chunk(encode_chunk(segment.keyframe, samples))
    assert same_columns(keyframe, segment.keyframe)
    assert same_columns(found, samples)
