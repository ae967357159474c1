"""A small venue with meters, lamps, sun on its roof, a battery, a charger; and its readings, made by hand."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from spatial.package import ModelPackage
from telemetry_bridge.points import Device, DeviceType, Label, PointType, Registry
from tests.spatial.conftest import guid_of
from twin.bound import BoundDevices, bind_devices
from twin.panels.energy.counters import MS_PER_HOUR
from twin.panels.energy.plant import Plant, plant_of
from twin.panels.energy.readings import Grid

GROUND, UPPER = 2, 3  # storeys of the sample package
HALL, OFFICE, UPPER_HALL = 4, 6, 7  # its spaces
WALL, LAMP_IN_HALL, LAMP_IN_OFFICE = 8, 11, 12  # its elements


def kw(name: str, kind: str, low: float, high: float) -> PointType:
    return PointType(name, kind, "kW", low, high)


def kwh(kind: str) -> PointType:
    return PointType("energy", kind, "kWh", 0, 1e8)


TYPES = (
    DeviceType(
        "meter",
        brick_class="Electrical_Meter",
        points=(kw("power", "Electric_Power_Sensor", -50, 100), kwh("Electric_Energy_Sensor")),
    ),
    DeviceType(
        "inverter",
        brick_class="Photovoltaic_Inverter",
        points=(kw("power", "Venue_Generated_Power_Sensor", 0, 50), kwh("Energy_Generation_Sensor")),
    ),
    DeviceType(
        "battery",
        brick_class="Battery_Energy_Storage_System",
        points=(
            kw("power", "Venue_Storage_Power_Sensor", -30, 30),
            PointType("charge", "Venue_State_Of_Charge_Sensor", "%", 0, 100),
        ),
    ),
    DeviceType(
        "charger",
        brick_class="Electric_Vehicle_Charging_Station",
        points=(kw("power", "Active_Power_Sensor", 0, 7), kwh("Electric_Energy_Sensor")),
    ),
    DeviceType("lamp", brick_class="Luminaire", points=(kw("power", "Electric_Power_Sensor", 0, 8),)),
)


def device(key: str, kind: str, element: int | None = None, **attributes: str) -> Device:
    guid = None if element is None else guid_of(element)
    return Device(key, kind, Label(key, key), guid, attributes=attributes)


DEVICES = (
    device("m-main", "meter", WALL, circuit="MAIN"),
    device("m-light", "meter", WALL, circuit="LIGHT", parent_circuit="MAIN", connected_kw="10"),
    device("m-power", "meter", WALL, circuit="POWER", parent_circuit="MAIN", plug_kw="3"),
    device("m-pv", "meter", WALL, circuit="PV", parent_circuit="MAIN"),
    device("m-bat", "meter", WALL, circuit="BAT", parent_circuit="MAIN"),
    device("sun", "inverter", None, circuit="PV"),
    device("bat", "battery", None, circuit="BAT"),
    device("car", "charger", LAMP_IN_OFFICE, circuit="POWER", rated_kw="7"),
    device("lamp-1", "lamp", LAMP_IN_HALL, circuit="LIGHT", rated_kw="2"),
    device("lamp-2", "lamp", UPPER_HALL, circuit="LIGHT", rated_kw="6"),
    device("lamp-3", "lamp", LAMP_IN_OFFICE, rated_kw="1"),  # on no circuit
)


def registry_of(devices: Sequence[Device] = DEVICES) -> Registry:
    return Registry(TYPES, devices)


def bound_of(registry: Registry, package: ModelPackage) -> BoundDevices:
    return bind_devices(package, {each.id: each.guid for each in registry.devices.values()})


def plant_in(package: ModelPackage, devices: Sequence[Device] = DEVICES) -> tuple[Registry, Plant]:
    registry = registry_of(devices)
    return registry, plant_of(registry, package, bound_of(registry, package))


def hours(count: int) -> np.ndarray:
    return np.arange(count) * MS_PER_HOUR


def grid_of(registry: Registry, plant: Plant, readings: Mapping[str, Sequence[float]]) -> Grid:
    """Hourly readings by `device/point`; what is not given is not known."""
    count = max(len(each) for each in readings.values())
    values = np.full((count, len(plant.points)), np.nan)
    for key, column in readings.items():
        found = registry.find(*key.split("/"))
        assert found is not None, key
        for place in np.flatnonzero(plant.points == found.point_index):
            values[: len(column), place] = column
    read_ms = np.broadcast_to(hours(count)[:, None], values.shape)
    return Grid(hours(count), values, read_ms)


def write_venue(folder: Path, energy: str = "") -> Path:
    """The venue's folder, in a zone eight hours ahead of UTC."""
    folder.mkdir()
    (folder / "venue.yaml").write_text("id: x\nname: X\ntimezone: Asia/Shanghai\n", "utf-8")
    types = {
        each.id: {"brick": each.brick_class, "points": [_point(p) for p in each.points]} for each in TYPES
    }
    (folder / "device_types.yaml").write_text(yaml.safe_dump(types), "utf-8")
    extra = sorted({name for each in DEVICES for name in each.attributes})
    with (folder / "devices.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, ["device", "type", "guid", "tag", *extra])
        rows.writeheader()
        for each in DEVICES:
            rows.writerow({"device": each.id, "type": each.type, "guid": each.guid or "", **each.attributes})
    if energy:
        (folder / "energy.yaml").write_text(energy, "utf-8")
    return folder


def _point(of: PointType) -> dict[str, Any]:
    return {"name": of.name, "class": of.point_class, "unit": of.unit, "range": [of.low, of.high]}
