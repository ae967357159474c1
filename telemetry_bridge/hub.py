"""Frames to many clients, each at its own speed. No sockets: `live_socket` is the front.

Telemetry is conflated. A client that keeps up gets each frame as the bytes that all get. One that lags gets,
when it is ready again, one delta of the newest value of every point that changed meanwhile, with the newest
`seq`. So it never waits in a queue, and what it holds for a client is at most one byte a point.

Events are never dropped. A client that lets more than `MAX_EVENTS` of them pile up is closed with 1013 and
may come back with `(event_epoch, event_seq)`: the hub keeps the last `KEPT_EVENTS` to hand over what was
missed, or says that it cannot. Where events are kept in a log, `continue_log` lets their numbers outlive the
server.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import orjson

from telemetry_bridge.bridge import Outgoing
from telemetry_bridge.live import Mask
from telemetry_bridge.wire import Frame, Kind, Quality, encode_frame

MAX_EVENTS = 512
KEPT_EVENTS = 4096
CLOSE_GOING_AWAY = 1001
CLOSE_TRY_AGAIN_LATER = 1013


class LatestState:
    """The newest value and quality of every point, as far as frames have told: the hub's own copy.

    So a snapshot is exactly what the deltas up to its `seq` add up to.
    """

    def __init__(self, n_points: int) -> None:
        self._value = np.full(n_points, np.nan)
        self._quality = np.full(n_points, Quality.BAD, dtype=np.uint8)
        self._known = np.zeros(n_points, dtype=np.bool_)
        self.seq = 0
        self.time_ms = 0.0

    def __len__(self) -> int:
        return len(self._value)

    def take(self, frame: Frame) -> None:
        """Write a frame into the state; a snapshot replaces all."""
        if frame.kind is Kind.SNAPSHOT:
            self._known[:] = False
        self._value[frame.point_index] = frame.value
        self._quality[frame.point_index] = frame.quality
        self._known[frame.point_index] = True
        self.seq, self.time_ms = frame.seq, frame.time_ms

    def snapshot(self) -> bytes:
        """Give the whole state as one frame."""
        return self._encode(Kind.SNAPSHOT, self._known)

    def delta(self, mask: Mask) -> bytes:
        """Give the newest of the points in `mask`, (n,) bool, as one frame."""
        return self._encode(Kind.DELTA, mask)

    def _encode(self, kind: Kind, mask: Mask) -> bytes:
        index = np.flatnonzero(mask)
        columns = (index.astype(np.uint32), self._value[index], self._quality[index])
        return encode_frame(Frame(kind, self.seq, self.time_ms, *columns))


class ClientState:
    """What one client has yet to get; made by `Hub.connect`.

    The front calls `take` whenever it can send, and sends what it gives: bytes as a binary message, text as a
    text message. None: wait for `wake`, unless `close_code` is set.
    """

    def __init__(self, latest: LatestState, wake: Callable[[], None], max_events: int = MAX_EVENTS) -> None:
        self._latest = latest
        self._wake = wake
        self._max_events = max_events
        self._events: deque[str] = deque()
        self._frame: Outgoing | None = None
        self._missed: Mask | None = None
        self._needs_snapshot = True
        self.close_code: int | None = None

    def offer(self, outgoing: Outgoing) -> None:
        """Say that there is a newer frame; the hub's state holds it already."""
        if self._needs_snapshot or self.close_code is not None:
            return
        if outgoing.frame.kind is Kind.SNAPSHOT:
            self._start_over()
        elif self._frame is None and self._missed is None:
            self._frame = outgoing
        else:
            self._fall_behind(outgoing)
        self._wake()

    def _start_over(self) -> None:
        self._needs_snapshot, self._missed, self._frame = True, None, None

    def _fall_behind(self, outgoing: Outgoing) -> None:
        if self._missed is None:
            self._missed = np.zeros(len(self._latest), dtype=np.bool_)
        if self._frame is not None:
            self._missed[self._frame.frame.point_index] = True
            self._frame = None
        self._missed[outgoing.frame.point_index] = True

    def offer_event(self, text: str) -> None:
        """Queue an event; too many, and the client is closed with 1013."""
        if self.close_code is not None:
            return
        if len(self._events) >= self._max_events:
            self.close(CLOSE_TRY_AGAIN_LATER)
        else:
            self._events.append(text)
            self._wake()

    def close(self, code: int) -> None:
        """End the connection with this close code; what was waiting is let go."""
        if self.close_code is None:
            self.close_code = code
            self._events.clear()
            self._frame = self._missed = None
            self._wake()

    def take(self) -> bytes | str | None:
        """Give the next message to send, events first; None: nothing now."""
        if self.close_code is not None:
            return None
        if self._events:
            return self._events.popleft()
        if self._needs_snapshot:
            self._needs_snapshot = False
            return self._latest.snapshot()
        if self._frame is not None:
            outgoing, self._frame = self._frame, None
            return outgoing.data
        if self._missed is not None:
            missed, self._missed = self._missed, None
            return self._latest.delta(missed)
        return None


