"""Ways through the demo venue, against networkx's own Dijkstra over the same graph in the same run.

    python -m benchmarks.route [--quick] [--package DIR]

Measured: building the graph; a route from room to room with its instructions (p50, p99), and of it the search
alone, which is what networkx is asked for as well; a closure of twenty doors; the evacuation of all rooms to
the exits; and the share of routes that leave the free floor.

Goals: graph in under 3 s, a route's p99 under 10 ms, no route through a wall.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import shapely

from benchmarks.report import finish, print_table
from navigation.compiled import Compiled, Links
from navigation.errors import NavigationError
from navigation.model import Place, Route
from navigation.navigator import Navigator
from navigation.profiles import EVACUATE, WALK
from navigation.site import plan_obstacles
from spatial.model import Storey
from spatial.package import ModelPackage
from twin.venue import load_venue
from twin.wayfinding import open_navigator

ROOT = Path(__file__).parents[1]
VENUE = ROOT / "assets" / "palace" / "venue"
BUILD_GOAL_S = 3.0
P99_GOAL_MS = 10.0
FLOOR_TOLERANCE_M = 5e-3
WALL_TOLERANCE_M = 0.01
CLOSED_DOORS = 20


@dataclass(frozen=True, slots=True)
class Times:
    """Times of one thing, ms."""

    ms: Sequence[float]

    @property
    def p50(self) -> float:
        """The median."""
        return float(np.percentile(self.ms, 50))

    @property
    def p99(self) -> float:
        """The 99th percentile."""
        return float(np.percentile(self.ms, 99))

    def shown(self) -> tuple[str, str]:
        """Both, for the table."""
        return f"{self.p50:.2f}", f"{self.p99:.2f}"


def timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """What a piece of work takes, ms, and gives."""
    begin = time.perf_counter()
    result = work(*arguments)
    return (time.perf_counter() - begin) * 1e3, result


def palace(package: Path | None, folder: Path) -> Path:
    """The demo venue's package: the given one, the demo's own, or one built for this run."""
    kept = package or ROOT / "var" / "palace.twin"
    if kept.is_dir():
        return kept
    from assets.palace import generate  # noqa: PLC0415 - slow to load, and seldom needed
    from bim_pipeline.build import build_package  # noqa: PLC0415

    generate(folder / "palace.ifc")
    build_package(folder / "palace.ifc", folder / "palace.twin")
    return folder / "palace.twin"


def pairs_of(navigator: Navigator, package: ModelPackage, count: int) -> list[tuple[Place, Place]]:
    """Random pairs of rooms between which there is a way; always the same ones."""
    dice = random.Random(7)
    places = [navigator.places.space(space) for space in package.spaces]
    found: list[tuple[Place, Place]] = []
    while len(found) < count:
        start, goal = dice.sample(places, 2)
        try:
            navigator.route(start, goal)
        except NavigationError:
            continue
        found.append((start, goal))
    return found


@dataclass(frozen=True, slots=True)
class Ground:
    """By storey: the free floor, a little grown, and the walls less the doors in them, a little shrunk."""

    floors: dict[int, Any]
    walls: dict[int, Any]

    def is_left(self, route: Route) -> bool:
        """Whether a walk of a route is anywhere off the free floor, or in a wall of the plan."""
        return any(
            not shapely.covers(self.floors[leg.storey], line)
            or shapely.intersects(self.walls[leg.storey], line)
            for leg in route.legs
            if leg.kind == "walk" and leg.storey in self.floors
            for line in [shapely.linestrings(leg.polyline[:, :2])]
        )


def ground_of(navigator: Navigator, package: ModelPackage) -> Ground:
    """The floors as navigation has them, and, apart from them, the walls as the plans draw them."""
    areas: dict[int, list[Any]] = {storey.element_index: [] for storey in package.storeys}
    for space in package.spaces:
        if space.storey_index is not None:
            areas[space.storey_index].append(navigator.built.rooms[space.element_index].free.area)
    floors = {storey: shapely.union_all(parts).buffer(FLOOR_TOLERANCE_M) for storey, parts in areas.items()}
    walls = {
        storey.element_index: _solid(package, storey, _doorways(package, storey))
        for storey in package.storeys
    }
    shapely.prepare([*floors.values(), *walls.values()])
    return Ground(floors, walls)


def _solid(package: ModelPackage, storey: Storey, doorways: Any) -> Any:
    walls = [outline for kind, _, outline in plan_obstacles(package, storey) if kind in ("wall", "column")]
    return shapely.union_all(walls).buffer(-WALL_TOLERANCE_M).difference(doorways)


def _doorways(package: ModelPackage, storey: Storey) -> Any:
    """Where a storey's doors are: from standing point to standing point, as wide as the door."""
    return shapely.union_all(
        [
            shapely.LineString([door.a[:2], door.b[:2]]).buffer(door.width_m / 2, cap_style="flat")
            for door in package.portals
            if door.kind == "door" and abs(door.a[2] - storey.elevation_m) < 1.0
        ]
    )


