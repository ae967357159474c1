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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

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
Rows: TypeAlias = NDArray[np.int64]
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
class _Items:
    """Drawn elements as columns (n,), ascending; boxes (n, 6) and sizes, m; shapes are numbered."""

    elements: Rows
    boxes: FloatArray
    sizes: FloatArray
    triangles: Rows
    shapes: Rows

    @classmethod
    def of(cls, bodies: Mapping[int, Body], boxes: FloatArray) -> _Items:
        indices = sorted(bodies)
        numbers: dict[str, int] = {}
        shapes = [bodies[index].shape for index in indices]
        numbered = [numbers.setdefault(shape.key, len(numbers)) for shape in shapes]
        own = boxes[indices]
        return cls(
            elements=np.array(indices, dtype=np.int64),
            boxes=own,
            sizes=(own[:, 3:] - own[:, :3]).max(axis=1, initial=0.0),
            triangles=np.array([len(shape.triangles) for shape in shapes], dtype=np.int64),
            shapes=np.array(numbered, dtype=np.int64),
        )


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
    items = _Items.of(bodies, boxes)
    bands = _bands(elements, bodies, items, first_level_bytes)
    groups: dict[tuple[int, Band], list[int]] = {}
    for row, (index, band) in enumerate(bands.items()):
        groups.setdefault((_storey(elements[index]), band), []).append(row)
    return [
        _cell(None if storey < 0 else storey, band, items, part)
        for storey, band in sorted(groups, key=lambda key: (key[0], BANDS.index(key[1])))
        for part in _cut_by_extent(items, np.array(groups[storey, band]), budget)
    ]


def _storey(element: Element) -> int:
    """Give the index of the storey whose tile draws an element, -1 for none."""
    own = element.ifc_class == "IfcBuildingStorey"
    storey = element.element_index if own else element.storey_index
    return -1 if storey is None else storey


def _bands(
    elements: Sequence[Element], bodies: Mapping[int, Body], items: _Items, first_level_bytes: float
) -> dict[int, Band]:
    """Choose the band of every drawn element, by ascending index."""
    sizes = zip(items.elements.tolist(), items.sizes.tolist(), strict=True)
    bands = {index: band_of(elements[index].ifc_class, size) for index, size in sizes}
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


def _cost(items: _Items, rows: Rows) -> float:
    """Give what a tile of items costs, triangles: those that it stores, and a share of what it draws."""
    _, first = np.unique(items.shapes[rows], return_index=True)
    drawn = items.triangles[rows]
    return float(drawn[first].sum() + DRAWN_SHARE * drawn.sum())


def _cell(storey: int | None, band: Band, items: _Items, rows: Rows) -> Cell:
    indices = tuple(sorted(items.elements[rows].tolist()))
    return Cell(storey, band, indices, joined_box(items.boxes[rows]), int(items.triangles[rows].sum()))


def joined_box(boxes: FloatArray) -> FloatArray:
    """Give the box (6,) around boxes (n, 6)."""
    return np.concatenate([boxes[:, :3].min(axis=0), boxes[:, 3:].max(axis=0)])


def _cut_by_extent(items: _Items, rows: Rows, budget: int) -> list[Rows]:
    """Cut items; those that are too long for the common extent go together with others that long."""
    limits = np.full(len(rows), MAX_EXTENT_M)
    while (longer := items.sizes[rows] > limits).any():
        limits[longer] *= 2
    return [
        part
        for limit in np.unique(limits).tolist()
        for part in _cut(items, rows[limits == limit], budget, limit)
    ]


def _cut(items: _Items, rows: Rows, budget: int, max_extent_m: float) -> list[Rows]:
    """Halve at the median along the longest axis, until each part is small in triangles and in extent."""
    boxes = items.boxes[rows]
    box = joined_box(boxes)
    extent = float(np.max(box[3:] - box[:3]))
    if len(rows) == 1 or (_cost(items, rows) <= budget and extent <= max_extent_m):
        return [rows]
    centres = (boxes[:, :3] + boxes[:, 3:]) / 2
    spread = centres.max(axis=0) - centres.min(axis=0)
    if extent > max_extent_m and float(spread.max()) < 1.0:
        return _by_triangles(items, rows, budget)
    rows = rows[np.argsort(centres[:, int(np.argmax(spread))], kind="stable")]
    middle = _balanced(items.triangles[rows])
    return [
        part for half in (rows[:middle], rows[middle:]) for part in _cut(items, half, budget, max_extent_m)
    ]


def _by_triangles(items: _Items, rows: Rows, budget: int) -> list[Rows]:
    """Cut elements that lie on one spot, where cutting space would not help."""
    if len(rows) == 1 or _cost(items, rows) <= budget:
        return [rows]
    middle = len(rows) // 2
    return [part for half in (rows[:middle], rows[middle:]) for part in _by_triangles(items, half, budget)]


def _balanced(triangles: Rows) -> int:
    """Where to cut a row of elements so that both halves have as many triangles; never at an end."""
    running = np.cumsum(triangles)
    middle = int(np.searchsorted(running, running[-1] / 2)) + 1
    return min(max(middle, 1), len(triangles) - 1)
