"""The beat: changes at once, a heartbeat when there are none."""

import asyncio
import contextlib
import itertools

from telemetry_bridge.bridge import Bridge, Outgoing
from telemetry_bridge.hub import Hub
from telemetry_bridge.ports import Reading
from telemetry_bridge.pump import FLUSH_EVERY_S, HEARTBEAT_EVERY_S, Pump
from telemetry_bridge.wire import decode_frame
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


async def test_it_runs_until_cancelled() -> None:
    bridge = Bridge(registry(), HandClock())
    hub = Hub(len(bridge.registry), epoch=bridge.epoch)
    got = asyncio.Event()
    client = hub.connect(got.set)
    client.take()
    bridge.accept([Reading("r1", "temperature", 20)])
    task = asyncio.create_task(Pump(bridge, hub).run())
    await asyncio.wait_for(got.wait(), 5)
    message = client.take()
    assert message is not None
    assert isinstance(message.payload, bytes)
    assert decode_frame(message.payload).value.tolist() == [20.0]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
