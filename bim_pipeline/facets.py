"""Bodies that the file itself spells out, face by face, read from its text. No I/O.

A kernel turns each polygon of an IfcFaceBasedSurfaceModel or IfcFacetedBrep into exact numbers and back: most
of the time that such a file takes, and nothing of it is left in the mesh. Here they are read as arrays. Only
plane polygons in plain lists are taken; an item in which anything is unusual is left out, for a kernel to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from bim_pipeline.canonical import shared_edges
from bim_pipeline.mesh import face_vectors
from bim_pipeline.source import FloatArray, IntArray
from bim_pipeline.step_graph import NOTHING, Bytes, Indices, StepGraph, ranges
from spatial.components import connected_parts

Flags = NDArray[np.bool_]

_ITEMS = ("IFCFACEBASEDSURFACEMODEL", "IFCFACETEDBREP")
_SETS = ("IFCCONNECTEDFACESET", "IFCCLOSEDSHELL", "IFCOPENSHELL")
_BOUNDS = ("IFCFACEOUTERBOUND", "IFCFACEBOUND")
# How far from its plane a corner may be, as a share of its face's size; how straight a convex corner.
_FLAT = 1e-4
_STRAIGHT = 1e-6
_SAME_AREA = 1e-6
# Points or faces of which arrays are in memory at once.
_AT_ONCE = 200_000
_OF_NUMBERS = np.zeros(256, dtype=bool)
_OF_NUMBERS[list(b"0123456789+-.Ee, )")] = True


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
    """The triangles of one item: `vertices` (n, 3) float64, in the file's unit and the item's own frame;
    `triangles` (m, 3) int32, neighbours wound alike, closed parts counter-clockwise seen from outside.

    `sample` is the step id of a face of the item, convex, whose corners are the vertices `sample_corners`.
    """

    vertices: FloatArray
    triangles: IntArray
    sample: int
    sample_corners: IntArray


def read_facets(graph: StepGraph, data: Bytes) -> dict[int, Facets]:
    """Give the items of a file that are plane polygons alone, by step id; `data` is the graph's text."""
    polygons = _polygons(graph, data)
    if polygons is None:
        return {}
    odd, parts = np.zeros(len(polygons.items), dtype=bool), []
    normals, flat, convex = _faces(polygons)
    odd[polygons.item[~flat]] = True
    parts.append(_fans(polygons, convex))
    triangles, faces, failed = _cut_apart(polygons, normals, np.flatnonzero(~convex))
    odd[polygons.item[failed]] = True
    parts.append((triangles, faces))
    return _by_item(graph, polygons, odd, _samples(polygons, normals, convex), parts)


@dataclass(frozen=True, slots=True, eq=False)
class _Polygons:
    """Faces of items. `items` (k,) and `rows` (f,) are rows of the graph, `item` (f,) is each face's item.

    Loop i runs over `corners[starts[i]:starts[i + 1]]`, rows of `points` (p, 3), the outer one as the face is
    wound; `loops[f]:loops[f + 1]` are the loops of face f, its outer one first.
    """

    items: Indices
    rows: Indices
    item: Indices
    loops: Indices
    starts: Indices
    corners: Indices
    points: FloatArray

    @property
    def first(self) -> Indices:
        """Where each face's corners start (f + 1,)."""
        return np.asarray(self.starts[self.loops])

    def part(self, low: int, high: int) -> _Polygons:
        """The faces from one to before another."""
        loops = self.loops[low : high + 1]
        starts = self.starts[loops[0] : loops[-1] + 1]
        return replace(
            self,
            rows=self.rows[low:high],
            item=self.item[low:high],
            loops=loops - loops[0],
            starts=starts - starts[0],
            corners=self.corners[starts[0] : starts[-1]],
        )

    def of_corners(self) -> Indices:
        """The face of each corner (c,)."""
        return np.repeat(np.arange(len(self.rows)), np.diff(self.first))


