"""`/api/video` over real HTTP: playlists that libav plays, pictures, clips, roles, and who looked at what."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest

from telemetry_bridge.times import format_rfc3339
from tests.spatial.conftest import folder, package
from tests.twin.video.house import House, serving
from tests.twin.video.making import grey_of, record
from twin.accounts.roles import Role
from twin.events.log import EventFilter

__all__ = ["folder", "package"]

BEGIN_MS = 1_795_281_000_000
GAP_MS, AFTER_MS, END_MS = BEGIN_MS + 6000, BEGIN_MS + 20_000, BEGIN_MS + 24_000


def at(time_ms: float) -> str:
    return format_rfc3339(time_ms)


@pytest.fixture
async def house(folder: Path, tmp_path: Path) -> AsyncIterator[House]:
    """A camera that recorded six seconds in three segments, and four more after a gap of 14."""
    recordings = tmp_path / "data" / "video"
    writer = record(recordings, "cam-1", BEGIN_MS, 6.0)
    record(recordings, "cam-1", AFTER_MS, 4.0, sequence=writer.sequence)
    async with serving(folder, tmp_path, dev=True, listed="cameras: {}\n") as found:
        yield found


def played(url: str) -> tuple[float, list[tuple[int, int]]]:
    """The duration that a playlist or a file says, s, and each picture's time, ms, with its grey."""
    with av.open(url) as opened:
        pictures = [
            (round(float(frame.time or 0.0) * 1000), int(np.median(frame.to_ndarray(format="gray"))))
            for frame in opened.decode(video=0)
        ]
        return (opened.duration or 0) / av.time_base, pictures


def grey(time_ms: float) -> Any:
    return pytest.approx(grey_of(time_ms)[0], abs=8)


async def test_a_playlist_is_played_to_its_end_with_the_right_picture_at_each_time(house: House) -> None:
    url = f"{house.url}/api/video/cam-1/playlist.m3u8?from={at(BEGIN_MS)}&to={at(END_MS)}"
    duration_s, pictures = await asyncio.to_thread(played, url)
    assert duration_s == pytest.approx(10.0)
    expected = [*range(BEGIN_MS, GAP_MS, 200), *range(AFTER_MS, END_MS, 200)]
    assert [time for time, _ in pictures] == expected
    assert [shade for _, shade in pictures] == [grey(each) for each in expected]
    # A part begins with a picture that needs no other.
    answer = await house.get(
        "/cam-1/playlist.m3u8", **{"from": at(BEGIN_MS + 2600), "to": at(AFTER_MS + 900)}
    )
    text = answer.text
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert text.count("#EXT-X-DISCONTINUITY") == 1
    assert text.count("#EXT-X-MAP:") == 3
    stamps = [line.partition(":")[2] for line in text.splitlines() if line.startswith("#EXT-X-PROGRAM")]
    assert stamps[0] == at(BEGIN_MS + 2000)
    assert stamps[-1] == at(AFTER_MS)
    assert text.rstrip().endswith("#EXT-X-ENDLIST")
    # Spans, and the gap between.
    told = await house.get("/cam-1/spans", **{"from": at(BEGIN_MS - 5000), "to": at(END_MS + 5000)})
    spans = [(each["from"], each["to"]) for each in told.json()["spans"]]
    assert spans == [(at(BEGIN_MS), at(GAP_MS)), (at(AFTER_MS), at(END_MS))]
    (camera,) = (await house.get("")).json()["cameras"]
    assert (camera["camera"], camera["state"], camera["reason"]) == ("cam-1", "off", "not-listed")
    assert (camera["first"], camera["last"], camera["width"]) == (at(BEGIN_MS), at(END_MS), 64)
    refused = (
        await house.get("/cam-1/playlist.m3u8", 404, **{"from": at(GAP_MS + 1000), "to": at(AFTER_MS)})
    ).json()
    assert refused["type"].endswith(":not-recorded")
    assert refused["named"] == {"from": at(GAP_MS), "to": at(AFTER_MS)}


