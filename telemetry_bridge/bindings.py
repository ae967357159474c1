"""Which element each device stands for: as the files or the model say, unless somebody said otherwise. Pure.

`binding_store` keeps what was said.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from telemetry_bridge.errors import BindingError, Fault
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import clipped

IsElement = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Binding:
    """A device and the guid of the element that it stands for; None: none."""

    device: str
    element: str | None


@dataclass(frozen=True, slots=True)
class BindingReport:
    """What deserves a look: devices without an element; devices whose element is not in the model (device to
    guid); elements with several devices (guid to devices), which is often right.
    """

    unbound: tuple[str, ...]
    lost: Mapping[str, str]
    shared: Mapping[str, tuple[str, ...]]


class Bindings:
    """All bindings of a venue; never changes, `with_changes` gives new ones."""

    def __init__(self, registry: Registry, overrides: Mapping[str, str | None] | None = None) -> None:
        """Bind each device as the registry does, except as `overrides` (device to guid or None) says.

        Overrides of devices that are no longer in the registry are kept, and do nothing: the device may come
        back.
        """
        self._registry = registry
        self.overrides: Mapping[str, str | None] = MappingProxyType(dict(overrides or {}))
        self.element_of: Mapping[str, str | None] = MappingProxyType(
            {device.id: self.overrides.get(device.id, device.guid) for device in registry.devices.values()}
        )
        self._devices_of = _inverted(self.element_of)

    def devices_of(self, element: str) -> tuple[str, ...]:
        """Give the devices bound to an element, by id."""
        return self._devices_of.get(element, ())

    def all(self) -> tuple[Binding, ...]:
        """Give every device's binding, by device id."""
        return tuple(Binding(device, element) for device, element in self.element_of.items())

    def with_changes(self, changes: Sequence[Binding], is_element: IsElement) -> "Bindings":
        """Give the bindings with these devices bound anew; the other devices keep theirs.

        `is_element` says whether a guid is an element of the model. Binding a device as the registry does
        takes its override away.

        Raises:
            BindingError: an unknown device, an unknown element, a device twice; all of them, none is applied.
        """
        faults = tuple(_faults(changes, self._registry, is_element))
        if faults:
            raise BindingError(faults)
        overrides = dict(self.overrides)
        for change in changes:
            overrides[change.device] = change.element
            if self._registry.devices[change.device].guid == change.element:
                del overrides[change.device]
        return Bindings(self._registry, overrides)

    def report(self, is_element: IsElement) -> BindingReport:
        """Say what deserves a look; `is_element` as for `with_changes`."""
        bound = {device: element for device, element in self.element_of.items() if element is not None}
        return BindingReport(
            unbound=tuple(device for device in self.element_of if device not in bound),
            lost={device: element for device, element in bound.items() if not is_element(element)},
            shared={element: devices for element, devices in self._devices_of.items() if len(devices) > 1},
        )


def _inverted(element_of: Mapping[str, str | None]) -> Mapping[str, tuple[str, ...]]:
    devices = defaultdict[str, list[str]](list)
    for device, element in element_of.items():
        if element is not None:
            devices[element].append(device)
    return {element: tuple(devices[element]) for element in sorted(devices)}


def _faults(changes: Sequence[Binding], registry: Registry, is_element: IsElement) -> Iterable[Fault]:
    seen = set[str]()
    for row, change in enumerate(changes):
        where, device = f"binding {row}", clipped(change.device)
        if change.device not in registry.devices:
            yield Fault(where, f"there is no device {device}")
        elif change.device in seen:
            yield Fault(where, f"device {device} is there twice")
        elif change.element is not None and not is_element(change.element):
            yield Fault(
                where, f"the model has no element {clipped(change.element)}; use its GlobalId, or null"
            )
        seen.add(change.device)
