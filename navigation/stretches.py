"""A way over the graph's nodes becomes stretches: taut walks on a storey, flights and rides between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from navigation.graph import NavGraph, gate_of, polyline_length
from navigation.model import Crossing, Floats, LegKind, Object, Place
from navigation.naming import Names
from navigation.profiles import Profile
from navigation.pull import Chain, Floor, Vertex, Way, pull

FLIGHTS = ("stair", "ramp", "lift")
SAME_SPOT_M = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A walk on one storey, a flight or a ride: `points` (n, 3) m; crossings with metres from its begin."""

    kind: LegKind
    storey: int | None
    to_storey: int | None
    points: Floats
    crossings: tuple[tuple[float, Crossing], ...]
    length_m: float
    duration_s: float
    object: Object | None = None


@dataclass(slots=True)
class _Run:
    """A walk being gathered from the nodes of a way."""

    vertices: list[Vertex]
    chains: list[Chain] = field(default_factory=list)


class Stretcher:
    """Turns ways over one graph into stretches."""

    def __init__(self, built: NavGraph, names: Names) -> None:
        gates = {index: gate_of(portal, "a") for index, portal in built.portals.items()}
        self._built = built
        self._names = names
        self._floor = Floor(
            {space: room.free for space, room in built.rooms.items()},
            {index: gate for index, gate in gates.items() if gate is not None},
        )

    def stretch(
        self, start: Place, goal: Place, nodes: Sequence[int], profile: Profile, heavy: Iterable[int]
    ) -> tuple[Stretch, ...]:
        """The stretches of a way; no nodes: straight on, in one room."""
        slow = frozenset(heavy)
        done: list[Stretch] = []
        run = _Run([Vertex(*start.position)])
        if nodes and start.node is None:
            self._walk(run, nodes[0], start.space)
        for tail, head in pairwise(nodes):
            run = self._follow(done, run, tail, head, profile, slow)
        if goal.node is None and goal.space is not None:
            run.vertices.append(Vertex(*goal.position))
            run.chains.append(Chain((goal.space,)))
        self._finish(done, run, profile, slow)
        return _merged(done)

    def _follow(
        self, done: list[Stretch], run: _Run, tail: int, head: int, profile: Profile, slow: frozenset[int]
    ) -> _Run:
        """One edge more; the run that goes on behind it."""
        facts = self._built.graph.edges[tail, head]
        if facts["kind"] == "walk":
            self._walk(run, head, facts["space"])
            return run
        if facts["kind"] in FLIGHTS:
            self._finish(done, run, profile, slow)
            done.append(self._flight(tail, head, facts, profile))
            return self._begin(head)
        spaces = [self._built.graph.nodes[node]["space"] for node in (tail, head)]
        storeys = [self._names.storey_of(space) for space in spaces]
        if None not in spaces and storeys[0] == storeys[1]:
            run.vertices[-1] = _on_gate(run.vertices[-1], facts["portal"])
            return run
        self._finish(done, run, profile, slow)
        done.append(self._over_the_sill(tail, head, facts, profile, slow))
        return self._begin(head)

    def _begin(self, node: int) -> _Run:
        return _Run([Vertex(*self._built.graph.nodes[node]["xyz"])])

    def _walk(self, run: _Run, node: int, space: int | None) -> None:
        assert space is not None  # one walks in rooms alone
        run.vertices.append(Vertex(*self._built.graph.nodes[node]["xyz"]))
        run.chains.append(Chain((space,)))

    def _finish(self, done: list[Stretch], run: _Run, profile: Profile, slow: frozenset[int]) -> None:
        if not run.chains:
            return
        way = pull(Way(tuple(run.vertices), tuple(run.chains)), self._floor)
        points, crossings = self._drawn(way)
        length = polyline_length(points)
        storey = self._names.storey_of(way.chains[0].rooms[0])
        seconds = length / profile.walk_m_s + sum(
            _door_s(crossing, profile, slow) for _, crossing in crossings
        )
        done.append(Stretch("walk", storey, storey, points, crossings, length, seconds))

    def _drawn(self, way: Way) -> tuple[Floats, tuple[tuple[float, Crossing], ...]]:
        """The points of a taut way, and the portals that it goes through."""
        points = np.array([(vertex.x, vertex.y, vertex.z) for vertex in way.vertices])
        along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        found: list[tuple[float, Crossing]] = []
        for place, chain in enumerate(way.chains):
            here, there = way.vertices[place], way.vertices[place + 1]
            spots = self._floor.crossings(here.spot, there.spot, chain) or []
            for number, (portal, spot) in enumerate(zip(chain.portals, spots, strict=False)):
                distance = float(along[place] + np.hypot(spot[0] - here.x, spot[1] - here.y))
                rooms = chain.rooms[number : number + 2]
                found.append((distance, self._crossing(portal, rooms[0], rooms[1], (*spot, here.z))))
            if there.portal is not None and place + 1 < len(way.chains):
                rooms = (chain.rooms[-1], way.chains[place + 1].rooms[0])
                spot3 = (there.x, there.y, there.z)
                found.append((float(along[place + 1]), self._crossing(there.portal, *rooms, spot3)))
        distinct = np.concatenate([[True], np.linalg.norm(np.diff(points, axis=0), axis=1) > SAME_SPOT_M])
        kept = points[distinct] if distinct.sum() > 1 else points[[0, -1]]
        return kept, tuple(found)

    def _crossing(
        self, portal: int, before: int | None, after: int | None, spot: tuple[float, float, float]
    ) -> Crossing:
        kind, element = self._built.portals[portal].kind, self._built.portals[portal].element_index
        return Crossing(portal, element, kind, before, after, spot)

    def _over_the_sill(
        self, tail: int, head: int, facts: dict[str, Any], profile: Profile, slow: frozenset[int]
    ) -> Stretch:
        """Through a door to or from outside, or to a room of another storey."""
        nodes = self._built.graph.nodes
        points = np.array([nodes[tail]["xyz"], nodes[head]["xyz"]])
        spaces = [nodes[node]["space"] for node in (tail, head)]
        crossing = self._crossing(facts["portal"], spaces[0], spaces[1], tuple(points[0].tolist()))
        storeys = [self._names.storey_of(space) for space in spaces]
        length = polyline_length(points)
        seconds = length / profile.walk_m_s + _door_s(crossing, profile, slow)
        first, last = (each if each is not None else storeys[not place] for place, each in enumerate(storeys))
        return Stretch("walk", first, last, points, ((0.0, crossing),), length, seconds)

    def _flight(self, tail: int, head: int, facts: dict[str, Any], profile: Profile) -> Stretch:
        nodes = self._built.graph.nodes
        line = facts["polyline"]
        points = np.array([nodes[tail]["xyz"], nodes[head]["xyz"]]) if line is None else line
        storeys = [self._names.storey_of(nodes[node]["space"]) for node in (tail, head)]
        name = self._names.portal(self._built.portals[facts["portal"]])
        kind: LegKind = facts["kind"]
        seconds = flight_s(kind, facts["length_m"], facts["rise_m"], profile)
        return Stretch(kind, storeys[0], storeys[1], points, (), facts["length_m"], seconds, name)