def decoded(answer: httpx.Response) -> Any:
    """The greys of a JPEG, (h, w)."""
    with av.open(io.BytesIO(answer.content), "r", format="mjpeg") as opened:
        return next(opened.decode(video=0)).to_ndarray(format="gray")


def shade(answer: httpx.Response) -> int:
    """The grey of a JPEG of one grey."""
    return int(np.median(decoded(answer)))


async def test_the_picture_of_a_moment_is_the_one_that_was_shown_and_else_the_gap_is_told(
    house: House,
) -> None:
    for asked_ms, shown_ms in (
        (BEGIN_MS, BEGIN_MS),
        (BEGIN_MS + 3_399, BEGIN_MS + 3_200),
        (BEGIN_MS + 5_999, BEGIN_MS + 5_800),
        (GAP_MS + 500, BEGIN_MS + 5_800),
        (AFTER_MS + 2_000, AFTER_MS + 2_000),
    ):
        answer = await house.get("/cam-1/frame.jpg", at=at(asked_ms))
        assert answer.headers["x-frame-time"] == at(shown_ms)
        assert shade(answer) == grey(shown_ms)
    small = await house.http.get(f"/api/video/cam-1/frame.jpg?at={at(BEGIN_MS + 3_900)}&key=1&width=32")
    assert small.headers["x-frame-time"] == at(BEGIN_MS + 3_000)
    assert shade(small) == grey(BEGIN_MS + 3_000)
    assert (await house.get("/cam-1/frame.jpg")).headers["x-frame-time"] == at(END_MS - 200)
    gaps: list[tuple[int, dict[str, str], str]] = [
        (BEGIN_MS - 1, {"to": at(BEGIN_MS)}, "before"),
        (GAP_MS + 1000, {"from": at(GAP_MS), "to": at(AFTER_MS)}, "gap"),
        (END_MS + 1000, {"from": at(END_MS)}, "after"),
    ]
    for asked_ms, named, reason in gaps:
        told = (await house.get("/cam-1/frame.jpg", 404, at=at(asked_ms))).json()
        assert told["type"] == "urn:venue-twin:problem:not-recorded"
        assert (told["reason"], told["named"]) == (reason, named)


async def test_a_clip_is_a_file_that_begins_at_zero(house: House, tmp_path: Path) -> None:
    span = {"from": at(BEGIN_MS + 1500), "to": at(AFTER_MS + 1000)}
    answer = await house.get("/cam-1/clip.mp4", **span)
    assert answer.headers["content-disposition"] == 'attachment; filename="cam-1-2026-11-21T171001Z.mp4"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(answer.content)
    duration_s, pictures = await asyncio.to_thread(played, str(clip))
    begin_ms = BEGIN_MS + 1000  # with the picture that the first one needs
    assert duration_s == pytest.approx((AFTER_MS + 1000 - begin_ms) / 1000)
    expected = [*range(begin_ms, GAP_MS, 200), *range(AFTER_MS, AFTER_MS + 1000, 200)]
    assert [(time + begin_ms, shade) for time, shade in pictures] == [(each, grey(each)) for each in expected]
    events = await house.twin.events.find(EventFilter(type="video.exported"), 10)
    assert [(each.subject, each.actor, each.data) for each in events] == [
        ("device:cam-1", "person:dev", {"camera": "cam-1", **span})
    ]
    long = {"from": at(BEGIN_MS), "to": at(BEGIN_MS + 3_600_001)}
    assert "60 minutes" in (await house.get("/cam-1/clip.mp4", 400, **long)).json()["detail"]
    # A clip in which the format changes is refused.
    record(house.recordings, "cam-1", END_MS, 1.0, width=96)
    changed = {"from": at(AFTER_MS), "to": at(END_MS + 1000)}
    assert "take a clip of each part" in (await house.get("/cam-1/clip.mp4", 400, **changed)).json()["detail"]
    assert "#EXT-X-DISCONTINUITY" in (await house.get("/cam-1/playlist.m3u8", **changed)).text


