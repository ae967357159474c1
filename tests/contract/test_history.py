"""The past over HTTP and `/ws/replay`, from real servers that are stopped, killed and started again."""

import asyncio
import json
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from telemetry_bridge.wire import Frame, Kind, decode_frame
from tests.contract.running import RunningServer, run_twin, running_server

WAIT_S = 60.0
FLUSH_S = 0.5
#: Between two frames of a film that is played.
FRAME_S = 0.1
FRAME = {"accept": "application/octet-stream"}


def post(http: httpx.Client, value: float, point: str = "level", device: str = "L-01") -> None:
    body = {"samples": [{"device": device, "point": point, "value": value}]}
    assert http.post("/api/telemetry", json=body).json()["accepted"] == 1


def now() -> str:
    return datetime.now(UTC).isoformat()


def get(http: httpx.Client, path: str, **query: Any) -> Any:
    answer = http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def reading(state: Any, point: str = "level", device: str = "L-01") -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in state["items"] if (each["device"], each["point"]) == (device, point)
    )
    return found


def told(http: httpx.Client, value: float, point: str = "level", device: str = "L-01") -> str:
    """Post a value and wait until the film has it; a time at which it held."""
    post(http, value, point, device)
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        moment = now()
        if reading(get(http, "/api/state", at=moment), point, device)["value"] == value:
            return moment
        time.sleep(0.05)
    raise AssertionError(f"{value} was never seen")


@pytest.fixture(scope="module")
def past(http_module: httpx.Client) -> list[tuple[float, str]]:
    """What the level was, and when: further apart than the frames of a film that is played."""
    found = []
    for value in (10.0, 20.5, 30.0):
        found.append((value, told(http_module, value)))
        time.sleep(4 * FRAME_S)
    return found


@pytest.fixture(scope="module")
def http_module(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
        yield client


def test_the_state_of_a_moment(http: httpx.Client, past: list[tuple[float, str]]) -> None:
    for value, moment in past:
        state = get(http, "/api/state", at=moment)
        found = reading(state)
        assert (found["value"], found["quality"]) == (value, "good")
        assert found["time"] <= state["time"]
        assert (state["gap"], state["gone"]) == (None, [])
    frame = decode_frame(http.get("/api/state", params={"at": past[0][1]}, headers=FRAME).content)
    assert (frame.kind, frame.replay) == (Kind.SNAPSHOT, True)
    assert 10.0 in frame.value


def test_the_history_of_a_point(http: httpx.Client, past: list[tuple[float, str]]) -> None:
    span = {"from": past[0][1], "to": now()}
    history = get(http, "/api/history/L-01/level", **span)
    assert [each["value"] for each in history["items"]] == [20.5, 30.0]
    assert history["before"]["value"] == 10.0
    assert (history["unit"], history["next"], history["gaps"]) == ("%", None, [])
    raw = get(http, "/api/history/L-01/level", **span, max_points=0)
    assert raw["items"] == history["items"]


def test_what_was_recorded(http: httpx.Client, past: list[tuple[float, str]]) -> None:
    film = get(http, "/api/film")
    assert film["first"] < past[0][1]
    assert (film["recording"], film["gaps"]) == (True, [])
    assert film["registry"] == get(http, "/api/model")["registry"]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/state", {"at": "1999-01-01T00:00:00Z"}, 404),
        ("/api/state", {"at": "yesterday"}, 422),
        ("/api/state", {"at": "2026-01-01T00:00:00"}, 422),
        ("/api/history/L-01/nothing", {}, 404),
        ("/api/history/nobody/level", {}, 404),
        ("/api/history/L-01/level", {"max_points": -1}, 422),
        ("/api/history/L-01/level", {"max_points": 2}, 400),
        ("/api/history/L-01/level", {"cursor": "zz"}, 400),
        ("/api/history/L-01/level", {"cursor": "nan"}, 400),
        ("/api/history/L-01/level", {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, 400),
        ("/api/events", {"cursor": "x"}, 400),
        ("/api/events", {"limit": 0}, 422),
        ("/api/events/density", {"buckets": 0}, 422),
    ],
)
def test_what_cannot_be_answered_is_a_problem(
    server: RunningServer, http: httpx.Client, path: str, query: dict[str, Any], status: int
) -> None:
    answer = http.get(path, params=query)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert "Traceback" not in server.log.read_text()


