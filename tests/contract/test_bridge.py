"""The lines of `adapters.yaml` through a running server: what `/api/bridge` shows, and commands over them."""

import asyncio
import contextlib
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from tests.contract.running import run_twin, running_server
from tests.ports import free_port
from tests.telemetry_bridge.modbus_peer import READ_HOLDING, Peer, modbus_peer
from twin.app import assemble
from twin.runtime import open_twin
from twin.settings import Settings

WAIT_S = 30.0


@contextlib.contextmanager
def peer_in_background(port: int) -> Iterator[Peer]:
    """A Modbus server on a loop of its own: the server under test is another process."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    context = modbus_peer(port, 1)
    try:
        yield asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result(WAIT_S)
    finally:
        asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(WAIT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WAIT_S)
        loop.close()


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


SPARE = "- {{id: {}, kind: mqtt, url: 'mqtt://127.0.0.1:9', enabled: false}}\n"
FILE = """
- id: plant
  kind: modbus
  host: 127.0.0.1
  port: {port}
  groups: {{default: 0.1}}
  points:
    - {{device: L-01, point: level, address: 1, scale: 0.1, writable: true}}
    - {{device: L-77, point: status, address: 2}}
- {{id: hall, kind: mqtt, url: "mqtt://127.0.0.1:9", username: k, password_env: HALL_PASSWORD}}
- {{id: spare, kind: mqtt, url: "mqtt://127.0.0.1:9", enabled: false}}
"""


def test_lines_are_shown_and_commands_go_over_the_one_that_names_the_point(
    house: Path, venue: Path, tmp_path: Path
) -> None:
    port = free_port()
    shutil.copytree(venue, tmp_path / "venue")
    (tmp_path / "venue" / "adapters.yaml").write_text(FILE.format(port=port))
    options = ("--venue", str(tmp_path / "venue"), "--data", str(tmp_path / "data"))
    with (
        peer_in_background(port) as peer,
        running_server(house, tmp_path / "log", *options) as server,
        httpx.Client(base_url=server.url) as http,
    ):
        peer.units[1].set(READ_HOLDING, 1, 0)

        def lines() -> dict[str, dict[str, Any]]:
            return {each["id"]: each for each in http.get("/api/bridge").json()["items"]}

        assert within(WAIT_S, lambda: int(str(lines()["plant"]["received"])) > 2), server.log.read_text()
        plant, hall, spare = (lines()[each] for each in ("plant", "hall", "spare"))
        assert (plant["kind"], plant["state"], plant["points"], plant["bad"]) == ("modbus", "up", 1, 0)
        assert plant["last_message"] is not None
        (note,) = plant["notes"]
        assert note["text"] == "adapters.yaml:9: the venue has no point L-77/status"
        assert (note["reason"], note["named"]["key"]) == ("unlisted-point", "L-77/status")
        assert (hall["state"], spare["state"]) == ("down", "off")
        assert "HALL_PASSWORD is not set" in str(hall["last_error"])
        assert (hall["reason"], hall["named"]) == ("secret-missing", {"variable": "HALL_PASSWORD"})
        health = http.get("/api/health").json()
        assert {each["name"] for each in health["adapters"]} == {"plant", "hall"}
        assert health["status"] == "degraded"

        sent = http.post("/api/commands", json={"device": "L-01", "point": "level", "value": 60}).json()
        assert sent.get("state") == "sent", (sent, server.log.read_text())
        assert within(WAIT_S, lambda: http.get("/api/commands").json()["items"][0]["state"] == "confirmed")
        assert peer.units[1].holding(1) == 600
        refused = http.post("/api/commands", json={"device": "L-02", "point": "level", "value": 60}).json()
        assert (refused["state"], "HALL_PASSWORD" in refused["fault"]) == ("failed", True)


def reads(device: str, address: int) -> str:
    return f"    - {{device: {device}, point: level, address: {address}, scale: 0.1, writable: true}}\n"


def plant(name: str, port: int, points: str) -> str:
    head = f"- id: {name}\n  kind: modbus\n  host: 127.0.0.1\n  port: {port}\n"
    return f"{head}  groups: {{default: 0.1}}\n  points:\n{points}"


def test_the_file_is_read_anew_and_what_did_not_change_keeps_running(
    house: Path, venue: Path, tmp_path: Path
) -> None:
    port, other = free_port(), free_port()
    file = tmp_path / "lines.yaml"
    file.write_text(
        plant("stays", port, reads("L-01", 1))
        + plant("changes", port, reads("L-02", 2))
        + SPARE.format("goes")
    )
    options = ("--venue", str(venue), "--data", str(tmp_path / "data"), "--adapters", str(file))
    with (
        peer_in_background(port) as peer,
        peer_in_background(other) as new_peer,
        running_server(house, tmp_path / "log", *options) as server,
        httpx.Client(base_url=server.url, timeout=20) as http,
    ):
        for each, value in ((peer, 400), (new_peer, 600)):
            for address in (1, 2, 3):
                each.units[1].set(READ_HOLDING, address, value)

        def lines() -> dict[str, dict[str, Any]]:
            return {each["id"]: each for each in http.get("/api/bridge").json()["items"]}

        def shows(device: str, value: float) -> bool:
            items = http.get("/api/state").json()["items"]
            return (device, "level", value) in {
                (each["device"], each["point"], each["value"]) for each in items
            }

        def reloads() -> list[dict[str, Any]]:
            items = http.get("/api/events", params={"type": "bridge.reloaded"}).json()["items"]
            return [{"actor": each["actor"]} | each["data"] for each in items]

        assert within(WAIT_S, lambda: shows("L-01", 40) and shows("L-02", 40)), server.log.read_text()
        before = lines()

        file.write_text(file.read_text() + "- {id: slip, kind: modbus, host: a, prot: 1}\n- {id: odd}\n")
        refused = http.post("/api/bridge/reload")
        assert refused.status_code == 422
        assert [each["where"] for each in refused.json()["errors"]] == ["lines.yaml:16", "lines.yaml:17"]
        file.write_text("- {id: mqtt, kind: mqtt, url: 'mqtt://127.0.0.1:9'}\n")
        assert "source of the server" in http.post("/api/bridge/reload").json()["detail"]
        assert list(lines()) == ["stays", "changes", "goes"]
        assert reloads() == []

        file.write_text(
            SPARE.format("comes")
            + plant("changes", other, reads("L-02", 2))
            + plant("stays", port, reads("L-01", 1))
        )
        answer = http.post("/api/bridge/reload")
        changes = {"started": ["comes"], "restarted": ["changes"], "stopped": ["goes"]}
        assert answer.json() == {"kept": ["stays"], "elsewhere": []} | changes
        assert within(WAIT_S, lambda: shows("L-02", 60)), server.log.read_text()
        after = lines()
        assert list(after) == ["comes", "changes", "stays"]
        assert (after["stays"]["state"], after["stays"]["reconnects"]) == ("up", 0)
        assert after["stays"]["received"] > before["stays"]["received"]
        sent = http.post("/api/commands", json={"device": "L-02", "point": "level", "value": 70}).json()
        assert sent.get("state") == "sent", sent
        assert reloads() == [{"actor": "person:dev"} | changes]

        file.write_text(SPARE.format("comes"))
        server.process.send_signal(signal.SIGHUP)
        assert within(WAIT_S, lambda: list(lines()) == ["comes"]), server.log.read_text()
        assert within(WAIT_S, lambda: len(reloads()) == 2)
        assert {
            "actor": "system",
            "started": [],
            "restarted": [],
            "stopped": ["changes", "stays"],
        } in reloads()
        file.write_text("- [")
        server.process.send_signal(signal.SIGHUP)
        assert within(WAIT_S, lambda: "not read anew" in server.log.read_text())
        assert list(lines()) == ["comes"]
        assert server.stop() == 0


def test_a_file_with_faults_keeps_the_server_from_starting(house: Path, tmp_path: Path) -> None:
    file = tmp_path / "lines.yaml"
    file.write_text("- id: plant\n  kind: modbus\n  host: a\n  prot: 1\n")
    done = run_twin("serve", house, "--dev", "--port", "0", "--data", tmp_path / "data", "--adapters", file)
    assert done.returncode == 2
    assert "lines.yaml:4: prot: no such setting" in done.stderr
    assert "Traceback" not in done.stderr


def test_names_of_the_servers_own_sources_are_taken(house: Path, tmp_path: Path) -> None:
    file = tmp_path / "lines.yaml"
    file.write_text("- {id: mqtt, kind: mqtt, url: 'mqtt://127.0.0.1:9'}\n")
    done = run_twin("serve", house, "--dev", "--port", "0", "--data", tmp_path / "data", "--adapters", file)
    assert done.returncode == 2
    assert "the id mqtt means a source of the server" in done.stderr


@pytest.mark.parametrize("text", ["- [", "- {id: a}"])
def test_a_file_that_is_none_is_one_line(house: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "lines.yaml"
    file.write_text(text)
    done = run_twin("serve", house, "--dev", "--port", "0", "--data", tmp_path / "data", "--adapters", file)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr


HOOKS = """
- id: doors
  kind: webhook
  auth: bearer
  secret_env: DOORS_SECRET
  samples:
    - {device: $.door, point: level, value: $.open, when: {path: $.type, equals: moved}}
  events:
    - {type: access.granted, device: $.door, data: {badge: $.badge}, when: {path: $.type, equals: entered}}
