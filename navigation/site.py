"""A model package as navigation sees it: each space's free floor, each portal, the graph of them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import shapely
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from navigation.freespace import Gate, Obstacles, free_space
from navigation.graph import NavGraph, Room, build_graph, gate_of
from navigation.model import Overlay
from navigation.rooms import RoomKinds
from spatial.errors import UnknownPlaceError
from spatial.model import ElementFilter, Portal, Space, Storey
from spatial.package import ModelPackage

PIT_CLASSES = ("IfcSlab", "IfcBuildingElementProxy", "IfcTank")
PIT_DEPTH_M, PIT_RIM_M, PIT_AREA_M2 = 0.5, 0.2, 2.0
PIT_WAY_M = 0.5  # there is a way all round it
OBSTACLE_KINDS = ("wall", "column", "stair", "ramp", "furniture")
Feature = tuple[str, int, BaseGeometry]
"""kind, element_index, outline."""


def read_graph(package: ModelPackage, overlay: Overlay) -> NavGraph:
    """The graph of a package."""
    features = {storey.element_index: plan_obstacles(package, storey) for storey in package.storeys}
    for storey, pit in pits(package):
        features.setdefault(storey, []).append(pit)
    rooms = rooms_of(package.spaces, package.portals, features)
    kinds = room_kinds(package)
    ways = {room.space for room in rooms if kinds.is_way(room.space)}
    return build_graph(rooms, package.portals, overlay, ways)


def room_kinds(package: ModelPackage) -> RoomKinds:
    """What kinds of rooms a package has."""
    elements = package.elements_at([space.element_index for space in package.spaces])
    external = [each.element_index for each in elements if each.predefined_type == "EXTERNAL"]
    return RoomKinds(package.spaces, package.portals, external)


def plan_obstacles(package: ModelPackage, storey: Storey) -> list[Feature]:
    """What stands on a storey, from its plan; nothing where it has none."""
    try:
        plan = package.plan(storey)
    except UnknownPlaceError:
        return []
    found: list[Feature] = []
    for feature in plan["features"]:
        facts: dict[str, Any] = feature["properties"]
        if facts["kind"] in OBSTACLE_KINDS:
            outline = shapely.make_valid(shape(feature["geometry"]))
            found.append((facts["kind"], int(facts["element_index"]), outline))
    return found


def pits(package: ModelPackage) -> Iterator[tuple[int, Feature]]:
    """Pools and pits, with their storey (element_index): bodies let into a room's floor, away from its walls.

    A plan is cut above the floor and does not show them.
    """
    for element in package.iterate(ElementFilter(classes=PIT_CLASSES)):
        space = package.space_by_index.get(-1 if element.space_index is None else element.space_index)
        if space is None or space.storey_index is None or element.box is None:
            continue
        x0, y0, bottom, x1, y1, top = element.box
        let_in = bottom <= space.floor_z_m - PIT_DEPTH_M and top <= space.floor_z_m + PIT_RIM_M
        outline = box(x0, y0, x1, y1)
        if let_in and outline.area >= PIT_AREA_M2 and space.footprint.buffer(-PIT_WAY_M).covers(outline):
            yield space.storey_index, ("column", element.element_index, outline)


def rooms_of(
    spaces: Iterable[Space], portals: Iterable[Portal], features: Mapping[int, list[Feature]]
) -> list[Room]:
    """The rooms with their free floors. features: by storey (element_index)."""
    portals = list(portals)
    outline_of = {element: outline for each in features.values() for _, element, outline in each}
    trees = {storey: shapely.STRtree([each[2] for each in found]) for storey, found in features.items()}
    gates, standing, flights = _entries(portals)
    rooms = []
    for space in spaces:
        index, storey = space.element_index, space.storey_index
        here: list[Feature] = []
        if storey is not None and storey in trees:
            near = trees[storey].query(space.footprint, predicate="intersects")
            here += [features[storey][row] for row in sorted(near.tolist())]
        here += [("stair", each, outline_of[each]) for each in flights[index] if each in outline_of]
        free = free_space(space.footprint, gates[index], standing[index], _sorted_out(here))
        rooms.append(Room(index, space.floor_z_m, free))
    return rooms


def _entries(
    portals: Iterable[Portal],
) -> tuple[dict[int, list[Gate]], dict[int, list[tuple[float, float]]], dict[int, list[int]]]:
    """By space: gates, points where stairs and lifts are entered, and the elements of its flights."""
    gates: dict[int, list[Gate]] = defaultdict(list)
    standing: dict[int, list[tuple[float, float]]] = defaultdict(list)
    flights: dict[int, list[int]] = defaultdict(list)
    for portal in portals:
        for side, space, stand in (("a", portal.space_a, portal.a), ("b", portal.space_b, portal.b)):
            if space is None:
                continue
            gate = gate_of(portal, side)
            if gate is not None:
                gates[space].append(gate)
            elif portal.kind in ("stair", "ramp", "lift"):
                standing[space].append(stand[:2])
            if portal.kind in ("stair", "ramp") and portal.element_index is not None:
                flights[space].append(portal.element_index)
    return gates, standing, flights


def _sorted_out(features: Iterable[Feature]) -> Obstacles:
    by_kind: dict[str, list[BaseGeometry]] = defaultdict(list)
    for kind, _, outline in features:
        by_kind["stair" if kind == "ramp" else kind].append(outline)
    return Obstacles(*(tuple(by_kind[kind]) for kind in ("wall", "column", "stair", "furniture")))
