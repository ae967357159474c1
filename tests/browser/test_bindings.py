"""Devices without an element: guesses are looked at, confirmed and rejected on the model."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_timeline import open_moment
from tests.browser.visit import Colour, Visit
from tests.contract.running import RunningServer, running_server
from tests.contract.small_house import guid_of, write_venue

pytestmark = pytest.mark.browser

DESK, PHONE = (1440, 900), (390, 844)
DEVICES = """device,type,name_zh,name_en,guid,tag
LAMP-1,lamp,灯一,Lamp 1,,L-01
LAMP-2,lamp,灯二,Lamp 2,,L-02
LAMP-3,lamp,灯三,Lamp 3,,
"""
RULES = '- {id: tag, by: tag, key: "{tag}", confidence: 0.8}\n'


@pytest.fixture
def server(house: Path, tmp_path: Path) -> Iterator[RunningServer]:
    venue = write_venue(tmp_path / "venue")
    (venue / "devices.csv").write_text(DEVICES, "utf-8")
    (venue / "bindings.yaml").write_text(RULES, "utf-8")
    variables = {name: os.environ[name] for name in ("TWIN_VIEWER",) if name in os.environ}
    options = ("--venue", str(venue), "--data", str(tmp_path / "data"))
    with running_server(house / "house.twin", tmp_path / "log", *options, variables=variables) as running:
        yield running


def visited(browser: Browser, server: RunningServer, size: tuple[int, int]) -> Iterator[Visit]:
    viewport: Any = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, has_touch=size == PHONE, locale="zh-CN")
    visit = Visit(context.new_page(), server.url)
    visit.open()
    yield visit
    context.close()
    assert visit.errors == []
    assert visit.outside == []


@pytest.fixture
def desk(browser: Browser, server: RunningServer) -> Iterator[Visit]:
    yield from visited(browser, server, DESK)


@pytest.fixture
def phone(browser: Browser, server: RunningServer) -> Iterator[Visit]:
    yield from visited(browser, server, PHONE)


def bound(server: RunningServer) -> dict[str, str | None]:
    items = httpx.get(f"{server.url}/api/bindings").json()["items"]
    return {each["device"]: each["element"] for each in items}


#: Whether a click at a place, client pixels, meets the scene, and not what lies over it.
IS_SCENE = "([x, y]) => document.elementFromPoint(x, y)?.tagName === 'CANVAS'"


def seen(visit: Visit, server: RunningServer) -> dict[str, float]:
    """Where some part of the house is in the picture, wherever the guesses have led."""
    for part in ("Wall south", "Wall middle", "Slab", "Door"):
        for level in ("2F", "1F"):
            answer = httpx.get(f"{server.url}/api/elements/{guid_of(f'{part} {level}')}")
            at = visit.find(answer.json()["element_index"])
            if at is not None and visit.page.evaluate(IS_SCENE, [at["x"], at["y"]]):
                return at
    raise AssertionError("no part of the house is in the picture, beside the panels")


def test_guesses_are_confirmed_and_rejected_and_an_element_is_chosen(
    desk: Visit, server: RunningServer
) -> None:
    page = desk.page
    page.locator("[data-panel=devices]").click()
    rows = page.locator("[data-test=binding-rows] > li")
    expect(rows).to_have_count(2)
    first = page.locator("[data-device=LAMP-1]")
    first.locator("> button").click()
    expect(first.locator("[data-test=confirm]")).to_be_visible()
    first.locator("[data-test=confirm]").click()
    expect(rows).to_have_count(1)
    assert bound(server)["LAMP-1"] == guid_of("L-01")
    second = page.locator("[data-device=LAMP-2]")
    if second.locator("[data-test=reject]").count() == 0:
        second.locator("> button").click()
    second.locator("[data-test=reject]").click()
    # With its only guess gone it is unbound, as LAMP-3 is.
    expect(page.locator("[data-kind=unbound] b")).to_have_text("2")
    page.locator("[data-device=LAMP-3] > button").click()
    page.locator("[data-device=LAMP-3] [data-test=pick]").click()
    desk.rest()
    at = seen(desk, server)
    page.mouse.click(at["x"], at["y"])
    page.locator("[data-test=bind-here]").click()
    expect(page.locator("[data-kind=unbound] b")).to_have_text("1")
    chosen = bound(server)
    assert chosen["LAMP-3"] is not None
    assert chosen["LAMP-2"] is None


def test_the_panel_has_room_on_a_phone(phone: Visit) -> None:
    page = phone.page
    page.locator("[data-test=sheet] [data-tab=panel]").click()
    page.locator("[data-panel=devices]").click()
    row = page.locator("[data-device=LAMP-1] > button")
    row.scroll_into_view_if_needed()
    row.tap()
    page.locator("[data-test=confirm]").scroll_into_view_if_needed()
    box = page.locator("[data-test=confirm]").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert 0 <= box["x"] < box["x"] + box["width"] <= PHONE[0]


MARKED = """device,type,name_zh,name_en,guid,tag
LAMP-9,lamp,南墙灯,South wall lamp,,
"""
BY_NAME = '- {id: plate, by: name, key: "Wall south 1F", class: [IfcWall], confidence: 0.8}\n'


@pytest.fixture
def wall_server(house: Path, tmp_path: Path) -> Iterator[RunningServer]:
    """A lamp that a rule takes for a wall: large enough on screen for its colour to be seen."""
    venue = write_venue(tmp_path / "venue")
    (venue / "devices.csv").write_text(MARKED, "utf-8")
    (venue / "bindings.yaml").write_text(BY_NAME, "utf-8")
    variables = {name: os.environ[name] for name in ("TWIN_VIEWER",) if name in os.environ}
    options = ("--venue", str(venue), "--data", str(tmp_path / "data"))
    with running_server(house / "house.twin", tmp_path / "log", *options, variables=variables) as running:
        yield running


@pytest.fixture
def wall_desk(browser: Browser, wall_server: RunningServer) -> Iterator[Visit]:
    yield from visited(browser, wall_server, DESK)


def index_of(server: RunningServer, name: str) -> int:
    found: int = httpx.get(f"{server.url}/api/elements/{guid_of(name)}", timeout=30).json()["element_index"]
    return found


def is_amber(colour: Colour) -> bool:
    """The layer's colour for a lamp that is on, #f4b63f, in whatever light."""
    return colour[0] > colour[2] + 50 and colour[1] > colour[2] + 25


