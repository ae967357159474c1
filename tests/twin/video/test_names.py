"""Names of segments and folders: there and back, and nothing that leads out of the folder."""

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from twin.video.names import Segment, camera_of, day_of, folder_of, is_day, parse_name

MOMENTS = st.integers(0, 253_402_300_000_000)


@given(begin=MOMENTS, length=st.integers(1, 10**9) | st.none(), take=st.integers(0, 999_999_999))
def test_a_name_tells_the_segment(begin: int, length: int | None, take: int) -> None:
    segment = Segment(begin, take, None if length is None else min(begin + length, 253_402_300_799_999))
    assert parse_name(segment.name) == segment
    assert is_day(segment.day)


@given(st.text(min_size=1, max_size=80))
def test_a_camera_has_one_folder_of_its_own(camera: str) -> None:
    try:
        camera.encode()
    except UnicodeEncodeError:
        return
    name = folder_of(camera)
    assert camera_of(name) == camera
    assert PurePosixPath(name).parts == (name,)
    assert not name.startswith(".")


@given(st.text(max_size=40))
def test_what_is_no_name_is_none(text: str) -> None:
    found = parse_name(text)
    assert found is None or found.name == text or text.lstrip("0") != text


def test_names_that_are_not_ours() -> None:
    for name in ("", "a.mp4", "5-4.mp4", "5-5.mp4", "../5-6.mp4", "5-6-0.mp4", "5-6.mp4.tmp", "٣-٤.mp4"):
        assert parse_name(name) is None
    assert day_of(1_795_281_000_000) == "2026-11-21"