def _polygons(graph: StepGraph, data: Bytes) -> _Polygons | None:
    """Follow the references from items to points; items in which one is unusual are left out."""
    items = np.flatnonzero(graph.of_class(*_ITEMS))
    sets, of_set, odd = _below(graph, items, _SETS)
    rows, of_row, wrong = _below(graph, sets, ("IFCFACE",))
    odd[of_set[wrong]] = True
    item = of_set[of_row]
    bounds, face, wrong = _below(graph, rows, _BOUNDS)
    odd[item[wrong]] = True
    loops, of_loop, wrong = _below(graph, bounds, ("IFCPOLYLOOP",))
    odd[item[face[wrong]]] = True
    bounds, face = bounds[of_loop], face[of_loop]
    points, loop, wrong = _below(graph, loops, ("IFCCARTESIANPOINT",))
    lengths = np.bincount(loop, minlength=len(loops))
    is_outer, is_turned, unknown = _bounds(graph, data, bounds, face)
    odd[item[face[wrong | (lengths < 3) | unknown]]] = True
    used, corners = np.unique(points, return_inverse=True)
    coordinates = _coordinates(graph, data, used)
    if coordinates is None or odd.all():
        return None
    order = np.lexsort((~is_outer, face))
    order = order[~odd[item[face[order]]]]
    kept = np.flatnonzero(~odd[item])
    begin = np.cumsum(lengths) - lengths
    runs = ranges(begin[order], (begin + lengths)[order])
    turned = np.repeat(is_turned[order], lengths[order])
    mirrored = np.repeat((2 * begin + lengths)[order] - 1, lengths[order]) - runs
    return _Polygons(
        items=items,
        rows=rows[kept],
        item=item[kept],
        loops=_starts(np.bincount(face[order], minlength=len(rows))[kept]),
        starts=_starts(lengths[order]),
        corners=corners[np.where(turned, mirrored, runs)],
        points=coordinates,
    )


def _starts(lengths: Indices) -> Indices:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])


def _below(graph: StepGraph, rows: Indices, names: tuple[str, ...]) -> tuple[Indices, Indices, Flags]:
    """Give what rows refer to, by which of them, and which of them refer to nothing or to another class."""
    begin, end = graph.starts[rows], graph.starts[rows + 1]
    targets, owners = graph.targets[ranges(begin, end)], np.repeat(np.arange(len(rows)), end - begin)
    good = (targets != NOTHING) & graph.of_class(*names)[targets]
    wrong = end == begin
    wrong[owners[~good]] = True
    return targets[good], owners[good], wrong


def _bounds(graph: StepGraph, data: Bytes, bounds: Indices, face: Indices) -> tuple[Flags, Flags, Flags]:
    """Say which bounds are outer ones, which run against their face, and which of them cannot be told."""
    ends = graph.ends[bounds]
    flag = data[ends - 3]
    known = (data[ends - 1] == ord(")")) & (data[ends - 2] == ord(".")) & np.isin(flag, list(b"TF"))
    is_outer = graph.of_class("IFCFACEOUTERBOUND")[bounds]
    count = np.bincount(face, minlength=int(face.max(initial=-1)) + 1)
    outer = np.bincount(face[is_outer], minlength=len(count))
    return is_outer, flag == ord("F"), ~known | ((count > 1) & (outer != 1))[face]


def _coordinates(graph: StepGraph, data: Bytes, rows: Indices) -> FloatArray | None:
    """Read points (p, 3) from their text `((x,y,z))`; None where one is written otherwise."""
    opens, ends = graph.opens[rows], graph.ends[rows]
    if not len(rows) or (ends - opens < 8).any():
        return None
    framed = (data[opens + 1] == ord("(")) & (data[ends - 1] == ord(")")) & (data[ends - 2] == ord(")"))
    if not framed.all():
        return None
    found = np.empty((len(rows), 3))
    for low in range(0, len(rows), _AT_ONCE):
        part = slice(low, low + _AT_ONCE)
        numbers = _numbers(data, opens[part], ends[part])
        if numbers is None:
            return None
        found[part] = numbers
    return found


def _numbers(data: Bytes, opens: Indices, ends: Indices) -> FloatArray | None:
    """Read the three numbers of each of some points."""
    text = data[ranges(opens + 2, ends - 1)]
    starts = _starts(ends - opens - 3)[:-1]
    commas = np.add.reduceat((text == ord(",")).astype(np.int64), starts)
    if not _OF_NUMBERS[text].all() or (commas != 2).any():
        return None
    text[text == ord(")")] = ord(",")
    try:
        numbers = np.fromstring(text[:-1].tobytes().decode("ascii"), dtype=np.float64, sep=",")
    except ValueError:
        return None
    is_whole = len(numbers) == 3 * len(opens) and bool(np.isfinite(numbers).all())
    return numbers.reshape(-1, 3) if is_whole else None


