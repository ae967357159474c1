"""The inner loops of the queries, compiled to machine code by numba. No I/O.

A tree is five arrays, as `PackedIndex` holds them: `root` (6, BLOCK) the boxes of the top level's blocks,
`blocks` (n, 6, BLOCK) the blocks of all levels, leaves first, `starts` and `counts` (levels,) where each
level begins and how many boxes it has, `places` the row of each box. Minima, then negated maxima, m.

Every test of a box is monotone in its bounds, rounding included: a box that passes lies in blocks that pass.
So a search finds to the bit what a scan over all boxes with the same arithmetic finds. Without fast math.

This module takes a third of a second to load: it is imported when the first query comes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., object])
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]
Mask = NDArray[np.bool_]

BOX, SPHERE, PLANES, SEGMENT = 0, 1, 2, 3
BLOCK = 64


def compiled(function: F) -> F:
    """Compile when first called; kept on disk for the next process where a folder for it can be written."""
    try:
        return cast(F, numba.njit(nogil=True, error_model="numpy", cache=True)(function))
    except RuntimeError:
        return cast(F, numba.njit(nogil=True, error_model="numpy")(function))


@compiled
def _touching(query: Floats, block: Floats, count: int, hit: Mask) -> None:
    """Boxes that touch a box: query (6,) its maxima, then its negated minima."""
    q0, q1, q2, q3, q4, q5 = query[0], query[1], query[2], query[3], query[4], query[5]
    for j in range(count):
        low = (block[0, j] <= q0) & (block[1, j] <= q1) & (block[2, j] <= q2)
        high = (block[3, j] <= q3) & (block[4, j] <= q4) & (block[5, j] <= q5)
        hit[j] = low & high


@compiled
def distances(x: float, y: float, z: float, block: Floats, count: int, out: Floats) -> None:
    """Distances from a point to the boxes of a block, 0 inside."""
    for j in range(count):
        dx = max(block[0, j] - x, block[3, j] + x, 0.0)
        dy = max(block[1, j] - y, block[4, j] + y, 0.0)
        dz = max(block[2, j] - z, block[5, j] + z, 0.0)
        out[j] = np.sqrt(dx * dx + dy * dy + dz * dz)


@compiled
def _in_reach(query: Floats, block: Floats, count: int, hit: Mask) -> None:
    """Boxes within a distance: query (4,) the point and the radius."""
    away = np.empty(BLOCK)
    distances(query[0], query[1], query[2], block, count, away)
    for j in range(count):
        hit[j] = away[j] <= query[3]


@compiled
def _before_planes(query: Floats, block: Floats, count: int, hit: Mask) -> None:
    """Boxes that reach to the inner side of each plane: query (4 k,), a x + b y + c z + d >= 0 inside.

    Of each box the corner that lies farthest inwards counts (Assarsson and Moeller, 2000).
    """
    hit[:count] = True
    for at in range(0, len(query), 4):
        a, b, c, d = query[at], query[at + 1], query[at + 2], query[at + 3]
        ix, sx = (3, -a) if a > 0 else (0, a)
        iy, sy = (4, -b) if b > 0 else (1, b)
        iz, sz = (5, -c) if c > 0 else (2, c)
        for j in range(count):
            hit[j] &= sx * block[ix, j] + sy * block[iy, j] + sz * block[iz, j] + d >= 0.0


@compiled
def _on_segment(query: Floats, block: Floats, count: int, hit: Mask) -> None:
    """Boxes that o + t d meets for t0 <= t <= t1: query (8,) o, d, t0, t1; Kay and Kajiya's slabs (1986)."""
    near, far = np.full(BLOCK, query[6]), np.full(BLOCK, query[7])
    for axis in range(3):
        origin, step = query[axis], query[3 + axis]
        if step == 0.0:
            for j in range(count):
                if not (block[axis, j] <= origin and block[3 + axis, j] <= -origin):
                    far[j] = -np.inf
                    near[j] = np.inf
        else:
            for j in range(count):
                one, other = (block[axis, j] - origin) / step, (-block[3 + axis, j] - origin) / step
                near[j] = max(near[j], min(one, other))
                far[j] = min(far[j], max(one, other))
    for j in range(count):
        hit[j] = near[j] <= far[j]


