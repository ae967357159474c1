"""Faces read from a file's text: against the kernel on real files, and what is left to the kernel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import ifcopenshell
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from bim_pipeline import shapes
from bim_pipeline.facets import Facets, read_facets
from bim_pipeline.hashing import Handover
from bim_pipeline.mesh import face_vectors
from bim_pipeline.products import list_products
from bim_pipeline.shapes import spelt_out_items
from bim_pipeline.source import ChunkResult, Shape
from bim_pipeline.step_graph import data_of, step_graph

FILES = Path(__file__).parents[3] / "shared" / "ifc"
# Of the products whose bodies are listed faces: how many are read, the others are left to the kernel.
READ = {
    "AC11-FZK-Haus": 66,
    "AC20-FZK-Haus_SB55": 58,
    "BW_LargeBuilding": 27,
    "Duplex_E": 28,
    "Duplex_baseline": 53,
    "HHS_construction": 34,
    "MiniProject": 332,
    "Office_A": 121,
    "acad2010_objects": 26,
    "b03_heating_with_building": 15,
    "hvac_heating": 15,
    "revit2012_janesville_restaurant": 521,
}

# A cube of 2 units with a square hole right through it along z: ring faces above and below.
OUTER = [(0, 0), (2, 0), (2, 2), (0, 2)]
INNER = [(0.5, 0.5), (1.5, 0.5), (1.5, 1.5), (0.5, 1.5)]


Ring: TypeAlias = Sequence[tuple[float, ...]]


def with_height(ring: Ring, z: float) -> list[tuple[float, ...]]:
    return [(x, y, z) for x, y in ring]


def sides(ring: Ring) -> list[list[Ring]]:
    return [[[(*ring[i - 1], 0), (*ring[i], 0), (*ring[i], 2), (*ring[i - 1], 2)]] for i in range(len(ring))]


FACES: list[list[Ring]] = [
    [with_height(OUTER, 0)[::-1], with_height(INNER, 0)],
    [with_height(OUTER, 2), with_height(INNER, 2)[::-1]],
    *sides(OUTER),
    *[[side[0][::-1]] for side in sides(INNER)],
]
VOLUME, AREA = 8 - 2.0, 2 * (4 - 1) + 4 * 4 + 4 * 2


def text_of(faces: Sequence[Sequence[Ring]], flags: list[str] | None = None) -> bytes:
    """Write an IfcFaceBasedSurfaceModel #1 of faces, each a list of loops, the outer first."""
    lines, number, face_ids = [], 3, []
    for place, loops in enumerate(faces):
        bound_ids = []
        for i, loop in enumerate(loops):
            point_ids = range(number, number + len(loop))
            for step_id, point in zip(point_ids, loop, strict=True):
                lines.append(f"#{step_id}=IFCCARTESIANPOINT(({','.join(f'{float(c)!r}' for c in point)}));")
            number += len(loop)
            lines.append(f"#{number}=IFCPOLYLOOP(({','.join(f'#{p}' for p in point_ids)}));")
            kind = "IFCFACEOUTERBOUND" if i == 0 else "IFCFACEBOUND"
            flag = "T" if flags is None else flags[place]
            lines.append(f"#{number + 1}={kind}(#{number},.{flag}.);")
            bound_ids.append(number + 1)
            number += 2
        lines.append(f"#{number}=IFCFACE(({','.join(f'#{b}' for b in bound_ids)}));")
        face_ids.append(number)
        number += 1
    lines.append(f"#2=IFCCONNECTEDFACESET(({','.join(f'#{f}' for f in face_ids)}));")
    lines.append("#1=IFCFACEBASEDSURFACEMODEL((#2));")
    return ("ISO-10303-21;\nDATA;\n" + "\n".join(lines) + "\nENDSEC;\nEND-ISO-10303-21;\n").encode()


def read(text: bytes) -> dict[int, Facets]:
    graph, data = step_graph(text), data_of(text)
    assert graph is not None
    assert data is not None
    return read_facets(graph, data)


