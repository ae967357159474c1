"""Buildings on paper: rooms, portals and plans as a package holds them, without a file."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import networkx as nx
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon, box, mapping
from shapely.geometry.base import BaseGeometry

from spatial.errors import UnknownPlaceError
from spatial.model import Element, ElementFilter, Portal, Space, Storey
from spatial.package import ModelPackage
from spatial.places import SpaceLocator

WALL_M = 0.2
STAND_M = 0.48
HEIGHT_M = 3.0


@dataclass
class Paper:
    """Draws a building; answers what navigation asks a package."""

    elements: list[Element] = field(default_factory=list)
    storeys_drawn: list[Storey] = field(default_factory=list)
    spaces_drawn: list[Space] = field(default_factory=list)
    portals_drawn: list[Portal] = field(default_factory=list)
    features: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def element_of(self, ifc_class: str, name: str, **facts: Any) -> int:
        index = len(self.elements)
        fields = {
            "element_index": index, "guid": f"{index:022d}", "ifc_class": ifc_class, "predefined_type": None,
            "name": name, "name_en": "", "long_name": "", "object_type": "", "description": "", "tag": name,
            "type_index": None, "parent_index": None, "storey_index": None, "space_index": None, "box": None,
            "triangles": 0, "shape_status": "none",
        }  # fmt: skip
        self.elements.append(Element(**{**fields, **facts}))
        return index

    def storey_of(self, name: str, elevation_m: float) -> int:
        index = self.element_of("IfcBuildingStorey", name)
        guid = self.elements[index].guid
        self.storeys_drawn.append(
            Storey(index, guid, name, "", "", len(self.storeys_drawn), elevation_m, HEIGHT_M)
        )
        self.features[index] = []
        return index

    def room(self, name: str, storey: int, outline: Polygon, function: str = "") -> int:
        index = self.element_of("IfcSpace", name, storey_index=storey)
        floor = next(each.elevation_m for each in self.storeys_drawn if each.element_index == storey)
        guid = self.elements[index].guid
        self.spaces_drawn.append(
            Space(index, guid, name, "", "", function, storey, floor, HEIGHT_M, outline.area, outline)
        )
        return index

    def obstacle(self, storey: int, outline: BaseGeometry, kind: str = "column") -> int:
        index = self.element_of(f"Ifc{kind.capitalize()}", kind, storey_index=storey)
        facts = {"kind": kind, "element_index": index}
        self.features[storey].append({"properties": facts, "geometry": mapping(outline)})
        return index

    def door(
        self,
        rooms: tuple[int | None, int | None],
        at: tuple[float, float],
        normal: tuple[float, float],
        width_m: float = 0.9,
        kind: str = "door",
    ) -> int:
        """A door in the middle of a wall; `normal` points from room a to room b. Its element's index."""
        known = next(room for room in rooms if room is not None)
        z = next(space.floor_z_m for space in self.spaces_drawn if space.element_index == known)
        element = self.element_of("IfcDoor", f"D{len(self.portals_drawn)}") if kind == "door" else None
        (x, y), (nx_, ny_) = at, normal
        stand_a = (x - nx_ * STAND_M, y - ny_ * STAND_M, z)
        stand_b = (x + nx_ * STAND_M, y + ny_ * STAND_M, z)
        index = len(self.portals_drawn)
        self.portals_drawn.append(Portal(index, element, kind, *rooms, stand_a, stand_b, width_m, None))
        return -1 if element is None else element

    def flight(
        self, kind: str, rooms: tuple[int, int], ends: tuple[Any, Any], name: str, element: int | None = None
    ) -> int:
        """A stair, a ramp or a lift between two points (x, y, z)."""
        if element is None:
            element = self.element_of("IfcStair" if kind == "stair" else "IfcTransportElement", name)
        path = None if kind == "lift" else np.array(ends, dtype=np.float64)
        index = len(self.portals_drawn)
        self.portals_drawn.append(Portal(index, element, kind, *rooms, *ends, 1.2, path))
        return element

    # What a package answers

    @property
    def spaces(self) -> tuple[Space, ...]:
        return tuple(self.spaces_drawn)

    @property
    def portals(self) -> tuple[Portal, ...]:
        return tuple(self.portals_drawn)

    @property
    def storeys(self) -> tuple[Storey, ...]:
        return tuple(self.storeys_drawn)

    @property
    def space_by_index(self) -> dict[int, Space]:
        return {space.element_index: space for space in self.spaces}

    @property
    def storey_by_index(self) -> dict[int, Storey]:
        return {storey.element_index: storey for storey in self.storeys}

    def spaces_named(self, name: str) -> tuple[Space, ...]:
        return tuple(space for space in self.spaces if space.name == name)

    def element(self, guid: str) -> Element:
        for each in self.elements:
            if each.guid == guid:
                return each
        raise UnknownPlaceError(guid)

    def element_at(self, index: int) -> Element:
        return self.elements[index]

    def elements_at(self, indices: Sequence[int]) -> tuple[Element, ...]:
        return tuple(self.elements[index] for index in indices)

    def iterate(self, wanted: ElementFilter) -> Iterator[Element]:
        yield from (each for each in self.elements if each.ifc_class in wanted.classes)

    def plan(self, storey: Storey) -> dict[str, Any]:
        return {"features": self.features[storey.element_index]}

    def space_indices_at(self, points: Any) -> NDArray[np.int64]:
        places = SpaceLocator(self.spaces).locate(np.asarray(points, dtype=np.float64).reshape(-1, 3))
        return np.array([*(space.element_index for space in self.spaces), -1])[places]

    @property
    def package(self) -> ModelPackage:
        return cast(ModelPackage, self)


