"""`/ws/replay`: the film as a stream of frames, each viewer at its own place and speed. docs/wire.md has the
protocol.

A moving slider asks for more moments than can be shown: of seeks that wait only the last is answered. While
it plays, every frame is cut when it can be sent, from the moment that is due by then; a slow viewer sees
fewer frames and is never behind.
"""

import asyncio
import contextlib
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.websockets import WebSocket, WebSocketDisconnect

from telemetry_bridge.hub import CLOSE_GOING_AWAY, CLOSE_TRY_AGAIN_LATER
from telemetry_bridge.live_socket import CLOSE_POLICY, SUBPROTOCOL, origin_allowed
from telemetry_bridge.message_guard import MessageGuard
from telemetry_bridge.times import format_rfc3339
from telemetry_bridge.wire import Frame, encode_frame
from twin.errors import RequestError
from twin.events.event import Event, event_json
from twin.events.log import EventFilter, EventLog
from twin.film.film import Film, Moment
from twin.film.replay import Player, between, delta, snapshot
from twin.film.segment import State
from twin.film.timeline import Gap
from twin.film.wishes import Ack, Pause, Play, Seek, Wish, read_wish

LOG = structlog.get_logger(__name__)

FRAME_EVERY_S = 0.1
STATUS_EVERY_S = 1.0
#: Frames that a viewer which acknowledges them may have before it.
FRAMES_AHEAD = 2
MESSAGES_PER_S = 60.0
BURST = 120.0
EVENTS_AT_ONCE = 500
#: Never sent (RFC 6455, 7.4.1): the viewer has gone by itself.
_GONE = 1005


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """Origins allowed besides the server's own, how long one send may take, how many viewers are served."""

    allowed_origins: Collection[str] = ()
    send_timeout_s: float = 30.0
    max_clients: int = 50


class ReplaySocket:
    """Serves viewers of the film; `serve_client` once for each connection."""

    def __init__(self, film: Film, events: EventLog, settings: ReplaySettings | None = None) -> None:
        self._film, self._events = film, events
        self._settings = settings or ReplaySettings()
        self._sessions: set[_Session] = set()

    async def serve_client(self, websocket: WebSocket) -> None:
        """Serve one viewer until it leaves; refuses other origins and subprotocols as `/ws/live` does."""
        offered = websocket.scope.get("subprotocols", [])
        own_page = origin_allowed(websocket.headers, self._settings.allowed_origins)
        if not own_page or (offered and SUBPROTOCOL not in offered):
            await websocket.close(CLOSE_POLICY)
            return
        await websocket.accept(SUBPROTOCOL if offered else None)
        if len(self._sessions) >= self._settings.max_clients:
            await websocket.close(CLOSE_TRY_AGAIN_LATER, "too many viewers of the film")
            return
        session = _Session(self._film, self._events, websocket, self._settings.send_timeout_s)
        self._sessions.add(session)
        try:
            await session.serve()
        except (WebSocketDisconnect, TimeoutError):
            return
        finally:
            self._sessions.discard(session)

    def close_all(self) -> None:
        """End every connection, as when the server stops."""
        for session in tuple(self._sessions):
            session.close(CLOSE_GOING_AWAY)


