"""The guide as a visitor meets it: on a phone, without an account, with and without a way."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.visit import WAIT_MS, Visit
from tests.contract.small_house import guid_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

#: What a visitor's phone may have to load before it shows the map, compressed as served; kB of 1000 bytes.
BUDGET_KB = 90
#: WCAG 2.2, 2.5.5: a finger finds it. Names are read without glasses.
LEAST_TARGET_PX, LEAST_TYPE_PX = 44, 14
OUTSIDE = """() => [...document.querySelectorAll('.guide *')].filter((part) => {
  const { left, right, width } = part.getBoundingClientRect()
  return width > 1 && (left < -1 || right > innerWidth + 1) && !part.closest('.chips, .plan')
}).map((part) => part.outerHTML.slice(0, 80))"""
SMALL_TARGETS = """(least) => [...document.querySelectorAll('.guide button, .guide input')].filter((part) => {
  const { width, height } = part.getBoundingClientRect()
  return width > 0 && Math.min(width, height) < least
}).map((part) => part.outerHTML.slice(0, 80))"""
SMALL_TYPE = """(least) => [...document.querySelectorAll('.guide *')].filter((part) =>
  part.checkVisibility() && [...part.childNodes].some((each) => each.nodeType === 3 && each.data.trim())
  && parseFloat(getComputedStyle(part).fontSize) < least).map((part) => part.outerHTML.slice(0, 80))"""

LOCKED = {"status": 409, "title": "Conflict", "detail": "门已锁", "errors": [{"reason": "locked"}]}


@pytest.fixture
def guide(phone: Visit) -> Iterator[Visit]:
    """A phone whose 3D view stays unopened: the guide must do without it."""
    asked: list[str] = []
    phone.page.on("request", lambda request: asked.append(request.url))
    yield phone
    assert not [url for url in asked if "scene-core" in url or "/tiles/" in url]


def opened(visit: Visit, path: str) -> Page:
    """Open a page of the guide and wait for its plan."""
    visit.page.goto(visit.url + path)
    expect(visit.part("guide-map")).to_have_attribute("data-storey", re.compile(".+"), timeout=WAIT_MS)
    return visit.page


def rooms(visit: Visit) -> list[dict[str, Any]]:
    """The rooms of the ground floor."""
    items = visit.page.request.get(f"{visit.url}/api/spaces").json()["items"]
    ground = min(items, key=lambda each: each["floor_z_m"])["storey"]
    return [each for each in items if each["storey"] == ground]


def test_a_visitor_searches_and_is_led_there(guide: Visit) -> None:
    start, goal, *_ = rooms(guide)
    page = opened(guide, f"/guide?from={start['name']}")
    guide.part("guide-search").fill(goal["long_name"] or goal["name"])
    page.locator(f"[data-test=guide-result][data-id='{goal['guid']}']").click()
    expect(guide.part("guide-route")).to_be_visible()
    expect(guide.part("guide-route")).to_have_attribute("data-length", re.compile(r"[1-9]"))
    assert "to=" in page.url
    guide.part("guide-start").click()
    expect(guide.part("guide-now")).to_have_attribute("data-step", "0")
    first = guide.part("guide-now-text").inner_text()
    guide.part("guide-next").click()
    expect(guide.part("guide-now-text")).not_to_have_text(first)


def test_steps_are_an_ordered_list_in_the_language_of_the_page(guide: Visit) -> None:
    start, goal, *_ = rooms(guide)
    page = opened(guide, f"/guide?from={start['guid']}&to={goal['guid']}")
    guide.part("guide-list").click()
    steps = page.locator("ol[data-test=guide-steps] > li")
    expect(steps.first).to_contain_text("从")
    expect(steps.last).to_contain_text("到达")
    opened(guide, f"/guide?from={start['guid']}&to={goal['guid']}&lang=en")
    guide.part("guide-list").click()
    expect(steps.last).to_contain_text("You have arrived")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_where_there_is_no_way_the_page_says_why(guide: Visit) -> None:
    items = guide.page.request.get(f"{guide.url}/api/spaces").json()["items"]
    guide.server_may_be_away = True  # the browser itself notes the 409
    low, high = (pick(items, key=lambda each: each["floor_z_m"]) for pick in (min, max))
    opened(guide, f"/guide?from={low['guid']}&to={high['guid']}")
    why = guide.part("guide-no-way")
    expect(why).to_have_attribute("data-reason", "not_connected")
    expect(why).to_contain_text("换一个起点")


def test_a_place_that_is_none_is_told(guide: Visit) -> None:
    start, *_ = rooms(guide)
    guide.server_may_be_away = True  # the browser itself notes the 404
    opened(guide, f"/guide?from={start['guid']}&to=nowhere")
    expect(guide.part("guide-no-way")).to_contain_text("nowhere")


def test_a_way_that_closes_is_told_without_a_reload(guide: Visit) -> None:
    start, goal, *_ = rooms(guide)
    guide.server_may_be_away = True
    page = opened(guide, f"/guide?from={start['guid']}&to={goal['guid']}")
    expect(guide.part("guide-start")).to_be_visible()

    def close(route: Route) -> None:
        route.fulfill(status=409, content_type="application/problem+json", body=json.dumps(LOCKED))

    page.route("**/api/route?*", close)
    expect(guide.part("guide-no-way")).to_have_attribute("data-reason", "locked", timeout=WAIT_MS)
    expect(guide.part("guide-message")).to_contain_text("走不通")
    page.unroute("**/api/route?*")
    expect(guide.part("guide-start")).to_be_visible(timeout=WAIT_MS)


def test_the_loaded_way_works_without_the_network(guide: Visit) -> None:
    start, goal, *_ = rooms(guide)
    guide.server_may_be_away = True
    page = opened(guide, f"/guide?from={start['guid']}&to={goal['guid']}")
    guide.part("guide-start").wait_for()
    page.context.set_offline(True)
    guide.part("guide-start").click()
    expect(guide.part("guide-now")).to_have_attribute("data-step", "0")
    guide.part("guide-next").click()
    expect(guide.part("guide-now")).to_have_attribute("data-step", "1")


def test_a_tap_on_the_map_is_a_place(guide: Visit) -> None:
    page = opened(guide, "/guide")
    page.touchscreen.tap(150, 420)
    expect(guide.part("guide-place")).to_be_visible()
    guide.part("guide-from-here").click()
    assert "from=" in page.url


def test_another_storey_is_one_tap_away(guide: Visit) -> None:
    opened(guide, "/guide")
    shown = guide.part("guide-map").get_attribute("data-storey")
    guide.page.locator("[data-test=guide-storey][aria-pressed=false]").first.click()
    expect(guide.part("guide-map")).not_to_have_attribute("data-storey", shown)


def test_the_page_is_of_a_door_by_its_url(guide: Visit) -> None:
    opened(guide, f"/guide?from={guid_of('Door 1F')}")
    expect(guide.part("guide-search")).to_be_visible()


def test_little_is_loaded_before_the_map(guide: Visit) -> None:
    loaded: dict[str, int] = {}

    def note(request: Request) -> None:
        name = request.url.rpartition("/")[2]
        if name.endswith((".js", ".css")):
            loaded[name] = request.sizes()["responseBodySize"]

    guide.page.on("requestfinished", note)
    opened(guide, "/guide")
    guide.page.wait_for_load_state("networkidle")
    assert any(name.startswith("GuidePage") for name in loaded)
    assert sum(loaded.values()) < BUDGET_KB * 1000, loaded


def wide_parts(page: Page) -> list[str]:
    """What sticks out at the sides, or makes the page scroll sideways."""
    scrolled: list[str] = page.evaluate(
        "() => [document.documentElement, document.body, document.querySelector('.guide')]"
        ".filter((part) => part.scrollWidth > innerWidth).map((part) => part.tagName)"
    )
    outside: list[str] = page.evaluate(OUTSIDE)
    return scrolled + outside


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_overflows_on_a_phone_and_fingers_find_everything(
    phone: Visit, width: int, lang: str
) -> None:
    start, goal, *_ = rooms(phone)
    phone.page.set_viewport_size({"width": width, "height": 640})
    page = opened(phone, f"/guide?from={start['guid']}&to={goal['guid']}&lang={lang}")
    phone.part("guide-start").wait_for()

    def is_fine() -> None:
        assert wide_parts(page) == []
        assert page.evaluate(SMALL_TARGETS, LEAST_TARGET_PX) == []
        assert page.evaluate(SMALL_TYPE, LEAST_TYPE_PX) == []

    is_fine()
    phone.part("guide-3d").click()
    expect(phone.part("guide-scene")).to_have_attribute("data-drawn", "true", timeout=WAIT_MS)
    is_fine()
    phone.part("guide-list").click()
    phone.part("guide-steps").wait_for()
    is_fine()
    phone.part("guide-list").click()
    phone.part("guide-start").click()
    phone.part("guide-now").wait_for()
    is_fine()


def test_where_motion_is_reduced_the_theme_is_there_at_once(guide: Visit) -> None:
    start, goal, *_ = rooms(guide)
    guide.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page = opened(guide, f"/guide?from={start['guid']}&to={goal['guid']}")
    guide.part("guide-start").wait_for()
    changing = page.evaluate("document.getAnimations().map((each) => each.transitionProperty)")
    assert changing == []
    parts = "[document.body, document.querySelector('[data-test=guide-sum] b')]"
    colours = page.evaluate(f"{parts}.map((part) => getComputedStyle(part).color)")
    assert colours[0] == colours[1]
