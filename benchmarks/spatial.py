"""Spatial queries against shapely's STRtree, rtree and plain numpy, on the same boxes in the same run.

    python -m benchmarks.spatial [--quick] [--boxes N] [--package DIR]

Asked: what touches a box, what is within a radius, the ten nearest, what a camera's frustum meets, what a ray
crosses, whether one point sees another past real triangles, which room a point is in; one query a call, and
many a call. Every peer gives the exact answer in three dimensions: STRtree (which is flat) and rtree find
candidates, the rest is done with numpy as one would. Answers are compared with ours; times are medians of
several runs, interleaved. Opening a mapped index of a million boxes is measured as well.

Goal: for each kind, single and many, at least as fast as the fastest peer, and the same answers.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rtree import index as rtree_index

from benchmarks.report import finish, print_table
from benchmarks.route import palace
from spatial.frustum import Frustum
from spatial.index import PackedIndex, box_distance, pack, ray_rows
from spatial.package import ModelPackage
from spatial.places import FLOOR_TOLERANCE_M, SpaceLocator
from spatial.sight import TriangleIndex

Floats = NDArray[np.float64]
Answer = list[list[int]]
Ask = Callable[[Any], Answer]
"""Answers queries, an array of them or a list, each with a list of rows."""

NEAREST = 10
RADIUS_M = 3.0
REACH_M = 60.0
OPEN_BOXES = 1_000_000
OPEN_GOAL_MS = 20.0
CHUNK = 16


@dataclass(frozen=True)
class Boxes:
    """The boxes (n, 6) m, and the peers' trees over them."""

    boxes: Floats
    ours: PackedIndex
    flat: shapely.STRtree
    solid: rtree_index.Index

    @classmethod
    def of(cls, boxes: Floats) -> Boxes:
        """Build every tree."""
        settings = rtree_index.Property(dimension=3)
        stream = (np.arange(len(boxes)), boxes[:, :3].copy(), boxes[:, 3:].copy())
        return cls(
            boxes,
            PackedIndex.from_bytes(pack(boxes)),
            shapely.STRtree(shapely.box(boxes[:, 0], boxes[:, 1], boxes[:, 3], boxes[:, 4])),
            rtree_index.Index(stream, properties=settings),
        )

    def in_flat(self, queries: Floats) -> tuple[Any, Any]:
        """Query and row of each candidate of STRtree for boxes (n, 6)."""
        found = self.flat.query(shapely.box(queries[:, 0], queries[:, 1], queries[:, 3], queries[:, 4]))
        return found[0], found[1]

    def in_solid(self, queries: Floats) -> tuple[Any, Any]:
        """Query and row of each candidate of rtree for boxes (n, 6)."""
        return all_touching(self.solid, queries[:, :3].copy(), queries[:, 3:].copy())


def all_touching(tree: rtree_index.Index, low: Floats, high: Floats) -> tuple[Any, Any]:
    """Query and row of what rtree finds for many boxes at once."""
    rows, counts = tree.intersection_v(low, high)  # type: ignore[no-untyped-call]
    return np.repeat(np.arange(len(low)), counts.astype(np.int64)), rows


@dataclass(frozen=True)
class Kind:
    """One kind of query: its name, the queries, and who answers it; the first is ours.

    `sizes`: how many queries are asked one by one, and how many at once.
    """

    name: str
    queries: Any
    ours: Ask
    peers: dict[str, Ask]
    sizes: tuple[int, int] = (200, 1000)


@dataclass(frozen=True)
class Result:
    """Microseconds a query of one kind in one form, by who answered; whether all answers were the same."""

    name: str
    microseconds: dict[str, float]
    same: bool

    @property
    def best_peer(self) -> str:
        """The fastest of the others."""
        return min((n for n in self.microseconds if n != "ours"), key=self.microseconds.__getitem__)

    @property
    def ratio(self) -> float:
        """How many times faster than the best peer we are."""
        return self.microseconds[self.best_peer] / self.microseconds["ours"]


def split(query: Any, row: Any, count: int) -> Answer:
    """Rows by query, ascending, of pairs of both."""
    order = np.lexsort((row, query))
    ends = np.searchsorted(query[order], np.arange(1, count))
    return [part.tolist() for part in np.split(np.asarray(row)[order], ends)]


