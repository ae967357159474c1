"""What is found of meters, generation, storage, chargers and loads in a venue's devices."""

from typing import Any

import pytest

from tests.spatial.conftest import folder, guid_of, package
from tests.twin.panels.energy_house import (
    DEVICES,
    GROUND,
    HALL,
    OFFICE,
    UPPER,
    UPPER_HALL,
    WALL,
    device,
    plant_in,
    registry_of,
)
from twin.bound import bind_devices
from twin.panels.energy.circuits import Kind, Role
from twin.panels.energy.plant import NOWHERE, Flow, plant_of

__all__ = ["folder", "package"]


def point_of(registry: Any, plant: Any, column: int) -> str:
    assert column != NOWHERE
    return str(registry.points[int(plant.points[column])].key)


def test_everything_that_measures_is_found_once_with_its_points(package: Any) -> None:
    registry, plant = plant_in(package)
    assert sorted(plant.meters) == ["BAT", "LIGHT", "MAIN", "POWER", "PV"]
    assert [each.device for each in (*plant.inverters, *plant.storage, *plant.chargers)] == [
        "sun",
        "bat",
        "car",
    ]
    for flow in (*plant.meters.values(), *plant.inverters, *plant.chargers):
        assert point_of(registry, plant, flow.power) == f"{flow.device}/power"
        assert point_of(registry, plant, flow.energy) == f"{flow.device}/energy"
    (battery,) = plant.storage
    assert point_of(registry, plant, battery.soc) == "bat/charge"
    assert battery.energy == NOWHERE


def test_a_circuit_is_what_hangs_on_it(package: Any) -> None:
    _, plant = plant_in(package)
    roles = {key: each.role for key, each in plant.tree.circuits.items()}
    assert (roles["PV"], roles["BAT"], roles["LIGHT"]) == (Role.GENERATION, Role.STORAGE, Role.LOAD)
    assert plant.tree.leaves == ["LIGHT", "POWER"]
    assert plant.tree.roots == ["MAIN"]
    assert set(plant.by_storey) == {"MAIN", "LIGHT", "POWER"}


def test_shares_go_by_where_the_loads_are_and_what_they_are(package: Any) -> None:
    _, plant = plant_in(package)
    assert plant.by_storey["LIGHT"] == pytest.approx({GROUND: 0.25, UPPER: 0.75})
    assert plant.by_storey["POWER"] == pytest.approx({GROUND: 1.0})
    assert plant.by_kind["POWER"] == pytest.approx({Kind.SOCKETS: 0.3, Kind.CHARGING: 0.7})


def test_a_meter_counts_no_faster_than_what_is_connected_or_it_can_show(package: Any) -> None:
    _, plant = plant_in(package)
    assert (plant.meters["LIGHT"].max_kw, plant.meters["MAIN"].max_kw) == (10.0, 100.0)


def test_rooms_hold_loads_of_circuits_and_no_meters(package: Any) -> None:
    registry, plant = plant_in(package)
    named = {
        space: sorted(point_of(registry, plant, each) for each in columns)
        for space, columns in plant.spaces.items()
    }
    assert named == {HALL: ["lamp-1/power"], UPPER_HALL: ["lamp-2/power"], OFFICE: ["car/power"]}


def test_bindings_move_a_load_to_another_storey(package: Any) -> None:
    registry = registry_of()
    guids = {each.id: each.guid for each in registry.devices.values()} | {"lamp-2": guid_of(HALL)}
    plant = plant_of(registry, package, bind_devices(package, guids))
    assert plant.by_storey["LIGHT"] == pytest.approx({GROUND: 1.0})
    assert set(plant.spaces) == {HALL, OFFICE}


def test_loads_that_are_nowhere_stay_nowhere(package: Any) -> None:
    kept = [each for each in DEVICES if each.id != "lamp-1"]
    unbound = device("lamp-1", "lamp", None, circuit="LIGHT", rated_kw="2")
    _, plant = plant_in(package, (*kept, unbound))
    assert plant.by_storey["LIGHT"] == pytest.approx({NOWHERE: 0.25, UPPER: 0.75})


def test_loads_without_rated_power_leave_all_with_the_meter(package: Any) -> None:
    devices = (
        device("lamp-1", "lamp", WALL, circuit="LIGHT"),
        device("m-light", "meter", WALL, circuit="LIGHT"),
    )
    _, plant = plant_in(package, devices)
    assert plant.meters["LIGHT"] == Flow("m-light", 0, 1, 100.0)
    assert plant.by_storey["LIGHT"] == {GROUND: 1.0}, "no rated power: all of it where the plugs are"


@pytest.mark.parametrize("rated", ["", "much", "-5", "nan", "inf"])
def test_nonsense_for_a_number_is_no_power(package: Any, rated: str) -> None:
    loads = (device("lamp-2", "lamp", UPPER_HALL, circuit="LIGHT", rated_kw=rated),)
    kept = [each for each in DEVICES if each.id != "lamp-2"]
    _, plant = plant_in(package, (*kept, *loads))
    assert plant.by_storey["LIGHT"] == pytest.approx({GROUND: 1.0})


def test_a_venue_without_meters_has_an_empty_plant(package: Any) -> None:
    _, plant = plant_in(package, (device("lamp-3", "lamp", HALL),))
    assert (plant.meters, plant.tree.roots, plant.spaces, len(plant.points)) == ({}, [], {}, 0)
