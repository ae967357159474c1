"""The packed spatial index: axis-aligned boxes in a Hilbert R-tree, as one block of bytes.

Built once, read by memory map. Boxes are sorted along a Hilbert curve of their centres and cut into
blocks of `BLOCK` boxes; the blocks' own boxes are cut into blocks in turn, until a level is small. The shape
is flatbush's (https://github.com/mourner/flatbush), with wider nodes, whose boxes are tested side by side.

A block is stored as `(6, BLOCK)`: the three minima, then the three *negated* maxima. With it an overlap test
is one comparison, `block <= [query maxima, -query minima]`. Unused places are NaN.

Every query takes one or many at once (`*_many`); the loops are compiled (`spatial.kernels`).

File, little-endian: magic `VTBX`, u16 version, u16 block size, u32 rows, u32 boxes, u32 levels, padded to
64 bytes; `i4[boxes padded to a multiple of BLOCK]` the row of each place; then per level, leaves first,
`f8[blocks, 6, BLOCK]`.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spatial.errors import IndexFormatError, QueryError
from spatial.frustum import Frustum

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

BLOCK = 64
TOP = 2048  # a level of at most so many boxes is scanned whole
SPARSE_PER_POINT = 256  # a mask of at most so many rows is searched row by row

_MAGIC = b"VTBX"
_VERSION = 1
_HEADER = struct.Struct("<4sHHIII")
_HEADER_SIZE = 64
_HILBERT_BITS = 16


def pack(boxes: Floats) -> bytes:
    """The packed index over boxes.

    boxes: (n, 6) float64 of min_x, min_y, min_z, max_x, max_y, max_z in metres; a row with a NaN is an
    element without a box and is never found. The row number is what queries answer.
    Raises ValueError for another shape, an infinite bound or a minimum above its maximum.
    The same boxes give the same bytes.
    """
    checked = _checked_boxes(boxes)
    rows = np.flatnonzero(~np.isnan(checked).any(axis=1))
    order = rows[_hilbert_order(checked[rows])]
    levels = _levels(_signed(checked[order]))
    places = np.full(len(levels[0]) * BLOCK, -1, dtype="<i4")
    places[: len(order)] = order
    header = _HEADER.pack(_MAGIC, _VERSION, BLOCK, len(checked), len(order), len(levels))
    parts = [header.ljust(_HEADER_SIZE, b"\0"), places.tobytes()]
    return b"".join(parts + [level.astype("<f8").tobytes() for level in levels])


def box_distance(boxes: Floats, point: ArrayLike) -> Floats:
    """Distance from a point to boxes, 0 inside: boxes (..., 6) float64 m, point (3,) m, answer (...)."""
    x, y, z = np.asarray(point, dtype=np.float64)
    dx = np.maximum(np.maximum(boxes[..., 0] - x, x - boxes[..., 3]), 0.0)
    dy = np.maximum(np.maximum(boxes[..., 1] - y, y - boxes[..., 4]), 0.0)
    dz = np.maximum(np.maximum(boxes[..., 2] - z, z - boxes[..., 5]), 0.0)
    distance: Floats = np.sqrt(dx * dx + dy * dy + dz * dz)
    return distance


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """What many queries found: the rows of query i are `rows[offsets[i]:offsets[i + 1]]`, ascending.

    offsets: (queries + 1,) int64; rows: (found,) int64.
    """

    offsets: Indices
    rows: Indices

    def of(self, query: int) -> Indices:
        """The rows of one query."""
        return self.rows[self.offsets[query] : self.offsets[query + 1]]

    @property
    def queries(self) -> Indices:
        """The query that each row answers: (found,) int64."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


@dataclass(frozen=True, slots=True, eq=False)
class Crossings(Matches):
    """As Matches, but by rising distance of where the ray enters a box: distances_m (found,), 0 inside it."""

    distances_m: Floats


@dataclass(frozen=True)
class Neighbours:
    """Rows by rising distance, equal distances by row: rows (k,) int64, distances_m (k,) float64."""

    rows: Indices
    distances_m: Floats


