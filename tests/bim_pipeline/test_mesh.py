"""Mesh arithmetic: normals break at creases, bad triangles go."""

from __future__ import annotations

import numpy as np
import pytest

from bim_pipeline.mesh import (
    smooth_mesh,
    sound_triangles,
    used_vertices,
)
from bim_pipeline.source import FloatArray, IntArray


def cube() -> tuple[FloatArray, IntArray]:
    corners = np.array([[x, y, z] for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    return corners, np.array(triangles, dtype=np.int32)


def cylinder(sides: int) -> tuple[FloatArray, IntArray]:
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    vertices = np.concatenate([np.c_[ring, np.zeros(sides)], np.c_[ring, np.ones(sides)]])
    triangles = []
    for i in range(sides):
        j = (i + 1) % sides
        triangles += [(i, j, sides + j), (i, sides + j, sides + i)]
    caps = [(0, i + 1, i) for i in range(1, sides - 1)] + [
        (sides, sides + i, sides + i + 1) for i in range(1, sides - 1)
    ]
    return vertices, np.array(triangles + caps, dtype=np.int32)


def test_a_cube_gets_four_corners_a_side() -> None:
    vertices, triangles = cube()
    smooth = smooth_mesh(vertices, triangles, np.zeros(12, dtype=np.int32))
    assert len(smooth.vertex_ids) == 24
    assert sorted(np.abs(smooth.normals).max(axis=1)) == pytest.approx([1.0] * 24)
    assert (vertices[smooth.vertex_ids][smooth.triangles] == vertices[triangles]).all()


def test_a_cylinder_is_smooth_around_and_sharp_at_its_rims() -> None:
    vertices, triangles = cylinder(24)
    smooth = smooth_mesh(vertices, triangles, np.zeros(len(triangles), dtype=np.int32))
    around = np.abs(smooth.normals[:, 2]) < 0.5
    assert (around.sum(), (~around).sum()) == (48, 48)
    radial = vertices[smooth.vertex_ids][around, :2]
    assert np.abs(smooth.normals[around, :2] - radial).max() < 0.01


def test_a_coarse_cylinder_keeps_its_edges() -> None:
    vertices, triangles = cylinder(6)
    smooth = smooth_mesh(vertices, triangles, np.zeros(len(triangles), dtype=np.int32))
    around = np.abs(smooth.normals[:, 2]) < 0.5
    assert around.sum() == 24


def test_colours_cut_a_smooth_surface() -> None:
    vertices, triangles = cube()
    colours = np.zeros(12, dtype=np.int32)
    colours[1] = 1
    smooth = smooth_mesh(vertices, triangles, colours)
    assert len(smooth.vertex_ids) == 26
    assert (smooth.colour_ids[smooth.triangles] == colours[:, None]).all()


def test_triangles_without_an_area_or_a_number_are_not_sound() -> None:
    vertices = np.array(
        [[0, 0, 0], [1, 0, 0], [0, 1, 0], [2, 0, 0], [np.nan, 0, 0], [1e-7, 0, 0]], dtype=np.float64
    )
    triangles = np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4], [1, 1, 2], [0, 5, 2]], dtype=np.int32)
    assert sound_triangles(vertices, triangles).tolist() == [True, False, False, False, True]


def test_used_vertices_keep_their_order() -> None:
    vertices, triangles = used_vertices(np.arange(15.0).reshape(5, 3), np.array([[4, 1, 2]], dtype=np.int32))
    assert vertices[:, 0].tolist() == [3.0, 6.0, 12.0]
    assert triangles.tolist() == [[2, 0, 1]]
