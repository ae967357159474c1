"""`/ws/live`: the hub's clients as WebSockets. The protocol is in `docs/wire.md`.

Who comes is judged here, in the terms of ASGI. Where the server lends the transport (`uvicorn_handover`) the
client becomes a `LiveConnection`; elsewhere, as in tests without a socket, it is served through ASGI.

For another server than ours: frames are dense already, so switch permessage-deflate off (it would compress
each frame once a client), and set the receive limit low: `message_guard` bears 4 KiB.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.websockets import WebSocket, WebSocketDisconnect

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.framing import Message
from telemetry_bridge.hub import CLOSE_TRY_AGAIN_LATER, Hub
from telemetry_bridge.live_connection import Handover, LiveConnection, Patience
from telemetry_bridge.live_session import LiveDesk, LiveSession
from telemetry_bridge.subscriptions import Places

SUBPROTOCOL = "twin.v1"
CLOSE_POLICY = 1008
CLOSE_SIGN_IN = 4401
#: In the scope of a server that lends its transports; see `uvicorn_handover`.
HANDOVER = "twin.handover"
#: In the scope of a server that ends connections without waiting for clients that do not read.
ABORT = "twin.abort"
#: Never sent (RFC 6455, 7.4.1): the client has gone by itself.
_GONE = 1005
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
TICK_S = 1.0


class Pass(Protocol):
    """What a client was let in by; equal ones are asked once for all."""

    def __hash__(self) -> int: ...

    async def holds(self) -> bool:
        """Say whether it still lets in."""


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """Origins allowed besides the server's own, how many clients are served in all and from one address, how
    much a system buffers for one that does not read, how often passes are asked, and see `Patience`.
    """

    allowed_origins: Collection[str] = ()
    max_clients: int = 5000
    max_clients_per_address: int = 1000
    send_buffer_bytes: int = 131_072
    recheck_s: float = 20.0
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What is known of a connection besides what it is sent."""

    address: str
    forget: Callable[[Any], None]
    pass_: Pass | None


