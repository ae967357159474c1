"""The walkable graph of a building, a networkx model: rooms' floors, portals' gates, stairs and lifts.

Nodes are numbered from 0. Their attributes: `kind` (gate | corner | stop | outside), `xyz`, `space` (the
room's element_index, None outside), `portal` (portal_index, None for a corner). A gate has a node on either
side at the same place, so that what a portal costs, forbids or closes is on the edge between them. Edges:
`kind` (walk | door | opening | stair | ramp | lift), `length_m`, `rise_m`, `width_m`, `space` (of a walk),
`portal`, `element`, `accessible`, and `polyline` (n, 3) for stairs and ramps.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np

from navigation.freespace import BODY_RADIUS_M, FreeSpace, Gate
from navigation.model import XYZ, Floats, Ints, Overlay
from navigation.profiles import CLEAR_DOOR_M
from navigation.visibility import visible_pairs
from spatial.model import Portal

GATE_SPACING_M = 1.0
MOST_ON_A_GATE = 17
FINE_SCAN = 65
NARROW_GATE_M = 0.30  # a gate whose half is less has its middle alone
LEAST_LENGTH_M = 1e-6


@dataclass(frozen=True, slots=True)
class Room:
    """A space as one walks in it."""

    space: int
    floor_z_m: float
    free: FreeSpace


@dataclass(slots=True)
class NavGraph:
    """The graph, its rooms, and its nodes by room and by portal.

    `private_rooms`: those that one enters to stay, not to walk through; `notes`: portals that lead nowhere.
    """

    rooms: Mapping[int, Room]
    portals: Mapping[int, Portal]
    graph: nx.DiGraph[int] = field(default_factory=nx.DiGraph)
    terminals_of: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    corners_of: dict[int, list[int]] = field(default_factory=dict)
    nodes_of_portal: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    private_rooms: frozenset[int] = frozenset()
    notes: list[tuple[int, str]] = field(default_factory=list)

    def nodes_of(self, space: int) -> list[int]:
        """All nodes of a room."""
        return self.terminals_of.get(space, []) + self.corners_of.get(space, [])

    def xyz(self) -> Floats:
        """(n, 3) float64, m: where the nodes are."""
        count = self.graph.number_of_nodes()
        found: Floats = np.array([self.graph.nodes[node]["xyz"] for node in range(count)]).reshape(-1, 3)
        return found


def gate_of(portal: Portal, side: str) -> Gate | None:
    """The gate of a door or an open passage, towards side "a" or "b"; None for stairs and lifts."""
    if portal.kind not in ("door", "opening"):
        return None
    stand, other = (portal.a, portal.b) if side == "a" else (portal.b, portal.a)
    dx, dy = stand[0] - other[0], stand[1] - other[1]
    apart = math.hypot(dx, dy)
    if apart < LEAST_LENGTH_M:
        return None
    middle = ((stand[0] + other[0]) / 2, (stand[1] + other[1]) / 2)
    normal = (dx / apart, dy / apart)
    return Gate(middle, normal, portal.width_m, apart / 2, is_door=portal.kind == "door")


def build_graph(
    rooms: Iterable[Room], portals: Iterable[Portal], overlay: Overlay, ways: Container[int] | None = None
) -> NavGraph:
    """The graph of some rooms and what joins them. ways: rooms that people walk through; None: all."""
    known = {room.space: room for room in rooms}
    built = NavGraph(known, {portal.portal_index: portal for portal in portals})
    if ways is not None:
        built.private_rooms = frozenset(space for space in known if space not in ways)
    for portal in built.portals.values():
        if portal.kind in ("door", "opening"):
            _add_gate(built, portal, overlay)
        elif portal.kind in ("stair", "ramp"):
            _add_flight(built, portal, overlay)
    _add_lifts(built, overlay)
    for room in known.values():
        _add_floor(built, room)
    return built


def _add_node(built: NavGraph, kind: str, xyz: XYZ, space: int | None, portal: int | None) -> int:
    node = built.graph.number_of_nodes()
    known = space if space in built.rooms else None
    built.graph.add_node(node, kind=kind, xyz=xyz, space=known, portal=portal)
    if known is not None and kind != "corner":
        built.terminals_of[known].append(node)
    if portal is not None:
        built.nodes_of_portal[portal].append(node)
    return node


def _add_edges(built: NavGraph, first: int, second: int, overlay: Overlay, **facts: Any) -> None:
    """Both ways, or the one way that the overlay leaves; `polyline` goes from first to second."""
    way = dict(overlay.one_way).get(facts["element"])
    line = facts.pop("polyline", None)
    if way != "ba":
        built.graph.add_edge(first, second, polyline=line, **facts)
    if way != "ab":
        back = None if line is None else line[::-1]
        built.graph.add_edge(second, first, polyline=back, **facts)


def _facts(portal: Portal, length_m: float, overlay: Overlay, rise_m: float = 0.0) -> dict[str, Any]:
    return {
        "kind": portal.kind,
        "length_m": length_m,
        "rise_m": rise_m,
        "width_m": portal.width_m,
        "space": None,
        "portal": portal.portal_index,
        "element": portal.element_index,
        "accessible": is_accessible(portal, overlay),
    }


def is_accessible(portal: Portal, overlay: Overlay) -> bool:
    """Whether a wheelchair passes: no stair, and a door of 0.80 m or more; the venue's staff knows better."""
    if portal.element_index in overlay.accessible:
        return True
    if portal.element_index in overlay.barred or portal.kind == "stair":
        return False
    return portal.kind == "lift" or portal.width_m >= CLEAR_DOOR_M - 0.005


