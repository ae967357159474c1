"""The packed index answers what brute force answers, whatever the boxes."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from spatial.errors import IndexFormatError, QueryError
from spatial.frustum import Frustum
from spatial.index import (
    BLOCK,
    TOP,
    Floats,
    PackedIndex,
    box_distance,
    entry_distances,
    pack,
    ray_rows,
)

SIZES = st.sampled_from([0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 300, TOP + 1, 5000])


@pytest.fixture(scope="module", autouse=True)
def compiled_loops() -> None:
    """The first query of a process compiles the loops; that is no example's time."""
    index = PackedIndex.from_bytes(pack(np.zeros((1, 6))))
    index.overlapping(np.zeros(6))
    index.nearest(np.zeros(3), 1)
    index.along_rays(np.zeros(3), np.ones(3))


def scattered(seed: int, size: int) -> Floats:
    """Boxes on a coarse grid, so that ties, touching borders and equal boxes abound; some rows without."""
    rng = np.random.default_rng(seed)
    low = rng.integers(-20, 20, (size, 3)) / 2
    boxes = np.hstack([low, low + rng.integers(0, 6, (size, 3)) / 2])
    boxes[rng.random(size) < 0.1] = np.nan
    return boxes


def brute_overlap(boxes: Floats, box: Floats) -> list[int]:
    hit = (boxes[:, :3] <= box[3:]).all(axis=1) & (boxes[:, 3:] >= box[:3]).all(axis=1)
    return np.flatnonzero(hit).tolist()


def brute_nearest(boxes: Floats, point: Floats, count: int, mask: np.ndarray | None) -> list[int]:
    distances = box_distance(boxes, point)
    allowed = ~np.isnan(distances) & (True if mask is None else mask)
    return sorted(np.flatnonzero(allowed).tolist(), key=lambda row: (distances[row], row))[:count]


points = st.tuples(*[st.integers(-24, 30).map(lambda n: n / 2)] * 3).map(np.array)
seeds = st.integers(0, 2**32 - 1)


@given(seeds, SIZES, points, points)
def test_overlap_matches_brute_force(seed: int, size: int, one: Floats, other: Floats) -> None:
    boxes = scattered(seed, size)
    index = PackedIndex.from_bytes(pack(boxes))
    query = np.concatenate([np.minimum(one, other), np.maximum(one, other)])
    assert index.overlapping(query).tolist() == brute_overlap(boxes, query)
    assert index.containing(one).tolist() == brute_overlap(boxes, np.concatenate([one, one]))


@given(seeds, SIZES, points, st.sampled_from([-1.0, 0.0, 0.5, 2.5, 7.1, 100.0]))
def test_radius_matches_brute_force(seed: int, size: int, point: Floats, radius: float) -> None:
    boxes = scattered(seed, size)
    found = PackedIndex.from_bytes(pack(boxes)).within(point, radius)
    assert found.tolist() == np.flatnonzero(box_distance(boxes, point) <= radius).tolist()


@given(seeds, SIZES, points, st.integers(0, 200), st.sampled_from([None, 0.01, 0.5, 1.0]))
def test_nearest_matches_brute_force(
    seed: int, size: int, point: Floats, count: int, share: float | None
) -> None:
    boxes = scattered(seed, size)
    mask = None if share is None else np.random.default_rng(seed).random(size) < share
    found = PackedIndex.from_bytes(pack(boxes)).nearest(point, count, mask)
    expected = brute_nearest(boxes, point, count, mask)
    assert found.rows.tolist() == expected
    assert found.distances_m.tolist() == box_distance(boxes[expected], point).tolist()


def test_nearest_with_a_dense_mask_over_many_boxes_uses_the_tree_and_stays_exact() -> None:
    boxes = scattered(7, 12_000)
    mask = np.arange(12_000) % 2 == 0
    point = np.array([30.0, -4.0, 0.25])
    found = PackedIndex.from_bytes(pack(boxes)).nearest(point, 500, mask)
    assert found.rows.tolist() == brute_nearest(boxes, point, 500, mask)