def weighted(compiled: Compiled, weights: np.ndarray) -> nx.DiGraph[int]:
    """The same graph with the same weights, for networkx."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    open_ = np.isfinite(weights)
    table = compiled.table
    edges = zip(table.tail[open_].tolist(), table.head[open_].tolist(), weights[open_].tolist(), strict=True)
    graph.add_weighted_edges_from(edges)
    return graph


def networkx_search(graph: nx.DiGraph[int], start: Links, goal: Links) -> float:
    """The weight of the quickest way as networkx finds it, s."""
    graph.add_weighted_edges_from(
        (-1, *each) for each in zip(start.nodes.tolist(), start.seconds, strict=True)
    )
    graph.add_weighted_edges_from(
        (node, -2, seconds) for node, seconds in zip(goal.nodes.tolist(), goal.seconds, strict=True)
    )
    length = nx.dijkstra_path_length(graph, -1, -2)
    graph.remove_nodes_from([-1, -2])
    return float(length)


def exits_of(navigator: Navigator) -> list[int]:
    """Where one is out: behind an outer door, or on an outdoor space."""
    return [
        node
        for node, facts in navigator.built.graph.nodes(data=True)
        if facts["kind"] == "outside"
        or (facts["space"] is not None and navigator.kinds.is_open_air(facts["space"]))
    ]


def searches(
    navigator: Navigator, pairs: Sequence[tuple[Place, Place]], closed: Sequence[int]
) -> tuple[Times, Times, Times, float]:
    """The search alone: ours, networkx's, ours past closed doors; and the largest difference in weight, s."""
    compiled = navigator.compiled(WALK)
    graph = weighted(compiled, compiled.weights)
    ours, theirs, shut, worst = [], [], [], 0.0
    for start, goal in pairs:
        links = navigator.links(start, WALK), navigator.links(goal, WALK)
        spent, found = timed(compiled.path, *links, compiled.weights)
        ours.append(spent)
        spent, length = timed(networkx_search, graph, *links)
        theirs.append(spent)
        worst = max(worst, abs(found[1] - length))
        shut.append(timed(path_past, compiled, links, closed)[0])
    return Times(ours), Times(theirs), Times(shut), worst


def path_past(compiled: Compiled, links: tuple[Links, Links], closed: Sequence[int]) -> object:
    """The quickest way past closed doors, the closing of them included."""
    return compiled.path(*links, compiled.closed(closed))


def evacuations(navigator: Navigator, runs: int) -> tuple[Times, Times, float]:
    """All rooms to the nearest exit without lifts: ours, networkx's, and the largest difference, s."""
    compiled, exits = navigator.compiled(EVACUATE), exits_of(navigator)
    backwards = weighted(compiled, compiled.weights).reverse()
    outer = [node for node in exits if node in backwards]
    ours, theirs, worst = [], [], 0.0
    for _ in range(runs):
        spent, (seconds, _next) = timed(compiled.nearest_of, exits, compiled.weights)
        ours.append(spent)
        spent, lengths = timed(nx.multi_source_dijkstra_path_length, backwards, outer)
        theirs.append(spent)
        worst = max(worst, *(abs(seconds[node] - each) for node, each in lengths.items()))
    return Times(ours), Times(theirs), worst


