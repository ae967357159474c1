"""The meter tree, and whose energy a circuit's is. Pure.

By the devices' attributes: a meter has `circuit` (what it measures), `parent_circuit` (the circuit above) and
perhaps `connected_kw`, `plug_kw` (what is plugged in on it); a load has `circuit` and `rated_kw`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from telemetry_bridge.points import Device, Label, Registry

Group = TypeVar("Group")

METER_CLASS = "Electrical_Meter"
ENERGY_CLASS, GENERATION_CLASS = "Electric_Energy_Sensor", "Energy_Generation_Sensor"
POWER_CLASSES = ("Electric_Power_Sensor", "Active_Power_Sensor")
GENERATED_CLASS, STORAGE_CLASS = "Venue_Generated_Power_Sensor", "Venue_Storage_Power_Sensor"
CHARGER_CLASS = "Electric_Vehicle_Charging_Station"
SOC_CLASS = "Venue_State_Of_Charge_Sensor"


class Role(StrEnum):
    """What a circuit does: draws, feeds in, or both by turns."""

    LOAD = "load"
    GENERATION = "generation"
    STORAGE = "storage"


class Kind(StrEnum):
    """What electricity is used for."""

    LIGHTING = "lighting"
    COOLING = "cooling"
    CHARGING = "charging"
    LIFTS = "lifts"
    WATER = "water"
    ELECTRONICS = "electronics"
    SOCKETS = "sockets"
    OTHER = "other"


KIND_OF: Mapping[str, Kind] = {
    "Luminaire": Kind.LIGHTING,
    "AHU": Kind.COOLING,
    "Fan_Coil_Unit": Kind.COOLING,
    "Water_Cooled_Chiller": Kind.COOLING,
    "Cooling_Tower": Kind.COOLING,
    "Exhaust_Fan": Kind.COOLING,
    "Fan": Kind.COOLING,
    "Packaged_Air_Source_Heat_Pump": Kind.COOLING,
    CHARGER_CLASS: Kind.CHARGING,
    "Elevator": Kind.LIFTS,
    "Water_Pump": Kind.WATER,
    "Water_Heater": Kind.WATER,
    "Boiler": Kind.WATER,
    "Audio_Visual_Equipment": Kind.ELECTRONICS,
    "ICT_Equipment": Kind.ELECTRONICS,
    "Wireless_Access_Point": Kind.ELECTRONICS,
    "Surveillance_Camera": Kind.ELECTRONICS,
    "Access_Control_Equipment": Kind.ELECTRONICS,
    "Battery": Kind.ELECTRONICS,
}
"""By Brick class; a Battery is that of an uninterruptible supply, storage has a class of its own."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """A metered circuit; `loads` are the devices on it, by id. `parent` is None for an intake."""

    id: str
    meter: str
    label: Label
    parent: str | None
    role: Role
    loads: tuple[str, ...]
    connected_kw: float = 0.0
    plug_kw: float = 0.0


class CircuitTree:
    """The venue's metered circuits by id, in the order of their ids."""

    def __init__(self, circuits: Iterable[Circuit]) -> None:
        """A parent that is no circuit, or lies below its own child, is none."""
        known = {each.id: each for each in sorted(circuits, key=lambda each: each.id)}
        self.circuits: Mapping[str, Circuit] = known
        self._parent = {key: parent for key in known if (parent := _sound_parent(known, key)) is not None}
        self._children: dict[str, list[str]] = {}
        for key, parent in self._parent.items():
            self._children.setdefault(parent, []).append(key)

    def parent(self, circuit: str) -> str | None:
        """The circuit above; None for an intake."""
        return self._parent.get(circuit)

    def children(self, circuit: str) -> Sequence[str]:
        """The circuits right below."""
        return self._children.get(circuit, ())

    @property
    def roots(self) -> list[str]:
        """Where power comes into the venue."""
        return [key for key in self.circuits if key not in self._parent]

    @property
    def leaves(self) -> list[str]:
        """Circuits that draw and have none below: together what the venue uses, as far as metered."""
        return [
            key for key, each in self.circuits.items() if each.role is Role.LOAD and not self.children(key)
        ]

    def below(self, circuit: str) -> Iterator[str]:
        """The circuit and all below it."""
        yield circuit
        for child in self.children(circuit):
            yield from self.below(child)

    def rest(self, circuit: str, value_of: Mapping[str, float | None]) -> float | None:
        """What goes through a circuit but through no meter below it.

        None for a leaf, where a value is missing, and where something below feeds in: flows that cancel out
        are not in the difference.
        """
        own, children = value_of.get(circuit), self.children(circuit)
        if own is None or not children:
            return None
        if any(self.circuits[each].role is not Role.LOAD for each in self.below(circuit)):
            return None
        parts = [value_of.get(child) for child in children]
        return None if None in parts else own - sum(part or 0.0 for part in parts)