@dataclass(frozen=True)
class PackedIndex:
    """A packed index opened for reading; safe to share between threads.

    row_count: rows that were packed, those without a box included. box_count: rows with a box.
    """

    row_count: int
    box_count: int
    _places: NDArray[np.int32]
    _blocks: Floats

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a file that `pack` wrote. Raises IndexFormatError, also when there is no such file."""
        try:
            with path.open("rb") as file:
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise IndexFormatError(f"{path} cannot be read; build the package again") from error
        return cls.from_bytes(content, name=str(path))

    @classmethod
    def from_bytes(cls, content: bytes | mmap.mmap, name: str = "the index") -> Self:
        """Read what `pack` gave, without copying. Raises IndexFormatError."""
        rows, boxes, level_count = _read_header(content, name)
        place_count = max(-(-boxes // BLOCK), 1) * BLOCK
        sizes = _level_sizes(boxes)
        expected = _HEADER_SIZE + place_count * 4 + sum(sizes) * 6 * BLOCK * 8
        if level_count != len(sizes) or len(content) != expected or boxes > rows:
            raise IndexFormatError(f"{name} is cut short or broken; build the package again")
        places = np.frombuffer(content, dtype="<i4", count=place_count, offset=_HEADER_SIZE)
        blocks = np.frombuffer(
            content, dtype="<f8", count=sum(sizes) * 6 * BLOCK, offset=_HEADER_SIZE + place_count * 4
        )
        return cls(rows, boxes, places, blocks.reshape(-1, 6, BLOCK))

    def overlapping(self, box: ArrayLike) -> Indices:
        """Rows whose box touches the given one ((6,) m, as in `pack`; borders count), ascending.

        Infinite bounds are allowed. Raises QueryError for other shapes and for NaN.
        """
        return self.overlapping_many(_rows_of(box, 6, "a box has six numbers")).rows

    def overlapping_many(self, boxes: ArrayLike) -> Matches:
        """As `overlapping`, for (n, 6) boxes at once."""
        asked = _rows_of(boxes, 6, "a box has six numbers")
        if np.isnan(asked).any():
            raise QueryError("a box to search in has a bound that is no number")
        limits = np.empty(asked.shape)
        limits[:, :3] = asked[:, 3:]
        np.negative(asked[:, :3], out=limits[:, 3:])
        return self._search(loops().BOX, limits)

    def containing(self, point: ArrayLike) -> Indices:
        """Rows whose box holds the point ((3,) m; borders count), ascending. Raises QueryError."""
        return self.containing_many(point_rows(point)).rows

    def containing_many(self, points: ArrayLike) -> Matches:
        """As `containing`, for (n, 3) points at once."""
        at = point_rows(points)
        limits = np.empty((len(at), 6))
        limits[:, :3] = at
        np.negative(at, out=limits[:, 3:])
        return self._search(loops().BOX, limits)

    def within(self, point: ArrayLike, radius_m: float) -> Indices:
        """Rows whose box comes as near as the radius to the point, ascending; none for a negative radius.

        Raises QueryError for a point or a radius that is not finite.
        """
        return self.within_many(point_rows(point), radius_m).rows

    def within_many(self, points: ArrayLike, radius_m: ArrayLike) -> Matches:
        """As `within`, for (n, 3) points at once, with one radius or (n,) of them."""
        at, radius = point_rows(points), np.asarray(radius_m, dtype=np.float64)
        if not np.isfinite(radius).all():
            raise QueryError("a radius is a finite number of metres")
        queries = np.empty((len(at), 4))
        queries[:, :3], queries[:, 3] = at, radius
        return self._search(loops().SPHERE, queries)

    def in_frustum(self, frustum: Frustum) -> Indices:
        """Rows whose box meets a frustum, ascending: exactly, not by its planes alone."""
        rows = self._search(loops().PLANES, frustum.planes.reshape(1, 24)).rows
        met: Indices = rows[frustum.meets(self.boxes(rows))]
        return met

    def along_rays(self, origins: ArrayLike, directions: ArrayLike, reach_m: float = np.inf) -> Crossings:
        """Rows whose box each ray goes through or touches, in the order in which it enters them.

        origins, directions: (n, 3), m; a direction need not have length one. reach_m: how far a ray goes.
        Raises QueryError for what is not finite, a direction of no length, or a reach that is no number.
        """
        rays = ray_rows(origins, directions, reach_m)
        found = self._search(loops().SEGMENT, rays)
        ray = found.queries
        entered = entry_distances(rays[ray], self.boxes(found.rows))
        order = np.lexsort((found.rows, entered, ray))
        return Crossings(found.offsets, found.rows[order], entered[order])

    def nearest(self, point: ArrayLike, count: int, mask: Mask | None = None) -> Neighbours:
        """The `count` rows nearest to the point by the distance to their box, which is 0 inside it.

        mask: (row_count,) bool, the rows that may be answered. Fewer rows come back where there are fewer.
        Equal distances are ordered by row, so that the answer is one and the same each time.
        Raises QueryError for a point that is not finite.
        """
        rows, distances, found = self.nearest_many(point_rows(point), count, mask)
        return Neighbours(rows[0, : found[0]], distances[0, : found[0]])

    def nearest_many(
        self, points: ArrayLike, count: int, mask: Mask | None = None
    ) -> tuple[Indices, Floats, Indices]:
        """As `nearest`, for (n, 3) points at once: rows (n, k) and distances (n, k) m, k = `count` or fewer.

        Third comes how many were found for each point (n,); behind them stand -1 and infinity.
        """
        at = point_rows(points)
        count = max(0, min(count, self.box_count))
        allowed = _NO_MASK if mask is None else np.ascontiguousarray(mask, dtype=np.bool_)
        if mask is not None and allowed.shape != (self.row_count,):
            raise QueryError(f"a mask has one entry a row: ({self.row_count},), not {allowed.shape}")
        if mask is not None and count and (few := np.flatnonzero(allowed)).size <= SPARSE_PER_POINT:
            return self._nearest_among(at, few, count)
        if count == 0:
            return np.empty((len(at), 0), np.int64), np.empty((len(at), 0)), np.zeros(len(at), np.int64)
        rows, distances, found = loops().nearest(at, count, allowed, *self.tree)
        return rows, distances, found

    def boxes(self, rows: ArrayLike) -> Floats:
        """Boxes of rows: (k, 6) float64 m, NaN for a row without one."""
        places = self._place_of_row[np.asarray(rows, dtype=np.int64)]
        signed = self._blocks[places // BLOCK, :, places % BLOCK]
        signed[places < 0] = np.nan
        return _signed(signed)

    @cached_property
    def _place_of_row(self) -> Indices:
        """(row_count,) int64: where a row's box is, -1 for none."""
        place_of_row = np.full(self.row_count, -1, dtype=np.int64)
        place_of_row[self._places[: self.box_count]] = np.arange(self.box_count)
        return place_of_row

    @cached_property
    def tree(self) -> tuple[Floats, Floats, Indices, Indices, NDArray[np.int32]]:
        """The arrays that `spatial.kernels` walks: root, blocks, starts, counts, places."""
        sizes = _level_sizes(self.box_count)
        starts = np.concatenate([[0], np.cumsum(sizes[:-1])]).astype(np.int64)
        counts = np.array([self.box_count, *sizes[:-1]], dtype=np.int64)
        root = np.full((6, BLOCK), np.nan)
        root[:, : sizes[-1]] = _block_bounds(self._blocks[starts[-1] :]).T
        root.setflags(write=False)  # as the mapped blocks are: the loops are compiled for one kind of array
        return root, self._blocks, starts, counts, self._places

    def _search(self, kind: int, queries: Floats) -> Matches:
        return Matches(*loops().search(kind, queries, *self.tree))

    def _nearest_among(self, at: Floats, few: Indices, count: int) -> tuple[Indices, Floats, Indices]:
        """Exact search over few rows: each is looked at for each point."""
        boxes = self.boxes(few)
        few, boxes = few[~np.isnan(boxes[:, 0])], boxes[~np.isnan(boxes[:, 0])]
        count = min(count, len(few))
        rows, distances = np.empty((len(at), count), np.int64), np.empty((len(at), count))
        for number, point in enumerate(at):
            best = _nearest_of(few, box_distance(boxes, point), count)
            rows[number], distances[number] = best.rows, best.distances_m
        return rows, distances, np.full(len(at), count, dtype=np.int64)


