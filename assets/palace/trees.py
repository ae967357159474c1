"""Trees and shrubs of Xiamen as meshes of a few hundred triangles; deterministic."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np

from assets.palace.devices_mesh import Mesh, joined, lathe
from assets.palace.ifc_writer import Part
from assets.palace.meshes import Vec3, bar

GOLDEN = (1 + 5**0.5) / 2


def _icosahedron() -> tuple[list[Vec3], list[tuple[int, int, int]]]:
    g = GOLDEN
    points = [
        (-1, g, 0),
        (1, g, 0),
        (-1, -g, 0),
        (1, -g, 0),
        (0, -1, g),
        (0, 1, g),
        (0, -1, -g),
        (0, 1, -g),
        (g, 0, -1),
        (g, 0, 1),
        (-g, 0, -1),
        (-g, 0, 1),
    ]
    faces = [
        (0, 11, 5),
        (0, 5, 1),
        (0, 1, 7),
        (0, 7, 10),
        (0, 10, 11),
        (1, 5, 9),
        (5, 11, 4),
        (11, 10, 2),
        (10, 7, 6),
        (7, 1, 8),
        (3, 9, 4),
        (3, 4, 2),
        (3, 2, 6),
        (3, 6, 8),
        (3, 8, 9),
        (4, 9, 5),
        (2, 4, 11),
        (6, 2, 10),
        (8, 6, 7),
        (9, 8, 1),
    ]
    scale = (1 + g * g) ** 0.5
    return [(x / scale, y / scale, z / scale) for x, y, z in points], faces


def cloud(centre: Vec3, size: Vec3, seed: int, fine: bool = False) -> Mesh:
    """A lump of leaves: an icosahedron (split once if `fine`), its points pushed in and out."""
    points, faces = _icosahedron()
    if fine:
        points, faces = _split(points, faces)
    push = np.random.default_rng(seed).uniform(0.86, 1.14, len(points))
    moved = tuple(
        (centre[0] + x * size[0] * k, centre[1] + y * size[1] * k, centre[2] + z * size[2] * k)
        for (x, y, z), k in zip(points, map(float, push), strict=True)
    )
    return Mesh(moved, tuple(faces))


def _split(
    points: list[Vec3], faces: list[tuple[int, int, int]]
) -> tuple[list[Vec3], list[tuple[int, int, int]]]:
    points, made, out = list(points), {}, []

    def middle(a: int, b: int) -> int:
        key = (min(a, b), max(a, b))
        if key not in made:
            m = np.array(points[a]) + np.array(points[b])
            m /= np.linalg.norm(m)
            made[key] = len(points)
            points.append((float(m[0]), float(m[1]), float(m[2])))
        return int(made[key])

    for a, b, c in faces:
        ab, bc, ca = middle(a, b), middle(b, c), middle(c, a)
        out += [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    return points, out


def _trunk(height: float, radius: float, lean: float = 0.0) -> Mesh:
    body = lathe([(radius * 1.5, 0), (radius, 0.5), (radius * 0.75, height)], 7)
    return Mesh(tuple((x + lean * z, y, z) for x, y, z in body.vertices), body.faces)


def banyan() -> list[Part]:
    """A banyan (榕树): short thick trunk, aerial roots, a wide low crown."""
    boughs = [bar((0, 0, 1.8), (2.4 * cos(a), 2.4 * sin(a), 3.6), 0.28) for a in (0.3, 1.6, 2.9, 4.2, 5.4)]
    roots = [
        bar((1.3 * cos(a), 1.3 * sin(a), 2.9), (1.2 * cos(a), 1.2 * sin(a), 0), 0.08)
        for a in (0.9, 2.2, 3.6, 5.0)
    ]
    crown = [
        cloud((2.3 * cos(a), 2.3 * sin(a), 4.3), (2.2, 2.2, 1.35), i, True)
        for i, a in enumerate((0.3, 1.6, 2.9, 4.2, 5.4))
    ]
    return [
        Part(joined([_trunk(2.6, 0.42), *boughs, *roots]), "trunk"),
        Part(joined(crown), "leaf_dark"),
        Part(cloud((0, 0, 5.1), (2.6, 2.6, 1.5), 9, True), "leaf"),
    ]


def flame_tree() -> list[Part]:
    """A flame tree (凤凰木), the city's tree: flat crown flecked with red."""
    angles = (0.2, 1.8, 3.3, 4.9)
    boughs = [bar((0, 0, 2.6), (2.0 * cos(a), 2.0 * sin(a), 4.3), 0.16) for a in angles]
    crown = [
        cloud((1.9 * cos(a), 1.9 * sin(a), 4.7), (1.8, 1.8, 0.85), 20 + i, True) for i, a in enumerate(angles)
    ]
    bloom = [
        cloud((r * cos(a), r * sin(a), 5.3 - 0.12 * r), (0.5, 0.5, 0.22), 30 + i)
        for i, (a, r) in enumerate((0.7 * k, 0.6 + 0.75 * (k % 4)) for k in range(10))
    ]
    return [
        Part(joined([_trunk(3.2, 0.24), *boughs]), "trunk"),
        Part(joined(crown), "leaf_light"),
        Part(joined(bloom), "blossom"),
    ]


