"""Conflation under any schedule: stalls, subscriptions, rates, breaks and resumes, as hypothesis finds them.

Two viewers keep what they are told, as docs/wire.md says. At any time each frame holds exactly what changed
since the frame before, for the points that were asked for; and once a viewer has read all, it shows the
source's latest.
"""

import itertools
import json
from collections.abc import Mapping

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from telemetry_bridge.bridge import Outgoing
from telemetry_bridge.hub import CLOSE_TRY_AGAIN_LATER, MAX_ANSWERS, ClientState, Hub
from telemetry_bridge.selection import EVERYTHING, Selection
from telemetry_bridge.wire import Frame, Kind, Quality, decode_frame

N = 7
KEPT = 6
MAX_EVENTS = 4
EPOCH = "e"
Update = Mapping[int, tuple[float, Quality]]

updates = st.dictionaries(
    st.integers(0, N - 1),
    st.tuples(st.integers(-9, 9).map(float), st.sampled_from(list(Quality))),
    max_size=N,
)
selections = st.none() | st.frozensets(st.integers(0, N - 1))
rates = st.none() | st.sampled_from([1.0, 2.0, 7.0])


class Source:
    """What is true: the state, and in which frame each point was said."""

    def __init__(self) -> None:
        self.state: dict[int, tuple[float, Quality]] = {}
        self.said_in: dict[int, int] = {}
        self.seq = self.base = 0

    def frame(self, update: Update, kind: Kind) -> Outgoing:
        self.seq += 1
        if kind is Kind.SNAPSHOT:
            self.state, self.said_in, self.base = {}, {}, self.seq
        self.state |= update
        self.said_in |= dict.fromkeys(update, self.seq)
        index = sorted(update)
        value = np.array([update[each][0] for each in index], dtype=np.float64)
        quality = np.array([update[each][1] for each in index], dtype=np.uint8)
        return Outgoing.of(
            Frame(kind, self.seq, 1000.0 * self.seq, np.array(index, dtype=np.uint32), value, quality)
        )

    def said_after(self, seq: int, wanted: frozenset[int]) -> set[int]:
        return {point for point, said in self.said_in.items() if said > seq and point in wanted}


class Viewer:
    """The other end: applies what it is sent, and comes back with what it has."""

    def __init__(self, hub: Hub, source: Source) -> None:
        self.hub, self.source = hub, source
        self.shown: dict[int, tuple[float, Quality]] = {}
        self.seq = -1
        self.event_seq = hub.event_seq
        self.points: frozenset[int] | None = None
        self.rate: float | None = None
        self.fresh = True
        self.connect()

    def connect(self) -> None:
        self.state: ClientState = self.hub.connect(lambda: None, MAX_EVENTS)

    @property
    def wanted(self) -> frozenset[int]:
        return frozenset(range(N)) if self.points is None else self.points

    def select(self, points: frozenset[int] | None, rate: float | None) -> None:
        if points is not None and len(points) == N:
            points = None
        self.fresh = self.fresh or points != self.points
        self.points, self.rate = points, rate
        self.state.select(EVERYTHING if points is None else Selection.of(N, sorted(points)), rate)

    def come_back(self) -> None:
        """Break off, and go on where it was."""
        self.hub.disconnect(self.state)
        self.connect()
        self.select(self.points, self.rate)
        had = self.seq if not self.fresh else None
        resumed = self.state.resume(EPOCH, had)
        assert resumed == (had is not None and had >= self.source.base)
        self.fresh = not resumed
        kept = self.hub.event_seq - self.event_seq <= KEPT
        assert self.state.resume_events(EPOCH, self.event_seq) == kept
        if not kept:
            self.event_seq = self.hub.event_seq

    def receive(self) -> bool:
        message = self.state.take()
        if message is None:
            return False
        if isinstance(message.payload, str):
            told = json.loads(message.payload)["event_seq"]
            assert told == self.event_seq + 1
            self.event_seq = told
        else:
            self.show(decode_frame(message.payload))
        return True

    def show(self, frame: Frame) -> None:
        told = set(frame.point_index.tolist())
        if frame.kind is Kind.SNAPSHOT:
            assert told == set(self.source.state) & self.wanted
            self.shown.clear()
        else:
            assert not self.fresh
            assert self.seq < frame.seq
            assert told == self.source.said_after(self.seq, self.wanted)
        columns = zip(frame.point_index.tolist(), frame.value.tolist(), frame.quality.tolist(), strict=True)
        self.shown |= {index: (value, Quality(quality)) for index, value, quality in columns}
        self.seq, self.fresh = frame.seq, False


