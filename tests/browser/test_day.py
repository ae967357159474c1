"""A whole day of the house, told by what its people see, in simulated time."""

import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.palace import DESK, PHONE, Palace, palace_with
from tests.browser.visit import WAIT_MS, Colour, Visit
from tests.contract.running import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]

MEMBER, OPERATOR, ENGINEER, MANAGER = "lin", "chen", "zhou", "wang"
PEOPLE = {
    MEMBER: "member",
    OPERATOR: "operator",
    ENGINEER: "operator",
    MANAGER: "manager",
    "gateway": "operator",
}
#: A Monday in a mild season: the doors open at noon, and the halls are dark and cool before. Later than any
#: real now, for accounts are made before the simulated time begins and time in the log does not go back.
START = "2030-11-18T11:42:00+08:00"
COURT, COURT_NAME, HALL, HALL_NAME = "badminton-01", "羽毛球1号场", "S3-01", "羽毛球馆"
LAMP, LAMP_NAME = "L3-LUM-0001", "羽毛球馆 高天棚灯 1"
SENSOR, SENSOR_NAME = "L3-ENV-0001", "羽毛球馆 温湿度与二氧化碳传感器 1"
HOT, COOL = 33.5, 22.0
ALARM = f"{HALL_NAME} 温度 33.5°C"
LONG_MS = 180_000
VENUE_TIME = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def palace(palace_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Palace]:
    if not (ROOT / "web_viewer" / "dist" / "index.html").exists():
        pytest.fail("build the viewer first: cd web_viewer && npm ci && npm run build")
    with palace_with(palace_package, tmp_path_factory.mktemp("day"), PEOPLE, START) as served:
        yield served


def test_a_day_from_the_booking_to_the_audit(palace: Palace, browser: Browser) -> None:
    with palace.visited(browser, OPERATOR, "/", DESK) as desk:
        lamp = see_lamp(desk, palace)
        desk.wait_for_colour(lamp, is_dark)
        # There is no way into the hall until its doors open at noon; the guide asks again until there is one.
        with palace.visited(browser, MEMBER, "/book", PHONE, may_be_refused="/api/route") as phone:
            code = book(phone)
            desk.wait_for_colour(lamp, is_lit)
            desk.page.mouse.click(lamp["x"], lamp["y"])
            expect(desk.part("element-name")).to_have_text(LAMP_NAME)
            expect(point(desk, LAMP, "status")).to_have_text("开")
            be_led(phone)
            check_in(palace, phone, code)
        with palace.reporting(SENSOR, "temperature", HOT):
            see_alarm(desk)
            see_alarm_on_the_wall(desk)
            acknowledge(desk)
            number = order_work(desk)
            with palace.visited(browser, ENGINEER, "/", DESK) as engineer:
                do_work(engineer, number)
            expect(desk.part("ops-order")).to_contain_text("待验收")
        palace.report(SENSOR, "temperature", COOL)
        expect(pin(desk)).to_have_count(0, timeout=LONG_MS)
    with palace.visited(browser, MANAGER, "/", DESK) as manager:
        verify(manager, number)
        look_back(manager, palace)
        check_audit(manager)


def point(visit: Visit, device: str, name: str) -> Any:
    return visit.page.locator(f"[data-point='{device}/{name}'] [data-test=point-value]")


def see_lamp(desk: Visit, palace: Palace) -> dict[str, float]:
    """Search flies to the lamp in its opened storey; it is off. Gives where it is on screen."""
    select(desk, LAMP, LAMP_NAME)
    expect(point(desk, LAMP, "status")).to_have_text("关")
    index = index_shown(desk, palace)
    at = come_to_rest(desk, index)
    # What is selected has the colour of a selection over its own.
    desk.page.keyboard.press("Escape")
    expect(desk.part("element-name")).to_have_count(0)
    return at


