"""A server's whole life: start, restart, a rebuilt package, the end."""

import json
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from bim_pipeline.build import build_package
from tests.contract.running import running_server
from tests.contract.small_house import SmallHouse, guid_of
from tests.ports import free_port

WAIT_S = 60.0


def until(url: str, is_so: Any) -> dict[str, Any]:
    """Asks until the answer is so; fails after a while."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        answer: dict[str, Any] = httpx.get(url).json()
        if is_so(answer):
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{url} never became so: {answer}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_clean_with_clients_connected(tmp_path: Path, house: Path, number: int) -> None:
    with running_server(house, tmp_path / "log", "--data", str(tmp_path / "data"), "--simulate") as server:
        async with connect(server.websocket_url) as socket:
            await socket.recv()
            assert server.stop(number) == 0
            await socket.wait_closed()
            assert socket.close_code in (1001, 1012)
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log
    assert server.url in log


def test_without_a_venue_the_model_itself_is_the_venue(tmp_path: Path, house: Path) -> None:
    options = (
        "--data",
        str(tmp_path / "data"),
        "--simulate",
        "--speed",
        "60",
        "--start",
        "2026-05-01T10:00:00+08:00",
    )
    with running_server(house, tmp_path / "log", *options) as server:
        model = httpx.get(f"{server.url}/api/model").json()
        devices = httpx.get(f"{server.url}/api/devices").json()["items"]
        state = until(f"{server.url}/api/state", lambda body: any(each["time"] for each in body["items"]))
        health = httpx.get(f"{server.url}/api/health").json()
    assert (model["simulated"], model["speed"]) == (True, 60.0)
    assert model["time"].startswith("2026-05-01T")
    assert model["venue"]["timezone"] == "UTC"
    assert {device["element"] for device in devices} == {
        guid_of(name) for name in ("L-01", "L-02", "R1", "R2", "R3")
    }
    assert {each["quality"] for each in state["items"] if each["time"]} == {"simulated"}
    assert [each["name"] for each in health["adapters"]] == ["simulation"]
    assert health["adapters"][0]["connected"] is True


def test_bindings_outlive_the_server_and_the_epoch_does_not(tmp_path: Path, house: Path, venue: Path) -> None:
    options = ("--data", str(tmp_path / "data"), "--venue", str(venue))
    port = free_port()
    epochs = []
    for round_ in range(2):
        with running_server(house, tmp_path / f"log{round_}", *options, port=port) as server:
            epochs.append(httpx.get(f"{server.url}/api/model").json()["epoch"])
            if round_ == 0:
                httpx.put(f"{server.url}/api/bindings", json=[{"device": "L-01", "element": None}])
            unbound = httpx.get(f"{server.url}/api/bindings").json()["unbound"]
    assert unbound == ["L-01"]
    assert epochs[0] != epochs[1]
    saved = json.loads((tmp_path / "data" / "bindings.json").read_text())
    assert saved["bindings"] == {"L-01": None}


def test_a_rebuilt_package_asks_for_a_restart(tmp_path: Path, house: Path) -> None:
    package = tmp_path / "p.twin"
    shutil.copytree(house, package)
    changed = SmallHouse()
    changed.file.create_entity("IfcPerson", FamilyName="Somebody")
    options = ("--data", str(tmp_path / "data"))
    with running_server(package, tmp_path / "log", *options) as server:
        before = httpx.get(f"{server.url}/api/model").json()
        build_package(changed.write(tmp_path / "changed.ifc"), package, jobs=1)
        assert httpx.get(server.url + before["tileset_url"]).status_code == 410
        health = until(f"{server.url}/api/health", lambda body: body["restart_needed"])
        assert (health["status"], health["revision"]) == ("degraded", before["revision"])
        assert httpx.get(f"{server.url}/api/elements/{guid_of('R1')}").status_code == 200
    with running_server(package, tmp_path / "log2", *options) as server:
        after = httpx.get(f"{server.url}/api/model").json()
        assert after["revision"] != before["revision"]
        assert httpx.get(server.url + after["tileset_url"]).status_code == 200
        assert httpx.get(server.url + before["tileset_url"]).status_code == 410


def test_a_broker_that_is_away_is_said_and_the_server_serves(tmp_path: Path, house: Path) -> None:
    url = f"mqtt://127.0.0.1:{free_port()}"
    with running_server(house, tmp_path / "log", "--data", str(tmp_path / "data"), "--mqtt", url) as server:
        health = httpx.get(f"{server.url}/api/health").json()
        assert httpx.get(f"{server.url}/api/model").status_code == 200
    assert health["status"] == "degraded"
    assert [(each["name"], each["connected"]) for each in health["adapters"]] == [("mqtt", False)]


def test_a_network_is_served_only_with_a_warning(tmp_path: Path, house: Path) -> None:
    options = ("--data", str(tmp_path / "data"), "--host", "0.0.0.0")
    with running_server(house, tmp_path / "log", *options, dev=False) as server:
        log = (tmp_path / "log").read_text()
        assert httpx.get(f"{server.url}/api/points").status_code == 401
    assert "put a proxy with https in front" in log
    assert "nobody has an account yet" in log