def camphor() -> list[Part]:
    """A camphor (香樟), the street tree: a round crown of three lumps."""
    crown = [
        cloud((0, 0, 4.9), (1.8, 1.8, 1.6), 40, True),
        cloud((0.8, 0.5, 3.9), (1.45, 1.4, 1.1), 41, True),
        cloud((-0.8, -0.5, 4.0), (1.5, 1.45, 1.2), 42, True),
    ]
    return [Part(_trunk(3.2, 0.2), "trunk"), Part(joined(crown), "leaf")]


def palm() -> list[Part]:
    """A royal palm (大王椰): pale straight stem, arching fronds of two leaf strips each."""
    stem = lathe([(0.3, 0), (0.34, 1.5), (0.24, 5.5), (0.18, 7.4)], 8)
    shaft = lathe([(0.17, 7.4), (0.2, 8.0), (0.1, 8.8)], 8)
    fronds = [_frond(2 * pi * i / 11 + 0.3 * (i % 2), 0.35 if i % 2 else 0.0) for i in range(11)]
    return [Part(stem, "granite_dark"), Part(shaft, "leaf_light"), Part(joined(fronds), "leaf")]


def _frond(angle: float, rise: float) -> Mesh:
    spine = [(0.15, 8.6), (1.0, 9.2 + rise), (1.9, 9.1 + rise), (2.7, 8.4 + rise), (3.2, 7.4 + rise)]
    wide = [0.1, 0.45, 0.5, 0.4, 0.05]
    vertices: list[Vec3] = []
    for (r, z), w in zip(spine, wide, strict=True):
        for side, drop in ((-1, 0.25), (0, 0.0), (1, 0.25)):
            x, y = r, side * w
            vertices.append(
                (x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle), z - drop * abs(side))
            )
    faces: list[tuple[int, ...]] = []
    for k in range(len(spine) - 1):
        for j in (0, 1):
            a = 3 * k + j
            top = [(a, a + 3, a + 4), (a, a + 4, a + 1)]
            faces += [*top, *(tuple(reversed(t)) for t in top)]
    return Mesh(tuple(vertices), tuple(faces))


def shrub() -> list[Part]:
    """A clipped shrub with flowers."""
    return [
        Part(cloud((0, 0, 0.35), (0.55, 0.55, 0.45), 50), "leaf_dark"),
        Part(
            joined(
                [
                    cloud((0.3 * cos(a), 0.3 * sin(a), 0.7), (0.14, 0.14, 0.12), 60 + i)
                    for i, a in enumerate((0.5, 2.6, 4.6))
                ]
            ),
            "blossom",
        ),
    ]
