"""`/ws/replay` over real sockets: sessions, steps, few points, and viewers that do not read."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from telemetry_bridge.live_socket import SUBPROTOCOL
from telemetry_bridge.subscriptions import Places
from telemetry_bridge.times import format_rfc3339
from telemetry_bridge.uvicorn_handover import HandoverProtocol
from telemetry_bridge.wire import Frame, Kind, decode_frame
from tests.telemetry_bridge.builders import registry
from tests.twin.film.playing import Log, MemoryFilm, event
from tests.twin.film.test_showing import FRAMES, PIECES, T0
from twin.film import review
from twin.film.replay_socket import CLOSE_NO_SESSION, ReplaySettings, ReplaySocket
from twin.film.showing import Pace

WAIT_S = 30.0
EVENTS = [
    event(seq, int(T0) + seq * 5000, "alarm.raised" if seq % 4 == 0 else "thing.happened", priority="high")
    for seq in range(1, 25)
]


@dataclass
class Served:
    """A running server of a film in memory."""

    replay: ReplaySocket
    film: MemoryFilm
    url: str
    server: uvicorn.Server

    @property
    def connections(self) -> int:
        """How many the server still holds."""
        return len(self.server.server_state.connections)


@contextlib.asynccontextmanager
async def serving(
    settings: ReplaySettings | None = None, places: Places | None = None
) -> AsyncIterator[Served]:
    film = MemoryFilm(FRAMES, PIECES)
    log = cast("Any", Log(EVENTS))
    replay = ReplaySocket(
        cast("Any", film), log, registry(["r1"]), settings or ReplaySettings(pace=Pace(settle_ms=0.0)), places
    )

    async def endpoint(websocket: WebSocket) -> None:
        await replay.serve_client(websocket, websocket.query_params.get("name", "somebody"))

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        Starlette(routes=[WebSocketRoute("/ws/replay", endpoint)]),
        log_config=None,
        log_level="error",
        ws_per_message_deflate=False,
        lifespan="off",
        ws=cast("Any", HandoverProtocol),
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield Served(replay, film, f"ws://127.0.0.1:{listener.getsockname()[1]}/ws/replay", server)
    finally:
        replay.close_all()
        server.should_exit = True
        await task
        listener.close()


class Page:
    """A page of the viewer: says things, and hears until it has heard what it waits for."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[Frame] = []
        self.raw: list[bytes] = []
        self.texts: list[dict[str, Any]] = []

    async def say(self, kind: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, **fields}))

    async def hear(self) -> dict[str, Any] | Frame:
        message = await asyncio.wait_for(self.connection.recv(), WAIT_S)
        if isinstance(message, bytes):
            self.raw.append(message)
            self.frames.append(decode_frame(message))
            return self.frames[-1]
        self.texts.append(json.loads(message))
        return self.texts[-1]

    async def text(self, kind: str, holds: Callable[[dict[str, Any]], Any] = bool) -> dict[str, Any]:
        while True:
            heard = await self.hear()
            if isinstance(heard, dict) and heard["type"] == kind and holds(heard):
                return heard

    async def frame(self, holds: Callable[[Frame], bool] = lambda _: True) -> Frame:
        while True:
            heard = await self.hear()
            if isinstance(heard, Frame) and holds(heard):
                return heard

    async def seek(self, offset_ms: float) -> Frame:
        time_ms = T0 + offset_ms
        await self.say("seek", time=iso(time_ms))
        return await self.frame(lambda frame: frame.time_ms == time_ms)

    async def closed(self) -> int | None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.hear()
        return self.connection.close_code


def iso(time_ms: float) -> str:
    return format_rfc3339(time_ms)


@contextlib.asynccontextmanager
async def page(served: Served, query: str = "") -> AsyncIterator[Page]:
    subprotocols = [Subprotocol(SUBPROTOCOL)]
    async with connect(
        served.url + query, subprotocols=subprotocols, compression=None, proxy=None
    ) as connection:
        yield Page(connection)


def names(session: dict[str, Any]) -> list[str]:
    return [each["name"] for each in session["participants"]]


async def test_two_see_what_one_drives() -> None:
    async with serving() as served, page(served, "?name=Chen") as chen:
        await chen.seek(10_000.0)
        await chen.say("host")
        session = await chen.text("session")
        assert session["driver"] == session["you"]
        async with page(served, f"?session={session['id']}&name=Lin") as lin:
            joined = await lin.text("session")
            assert names(joined) == ["Chen", "Lin"]
            assert joined["ticket"] != session["ticket"]
            first = lin.frames[-1] if lin.frames else await lin.frame()
            assert (first.kind, first.time_ms) == (Kind.SNAPSHOT, T0 + 10_000.0)
            await chen.text("session", lambda each: len(names(each)) == 2)

            await chen.say("view", view={"camera": [1, 2, 3]})
            told = await lin.text("view")
            assert told["view"] == {"camera": [1, 2, 3]}

            await chen.say("play", speed=60)
            await lin.text("replay", lambda each: each["playing"] and each["speed"] == 60.0)
            await lin.frame(lambda frame: frame.kind is Kind.DELTA)
            await chen.say("pause")
            stopped = await lin.text("replay", lambda each: not each["playing"])
            assert (await chen.text("replay", lambda each: not each["playing"]))["time"] == stopped["time"]

            await lin.say("seek", time=iso(T0))
            refused = await lin.text("error")
            assert "Chen" in refused["message"]