class LiveSocket:
    """Serves live clients; one for each server, `serve_client` once for each connection."""

    def __init__(
        self,
        bridge: Bridge,
        hub: Hub,
        settings: SocketSettings | None = None,
        places: Places | None = None,
    ) -> None:
        """Serve the hub's stream; `places` knows which points are where, for subscriptions."""
        self._hub = hub
        self._settings = settings or SocketSettings()
        self.desk = LiveDesk(bridge, hub, places)
        self._from: Counter[str] = Counter()
        self._connections: dict[LiveConnection, _Kept] = {}
        self._ticking: asyncio.TimerHandle | None = None
        self._rechecking: asyncio.Task[None] | None = None
        self._rechecked_s = 0.0

    async def serve_client(self, websocket: WebSocket, pass_: Pass | None = None) -> None:
        """Serve one client until it leaves, lags too far behind, misbehaves or loses its pass.

        Returns early where the server lends its transport: the client is served all the same. A page of
        another origin, or a client that offers only other subprotocols, is refused before the handshake.
        """
        offered = websocket.scope.get("subprotocols", [])
        if not origin_allowed(websocket.headers, self._settings.allowed_origins) or (
            offered and SUBPROTOCOL not in offered
        ):
            await websocket.close(CLOSE_POLICY)
            return
        await websocket.accept(SUBPROTOCOL if offered else None)
        address = websocket.client.host if websocket.client else ""
        if full := self._full(address):
            await websocket.close(CLOSE_TRY_AGAIN_LATER, full)
            return
        handover = (websocket.scope.get("extensions") or {}).get(HANDOVER)
        if handover is None:
            await self._serve_by_asgi(websocket, address)
        else:
            self._take_over(websocket, address, handover["hand_over"], pass_)

    def _full(self, address: str) -> str | None:
        if self._hub.client_count >= self._settings.max_clients:
            return "too many clients"
        if self._from[address] >= self._settings.max_clients_per_address:
            return "too many clients from this address"
        return None

    def _come(self, address: str) -> None:
        self._from[address] += 1

    def _leave(self, address: str) -> None:
        self._from[address] -= 1
        if not self._from[address]:
            del self._from[address]

    # On a transport of its own

    def _take_over(
        self,
        websocket: WebSocket,
        address: str,
        hand_over: Callable[[Callable[[Handover], LiveConnection]], LiveConnection | None],
        pass_: Pass | None,
    ) -> None:
        def make(handover: Handover) -> LiveConnection:
            _limit_send_buffer(handover.transport, self._settings.send_buffer_bytes)
            connection = LiveConnection(handover, self.desk, self._settings.patience, self._lost)
            self._connections[connection] = _Kept(address, handover.forget, pass_)
            self._come(address)
            return connection

        connection = hand_over(make)
        if connection is not None:
            connection.start(dict(websocket.query_params))
            self._see_to_ticks()

    def _lost(self, connection: LiveConnection) -> None:
        kept = self._connections.pop(connection, None)
        if kept is not None:
            kept.forget(connection)
            self._leave(kept.address)

    def _see_to_ticks(self) -> None:
        """Look after the connections once a second, as long as there are any."""
        if self._ticking is None and self._connections:
            self._ticking = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        now_s = asyncio.get_running_loop().time()
        for connection in tuple(self._connections):
            connection.tick(now_s)
        if now_s - self._rechecked_s >= self._settings.recheck_s and self._rechecking is None:
            self._rechecked_s = now_s
            self._rechecking = asyncio.create_task(self._recheck())
        self._see_to_ticks()

    async def _recheck(self) -> None:
        """Close those whose pass holds no longer; a pass that many have is asked once."""
        try:
            passes = {kept.pass_ for kept in self._connections.values() if kept.pass_ is not None}
            gone = {each for each in passes if not await each.holds()}
            for connection, kept in tuple(self._connections.items()):
                if kept.pass_ in gone:
                    connection.close(CLOSE_SIGN_IN, "the session has ended")
        finally:
            self._rechecking = None

    # Through ASGI

    async def _serve_by_asgi(self, websocket: WebSocket, address: str) -> None:
        news = asyncio.Event()
        session = self.desk.open(dict(websocket.query_params), news.set)
        self._come(address)
        reader = asyncio.create_task(self._read(websocket, session))
        try:
            await self._write(websocket, session, news)
        except (WebSocketDisconnect, TimeoutError):
            return
        finally:
            self._leave(address)
            self.desk.close(session)
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader

    async def _write(self, websocket: WebSocket, session: LiveSession, news: asyncio.Event) -> None:
        client = session.client
        while client.close_code is None:
            news.clear()
            message = client.take()
            if message is None:
                await news.wait()
            else:
                await self._send(websocket, message)
        if client.close_code != _GONE:
            async with asyncio.timeout(self._settings.patience.send_timeout_s):
                await websocket.close(client.close_code, client.close_reason)

    async def _send(self, websocket: WebSocket, message: Message) -> None:
        async with asyncio.timeout(self._settings.patience.send_timeout_s):
            if isinstance(message.payload, str):
                await websocket.send_text(message.payload)
            else:
                await websocket.send_bytes(message.payload)

    async def _read(self, websocket: WebSocket, session: LiveSession) -> None:
        try:
            while session.client.close_code is None:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                text = message.get("text")
                data = message.get("bytes", b"") if text is None else text
                self.desk.hear(session, data, asyncio.get_running_loop().time())
        finally:
            session.client.close(_GONE)


def _limit_send_buffer(transport: asyncio.Transport, size: int) -> None:
    """Let little wait in the system: what waits there is old when it arrives, and cannot be conflated."""
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)


def origin_allowed(headers: Headers, allowed_origins: Collection[str]) -> bool:
    """Say whether a page of this origin may connect: the server's own host, or one of the allowed ones.

    Browsers always send Origin (RFC 6455, 10.2); a program that does not send it is not what this guards
    against.
    """
    origin = headers.get("origin")
    if origin is None or origin in allowed_origins:
        return True
    scheme = origin.partition(":")[0].lower()
    asking = _host_and_port(origin, scheme)
    own = _host_and_port(f"{scheme}://{headers.get('host', '')}", scheme)
    return asking is not None and asking == own  # `null`, of a sandboxed frame, is nobody's own


def _host_and_port(url: str, scheme: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or DEFAULT_PORTS.get(scheme)
    except ValueError:
        return None
    return (host, port) if host and port else None
