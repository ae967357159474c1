"""Devices that sign what they send, over HTTP: issue, use, rotate, revoke."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from twin.app import assemble
from twin.devices.keyring import Issued
from twin.events.log import EventFilter
from twin.runtime import Twin, open_twin
from twin.settings import Settings

HOST = "http://127.0.0.1"
CLIENT = ("127.0.0.1", 40_000)


@pytest.fixture(scope="module")
def client(house: Path, venue: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = tmp_path_factory.mktemp("secrets")
    app = assemble(open_twin(Settings(package=house, venue=venue, data=data)))
    with TestClient(app, HOST, client=CLIENT) as opened:
        yield opened


def twin_of(client: TestClient) -> Twin:
    app: Any = client.app
    twin: Twin = app.state.twin
    return twin


def call(client: TestClient, function: Any, *arguments: Any) -> Any:
    assert client.portal is not None
    return client.portal.call(function, *arguments)


def issue(client: TestClient, device: str) -> Issued:
    twin = twin_of(client)
    (issued,) = call(client, twin.devices.keyring.issue, [device], "person:test")
    call(client, twin.gate.refresh, twin.devices.keyring)
    found: Issued = issued
    return found


def send(client: TestClient, secret: str, *samples: tuple[str, str, object]) -> Any:
    body = {
        "samples": [{"device": device, "point": point, "value": value} for device, point, value in samples]
    }
    return client.post("/api/telemetry", json=body, headers={"authorization": f"Bearer {secret}"})


def test_a_device_speaks_for_itself_alone(client: TestClient) -> None:
    issued = issue(client, "L-01")
    answer = send(client, issued.secret, ("L-01", "status", "on"), ("L-02", "status", "on")).json()
    assert (answer["accepted"], answer["refused_count"]) == (1, 1)
    (refused,) = answer["refused"]
    assert (refused["index"], refused["device"], refused["code"]) == (1, "L-02", "wrong_device")
    assert twin_of(client).bridge.live.value[twin_of(client).registry.points_of("L-02")[0].point_index] != 1.0
    assert ("http", "L-01", "wrong_device") in refusals(client)


def refusals(client: TestClient) -> list[tuple[str, str, str]]:
    return [(each.way, each.name, each.fault) for each in twin_of(client).bridge.refused.all()]


def test_a_wrong_secret_is_refused_counted_and_never_repeated(client: TestClient) -> None:
    before = twin_of(client).bridge.refused.total
    answer = send(client, "twd_madeup", ("L-01", "status", "on"))
    assert answer.status_code == 401
    assert answer.json()["type"].endswith(":sender")
    assert answer.json()["reason"] == "bad_secret"
    assert "madeup" not in answer.text
    assert twin_of(client).bridge.refused.total == before + 1


def test_a_rotated_secret_ends_after_its_grace_and_a_revoked_one_at_once(client: TestClient) -> None:
    twin = twin_of(client)
    old = issue(client, "R1-T")
    (new,) = call(client, twin.devices.keyring.rotate, ["R1-T"], "person:test", 3_600_000)
    call(client, twin.gate.refresh, twin.devices.keyring)
    sample = ("R1-T", "temperature", 21.5)
    assert [send(client, each.secret, sample).status_code for each in (old, new)] == [200, 200]
    call(client, twin.devices.keyring.revoke, "R1-T", "person:test", new.credential.number)
    call(client, twin.devices.keyring.rotate, ["R1-T"], "person:test", 0)
    call(client, twin.gate.refresh, twin.devices.keyring)
    reasons = [send(client, each.secret, sample).json()["reason"] for each in (old, new)]
    assert reasons == ["expired", "revoked"]


def test_a_secret_opens_nothing_but_telemetry(client: TestClient) -> None:
    issued = issue(client, "L-02")
    headers = {"authorization": f"Bearer {issued.secret}"}
    assert client.get("/api/points", headers=headers).status_code == 401
    assert client.get("/api/accounts", headers=headers).status_code == 401


def test_each_act_is_an_event_that_holds_no_secret(client: TestClient) -> None:
    issued = issue(client, "L-02")
    found = call(client, twin_of(client).events.find, EventFilter(type="credential.*"), 100)
    assert {"credential.issued", "credential.rotated"} <= {each.type for each in found}
    assert all(issued.secret not in str(each) for each in found)
    assert issued.secret not in repr(issued)
