"""What people see: pixels, words, and how the page bears a server that goes away."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import UPPER_WALL, WALL, WALL_DEVICE, Telemetry, Venue
from tests.browser.visit import Colour, Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ON = '{"points": {"status": "on"}}'
OFF = '{"points": {"status": "off"}}'
FAULT = '{"points": {"status": "fault"}}'


def is_amber(colour: Colour) -> bool:
    """The layer's colour for a lamp that is on, #f4b63f, in whatever light."""
    return colour[0] > colour[2] + 50 and colour[1] > colour[2] + 25


def is_grey(colour: Colour) -> bool:
    """The layer's colour for a lamp that is off, #a0a0a0, in whatever light."""
    return max(colour) - min(colour) < 40


def test_the_building_is_drawn(visit: Visit, venue: Venue) -> None:
    visit.open()
    assert visit.seen(venue.index_of(WALL))["share"] > 0.005
    middle = visit.picture().crop((400, 150, 900, 700))
    colours = middle.quantize(16).getcolors() or []
    largest = max(count for count, _ in colours)
    assert largest < 0.9 * middle.width * middle.height, "the picture is of one colour"


def test_one_mqtt_message_recolours_the_element(visit: Visit, venue: Venue, field: Telemetry) -> None:
    field.publish(WALL_DEVICE, OFF)
    visit.open()
    at = visit.seen(venue.index_of(WALL))
    visit.wait_for_colour(at, is_grey)
    field.publish(WALL_DEVICE, ON)
    visit.wait_for_colour(at, is_amber)
    field.publish(WALL_DEVICE, OFF)
    visit.wait_for_colour(at, is_grey)


def test_a_click_shows_what_was_clicked(visit: Visit, venue: Venue, field: Telemetry) -> None:
    field.publish(WALL_DEVICE, ON)
    visit.open()
    at = visit.seen(venue.index_of(WALL))
    visit.page.mouse.click(at["x"], at["y"])
    expect(visit.part("element-name")).to_have_text(WALL)
    expect(visit.part("element-class")).to_contain_text("墙")
    point = visit.page.locator(f"[data-point='{WALL_DEVICE}/status']")
    expect(point.locator("[data-test=point-value]")).to_have_text("开")
    field.publish(WALL_DEVICE, OFF)
    expect(point.locator("[data-test=point-value]")).to_have_text("关")
    visit.page.keyboard.press("Escape")
    expect(visit.part("overview")).to_be_visible()


def test_isolating_a_storey_hides_the_others(visit: Visit, venue: Venue) -> None:
    visit.open()
    lower, upper = venue.index_of(WALL), venue.index_of(UPPER_WALL)
    assert visit.find(lower) is not None
    storey = visit.part("storey").filter(has_text="2F")
    storey.click()
    expect(storey).to_have_attribute("aria-pressed", "true")
    visit.rest()
    assert visit.find(lower) is None
    assert visit.find(upper) is not None
    storey.click()
    visit.rest()
    assert visit.find(lower) is not None


def test_search_finds_in_chinese_and_flies_there(visit: Visit) -> None:
    visit.open()
    visit.page.keyboard.press("/")
    visit.part("search").fill("羽毛球")
    result = visit.part("result").first
    expect(result).to_contain_text("羽毛球馆")
    visit.page.keyboard.press("Enter")
    expect(visit.part("element-name")).to_have_text("羽毛球馆")


def test_a_fault_shows_itself_on_the_model(visit: Visit, field: Telemetry) -> None:
    visit.open()
    field.publish(WALL_DEVICE, FAULT)
    expect(visit.part("pin")).to_have_count(1)
    expect(visit.part("fault")).to_contain_text("南墙灯")
    expect(visit.part("fault-count")).to_be_visible()
    field.publish(WALL_DEVICE, OFF)
    expect(visit.part("pin")).to_have_count(0)
    expect(visit.part("fault")).to_have_count(0)


def test_a_layer_can_be_chosen_and_the_legend_says_what_it_shows(visit: Visit, field: Telemetry) -> None:
    field.publish("R1-T", '{"points": {"temperature": 31.5}}')
    visit.open()
    expect(visit.part("legend")).to_contain_text("故障")
    visit.page.locator("[data-layer=temperature]").click()
    expect(visit.part("legend")).to_contain_text("°C")
    expect(visit.part("xray")).to_have_attribute("aria-pressed", "true")


def test_the_page_bears_a_killed_server(visit: Visit, venue: Venue, field: Telemetry) -> None:
    visit.open()
    visit.server_may_be_away = True
    visit.page.evaluate("() => { window.notReloaded = true }")
    at = visit.seen(venue.index_of(WALL))
    venue.kill()
    expect(visit.part("banner")).to_be_visible()
    expect(visit.part("link")).to_have_attribute("data-state", "lost")
    venue.start()
    expect(visit.part("link")).to_have_attribute("data-state", "live")
    expect(visit.part("banner")).to_have_count(0)
    field.publish(WALL_DEVICE, ON)
    visit.wait_for_colour(at, is_amber)
    assert visit.page.evaluate("() => window.notReloaded")


def test_the_language_is_switched_and_remembered(visit: Visit) -> None:
    visit.open()
    expect(visit.part("venue-name")).to_have_text("小楼")
    visit.part("language").click()
    expect(visit.part("venue-name")).to_have_text("Small house")
    expect(visit.page.locator("html")).to_have_attribute("lang", "en")
    visit.open()
    expect(visit.part("venue-name")).to_have_text("Small house")
    visit.open("/?lang=zh")
    expect(visit.part("venue-name")).to_have_text("小楼")


def test_the_wall_has_no_controls(visit: Visit) -> None:
    visit.open("/wall")
    expect(visit.part("venue-name")).to_be_visible()
    expect(visit.part("clock")).to_be_visible()
    expect(visit.part("search")).to_have_count(0)
    expect(visit.part("storey")).to_have_count(0)
    expect(visit.part("language")).to_have_count(0)


def test_a_phone_has_its_panels_in_a_sheet(phone: Visit, venue: Venue) -> None:
    phone.open()
    at = phone.seen(venue.index_of(WALL))
    phone.page.touchscreen.tap(at["x"], at["y"])
    expect(phone.part("element-name")).to_have_text(WALL)
    phone.page.locator("[data-tab=storeys]").tap()
    expect(phone.part("storey").first).to_be_visible()
    overflow = phone.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    for name in ("link", "venue-name"):
        expect(phone.part(name)).to_be_visible()
