"""Cameras' recordings on screen: they go along with the time slider, and say where there are none."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visit import Colour, Visit
from tests.browser.watched import WALL_DEVICE, WatchedHouse, watched_house

pytest.importorskip("av")

from tests.twin.video.making import record

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

DESK, PHONE = (1280, 800), (390, 844)
#: It hangs in the hall and has a pose; what it "recorded" was made for this test.
CAMERA = "L-01"
VIDEO = f"cameras:\n  {CAMERA}: {{url: /nowhere/at-all.mp4, enabled: false}}\n"
RED, BLUE, GREEN = (210, 30, 30), (30, 40, 210), (20, 160, 40)
RED_S, BLUE_S, GAP_S, GREEN_S = 3.0, 3.0, 3.0, 1.0


@dataclass(frozen=True)
class Watched:
    """The served house, and when its camera's recording begins: red, then blue, a gap, then green."""

    house: WatchedHouse
    begin: datetime

    def at(self, seconds: float) -> datetime:
        return self.begin + timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def watched(house: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("video")
    with watched_house(house / "house.twin", folder, {"video.yaml": VIDEO}) as served:
        # A whole second, so that what is shown at half past one has the same time as half past one.
        begin = served.report(WALL_DEVICE, "status", "on").replace(microsecond=0) + timedelta(seconds=1)
        begin_ms = begin.timestamp() * 1000

        def colour(time_ms: float) -> tuple[int, int, int]:
            return RED if time_ms < begin_ms + RED_S * 1000 else BLUE

        recordings = folder / "data" / "video"
        record(recordings, CAMERA, begin_ms, RED_S + BLUE_S, colour=colour, width=640)
        later_ms = begin_ms + (RED_S + BLUE_S + GAP_S) * 1000
        record(recordings, CAMERA, later_ms, GREEN_S, colour=lambda _: GREEN, width=640)
        yield Watched(served, begin)


def visited(browser: Browser, watched: Watched, size: tuple[int, int]) -> Iterator[Visit]:
    viewport: Any = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, has_touch=size == PHONE, locale="zh-CN")
    visit = Visit(context.new_page(), watched.house.url, may_be_refused=f"/api/video/{CAMERA}/frame.jpg")
    yield visit
    context.close()
    assert visit.errors == []
    assert visit.outside == []


@pytest.fixture
def desk(browser: Browser, watched: Watched) -> Iterator[Visit]:
    yield from visited(browser, watched, DESK)


@pytest.fixture
def phone(browser: Browser, watched: Watched) -> Iterator[Visit]:
    yield from visited(browser, watched, PHONE)


def wait_until(visit: Visit, moment: datetime) -> None:
    """Wait until a moment is past."""
    while datetime.now(UTC) < moment:
        visit.page.wait_for_timeout(100)


def open_at(visit: Visit, moment: datetime) -> None:
    """The camera is picked, and the past on screen."""
    wait_until(visit, moment + timedelta(seconds=1))
    at = moment.isoformat().replace("+00:00", "Z")
    visit.page.goto(f"{visit.url}/?at={at}&sel=device:{CAMERA}")
    expect(visit.part("camera")).to_be_visible()
    expect(visit.part("replay")).to_be_visible()


def middle(visit: Visit) -> dict[str, float]:
    box = visit.part("camera").bounding_box()
    assert box is not None
    return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}


def wait_for(visit: Visit, wanted: tuple[int, int, int]) -> Colour:
    """Wait until the camera's picture has a colour."""

    def is_it(colour: Colour) -> bool:
        return all(abs(one - other) < 40 for one, other in zip(colour, wanted, strict=True))

    return visit.wait_for_colour(middle(visit), is_it)


class Slider:
    """The time slider, dragged by the mouse."""

    def __init__(self, visit: Visit) -> None:
        self.visit, self.mouse = visit, visit.page.mouse
        band = visit.part("time-band")
        box: Any = band.bounding_box()
        begin, end = band.evaluate("(band) => [Number(band.ariaValueMin), Number(band.ariaValueMax)]")
        self._begin_ms: float = begin
        self._left: float = box["x"]
        self._px_per_ms: float = box["width"] / (end - begin)
        self._y: float = box["y"] + box["height"] * 0.3

    def move(self, moment: datetime) -> None:
        x = self._left + (moment.timestamp() * 1000 - self._begin_ms) * self._px_per_ms
        self.mouse.move(x, self._y, steps=4)


