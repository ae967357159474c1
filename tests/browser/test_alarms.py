"""Alarms on screen: on the model, in the list, in the past, on the wall."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.visit import Colour, Visit
from tests.browser.watched import ROOM_DEVICE, WALL, WALL_DEVICE, WatchedHouse, watched_house

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

TEXT = "南墙灯 故障"


@pytest.fixture(scope="module")
def served(house: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedHouse]:
    with watched_house(house / "house.twin", tmp_path_factory.mktemp("alarms")) as found:
        yield found


@pytest.fixture
def visit(browser: Browser, served: WatchedHouse) -> Iterator[Visit]:
    served.all_is_well()
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    found = Visit(context.new_page(), served.url)
    yield found
    context.close()
    assert found.errors == []


def is_red(colour: Colour) -> bool:
    """The colour of a critical alarm, #d7263d, in whatever light."""
    return colour[0] > colour[1] + 60 and colour[0] > colour[2] + 40


def open_list(visit: Visit) -> None:
    visit.page.locator("[data-panel=alarms]").click()
    expect(visit.part("alarms")).to_be_visible()


def test_an_alarm_shows_itself_on_the_model_and_in_the_bar(visit: Visit, served: WatchedHouse) -> None:
    visit.open()
    at = visit.seen(served.index_of(WALL))
    served.report(WALL_DEVICE, "status", "fault")
    expect(visit.part("alarm-pin")).to_have_count(1)
    expect(visit.part("alarm-count")).to_have_text("1")
    expect(visit.part("alarm-toast")).to_contain_text(TEXT)
    visit.wait_for_colour({**at, "x": at["x"] - 25}, is_red)
    # Rules say what is an alarm: the device's own fault is not listed beside it.
    expect(visit.part("fault")).to_have_count(0)
    expect(visit.part("pin")).to_have_count(0)


def test_an_operator_acknowledges_with_a_comment(visit: Visit, served: WatchedHouse) -> None:
    served.report(WALL_DEVICE, "status", "fault")
    visit.open()
    open_list(visit)
    visit.part("alarm").filter(has_text=TEXT).click()
    detail = visit.part("alarm-detail")
    expect(detail).to_contain_text(TEXT)
    expect(detail).to_contain_text("未确认")
    expect(visit.part("alarm-chart").locator("canvas")).to_be_visible()
    acknowledge = visit.page.locator("[data-action=acknowledge]")
    acknowledge.click()
    visit.part("alarm-comment").fill("派人去看")
    acknowledge.click()
    expect(detail).to_contain_text("派人去看")
    expect(acknowledge).to_have_count(0)
    (alarm,) = served.get("/api/alarms")["items"]
    assert alarm["state"] == "acknowledged-active"
    assert alarm["acknowledged_by"].startswith("person:")
    served.report(WALL_DEVICE, "status", "on")
    visit.part("alarm-back").click()
    expect(visit.part("alarm")).to_have_count(0)
    expect(visit.part("alarm-pin")).to_have_count(0)


def test_several_are_acknowledged_with_one_comment_and_who_was_faster_is_told(
    visit: Visit, served: WatchedHouse
) -> None:
    served.report(ROOM_DEVICE, "temperature", 33.0)
    served.report(WALL_DEVICE, "status", "fault")
    visit.open()
    open_list(visit)
    visit.part("alarm-several").click()
    visit.part("alarm-every").check()
    expect(visit.part("alarm-bulk-submit")).to_contain_text("2")
    visit.part("alarm-bulk-comment").fill("都已知晓")
    lamp = next(each for each in served.get("/api/alarms")["items"] if each["device"] == WALL_DEVICE)

    def after_somebody_else(route: Route) -> None:
        httpx.post(f"{served.url}/api/alarms/{lamp['id']}/acknowledge", json={"comment": "我去"})
        route.continue_()

    visit.page.route("**/api/alarms/acknowledge", after_somebody_else)
    visit.part("alarm-bulk-submit").click()
    expect(visit.part("alarm-bulk-refused")).to_contain_text(TEXT)
    expect(visit.part("alarm-state").filter(has_text="已确认")).to_have_count(2)
    comments = {
        each["device"]: served.get(f"/api/alarms/{each['id']}")["events"][-1]["data"]["comment"]
        for each in served.get("/api/alarms")["items"]
    }
    assert comments == {ROOM_DEVICE: "都已知晓", WALL_DEVICE: "我去"}


