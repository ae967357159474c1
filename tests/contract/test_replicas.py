"""Two servers and workers, joined by a real Redis and a real PostgreSQL: shared state, and who takes over."""

import asyncio
import contextlib
import itertools
import json
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import asyncpg
import httpx
import pytest

from telemetry_bridge.redis_bus import RedisBus
from tests.contract.running import ROOT, RunningServer, environment, run_twin, running_server
from tests.ports import free_port
from tests.telemetry_bridge.mosquitto import Mosquitto
from tests.telemetry_bridge.redis_server import RedisServer

#: Several servers and workers start in each of these.
pytestmark = pytest.mark.timeout(600)
WAIT_S = 120.0
LEASE = {"TWIN_REDIS_LEASE_S": "3", "TWIN_FILM_FLUSH_S": "0.5"}
RULES = """
- id: broken
  name: {zh: 灯坏, en: Lamp broken}
  priority: low
  match: {point_class: On_Off_Status}
  condition: {state: fault}
  message: {zh: "{device} {value}", en: "{device}: {value}"}
"""
DEVICE = "twin/small/devices/L-01"
LEADS = "this server leads"


def until(condition: Callable[[], Any], why: str = "it never became so") -> Any:
    """What the condition gives once it is true; a request that fails counts as false."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            if found := condition():
                return found
        time.sleep(0.1)
    raise AssertionError(why)


@dataclass
class Town:
    """What the processes of one twin share; `servers` and `workers` are those that run."""

    package: Path
    venue: Path
    folder: Path
    redis: RedisServer
    database: str
    stack: contextlib.ExitStack
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def server(self) -> RunningServer:
        """One more server."""
        options = ["--venue", str(self.venue), "--data", str(self.folder / "data")]
        options += ["--redis", self.redis.url, "--database", self.database]
        log = self.folder / f"server{next(self.numbers)}.log"
        return self.stack.enter_context(running_server(self.package, log, *options, variables=LEASE))

    def worker(self, *options: str) -> subprocess.Popen[bytes]:
        """One more worker."""
        command = [sys.executable, "-m", "twin.cli", "bridge", str(self.package)]
        command += ["--venue", str(self.venue), "--redis", self.redis.url, *options]
        log = (self.folder / f"worker{next(self.numbers)}.log").open("wb")
        self.stack.callback(log.close)
        process = subprocess.Popen(command, cwd=ROOT, env=environment() | LEASE, stdout=log, stderr=log)
        self.stack.callback(end, process)
        return process


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        process.wait(20)


@pytest.fixture
def town(tmp_path: Path, house: Path, venue: Path, postgres_server: str) -> Iterator[Town]:
    own_venue = tmp_path / "venue"
    shutil.copytree(venue, own_venue)
    (own_venue / "rules.yaml").write_text(RULES, "utf-8")
    name = f"replicas_{uuid.uuid4().hex[:12]}"
    admin = f"{postgres_server}/postgres"
    run_sql(admin, f"CREATE DATABASE {name}")
    redis = RedisServer(tmp_path)
    redis.start()
    with contextlib.ExitStack() as stack:
        stack.callback(redis.kill)
        yield Town(house, own_venue, tmp_path, redis, f"{postgres_server}/{name}", stack)


def run_sql(url: str, statement: str) -> None:
    """Run one statement outside a transaction."""

    async def work() -> None:
        connect: Any = asyncpg.connect  # the package has no types
        connection = await connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(work())


def report(server: RunningServer, value: float, point: str = "level", device: str = "L-01") -> None:
    """A sample by HTTP."""
    body = {"samples": [{"device": device, "point": point, "value": value}]}
    answer = httpx.post(f"{server.url}/api/telemetry", json=body)
    assert answer.json()["accepted"] == 1, answer.text


def shown(server: RunningServer, point: str = "level", device: str = "L-01") -> dict[str, Any]:
    """What a server shows of a point."""
    items = httpx.get(f"{server.url}/api/state").json()["items"]
    found: dict[str, Any] = next(each for each in items if (each["device"], each["point"]) == (device, point))
    return found


def leads(server: RunningServer) -> bool:
    """Whether a server came to lead."""
    return LEADS in server.log.read_text()


def alarms(server: RunningServer) -> list[str]:
    """Devices of the alarms that were ever raised, as this server knows them."""
    items = httpx.get(f"{server.url}/api/alarms?state=all").json()["items"]
    return sorted(each["device"] for each in items)


def raised(server: RunningServer) -> list[str]:
    """What every `alarm.raised` event in the log is about."""
    items = httpx.get(f"{server.url}/api/events?type=alarm.raised").json()["items"]
    return sorted(each["subject"] for each in items)


def recorded(server: RunningServer, point: str, device: str = "L-01") -> list[float]:
    """What the film tells of a point."""
    answer = httpx.get(f"{server.url}/api/history/{device}/{point}").json()
    return [each["value"] for each in answer["items"]]


def bridge(server: RunningServer) -> dict[str, Any]:
    """The lines, and wrong clocks."""
    found: dict[str, Any] = httpx.get(f"{server.url}/api/bridge").json()
    return found


def line_states(server: RunningServer) -> list[str]:
    """How the lines are."""
    return [each["state"] for each in bridge(server)["items"]]


def health(server: RunningServer) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{server.url}/api/health").json()
    return found


def test_a_sample_told_to_one_server_shows_on_all(town: Town) -> None:
    one, other = town.server(), town.server()
    report(one, 42.0)
    until(lambda: shown(other)["value"] == 42.0)
    third = town.server()
    until(lambda: shown(third)["value"] == 42.0)


def test_lines_without_a_worker_are_said(town: Town) -> None:
    (town.venue / "adapters.yaml").write_text(
        "- {id: hall, kind: mqtt, url: 'mqtt://127.0.0.1:9'}\n"
        "- {id: spare, kind: mqtt, url: 'mqtt://127.0.0.1:9', enabled: false}\n"
        "- {id: doors, kind: webhook, secret_env: DOORS, samples: [{device: a, point: b, value: 1}]}\n",
        "utf-8",
    )
    server = town.server()
    notes = health(server)["notes"]
    assert [note for note in notes if "twin bridge" in note] == [
        "no worker holds the lines hall: start 'twin bridge'"
    ]
    town.worker()
    until(lambda: "hall" in {each["id"] for each in bridge(server)["items"]})
    assert not any("twin bridge" in note for note in health(server)["notes"])


@pytest.mark.slow
def test_where_devices_push_over_http_alone_nothing_is_missing(town: Town) -> None:
    server = town.server()
    until(lambda: leads(server))
    report(server, 42.0)
    until(lambda: health(server)["status"] == "ok", "something is said to be missing")
    assert health(server)["notes"] == []


@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        ("bridge", (), "--redis redis://HOST:6379"),
        ("bridge", ("--redis", "http://x"), "redis://HOST:6379"),
        ("bridge", ("--redis", "redis://127.0.0.1:1", "--simulate"), "cannot be reached"),
        ("bridge", ("--redis", "redis://127.0.0.1:1"), "no lines to hold"),
        ("bridge", ("--redis", "redis://127.0.0.1:1", "--simulate", "--line", "plc"), "no line plc"),
        ("serve", ("--redis", "redis://127.0.0.1:1"), "--database postgresql://"),
        (
            "serve",
            ("--redis", "redis://127.0.0.1:1", "--database", "postgresql://a@b/c", "--simulate"),
            "twin bridge",
        ),
        ("serve", ("--redis", "redis://127.0.0.1:1", "--speed", "2"), "no simulated time"),
    ],
)
def test_what_cannot_work_is_one_line(
    house: Path, venue: Path, command: str, options: tuple[str, ...], said: str
) -> None:
    ports = ("--port", "0") if command == "serve" else ()
    done = run_twin(command, house, "--venue", venue, *options, *ports)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_worker_that_stands_by_takes_over(town: Town) -> None:
    one, other = town.server(), town.server()
    first = town.worker("--simulate")
    until(lambda: shown(one)["quality"] == "simulated" and shown(other)["quality"] == "simulated")
    second = town.worker("--simulate")
    (line,) = until(lambda: httpx.get(f"{other.url}/api/bridge").json()["items"])
    assert (line["id"], line["kind"], line["state"]) == ("simulation", "simulation", "up")
    first.send_signal(signal.SIGKILL)
    first.wait(WAIT_S)
    before = shown(one, "status")["time"]
    until(lambda: shown(other, "status")["time"] > before, "nobody took the line over")
    command = {"device": "L-01", "point": "level", "value": 70, "reason": "test"}
    sent = httpx.post(f"{one.url}/api/commands", json=command)
    assert sent.status_code < 300, sent.text
    until(lambda: shown(other)["value"] == 70)
    second.terminate()
    assert second.wait(20) == 0
    until(lambda: httpx.get(f"{other.url}/api/bridge").json()["items"][0]["state"] == "down")


def test_the_leader_dies_and_the_other_records_and_raises(town: Town) -> None:
    first = town.server()
    until(lambda: leads(first), "nobody leads")
    second = town.server()
    report(second, 2, "status", "L-01")
    until(lambda: alarms(first) == alarms(second) == ["L-01"], "the alarm does not show on both")
    report(second, 11.0)
    until(lambda: 11.0 in recorded(second, "level"), "the film is not followed")
    assert not leads(second)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(20)
    # While nobody leads: what happens now is recorded and raised all the same.
    report(second, 2, "status", "L-02")
    report(second, 12.0)
    until(lambda: alarms(second) == ["L-01", "L-02"], "nobody raises alarms")
    assert leads(second)
    report(second, 13.0)
    until(lambda: recorded(second, "level")[-3:] == [11.0, 12.0, 13.0], "the film has a hole")
    assert raised(second) == ["device:L-01", "device:L-02"]
    third = town.server()
    assert alarms(third) == ["L-01", "L-02"]


def test_what_people_do_on_one_server_counts_on_the_other(town: Town) -> None:
    one, other = town.server(), town.server()
    report(one, 2, "status")
    (alarm,) = until(lambda: httpx.get(f"{other.url}/api/alarms").json()["items"])
    taken = httpx.post(f"{other.url}/api/alarms/{alarm['id']}/acknowledge", json={"comment": "seen"})
    assert taken.json()["state"] == "acknowledged-active"
    again = httpx.post(f"{one.url}/api/alarms/{alarm['id']}/acknowledge", json={"comment": "me too"})
    assert again.status_code == 409, "the other server knows at once"
    httpx.put(f"{one.url}/api/bindings", json=[{"device": "L-02", "element": None}])
    until(lambda: "L-02" in httpx.get(f"{other.url}/api/bindings").json()["unbound"])


@pytest.mark.slow
def test_redis_is_killed_and_comes_back_empty(town: Town) -> None:
    one, other = town.server(), town.server()
    town.worker("--simulate")
    until(lambda: shown(one)["quality"] == "simulated")
    until(lambda: httpx.get(f"{one.url}/api/bridge").json()["items"])
    report(one, 21.0, "temperature", "R1-T")
    until(lambda: shown(other, "temperature", "R1-T")["value"] == 21.0)
    town.redis.kill()
    until(lambda: any("Redis" in note for note in health(one)["notes"]))
    report(one, 22.0, "temperature", "R1-T")
    refused = httpx.post(f"{one.url}/api/commands", json={"device": "L-01", "point": "level", "value": 5})
    assert "Redis" in refused.text
    town.redis.start()
    until(lambda: shown(other, "temperature", "R1-T")["value"] == 22.0, "what waited was lost")
    until(lambda: not any("Redis" in note for note in health(one)["notes"]))
    before = shown(other, "status")["time"]
    until(lambda: shown(other, "status")["time"] > before, "the worker does not go on")
    late = town.server()
    until(lambda: shown(late)["quality"] == "simulated", "what Redis forgot is not told again")


RECORDING = "- {{id: {name}, kind: replay, file: tape.csv, loop: true}}\n"


@pytest.mark.slow
async def test_workers_share_the_lines_and_take_them_over(town: Town) -> None:
    (town.venue / "tape.csv").write_text("time,device,point,value\n2026-01-01T00:00:00Z,L-01,level,40\n")
    text = "".join(RECORDING.format(name=f"tape{number}") for number in range(4))
    (town.venue / "adapters.yaml").write_text(text, "utf-8")
    server = town.server()
    observer = RedisBus(town.redis.url, "small", "registry", 1)

    def loads() -> list[int]:
        """How many lines each worker holds that could hold some."""
        return sorted(len(each.lines) for each in observer.board.processes if each.able)

    async def become(*wanted: int) -> None:
        await asyncio.to_thread(until, lambda: loads() == [*wanted], f"{loads()} instead of {wanted}")
        await asyncio.to_thread(until, lambda: line_states(server) == ["up"] * 4)

    async with observer.running():
        first = town.worker()
        await become(4)
        town.worker()
        await become(2, 2)
        first.send_signal(signal.SIGKILL)
        first.wait(20)
        await become(4)
        third = town.worker()
        await become(2, 2)
        third.terminate()
        assert await asyncio.to_thread(third.wait, 20) == 0
        await become(4)
        before = shown(server)["time"]
        await asyncio.to_thread(until, lambda: shown(server)["time"] > before)


@pytest.mark.slow
def test_all_processes_read_their_file_of_lines_anew(town: Town) -> None:
    (town.venue / "tape.csv").write_text("time,device,point,value\n2026-01-01T00:00:00Z,L-01,level,40\n")
    file = town.venue / "adapters.yaml"
    hook = "- {id: doors, kind: webhook, secret_env: DOORS, samples: [{device: a, point: b, value: 1}]}\n"
    file.write_text(RECORDING.format(name="one") + RECORDING.format(name="two") + hook, "utf-8")
    here, there = town.server(), town.server()
    worker = town.worker()

    def ups(server: RunningServer) -> dict[str, str]:
        return {each["id"]: each["state"] for each in bridge(server)["items"]}

    def become(**wanted: str) -> None:
        until(lambda: ups(here) == ups(there) == wanted, f"{ups(here)}, {ups(there)} instead of {wanted}")

    become(doors="down", one="up", two="up")
    file.write_text(RECORDING.format(name="two") + RECORDING.format(name="three"), "utf-8")
    answer = httpx.post(f"{here.url}/api/bridge/reload")
    assert (answer.json()["stopped"], answer.json()["elsewhere"]) == (["doors"], ["two", "three"])
    become(two="up", three="up")
    assert not any("twin bridge" in note for note in health(there)["notes"])
    events = httpx.get(f"{there.url}/api/events?type=bridge.reloaded").json()["items"]
    assert [each["actor"] for each in events] == ["person:dev"], "one event, of who was asked"
    # One process alone, by a signal.
    file.write_text("- [", "utf-8")
    worker.send_signal(signal.SIGHUP)
    (log,) = town.folder.glob("worker3.log")
    until(lambda: "nothing has changed" in log.read_text())
    file.write_text(RECORDING.format(name="two"), "utf-8")
    worker.send_signal(signal.SIGHUP)
    until(lambda: ups(here) == {"two": "up", "three": "down"})


@pytest.mark.slow
async def test_what_a_worker_finds_out_of_devices_shows_on_every_server(town: Town) -> None:
    port = free_port()
    broker = Mosquitto(town.folder, port)
    await broker.start()
    try:
        servers = town.server(), town.server()
        town.worker("--mqtt", f"mqtt://127.0.0.1:{port}")
        await asyncio.to_thread(until, lambda: line_states(servers[0]) == ["up"])

        def found(server: RunningServer) -> tuple[list[str], list[str], int]:
            refused = httpx.get(f"{server.url}/api/devices/refused").json()
            names = [each["name"] for each in refused["items"]]
            clocks = bridge(server)["clocks"]
            wrong = [each["device"] for each in clocks if -3605 < each["behind_s"] < -3595]
            return names, wrong, refused["total"]

        async with aiomqtt.Client("127.0.0.1", port) as device:
            await device.publish("twin/small/devices/ghost/telemetry", b'{"points": {"level": 1}}', qos=1)
            async with asyncio.timeout(WAIT_S):
                wanted = (["ghost"], ["L-01"], 1)
                while [await asyncio.to_thread(found, each) for each in servers] != [wanted, wanted]:
                    an_hour_ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
                    ahead = {"time": an_hour_ahead, "points": {"level": 30}}
                    await device.publish(f"{DEVICE}/telemetry", json.dumps(ahead), qos=1)
                    await asyncio.sleep(0.5)
    finally:
        await broker.kill()


async def test_a_device_speaks_to_all_servers_and_hears_a_command_once(town: Town) -> None:
    """Over a real broker: the worker dies between sample and command, and the one that stood by serves."""
    port = free_port()
    broker = Mosquitto(town.folder, port)
    await broker.start()
    try:
        one, other = town.server(), town.server()
        first = town.worker("--mqtt", f"mqtt://127.0.0.1:{port}")
        await asyncio.to_thread(until, lambda: line_states(one) == ["up"])
        town.worker("--mqtt", f"mqtt://127.0.0.1:{port}")
        async with aiomqtt.Client("127.0.0.1", port) as device:
            await device.subscribe("twin/small/devices/L-01/command", qos=1)
            await device.publish(f"{DEVICE}/telemetry", json.dumps({"points": {"level": 30}}), qos=1)
            await asyncio.to_thread(until, lambda: shown(one)["value"] == shown(other)["value"] == 30)
            first.send_signal(signal.SIGKILL)
            first.wait(20)
            (log,) = town.folder.glob("worker4.log")
            await asyncio.to_thread(until, lambda: "holds the line" in log.read_text(), "nobody took it over")
            await asyncio.to_thread(until, lambda: line_states(one) == ["up"])
            order = {"device": "L-01", "point": "level", "value": 70}
            await asyncio.to_thread(httpx.post, f"{other.url}/api/commands", json=order)
            await device.publish(f"{DEVICE}/telemetry", json.dumps({"points": {"level": 70}}), qos=1)
            events = f"{one.url}/api/events?type=command.confirmed"
            await asyncio.to_thread(until, lambda: len(httpx.get(events).json()["items"]) == 1)
            messages = aiter(device.messages)
            heard = [await asyncio.wait_for(anext(messages), WAIT_S)]
            with contextlib.suppress(TimeoutError):
                heard.append(await asyncio.wait_for(anext(messages), 1.0))
            assert [json.loads(bytes(each.payload))["value"] for each in heard] == [70]
    finally:
        await broker.kill()
