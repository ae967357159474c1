"""A real server of `/ws/live` in the test's own event loop, and clients for it."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.hub import Hub
from telemetry_bridge.live_socket import SUBPROTOCOL, LiveSocket, Pass, SocketSettings
from telemetry_bridge.ports import Reading
from telemetry_bridge.pump import Pump
from telemetry_bridge.subscriptions import Places
from telemetry_bridge.uvicorn_handover import HandoverProtocol
from telemetry_bridge.wire import Frame, decode_frame
from tests.telemetry_bridge.builders import HandClock, registry

WAIT_S = 30.0


@dataclass
class Served:
    """A running server with its bridge; `pump.step()` is called by the tests."""

    bridge: Bridge
    hub: Hub
    pump: Pump
    live: LiveSocket
    port: int
    server: uvicorn.Server

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/live"

    def send_temperature(self, value: float, device: str = "r1") -> None:
        self.bridge.accept([Reading(device, "temperature", value)])
        self.pump.step()


@contextlib.asynccontextmanager
async def serving(
    rooms: int,
    settings: SocketSettings | None = None,
    *,
    protocol: Any = HandoverProtocol,
    places: Places | None = None,
    pass_: Pass | None = None,
) -> AsyncIterator[Served]:
    bridge = Bridge(registry([f"r{number}" for number in range(rooms)]), HandClock(), simulated=True)
    hub = Hub(len(bridge.registry), epoch=bridge.epoch)
    live = LiveSocket(bridge, hub, settings or SocketSettings(("https://wall.example",)), places)

    async def endpoint(websocket: WebSocket) -> None:
        await live.serve_client(websocket, pass_)

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        Starlette(routes=[WebSocketRoute("/ws/live", endpoint)]),
        log_config=None,
        log_level="error",
        ws_per_message_deflate=False,
        lifespan="off",
        ws=protocol,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield Served(bridge, hub, Pump(bridge, hub), live, listener.getsockname()[1], server)
    finally:
        server.should_exit = True
        await task
        listener.close()


def client(served: Served, query: str = "", **options: Any) -> connect:
    options.setdefault("subprotocols", [Subprotocol(SUBPROTOCOL)])
    return connect(served.url + query, compression=None, proxy=None, **options)


async def text(connection: ClientConnection) -> dict[str, Any]:
    message = await asyncio.wait_for(connection.recv(), WAIT_S)
    assert isinstance(message, str)
    found: dict[str, Any] = json.loads(message)
    return found


async def frame(connection: ClientConnection) -> Frame:
    message = await asyncio.wait_for(connection.recv(), WAIT_S)
    assert isinstance(message, bytes)
    return decode_frame(message)


async def until_gone(served: Served) -> None:
    async with asyncio.timeout(WAIT_S):
        while served.hub.client_count:
            await asyncio.sleep(0.01)


async def closing(connection: ClientConnection) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(WAIT_S):
            while True:
                await connection.recv()
    return connection.close_code
