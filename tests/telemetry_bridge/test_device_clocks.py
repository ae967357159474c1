"""Clocks of devices that are wrong, and what only looks like it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.columns import ColumnReader, deliver_columns
from telemetry_bridge.device_clocks import ENOUGH, JITTER_MS, SPAN_MS, TOLERANCE_MS, DeviceClocks
from telemetry_bridge.ports import Acceptance, Reading
from telemetry_bridge.wire import Quality
from tests.telemetry_bridge.builders import START_MS, HandClock, registry

HOUR_MS = 3_600_000.0
REGISTRY = registry()
KEYS = [point.key for point in REGISTRY.points]
R1, R2 = (KEYS.index(f"{room}/temperature") for room in ("r1", "r2"))


class Venue:
    """A bridge and devices that report once in a while."""

    def __init__(self, speed: float = 1.0) -> None:
        self.clock = HandClock(speed=speed)
        self.bridge = Bridge(REGISTRY, self.clock)
        self._reader = ColumnReader(REGISTRY)

    def report(self, behind_ms: float, value: float = 20.0, room: str = "r1") -> Acceptance:
        """A sample with the time of a clock so far behind."""
        return self.bridge.accept([Reading(room, "temperature", value, self.clock.time_ms - behind_ms)])

    def report_columns(self, behind_ms: float, value: float = 20.0) -> Acceptance:
        columns = {"point": [KEYS[R1]], "value": [value], "time_ms": self.clock.time_ms - behind_ms}
        return deliver_columns(self._reader.read_json({"columns": columns}), self.bridge)

    def settle(self, behind_ms: float, step_ms: float = 10_000.0) -> None:
        """As many reports as it takes, and one."""
        for number in range(ENOUGH + 1):
            self.clock.time_ms += step_ms
            self.report(behind_ms, number)

    @property
    def wrong(self) -> list[tuple[str, float]]:
        """The clocks that are wrong, and how far they are behind."""
        return [(each.device, each.behind_ms) for each in self.bridge.clocks.skews]

    @property
    def shown(self) -> tuple[float, float, Quality]:
        """Value, age in ms and quality of the temperature in r1."""
        live = self.bridge.live
        return float(live.value[R1]), self.clock.time_ms - float(live.time_ms[R1]), Quality(live.quality[R1])


@pytest.mark.parametrize("step_ms", [100.0, 500.0, 1000.0, 2600.0, 30_000.0])
def test_a_wrong_clock_is_found_however_often_its_device_reports(step_ms: float) -> None:
    venue = Venue()
    venue.settle(HOUR_MS, step_ms)
    since_ms = venue.clock.time_ms
    while not venue.wrong and venue.clock.time_ms < since_ms + 2 * SPAN_MS:
        venue.clock.time_ms += step_ms
        venue.report(HOUR_MS)
    assert venue.wrong == [("r1", HOUR_MS)]
    venue.clock.time_ms += step_ms
    venue.report(0.0)
    assert venue.wrong == []


@pytest.mark.parametrize(
    "behind_ms",
    [
        HOUR_MS,
        -HOUR_MS,
        90_000.0,
        -12_000.0,
        START_MS,  # a clock that lost its battery: 1970
    ],
)
def test_a_wrong_clock_is_found_told_and_corrected(behind_ms: float) -> None:
    venue = Venue()
    venue.settle(behind_ms)
    assert venue.shown == (float(ENOUGH), 0.0, Quality.GOOD)
    assert venue.wrong == [("r1", behind_ms)]
    assert venue.bridge.clocks.skews[0].heard_ms == venue.clock.time_ms
    venue.clock.time_ms += 10_000
    assert venue.report_columns(behind_ms, 33.0).accepted == 1
    assert venue.shown == (33.0, 0.0, Quality.GOOD)


@given(
    st.floats(-20 * HOUR_MS, 20 * HOUR_MS).filter(lambda each: abs(each) > TOLERANCE_MS + JITTER_MS),
    st.lists(st.floats(0.0, JITTER_MS * 0.9), min_size=ENOUGH, max_size=20),
)
def test_however_long_the_way_the_corrected_time_is_near_the_true_one(
    behind_ms: float, delays_ms: list[float]
) -> None:
    clocks = DeviceClocks(REGISTRY)
    now_ms = START_MS
    for delay_ms in delays_ms:
        now_ms += SPAN_MS / 2
        measured_ms = now_ms - delay_ms
        corrected = clocks.corrected(np.array([R1]), np.array([measured_ms - behind_ms]), now_ms)[0]
    assert 0 <= corrected - measured_ms <= min(delays_ms[-8:]) + 1e-3
    assert corrected <= now_ms + 1e-3


def test_a_clock_that_is_set_is_right_at_once() -> None:
    for behind_ms in (HOUR_MS, -HOUR_MS):
        venue = Venue()
        venue.settle(behind_ms)
        venue.clock.time_ms += 10_000
        venue.report(500.0, 50.0)
        assert venue.shown == (50.0, 500.0, Quality.GOOD)
        assert venue.bridge.clocks.skews == ()


def test_a_clock_that_is_set_wrong_again_is_followed() -> None:
    venue = Venue()
    venue.settle(HOUR_MS)
    for _ in range(10):
        venue.clock.time_ms += 10_000
        venue.report(3 * HOUR_MS)
    assert venue.wrong == [("r1", 3 * HOUR_MS)]


def test_what_was_kept_while_offline_is_no_wrong_clock() -> None:
    venue = Venue()
    for minute in range(60):  # an hour of samples, handed in at ten a second
        venue.clock.time_ms += 100
        venue.report(HOUR_MS - minute * 60_000.0)
    assert venue.bridge.clocks.skews == ()
    venue.clock.time_ms += 1000
    venue.report(0.0, 5.0)
    assert venue.shown == (5.0, 0.0, Quality.GOOD)


def test_a_burst_of_old_samples_is_no_wrong_clock() -> None:
    venue = Venue()
    for _ in range(50):
        venue.clock.time_ms += 5
        venue.report(HOUR_MS)
    assert venue.bridge.clocks.skews == ()
    assert venue.shown[2] == Quality.STALE


def test_live_samples_between_old_ones_clear_a_device() -> None:
    venue = Venue()
    for _ in range(30):
        venue.clock.time_ms += 10_000
        venue.report(HOUR_MS)
        venue.report(100.0)
    assert venue.bridge.clocks.skews == ()


def test_nonsense_stays_refused() -> None:
    venue = Venue()
    for number in range(40):
        venue.clock.time_ms += 10_000
        far_ms = -HOUR_MS * (1 + number % 7)
        assert [each.code for each in venue.report(far_ms).refused] == ["future"]
    assert venue.bridge.clocks.skews == ()


def test_until_a_clock_is_known_what_is_a_little_ahead_is_taken_as_now() -> None:
    venue = Venue()
    venue.report(-2000.0)
    assert venue.shown == (20.0, 0.0, Quality.GOOD)
    venue.report_columns(-1000.0, 21.0)
    assert venue.shown == (21.0, 0.0, Quality.GOOD)


def test_one_device_does_not_change_another() -> None:
    venue = Venue()
    venue.settle(HOUR_MS)
    venue.report(500.0, 7.0, "r2")
    assert float(venue.bridge.live.time_ms[R2]) == venue.clock.time_ms - 500.0
    assert [each.device for each in venue.bridge.clocks.skews] == ["r1"]


def test_in_faster_time_clocks_have_nothing_in_common() -> None:
    venue = Venue(speed=60.0)
    venue.settle(HOUR_MS)
    assert venue.bridge.clocks.skews == ()


def test_the_simulator_clears_nobody() -> None:
    venue = Venue()
    venue.settle(HOUR_MS)
    venue.bridge.accept_columns([R1], [1.0], [venue.clock.time_ms], Quality.SIMULATED)
    assert len(venue.bridge.clocks.skews) == 1


def test_of_many_wrong_clocks_the_worst_come_first() -> None:
    rooms = [f"r{number}" for number in range(9)]
    clocks = DeviceClocks(registry(rooms))
    index = np.arange(1, 27, 3)
    for step in range(ENOUGH):
        now_ms = START_MS + step * SPAN_MS
        times_ms = np.array([now_ms - 60_000.0 * minute for minute in range(1, 10)])
        clocks.corrected(index, times_ms, now_ms)
    assert [each.behind_ms for each in clocks.skews] == [60_000.0 * minute for minute in range(9, 0, -1)]
