"""What a model package tells: frozen data, no I/O. Metres, Z up, the package's local frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

Box: TypeAlias = tuple[float, float, float, float, float, float]
"""min x, y, z, max x, y, z; m."""
Point: TypeAlias = tuple[float, float, float]
JsonValue: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Manifest:
    """`manifest.json`, as docs/architecture.md describes it; `raw` is the whole of it."""

    name: str
    revision: str
    bounds: Box | None
    counts: Mapping[str, int]
    raw: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Element:
    """One element: a row of the catalogue. `box` is None where nothing is drawn."""

    element_index: int
    guid: str
    ifc_class: str
    predefined_type: str | None
    name: str
    name_en: str
    long_name: str
    object_type: str
    description: str
    tag: str
    type_index: int | None
    parent_index: int | None
    storey_index: int | None
    space_index: int | None
    box: Box | None
    triangles: int
    shape_status: str


@dataclass(frozen=True, slots=True)
class ElementType:
    """The type that an element is an occurrence of."""

    type_index: int
    guid: str
    ifc_class: str
    predefined_type: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Property:
    """One property or quantity; `from_type` where the element has it from its type."""

    name: str
    value: JsonValue
    unit: str
    from_type: bool


@dataclass(frozen=True, slots=True)
class PropertySet:
    """A property or quantity set, its properties by name."""

    name: str
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """A material, or a layer of it, outside first; `thickness_m` None where it is no layer."""

    name: str
    thickness_m: float | None


@dataclass(frozen=True, slots=True)
class Classification:
    """A reference into a classification system."""

    source: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class System:
    """A system, zone or group that an element belongs to."""

    system_index: int
    guid: str
    ifc_class: str
    predefined_type: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Connection:
    """How one element acts on another, both by element_index.

    `kind` is `flow` (from feeds to), `link` (connected, direction unknown) or `control` (from acts on to).
    `medium` is such as HEATING, PIPE or CABLE, '' where unknown. `system_index` is a system of both.
    """

    connection_index: int
    from_index: int
    to_index: int
    kind: str
    medium: str
    system_index: int | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An element that another one is connected with, what kind of connection it is, and its medium."""

    element: Element
    kind: str
    medium: str


@dataclass(frozen=True, slots=True, eq=False)
class ElementDetail:
    """All that the package knows of one element.

    `placement` is (4, 4) float64 local_from_element or None. `parents` go from the nearest whole, host or
    container up to the project's top. `children` are the first ones by index, `child_count` is all of them.
    `feeds` and `fed_by` are the next ones along a flow; `connected` are joined without a known direction or
    by control.
    """

    element: Element
    type: ElementType | None
    property_sets: tuple[PropertySet, ...]
    materials: tuple[Material, ...]
    classifications: tuple[Classification, ...]
    systems: tuple[System, ...]
    feeds: tuple[Neighbour, ...]
    fed_by: tuple[Neighbour, ...]
    connected: tuple[Neighbour, ...]
    placement: NDArray[np.float64] | None
    parents: tuple[Element, ...]
    children: tuple[Element, ...]
    child_count: int


@dataclass(frozen=True, slots=True)
class Storey:
    """A storey: `position` 0 is the lowest; `height_m` reaches to the next one."""

    element_index: int
    guid: str
    name: str
    name_en: str
    long_name: str
    position: int
    elevation_m: float
    height_m: float


@dataclass(frozen=True, slots=True)
class Space:
    """A space with its prepared footprint in local x and y, m.

    `derived`: the model has no IfcSpace there, the walls told it.
    """

    element_index: int
    guid: str
    name: str
    name_en: str
    long_name: str
    function: str
    storey_index: int | None
    floor_z_m: float
    height_m: float
    area_m2: float
    footprint: Polygon | MultiPolygon
    derived: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Portal:
    """What connects two spaces; `element_index` None is an open passage, a space None outside or unknown.

    `a` and `b` are where one stands on either side; `path` (n, 3) float64 m is the walking line from a to b
    of stairs and ramps.
    """

    portal_index: int
    element_index: int | None
    kind: str
    space_a: int | None
    space_b: int | None
    a: Point
    b: Point
    width_m: float
    path: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The elements as columns, each of length n, row = element_index.

    `class_names` by class id; `class_id` (n,) int32; `storey` and `space` (n,) int32 element indices, -1
    where there is none.
    """

    class_names: tuple[str, ...]
    class_id: NDArray[np.int32]
    storey: NDArray[np.int32]
    space: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ElementFilter:
    """Which elements a list shall hold; what is None or empty does not filter.

    `text` is what a user typed; `classes` are names without regard to case, `Ifc` may be left out, and a
    class brings its `StandardCase` and `ElementedCase` along; `indices` are the only ones allowed.
    """

    text: str = ""
    classes: tuple[str, ...] = ()
    storey_index: int | None = None
    space_index: int | None = None
    indices: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; `next` is the cursor of the following part, None at the end."""

    items: tuple[Element, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Location:
    """What is at a point: the innermost space, the storey, and elements whose box holds it, small first."""

    space: Space | None
    storey: Storey | None
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """An element and the distance from a point to its box, 0 inside."""

    element: Element
    distance_m: float