def volume_of(vertices: Any, triangles: Any) -> float:
    heights = vertices[triangles[:, 0]] - vertices[0]
    return float(np.einsum("ij,ij->", face_vectors(vertices, triangles), heights)) / 6


def area_of(vertices: Any, triangles: Any) -> float:
    return float(np.linalg.norm(face_vectors(vertices, triangles), axis=1).sum()) / 2


@settings(max_examples=60, deadline=None)
@given(
    order=st.permutations(range(len(FACES))),
    turned=st.lists(st.booleans(), min_size=len(FACES), max_size=len(FACES)),
    flags=st.lists(st.sampled_from("TF"), min_size=len(FACES), max_size=len(FACES)),
)
def test_a_closed_body_faces_outward_however_its_faces_are_wound(
    order: list[int], turned: list[bool], flags: list[str]
) -> None:
    faces = [
        [loop[::-1] for loop in FACES[i]] if turn else FACES[i] for i, turn in zip(order, turned, strict=True)
    ]
    facets = read(text_of(faces, flags))[1]
    assert volume_of(facets.vertices, facets.triangles) == pytest.approx(VOLUME)
    assert area_of(facets.vertices, facets.triangles) == pytest.approx(AREA)
    assert len(facets.triangles) == 2 * 8 + 8 * 2


@given(st.integers(3, 12), st.integers(0, 11), st.floats(0.01, 1e4))
def test_a_convex_face_is_cut_alike_wherever_the_file_begins(corners: int, shift: int, size: float) -> None:
    angles = np.arange(corners) * 2 * np.pi / corners
    ring = [(size * float(np.cos(a)), size * float(np.sin(a)), 1.0) for a in angles]
    one = read(text_of([[ring]]))[1]
    other = read(text_of([[ring[shift % corners :] + ring[: shift % corners]]]))[1]
    found = [{frozenset(map(tuple, f.vertices[t].tolist())) for t in f.triangles} for f in (one, other)]
    assert len(one.triangles) == corners - 2
    assert found[0] == found[1]
    assert area_of(one.vertices, one.triangles) == pytest.approx(
        corners * size**2 * np.sin(2 * np.pi / corners) / 2
    )


