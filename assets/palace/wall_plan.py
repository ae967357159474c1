"""Where walls stand: the storeys' rooms as a partition of the plan, and the edges between its cells.

Pure geometry on the layout; metres. A cell is a room on wall centrelines, or the upper part of a hall that
is taller than its storey (a void).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from assets.palace.layout import Layout
from assets.palace.shapes import DoorSpec, Rect

HALF = 0.1
TALL = {"basketball_hall", "swimming_pool", "theatre", "stage"}
OUTER = 0.2


@dataclass(frozen=True)
class Cell:
    """A cell of a storey's plan: `ring` counter-clockwise, on wall centrelines."""

    key: str
    function: str
    ring: tuple[tuple[float, float], ...]
    external: bool = False


@dataclass(frozen=True)
class Edge:
    """A straight piece of wall line between two cells (None: outside).

    `axis` is its direction, `at` its constant coordinate, `low`..`high` its extent; `below` is the cell on
    the side of smaller coordinates (south or west), `above` the other. `start`, `stop` are the ends of the
    wall's body once corners are settled. `doors` are in it.
    """

    storey: str
    axis: str
    at: float
    low: float
    high: float
    below: Cell | None
    above: Cell | None
    start: float = 0.0
    stop: float = 0.0
    doors: tuple[DoorSpec, ...] = ()

    @property
    def length(self) -> float:
        """Between the ends on centrelines, m."""
        return self.high - self.low

    @property
    def exterior(self) -> bool:
        """Whether exactly one side is open air or earth."""
        return _outdoor(self.below) != _outdoor(self.above)

    @property
    def outward(self) -> int:
        """+1 where outside lies on the side of greater coordinates, -1 on the other, 0 for inner walls."""
        if not self.exterior:
            return 0
        return 1 if _outdoor(self.above) else -1

    @property
    def inside(self) -> Cell | None:
        """The indoor cell of an exterior edge; for an inner one the cell below."""
        return self.above if self.outward < 0 else self.below

    @property
    def band(self) -> tuple[float, float]:
        """The wall's extent across its line, m: 0.2 thick indoors, 0.3 outside."""
        if self.outward > 0:
            return (self.at - HALF, self.at + OUTER)
        return (self.at - OUTER, self.at + HALF) if self.outward else (self.at - HALF, self.at + HALF)

    @property
    def between_halls(self) -> bool:
        """Whether halls without a floor above stand on both sides."""
        return all(c is not None and c.function in TALL for c in (self.below, self.above))

    def functions(self) -> set[str]:
        """The functions on both sides; `outside` for none."""
        return {c.function if c else "outside" for c in (self.below, self.above)}


def _outdoor(cell: Cell | None) -> bool:
    return cell is None or cell.external


# What lies above halls taller than their storey, and the two courts open to the sky.
VOIDS: tuple[tuple[str, str, str, Rect, bool], ...] = (
    ("L2", "basketball", "hall_void", (0, 0, 33.6, 25.2), False),
    ("L2", "pool", "hall_void", (0, 25.2, 33.6, 50.4), False),
    ("L2", "theatre", "theatre_void", (92.4, 13.8, 109.2, 36.6), False),
    ("L2", "stage", "theatre_void", (109.2, 13.8, 117.6, 36.6), False),
    ("L2", "atrium", "atrium_void", (63, 8.4, 71.4, 37.8), False),
    ("L3", "atrium", "atrium_void", (63, 8.4, 71.4, 37.8), False),
    ("L4", "atrium", "atrium_void", (58.8, 8.4, 71.4, 42), False),
    ("L4", "court", "court_void", (92.4, 13.8, 117.6, 36.6), True),
    ("L5", "court", "court_void", (92.4, 13.8, 117.6, 36.6), True),
)


def cells(layout: Layout, storey: str) -> list[Cell]:
    """The cells of a storey."""
    found = [Cell(s.key, s.function, s.gross, s.external) for s in layout.on(storey)]
    for level, name, function, (x0, y0, x1, y1), open_air in VOIDS:
        if level == storey:
            ring = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
            found.append(Cell(f"{storey}.void_{name}", function, ring, open_air))
    return found


