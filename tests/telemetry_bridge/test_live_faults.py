"""What clients and networks do wrong, on real sockets under uvloop: the others notice nothing."""

import asyncio
import gc
import logging
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
import uvloop
from websockets.asyncio.client import ClientConnection
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from telemetry_bridge.hub import MAX_EVENTS
from telemetry_bridge.live_connection import LiveConnection, Patience
from telemetry_bridge.live_session import LiveSession
from telemetry_bridge.live_socket import SocketSettings
from telemetry_bridge.message_guard import BURST, MAX_MESSAGE_BYTES
from telemetry_bridge.wire import Frame as WireFrame
from telemetry_bridge.wire import Kind, decode_frame
from tests.telemetry_bridge.builders import START_MS
from tests.telemetry_bridge.live_serving import (
    WAIT_S,
    Served,
    client,
    closing,
    frame,
    serving,
    text,
    until_gone,
)
from tests.telemetry_bridge.proxy import Proxy, proxied

MASK = b"\x01\x02\x03\x04"
pytestmark = pytest.mark.filterwarnings("ignore:Overriding the .event_loop_policy.:DeprecationWarning")
#: Those that answer must not be found idle on a busy machine.
QUICK = SocketSettings(patience=Patience(send_timeout_s=1.0, idle_s=3.0, ping_every_s=0.4))


@pytest.fixture(scope="module")
def event_loop_policy() -> Any:
    return uvloop.EventLoopPolicy()


@pytest.fixture(autouse=True)
def no_errors_in_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a client does, the server has no fault to log."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(50) as running:
        yield running


