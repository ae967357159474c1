"""What a live client asks for, read from its JSON, and which points that is. Pure.

```json
{"type": "subscribe", "id": 1, "rate": 2, "select": [
  {"spaces": ["2Xk..."], "classes": ["Zone_Air_Temperature_Sensor"]},
  {"points": ["L1-AHU-03/supply_temperature"]}
]}
```

A point is wanted when one of the filters holds it; a filter holds it when each of its fields names it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import orjson

from telemetry_bridge.errors import SubscriptionError
from telemetry_bridge.live import Mask
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import clipped
from telemetry_bridge.selection import EVERYTHING, Selection
from telemetry_bridge.wire import Indices

FIELDS = ("layers", "storeys", "spaces", "classes", "points")
MAX_FILTERS = 64
#: Frames a second that a client may limit itself to; one a second at least, since silence means a lost link.
MIN_RATE = 1.0
MAX_RATE = 100.0
MAX_ID = 2**53 - 1


@dataclass(frozen=True, slots=True)
class PointFilter:
    """Points that every field names; a field that is None names all of them."""

    layers: tuple[str, ...] | None = None
    storeys: tuple[str, ...] | None = None
    spaces: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    points: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for: points that any filter holds (None: all), so many frames a second at most."""

    filters: tuple[PointFilter, ...] | None = None
    rate: float | None = None
    id: int | None = None


class Places(Protocol):
    """Where points are, and what layers show: for whoever has the model. None: there is no such thing."""

    def points_on_storey(self, storey: str) -> Indices | None:
        """Give the points of a storey, by its guid."""

    def points_in_space(self, space: str) -> Indices | None:
        """Give the points of a space, by its guid."""

    def points_of_layer(self, layer: str) -> Indices | None:
        """Give the points that a layer shows, by its id."""


class NoPlaces:
    """For a bridge without a model: points have classes and keys alone."""

    def points_on_storey(self, storey: str) -> Indices | None:
        """There are no storeys."""

    def points_in_space(self, space: str) -> Indices | None:
        """There are no spaces."""

    def points_of_layer(self, layer: str) -> Indices | None:
        """There are no layers."""


def read_wish(text: str | bytes) -> Wish | None:
    """Read a client's message; None: it is JSON of another type, which is nothing to us.

    Raises:
        SubscriptionError: a `subscribe` that cannot be read; the text says what to change.
    """
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SubscriptionError("this is not JSON") from error
    if not isinstance(message, dict) or message.get("type") != "subscribe":
        return None
    number = _id(message)
    unknown = set(message) - {"type", "id", "select", "rate"}
    if unknown:
        raise SubscriptionError(f"subscribe has no {clipped(min(unknown))!r}", number)
    try:
        return Wish(_filters(message.get("select")), _rate(message.get("rate")), number)
    except SubscriptionError as error:
        raise SubscriptionError(str(error), number) from error


def _id(message: Mapping[str, Any]) -> int | None:
    number = message.get("id")
    if number is None or (type(number) is int and 0 <= number <= MAX_ID):
        return number
    raise SubscriptionError("id: a whole number from 0 to 2^53-1, or leave it out")


def _rate(rate: object) -> float | None:
    if rate is None:
        return None
    if type(rate) in (int, float) and isinstance(rate, int | float) and MIN_RATE <= rate <= MAX_RATE:
        return float(rate)
    raise SubscriptionError(f"rate: frames a second, {MIN_RATE:g} to {MAX_RATE:g}, or leave it out for all")


def _filters(select: object) -> tuple[PointFilter, ...] | None:
    if select is None:
        return None
    if not isinstance(select, list) or len(select) > MAX_FILTERS:
        raise SubscriptionError(
            f"select: a list of at most {MAX_FILTERS} filters, or leave it out for all points"
        )
    return tuple(_filter(each) for each in select)


def _filter(fields: object) -> PointFilter:
    if not isinstance(fields, dict) or not fields:
        raise SubscriptionError(f"select: each filter is an object with some of {', '.join(FIELDS)}")
    for name, values in fields.items():
        if name not in FIELDS:
            raise SubscriptionError(f"select: no field {clipped(name)!r}; there are {', '.join(FIELDS)}")
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise SubscriptionError(f"select: {name} is a list of texts")
    return PointFilter(**{name: tuple(values) for name, values in fields.items()})


class Directory:
    """Finds the points of a wish."""

    def __init__(self, registry: Registry, places: Places | None = None) -> None:
        self._registry = registry
        self.places: Places = places or NoPlaces()

    def select(self, filters: tuple[PointFilter, ...] | None) -> Selection:
        """Give the points that any of the filters holds; None: all.

        Raises:
            SubscriptionError: a name that nothing has; it says which.
        """
        if filters is None:
            return EVERYTHING
        mask = np.zeros(len(self._registry), dtype=np.bool_)
        for each in filters:
            mask |= self._held(each)
        return EVERYTHING if mask.all() and len(mask) else Selection(mask)

    def _held(self, wanted: PointFilter) -> Mask:
        fields: tuple[tuple[Sequence[str] | None, Callable[[str], Indices | None], str], ...] = (
            (wanted.layers, self.places.points_of_layer, "layer"),
            (wanted.storeys, self.places.points_on_storey, "storey"),
            (wanted.spaces, self.places.points_in_space, "space"),
            (wanted.classes, self._by_class.get, "point class"),
            (wanted.points, self._point, "point"),
        )
        held = np.ones(len(self._registry), dtype=np.bool_)
        for names, find, kind in fields:
            if names is not None:
                held &= self._named(names, find, kind)
        return held

    def _named(self, names: Iterable[str], find: Callable[[str], Indices | None], kind: str) -> Mask:
        mask = np.zeros(len(self._registry), dtype=np.bool_)
        for name in names:
            found = find(name)
            if found is None:
                raise SubscriptionError(f"there is no {kind} {clipped(name)!r}")
            mask[found] = True
        return mask

    @cached_property
    def _by_class(self) -> Mapping[str, Indices]:
        found: dict[str, list[int]] = {}
        for each in self._registry.points:
            found.setdefault(each.point_class, []).append(each.point_index)
        return {name: np.array(index, dtype=np.uint32) for name, index in found.items()}

    def _point(self, key: str) -> Indices | None:
        device, _, name = key.rpartition("/")
        point = self._registry.find(device, name)
        return None if point is None else np.array([point.point_index], dtype=np.uint32)
