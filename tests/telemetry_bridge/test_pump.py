"""The beat: changes at once, a heartbeat when there are none."""

import asyncio
import contextlib
import functools
import itertools
import weakref

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.bridge import Bridge, Outgoing
from telemetry_bridge.hub import Hub
from telemetry_bridge.ports import Reading
from telemetry_bridge.pump import FLUSH_EVERY_S, HEARTBEAT_EVERY_S, SHORTEST_S, Pump, merged
from telemetry_bridge.wire import Frame, Kind, decode_frame
from tests.telemetry_bridge.builders import HandClock, registry


def test_a_stream_is_never_silent_for_a_second_and_has_no_gap_in_seq() -> None:
    bridge = Bridge(registry(), HandClock())
    hub = Hub(len(bridge.registry), epoch=bridge.epoch)
    heard: list[Outgoing] = []
    now_s = 50.0
    pump = Pump(bridge, hub, listener=heard.append, monotonic_s=lambda: now_s)
    sent: list[tuple[float, Outgoing]] = []
    for step in range(100):
        if step in (7, 8, 40):
            bridge.accept([Reading("r1", "temperature", step)])
        outgoing = pump.step()
        if outgoing is not None:
            sent.append((now_s, outgoing))
        now_s += FLUSH_EVERY_S
    assert [outgoing.frame.seq for _, outgoing in sent] == list(range(1, len(sent) + 1))
    gaps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(sent)]
    assert max(gaps) <= HEARTBEAT_EVERY_S + 1e-6
    assert 18 <= len(sent) <= 30
    assert [outgoing.frame.value.tolist() for outgoing in heard] == [[7.0], [8.0], [40.0]]
    assert hub.latest.seq == bridge.seq


def test_frames_that_nobody_is_told_of_are_not_kept() -> None:
    bridge = Bridge(registry(), HandClock())
    pump = Pump(bridge, Hub(len(bridge.registry), epoch=bridge.epoch))
    kept = []
    for step in range(20):
        bridge.accept([Reading("r1", "temperature", step)])
        outgoing = pump.step()
        assert outgoing is not None
        kept.append(weakref.ref(outgoing.frame.value))
    del outgoing
    assert sum(each() is not None for each in kept) == 0


class SlowHub(Hub):
    """A hub whose clients take their time."""

    def __init__(self, n_points: int, now_s: list[float], takes_s: float) -> None:
        super().__init__(n_points, epoch="e")
        self._now_s, self._takes_s = now_s, takes_s

    def publish(self, outgoing: Outgoing) -> None:
        super().publish(outgoing)
        self._now_s[0] += self._takes_s


def test_frames_keep_the_distance_that_the_machine_can_bear() -> None:
    for takes_s, low_s, high_s in ((0.001, SHORTEST_S, SHORTEST_S), (0.012, 0.1, 0.13), (0.5, 0.2, 0.2)):
        bridge = Bridge(registry(), HandClock())
        now_s = [10.0]
        hub = SlowHub(len(bridge.registry), now_s, takes_s)
        clock = functools.partial(now_s.__getitem__, 0)
        pump = Pump(bridge, hub, monotonic_s=clock, cpu_s=clock)
        for step in range(40):
            bridge.accept([Reading("r1", "temperature", step)])
            pump.step()
            now_s[0] += pump.gap_s
        assert low_s <= pump.gap_s <= high_s


def test_frames_keep_a_distance_for_each_client_that_they_are_written_to() -> None:
    bridge = Bridge(registry(), HandClock())
    hub = Hub(len(bridge.registry), epoch=bridge.epoch)
    pump = Pump(bridge, hub, monotonic_s=lambda: 50.0)
    clients = [hub.connect(lambda: None) for _ in range(300)]
    clients += [hub.connect(lambda: None) for _ in range(700)]
    assert 0.099 < pump.gap_s < 0.101
    clients += [hub.connect(lambda: None) for _ in range(4000)]
    assert pump.gap_s == FLUSH_EVERY_S


