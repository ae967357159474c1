"""The graph compiled for a profile: one sparse matrix of seconds, and shortest ways over it.

scipy's Dijkstra answers in a millisecond what networkx takes tens of; a closure is an infinite weight in a
copy of the matrix's data, nothing is built again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from navigation.graph import NavGraph
from navigation.model import Floats, Ints, Overlay
from navigation.profiles import Profile

KINDS = ("walk", "door", "opening", "stair", "ramp", "lift")
LEAST_S = 1e-6  # a weight of zero would be no edge
NO_NODE = -9999  # scipy's mark for "no predecessor"
BARRIER_S = 1e6  # what an impassable edge costs when asking what stands in the way


@dataclass(frozen=True, slots=True, eq=False)
class EdgeTable:
    """A graph's edges as columns, each (m,), in rows' order: by `tail`, then `head`. `indptr` (n + 1,).

    `portal` and `element` are -1 for none; `bends` counts the ends that are corners, `intrudes` those
    that are at a portal and in a room that one does not walk through.
    """

    node_count: int
    indptr: Ints
    tail: Ints
    head: Ints
    kind: Ints
    length_m: Floats
    rise_m: Floats
    portal: Ints
    element: Ints
    accessible: np.ndarray
    bends: Ints
    intrudes: Ints


def edge_table(built: NavGraph) -> EdgeTable:
    """The edges of a graph."""
    graph = built.graph
    facts_of = [graph.nodes[node] for node in range(len(graph))]
    corner = np.array([facts["kind"] == "corner" for facts in facts_of], dtype=np.int64)
    stays = np.array([facts["space"] in built.private_rooms for facts in facts_of], dtype=np.int64)
    code = {kind: number for number, kind in enumerate(KINDS)}
    rows = [
        (
            tail,
            head,
            code[facts["kind"]],
            facts["length_m"],
            facts["rise_m"],
            _or_none(facts["portal"]),
            _or_none(facts["element"]),
            facts["accessible"],
        )
        for tail, head, facts in graph.edges(data=True)
    ]
    columns = np.array(rows, dtype=np.float64).reshape(-1, 8)
    columns = columns[np.lexsort((columns[:, 1], columns[:, 0]))]
    tail, head = columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int64)
    return EdgeTable(
        node_count=len(graph),
        indptr=np.searchsorted(tail, np.arange(len(graph) + 1)).astype(np.int64),
        tail=tail,
        head=head,
        kind=columns[:, 2].astype(np.int64),
        length_m=columns[:, 3],
        rise_m=columns[:, 4],
        portal=columns[:, 5].astype(np.int64),
        element=columns[:, 6].astype(np.int64),
        accessible=columns[:, 7] > 0,
        bends=corner[tail] + corner[head],
        intrudes=np.where(columns[:, 5] >= 0, stays[tail] + stays[head], 0),
    )


def _or_none(index: int | None) -> int:
    return -1 if index is None else index


def durations(table: EdgeTable, profile: Profile, overlay: Overlay) -> Floats:
    """What each edge takes, s; penalties for turns not among it."""
    speed = np.full(len(KINDS), profile.walk_m_s)
    speed[KINDS.index("stair")], speed[KINDS.index("ramp")] = profile.stair_m_s, profile.ramp_m_s
    seconds: Floats = table.length_m / speed[table.kind]
    door = table.kind == KINDS.index("door")
    heavy = np.isin(table.element, sorted(overlay.heavy))
    seconds[door] += np.where(heavy[door], profile.heavy_door_s, profile.door_s)
    lift = table.kind == KINDS.index("lift")
    ride = profile.lift_wait_s + profile.lift_doors_s + table.rise_m[lift] / profile.lift_m_s
    seconds[lift] = ride
    return seconds


def forbidden(table: EdgeTable, profile: Profile, overlay: Overlay) -> np.ndarray:
    """Which edges the profile never takes, (m,) bool."""
    barred = np.isin(table.element, sorted(overlay.private))
    never: np.ndarray = barred | ~table.accessible if profile.step_free else barred
    return never


def _unease(table: EdgeTable, profile: Profile) -> Floats:
    """What makes a way less natural, s."""
    unease: Floats = table.bends * profile.turn_s / 2 + table.intrudes * profile.intrude_s
    return unease


@dataclass(frozen=True, slots=True)
class Links:
    """How a place hangs on the graph: the nodes that are seen from it, and what each takes to reach, s."""

    nodes: Ints
    seconds: Floats


@dataclass(frozen=True)
class Compiled:
    """A graph, compiled for one profile; threads may share it. `seconds` (m,), inf where forbidden."""

    table: EdgeTable
    profile: Profile
    seconds: Floats
    weights: Floats

    @cached_property
    def _indices(self) -> np.ndarray:
        return self.table.head.astype(np.int32)

    @cached_property
    def _by_element(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.table.element, kind="stable")
        return order, self.table.element[order]

    def rows_of(self, elements: Iterable[int]) -> Ints:
        """The edges of some elements (doors, stairs, lifts)."""
        wanted = np.array(sorted(set(elements)), dtype=np.int64)
        order, sorted_elements = self._by_element
        low, high = np.searchsorted(sorted_elements, [wanted, wanted + 1])
        parts = [order[start:end] for start, end in zip(low, high, strict=True)]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    def closed(self, elements: Iterable[int]) -> Floats:
        """The weights with the edges of some elements closed, (m,) s."""
        rows = self.rows_of(elements)
        if not len(rows):
            return self.weights
        weights = self.weights.copy()
        weights[rows] = np.inf
        return weights

    def path(self, start: Links, goal: Links, weights: Floats) -> tuple[list[int], float] | None:
        """The quickest way from place to place: its nodes and its weight, s; None where there is none."""
        if not len(start.nodes) or not len(goal.nodes):
            return None
        source = self.table.node_count
        matrix = self._with_source(start, weights)
        seconds, before = dijkstra(matrix, directed=True, indices=[source], return_predecessors=True)
        totals = seconds[0, goal.nodes] + goal.seconds
        best = int(np.argmin(totals))
        if not np.isfinite(totals[best]):
            return None
        nodes = [int(goal.nodes[best])]
        while (node := int(before[0, nodes[-1]])) not in (source, NO_NODE):
            nodes.append(node)
        return nodes[::-1], float(totals[best])

    def _with_source(self, start: Links, weights: Floats) -> csr_array:
        """The matrix with one node more, the start, whose row comes last."""
        count = self.table.node_count + 1
        order = np.argsort(start.nodes)
        indptr = np.append(self.table.indptr, len(weights) + len(order)).astype(np.int32)
        indices = np.concatenate([self._indices, start.nodes[order].astype(np.int32)])
        data = np.concatenate([weights, np.maximum(start.seconds[order], LEAST_S)])
        return csr_array((data, indices, indptr), shape=(count, count))

    def nearest_of(self, goals: Sequence[int], weights: Floats) -> tuple[Floats, Ints]:
        """For each node what it takes to the nearest of some, (n,) s (inf: no way), and the next node, (n,).

        The next node is NO_NODE at a goal and where there is no way: the evacuation of a whole building is
        one call, on the reversed graph.
        """
        count = self.table.node_count
        forward = csr_array((weights, self._indices, self.table.indptr.astype(np.int32)), (count, count))
        seconds, after, _ = dijkstra(
            forward.T.tocsr(), indices=list(goals), return_predecessors=True, min_only=True
        )
        return seconds, after.astype(np.int64)


def compile_profile(table: EdgeTable, profile: Profile, overlay: Overlay) -> Compiled:
    """Compile a graph's edges for a profile."""
    seconds = durations(table, profile, overlay)
    seconds[forbidden(table, profile, overlay)] = np.inf
    weights = np.maximum(seconds + _unease(table, profile), LEAST_S)
    return Compiled(table, profile, seconds, weights)


def with_barriers(compiled: Compiled, overlay: Overlay, closed: Iterable[int]) -> Floats:
    """Weights at which what is forbidden or closed is passed at great cost: to ask what stands in the way."""
    open_profile = durations(compiled.table, compiled.profile, overlay)
    weights = np.where(np.isfinite(compiled.weights), compiled.weights, open_profile + BARRIER_S)
    weights[compiled.rows_of(closed)] += BARRIER_S
    return weights