class Hub:
    """All clients of one live stream. Single-threaded: call it from one event loop."""

    def __init__(self, n_points: int, *, epoch: str, kept_events: int = KEPT_EVENTS) -> None:
        """Begin with an empty state; `epoch` is the bridge's, and the events' until `continue_log`."""
        self.epoch = epoch
        self.event_epoch = epoch
        self.latest = LatestState(n_points)
        self.event_seq = 0
        self._clients: set[ClientState] = set()
        self._kept: deque[str] = deque(maxlen=kept_events)

    @property
    def client_count(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    def publish(self, outgoing: Outgoing) -> None:
        """Hand a frame to every client; costs one look at each, whatever its speed."""
        self.latest.take(outgoing.frame)
        for client in tuple(self._clients):
            client.offer(outgoing)

    def continue_log(self, event_epoch: str, event_seq: int, events: Iterable[Mapping[str, Any]]) -> None:
        """Go on after `event_seq` of a log with an identity of its own; `events` are the last up to there.

        For the start, before any client comes.
        """
        self.event_epoch, self.event_seq = event_epoch, event_seq
        kept = list(events)
        first = event_seq - len(kept) + 1
        self._kept.extend(_event_text(first + place, event) for place, event in enumerate(kept))

    def publish_event(self, event: Mapping[str, Any]) -> int:
        """Hand an event to every client as `{"type": "event", "event_seq": n, "event": {...}}`; gives n.

        `event` holds what JSON can. It is never dropped: see the module's text.
        """
        self.event_seq += 1
        text = _event_text(self.event_seq, event)
        self._kept.append(text)
        for client in tuple(self._clients):
            client.offer_event(text)
        return self.event_seq

    def connect(self, wake: Callable[[], None], max_events: int = MAX_EVENTS) -> ClientState:
        """Add a client: it gets a snapshot, then every frame and event; `wake` announces them."""
        client = ClientState(self.latest, wake, max_events)
        self._clients.add(client)
        return client

    def events_since(self, event_epoch: str | None, event_seq: int | None) -> list[str] | None:
        """Give the events after `event_seq`, oldest first; None: not all of them are there any more.

        None also when the epoch is another one: the client must load the state anew.
        """
        if event_epoch != self.event_epoch or event_seq is None or not 0 <= event_seq <= self.event_seq:
            return None
        missed = self.event_seq - event_seq
        if missed > len(self._kept):
            return None
        return list(self._kept)[len(self._kept) - missed :]

    def disconnect(self, client: ClientState) -> None:
        """Forget a client; harmless when it is gone already."""
        self._clients.discard(client)

    def close_all(self, code: int = CLOSE_GOING_AWAY) -> None:
        """End every connection, as when the server stops."""
        for client in tuple(self._clients):
            client.close(code)


def _event_text(event_seq: int, event: Mapping[str, Any]) -> str:
    return orjson.dumps({"type": "event", "event_seq": event_seq, "event": dict(event)}).decode()
