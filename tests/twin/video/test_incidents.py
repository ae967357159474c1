"""What cameras recorded goes along with an incident: into its archive, and into its report."""

import zipfile
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pypdfium2
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.incidents.house import go_wrong, got, serving, settings_of
from tests.twin.incidents.test_archive import opened
from tests.twin.video.making import record
from twin.video.keeping import Kept
from twin.video.names import Segment
from twin.video.taking import taken


def milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_an_archive_shows_what_cameras_recorded_and_a_report_prints_it(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with serving(settings) as client:
        began, ended, alarm = go_wrong(client)
        first_ms = milliseconds(began) - 3000
        length_s = (milliseconds(ended) - first_ms) // 1000 + 3
        record(settings.data_folder / "video", "L-01", first_ms, length_s)
        record(settings.data_folder / "video", "L-01", first_ms - 60_000, 2.0)
        body = {"title": "灯光故障", "from": began, "to": ended, "alarm": alarm}
        path = f"/api/incidents/{client.post('/api/incidents', json=body).json()['id']}"
        archive = client.post(f"{path}/archive").content
        spans = got(client, "/api/video/L-01/spans", **{"from": began, "to": ended})
        exports = got(client, "/api/events", type="incident.exported")["items"]
        assert [each["data"]["cameras"] for each in exports] == [["L-01"]]
    packed = zipfile.ZipFile(BytesIO(archive))
    kept = [each for each in packed.namelist() if each.startswith("video/")]
    assert kept
    assert all(each.startswith("video/L-01/") and str(first_ms - 60_000) not in each for each in kept)
    assert not list(settings.data_folder.glob(".incident-*"))
    text = "".join(
        page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(packed.read("report.pdf"))
    )
    assert "摄像机画面" in text
    file = tmp_path / "a.twinincident"
    file.write_bytes(archive)
    with opened(file) as shown:
        assert got(shown, "/api/video/L-01/spans", **{"from": began, "to": ended}) == spans
        playlist = shown.get("/api/video/L-01/playlist.m3u8", params={"from": began, "to": ended})
        assert playlist.status_code == 200
        name = next(line for line in playlist.text.splitlines() if line.startswith("media/"))
        assert shown.get(f"/api/video/L-01/{name}").status_code == 200
        assert got(shown, "/api/events", type="video.viewed")["items"] == []


@given(
    sizes=st.lists(st.lists(st.integers(0, 50), max_size=8), max_size=4),
    at=st.integers(0, 500),
    room=st.integers(0, 400),
)
def test_what_is_nearest_goes_along_first_and_never_too_much(
    sizes: list[list[int]], at: int, room: int
) -> None:
    found = {
        str(camera): [
            Kept(str(camera), Segment(60 * place, 0, 60 * place + 60), size)
            for place, size in enumerate(each)
        ]
        for camera, each in enumerate(sizes)
    }
    chosen = taken(found, at, room)

    def distance(kept: Kept) -> float:
        return max(kept.segment.begin_ms - at, at - (kept.segment.end_ms or 0), 0)

    left = [each for segments in found.values() for each in segments if each not in chosen]
    assert sum(each.bytes for each in chosen) <= room
    assert not chosen or not left or max(map(distance, chosen)) <= min(map(distance, left))
