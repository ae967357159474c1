"""Writes a camera's packets as segments of fragmented MP4: files that grow, renamed when they are whole."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from twin.video.names import Segment, folder_of
from twin.video.parts import end_part

MS = Fraction(1, 1000)
MOVFLAGS = "frag_keyframe+empty_moov+default_base_moof+skip_trailer+frag_discont"
MOST_MICROSECONDS = 2_000_000_000  # libav counts in 32 bits
LONGEST_FRAGMENT_S = 5.0
"""A camera whose keyframes are further apart gets fragments that begin without one."""


class PartFile:
    """The file that the muxer writes to: unbuffered, never sought in. `failed` is what the disk said."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self.path = path
        self.failed: OSError | None = None
        self.bytes = 0

    def write(self, data: bytes) -> int:
        """Write all of it. After a failure nothing more is written: what was written before stays whole."""
        if self.failed is not None:
            raise self.failed
        left = memoryview(data)
        try:
            while left:
                done = os.write(self._handle, left)
                self.bytes += done
                left = left[done:]
        except OSError as error:
            self.failed = error
            raise
        return len(data)

    def close(self) -> None:
        """Let the disk have it, and close."""
        try:
            os.fsync(self._handle)
        finally:
            os.close(self._handle)


@dataclass(slots=True)
class SegmentWriter:
    """Writes packets of one stream into one segment after the other; `template` is a stream of its format.

    `add` is called with packets whose `dts` and `pts` are ms since 1970 UTC. A segment begins with a
    keyframe; after `segment_ms` of the stream's own time the next keyframe begins another.
    """

    folder: Path
    camera: str
    template: Any
    segment_ms: float
    sequence: int = 1
    take: int = 0
    speed: float = 1.0
    """How many seconds of the packets' times pass in one of the stream's own."""
    on_done: Callable[[Segment], None] = field(default=lambda _segment: None)
    _output: Any = None
    _stream: Any = None
    _file: PartFile | None = None
    _begin_ms: int = 0
    _end_ms: int = 0
    _length_ms: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether a segment is being written."""
        return self._output is not None

    def add(self, packet: Any, length_ms: float) -> None:
        """Write a packet that is shown for `length_ms` of stream time. Raises OSError, av.FFmpegError."""
        if packet.is_keyframe and self.is_open and self._length_ms >= self.segment_ms:
            self.finish()
        if not self.is_open:
            if not packet.is_keyframe:
                return  # nothing could show it
            self._open(packet.dts)
        self._write(packet, length_ms)

    def _write(self, packet: Any, length_ms: float) -> None:
        end_ms = packet.dts + max(round(packet.duration or 0), 1)
        packet.stream = self._stream
        try:
            self._output.mux(packet)
        except av.FFmpegError as error:
            raise self._failure(error) from error
        if self._file is not None and self._file.failed is not None:
            raise self._file.failed
        self._end_ms = max(self._end_ms, end_ms)
        self._length_ms += length_ms

    def _failure(self, error: Exception) -> Exception:
        disk = None if self._file is None else self._file.failed
        return error if disk is None else disk

    def _open(self, begin_ms: int) -> None:
        segment = Segment(begin_ms, self.take, None)
        folder = self.folder / folder_of(self.camera) / segment.day
        folder.mkdir(parents=True, exist_ok=True)
        self._file = PartFile(folder / segment.name)
        options = {
            "movflags": MOVFLAGS,
            "frag_duration": str(min(round(LONGEST_FRAGMENT_S * self.speed * 1e6), MOST_MICROSECONDS)),
            "fragment_index": str(self.sequence),
            "use_editlist": "0",
            "avoid_negative_ts": "disabled",
            "video_track_timescale": "1000",
            "flush_packets": "1",
        }
        self._output = av.open(self._file, "w", format="mp4", options=options)
        self._stream = self._output.add_stream_from_template(self.template)
        self._stream.time_base = MS
        if self.template.codec_context.name == "hevc":
            self._stream.codec_tag = (
                "hvc1"  # the name under which Safari plays it (RFC 6381; ISO/IEC 14496-15)
            )
        self._begin_ms = self._end_ms = begin_ms
        self._length_ms = 0.0

    def finish(self) -> None:
        """End the segment that is being written, if any, and name it. Raises OSError, FFmpegError."""
        output, file = self._output, self._file
        self._output = self._file = self._stream = None
        if output is None or file is None:
            return
        try:
            output.close()
        except av.FFmpegError as error:
            raise (file.failed or error) from error
        finally:
            file.close()
            ended = end_part(file.path)
            if ended is not None:
                self.sequence = ended[1] + 1
                self.on_done(ended[0])
