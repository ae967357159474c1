"""`/ws/live`: the hub's clients as WebSockets (Starlette). The protocol is in `docs/wire.md`.

For the server that runs it: frames are dense already, so switch permessage-deflate off (it would compress
each frame once a client), and set the receive limit low: `message_guard` bears 4 KiB.
"""

import asyncio
import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson
from starlette.datastructures import Headers
from starlette.websockets import WebSocket, WebSocketDisconnect

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.hub import CLOSE_TRY_AGAIN_LATER, ClientState, Hub
from telemetry_bridge.message_guard import MessageGuard

SUBPROTOCOL = "twin.v1"
CLOSE_POLICY = 1008
#: Never sent (RFC 6455, 7.4.1): the client has gone by itself.
_GONE = 1005
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """Origins allowed besides the server's own, how long one send may take, how many clients are served."""

    allowed_origins: Collection[str] = ()
    send_timeout_s: float = 30.0
    max_clients: int = 2000


class LiveSocket:
    """Serves live clients; one for each server, `serve_client` once for each connection."""

    def __init__(self, bridge: Bridge, hub: Hub, settings: SocketSettings | None = None) -> None:
        self._bridge, self._hub = bridge, hub
        self._settings = settings or SocketSettings()

    async def serve_client(self, websocket: WebSocket) -> None:
        """Serve one client until it leaves, lags too far behind or misbehaves.

        A page of another origin, or a client that offers only other subprotocols, is refused before the
        handshake (HTTP 403).
        """
        offered = websocket.scope.get("subprotocols", [])
        if not origin_allowed(websocket.headers, self._settings.allowed_origins) or (
            offered and SUBPROTOCOL not in offered
        ):
            await websocket.close(CLOSE_POLICY)
            return
        await websocket.accept(SUBPROTOCOL if offered else None)
        if self._hub.client_count >= self._settings.max_clients:
            await websocket.close(CLOSE_TRY_AGAIN_LATER, "too many clients")
            return
        news = asyncio.Event()
        client = self._hub.connect(news.set)
        try:
            await self._serve(websocket, client, news)
        except (WebSocketDisconnect, TimeoutError):
            return
        finally:
            self._hub.disconnect(client)

    async def _serve(self, websocket: WebSocket, client: ClientState, news: asyncio.Event) -> None:
        # No await since connect: what happens from now on comes through `client`, what was before is here.
        missed = self._missed(websocket.query_params)
        hello = self._hello(recovered=missed is not None)
        reader = asyncio.create_task(_read(websocket, client))
        try:
            for text in (hello, *(missed or ())):
                await self._send(websocket, text)
            await self._write(websocket, client, news)
        finally:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader

    def _missed(self, query: Mapping[str, str]) -> list[str] | None:
        text = query.get("event_seq", "")
        event_seq = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
        return self._hub.events_since(query.get("event_epoch"), event_seq)

    def _hello(self, *, recovered: bool) -> str:
        hello = {
            **self._bridge.hello(),
            "event_epoch": self._hub.event_epoch,
            "event_seq": self._hub.event_seq,
            "recovered": recovered,
        }
        return orjson.dumps(hello).decode()

    async def _write(self, websocket: WebSocket, client: ClientState, news: asyncio.Event) -> None:
        while client.close_code is None:
            news.clear()
            message = client.take()
            if message is None:
                await news.wait()
            else:
                await self._send(websocket, message)
        if client.close_code != _GONE:
            late = client.close_code == CLOSE_TRY_AGAIN_LATER
            async with asyncio.timeout(self._settings.send_timeout_s):
                await websocket.close(client.close_code, "too slow for the events" if late else None)

    async def _send(self, websocket: WebSocket, message: bytes | str) -> None:
        async with asyncio.timeout(self._settings.send_timeout_s):
            if isinstance(message, str):
                await websocket.send_text(message)
            else:
                await websocket.send_bytes(message)


async def _read(websocket: WebSocket, client: ClientState) -> None:
    """Watch what the client sends: nothing is asked of it, and little is borne."""
    guard = MessageGuard()
    try:
        while client.close_code is None:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            data = message.get("bytes", b"") if text is None else text
            code = guard.check(data, asyncio.get_running_loop().time())
            if code is not None:
                client.close(code)
    finally:
        client.close(_GONE)


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
