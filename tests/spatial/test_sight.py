"""Lines of sight and first hits, against a triangle-by-triangle test in rational numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.errors import QueryError
from spatial.index import Floats, Mask
from spatial.sight import TriangleIndex

SQUARE = np.array([[[0, 0, 0], [4, 0, 0], [4, 4, 0]], [[0, 0, 0], [4, 4, 0], [0, 4, 0]]], dtype=float)
EMPTY = TriangleIndex.of(np.empty((0, 3, 3)), np.empty(0))


@pytest.fixture(scope="module", autouse=True)
def compiled_loops() -> None:
    """The first query of a process compiles the loops; that is no example's time."""
    EMPTY.sees([0, 0, 0], [1, 1, 1])


def soup(seed: int, size: int) -> tuple[Floats, Any]:
    """Triangles on a coarse grid, many of them touching, some of no area; a few share an owner."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(-6, 7, (size, 3, 3)).astype(float)
    corners[:, 1:] = corners[:, :1] + rng.integers(-3, 4, (size, 2, 3))
    return corners, rng.integers(0, max(1, size // 2), size)


def cross(a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def dot(a: list[Fraction], b: list[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def minus(a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
    return [x - y for x, y in zip(a, b, strict=True)]


def part_of_way(eye: Floats, target: Floats, corners: Floats) -> Fraction | None:
    """Where the way from eye to target goes through a triangle, 0 to 1, exactly (Moeller and Trumbore)."""
    start, goal, a, b, c = ([Fraction(float(v)) for v in p] for p in (eye, target, *corners))
    way, one, two = minus(goal, start), minus(b, a), minus(c, a)
    across = cross(way, two)
    det = dot(one, across)
    if det == 0:
        return None
    from_a = minus(start, a)
    u = dot(from_a, across) / det
    round_about = cross(from_a, one)
    v = dot(way, round_about) / det
    t = dot(two, round_about) / det
    return t if u >= 0 and v >= 0 and u + v <= 1 and 0 <= t <= 1 else None


def is_edge_case(eye: Floats, target: Floats, corners: Floats) -> bool:
    """Whether the answer changes when the triangle grows or shrinks by a hair: there rounding may decide."""
    middle = corners.mean(axis=0)
    grown = [middle + (corners - middle) * factor for factor in (1 - 2**-20, 1 + 2**-20)]
    inner, outer = (part_of_way(eye, target, each) for each in grown)
    ends = [
        t for t in (inner, outer) if t is not None and (t < Fraction(1, 2**20) or t > 1 - Fraction(1, 2**20))
    ]
    return (inner is None) != (outer is None) or bool(ends)


points = st.tuples(*[st.integers(-40, 40).map(lambda n: n / 4 + 1 / 16)] * 3).map(np.array)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 5, 64, 130]), points, points, st.booleans())
def test_sight_and_first_hit_match_exact_arithmetic(
    seed: int, size: int, eye: Floats, target: Floats, some_hidden: bool
) -> None:
    corners, owners = soup(seed, size)
    index = TriangleIndex.of(corners, owners)
    hidden: Mask | None = np.arange(max(1, size)) % 3 == 0 if some_hidden else None
    shown = [i for i in range(size) if hidden is None or not hidden[owners[i]]]
    met = {i: part_of_way(eye, target, corners[i]) for i in shown}
    if (eye == target).all() or any(is_edge_case(eye, target, corners[i]) for i in shown):
        return
    through = {i: t for i, t in met.items() if t is not None}
    assert bool(index.sees(eye, target, hidden)[0]) is (not through)
    length = float(np.linalg.norm(target - eye))
    found = index.first_hits(eye, target - eye, length, hidden)
    if not through:
        assert (found.distances_m[0], found.owners[0]) == (np.inf, -1)
        return
    first = min(through.values())
    assert found.distances_m[0] == pytest.approx(float(first) * length, abs=1e-9)
    assert found.owners[0] in {owners[i] for i, t in through.items() if abs(t - first) * 10**9 < 1}


@given(st.integers(0, 2**32 - 1))
def test_no_ray_slips_through_a_seam(seed: int) -> None:
    """A fan of triangles round a point of no round numbers: rays through every seam, and through the hub.

    Not where the fan is folded as the eye sees it: beside a fold a ray may rightly pass both triangles.
    """
    rng = np.random.default_rng(seed)
    turn = np.sort(rng.uniform(0, 2 * np.pi, 11))
    rim = np.stack([3 * np.cos(turn), 3 * np.sin(turn), rng.uniform(-0.3, 0.3, 11)], axis=1)
    hub = rng.uniform(-0.1, 0.1, 3)
    if np.diff(turn, append=turn[0] + 2 * np.pi).max() > 2.5:
        return
    fan = np.stack([np.broadcast_to(hub, rim.shape), rim, np.roll(rim, -1, axis=0)], axis=1)
    index = TriangleIndex.of(fan, np.zeros(11))
    eye = np.array([rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), 5.0])
    on_seams = hub + rng.uniform(0, 0.99, (11, 1)) * (rim - hub)
    face = np.linalg.det(fan - eye) > 0
    flat = face == np.roll(face, 1)
    through = np.vstack([on_seams[flat], hub] if flat.all() else [on_seams[flat]])
    behind = eye + 2 * (through - eye)
    assert not index.sees(eye, behind).any()


def test_a_wall_hides_from_either_side_and_up_to_its_border() -> None:
    index = TriangleIndex.of(SQUARE, [7, 7])
    above, below = np.array([1.0, 2, 1]), np.array([1.0, 2, -1])
    assert not index.sees(above, below)[0]
    assert not index.sees(below, above)[0]
    assert not index.sees([0.0, 2, 1], [0.0, 2, -1])[0]
    assert not index.sees([4.0, 4, 1], [4.0, 4, -1])[0]
    assert index.sees([4.001, 4, 1], [4.001, 4, -1])[0]
    hidden = np.zeros(8, bool)
    hidden[7] = True
    assert index.sees(above, below, hidden)[0]


def test_what_is_near_the_ends_does_not_count() -> None:
    index = TriangleIndex.of(SQUARE, [0, 0])
    eye, target = np.array([1.0, 2, 1]), np.array([1.0, 2, -1])
    assert index.sees(eye, target, skip_m=(1.1, 0))[0]
    assert index.sees(eye, target, skip_m=(0, 1.1))[0]
    assert not index.sees(eye, target, skip_m=(0.9, 0.9))[0]
    assert index.sees(eye, target, skip_m=(5.0, 5.0))[0]


def test_one_eye_looks_at_many_and_a_ray_that_lies_in_a_wall_is_free() -> None:
    index = TriangleIndex.of(SQUARE, [0, 0])
    assert index.sees([1.0, 2, 1], [[1.0, 2, -1], [9.0, 9, 1], [1.0, 2, 1]]).tolist() == [False, True, True]
    assert index.sees([-1.0, 2, 0], [5.0, 2, 0])[0]


def test_nothing_hides_nothing() -> None:
    assert EMPTY.sees(np.zeros((3, 3)), np.ones((3, 3))).all()
    assert EMPTY.first_hits([0, 0, 0], [1, 0, 0]).owners.tolist() == [-1]
    assert EMPTY.sees(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0,)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nonsense_is_refused(bad: float) -> None:
    index = TriangleIndex.of(SQUARE, [0, 3])
    with pytest.raises(QueryError, match="coordinates"):
        index.sees([0, 0, bad], [1, 1, 1])
    with pytest.raises(QueryError, match="coordinates"):
        index.first_hits([0, 0, 0], [1, bad, 1])
    with pytest.raises(QueryError, match="skipped"):
        index.sees([0, 0, 0], [1, 1, 1], skip_m=(bad, 0))
    with pytest.raises(QueryError, match="skipped"):
        index.sees([0, 0, 0], [1, 1, 1], skip_m=(0, -1))
    with pytest.raises(QueryError, match="mask"):
        index.sees([0, 0, 0], [1, 1, 1], np.zeros(3, bool))
    with pytest.raises(QueryError, match="finite"):
        TriangleIndex.of(np.full((2, 3, 3), bad), [0, 0])
    with pytest.raises(QueryError, match="owner"):
        TriangleIndex.of(SQUARE, [0])
    with pytest.raises(QueryError, match="not negative"):
        TriangleIndex.of(SQUARE, [0, -1])
