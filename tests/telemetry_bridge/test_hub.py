"""Conflation: whatever the stalls, a client ends with the newest of every point, and holds no queue."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry_bridge.bridge import Outgoing
from telemetry_bridge.hub import CLOSE_GOING_AWAY, CLOSE_TRY_AGAIN_LATER, ClientState, Hub
from telemetry_bridge.wire import Frame, Kind, Quality, decode_frame

N = 6
Update = dict[int, tuple[float, Quality]]


def outgoing(seq: int, update: Update, kind: Kind = Kind.DELTA) -> Outgoing:
    index = sorted(update)
    return Outgoing.of(
        Frame(
            kind,
            seq,
            1000.0 * seq,
            np.array(index, dtype=np.uint32),
            np.array([update[each][0] for each in index], dtype=np.float64),
            np.array([update[each][1] for each in index], dtype=np.uint8),
        )
    )


class Viewer:
    """The other end: applies what it is sent, as the wire contract says."""

    def __init__(self, state: ClientState) -> None:
        self.state = state
        self.shown: Update = {}
        self.seq = -1
        self.frames = 0
        self.events: list[int] = []

    def receive_one(self) -> bool:
        taken = self.state.take()
        if taken is None:
            return False
        message = taken.payload
        if isinstance(message, str):
            self.events.append(json.loads(message)["event_seq"])
            return True
        frame = decode_frame(message)
        assert frame.seq >= self.seq
        assert frame.kind is Kind.SNAPSHOT or self.frames > 0
        if frame.kind is Kind.SNAPSHOT:
            self.shown.clear()
        columns = (frame.point_index.tolist(), frame.value.tolist(), frame.quality.tolist())
        self.shown |= {
            index: (value, Quality(quality)) for index, value, quality in zip(*columns, strict=True)
        }
        self.seq = frame.seq
        self.frames += 1
        return True


def payload(client: ClientState) -> bytes | str | None:
    message = client.take()
    return None if message is None else message.payload


_updates = st.dictionaries(
    st.integers(0, N - 1),
    st.tuples(st.integers(-9, 9).map(float), st.sampled_from(list(Quality))),
    max_size=N,
)
# A step publishes an update, or an event (None), and lets each of two clients receive so many messages.
_steps = st.lists(st.tuples(st.none() | _updates, st.integers(0, 2), st.integers(0, 2)), max_size=40)


@settings(max_examples=300)
@given(_steps, st.integers(0, 10))
def test_every_client_ends_with_the_newest_of_every_point(
    steps: list[tuple[Update | None, int, int]], joins_at: int
) -> None:
    hub = Hub(N, epoch="e")
    truth: Update = {}
    seq = events = 0
    viewers = [Viewer(hub.connect(lambda: None))]
    for step, (update, first, second) in enumerate(steps):
        if step == joins_at:
            viewers.append(Viewer(hub.connect(lambda: None)))
        if update is None:
            events = hub.publish_event({"step": step})
        else:
            seq += 1
            truth |= update
            hub.publish(outgoing(seq, update))
        for viewer, count in zip(viewers, (first, second), strict=False):
            for _ in range(count):
                viewer.receive_one()
    for viewer in viewers:
        before, waiting_events = viewer.frames, len(viewer.events)
        while viewer.receive_one():
            pass
        assert viewer.shown == truth
        assert viewer.seq == seq
        # However long it stalled: a snapshot if it never got one, else one frame; and no event is missing.
        assert viewer.frames - before <= 1
        assert len(viewer.events) >= waiting_events
    assert viewers[0].events == list(range(1, events + 1))


def test_a_client_that_keeps_up_gets_the_very_bytes() -> None:
    hub = Hub(N, epoch="e")
    clients = [hub.connect(lambda: None) for _ in range(3)]
    for client in clients:
        assert isinstance(payload(client), bytes)
    sent = outgoing(1, {2: (1.0, Quality.GOOD)})
    hub.publish(sent)
    assert all(payload(client) is sent.data for client in clients)
    assert all(client.take() is None for client in clients)


def test_a_client_that_lags_gets_one_merged_delta() -> None:
    hub = Hub(N, epoch="e")
    client = hub.connect(lambda: None)
    client.take()
    for seq in range(1, 1001):
        hub.publish(outgoing(seq, {seq % 3: (float(seq), Quality.GOOD)}))
    message = payload(client)
    assert isinstance(message, bytes)
    frame = decode_frame(message)
    assert (frame.kind, frame.seq, frame.time_ms) == (Kind.DELTA, 1000, 1_000_000.0)
    assert frame.point_index.tolist() == [0, 1, 2]
    assert frame.value.tolist() == [999.0, 1000.0, 998.0]
    assert client.take() is None


def test_a_new_snapshot_starts_every_client_over() -> None:
    hub = Hub(N, epoch="e")
    client = hub.connect(lambda: None)
    client.take()
    hub.publish(outgoing(1, {0: (1.0, Quality.GOOD)}))
    hub.publish(outgoing(2, {1: (2.0, Quality.GOOD)}, Kind.SNAPSHOT))
    viewer = Viewer(client)
    while viewer.receive_one():
        pass
    assert viewer.shown == {1: (2.0, Quality.GOOD)}


def test_events_come_first_and_wake_the_client() -> None:
    woken = []
    hub = Hub(N, epoch="e")
    client = hub.connect(lambda: woken.append(1))
    client.take()
    hub.publish(outgoing(1, {0: (1.0, Quality.GOOD)}))
    hub.publish_event({"type": "alarm.raised"})
    assert len(woken) == 2
    first = payload(client)
    assert isinstance(first, str)
    assert json.loads(first) == {"type": "event", "event_seq": 1, "event": {"type": "alarm.raised"}}
    assert isinstance(payload(client), bytes)


def test_too_many_events_close_the_client_and_keep_nothing() -> None:
    hub = Hub(N, epoch="e")
    slow, fast = hub.connect(lambda: None, max_events=3), hub.connect(lambda: None)
    for _ in range(3):
        hub.publish_event({})
    assert slow.close_code is None
    for _ in range(2):
        hub.publish_event({})
    assert slow.close_code == CLOSE_TRY_AGAIN_LATER
    assert slow.take() is None
    hub.publish(outgoing(1, {0: (1.0, Quality.GOOD)}))
    assert slow.take() is None
    assert fast.close_code is None
    assert sum(isinstance(payload(fast), str) for _ in range(6)) == 5


@pytest.mark.parametrize(
    ("epoch", "event_seq", "missed"),
    [
        ("e", 10, []),
        ("e", 8, [9, 10]),
        ("e", 6, [7, 8, 9, 10]),
        ("e", 5, None),
        ("e", 0, None),
        ("e", 11, None),
        ("e", -1, None),
        ("e", None, None),
        ("f", 10, None),
        (None, 10, None),
    ],
)
def test_missed_events_are_all_given_or_none(
    epoch: str | None, event_seq: int | None, missed: list[int] | None
) -> None:
    hub = Hub(N, epoch="e", kept_events=4)
    for _ in range(10):
        hub.publish_event({})
    given = hub.events_since(epoch, event_seq)
    assert (None if given is None else [json.loads(each)["event_seq"] for each in given]) == missed


def test_leaving_and_closing() -> None:
    hub = Hub(N, epoch="e")
    stays, leaves = hub.connect(lambda: None), hub.connect(lambda: None)
    hub.disconnect(leaves)
    hub.disconnect(leaves)
    assert hub.client_count == 1
    hub.close_all()
    assert stays.close_code == CLOSE_GOING_AWAY
    assert leaves.close_code is None
    stays.close(1008)
    assert stays.close_code == CLOSE_GOING_AWAY