def main() -> None:
    """Measure, print, and end with one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer routes")
    parser.add_argument("--package", type=Path, help="a package of the demo venue")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        ModelPackage.open(palace(asked.package, Path(folder))) as package,
    ):
        measure(package, 60 if asked.quick else 1000, 3 if asked.quick else 15)


def measure(package: ModelPackage, count: int, runs: int) -> None:
    """All figures of one package."""
    venue = load_venue(VENUE)
    built_ms, navigator = timed(open_navigator, package, venue)
    pairs = pairs_of(navigator, package, count)
    doors = sorted(each.element_index for each in package.portals if each.element_index is not None)
    closed = random.Random(11).sample(doors, CLOSED_DOORS)
    whole, routes = zip(*[timed(navigator.route, *pair) for pair in pairs], strict=True)
    ground = ground_of(navigator, package)
    outside = sum(ground.is_left(route) for route in routes) / len(routes)
    ours, theirs, shut, worst = searches(navigator, pairs[: max(60, count // 5)], closed)
    out, out_nx, out_worst = evacuations(navigator, runs)
    closing = Times([timed(navigator.compiled(WALK).closed, closed)[0] for _ in range(50)])
    show(navigator, built_ms, [
        ("route with instructions", Times(whole)),
        ("search alone", ours), ("search, networkx dijkstra", theirs),
        ("search past 20 closed doors", shut), ("closing 20 doors", closing),
        ("evacuation of all rooms", out), ("evacuation, networkx", out_nx),
    ])  # fmt: skip
    report(
        navigator,
        built_ms,
        Times(whole),
        (ours, theirs),
        (out, out_nx),
        closing,
        outside,
        max(worst, out_worst),
    )


def show(navigator: Navigator, built_ms: float, rows: Sequence[tuple[str, Times]]) -> None:
    """The table for people."""
    graph = navigator.built.graph
    title = f"{len(graph)} nodes, {graph.number_of_edges()} edges, built in {built_ms / 1e3:.2f} s"
    print_table(title, ("", "p50 ms", "p99 ms"), [(name, *times.shown()) for name, times in rows])


def report(
    navigator: Navigator,
    built_ms: float,
    whole: Times,
    search: tuple[Times, Times],
    evacuation: tuple[Times, Times],
    closing: Times,
    outside: float,
    difference_s: float,
) -> None:
    """The line for programs."""
    figures = {
        "nodes": len(navigator.built.graph),
        "edges": navigator.built.graph.number_of_edges(),
        "build_s": round(built_ms / 1e3, 3),
        "route_p50_ms": round(whole.p50, 3),
        "route_p99_ms": round(whole.p99, 3),
        "search_p50_ms": round(search[0].p50, 3),
        "search_p99_ms": round(search[0].p99, 3),
        "evacuation_p50_ms": round(evacuation[0].p50, 3),
        "closure_p50_ms": round(closing.p50, 4),
        "through_wall_share": outside,
        "largest_difference_s": difference_s,
    }
    baselines = {
        "networkx_search_p50_ms": round(search[1].p50, 3),
        "networkx_search_p99_ms": round(search[1].p99, 3),
        "networkx_evacuation_p50_ms": round(evacuation[1].p50, 3),
    }
    ratios = {
        "search_times_faster": round(search[1].p50 / search[0].p50, 2),
        "evacuation_times_faster": round(evacuation[1].p50 / evacuation[0].p50, 2),
    }
    goals = {"build_s": BUILD_GOAL_S, "route_p99_ms": P99_GOAL_MS, "through_wall_share": 0}
    met = {
        "build_s": figures["build_s"] < BUILD_GOAL_S,
        "route_p99_ms": whole.p99 < P99_GOAL_MS,
        "through_wall_share": outside == 0,
    }
    finish("route", figures, baselines, ratios, goals, met)


if __name__ == "__main__":
    main()