async def test_media_is_given_in_ranges_and_never_from_elsewhere(house: House, tmp_path: Path) -> None:
    name = f"{BEGIN_MS}-{BEGIN_MS + 2000}.mp4"
    whole = await house.get(f"/cam-1/media/{name}")
    assert "immutable" in whole.headers["cache-control"]
    headers = {"range": "bytes=10-19", "accept-encoding": "gzip"}
    part = await house.http.get(f"/api/video/cam-1/media/{name}", headers=headers)
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert "content-encoding" not in part.headers
    (tmp_path / "data" / "secret.mp4").write_bytes(b"secret")
    for wrong in (
        "secret.mp4",
        "..%2fsecret.mp4",
        "%2e%2e/secret.mp4",
        f"0{name}",
        f"{BEGIN_MS}-1.mp4",
        "%00",
    ):
        answer = await house.http.get(f"/api/video/cam-1/media/{wrong}")
        assert answer.status_code == 404 or answer.content == whole.content
    for camera in ("..", "%2e%2e", "cam-9", "..%2f..", ".scenes"):
        assert (await house.http.get(f"/api/video/{camera}/spans")).status_code == 404


async def test_what_grows_is_shown_live_and_what_ends_keeps_its_place(folder: Path, tmp_path: Path) -> None:
    recordings = tmp_path / "data" / "video"
    async with serving(folder, tmp_path, dev=True, listed="cameras: {}\n") as house:
        now_ms = round(house.twin.clock.now_ms())
        begin_ms = now_ms - 9000
        writer = record(recordings, "cam-1", begin_ms, 9.0, segment_s=4.0, finish=False, sequence=40)
        live = (await house.get("/cam-1/live.m3u8")).text
        assert "#EXT-X-ENDLIST" not in live
        assert "#EXT-X-MEDIA-SEQUENCE:40" in live
        growing = f"media/{begin_ms + 8000}.part.mp4"
        assert growing not in live  # its one fragment is not whole yet
        assert live.count("#EXTINF") == 8
        writer.finish()
        after = (await house.get("/cam-1/live.m3u8")).text
        assert after.count("#EXTINF") == 9
        assert (await house.get(f"/cam-1/{growing}")).content
        assert (await house.get("/cam-1/frame.jpg")).headers["x-frame-time"] == at(begin_ms + 8800)


async def test_who_may_see_what_and_that_it_is_written_down(folder: Path, tmp_path: Path) -> None:
    recordings = tmp_path / "data" / "video"
    record(recordings, "cam-1", BEGIN_MS, 2.0)
    async with serving(folder, tmp_path, listed="cameras: {}\n") as house:
        record(recordings, "cam-1", round(house.twin.clock.now_ms()) - 4000, 4.0)
        member, operator, manager = [
            await house.key(role) for role in (Role.MEMBER, Role.OPERATOR, Role.MANAGER)
        ]
        past = {"from": at(BEGIN_MS), "to": at(BEGIN_MS + 2000)}
        await house.get("", 403, member)
        await house.get("/cam-1/live.m3u8", 401)
        for path in ("/cam-1/spans", "/cam-1/playlist.m3u8", "/cam-1/clip.mp4"):
            await house.get(path, 403, operator, **past)
        await house.get("/cam-1/frame.jpg", 403, operator, at=at(BEGIN_MS))
        await house.get(f"/cam-1/media/{BEGIN_MS}-{BEGIN_MS + 2000}.mp4", 403, operator)
        for _ in range(3):
            live = await house.get("/cam-1/live.m3u8", 200, operator)
            await house.get("/cam-1/playlist.m3u8", 200, manager, **past)
            await house.get("/cam-1/frame.jpg", 200, manager, at=at(BEGIN_MS + 500))
        media = next(line for line in live.text.splitlines() if line.startswith("media/"))
        await house.get(f"/cam-1/{media}", 200, operator)
        events = await house.twin.events.find(EventFilter(type="video.viewed"), 10)
        told: list[Any] = [(each.actor, each.data["as"]) for each in events]
        assert sorted(told) == [
            ("person:manager1", "film"),
            ("person:manager1", "pictures"),
            ("person:operator1", "live"),
        ]
        (film,) = [each.data for each in events if each.data["as"] == "film"]
        assert film == {"camera": "cam-1", **past, "as": "film"}
