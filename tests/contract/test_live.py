"""`/ws/live`: hello, snapshot, deltas, and who may not come in."""

import asyncio
import contextlib
import json
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Origin, Subprotocol

from telemetry_bridge.wire import Frame, Kind, decode_frame
from tests.contract.running import RunningServer
from tests.contract.small_house import guid_of

PROTOCOL = Subprotocol("twin.v1")


async def next_frame(socket: ClientConnection) -> Frame:
    while True:
        message = await socket.recv()
        if isinstance(message, bytes):
            return decode_frame(message)


async def next_event(socket: ClientConnection) -> dict[str, Any]:
    while True:
        message = await socket.recv()
        if isinstance(message, str):
            event: dict[str, Any] = json.loads(message)
            return event


async def test_hello_then_the_whole_state_then_what_changes(
    server: RunningServer, http: httpx.Client
) -> None:
    http.post("/api/telemetry", json={"samples": [{"device": "L-01", "point": "level", "value": 11}]})
    points = {(each["device"], each["point"]): each for each in http.get("/api/points").json()["items"]}
    level = points["L-01", "level"]["point_index"]
    async with connect(server.websocket_url, subprotocols=[PROTOCOL]) as socket:
        assert socket.subprotocol == PROTOCOL
        hello = json.loads(await socket.recv())
        model = http.get("/api/model").json()
        assert (hello["type"], hello["epoch"]) == ("hello", model["epoch"])
        assert (hello["registry"], hello["simulated"], hello["speed"]) == (model["registry"], False, 1.0)
        snapshot = await next_frame(socket)
        assert snapshot.kind is Kind.SNAPSHOT
        seq = snapshot.seq
        http.post("/api/telemetry", json={"samples": [{"device": "L-01", "point": "level", "value": 12}]})
        while True:
            delta = await next_frame(socket)
            assert delta.kind is Kind.DELTA
            assert delta.seq > seq
            seq = delta.seq
            if level in delta.point_index and delta.value[delta.point_index == level][0] == 12:
                break


async def test_a_quiet_stream_still_beats(server: RunningServer) -> None:
    async with connect(server.websocket_url, subprotocols=[PROTOCOL]) as socket:
        frames = [await next_frame(socket) for _ in range(4)]
    assert [frame.seq for frame in frames[1:]] == [frames[1].seq + step for step in range(3)]


async def clients_are(http: httpx.Client, count: int) -> None:
    """Wait until the server counts so many: it hears of those who leave a little later."""
    async with asyncio.timeout(60):
        while http.get("/api/health").json()["clients"] != count:
            await asyncio.sleep(0.05)


async def test_clients_are_counted_and_let_go(server: RunningServer, http: httpx.Client) -> None:
    async with connect(server.websocket_url) as one, connect(server.websocket_url) as other:
        await one.recv()
        await other.recv()
        await clients_are(http, 2)
    await clients_are(http, 0)


async def test_changed_bindings_are_an_event(server: RunningServer, http: httpx.Client) -> None:
    async with connect(server.websocket_url) as socket:
        assert (await next_event(socket))["type"] == "hello"
        http.put("/api/bindings", json=[{"device": "L-02", "element": guid_of("L-02")}])
        message = await next_event(socket)
    assert message["event"]["type"] == "bindings.changed"
    assert message["event"]["data"]["devices"] == ["L-02"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_a_page_of_another_site_may_not_listen(server: RunningServer, origin: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(server.websocket_url, origin=Origin(origin)):
            pass
    assert caught.value.response.status_code == 403


async def test_a_page_of_this_server_may(server: RunningServer) -> None:
    async with connect(server.websocket_url, origin=Origin(server.url), subprotocols=[PROTOCOL]) as socket:
        assert json.loads(await socket.recv())["type"] == "hello"


async def test_an_unknown_subprotocol_is_refused(server: RunningServer) -> None:
    with pytest.raises(InvalidStatus):
        async with connect(server.websocket_url, subprotocols=[Subprotocol("twin.v99")]):
            pass


async def test_a_client_that_shouts_is_closed_and_the_others_stay(server: RunningServer) -> None:
    async with connect(server.websocket_url) as quiet, connect(server.websocket_url) as loud:
        await loud.send("x" * 20_000)
        with contextlib.suppress(ConnectionClosedError):
            async for _ in loud:
                pass
        assert loud.close_code in (1008, 1009)
        await quiet.recv()
        assert (await next_frame(quiet)).kind is Kind.SNAPSHOT


async def test_a_page_takes_the_points_of_a_place_or_a_layer(
    server: RunningServer, http: httpx.Client
) -> None:
    points = http.get("/api/points").json()["items"]
    index = {each["point_index"]: f"{each['device']}/{each['point']}" for each in points}
    samples = [{"device": "R1-T", "point": "temperature", "value": 21}]
    samples += [{"device": device, "point": "level", "value": 40} for device in ("L-01", "L-02")]
    http.post("/api/telemetry", json={"samples": samples})
    async with connect(server.websocket_url, subprotocols=[PROTOCOL]) as socket:
        told: set[str] = set()
        while not told >= {f"{each['device']}/{each['point']}" for each in samples}:
            told |= {index[each] for each in (await next_frame(socket)).point_index.tolist()}
        for select, expected in (
            ([{"spaces": [guid_of("R1")]}], {"R1-T/temperature", "L-01/level", "L-01/status"}),
            ([{"storeys": [guid_of("2F")]}], {"L-02/level", "L-02/status"}),
            ([{"layers": ["temperature"]}, {"points": ["L-02/level"]}], {"R1-T/temperature", "L-02/level"}),
        ):
            await socket.send(json.dumps({"type": "subscribe", "select": select, "rate": 5}))
            answer = await next_event(socket)
            assert (answer["type"], answer["points"]) == ("subscribed", len(expected))
            snapshot = await next_frame(socket)
            assert snapshot.kind is Kind.SNAPSHOT
            held = {index[each] for each in snapshot.point_index.tolist()}
            assert held <= expected
            assert held >= {each for each in expected if not each.endswith("status")}


async def test_a_page_that_comes_back_is_told_what_it_missed(
    server: RunningServer, http: httpx.Client
) -> None:
    async with connect(server.websocket_url) as socket:
        epoch = json.loads(await socket.recv())["epoch"]
        seq = (await next_frame(socket)).seq
    sample = {"device": "L-02", "point": "level", "value": 77.5}
    http.post("/api/telemetry", json={"samples": [sample]})
    async with connect(f"{server.websocket_url}?epoch={epoch}&seq={seq}") as socket:
        assert json.loads(await socket.recv())["resumed"] is True
        while True:
            delta = await next_frame(socket)
            assert delta.kind is Kind.DELTA
            assert delta.seq > seq
            if 77.5 in delta.value:
                break
