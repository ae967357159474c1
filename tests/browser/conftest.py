import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, expect, sync_playwright

from bim_pipeline.build import build_package
from tests.browser.visit import WAIT_MS, Visit, launch
from tests.contract.running import ROOT, RunningServer, running_server
from tests.contract.small_house import SmallHouse, guid_of, write_venue
from tests.ports import free_port

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
#: A wall is large enough on screen for its pixels to be looked at; a lamp is not.
WALL = "Wall south 1F"
WALL_DEVICE = "W-01"
UPPER_WALL = "Wall south 2F"
DESK = (1280, 800)
PHONE = (390, 844)


class Telemetry:
    """A device in the field: publishes over MQTT."""

    def __init__(self, port: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def publish(self, device: str, payload: str) -> None:
        """One message, at least once."""
        sent = self._client.publish(f"twin/small/devices/{device}/telemetry", payload, qos=1)
        sent.wait_for_publish(60)

    def close(self) -> None:
        """Go away."""
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    build_package(SmallHouse().write(folder / "house.ifc"), folder / "house.twin", jobs=1)
    with (write_venue(folder / "venue") / "devices.csv").open("a", encoding="utf-8") as devices:
        devices.write(f"{WALL_DEVICE},lamp,南墙灯,South wall lamp,{guid_of(WALL)},{WALL_DEVICE},1\n")
    return folder


@pytest.fixture(scope="package")
def broker(house: Path) -> Iterator[int]:
    if MOSQUITTO is None:
        pytest.fail("install mosquitto (Debian: apt-get install mosquitto)")
    port = free_port()
    config = house / "mosquitto.conf"
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", f"user {getpass.getuser()}"]
    config.write_text("\n".join(lines) + "\n", "utf-8")
    with (house / "mosquitto.log").open("wb") as log:
        process = subprocess.Popen([MOSQUITTO, "-c", str(config)], stdout=log, stderr=log)
    yield port
    process.terminate()
    process.wait(60)


class Venue:
    """The house's server on one port, which can be killed and started again."""

    def __init__(self, folder: Path, broker: int) -> None:
        self._folder = folder
        self._broker = broker
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it hears the broker."""
        options = ("--venue", str(self._folder / "venue"), "--data", str(self._folder / "data"))
        self._context = running_server(
            self._folder / "house.twin",
            self._folder / "server.log",
            *options,
            "--mqtt",
            f"mqtt://127.0.0.1:{self._broker}",
            port=self.port,
            variables={name: os.environ[name] for name in ("TWIN_VIEWER",) if name in os.environ},
        )
        self.running: RunningServer = self._context.__enter__()
        deadline = time.monotonic() + 90
        while not all(each["connected"] for each in self.health()["adapters"]):
            assert time.monotonic() < deadline, self.health()
            time.sleep(0.1)

    def health(self) -> dict[str, list[dict[str, bool]]]:
        """What the server says of itself."""
        found: dict[str, list[dict[str, bool]]] = httpx.get(f"{self.url}/api/health").json()
        return found

    def kill(self) -> None:
        """End it without warning."""
        self.running.process.kill()
        self.running.process.wait(60)

    def stop(self) -> None:
        """End it as a person would."""
        self._context.__exit__(None, None, None)

    def index_of(self, name: str) -> int:
        """`element_index` of a part of the house."""
        found: int = httpx.get(f"{self.url}/api/elements/{guid_of(name)}").json()["element_index"]
        return found


@pytest.fixture(scope="package")
def venue(house: Path, broker: int) -> Iterator[Venue]:
    if not (ROOT / "web_viewer" / "dist" / "index.html").exists():
        pytest.fail("build the viewer first: cd web_viewer && npm ci && npm run build")
    served = Venue(house, broker)
    yield served
    served.stop()


@pytest.fixture
def field(broker: int) -> Iterator[Telemetry]:
    device = Telemetry(broker)
    yield device
    device.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


def _visit(browser: Browser, venue: Venue, size: tuple[int, int], touch: bool) -> Iterator[Visit]:
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, has_touch=touch, locale="zh-CN")  # type: ignore[arg-type]
    visit = Visit(context.new_page(), venue.url)
    yield visit
    context.close()
    assert visit.errors == []
    assert visit.outside == []


@pytest.fixture
def visit(browser: Browser, venue: Venue) -> Iterator[Visit]:
    """A desk; at the end nothing may have gone wrong, and nobody else may have been asked anything."""
    yield from _visit(browser, venue, DESK, touch=False)


@pytest.fixture
def phone(browser: Browser, venue: Venue) -> Iterator[Visit]:
    """A phone."""
    yield from _visit(browser, venue, PHONE, touch=True)
