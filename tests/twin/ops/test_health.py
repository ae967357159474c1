"""Health and availability, from columns and spells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.live import LiveState
from telemetry_bridge.points import Device, DeviceType, PointType, Registry, State
from telemetry_bridge.wire import Quality
from twin.panels.ops.faults import Spell, covered_ms, records
from twin.panels.ops.health import DeviceColumns, Health, judge

STATES = tuple(State(key, key, key) for key in ("offline", "ok", "fault"))
TYPES = [
    DeviceType("fan", points=(PointType("power", low=0, high=9), PointType("status", states=STATES))),
    DeviceType("mute"),
]
REGISTRY = Registry(TYPES, [Device("A", "fan"), Device("B", "mute"), Device("C", "fan")])
OK, FAULT, OFFLINE = 1.0, 2.0, 0.0


def health_of_c(
    power: float | None, status: float | None, power_ms: float = 1000.0, now_ms: float = 2000.0
) -> Health:
    live = LiveState(REGISTRY.low, REGISTRY.high, REGISTRY.period_ms)
    for name, value, time_ms in (("power", power, power_ms), ("status", status, 1000.0)):
        point = REGISTRY.find("C", name)
        if point is not None and value is not None:
            live.apply([point.point_index], [value], time_ms, Quality.GOOD, now_ms)
    now = judge(DeviceColumns(REGISTRY), live)
    assert list(now.health[:2]) == [Health.STALE, Health.STALE]
    assert np.isnan(now.stale_share[:2]).all()
    return Health(int(now.health[2]))


@pytest.mark.parametrize(
    ("power", "status", "expected"),
    [
        (1.0, OK, Health.ONLINE),
        (1.0, None, Health.ONLINE),
        (None, None, Health.STALE),
        (1.0, OFFLINE, Health.STALE),
        (99.0, OK, Health.BAD),
        (99.0, FAULT, Health.FAULT),
        (1.0, FAULT, Health.FAULT),
    ],
)
def test_a_device_is_as_its_points_say(power: float | None, status: float | None, expected: Health) -> None:
    assert health_of_c(power, status) is expected


def test_half_of_the_points_silent_is_a_silent_device() -> None:
    assert health_of_c(1.0, OK, power_ms=1000.0, now_ms=1000.0 + 179_000) is Health.ONLINE
    assert health_of_c(1.0, OK, power_ms=-5000.0, now_ms=1000.0 + 179_000) is Health.STALE


spans = st.tuples(st.integers(-50, 150), st.integers(0, 80)).map(lambda s: Spell("A", s[0], s[0] + s[1]))


@given(st.lists(spans, max_size=12))
def test_time_out_of_order_is_counted_once(spells: list[Spell]) -> None:
    seconds = {s for spell in spells for s in range(int(spell.from_ms), int(spell.to_ms))} & set(range(100))
    assert covered_ms(spells, 0, 100) == len(seconds)


def test_a_record_counts_every_raising() -> None:
    found = records([Spell("A", 10, 20, 3), Spell("A", 15, 30), Spell("B", -100, 200)], 0, 100)
    assert found["A"].faults == 4
    assert found["A"].availability == pytest.approx(0.8)
    assert found["B"].availability == 0.0
