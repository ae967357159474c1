"""A live client's conversation, whatever carries it: who comes gets the hello, who speaks an answer."""

from collections.abc import Callable, Mapping
from weakref import WeakValueDictionary

import orjson

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.errors import SubscriptionError
from telemetry_bridge.hub import ClientState, Hub
from telemetry_bridge.message_guard import CLOSE_POLICY, MAX_MESSAGE_BYTES, MessageGuard
from telemetry_bridge.messages import Refused, Subscribed
from telemetry_bridge.selection import ALL_ID, Selection
from telemetry_bridge.subscriptions import Directory, Places, PointFilter, Wish, read_wish

#: Of so many wishes it is remembered which points they mean.
MOST_FOUND = 256
_NO_POINTS = Wish(())


class LiveSession:
    """What a client wants, and what it may still say; `client` is what it has yet to get."""

    __slots__ = ("_guard", "client", "wish")

    def __init__(self, client: ClientState) -> None:
        self.client = client
        self.wish = Wish()
        self._guard = MessageGuard()

    def spend(self, now_s: float) -> None:
        """Charge for something that is no message: a ping, a part of one."""
        if not self._guard.spend(now_s):
            self.client.close(CLOSE_POLICY, "too many messages")

    def may_hear(self, data: str | bytes, now_s: float) -> bool:
        """Charge for a message; closes the connection for what is not borne."""
        code = self._guard.check(data, now_s)
        if code is not None:
            self.client.close(code)
        return code is None


class LiveDesk:
    """Opens sessions and answers what they ask."""

    def __init__(self, bridge: Bridge, hub: Hub, places: Places | None = None) -> None:
        self._bridge, self._hub = bridge, hub
        self._directory = Directory(bridge.registry, places)
        self._found: WeakValueDictionary[tuple[PointFilter, ...] | None, Selection] = WeakValueDictionary()
        self._sessions: set[LiveSession] = set()

    def open(self, query: Mapping[str, str], wake: Callable[[], None]) -> LiveSession:
        """Begin with a client; `query` is its address's: what it wants, and where it was before."""
        client = self._hub.connect(wake)
        session = LiveSession(client)
        refused = self._begin(session, query.get("subscribe"))
        selected = query.get("selection", ALL_ID) == client.selection.id
        resumed = selected and client.resume(query.get("epoch"), _number(query.get("seq")))
        recovered = client.resume_events(query.get("event_epoch"), _number(query.get("event_seq")))
        client.answer(_json(self._hello(client, recovered=recovered, resumed=resumed)))
        if refused is not None:
            client.answer(_json(refused))
        self._sessions.add(session)
        return session

    def close(self, session: LiveSession) -> None:
        """Forget a client; harmless when it is gone already."""
        self._sessions.discard(session)
        self._hub.disconnect(session.client)

    def hear(self, session: LiveSession, data: str | bytes, now_s: float) -> None:
        """Take what a client says; `now_s` is monotonic."""
        if not session.may_hear(data, now_s):
            return
        try:
            wish = read_wish(data)
            if wish is not None:
                self._give(session, wish, self._selection(wish))
        except SubscriptionError as error:
            session.client.answer(_json(_refusal(error)))

    def places_changed(self) -> None:
        """Find the points of every wish anew: devices were bound to other places."""
        self._found.clear()
        for session in tuple(self._sessions):
            before = session.client.selection
            try:
                selection = self._selection(session.wish)
            except SubscriptionError as error:
                session.client.answer(_json(_refusal(error)))
                selection = self._selection(_NO_POINTS)
            if selection.id != before.id:
                self._give(session, session.wish, selection)

    def _begin(self, session: LiveSession, text: str | None) -> Refused | None:
        """Select what the address asks for; where that cannot be, no points, and the refusal."""
        if text is None:
            return None
        try:
            if len(text.encode()) > MAX_MESSAGE_BYTES:
                raise SubscriptionError(f"subscribe: more than {MAX_MESSAGE_BYTES} bytes")
            wish = read_wish(text)
            if wish is None:
                raise SubscriptionError('subscribe: an object with "type": "subscribe"')
            selection = self._selection(wish)
        except SubscriptionError as error:
            session.wish = _NO_POINTS
            session.client.select(self._selection(_NO_POINTS))
            return _refusal(error)
        session.wish = wish
        session.client.select(selection, wish.rate)
        return None

    def _give(self, session: LiveSession, wish: Wish, selection: Selection) -> None:
        session.wish = wish
        session.client.select(selection, wish.rate)
        told = Subscribed(
            type="subscribed", id=wish.id, selection=selection.id, points=self._count(selection)
        )
        session.client.answer(_json(told))

    def _selection(self, wish: Wish) -> Selection:
        """Give the points of a wish. Raises SubscriptionError."""
        found = self._found.get(wish.filters)
        if found is None:
            try:
                found = self._hub.shared_selection(self._directory.select(wish.filters))
            except SubscriptionError as error:
                raise SubscriptionError(str(error), wish.id) from error
            if len(self._found) >= MOST_FOUND:
                self._found.clear()
            self._found[wish.filters] = found
        return found

    def _count(self, selection: Selection) -> int:
        return len(self._bridge.registry) if selection.count is None else selection.count

    def _hello(self, client: ClientState, *, recovered: bool, resumed: bool) -> dict[str, object]:
        return {
            **self._bridge.hello(),
            "event_epoch": self._hub.event_epoch,
            "event_seq": self._hub.event_seq,
            "recovered": recovered,
            "selection": client.selection.id,
            "points": self._count(client.selection),
            "resumed": resumed,
        }


def _refusal(error: SubscriptionError) -> Refused:
    return Refused(type="error", id=error.id, message=str(error))


def _json(message: Mapping[str, object]) -> str:
    return orjson.dumps(message).decode()


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 17 else None
