"""Points by storey, space and layer, and what happens when devices are bound to other elements."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from spatial.errors import UnknownPlaceError
from telemetry_bridge.errors import SubscriptionError
from telemetry_bridge.subscriptions import Directory, PointFilter
from tests.telemetry_bridge.builders import registry
from twin.bound import BoundDevices
from twin.point_places import PointPlaces
from twin.venue import Layer, LayerRule

STOREY, SPACE = 10, 20


@dataclass(frozen=True)
class At:
    """As much of an element as is looked at."""

    element_index: int
    storey_index: int | None = None
    space_index: int | None = None


class House:
    """A model with one storey and one space."""

    def storey(self, guid: str) -> Any:
        return self._place(guid, "storey", STOREY)

    def space(self, guid: str) -> Any:
        return self._place(guid, "space", SPACE)

    def _place(self, guid: str, known: str, index: int) -> Any:
        if guid != known:
            raise UnknownPlaceError(f"no {guid}")
        return SimpleNamespace(element_index=index)


def bound(**places: At) -> BoundDevices:
    return BoundDevices(cast("Any", places), {}, {})


LAYERS = (
    Layer(
        id="heat",
        name=cast("Any", "Heat"),
        rules=[LayerRule(point_class=["Zone_Air_Temperature_Sensor", "Mode_Status"])],
    ),
    Layer(id="plain", name=cast("Any", "Plain")),
)
# The points: l1/flag 0, l1/status 1, l1/switch 2, r1/mode 3, r1/setpoint 4, r1/temperature 5, r2/... 6 to 8.
REGISTRY = registry()


@pytest.fixture
def places() -> PointPlaces:
    # r1 is the space's own device; the lamp hangs in it; r2 is somewhere else on the storey.
    where = bound(r1=At(SPACE, STOREY), l1=At(30, STOREY, SPACE), r2=At(40, STOREY, 21))
    return PointPlaces(REGISTRY, cast("Any", House()), LAYERS, where)


def listed(found: Any) -> list[int]:
    return sorted(found.tolist())


def test_points_are_found_by_place_and_layer(places: PointPlaces) -> None:
    assert listed(places.points_on_storey("storey")) == list(range(9))
    assert listed(places.points_in_space("space")) == [0, 1, 2, 3, 4, 5]
    assert listed(places.points_of_layer("heat")) == [3, 5, 6, 8]
    assert listed(places.points_of_layer("plain")) == []


def test_what_is_not_there_is_told_apart_from_what_is_empty(places: PointPlaces) -> None:
    assert places.points_on_storey("attic") is None
    assert places.points_in_space("attic") is None
    assert places.points_of_layer("attic") is None
    directory = Directory(REGISTRY, places)
    with pytest.raises(SubscriptionError, match="there is no space 'attic'"):
        directory.select((PointFilter(spaces=("attic",)),))


def test_devices_that_move_take_their_points_along(places: PointPlaces) -> None:
    places.rebind(bound(r2=At(50, None, SPACE)))
    assert listed(places.points_in_space("space")) == [6, 7, 8]
    assert listed(places.points_on_storey("storey")) == []


def test_fields_of_a_filter_narrow_each_other(places: PointPlaces) -> None:
    both = PointFilter(spaces=("space",), layers=("heat",))
    assert Directory(REGISTRY, places).select((both,)).count == 2
