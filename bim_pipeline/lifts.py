"""Lifts: one portal for each pair of neighbouring stops of a shaft.

A lift stops where a door opens to it; in a model without lift doors, where its shaft is a room, else at the
storeys that its body reaches. Where each stop has a shaft room of its own, portals join those rooms (the
doors lead out of them); otherwise they join the rooms in front of the doors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bim_pipeline.doors import CLEAR_M, DoorFrame
from bim_pipeline.rooms import NOWHERE, RoomFinder
from bim_pipeline.source import Element, FloatArray, Mesh, Portal, Storey

LIFT_CLASS = "IfcTransportElement"
NO_LIFTS = frozenset({"ESCALATOR", "MOVINGWALKWAY", "CRANEWAY", "LIFTINGGEAR"})
DOOR_REACH_M = 0.8  # from the car to the line of its landing door
SILL_M = 0.6  # between a storey's elevation and the sill of a door on it
SHAFT_M = 0.5  # cars whose middles are so near in plan run in one shaft
DEFAULT_HALF_M = 0.8
FRONT_M = 1.0
DEFAULT_DOOR_M = 0.9
NO_MESH: Mesh = (np.empty((0, 3)), np.empty((0, 3), np.int32))


@dataclass(frozen=True, slots=True, eq=False)
class _Shaft:
    """A shaft in plan: low and high corner (3,), m, of what is drawn, and the cars in it."""

    cars: tuple[Element, ...]
    low: FloatArray
    high: FloatArray

    def middle(self, z: float) -> FloatArray:
        x, y = (self.low[:2] + self.high[:2]) / 2
        return np.array([x, y, z])


@dataclass(frozen=True, slots=True, eq=False)
class _Stop:
    """A stop: the height of its floor, the door there, and a point in front of it."""

    z: float
    storey_index: int
    door: DoorFrame | None
    front: FloatArray


def lift_portals(
    elements: Iterable[Element],
    meshes: Mapping[int, Mesh],
    storeys: Sequence[Storey],
    frames: Sequence[DoorFrame],
    finder: RoomFinder,
) -> list[Portal]:
    """Make the portals of all lifts, in order of element and of height; side a is the lower stop."""
    portals = []
    for shaft in _shafts(elements, meshes):
        stops = _stops(shaft, storeys, frames, finder)
        rooms, points = _places(shaft, stops, finder)
        for low, high in pairwise(range(len(stops))):
            doors = [stop.door.width_m for stop in (stops[low], stops[high]) if stop.door is not None]
            portals.append(
                Portal(
                    shaft.cars[0].element_index,
                    "lift",
                    finder.element_index(rooms[low]),
                    finder.element_index(rooms[high]),
                    _xyz(points[low]),
                    _xyz(points[high]),
                    min(doors, default=DEFAULT_DOOR_M),
                )
            )
    return portals


def _shafts(elements: Iterable[Element], meshes: Mapping[int, Mesh]) -> list[_Shaft]:
    """All shafts, in order of their first car's index."""
    shafts: list[_Shaft] = []
    for car in elements:
        if car.ifc_class != LIFT_CLASS or car.predefined_type in NO_LIFTS or "ESCALATOR" in _operation(car):
            continue
        corners = _corners(car, meshes)
        if corners is None:
            continue
        single = _Shaft((car,), *corners)
        for row, shaft in enumerate(shafts):
            if np.linalg.norm((shaft.middle(0.0) - single.middle(0.0))[:2]) <= SHAFT_M:
                low, high = np.minimum(shaft.low, single.low), np.maximum(shaft.high, single.high)
                shafts[row] = _Shaft((*shaft.cars, car), low, high)
                break
        else:
            shafts.append(single)
    return shafts


def _operation(car: Element) -> str:
    return str(car.attributes.get("OperationType") or "").upper()


def _corners(car: Element, meshes: Mapping[int, Mesh]) -> tuple[FloatArray, FloatArray] | None:
    vertices, triangles = meshes.get(car.element_index, NO_MESH)
    if len(triangles):
        used = vertices[np.unique(triangles)]
        return used.min(axis=0), used.max(axis=0)
    if car.placement is None or not np.isfinite(car.placement).all():
        return None
    half = np.array([DEFAULT_HALF_M, DEFAULT_HALF_M, 0.0])
    return car.placement[:3, 3] - half, car.placement[:3, 3] + half


