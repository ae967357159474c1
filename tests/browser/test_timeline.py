"""The time slider: the past on screen as it was, and the way back to the present."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visit import WAIT_MS, Colour, Visit
from tests.browser.watched import WALL, WALL_DEVICE, WatchedHouse, watched_house

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

DESK, PHONE = (1280, 800), (390, 844)


@pytest.fixture(scope="module")
def lived(house: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WatchedHouse, datetime]]:
    """A house, and a moment at which its south wall's lamp was on; now it is off."""
    with watched_house(house / "house.twin", tmp_path_factory.mktemp("timeline")) as served:
        lit = served.report(WALL_DEVICE, "status", "on")
        served.report(WALL_DEVICE, "status", "off")
        served.report(WALL_DEVICE, "status", "fault")
        served.all_is_well()
        yield served, lit


def open_at(browser: Browser, url: str, size: tuple[int, int]) -> Iterator[Visit]:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE, locale="zh-CN"
    )
    visit = Visit(context.new_page(), url)
    visit.page.add_init_script("window.notReloaded = Math.random()")
    yield visit
    context.close()
    assert visit.errors == []


@pytest.fixture
def visit(browser: Browser, lived: tuple[WatchedHouse, datetime]) -> Iterator[Visit]:
    yield from open_at(browser, lived[0].url, DESK)


@pytest.fixture
def phone(browser: Browser, lived: tuple[WatchedHouse, datetime]) -> Iterator[Visit]:
    yield from open_at(browser, lived[0].url, PHONE)


def is_amber(colour: Colour) -> bool:
    """The layer's colour for a lamp that is on."""
    return colour[0] > colour[2] + 50 and colour[1] > colour[2] + 25


def is_grey(colour: Colour) -> bool:
    """The layer's colour for a lamp that is off."""
    return max(colour) - min(colour) < 40


def link_to(moment: datetime) -> str:
    return "/?at=" + moment.isoformat().replace("+00:00", "Z")


def open_moment(visit: Visit, moment: datetime) -> None:
    visit.page.goto(visit.url + link_to(moment))
    visit.page.wait_for_function("() => window.__twin?.firstPicture != null", timeout=WAIT_MS)
    expect(visit.part("replay")).to_be_visible()
    visit.rest()


def test_a_link_opens_a_moment_and_live_is_one_click_away(
    visit: Visit, lived: tuple[WatchedHouse, datetime]
) -> None:
    house, lit = lived
    open_moment(visit, lit)
    mark = visit.page.evaluate("() => window.notReloaded")
    local = (lit + timedelta(hours=8)).strftime("%H:%M:%S")
    expect(visit.part("replay-time")).to_contain_text(local)
    expect(visit.part("link")).to_have_attribute("data-state", "replay")
    at = visit.seen(house.index_of(WALL))
    visit.wait_for_colour(at, is_amber)
    visit.part("back-to-live").click()
    expect(visit.part("replay")).to_have_count(0)
    expect(visit.part("link")).to_have_attribute("data-state", "live")
    visit.wait_for_colour(at, is_grey)
    expect(visit.page).not_to_have_url(re.compile("at="))
    assert visit.page.evaluate("() => window.notReloaded") == mark


def test_the_band_takes_the_scene_to_a_moment_and_the_address_says_which(visit: Visit) -> None:
    visit.open()
    band = visit.part("time-band")
    expect(band).to_be_visible()
    box = band.bounding_box()
    assert box is not None
    band.click(position={"x": box["width"] * 0.9, "y": 20})
    expect(visit.part("replay")).to_be_visible()
    expect(visit.page).to_have_url(re.compile(r"at=\d{4}-\d\d-\d\dT"))
    visit.page.keyboard.press("l")
    expect(visit.part("replay")).to_have_count(0)
    expect(visit.page).not_to_have_url(re.compile("at="))


def test_playing_catches_up_with_the_present(visit: Visit, lived: tuple[WatchedHouse, datetime]) -> None:
    open_moment(visit, lived[1])
    visit.part("speed").select_option("3600")
    visit.part("play").click()
    expect(visit.part("replay")).to_have_count(0)
    expect(visit.part("link")).to_have_attribute("data-state", "live")


def test_steps_lead_from_event_to_event(visit: Visit, lived: tuple[WatchedHouse, datetime]) -> None:
    visit.open()
    events = [
        each
        for each in lived[0].get("/api/events", newest_first="true")["items"]
        if each["type"] != "log.begun"
    ]
    visit.part("step-back").click()
    shown = visit.part("replay-time")
    newest = datetime.fromisoformat(events[0]["time"]) + timedelta(hours=8)
    expect(shown).to_contain_text(newest.strftime("%H:%M:%S"))
    visit.part("events-toggle").click()
    expect(visit.part("events-near")).to_contain_text("南墙灯 故障")
    visit.part("event-near").filter(has_text="南墙灯 故障").first.click()
    raised = next(each for each in events if each["type"] == "alarm.raised")
    expect(shown).to_contain_text(
        (datetime.fromisoformat(raised["time"]) + timedelta(hours=8)).strftime("%H:%M:%S")
    )
    expect(visit.part("alarm-count")).to_have_text("1")


def test_the_wheel_zooms_and_a_drag_pans(visit: Visit) -> None:
    visit.open()
    band = visit.part("time-band")
    span = "(band) => band.ariaValueMax - band.ariaValueMin"
    before = band.evaluate(span)
    band.hover()
    visit.page.mouse.wheel(0, 400)
    for _ in range(50):
        if band.evaluate(span) > before * 1.3:
            break
        visit.page.wait_for_timeout(100)
    assert band.evaluate(span) > before * 1.3
    start = band.evaluate("(band) => Number(band.ariaValueMin)")
    box = band.bounding_box()
    assert box is not None
    visit.page.mouse.move(box["x"] + 100, box["y"] + 20)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + 200, box["y"] + 20, steps=4)
    visit.page.mouse.up()
    assert band.evaluate("(band) => Number(band.ariaValueMin)") < start
    expect(visit.part("replay")).to_have_count(0)


def test_a_phone_asks_for_the_slider(phone: Visit) -> None:
    phone.open()
    expect(phone.part("timeline")).to_be_hidden()
    phone.part("timeline-open").tap()
    expect(phone.part("timeline")).to_be_visible()
    phone.part("step-back").tap()
    expect(phone.part("replay")).to_be_visible()
    overflow = phone.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    phone.part("back-to-live").tap()
    expect(phone.part("replay")).to_have_count(0)


def test_the_wall_shows_the_present_without_a_slider(visit: Visit) -> None:
    visit.open("/wall")
    expect(visit.part("timeline")).to_have_count(0)
