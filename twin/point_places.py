"""Where points are and which layers show them, for subscriptions to the live stream."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from spatial.errors import UnknownPlaceError
from spatial.model import Element
from spatial.package import ModelPackage
from telemetry_bridge.points import Registry
from telemetry_bridge.wire import Indices
from twin.bound import BoundDevices
from twin.venue import Layer


class PointPlaces:
    """A venue's points by storey, space and layer, as devices are bound now."""

    def __init__(
        self, registry: Registry, package: ModelPackage, layers: Sequence[Layer], bound: BoundDevices
    ) -> None:
        self._registry, self._package = registry, package
        self._layers = {layer.id: layer for layer in layers}
        self._bound = _BoundPoints(registry, bound.element_of)

    def rebind(self, bound: BoundDevices) -> None:
        """Devices are bound to other elements from now on."""
        self._bound = _BoundPoints(self._registry, bound.element_of)

    def points_on_storey(self, storey: str) -> Indices | None:
        """Give the points of the devices on a storey, by its guid; None: there is no such storey."""
        try:
            found = self._package.storey(storey)
        except UnknownPlaceError:
            return None
        return _column(self._bound.on_storey.get(found.element_index, ()))

    def points_in_space(self, space: str) -> Indices | None:
        """Give the points of the devices in a space, by its guid, and of its own; None: no such space."""
        try:
            found = self._package.space(space)
        except UnknownPlaceError:
            return None
        return _column(self._bound.in_space.get(found.element_index, ()))

    def points_of_layer(self, layer: str) -> Indices | None:
        """Give the points of the classes that a layer paints; None: there is no such layer."""
        found = self._layers.get(layer)
        if found is None:
            return None
        classes = {name for rule in found.rules for name in rule.point_class}
        return _column(each.point_index for each in self._registry.points if each.point_class in classes)


class _BoundPoints:
    """Point indices by the element_index of their storey and space."""

    def __init__(self, registry: Registry, element_of: Mapping[str, Element]) -> None:
        self._registry, self._element_of = registry, element_of

    @cached_property
    def on_storey(self) -> Mapping[int, list[int]]:
        return self._by(lambda element: {element.storey_index})

    @cached_property
    def in_space(self) -> Mapping[int, list[int]]:
        # A space is no element of another one: its own device is found by the space's own number.
        return self._by(lambda element: {element.space_index, element.element_index})

    def _by(self, places: Callable[[Element], set[int | None]]) -> Mapping[int, list[int]]:
        found: dict[int, list[int]] = {}
        for device, element in self._element_of.items():
            points = [each.point_index for each in self._registry.points_of(device)]
            for place in places(element):
                if place is not None:
                    found.setdefault(place, []).extend(points)
        return found


def _column(index: Iterable[int]) -> Indices:
    return np.fromiter(index, dtype=np.uint32)
