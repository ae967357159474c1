"""Whether the rooms that devices serve are in use, as counters of people tell; bookings are the panel's."""

from collections.abc import Callable, Collection, Mapping, Sequence

from spatial.model import Element
from spatial.package import ModelPackage
from telemetry_bridge.live import LiveState
from telemetry_bridge.points import Device, Label, Point, Registry
from telemetry_bridge.wire import Quality
from twin.control.interlocks import Use

PEOPLE_CLASSES = ("Occupancy_Count_Sensor", "Occupancy_Sensor")
BELIEVED = (Quality.GOOD, Quality.SIMULATED)

ElementsNow = Callable[[], Mapping[str, Element]]
"""The elements of devices, as they are bound now."""


class Rooms:
    """The rooms, by IFC Name, that devices work for."""

    def __init__(self, package: ModelPackage, elements: ElementsNow) -> None:
        self._package, self._elements = package, elements

    def served(self, device: Device) -> frozenset[str]:
        """What a device's table says that it `serves`, else its `space`, else the space of its element."""
        told = device.attributes.get("serves") or device.attributes.get("space") or self._around(device.id)
        return frozenset(name.strip() for name in told.split(";") if name.strip())

    def name(self, space: str) -> Label:
        """What people call a space."""
        found = self._package.spaces_named(space)
        if not found:
            return Label(space, space)
        return Label(found[0].long_name or space, found[0].name_en or found[0].long_name or space)

    def _around(self, device: str) -> str:
        element, spaces = self._elements().get(device), self._package.space_by_index
        if element is None:
            return ""
        inside = -1 if element.space_index is None else element.space_index
        space = spaces.get(element.element_index) or spaces.get(inside)
        return "" if space is None else space.name


class People:
    """Which devices serve a room in which somebody is; a counter that says nothing now counts nobody."""

    def __init__(self, registry: Registry, live: LiveState, rooms: Rooms) -> None:
        self._registry, self._live, self._rooms = registry, live, rooms
        self._counters = tuple(each for each in registry.points if each.point_class in PEOPLE_CLASSES)

    async def uses(self, devices: Collection[str]) -> Mapping[str, Sequence[Use]]:
        """A `UseSource`."""
        there = self._peopled()
        known = (self._registry.devices[each] for each in devices if each in self._registry.devices)
        found = {each.id: sorted(self._rooms.served(each) & there) for each in known}
        return {device: [self._use(space) for space in spaces] for device, spaces in found.items() if spaces}

    def _peopled(self) -> set[str]:
        spaces: set[str] = set()
        for counter in filter(self._counts, self._counters):
            spaces |= self._rooms.served(self._registry.devices[counter.device])
        return spaces

    def _counts(self, point: Point) -> bool:
        index = point.point_index
        return bool(self._live.quality[index] in BELIEVED and self._live.value[index] > 0)

    def _use(self, space: str) -> Use:
        name = self._rooms.name(space)
        return Use("in_use", f"there are people in {name.en}", {"place": name.zh})