"""


def test_messages_of_other_systems_become_samples_and_events(
    house: Path, venue: Path, tmp_path: Path
) -> None:
    file = tmp_path / "lines.yaml"
    file.write_text(HOOKS)
    options = ("--venue", str(venue), "--data", str(tmp_path / "data"), "--adapters", str(file))
    secret = {"DOORS_SECRET": "open sesame"}
    with (
        running_server(house, tmp_path / "log", *options, variables=secret) as server,
        httpx.Client(base_url=server.url) as http,
    ):

        def post(message: object, number: str, key: str = "open sesame") -> httpx.Response:
            headers = {
                "authorization": f"Bearer {key}",
                "webhook-id": number,
                "webhook-timestamp": f"{time.time():.3f}",
            }
            return http.post("/api/hooks/doors", json=message, headers=headers)

        moved = {"type": "moved", "door": "L-01", "open": 40}
        entered = {"type": "entered", "door": "L-02", "badge": "B-17"}
        assert post(moved, "m1").json() == {"accepted": 1, "refused_count": 0, "refused": [], "events": 0}
        assert post(entered, "m2").json()["events"] == 1
        assert post(entered, "m2").status_code == 409
        assert post(entered, "m3", "wrong").status_code == 401
        assert post(entered | {"door": "D-99"}, "m4").json()["events"] == 1
        assert http.post("/api/hooks/none", json={}).status_code == 404
        assert http.post("/api/hooks/doors", content=b"x" * 1_100_000).status_code == 413

        events = http.get("/api/events", params={"type": "access.*"}).json()["items"]
        told = {(each["subject"], each["actor"], each["data"]["badge"]) for each in events}
        assert told == {("device:L-02", "hook:doors", "B-17"), ("hook:doors", "hook:doors", "B-17")}
        (line,) = [each for each in http.get("/api/bridge").json()["items"] if each["id"] == "doors"]
        assert (line["kind"], line["state"], line["received"]) == ("webhook", "up", 3)
        state = http.get("/api/state").json()
        assert "40" in str(state)


def test_events_that_cannot_be_written_may_be_sent_again(
    house: Path, venue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lines.yaml"
    file.write_text(HOOKS)
    monkeypatch.setenv("DOORS_SECRET", "open sesame")
    twin = open_twin(Settings(package=house, venue=venue, data=tmp_path / "data", adapters=file))
    headers = {
        "authorization": "Bearer open sesame",
        "webhook-id": "m1",
        "webhook-timestamp": f"{time.time() + 1:.3f}",
    }
    entered = {"type": "entered", "door": "L-02", "badge": "B-17"}

    async def full(*drafts: object) -> None:
        raise OSError("no space left on device")

    with TestClient(assemble(twin), raise_server_exceptions=False) as client:
        append = twin.events.append
        monkeypatch.setattr(twin.events, "append", full)
        refused = client.post("/api/hooks/doors", json=entered, headers=headers)
        assert (refused.status_code, "send the message again" in refused.json()["detail"]) == (503, True)
        monkeypatch.setattr(twin.events, "append", append)
        assert client.post("/api/hooks/doors", json=entered, headers=headers).json()["events"] == 1
        assert client.post("/api/hooks/doors", json=entered, headers=headers).status_code == 409