def _faces(polygons: _Polygons) -> tuple[FloatArray, Flags, Flags]:
    """Give each face's normal (f, 3), whether it is flat and whether it is convex (f,)."""
    count = len(polygons.rows)
    normals, flat, convex = np.empty((count, 3)), np.empty(count, dtype=bool), np.empty(count, dtype=bool)
    for low in range(0, count, _AT_ONCE):
        part = slice(low, min(low + _AT_ONCE, count))
        own = polygons.part(part.start, part.stop)
        normals[part] = _normals(own)
        flat[part], convex[part] = _is_flat(own, normals[part]), _is_convex(own, normals[part])
    return normals, flat, convex


def _normals(polygons: _Polygons) -> FloatArray:
    """Give each face's normal times twice the area within its outer loop, (f, 3) (Newell's method)."""
    begin, end = polygons.starts[polygons.loops[:-1]], polygons.starts[polygons.loops[:-1] + 1]
    lengths = end - begin
    at = ranges(begin, end)
    after = at + 1
    after[np.cumsum(lengths) - 1] = begin
    origin = np.repeat(polygons.points[polygons.corners[begin]], lengths, axis=0)
    one = polygons.points[polygons.corners[at]] - origin
    other = polygons.points[polygons.corners[after]] - origin
    found: FloatArray = np.add.reduceat(np.cross(one, other), np.cumsum(lengths) - lengths)
    return found


def _is_flat(polygons: _Polygons, normals: FloatArray) -> Flags:
    """Say which faces (f,) have all corners in one plane."""
    face, first = polygons.of_corners(), polygons.first[:-1]
    offsets = polygons.points[polygons.corners] - polygons.points[polygons.corners[first]][face]
    size = np.maximum.reduceat(np.abs(offsets).max(axis=1), first)
    height = np.maximum.reduceat(np.abs(np.einsum("ij,ij->i", offsets, normals[face])), first)
    limit = _FLAT * size * np.linalg.norm(normals, axis=1)
    return np.asarray((np.diff(polygons.first) == 3) | ((height <= limit) & (limit > 0)))


def _is_convex(polygons: _Polygons, normals: FloatArray) -> Flags:
    """Say which faces (f,) are one loop that a fan cuts into triangles, no corner of them straight."""
    face, first = polygons.of_corners(), polygons.first
    lengths = np.diff(first)
    at = np.arange(len(face))
    before, after = at - 1, at + 1
    before[first[:-1]], after[first[1:] - 1] = first[1:] - 1, first[:-1]
    here = polygons.points[polygons.corners]
    into, out = here - here[before], here[after] - here
    start = here[first[:-1]][face]
    turn = np.einsum("ij,ij->i", np.cross(into, out), normals[face])
    fan = np.einsum("ij,ij->i", np.cross(here - start, here[after] - start), normals[face])
    limit = _STRAIGHT * np.linalg.norm(into, axis=1) * np.linalg.norm(out, axis=1)
    limit *= np.linalg.norm(normals, axis=1)[face]
    of_fan = (at > first[:-1][face]) & (at < first[1:][face] - 1)
    bad = (turn <= limit) | (of_fan & (fan <= 0))
    sound = np.add.reduceat(bad.astype(np.int64), first[:-1]) == 0
    return np.asarray((np.diff(polygons.loops) == 1) & (sound | (lengths == 3)))


def _fans(polygons: _Polygons, chosen: Flags) -> tuple[Indices, Indices]:
    """Fan faces from the corner that is first in space, wherever the file begins.

    Gives triangles (t, 3), rows of points, and their faces (t,).
    """
    faces = np.flatnonzero(chosen)
    first, lengths = polygons.first[faces], np.diff(polygons.first)[faces]
    at = ranges(first, first + lengths)
    x, y, z = polygons.points[polygons.corners[at]].T
    order = np.lexsort((z, y, x, np.repeat(np.arange(len(faces)), lengths)))
    start = (at[order] - np.repeat(first, lengths))[np.cumsum(lengths) - lengths]
    count = lengths - 2
    row = np.repeat(np.arange(len(faces)), count)
    step = ranges(np.ones(len(faces), dtype=np.int64), count + 1)
    around = (start[row][:, None] + np.stack([np.zeros_like(step), step, step + 1], axis=1)) % lengths[row][
        :, None
    ]
    return polygons.corners[first[row][:, None] + around], faces[row]


