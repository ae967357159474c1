"""`/ws/live` over real sockets: uvicorn on one end, websockets on the other."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from starlette.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from telemetry_bridge.hub import MAX_EVENTS
from telemetry_bridge.live_connection import Patience
from telemetry_bridge.live_socket import SUBPROTOCOL, SocketSettings, origin_allowed
from telemetry_bridge.message_guard import BURST, MAX_MESSAGE_BYTES
from telemetry_bridge.uvicorn_handover import HandoverProtocol
from telemetry_bridge.wire import Kind
from tests.telemetry_bridge import live_serving
from tests.telemetry_bridge.builders import START_MS
from tests.telemetry_bridge.live_serving import WAIT_S, Served, client, closing, frame, text, until_gone

WAYS = [HandoverProtocol, "websockets-sansio"]


@pytest.fixture(autouse=True)
def no_errors_in_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a client does, the server has no fault to log."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.fixture(params=WAYS, ids=["transport", "asgi"])
def serving(request: pytest.FixtureRequest) -> Any:
    """Every test runs on both fronts: the clients notice no difference."""
    return functools.partial(live_serving.serving, protocol=request.param)


@pytest.fixture
async def served(serving: Any) -> AsyncIterator[Served]:
    async with serving(500) as running:
        yield running


async def test_hello_then_snapshot_then_deltas_and_heartbeats(served: Served) -> None:
    served.send_temperature(20)
    async with client(served) as connection:
        assert connection.subprotocol == SUBPROTOCOL
        hello = await text(connection)
        assert hello == {
            "type": "hello",
            "epoch": served.bridge.epoch,
            "seq": 1,
            "time": "2026-09-21T14:13:20.000Z",
            "registry": served.bridge.registry.hash,
            "simulated": True,
            "speed": 1.0,
            "event_epoch": served.bridge.epoch,
            "event_seq": 0,
            "recovered": False,
            "selection": "all",
            "points": 1503,
            "resumed": False,
        }
        snapshot = await frame(connection)
        assert (snapshot.kind, snapshot.seq, snapshot.value.tolist()) == (Kind.SNAPSHOT, 1, [20.0])
        served.send_temperature(21)
        delta = await frame(connection)
        assert (delta.kind, delta.seq, delta.value.tolist()) == (Kind.DELTA, 2, [21.0])
        served.hub.publish(served.bridge.heartbeat())
        beat = await frame(connection)
        assert (beat.seq, len(beat), beat.time_ms) == (3, 0, START_MS)
    await until_gone(served)


async def test_a_stalled_client_catches_up_with_few_frames(serving: Any) -> None:
    async with serving(20_000) as served, client(served, max_queue=1, close_timeout=1) as connection:
        await text(connection)
        await frame(connection)
        points = len(served.bridge.registry)
        # 60,000 points a frame, 0.8 MB each: far more than the sockets' buffers hold.
        for round_ in range(60):
            served.bridge.accept_columns(range(points), [float(round_ % 2)] * points, START_MS + round_, 0)
            served.pump.step()
            await asyncio.sleep(0)
        received, last = 0, await frame(connection)
        while last.seq < served.bridge.seq:
            last = await frame(connection)
            received += 1
        assert last.seq == 60
        assert received < 40
        assert last.value[-1] == 1.0


async def test_a_client_that_reads_nothing_for_too_long_is_let_go(serving: Any) -> None:
    async with (
        serving(20_000, SocketSettings(patience=Patience(send_timeout_s=0.3))) as served,
        client(served, max_queue=1, close_timeout=0.1) as connection,
    ):
        await text(connection)
        points = len(served.bridge.registry)
        async with asyncio.timeout(WAIT_S):
            while served.hub.client_count:
                value = [float(served.bridge.seq % 2)] * points
                served.bridge.accept_columns(range(points), value, START_MS + served.bridge.seq, 0)
                served.pump.step()
                await asyncio.sleep(0.01)


async def test_a_client_that_vanishes_is_forgotten(served: Served) -> None:
    connection = await client(served)
    await text(connection)
    connection.transport.abort()
    async with asyncio.timeout(WAIT_S):
        while served.hub.client_count:
            served.send_temperature(1)
            await asyncio.sleep(0.01)


async def test_events_reach_every_client_and_are_handed_over_on_return(served: Served) -> None:
    served.hub.publish_event({"type": "alarm.raised", "number": 1})
    async with client(served) as connection:
        assert (await text(connection))["event_seq"] == 1
        await frame(connection)
        served.hub.publish_event({"type": "alarm.raised", "number": 2})
        assert (await text(connection))["event"] == {"type": "alarm.raised", "number": 2}
    served.hub.publish_event({"type": "alarm.raised", "number": 3})
    query = f"?event_epoch={served.bridge.epoch}&event_seq=1"
    async with client(served, query) as connection:
        hello = await text(connection)
        assert (hello["recovered"], hello["event_seq"]) == (True, 3)
        assert [(await text(connection))["event_seq"] for _ in range(2)] == [2, 3]
        await frame(connection)


@pytest.mark.parametrize(
    "query", ["?event_epoch=other&event_seq=1", "?event_seq=x", "?event_epoch=&event_seq=-1", "?event_seq=²"]
)
async def test_what_cannot_be_recovered_is_said(served: Served, query: str) -> None:
    async with client(served, query) as connection:
        assert (await text(connection))["recovered"] is False
        assert (await frame(connection)).kind is Kind.SNAPSHOT


async def test_too_many_events_at_once_close_with_1013(served: Served) -> None:
    async with client(served, max_queue=1) as connection:
        await text(connection)
        await frame(connection)
        # More than the sockets' buffers hold, before the client can read any of it.
        for _ in range(3 * MAX_EVENTS):
            served.hub.publish_event({"text": "x" * 20_000})
        assert await closing(connection) == 1013
    await until_gone(served)


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["x" * (MAX_MESSAGE_BYTES + 1)], 1009),
        (["not json"], 1008),
        ([b"\x00"], 1008),
        (["{}"] * int(BURST + 5), 1008),
    ],
)
async def test_a_client_that_misbehaves_is_closed(
    served: Served, messages: list[str | bytes], code: int
) -> None:
    async with client(served) as connection:
        with contextlib.suppress(ConnectionClosed):
            for message in messages:
                await connection.send(message)
        assert await closing(connection) == code
    await until_gone(served)


async def test_a_few_small_texts_are_borne(served: Served) -> None:
    async with client(served) as connection:
        await connection.send('{"type": "hello"}')
        await text(connection)
        await frame(connection)
        served.send_temperature(3)
        assert (await frame(connection)).value.tolist() == [3.0]


async def test_one_client_too_many_is_sent_away(serving: Any) -> None:
    async with serving(1, SocketSettings(max_clients=1)) as served:
        async with client(served) as first:
            await text(first)
            async with client(served) as second:
                assert await closing(second) == 1013
        await until_gone(served)
        async with client(served) as third:
            assert (await text(third))["type"] == "hello"


async def test_going_away_is_told(served: Served) -> None:
    async with client(served) as connection:
        await text(connection)
        served.hub.close_all()
        assert await closing(connection) == 1001


@pytest.mark.parametrize(
    "options",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "null"},
        {"subprotocols": [Subprotocol("twin.v9")]},
    ],
)
async def test_strangers_are_refused_before_the_handshake(served: Served, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with client(served, **options):
            pass
    assert caught.value.response.status_code == 403
    assert served.hub.client_count == 0


async def test_own_page_allowed_pages_and_programs_are_let_in(served: Served) -> None:
    for options in (
        {"origin": f"http://127.0.0.1:{served.port}"},
        {"origin": "https://wall.example"},
        {"subprotocols": [Subprotocol("twin.v9"), Subprotocol(SUBPROTOCOL)]},
        {"subprotocols": None},
    ):
        async with client(served, **options) as connection:
            assert (await text(connection))["type"] == "hello"


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("https://venue.example", "venue.example", True),
        ("https://venue.example", "venue.example:443", True),
        ("https://VENUE.example", "venue.example", True),
        ("http://venue.example", "venue.example:80", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("https://venue.example", "venue.example:8443", False),
        ("https://venue.example.evil", "venue.example", False),
        ("https://evil.example", "venue.example", False),
        ("file://", "venue.example", False),
        ("null", "null", False),
        ("", "", False),
        ("https://[bad", "[bad", False),
    ],
)
def test_origins(origin: str, host: str, allowed: bool) -> None:
    assert origin_allowed(Headers({"origin": origin, "host": host}), ()) is allowed