def test_an_l_shape_is_not_filled() -> None:
    ring = [(0, 0, 0), (2, 0, 0), (2, 1, 0), (1, 1, 0), (1, 2, 0), (0, 2, 0)]
    square = [(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
    facets = read(text_of([[ring], [square]]))[1]
    assert area_of(facets.vertices, facets.triangles) == pytest.approx(3 + 1)


BOW = [(0, 0, 0), (2, 2, 0), (2, 0, 0), (0, 2.5, 0)]
TWISTED = [(0, 0, 0), (1, 0, 0), (1, 1, 0.5), (0, 1, 0)]


@pytest.mark.parametrize(
    "text",
    [
        text_of([*FACES, [BOW]]),
        text_of([*FACES, [TWISTED]]),
        text_of(FACES).replace(b"IFCPOLYLOOP((#3,#4", b"IFCPOLYLOOP((#3,#999999"),
        text_of(FACES).replace(b"IFCPOLYLOOP((#3,", b"IFCEDGELOOP((#3,"),
        text_of(FACES).replace(b"=IFCFACE((", b"=IFCFACESURFACE((", 1),
        text_of(FACES).replace(b",.T.", b",.U.", 1),
        text_of(FACES).replace(b"=IFCFACEOUTERBOUND", b"=IFCFACEBOUND", 1),
        text_of(FACES).replace(b"#3=IFCCARTESIANPOINT((0.0,2.0,0.0))", b"#3=IFCCARTESIANPOINT((0.0,2.0))"),
        text_of(FACES).replace(b"#3=IFCCARTESIANPOINT((0.0,", b"#3=IFCCARTESIANPOINT(($,"),
        text_of(FACES).replace(b"#3=IFCCARTESIANPOINT((0.0,", b"#3=IFCCARTESIANPOINT((1e999,"),
    ],
)
def test_what_is_unusual_is_left_to_the_kernel(text: bytes) -> None:
    assert text != text_of(FACES)
    assert read(text) == {}


@given(st.data())
def test_a_damaged_text_raises_nothing(data: st.DataObject) -> None:
    text = bytearray(text_of(FACES))
    for _ in range(data.draw(st.integers(1, 6))):
        text[data.draw(st.integers(30, len(text) - 1))] = data.draw(st.integers(32, 126))
    graph, rest = step_graph(bytes(text)), data_of(bytes(text))
    if graph is not None and rest is not None:
        for facets in read_facets(graph, rest).values():
            assert facets.triangles.max() < len(facets.vertices)
            assert np.isfinite(facets.vertices).all()


def test_facets_come_from_the_process_that_reads_them() -> None:
    facets = Handover()
    if os.fork() == 0:
        facets.give(read(text_of(FACES)))
        os._exit(0)
    facets.close()
    assert facets().keys() == {1}
    os.wait()


def test_a_reader_that_dies_leaves_everything_to_the_kernel() -> None:
    facets = Handover()
    if os.fork() == 0:
        os._exit(1)
    facets.close()
    assert facets() == {}
    os.wait()


def _reading(path: Path) -> tuple[Any, dict[int, Facets]]:
    return ifcopenshell.open(str(path)), read(path.read_bytes())


def _closest(one: Shape, other: Shape) -> float:
    """How far the vertices of one shape are from those of another, at most, m."""
    return max(
        float(np.max(cKDTree(a.vertices).query(b.vertices)[0])) for a, b in ((one, other), (other, one))
    )


@pytest.mark.skipif(not FILES.exists(), reason="the shared IFC files are not here")
@pytest.mark.parametrize("name", READ)
def test_bodies_are_those_of_the_kernel(name: str) -> None:
    model, facets = _reading(FILES / f"{name}.ifc")
    listed = [(p, items) for p in list_products(model) if (items := spelt_out_items(p))]
    own, kernel = ChunkResult(), ChunkResult()
    read_ids = shapes._shape_read(model, own, listed, facets)
    assert len(read_ids) == READ[name]
    shapes._shape_together(model, kernel, [p for p, _ in listed if p.id() in read_ids])
    of_kernel = {step_id: (key, matrix) for step_id, key, matrix in kernel.bodies}
    kernel_shapes = {shape.key: shape for shape in kernel.shapes}
    own_shapes = {shape.key: shape for shape in own.shapes}
    seen = set()
    for step_id, key, matrix in own.bodies:
        other_key, other_matrix = of_kernel[step_id]
        np.testing.assert_array_equal(matrix, other_matrix)
        if key not in seen:
            seen.add(key)
            _assert_same(own_shapes[key], kernel_shapes[other_key])


def _assert_same(own: Shape, kernel: Shape) -> None:
    assert _closest(own, kernel) < 1e-6
    assert area_of(own.vertices, own.triangles) == pytest.approx(
        area_of(kernel.vertices, kernel.triangles), rel=1e-5
    )
    assert abs(len(own.triangles) - len(kernel.triangles)) <= 0.01 * len(kernel.triangles)
    assert len(own.colours) == len(kernel.colours)
    np.testing.assert_array_equal(own.colours, kernel.colours)
    of_colour = [
        np.bincount(s.colour_ids, np.linalg.norm(face_vectors(s.vertices, s.triangles), axis=1))
        for s in (own, kernel)
    ]
    np.testing.assert_allclose(of_colour[0], of_colour[1], rtol=1e-5)
    # The kernel leaves whole bodies inside out; what is closed is not so here.
    if _is_closed(own):
        floor = abs(volume_of(kernel.vertices, kernel.triangles)) * (1 - 1e-4) - 1e-6
        assert volume_of(own.vertices, own.triangles) >= floor


def _is_closed(shape: Shape) -> bool:
    """Say whether each edge has two triangles, and no more."""
    ends = np.sort(shape.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    return bool((np.unique(ends, axis=0, return_counts=True)[1] == 2).all())
