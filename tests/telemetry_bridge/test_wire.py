"""The frame: what goes in comes out, and nothing that breaks the contract is let in."""

import contextlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.errors import WireError
from telemetry_bridge.wire import (
    HEADER_BYTES,
    MAX_SEQ,
    MAX_TIME_MS,
    Frame,
    Kind,
    Quality,
    decode_frame,
    encode_frame,
    frame_bytes,
)

_values = st.floats(allow_nan=True, allow_infinity=False)
_samples = st.lists(
    st.tuples(st.integers(0, 2**32 - 1), _values, st.sampled_from(list(Quality))), max_size=40
)
_times = st.floats(-MAX_TIME_MS, MAX_TIME_MS)


def frame_of(
    samples: list[tuple[int, float, Quality]],
    kind: Kind = Kind.DELTA,
    seq: int = 7,
    time_ms: float = 1e12,
    replay: bool = False,
) -> Frame:
    index = np.array([each[0] for each in samples], dtype=np.uint32)
    value = np.array([each[1] for each in samples], dtype=np.float64)
    quality = np.array([each[2] for each in samples], dtype=np.uint8)
    return Frame(kind, seq, time_ms, index, value, quality, replay)


@given(_samples, st.sampled_from(list(Kind)), st.integers(0, MAX_SEQ), _times, st.booleans())
def test_round_trip(
    samples: list[tuple[int, float, Quality]], kind: Kind, seq: int, time_ms: float, replay: bool
) -> None:
    data = encode_frame(frame_of(samples, kind, seq, time_ms, replay))
    assert len(data) == frame_bytes(len(samples))
    back = decode_frame(data)
    assert (back.kind, back.seq, back.time_ms, back.replay) == (kind, seq, time_ms, replay)
    np.testing.assert_array_equal(back.point_index, [each[0] for each in samples])
    np.testing.assert_array_equal(back.value, [each[1] for each in samples])
    np.testing.assert_array_equal(back.quality, [each[2] for each in samples])
    assert encode_frame(back) == data


@given(st.binary(max_size=120))
def test_any_bytes_are_a_frame_or_a_wire_error(data: bytes) -> None:
    try:
        frame = decode_frame(data)
    except WireError:
        return
    assert frame_bytes(len(frame)) == len(data)


@given(_samples, st.data())
def test_a_flipped_byte_never_escapes_as_another_error(
    samples: list[tuple[int, float, Quality]], data: st.DataObject
) -> None:
    raw = bytearray(encode_frame(frame_of(samples)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(WireError):
        decode_frame(raw)


def test_layout_is_the_documented_one() -> None:
    data = encode_frame(frame_of([(5, 21.5, Quality.GOOD)], Kind.SNAPSHOT, 3, 1000.0))
    assert data[:8].hex() == "0101000001000000"
    assert data[8:16] == (3).to_bytes(8, "little")
    assert data[16:24].hex() == "0000000000408f40"
    assert data[24:32].hex() == "0500000000000000"
    assert data[32:40].hex() == "0000000000803540"
    assert data[40:] == b"\0"


def test_a_heartbeat_is_an_empty_delta() -> None:
    frame = decode_frame(encode_frame(frame_of([], Kind.DELTA, 9, 5.0)))
    assert (frame.kind, frame.seq, len(frame)) == (Kind.DELTA, 9, 0)


def test_columns_are_read_only() -> None:
    frame = decode_frame(bytearray(encode_frame(frame_of([(0, 1.0, Quality.GOOD)]))))
    with pytest.raises(ValueError, match="read-only"):
        frame.value[0] = 2.0


@pytest.mark.parametrize(
    "length", [0, 1, HEADER_BYTES - 1, HEADER_BYTES + 1, frame_bytes(3) - 1, frame_bytes(3) + 1]
)
def test_wrong_lengths_are_refused(length: int) -> None:
    whole = encode_frame(frame_of([(index, 1.0, Quality.GOOD) for index in range(3)])) + b"\0"
    with pytest.raises(WireError, match="bytes"):
        decode_frame(whole[:length])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (frame_of([(0, math.inf, Quality.GOOD)]), "infinite"),
        (frame_of([], seq=-1), "seq"),
        (frame_of([], seq=MAX_SEQ + 1), "seq"),
        (frame_of([], time_ms=math.nan), "no date"),
    ],
)
def test_what_is_no_frame_is_not_encoded(frame: Frame, message: str) -> None:
    with pytest.raises(WireError, match=message):
        encode_frame(frame)


