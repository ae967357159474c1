"""A segment is its bytes, and its bytes are the segment."""

import contextlib
import struct
import zlib
from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry_bridge.samples import Samples
from tests.twin.film.samples import (
    START_MS,
    N,
    Run,
    folded,
    same_columns,
    same_segment,
    same_state,
    scenes,
    segment_of,
    venue,
)
from twin.errors import DamagedFilmError
from twin.film import columns, kernels
from twin.film.codec import (
    MOST,
    STRIP_POINTS,
    decode_chunk,
    decode_segment,
    encode_chunk,
    encode_segment,
    open_strip,
    open_strips,
    strip_of,
)
from twin.film.segment import Keyframe, Segment, State

Scene = tuple[float, dict[int, Run]]


SEAL, HEAD = 9, 16  # bytes of magic number, version and checksum; of start, number and counts
SCENE: Scene = (START_MS, venue(3, 40, 12)[1])


@settings(max_examples=200)
@given(scenes())
def test_round_trip_to_the_bit(scene: Scene) -> None:
    segment = segment_of(scene)
    strips = encode_segment(segment)
    assert set(strips) == {strip_of(point) for point, (key, rows) in scene[1].items() if key or rows}
    if strips:
        found = decode_segment(strips)
        assert same_segment(found, segment)
        assert encode_segment(found) == strips


@settings(max_examples=200)
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


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_what_devices_make_comes_back_and_is_found(seed: int) -> None:
    scene = venue(seed)
    segment = segment_of(scene)
    strips = encode_segment(segment)
    assert same_segment(decode_segment(strips), segment)
    for time_ms in START_MS + np.random.default_rng(seed).uniform(0, 300_000, 5):
        state = State.unknown(N)
        for data in strips.values():
            open_strip(data).state_at(float(time_ms), state)
        assert same_state(state, folded(scene, float(time_ms)))


def test_what_devices_make_is_small() -> None:
    segment = segment_of(venue(1, 2560, 60))
    gauges = segment.samples[np.flatnonzero(np.round(segment.samples.value, 3) == segment.samples.value)]
    small = Segment(START_MS, Keyframe.empty(), gauges)
    assert sum(map(len, encode_segment(small).values())) < 2 * len(small)


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


@settings(max_examples=50)
@given(st.lists(scenes(), max_size=3), st.sampled_from([0, 1, 255, 256, N - 1]), st.floats(0, 1e6))
def test_strips_opened_together_are_what_each_is_alone(
    film: list[Scene], point: int, after_ms: float
) -> None:
    blobs = [data for scene in film for data in encode_segment(segment_of(scene)).values()]
    together = open_strips(blobs)
    assert len(together) == len(blobs)
    alone, whole = State.unknown(N), together.state_at(START_MS + after_ms, N)
    for place, (data, (before, track)) in enumerate(zip(blobs, together.tracks(point), strict=True)):
        strip = open_strip(data)
        strip.state_at(START_MS + after_ms, alone)
        for found, expected in ((before, strip.at_start(point)), (track, strip.track(point))):
            for name in ("time_ms", "value", "quality"):
                assert getattr(found, name).tobytes() == getattr(expected, name).tobytes()
        assert same_segment(together.strip(place).segment(), strip.segment())
    assert same_state(whole, alone)


@given(st.randoms(use_true_random=False))
def test_one_damaged_strip_of_many_is_noticed(random: Random) -> None:
    blobs = list(encode_segment(segment_of(venue(1, 600, 5))).values())
    which = random.randrange(len(blobs))
    blobs[which] = blobs[which][:-1] + bytes([blobs[which][-1] ^ 1])
    with pytest.raises(DamagedFilmError, match="checksum"):
        open_strips(blobs)


@given(scenes(), st.randoms(use_true_random=False))
def test_a_chunk_keeps_samples_as_they_came(scene: Scene, random: np.random.Generator) -> None:
    segment = segment_of(scene)
    order = list(range(len(segment)))
    random.shuffle(order)
    samples = segment.samples[np.array(order, dtype=np.int64)]
    keyframe, found = decode_chunk(encode_chunk(segment.keyframe, samples))
    assert same_columns(keyframe, segment.keyframe)
    assert same_columns(found, samples)


def test_no_samples_are_no_strips() -> None:
    assert encode_segment(Segment(START_MS, Keyframe.empty(), Samples.none())) == {}
    empty = decode_segment({})
    assert (len(empty), len(empty.keyframe), empty.start_ms) == (0, 0, -np.inf)


