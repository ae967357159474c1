"""The packed spatial index: axis-aligned boxes in a Hilbert R-tree, as one block of bytes.

Built once, read by memory map. Boxes are sorted along a Hilbert curve of their centres and cut into
blocks of `BLOCK` boxes; the blocks' own boxes are cut into blocks in turn, until a level is small enough
to be scanned. The shape is flatbush's (https://github.com/mourner/flatbush), with wider nodes: numpy's
price is per call, so a query must touch few levels with much work in each.

A block is stored as `(6, BLOCK)`: the three minima, then the three *negated* maxima. With it an overlap test
is one comparison, `block <= [query maxima, -query minima]`. Unused places are NaN and never match.

File, little-endian: magic `VTBX`, u16 version, u16 block size, u32 rows, u32 boxes, u32 levels, padded to
64 bytes; `i4[boxes padded to a multiple of BLOCK]` the row of each place; then per level, leaves first,
`f8[blocks, 6, BLOCK]`.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spatial.errors import IndexFormatError

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

BLOCK = 64
TOP = 2048  # a level of at most so many boxes is scanned whole
FIRST_BLOCKS = 8  # blocks that a search for the nearest looks at first
SPARSE = 4096  # a mask of at most so many rows is searched row by row

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
    _levels: tuple[Floats, ...]

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
        return cls(rows, boxes, places, _read_levels(content, sizes, _HEADER_SIZE + place_count * 4))

    def overlapping(self, box: ArrayLike) -> Indices:
        """Rows whose box touches the given one ((6,) m, as in `pack`; borders count), ascending."""
        query = np.asarray(box, dtype=np.float64)
        if query.shape != (6,):
            raise ValueError("a box has six numbers")
        limits = np.concatenate([query[3:], -query[:3]])
        blocks = self._candidate_blocks(limits)
        leaves = self._levels[0]
        if len(blocks) == len(leaves):
            hit = (leaves <= limits[:, None]).all(axis=1)
            return _ascending(self._places.reshape(-1, BLOCK)[hit])
        hit = (leaves[blocks] <= limits[:, None]).all(axis=1)
        return _ascending(self._places.reshape(-1, BLOCK)[blocks][hit])

    def containing(self, point: ArrayLike) -> Indices:
        """Rows whose box holds the point ((3,) m; borders count), ascending."""
        at = np.asarray(point, dtype=np.float64)
        return self.overlapping(np.concatenate([at, at]))

    def within(self, point: ArrayLike, radius_m: float) -> Indices:
        """Rows whose box comes as near as the radius to the point, ascending; none for a negative radius.

        Raises ValueError for a radius that is not finite.
        """
        at = np.asarray(point, dtype=np.float64)
        if not np.isfinite(radius_m):
            raise ValueError("a radius is a finite number of metres")
        # The cube is made a hair larger: at - radius rounds, and a box on the sphere must not be lost.
        reach = np.full(3, radius_m) + 4 * np.spacing(np.abs(at) + abs(radius_m))
        rows = self.overlapping(np.concatenate([at - reach, at + reach]))
        near: Indices = rows[box_distance(self.boxes(rows), at) <= radius_m]
        return near

    def nearest(self, point: ArrayLike, count: int, mask: Mask | None = None) -> Neighbours:
        """The `count` rows nearest to the point by the distance to their box, which is 0 inside it.

        mask: (row_count,) bool, the rows that may be answered. Fewer rows come back where there are fewer.
        Equal distances are ordered by row, so that the answer is one and the same each time.
        """
        at = np.asarray(point, dtype=np.float64)
        if count <= 0 or self.box_count == 0:
            return _nearest_of(np.empty(0, np.int64), np.empty(0), 0)
        if mask is not None:
            rows = np.flatnonzero(mask)
            if len(rows) <= SPARSE:
                return self._nearest_among(at, rows, count)
        return self._nearest_by_tree(at, count, mask)

    def boxes(self, rows: ArrayLike) -> Floats:
        """Boxes of rows: (k, 6) float64 m, NaN for a row without one."""
        places = self._place_of_row[np.asarray(rows, dtype=np.int64)]
        signed = self._levels[0][places // BLOCK, :, places % BLOCK]
        signed[places < 0] = np.nan
        return _signed(signed)

    @cached_property
    def _place_of_row(self) -> Indices:
        """(row_count,) int64: where a row's box is, -1 for none."""
        place_of_row = np.full(self.row_count, -1, dtype=np.int64)
        place_of_row[self._places[: self.box_count]] = np.arange(self.box_count)
        return place_of_row

    @cached_property
    def _block_boxes(self) -> Floats:
        """(blocks, 6): the box of each block of leaves, unsigned."""
        if len(self._levels) == 1:
            return _signed(_block_bounds(self._levels[0]))
        return _signed(_unblocked(self._levels[1]))[: len(self._levels[0])]

    def _candidate_blocks(self, limits: Floats) -> Indices:
        """Blocks of leaves that may hold a match, found from the top level down."""
        nodes: Indices | None = None
        for level in reversed(self._levels[1:]):
            chosen = level if nodes is None else level[nodes]
            hit = (chosen <= limits[:, None]).all(axis=1)
            block, place = np.nonzero(hit)
            nodes = (block if nodes is None else nodes[block]) * BLOCK + place
        return np.arange(len(self._levels[0])) if nodes is None else nodes

    def _nearest_among(self, at: Floats, rows: Indices, count: int) -> Neighbours:
        """Exact search over few rows."""
        distances = box_distance(self.boxes(rows), at)
        found = ~np.isnan(distances)
        return _nearest_of(rows[found], distances[found], count)

    def _nearest_by_tree(self, at: Floats, count: int, mask: Mask | None) -> Neighbours:
        """Search block after block by rising distance, until no block can hold a nearer row."""
        block_distances = box_distance(self._block_boxes, at)
        order = np.argsort(block_distances, kind="stable")
        best = _nearest_of(np.empty(0, np.int64), np.empty(0), 0)
        start, batch = 0, max(FIRST_BLOCKS, 2 * -(-count // BLOCK))
        while start < len(order):
            full = len(best.rows) >= count
            if full and block_distances[order[start]] > best.distances_m[-1]:
                break
            rows, distances = self._block_rows(order[start : start + batch], at, mask)
            merged_rows = np.concatenate([best.rows, rows])
            best = _nearest_of(merged_rows, np.concatenate([best.distances_m, distances]), count)
            start, batch = start + batch, batch * 2
        return best

    def _block_rows(self, blocks: Indices, at: Floats, mask: Mask | None) -> tuple[Indices, Floats]:
        """The rows of blocks that the mask lets through, with their distances."""
        whole = len(blocks) == len(self._levels[0])
        distances = _block_distances(self._levels[0] if whole else self._levels[0][blocks], at).ravel()
        places = self._places.reshape(-1, BLOCK)
        rows = (places if whole else places[blocks]).ravel().astype(np.int64)
        allowed = rows >= 0
        if mask is not None:
            allowed &= mask[rows]
        return rows[allowed], distances[allowed]


_SIGNS = np.array([1.0, 1.0, 1.0, -1.0, -1.0, -1.0])


def _block_distances(blocks: Floats, at: Floats) -> Floats:
    """Distances from a point to the boxes in blocks, (k, BLOCK), to the bit as `box_distance` has them."""
    apart = np.maximum(blocks[:, :3] - at[:, None], blocks[:, 3:] + at[:, None])
    np.maximum(apart, 0.0, out=apart)
    apart *= apart
    distance: Floats = np.sqrt(apart[:, 0] + apart[:, 1] + apart[:, 2])
    return distance


def _ascending(rows: NDArray[np.int32]) -> Indices:
    return np.sort(rows).astype(np.int64)


def _nearest_of(rows: Indices, distances: Floats, count: int) -> Neighbours:
    """The `count` nearest of candidates, by distance and then by row."""
    if len(rows) > 4 * count > 0:
        # Sort the few that can be among the nearest, with all that tie with the last of them.
        limit = np.partition(distances, count - 1)[count - 1]
        few = distances <= limit
        rows, distances = rows[few], distances[few]
    order = np.lexsort((rows, distances))[:count]
    return Neighbours(rows[order], distances[order])


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


def _unblocked(blocks: Floats) -> Floats:
    """(blocks, 6, BLOCK) as (places, 6)."""
    return np.moveaxis(blocks, 1, 2).reshape(-1, 6)


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


def _read_levels(content: bytes | mmap.mmap, sizes: list[int], offset: int) -> tuple[Floats, ...]:
    levels = []
    for size in sizes:
        flat = np.frombuffer(content, dtype="<f8", count=size * 6 * BLOCK, offset=offset)
        levels.append(flat.reshape(size, 6, BLOCK))
        offset += flat.nbytes
    return tuple(levels)


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
