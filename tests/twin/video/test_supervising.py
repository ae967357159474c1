"""The recorder's process under its supervisor, and the pictures' process: ended, silent, started again."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telemetry_bridge.clock import SimulatedClock, SystemClock
from tests.spatial.conftest import folder, package
from tests.twin.video.house import serving, until
from tests.twin.video.making import record
from tests.twin.video.rtsp_peer import RtspCamera
from twin.events.log import EventFilter
from twin.panels.video import running as video_running
from twin.video import health, stills, supervising
from twin.video.errors import StillError, VideoMissingError
from twin.video.library import Library
from twin.video.recordings import Recordings
from twin.video.stills import Stills
from twin.video.supervising import Supervisor
from twin.video.video_file import parse_video_file

__all__ = ["folder", "package"]

BEGIN_MS = 1_795_281_000_000
DEVICES = ("cam-1", "cam-2")


@pytest.fixture
async def pictures() -> AsyncIterator[Stills]:
    found = Stills()
    yield found
    await found.close()


async def test_cameras_are_recorded_shown_live_and_told_of_and_a_crash_is_survived(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE_MS", 300.0)
    monkeypatch.setattr(video_running, "BEAT_S", 0.1)
    monkeypatch.setattr(supervising, "FIRST_WAIT_S", 4.0)  # long enough to be seen on a busy machine
    monkeypatch.setenv("CAM_1", "s3 cret")
    with RtspCamera(password="s3 cret") as camera:
        url = camera.url.replace("//", "//admin:${CAM_1}@")
        text = f"cameras:\n  cam-1: {{url: '{url}'}}\n  cam-2: {{simulated: true}}\n"
        async with serving(folder, tmp_path, dev=True, listed=text, video=True) as house:

            async def state(of: int = 0) -> tuple[str, str]:
                told = (await house.get("")).json()["cameras"][of]
                return told["state"], told["reason"]

            async def reaches(wanted: str) -> None:
                async with asyncio.timeout(60):
                    while (await state())[0] != wanted:
                        await asyncio.sleep(0.1)

            await reaches("recording")
            assert await state(1) == ("off", "not-simulated")
            library = Library(house.recordings)
            await until(lambda: library.extent("cam-1"))
            assert "#EXTINF" in (await house.get("/cam-1/live.m3u8")).text
            assert (await house.get("/cam-1/frame.jpg")).content[:2] == b"\xff\xd8"
            os.kill(_child(supervising.MODULE), signal.SIGKILL)
            await reaches("down")
            assert (await state())[1] == "recorder-stopped"
            await reaches("recording")

            async def events() -> list[str]:
                return [each.type for each in await house.twin.events.find(EventFilter(type="camera.*"), 10)]

            async with asyncio.timeout(60):
                while await events() != ["camera.lost", "camera.back"]:
                    await asyncio.sleep(0.1)
    segments = Library(tmp_path / "data" / "video").segments("cam-1")
    assert len(segments) >= 2
    assert all(each.end_ms is not None for each in segments), "the end of the server is no crash"


def _child(module: str) -> int:
    """The process of ours that runs a module."""
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        except (OSError, IndexError):
            continue
        if module.encode() in command and int(parent) == os.getpid():
            return int(entry.name)
    raise AssertionError(f"no process runs {module}")


async def test_what_cannot_be_recorded_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "cameras:\n  cam-1: {url: 'rtsp://a:${NOT_SET}@h/1'}\n  cam-2: {simulated: true}\n"
    file = parse_video_file(text, DEVICES)
    supervisor = Supervisor(file, str(tmp_path), SystemClock(), simulates=False)
    await supervisor.run()
    assert supervisor.healths["cam-1"].reason == "secret-missing"
    assert "NOT_SET" in supervisor.healths["cam-1"].text
    assert supervisor.healths["cam-2"].reason == "not-simulated"
    assert supervisor.note is None
    monkeypatch.setattr(supervising, "has_libav", lambda: False)
    await supervisor.run()
    assert {each.reason for each in supervisor.healths.values()} == {"extra-missing", "not-simulated"}
    assert "pip install 'venue-twin[video]'" in (supervisor.note or "")


def test_the_process_is_told_what_time_it_is(tmp_path: Path) -> None:
    file = parse_video_file("cameras: {}", DEVICES)
    faster = Supervisor(file, str(tmp_path), SimulatedClock(5000.0, 10.0), simulates=False)._clock_now()
    assert faster is not None
    assert faster[0] >= 5000.0
    assert faster[2] == 10.0
    assert Supervisor(file, str(tmp_path), SystemClock(), simulates=False)._clock_now() is None


# Pictures


async def test_a_picture_that_takes_too_long_is_given_up_and_the_next_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, "cam-1", BEGIN_MS, 2.0)
    wanted = Recordings(Library(tmp_path)).picture("cam-1", BEGIN_MS + 500.0, None, key=False).wanted
    pictures = Stills(limit_s=0.0)
    monkeypatch.setattr(stills, "STARTING_S", 0.0)
    with pytest.raises(StillError, match="too long"):
        await pictures.picture(wanted)
    assert pictures._process is None
    pictures._limit_s = 60.0
    first = await pictures.picture(wanted)
    assert first[:2] == b"\xff\xd8"
    os.kill(_child(stills.MODULE), signal.SIGKILL)
    assert await pictures.picture(wanted) == first, "it is remembered"
    later = Recordings(Library(tmp_path)).picture("cam-1", BEGIN_MS + 1500.0, 32, key=True).wanted
    with pytest.raises(StillError):
        await pictures.picture(later)
    assert (await pictures.picture(later))[:2] == b"\xff\xd8"
    await pictures.close()


async def test_what_cannot_be_decoded_is_told(tmp_path: Path, pictures: Stills) -> None:
    record(tmp_path, "cam-1", BEGIN_MS, 2.0)
    library = Library(tmp_path)
    path = library.path_of("cam-1", library.segments("cam-1")[0])
    wanted = Recordings(library).picture("cam-1", BEGIN_MS + 500.0, None, key=False).wanted
    path.write_bytes(path.read_bytes()[:800])
    with pytest.raises(StillError, match="could not be decoded"):
        await pictures.picture(wanted)
    path.unlink()
    with pytest.raises(StillError, match="No such file"):
        await pictures.picture(wanted)


async def test_without_pyav_it_says_what_to_install(
    tmp_path: Path, pictures: Stills, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, "cam-1", BEGIN_MS, 1.0)
    wanted = Recordings(Library(tmp_path)).picture("cam-1", BEGIN_MS, None, key=True).wanted
    monkeypatch.setattr(stills, "has_libav", lambda: False)
    with pytest.raises(VideoMissingError, match="pip install 'venue-twin"):
        await pictures.picture(wanted)