@pytest.mark.parametrize(
    ("point", "time_ms"),
    [
        ([1, 0], [0, 0]),
        ([0, 0], [5, 4]),
        ([0, 0], [5, 5]),
        ([0], [-1]),
        ([0], [np.nan]),
        ([300, 299], [0, 0]),
    ],
)
def test_what_is_out_of_order_is_not_written(point: list[int], time_ms: list[float]) -> None:
    samples = Samples.of(point, START_MS + np.array(time_ms), 1.0, 0)
    with pytest.raises(ValueError, match=r"order|before"):
        encode_segment(Segment(START_MS, Keyframe.empty(), samples))


def test_more_than_can_be_read_is_not_written() -> None:
    samples = Samples.of(np.zeros(MOST + 1), START_MS + np.arange(MOST + 1), 0.0, 0)
    with pytest.raises(ValueError, match="at most"):
        encode_segment(Segment(START_MS, Keyframe.empty(), samples))


def test_strips_of_two_segments_are_not_one() -> None:
    one = encode_segment(segment_of((START_MS, {0: ((START_MS, 1.0, 0), [])})))
    other = encode_segment(segment_of((START_MS + 1, {300: ((START_MS, 1.0, 0), [])})))
    with pytest.raises(DamagedFilmError, match="another"):
        decode_segment(one | other)
    with pytest.raises(DamagedFilmError, match="another"):
        decode_segment({1: one[0]})


def _chunk_of(scene: Scene) -> bytes:
    segment = segment_of(scene)
    return encode_chunk(segment.keyframe, segment.samples)


def _read(data: bytes) -> None:
    """All that can be asked of a strip, or of a chunk."""
    if data[:4] == b"CHNK":
        decode_chunk(data)
        return
    strip = open_strip(data)
    for time_ms in (START_MS - 1e6, START_MS, START_MS + 3e4, np.inf, np.nan):
        strip.state_at(time_ms, State.unknown(N))
    for point in (*range(strip.first_point, strip.first_point + 40), strip.first_point + STRIP_POINTS - 1):
        assert len(strip.at_start(point)) <= 1
        strip.track(point)
    strip.segment()


FORMS: list[Callable[[], bytes]] = [lambda: encode_segment(segment_of(SCENE))[0], lambda: _chunk_of(SCENE)]


@pytest.mark.parametrize("form", FORMS)
def test_any_bit_that_changed_is_noticed(form: Callable[[], bytes]) -> None:
    data = form()
    for place in range(len(data)):
        with pytest.raises(DamagedFilmError):
            _read(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        with pytest.raises(DamagedFilmError):
            _read(data[:place])


def _sealed(data: bytes, body: bytes) -> bytes:
    return data[:5] + struct.pack("<I", zlib.crc32(body)) + body


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=300)
@given(st.data())
def test_nonsense_with_a_right_checksum_is_refused_or_read(
    form: Callable[[], bytes], data: st.DataObject
) -> None:
    whole = form()
    body = bytearray(whole[SEAL:])
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([0, 0, 0, 1, 20, 300]))
    with contextlib.suppress(DamagedFilmError):
        _read(_sealed(whole, bytes(body[: len(body) - cut])))


def test_a_column_that_claims_to_be_endless_is_refused_before_memory_is_taken() -> None:
    """A Zstandard frame whose own header says how long it is: 2^62 bytes."""
    frame = bytes((0xE0,)) + (1 << 62).to_bytes(8, "little") + b"\x01\x00\x00"
    block = b"\x01\x00" + columns.put_varint(100) + columns.put_varint(len(frame)) + b"\x00" + frame
    with pytest.raises(DamagedFilmError, match="not as film is written"):
        columns.unpack([block], [MOST])


@settings(max_examples=300)
@given(st.integers(0, 2**32), st.data())
def test_columns_that_lie_are_refused_or_read(seed: int, data: st.DataObject) -> None:
    """Changes within the columns themselves, which Zstandard would not let through."""
    whole = encode_segment(segment_of(venue(seed, 12, 8)))[0]
    head = whole[SEAL : SEAL + HEAD]
    packed = columns.unpack([whole[SEAL + HEAD :]], [MOST] * 10)
    sizes = packed.sizes[0]
    plain = np.zeros(sizes.sum(), np.uint8)
    kernels.spread_out(
        np.frombuffer(packed.data, np.uint8), np.array((sizes, packed.dense[0], packed.bases[0])), plain
    )
    for _ in range(data.draw(st.integers(1, 6))):
        plain[data.draw(st.integers(0, len(plain) - 1))] = data.draw(st.integers(0, 255))
    ends = np.cumsum(sizes)
    parts = [plain[end - size : end].tobytes() for end, size in zip(ends, sizes, strict=True)]
    with contextlib.suppress(DamagedFilmError):
        _read(_sealed(whole, head + columns.pack(parts)))