@cache
def loops() -> ModuleType:
    """The compiled loops, loaded when the first query comes: who only packs does not wait for them."""
    from spatial import kernels  # noqa: PLC0415

    return kernels


_SIGNS = np.array([1.0, 1.0, 1.0, -1.0, -1.0, -1.0])


def _nearest_of(rows: Indices, distances: Floats, count: int) -> Neighbours:
    """The `count` nearest of candidates, by distance and then by row."""
    if len(rows) > 4 * count > 0:
        # Sort the few that can be among the nearest, with all that tie with the last of them.
        limit = np.partition(distances, count - 1)[count - 1]
        few = distances <= limit
        rows, distances = rows[few], distances[few]
    order = np.lexsort((rows, distances))[:count]
    return Neighbours(rows[order], distances[order])


def ray_rows(origins: ArrayLike, directions: ArrayLike, reach_m: float = np.inf) -> Floats:
    """Rays as the kernels want them: (n, 8) origin, unit direction, 0, reach. Raises QueryError."""
    start, way = point_rows(origins), point_rows(directions)
    with np.errstate(over="ignore"):
        length = np.linalg.norm(way, axis=1, keepdims=True)
    if start.shape != way.shape:
        raise QueryError("there are as many directions as origins")
    if not (length > 0).all() or not np.isfinite(length).all():
        raise QueryError("a direction has a length, and one that can be measured")
    if np.isnan(reach_m):
        raise QueryError("a reach is a number of metres")
    return np.hstack([start, way / length, np.zeros_like(length), np.full_like(length, reach_m)])


