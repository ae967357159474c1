"""What the venue's files and the model say of every device; the look-ups beside `facts`."""

from collections.abc import Mapping
from typing import Any

from spatial.package import ModelPackage
from telemetry_bridge.points import Registry
from twin.bound import BoundDevices
from twin.devices.facts import IFC_SETS, Facts, base_facts, plate_facts


def read_base(package: ModelPackage, registry: Registry, bound: BoundDevices) -> dict[str, Facts]:
    """The facts of each device as the files say, by device id."""
    sets = {pset: package.values_of(pset) for pset in IFC_SETS}
    return {
        device.id: base_facts(device, _plate(sets, bound, device.id)) for device in registry.devices.values()
    }


def _plate(
    sets: Mapping[str, Mapping[int, Mapping[str, Any]]], bound: BoundDevices, device: str
) -> dict[str, str]:
    element = bound.element_of.get(device)
    if element is None:
        return {}
    return plate_facts({pset: values.get(element.element_index, {}) for pset, values in sets.items()})