def show_the_last_minute(visit: Visit) -> None:
    """Zoom, and pull the band along until the present stands at its end."""
    first = visit.part("span").locator("option").first.get_attribute("value")
    visit.part("span").select_option(first)
    box: Any = visit.part("time-band").bounding_box()
    axis = box["y"] + box["height"] - 8
    visit.page.mouse.move(box["x"] + box["width"] * 0.9, axis)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + box["width"] * 0.1, axis, steps=4)
    visit.page.mouse.up()


def test_the_picture_goes_along_with_the_slider(desk: Visit, watched: Watched) -> None:
    open_at(desk, watched.at(1.5))
    wait_for(desk, RED)
    camera = desk.part("camera")
    expect(camera).to_have_attribute("data-mode", "frame")
    local = (watched.at(1.5) + timedelta(hours=8)).strftime("%H:%M:%S")
    expect(desk.part("camera-time")).to_contain_text(local)
    wait_until(desk, watched.at(RED_S + BLUE_S + GAP_S + GREEN_S + 1))
    show_the_last_minute(desk)
    slider = Slider(desk)
    slider.move(watched.at(1.5))
    desk.page.mouse.down()
    slider.move(watched.at(4.5))
    wait_for(desk, BLUE)
    expect(camera).to_have_attribute("data-mode", "stills")
    gap = watched.at(RED_S + BLUE_S + GAP_S / 2)
    slider.move(gap)
    from_, to = (
        (watched.at(seconds) + timedelta(hours=8)).strftime("%H:%M:%S")
        for seconds in (RED_S + BLUE_S, RED_S + BLUE_S + GAP_S)
    )
    expect(desk.part("camera-note")).to_have_text(f"{from_} 至 {to} 没有录像")
    expect(desk.part("camera-still")).to_have_count(0)
    slider.move(watched.at(2.7))
    wait_for(desk, RED)
    desk.page.mouse.up()
    expect(camera).to_have_attribute("data-mode", "frame")
    desk.part("speed").select_option("0.1")  # so slowly that no machine misses the change
    desk.part("play").click()
    expect(camera).to_have_attribute("data-moves", "true")
    wait_for(desk, BLUE)
    desk.part("play").click()


def test_a_camera_is_pinned_and_seen_in_full(desk: Visit, watched: Watched) -> None:
    open_at(desk, watched.at(4.5))
    desk.part("camera-pin").click()
    tile = desk.part("camera-tile")
    expect(tile.locator("[data-test=camera-still]")).to_be_visible()
    desk.part("element-camera").locator("[data-test=camera-large]").click()
    stage = desk.part("camera-stage")
    expect(stage.locator("[data-test=camera-still]")).to_be_visible()
    expect(tile).to_have_count(0)
    desk.page.keyboard.press("Escape")
    expect(stage).to_have_count(0)
    expect(desk.part("element-camera")).to_be_visible()
    desk.part("element-camera").locator("[data-test=camera-clip]").click()
    with desk.page.expect_download() as clip:
        desk.page.locator("[data-clip=around]").click()
    assert clip.value.suggested_filename.startswith(CAMERA)
    assert clip.value.path().read_bytes()[4:8] == b"ftyp"


def test_a_phone_has_the_picture_on_top(phone: Visit, watched: Watched) -> None:
    open_at(phone, watched.at(1.5))
    wait_for(phone, RED)
    box: Any = phone.part("camera").bounding_box()
    assert (box["x"], box["width"]) == (0, PHONE[0])
    assert box["height"] == pytest.approx(PHONE[0] * 9 / 16, abs=1)
    header: Any = phone.part("element-name").bounding_box()
    assert header["y"] > box["y"] + box["height"]
    overflow = phone.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