def entry_distances(rays: Floats, boxes: Floats) -> Floats:
    """Where each ray (n, 8), as of `ray_rows`, enters its box (n, 6): m, 0 inside."""
    start, way = rays[:, :3], rays[:, 3:6]
    with np.errstate(divide="ignore", invalid="ignore"):
        near = np.minimum((boxes[:, :3] - start) / way, (boxes[:, 3:] - start) / way)
    near[way == 0] = 0.0
    entered: Floats = np.maximum(near.max(axis=1), 0.0)
    return entered


def _rows_of(values: ArrayLike, width: int, message: str) -> Floats:
    """Numbers as (n, width) float64. Raises QueryError."""
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim not in (1, 2) or rows.shape[-1] != width:
        raise QueryError(f"{message}; got an array of {rows.shape}")
    return np.ascontiguousarray(rows.reshape(-1, width))


def point_rows(values: ArrayLike) -> Floats:
    """Points as (n, 3) float64, of (n, 3) or (3,). Raises QueryError for what is not finite, or no point."""
    points = _rows_of(values, 3, "a point has three coordinates")
    if not np.isfinite(points).all():
        raise QueryError("a point has three finite coordinates, in metres")
    return points


_NO_MASK: Mask = np.zeros(0, dtype=np.bool_)


def _checked_boxes(boxes: Floats) -> Floats:
    checked = np.asarray(boxes, dtype=np.float64)
    if checked.ndim != 2 or checked.shape[1] != 6:
        raise ValueError(f"boxes must be (n, 6), not {checked.shape}")
    if np.isinf(checked).any():
        raise ValueError("a box has an infinite bound")
    if (checked[:, :3] > checked[:, 3:]).any():
        raise ValueError("a box has a minimum above its maximum")
    return checked


def _signed(boxes: Floats) -> Floats:
    """(n, 6) boxes with negated maxima; the same call takes the sign away again."""
    flipped: Floats = boxes * _SIGNS
    return flipped


