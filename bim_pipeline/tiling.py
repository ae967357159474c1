"""Which element is drawn in which tile, and when: by storey, by size, by place. No I/O.

Size decides at which distance an element matters. What closes and carries the building is drawn with it
(band `shell`); the rest comes when it is big enough on the screen. A tile's geometric error is the size,
m, of the largest element that its children add, so that a viewer's error in pixels is that element's size
in pixels (3D Tiles 1.1, 10.2).

Where the shell takes more bytes than a first picture may, it comes in two parts: what is seen most from
outside for its bytes, as much as the budget allows, and the rest (band `inner`) as if it were smaller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from bim_pipeline.seeing import seen_areas
from bim_pipeline.shapes import SPACE_CLASSES
from bim_pipeline.source import Body, Element, FloatArray

TRIANGLE_BUDGET = 90_000
# What is stored once and drawn often counts once for the network, and a little each time for the picture.
DRAWN_SHARE = 1 / 32
# 65,534 steps of 1/512 m: no coordinate moves more than 1 mm.
MAX_EXTENT_M = 127.0
# What the first level of a package may take over the wire, and what takes it: the demo venue's and the
# Janesville restaurant's shells have 3.7 and 3.2 bytes a stored triangle, all that goes with it included.
FIRST_LEVEL_BYTES = 440_000
_TRIANGLE_BYTES = 3.6
_ELEMENT_BYTES = 10.0
# Copies of a shape that would store fewer triangles than this are baked, each with triangles of its own.
_BAKED_TRIANGLES = 200
Band: TypeAlias = Literal["shell", "inner", "large", "medium", "small", "space"]
BANDS: tuple[Band, ...] = ("shell", "inner", "large", "medium", "small", "space")

# Below these sizes, m, an element is in the band named.
_SMALL_M, _MEDIUM_M, _LARGE_M = 0.5, 1.5, 6.0
# Parts of the shell that are smaller than this, m, are details all the same: bolts, plates of a truss.
_SHELL_MIN_M = 0.6
_SHELL_CLASSES = (
    "IfcWall", "IfcSlab", "IfcRoof", "IfcColumn", "IfcBeam", "IfcCurtainWall", "IfcWindow", "IfcDoor",
    "IfcPlate", "IfcMember", "IfcStair", "IfcRamp", "IfcRailing", "IfcFooting", "IfcPile", "IfcSite",
    "IfcBuilding", "IfcShadingDevice", "IfcChimney", "IfcGeographicElement", "IfcCivilElement",
    "IfcFacilityPart", "IfcBridge",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """The elements of one tile, ascending, with the box of their bodies (6,), m."""

    storey_index: int | None
    band: Band
    elements: tuple[int, ...]
    box: FloatArray
    triangles: int

    @property
    def kind(self) -> Literal["building", "spaces"]:
        """What the tile's extras call it."""
        return "spaces" if self.band == "space" else "building"


@dataclass(frozen=True, slots=True, eq=False)
class _Item:
    element_index: int
    box: FloatArray
    size_m: float
    triangles: int
    shape_key: str


def band_of(ifc_class: str, size_m: float) -> Band:
    """Choose the band of an element by its class and the longest side of its box."""
    if ifc_class in SPACE_CLASSES:
        return "space"
    if size_m >= _LARGE_M or (size_m >= _SHELL_MIN_M and ifc_class.startswith(_SHELL_CLASSES)):
        return "shell"
    if size_m >= _MEDIUM_M:
        return "large"
    return "medium" if size_m >= _SMALL_M else "small"


def band_size_m(band: Band, building_size_m: float) -> float:
    """The size, m, of the largest element that a band can hold: the geometric error before it is drawn."""
    return {
        "shell": building_size_m,
        "inner": _LARGE_M,
        "large": _LARGE_M,
        "medium": _MEDIUM_M,
        "small": _SMALL_M,
        "space": building_size_m,
    }[band]


def cut_cells(
    elements: Sequence[Element],
    bodies: Mapping[int, Body],
    boxes: FloatArray,
    budget: int = TRIANGLE_BUDGET,
    first_level_bytes: float = FIRST_LEVEL_BYTES,
) -> list[Cell]:
    """Put every drawn element into exactly one cell: per storey and band, cut in space.

    `boxes` (n, 6) by element index. Cells come in the order of storeys' indices, bands and places.
    """
    groups: dict[tuple[int, Band], list[_Item]] = {}
    sizes = (boxes[:, 3:] - boxes[:, :3]).max(axis=1).tolist()
    bands = _bands(elements, bodies, sizes, first_level_bytes)
    for index, band in bands.items():
        shape = bodies[index].shape
        item = _Item(index, boxes[index], sizes[index], len(shape.triangles), shape.key)
        groups.setdefault((_storey(elements[index]), band), []).append(item)
    return [
        _cell(None if storey < 0 else storey, band, part)
        for storey, band in sorted(groups, key=lambda key: (key[0], BANDS.index(key[1])))
        for part in _cut_by_extent(groups[storey, band], budget)
    ]