@given(
    st.lists(st.tuples(*[st.floats(-1e7, 1e7)] * 3), min_size=1, max_size=40),
    st.floats(0, 1e3),
)
def test_uneven_coordinates_survive_exactly(corners: list[tuple[float, float, float]], size: float) -> None:
    low = np.array(corners)
    boxes = np.hstack([low, low + size])
    index = PackedIndex.from_bytes(pack(boxes))
    assert index.boxes(np.arange(len(boxes))).tolist() == boxes.tolist()
    for row, box in enumerate(boxes):
        assert row in index.overlapping(box)
        assert row in index.containing(box[3:])


def test_infinite_query_box_finds_every_box_but_no_padding() -> None:
    boxes = scattered(1, 100)
    everything = PackedIndex.from_bytes(pack(boxes)).overlapping([-np.inf] * 3 + [np.inf] * 3)
    assert everything.tolist() == np.flatnonzero(~np.isnan(boxes[:, 0])).tolist()


def test_same_boxes_give_same_bytes_and_a_file_reads_like_memory(tmp_path: Path) -> None:
    boxes = scattered(3, 3000)
    content = pack(boxes)
    assert content == pack(boxes.copy())
    path = tmp_path / "boxes.idx"
    path.write_bytes(content)
    index = PackedIndex.open(path)
    assert (index.row_count, index.box_count) == (3000, int((~np.isnan(boxes[:, 0])).sum()))
    np.testing.assert_array_equal(index.boxes(np.arange(3000)), boxes)


@pytest.mark.parametrize("size", [1000, 5000])
def test_neighbours_in_the_file_are_neighbours_in_space(size: int) -> None:
    rng = np.random.default_rng(0)
    low = rng.random((size, 3)) * 100
    index = PackedIndex.from_bytes(pack(np.hstack([low, low])))
    order = index._places[: index.box_count]
    step = np.linalg.norm(np.diff(low[order], axis=0), axis=1).mean()
    random_step = np.linalg.norm(np.diff(low, axis=0), axis=1).mean()
    assert step < random_step / 4


@pytest.mark.parametrize(
    "boxes",
    [
        np.zeros((3, 4)),
        np.array([[0, 0, 0, np.inf, 1, 1]]),
        np.array([[2.0, 0, 0, 1, 1, 1]]),
    ],
)
def test_pack_refuses_what_are_no_boxes(boxes: Floats) -> None:
    with pytest.raises(ValueError, match="box"):
        pack(boxes)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("bad", [[NAN, 0, 0], [0, INF, 0], [0, 0], [[[0, 0, 0]]]])
def test_points_that_are_none_are_refused_by_every_query(bad: list[float]) -> None:
    index = PackedIndex.from_bytes(pack(scattered(0, 10)))
    for ask in (
        index.containing,
        index.containing_many,
        lambda point: index.within(point, 1.0),
        lambda point: index.nearest(point, 1),
        lambda point: index.along_rays(point, [1, 0, 0]),
        lambda point: index.along_rays([0, 0, 0], point),
    ):
        with pytest.raises(QueryError, match="coordinates"):
            ask(bad)


def test_queries_refuse_nonsense() -> None:
    index = PackedIndex.from_bytes(pack(scattered(0, 10)))
    with pytest.raises(QueryError, match="six"):
        index.overlapping([0, 0, 0])
    with pytest.raises(QueryError, match="no number"):
        index.overlapping([NAN, 0, 0, 1, 1, 1])
    with pytest.raises(QueryError, match="radius"):
        index.within([0, 0, 0], INF)
    with pytest.raises(QueryError, match="direction"):
        index.along_rays([0, 0, 0], [0, 0, 0])
    with pytest.raises(QueryError, match="reach"):
        index.along_rays([0, 0, 0], [1, 0, 0], NAN)
    with pytest.raises(QueryError, match="as many"):
        index.along_rays([[0, 0, 0], [1, 1, 1]], [1, 0, 0])
    with pytest.raises(QueryError, match="mask"):
        index.nearest([0, 0, 0], 1, np.ones(9, bool))


