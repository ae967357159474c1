"""The same surface gives the same mesh, however a kernel cut and ordered it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull, Delaunay

from bim_pipeline.canonical import canonical_mesh
from bim_pipeline.source import FloatArray, IntArray
from tests.bim_pipeline.test_mesh import cube, cylinder


def area(vertices: FloatArray, triangles: IntArray) -> float:
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def shuffled(vertices: FloatArray, triangles: IntArray, seed: int) -> tuple[FloatArray, IntArray]:
    """Number the vertices anew, turn and shuffle the triangles."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(vertices))
    number = np.argsort(order)
    turned = np.array([np.roll(t, random.integers(3)) for t in number[triangles]])
    return vertices[order], random.permutation(turned).astype(np.int32)


def same(one: tuple[FloatArray, IntArray], two: tuple[FloatArray, IntArray]) -> bool:
    first = canonical_mesh(*one, np.zeros(len(one[1]), dtype=np.int32))
    second = canonical_mesh(*two, np.zeros(len(two[1]), dtype=np.int32))
    return bool(np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1]))


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_the_order_of_vertices_and_triangles_does_not_matter(seed: int) -> None:
    for mesh in (cube(), cylinder(12)):
        assert same(mesh, shuffled(*mesh, seed))


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=6, max_size=6))
def test_the_diagonals_of_a_cube_do_not_matter(flips: list[bool]) -> None:
    vertices, triangles = cube()
    quads = triangles.reshape(6, 2, 3)
    other = [
        [(a, b, d), (b, c, d)] if flip else [(a, b, c), (a, c, d)]
        for ((a, b, c), (_, _, d)), flip in zip(quads.tolist(), flips, strict=True)
    ]
    assert same((vertices, triangles), (vertices, np.array(other, dtype=np.int32).reshape(-1, 3)))


@settings(deadline=None)
@given(st.integers(3, 30), st.integers(0, 2**32), st.integers(0, 29))
def test_any_fan_of_a_plane_polygon_becomes_the_same_mesh(corners: int, seed: int, apex: int) -> None:
    random = np.random.default_rng(seed)
    points = random.uniform(-5, 5, (corners + 5, 2))
    hull = points[ConvexHull(points).vertices]
    n = len(hull)
    flat = np.c_[hull, hull[:, 0] * 0.5 - hull[:, 1] * 0.25]
    fans = []
    for start in (0, apex % n):
        ring = [(start + i) % n for i in range(n)]
        fans.append(np.array([(ring[0], ring[i], ring[i + 1]) for i in range(1, n - 1)], dtype=np.int32))
    assert same((flat, fans[0]), (flat, fans[1]))


@settings(deadline=None)
@given(st.integers(4, 40), st.integers(0, 2**32))
def test_a_plane_part_becomes_delaunay(count: int, seed: int) -> None:
    points = np.random.default_rng(seed).uniform(-1, 1, (count, 2))
    expected = {tuple(sorted(t)) for t in Delaunay(points).simplices.tolist()}
    hull = ConvexHull(points).vertices
    fan = np.array([(hull[0], hull[i], hull[i + 1]) for i in range(1, len(hull) - 1)], dtype=np.int32)
    vertices, triangles, _, _ = canonical_mesh(
        np.c_[points, np.zeros(count)], fan, np.zeros(len(fan), dtype=np.int32)
    )
    if len(hull) == count:
        order = np.lexsort((points[:, 1], points[:, 0]))
        assert {tuple(sorted(order[t].tolist())) for t in triangles} == expected
    assert abs(area(vertices, triangles) - ConvexHull(points).volume) < 1e-9


def test_the_surface_stays_what_it_is() -> None:
    for vertices, triangles in (cube(), cylinder(17)):
        new_vertices, new_triangles, _, _ = canonical_mesh(
            vertices, triangles, np.zeros(len(triangles), dtype=np.int32)
        )
        assert len(new_triangles) == len(triangles)
        assert abs(area(new_vertices, new_triangles) - area(vertices, triangles)) < 1e-12
        a, b, c = (new_vertices[new_triangles[:, i]] for i in range(3))
        volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
        a, b, c = (vertices[triangles[:, i]] for i in range(3))
        assert abs(volume - np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6) < 1e-12


def test_a_diagonal_between_two_colours_stays() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], dtype=np.float64)
    triangles = np.array([[0, 1, 3], [1, 2, 3]], dtype=np.int32)
    kept = canonical_mesh(vertices, triangles, np.array([0, 1], dtype=np.int32))
    corners = [{tuple(v) for v in kept[0][t]} for t in kept[1]]
    assert all({(1, 0, 0), (0, 1, 0)} <= c for c in corners)
    assert sorted(kept[2].tolist()) == [0, 1]


def test_shapes_of_several_owners_do_not_touch() -> None:
    vertices, triangles = cube()
    twice = np.concatenate([vertices, vertices])
    owners = np.repeat([0, 1], 8)
    colours = np.repeat([0, 1], 12).astype(np.int32)
    both = canonical_mesh(twice, np.concatenate([triangles, triangles + 8]), colours, owners)
    alone = canonical_mesh(vertices, triangles, np.zeros(12, dtype=np.int32))
    for owner in (0, 1):
        assert np.array_equal(both[0][both[3] == owner], alone[0])
        assert np.array_equal(both[1][both[2] == owner] - 8 * owner, alone[1])
