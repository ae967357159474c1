"""The time slider: the past on screen as it was, and the way back to the present."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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
    box = place_of(visit)
    axis = box["y"] + box["height"] - 8
    visit.page.mouse.move(box["x"] + 100, axis)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + 200, axis, steps=4)
    visit.page.mouse.up()
    assert band.evaluate("(band) => Number(band.ariaValueMin)") < start
    expect(visit.part("replay")).to_have_count(0)


def place_of(visit: Visit) -> Any:
    """Where the band is on the page."""
    box = visit.part("time-band").bounding_box()
    assert box is not None
    return box


def cursor_of(visit: Visit) -> float:
    """The moment on screen, ms since 1970 UTC."""
    found: float = visit.part("time-band").evaluate("(band) => Number(band.ariaValueNow)")
    return found


def test_time_is_dragged_from_anywhere_and_the_scene_goes_along(
    visit: Visit, lived: tuple[WatchedHouse, datetime]
) -> None:
    visit.open()
    visit.part("span").select_option(visit.part("span").locator("option").first.get_attribute("value"))
    while datetime.now(UTC) - lived[1] < timedelta(seconds=40):  # time ends where the film begins
        visit.page.wait_for_timeout(500)
    box = place_of(visit)
    y = box["y"] + box["height"] * 0.3
    visit.page.mouse.move(box["x"] + box["width"] * 0.9, y)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + box["width"] * 0.85, y, steps=5)
    expect(visit.part("replay")).to_be_visible()
    visit.page.wait_for_function("() => window.__twin?.scene.hurried")
    first = cursor_of(visit)
    visit.page.mouse.move(box["x"] + box["width"] * 0.7, y, steps=5)
    visit.page.wait_for_function(
        "first => Number(document.querySelector('[data-test=time-band]').ariaValueNow) < first", arg=first
    )
    visit.page.mouse.up()
    visit.page.wait_for_function("() => !window.__twin?.scene.hurried")
    expect(visit.page).to_have_url(re.compile(r"at=\d{4}-\d\d-\d\dT"))


def test_zoom_goes_from_a_year_to_a_second(visit: Visit) -> None:
    visit.open()
    spans = visit.part("span").locator("option")
    shown = "(band) => band.ariaValueMax - band.ariaValueMin"
    band = visit.part("time-band")
    visit.part("span").select_option(spans.last.get_attribute("value"))
    assert band.evaluate(shown) == pytest.approx(8760 * 3_600_000, rel=0.01)
    band.focus()
    for _ in range(60):
        visit.page.keyboard.press("+")
    visit.page.wait_for_function(
        "() => { const b = document.querySelector('[data-test=time-band]'); "
        "return b.ariaValueMax - b.ariaValueMin < 1100 }"
    )


def test_a_note_is_written_at_a_moment_changed_and_taken_away(
    visit: Visit, lived: tuple[WatchedHouse, datetime]
) -> None:
    house, lit = lived
    open_moment(visit, lit)
    visit.page.keyboard.press("n")
    visit.part("note-text").fill("灯亮着，没有人")
    visit.part("note-save").click()
    note = visit.part("note").filter(has_text="灯亮着")
    expect(note).to_be_visible()
    (kept,) = house.get("/api/notes")["items"]
    assert (kept["text"], kept["to"]) == ("灯亮着，没有人", None)
    assert abs((datetime.fromisoformat(kept["from"]) - lit).total_seconds()) < 1
    note.locator("[data-test=note-edit]").click()
    visit.part("note-text").fill("灯一直亮着")
    visit.part("note-save").click()
    expect(visit.part("note").filter(has_text="灯一直亮着")).to_be_visible()
    visit.part("note").locator("[data-test=note-edit]").click()
    visit.part("note-remove").click()
    expect(visit.part("note")).to_have_count(0)
    types = [each["type"] for each in house.get("/api/events", type="note.*")["items"]]
    assert types == ["note.added", "note.changed", "note.removed"]


def test_two_moments_are_compared_as_a_list_and_side_by_side(
    visit: Visit, lived: tuple[WatchedHouse, datetime]
) -> None:
    open_moment(visit, lived[1])
    visit.part("compare-toggle").click()
    expect(visit.part("compare")).to_be_visible()
    # The next event is the alarm of the lamp, which is out of order then.
    visit.part("step-forward").click()
    change = visit.part("difference").filter(has_text="南墙灯")
    expect(change).to_contain_text("开")
    expect(change).to_contain_text("故障")
    expect(visit.page).to_have_url(re.compile(r"vs=\d{4}-\d\d-\d\dT"))
    visit.part("compare-split").click()
    expect(visit.part("split")).to_be_visible()
    visit.rest()
    visit.part("compare-toggle").click()
    expect(visit.part("split")).to_have_count(0)
    expect(visit.part("compare")).to_have_count(0)


def test_a_link_opens_the_moment_with_what_was_picked(
    visit: Visit, lived: tuple[WatchedHouse, datetime]
) -> None:
    visit.page.goto(visit.url + link_to(lived[1]) + f"&sel=device:{WALL_DEVICE}")
    visit.page.wait_for_function("() => window.__twin?.firstPicture != null", timeout=WAIT_MS)
    expect(visit.part("element-name")).to_contain_text(WALL)
    expect(visit.part("replay")).to_be_visible()
    expect(visit.page).to_have_url(re.compile("sel="))
    expect(visit.page).to_have_url(re.compile("cam="))


def test_a_review_has_one_driver_and_the_others_see_the_same(
    visit: Visit, browser: Browser, lived: tuple[WatchedHouse, datetime]
) -> None:
    house, lit = lived
    open_moment(visit, lit)
    visit.part("review-toggle").click()
    visit.part("review-host").click()
    link = visit.part("review-link").input_value()
    guests = open_at(browser, house.url, DESK)
    guest = next(guests)
    guest.page.goto(link)
    expect(guest.part("replay-time")).to_contain_text((lit + timedelta(hours=8)).strftime("%H:%M:%S"))
    expect(visit.part("participant")).to_have_count(2)
    visit.part("step-forward").click()
    raised = next(each for each in house.get("/api/events", type="alarm.raised")["items"])
    then = (datetime.fromisoformat(raised["time"]) + timedelta(hours=8)).strftime("%H:%M:%S")
    expect(guest.part("replay-time")).to_contain_text(then)
    expect(visit.part("replay-time")).to_contain_text(then)
    visit.part("hand").click()
    guest.part("review-toggle").click()
    expect(guest.part("participant").filter(has=guest.part("driver"))).to_contain_text("我")
    guest.part("review-quit").click()
    expect(guest.part("review-host")).to_be_visible()
    next(guests, None)


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


def test_a_phone_drags_time_with_a_finger(phone: Visit) -> None:
    phone.open()
    phone.part("timeline-open").tap()
    box = place_of(phone)
    y = box["y"] + box["height"] * 0.3
    finger = phone.page.context.new_cdp_session(phone.page)

    def touch(kind: str, *points: float) -> None:
        touches = [{"x": box["x"] + box["width"] * share, "y": y} for share in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    touch("touchStart", 0.9)
    for share in (0.86, 0.8, 0.75):
        touch("touchMove", share)
    touch("touchEnd")
    expect(phone.part("replay")).to_be_visible()
    before = phone.part("time-band").evaluate("(band) => band.ariaValueMax - band.ariaValueMin")
    touch("touchStart", 0.4, 0.6)
    touch("touchMove", 0.3, 0.7)
    touch("touchMove", 0.2, 0.8)
    touch("touchEnd")
    after = phone.part("time-band").evaluate("(band) => band.ariaValueMax - band.ariaValueMin")
    assert after < before
    small = phone.page.evaluate(
        """() => [...document.querySelectorAll('[data-test=timeline] button')]
            .filter((button) => button.offsetParent !== null && button.offsetHeight < 44)
            .map((button) => button.dataset.test)"""
    )
    assert small == []


def test_the_wall_shows_the_present_without_a_slider(visit: Visit) -> None:
    visit.open("/wall")
    expect(visit.part("timeline")).to_have_count(0)
