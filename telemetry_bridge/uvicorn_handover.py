"""A WebSocket protocol for uvicorn whose endpoints may take the transport over after the handshake.

`uvicorn.Config(ws=HandoverProtocol)`: handshake, middleware and sign-in go through ASGI as ever, on the port
of the HTTP server. An endpoint that finds `HANDOVER` among the scope's extensions may, after it accepted,
call `hand_over` and return; from then on the bytes are its own. Other endpoints notice nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from telemetry_bridge.live_connection import Handover, LiveConnection
from telemetry_bridge.live_socket import ABORT, HANDOVER


class _Lent:
    """Stands where a transport was that somebody else has now."""

    def is_closing(self) -> bool:
        """It is as good as gone."""
        return True

    def write(self, data: bytes) -> None:
        """Nothing reaches the client this way any more."""

    def close(self) -> None:
        """There is nothing to close."""

    abort = pause_reading = resume_reading = close


class HandoverProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own, with a way out."""

    def handle_connect(self, event: Request) -> None:
        """Begin a connection, and offer the way out in its scope."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions = cast("dict[str, Any]", self.scope["extensions"])
            extensions[HANDOVER] = {"hand_over": self.hand_over}
            extensions[ABORT] = {"abort": self.abort}

    def abort(self) -> None:
        """Let go of the connection, and of what its client has not read: it may never read on."""
        self.transport.abort()

    def hand_over(self, make: Callable[[Handover], LiveConnection]) -> LiveConnection | None:
        """Give the accepted connection away; None: the client has gone already.

        To be called in the same step in which `websocket.accept` returned. What a client sent before it had
        the answer to its handshake is not heard, nor need it be (RFC 6455, 4.1).
        """
        if self.disconnected or self.transport.is_closing():
            return None
        self.stop_keepalive()
        transport, self.transport = self.transport, cast("asyncio.Transport", _Lent())
        connection = make(Handover(transport, self.conn, self.connections.discard))
        transport.set_protocol(connection)
        self.connections.discard(self)
        self.connections.add(cast("Any", connection))
        if self.read_paused:
            transport.resume_reading()
        return connection