def synthetic(count: int) -> Floats:
    """Boxes as buildings have them: most a hand or a chair large, some walls and slabs; on eight storeys."""
    rng = np.random.default_rng(3)
    low = rng.random((count, 3)) * [250.0, 250.0, 0.0]
    low[:, 2] = rng.integers(0, 8, count) * 4.5 + rng.random(count) * 3
    size = rng.gamma(1.2, 0.4, (count, 3))
    walls = rng.random(count) < 0.05
    size[walls] = rng.random((walls.sum(), 3)) * [12.0, 0.3, 3.5]
    return np.hstack([low, low + size])


def places_in(boxes: Floats, count: int, seed: int) -> Floats:
    """Points in the boxes' extent."""
    rng = np.random.default_rng(seed)
    return rng.uniform(boxes[:, :3].min(axis=0), boxes[:, 3:].max(axis=0), (count, 3))


def lists(matches: Any) -> Answer:
    """What ours found, as lists."""
    return [matches.of(i).tolist() for i in range(len(matches.offsets) - 1)]


def box_kind(data: Boxes, count: int) -> Kind:
    """What touches a box of 4 x 4 x 3 m."""
    at = places_in(data.boxes, count, 1)
    boxes = data.boxes

    def touching(query: Floats, rows: Any) -> Any:
        return (boxes[rows, :3] <= query[:, 3:]).all(axis=1) & (boxes[rows, 3:] >= query[:, :3]).all(axis=1)

    def of(find: Callable[[Floats], tuple[Any, Any]]) -> Ask:
        def ask(asked: Floats) -> Answer:
            query, rows = find(asked)
            kept = touching(asked[query], rows)
            return split(query[kept], rows[kept], len(asked))

        return ask

    def scan(asked: Floats) -> Answer:
        return [
            np.flatnonzero(
                (boxes[:, :3] <= each[3:]).all(axis=1) & (boxes[:, 3:] >= each[:3]).all(axis=1)
            ).tolist()
            for each in asked
        ]

    peers = {"shapely": of(data.in_flat), "rtree": of(data.in_solid), "numpy": scan}
    queries = np.hstack([at, at + np.array([4.0, 4.0, 3.0])])
    return Kind("box", queries, lambda asked: lists(data.ours.overlapping_many(asked)), peers)


def radius_kind(data: Boxes, count: int) -> Kind:
    """What is within three metres."""
    boxes = data.boxes

    def of(find: Callable[[Floats], tuple[Any, Any]]) -> Ask:
        def ask(points: Floats) -> Answer:
            query, rows = find(np.hstack([points - RADIUS_M - 1e-9, points + RADIUS_M + 1e-9]))
            apart = np.maximum(boxes[rows, :3] - points[query], points[query] - boxes[rows, 3:])
            kept = np.sqrt((np.maximum(apart, 0.0) ** 2).sum(axis=1)) <= RADIUS_M
            return split(query[kept], rows[kept], len(points))

        return ask

    def scan(points: Floats) -> Answer:
        return [np.flatnonzero(box_distance(boxes, each) <= RADIUS_M).tolist() for each in points]

    peers = {"shapely": of(data.in_flat), "rtree": of(data.in_solid), "numpy": scan}
    ours: Ask = lambda asked: lists(data.ours.within_many(asked, RADIUS_M))  # noqa: E731
    return Kind("radius", places_in(data.boxes, count, 2), ours, peers)


def nearest_kind(data: Boxes, count: int) -> Kind:
    """The ten nearest; STRtree has no such query in three dimensions."""
    boxes = data.boxes

    def best_of(rows: Any, point: Floats) -> list[int]:
        distances = box_distance(boxes[rows], point)
        ranked: list[int] = rows[np.lexsort((rows, distances))[:NEAREST]].tolist()
        return ranked

    def solid(points: Floats) -> Answer:
        # Ties with the last one come along, so that the answer can be made the same.
        found = (np.array(list(data.solid.nearest((*each, *each), NEAREST))) for each in points)
        return [best_of(rows, each) for rows, each in zip(found, points, strict=True)]

    def solid_many(points: Floats) -> Answer:
        rows, counts = data.solid.nearest_v(points.copy(), points.copy(), num_results=NEAREST)  # type: ignore[no-untyped-call]
        parts = np.split(rows, np.cumsum(counts)[:-1].astype(np.int64))
        return [best_of(part, each) for part, each in zip(parts, points, strict=True)]

    def scan(points: Floats) -> Answer:
        answer = []
        for each in points:
            distances = box_distance(boxes, each)
            few = np.flatnonzero(distances <= np.partition(distances, NEAREST)[NEAREST])
            answer.append(best_of(few, each))
        return answer

    def ours(points: Floats) -> Answer:
        found: Answer = data.ours.nearest_many(points, NEAREST)[0].tolist()
        return found

    return Kind(
        "nearest",
        places_in(data.boxes, count, 3),
        ours,
        {"rtree": lambda asked: (solid if len(asked) == 1 else solid_many)(asked), "numpy": scan},
    )


