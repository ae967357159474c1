"""The demo venue's lines in a running server: all are up with nothing else there, and values come."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.running import running_server

SECRET = base64.b64encode(b"a secret of the car park").decode()
VARIABLES = {"PALACE_CAR_PARK_SECRET": f"whsec_{SECRET}", "PALACE_ACCESS_SECRET": "a-secret-of-the-gates"}
WAIT_S = 60.0


@pytest.fixture(scope="module")
def http(palace_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("lines")
    options = ("--venue", "assets/palace/venue", "--data", str(folder / "data"), "--simulate")
    start = ("--start", "2026-09-15T11:00:00+08:00")
    with (
        running_server(palace_package, folder / "log", *options, *start, variables=VARIABLES) as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        yield client


def waited(http: httpx.Client, path: str, over: Any) -> Any:
    """What a path answers once `over` holds of it."""
    deadline = time.monotonic() + WAIT_S
    while not over(answer := http.get(path).raise_for_status().json()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.1)
    return answer


def lines(http: httpx.Client, over: Any = lambda _lines: True) -> dict[str, dict[str, Any]]:
    def by_id(answer: Any) -> dict[str, dict[str, Any]]:
        return {each["id"]: each for each in answer["items"]}

    return by_id(waited(http, "/api/bridge", lambda answer: over(by_id(answer))))


def test_every_line_is_up_and_says_what_is_simulated(http: httpx.Client) -> None:
    found = lines(http, lambda all_: all(each["state"] == "up" for each in all_.values()))
    assert {name: each["simulated"] for name, each in found.items()} == {
        "simulation": True,
        "pv-storage": True,
        "car-park": False,
        "access-control": False,
    }
    assert all(each["notes"] == [] for each in found.values())


def test_inverters_and_storage_are_read_over_modbus(http: httpx.Client) -> None:
    found = lines(http, lambda all_: all_["pv-storage"]["received"] >= all_["pv-storage"]["points"] > 0)
    assert found["pv-storage"]["kind"] == "modbus"
    assert found["pv-storage"]["bad"] == 0
    assert found["pv-storage"]["points"] == 41


def test_storage_is_commanded_through_its_register(http: httpx.Client) -> None:
    lines(http, lambda all_: all_["pv-storage"]["received"] > 0)
    order = {"device": "B1-BAT-0002", "point": "power_setpoint", "value": 42.5, "reason": "a test"}
    sent = http.post("/api/commands", json=order).raise_for_status().json()
    command = waited(
        http,
        "/api/commands?device=B1-BAT-0002",
        lambda answer: answer["items"][0]["state"] != "sent",
    )["items"][0]
    assert command["id"] == sent["id"]
    assert (command["state"], command["reported"]) == ("confirmed", 42.5)
    refused = http.post("/api/commands", json=order | {"value": 120})
    assert refused.status_code == 409
    assert refused.json()["reason"] == "interlock-range"


def test_a_signed_plate_becomes_an_event_of_its_barrier_and_a_forged_one_does_not(http: httpx.Client) -> None:
    body = json.dumps({"type": "plate", "lane": "entry", "plate": "闽D·12345", "confidence": 0.98}).encode()
    head = {"webhook-id": "plate-1", "webhook-timestamp": str(int(time.time()))}
    signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
    proof = hmac.new(base64.b64decode(SECRET), signed, hashlib.sha256).digest()
    forged = head | {"webhook-signature": "v1," + base64.b64encode(bytes(32)).decode()}
    assert http.post("/api/hooks/car-park", content=body, headers=forged).status_code == 401
    head["webhook-signature"] = "v1," + base64.b64encode(proof).decode()
    assert http.post("/api/hooks/car-park", content=body, headers=head).json()["events"] == 1
    found = http.get("/api/events", params={"type": "gate.plate_read"}).json()["items"]
    assert [(each["subject"], each["data"]["plate"]) for each in found] == [
        ("device:L1-BAR-0001", "闽D·12345")
    ]


def test_who_passes_a_turnstile_is_an_event(http: httpx.Client) -> None:
    body = {
        "events": [
            {"reader": "LIB-1", "result": "granted", "credential": "card 0412", "direction": "in"},
            {"reader": "C1-S2", "result": "denied", "credential": "card 0007", "reason": "expired"},
        ]
    }
    head = {"authorization": f"Bearer {VARIABLES['PALACE_ACCESS_SECRET']}", "webhook-id": "gates-1"}
    head["webhook-timestamp"] = str(int(time.time()))
    assert http.post("/api/hooks/access-control", json=body, headers=head).json()["events"] == 2
    denied = http.get("/api/events", params={"type": "access.denied"}).json()["items"]
    assert [(each["subject"], each["data"]["reason"]) for each in denied] == [
        ("device:L1-GTE-0005", "expired")
    ]