@compiled
def _test(kind: int, query: Floats, block: Floats, count: int, hit: Mask) -> None:
    if kind == BOX:
        _touching(query, block, count, hit)
    elif kind == SPHERE:
        _in_reach(query, block, count, hit)
    elif kind == PLANES:
        _before_planes(query, block, count, hit)
    else:
        _on_segment(query, block, count, hit)


@compiled
def _push(level: int, first: int, hit: Mask, count: int, stack: Ints, size: int) -> int:
    """Put the children that were hit on the stack, (size, 2) level and block; gives the new size."""
    for j in range(count):
        if hit[j]:
            stack[size, 0] = level
            stack[size, 1] = first + j
            size += 1
    return size


@compiled
def _grown(rows: Ints) -> Ints:
    larger = np.empty(2 * len(rows), np.int64)
    for i in range(len(rows)):
        larger[i] = rows[i]
    return larger


@compiled
def _sort(rows: Ints, low: int, high: int) -> None:
    """Sort rows[low:high] in place: Shell (1959). To compile numpy's own sort takes a second."""
    gap = 701
    while gap > 0:
        for i in range(low + gap, high):
            row, at = rows[i], i
            while at >= low + gap and rows[at - gap] > row:
                rows[at] = rows[at - gap]
                at -= gap
            rows[at] = row
        gap = 1 if gap == 2 else gap * 4 // 9  # 701, 311, 138, 61, 27, 12, 5, 2, 1


