"""`/ws/replay`: the film as a stream of frames, each viewer at its own pace. docs/wire.md has the protocol.

Each viewer has a player of its own (`showing.py`), or in a session the one of all (`sharing.py`); what it has
yet to be told is its `Seat`'s. Here are the sockets, and who may what.
"""

import asyncio
import contextlib
from collections.abc import Collection
from dataclasses import dataclass, field

import orjson
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from telemetry_bridge.errors import SubscriptionError
from telemetry_bridge.hub import CLOSE_GOING_AWAY, CLOSE_TRY_AGAIN_LATER
from telemetry_bridge.live_socket import ABORT, CLOSE_POLICY, SUBPROTOCOL, origin_allowed
from telemetry_bridge.message_guard import MessageGuard
from telemetry_bridge.messages import Subscribed
from telemetry_bridge.points import Registry
from telemetry_bridge.selection import Selection
from telemetry_bridge.subscriptions import Directory, Places
from twin.events.log import EventLog
from twin.film.film import Film
from twin.film.review import Member, ReviewError
from twin.film.seat import PATIENCE_S, SESSION, Seat
from twin.film.sharing import Session, Sessions
from twin.film.showing import Pace, Showing, refusal
from twin.film.wishes import (
    Ack,
    Hand,
    Host,
    Leave,
    Moving,
    Quit,
    Return,
    Sharing,
    Subscription,
    View,
    Wish,
    read_wish,
)

LOG = structlog.get_logger(__name__)

MESSAGES_PER_S = 120.0
BURST = 240.0
CLOSE_NO_SESSION = 4404
CLOSE_BROKEN = 1011
#: Never sent (RFC 6455, 7.4.1): the viewer has gone by itself.
_GONE = 1005


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """Origins allowed besides the server's own, how long one send may take and a frame wait for its
    acknowledgement, how many viewers are served, how the film is played.
    """

    allowed_origins: Collection[str] = ()
    patience_s: float = PATIENCE_S
    max_clients: int = 50
    pace: Pace = field(default_factory=Pace)


class ReplaySocket:
    """Serves viewers of the film; `serve_client` once for each connection."""

    def __init__(
        self,
        film: Film,
        events: EventLog,
        registry: Registry,
        settings: ReplaySettings | None = None,
        places: Places | None = None,
    ) -> None:
        """Serve a film; `places` knows which points are where, for viewers that want few."""
        self._film, self._events = film, events
        self.directory, self.points = Directory(registry, places), len(registry)
        self.settings = settings or ReplaySettings()
        self.sessions = Sessions(self.now_s, self.stop)
        self._viewers: set[_Viewer] = set()
        self._running: dict[Showing, asyncio.Task[None]] = {}

    async def serve_client(self, websocket: WebSocket, name: str = "") -> None:
        """Serve one viewer until it leaves; refuses other origins and subprotocols as `/ws/live` does."""
        offered = websocket.scope.get("subprotocols", [])
        own_page = origin_allowed(websocket.headers, self.settings.allowed_origins)
        if not own_page or (offered and SUBPROTOCOL not in offered):
            await websocket.close(CLOSE_POLICY)
            return
        await websocket.accept(SUBPROTOCOL if offered else None)
        if len(self._viewers) >= self.settings.max_clients:
            await websocket.close(CLOSE_TRY_AGAIN_LATER, "too many viewers of the film")
            return
        viewer = _Viewer(self, websocket, name)
        self._viewers.add(viewer)
        try:
            await viewer.serve()
        except WebSocketDisconnect:
            return
        except TimeoutError:  # it reads no more: nothing that is said to it would ever leave
            abort = (websocket.scope.get("extensions") or {}).get(ABORT)
            if abort is not None:
                abort["abort"]()
        finally:
            self._viewers.discard(viewer)

    def places_changed(self) -> None:
        """Find the points of every viewer anew: devices were bound to other places."""
        for viewer in tuple(self._viewers):
            viewer.select_again()

    def close_all(self) -> None:
        """End every connection, as when the server stops."""
        self.sessions.close()
        for viewer in tuple(self._viewers):
            viewer.seat.close(CLOSE_GOING_AWAY)
        for showing in tuple(self._running):
            self.stop(showing)

    def now_s(self) -> float:
        """Monotonic seconds."""
        return asyncio.get_running_loop().time()

    def open(self) -> Showing:
        """A player that stands nowhere."""
        return Showing(self._film, self._events.find, self.now_s, self.settings.pace)

    def start(self, showing: Showing) -> Showing:
        """Let a player run."""
        task = asyncio.create_task(showing.run(), name="replay")
        self._running[showing] = task
        task.add_done_callback(lambda done: self._stopped(showing, done))
        return showing

    def stop(self, showing: Showing) -> None:
        """End a player."""
        task = self._running.pop(showing, None)
        if task is not None:
            task.cancel()

    def _stopped(self, showing: Showing, task: "asyncio.Task[None]") -> None:
        """Nobody waits for a player that broke."""
        self._running.pop(showing, None)
        if not task.cancelled() and task.exception() is not None:
            LOG.error("a player of the film broke", exc_info=task.exception())
            for viewer in tuple(self._viewers):
                if viewer.showing is showing:
                    viewer.seat.close(CLOSE_BROKEN, "the film cannot be played now")