def test_what_waited_is_told_with_the_time_of_telling() -> None:
    """So that nothing is told of a time of which the film has already said what it was."""
    clock = HandClock()
    bridge = Bridge(registry(), clock)
    hub = Hub(len(bridge.registry), epoch=bridge.epoch)
    heard: list[Outgoing] = []
    began_ms = clock.now_ms()
    pump = Pump(bridge, hub, listener=heard.append, monotonic_s=lambda: clock.now_ms() / 1000)
    times: list[float] = []
    for step in range(8):
        bridge.accept([Reading("r1", "temperature", step)])
        pump.step()
        times += [each.frame.time_ms - clock.now_ms() for each in heard[len(times) :]]
        clock.time_ms += SHORTEST_S * 1000
    assert len(heard) >= 2
    assert times == [0.0] * len(heard)
    assert heard[-1].frame.time_ms > began_ms


def test_the_listener_is_told_of_everything_five_times_a_second() -> None:
    bridge = Bridge(registry(), HandClock())
    hub = Hub(len(bridge.registry), epoch=bridge.epoch)
    heard: list[Outgoing] = []
    now_s = 50.0
    pump = Pump(bridge, hub, listener=heard.append, monotonic_s=lambda: now_s)
    for step in range(25):
        room = ("r1", "r2")[step % 2]
        bridge.accept([Reading(room, "temperature", step)])
        pump.step()
        now_s += SHORTEST_S
    assert 4 <= len(heard) <= 6
    for _ in range(6):
        pump.step()
        now_s += SHORTEST_S
    state: dict[int, float] = {}
    for outgoing in heard:
        state.update(zip(outgoing.frame.point_index.tolist(), outgoing.frame.value.tolist(), strict=True))
    assert sorted(state.values()) == [23.0, 24.0]
    assert [each.frame.seq for each in heard] == sorted(each.frame.seq for each in heard)


_frames = st.lists(
    st.dictionaries(st.integers(0, 9), st.tuples(st.floats(-9, 9), st.integers(0, 3)), max_size=8),
    min_size=1,
    max_size=5,
)


@given(_frames)
def test_a_merged_frame_does_what_its_parts_do(contents: list[dict[int, tuple[float, int]]]) -> None:
    frames = []
    expected: dict[int, tuple[float, int]] = {}
    for seq, content in enumerate(contents):
        index = np.array(sorted(content), np.uint32)
        value = np.array([content[each][0] for each in sorted(content)])
        quality = np.array([content[each][1] for each in sorted(content)], np.uint8)
        frames.append(Frame(Kind.DELTA, seq, seq * 10.0, index, value, quality))
        expected |= content
    one = merged(frames, 4321.0)
    assert (one.kind, one.seq, one.time_ms) == (Kind.DELTA, len(frames) - 1, 4321.0)
    assert one.point_index.tolist() == sorted(expected)
    assert list(zip(one.value.tolist(), one.quality.tolist(), strict=True)) == [
        expected[each] for each in sorted(expected)
    ]
    assert decode_frame(Outgoing.of(one).data).seq == one.seq


async def test_a_change_after_a_pause_goes_out_at_once() -> None:
    bridge = Bridge(registry(), HandClock())
    hub = Hub(len(bridge.registry), epoch=bridge.epoch)
    task = asyncio.create_task(Pump(bridge, hub, cpu_s=lambda: 0.0).run())
    await asyncio.sleep(2 * SHORTEST_S)
    seq = bridge.seq
    bridge.accept([Reading("r1", "temperature", 20)])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert bridge.seq == seq + 1
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_when_it_stops_the_listener_has_heard_of_everything() -> None:
    bridge = Bridge(registry(), HandClock())
    heard: list[Outgoing] = []
    hub = Hub(len(bridge.registry), epoch="e")
    task = asyncio.create_task(Pump(bridge, hub, listener=heard.append).run())
    for value in range(3):
        bridge.accept([Reading("r1", "temperature", value)])
        await asyncio.sleep(1.2 * SHORTEST_S)
    bridge.accept([Reading("r1", "temperature", 3)])
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert heard[-1].frame.value.tolist() == [3.0]
    assert heard[-1].frame.seq == hub.latest.seq


async def test_it_runs_until_cancelled() -> None:
    bridge = Bridge(registry(), HandClock())
    hub = Hub(len(bridge.registry), epoch=bridge.epoch)
    got = asyncio.Event()
    client = hub.connect(got.set)
    client.take()
    bridge.accept([Reading("r1", "temperature", 20)])
    task = asyncio.create_task(Pump(bridge, hub).run())
    await asyncio.wait_for(got.wait(), 30)
    message = client.take()
    assert message is not None
    assert isinstance(message.payload, bytes)
    assert decode_frame(message.payload).value.tolist() == [20.0]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
