"""Frames to many clients, each at its own speed. No sockets: `live_socket` is the front.

Telemetry is conflated, and nothing is queued. The hub knows of every point in which frame it was last said;
of a client it knows up to which `seq` it has been told. What it is owed is what was said since: for one that
keeps up the frame of now, as the bytes that all get; for one that lags, one delta of the newest value of
every point that changed meanwhile; for one that comes back with `(epoch, seq)` the same. So a client costs a
few numbers, however far it is behind, and clients with the same points and the same `seq` share one encode.

Events are never dropped. A client that lets more than `MAX_EVENTS` of them pile up is closed with 1013 and
may come back with `(event_epoch, event_seq)`: the hub keeps the last `KEPT_EVENTS` to hand over what was
missed, or says that it cannot. Where events are kept in a log, `continue_log` lets their numbers outlive the
server.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import orjson

from telemetry_bridge.bridge import Outgoing
from telemetry_bridge.framing import Message
from telemetry_bridge.selection import EVERYTHING, Selection
from telemetry_bridge.wire import Frame, Indices, Kind, Quality, encode_frame

MAX_EVENTS = 512
KEPT_EVENTS = 4096
#: Answers that may wait for a client; who asks more and does not read is closed.
MAX_ANSWERS = 32
CLOSE_POLICY = 1008
CLOSE_GOING_AWAY = 1001
CLOSE_TRY_AGAIN_LATER = 1013
#: So often a client that asked for few points hears that nothing changed: a second, less a beat of the pump.
BEAT_S = 0.75
#: Frames made for one `seq` are kept for other clients up to here.
SHARED_BYTES = 16_000_000
#: The `seq` of a client that has been told nothing.
_NOTHING = -1


class LatestState:
    """The newest value and quality of every point, as far as frames have told: the hub's own copy.

    So a snapshot is exactly what the deltas up to its `seq` add up to.
    """

    def __init__(self, n_points: int) -> None:
        self._value = np.full(n_points, np.nan)
        self._quality = np.full(n_points, Quality.BAD, dtype=np.uint8)
        #: (n,) the frame that last told of each point; -1: none since the last snapshot.
        self._said_in = np.full(n_points, _NOTHING, dtype=np.int64)
        #: Who was told less than this must forget and take a snapshot.
        self.base_seq = 0
        self.seq = 0
        self.time_ms = 0.0

    def __len__(self) -> int:
        return len(self._value)

    def take(self, frame: Frame) -> None:
        """Write a frame into the state, its `seq` above the last; a snapshot replaces all."""
        if frame.kind is Kind.SNAPSHOT:
            self._said_in[:] = _NOTHING
            self.base_seq = frame.seq
        self._value[frame.point_index] = frame.value
        self._quality[frame.point_index] = frame.quality
        self._said_in[frame.point_index] = frame.seq
        self.seq, self.time_ms = frame.seq, frame.time_ms

    def since(self, seq: int) -> Indices:
        """Give the points told of after `seq`, ascending."""
        return np.flatnonzero(self._said_in > seq).astype(np.uint32)

    def frame(self, kind: Kind, index: Indices) -> Message:
        """Give the newest of these points as one frame."""
        columns = (index, self._value[index], self._quality[index])
        return Message(encode_frame(Frame(kind, self.seq, self.time_ms, *columns)), len(index))


class _Shared:
    """The frames that bring clients up to the newest `seq`, by what they want and what they have."""

    def __init__(self, latest: LatestState) -> None:
        self._latest = latest
        self._made: dict[tuple[Selection, int], Message] = {}
        self._bytes = 0
        self._before = _NOTHING
        self._index: Indices | None = None

    def publish(self, outgoing: Outgoing, before: int) -> Message | None:
        """Begin a new `seq`; gives the delta for who has `before` and wants all; None: a snapshot."""
        self._made.clear()
        self._bytes, self._before, self._index = 0, before, None
        if outgoing.frame.kind is not Kind.DELTA:
            return None
        message = self._made[EVERYTHING, before] = Message(outgoing.data, len(outgoing.frame))
        self._index = outgoing.frame.point_index
        return message

    def get(self, selection: Selection, seq: int) -> Message:
        """Give what brings a client from `seq` to the newest: a delta, or a snapshot if it has too little."""
        key = (selection, seq if seq >= self._latest.base_seq else _NOTHING)
        found = self._made.get(key)
        if found is None:
            found = self._make(*key)
            self._bytes += len(found.payload)
            if self._bytes <= SHARED_BYTES:
                self._made[key] = found
        return found

    def _make(self, selection: Selection, seq: int) -> Message:
        if seq == _NOTHING:
            return self._latest.frame(Kind.SNAPSHOT, selection.within(self._latest.since(_NOTHING)))
        one_step = seq == self._before and self._index is not None
        index = self._index if one_step and self._index is not None else self._latest.since(seq)
        return self._latest.frame(Kind.DELTA, selection.within(index))


class _Events:
    """The last events as messages, by their number."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._texts: dict[int, Message] = {}
        self.seq = 0

    def append(self, event: Mapping[str, Any]) -> int:
        self.seq += 1
        text = orjson.dumps({"type": "event", "event_seq": self.seq, "event": dict(event)}).decode()
        self._texts[self.seq] = Message(text)
        self._texts.pop(self.seq - self._kept, None)
        return self.seq

    def continue_from(self, seq: int, events: Iterable[Mapping[str, Any]]) -> None:
        listed = list(events)
        self._texts.clear()
        self.seq = seq - len(listed)
        for event in listed:
            self.append(event)

    def has_all_after(self, seq: int) -> bool:
        return seq == self.seq or seq + 1 in self._texts

    def __getitem__(self, seq: int) -> Message:
        return self._texts[seq]


