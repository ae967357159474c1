"""The panel of lines: one that goes down says so and why, and comes back; what was refused is told."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.modbus_plant import LEVEL
from tests.browser.visit import Visit
from tests.contract.running import ROOT, RunningServer, environment, running_server
from tests.contract.small_house import write_venue
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

DESK = (1440, 900)
SECRET = "a-secret-of-the-cameras"
ADAPTERS = """
- id: plant
  kind: modbus
  host: 127.0.0.1
  port: {port}
  timeout_s: 5
  groups: {{default: 0.5}}
  points:
    - {{device: L-01, point: level, address: 0}}
- id: cameras
  kind: webhook
  secret_env: CAMERAS_SECRET
  auth: bearer
  samples:
    - {{device: $.camera, point: temperature, value: $.value}}
- id: spare
  kind: modbus
  enabled: false
  host: 192.0.2.1
  points:
    - {{device: L-02, point: level, address: 0}}
"""


class Plant:
    """The device at the other end of the Modbus line."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Let it serve; the line finds it when it is there."""
        command = [sys.executable, "-m", "tests.browser.modbus_plant", str(self.port)]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment())

    def kill(self) -> None:
        """End it without warning."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(20)


@pytest.fixture(scope="module")
def plant() -> Iterator[Plant]:
    found = Plant()
    found.start()
    yield found
    found.kill()


@pytest.fixture(scope="module")
def server(house: Path, plant: Plant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("lines")
    venue = write_venue(folder / "venue")
    (venue / "adapters.yaml").write_text(ADAPTERS.format(port=plant.port), "utf-8")
    variables = {name: os.environ[name] for name in ("TWIN_VIEWER",) if name in os.environ}
    variables["CAMERAS_SECRET"] = SECRET
    options = ("--venue", str(venue), "--data", str(folder / "data"))
    with running_server(house / "house.twin", folder / "log", *options, variables=variables) as running:
        yield running


@pytest.fixture
def opened(browser: Browser, server: RunningServer) -> Iterator[Callable[[str], Visit]]:
    """Opens the panel in a language; at the end nothing may have gone wrong on the pages."""
    visits: list[Visit] = []

    def opened_in(language: str) -> Visit:
        viewport = {"width": DESK[0], "height": DESK[1]}
        visit = Visit(browser.new_context(viewport=viewport).new_page(), server.url)  # type: ignore[arg-type]
        visits.append(visit)
        visit.open(f"/?lang={language}")
        visit.page.locator("[data-panel=bridge]").click()
        return visit

    yield opened_in
    for visit in visits:
        visit.page.context.close()
        assert visit.errors == []
        assert visit.outside == []


def line(visit: Visit, name: str) -> Locator:
    found: Locator = visit.part("bridge-line").filter(has_text=name)
    return found


def send(server: RunningServer, camera: str) -> None:
    """A message of the cameras' box."""
    head = {"authorization": f"Bearer {SECRET}", "webhook-timestamp": str(int(time.time()))}
    head["webhook-id"] = f"{camera}-{time.time_ns()}"
    answer = httpx.post(
        f"{server.url}/api/hooks/cameras", json={"camera": camera, "value": 21.5}, headers=head, timeout=30
    )
    answer.raise_for_status()


def test_a_line_that_goes_down_says_why_and_comes_back(opened: Callable[[str], Visit], plant: Plant) -> None:
    visit = opened("zh-CN")
    modbus = line(visit, "plant")
    expect(modbus).to_have_attribute("data-mark", "up")
    for words in ("Modbus TCP", "正常", "1 个点"):
        expect(modbus).to_contain_text(words)
    expect(modbus.locator("[data-test=bridge-trouble]")).to_have_count(0)
    plant.kill()
    expect(modbus).to_have_attribute("data-mark", "down")
    expect(modbus).to_contain_text("断开")
    trouble = modbus.locator("[data-test=bridge-trouble]")
    expect(trouble).to_contain_text(f"127.0.0.1:{plant.port}")
    expect(trouble).to_contain_text(re.compile("没有连接|拒绝连接"))
    expect(visit.part("bridge")).to_contain_text("1 断开")
    expect(visit.part("bridge-line").first).to_contain_text("plant")  # what needs a person comes first
    plant.start()
    expect(modbus).to_have_attribute("data-mark", "up")
    expect(modbus).to_contain_text("重连 ")
    expect(modbus.locator("[data-test=bridge-trouble]")).to_have_count(0)


def test_what_came_over_a_line_is_shown_at_its_device(opened: Callable[[str], Visit]) -> None:
    visit = opened("zh-CN")
    expect(line(visit, "plant")).to_have_attribute("data-mark", "up")
    visit.part("search").fill("L-01")
    visit.part("result").filter(has_text="L-01").first.click()
    value = visit.page.locator("[data-point='L-01/level'] [data-test=point-value]")
    expect(value).to_contain_text(str(LEVEL))


def test_refused_samples_are_told_with_their_reason_and_their_sender_is_listed(
    opened: Callable[[str], Visit], server: RunningServer
) -> None:
    send(server, "CAM-99")
    visit = opened("zh-CN")
    hook = line(visit, "cameras")
    expect(hook).to_contain_text("事件推送")
    expect(hook).to_contain_text("拒绝 ")
    expect(hook.locator("[data-test=bridge-trouble]")).to_contain_text("CAM-99")
    visit.page.locator("[data-panel=devices]").click()
    visit.page.get_by_role("tab", name="被拒设备").click()
    refused = visit.part("refused").locator("li").filter(has_text="CAM-99")
    expect(refused).to_contain_text("未登记")


def test_the_panel_speaks_english(opened: Callable[[str], Visit], server: RunningServer) -> None:
    send(server, "CAM-99")
    visit = opened("en")
    expect(line(visit, "plant")).to_have_attribute("data-mark", "up")
    expect(line(visit, "plant")).to_contain_text("1 points")
    expect(line(visit, "cameras")).to_contain_text("Webhook")
    expect(line(visit, "cameras")).to_contain_text("refused")
    expect(line(visit, "spare")).to_contain_text("switched off")
    expect(visit.part("bridge")).to_contain_text("0 down · 0 in part · 2 up")