def ray_kind(data: Boxes, count: int) -> Kind:
    """What a ray of sixty metres crosses, in any order; rtree finds what the ray's box touches."""
    boxes = data.boxes
    rng = np.random.default_rng(5)
    ways = rng.normal(size=(count, 3)) * [1.0, 1.0, 0.2]
    rays = ray_rows(places_in(boxes, count, 4), ways, REACH_M)

    def crossed(asked: Floats, rows: Any) -> Any:
        start, way = asked[:, :3], asked[:, 3:6]
        one, other = (boxes[rows, :3] - start) / way, (boxes[rows, 3:] - start) / way
        near = np.maximum(np.minimum(one, other).max(axis=1), 0.0)
        return near <= np.minimum(np.maximum(one, other).min(axis=1), REACH_M)

    def of(find: Callable[[Floats], tuple[Any, Any]]) -> Ask:
        def ask(asked: Floats) -> Answer:
            ends = asked[:, :3] + asked[:, 3:6] * REACH_M
            query, rows = find(np.hstack([np.minimum(asked[:, :3], ends), np.maximum(asked[:, :3], ends)]))
            kept = crossed(asked[query], rows)
            return split(query[kept], rows[kept], len(asked))

        return ask

    def lines(asked: Floats) -> tuple[Any, Any]:
        ends = asked[:, :2] + asked[:, 3:5] * REACH_M
        found = data.flat.query(shapely.linestrings(np.stack([asked[:, :2], ends], axis=1)), "intersects")
        return found[0], found[1]

    def flat(asked: Floats) -> Answer:
        query, rows = lines(asked)
        kept = crossed(asked[query], rows)
        return split(query[kept], rows[kept], len(asked))

    def scan(asked: Floats) -> Answer:
        every = np.arange(len(boxes))
        return [np.flatnonzero(crossed(each[None], every)).tolist() for each in asked]

    def ours(asked: Floats) -> Answer:
        found = data.ours.along_rays(asked[:, :3], asked[:, 3:6], REACH_M)
        return [sorted(part) for part in lists(found)]

    peers = {"shapely": flat, "rtree": of(data.in_solid), "numpy": scan}
    return Kind("ray", rays, ours, peers, (100, 200))


def frustum_kind(data: Boxes, count: int) -> Kind:
    """What a camera sees of a hall: 60 degrees, 25 m far. All end with the same test, of separating axes."""
    boxes = data.boxes
    frusta = [camera(eye, number) for number, eye in enumerate(places_in(boxes, count, 6))]

    def of(find: Callable[[Floats], tuple[Any, Any]]) -> Ask:
        def ask(asked: Sequence[Frustum]) -> Answer:
            around = np.array([[*f.corners.min(axis=0), *f.corners.max(axis=0)] for f in asked])
            query, rows = find(around)
            parts = split(query, rows, len(asked))
            kept = (np.array(part, dtype=np.int64) for part in parts)
            return [part[f.meets(boxes[part])].tolist() for part, f in zip(kept, asked, strict=True)]

        return ask

    def scan(asked: Sequence[Frustum]) -> Answer:
        return [np.flatnonzero(f.meets(boxes)).tolist() for f in asked]

    def ours(asked: Sequence[Frustum]) -> Answer:
        return [data.ours.in_frustum(f).tolist() for f in asked]

    peers = {"shapely": of(data.in_flat), "rtree": of(data.in_solid), "numpy": scan}
    return Kind("frustum", frusta, ours, peers, (24, 24))


def camera(eye: Floats, number: int) -> Frustum:
    """A camera at a point, level, turned by its number."""
    turn = number * 0.7
    forward = np.array([np.cos(turn), np.sin(turn), -0.1])
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    view = np.eye(4)
    view[:3, :3] = [right, np.cross(right, forward), -forward]
    view[:3, 3] = -view[:3, :3] @ eye
    near, far, wide = 0.2, 25.0, np.tan(np.radians(30))
    depth = [0, 0, (far + near) / (near - far), 2 * far * near / (near - far)]
    lens = np.array([[1 / wide, 0, 0, 0], [0, 16 / 9 / wide, 0, 0], depth, [0, 0, -1, 0]])
    return Frustum.from_matrix(lens @ view)


