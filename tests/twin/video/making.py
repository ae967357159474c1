"""Recordings for tests: real H.264, a colour that tells the moment, a few kilobytes."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from twin.video.encoding import encoder, template
from twin.video.writing import SegmentWriter

WIDTH, HEIGHT = 64, 48
MS = Fraction(1, 1000)
Colour = Callable[[float], tuple[int, int, int]]


def grey_of(time_ms: float) -> tuple[int, int, int]:
    """A grey that goes up by 10 with every second, and begins anew after 20."""
    level = 30 + 10 * (int(time_ms / 1000) % 20)
    return level, level, level


class Encoder:
    """Encodes pictures of one colour; `template` is a stream of their format."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT, fps: int = 5, gop: int = 5) -> None:
        self._shape = height, width, 3
        self._context = encoder(width, height, fps, gop)
        self.template = template(encoder(width, height, fps, gop))

    @property
    def extradata(self) -> bytes:
        """Sequence and picture parameter sets, Annex B."""
        return bytes(self._context.extradata)

    def packets(self, time_ms: float, colour: tuple[int, int, int], step_ms: int) -> list[Any]:
        frame = av.VideoFrame.from_ndarray(np.full(self._shape, colour, np.uint8), format="rgb24")
        frame.pts, frame.time_base = round(time_ms), MS
        found = list(self._context.encode(frame))
        for packet in found:
            packet.time_base, packet.duration = MS, step_ms
        return found


def record(
    folder: Path,
    camera: str,
    begin_ms: float,
    seconds: float,
    *,
    fps: int = 5,
    gop: int = 5,
    segment_s: float = 2.0,
    take: int = 0,
    sequence: int = 1,
    colour: Colour = grey_of,
    finish: bool = True,
    width: int = WIDTH,
) -> SegmentWriter:
    """Record a camera from `begin_ms` on; with `finish` false the last segment is left growing."""
    made = Encoder(width, fps=fps, gop=gop)
    writer = SegmentWriter(folder, camera, made.template, segment_s * 1000.0, sequence, take)
    step_ms = round(1000 / fps)
    for number in range(round(seconds * fps)):
        time_ms = begin_ms + number * step_ms
        for packet in made.packets(time_ms, colour(time_ms), step_ms):
            writer.add(packet, step_ms)
    if finish:
        writer.finish()
    return writer
