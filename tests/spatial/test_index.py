"""The packed index answers what brute force answers, whatever the boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import IndexFormatError
from spatial.index import BLOCK, TOP, Floats, PackedIndex, box_distance, pack

SIZES = st.sampled_from([0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 300, TOP + 1, 5000])


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


def test_queries_refuse_nonsense() -> None:
    index = PackedIndex.from_bytes(pack(scattered(0, 10)))
    with pytest.raises(ValueError, match="six"):
        index.overlapping([0, 0, 0])
    with pytest.raises(ValueError, match="radius"):
        index.within([0, 0, 0], np.inf)


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