class ClientState:
    """What one client has yet to get; made by `Hub.connect`.

    The front calls `take` whenever it can send, and sends what it gives. None: wait until `wake` is called,
    unless `close_code` is set. After a frame there is nothing more to take before the next `wake`.
    """

    __slots__ = (
        "_answers",
        "_event_seq",
        "_frame_every_s",
        "_hub",
        "_joined_at_event",
        "_max_events",
        "_sent_s",
        "_seq",
        "close_code",
        "close_reason",
        "selection",
        "wake",
    )

    def __init__(self, hub: "Hub", wake: Callable[[], None], max_events: int) -> None:
        self._hub = hub
        self.wake = wake
        self._max_events = max_events
        self._answers: deque[Message] | None = None
        self._event_seq = self._joined_at_event = hub.event_seq
        self._seq = _NOTHING
        self._frame_every_s = 0.0
        self._sent_s = -np.inf
        self.selection = EVERYTHING
        self.close_code: int | None = None
        self.close_reason = ""

    def select(self, selection: Selection, rate: float | None = None) -> None:
        """Ask for some points, at most `rate` frames a second; a snapshot follows if they are others."""
        selection = self._hub.shared_selection(selection)
        if selection is not self.selection:
            self.selection = selection
            self._seq = _NOTHING
        self._frame_every_s = 1.0 / rate if rate else 0.0

    def resume(self, epoch: str | None, seq: int | None) -> bool:
        """Go on after the frame `seq` of a stream; False: that cannot be, a snapshot comes first.

        Right only where the client had been told of the points it selects now up to `seq`.
        """
        latest = self._hub.latest
        if epoch != self._hub.epoch or seq is None or not latest.base_seq <= seq <= latest.seq:
            return False
        self._seq = seq
        return True

    def resume_events(self, event_epoch: str | None, event_seq: int | None) -> bool:
        """Hand over the events after `event_seq`; False: not all of them are there any more."""
        if event_seq is None or self._hub.events_since(event_epoch, event_seq) is None:
            return False
        self._event_seq = event_seq
        return True

    def answer(self, text: str) -> None:
        """Say something to this client alone, before all else."""
        if self._answers is None:
            self._answers = deque()
        if len(self._answers) >= MAX_ANSWERS:
            self.close(CLOSE_POLICY, "answers wait to be read")
        elif self.close_code is None:
            self._answers.append(Message(text))
            self.wake()

    def offer_event(self) -> None:
        """Say that there is a newer event; too many that wait, and the client is closed with 1013."""
        hub = self._hub
        waiting = hub.event_seq - max(self._event_seq, self._joined_at_event)
        if waiting > self._max_events or not hub.has_events_after(self._event_seq):
            self.close(CLOSE_TRY_AGAIN_LATER, "too slow for the events")
        else:
            self.wake()

    def close(self, code: int, reason: str = "") -> None:
        """End the connection with this close code; what was waiting is let go."""
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
            self._answers = None
            self.wake()

    def take(self) -> Message | None:
        """Give the next message to send, answers and events first; None: nothing now."""
        if self.close_code is not None:
            return None
        if self._answers:
            return self._answers.popleft()
        hub = self._hub
        if self._event_seq != hub.event_seq:
            self._event_seq += 1
            return hub.event(self._event_seq)
        told, seq = self._seq, hub.latest.seq
        if told == seq:
            return None
        if self.selection is not EVERYTHING or self._frame_every_s:
            return self._take_some()
        self._seq = seq
        in_step = told == hub.newest_after and hub.newest is not None
        return hub.newest if in_step else hub.frame_since(EVERYTHING, told)

    def _take_some(self) -> Message | None:
        """Give a frame to a client that wants few points or few frames, if it is due."""
        hub, told = self._hub, self._seq >= self._hub.latest.base_seq
        now_s = hub.monotonic_s()
        if told and self._frame_every_s and not self._in_new_slot(now_s):
            return None
        message = hub.frame_since(self.selection, self._seq)
        self._seq = hub.latest.seq
        if told and not message.samples and now_s - self._sent_s < BEAT_S:
            return None
        self._sent_s = now_s
        return message

    def _in_new_slot(self, now_s: float) -> bool:
        """Clients of one rate take their frames together, and so share them."""
        return now_s // self._frame_every_s != self._sent_s // self._frame_every_s


