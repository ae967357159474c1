"""Which facade an outer wall has, and its glazing: pure rules on edges, and the curtain walls' grids.

The south front of the culture wing looks over the arcade: glass behind terracotta fins in the middle,
granite with brick panels at the ends. Halls have glass to the plaza; courts are glazed all round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from assets.palace.wall_plan import Edge

ATRIUM = {"lobby", "gallery_walk", "atrium_void"}
BLIND = {"lift", "shaft", "electrical_closet", "toilet_women", "toilet_men", "toilet_accessible", "storage"}
GLAZED_ROOMS = {"fitness", "library", "lounge", "hall_void", "badminton_hall", "cafe", "shop", "health_check"}
ENDS = (84.0, 126.0)
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


def pieces(edge: Edge) -> list[Edge]:
    """The edge, cut where the culture wing's south front changes from its ends to its middle."""
    cuts = [x for x in ENDS if edge.low + 0.1 < x < edge.high - 0.1]
    if (
        not cuts
        or edge.axis != "x"
        or edge.outward >= 0
        or edge.storey in ("B1", "L1", "L2")
        or edge.low < 75
    ):
        return [edge]
    marks = [edge.low, *cuts, edge.high]
    ends = [edge.start, *cuts, edge.stop]
    return [
        replace(edge, low=marks[i], high=marks[i + 1], start=ends[i], stop=ends[i + 1])
        for i in range(len(marks) - 1)
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
    count = int((edge.length - 0.5) // pitch)
    if count < 1:
        return [edge.low + (edge.length - width) / 2] if edge.length > width + 0.8 and not edge.doors else []
    first = edge.low + (edge.length - pitch * count) / 2 + (pitch - width) / 2
    places = [round(first + pitch * i, 3) for i in range(count)]
    return [
        p
        for p in places
        if all(abs(p + width / 2 - _along(edge, d)) > (width + d.width) / 2 + 0.3 for d in edge.doors)
    ]