def _merged(stretches: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """Walks that follow each other on one storey as one."""
    done: list[Stretch] = []
    for each in stretches:
        last = done[-1] if done else None
        if last is not None and last.kind == each.kind == "walk" and last.to_storey == each.storey:
            done[-1] = _joined(last, each)
        else:
            done.append(each)
    return tuple(done)


def _joined(first: Stretch, second: Stretch) -> Stretch:
    later = ((at_m + first.length_m, crossing) for at_m, crossing in second.crossings)
    return Stretch(
        "walk",
        first.storey,
        second.to_storey,
        np.concatenate([first.points, second.points[1:]]),
        (*first.crossings, *later),
        first.length_m + second.length_m,
        first.duration_s + second.duration_s,
    )


def flight_s(kind: LegKind, length_m: float, rise_m: float, profile: Profile) -> float:
    """What a stair, a ramp or a ride takes, s."""
    if kind == "lift":
        return profile.lift_wait_s + profile.lift_doors_s + rise_m / profile.lift_m_s
    return length_m / (profile.stair_m_s if kind == "stair" else profile.ramp_m_s)


def _on_gate(vertex: Vertex, portal: int) -> Vertex:
    return Vertex(vertex.x, vertex.y, vertex.z, portal)


def _door_s(crossing: Crossing, profile: Profile, slow: frozenset[int]) -> float:
    if crossing.kind != "door":
        return 0.0
    return profile.heavy_door_s if crossing.element_index in slow else profile.door_s