def queries_of(seed: int, count: int) -> Floats:
    """Corners on the same grid as the boxes, so that borders meet."""
    return np.random.default_rng(seed + 1).integers(-48, 60, (count, 3)) / 4


@given(seeds, SIZES, st.integers(0, 30))
def test_many_queries_at_once_answer_what_each_alone_answers(seed: int, size: int, count: int) -> None:
    boxes, at = scattered(seed, size), queries_of(seed, count)
    index = PackedIndex.from_bytes(pack(boxes))
    asked = np.hstack([at, at + 2.5])
    radii = np.arange(count) / 4
    found, held, near = index.overlapping_many(asked), index.containing_many(at), index.within_many(at, radii)
    rows, distances, counts = index.nearest_many(at, 7)
    for i in range(count):
        assert found.of(i).tolist() == brute_overlap(boxes, asked[i])
        assert held.of(i).tolist() == brute_overlap(boxes, np.hstack([at[i], at[i]]))
        assert near.of(i).tolist() == np.flatnonzero(box_distance(boxes, at[i]) <= radii[i]).tolist()
        expected = brute_nearest(boxes, at[i], 7, None)
        assert rows[i, : counts[i]].tolist() == expected
        assert distances[i, : counts[i]].tolist() == box_distance(boxes[expected], at[i]).tolist()
    assert found.queries.tolist() == np.repeat(np.arange(count), np.diff(found.offsets)).tolist()


def brute_ray(boxes: Floats, ray: Floats) -> list[int]:
    """Boxes on a ray (8,), each axis of each box by itself."""
    found = []
    for row, box in enumerate(boxes):
        near, far = ray[6], ray[7]
        for axis in range(3):
            low, high, start, step = box[axis], box[3 + axis], ray[axis], ray[3 + axis]
            if np.isnan(low) or (step == 0 and not low <= start <= high):
                near, far = INF, -INF
            elif step != 0:
                one, other = (low - start) / step, (high - start) / step
                near, far = max(near, min(one, other)), min(far, max(one, other))
        if near <= far:
            found.append(row)
    return found


directions = st.tuples(*[st.integers(-2, 2)] * 3).filter(any).map(lambda each: np.array(each, float))


@given(
    seeds,
    st.sampled_from([0, 1, 63, 64, 65, 300]),
    st.lists(directions, min_size=1, max_size=6),
    st.sampled_from([0.0, 3.0, INF]),
)
def test_rays_match_brute_force(seed: int, size: int, ways: list[Floats], reach: float) -> None:
    boxes, start = scattered(seed, size), queries_of(seed, len(ways))
    found = PackedIndex.from_bytes(pack(boxes)).along_rays(start, np.array(ways), reach)
    rays = ray_rows(start, np.array(ways), reach)
    for i, ray in enumerate(rays):
        expected = brute_ray(boxes, ray)
        entered = entry_distances(np.tile(ray, (len(expected), 1)), boxes[expected])
        assert found.of(i).tolist() == [expected[at] for at in np.lexsort((np.array(expected, int), entered))]
    for i in range(len(ways)):
        part = found.distances_m[found.offsets[i] : found.offsets[i + 1]]
        assert (np.diff(part) >= 0).all()


