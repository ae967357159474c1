"""Which facade an outer wall has, and its glazing: pure rules on edges, and the curtain walls' grids.

The south front of the culture wing looks over the arcade: glass behind terracotta fins in the middle,
granite with brick panels at the ends. Halls have glass to the plaza; courts are glazed all round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from assets.palace.layout import POOL_BASIN
from assets.palace.wall_plan import Edge

ATRIUM = {"lobby", "gallery_walk", "atrium_void"}
BLIND = {"lift", "shaft", "electrical_closet", "toilet_women", "toilet_men", "toilet_accessible"}
GLAZED_ROOMS = {"fitness", "library", "lounge", "hall_void", "badminton_hall", "cafe", "shop", "health_check"}
ENDS = (84.0, 126.0)
# Thickness of the pool's tank, m.
TANK = 0.25
WALKS = {"corridor", "lobby", "gallery_walk"}


@dataclass(frozen=True)
class Grid:
    """A curtain wall's grid: `xs` and `zs` in m from the edge's start and the storey's floor.

    `finishes` name each row's pane, bottom up; `gaps` are doors' (x0, x1), open in the bottom row.
    """

    xs: tuple[float, ...]
    zs: tuple[float, ...]
    finishes: tuple[str, ...]
    gaps: tuple[tuple[float, float], ...] = ()


def kind_of(edge: Edge) -> str:
    """The construction of an edge.

    Outside: retaining, none, curtain, fins, punched, band, blind. Inside: glazed, railing, core, partition.
    """
    return _outer_kind(edge) if edge.exterior else _inner_kind(edge)


def _inner_kind(edge: Edge) -> str:
    functions = edge.functions()
    if functions == {"gallery_walk", "atrium_void"}:
        return "railing"
    if functions & WALKS and functions & GLAZED_ROOMS:
        return "glazed"
    if "atrium_void" in functions:
        return "none"
    return "core" if functions & {"stair", "lift", "shaft"} else "partition"


def _outer_kind(edge: Edge) -> str:
    inside = edge.inside
    function = inside.function if inside else ""
    if edge.storey == "B1":
        return "none" if function == "ramp" and edge.axis == "x" and edge.at < 23 else "retaining"
    if function in ATRIUM:
        return "curtain" if edge.axis == "x" else "none"
    if function in BLIND or edge.storey == "RF":
        return "blind"
    if edge.functions() & {"courtyard", "court_void"}:
        return "curtain"
    return (
        _sports_kind(edge, function) if edge.low < 58.7 and edge.at < 58.9 else _culture_kind(edge, function)
    )


def _sports_kind(edge: Edge, function: str) -> str:
    south = edge.outward < 0 and edge.axis == "x"
    if function.startswith("changing") or function == "stair":
        return "band"
    if function == "badminton_hall":
        return "fins" if south else "band"
    if function in {"basketball_hall", "swimming_pool", "hall_void"}:
        glass = south or (edge.axis == "x" and edge.storey == "L1")
        return "curtain" if glass else "band"
    if edge.storey == "L1" or function == "corridor":
        return "curtain"
    return "fins" if south and edge.storey == "L3" else "punched"


def _culture_kind(edge: Edge, function: str) -> str:
    south = edge.outward < 0 and edge.axis == "x"
    if edge.storey == "L1" and south:
        return "curtain"
    if function in {"corridor", "lounge"} and edge.axis == "y":
        return "curtain"
    if not south:
        return "punched"
    if edge.storey == "L2":
        return "curtain"
    return "fins" if edge.low > ENDS[0] - 0.1 and edge.high < ENDS[1] + 0.1 else "punched"


def under_pool(edge: Edge) -> bool:
    """Whether a basement wall stands under the swimming pool's tank."""
    x0, y0, x1, y1 = POOL_BASIN
    low, high, near, far = (x0, x1, y0, y1) if edge.axis == "x" else (y0, y1, x0, x1)
    inside = low - TANK - 0.1 <= edge.low and edge.high <= high + TANK + 0.1
    return edge.storey == "B1" and inside and near - TANK < edge.at < far + TANK


def _cuts(edge: Edge) -> tuple[float, ...]:
    if edge.storey == "B1" and not edge.exterior:
        x0, y0, x1, y1 = POOL_BASIN
        low, high = (x0, x1) if edge.axis == "x" else (y0, y1)
        near, far = (y0, y1) if edge.axis == "x" else (x0, x1)
        return (low - TANK, high + TANK) if near - TANK < edge.at < far + TANK else ()
    front = edge.axis == "x" and edge.outward < 0 and edge.low > 75
    return ENDS if front and edge.storey not in ("B1", "L1", "L2") else ()


def pieces(edge: Edge) -> list[Edge]:
    """The edge, cut where its construction changes: at the ends of the south front, and round the pool."""
    cuts = [x for x in _cuts(edge) if edge.low + 0.1 < x < edge.high - 0.1]
    marks = [edge.low, *cuts, edge.high]
    ends = [edge.start, *cuts, edge.stop]
    return [
        replace(
            edge,
            low=low,
            high=high,
            start=ends[i],
            stop=ends[i + 1],
            doors=tuple(d for d in edge.doors if low <= _along(edge, d) <= high),
        )
        for i, (low, high) in enumerate(pairwise(marks))
    ]


def curtain_grid(edge: Edge, height: float, step: float = 1.4) -> Grid:
    """The grid of a curtain wall over the whole edge, its columns fitted between the doors."""
    gaps = sorted(
        (_along(edge, d) - d.width / 2 - edge.low, _along(edge, d) + d.width / 2 - edge.low)
        for d in edge.doors
    )
    marks = [0.0, *(m for gap in gaps for m in gap), edge.length]
    xs: list[float] = []
    for i in range(0, len(marks), 2):
        low, high = marks[i], marks[i + 1]
        count = max(1, round((high - low) / step))
        xs += [round(low + (high - low) * k / count, 4) for k in range(count + 1)]
    zs, finishes = _rows(edge, height)
    rounded = tuple((round(a, 4), round(b, 4)) for a, b in gaps)
    return Grid(tuple(xs), zs, finishes, rounded)


def _along(edge: Edge, door: object) -> float:
    return float(getattr(door, "x" if edge.axis == "x" else "y"))


def _rows(edge: Edge, height: float) -> tuple[tuple[float, ...], tuple[str, ...]]:
    if not edge.exterior:
        return (0.0, 2.6, round(height - 0.3, 3)), ("glass_clear", "glass_clear")
    low = 2.6 if edge.storey == "L1" or edge.doors else round(height / 2 - 0.2, 3)
    if edge.functions() & ATRIUM:
        return (0.0, low, round(height, 3)), ("glass", "glass")
    return (0.0, low, round(height - 0.6, 3), round(height, 3)), ("glass", "glass", "granite_light")


def window_places(edge: Edge, width: float, pitch: float) -> list[float]:
    """Left ends (m along the edge) of windows at a regular pitch that keep clear of doors and corners."""
    # Narrow bays keep half a metre of wall at the corners; wide ones have it beside each window.
    spare = 0.5 if pitch - width < 1.2 else -1e-6
    count = int((edge.length - spare) // pitch)
    if count < 1:
        return [edge.low + (edge.length - width) / 2] if edge.length > width + 0.8 and not edge.doors else []
    first = edge.low + (edge.length - pitch * count) / 2 + (pitch - width) / 2
    places = [round(first + pitch * i, 3) for i in range(count)]
    return [
        p
        for p in places
        if all(abs(p + width / 2 - _along(edge, d)) > (width + d.width) / 2 + 0.3 for d in edge.doors)
    ]