def edges(layout: Layout, storey: str) -> list[Edge]:
    """All wall edges of a storey, corners settled and doors assigned; none where two spaces flow together."""
    doors = [d for d in layout.doors if d.storey == storey]
    merged = {frozenset((d.space_a, d.space_b)) for d in doors if d.kind == "open"}
    plain = [e for e in _raw_edges(storey, cells(layout, storey)) if _is_wall(e, merged)]
    settled = _settle(plain)
    return [replace(e, doors=tuple(d for d in doors if d.kind != "open" and _holds(e, d))) for e in settled]


def _is_wall(edge: Edge, merged: set[frozenset[str | None]]) -> bool:
    pair = frozenset(c.key for c in (edge.below, edge.above) if c)
    return not (_outdoor(edge.below) and _outdoor(edge.above)) and pair not in merged


def _holds(edge: Edge, door: DoorSpec) -> bool:
    along, across = (door.x, door.y) if edge.axis == "x" else (door.y, door.x)
    return door.axis == edge.axis and abs(across - edge.at) < 1e-3 and edge.low <= along <= edge.high


def _raw_edges(storey: str, found: Iterable[Cell]) -> Iterator[Edge]:
    lines: dict[tuple[str, float], list[tuple[float, float, int, Cell]]] = defaultdict(list)
    for cell in found:
        for (x0, y0), (x1, y1) in zip(cell.ring, (*cell.ring[1:], cell.ring[0]), strict=True):
            if abs(y0 - y1) < 1e-6:
                # Counter-clockwise: an edge towards +x has its cell to the north.
                lines["x", round(y0, 3)].append((min(x0, x1), max(x0, x1), 1 if x1 > x0 else 0, cell))
            else:
                lines["y", round(x0, 3)].append((min(y0, y1), max(y0, y1), 0 if y1 > y0 else 1, cell))
    for (axis, at), spans in sorted(lines.items()):
        yield from _cut_line(storey, axis, at, spans)


def _cut_line(
    storey: str, axis: str, at: float, spans: list[tuple[float, float, int, Cell]]
) -> Iterator[Edge]:
    marks = sorted({round(v, 3) for low, high, *_ in spans for v in (low, high)})
    last: Edge | None = None
    for low, high in pairwise(marks):
        middle = (low + high) / 2
        sides: list[Cell | None] = [None, None]
        for a, b, side, cell in spans:
            if a < middle < b:
                sides[side] = cell
        edge = Edge(storey, axis, at, low, high, sides[0], sides[1])
        if last and last.high == low and (last.below, last.above) == (edge.below, edge.above):
            last = replace(last, high=high)
            continue
        if last:
            yield last
        last = edge
    if last:
        yield last


def _settle(plain: list[Edge]) -> list[Edge]:
    """Give each edge the ends of its wall's body: outer walls run through, then those along x."""
    touching: dict[tuple[float, float], list[Edge]] = defaultdict(list)
    for edge in plain:
        for along in (edge.low, edge.high):
            touching[_node(edge, along)].append(edge)
    return [
        replace(
            e,
            start=e.low - _reach(e, touching[_node(e, e.low)]),
            stop=e.high + _reach(e, touching[_node(e, e.high)]),
        )
        for e in plain
    ]


def _node(edge: Edge, along: float) -> tuple[float, float]:
    return (along, edge.at) if edge.axis == "x" else (edge.at, along)


def _reach(edge: Edge, others: list[Edge]) -> float:
    """How far the body goes beyond its end (negative: stops short of the crossing wall)."""
    crossing = [o for o in others if o.axis != edge.axis]
    rank = (edge.exterior, edge.axis == "x")
    if any((o.exterior, o.axis == "x") > rank for o in crossing):
        return -HALF
    straight_on = any(o.axis == edge.axis and o is not edge for o in others)
    if not crossing or straight_on:
        return 0.0
    return OUTER if edge.exterior and any(o.exterior for o in crossing) else HALF
