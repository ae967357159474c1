"""Small closed meshes for equipment: boxes, prisms, bodies of revolution, and their placing.

Metres, right-handed, Z up. Faces are convex polygons, counter-clockwise seen from outside, so that a fan
cuts them into triangles. No IFC here.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, pi, radians, sin

Vec3 = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Mesh:
    """Vertices in metres and faces as vertex numbers from 0."""

    vertices: tuple[Vec3, ...]
    faces: tuple[tuple[int, ...], ...]

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> "Mesh":
        """Give the mesh shifted by (x, y, z) metres."""
        return Mesh(tuple((a + x, b + y, c + z) for a, b, c in self.vertices), self.faces)

    def turned(self, degrees: float) -> "Mesh":
        """Give the mesh turned about +Z, counter-clockwise."""
        c, s = cos(radians(degrees)), sin(radians(degrees))
        return Mesh(tuple((x * c - y * s, x * s + y * c, z) for x, y, z in self.vertices), self.faces)

    def tilted(self, degrees: float) -> "Mesh":
        """Give the mesh turned about +X: +Y rises by `degrees`."""
        c, s = cos(radians(degrees)), sin(radians(degrees))
        return Mesh(tuple((x, y * c - z * s, y * s + z * c) for x, y, z in self.vertices), self.faces)

    def along_x(self) -> "Mesh":
        """Give the mesh with its Z axis laid along +X."""
        return Mesh(tuple((z, x, y) for x, y, z in self.vertices), self.faces)

    def along_y(self) -> "Mesh":
        """Give the mesh with its Z axis laid along +Y."""
        return Mesh(tuple((y, z, x) for x, y, z in self.vertices), self.faces)

    def triangles(self) -> list[tuple[int, int, int]]:
        """Give the faces cut into triangles."""
        return [(face[0], face[i], face[i + 1]) for face in self.faces for i in range(1, len(face) - 1)]


def joined(meshes: Iterable[Mesh]) -> Mesh:
    """Put several meshes into one."""
    vertices: list[Vec3] = []
    faces: list[tuple[int, ...]] = []
    for mesh in meshes:
        first = len(vertices)
        vertices += mesh.vertices
        faces += [tuple(index + first for index in face) for face in mesh.faces]
    return Mesh(tuple(vertices), tuple(faces))


def box(size: Vec3, centre: Vec3 = (0.0, 0.0, 0.0)) -> Mesh:
    """A box of `size` metres about `centre`."""
    half = [length / 2 for length in size]
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    vertices = tuple(
        (centre[0] + x * half[0], centre[1] + y * half[1], centre[2] + z * half[2])
        for z in (-1, 1)
        for x, y in corners
    )
    sides = tuple((i, (i + 1) % 4, (i + 1) % 4 + 4, i + 4) for i in range(4))
    return Mesh(vertices, ((3, 2, 1, 0), (4, 5, 6, 7), *sides))


def block(size: Vec3, foot: Vec3 = (0.0, 0.0, 0.0)) -> Mesh:
    """A box that stands on `foot`, the middle of its underside."""
    return box(size, (foot[0], foot[1], foot[2] + size[2] / 2))


def frustum(bottom: tuple[float, float], top: tuple[float, float], z0: float, z1: float) -> Mesh:
    """A four-sided body between two centred rectangles (x, y) at heights z0 < z1."""
    corners = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]
    lower = [(x * bottom[0], y * bottom[1], z0) for x, y in corners]
    upper = [(x * top[0], y * top[1], z1) for x, y in corners]
    sides = tuple((i, (i + 1) % 4, (i + 1) % 4 + 4, i + 4) for i in range(4))
    return Mesh((*lower, *upper), ((3, 2, 1, 0), (4, 5, 6, 7), *sides))


def lathe(profile: Sequence[tuple[float, float]], sides: int = 12) -> Mesh:
    """A body of revolution about Z.

    `profile`: (radius, z) in metres with z not decreasing; a radius of 0 is allowed at the two ends.
    """
    rings: list[list[int]] = []
    vertices: list[Vec3] = []
    for radius, z in profile:
        steps = 1 if radius == 0 else sides
        rings.append(list(range(len(vertices), len(vertices) + steps)))
        vertices += [
            (radius * cos(2 * pi * i / sides), radius * sin(2 * pi * i / sides), z) for i in range(steps)
        ]
    faces = [face for lower, upper in itertools.pairwise(rings) for face in _band(lower, upper)]
    if len(rings[0]) > 1:
        faces.append(tuple(reversed(rings[0])))
    if len(rings[-1]) > 1:
        faces.append(tuple(rings[-1]))
    return Mesh(tuple(vertices), tuple(faces))


def _band(lower: list[int], upper: list[int]) -> list[tuple[int, ...]]:
    n = max(len(lower), len(upper))
    faces: list[tuple[int, ...]] = []
    for i in range(n):
        j = (i + 1) % n
        if len(lower) == 1:
            faces.append((lower[0], upper[j], upper[i]))
        elif len(upper) == 1:
            faces.append((lower[i], lower[j], upper[0]))
        else:
            faces.append((lower[i], lower[j], upper[j], upper[i]))
    return faces


def tube(radius: float, z0: float, z1: float, sides: int = 12) -> Mesh:
    """A closed cylinder about Z between two heights."""
    return lathe([(radius, z0), (radius, z1)], sides)


def dome(radius: float, sides: int = 12, rings: int = 3, down: bool = True) -> Mesh:
    """Half a ball about the origin: hanging below z = 0, or standing on it."""
    steps = [pi / 2 * i / rings for i in range(rings + 1)]
    upper = [(radius * cos(a) if i < rings else 0.0, radius * sin(a)) for i, a in enumerate(steps)]
    return lathe([(r, -z) for r, z in reversed(upper)] if down else upper, sides)


def prism(outline: Sequence[tuple[float, float]], z0: float, z1: float) -> Mesh:
    """A convex outline (x, y), counter-clockwise, drawn up from z0 to z1."""
    n = len(outline)
    vertices = tuple((x, y, z) for z in (z0, z1) for x, y in outline)
    sides = tuple((i, (i + 1) % n, (i + 1) % n + n, i + n) for i in range(n))
    return Mesh(vertices, (tuple(reversed(range(n))), tuple(range(n, 2 * n)), *sides))