def triangles_of(boxes: Floats, count: int) -> Floats:
    """Two triangles across each of the first boxes, a diagonal plane: (2 count, 3, 3)."""
    low, high = boxes[:count, :3], boxes[:count, 3:]
    a, c = low, high
    b = np.stack([high[:, 0], high[:, 1], low[:, 2]], axis=1)
    d = np.stack([low[:, 0], low[:, 1], high[:, 2]], axis=1)
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])


def sight_kind(data: Boxes, count: int) -> Kind:
    """Whether a point sees another one 30 m away past 1e5 triangles, or half as many as there are boxes."""
    corners = triangles_of(data.boxes, len(data.boxes) // 2)
    ours_index = TriangleIndex.of(corners, np.zeros(len(corners)))
    peers = Boxes.of(np.hstack([corners.min(axis=1), corners.max(axis=1)]))
    rng = np.random.default_rng(8)
    eyes = places_in(data.boxes, count, 7)
    ways = rng.normal(size=(count, 3)) * [1.0, 1.0, 0.1]
    targets = eyes + 30.0 * ways / np.linalg.norm(ways, axis=1, keepdims=True)
    pairs = np.hstack([eyes, targets])

    def clear(asked: Floats, query: Any, rows: Any) -> Answer:
        met = goes_through(asked[query, :3], asked[query, 3:], corners[rows])
        hidden = np.zeros(len(asked), dtype=bool)
        hidden[query[met]] = True
        return [[int(not each)] for each in hidden]

    def of(find: Callable[[Floats], tuple[Any, Any]]) -> Ask:
        def ask(asked: Floats) -> Answer:
            low, high = np.minimum(asked[:, :3], asked[:, 3:]), np.maximum(asked[:, :3], asked[:, 3:])
            return clear(asked, *find(np.hstack([low, high])))

        return ask

    def scan(asked: Floats) -> Answer:
        return [[int(not goes_through(each[None, :3], each[None, 3:], corners).any())] for each in asked]

    def ours(asked: Floats) -> Answer:
        return [[int(each)] for each in ours_index.sees(asked[:, :3], asked[:, 3:])]

    return Kind(
        "sight",
        pairs,
        ours,
        {"shapely": of(peers.in_flat), "rtree": of(peers.in_solid), "numpy": scan},
        (60, 60),
    )


def goes_through(start: Floats, goal: Floats, corners: Floats) -> Any:
    """Whether the way from start to goal goes through triangles: Moeller and Trumbore (1997), either side."""
    way = goal - start
    one, two, from_a = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0], start - corners[:, 0]
    across = np.cross(np.broadcast_to(way, two.shape), two)
    round_about = np.cross(from_a, one)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1.0 / (one * across).sum(axis=1)
        u, v = (from_a * across).sum(axis=1) * inverse, (way * round_about).sum(axis=1) * inverse
        t = (two * round_about).sum(axis=1) * inverse
        return (u >= 0) & (v >= 0) & (u + v <= 1) & (t >= 0) & (t <= 1)


def room_kind(package: ModelPackage, count: int) -> Kind:
    """Which room each point of the demo venue is in."""
    spaces = package.spaces
    locator = SpaceLocator(spaces)
    flat = shapely.STRtree([space.footprint for space in spaces])
    floor = np.array([space.floor_z_m for space in spaces])
    ceiling = floor + np.array([space.height_m for space in spaces])
    area = np.array([space.area_m2 for space in spaces])
    outlines = np.array([space.footprint for space in spaces])
    shapely.prepare(outlines)

    def chosen(points: Floats, point: Any, space: Any) -> Answer:
        z = points[point, 2]
        kept = (z >= floor[space] - FLOOR_TOLERANCE_M) & (z <= ceiling[space])
        point, space = point[kept], space[kept]
        loose = z[kept] < floor[space]
        order = np.lexsort((-space, -area[space], -loose.astype(int)))
        found = np.full(len(points), -1)
        found[point[order]] = space[order]
        return [[int(each)] for each in found]

    def by_tree(points: Floats) -> Answer:
        found = flat.query(shapely.points(points[:, :2]), predicate="intersects")
        return chosen(points, found[0], found[1])

    def scan(points: Floats) -> Answer:
        held = shapely.intersects_xy(outlines[:, None], points[:, 0][None], points[:, 1][None])
        space, point = np.nonzero(held)
        return chosen(points, point, space)

    solid = rtree_index.Index(((number, outline.bounds, None) for number, outline in enumerate(outlines)))

    def by_boxes(points: Floats) -> Answer:
        point, rows = all_touching(solid, points[:, :2].copy(), points[:, :2].copy())
        held = shapely.intersects_xy(outlines[rows], points[point, 0], points[point, 1])
        return chosen(points, point[held], rows[held])

    def ours(points: Floats) -> Answer:
        return [[int(each)] for each in locator.locate(points)]

    bounds = package.boxes()
    points = places_in(bounds[~np.isnan(bounds[:, 0])], count, 9)
    return Kind("room", points, ours, {"shapely": by_tree, "rtree": by_boxes, "numpy": scan}, (100, 5000))


