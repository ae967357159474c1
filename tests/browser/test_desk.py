"""The desk finds things where they hang, and tells what a device was told and does not do."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visit import Visit
from tests.browser.watched import WALL_DEVICE, WatchedHouse, watched_house

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def served(house: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedHouse]:
    with watched_house(house / "house.twin", tmp_path_factory.mktemp("desk")) as found:
        yield found


@pytest.fixture
def visit(browser: Browser, served: WatchedHouse) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    found = Visit(context.new_page(), served.url)
    yield found
    context.close()
    assert found.errors == []


def find(visit: Visit, device: str) -> None:
    visit.part("search").fill(device)
    visit.part("result").filter(has_text=device).first.click()
    expect(visit.part("element-panel")).to_contain_text(device)


def test_search_opens_the_storey_of_what_hangs_inside(visit: Visit, served: WatchedHouse) -> None:
    visit.open()
    lamp = served.index_of("L-01")
    assert visit.find(lamp) is None, "a lamp below the ceiling is not seen from outside"
    find(visit, "L-01")
    visit.rest()
    assert visit.find(lamp) is not None


def test_a_point_tells_the_command_that_it_does_not_obey(visit: Visit, served: WatchedHouse) -> None:
    served.report(WALL_DEVICE, "level", 70)
    visit.open()
    find(visit, WALL_DEVICE)
    expect(visit.part("point-command")).to_have_count(0)
    # Nothing takes commands here, so that this one fails at once.
    told = {"device": WALL_DEVICE, "point": "level", "value": 20, "reason": "训练课"}
    httpx.post(f"{served.url}/api/commands", json=told).raise_for_status()
    row = visit.part("point-command")
    expect(row).to_have_attribute("data-command", "failed")
    for part in ("要求 20 %", "设备仍报 70 %", "dev", "训练课"):
        expect(row).to_contain_text(part)
    served.report(WALL_DEVICE, "level", 20)
    expect(row).to_have_count(0)
