"""A small venue in which something goes wrong: two alarms, one answered, one not."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from bim_pipeline.build import build_package
from tests.contract.small_house import SmallHouse, write_venue
from twin.app import create_app
from twin.settings import Settings

WAIT_S = 30.0
RULES = """
- id: dim
  name: {zh: 灯光过暗, en: Too dim}
  priority: high
  match: {device: [L-01]}
  condition: {below: 20}
  cause_data: [status]
  message: {zh: "{device} 过暗：{value}", en: "{device} is too dim: {value}"}
"""


def settings_of(work: Path) -> Settings:
    """A house with a rule, built into a folder."""
    build_package(SmallHouse().write(work / "house.ifc"), work / "house.twin", jobs=1)
    venue = write_venue(work / "venue")
    (venue / "rules.yaml").write_text(RULES, "utf-8")
    return Settings(package=work / "house.twin", venue=venue, data=work / "data", dev=True, film_flush_s=0.2)


@contextmanager
def serving(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), "http://127.0.0.1", client=("127.0.0.1", 40_000)) as client:
        yield client


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def tell(client: TestClient, value: float, device: str = "L-01", point: str = "level", at: str = "") -> None:
    sample = {"device": device, "point": point, "value": value} | ({"time": at} if at else {})
    answer = client.post("/api/telemetry", json={"samples": [sample]})
    assert answer.json()["accepted"] == 1, answer.text


def got(client: TestClient, path: str, **query: Any) -> Any:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def until(client: TestClient, path: str, wanted: Any, **query: Any) -> Any:
    """Ask until `wanted` holds of the answer; gives the answer."""
    deadline = time.monotonic() + WAIT_S
    while not wanted(found := got(client, path, **query)):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def shown_level(client: TestClient, value: float) -> None:
    """Tell a level and wait until the film has it."""
    tell(client, value)
    deadline = time.monotonic() + WAIT_S
    while True:
        state = got(client, "/api/state", at=now())
        if any(each["value"] == value for each in state["items"] if each["point"] == "level"):
            return
        assert time.monotonic() < deadline, state
        time.sleep(0.05)


def go_wrong(client: TestClient) -> tuple[str, str, str]:
    """Play it; gives when it began, when it ended, and the alarm's id."""
    shown_level(client, 80.0)
    began = now()
    time.sleep(0.02)  # the beginning is a moment before what happens
    tell(client, 5.0)
    page = until(client, "/api/alarms", lambda found: len(found["items"]) == 1)
    alarm: str = page["items"][0]["id"]
    client.post(f"/api/alarms/{alarm}/acknowledge", json={"comment": "去看看"})
    order = client.post("/api/ops/orders", json={"title": "更换驱动", "alarm": alarm}).json()
    path = f"/api/ops/orders/{order['id']}"
    client.post(f"{path}/dispatch", json={"assignee": "dev"})
    client.post(f"{path}/accept")
    shown_level(client, 65.5)
    until(client, "/api/alarms", lambda found: found["items"] == [])
    client.post(f"{path}/finish", json={"note": "已更换"})
    client.post(f"{path}/verify")
    time.sleep(0.02)
    return began, now(), alarm
