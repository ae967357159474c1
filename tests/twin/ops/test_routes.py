"""`/api/ops` over a running twin."""

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bim_pipeline.build import build_package
from tests.contract.small_house import SmallHouse, guid_of, write_venue
from twin.app import create_app
from twin.settings import Settings


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    work = tmp_path_factory.mktemp("ops")
    ifc: Path = SmallHouse().write(work / "house.ifc")
    build_package(ifc, work / "house.twin", jobs=1)
    settings = Settings(
        package=work / "house.twin", venue=write_venue(work / "venue"), data=work / "data", dev=True
    )
    with TestClient(create_app(settings), "http://127.0.0.1", client=("127.0.0.1", 40_000)) as client:
        yield client


def made(client: TestClient, **report: Any) -> dict[str, Any]:
    answer = client.post("/api/ops/orders", json={"title": "灯不亮", **report})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_ledger_lists_filters_sorts_and_pages(client: TestClient) -> None:
    def listed(**query: Any) -> list[str]:
        return [line["device"] for line in client.get("/api/ops/devices", params=query).json()["items"]]

    assert listed(sort="device") == ["L-01", "L-02", "R1-T"]
    assert listed(sort="device", order="desc") == ["R1-T", "L-02", "L-01"]
    assert listed(q="LAMP 2") == ["L-02"]
    assert listed(type="room_sensor") == ["R1-T"]
    assert listed(health="fault") == []
    first = client.get("/api/ops/devices", params={"limit": 2, "sort": "device"}).json()
    assert (first["total"], first["next"]) == (3, "2")
    assert listed(limit=2, sort="device", cursor=first["next"]) == ["R1-T"]
    line = client.get("/api/ops/devices/L-01").json()
    assert (line["element"], line["attributes"]["rated_kw"]) == (guid_of("L-01"), "0.04")
    assert client.get("/api/ops/devices", params={"cursor": "x"}).status_code == 400
    assert client.get("/api/ops/devices/none").status_code == 404


def test_a_reported_element_becomes_an_order_with_its_place(client: TestClient) -> None:
    order = made(client, element=guid_of("L-02"), priority="urgent")
    assert (order["device"], order["state"], order["reporter"]) == ("L-02", "created", "dev")
    assert order["storey"] == client.get("/api/ops/devices/L-02").json()["storey"]
    assert order["actions"] == ["dispatch", "cancel"]
    history = client.get("/api/ops/history", params={"element": guid_of("L-02")}).json()
    assert order["id"] in [each["id"] for each in history["orders"]]
    assert client.get("/api/ops/devices/L-02").json()["orders"] == 1


def test_an_order_is_worked_through(client: TestClient) -> None:
    path = f"/api/ops/orders/{made(client, device='L-01')['id']}"
    assert client.post(f"{path}/accept").status_code == 409
    assert client.post(f"{path}/dispatch", json={"assignee": "nobody"}).status_code == 422
    assert client.post(f"{path}/dispatch", json={"assignee": "dev"}).json()["state"] == "dispatched"
    assert client.post(f"{path}/accept").json()["state"] == "accepted"
    assert client.post(f"{path}/finish", json={"note": " "}).status_code == 422
    assert client.post(f"{path}/finish", json={"note": "换灯"}).json()["state"] == "done"
    assert client.post(f"{path}/verify").json()["actions"] == []
    problem = client.post(f"{path}/cancel", json={"note": "x"})
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["type"].endswith("workorder-state")
    detail = client.get(path).json()
    assert [event["type"].split(".")[1] for event in detail["events"]] == [
        "created", "dispatched", "accepted", "done", "verified"
    ]  # fmt: skip
    assert client.get("/api/ops/orders/counts").json()["verified"] == 1


def soon_due(client: TestClient, late: Callable[[], list[str]]) -> dict[str, Any]:
    """An order that is not late yet and will be soon; how soon, depends on how busy the machine is."""
    for ahead_s in (1.5, 9.0, 45.0):
        due = datetime.now(UTC) + timedelta(seconds=ahead_s)
        answer = client.post(
            "/api/ops/orders", json={"title": "灯不亮", "device": "L-01", "due": due.isoformat()}
        )
        if answer.status_code == 201:
            order: dict[str, Any] = answer.json()
            assert abs(datetime.fromisoformat(order["due"]) - due) < timedelta(milliseconds=2)
            if late() == []:
                return order
            client.post(f"/api/ops/orders/{order['id']}/cancel", json={"note": "too late"})
    raise AssertionError("what is due later counts as late")


def test_what_is_due_is_ahead_and_what_is_late_is_listed(client: TestClient) -> None:
    def late() -> list[str]:
        found = client.get("/api/ops/orders", params={"overdue": True}).json()["items"]
        return [each["id"] for each in found]

    order = soon_due(client, late)
    made(client, device="L-01", due="2999-01-01T08:00:00+08:00")
    deadline = time.monotonic() + 90
    while late() != [order["id"]]:
        assert time.monotonic() < deadline, late()
        time.sleep(0.1)
    path = f"/api/ops/orders/{order['id']}"
    again = {"assignee": "dev", "due": order["due"]}
    assert client.post(f"{path}/dispatch", json=again).status_code == 200, "it may stay as late as it was"
    problem = client.post(f"{path}/dispatch", json={"assignee": "dev", "due": "2020-01-01T00:00:00Z"})
    assert (problem.status_code, problem.json()["detail"]) == (400, "due: give a time ahead")
    client.post(f"{path}/accept")
    client.post(f"{path}/finish", json={"note": "换灯"})
    assert late() == [], "what is done is late no more"


@pytest.mark.parametrize(
    ("report", "status"),
    [
        ({"title": "x"}, 400),
        ({"title": " ", "device": "L-01"}, 422),
        ({"title": "x", "device": "none"}, 404),
        ({"title": "x", "element": "none"}, 404),
        ({"title": "x", "alarm": "none"}, 404),
        ({"title": "x", "device": "L-01", "due": "2020-01-01T00:00:00Z"}, 400),
        ({"title": "x", "device": "L-01", "due": "2999-01-01T00:00:00"}, 422),
        ({"title": "x" * 121, "device": "L-01"}, 422),
    ],
)
def test_a_report_of_nothing_is_refused(client: TestClient, report: dict[str, Any], status: int) -> None:
    answer = client.post("/api/ops/orders", json=report)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("path", ["devices.xlsx", "orders.xlsx"])
def test_lists_are_exported(client: TestClient, path: str) -> None:
    made(client, device="L-01", title='=HYPERLINK("http://x")')
    for lang, heading in (("zh", "设备编号"), ("en", "Device")):
        answer = client.get(f"/api/ops/{path}", params={"lang": lang})
        assert "attachment" in answer.headers["content-disposition"]
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            assert heading in book.read("xl/sharedStrings.xml").decode()
            assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_every_route_needs_an_operator(client: TestClient) -> None:
    outside = TestClient(client.app, "http://example.test", client=("203.0.113.9", 40_000))
    for method, path in (("GET", "devices"), ("GET", "orders"), ("GET", "people"), ("POST", "orders")):
        assert outside.request(method, f"/api/ops/{path}", json={}).status_code in (401, 403)
