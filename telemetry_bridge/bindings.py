"""Which element each device stands for: as the files or the model say, unless somebody said otherwise. Pure.

`binding_store` keeps what was said.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
    where: str = field(default="", compare=False)
    """Where it was written, for a fault: `bindings.csv:12`."""


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

    def __init__(
        self,
        registry: Registry,
        overrides: Mapping[str, str | None] | None = None,
        ruled: Mapping[str, str] | None = None,
    ) -> None:
        """Bind each device as the registry does, except as `overrides` (device to guid or None) says.

        `ruled` (device to guid) is what rules found for devices of which neither says anything. Overrides of
        devices that are no longer in the registry are kept, and do nothing: the device may come back.
        """
        self._registry = registry
        self.overrides: Mapping[str, str | None] = MappingProxyType(dict(overrides or {}))
        self._ruled = MappingProxyType(dict(ruled or {}))
        self.element_of: Mapping[str, str | None] = MappingProxyType(
            {
                device.id: self.overrides.get(device.id, device.guid or self._ruled.get(device.id))
                for device in registry.devices.values()
            }
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
        takes its override away; to bind it to none is kept, since rules would bind it otherwise.

        Raises:
            BindingError: an unknown device, an unknown element, a device twice; all of them, none is applied.
        """
        faults = tuple(_faults(changes, self._registry, is_element))
        if faults:
            raise BindingError(faults)
        overrides = dict(self.overrides)
        for change in changes:
            overrides[change.device] = change.element
            if change.element is not None and self._registry.devices[change.device].guid == change.element:
                del overrides[change.device]
        return Bindings(self._registry, overrides, self._ruled)

    def found_by_rule(self, device: str) -> str | None:
        """Give the guid that a rule found for a device, whether or not it is bound so."""
        return self._ruled.get(device)

    def with_rules(self, ruled: Mapping[str, str]) -> "Bindings":
        """Give the same bindings with what rules found (device to guid) for the devices without one."""
        return Bindings(self._registry, self.overrides, ruled)

    @property
    def ruled(self) -> Mapping[str, str]:
        """The devices that are bound by a rule alone, to guids; nobody has confirmed them."""
        silent = (device for device in self._ruled if device in self.element_of)
        return {
            device: self._ruled[device]
            for device in silent
            if device not in self.overrides and self._registry.devices[device].guid is None
        }


def report_of(element_of: Mapping[str, str | None], is_element: IsElement) -> BindingReport:
    """What of bindings (device to guid; None: to none) deserves a look; `is_element`: the model has it."""
    bound = {device: element for device, element in element_of.items() if element is not None}
    return BindingReport(
        unbound=tuple(device for device in element_of if device not in bound),
        lost={device: element for device, element in bound.items() if not is_element(element)},
        shared={element: each for element, each in _inverted(element_of).items() if len(each) > 1},
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
        where, device = change.where or f"binding {row}", clipped(change.device)
        if change.device not in registry.devices:
            yield Fault(where, f"there is no device {device}")
        elif change.device in seen:
            yield Fault(where, f"device {device} is there twice")
        elif change.element is not None and not is_element(change.element):
            yield Fault(
                where, f"the model has no element {clipped(change.element)}; use its GlobalId, or null"
            )
        seen.add(change.device)
