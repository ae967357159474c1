"""The lines of `adapters.yaml` through a running server: what `/api/bridge` shows, and commands over them."""

import asyncio
import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.running import run_twin, running_server
from tests.ports import free_port
from tests.telemetry_bridge.modbus_peer import READ_HOLDING, Peer, modbus_peer

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
        httpx.Client(base_url=server.url, timeout=20) as http,
    ):
        peer.units[1].set(READ_HOLDING, 1, 0)

        def lines() -> dict[str, dict[str, object]]:
            return {each["id"]: each for each in http.get("/api/bridge").json()["items"]}

        assert within(WAIT_S, lambda: int(str(lines()["plant"]["received"])) > 2), server.log.read_text()
        plant, hall, spare = (lines()[each] for each in ("plant", "hall", "spare"))
        assert (plant["kind"], plant["state"], plant["points"], plant["bad"]) == ("modbus", "up", 1, 0)
        assert plant["last_message"] is not None
        assert plant["notes"] == ["adapters.yaml:9: the venue has no point L-77/status"]
        assert (hall["state"], spare["state"]) == ("down", "off")
        assert "HALL_PASSWORD is not set" in str(hall["last_error"])
        health = http.get("/api/health").json()
        assert {each["name"] for each in health["adapters"]} == {"plant", "hall"}
        assert health["status"] == "degraded"

        sent = http.post("/api/commands", json={"device": "L-01", "point": "level", "value": 60}).json()
        assert sent["state"] == "sent", sent
        assert within(WAIT_S, lambda: http.get("/api/commands").json()["items"][0]["state"] == "confirmed")
        assert peer.units[1].holding(1) == 600
        refused = http.post("/api/commands", json={"device": "L-02", "point": "level", "value": 60}).json()
        assert (refused["state"], "HALL_PASSWORD" in refused["fault"]) == ("failed", True)


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