class _Session:
    """One viewer."""

    def __init__(self, film: Film, events: EventLog, websocket: WebSocket, send_timeout_s: float) -> None:
        self._film, self._events, self._websocket = film, events, websocket
        self._send_timeout_s = send_timeout_s
        self._player = Player()
        self._seek: Seek | None = None
        self._faults: list[str] = []
        self._say_status = True
        self._gap: Gap | None = None
        self._shown: State | None = None
        self._seq = 0
        self._acked: int | None = None
        self._news = asyncio.Event()
        self._ticked_s = self._said_s = 0.0
        self._close_code = 0

    async def serve(self) -> None:
        """Serve until the viewer leaves or misbehaves."""
        reader = asyncio.create_task(self._read())
        try:
            while not self._close_code:
                self._news.clear()
                await self._step()
                await self._wait()
        finally:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect):
                await reader
        if self._close_code != _GONE:
            await self._websocket.close(self._close_code)

    def close(self, code: int) -> None:
        """End the connection soon."""
        self._close_code = code
        self._news.set()

    async def _read(self) -> None:
        guard = MessageGuard(BURST, MESSAGES_PER_S)
        try:
            while not self._close_code:
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                text = message.get("text")
                data = message.get("bytes", b"") if text is None else text
                code = guard.check(data, self._now_s())
                if code is not None:
                    self.close(code)
                elif text is not None:
                    self._hear(text)
        finally:
            self.close(self._close_code or _GONE)

    def _hear(self, text: str) -> None:
        try:
            self._obey(read_wish(text))
        except ValueError as error:
            self._faults.append(str(error))
        self._news.set()

    def _obey(self, wish: Wish) -> None:
        if isinstance(wish, Ack):
            self._acked = max(self._acked or 0, min(wish.seq, self._seq))
            return
        self._say_status = True
        if isinstance(wish, Seek):
            self._seek = wish
        elif isinstance(wish, Play):
            self._settle()
            self._player.speed, self._player.playing = wish.speed, True
        elif isinstance(wish, Pause):
            self._player.playing = False

    def _settle(self) -> None:
        """The time before now counts no more: a change of speed holds from now on."""
        self._ticked_s = self._now_s()

    async def _step(self) -> None:
        """Send what is due."""
        try:
            if self._seek is not None:
                if self._may_send():
                    await self._show(self._seek)
            elif self._player.playing and self._may_send() and self._due_s() <= 0.0:
                await self._play()
        except (RequestError, SQLAlchemyError, OSError) as error:
            self._player.playing, self._seek = False, None
            self._say_status = True
            self._faults.append(_told(error))
        while self._faults:
            await self._send_json({"type": "error", "message": self._faults.pop(0)})
        if self._say_status or (self._player.playing and self._now_s() - self._said_s >= STATUS_EVERY_S):
            await self._send_status()

    async def _wait(self) -> None:
        waits_for_time = self._player.playing and self._may_send() and self._seek is None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(self._due_s(), 0.0) if waits_for_time else None):
                await self._news.wait()

    def _due_s(self) -> float:
        """Seconds until the next frame."""
        return self._ticked_s + FRAME_EVERY_S - self._now_s()

    def _may_send(self) -> bool:
        return self._acked is None or self._seq - self._acked < FRAMES_AHEAD

    async def _show(self, seek: Seek) -> None:
        """Answer a seek with the state of its moment; one outside the film gets the film's nearest."""
        moment = await self._film.state_at(self._within(seek.time_ms))
        if self._seek is seek:
            self._seek = None  # else another one came meanwhile, and is next
        self._player.time_ms, self._gap = moment.time_ms, moment.gap
        self._settle()
        self._say_status = True
        await self._send_frame(moment, snapshot(moment.state, self._seq + 1, moment.time_ms))

    def _within(self, time_ms: float) -> float:
        span = self._film.span
        return time_ms if span is None else min(max(time_ms, span[0]), math.nextafter(span[1], -math.inf))

    async def _play(self) -> None:
        """Send the events since the last frame, then what has changed since."""
        if self._player.time_ms is None:
            self._player.time_ms = self._within(-math.inf if self._player.speed > 0 else math.inf)
        now_s = self._now_s()
        wanted = self._player.target(now_s - self._ticked_s)
        self._ticked_s = now_s
        target, is_end = self._along(wanted)
        before, self._gap = self._player.time_ms, None
        moment = await self._film.state_at(target)
        if self._seek is not None:
            return
        await self._send_events(before, target)
        self._player.time_ms = target
        if is_end:
            self._player.playing, self._say_status = False, True
        next_seq = self._seq + 1
        if self._shown is None:
            frame = snapshot(moment.state, next_seq, target)
        else:
            frame = delta(self._shown, moment.state, next_seq, target)
        await self._send_frame(moment, frame)

    def _along(self, wanted_ms: float) -> tuple[float, bool]:
        """Where playing gets to: gaps are jumped over; and whether that is the end of the film."""
        target = self._within(wanted_ms)
        if target != wanted_ms:
            return target, True
        _, gap = self._film.piece_at(target)
        if gap is None:
            return target, False
        if self._player.speed > 0 and gap.to_ms is not None:
            return gap.to_ms, False
        return math.nextafter(gap.from_ms, -math.inf), False

    async def _send_events(self, before_ms: float, after_ms: float) -> None:
        """The events between two moments, in the order in which playing meets them."""
        first_ms, end_ms = between(before_ms, after_ms)
        found: list[Event] = []
        wanted = EventFilter(first_ms, end_ms)
        while page := await self._events.find(wanted, EVENTS_AT_ONCE):
            found.extend(page)
            wanted = EventFilter(first_ms, end_ms, after_seq=page[-1].seq)
        found.sort(key=lambda event: (event.time_ms, event.seq), reverse=after_ms < before_ms)
        for event in found:
            await self._send_json({"type": "event", "event_seq": event.seq, "event": event_json(event)})

    async def _send_frame(self, moment: Moment, frame: Frame) -> None:
        self._shown, self._seq = moment.state, frame.seq
        async with asyncio.timeout(self._send_timeout_s):
            await self._websocket.send_bytes(encode_frame(frame))

    async def _send_status(self) -> None:
        self._say_status, self._said_s = False, self._now_s()
        span, player = self._film.span, self._player
        await self._send_json(
            {
                "type": "replay",
                "time": None if player.time_ms is None else format_rfc3339(player.time_ms),
                "playing": player.playing,
                "speed": player.speed,
                "span": None if span is None else _times(*span),
                "gap": None if self._gap is None else _times(self._gap.from_ms, self._gap.to_ms),
                "registry": self._film.registry,
            }
        )

    async def _send_json(self, message: dict[str, Any]) -> None:
        async with asyncio.timeout(self._send_timeout_s):
            await self._websocket.send_text(orjson.dumps(message).decode())

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()


def _times(from_ms: float, to_ms: float | None) -> dict[str, str | None]:
    return {"from": format_rfc3339(from_ms), "to": None if to_ms is None else format_rfc3339(to_ms)}


def _told(error: Exception) -> str:
    if isinstance(error, RequestError):
        return str(error)
    LOG.error("the film cannot be read", exc_info=error)
    return "the film cannot be read now; the server's log says why"
