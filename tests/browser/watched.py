"""The small house with rules that raise alarms, served without a broker: devices report over HTTP."""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.contract.running import running_server
from tests.contract.small_house import guid_of, write_venue

#: A wall is large enough on screen for its pixels to be looked at; a lamp is not.
WALL, WALL_DEVICE, ROOM_DEVICE = "Wall south 1F", "W-01", "R1-T"
RULES = """
- id: lamp_fault
  name: {zh: 灯具故障, en: Lamp fault}
  priority: critical
  match: {point_class: On_Off_Status}
  condition: {state: fault}
  message: {zh: "{device} 故障", en: "{device} is out of order"}
- id: hot
  name: {zh: 室温过高, en: Too hot}
  priority: medium
  match: {point_class: Zone_Air_Temperature_Sensor}
  condition: {above: 30, hysteresis: 1}
  message: {zh: "室温 {value}，高于 {limit}", en: "{value}, above {limit}"}
"""


class WatchedHouse:
    """A running server of the house."""

    def __init__(self, url: str) -> None:
        self.url = url

    def report(self, device: str, point: str, value: str | float) -> datetime:
        """A device reports; gives the server's time some moments after it."""
        sample = {"device": device, "point": point, "value": value}
        answer = httpx.post(f"{self.url}/api/telemetry", json={"samples": [sample]}).json()
        assert answer["accepted"] == 1, answer
        # Its frame is cut up to 200 ms later; another sample must not follow into the same one.
        time.sleep(1.0)
        return self.now()

    def now(self) -> datetime:
        """The server's time."""
        return datetime.fromisoformat(self.get("/api/health")["time"])

    def get(self, path: str, **query: str) -> Any:
        """An answer of the API."""
        return httpx.get(self.url + path, params=query).json()

    def index_of(self, name: str) -> int:
        """`element_index` of a part of the house."""
        found: int = self.get(f"/api/elements/{guid_of(name)}")["element_index"]
        return found

    def all_is_well(self) -> None:
        """Every device reports what raises no alarm, and what was raised is closed."""
        self.report(WALL_DEVICE, "status", "off")
        self.report(ROOM_DEVICE, "temperature", 21.0)
        for alarm in self.get("/api/alarms")["items"]:
            httpx.post(f"{self.url}/api/alarms/{alarm['id']}/close", json={})
        assert self.get("/api/alarms")["items"] == []


@contextlib.contextmanager
def watched_house(
    package: Path, folder: Path, more: Mapping[str, str] | None = None
) -> Iterator[WatchedHouse]:
    """Serve the package with a venue of its own in `folder`, with `more` files, until the block ends."""
    venue = write_venue(folder / "venue")
    for name, text in (more or {}).items():
        (venue / name).write_text(text, "utf-8")
    (venue / "rules.yaml").write_text(RULES, "utf-8")
    with (venue / "devices.csv").open("a", encoding="utf-8") as devices:
        devices.write(f"{WALL_DEVICE},lamp,南墙灯,South wall lamp,{guid_of(WALL)},{WALL_DEVICE},1\n")
    viewer = os.environ.get("TWIN_VIEWER")
    options = ("--venue", str(venue), "--data", str(folder / "data"))
    variables = {"TWIN_VIEWER": viewer} if viewer else {}
    with running_server(package, folder / "server.log", *options, variables=variables) as server:
        yield WatchedHouse(server.url)