@compiled
def search(
    kind: int, queries: Floats, root: Floats, blocks: Floats, starts: Ints, counts: Ints, places: Places
) -> tuple[Ints, Ints]:
    """Rows that pass a test, per query ascending: offsets (n + 1,), and the rows between them."""
    offsets = np.zeros(len(queries) + 1, np.int64)
    rows = np.empty(max(8 * len(queries), 2 * BLOCK), np.int64)
    hit = np.empty(BLOCK, np.bool_)
    top = len(starts) - 1
    stack = np.empty((BLOCK * (top + 2), 2), np.int64)
    roots, total = -(-counts[top] // BLOCK), 0
    for q in range(len(queries)):
        _test(kind, queries[q], root, roots, hit)
        size = _push(top, 0, hit, roots, stack, 0)
        while size > 0:
            size -= 1
            level, node = stack[size, 0], stack[size, 1]
            count = min(BLOCK, counts[level] - node * BLOCK)
            _test(kind, queries[q], blocks[starts[level] + node], count, hit)
            if level > 0:
                size = _push(level - 1, node * BLOCK, hit, count, stack, size)
                continue
            if total + BLOCK > len(rows):
                rows = _grown(rows)
            for j in range(count):
                if hit[j]:
                    rows[total] = places[node * BLOCK + j]
                    total += 1
        _sort(rows, offsets[q], total)
        offsets[q + 1] = total
    return offsets, rows[:total]


@compiled
def _sift_up(keys: Floats, items: Ints, at: int) -> None:
    key, level, node = keys[at], items[at, 0], items[at, 1]
    while at > 0 and keys[(at - 1) // 2] > key:
        above = (at - 1) // 2
        keys[at], items[at, 0], items[at, 1] = keys[above], items[above, 0], items[above, 1]
        at = above
    keys[at], items[at, 0], items[at, 1] = key, level, node


@compiled
def _sift_down(keys: Floats, items: Ints, size: int) -> None:
    key, level, node = keys[0], items[0, 0], items[0, 1]
    at = 0
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[at], items[at, 0], items[at, 1] = keys[below], items[below, 0], items[below, 1]
        at = below
    keys[at], items[at, 0], items[at, 1] = key, level, node


@compiled
def _insert(rows: Ints, away: Floats, found: int, row: int, distance: float) -> int:
    """Put a row among the nearest found, by distance and then row; gives how many there are now."""
    at = min(found, len(rows) - 1)
    while at > 0 and (away[at - 1] > distance or (away[at - 1] == distance and rows[at - 1] > row)):
        away[at], rows[at] = away[at - 1], rows[at - 1]
        at -= 1
    away[at], rows[at] = distance, row
    return min(found + 1, len(rows))


@compiled
def _among(
    node: int, apart: Floats, count: int, places: Places, mask: Mask, rows: Ints, away: Floats, found: int
) -> int:
    """Offer the boxes of a leaf to the nearest ones; gives how many those are now."""
    last = len(rows) - 1
    for j in range(count):
        if found > last and apart[j] > away[last]:
            continue
        row = int(places[node * BLOCK + j])
        if len(mask) > 0 and not mask[row]:
            continue
        if found <= last or apart[j] < away[last] or row < rows[last]:
            found = _insert(rows, away, found, row, apart[j])
    return found


@compiled
def nearest(
    points: Floats, wanted: int, mask: Mask,
    root: Floats, blocks: Floats, starts: Ints, counts: Ints, places: Places,
) -> tuple[Ints, Floats, Ints]:  # fmt: skip
    """The nearest rows to each point, best first (Hjaltason and Samet, 1999): rows, distances, how many.

    mask: empty for none. Behind what was found stand -1 and infinity.
    """
    rows, away = np.full((len(points), wanted), -1, np.int64), np.full((len(points), wanted), np.inf)
    found = np.zeros(len(points), np.int64)
    top = len(starts) - 1
    roots = -(-counts[top] // BLOCK)
    keys, items = np.empty(len(blocks) + BLOCK), np.empty((len(blocks) + BLOCK, 2), np.int64)
    apart = np.empty(BLOCK)
    for q in range(len(points)):
        x, y, z = points[q, 0], points[q, 1], points[q, 2]
        size, level, node, count = 0, top + 1, 0, roots
        distances(x, y, z, root, roots, apart)
        while True:
            if level == 0:
                found[q] = _among(node, apart, count, places, mask, rows[q], away[q], found[q])
            else:
                for j in range(count):
                    if found[q] < wanted or apart[j] <= away[q, wanted - 1]:
                        keys[size], items[size, 0], items[size, 1] = apart[j], level - 1, node * BLOCK + j
                        _sift_up(keys, items, size)
                        size += 1
            if size == 0 or (found[q] == wanted and keys[0] > away[q, wanted - 1]):
                break
            level, node = items[0, 0], items[0, 1]
            size -= 1
            keys[0], items[0, 0], items[0, 1] = keys[size], items[size, 0], items[size, 1]
            _sift_down(keys, items, size)
            count = min(BLOCK, counts[level] - node * BLOCK)
            distances(x, y, z, blocks[starts[level] + node], count, apart)
    return rows, away, found


@compiled
def _edge(a: Floats, b: Floats, o: Floats, d: Floats) -> float:
    """On which side of a ray an edge passes; of the same edge taken backwards exactly the negative."""
    ax, ay, az = a[0] - o[0], a[1] - o[1], a[2] - o[2]
    bx, by, bz = b[0] - o[0], b[1] - o[1], b[2] - o[2]
    side: float = d[0] * (ay * bz - az * by) + d[1] * (az * bx - ax * bz) + d[2] * (ax * by - ay * bx)
    return side


@compiled
def crossing(o: Floats, d: Floats, corners: Floats) -> float:
    """Where o + t d goes through a triangle (3, 3), either side, borders included; NaN where it does not.

    By the three edges' sides, which neighbours compute alike, so that no ray slips through between two
    triangles (Woop, Benthin, Wald, 2013). A ray that lies in the triangle's plane does not go through it.
    """
    one = _edge(corners[1], corners[2], o, d)
    two = _edge(corners[2], corners[0], o, d)
    three = _edge(corners[0], corners[1], o, d)
    if not ((one >= 0 and two >= 0 and three >= 0) or (one <= 0 and two <= 0 and three <= 0)):
        return np.nan
    total = one + two + three
    if total == 0.0:
        return np.nan
    # The point as the corners weighted by the edges; its way along the ray by the ray's largest axis.
    axis = int(np.argmax(np.abs(d)))
    met = (one * corners[0, axis] + two * corners[1, axis] + three * corners[2, axis]) / total
    return float((met - o[axis]) / d[axis])


@compiled
def first_crossings(
    segments: Floats, any_will_do: bool, hidden: Mask, corners: Floats, owners: Ints,
    root: Floats, blocks: Floats, starts: Ints, counts: Ints, places: Places,
) -> tuple[Floats, Ints]:  # fmt: skip
    """The first triangle on each segment (n, 8) of o, d, t0, t1: its t, infinity for none, and its row, -1.

    corners (m, 3, 3) and owners (m,) by row; triangles of an owner that `hidden` marks (empty: none) are
    left out. any_will_do: any triangle on the segment is as good as the first.
    """
    met, rows = np.full(len(segments), np.inf), np.full(len(segments), -1, np.int64)
    hit = np.empty(BLOCK, np.bool_)
    top = len(starts) - 1
    stack = np.empty((BLOCK * (top + 2), 2), np.int64)
    roots = -(-counts[top] // BLOCK)
    for q in range(len(segments)):
        segment = segments[q].copy()
        _on_segment(segment, root, roots, hit)
        size = _push(top, 0, hit, roots, stack, 0)
        while size > 0 and not (any_will_do and rows[q] >= 0):
            size -= 1
            level, node = stack[size, 0], stack[size, 1]
            count = min(BLOCK, counts[level] - node * BLOCK)
            _on_segment(segment, blocks[starts[level] + node], count, hit)
            if level > 0:
                size = _push(level - 1, node * BLOCK, hit, count, stack, size)
                continue
            for j in range(count):
                row = int(places[node * BLOCK + j])
                if not hit[j] or (len(hidden) > 0 and hidden[owners[row]]):
                    continue
                t = crossing(segment[:3], segment[3:6], corners[row])
                if segment[6] <= t <= segment[7] and (t < met[q] or (t == met[q] and row < rows[q])):
                    met[q], rows[q] = t, row
                    segment[7] = t
    return met, rows


# What rounding can make of an orientation, as a share of its two products (Shewchuk, 1997, "ccwerrboundA").
_DOUBT = 3.3306690738754716e-16
OUTSIDE, INSIDE, UNSURE = 0, 1, 2


@compiled
def _within(x: float, y: float, edges: Floats) -> int:
    """Whether a point is in rings of edges (n, 4), border included; UNSURE where rounding might decide."""
    inside = False
    for i in range(len(edges)):
        x1, y1, x2, y2 = edges[i, 0], edges[i, 1], edges[i, 2], edges[i, 3]
        if (y1 > y) != (y2 > y):
            left, right = (x1 - x) * (y2 - y), (x2 - x) * (y1 - y)
            if abs(left - right) <= _DOUBT * (abs(left) + abs(right)):
                return UNSURE
            if (left > right) == (y2 > y1):
                inside = not inside
        elif (y1 == y and (x1 == x or (y2 == y and (x1 < x) != (x2 < x)))) or (y2 == y and x2 == x):
            return INSIDE
    return INSIDE if inside else OUTSIDE


@compiled
def first_places(
    points: Floats, offsets: Ints, candidates: Ints, floors: Floats, plain: Mask, starts: Ints, edges: Floats
) -> tuple[Ints, Mask]:
    """The first candidate that each point is in, and whether rounding leaves a doubt: (n,) and (n,).

    Candidates of point i lie between offsets i and i + 1. One whose floor is above the point counts only
    where no other does. plain: whose outline is made of rings that do not cross.
    """
    found, doubtful = np.full(len(points), -1, np.int64), np.zeros(len(points), np.bool_)
    for q in range(len(points)):
        for at in range(offsets[q], offsets[q + 1]):
            place = candidates[at]
            loose = points[q, 2] < floors[place]
            if loose and found[q] >= 0:
                continue
            state = UNSURE
            if plain[place]:
                state = _within(points[q, 0], points[q, 1], edges[starts[place] : starts[place + 1]])
            if state == UNSURE:
                doubtful[q] = True
                break
            if state == INSIDE:
                found[q] = place
                if not loose:
                    break
    return found, doubtful