def test_events_are_listed_and_counted(http: httpx.Client) -> None:
    began = now()
    for device in ("L-01", "L-02"):
        http.put("/api/bindings", json=[{"device": device, "element": None}])
    page = get(http, "/api/events", **{"from": began}, type="bindings.*", limit=1)
    assert [each["data"] for each in page["items"]] == [{"devices": ["L-01"], "elements": [None]}]
    rest = get(http, "/api/events", **{"from": began}, cursor=page["next"])
    assert [each["data"] for each in rest["items"]] == [{"devices": ["L-02"], "elements": [None]}]
    newest = get(http, "/api/events", newest_first=True, limit=1)
    assert newest["items"] == rest["items"]
    density = get(http, "/api/events/density", **{"from": began}, buckets=10)
    assert sum(each["count"] for each in density["items"]) == 2


class Viewer:
    """A page that plays the film: applies frames as the wire contract says."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.shown: dict[int, float] = {}
        self.frames: list[Frame] = []
        self.texts: list[dict[str, Any]] = []

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def hear(self) -> Frame | dict[str, Any]:
        message = await asyncio.wait_for(self.socket.recv(), WAIT_S)
        if isinstance(message, str):
            text: dict[str, Any] = json.loads(message)
            self.texts.append(text)
            return text
        frame = decode_frame(message)
        assert frame.replay
        assert frame.seq == (self.frames[-1].seq + 1 if self.frames else 1)
        if frame.kind is Kind.SNAPSHOT:
            self.shown.clear()
        self.shown |= dict(zip(frame.point_index.tolist(), frame.value.tolist(), strict=True))
        self.frames.append(frame)
        return frame

    async def frame(self) -> Frame:
        while True:
            heard = await self.hear()
            if isinstance(heard, Frame):
                return heard

    async def text(self, kind: str) -> dict[str, Any]:
        while True:
            heard = await self.hear()
            if isinstance(heard, dict) and heard["type"] == kind:
                return heard


def replay(server: RunningServer, query: str = "", **options: Any) -> connect:
    options.setdefault("subprotocols", [Subprotocol("twin.v1")])
    return connect(server.url.replace("http", "ws") + "/ws/replay" + query, **options)


def point_of(http: httpx.Client, point: str = "level", device: str = "L-01") -> int:
    items = get(http, "/api/points", device=device)["items"]
    return next(int(each["point_index"]) for each in items if each["point"] == point)


async def test_seek_shows_each_moment(
    server: RunningServer, http: httpx.Client, past: list[tuple[float, str]]
) -> None:
    level = point_of(http)
    async with replay(server) as socket:
        viewer = Viewer(socket)
        status = await viewer.text("replay")
        assert (status["time"], status["playing"]) == (None, False)
        assert status["span"]["from"] < past[0][1]
        for value, moment in [*past, *reversed(past)]:
            await viewer.say(type="seek", time=moment)
            frame = await viewer.frame()
            assert frame.kind is Kind.SNAPSHOT
            assert viewer.shown[level] == value
            assert abs(frame.time_ms - datetime.fromisoformat(moment).timestamp() * 1000) < 1


async def test_playing_forwards_and_backwards_passes_what_was(
    server: RunningServer, http: httpx.Client, past: list[tuple[float, str]]
) -> None:
    level = point_of(http)
    http.put("/api/bindings", json=[{"device": "L-01", "element": None}])
    told(http, 44.0)
    async with replay(server) as socket:
        viewer = Viewer(socket)
        await viewer.say(type="seek", time=past[0][1])
        await viewer.frame()
        await viewer.say(type="play", speed=1)
        while viewer.shown[level] != 44.0:
            await viewer.frame()
        times = [frame.time_ms for frame in viewer.frames]
        assert times == sorted(times)
        events = [text["event"] for text in viewer.texts if text["type"] == "event"]
        assert "bindings.changed" in {event["type"] for event in events}
        await viewer.say(type="seek", time=past[-1][1])
        await viewer.say(type="play", speed=-1)
        while viewer.shown[level] != 10.0:
            await viewer.frame()
        await viewer.say(type="pause")
        while (await viewer.text("replay"))["playing"]:
            pass
        assert viewer.frames[-1].time_ms < datetime.fromisoformat(past[1][1]).timestamp() * 1000


async def test_at_the_ends_of_the_film_it_stops(server: RunningServer, past: list[tuple[float, str]]) -> None:
    async with replay(server) as socket:
        viewer = Viewer(socket)
        await viewer.say(type="seek", time=past[0][1])
        for speed in (3600, -3600):
            await viewer.say(type="play", speed=speed)
            assert (await viewer.text("replay"))["time"] is not None or speed > 0
            while True:
                status = await viewer.text("replay")
                if not status["playing"] and status["speed"] == speed:
                    break
        span = status["span"]
        assert status["time"] == span["from"]


async def test_a_viewer_that_acknowledges_is_never_far_ahead(
    server: RunningServer, past: list[tuple[float, str]]
) -> None:
    async with replay(server) as socket:
        viewer = Viewer(socket)
        await viewer.say(type="ack", seq=0)
        await viewer.say(type="seek", time=past[0][1])
        await viewer.say(type="play", speed=0.1)
        for _ in range(2):
            await viewer.frame()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.8):
                await viewer.frame()
        await viewer.say(type="ack", seq=2)
        assert (await viewer.frame()).seq == 3


async def test_two_people_see_the_past_together_each_the_points_they_want(
    server: RunningServer, http: httpx.Client, past: list[tuple[float, str]]
) -> None:
    points = get(http, "/api/points")["items"]
    point = next(each for each in points if each["point"] == "level")
    async with replay(server) as socket:
        driver = Viewer(socket)
        await driver.say(type="host")
        session = await driver.text("session")
        assert [each["name"] for each in session["participants"]] == ["dev"]
        async with replay(server, query=f"?session={session['id']}") as other:
            phone = Viewer(other)
            await phone.say(type="subscribe", select=[{"classes": [point["class"]]}], rate=2)
            count = (await phone.text("subscribed"))["points"]
            assert count == sum(each["class"] == point["class"] for each in points) < len(points)
            await driver.say(type="seek", time=past[1][1])
            while point["point_index"] not in phone.shown:
                await phone.frame()
            assert phone.shown[point["point_index"]] == past[1][0]
            assert len(phone.shown) <= count


@pytest.mark.parametrize(
    "message",
    [
        {"type": "seek", "time": "then"},
        {"type": "seek"},
        {"type": "play", "speed": 0},
        {"type": "play", "speed": 1e9},
        {"type": "dance"},
        {},
    ],
)
async def test_what_is_not_understood_is_told(server: RunningServer, message: dict[str, Any]) -> None:
    async with replay(server) as socket:
        viewer = Viewer(socket)
        await viewer.say(**message)
        assert (await viewer.text("error"))["message"]
        await viewer.say(type="seek", time=now())
        assert (await viewer.frame()).kind is Kind.SNAPSHOT


async def test_a_page_of_another_site_may_not_see_the_past(server: RunningServer) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with replay(server, origin=Origin("http://evil.example")):
            pass
    assert caught.value.response.status_code == 403


async def test_many_seeks_at_once_end_at_the_last(
    server: RunningServer, http: httpx.Client, past: list[tuple[float, str]]
) -> None:
    level = point_of(http)
    async with replay(server) as socket:
        viewer = Viewer(socket)
        for _ in range(30):
            for _, moment in past:
                await viewer.say(type="seek", time=moment)
        last_ms = datetime.fromisoformat(past[-1][1]).timestamp() * 1000
        while abs((await viewer.frame()).time_ms - last_ms) > 1:
            pass
        assert viewer.shown[level] == past[-1][0]
        assert len(viewer.frames) < 90


async def test_a_killed_server_loses_seconds_at_most_and_resumes_its_events(
    tmp_path: Path, house: Path, venue: Path
) -> None:
    options = ("--data", str(tmp_path / "data"), "--venue", str(venue))
    told_at: list[tuple[float, str]] = []
    quick = {"TWIN_FILM_FLUSH_S": str(FLUSH_S)}
    with running_server(house, tmp_path / "log0", *options, variables=quick) as server:
        with httpx.Client(base_url=server.url) as http:
            for value in (1.0, 2.0, 3.0):
                told_at.append((value, told(http, value)))
            async with connect(server.websocket_url) as socket:
                hello = json.loads(await socket.recv())
            http.put("/api/bindings", json=[{"device": "L-02", "element": None}])
            await asyncio.sleep(FLUSH_S + 4.0)
            lost_at = told(http, 99.0)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(WAIT_S)
    with running_server(house, tmp_path / "log1", *options) as server:
        with httpx.Client(base_url=server.url) as http:
            for value, moment in told_at:
                state = get(http, "/api/state", at=moment)
                assert (reading(state)["value"], state["gap"]) == (value, None)
            (gap,) = get(http, "/api/film")["gaps"]
            between = datetime.fromisoformat(gap["from"])
            assert datetime.fromisoformat(lost_at) - between < timedelta(seconds=FLUSH_S + 15.0)
            inside = (datetime.fromisoformat(gap["to"]) - timedelta(milliseconds=5)).isoformat()
            state = get(http, "/api/state", at=inside)
            assert state["gap"] == gap
            assert reading(state)["quality"] == "stale"
            assert reading(get(http, "/api/state"))["value"] is None
        query = f"?event_epoch={hello['event_epoch']}&event_seq={hello['event_seq']}"
        async with connect(server.websocket_url + query) as socket:
            again = json.loads(await socket.recv())
            assert (again["recovered"], again["event_epoch"]) == (True, hello["event_epoch"])
            missed = json.loads(await socket.recv())
        assert missed["event"]["type"] == "bindings.changed"
        assert "Traceback" not in server.log.read_text()


def test_the_film_outlives_a_change_of_devices(tmp_path: Path, house: Path, venue: Path) -> None:
    changed = tmp_path / "venue"
    shutil.copytree(venue, changed)
    data = ("--data", str(tmp_path / "data"))
    with (
        running_server(house, tmp_path / "log0", *data, "--venue", str(changed)) as server,
        httpx.Client(base_url=server.url) as http,
    ):
        moment = told(http, 12.5)
        told(http, 21.0, "temperature", "R1-T")
        moment = now()
    lines = (changed / "devices.csv").read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("L-01,")]
    assert len(kept) == len(lines) - 1
    (changed / "devices.csv").write_text("\n".join(kept) + "\n", "utf-8")
    with (
        running_server(house, tmp_path / "log1", *data, "--venue", str(changed)) as server,
        httpx.Client(base_url=server.url) as http,
    ):
        state = get(http, "/api/state", at=moment)
        assert reading(state, "temperature", "R1-T")["value"] == 21.0
        gone = {(each["device"], each["point"]): each["value"] for each in state["gone"]}
        assert gone["L-01", "level"] == 12.5
        history = get(http, "/api/history/L-01/level")
        assert [each["value"] for each in history["items"]] == [12.5]


def test_a_database_that_cannot_be_used_is_one_line(tmp_path: Path, house: Path) -> None:
    done = run_twin("serve", house, "--data", tmp_path / "d", "--database", "mysql://x/y", "--port", "0")
    assert done.returncode == 2
    assert "sqlite:///FILE or postgresql://" in done.stderr
    assert "Traceback" not in done.stderr
