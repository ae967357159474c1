"""The venue's energy points, where they are and what they stand for; made once of registry and model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spatial.package import ModelPackage
from telemetry_bridge.points import Device, Registry
from twin.bound import BoundDevices
from twin.panels.energy.circuits import (
    CHARGER_CLASS,
    ENERGY_CLASS,
    GENERATED_CLASS,
    GENERATION_CLASS,
    POWER_CLASSES,
    SOC_CLASS,
    STORAGE_CLASS,
    CircuitTree,
    Kind,
    Role,
    is_meter,
    kind_of,
    number,
    shares,
    tree_of,
)
from twin.panels.energy.readings import Ints

NOWHERE = -1
"""The place of what is bound to no storey or space."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A device's columns in the readings, -1 where it has none, and its greatest power."""

    device: str
    power: int
    energy: int
    max_kw: float
    soc: int = NOWHERE


@dataclass(frozen=True, slots=True, eq=False)
class Plant:
    """`points` (n,) are the wire numbers of the columns. Storeys and spaces are element indices."""

    tree: CircuitTree
    points: Ints
    meters: dict[str, Flow]
    """By circuit."""
    inverters: tuple[Flow, ...]
    storage: tuple[Flow, ...]
    chargers: tuple[Flow, ...]
    by_storey: dict[str, dict[int, float]]
    """By circuit the storeys' shares of it."""
    by_kind: dict[str, dict[Kind, float]]
    spaces: dict[int, tuple[int, ...]]
    """By space the columns of its loads' power."""


class _Columns:
    """Numbers points as they are met."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.points: list[int] = []

    def of(self, device: str, classes: Sequence[str], unit: str) -> tuple[int, float]:
        """The column and the greatest value of the first such point; -1 and infinity where there is none."""
        for point in self._registry.points_of(device):
            if point.point_class in classes and point.unit == unit:
                self.points.append(point.point_index)
                return len(self.points) - 1, point.type.high
        return NOWHERE, float("inf")


def plant_of(registry: Registry, package: ModelPackage, bound: BoundDevices) -> Plant:
    """Find all that measures electricity, and whose it is."""
    tree, columns = tree_of(registry), _Columns(registry)
    storey_of = {device: _storey(package, bound, device) for device in registry.devices}
    meters = {each.id: _meter(columns, each.meter, each.connected_kw) for each in tree.circuits.values()}
    generating = [each for each in registry.devices if _has(registry, each, (GENERATED_CLASS,))]
    storing = [each for each in registry.devices if _has(registry, each, (STORAGE_CLASS,))]
    charging = [
        each.id
        for each in registry.devices.values()
        if registry.types[each.type].brick_class == CHARGER_CLASS
    ]

    def weight(device: str) -> float:
        return number(registry.devices[device], "rated_kw")

    circuits = [each for each in tree.circuits.values() if each.role is Role.LOAD]
    return Plant(
        tree=tree,
        meters=meters,
        inverters=tuple(_flow(columns, each, (GENERATED_CLASS,), GENERATION_CLASS) for each in generating),
        storage=tuple(_flow(columns, each, (STORAGE_CLASS,), "") for each in storing),
        chargers=tuple(_flow(columns, each, POWER_CLASSES, ENERGY_CLASS) for each in charging),
        by_storey={
            each.id: shares(each, weight, storey_of.__getitem__, storey_of[each.meter]) for each in circuits
        },
        by_kind={
            each.id: shares(each, weight, lambda load: kind_of(registry, load), Kind.SOCKETS)
            for each in circuits
        },
        spaces=_spaces(registry, package, bound, columns),
        points=np.array(columns.points, dtype=np.int64),
    )


def _has(registry: Registry, device: str, classes: Sequence[str]) -> bool:
    return any(point.point_class in classes for point in registry.points_of(device))


def _meter(columns: _Columns, device: str, connected_kw: float) -> Flow:
    power, high = columns.of(device, POWER_CLASSES, "kW")
    energy, _ = columns.of(device, (ENERGY_CLASS,), "kWh")
    return Flow(device, power, energy, min(high, connected_kw) if connected_kw > 0 else high)


def _flow(columns: _Columns, device: str, powers: Sequence[str], energy: str) -> Flow:
    power, high = columns.of(device, powers, "kW")
    counter, _ = columns.of(device, (energy,), "kWh")
    soc, _ = columns.of(device, (SOC_CLASS,), "%")
    return Flow(device, power, counter, high, soc)


def _storey(package: ModelPackage, bound: BoundDevices, device: str) -> int:
    element = bound.element_of.get(device)
    if element is None:
        return NOWHERE
    space = package.space_by_index.get(_index(element.space_index))
    storey = space.storey_index if space is not None else element.storey_index
    return _index(storey if storey is not None else element.storey_index)


def _spaces(
    registry: Registry, package: ModelPackage, bound: BoundDevices, columns: _Columns
) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for device in registry.devices.values():
        element = bound.element_of.get(device.id)
        if element is None or not _is_load(registry, device):
            continue
        space = (
            element.element_index if element.element_index in package.space_by_index else element.space_index
        )
        column, _ = columns.of(device.id, POWER_CLASSES, "kW")
        if space is not None and column != NOWHERE:
            found.setdefault(space, []).append(column)
    return {space: tuple(each) for space, each in found.items()}


def _is_load(registry: Registry, device: Device) -> bool:
    """What hangs on a circuit and passes nothing on: boards and transformers have no circuit of their own."""
    return bool(device.attributes.get("circuit")) and not is_meter(registry, device)


def _index(index: int | None) -> int:
    return NOWHERE if index is None else index
