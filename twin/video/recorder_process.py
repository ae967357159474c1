"""The process that records: `python -m twin.video.recorder_process`.

One process, a thread per camera, because libav reads what cameras send: what makes it crash costs this
process and a second, not the server. It is told what to do on stdin, JSON in lines: first `Orders`, then news
for simulated cameras; the end of stdin, so also the server's end, ends it in order. On stdout it tells every
second how the cameras are. It alone writes into the folder: it holds a lock there.
"""

import fcntl
import json
import os
import shutil
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

import av

from telemetry_bridge.clock import Clock, SimulatedClock, SystemClock
from twin.video.errors import FolderHeldError, VideoError
from twin.video.index import read_index
from twin.video.keeping import Kept, is_low, to_delete
from twin.video.library import Library
from twin.video.parts import end_part, left_behind
from twin.video.recording import CameraRecorder, Where, disk_error
from twin.video.simulated import SimulatedSource, Stage
from twin.video.sources import Source, StreamSource

LOCK = ".recorder.lock"
BEAT_S, CLEAN_S = 1.0, 20.0
ENDING_S = 3.0
START_CODES = {"held": 3, "folder": 4}


@dataclass(frozen=True, slots=True)
class Orders:
    """What it is told first; `clock`: venue time, when that was on the monotonic clock, and speed."""

    folder: str
    segment_s: float
    keep_days: float
    most_gb: float | None
    least_free_gb: float
    clock: tuple[float, float, float] | None
    cameras: list[dict[str, Any]]


def clock_of(orders: Orders) -> Clock:
    """The venue's clock: the machine's, or one that goes on from where the server's was."""
    if orders.clock is None:
        return SystemClock()
    at_ms, monotonic_s, speed = orders.clock
    return SimulatedClock(at_ms + (time.monotonic() - monotonic_s) * speed * 1000.0, speed)


def hold(folder: Path) -> int:
    """Hold the folder alone, as long as this process lives. Raises FolderHeldError and OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise FolderHeldError("another server records into this folder") from error
    return handle


def recover(folder: Path) -> None:
    """Keep what is whole of part files that a crash left behind; one that cannot be kept is left as it is."""
    for path in left_behind(folder):
        try:
            end_part(path)
        except OSError as error:
            print(f"{path.name}: {error.strerror}", file=sys.stderr)


def where_to_go_on(library: Library, camera: str, segment_s: float, now_ms: float) -> Where:
    """From where a camera's recordings go on; a new take where they reach beyond now."""
    newest = library.newest(camera)
    if newest is None or newest.end_ms is None:
        return Where(library.folder, camera, segment_s)
    try:
        sequence = read_index(library.path_of(camera, newest)).fragments[-1].sequence + 1
    except (OSError, VideoError):
        sequence = 1
    is_ahead = newest.end_ms > now_ms + 1000.0
    take = newest.take + 1 if is_ahead else newest.take
    return Where(library.folder, camera, segment_s, sequence, take, None if is_ahead else newest.end_ms)


class Process:
    """All cameras of a folder."""

    def __init__(self, orders: Orders) -> None:
        self._orders, self.clock = orders, clock_of(orders)
        self.library = Library(Path(orders.folder))
        self.stages: dict[str, Stage] = {}
        self.recorders: list[CameraRecorder] = []
        self._low = False
        self._cleaned_s = -CLEAN_S

    def start(self) -> None:
        """Start a thread for each camera."""
        for camera in self._orders.cameras:
            recorder = self._recorder(camera)
            self.recorders.append(recorder)
            threading.Thread(target=recorder.run, name=recorder.camera, daemon=True).start()

    def _recorder(self, camera: dict[str, Any]) -> CameraRecorder:
        name = camera["camera"]
        where = where_to_go_on(self.library, name, self._orders.segment_s, self.clock.now_ms())

        def open_source() -> Source:
            if camera["url"] is not None:
                return StreamSource.open(camera["url"], camera["transport"])
            return SimulatedSource(self.stages[name])

        if camera["url"] is None:
            self.stages[name] = Stage(name, self.clock, camera["zone"])
        return CameraRecorder(where, self.clock, open_source)

    def beat(self) -> dict[str, Any]:
        """What is to be done every second; gives the report."""
        if time.monotonic() - self._cleaned_s >= CLEAN_S:
            self._cleaned_s = time.monotonic()
            self._clean()
        self._see_room()
        return {
            "cameras": {each.camera: asdict(each.health) for each in self.recorders},
            "low": self._low,
        }

    def _see_room(self) -> None:
        free = shutil.disk_usage(self.library.folder).free
        self._low = is_low(free, self._orders.least_free_gb, was_low=self._low)
        for each in self.recorders:
            each.pause(paused=self._low)

    def _clean(self) -> None:
        orders = self._orders
        for each in to_delete(self._kept(), self.clock.now_ms(), orders.keep_days, orders.most_gb):
            path = self.library.path_of(each.camera, each.segment)
            path.unlink(missing_ok=True)
            if each.segment.day < time.strftime("%Y-%m-%d", time.gmtime()):
                try:
                    path.parent.rmdir()
                except OSError:
                    continue  # there is more of that day

    def _kept(self) -> Iterator[Kept]:
        sizes = self._orders.most_gb is not None
        for camera in self.library.cameras():
            for segment in self.library.segments(camera):
                size = _size_of(self.library.path_of(camera, segment)) if sizes else 0
                yield Kept(camera, segment, size)

    def take_news(self, news: dict[str, Any]) -> None:
        """What the server tells while it runs: scenes of simulated cameras, who is in them."""
        stage = self.stages.get(news.get("camera", ""))
        if stage is not None:
            stage.take(news)

    def stop(self) -> None:
        """End all segments."""
        for each in self.recorders:
            each.stop()


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def listen(process: Process, told: TextIO, ended: threading.Event) -> None:
    """Take what the server tells until it ends."""
    for line in told:
        try:
            process.take_news(json.loads(line))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            print(f"news that cannot be used: {error}", file=sys.stderr)
    ended.set()


def run(told: TextIO, telling: TextIO) -> int:
    """Record until the server ends it; gives the exit code."""
    orders = Orders(**json.loads(told.readline()))
    try:
        hold(Path(orders.folder))
    except FolderHeldError as error:
        return _refused(telling, "folder-held", str(error))
    except OSError as error:
        failure = disk_error(error)
        return _refused(telling, failure.reason, failure.text)
    recover(Path(orders.folder))
    process, ended = Process(orders), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    threading.Thread(target=listen, args=(process, told, ended), daemon=True).start()
    process.start()
    try:
        while not ended.is_set():
            _tell(telling, process.beat())
            ended.wait(BEAT_S)
    except BrokenPipeError:
        pass  # the server is gone
    finally:
        process.stop()
    return 0


def _refused(telling: TextIO, reason: str, text: str) -> int:
    _tell(telling, {"refused": {"reason": reason, "text": text}})
    return START_CODES["held" if reason == "folder-held" else "folder"]


def _tell(telling: TextIO, report: dict[str, Any]) -> None:
    telling.write(json.dumps(report) + "\n")
    telling.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends this
    av.logging.set_level(av.logging.PANIC)  # its messages hold URLs, and so passwords
    code = run(sys.stdin, sys.stdout)
    os._exit(code)  # threads that wait for their cameras are not waited for
