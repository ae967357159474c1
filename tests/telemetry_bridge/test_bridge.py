"""Readings in, frames out."""

import math

import numpy as np
import pytest

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.live import SIMULATOR_RESTS_MS
from telemetry_bridge.ports import Reading
from telemetry_bridge.wire import Kind, Quality, decode_frame
from tests.telemetry_bridge.builders import START_MS, HandClock, registry

HOUR_MS = 3_600_000.0


def new_bridge() -> tuple[Bridge, HandClock]:
    clock = HandClock()
    return Bridge(registry(), clock), clock


def index_of(bridge: Bridge, device: str, point: str) -> int:
    found = bridge.registry.find(device, point)
    assert found is not None
    return found.point_index


def test_readings_become_one_delta_and_then_nothing() -> None:
    bridge, clock = new_bridge()
    acceptance = bridge.accept([Reading("r1", "temperature", 21.5), Reading("l1", "switch", "on")])
    assert (acceptance.accepted, acceptance.refused) == (2, ())
    clock.time_ms += 200
    outgoing = bridge.flush()
    assert outgoing is not None
    frame = decode_frame(outgoing.data)
    assert (frame.kind, frame.seq, frame.time_ms, frame.replay) == (Kind.DELTA, 1, START_MS + 200, False)
    got = dict(zip(frame.point_index.tolist(), frame.value.tolist(), strict=True))
    assert got == {index_of(bridge, "l1", "switch"): 1.0, index_of(bridge, "r1", "temperature"): 21.5}
    assert bridge.flush() is None
    assert decode_frame(bridge.heartbeat().data).seq == 2


def test_the_bad_of_a_batch_are_named_and_the_good_are_kept() -> None:
    bridge, _ = new_bridge()
    readings = [
        Reading("r1", "temperature", 20.0, row=0),
        Reading("r9", "temperature", 20.0, row=1),
        Reading("r1", "pressure", 20.0, row=2),
        Reading("r1", "temperature", "warm", row=3),
        Reading("r1", "mode", "dry", row=4),
        Reading("r1", "temperature", 20.0, START_MS + 5 * 60_000 + 1, row=5),
        Reading("r1", "temperature", 20.0, START_MS - 24 * HOUR_MS - 1, row=6),
        Reading("r1", "temperature", 20.0, math.nan, row=7),
        Reading("r2", "temperature", math.nan, row=8),
        Reading("r2", "setpoint", 22, START_MS + 5 * 60_000, row=9),
    ]
    acceptance = bridge.accept(readings)
    assert acceptance.accepted == 2
    assert [(each.index, each.code) for each in acceptance.refused] == [
        (1, "unknown_device"),
        (2, "unknown_point"),
        (3, "bad_value"),
        (4, "unknown_state"),
        (5, "future"),
        (6, "too_old"),
        (7, "bad_time"),
        (8, "bad_value"),
    ]
    assert "mode, setpoint, temperature" in acceptance.refused[1].reason
    marked = [each.index for each in acceptance.refused if "the point is marked bad" in each.reason]
    assert marked == [3, 4, 8]
    known = bridge.live.known & (bridge.live.quality == Quality.BAD)
    assert np.flatnonzero(known).tolist() == sorted(
        index_of(bridge, *each) for each in (("r1", "temperature"), ("r1", "mode"), ("r2", "temperature"))
    )
    assert bridge.live.value[index_of(bridge, "r1", "temperature")] == 20.0


def test_what_a_protocol_calls_bad_is_bad_and_nothing_is_refused() -> None:
    bridge, clock = new_bridge()
    row = index_of(bridge, "r1", "temperature")
    bridge.accept([Reading("r1", "temperature", 20.0)])
    clock.time_ms += 1000
    assert bridge.accept([Reading("r1", "temperature", None, quality=Quality.BAD)]).refused == ()
    assert (bridge.live.value[row], bridge.live.quality[row]) == (20.0, Quality.BAD)
    clock.time_ms += 1000
    readings = [
        Reading("r1", "temperature", 21.0, quality=Quality.BAD),
        Reading("r2", "temperature", 22.0, quality=Quality.STALE),
        Reading("r2", "setpoint", 23.0),
    ]
    assert bridge.accept(readings).accepted == 3
    rows = [row, index_of(bridge, "r2", "temperature"), index_of(bridge, "r2", "setpoint")]
    assert bridge.live.value[rows].tolist() == [21.0, 22.0, 23.0]
    assert bridge.live.quality[rows].tolist() == [Quality.BAD, Quality.STALE, Quality.GOOD]
    assert bridge.accept([Reading("r9", "temperature", None, quality=Quality.BAD)]).accepted == 0


def test_a_sensor_that_says_nan_is_seen_to_fail() -> None:
    bridge, clock = new_bridge()
    row = index_of(bridge, "r1", "temperature")
    bridge.accept([Reading("r1", "temperature", 20.0)])
    clock.time_ms += 1000
    assert bridge.accept([Reading("r1", "temperature", None)]).accepted == 0
    assert (bridge.live.value[row], bridge.live.quality[row]) == (20.0, Quality.BAD)


def test_out_of_range_is_taken_and_bad() -> None:
    bridge, _ = new_bridge()
    assert bridge.accept([Reading("r1", "temperature", 250)]).accepted == 1
    frame = decode_frame(bridge.snapshot().data)
    assert (frame.value.tolist(), frame.quality.tolist()) == ([250.0], [Quality.BAD])


