"""Every adapter can be stopped, whatever its other side does: silent from the start, or half-open later."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from types import CoroutineType

import aiomqtt
import pytest

from telemetry_bridge.adapters.broker import EmbeddedBroker
from telemetry_bridge.ending import end
from telemetry_bridge.errors import CommandError
from tests.ports import free_port
from tests.telemetry_bridge.adapting import Site, until
from tests.telemetry_bridge.bacnet_peer import bacnet_peer
from tests.telemetry_bridge.modbus_peer import modbus_peer
from tests.telemetry_bridge.mosquitto import Mosquitto
from tests.telemetry_bridge.opcua_peer import opcua_peer
from tests.telemetry_bridge.proxy import proxied

#: Far more than any stop takes, far less than for ever.
HANGS_S = 60.0
KINDS = ("mqtt", "sparkplug", "modbus", "opcua", "bacnet")
LINES = {
    "mqtt": "- {{id: x, kind: mqtt, url: 'mqtt://127.0.0.1:{port}'}}",
    "sparkplug": "- {{id: x, kind: sparkplug, url: 'mqtt://127.0.0.1:{port}', host_id: palace}}",
    "modbus": """
- id: x
  kind: modbus
  host: 127.0.0.1
  port: {port}
  timeout_s: 20
  groups: {{default: 0.05}}
  points:
    - {{device: l1, point: switch, address: 1, table: coil, writable: true}}
""",
    "opcua": """
- id: x
  kind: opcua
  url: opc.tcp://127.0.0.1:{port}/palace
  timeout_s: 20
  points:
    - {{device: l1, point: switch, node: "ns=3;s=lamp", writable: true}}
""",
    "bacnet": """
- id: x
  kind: bacnet
  address: 127.0.0.1:{own}
  instance: 599
  timeout_s: 20
  controllers: {{ahu: "127.0.0.1:{port}"}}
  points:
    - {{device: l1, point: switch, controller: ahu, object: "binary-output,1", writable: true}}
""",
}


def line(kind: str, port: int) -> Site:
    return Site(LINES[kind].format(port=port, own=free_port()), period_s=0.2)


@dataclass
class Peer:
    """The other side; `fall_silent` leaves its connections open and says nothing any more."""

    port: int
    fall_silent: Callable[[], None]


@contextlib.asynccontextmanager
async def peer_of(kind: str, folder: Path) -> AsyncIterator[Peer]:
    """A real one."""
    async with contextlib.AsyncExitStack() as stack:
        if kind == "bacnet":  # without connections: the device itself goes silent
            device = await stack.enter_async_context(bacnet_peer(free_port()))
            yield Peer(device.port, lambda: setattr(device.device, "mute", True))
            return
        port = free_port()
        if kind == "modbus":
            await stack.enter_async_context(modbus_peer(port, 1))
        elif kind == "opcua":
            await stack.enter_async_context(opcua_peer(port, None, {"lamp": True}))
        else:
            broker = Mosquitto(folder, port)
            await broker.start()
            stack.push_async_callback(broker.kill)
        proxy = await stack.enter_async_context(proxied(port))
        yield Peer(proxy.port, lambda: setattr(proxy, "mute", True))


@contextlib.asynccontextmanager
async def mute_server() -> AsyncIterator[int]:
    """A port that lets in everyone, reads nothing and says nothing."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        writers.append(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for each in writers:
            each.transport.abort()


async def stops(site: Site) -> None:
    """It ends, and says so."""
    async with asyncio.timeout(HANGS_S):
        await site.adapter.stop()
    assert not site.adapter.health().connected
    assert "stopped" in site.adapter.health().detail


def left() -> list[str]:
    """The tasks of adapters that go on."""
    coroutines = [task.get_coro() for task in asyncio.all_tasks()]
    files = [each.cr_code.co_filename for each in coroutines if isinstance(each, CoroutineType)]
    return [file for file in files if "telemetry_bridge/adapters/" in file]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    for name in ("asyncua", "bacpypes3", "pymodbus"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


@pytest.mark.parametrize("kind", KINDS)
async def test_it_stops_while_its_peer_is_half_open(kind: str, tmp_path: Path) -> None:
    async with peer_of(kind, tmp_path) as peer:
        site = line(kind, peer.port)
        await site.adapter.start(site.bridge)
        await until(lambda: site.adapter.health().connected)
        peer.fall_silent()
        sending = asyncio.create_task(site.adapter.send(site.command("l1/switch", "off")))
        await asyncio.sleep(0.3)  # in the middle of requests and of a command
        await stops(site)
        await end(sending)
        assert sending.cancelled() or isinstance(sending.exception(), CommandError)
        assert left() == []


@pytest.mark.parametrize("kind", KINDS)
async def test_it_stops_while_its_peer_says_nothing_at_all(kind: str) -> None:
    async with mute_server() as port:
        site = line(kind, port)
        await site.adapter.start(site.bridge)
        await asyncio.sleep(0.3)
        assert left()
        await stops(site)
        await site.adapter.start(site.bridge)  # and at once again, before anything was said
        await stops(site)
        assert left() == []


async def test_the_embedded_broker_stops_while_a_client_is_half_open() -> None:
    broker = EmbeddedBroker()
    await broker.start()
    async with (
        proxied(int(broker.url.rsplit(":", 1)[1])) as proxy,
        aiomqtt.Client("127.0.0.1", proxy.port, timeout=1.0) as client,
    ):
        await client.subscribe("#", qos=1)
        proxy.mute = True
        async with asyncio.timeout(HANGS_S):
            await broker.stop()
        proxy.cut()
        with pytest.raises(aiomqtt.MqttError):
            await client.publish("x", b"", qos=1)


async def test_what_forgets_to_be_cancelled_is_ended() -> None:
    forgotten = 0

    async def forgetful() -> None:
        nonlocal forgotten
        while forgotten < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                forgotten += 1

    tasks = [asyncio.create_task(forgetful()), asyncio.create_task(asyncio.sleep(0))]
    await asyncio.sleep(0)
    await end(*tasks, again_s=0.01)
    assert forgotten == 3
    assert all(task.done() for task in tasks)
    await end()
