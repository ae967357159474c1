"""Equipment on the demo venue's device types, in a small house of five rooms."""

from pathlib import Path

import numpy as np
import pytest

from telemetry_bridge.points import Device, DeviceType, PointType, Registry, State
from telemetry_bridge.registry import load_registry
from tests.twin.simulation.test_world import COURT, HOUR_MS, LIBRARY, ms, world_at
from twin.simulation.equipment import ROLES, Equipment, role_of
from twin.simulation.instruments import COUNTERS, READERS, reader_of
from twin.simulation.reporting import Reporting

DEVICE_TYPES = Path(__file__).parents[3] / "assets/palace/venue/device_types.yaml"


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DeviceType]:
    nobody = tmp_path_factory.mktemp("venue") / "devices.csv"
    nobody.write_text("device,type,name_zh,name_en,guid,tag\n")
    return dict(load_registry(DEVICE_TYPES, nobody).types)


def house(types: dict[str, DeviceType]) -> Registry:
    """One device of every type, and a few more that the tests below speak of."""
    devices = [Device(f"one-{name}", name) for name in types]
    devices += [
        Device("lamp-court", "luminaire_highbay", attributes={"rated_kw": "0.4", "circuit": "C1"}),
        Device("lamp-library", "luminaire_linear", attributes={"rated_kw": "0.1", "circuit": "C2"}),
        Device("meter", "electricity_meter", attributes={"circuit": "C1 C2"}),
        Device("string", "pv_string", attributes={"kwp": "10", "inverter": "inverter"}),
        Device("inverter", "inverter"),
    ]
    return Registry(types.values(), devices)


def equipment_at(text: str, types: dict[str, DeviceType]) -> Equipment:
    spaces = {
        "lamp-court": COURT,
        "lamp-library": LIBRARY,
        "one-room_sensor": LIBRARY,
        "one-fan_coil": LIBRARY,
    }
    return Equipment(house(types), world_at(text), spaces)


def position(equipment: Equipment, device: str) -> int:
    return list(equipment.registry.devices).index(device)


def shown(equipment: Equipment, device: str, name: str) -> float:
    point = equipment.registry.find(device, name)
    assert point is not None
    return float(reader_of(point)(equipment, np.array([position(equipment, device)]))[0])


def test_every_class_of_the_demo_venue_has_a_reader_of_its_own(types: dict[str, DeviceType]) -> None:
    assert {point.point_class for each in types.values() for point in each.points} <= set(READERS)


@pytest.mark.parametrize("moment", ["2026-07-30T13:00", "2026-11-18T03:30", "2026-02-03T20:00"])
def test_every_point_shows_a_value_that_its_instrument_can_show(
    moment: str, types: dict[str, DeviceType]
) -> None:
    equipment = equipment_at(moment, types)
    for point in equipment.registry.points:
        value = shown(equipment, point.device, point.name)
        assert np.isfinite(value), point.key
        if point.states:
            assert value in range(len(point.states)), point.key
        assert point.type.low <= value <= point.type.high, (point.key, value)


def test_lamps_and_their_meter_follow_the_evening(types: dict[str, DeviceType]) -> None:
    evening, night = equipment_at("2026-11-18T19:30", types), equipment_at("2026-11-18T03:30", types)
    assert shown(evening, "lamp-court", "status") == 1
    assert shown(night, "lamp-court", "status") == 0
    lamps = [float(evening.power_kw[position(evening, name)]) for name in ("lamp-court", "lamp-library")]
    assert sum(lamps) > 0.45
    assert float(evening.power_kw[position(evening, "meter")]) == pytest.approx(sum(lamps))


def test_counters_only_go_up_and_by_what_was_drawn(types: dict[str, DeviceType]) -> None:
    equipment = equipment_at("2026-11-18T18:00", types)
    meter = position(equipment, "meter")
    before = equipment.energy_kwh.copy()
    drawn = 0.0
    for _ in range(60):
        equipment.world.advance(equipment.world.time_ms + 60_000, 60)
        equipment.advance(60.0)
        drawn += float(equipment.power_kw[meter]) / 60.0
    assert np.all(equipment.energy_kwh >= before)
    assert float((equipment.energy_kwh - before)[meter]) == pytest.approx(drawn)


