"""From a kernel's triangles to shapes ready to draw: cleaned, canonical, smoothed. No I/O.

Many shapes are done at once: most have a few dozen triangles, and numpy's overhead on each would cost more
than the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bim_pipeline.canonical import canonical_mesh
from bim_pipeline.colours import Colour
from bim_pipeline.mesh import smooth_mesh, sound_triangles
from bim_pipeline.source import FloatArray, IntArray, Shape, SmoothMesh

# A coordinate beyond this, m, is no building: more than the Earth's circumference from the origin.
ABSURD_M = 5e7


@dataclass(frozen=True, slots=True, eq=False)
class RawShape:
    """A kernel's mesh: `vertices` (n, 3), m; `triangles` (m, 3); `material_ids` (m,), -1 for none.

    `colours` and `metal` are by material; one more at the end is for triangles without a material.
    """

    key: str
    vertices: FloatArray
    triangles: IntArray
    material_ids: IntArray
    colours: Sequence[Colour]
    metal: Sequence[bool]


def is_sensible(matrix: FloatArray) -> bool:
    """Say whether a placement is made of numbers, and not absurdly far away."""
    return bool(np.isfinite(matrix).all() and np.abs(matrix).max() <= ABSURD_M)


def prepare_shapes(
    raw: Sequence[RawShape], *, keep_diagonals: bool = False
) -> list[tuple[Shape, SmoothMesh]]:
    """Make shapes of those meshes that have a triangle that can be drawn; the others are left out.

    `keep_diagonals` as `canonical_mesh` has it.
    """
    usable = [shape for shape in raw if len(shape.triangles)]
    if not usable:
        return []
    palettes = [_palette(shape) for shape in usable]
    batch = _Batch.of(usable, palettes)
    vertices, triangles, colour_ids, owners = canonical_mesh(
        batch.vertices, batch.triangles, batch.colour_ids, batch.owners, keep_diagonals=keep_diagonals
    )
    smooth = smooth_mesh(vertices, triangles, colour_ids)
    return [
        _cut_out(
            shape, palette, int(batch.first_colour[i]), (vertices, triangles, colour_ids, owners, smooth), i
        )
        for i, (shape, palette) in enumerate(zip(usable, palettes, strict=True))
        if batch.is_drawn[i]
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Palette:
    """A shape's different colours, sorted, and for each of its materials which of them it is."""

    rows: tuple[tuple[Colour, bool], ...]
    of_material: IntArray


def _palette(shape: RawShape) -> _Palette:
    pairs = list(zip(shape.colours, shape.metal, strict=True))
    rows = tuple(sorted(set(pairs)))
    return _Palette(rows, np.array([rows.index(pair) for pair in pairs], dtype=np.int32))


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Several meshes as one; colours are numbered through, so that no two shapes share one."""

    vertices: FloatArray
    triangles: IntArray
    colour_ids: IntArray
    owners: NDArray[np.int64]
    first_colour: NDArray[np.int64]
    is_drawn: NDArray[np.bool_]

    @classmethod
    def of(cls, shapes: Sequence[RawShape], palettes: Sequence[_Palette]) -> _Batch:
        """Join the meshes, without the triangles that cannot be drawn and without absurd shapes."""
        first_colour = np.cumsum([0, *(len(p.rows) for p in palettes[:-1])])
        first_vertex = np.cumsum([0, *(len(s.vertices) for s in shapes[:-1])])
        vertices = np.concatenate([s.vertices for s in shapes])
        triangles = np.concatenate([s.triangles + f for s, f in zip(shapes, first_vertex, strict=True)])
        colour_ids = np.concatenate(
            [
                p.of_material[s.material_ids] + c
                for s, p, c in zip(shapes, palettes, first_colour, strict=True)
            ]
        )
        owners = np.repeat(np.arange(len(shapes)), [len(s.vertices) for s in shapes])
        sound = sound_triangles(vertices, triangles)
        absurd = _absurd_owners(vertices, triangles[sound], owners)
        sound &= ~absurd[owners[triangles[:, 0]]]
        drawn = np.zeros(len(shapes), dtype=bool)
        drawn[owners[triangles[sound, 0]]] = True
        used = np.zeros(len(vertices), dtype=bool)
        used[triangles[sound].ravel()] = True
        new_ids = np.cumsum(used) - 1
        return cls(
            vertices=vertices[used],
            triangles=new_ids[triangles[sound]].astype(np.int32),
            colour_ids=colour_ids[sound].astype(np.int32),
            owners=owners[used],
            first_colour=first_colour,
            is_drawn=drawn,
        )


def _absurd_owners(vertices: FloatArray, triangles: IntArray, owners: NDArray[np.int64]) -> NDArray[np.bool_]:
    far = (np.abs(vertices[triangles]) > ABSURD_M).any(axis=(1, 2))
    absurd = np.zeros(int(owners.max(initial=-1)) + 1, dtype=bool)
    absurd[owners[triangles[far, 0]]] = True
    return absurd


def _cut_out(
    shape: RawShape,
    palette: _Palette,
    first_colour: int,
    batch: tuple[FloatArray, IntArray, IntArray, NDArray[np.int64], SmoothMesh],
    owner: int,
) -> tuple[Shape, SmoothMesh]:
    """Take one shape out of a batch; vertices, triangles and smooth parts of an owner lie together."""
    vertices, triangles, colour_ids, owners, smooth = batch
    low, high = np.searchsorted(owners, [owner, owner + 1])
    start, end = np.searchsorted(triangles[:, 0], [low, high])
    parts = smooth.triangles[start:end]
    first_part, last_part = int(parts.min()), int(parts.max()) + 1
    cut = Shape(
        key=shape.key,
        vertices=vertices[low:high].copy(),
        triangles=triangles[start:end] - np.int32(low),
        colour_ids=colour_ids[start:end] - np.int32(first_colour),
        colours=np.array([colour for colour, _ in palette.rows]),
        metal=np.array([metal for _, metal in palette.rows], dtype=bool),
    )
    drawn = SmoothMesh(
        vertex_ids=smooth.vertex_ids[first_part:last_part] - np.int32(low),
        normals=smooth.normals[first_part:last_part].copy(),
        colour_ids=smooth.colour_ids[first_part:last_part] - np.int32(first_colour),
        triangles=parts - np.int32(first_part),
    )
    return cut, drawn
