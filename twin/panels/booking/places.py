"""Where bookables are in the model: their space, the element that stands for them, the lamps over them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spatial.model import Box, Element, ElementFilter, Space
from spatial.package import ModelPackage
from telemetry_bridge.points import Point, Registry
from twin.panels.booking.model import Bookable

LEVEL_CLASS = "Lighting_Level_Command"
MARGIN_M = 0.6  # a lamp so far beside a court still lights it
NEAREST = 2  # lamps that light a court over which none hangs

Area = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Lamp:
    """A luminaire that takes commands, and where it hangs, m."""

    point: Point
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A bookable in the model; `element` is what to fly to, `lamps` what to switch."""

    bookable: Bookable
    space: Space
    element: Element | None
    lamps: tuple[Point, ...]


def place_bookables(
    bookables: Iterable[Bookable],
    package: ModelPackage,
    registry: Registry,
    element_of: Mapping[str, Element],
) -> tuple[dict[str, Placed], list[str]]:
    """Bookables by id, in their order, and a note on each whose space the model lacks.

    `element_of` gives a device's element.
    """
    placed: dict[str, Placed] = {}
    notes: list[str] = []
    for bookable in bookables:
        spaces = package.spaces_named(bookable.space)
        if not spaces:
            notes.append(f"bookables.yaml: {bookable.id}: the model has no space {bookable.space}")
            continue
        element = _find_element(bookable, spaces[0], package)
        area = bookable.area or _area_of(None if element is None else element.box)
        lamps = _lamps_in(spaces[0], registry, element_of)
        placed[bookable.id] = Placed(bookable, spaces[0], element, chosen_lamps(bookable, area, lamps))
    return placed, notes


def chosen_lamps(bookable: Bookable, area: Area | None, lamps: tuple[Lamp, ...]) -> tuple[Point, ...]:
    """The lamps that a booking switches: those over its area, else the nearest, or all of the space."""
    if bookable.lights == "none":
        return ()
    if bookable.lights == "space" or area is None:
        return tuple(lamp.point for lamp in lamps)
    x0, y0, x1, y1 = area
    over = [
        lamp
        for lamp in lamps
        if x0 - MARGIN_M <= lamp.x <= x1 + MARGIN_M and y0 - MARGIN_M <= lamp.y <= y1 + MARGIN_M
    ]
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    near = sorted(lamps, key=lambda lamp: (lamp.x - x) ** 2 + (lamp.y - y) ** 2)[:NEAREST]
    return tuple(lamp.point for lamp in over or near)


def _find_element(bookable: Bookable, space: Space, package: ModelPackage) -> Element | None:
    if bookable.element is None:
        return None
    tagged = package.elements_by_tag(bookable.element)
    within = package.iterate(ElementFilter(space_index=space.element_index))
    found = tagged or tuple(element for element in within if element.name == bookable.element)
    # A court and its net have one tag: the larger is the court.
    return max(found, key=_floor_m2, default=None)


def _floor_m2(element: Element) -> float:
    box = element.box
    return 0.0 if box is None else (box[3] - box[0]) * (box[4] - box[1])


def _area_of(box: Box | None) -> Area | None:
    return None if box is None else (box[0], box[1], box[3], box[4])


def _lamps_in(space: Space, registry: Registry, element_of: Mapping[str, Element]) -> tuple[Lamp, ...]:
    found: list[Lamp] = []
    for point in registry.points:
        if point.point_class != LEVEL_CLASS or not point.writable:
            continue
        attributes = registry.devices[point.device].attributes
        if (attributes.get("serves") or attributes.get("space")) != space.name:
            continue
        element = element_of.get(point.device)
        box = None if element is None else element.box
        if box is not None:
            found.append(Lamp(point, (box[0] + box[3]) / 2, (box[1] + box[4]) / 2))
    return tuple(found)