def test_simulated_readings_say_so() -> None:
    bridge, _ = new_bridge()
    bridge.accept([Reading("r1", "temperature", 20)], simulated=True)
    assert decode_frame(bridge.snapshot().data).quality.tolist() == [Quality.SIMULATED]


def test_silence_becomes_a_delta() -> None:
    bridge, clock = new_bridge()
    bridge.accept([Reading("r1", "temperature", 20)])
    bridge.flush()
    clock.time_ms += 180_001
    outgoing = bridge.flush()
    assert outgoing is not None
    assert outgoing.frame.quality.tolist() == [Quality.STALE]


def test_in_fast_time_a_real_device_still_has_its_real_minute() -> None:
    clock = HandClock(speed=600.0)
    bridge = Bridge(registry(), clock)
    row = index_of(bridge, "r1", "temperature")
    bridge.accept([Reading("r1", "temperature", 20)])
    clock.time_ms += 59_999 * 600
    bridge.accept_columns([row], [30.0], clock.time_ms, Quality.SIMULATED)
    bridge.flush()
    assert (bridge.live.value[row], bridge.live.quality[row]) == (20.0, Quality.GOOD)
    clock.time_ms += 600
    bridge.accept_columns([row], [30.0], clock.time_ms, Quality.SIMULATED)
    assert (bridge.live.value[row], bridge.live.quality[row]) == (30.0, Quality.SIMULATED)


@pytest.mark.parametrize("speed", [60.0, 600.0, 3600.0])
def test_in_fast_time_the_simulator_is_not_silent_between_two_beats(speed: float) -> None:
    clock = HandClock(speed=speed)
    bridge = Bridge(registry(), clock, simulated=True)
    row = index_of(bridge, "r1", "temperature")  # a minute's period
    sent_ms = clock.time_ms
    clock.time_ms += 400 * speed  # the simulation took so long to reckon
    bridge.accept_columns([row], [30.0], sent_ms, Quality.SIMULATED)
    clock.time_ms += (SIMULATOR_RESTS_MS - 500) * speed  # and a busy machine comes back to it no sooner
    bridge.flush()
    assert bridge.live.quality[row] == Quality.SIMULATED
    clock.time_ms += max(500 * speed, 180_000)
    outgoing = bridge.flush()
    assert outgoing is not None
    assert outgoing.frame.quality.tolist() == [Quality.STALE]


def test_columns_are_the_same_as_readings() -> None:
    bridge, _ = new_bridge()
    acceptance = bridge.accept_columns(
        [0, 1, 2], [1.0, 0.0, math.nan], [START_MS, START_MS + HOUR_MS, START_MS], Quality.GOOD
    )
    assert acceptance.accepted == 2
    assert [(each.index, each.device, each.code) for each in acceptance.refused] == [(1, "l1", "future")]
    assert bridge.live.quality.tolist()[:3] == [Quality.GOOD, Quality.BAD, Quality.BAD]
    assert bridge.accept_columns([0], [1.0], math.nan, Quality.GOOD).refused[0].code == "bad_time"
    assert bridge.accept_columns([], [], START_MS, Quality.GOOD).accepted == 0


@pytest.mark.parametrize(
    ("index", "value", "quality"),
    [
        ([99], [1.0], 0),
        ([-1], [1.0], 0),
        ([0], [1.0], 4),
        ([0], [1.0], -1),
        ([0, 1], [1.0], 0),
        ([[0]], [[1.0]], 0),
    ],
)
def test_columns_that_make_no_sense_are_an_error_of_the_program(
    index: list[int], value: list[float], quality: int
) -> None:
    bridge, _ = new_bridge()
    with pytest.raises(ValueError, match=r"outside|differ"):
        bridge.accept_columns(index, value, START_MS, quality)
    assert not bridge.live.known.any()


def test_sequence_and_snapshot_belong_together() -> None:
    bridge, _ = new_bridge()
    assert decode_frame(bridge.snapshot().data).seq == 0
    for step in range(1, 4):
        bridge.accept([Reading("r1", "temperature", step)])
        outgoing = bridge.flush()
        assert outgoing is not None
        assert outgoing.frame.seq == step
    snapshot = decode_frame(bridge.snapshot().data)
    assert (snapshot.kind, snapshot.seq, snapshot.value.tolist()) == (Kind.SNAPSHOT, 3, [3.0])


def test_hello_says_which_stream_this_is() -> None:
    clock = HandClock(speed=60.0)
    bridge = Bridge(registry(), clock, simulated=True)
    hello = bridge.hello()
    assert hello["registry"] == registry().hash
    assert (hello["simulated"], hello["speed"], hello["seq"]) == (True, 60.0, 0)
    assert hello["time"] == "2026-09-21T14:13:20.000Z"
    assert hello["epoch"] != Bridge(registry(), clock).epoch


def test_a_venue_without_points_has_a_stream_too() -> None:
    bridge = Bridge(registry((), ()), HandClock())
    assert bridge.flush() is None
    assert len(decode_frame(bridge.snapshot().data)) == 0
    assert bridge.accept([Reading("a", "b", 1)]).refused[0].code == "unknown_device"
    assert np.array_equal(bridge.live.known, [])
