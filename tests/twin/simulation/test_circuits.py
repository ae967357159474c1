import numpy as np
import pytest

from telemetry_bridge.points import Device
from twin.simulation.circuits import Circuits, Load


def device(name: str, **attributes: str) -> Device:
    return Device(name, "any", attributes=attributes)


DEVICES = {
    "main": (device("main", circuit="MAIN"), Load.METER),
    "hall": (device("hall", circuit="HALL", parent_circuit="MAIN", plug_kw="5"), Load.METER),
    "roof": (device("roof", circuit="PV", parent_circuit="MAIN"), Load.METER),
    "board": (device("board", feeds="HALL;PV"), Load.METER),
    "lamp": (device("lamp", circuit="HALL"), Load.CONSUMER),
    "fan": (device("fan", circuit="HALL"), Load.CONSUMER),
    "inverter": (device("inverter", circuit="PV", unit="INV-1"), Load.PRODUCER),
    "string": (device("string", circuit="PV", inverter="INV-1"), Load.NONE),
    "lonely": (device("lonely"), Load.CONSUMER),
}
NAMES = list(DEVICES)


def measured(plugs: float = 0.0, **power_kw: float) -> dict[str, float]:
    circuits = Circuits([each for each, _ in DEVICES.values()], [load for _, load in DEVICES.values()])
    power = np.array([power_kw.get(name, 0.0) for name in NAMES])
    circuits.measure(power, plugs)
    return dict(zip(NAMES, power.tolist(), strict=True))


def test_meters_add_up_along_the_tree() -> None:
    shown = measured(lamp=2.0, fan=1.5, lonely=9.0)
    assert (shown["hall"], shown["main"], shown["board"]) == (3.5, 3.5, 3.5)


def test_what_people_plug_in_is_measured_too() -> None:
    assert measured(plugs=0.4, lamp=2.0)["hall"] == pytest.approx(4.0)


def test_the_roof_feeds_the_house_and_its_meter_shows_what_it_feeds() -> None:
    shown = measured(lamp=5.0, inverter=3.0)
    assert (shown["roof"], shown["main"]) == (3.0, 2.0)
    assert measured(lamp=1.0, inverter=3.0)["main"] == 0.0  # the rest goes out to the grid


def test_strings_find_their_inverter_by_its_unit() -> None:
    circuits = Circuits([each for each, _ in DEVICES.values()], [load for _, load in DEVICES.values()])
    power = np.array([7.5 if name == "string" else 0.0 for name in NAMES])
    assert circuits.into_inverters(power).tolist() == [7.5 if name == "inverter" else 0.0 for name in NAMES]


def test_circuits_that_feed_each_other_in_a_ring_come_to_an_end() -> None:
    ring = [device("a", circuit="A", parent_circuit="B"), device("b", circuit="B", parent_circuit="A")]
    circuits = Circuits([*ring, device("lamp", circuit="A")], [Load.METER, Load.METER, Load.CONSUMER])
    assert np.all(np.isfinite(circuits.through(np.array([0.0, 0.0, 1.0]), 0.0)))


def test_a_venue_without_meters_has_nothing_to_measure() -> None:
    power = np.array([1.0])
    Circuits([device("lamp")], [Load.CONSUMER]).measure(power, 0.5)
    assert power.tolist() == [1.0]
