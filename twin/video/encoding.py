"""H.264 of our own: of simulated cameras, and of the tests' recordings."""

import io
from fractions import Fraction
from typing import Any

import av

MS = Fraction(1, 1000)
GLOBAL_HEADER = 1 << 22  # AV_CODEC_FLAG_GLOBAL_HEADER: the format stands in the file's head


def encoder(width: int, height: int, fps: int, gop: int, crf: int = 30, preset: str = "ultrafast") -> Any:
    """An encoder that gives each picture at once, a keyframe every `gop` pictures; times are ms."""
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = MS, Fraction(fps)
    context.options = {
        "preset": preset,
        "tune": "zerolatency",
        "crf": str(crf),
        "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:threads=1",
    }
    context.flags |= GLOBAL_HEADER
    context.open()
    return context


def template(context: Any) -> Any:
    """A stream of the encoder's format, as it would come from a camera: for `add_stream_from_template`."""
    picture = av.VideoFrame(context.width, context.height, context.pix_fmt)
    picture.pts, picture.time_base = 0, MS
    first = b"".join(bytes(packet) for packet in context.encode(picture))
    opened = av.open(io.BytesIO((context.extradata or b"") + first), "r", format="h264")
    return opened.streams.video[0]