def is_not_amber(colour: Colour) -> bool:
    return not is_amber(colour)


def test_a_confirmed_guess_shows_the_device_at_its_element_and_moves_with_it(
    wall_desk: Visit, wall_server: RunningServer
) -> None:
    sample = {"device": "LAMP-9", "point": "status", "value": "on"}
    httpx.post(f"{wall_server.url}/api/telemetry", json={"samples": [sample]}, timeout=30).raise_for_status()
    lower, upper = (index_of(wall_server, f"Wall south {level}") for level in ("1F", "2F"))
    at = wall_desk.seen(lower)
    wall_desk.wait_for_colour(at, is_not_amber)
    page = wall_desk.page
    page.locator("[data-panel=devices]").click()
    row = page.locator("[data-device=LAMP-9]")
    expect(row.locator(".share")).to_have_text("80%")
    row.locator("> button").click()
    row.locator("[data-test=confirm]").click()
    expect(row).to_have_count(0)
    assert bound(wall_server)["LAMP-9"] == guid_of("Wall south 1F")
    wall_desk.open()  # the whole house again: the guess led to its storey
    wall_desk.wait_for_colour(wall_desk.seen(lower), is_amber)
    before = httpx.get(f"{wall_server.url}/api/health", timeout=30).json()["time"]
    moved = {"items": [{"device": "LAMP-9", "element": guid_of("Wall south 2F")}]}
    httpx.put(f"{wall_server.url}/api/bindings", json=moved, timeout=30).raise_for_status()
    wall_desk.wait_for_colour(wall_desk.seen(upper), is_amber)
    wall_desk.wait_for_colour(wall_desk.seen(lower), is_not_amber)
    # Then it stood for the wall below, and that is what its past shows.
    open_moment(wall_desk, datetime.fromisoformat(before))
    wall_desk.wait_for_colour(wall_desk.seen(lower), is_amber)
    wall_desk.wait_for_colour(wall_desk.seen(upper), is_not_amber)
    at = wall_desk.seen(upper)
    page.mouse.click(at["x"], at["y"])
    expect(wall_desk.part("later-device")).to_contain_text("当时在其他构件上")
    wall_desk.part("back-to-live").click()
    expect(wall_desk.part("later-device")).to_have_count(0)
    wall_desk.wait_for_colour(wall_desk.seen(lower), is_not_amber)