def two_storeys() -> Paper:
    """A hall and an office on the ground floor, a loft above: a stair and a lift in the hall.

    Hall 0..10 x 0..6; office 10.2..14 x 0..6 behind a door at y = 3; loft 0..14 x 0..6 at 3 m; store
    14.2..16 x 0..6 at 3 m behind a door of 0.7 m; a shed without a door; an outer door west of the hall.
    """
    paper = Paper()
    ground, upper = paper.storey_of("1F", 0.0), paper.storey_of("2F", 3.0)
    hall = paper.room("Hall", ground, box(0, 0, 10, 6), "lobby")
    office = paper.room("Office", ground, box(10.2, 0, 14, 6), "office")
    loft = paper.room("Loft", upper, box(0, 0, 14, 6), "lobby")
    store = paper.room("Store", upper, box(14.2, 0, 16, 6), "storage")
    paper.room("Shed", ground, box(30, 0, 33, 3), "storage")
    paper.door((hall, office), (10.1, 3.0), (1.0, 0.0))
    paper.door((loft, store), (14.1, 3.0), (1.0, 0.0), 0.7)
    paper.door((None, hall), (-0.1, 3.0), (1.0, 0.0), 1.8)
    paper.flight("stair", (hall, loft), ((3.0, 5.0, 0.0), (8.0, 5.0, 3.0)), "Stair A")
    paper.flight("lift", (hall, loft), ((1.0, 1.0, 0.0), (1.0, 1.0, 3.0)), "Lift 1")
    return paper


def random_floor(seed: int, columns: int = 3, rows: int = 3) -> Paper:
    """A floor of rooms of random size, each reached from each: doors, open passages, furniture, notches."""
    dice = random.Random(seed)
    paper = Paper()
    storey = paper.storey_of("1F", 0.0)
    xs = np.cumsum([0.0, *(dice.uniform(3.5, 9.0) for _ in range(columns))])
    ys = np.cumsum([0.0, *(dice.uniform(3.5, 9.0) for _ in range(rows))])
    half = WALL_M / 2
    cells = {
        (i, j): paper.room(
            f"R{i}{j}", storey, box(xs[i] + half, ys[j] + half, xs[i + 1] - half, ys[j + 1] - half), "lobby"
        )
        for i in range(columns)
        for j in range(rows)
    }
    for first, second in _joined(cells, dice):
        _add_door(paper, cells, first, second, xs, ys, dice)
    for i, j in cells:
        _furnish(paper, storey, (xs[i], ys[j], xs[i + 1], ys[j + 1]), dice)
    return paper


def _joined(cells: dict[tuple[int, int], int], dice: random.Random) -> list[tuple[Any, Any]]:
    """A spanning tree of the cells, and some walls' doors more."""
    grid: nx.Graph[Any] = nx.Graph()
    for i, j in cells:
        for other in ((i + 1, j), (i, j + 1)):
            if other in cells:
                grid.add_edge((i, j), other, weight=dice.random())
    tree = set(nx.minimum_spanning_edges(grid, data=False))
    return [edge for edge in grid.edges if edge in tree or edge[::-1] in tree or dice.random() < 0.35]


def _add_door(
    paper: Paper,
    cells: dict[tuple[int, int], int],
    first: Any,
    second: Any,
    xs: Any,
    ys: Any,
    dice: random.Random,
) -> None:
    beside = first[0] != second[0]
    low, high = (ys[first[1]], ys[first[1] + 1]) if beside else (xs[first[0]], xs[first[0] + 1])
    width = dice.choice([0.8, 0.9, 1.2, 1.8])
    along = dice.uniform(low + width / 2 + 0.3, high - width / 2 - 0.3)
    wall = xs[second[0]] if beside else ys[second[1]]
    at = (float(wall), along) if beside else (along, float(wall))
    paper.door((cells[first], cells[second]), at, (1.0, 0.0) if beside else (0.0, 1.0), width)


def _furnish(paper: Paper, storey: int, cell: tuple[float, ...], dice: random.Random) -> None:
    """Something to walk round in the middle of a room, never nearer than 1.2 m to a wall."""
    x0, y0, x1, y1 = cell
    for _ in range(dice.randint(0, 2)):
        width, depth = dice.uniform(0.3, 2.5), dice.uniform(0.3, 2.5)
        room_x, room_y = x1 - x0 - 2.6 - width, y1 - y0 - 2.6 - depth
        if room_x <= 0 or room_y <= 0:
            continue
        x, y = x0 + 1.3 + dice.uniform(0, room_x), y0 + 1.3 + dice.uniform(0, room_y)
        paper.obstacle(storey, box(x, y, x + width, y + depth), dice.choice(["column", "furniture"]))


def with_wide_opening(paper: Paper) -> Paper:
    """The same with the first door an open passage, as wide as its shorter room's side."""
    first = paper.portals_drawn[0]
    paper.portals_drawn[0] = replace(first, kind="opening", element_index=None, width_m=2.5)
    return paper


def whole_floor(areas: Sequence[BaseGeometry]) -> BaseGeometry:
    return shapely.union_all(list(areas))