class Conflation(RuleBasedStateMachine):
    """Anything may happen in any order."""

    @initialize()
    def begin(self) -> None:
        self.now_s = 100.0
        self.source = Source()
        self.hub = Hub(N, epoch=EPOCH, kept_events=KEPT, monotonic_s=lambda: self.now_s)
        self.viewers = [Viewer(self.hub, self.source), Viewer(self.hub, self.source)]

    @rule(update=updates)
    def the_source_tells(self, update: Update) -> None:
        self.hub.publish(self.source.frame(update, Kind.DELTA))

    @rule(update=updates)
    def the_source_begins_anew(self, update: Update) -> None:
        self.hub.publish(self.source.frame(update, Kind.SNAPSHOT))

    @rule()
    def something_happens(self) -> None:
        self.hub.publish_event({})

    @rule(passed_s=st.sampled_from([0.05, 0.2, 0.5, 1.0]))
    def time_passes(self, passed_s: float) -> None:
        self.now_s += passed_s

    @rule(who=st.integers(0, 1), count=st.integers(1, 4))
    def a_viewer_reads(self, who: int, count: int) -> None:
        for _ in range(count):
            self.viewers[who].receive()

    @rule(who=st.integers(0, 1), points=selections, rate=rates)
    def a_viewer_subscribes(self, who: int, points: frozenset[int] | None, rate: float | None) -> None:
        self.viewers[who].select(points, rate)

    @rule(who=st.integers(0, 1))
    def a_viewer_comes_back(self, who: int) -> None:
        self.viewers[who].come_back()

    @precondition(lambda self: any(each.state.close_code for each in self.viewers))
    @rule()
    def who_was_closed_comes_back(self) -> None:
        for viewer in self.viewers:
            if viewer.state.close_code:
                viewer.come_back()

    @rule(who=st.integers(0, 1))
    def a_viewer_reads_all(self, who: int) -> None:
        """After a heartbeat, long after the last frame, it shows the source's latest."""
        viewer = self.viewers[who]
        if viewer.state.close_code:
            viewer.come_back()
        self.now_s += 2.0
        self.the_source_tells({})
        while viewer.receive():
            pass
        assert viewer.state.close_code is None
        assert viewer.shown == {
            key: self.source.state[key] for key in self.source.state if key in viewer.wanted
        }
        assert viewer.event_seq == self.hub.event_seq

    @invariant()
    def a_client_is_closed_only_for_events_that_it_let_wait(self) -> None:
        for viewer in getattr(self, "viewers", ()):
            if viewer.state.close_code is not None:
                assert viewer.state.close_code == CLOSE_TRY_AGAIN_LATER
                assert self.hub.event_seq - viewer.event_seq > MAX_EVENTS


Conflation.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestConflation = Conflation.TestCase


class Clock:
    """A monotonic clock that is moved by hand."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_clients_with_the_same_points_share_one_encode() -> None:
    hub, source = Hub(N, epoch=EPOCH), Source()
    clients = [hub.connect(lambda: None) for _ in range(3)]
    for client in clients:
        client.select(Selection.of(N, [1, 2]))
        client.take()
    hub.publish(source.frame({1: (1.0, Quality.GOOD), 5: (2.0, Quality.GOOD)}, Kind.DELTA))
    first, second, third = (client.take() for client in clients)
    assert first is second is third
    assert first is not None
    assert first.wire is first.wire
    late = hub.connect(lambda: None)
    other = hub.connect(lambda: None)
    assert late.take() is other.take()


def test_a_rate_is_kept_and_clients_of_one_rate_share() -> None:
    clock = Clock()
    hub, source = Hub(N, epoch=EPOCH, monotonic_s=clock), Source()
    clients = [hub.connect(lambda: None) for _ in range(2)]
    for client in clients:
        client.select(EVERYTHING, 2.0)
        client.take()
    taken: list[float] = []
    for step in range(1, 101):
        clock.now_s = 100.0 + step * 0.1
        hub.publish(source.frame({step % N: (float(step), Quality.GOOD)}, Kind.DELTA))
        first, second = (client.take() for client in clients)
        assert first is second
        if first is not None:
            taken.append(clock.now_s)
    assert 19 <= len(taken) <= 21


def test_who_asked_for_few_points_hears_once_a_second_that_nothing_changed() -> None:
    clock = Clock()
    hub, source = Hub(N, epoch=EPOCH, monotonic_s=clock), Source()
    client = hub.connect(lambda: None)
    client.select(Selection.of(N, [3]))
    client.take()
    beats = []
    for step in range(1, 51):
        clock.now_s = 100.0 + step * 0.2
        hub.publish(source.frame({0: (float(step), Quality.GOOD)}, Kind.DELTA))
        message = client.take()
        if message is not None:
            assert isinstance(message.payload, bytes)
            assert len(decode_frame(message.payload)) == 0
            beats.append(clock.now_s)
    assert all(later - earlier <= 1.0 + 1e-6 for earlier, later in itertools.pairwise(beats))
    assert 9 <= len(beats) <= 13


def test_who_does_not_read_answers_is_closed() -> None:
    client = Hub(N, epoch=EPOCH).connect(lambda: None)
    for _ in range(MAX_ANSWERS + 1):
        client.answer("{}")
    assert client.close_code == 1008
    assert client.take() is None


def test_resuming_another_stream_or_the_future_is_refused() -> None:
    hub, source = Hub(N, epoch=EPOCH), Source()
    hub.publish(source.frame({0: (1.0, Quality.GOOD)}, Kind.DELTA))
    client = hub.connect(lambda: None)
    assert not client.resume("other", 1)
    assert not client.resume(EPOCH, 2)
    assert not client.resume(EPOCH, None)
    assert not client.resume(None, None)
    assert client.resume(EPOCH, 1)
    assert client.take() is None
