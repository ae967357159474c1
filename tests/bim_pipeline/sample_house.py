"""A small house as the pipeline sees it, for tests of portals and plans: made of boxes, can be turned.

Ground floor: living room 0..5 x 0..4, office 5.2..9 x 0..4 behind a wall with a door, studio 0..5 x 4..8
that is open to the living room, store 5.2..9 x 4.2..8 behind a wall with an opening that has no door.
Upper floor: loft 0..9 x 0..8 at 3 m, reached by a stair in the office.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely

from bim_pipeline.source import Element, FloatArray, IntArray, Mesh, Space, Storey

BOX_FACES = np.array(
    [[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4],
     [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6], [3, 0, 4], [3, 4, 7]],
    dtype=np.int32,
)  # fmt: skip


def box_mesh(*boxes: tuple[float, float, float, float, float, float]) -> Mesh:
    """Boxes (low x, y, z, high x, y, z) as one mesh, wound outwards."""
    vertices: list[list[tuple[float, float, float]]] = []
    triangles: list[IntArray] = []
    for low_x, low_y, low_z, high_x, high_y, high_z in boxes:
        ring = [(low_x, low_y), (high_x, low_y), (high_x, high_y), (low_x, high_y)]
        triangles.append(BOX_FACES + np.int32(8 * len(vertices)))
        vertices.append([(*xy, z) for z in (low_z, high_z) for xy in ring])
    return np.array(vertices, dtype=np.float64).reshape(-1, 3), np.concatenate(triangles)


def placed(x: float, y: float, z: float, turn_deg: float = 0.0) -> FloatArray:
    """(4, 4) a placement turned about z."""
    angle = np.radians(turn_deg)
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix[:3, 3] = (x, y, z)
    return matrix


@dataclass
class House:
    """Elements, storeys, spaces and meshes, to be filled."""

    elements: list[Element] = field(default_factory=list)
    storeys: list[Storey] = field(default_factory=list)
    spaces: list[Space] = field(default_factory=list)
    meshes: dict[int, Mesh] = field(default_factory=dict)

    def add(self, ifc_class: str, name: str, mesh: Mesh | None = None, **fields: Any) -> int:
        """Add an element; its index."""
        index = len(self.elements)
        self.elements.append(Element(index, f"{index:022d}", index + 1, ifc_class, name=name, **fields))
        if mesh is not None:
            self.meshes[index] = mesh
        return index

    def add_storey(self, name: str, elevation_m: float, height_m: float) -> int:
        index = self.add("IfcBuildingStorey", name)
        self.storeys.append(Storey(index, len(self.storeys), elevation_m, height_m))
        return index

    def add_room(
        self,
        name: str,
        storey: int,
        rectangle: tuple[float, float, float, float],
        z: float,
        height: float = 2.8,
    ) -> int:
        low_x, low_y, high_x, high_y = rectangle
        mesh = box_mesh((low_x, low_y, z, high_x, high_y, z + height))
        index = self.add("IfcSpace", name, mesh, storey_index=storey, parent_index=storey)
        area = shapely.box(*rectangle)
        self.spaces.append(Space(index, storey, "", z, height, area.area, shapely.to_wkb(area)))
        return index

    def name(self, index: int | None) -> str | None:
        return None if index is None else self.elements[index].name

    def parts(self) -> tuple[list[Element], list[Storey], list[Space], Mapping[int, Mesh]]:
        """The arguments of `derive_portals` and `build_plans`."""
        return self.elements, self.storeys, self.spaces, self.meshes

    def moved(self, angle_deg: float, x: float, y: float) -> House:
        """The same house elsewhere, turned about the origin and then shifted."""
        matrix = placed(x, y, 0.0, angle_deg)
        elements = [
            e if e.placement is None else replace(e, placement=matrix @ e.placement) for e in self.elements
        ]
        spaces = [replace(s, footprint=_moved_wkb(s.footprint, matrix)) for s in self.spaces]
        meshes = {i: (v @ matrix[:3, :3].T + matrix[:3, 3], t) for i, (v, t) in self.meshes.items()}
        return House(elements, list(self.storeys), spaces, meshes)


def _moved_wkb(footprint: bytes, matrix: FloatArray) -> bytes:
    move = shapely.transform(shapely.from_wkb(footprint), lambda xy: xy @ matrix[:2, :2].T + matrix[:2, 3])
    return bytes(shapely.to_wkb(move))


def steps(x: tuple[float, float], y: float, count: int, rise: float, going: float, z: float = 0.0) -> Mesh:
    """A flight as solid steps, climbing along +y."""
    return box_mesh(
        *((x[0], y + k * going, z, x[1], y + (k + 1) * going, z + (k + 1) * rise) for k in range(count))
    )


def sample_house() -> House:
    """The house that this file's first lines describe."""
    house = House()
    ground = house.add_storey("1F", 0.0, 3.0)
    upper = house.add_storey("2F", 3.0, 3.0)
    house.add_room("living", ground, (0, 0, 5, 4), 0.0)
    house.add_room("office", ground, (5.2, 0, 9, 4), 0.0)
    house.add_room("studio", ground, (0, 4, 5, 8), 0.0)
    house.add_room("store", ground, (5.2, 4.2, 9, 8), 0.0)
    house.add_room("loft", upper, (0, 0, 9, 8), 3.0)
    _add_walls(house, ground)
    turned = placed(5.1, 1.5, 0.0, 90.0)  # its width along +y, opening towards -x: into the living room
    swing = {"OverallWidth": 0.9, "OverallHeight": 2.1, "OperationType": "SINGLE_SWING_LEFT"}
    open_leaf = box_mesh((4.2, 1.5, 0, 5.12, 1.54, 2.1), (5.08, 1.5, 0, 5.12, 2.4, 0.02))
    house.add("IfcDoor", "inner door", open_leaf, storey_index=ground, placement=turned, attributes=swing)
    front = box_mesh((-0.14, 1.0, 0, -0.1, 2.0, 2.1))
    width = {"OverallWidth": 1.0}
    at = placed(-0.12, 1.0, 0.0, 90.0)
    house.add("IfcDoor", "front door", front, storey_index=ground, placement=at, attributes=width)
    house.add("IfcWindow", "window", box_mesh((2, -0.2, 0.9, 3, -0.1, 2.1)), storey_index=ground)
    house.add("IfcStair", "stair", storey_index=ground)
    stair = len(house.elements) - 1
    flight = steps((7.8, 8.8), 0.8, 16, 3.0 / 16, 0.18)
    house.add("IfcStairFlight", "flight", flight, storey_index=ground, parent_index=stair)
    house.add("IfcFurniture", "table", box_mesh((1, 1, 0, 2.5, 1.8, 0.75)), storey_index=ground)
    house.add("IfcColumn", "column", box_mesh((2, 6, 0, 2.3, 6.3, 5.8)), storey_index=ground)
    return house


def _add_walls(house: House, ground: int) -> None:
    """Outer walls, the wall with the door's opening, and the one with an open passage."""
    outer = [
        (-0.2, -0.2, 0, 9.2, 0, 5.8), (-0.2, 8, 0, 9.2, 8.2, 5.8), (9, 0, 0, 9.2, 8, 5.8),
        (-0.2, 2.0, 0, 0, 8, 5.8), (-0.2, 0, 0, 0, 1.0, 5.8), (-0.2, 1.0, 2.1, 0, 2.0, 5.8),
    ]  # fmt: skip
    inner = [(5, 0, 0, 5.2, 1.5, 2.8), (5, 2.4, 0, 5.2, 8, 2.8), (5, 1.5, 2.1, 5.2, 2.4, 2.8)]
    pierced = [(5.2, 4, 0, 6.0, 4.2, 2.8), (7.5, 4, 0, 9, 4.2, 2.8), (6.0, 4, 2.2, 7.5, 4.2, 2.8)]
    named: Iterable[tuple[str, list[Any]]] = [("outer", outer), ("inner", inner), ("pierced", pierced)]
    for name, boxes in named:
        house.add("IfcWall", name, box_mesh(*boxes), storey_index=ground)