def _add_gate(built: NavGraph, portal: Portal, overlay: Overlay) -> None:
    sides = [
        space for space in (portal.space_a, portal.space_b) if space is not None and space in built.rooms
    ]
    gate = gate_of(portal, "a")
    if gate is None or not sides or portal.space_a == portal.space_b:
        if gate is None or not sides:
            built.notes.append((portal.portal_index, "joins no rooms"))
        return
    spots = _spots(gate, [built.rooms[space].free for space in sides], one=len(sides) == 1)
    if not len(spots):
        built.notes.append((portal.portal_index, "cannot be reached on the free floor"))
    for x, y in spots.tolist():
        _add_crossing(built, portal, (x, y), overlay)


def _add_crossing(built: NavGraph, portal: Portal, spot: tuple[float, float], overlay: Overlay) -> None:
    first, second = (
        _add_node(built, "gate", (*spot, stand[2]), space, portal.portal_index)
        if space in built.rooms
        else _add_node(built, "outside", stand, None, portal.portal_index)
        for space, stand in ((portal.space_a, portal.a), (portal.space_b, portal.b))
    )
    nodes = built.graph.nodes
    length = math.dist(nodes[first]["xyz"][:2], nodes[second]["xyz"][:2])
    _add_edges(built, first, second, overlay, **_facts(portal, length, overlay))


