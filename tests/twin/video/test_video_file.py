"""`video.yaml`: what it says, what is wrong with it and where; secrets stay out of it and of texts."""

from pathlib import Path

import pytest

from telemetry_bridge.errors import RegistryError
from twin.errors import VenueError
from twin.video.video_file import load_video_file, parse_video_file, resolved, without_secrets

DEVICES = ("cam-1", "cam-2", "lamp-1")


def faults(text: str) -> list[str]:
    with pytest.raises(RegistryError) as caught:
        parse_video_file(text, DEVICES)
    return [str(each) for each in caught.value.faults]


def test_a_file_says_what_is_recorded() -> None:
    found = parse_video_file(
        "keep_days: 3\nmost_gb: 50\nsegment_s: 20\ncameras:\n"
        "  cam-1: {url: 'rtsp://viewer:${CAM_1}@10.0.0.9/stream1', transport: udp}\n"
        "  cam-2: {simulated: true, enabled: false}\n",
        DEVICES,
    )
    assert (found.keep_days, found.most_gb, found.least_free_gb, found.segment_s) == (3, 50, 2, 20)
    first, second = found.cameras.values()
    assert (first.camera, first.transport, first.line) == ("cam-1", "udp", 5)
    assert (second.simulated, second.enabled, second.url) == (True, False, None)
    assert parse_video_file("", DEVICES).cameras == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keep_days: 0", "video.yaml:1: keep_days: Input should be greater than 0"),
        ("kep_days: 3", "video.yaml:1: kep_days: no such setting; is it misspelt?"),
        (
            "cameras:\n  cam-3: {simulated: true}",
            "video.yaml:2: the venue has no device cam-3; do you mean cam-2?",
        ),
        ("cameras:\n  zzz: {simulated: true}", "video.yaml:2: the venue has no device zzz; see devices.csv"),
        ("cameras:\n\n  cam-1: {}", "video.yaml:3: cameras.cam-1: give either url or simulated: true"),
        (
            "cameras:\n  cam-1: {url: 'rtsp://a:secret@h/1'}",
            "video.yaml:2: url: no password in the file; write ${NAME}, and set the variable NAME where the "
            "server runs",
        ),
        (
            "cameras:\n  cam-1: {url: 'ftp://h/1'}",
            "video.yaml:2: url: ftp is none of rtsp, rtsps, http, https, and no file's path",
        ),
        (
            "cameras:\n  cam-1: {simulated: true}\n  cam-1: {simulated: true}",
            "video.yaml:3: cam-1 is there twice",
        ),
    ],
)
def test_a_fault_is_named_with_its_line(text: str, said: str) -> None:
    assert faults(text) == [said]


def test_every_fault_of_a_venues_file_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "video.yaml").write_text("cameras:\n  a1: {simulated: true}\n  b2: {simulated: true}\n")
    with pytest.raises(VenueError, match=r"2 fault\(s\).*video.yaml:2.*video.yaml:3"):
        load_video_file(tmp_path, DEVICES)
    assert load_video_file(tmp_path / "elsewhere", DEVICES) is None
    assert load_video_file(None, DEVICES) is None


def test_secrets_come_from_the_environment_and_are_written_as_urls_want_them() -> None:
    url = "rtsp://${USER_1}:${PASS_1}@h/1?token=${T}"
    assert resolved(url, {"USER_1": "a b", "PASS_1": "p@ss/wört", "T": "x&y"}) == (
        "rtsp://a%20b:p%40ss%2Fw%C3%B6rt@h/1?token=x%26y",
        [],
    )
    assert resolved(url, {"USER_1": "a", "T": ""}) == (None, ["PASS_1", "T"])


def test_texts_show_no_secrets() -> None:
    text = "cannot open 'rtsp://a:p%40ss@h:554/1?token=x%26y': refused"
    shown = without_secrets(text)
    assert "p%40ss" not in shown
    assert "token" not in shown
    assert "h:554/1" in shown