def camera_matrix(seed: int) -> Floats:
    """A perspective camera somewhere, looking anywhere: clip_from_local."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    view = np.eye(4)
    view[:3, :3], view[:3, 3] = turn, -turn @ rng.uniform(-12, 12, 3)
    near, far, width, height = 0.5, rng.uniform(5, 40), rng.uniform(0.3, 2), rng.uniform(0.3, 2)
    depth = [0, 0, (far + near) / (near - far), 2 * far * near / (near - far)]
    return np.array([[1 / width, 0, 0, 0], [0, 1 / height, 0, 0], depth, [0, 0, -1, 0]]) @ view


def depth_in_both(frustum: Frustum, box: Floats) -> float:
    """How deep the deepest point of both lies in both, m; below zero they are apart (a linear programme)."""
    limits = np.vstack([-frustum.planes[:, :3], np.eye(3), -np.eye(3)])
    right = np.concatenate([frustum.planes[:, 3], box[3:], -box[:3]])
    rows = np.hstack([limits, np.ones((len(limits), 1))])
    found = linprog([0, 0, 0, -1], A_ub=rows, b_ub=right, bounds=[(None, None)] * 3 + [(None, 1)])
    assert found.x is not None
    return float(found.x[3])


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from([0, 1, 40, 200]))
def test_a_frustum_finds_what_it_meets_and_nothing_else(seed: int, size: int) -> None:
    boxes, frustum = scattered(seed, size), Frustum.from_matrix(camera_matrix(seed))
    found = set(PackedIndex.from_bytes(pack(boxes)).in_frustum(frustum).tolist())
    for row in np.flatnonzero(~np.isnan(boxes[:, 0])).tolist():
        depth = depth_in_both(frustum, boxes[row])
        if abs(depth) > 1e-6:
            assert (row in found) is (depth > 0)
    assert found <= set(np.flatnonzero(~np.isnan(boxes[:, 0])).tolist())


def test_a_frustum_passes_by_a_box_that_no_single_plane_shuts_out() -> None:
    """Beside a narrow frustum's edge a large box is on the inner side of every plane, and yet outside."""
    planes: list[list[float]] = [
        [1, 0.5, 0, 0],
        [-1, 0.5, 0, 0],
        [0, 0, 1, 1],
        [0, 0, -1, 1],
        [0, 1, 0, -1],
        [0, -1, 0, 10],
    ]
    frustum = Frustum.from_planes(planes)
    boxes = np.array([[6.0, -30, -1, 40, 40, 1], [0, 5, 0, 1, 6, 1], [5.0, 10, 0, 6, 11, 1]])
    inner = [
        (np.maximum(boxes[0, :3] * p[:3], boxes[0, 3:] * p[:3]).sum() + p[3]) >= 0 for p in frustum.planes
    ]
    assert all(inner)
    assert PackedIndex.from_bytes(pack(boxes)).in_frustum(frustum).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("planes", "reason"),
    [
        (np.zeros((6, 4)), "direction"),
        (np.zeros((5, 4)), "six"),
        (np.full((6, 4), NAN), "six"),
        (np.tile([1.0, 0, 0, 1], (6, 1)), "corners"),
        ([[1, 0, 0, -2], [-1, 0, 0, 1], [0, 1, 0, 0], [0, -1, 0, 1], [0, 0, 1, 0], [0, 0, -1, 1]], "no body"),
    ],
)
def test_planes_that_are_no_frustum_are_refused(planes: Floats, reason: str) -> None:
    with pytest.raises(QueryError, match=reason):
        Frustum.from_planes(planes)
    with pytest.raises(QueryError, match="four"):
        Frustum.from_matrix(np.eye(3))


def test_a_large_file_is_mapped_and_not_read(tmp_path: Path) -> None:
    low = np.random.default_rng(0).random((300_000, 3)) * 500
    (tmp_path / "boxes.idx").write_bytes(pack(np.hstack([low, low + 1])))
    index = PackedIndex.open(tmp_path / "boxes.idx")
    assert not index._blocks.flags.owndata
    assert not index._blocks.flags.writeable
    assert isinstance(index._blocks.base, np.ndarray | mmap.mmap)
    query = np.array([250.0, 250, 250, 260, 260, 260])
    assert index.overlapping(query).tolist() == brute_overlap(np.hstack([low, low + 1]), query)


@given(st.data())
def test_a_damaged_file_is_refused_in_one_line(data: st.DataObject) -> None:
    content = pack(scattered(0, 200))
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(IndexFormatError, match="build the package again"):
        PackedIndex.from_bytes(content[:cut])


def test_a_missing_empty_or_foreign_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "foreign").write_bytes(b"x" * 500)
    (tmp_path / "newer").write_bytes(pack(scattered(0, 5)).replace(b"VTBX\x01", b"VTBX\x02", 1))
    for name in ("absent", "empty", "foreign", "newer"):
        with pytest.raises(IndexFormatError, match=name):
            PackedIndex.open(tmp_path / name)
