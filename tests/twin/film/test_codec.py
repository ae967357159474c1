"""A segment is its bytes, and its bytes are the segment."""

import contextlib
import itertools
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.film.scenes import frames_of, same_segment, scenes, segment_of
from twin.errors import DamagedFilmError
from twin.film.codec import decode_segment, decode_strip, encode_segment
from twin.film.segment import Segment


@settings(max_examples=200)
@given(scenes, scenes)
def test_round_trip_to_the_bit(before: list, scene: list) -> None:  # type: ignore[type-arg]
    segment = segment_of(frames_of(before), frames_of(scene))
    data = encode_segment(segment)
    assert same_segment(decode_segment(data), segment)
    assert encode_segment(decode_segment(data)) == data


@given(scenes, scenes, st.sampled_from([0, 3, 1024, 2048, 2099, 5000]))
def test_a_strip_alone_knows_its_points(before: list, scene: list, point: int) -> None:  # type: ignore[type-arg]
    segment = segment_of(frames_of(before), frames_of(scene))
    strip = decode_strip(encode_segment(segment), point)
    for whole, part in ((segment.track, strip.track), (segment.at_start, strip.at_start)):
        assert whole(point).value.tobytes() == part(point).value.tobytes()
        assert whole(point).time_ms.tobytes() == part(point).time_ms.tobytes()
        assert whole(point).quality.tobytes() == part(point).quality.tobytes()


@given(scenes, st.lists(st.integers(0, 12), max_size=3))
def test_parts_join_to_the_whole(scene: list, cuts: list[int]) -> None:  # type: ignore[type-arg]
    frames = frames_of(scene)
    whole = segment_of([], frames)
    edges = [0, *sorted(min(cut, len(frames)) for cut in cuts), len(frames)]
    parts = [
        Segment.of(whole.start_ms, whole.keyframe, frames[first:last])
        for first, last in itertools.pairwise(edges)
    ]
    assert same_segment(Segment.joined(parts), whole)


SCENE = [(1.0, {0: (21.5, 0), 1: (7.25, 1)}), (200.0, {0: (21.6, 0), 2000: (float("nan"), 2)})]


def test_any_bit_that_changed_is_noticed() -> None:
    data = encode_segment(segment_of([], frames_of(SCENE)))
    for place in range(len(data)):
        with pytest.raises(DamagedFilmError):
            decode_segment(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        with pytest.raises(DamagedFilmError):
            decode_segment(data[:place])


@settings(max_examples=300)
@given(st.data())
def test_nonsense_with_a_right_checksum_is_refused_or_read_never_a_crash(data: st.DataObject) -> None:
    body = bytearray(encode_segment(segment_of([], frames_of(SCENE)))[9:])
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    sealed = struct.pack("<4sBI", b"FILM", 1, zlib.crc32(body)) + bytes(body)
    with contextlib.suppress(DamagedFilmError):
        assert decode_segment(sealed).start_ms is not None