async def test_the_same_bytes_go_to_all_of_a_session() -> None:
    async with serving() as served, page(served) as chen:
        await chen.say("host")
        session = await chen.text("session")
        async with page(served, f"?session={session['id']}") as lin:
            await lin.text("session")
            for offset in (1000.0, 2000.0, 3000.0):
                seen = await chen.seek(offset)
                while lin.frames[-1:] == [] or lin.frames[-1].time_ms != seen.time_ms:
                    await lin.frame()
        assert chen.raw == lin.raw


async def test_who_leaves_looks_around_alone_and_comes_back() -> None:
    async with serving() as served, page(served) as chen:
        await chen.seek(10_000.0)
        await chen.say("host")
        session = await chen.text("session")
        async with page(served, f"?session={session['id']}") as lin:
            await lin.frame()
            await lin.say("leave")
            await lin.seek(30_000.0)
            assert [frame.time_ms - T0 for frame in lin.frames] == [10_000.0, 10_000.0, 30_000.0]
            await chen.seek(20_000.0)
            assert lin.frames[-1].time_ms == T0 + 30_000.0
            await lin.say("return")
            back = await lin.frame()
            assert (back.kind, back.time_ms) == (Kind.SNAPSHOT, T0 + 20_000.0)
            await lin.say("quit")
            assert (await lin.text("session", lambda each: each["id"] is None))["id"] is None
            await lin.seek(40_000.0)
            assert names(await chen.text("session", lambda each: len(names(each)) == 1)) == ["somebody"]


async def test_the_wheel_is_handed_over() -> None:
    async with serving() as served, page(served) as chen:
        await chen.say("host")
        session = await chen.text("session")
        async with page(served, f"?session={session['id']}") as lin:
            you = (await lin.text("session"))["you"]
            await lin.say("hand", to=you)
            assert "only the driver" in (await lin.text("error"))["message"]
            await chen.say("hand", to=you)
            assert (await lin.text("session", lambda each: each["driver"] == you))["driver"] == you
            await lin.seek(15_000.0)
            await chen.frame(lambda frame: frame.time_ms == T0 + 15_000.0)
            await chen.say("seek", time=iso(T0))
            await chen.text("error")


async def test_a_driver_who_is_gone_for_a_moment_still_drives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "GRACE_S", 60.0)
    async with serving() as served, page(served) as lin:
        await lin.say("host")
        mine = await lin.text("session")
        async with page(served, f"?session={mine['id']}") as chen:
            theirs = await chen.text("session")
            await lin.say("hand", to=theirs["you"])
            await chen.text("session", lambda each: each["driver"] == each["you"])
        away = await lin.text("session", lambda each: not all(one["here"] for one in each["participants"]))
        assert away["driver"] == theirs["you"]
        async with page(served, f"?session={mine['id']}&ticket={theirs['ticket']}") as chen:
            again = await chen.text("session")
            assert (again["you"], again["driver"]) == (theirs["you"], theirs["you"])
            await chen.seek(5000.0)


async def test_where_the_driver_stays_away_another_drives_and_the_last_one_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(review, "GRACE_S", 0.2)
    async with serving() as served:
        async with page(served) as chen:
            await chen.say("host")
            session = await chen.text("session")
            async with page(served, f"?session={session['id']}") as lin:
                await lin.text("session")
                await chen.connection.close()
                await lin.text("session", lambda each: each["driver"] == each["you"])
                await lin.seek(5000.0)
        async with asyncio.timeout(WAIT_S):
            while served.replay.sessions._sessions:
                await asyncio.sleep(0.01)
            while served.replay._running:
                await asyncio.sleep(0.01)
        async with page(served, f"?session={session['id']}") as late:
            assert (await late.text("error"))["code"] == "session_ended"
            assert await late.closed() == CLOSE_NO_SESSION


async def test_a_session_of_another_server_is_told_from_one_that_ended() -> None:
    async with serving() as served, page(served, "?session=0123abcd.secret") as lost:
        told = await lost.text("error")
        assert told["code"] == "session_elsewhere"
        assert "another server" in told["message"]
        assert await lost.closed() == CLOSE_NO_SESSION