def _sound_parent(circuits: Mapping[str, Circuit], circuit: str) -> str | None:
    """The parent, unless following it upwards leads round in a circle."""
    parent = circuits[circuit].parent
    if parent not in circuits:
        return None
    seen, above = {circuit}, parent
    while above is not None and above in circuits:
        if above in seen:
            return None
        seen.add(above)
        above = circuits[above].parent
    return parent


def tree_of(registry: Registry) -> CircuitTree:
    """The meter tree of a venue's devices; empty where it has no electricity meter with a circuit."""
    loads: dict[str, list[str]] = {}
    for device in registry.devices.values():
        circuit = device.attributes.get("circuit", "")
        if circuit and not is_meter(registry, device):
            loads.setdefault(circuit, []).append(device.id)
    meters = [each for each in registry.devices.values() if is_meter(registry, each)]
    return CircuitTree(
        _circuit(registry, each, loads.get(each.attributes["circuit"], []))
        for each in meters
        if each.attributes.get("circuit")
    )


def is_meter(registry: Registry, device: Device) -> bool:
    """Whether a device measures electricity for others."""
    return registry.types[device.type].brick_class.endswith(METER_CLASS)


def _circuit(registry: Registry, meter: Device, loads: Sequence[str]) -> Circuit:
    classes = {point.point_class for load in loads for point in registry.points_of(load)}
    role = Role.LOAD
    if STORAGE_CLASS in classes:
        role = Role.STORAGE
    elif GENERATED_CLASS in classes or GENERATION_CLASS in classes:
        role = Role.GENERATION
    return Circuit(
        id=meter.attributes["circuit"],
        meter=meter.id,
        label=meter.label,
        parent=meter.attributes.get("parent_circuit") or None,
        role=role,
        loads=tuple(loads),
        connected_kw=number(meter, "connected_kw"),
        plug_kw=number(meter, "plug_kw"),
    )


def number(device: Device, attribute: str) -> float:
    """An attribute as a number of 0 or more; 0 where it is none."""
    try:
        value = float(device.attributes.get(attribute) or 0.0)
    except ValueError:
        return 0.0
    return value if 0.0 <= value < float("inf") else 0.0


def kind_of(registry: Registry, device: str) -> Kind:
    """What a load uses electricity for."""
    found = registry.devices[device]
    return KIND_OF.get(registry.types[found.type].brick_class, Kind.OTHER)


def shares(
    circuit: Circuit,
    weight_of: Callable[[str], float],
    group_of: Callable[[str], Group],
    plugs: Group,
) -> dict[Group, float]:
    """How a circuit's energy divides among groups: by its loads' rated power; plugs are at `plugs`.

    The shares add up to 1. Where no rated power is known all of it is where the plugs are.
    """
    weights: dict[Group, float] = {plugs: circuit.plug_kw} if circuit.plug_kw > 0 else {}
    for load in circuit.loads:
        if (weight := weight_of(load)) > 0:
            group = group_of(load)
            weights[group] = weights.get(group, 0.0) + weight
    whole = sum(weights.values())
    return {group: weight / whole for group, weight in weights.items()} if whole > 0 else {plugs: 1.0}