def _storey(element: Element) -> int:
    """Give the index of the storey whose tile draws an element, -1 for none."""
    own = element.ifc_class == "IfcBuildingStorey"
    storey = element.element_index if own else element.storey_index
    return -1 if storey is None else storey


def _bands(
    elements: Sequence[Element], bodies: Mapping[int, Body], sizes: Sequence[float], first_level_bytes: float
) -> dict[int, Band]:
    """Choose the band of every drawn element, by ascending index; `sizes` (n,), m, of all elements."""
    bands = {index: band_of(elements[index].ifc_class, sizes[index]) for index in sorted(bodies)}
    shell = [index for index, band in bands.items() if band == "shell"]
    takes = _bytes(shell, elements, bodies)
    if takes.sum() <= first_level_bytes:
        return bands
    seen = seen_areas([bodies[index] for index in shell])
    order = np.lexsort((np.arange(len(shell)), -seen / takes))
    first = (np.cumsum(takes[order]) <= first_level_bytes) & (seen[order] > 0)
    return bands | {shell[row]: "inner" for row in order[~first].tolist()}


def _bytes(indices: Sequence[int], elements: Sequence[Element], bodies: Mapping[int, Body]) -> FloatArray:
    """Guess what each element adds to the bytes of its storey's tiles; copies share what is stored once."""
    keys = [(_storey(elements[index]), bodies[index].shape.key) for index in indices]
    copies = Counter(keys)
    guesses = []
    for index, key in zip(indices, keys, strict=True):
        triangles = len(bodies[index].shape.triangles)
        saved = (copies[key] - 1) * triangles
        stored = triangles / copies[key] if saved >= _BAKED_TRIANGLES else triangles
        guesses.append(_TRIANGLE_BYTES * stored + _ELEMENT_BYTES)
    return np.array(guesses)


def _cost(items: Iterable[_Item]) -> float:
    """Give what a tile of items costs, triangles: those that it stores, and a share of what it draws."""
    stored: dict[str, int] = {}
    drawn = 0
    for item in items:
        stored[item.shape_key] = item.triangles
        drawn += item.triangles
    return sum(stored.values()) + DRAWN_SHARE * drawn


def _cell(storey: int | None, band: Band, items: Sequence[_Item]) -> Cell:
    indices = tuple(sorted(item.element_index for item in items))
    return Cell(
        storey, band, indices, joined_box(item.box for item in items), sum(i.triangles for i in items)
    )


def joined_box(boxes: Iterable[FloatArray]) -> FloatArray:
    """Give the box (6,) around boxes (6,)."""
    stacked = np.array(list(boxes))
    return np.concatenate([stacked[:, :3].min(axis=0), stacked[:, 3:].max(axis=0)])


def _cut_by_extent(items: list[_Item], budget: int) -> list[list[_Item]]:
    """Cut items; those that are too long for the common extent go together with others that long."""
    by_limit: dict[float, list[_Item]] = {}
    for item in items:
        limit = MAX_EXTENT_M
        while item.size_m > limit:
            limit *= 2
        by_limit.setdefault(limit, []).append(item)
    return [part for limit in sorted(by_limit) for part in _cut(by_limit[limit], budget, limit)]


def _cut(items: list[_Item], budget: int, max_extent_m: float) -> list[list[_Item]]:
    """Halve at the median along the longest axis, until each part is small in triangles and in extent."""
    box = joined_box(item.box for item in items)
    extent = float(np.max(box[3:] - box[:3]))
    if len(items) == 1 or (_cost(items) <= budget and extent <= max_extent_m):
        return [items]
    boxes = np.array([item.box for item in items])
    centres = (boxes[:, :3] + boxes[:, 3:]) / 2
    spread = centres.max(axis=0) - centres.min(axis=0)
    if extent > max_extent_m and float(spread.max()) < 1.0:
        return _by_triangles(items, budget)
    axis = int(np.argmax(spread))
    order = np.lexsort((np.arange(len(items)), centres[:, axis]))
    middle = _balanced(np.array([items[i].triangles for i in order]))
    low, high = [items[i] for i in order[:middle]], [items[i] for i in order[middle:]]
    return [*_cut(low, budget, max_extent_m), *_cut(high, budget, max_extent_m)]


def _by_triangles(items: list[_Item], budget: int) -> list[list[_Item]]:
    """Cut elements that lie on one spot, where cutting space would not help."""
    if len(items) == 1 or _cost(items) <= budget:
        return [items]
    middle = len(items) // 2
    return [*_by_triangles(items[:middle], budget), *_by_triangles(items[middle:], budget)]


def _balanced(triangles: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> int:
    """Where to cut a row of elements so that both halves have as many triangles; never at an end."""
    running = np.cumsum(triangles)
    middle = int(np.searchsorted(running, running[-1] / 2)) + 1
    return min(max(middle, 1), len(triangles) - 1)
