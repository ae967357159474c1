"""One camera recorded: connects, writes what comes, connects again; in a thread of the recorder's process."""

import errno
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from av.error import FFmpegError

from telemetry_bridge.clock import Clock
from twin.video.health import CameraHealth, Reason, changed
from twin.video.moments import Moments
from twin.video.sources import Source, SourceError, stamp_of
from twin.video.writing import MS, SegmentWriter

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
DISK_WAIT_S = 5.0
STEADY_S = 20.0
HELD_S, MOST_HELD = 0.7, 500
RATE_WINDOW_S = 5.0


@dataclass(slots=True)
class Rate:
    """How much comes: kbit/s over the last seconds."""

    _taken: deque[tuple[float, int]] = field(default_factory=deque)

    def take(self, now_s: float, size: int) -> None:
        """Note what came."""
        self._taken.append((now_s, size))
        while self._taken and now_s - self._taken[0][0] > RATE_WINDOW_S:
            self._taken.popleft()

    def kbps(self, now_s: float) -> float | None:
        """The rate now; None: too little came to tell."""
        recent = [(at, size) for at, size in list(self._taken) if now_s - at <= RATE_WINDOW_S]
        if len(recent) < 2 or recent[-1][0] - recent[0][0] < 0.5:
            return None
        return round(sum(size for _, size in recent[1:]) * 8 / 1000 / (recent[-1][0] - recent[0][0]), 1)


@dataclass(frozen=True, slots=True)
class Where:
    """Where a camera's recordings go, and from where they go on: number of a fragment, take, last time."""

    folder: Path
    camera: str
    segment_s: float
    sequence: int = 1
    take: int = 0
    last_ms: float | None = None


class CameraRecorder:
    """Records one camera until it is stopped."""

    def __init__(self, where: Where, clock: Clock, open_source: Callable[[], Source]) -> None:
        self.camera = where.camera
        self._where, self._clock, self._open_source = where, clock, open_source
        self._take, self._sequence = where.take, where.sequence
        self._moments = Moments(clock.speed or 1.0, where.last_ms)
        self._rate = Rate()
        self._writer: SegmentWriter | None = None
        self._writing = threading.Lock()
        self._stopping, self._paused = threading.Event(), threading.Event()
        self._health = CameraHealth("connecting", clock.now_ms(), "starting", last_ms=where.last_ms)

    @property
    def health(self) -> CameraHealth:
        """How it is."""
        return self._health

    def _is(self, state: Any, reason: Reason = "", text: str = "", last_ms: float | None = None) -> None:
        kbps = self._rate.kbps(time.monotonic()) if state == "recording" else None
        new = CameraHealth(state, self._clock.now_ms(), reason, text, last_ms, kbps)
        self._health = changed(self._health, new)

    def pause(self, *, paused: bool) -> None:
        """Record nothing, or go on."""
        (self._paused.set if paused else self._paused.clear)()

    def stop(self) -> None:
        """End the segment that is being written; the thread ends when its camera lets it."""
        self._stopping.set()
        self._finish()

    def run(self) -> None:
        """Record until stopped."""
        wait_s = FIRST_WAIT_S
        while not self._stopping.is_set():
            begun_s = time.monotonic()
            failure = self._attempt()
            self._finish()
            if self._stopping.is_set():
                return
            self._is("down", failure.reason, failure.text)
            steady = time.monotonic() - begun_s > STEADY_S
            wait_s = FIRST_WAIT_S if steady or failure.reason == "ended" else wait_s
            self._stopping.wait(DISK_WAIT_S if failure.reason.startswith(("disk", "folder")) else wait_s)
            wait_s = min(wait_s * 2.0, LONGEST_WAIT_S)

    def _attempt(self) -> SourceError:
        """Connect and record until it fails; gives why."""
        if self._paused.is_set():
            return SourceError("disk-low", "the disk has too little room")
        if self._health.state != "down":
            self._is("connecting")
        try:
            source = self._open_source()
        except SourceError as error:
            return error
        try:
            return self._record(source)
        except SourceError as error:
            return error
        except OSError as error:
            return disk_error(error)
        except FFmpegError as error:
            return SourceError("format", f"what it sends cannot be written: {error.strerror}")
        finally:
            source.close()

    def _record(self, source: Source) -> SourceError:
        self._moments.reconnect()
        held: list[tuple[Any, float, float]] | None = []
        begun_s: float | None = None
        try:
            for packet in source.packets():
                if self._stopping.is_set():
                    break
                if self._paused.is_set():
                    return SourceError("disk-low", "the disk has too little room")
                stamp_s, now_ms, now_s = stamp_of(packet) or 0.0, self._clock.now_ms(), time.monotonic()
                if held is None:
                    self._put(source, packet, stamp_s, now_ms)
                    continue
                begun_s = now_s if begun_s is None else begun_s
                held.append((packet, stamp_s, now_ms))
                if now_s - begun_s >= HELD_S or len(held) >= MOST_HELD:
                    together, held = held, None
                    self._put_held(source, together)
        finally:
            self._put_held(source, held or [])
        return SourceError("ended", "stopped")

    def _put_held(self, source: Source, held: list[tuple[Any, float, float]]) -> None:
        """Write what a connection brought at first, now that it is known when it was taken."""
        first_ms = self._moments.first_ms([(stamp, at) for _, stamp, at in held]) if held else 0.0
        for place, (packet, stamp_s, now_ms) in enumerate(held):
            self._put(source, packet, stamp_s, now_ms if place else first_ms)

    def _put(self, source: Source, packet: Any, stamp_s: float, now_ms: float) -> None:
        placed = self._moments.place(stamp_s, now_ms)
        if placed.broken != "none":
            self._finish()
        if placed.broken == "set-back":
            self._take += 1
        self._rate.take(time.monotonic(), packet.size)
        length_ms = placed.step_ms / (self._clock.speed or 1.0)
        self._stamp(packet, placed.time_ms, placed.step_ms)
        with self._writing:
            if self._stopping.is_set():
                return
            writer = self._writer_for(source)
            writer.add(packet, length_ms)
            if writer.is_open:
                self._is("recording", last_ms=float(placed.time_ms))

    def _stamp(self, packet: Any, time_ms: int, step_ms: float) -> None:
        """Give a packet the venue's time."""
        speed = self._clock.speed or 1.0
        tick_ms = float(packet.time_base) * 1000.0 * speed
        later = 0 if packet.pts is None or packet.dts is None else round((packet.pts - packet.dts) * tick_ms)
        lasts = round(packet.duration * tick_ms) if packet.duration else round(step_ms)
        packet.time_base = MS
        packet.dts, packet.pts = time_ms, time_ms + max(later, 0)
        packet.duration = max(lasts, 1)

    def _writer_for(self, source: Source) -> SegmentWriter:
        if self._writer is None:
            self._writer = SegmentWriter(
                self._where.folder,
                self.camera,
                source.template,
                self._where.segment_s * 1000.0,
                self._sequence,
                self._take,
                self._clock.speed or 1.0,
            )
        return self._writer

    def _finish(self) -> None:
        """End the segment that is being written; what cannot be written is kept as far as it goes."""
        with self._writing:
            writer, self._writer = self._writer, None
            if writer is None:
                return
            try:
                writer.finish()
            except (OSError, FFmpegError) as error:
                self._is("down", "disk-full", str(error.strerror))
            self._sequence = max(self._sequence, writer.sequence)


def disk_error(error: OSError) -> SourceError:
    """Why nothing can be written."""
    said = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SourceError("disk-full", "the disk is full")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return SourceError("folder-read-only", f"the folder cannot be written: {said}")
    return SourceError("other", said)