async def test_steps_go_to_events_of_a_kind() -> None:
    async with serving() as served, page(served) as viewer:
        await viewer.seek(1000.0)
        await viewer.say("step", to="event", events="alarm.*", severity=["high"])
        stepped = await viewer.text("stepped")
        assert (stepped["event_seq"], stepped["event"]["type"]) == (4, "alarm.raised")
        assert (await viewer.frame()).time_ms == T0 + 20_000.0
        await viewer.say("step", to="event", back=True)
        assert (await viewer.text("stepped"))["event_seq"] == 3
        await viewer.say("step", to="event", severity=["low"])
        assert "no such event after" in (await viewer.text("error"))["message"]
        await viewer.say("step", to="second")
        assert (await viewer.frame(lambda frame: frame.kind is Kind.DELTA)).time_ms == T0 + 16_000.0


async def test_a_phone_takes_few_points_at_few_frames() -> None:
    async with serving() as served, page(served) as phone:
        point = registry(["r1"]).points[0]
        select = [{"points": [f"{point.device}/{point.name}"]}]
        await phone.say("subscribe", id=7, rate=2, select=select)
        told = await phone.text("subscribed")
        assert (told["id"], told["points"]) == (7, 1)
        frame = await phone.seek(30_000.0)
        assert len(frame) == 1
        await phone.say("subscribe", id=8, rate=31)
        assert (await phone.text("error"))["id"] == 8
        await phone.say("subscribe", id=9, select=[{"points": ["r1/nothing"]}])
        assert "nothing" in (await phone.text("error"))["message"]
        await phone.say("subscribe")
        assert (await phone.frame(lambda each: len(each) > 1)).kind is Kind.SNAPSHOT


class OneRoom:
    """A venue with a single room, whose points change as devices are bound anew."""

    def __init__(self, points: list[int] | None) -> None:
        self.points = points

    def points_in_space(self, space: str) -> Any:
        return None if self.points is None else np.array(self.points, dtype=np.uint32)

    points_on_storey = points_of_layer = points_in_space


async def test_devices_bound_anew_are_in_the_frames_of_their_new_room() -> None:
    room = OneRoom([0])
    async with serving(places=room) as served, page(served) as viewer:
        await viewer.say("subscribe", id=1, select=[{"spaces": ["hall"]}])
        before = await viewer.text("subscribed")
        assert (await viewer.seek(30_000.0)).point_index.tolist() == [0]
        served.replay.places_changed()  # nothing for this viewer: nothing is said
        room.points = [1, 2]
        served.replay.places_changed()
        after = await viewer.text("subscribed")
        assert (after["points"], after["id"]) == (2, 1)
        assert after["selection"] != before["selection"]
        assert (await viewer.frame()).point_index.tolist() == [1, 2]
        room.points = None
        served.replay.places_changed()
        assert "no space 'hall'" in (await viewer.text("error"))["message"]
        assert (await viewer.text("subscribed"))["points"] == 0


async def test_who_does_not_acknowledge_is_closed_and_others_are_not() -> None:
    settings = ReplaySettings(patience_s=0.5, pace=Pace(settle_ms=0.0))
    async with serving(settings) as served, page(served) as stuck, page(served) as well:
        await stuck.say("ack", seq=0)
        for viewer in (stuck, well):
            await viewer.seek(0.0)
            await viewer.say("play", speed=1)
        assert await stuck.closed() == 1013
        await well.frame(lambda frame: frame.time_ms > T0 + 700.0)


async def test_who_does_not_read_is_let_go_of() -> None:
    settings = ReplaySettings(patience_s=0.5, pace=Pace(settle_ms=0.0))
    async with serving(settings) as served:
        port = int(served.url.split(":")[2].split("/")[0])
        loop, deaf = asyncio.get_running_loop(), socket.socket()
        deaf.setblocking(False)
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await loop.sock_connect(deaf, ("127.0.0.1", port))
        await loop.sock_sendall(
            deaf,
            b"GET /ws/replay HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )
        async with asyncio.timeout(WAIT_S):
            while not served.replay._viewers:
                await asyncio.sleep(0.01)
            (viewer,) = served.replay._viewers
            while served.replay._viewers:
                viewer.seat.tell("session", "x" * 1_000_000)
                await asyncio.sleep(0.01)
            while served.connections:
                await asyncio.sleep(0.01)
        deaf.close()


async def test_a_player_that_breaks_ends_its_viewers_and_says_so() -> None:
    async with serving() as served, page(served) as viewer:
        await viewer.seek(0.0)
        served.film.broken = OSError("the disk is gone")
        await viewer.say("seek", time=iso(T0 + 1.0))
        assert "cannot be read" in (await viewer.text("error"))["message"]
        served.film.broken = None
        await viewer.seek(2.0)
        served.film.broken = LookupError("a mistake of ours")
        await viewer.say("seek", time=iso(T0 + 3.0))
        assert await viewer.closed() == 1011


async def test_sharing_needs_a_session() -> None:
    async with serving() as served, page(served) as viewer:
        for kind in ("leave", "return", "quit"):
            await viewer.say(kind)
            assert "no session" in (await viewer.text("error"))["message"]
        await viewer.say("host")
        await viewer.text("session")
        await viewer.say("host")
        assert "already" in (await viewer.text("error"))["message"]