def measured(kind: Kind, runs: int, *, many: bool) -> Result:
    """Ask everyone the same, in turns; medians of microseconds a query."""
    asked = kind.queries[: kind.sizes[many]]
    askers = {"ours": kind.ours, **kind.peers}
    times: dict[str, list[float]] = {name: [] for name in askers}
    answers: dict[str, Answer] = {}
    kind.ours(asked[:1])
    for _ in range(runs):
        for name, ask in askers.items():
            few = asked if name != "numpy" else asked[: max(1, len(asked) // CHUNK)]
            begin = time.perf_counter()
            answers[name] = ask(few) if many else [ask(few[i : i + 1])[0] for i in range(len(few))]
            times[name].append((time.perf_counter() - begin) / len(few) * 1e6)
    same = all(each == answers["ours"][: len(each)] for each in answers.values())
    form = "many" if many else "single"
    return Result(f"{kind.name} {form}", {n: statistics.median(each) for n, each in times.items()}, same)


def opening_ms(folder: Path, runs: int) -> float:
    """What opening a mapped index of a million boxes takes, its first query's arrays included."""
    low = np.random.default_rng(0).random((OPEN_BOXES, 3)) * 1000
    (folder / "boxes.idx").write_bytes(pack(np.hstack([low, low + 1])))
    taken = []
    for _ in range(runs):
        begin = time.perf_counter()
        _ = PackedIndex.open(folder / "boxes.idx").tree
        taken.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(taken)


def main() -> None:
    """Measure, print, and end with one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    parser.add_argument(
        "--boxes", type=int, default=100_000, help="how many boxes the synthetic building has"
    )
    parser.add_argument("--package", type=Path, help="a package of the demo venue")
    asked = parser.parse_args()
    runs = 3 if asked.quick else 9
    with (
        tempfile.TemporaryDirectory() as folder,
        ModelPackage.open(palace(asked.package, Path(folder))) as package,
    ):
        drawn = package.boxes()
        sets = {"1e5": synthetic(asked.boxes), "palace": drawn[~np.isnan(drawn[:, 0])]}
        results = [result for name, boxes in sets.items() for result in measure_set(name, boxes, runs)]
        rooms = room_kind(package, 5000)
        results += [measured(rooms, runs, many=many) for many in (False, True)]
        report(results, opening_ms(Path(folder), runs))


def measure_set(name: str, boxes: Floats, runs: int) -> list[Result]:
    """Every kind over one set of boxes, one by one and many at once."""
    data = Boxes.of(boxes)
    makers = (box_kind, radius_kind, nearest_kind, ray_kind, frustum_kind, sight_kind)
    kinds = [make(data, 1000) if make is not frustum_kind else make(data, 24) for make in makers]
    found = [measured(kind, runs, many=many) for kind in kinds for many in (False, True)]
    return [Result(f"{name} {each.name}", each.microseconds, each.same) for each in found]


def report(results: Sequence[Result], open_ms: float) -> None:
    """The table for people and the line for programs."""
    names = ("ours", "shapely", "rtree", "numpy")
    rows = [
        (
            each.name,
            *(f"{each.microseconds[n]:.1f}" if n in each.microseconds else "-" for n in names),
            f"{each.ratio:.1f}x",
            "yes" if each.same else "NO",
        )
        for each in results
    ]
    print_table("microseconds a query, medians", ("", *names, "over the best", "same"), rows)
    print(f"a mapped index of {OPEN_BOXES:,} boxes opens in {open_ms:.2f} ms")
    finish(
        "spatial",
        {
            **{each.name: round(each.microseconds["ours"], 2) for each in results},
            "open_1e6_ms": round(open_ms, 3),
        },
        {each.name: {each.best_peer: round(each.microseconds[each.best_peer], 2)} for each in results},
        {each.name: round(each.ratio, 2) for each in results},
        {"times_the_best": 1.0, "same_answers": True, "open_1e6_ms": OPEN_GOAL_MS},
        {
            **{each.name: each.ratio >= 1.0 and each.same for each in results},
            "open_1e6_ms": open_ms < OPEN_GOAL_MS,
        },
    )


if __name__ == "__main__":
    main()