def test_an_alarm_becomes_a_work_order_and_each_shows_the_other(visit: Visit, served: WatchedHouse) -> None:
    served.report(WALL_DEVICE, "status", "fault")
    visit.open()
    open_list(visit)
    visit.part("alarm").filter(has_text=TEXT).click()
    visit.part("alarm-order").click()
    expect(visit.part("ops-title")).to_have_value(TEXT)
    visit.page.locator("[data-due=tomorrow]").click()
    visit.part("ops-submit").click()
    expect(visit.part("order-alarm")).to_contain_text(TEXT)
    expect(visit.part("order-due")).to_contain_text("22:00")
    (order,) = served.get("/api/ops/orders")["items"]
    (alarm,) = served.get("/api/alarms")["items"]
    detail = served.get(f"/api/ops/orders/{order['id']}")
    raised = served.get(f"/api/alarms/{alarm['id']}")["events"][0]
    assert (order["alarm"], order["priority"]) == (alarm["id"], "urgent")
    assert detail["events"][0]["cause"] == raised["id"]
    visit.part("order-alarm").get_by_role("button").click()
    expect(visit.part("alarm-detail")).to_contain_text(TEXT)
    expect(visit.part("alarm-orders")).to_contain_text(f"#{order['number']}")
    expect(visit.part("alarm-order")).to_have_count(0)


def test_shelving_asks_for_a_reason(visit: Visit, served: WatchedHouse) -> None:
    served.report(WALL_DEVICE, "status", "fault")
    visit.open()
    open_list(visit)
    visit.part("alarm").filter(has_text=TEXT).click()
    shelve = visit.page.locator("[data-action=shelve]")
    shelve.click()
    shelve.click()
    expect(visit.part("alarm-problem")).to_be_visible()
    visit.part("alarm-comment").fill("等备件")
    shelve.click()
    expect(visit.page.locator("[data-action=unshelve]")).to_be_visible()
    expect(visit.part("alarm-pin")).to_have_count(0)
    expect(visit.part("alarm-count")).to_have_count(0)
    visit.page.locator("[data-action=unshelve]").click()
    expect(visit.part("alarm-pin")).to_have_count(1)


def test_the_list_is_by_priority_and_can_be_filtered(visit: Visit, served: WatchedHouse) -> None:
    served.report(ROOM_DEVICE, "temperature", 33.0)
    served.report(WALL_DEVICE, "status", "fault")
    visit.open()
    open_list(visit)
    expect(visit.part("alarm")).to_have_count(2)
    expect(visit.part("alarm").first).to_have_attribute("data-priority", "critical")
    visit.page.locator("[data-filter=medium]").click()
    expect(visit.part("alarm")).to_have_count(1)
    expect(visit.part("alarm")).to_contain_text("33")


def test_an_alarm_leads_to_its_moment_in_the_past(visit: Visit, served: WatchedHouse) -> None:
    served.report(WALL_DEVICE, "status", "fault")
    visit.open()
    open_list(visit)
    visit.part("alarm").click()
    visit.part("alarm-replay").click()
    expect(visit.part("replay")).to_be_visible()
    expect(visit.page).to_have_url(re.compile("at="))
    expect(visit.page.locator("[data-action=acknowledge]")).to_have_count(0)
    visit.part("back-to-live").click()
    expect(visit.page.locator("[data-action=acknowledge]")).to_be_visible()


def test_the_wall_has_a_column_of_alarms(visit: Visit, served: WatchedHouse) -> None:
    visit.open("/wall")
    expect(visit.part("alarm-wall")).to_be_visible()
    served.report(WALL_DEVICE, "status", "fault")
    expect(visit.part("alarm-wall")).to_contain_text(TEXT)
    expect(visit.page.locator("[data-count=critical]")).to_contain_text("1")
