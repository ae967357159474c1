"""The recorder's process: an RTSP camera, a kill in mid-write, who holds the folder, disks that are full."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from telemetry_bridge.clock import Clock, SystemClock
from tests.contract.running import ROOT
from tests.twin.video.making import Encoder, grey_of, record
from tests.twin.video.rtsp_peer import RtspCamera
from twin.video import sources
from twin.video.keeping import GB
from twin.video.library import Library
from twin.video.names import Segment
from twin.video.recorder_process import Orders, Process, clock_of, recover, where_to_go_on
from twin.video.recording import CameraRecorder, Where
from twin.video.sources import Source, SourceError, StreamSource
from twin.video.timeline import spans

BEGIN_MS = 1_795_281_000_000
WAIT_S = 60.0


def until(met: Callable[[], Any]) -> Any:
    """Wait until something is so, and give it."""
    end_s = time.monotonic() + WAIT_S
    while not (found := met()):
        assert time.monotonic() < end_s, "it did not come about"
        time.sleep(0.02)
    return found


def orders(folder: Path, url: str | None, **changed: Any) -> dict[str, Any]:
    camera = {"camera": "cam-1", "url": url, "transport": "tcp", "zone": "UTC"}
    told = {
        "folder": str(folder),
        "segment_s": 2.0,
        "keep_days": 1e6,
        "most_gb": None,
        "least_free_gb": 0.0,
        "clock": None,
        "cameras": [camera] if url else [],
    }
    return told | changed


class Recorder:
    """The process, as the server starts it; `reports` are what it told."""

    def __init__(self, told: dict[str, Any]) -> None:
        command = [sys.executable, "-m", "twin.video.recorder_process"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        self.reports: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.reports.append(json.loads(line))

    @property
    def camera(self) -> dict[str, Any]:
        found: dict[str, Any] = self.reports[-1]["cameras"]["cam-1"] if self.reports else {}
        return found

    def end(self) -> int:
        """Let it end as the server's end does: its stdin closes."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(WAIT_S)


@pytest.fixture
def started() -> Iterator[list[Recorder]]:
    found: list[Recorder] = []
    yield found
    for each in found:
        each.process.kill()
        each.process.wait(WAIT_S)


def grown(library: Library, fragments: int) -> Segment | None:
    """The growing segment, once it has so many whole fragments."""
    for each in library.segments("cam-1"):
        if each.end_ms is None and library.end_of("cam-1", each) is not None:
            return each if len(library.index_of("cam-1", each).fragments) >= fragments else None
    return None