def _cut_apart(polygons: _Polygons, normals: FloatArray, faces: Indices) -> tuple[Indices, Indices, Indices]:
    """Cut any faces into triangles, with all their corners (constrained Delaunay).

    Gives triangles (t, 3), rows of points, their faces (t,), and the faces that are no valid polygons.
    """
    if not len(faces):
        return np.zeros((0, 3), dtype=np.int64), faces, faces
    at = ranges(polygons.first[faces], polygons.first[faces + 1])
    owner = np.repeat(np.arange(len(faces)), polygons.first[faces + 1] - polygons.first[faces])
    corners = polygons.corners[at]
    plane = _in_planes(polygons.points[corners], normals[faces][owner])
    shapes = _shapes(polygons, faces, plane)
    sound = shapely.is_valid(shapes)
    cut = np.full(len(shapes), None, dtype=object)
    cut[sound] = shapely.constrained_delaunay_triangles(shapes[sound])
    parts, number = shapely.get_parts(cut, return_index=True)
    found = shapely.get_coordinates(parts).reshape(-1, 4, 2)[:, :3]
    triangles = _looked_up((owner, plane), corners, (np.repeat(number, 3), found.reshape(-1, 2)))
    areas = np.bincount(number, shapely.area(parts), minlength=len(faces))
    sound &= np.abs(areas - shapely.area(shapes)) <= _SAME_AREA * areas
    sound[number[(triangles < 0).any(axis=1)]] = False
    kept = sound[number]
    triangles, number = triangles[kept], number[kept]
    a, b, c = (polygons.points[triangles[:, i]] for i in range(3))
    against = np.einsum("ij,ij->i", np.cross(b - a, c - a), normals[faces][number]) < 0
    triangles[against] = triangles[against][:, ::-1]
    return triangles, faces[number], faces[~sound]


def _in_planes(points: FloatArray, normals: FloatArray) -> FloatArray:
    """Leave out the coordinate along which a normal is longest: (n, 2)."""
    axis = np.argmax(np.abs(normals), axis=1)
    others = np.array([[1, 2], [0, 2], [0, 1]])[axis]
    return np.take_along_axis(points, others, axis=1)


def _shapes(polygons: _Polygons, faces: Indices, plane: FloatArray) -> NDArray[np.object_]:
    loops = ranges(polygons.loops[faces], polygons.loops[faces + 1])
    lengths = np.diff(polygons.starts)[loops]
    rings = shapely.linearrings(plane, indices=np.repeat(np.arange(len(loops)), lengths))
    of_ring = np.repeat(np.arange(len(faces)), np.diff(polygons.loops)[faces])
    return np.asarray(shapely.polygons(np.asarray(rings), indices=of_ring))


def _looked_up(
    known: tuple[Indices, FloatArray], values: Indices, wanted: tuple[Indices, FloatArray]
) -> Indices:
    """Give, three in a row, the values of wanted (owner, x, y) among the known ones; NOTHING without one."""
    owner, place = np.concatenate([known[0], wanted[0]]), np.concatenate([known[1], wanted[1]])
    order = np.lexsort((place[:, 1], place[:, 0], owner))
    fresh = np.ones(len(order), dtype=np.int64)
    fresh[1:] = (np.diff(owner[order]) != 0) | (np.diff(place[order], axis=0) != 0).any(axis=1)
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(fresh) - 1
    of_group = np.full(len(order), NOTHING, dtype=np.int64)
    of_group[group[: len(values)]] = values
    return np.asarray(of_group[group[len(values) :]].reshape(-1, 3))


def _wound_alike(points: FloatArray, triangles: Indices, item: Indices) -> Indices:
    """Turn triangles (t, 3) so that neighbours run alike, and closed parts outward.

    Exporters of surface models wind faces as it comes. Each triangle is two nodes, as it is and turned; those
    that go together are linked, so that a part falls into two halves of which one is chosen: the one of
    positive volume, of an open part the one nearer to the file. A part with one side is left as it is.
    """
    count = len(triangles)
    used, local = np.unique(triangles, return_inverse=True)
    points, own = points[used], local.reshape(-1, 3)
    _, corners = np.unique(item[:, None] * len(points) + _by_value(points)[own], return_inverse=True)
    start, end = corners.ravel(), np.roll(corners.reshape(-1, 3), -1, axis=1).ravel()
    here, there = shared_edges(start, end, int(corners.max(initial=0)) + 1)
    one, two = here // 3, there // 3
    against = count * (start[here] != end[there])
    nodes = np.concatenate([one, one + count]), np.concatenate([two + against, two + count - against])
    label = connected_parts(2 * count, *nodes)
    neighbours = np.bincount(one, minlength=count) + np.bincount(two, minlength=count)
    plain, turned = label[:count], label[count:]
    score = _scores(points, own, label, neighbours == 3)
    wrong = (score[plain] < score[turned]) | ((score[plain] == score[turned]) & (plain > turned))
    return np.where((wrong & (plain != turned))[:, None], triangles[:, ::-1], triangles)


