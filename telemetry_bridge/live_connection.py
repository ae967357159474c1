"""A live client on a bare transport: the hub's bytes go straight to it.

The handshake is done by then; `uvicorn_handover` lends the transport. websockets' Sans-I/O protocol reads
what the client sends. What a client costs is this object, its session and the transport: no task, no queue,
no timer. `tick` is called for each about once a second.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, Protocol

from telemetry_bridge.framing import PING
from telemetry_bridge.live_session import LiveDesk, LiveSession
from telemetry_bridge.message_guard import MAX_MESSAGE_BYTES

CLOSE_GOING_AWAY = 1001
CLOSE_BAD_TEXT = 1007
#: So long a client may take to answer a close before the connection is cut, s.
CLOSE_TIMEOUT_S = 5.0
#: The same where the server stops: less than its own grace.
SHUTDOWN_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client may take none of what it is sent, be silent, and how often it is pinged, s."""

    send_timeout_s: float = 30.0
    idle_s: float = 60.0
    ping_every_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Handover:
    """A WebSocket after its handshake: what carries it, what reads it, and whom to tell when it is gone."""

    transport: asyncio.Transport
    parser: Protocol
    forget: Callable[[Any], None]


class LiveConnection(asyncio.Protocol):
    """One client; made once its WebSocket is open, `start` begins the stream."""

    __slots__ = (
        "_cut_at_s",
        "_desk",
        "_ended",
        "_heard_s",
        "_is_text",
        "_on_lost",
        "_parser",
        "_parts",
        "_patience",
        "_ping_at_s",
        "_session",
        "_transport",
        "_waiting_bytes",
        "_writable",
    )

    def __init__(
        self,
        handover: Handover,
        desk: LiveDesk,
        patience: Patience,
        on_lost: Callable[["LiveConnection"], None],
    ) -> None:
        """Take a WebSocket over; `on_lost` is told when the transport is gone."""
        self._transport, self._parser = handover.transport, handover.parser
        self._parser.max_size = MAX_MESSAGE_BYTES
        self._desk, self._patience, self._on_lost = desk, patience, on_lost
        self._parts: list[bytes] = []
        self._is_text = False
        self._session: LiveSession | None = None
        self._writable, self._ended = True, False
        self._heard_s = now_s = _now_s()
        # Clients that come together are not pinged together.
        self._ping_at_s = now_s + patience.ping_every_s * (0.5 + (id(self) >> 6) % 64 / 128.0)
        self._cut_at_s = math.inf
        self._waiting_bytes = 0

    def start(self, query: dict[str, str]) -> None:
        """Begin the stream with what the client's address asks for."""
        self._session = self._desk.open(query, self.flush)
        self.flush()

    def flush(self) -> None:
        """Write what there is for the client, as long as its transport takes it."""
        session = self._session
        if session is None or self._ended:
            return
        client = session.client
        while self._writable:
            message = client.take()
            if message is None:
                break
            self._transport.write(message.wire)
            if message.samples is not None:
                break  # a frame is the last of what there is
        if client.close_code is not None:
            self._close(client.close_code, client.close_reason)

    def close(self, code: int, reason: str = "") -> None:
        """End the connection with this code."""
        if self._session is not None:
            self._session.client.close(code, reason)

    def shutdown(self) -> None:
        """End it because the server stops; uvicorn's name for it."""
        self.close(CLOSE_GOING_AWAY)
        self._cut_at_s = min(self._cut_at_s, _now_s() + SHUTDOWN_TIMEOUT_S)

    def tick(self, now_s: float) -> None:
        """See to a client that has been silent or slow for too long; `now_s` is the event loop's time."""
        if not self._writable and not self._ended:
            self._note_progress(now_s)
        if now_s >= self._cut_at_s:
            self._transport.abort()
        elif self._ended:
            return
        elif now_s - self._heard_s > self._patience.idle_s:
            self.close(CLOSE_GOING_AWAY, "nothing was heard from you: answer pings")
        elif now_s >= self._ping_at_s and self._writable:
            self._ping_at_s = now_s + self._patience.ping_every_s
            self._transport.write(PING)

    def _note_progress(self, now_s: float) -> None:
        """Have patience with a slow line, as long as it takes anything; it is not pinged meanwhile."""
        waiting = self._transport.get_write_buffer_size()
        if waiting < self._waiting_bytes:
            self._cut_at_s = now_s + self._patience.send_timeout_s
            self._heard_s = now_s
        self._waiting_bytes = waiting

    def data_received(self, data: bytes) -> None:
        """Take bytes of the client."""
        self._heard_s = _now_s()
        self._parser.receive_data(data)
        for event in self._parser.events_received():
            if isinstance(event, Frame) and not self._ended:
                self._take(event)
        self._write_replies()

    def eof_received(self) -> bool:
        """Take the end of what the client sends: it is gone."""
        self._parser.receive_eof()
        self._write_replies()
        return False

    def pause_writing(self) -> None:
        """Take note that the client lags; what it misses is conflated."""
        self._writable = False
        self._waiting_bytes = self._transport.get_write_buffer_size()
        self._cut_at_s = min(self._cut_at_s, _now_s() + self._patience.send_timeout_s)

    def resume_writing(self) -> None:
        """Go on with the newest of what it missed."""
        self._writable = True
        if not self._ended:
            self._cut_at_s = math.inf
            self.flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """Forget the client."""
        self._ended = True
        if self._session is not None:
            self._desk.close(self._session)
        self._on_lost(self)

    def _take(self, frame: Frame) -> None:
        """Take one frame of the client."""
        session = self._session
        if session is None or frame.opcode is Opcode.CLOSE:
            return
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            session.spend(_now_s())
            return
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
            self._parts = []
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            session.spend(_now_s())
            return
        data, self._parts = b"".join(self._parts), []
        self._hear(session, data)

    def _hear(self, session: LiveSession, data: bytes) -> None:
        if not self._is_text:
            self._desk.hear(session, data, _now_s())
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            session.client.close(CLOSE_BAD_TEXT, "a text is UTF-8")
        else:
            self._desk.hear(session, text, _now_s())

    def _write_replies(self) -> None:
        """Write what the protocol answers by itself: pongs, and its side of a close."""
        replies = b"".join(self._parser.data_to_send())
        if replies:
            self._transport.write(replies)
        if self._parser.state is not OPEN:
            self._end()
            if self._parser.close_rcvd is not None or self._parser.parser_exc is not None:
                self._transport.close()

    def _close(self, code: int, reason: str) -> None:
        if self._parser.state is OPEN:
            self._parser.send_close(code, reason)
        self._write_replies()

    def _end(self) -> None:
        """Nothing more is sent; the client has a while to answer the close."""
        if not self._ended:
            self._ended = True
            self._cut_at_s = min(self._cut_at_s, _now_s() + CLOSE_TIMEOUT_S)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