def test_what_a_camera_sent_before_a_kill_is_kept_and_recording_goes_on(
    tmp_path: Path, started: list[Recorder]
) -> None:
    library = Library(tmp_path)
    begun_ms = time.time() * 1000
    with RtspCamera(password="s3 cret") as camera:
        url = camera.url.replace("//", "//admin:s3%20cret@")
        started.append(Recorder(orders(tmp_path, url, segment_s=60.0)))
        segment = until(lambda: grown(library, 3))
        started[0].process.send_signal(signal.SIGKILL)
        started[0].process.wait(WAIT_S)
        before = Library(tmp_path).index_of("cam-1", segment)
        started.append(Recorder(orders(tmp_path, url, segment_s=60.0)))
        until(lambda: started[1].reports and started[1].camera["state"] == "recording")
        until(lambda: grown(library, 1))
        assert started[1].end() == 0
    first, second = library.segments("cam-1")
    kept = library.index_of("cam-1", first)
    assert [each.begin_ms for each in kept.fragments[: len(before.fragments)]] == [
        each.begin_ms for each in before.fragments
    ]
    assert library.path_of("cam-1", first).stat().st_size == kept.size
    assert first.end_ms is not None
    assert begun_ms - 5000 < first.begin_ms < first.end_ms <= second.begin_ms < time.time() * 1000
    assert library.index_of("cam-1", second).fragments[0].sequence == kept.fragments[-1].sequence + 1
    assert "s3" not in json.dumps([each.reports for each in started])
    steps = [b - a for each in kept.fragments for a, b in zip(each.shown_ms, each.shown_ms[1:], strict=False)]
    assert sorted(steps)[len(steps) // 2] == pytest.approx(100.0, abs=5.0)


def test_one_process_records_into_a_folder(tmp_path: Path, started: list[Recorder]) -> None:
    started.append(Recorder(orders(tmp_path, None)))
    until(lambda: started[0].reports)
    started.append(Recorder(orders(tmp_path, None)))
    assert started[1].process.wait(WAIT_S) == 3
    until(lambda: started[1].reports)
    assert started[1].reports[0]["refused"]["reason"] == "folder-held"
    assert started[0].end() == 0


# One camera, without a process around it


class Played:
    """A source that gives encoded pictures as fast as they are taken; `clock` goes with them."""

    def __init__(self, clock: "Stepped", seconds: float, fps: int = 5) -> None:
        self._encoder, self._clock, self._fps, self._seconds = Encoder(fps=fps), clock, fps, seconds
        self.template = self._encoder.template

    def packets(self) -> Iterator[Any]:
        step_ms = 1000 / self._fps
        for number in range(round(self._seconds * self._fps)):
            self._clock.at_ms += step_ms * self._clock.speed
            time_ms = number * step_ms
            yield from self._encoder.packets(time_ms, grey_of(time_ms), round(step_ms))
        raise SourceError("ended", "the stream has ended")

    def close(self) -> None:
        """Nothing is open."""


class Stepped:
    """A clock that is set by hand."""

    def __init__(self, at_ms: float = BEGIN_MS, speed: float = 1.0) -> None:
        self.at_ms, self.speed = at_ms, speed

    def now_ms(self) -> float:
        return self.at_ms


def attempts(where: Where, clock: Clock, *given: Callable[[], Source]) -> CameraRecorder:
    """Connect once for each source, as the thread does."""
    left = iter(given)

    def open_source() -> Source:
        return next(left)()

    recorder = CameraRecorder(where, clock, open_source)
    for _ in given:
        failure = recorder._attempt()
        recorder._finish()
        recorder._is("down", failure.reason, failure.text)
    return recorder


def test_a_full_disk_keeps_what_is_whole_and_recording_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, room = Stepped(), [2000]
    true_write = os.write

    def write(handle: int, data: bytes) -> int:
        if room[0] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = true_write(handle, bytes(data[: room[0]]))
        room[0] -= done
        return done

    monkeypatch.setattr("twin.video.writing.os.write", write)
    where = Where(tmp_path, "cam-1", 60.0)
    recorder = attempts(where, clock, lambda: Played(clock, 30.0))
    assert (recorder.health.state, recorder.health.reason) == ("down", "disk-full")
    library = Library(tmp_path)
    (kept,) = library.segments("cam-1")
    assert kept.end_ms is not None
    assert library.path_of("cam-1", kept).stat().st_size == library.index_of("cam-1", kept).size <= 2000
    room[0] = 1 << 30
    attempts(where_to_go_on(library, "cam-1", 60.0, clock.now_ms()), clock, lambda: Played(clock, 2.0))
    assert len(library.segments("cam-1")) == 2


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("twin.video.writing.os.open", refuse)
    clock = Stepped()
    recorder = attempts(Where(tmp_path, "cam-1", 60.0), clock, lambda: Played(clock, 2.0))
    assert (recorder.health.state, recorder.health.reason) == ("down", "folder-read-only")


def test_a_clock_that_is_set_back_begins_a_take_that_holds(tmp_path: Path) -> None:
    clock = Stepped()

    def set_back() -> Source:
        clock.at_ms = BEGIN_MS + 3000.0
        return Played(clock, 4.0)

    attempts(Where(tmp_path, "cam-1", 60.0), clock, lambda: Played(clock, 10.0), set_back)
    library = Library(tmp_path)
    assert [(each.take, each.begin_ms - BEGIN_MS) for each in library.segments("cam-1")] == [
        (0, 200),
        (1, 3200),
    ]
    found = library.pieces("cam-1", BEGIN_MS, BEGIN_MS + 20_000)
    assert [(each.segment.take, each.from_ms - BEGIN_MS, each.to_ms - BEGIN_MS) for each in found] == [
        (0, 200, 3200),
        (1, 3200, 7200),
        (0, 7200, 10_200),
    ]
    assert len(spans(found)) == 1
    again = where_to_go_on(library, "cam-1", 60.0, BEGIN_MS + 100.0)
    assert (again.take, again.last_ms) == (2, None)


def test_where_the_venues_time_runs_faster_fragments_still_begin_with_keyframes(tmp_path: Path) -> None:
    clock = Stepped(speed=60.0)
    attempts(Where(tmp_path, "cam-1", 60.0), clock, lambda: Played(clock, 4.0))
    library = Library(tmp_path)
    (segment,) = library.segments("cam-1")
    fragments = library.index_of("cam-1", segment).fragments
    assert [len(each.shown_ms) for each in fragments] == [5, 5, 5, 5]
    assert fragments[1].begin_ms - fragments[0].begin_ms == pytest.approx(60_000, abs=5)


def test_part_files_that_hold_nothing_go_and_damaged_ones_are_cut(tmp_path: Path) -> None:
    record(tmp_path, "cam-1", BEGIN_MS, 3.0, segment_s=60.0, finish=False)
    folder = tmp_path / "cam-1" / "2026-11-21"
    part = folder / f"{BEGIN_MS}.part.mp4"
    whole = Library(tmp_path).index_of("cam-1", Segment(BEGIN_MS, 0, None))
    with part.open("ab") as file:
        file.write(b"\0\0\x10\0moof half of it")
    (folder / "5.part.mp4").write_bytes(b"")
    (folder / f"{BEGIN_MS + 90_000}.part.mp4").write_bytes(part.read_bytes()[:400])
    recover(tmp_path)
    (kept,) = Library(tmp_path).segments("cam-1")
    assert kept == Segment(BEGIN_MS, 0, round(whole.end_ms))
    assert [each.name for each in folder.iterdir()] == [kept.name]


def test_the_oldest_go_and_days_that_are_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day_ms = 86_400_000
    for days in (3, 2, 0):
        record(tmp_path, "cam-1", BEGIN_MS - days * day_ms, 2.0)
    clock = (float(BEGIN_MS + 5000), time.monotonic(), 1.0)
    process = Process(Orders(**orders(tmp_path, None, keep_days=2.5, clock=clock)))
    process.beat()
    assert len(process.library.segments("cam-1")) == 2
    assert sorted(each.name for each in (tmp_path / "cam-1").iterdir()) == ["2026-11-19", "2026-11-21"]
    size = sum(each.stat().st_size for each in tmp_path.glob("*/*/*.mp4"))
    process = Process(Orders(**orders(tmp_path, None, most_gb=(size - 1) / GB, clock=clock)))
    process.beat()
    (kept,) = process.library.segments("cam-1")
    assert kept.day == "2026-11-21"

    usage = type("Usage", (), {"free": 5 * GB})
    monkeypatch.setattr("twin.video.recorder_process.shutil.disk_usage", lambda _folder: usage)
    low = Process(Orders(**orders(tmp_path, None, least_free_gb=6.0)))
    assert low.beat()["low"] is True


def test_recordings_pause_while_the_disk_has_too_little_room(tmp_path: Path) -> None:
    clock = Stepped()
    recorder = CameraRecorder(Where(tmp_path, "cam-1", 60.0), clock, lambda: Played(clock, 60.0))
    recorder.pause(paused=True)
    assert recorder._attempt().reason == "disk-low"
    recorder.pause(paused=False)
    assert recorder._attempt().reason == "ended"


def test_the_clock_goes_on_from_the_servers(tmp_path: Path) -> None:
    told = orders(tmp_path, None, clock=(1000.0, time.monotonic() - 2.0, 10.0))
    assert clock_of(Orders(**told)).now_ms() >= 21_000.0
    assert isinstance(clock_of(Orders(**orders(tmp_path, None))), SystemClock)


# Sources


def test_h265_is_written_under_the_name_that_safari_plays(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.ts"), "w", format="mpegts") as output:
        stream: Any = output.add_stream("libx265", rate=5, options={"x265-params": "log-level=none:pools=1"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(4):
            output.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        output.mux(stream.encode(None))
    clock = Stepped()
    attempts(Where(tmp_path, "cam-1", 60.0), clock, lambda: StreamSource.open(str(tmp_path / "a.ts")))
    library = Library(tmp_path)
    (segment,) = library.segments("cam-1")
    assert library.index_of("cam-1", segment).track.codec == "hvc1.1.6.L30.90"


def test_why_a_source_gives_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reason(url: str) -> str:
        with pytest.raises(SourceError) as caught:
            for _ in StreamSource.open(url).packets():
                pass
        assert "secret" not in caught.value.text
        return caught.value.reason

    assert reason(str(tmp_path / "none.mp4")) == "not-found"
    (tmp_path / "text.mp4").write_text("no video at all" * 100)
    assert reason(str(tmp_path / "text.mp4")) == "format"
    assert reason("rtsp://a:secret@127.0.0.1:1/x") == "unreachable"
    with RtspCamera(password="right") as camera:
        assert reason(camera.url.replace("//", "//admin:secret@")) == "refused"
    with RtspCamera(frames=5) as camera:
        assert reason(camera.url) == "ended"
    monkeypatch.setattr(sources, "STALL_S", 0.7)
    with RtspCamera(frames=12, stalls=True) as camera:
        assert reason(camera.url) == "stalled"