class Hub:
    """All clients of one live stream. Single-threaded: call it from one event loop."""

    def __init__(
        self,
        n_points: int,
        *,
        epoch: str,
        kept_events: int = KEPT_EVENTS,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with an empty state; `epoch` is the bridge's, and the events' until `continue_log`."""
        self.epoch = epoch
        self.event_epoch = epoch
        self.latest = LatestState(n_points)
        self.monotonic_s = monotonic_s
        #: The number of the newest event.
        self.event_seq = 0
        #: The newest frame, for those who want all and have been told up to `newest_after`.
        self.newest: Message | None = None
        self.newest_after = _NOTHING
        self._shared = _Shared(self.latest)
        self._events = _Events(kept_events)
        self._clients: set[ClientState] = set()
        self._selections: WeakValueDictionary[str, Selection] = WeakValueDictionary()

    @property
    def client_count(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    def publish(self, outgoing: Outgoing) -> None:
        """Hand a frame to every client; costs one look at each, whatever its speed."""
        before = self.latest.seq
        self.latest.take(outgoing.frame)
        self.newest, self.newest_after = self._shared.publish(outgoing, before), before
        for client in tuple(self._clients):
            client.wake()

    def continue_log(self, event_epoch: str, event_seq: int, events: Iterable[Mapping[str, Any]]) -> None:
        """Go on after `event_seq` of a log with an identity of its own; `events` are the last up to there.

        For the start, before any client comes.
        """
        self.event_epoch = event_epoch
        self._events.continue_from(event_seq, events)
        self.event_seq = event_seq

    def publish_event(self, event: Mapping[str, Any]) -> int:
        """Hand an event to every client as `{"type": "event", "event_seq": n, "event": {...}}`; gives n.

        `event` holds what JSON can. It is never dropped: see the module's text.
        """
        self.event_seq = self._events.append(event)
        for client in tuple(self._clients):
            client.offer_event()
        return self.event_seq

    def connect(self, wake: Callable[[], None], max_events: int = MAX_EVENTS) -> ClientState:
        """Add a client: it gets a snapshot, then every frame and event; `wake` announces them.

        Before anything else happens it may `select`, `resume` and `resume_events`.
        """
        client = ClientState(self, wake, max_events)
        self._clients.add(client)
        return client

    def frame_since(self, selection: Selection, seq: int) -> Message:
        """Give what brings a client that has `seq` up to now, made once for all who need the same."""
        return self._shared.get(selection, seq)

    def shared_selection(self, selection: Selection) -> Selection:
        """Give the one selection that stands for these points, whoever asked for them first."""
        return (
            EVERYTHING
            if selection.id == EVERYTHING.id
            else self._selections.setdefault(selection.id, selection)
        )

    def event(self, event_seq: int) -> Message:
        """Give an event that is still kept."""
        return self._events[event_seq]

    def has_events_after(self, event_seq: int) -> bool:
        """Say whether all events after this one are still kept."""
        return self._events.has_all_after(event_seq)

    def events_since(self, event_epoch: str | None, event_seq: int | None) -> list[str] | None:
        """Give the events after `event_seq`, oldest first; None: not all of them are there any more.

        None also when the epoch is another one: the client must load the state anew.
        """
        if event_epoch != self.event_epoch or event_seq is None or not 0 <= event_seq <= self.event_seq:
            return None
        if not self.has_events_after(event_seq):
            return None
        return [str(self.event(seq).payload) for seq in range(event_seq + 1, self.event_seq + 1)]

    def disconnect(self, client: ClientState) -> None:
        """Forget a client; harmless when it is gone already."""
        self._clients.discard(client)

    def close_all(self, code: int = CLOSE_GOING_AWAY) -> None:
        """End every connection, as when the server stops."""
        for client in tuple(self._clients):
            client.close(code)