def test_the_sun_feeds_the_inverter(types: dict[str, DeviceType]) -> None:
    noon = equipment_at("2026-07-30T12:00", types)
    string, inverter = (float(noon.power_kw[position(noon, name)]) for name in ("string", "inverter"))
    share = noon.world.weather.irradiance_w_m2 / 1000.0
    assert string == pytest.approx(10 * share * 0.86, rel=0.1)
    assert inverter == pytest.approx(string * 0.972)
    assert shown(equipment_at("2026-07-30T01:00", types), "inverter", "power") == 0


def test_an_order_beats_the_automatic_and_a_fault_beats_the_order(types: dict[str, DeviceType]) -> None:
    equipment = equipment_at("2026-11-18T03:30", types)
    lamp = position(equipment, "lamp-court")
    equipment.level[lamp] = 0.5
    equipment.advance(0.0)
    assert shown(equipment, "lamp-court", "level") == 50
    equipment.faults = type(equipment.faults)(equipment.keys, np.full(len(equipment.keys), 365.25 * 10))
    equipment.advance(0.0)
    assert shown(equipment, "lamp-court", "status") == 2
    assert shown(equipment, "lamp-court", "power") == 0


def test_storage_charges_from_the_sun_and_gives_back_in_the_evening(types: dict[str, DeviceType]) -> None:
    equipment = equipment_at("2026-07-30T09:00", types)
    storage = position(equipment, "one-battery")
    seen = {}
    for _ in range(13 * 12):
        equipment.world.advance(equipment.world.time_ms + HOUR_MS / 12, 300)
        equipment.advance(300.0)
        assert 0.0 <= equipment.state_of_charge[storage] <= 1.0
        seen[round(equipment.hour, 1)] = float(equipment.power_kw[storage])
    assert max(power for hour, power in seen.items() if 11 < hour < 14) > 5
    assert min(power for hour, power in seen.items() if 18.2 < hour < 20) < -5


def test_storage_gives_no_more_than_the_house_draws(types: dict[str, DeviceType]) -> None:
    equipment = equipment_at("2026-11-18T19:00", types)
    storage = equipment.of("storage")
    equipment.capacity_kw[storage] = 10_000.0
    equipment.advance(60.0)
    drawn = equipment.circuits.draw_kw(equipment.power_kw, storage)
    assert -float(equipment.power_kw[storage].sum()) == pytest.approx(0.7 * drawn)


def test_types_that_no_word_names_are_placed_by_their_ifc_class() -> None:
    assert role_of(DeviceType("x", ifc_class="IfcLightFixture")).name == "lamp"
    assert role_of(DeviceType("x", ifc_class="IfcSensor")) is ROLES[-1]


def test_devices_report_at_their_period_and_when_their_state_changes() -> None:
    states = (State("off", "关", "Off"), State("on", "开", "On"))
    kind = DeviceType(
        "k", points=(PointType("level", period_s=60.0), PointType("state", states=states, period_s=600.0))
    )
    registry = Registry([kind], [Device("d", "k")])
    level, state = 0, 1
    reporting = Reporting(registry, seed=1)
    start = ms("2026-11-18T10:00")
    assert reporting.due(np.array([20.0, 0.0]), start).tolist() == [level, state]
    assert reporting.due(np.array([20.001, 0.0]), start + 1000).tolist() == []
    assert reporting.due(np.array([20.001, 1.0]), start + 2000).tolist() == [state]
    assert level in reporting.due(np.array([25.0, 1.0]), start + 30_000).tolist()
    sent = sum(len(reporting.due(np.array([25.0, 1.0]), start + 30_000 + t * 1000)) for t in range(3600))
    assert 50 <= sent <= 90  # 60 of the one, 6 of the other, with jitter
    assert reporting.due(np.array([np.nan, np.nan]), start + 10 * HOUR_MS).tolist() == []


def test_counters_go_on_from_what_they_showed_last(types: dict[str, DeviceType]) -> None:
    equipment = equipment_at("2026-11-18T18:00", types)
    meter, other = position(equipment, "meter"), position(equipment, "inverter")
    before = float(equipment.energy_kwh[other])
    equipment.resume("energy_kwh", np.array([meter, other]), np.array([123_456.0, np.nan]))
    assert shown(equipment, "meter", "energy") == 123_456.0
    assert float(equipment.energy_kwh[other]) == before
    classes = {point.point_class for each in types.values() for point in each.points}
    assert set(COUNTERS) <= classes
