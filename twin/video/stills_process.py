"""The process that decodes pictures out of recordings: `python -m twin.video.stills_process`.

libav reads bytes that cameras sent; what makes it fail or hang costs this process, not the server. Asked on
stdin, answers on stdout: a length (4 bytes, little-endian), then JSON that asks; a length, a byte (0: a JPEG,
1: why there is none), then that.
"""

import io
import json
import os
import signal
import sys
from fractions import Fraction
from typing import Any, BinaryIO

import av

from twin.video.pipes import FAILED, LENGTH, OK

WIDEST = 7680
MS_PER_S = 1000
HALF_MS = 0.5


def still(asked: dict[str, Any]) -> bytes:
    """The JPEG of the picture that is shown at a moment.

    `path`, and `parts`: offsets and sizes of what is read of it, the head first; `at_ms`; `width`, px, or
    null; `key`: the first picture will do. Raises OSError, av.FFmpegError; ValueError where there is none.
    """
    data = _read(asked["path"], asked["parts"])
    with av.open(io.BytesIO(data), "r", format="mp4") as opened:
        stream = opened.streams.video[0]
        stream.thread_type = "NONE" if asked["key"] else "AUTO"
        found: av.VideoFrame | None = None
        for frame in opened.decode(stream):
            time_ms = (frame.time or 0.0) * MS_PER_S
            if found is not None and time_ms > asked["at_ms"] + HALF_MS:
                break
            found = frame
            if asked["key"]:
                break
    if found is None:
        raise ValueError("there is no picture in it")
    return encoded(found, asked["width"])


def _read(path: str, parts: list[tuple[int, int]]) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"".join(os.pread(handle, size, offset) for offset, size in parts)
    finally:
        os.close(handle)


def encoded(frame: av.VideoFrame, width: int | None) -> bytes:
    """A picture as JPEG, no wider than `width`."""
    wide = min(width or WIDEST, frame.width)
    high = max(round(frame.height * wide / frame.width), 1)
    even = max(wide - wide % 2, 2), max(high - high % 2, 2)
    picture = frame.reformat(*even, format="yuvj420p", dst_color_range="JPEG")
    codec = av.CodecContext.create("mjpeg", "w")
    codec.width, codec.height = even
    codec.pix_fmt, codec.time_base = "yuvj420p", Fraction(1, MS_PER_S)
    codec.options = {"qmin": "3", "qmax": "5", "strict": "unofficial"}
    picture.pts = 0
    return b"".join(bytes(packet) for packet in [*codec.encode(picture), *codec.encode(None)])


def serve(asking: BinaryIO, answering: BinaryIO) -> None:
    """Answer until nobody asks."""
    while len(head := asking.read(LENGTH.size)) == LENGTH.size:
        asked = json.loads(asking.read(*LENGTH.unpack(head)))
        try:
            status, answer = OK, still(asked)
        except (OSError, ValueError, IndexError, av.FFmpegError) as error:
            status, answer = FAILED, (str(error) or type(error).__name__)[:300].encode()
        answering.write(LENGTH.pack(len(answer) + 1) + bytes([status]) + answer)
        answering.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends this
    av.logging.set_level(av.logging.PANIC)
    serve(sys.stdin.buffer, sys.stdout.buffer)
