"""A door locked over MQTT while a visitor is looking: the drawn way and its steps change, and come back."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import paho.mqtt.client as mqtt
import pytest
from numpy.typing import NDArray
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, Page, expect

from bim_pipeline.build import build_package
from tests.browser.visit import WAIT_MS, Visit
from tests.contract.running import running_server
from tests.contract.small_house import SmallHouse, guid_of, write_venue
from tests.navigation.test_served import LOCK_TYPE
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NEAR_DOOR, FAR_DOOR = "Door south 1F", "Door 1F"
TOPIC = "twin/small/devices/LCK-1/telemetry"
WIDE = {"width": 1280, "height": 800}
#: `route` of the plan's light palette.
ROUTE = (0x16, 0x68, 0xD6)
#: At 18 px a metre: from the rooms' middles the nearer door is 0.3 m to the south, the other 1 m north.
SOUTH_PX, NORTH_PX = 5.0, -15.0
NEARLY = 12
LEAST_WAY_PX = 40


class TwoDoors(SmallHouse):
    """The house with a second door between its rooms, nearer to their middles, to the south of the other."""

    def _storey(self, building: Any, number: int) -> None:
        super()._storey(building, number)
        if number > 0:
            return
        door = self._part("IfcDoor", NEAR_DOOR, (6.0, 1.2, 0.0, 0.2, 1.0, 2.1), OverallWidth=1.0)
        self.file.create_entity(
            "IfcRelContainedInSpatialStructure",
            GlobalId=guid_of("1F holds a second door"),
            RelatingStructure=self.file.by_guid(guid_of("1F")),
            RelatedElements=[door],
        )


@dataclass(frozen=True)
class LockedHouse:
    """The house's server, and the lock on its nearer door."""

    url: str
    device: mqtt.Client

    def say(self, state: str) -> None:
        """The lock reports over MQTT."""
        sent = self.device.publish(TOPIC, json.dumps({"points": {"lock": state}}), qos=1)
        sent.wait_for_publish(10)


def write_locked_venue(folder: Path) -> Path:
    """The house's venue with a lock that is bound to the nearer door."""
    venue = write_venue(folder)
    with (venue / "device_types.yaml").open("a", encoding="utf-8") as types:
        types.write(LOCK_TYPE)
    with (venue / "devices.csv").open("a", encoding="utf-8") as devices:
        devices.write(f"LCK-1,door_lock,门锁,Lock,{guid_of(NEAR_DOOR)},,\n")
    return venue


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedHouse]:
    folder, port = tmp_path_factory.mktemp("locks"), free_port()
    build_package(TwoDoors().write(folder / "house.ifc"), folder / "house.twin", jobs=1)
    options = ("--venue", str(write_locked_venue(folder / "venue")), "--data", str(folder / "data"))
    variables = {"TWIN_EMBEDDED_BROKER": "1", "TWIN_BROKER_PORT": str(port)}
    if viewer := os.environ.get("TWIN_VIEWER"):
        variables["TWIN_VIEWER"] = viewer
    with running_server(folder / "house.twin", folder / "log", *options, variables=variables) as server:
        device = mqtt.Client(CallbackAPIVersion.VERSION2)
        device.connect("127.0.0.1", port)
        device.loop_start()
        yield LockedHouse(server.url, device)
        device.disconnect()
        device.loop_stop()


@pytest.fixture
def visitor(browser: Browser, house: LockedHouse) -> Iterator[Visit]:
    """A page wide enough for the plan to lie as it is drawn: east to the right."""
    context = browser.new_context(
        viewport=WIDE,  # type: ignore[arg-type]
        locale="zh-CN",
        color_scheme="light",
        reduced_motion="reduce",
    )
    visit = Visit(context.new_page(), house.url)
    yield visit
    context.close()
    assert visit.errors == []
    assert visit.outside == []


def steps_of(page: Page) -> list[str]:
    """The instructions as they are listed."""
    return page.locator("[data-test=guide-step]").all_inner_texts()


def drawn_way(visit: Visit) -> NDArray[np.bool_]:
    """Where the way's colour is on the map; `(height, width)`, the side panel and the storeys left out."""
    panel = visit.part("guide-sheet").bounding_box()
    tools = visit.part("guide-storey").first.bounding_box()
    picture = np.asarray(visit.picture(), dtype=np.int16)
    way: NDArray[np.bool_] = np.abs(picture - np.array(ROUTE)).sum(axis=2) < NEARLY
    way[:, : int(panel["x"] + panel["width"]) + 2] = False
    way[:, int(tools["x"]) - 8 :] = False
    return way


def bend_px(visit: Visit) -> float:
    """How far below (+) or above (-) its western end the drawn way runs, px; 0 while none is drawn."""
    way = drawn_way(visit)
    columns = np.flatnonzero(way.any(axis=0))
    if len(columns) < LEAST_WAY_PX:
        return 0.0
    height = [float(np.flatnonzero(way[:, x]).mean()) for x in columns[3:-3]]
    return max((each - height[0] for each in height), key=abs)


def wait_for_bend(visit: Visit, wanted: Callable[[float], bool]) -> None:
    """Wait until the way is drawn through the wanted door."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not wanted(bend := bend_px(visit)):
        assert time.monotonic() < deadline, f"the way bends by {bend} px"
        time.sleep(0.1)


def leads_south(bend: float) -> bool:
    """Through the nearer door."""
    return bend > SOUTH_PX


def leads_north(bend: float) -> bool:
    """Through the other door."""
    return bend < NORTH_PX


def test_a_door_locked_over_mqtt_turns_the_open_page_to_the_other_door(
    house: LockedHouse, visitor: Visit
) -> None:
    page = visitor.page
    page.goto(f"{house.url}/guide?from=R1&to=R2")
    expect(visitor.part("guide-start")).to_be_visible(timeout=WAIT_MS)
    before = steps_of(page)
    shown = visitor.part("guide-route")
    length = shown.get_attribute("data-length")
    wait_for_bend(visitor, leads_south)

    house.say("locked")
    expect(visitor.part("guide-message")).to_contain_text("路线有变化", timeout=WAIT_MS)
    expect(shown).not_to_have_attribute("data-length", length)
    wait_for_bend(visitor, leads_north)
    assert steps_of(page) != before

    house.say("unlocked")
    expect(shown).to_have_attribute("data-length", length, timeout=WAIT_MS)
    wait_for_bend(visitor, leads_south)
    assert steps_of(page) == before


def test_a_page_opened_behind_the_lock_is_led_round_it(house: LockedHouse, visitor: Visit) -> None:
    house.say("locked")
    near = guid_of(NEAR_DOOR)
    query = {"from": "R1", "to": "R2"}
    while near in {
        each["guid"] for each in httpx.get(f"{house.url}/api/route", params=query).json()["portals"]
    }:
        visitor.page.wait_for_timeout(50)
    visitor.page.goto(f"{house.url}/guide?from=R1&to=R2")
    expect(visitor.part("guide-start")).to_be_visible(timeout=WAIT_MS)
    wait_for_bend(visitor, leads_north)