class Raw:
    """A client that sends whatever bytes it likes, and reads when it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.protocol = ClientProtocol(parse_uri("ws://127.0.0.1/ws/live"), max_size=None)
        self.protocol.send_request(self.protocol.connect())
        self.writer.write(b"".join(self.protocol.data_to_send()))

    @classmethod
    async def connect(cls, port: int) -> "Raw":
        """Shake hands, and read the hello."""
        raw = cls(*await asyncio.open_connection("127.0.0.1", port))
        assert '"hello"' in await raw.next_text()
        return raw

    async def events(self) -> list[Frame]:
        """What the server sends next."""
        while True:
            data = await asyncio.wait_for(self.reader.read(65_536), WAIT_S)
            if not data:
                raise EOFError
            self.protocol.receive_data(data)
            found = [each for each in self.protocol.events_received() if isinstance(each, Frame)]
            if found:
                return found

    async def close_code(self) -> int:
        """Read until the server closes; the code that it gives."""
        while True:
            for each in await self.events():
                if each.opcode is Opcode.CLOSE:
                    self.writer.close()
                    return int(struct.unpack("!H", bytes(each.data)[:2])[0])

    async def next_text(self) -> str:
        while True:
            for each in await self.events():
                if each.opcode is Opcode.TEXT:
                    return bytes(each.data).decode()


def masked(opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0) -> bytes:
    """One frame of a client (RFC 6455, 5.2); `payload` of less than 126 bytes or up to 65,535."""
    head = bytes([(0x80 if fin else 0) | rsv | opcode])
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
    return head + size + MASK + bytes(each ^ MASK[at % 4] for at, each in enumerate(payload))


async def shows(connection: ClientConnection, point: int, value: float) -> WireFrame:
    """Read until a point has a value."""
    while True:
        found = await frame(connection)
        if value in found.value[found.point_index == point]:
            return found


def temperature(served: Served, device: str = "r1") -> int:
    point = served.bridge.registry.find(device, "temperature")
    assert point is not None
    return point.point_index


def live_connections(served: Served) -> list[LiveConnection]:
    return list(served.live._connections)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x81\x02{}", 1002),  # not masked
        (masked(1, b"{}", rsv=0x40), 1002),  # an extension that was not agreed on
        (masked(3, b"{}"), 1002),  # an opcode that does not exist
        (masked(0, b"{}"), 1002),  # the rest of nothing
        (masked(1, b"{", fin=False) + masked(1, b"}"), 1002),  # a message within a message
        (masked(9, b"x" * 10, fin=False), 1002),  # a ping in parts
        (masked(9, b"x" * 200), 1002),  # a ping of more than 125 bytes
        (b"\x81\xff" + struct.pack("!Q", 1 << 62) + MASK, 1009),  # so many bytes would follow
        (masked(1, b"x" * (MAX_MESSAGE_BYTES + 1)), 1009),
        (masked(1, b"x" * 3000, fin=False) + masked(0, b"x" * 3000), 1009),
        (masked(1, b"\xff\xfe"), 1007),
        (masked(1, b'"text"'), 1008),
        (masked(2, b"{}"), 1008),
        (masked(1, b"{}") * int(BURST + 1), 1008),
        (masked(9, b"") * int(BURST + 1), 1008),  # pings, each of which wants an answer
        (masked(10, b"") * int(BURST + 1), 1008),
        (masked(1, b"", fin=False) + masked(0, b"", fin=False) * int(BURST + 1), 1008),
    ],
)
async def test_wrong_frames_close_with_a_code_and_nobody_else_notices(
    served: Served, sent: bytes, code: int
) -> None:
    async with client(served) as other:
        await text(other)
        raw = await Raw.connect(served.port)
        raw.writer.write(sent)
        assert await raw.close_code() == code
        served.send_temperature(31)
        await shows(other, temperature(served), 31.0)
    await until_gone(served)


async def test_a_message_in_parts_and_in_pieces_is_read(served: Served) -> None:
    whole = b'{"type": "subscribe", "id": 7, "select": [{"points": ["r1/temperature"]}]}'
    sent = masked(1, whole[:30], fin=False) + masked(9, b"") + masked(0, whole[30:])
    raw = await Raw.connect(served.port)
    for each in sent:
        raw.writer.write(bytes([each]))
        await asyncio.sleep(0)
    while '"subscribed"' not in (told := await raw.next_text()):
        pass
    assert '"id":7' in told
    assert '"points":1' in told
    raw.writer.close()
    await until_gone(served)


async def test_many_who_shout_do_not_keep_the_others_from_the_stream(served: Served) -> None:
    async with client(served) as quiet:
        await text(quiet)
        loud = [await Raw.connect(served.port) for _ in range(30)]
        for each in loud:
            each.writer.write(masked(1, b"not json") * 500)
        assert [await each.close_code() for each in loud] == [1008] * 30
        served.send_temperature(12)
        await shows(quiet, temperature(served), 12.0)
    await until_gone(served)


async def read_on(connection: ClientConnection, seen: list[int]) -> None:
    """Read all the time; `seen` are the frames."""
    async for message in connection:
        if isinstance(message, bytes):
            seen.append(decode_frame(message).seq)


async def test_a_client_that_never_reads_costs_little_and_is_cut_off() -> None:
    patience = SocketSettings(patience=Patience(send_timeout_s=2.0))
    async with serving(5000, patience) as served, client(served) as reader:
        seen: list[int] = []
        reading = asyncio.create_task(read_on(reader, seen))
        raw = await Raw.connect(served.port)
        raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
        points = len(served.bridge.registry)
        waiting: list[int] = []
        async with asyncio.timeout(WAIT_S):
            while served.hub.client_count > 1:
                time_ms = START_MS + served.bridge.seq
                served.bridge.accept_columns(
                    range(points), [float(served.bridge.seq % 2)] * points, time_ms, 0
                )
                served.pump.step()
                waiting += [each._transport.get_write_buffer_size() for each in live_connections(served)]
                await asyncio.sleep(0.01)
        # What the transport holds before it says stop, and one frame of all points more.
        assert max(waiting) <= 65_536 + 14 * points + 1000
        raw.writer.close()
        async with asyncio.timeout(WAIT_S):
            while not seen or seen[-1] < served.bridge.seq:
                await asyncio.sleep(0.01)
        reading.cancel()


async def test_a_slow_line_that_takes_a_little_all_the_time_is_not_cut_off() -> None:
    patience = Patience(send_timeout_s=2.0, idle_s=2.0, ping_every_s=30.0)
    async with serving(8000, SocketSettings(send_buffer_bytes=8192, patience=patience)) as served:
        points = len(served.bridge.registry)
        served.bridge.accept_columns(range(points), [1.0] * points, START_MS, 0)
        served.pump.step()
        loop = asyncio.get_running_loop()
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            slow.setblocking(False)
            await loop.sock_connect(slow, ("127.0.0.1", served.port))
            protocol = ClientProtocol(parse_uri("ws://127.0.0.1/ws/live"), max_size=None)
            protocol.send_request(protocol.connect())
            await loop.sock_sendall(slow, b"".join(protocol.data_to_send()))
            began_s, frames = loop.time(), 0
            while not frames:
                data = await asyncio.wait_for(loop.sock_recv(slow, 6000), WAIT_S)
                assert data, "cut off"
                protocol.receive_data(data)
                found = protocol.events_received()
                frames = sum(isinstance(each, Frame) and each.opcode is Opcode.BINARY for each in found)
                await asyncio.sleep(0.1)
            # Longer than a line that takes nothing is borne.
            assert loop.time() - began_s > 2.0 * patience.send_timeout_s
    await until_gone(served)


async def test_a_half_open_connection_is_found_and_the_others_stay() -> None:
    async with serving(50, QUICK) as served, proxied(served.port) as proxy, client(served) as other:
        await text(other)
        lost = await client(through(proxy, served), ping_interval=None)
        await text(lost)
        proxy.mute = True
        async with asyncio.timeout(WAIT_S):
            while served.hub.client_count > 1:
                await asyncio.sleep(0.05)
        served.send_temperature(5)
        await shows(other, temperature(served), 5.0)
        lost.transport.abort()


def through(proxy: Proxy, served: Served) -> Served:
    return Served(served.bridge, served.hub, served.pump, served.live, proxy.port, served.server)


async def test_over_a_slow_line_all_arrives_in_order(served: Served) -> None:
    async with proxied(served.port) as proxy, client(through(proxy, served)) as connection:
        await text(connection)
        proxy.delay_s = 0.05
        for step in range(40):
            served.send_temperature(float(step))
            await asyncio.sleep(0.005)
        seen, last = [], -1.0
        while last != 39.0:
            found = await frame(connection)
            seen.append(found.seq)
            last = found.value[-1] if len(found) else last
        assert seen == sorted(set(seen))


async def test_who_is_cut_within_a_frame_comes_back_and_misses_nothing(served: Served) -> None:
    shown = np.full(len(served.bridge.registry), np.nan)
    seq = 0
    async with proxied(served.port) as proxy:
        for cut_after in (300, 700, 1100, 5000):
            query = f"?epoch={served.bridge.epoch}&seq={seq}"
            connection = await client(through(proxy, served), query)
            assert (await text(connection))["resumed"] is True
            proxy.truncate = cut_after
            try:
                for step in range(1000):
                    served.send_temperature(cut_after + step % 50, f"r{step % 50}")
                    served.hub.publish_event({"step": step})
                    while served.bridge.seq % 5 == 0 and connection.protocol.state.name == "OPEN":
                        seq = take(await asyncio.wait_for(connection.recv(), WAIT_S), shown, seq)
                        if seq == served.bridge.seq:
                            break
                    await asyncio.sleep(0)
            except ConnectionClosed:
                pass
            await proxy.refuse()
            await proxy.restore()
        async with client(served, f"?epoch={served.bridge.epoch}&seq={seq}") as last:
            assert (await text(last))["resumed"] is True
            while seq < served.bridge.seq:
                seq = take(await asyncio.wait_for(last.recv(), WAIT_S), shown, seq)
    np.testing.assert_array_equal(shown, served.bridge.live.value)
    await until_gone(served)


def take(message: str | bytes, shown: np.ndarray[Any, Any], seq: int) -> int:
    """Apply a delta; gives its seq."""
    if isinstance(message, str):
        return seq
    found = decode_frame(message)
    assert found.kind is Kind.DELTA
    assert found.seq > seq
    shown[found.point_index] = found.value
    return found.seq


async def test_too_many_events_for_one_who_stalls_and_none_lost_on_return(served: Served) -> None:
    raw = await Raw.connect(served.port)
    raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
    async with asyncio.timeout(WAIT_S):
        while not live_connections(served)[0]._ended:
            served.hub.publish_event({"text": "x" * 10_000})
            await asyncio.sleep(0)
    assert served.hub.event_seq > MAX_EVENTS
    raw.writer.transport.abort()
    first = served.hub.event_seq - 100
    async with client(served, f"?event_epoch={served.hub.event_epoch}&event_seq={first}") as back:
        assert (await text(back))["recovered"] is True
        assert [(await text(back))["event_seq"] for _ in range(100)] == list(range(first + 1, first + 101))


class Ticket:
    """A pass that is taken away."""

    def __init__(self) -> None:
        self.good = True
        self.asked = 0
        self.was_asked = asyncio.Event()

    async def holds(self) -> bool:
        self.asked += 1
        self.was_asked.set()
        return self.good


async def test_who_loses_the_pass_is_closed_and_it_is_asked_once_for_all() -> None:
    ticket = Ticket()
    async with serving(5, SocketSettings(recheck_s=0.1), pass_=ticket) as served:
        connections = [await client(served) for _ in range(5)]
        await asyncio.wait_for(ticket.was_asked.wait(), WAIT_S)
        assert ticket.asked == 1
        ticket.good = False
        assert [await closing(each) for each in connections] == [4401] * 5


async def test_one_address_gets_no_more_than_its_share() -> None:
    async with serving(5, SocketSettings(max_clients_per_address=2)) as served:
        async with client(served) as first, client(served) as second:
            await text(first)
            await text(second)
            async with client(served) as third:
                assert await closing(third) == 1013
                assert third.protocol.close_rcvd is not None
                assert third.protocol.close_rcvd.reason == "too many clients from this address"
        await until_gone(served)
        async with client(served) as fourth:
            assert (await text(fourth))["type"] == "hello"


async def test_a_server_that_stops_says_so_and_waits_for_nobody() -> None:
    async with serving(5) as served:
        polite = await client(served)
        rude = await Raw.connect(served.port)
        rude.writer.transport.pause_reading()  # type: ignore[attr-defined]
        served.server.should_exit = True
        assert await closing(polite) == 1001
        await until_gone(served)
        rude.writer.close()


async def test_nothing_is_left_of_those_who_have_gone(served: Served) -> None:
    connections = [await client(served) for _ in range(20)]
    for each in connections:
        await text(each)
    assert len(live_connections(served)) == 20
    for each in connections[:10]:
        each.transport.abort()
    for each in connections[10:]:
        await each.close()
    await until_gone(served)
    assert not live_connections(served)
    assert not served.live._from
    del connections, each
    async with asyncio.timeout(WAIT_S):
        while left_in_memory() or served.server.server_state.connections:
            await asyncio.sleep(0.05)


def left_in_memory() -> list[object]:
    """What there is of clients, gone or not."""
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, LiveConnection | LiveSession)]


async def test_subscribing_and_resuming_on_a_socket(served: Served) -> None:
    served.send_temperature(20, "r1")
    served.send_temperature(30, "r2")
    async with client(served) as connection:
        await text(connection)
        assert (await frame(connection)).value.tolist() == [20.0, 30.0]
        await connection.send('{"type": "subscribe", "id": 3, "select": [{"points": ["r2/temperature"]}]}')
        told = await text(connection)
        assert {key: told[key] for key in ("type", "id", "points")} == {
            "type": "subscribed",
            "id": 3,
            "points": 1,
        }
        snapshot = await frame(connection)
        assert (snapshot.kind, snapshot.value.tolist()) == (Kind.SNAPSHOT, [30.0])
        await connection.send('{"type": "subscribe", "id": 4, "select": [{"points": ["r2/none"]}]}')
        refused = await text(connection)
        assert refused == {"type": "error", "id": 4, "message": "there is no point 'r2/none'"}
        served.send_temperature(21, "r1")
        served.send_temperature(31, "r2")
        assert (await shows(connection, temperature(served, "r2"), 31.0)).value.tolist() == [31.0]
    seq = served.bridge.seq
    served.send_temperature(22, "r1")
    served.send_temperature(32, "r2")
    wish = "%7B%22type%22:%22subscribe%22,%22select%22:%5B%7B%22points%22:%5B%22r2/temperature%22%5D%7D%5D%7D"
    where = f"epoch={served.bridge.epoch}&seq={seq}"
    async with client(served, f"?subscribe={wish}&{where}&selection={told['selection']}") as back:
        assert (await text(back))["resumed"] is True
        delta = await frame(back)
        assert (delta.kind, delta.value.tolist()) == (Kind.DELTA, [32.0])
    # Of all points it had not been told: what it has may not be gone on with.
    async with client(served, f"?{where}&selection={told['selection']}") as other:
        assert (await text(other))["resumed"] is False
        assert (await frame(other)).kind is Kind.SNAPSHOT


@pytest.mark.parametrize("wish", ["%7B", "%7B%7D", "%7B%22type%22:%22subscribe%22,%22select%22:3%7D"])
async def test_an_address_that_asks_for_what_cannot_be_gets_no_points_and_is_told(
    served: Served, wish: str
) -> None:
    served.send_temperature(20)
    async with client(served, f"?subscribe={wish}") as connection:
        assert (await text(connection))["points"] == 0
        assert (await text(connection))["type"] == "error"
        assert len(await frame(connection)) == 0