def _blocked(signed: Floats) -> Floats:
    """(n, 6) signed boxes as (blocks, 6, BLOCK), at least one block, filled up with NaN."""
    blocks = max(-(-len(signed) // BLOCK), 1)
    padded = np.full((blocks * BLOCK, 6), np.nan)
    padded[: len(signed)] = signed
    return np.ascontiguousarray(np.moveaxis(padded.reshape(blocks, BLOCK, 6), 1, 2))


def _block_bounds(blocks: Floats) -> Floats:
    """(blocks, 6) signed box around each block; NaN for an empty one."""
    bounds: Floats = np.fmin.reduce(blocks, axis=2)
    return bounds


def _levels(signed: Floats) -> list[Floats]:
    """All levels, leaves first, the last one with at most TOP boxes."""
    levels = [_blocked(signed)]
    count = len(signed)
    while count > TOP:
        bounds = _block_bounds(levels[-1])
        levels.append(_blocked(bounds))
        count = len(bounds)
    return levels


def _level_sizes(box_count: int) -> list[int]:
    """Blocks in each level, leaves first, for so many boxes."""
    sizes = [max(-(-box_count // BLOCK), 1)]
    count = box_count
    while count > TOP:
        count = sizes[-1]
        sizes.append(-(-count // BLOCK))
    return sizes


def _read_header(content: bytes | mmap.mmap, name: str) -> tuple[int, int, int]:
    """Rows, boxes and levels. Raises IndexFormatError."""
    if len(content) < _HEADER_SIZE or content[:4] != _MAGIC:
        raise IndexFormatError(f"{name} is no spatial index; build the package again")
    _, version, block, rows, boxes, levels = _HEADER.unpack_from(content)
    if (version, block) != (_VERSION, BLOCK):
        raise IndexFormatError(f"{name} has format {version}/{block}; build the package again")
    return rows, boxes, levels


def _hilbert_order(boxes: Floats) -> Indices:
    """The order of boxes along a Hilbert curve through their centres; ties by row."""
    if len(boxes) == 0:
        return np.empty(0, np.int64)
    centres = boxes[:, :3] / 2 + boxes[:, 3:] / 2
    low = centres.min(axis=0)
    extent = np.maximum(centres.max(axis=0) - low, np.finfo(np.float64).tiny)
    cells = ((centres - low) / extent * (2**_HILBERT_BITS - 1)).astype(np.uint64)
    return np.argsort(_hilbert_keys(cells), kind="stable")


def _hilbert_keys(cells: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hilbert index of (n, 3) cells of 16 bits each.

    Skilling, "Programming the Hilbert curve", AIP Conf. Proc. 707 (2004): AxestoTranspose, vectorized.
    """
    x = cells.copy()
    bit = np.uint64(1 << (_HILBERT_BITS - 1))
    while bit > 1:
        low_bits = bit - np.uint64(1)
        for axis in range(3):
            _exchange(x, axis, (x[:, axis] & bit) != 0, low_bits)
        bit >>= np.uint64(1)
    x[:, 1] ^= x[:, 0]
    x[:, 2] ^= x[:, 1]
    x ^= _parity_below(x[:, 2])[:, None]
    return _interleaved(x)


def _exchange(x: NDArray[np.uint64], axis: int, is_set: Mask, low_bits: np.uint64) -> None:
    """One step of Skilling's loop, in place: invert the low bits of axis 0, or swap them with the axis."""
    swapped = (x[:, 0] ^ x[:, axis]) & low_bits
    x[:, 0] ^= np.where(is_set, low_bits, swapped)
    x[:, axis] ^= np.where(is_set, np.uint64(0), swapped)


def _parity_below(last: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """For each set bit q > 1 of the last axis, all bits below q, exclusive-or'ed."""
    flips = np.zeros_like(last)
    for bit in range(1, _HILBERT_BITS):
        is_set = (last >> np.uint64(bit)) & np.uint64(1)
        flips ^= is_set * np.uint64((1 << bit) - 1)
    return flips


def _interleaved(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The transposed form as one key: the highest bit of axis 0 first."""
    keys = np.zeros(len(x), np.uint64)
    for bit in reversed(range(_HILBERT_BITS)):
        for axis in range(3):
            keys = (keys << np.uint64(1)) | ((x[:, axis] >> np.uint64(bit)) & np.uint64(1))
    return keys