def _stops(
    shaft: _Shaft, storeys: Sequence[Storey], frames: Sequence[DoorFrame], finder: RoomFinder
) -> list[_Stop]:
    """Where the lift stops, lowest first."""
    near = [(frame, distance) for frame in frames if (distance := _distance(shaft, frame)) <= DOOR_REACH_M]
    by_door = [_door_stop(shaft, storey, near) for storey in storeys]
    found = [stop for stop in by_door if stop is not None]
    if len(found) < 2:
        found = [stop for storey in storeys if (stop := _room_stop(shaft, storey, finder)) is not None]
    if len(found) < 2:
        reached = [s for s in storeys if shaft.low[2] - SILL_M <= s.elevation_m <= shaft.high[2] - 1.0]
        found = [_plain_stop(shaft, storey) for storey in reached]
    return sorted(found, key=lambda stop: stop.z)


def _distance(shaft: _Shaft, frame: DoorFrame) -> float:
    """From the shaft's rectangle to the middle of a door, in plan, m."""
    outside = np.maximum(np.maximum(shaft.low - frame.centre, frame.centre - shaft.high), 0.0)
    return float(np.linalg.norm(outside[:2]))


def _door_stop(shaft: _Shaft, storey: Storey, frames: Sequence[tuple[DoorFrame, float]]) -> _Stop | None:
    """The stop at the nearest door of this storey that faces the shaft; doors come with their distances."""
    best: tuple[float, DoorFrame] | None = None
    for frame, distance in frames:
        near = abs(frame.centre[2] - storey.elevation_m) <= SILL_M
        faces = abs(_unit(frame.centre - shaft.middle(0.0)) @ frame.normal) > 0.7
        if near and faces and (best is None or distance < best[0]):
            best = (distance, frame)
    if best is None:
        return None
    away = best[1].normal * np.sign((best[1].centre - shaft.middle(0.0))[:2] @ best[1].normal)
    front = best[1].centre + np.append(away * (CLEAR_M + DOOR_REACH_M), 0.0)
    return _Stop(float(best[1].centre[2]), storey.element_index, best[1], front)


def _room_stop(shaft: _Shaft, storey: Storey, finder: RoomFinder) -> _Stop | None:
    """A stop at this storey if the shaft is a room of it."""
    point = shaft.middle(storey.elevation_m + SILL_M / 2)
    room = int(finder.at(point[None], np.array([storey.element_index]))[0])
    own = room != NOWHERE and finder.spaces[room].storey_index == storey.element_index
    return _plain_stop(shaft, storey) if own else None


def _plain_stop(shaft: _Shaft, storey: Storey) -> _Stop:
    """A stop without a door: in front is where the car's local y axis points from."""
    placement = shaft.cars[0].placement
    back = np.array([0.0, 1.0]) if placement is None else _unit(placement[:3, 1])
    front = shaft.middle(storey.elevation_m)
    front[:2] -= back * (np.abs(back) @ (shaft.high - shaft.low)[:2] / 2 + FRONT_M)
    return _Stop(storey.elevation_m, storey.element_index, None, front)


def _places(shaft: _Shaft, stops: Sequence[_Stop], finder: RoomFinder) -> tuple[list[int], list[FloatArray]]:
    """The room that each stop belongs to and where one stands there."""
    if not stops:
        return [], []
    storeys = np.array([stop.storey_index for stop in stops])
    lift = np.array([0.0, 0.0, SILL_M / 2])
    inside = [shaft.middle(stop.z) for stop in stops]
    shaft_rooms = finder.at(np.array(inside) + lift, storeys, reach_m=2 * SILL_M).tolist()
    if NOWHERE not in shaft_rooms and len(set(shaft_rooms)) == len(stops):
        return shaft_rooms, inside
    fronts = [stop.front for stop in stops]
    return finder.at(np.array(fronts) + lift, storeys, reach_m=2 * SILL_M).tolist(), fronts


def _unit(vector: FloatArray) -> FloatArray:
    """The direction in plan, (2,)."""
    length = float(np.linalg.norm(vector[:2]))
    return vector[:2] / length if length > 1e-9 else np.array([0.0, 1.0])


def _xyz(point: FloatArray) -> tuple[float, float, float]:
    return (float(point[0]), float(point[1]), float(point[2]))
