"""Segments read by their boxes: as libav reads them, cut off anywhere, and as any bytes at all."""

import struct
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.video.making import HEIGHT, WIDTH, record
from twin.video.boxes import boxes, read_track
from twin.video.errors import MediaError
from twin.video.index import SegmentIndex, read_index
from twin.video.library import Library

BEGIN_MS = 1_795_281_000_000


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds at 10 a second, a keyframe every half second."""
    folder = tmp_path_factory.mktemp("video")
    record(folder, "c", BEGIN_MS, 3.0, fps=10, gop=5, segment_s=60.0)
    library = Library(folder)
    return library.path_of("c", library.segments("c")[0])


def test_a_segment_is_read_as_libav_reads_it(segment: Path) -> None:
    index = read_index(segment)
    with av.open(str(segment)) as opened:
        stream = opened.streams.video[0]
        assert (index.track.width, index.track.height) == (stream.width, stream.height) == (WIDTH, HEIGHT)
        packets = [each for each in opened.demux(stream) if each.size]
    shown = [time for each in index.fragments for time in each.shown_ms]
    assert shown == [float((each.pts or 0) * (each.time_base or 0) * 1000) for each in packets]
    keys = [float((each.pts or 0) * (each.time_base or 0) * 1000) for each in packets if each.is_keyframe]
    assert [each.begin_ms for each in index.fragments if each.starts_with_key] == keys
    assert [each.begin_ms - BEGIN_MS for each in index.fragments] == [500.0 * number for number in range(6)]
    assert index.end_ms == BEGIN_MS + 3000.0
    assert index.track.codec.startswith("avc1.42")
    assert index.size == segment.stat().st_size


@settings(max_examples=60)
@given(share=st.floats(0.0, 1.0))
def test_of_a_segment_that_is_cut_off_what_is_whole_is_read(segment: Path, share: float) -> None:
    whole = read_index(segment)
    length = round(share * whole.size)
    cut = segment.with_name("cut.mp4")
    cut.write_bytes(segment.read_bytes()[:length])
    kept = [each for each in whole.fragments if each.offset + each.size <= length]
    if not kept:
        with pytest.raises(MediaError):
            read_index(cut)
        return
    index = read_index(cut)
    assert [each.begin_ms for each in index.fragments] == [each.begin_ms for each in kept]
    assert index.size == kept[-1].offset + kept[-1].size


def test_an_index_goes_on_where_it_ended(segment: Path) -> None:
    whole = read_index(segment)
    growing = segment.with_name("growing.mp4")
    known: SegmentIndex | None = None
    content = segment.read_bytes()
    for each in whole.fragments:
        growing.write_bytes(content[: each.offset + each.size])
        known = read_index(growing, known)
    assert known == whole


@settings(max_examples=150)
@given(st.data())
def test_damaged_bytes_are_refused_or_read_but_never_crash(segment: Path, data: st.DataObject) -> None:
    content = bytearray(segment.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, min(len(content), 2500) - 1))
        content[place] = data.draw(st.integers(0, 255))
    damaged = segment.with_name("damaged.mp4")
    damaged.write_bytes(content)
    try:
        index = read_index(damaged)
    except MediaError:
        return
    assert index.fragments
    assert index.size <= len(content)


@given(st.binary(max_size=200))
def test_any_bytes_are_no_head(content: bytes) -> None:
    with pytest.raises(MediaError):
        read_track(content)


def test_a_box_with_a_long_size_is_followed_and_a_box_of_nothing_is_refused() -> None:
    long_box = struct.pack(">I4sQ", 1, b"free", 20) + b"abcd"
    assert [(each.kind, each.end) for each in boxes(long_box + b"\0\0\0\x08skip")] == [
        (b"free", 20),
        (b"skip", 28),
    ]
    with pytest.raises(MediaError, match="no MP4"):
        list(boxes(b"\0\0\0\x04skip"))


@pytest.mark.parametrize(("codec", "name"), [("libx265", "hev1.1.6.L30.90")])
def test_the_name_of_h265_is_that_of_rfc_6381(tmp_path: Path, codec: str, name: str) -> None:
    path = tmp_path / "x.mp4"
    flags = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(str(path), "w", format="mp4", options=flags) as output:
        stream: Any = output.add_stream(codec, rate=5, options={"x265-params": "log-level=none:pools=1"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        output.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        output.mux(stream.encode(None))
    assert read_index(path).track.codec == name
