"""Devices without an element: guesses are looked at, confirmed and rejected on the model."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visit import Visit
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
    items = httpx.get(f"{server.url}/api/bindings", timeout=10).json()["items"]
    return {each["device"]: each["element"] for each in items}


def seen(visit: Visit, server: RunningServer) -> dict[str, float]:
    """Where some part of the house is in the picture, wherever the guesses have led."""
    for part in ("Wall south", "Wall middle", "Slab", "Door"):
        for level in ("2F", "1F"):
            answer = httpx.get(f"{server.url}/api/elements/{guid_of(f'{part} {level}')}", timeout=10)
            at = visit.find(answer.json()["element_index"])
            if at is not None:
                return at
    raise AssertionError("no part of the house is in the picture")


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