class _Viewer:
    """One connection."""

    def __init__(self, desk: ReplaySocket, websocket: WebSocket, name: str) -> None:
        self._desk, self._websocket, self._name = desk, websocket, name
        self._news = asyncio.Event()
        self.seat = Seat(self._news.set, desk.settings.patience_s)
        self.showing: Showing | None = None
        self._session: Session | None = None
        self._member: Member | None = None
        self._subscription = Subscription()

    # The connection

    async def serve(self) -> None:
        """Serve until the viewer leaves or misbehaves."""
        if not await self._begin():
            return
        reader = asyncio.create_task(self._read())
        try:
            await self._write()
            if self.seat.close_code != _GONE:
                async with asyncio.timeout(self._desk.settings.patience_s):
                    await self._websocket.close(self.seat.close_code or CLOSE_BROKEN, self.seat.close_reason)
        finally:
            self.seat.close(_GONE)
            self._go()
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect):
                await reader

    async def _begin(self) -> bool:
        """See the session that the address names, or else a player of its own; False: there is none such."""
        query = self._websocket.query_params
        wanted = query.get("session")
        if wanted is None:
            self.watch(self._desk.start(self._desk.open()))
            return True
        try:
            self._session = self._desk.sessions.find(wanted)
            self._member = self._session.join(self, self._name, query.get("ticket"))
        except ReviewError as error:
            async with asyncio.timeout(self._desk.settings.patience_s):
                await self._websocket.send_text(refusal(str(error), code=error.code))
                await self._websocket.close(CLOSE_NO_SESSION, "no such session")
            return False
        return True

    async def _write(self) -> None:
        while self.seat.close_code is None:
            self._news.clear()
            now_s = self._desk.now_s()
            message = self.seat.take(now_s)
            if message is None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.seat.wait_s(now_s)):
                        await self._news.wait()
            else:
                await self._send(message)
                self.seat.sent()

    async def _send(self, message: str | bytes) -> None:
        async with asyncio.timeout(self._desk.settings.patience_s):
            if isinstance(message, str):
                await self._websocket.send_text(message)
            else:
                await self._websocket.send_bytes(message)

    async def _read(self) -> None:
        guard = MessageGuard(BURST, MESSAGES_PER_S)
        try:
            while self.seat.close_code is None:
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                text = message.get("text")
                code = guard.check(message.get("bytes", b"") if text is None else text, self._desk.now_s())
                if code is not None:
                    self.seat.close(code)
                elif text is not None:
                    self._hear(text)
        finally:
            self.seat.close(_GONE)

    # What it asks for

    def _hear(self, text: str) -> None:
        try:
            self._obey(read_wish(text))
        except SubscriptionError as error:
            self.seat.answer(refusal(str(error), id=error.id))
        except ReviewError as error:
            self.seat.answer(refusal(str(error), code=error.code))
        except ValueError as error:
            self.seat.answer(refusal(str(error)))

    def _obey(self, wish: Wish) -> None:
        match wish:
            case Ack():
                self.seat.acknowledge(wish.seq, wish.ahead)
            case Subscription():
                self._select(wish)
            case Host() | Leave() | Return() | Quit() | Hand() | View():
                self._share(wish)
            case _:
                self._move(wish)

    def _move(self, wish: Moving) -> None:
        if self._session is not None and self._member is not None and self._member.follows:
            self._session.check_driver(self._member)
        if self.showing is not None:
            self.showing.move(wish, self.seat.answer)

    def _select(self, wish: Subscription) -> None:
        self._take(wish, self._desk.directory.select(wish.filters))

    def _take(self, wish: Subscription, selection: Selection) -> None:
        self._subscription = wish
        self.seat.select(selection, wish.rate)
        count = self._desk.points if selection.count is None else selection.count
        told = Subscribed(type="subscribed", id=wish.id, selection=selection.id, points=count)
        self.seat.answer(orjson.dumps(told).decode())

    def select_again(self) -> None:
        """Find its points anew; where one of its filters names nothing any more, it gets none."""
        wish = self._subscription
        try:
            selection = self._desk.directory.select(wish.filters)
        except SubscriptionError as error:
            self.seat.answer(refusal(str(error), id=wish.id))
            selection = self._desk.directory.select(())
        if selection.id != self.seat.selection.id:
            self._take(wish, selection)

    # With others

    def watch(self, showing: Showing) -> None:
        """See this player from now on; one that it had for itself ends."""
        before, self.showing = self.showing, showing
        if before is not None and before is not showing:
            before.detach(self.seat)
            if self._session is None or before is not self._session.showing:
                self._desk.stop(before)
        if before is not showing:
            showing.attach(self.seat)

    def _share(self, wish: Sharing) -> None:
        if isinstance(wish, Host):
            self._host()
            return
        session, member = self._session, self._member
        if session is None or member is None:
            raise ReviewError("this viewer is in no session; host one, or join one by its address")
        match wish:
            case View():
                session.look(member, wish.view)
            case Hand():
                session.hand(member, wish.to)
            case Return():
                session.come_back(member)
            case Leave() if member.follows:
                session.leave(member)
                self.watch(self._desk.start(session.showing.beside()))
            case Quit():
                self._quit(session, member)

    def _host(self) -> None:
        if self._session is not None or self.showing is None:
            raise ReviewError("this viewer is in a session already")
        self._session = self._desk.sessions.host(self.showing)
        self._member = self._session.join(self, self._name, None)

    def _quit(self, session: Session, member: Member) -> None:
        if self.showing is session.showing:
            self.watch(self._desk.start(session.showing.beside()))
        self._session = self._member = None
        session.quit(member)
        self.seat.tell(SESSION, orjson.dumps({"type": SESSION, "id": None}).decode())

    def _go(self) -> None:
        """The connection is over."""
        if self.showing is not None:
            self.showing.detach(self.seat)
            if self._session is None or self.showing is not self._session.showing:
                self._desk.stop(self.showing)
        if self._session is not None and self._member is not None:
            self._session.lose(self._member, self)