def _spots(gate: Gate, floors: list[FreeSpace], *, one: bool) -> Floats:
    """Where a gate is crossed: points across it on the floors of its sides, (n, 2); one: its middle alone."""
    half = gate.half_width_m(BODY_RADIUS_M)
    count = (
        1 if one or half < NARROW_GATE_M else min(2 * math.ceil(half / GATE_SPACING_M) + 1, MOST_ON_A_GATE)
    )
    found = _across(gate, half, count, floors)
    if len(found):
        return found
    fine = _across(gate, half, FINE_SCAN, floors)
    return fine[len(fine) // 2 : len(fine) // 2 + 1]


def _across(gate: Gate, half: float, count: int, floors: list[FreeSpace]) -> Floats:
    offsets = np.linspace(-half, half, count) if count > 1 else np.zeros(1)
    (x, y), (nx_, ny_) = gate.middle, gate.normal
    points = np.stack([x - ny_ * offsets, y + nx_ * offsets], axis=1)
    free = np.all([floor.sees(points, points + 1e-9) for floor in floors], axis=0)
    kept: Floats = points[free]
    return kept


def _add_flight(built: NavGraph, portal: Portal, overlay: Overlay) -> None:
    if portal.space_a not in built.rooms and portal.space_b not in built.rooms:
        built.notes.append((portal.portal_index, "joins no rooms"))
        return
    line = np.array([portal.a, portal.b]) if portal.path is None else portal.path
    first, second = (
        _add_node(built, "stop" if space in built.rooms else "outside", stand, space, portal.portal_index)
        for space, stand in ((portal.space_a, portal.a), (portal.space_b, portal.b))
    )
    facts = _facts(portal, polyline_length(line), overlay, abs(portal.b[2] - portal.a[2]))
    _add_edges(built, first, second, overlay, polyline=line, **facts)


def _add_lifts(built: NavGraph, overlay: Overlay) -> None:
    """A lift joins each of its stops to each other one: one waits for it once."""
    by_lift: dict[tuple[str, int], list[Portal]] = defaultdict(list)
    for portal in built.portals.values():
        if portal.kind == "lift":
            alone = portal.element_index is None
            by_lift["portal" if alone else "lift", portal.element_index or portal.portal_index].append(portal)
    for portals in by_lift.values():
        stops = _stops(built, portals)
        for (_, first), (second_portal, second) in combinations(stops, 2):
            rise = abs(built.graph.nodes[second]["xyz"][2] - built.graph.nodes[first]["xyz"][2])
            _add_edges(built, first, second, overlay, **_facts(second_portal, 0.0, overlay, rise))


def _stops(built: NavGraph, portals: list[Portal]) -> list[tuple[Portal, int]]:
    """A lift's stops, lowest first, each with a portal that it is an end of."""
    found: dict[tuple[int, float], tuple[Portal, XYZ]] = {}
    for portal in portals:
        for space, stand in ((portal.space_a, portal.a), (portal.space_b, portal.b)):
            if space is not None and space in built.rooms:
                found.setdefault((space, round(stand[2], 1)), (portal, stand))
    in_order = sorted(found.items(), key=lambda item: item[1][1][2])
    return [
        (portal, _add_node(built, "stop", stand, space, portal.portal_index))
        for (space, _), (portal, stand) in in_order
    ]


def _add_floor(built: NavGraph, room: Room) -> None:
    """The room's corners as nodes, and the edges between all its nodes that see each other."""
    terminals = built.terminals_of.get(room.space, [])
    if not terminals:
        built.corners_of[room.space] = []
        return
    built.corners_of[room.space] = [
        _add_node(built, "corner", (x, y, room.floor_z_m), room.space, None)
        for x, y in room.free.corners.tolist()
    ]
    nodes = np.array(built.nodes_of(room.space))
    spots = np.array([built.graph.nodes[node]["xyz"] for node in terminals])
    pairs = visible_pairs(room.free, spots[:, :2])
    if len(pairs):
        _add_walks(built, room, nodes[pairs], np.concatenate([spots[:, :2], room.free.corners]), pairs)


def _add_walks(built: NavGraph, room: Room, nodes: Ints, spots: Floats, pairs: Ints) -> None:
    lengths = np.linalg.norm(spots[pairs[:, 0]] - spots[pairs[:, 1]], axis=1)
    facts: dict[str, Any] = {
        "kind": "walk",
        "rise_m": 0.0,
        "width_m": math.inf,
        "space": room.space,
        "portal": None,
        "element": None,
        "accessible": True,
        "polyline": None,
    }
    for (first, second), length in zip(nodes.tolist(), lengths.tolist(), strict=True):
        built.graph.add_edge(first, second, length_m=length, **facts)
        built.graph.add_edge(second, first, length_m=length, **facts)


def polyline_length(line: Floats) -> float:
    """The length of (n, 3) points, m."""
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())
