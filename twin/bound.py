"""Which device stands for which element, both ways. Pure, but for the look-ups in the package."""

from collections.abc import Mapping
from dataclasses import dataclass

from spatial.errors import UnknownPlaceError
from spatial.model import Element
from spatial.package import ModelPackage


@dataclass(frozen=True, slots=True)
class BoundDevices:
    """Elements by device id, device ids by guid, and the guids of bindings that this model does not have."""

    element_of: Mapping[str, Element]
    devices_at: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, str]


def bind_devices(package: ModelPackage, guid_of: Mapping[str, str | None]) -> BoundDevices:
    """Look up the element of every bound device; `guid_of` maps device ids to guids, None for unbound."""
    element_of: dict[str, Element] = {}
    devices_at: dict[str, list[str]] = {}
    missing: dict[str, str] = {}
    for device, guid in guid_of.items():
        if guid is None:
            continue
        try:
            element_of[device] = package.element(guid)
        except UnknownPlaceError:
            missing[device] = guid
        else:
            devices_at.setdefault(guid, []).append(device)
    return BoundDevices(element_of, {guid: tuple(ids) for guid, ids in devices_at.items()}, missing)