def come_to_rest(visit: Visit, index: int) -> dict[str, float]:
    """Where an element is on screen once the camera no longer moves."""
    deadline = time.monotonic() + WAIT_MS / 1000
    before, at = None, visit.find(index)
    while at is None or at != before:
        assert time.monotonic() < deadline, f"element {index} is not in the picture, or moves on: {at}"
        visit.page.wait_for_timeout(500)
        visit.rest()
        before, at = at, visit.find(index)
    return at


def index_shown(visit: Visit, palace: Palace) -> int:
    """`element_index` of what the element panel is about."""
    return int(palace.get(f"/api/elements/{visit.part('guid').inner_text()}")["element_index"])


def pin(visit: Visit) -> Any:
    return visit.part("alarm-pin").filter(has_text=ALARM)


def select(visit: Visit, code: str, name: str) -> None:
    """Find an element by its tag, as somebody reads it off a plate, and go there."""
    visit.page.keyboard.press("Escape")
    visit.page.keyboard.press("/")
    visit.part("search").fill(code)
    expect(visit.part("result").first).to_contain_text(code)
    visit.page.keyboard.press("Enter")
    expect(visit.part("element-name")).to_have_text(name)


def book(phone: Visit) -> str:
    """The first slot of the day on court 1; gives the code of the ticket."""
    phone.page.locator("[data-kind=badminton]").tap()
    first = phone.part("book-offer").first
    expect(first).to_contain_text("12:00")
    first.tap()
    phone.page.locator(f"[data-place={COURT}]").tap()
    phone.part("book-confirm").tap()
    phone.part("book-done").get_by_role("button", name="查看二维码").tap()
    ticket = phone.part("my-booking")
    expect(ticket).to_contain_text(COURT_NAME)
    expect(ticket).to_contain_text("待入场")
    picture = ticket.locator("img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("(image) => image.naturalWidth") > 0
    return str(picture.get_attribute("alt"))


def be_led(phone: Visit) -> None:
    """From the ticket to the guide, and along it step by step into the hall, once the doors are open."""
    phone.part("my-booking").get_by_role("link", name="带我去").tap()
    expect(phone.part("guide-place")).to_contain_text(HALL_NAME)
    phone.part("guide-to-here").tap()
    phone.part("guide-search").fill("主入口")
    phone.part("guide-result").first.tap()
    expect(phone.part("guide-sum")).to_contain_text("米", timeout=LONG_MS)
    phone.part("guide-start").tap()
    onward, said = phone.part("guide-next"), phone.part("guide-now-text")
    while "完成" not in onward.inner_text():
        assert len(said.inner_text()) > 1
        onward.tap()
    expect(said).to_contain_text(HALL_NAME)


def check_in(palace: Palace, phone: Visit, code: str) -> None:
    """The gate at the hall's door reads the ticket; the member sees that it did."""
    assert palace.post("/api/booking/check-in", {"code": code})["state"] == "checked_in"
    phone.page.goto(f"{phone.url}/book")
    phone.part("book-mine").tap()
    expect(phone.part("my-booking")).to_contain_text("已入场")


def see_alarm(desk: Visit) -> None:
    """On the model and in the list; a press on it opens it."""
    expect(desk.part("alarm-toast").filter(has_text=ALARM)).to_be_visible(timeout=LONG_MS)
    desk.part("alarm-count").click()
    row = desk.part("alarm").filter(has_text=ALARM)
    expect(row.locator("[data-test=alarm-state]")).to_have_text("未确认")
    row.click()
    expect(desk.part("alarm-detail").locator("h2")).to_contain_text(ALARM)
    expect(pin(desk)).to_have_attribute("data-priority", "high")


def see_alarm_on_the_wall(desk: Visit) -> None:
    wall = Visit(desk.page.context.new_page(), desk.url)
    wall.open("/wall")
    shown = wall.part("alarm-wall").locator("[data-test=alarm]").filter(has_text=ALARM)
    expect(shown.locator("[data-test=alarm-state]")).to_have_text("未确认")
    expect(wall.page.locator("[data-test=alarm-pin][data-priority=high]").first).to_be_visible()
    assert wall.errors == []
    wall.page.close()


def acknowledge(desk: Visit) -> None:
    button = desk.page.locator("[data-action=acknowledge]")
    button.click()
    desk.part("alarm-comment").fill("已派人查看")
    button.click()
    expect(desk.part("alarm-detail")).to_contain_text(f"{OPERATOR} 已确认")
    expect(desk.part("alarm-detail").locator(".events")).to_contain_text("已派人查看")


def order_work(desk: Visit) -> str:
    """Report the sensor because of its alarm, and give the order to the engineer; its number."""
    select(desk, SENSOR, SENSOR_NAME)
    desk.part("ops-report").click()
    alarm = desk.part("ops-form").locator("option").filter(has_text=ALARM)
    desk.part("ops-form").locator("select").first.select_option(value=alarm.get_attribute("value"))
    expect(desk.part("ops-title")).to_have_value(re.compile(re.escape(ALARM)))
    desk.part("ops-submit").click()
    order = desk.part("ops-order")
    expect(order).to_contain_text("待派单")
    order.locator("[data-action=dispatch]").click()
    desk.part("ops-assignee").select_option(ENGINEER)
    desk.part("ops-confirm").click()
    expect(order).to_contain_text("待接单")
    return str(order.locator("header .muted").inner_text()).lstrip("#")


def do_work(engineer: Visit, number: str) -> None:
    engineer.page.locator("[data-panel=ops]").click()
    engineer.page.locator("[data-tab=orders]").click()
    engineer.page.locator("[data-filter=mine]").click()
    engineer.page.locator(f"[data-order='{number}']").click()
    order = engineer.part("ops-order")
    expect(order).to_contain_text(ALARM)
    order.locator("[data-action=accept]").click()
    expect(order).to_contain_text("处理中")
    order.locator("[data-action=finish]").click()
    engineer.part("ops-note").fill("风机皮带已更换")
    engineer.part("ops-confirm").click()
    expect(order).to_contain_text("待验收")


def verify(manager: Visit, number: str) -> None:
    manager.page.locator("[data-panel=ops]").click()
    manager.page.locator("[data-tab=orders]").click()
    manager.page.locator(f"[data-order='{number}']").click()
    order = manager.part("ops-order")
    expect(order).to_contain_text("风机皮带已更换")
    order.locator("[data-action=verify]").click()
    expect(order).to_contain_text("已验收")


def look_back(manager: Visit, palace: Palace) -> None:
    """Drag the slider to the minute of the alarm: colours, alarms, bookings and events are those of then."""
    alarm = event_of(manager, "alarm.raised", f"device:{SENSOR}")
    raised_ms = datetime.fromisoformat(alarm["time"]).timestamp() * 1000
    hall = hall_index(palace)
    select(manager, HALL, HALL_NAME)
    manager.page.locator("[data-layer=temperature]").click()
    at = come_to_rest(manager, hall)
    manager.wait_for_colour(at, is_mild)
    expect(pin(manager)).to_have_count(0)
    drag_to(manager, raised_ms + 20_000)
    expect(pin(manager)).to_have_count(1)
    manager.wait_for_colour(at, is_hot)
    manager.part("events-toggle").click()
    near = manager.part("event-near").filter(has_text=ALARM)
    expect(near.filter(has_text="报警").first).to_be_visible()
    manager.page.keyboard.press("Escape")
    manager.page.locator("[data-panel=alarms]").click()
    row = manager.part("alarm").filter(has_text=ALARM)
    expect(row.locator("[data-test=alarm-state]")).to_have_text("未确认")
    manager.page.locator("[data-panel=booking]").click()
    expect(manager.part("booking-bar")).to_have_attribute("aria-label", f"12:00 {MEMBER}")
    manager.part("back-to-live").click()
    manager.wait_for_colour(at, is_mild)


def drag_to(visit: Visit, time_ms: float) -> None:
    """Press near the end of the band, then drag the cursor from there to a moment."""
    visit.part("span").select_option("1")  # hours
    band = visit.part("time-band")
    box = band.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    visit.page.mouse.click(box["x"] + box["width"] * 0.9, y)
    expect(visit.part("replay-time")).to_be_visible()
    visit.page.mouse.move(x_of(band, float(band.get_attribute("aria-valuenow"))), y)
    visit.page.mouse.down()
    visit.page.mouse.move(x_of(band, time_ms), y, steps=8)
    visit.page.mouse.up()
    shown = datetime.fromtimestamp(time_ms / 1000, VENUE_TIME)
    expect(visit.part("replay-time")).to_contain_text(f"{shown:%H:%M}")


def x_of(band: Any, time_ms: float) -> float:
    """Where a moment is on the band, client pixels."""
    box = band.bounding_box()
    first, last = (float(band.get_attribute(f"aria-value{end}")) for end in ("min", "max"))
    return float(box["x"] + box["width"] * (time_ms - first) / (last - first))


def is_lit(colour: Colour) -> bool:
    """The layer's blue for a lamp that is on, in whatever light."""
    return colour[2] > colour[0] + 50 and colour[1] > colour[0] + 25


def is_dark(colour: Colour) -> bool:
    """The layer's grey for a lamp that is off, in whatever light."""
    return max(colour) - min(colour) < 40


def is_hot(colour: Colour) -> bool:
    """The layer's red for 32 degrees and more, in whatever light."""
    return colour[0] > colour[1] + 20 and colour[0] > colour[2] + 15


def is_mild(colour: Colour) -> bool:
    """The layer's blue for 22 degrees, in whatever light."""
    return colour[2] > colour[0] + 15


def hall_index(palace: Palace) -> int:
    """`element_index` of the hall."""
    places = palace.get("/api/booking/bookables")["items"]
    return int(next(each["space_index"] for each in places if each["id"] == COURT))


def events_of(visit: Visit, kind: str, subject: str = "*") -> list[dict[str, Any]]:
    """The events of a type about something, as whoever has signed in on a page may read them."""
    answer = visit.page.request.get(f"{visit.url}/api/events?type={kind}&subject={subject}")
    assert answer.ok, answer.text()
    return list(answer.json()["items"])


def event_of(visit: Visit, kind: str, subject: str) -> dict[str, Any]:
    """The first of them."""
    return events_of(visit, kind, subject)[0]


def check_audit(manager: Visit) -> None:
    """Every step has its author, and is chained to what it follows from."""
    booking = event_of(manager, "booking.created", "booking:*")
    assert booking["actor"] == f"person:{MEMBER}"
    sent = event_of(manager, "command.sent", f"device:{LAMP}")
    assert (sent["cause"], sent["actor"]) == (booking["id"], "linkage:booking-light")
    assert event_of(manager, "command.confirmed", f"device:{LAMP}")["cause"] == sent["id"]
    entered = event_of(manager, "booking.checked_in", booking["subject"])
    assert (entered["cause"], entered["actor"]) == (booking["id"], "person:gateway")
    raised = event_of(manager, "alarm.raised", f"device:{SENSOR}")
    assert raised["actor"] == "rule:hall_hot"
    known = event_of(manager, "alarm.acknowledged", f"device:{SENSOR}")
    assert (known["cause"], known["actor"]) == (raised["id"], f"person:{OPERATOR}")
    order = event_of(manager, "workorder.created", "workorder:*")
    assert (order["cause"], order["actor"]) == (raised["id"], f"person:{OPERATOR}")
    steps = events_of(manager, "workorder.*", order["subject"])
    assert [(each["type"].partition(".")[2], each["actor"].partition(":")[2]) for each in steps] == [
        ("created", OPERATOR),
        ("dispatched", OPERATOR),
        ("accepted", ENGINEER),
        ("done", ENGINEER),
        ("verified", MANAGER),
    ]
    came = {each["actor"] for each in events_of(manager, "session.opened")}
    assert came == {f"person:{name}" for name in (MEMBER, OPERATOR, ENGINEER, MANAGER)}