def _scores(points: FloatArray, triangles: Indices, label: Indices, is_inner: Flags) -> FloatArray:
    """Say of each half how right it is: its volume where it is closed, else the area wound as in the file."""
    plain, turned = label[: len(triangles)], label[len(triangles) :]
    parts = int(label.max(initial=-1)) + 1
    faces = face_vectors(points, triangles.astype(np.int32))
    origin = np.zeros((parts, 3))
    origin[label] = np.tile(points[triangles[:, 0]], (2, 1))
    heights = np.einsum("ij,ij->i", faces, points[triangles[:, 0]] - origin[plain])
    other = np.einsum("ij,ij->i", faces, points[triangles[:, 0]] - origin[turned])
    volume = np.bincount(plain, heights, parts) - np.bincount(turned, other, parts)
    area = np.bincount(plain, np.linalg.norm(faces, axis=1), parts)
    rim = np.bincount(plain, ~is_inner, parts) + np.bincount(turned, ~is_inner, parts)
    return np.where(rim == 0, volume, area)


def _groups(bounds: Indices) -> Iterator[tuple[int, int]]:
    """Give stretches of whole items, of about `_AT_ONCE` triangles or one item each."""
    low, last = 0, int(bounds[-1])
    while low < last:
        at = max(np.searchsorted(bounds, low + _AT_ONCE, "right") - 1, np.searchsorted(bounds, low, "right"))
        yield low, int(bounds[at])
        low = int(bounds[at])


def _by_value(points: FloatArray) -> Indices:
    """Number points (p,) so that equal ones share a number."""
    order = np.lexsort(points.T)
    fresh = np.ones(len(order), dtype=np.int64)
    fresh[1:] = (points[order[1:]] != points[order[:-1]]).any(axis=1)
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.cumsum(fresh)
    return numbers - 1


def _samples(polygons: _Polygons, normals: FloatArray, convex: Flags) -> Indices:
    """Give each item's largest convex face (k,), NOTHING where it has none."""
    found = np.full(len(polygons.items), NOTHING, dtype=np.int64)
    sizes = np.linalg.norm(normals, axis=1)
    faces = np.flatnonzero(convex & (sizes > 0))
    order = faces[np.lexsort((-faces, sizes[faces]))]
    found[polygons.item[order]] = order
    return found


def _by_item(
    graph: StepGraph,
    polygons: _Polygons,
    odd: Flags,
    samples: Indices,
    parts: list[tuple[Indices, Indices]],
) -> dict[int, Facets]:
    """Sort triangles by item, each with its own vertices."""
    item = polygons.item[np.concatenate([face for _, face in parts])]
    order = np.argsort(item, kind="stable")
    triangles, item = np.concatenate([part for part, _ in parts])[order], item[order]
    bounds = np.searchsorted(item, np.arange(len(polygons.items) + 1))
    for low, high in _groups(bounds):
        triangles[low:high] = _wound_alike(polygons.points, triangles[low:high], item[low:high])
    first, found = polygons.first, {}
    for number in np.flatnonzero(~odd & (samples != NOTHING) & (np.diff(bounds) > 0)).tolist():
        own = triangles[bounds[number] : bounds[number + 1]]
        used, local = np.unique(own, return_inverse=True)
        sample = samples[number]
        corners = polygons.corners[first[sample] : first[sample + 1]]
        found[int(graph.ids[polygons.items[number]])] = Facets(
            vertices=polygons.points[used],
            triangles=local.reshape(-1, 3).astype(np.int32),
            sample=int(graph.ids[polygons.rows[sample]]),
            sample_corners=np.searchsorted(used, corners).astype(np.int32),
        )
    return found