def test_columns_must_agree() -> None:
    good = frame_of([(0, 1.0, Quality.GOOD)])
    with pytest.raises(WireError, match="differ in length"):
        encode_frame(Frame(Kind.DELTA, 0, 0.0, good.point_index, good.value[:0], good.quality))


BROKEN = {
    "version": (0, 2, "version 2"),
    "kind_zero": (1, 0, "kind 0"),
    "kind_unknown": (1, 3, "kind 3"),
    "flag_unknown": (2, 2, "unknown bits"),
    "flag_high": (3, 1, "unknown bits"),
    "n_too_large": (4, 2, "2 samples take"),
    "seq": (14, 0x20, "outside"),
    "time": (23, 0x7F, "no date"),
    "padding": (28, 1, "padding"),
    "quality": (40, 4, "quality 4"),
}


def broken_frame(name: str) -> bytes:
    """A good frame of one sample with one byte changed."""
    at, byte, _ = BROKEN[name]
    raw = bytearray(encode_frame(frame_of([(5, 21.5, Quality.GOOD)])))
    raw[at] = byte
    return bytes(raw)


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_field_is_named(name: str) -> None:
    with pytest.raises(WireError, match=BROKEN[name][2]):
        decode_frame(broken_frame(name))


GOLDEN = Path(__file__).parent / "golden"


def golden_frames() -> dict[str, Frame]:
    """The frames that the TypeScript side must read alike."""
    mixed = [
        (0, 21.5, Quality.GOOD),
        (3, -0.0, Quality.STALE),
        (17, math.nan, Quality.BAD),
        (4294967295, 5e-324, Quality.SIMULATED),
        (65536, 1.7976931348623157e308, Quality.GOOD),
    ]
    return {
        "snapshot": frame_of(mixed, Kind.SNAPSHOT, 0, 1_790_000_000_000.25),
        "delta_even": frame_of(mixed[:2], Kind.DELTA, 1, 1_790_000_000_200.0),
        "delta_odd_replay": frame_of(mixed[:3], Kind.DELTA, MAX_SEQ, -1.5, replay=True),
        "heartbeat": frame_of([], Kind.DELTA, 2, 1_790_000_001_000.0),
    }


def golden_index() -> dict[str, object]:
    """What `golden/index.json` tells the TypeScript test: the frames' content, and bytes to refuse."""
    frames = {
        name: {
            "kind": int(frame.kind),
            "replay": frame.replay,
            "seq": frame.seq,
            "time": frame.time_ms,
            "pointIndex": frame.point_index.tolist(),
            "value": [None if math.isnan(value) else value for value in frame.value.tolist()],
            "quality": frame.quality.tolist(),
        }
        for name, frame in golden_frames().items()
    }
    return {"frames": frames, "refused": {name: broken_frame(name).hex() for name in BROKEN}}


def write_golden() -> None:
    """Write the golden files anew; only for a new version of the contract."""
    for name, frame in golden_frames().items():
        (GOLDEN / f"{name}.bin").write_bytes(encode_frame(frame))
    (GOLDEN / "index.json").write_text(json.dumps(golden_index(), indent=1) + "\n", "utf-8")


@pytest.mark.parametrize("name", golden_frames())
def test_golden_frames_have_not_changed(name: str) -> None:
    assert (GOLDEN / f"{name}.bin").read_bytes() == encode_frame(golden_frames()[name])


def test_golden_index_matches() -> None:
    assert json.loads((GOLDEN / "index.json").read_text("utf-8")) == golden_index()
