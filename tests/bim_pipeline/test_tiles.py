"""Cells, contents and GLBs: nothing lost, nothing moved, instanced or not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bim_pipeline.content import ContentBuilder, are_instanceable, quaternions
from bim_pipeline.glb import rotate, write_tile
from bim_pipeline.mesh import smooth_mesh
from bim_pipeline.seeing import seen_areas
from bim_pipeline.source import Body, Element, FloatArray, Geometry, Shape
from bim_pipeline.tileset import tileset
from bim_pipeline.tiling import BANDS, MAX_EXTENT_M, Cell, band_of, cut_cells, joined_box
from tests.bim_pipeline.glb_reader import Glb, rotation_matrix
from tests.bim_pipeline.test_mesh import cube, cylinder

unit_quaternions = st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: float(np.linalg.norm(q)) > 0.1)


def shape(key: str, sides: int = 0) -> Shape:
    vertices, triangles = cylinder(sides) if sides else cube()
    colours = np.zeros(len(triangles), dtype=np.int32)
    colours[::2] = 1
    palette = np.array([[1.0, 0.5, 0.0, 1.0], [0.2, 0.4, 0.6, 0.5]])
    return Shape(key, vertices, triangles, colours, palette, np.array([False, False]))


def matrix(
    place: tuple[float, float, float],
    quaternion: tuple[float, ...] = (0, 0, 0, 1),
    scale: tuple[float, ...] = (1, 1, 1),
) -> FloatArray:
    q = np.array(quaternion, dtype=np.float64)
    result = np.eye(4)
    result[:3, :3] = rotation_matrix(q / np.linalg.norm(q)) @ np.diag(scale)
    result[:3, 3] = place
    return result


def geometry(bodies: list[Body]) -> Geometry:
    shapes = {b.shape.key: b.shape for b in bodies}
    smooth = {k: smooth_mesh(s.vertices, s.triangles, s.colour_ids) for k, s in shapes.items()}
    return Geometry({b.element_index: b for b in bodies}, smooth, {})


def cell_of(bodies: list[Body]) -> Cell:
    box = joined_box(np.array([body.box() for body in bodies]))
    return Cell(None, "shell", tuple(body.element_index for body in bodies), box, 0)


def sorted_corners(corners: FloatArray) -> FloatArray:
    flat = corners.reshape(-1, 3)
    return flat[np.lexsort(np.round(flat, 2).T)]


@settings(deadline=None)
@given(unit_quaternions)
def test_quaternions_turn_as_their_matrices(q: tuple[float, ...]) -> None:
    unit = np.array(q) / np.linalg.norm(q)
    found = quaternions(rotation_matrix(unit)[None])
    assert np.linalg.norm(found) == pytest.approx(1.0)
    assert rotation_matrix(found[0]) == pytest.approx(rotation_matrix(unit), abs=1e-9)
    assert rotate(found, np.array([1.0, 2.0, 3.0]))[0] == pytest.approx(
        rotation_matrix(unit) @ [1.0, 2.0, 3.0], abs=1e-9
    )


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.tuples(*[st.floats(-60, 60)] * 3),
            unit_quaternions,
            st.tuples(*[st.floats(0.2, 3)] * 3),
            st.booleans(),
        ),
        min_size=5,
        max_size=9,
    )
)
def test_what_is_drawn_is_what_the_bodies_are(
    rows: list[tuple[tuple[float, float, float], tuple[float, ...], tuple[float, ...], bool]],
) -> None:
    many, few = shape("cylinder", 260), shape("cube")
    bodies = []
    for i, (place, quaternion, scale, mirrored) in enumerate(rows):
        signed = (-scale[0], *scale[1:]) if mirrored and i > 4 else scale
        bodies.append(Body(10 + i, many if i != 2 else few, matrix(place, quaternion, signed)))
    built = geometry(bodies)
    written = write_tile(ContentBuilder(built).tile(cell_of(bodies)))
    drawn = Glb(written.content).drawn()
    assert {d.feature for d in drawn if d.instanced} >= {10, 11, 13, 14}
    assert not any(
        d.instanced for d in drawn if np.linalg.det(built.bodies[d.feature].local_from_shape[:3, :3]) < 0
    )
    for body in bodies:
        own = [d for d in drawn if d.feature == body.element_index]
        assert {d.material for d in own} == {"opaque", "glass"}
        vertices, triangles = body.mesh()
        corners = np.concatenate([d.corners for d in own])
        assert len(corners) == len(triangles)
        box = np.concatenate([corners.min(axis=(0, 1)), corners.max(axis=(0, 1))])
        assert np.abs(box - body.box()).max() <= written.error_m + 2e-5
        expected = np.sort(np.linalg.norm(vertices[triangles].mean(axis=1), axis=1))
        assert np.sort(np.linalg.norm(corners.mean(axis=1), axis=1)) == pytest.approx(
            expected, abs=2 * written.error_m + 1e-4
        )


def test_normals_of_stretched_and_mirrored_bodies_look_outwards() -> None:
    bodies = [
        Body(i, shape("cube"), matrix((3.0 * i, 0, 0), (0.1, 0.2, 0.3, 0.9), scale))
        for i, scale in enumerate([(1, 1, 1), (4, 1, 0.5), (-1, 1, 1), (-2, -1, -3)])
    ]
    for drawn in Glb(write_tile(ContentBuilder(geometry(bodies)).tile(cell_of(bodies))).content).drawn():
        centre = bodies[drawn.feature].local_from_shape @ np.array([0.5, 0.5, 0.5, 1.0])
        a, b, c = (drawn.corners[:, i] for i in range(3))
        face = np.cross(b - a, c - a)
        outwards = drawn.corners.mean(axis=1) - centre[:3]
        assert (np.einsum("ij,ij->i", face, outwards) > 0).all()
        assert (np.einsum("ij,ij->i", drawn.normals[:, 0], outwards) > 0).all()


def test_few_and_small_copies_are_baked() -> None:
    for copies, sides in ((1, 260), (10, 0)):
        bodies = [Body(i, shape("s", sides), matrix((2.0 * i, 0, 0))) for i in range(copies)]
        drawn = Glb(write_tile(ContentBuilder(geometry(bodies)).tile(cell_of(bodies))).content)
        assert not any(d.instanced for d in drawn.drawn())
        assert len(drawn.json["meshes"]) == 1


def test_sheared_and_mirrored_matrices_are_not_instanced() -> None:
    sheared = np.eye(4)
    sheared[0, 1] = 0.2
    mirrored = np.diag([-1.0, 1.0, 1.0, 1.0])
    plain = matrix((1, 2, 3), (1, 2, 3, 4), (1, 2, 3))
    found = are_instanceable(np.array([np.eye(4), plain, sheared, mirrored]))
    assert found.tolist() == [True, True, False, False]


def test_the_same_tile_gives_the_same_bytes() -> None:
    bodies = [Body(i, shape("s", 40), matrix((2.0 * i, 0, 0))) for i in range(8)]
    cell = cell_of(bodies)
    assert write_tile(ContentBuilder(geometry(bodies)).tile(cell)) == write_tile(
        ContentBuilder(geometry(bodies)).tile(cell)
    )


@pytest.mark.parametrize(
    ("ifc_class", "size_m", "band"),
    [
        ("IfcWallStandardCase", 3.0, "shell"),
        ("IfcDoor", 2.1, "shell"),
        ("IfcMember", 0.3, "small"),
        ("IfcFurniture", 0.9, "medium"),
        ("IfcFurniture", 2.0, "large"),
        ("IfcDuctSegment", 12.0, "shell"),
        ("IfcSensor", 0.1, "small"),
        ("IfcSpace", 20.0, "space"),
    ],
)
def test_bands_go_by_class_and_size(ifc_class: str, size_m: float, band: str) -> None:
    assert band_of(ifc_class, size_m) == band


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 120), st.sampled_from([300, 1000, 5000]))
def test_cells_hold_every_body_once_within_storey_budget_and_extent(
    seed: int, count: int, budget: int
) -> None:
    random = np.random.default_rng(seed)
    classes = ["IfcWall", "IfcFurniture", "IfcSpace", "IfcSensor"]
    common = shape("c", 20)
    elements, bodies = [], {}
    for i in range(count):
        storey = [None, 1000, 1001][random.integers(3)]
        elements.append(Element(i, f"{i}", i, classes[random.integers(4)], storey_index=storey))
        scale = tuple(random.uniform(0.05, 4, 3))
        place = tuple(random.uniform(-150, 150, 3) * random.integers(0, 2))
        bodies[i] = Body(i, common, matrix((place[0], place[1], place[2]), scale=scale))
    boxes = np.array([bodies[i].box() for i in range(count)])
    cells = cut_cells(elements, bodies, boxes, budget)
    assert sorted(i for cell in cells for i in cell.elements) == list(range(count))
    for cell in cells:
        assert {elements[i].storey_index for i in cell.elements} == {cell.storey_index}
        assert {elements[i].ifc_class == "IfcSpace" for i in cell.elements} == {cell.kind == "spaces"}
        assert _stored(cell, bodies) + cell.triangles / 32 <= budget or len(cell.elements) == 1
        assert (cell.box[3:] - cell.box[:3]).max() <= MAX_EXTENT_M or len(cell.elements) == 1
        assert cell.band in BANDS
        assert (boxes[list(cell.elements), :3] >= cell.box[:3]).all()
        assert (boxes[list(cell.elements), 3:] <= cell.box[3:]).all()


def _house_in_a_box(rooms: int) -> tuple[list[Element], dict[int, Body], FloatArray]:
    """A closed hall 40 m long (element 0), and in it, a storey each, slabs of many triangles."""
    bodies = {0: Body(0, shape("hall"), matrix((0, 0, 0), scale=(40, 40, 10)))}
    for i in range(1, rooms + 1):
        place = (4.0 + i % 9, 4.0 + i // 9, 1.0)
        bodies[i] = Body(i, shape(f"slab {i}", 60), matrix(place, scale=(0.8, 0.8, 0.5)))
    elements = [Element(i, f"{i}", i, "IfcSlab", storey_index=1000 + i % 2) for i in bodies]
    return elements, bodies, np.array([bodies[i].box() for i in bodies])


def opaque(of: Shape) -> Shape:
    return replace(of, colours=np.array([[1.0, 0.5, 0.0, 1.0], [0.2, 0.4, 0.6, 1.0]]))


def test_what_is_not_seen_from_outside_waits_where_the_first_level_is_full() -> None:
    elements, bodies, boxes = _house_in_a_box(30)
    bodies[0] = replace(bodies[0], shape=opaque(bodies[0].shape))
    whole = cut_cells(elements, bodies, boxes)
    assert {cell.band for cell in whole} == {"shell"}
    cells = cut_cells(elements, bodies, boxes, first_level_bytes=6000)
    first = [i for cell in cells if cell.band == "shell" for i in cell.elements]
    # A few are seen through slits between the points of the hall.
    assert first[0] == 0
    assert len(first) <= 6
    assert sorted(i for cell in cells for i in cell.elements) == sorted(bodies)
    document = tileset(cells, [f"{n}.glb" for n in range(len(cells))], {1000: 0, 1001: 1})
    gates = {
        gate["geometricError"]
        for storey in document["root"]["children"]
        for gate in storey["children"]
        if "content" not in gate
    }
    assert gates == {6.0}


def test_glass_hides_nothing_and_what_costs_too_much_waits() -> None:
    elements, bodies, boxes = _house_in_a_box(30)
    glass = np.array([[1.0, 0.5, 0.0, 0.4], [0.2, 0.4, 0.6, 0.4]])
    bodies[0] = replace(bodies[0], shape=replace(bodies[0].shape, colours=glass))
    first = [
        i
        for cell in cut_cells(elements, bodies, boxes, first_level_bytes=6000)
        if cell.band == "shell"
        for i in cell.elements
    ]
    per_slab = 3.6 * len(bodies[1].shape.triangles) + 10
    assert 0 in first
    assert 3 <= len(first) <= 1 + 6000 / per_slab


def test_areas_seen_are_those_of_the_faces_outside() -> None:
    hall = Body(0, opaque(shape("hall")), matrix((0, 0, 0), scale=(20, 20, 10)))
    inside = Body(1, opaque(shape("core", 30)), matrix((10, 10, 2), scale=(3, 3, 5)))
    beside = Body(2, opaque(shape("shed")), matrix((40, 0, 0), (0, 0, 1, 1), (6, 6, 4)))
    seen = seen_areas([hall, inside, beside])
    assert seen[1] == 0
    assert (seen[[0, 2]] > 0.2 * np.array([1200, 168])).all()
    assert (seen[[0, 2]] < 0.75 * np.array([1600, 168])).all()
    assert seen_areas([hall, inside, beside]).tobytes() == seen.tobytes()
    assert seen_areas([]).shape == (0,)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 40), st.floats(0, 20_000))
def test_any_budget_keeps_every_element_once(seed: int, count: int, first_level_bytes: float) -> None:
    random = np.random.default_rng(seed)
    shapes = [shape("a", 40), opaque(shape("b")), shape("c", 90)]
    bodies = {
        i: Body(i, shapes[random.integers(3)], matrix(tuple(random.uniform(-90, 90, 3)), scale=(9, 9, 9)))
        for i in range(count)
    }
    elements = [Element(i, f"{i}", i, "IfcWall", storey_index=100 + i % 3) for i in range(count)]
    boxes = np.array([bodies[i].box() for i in range(count)])
    cells = cut_cells(elements, bodies, boxes, first_level_bytes=first_level_bytes)
    assert sorted(i for cell in cells for i in cell.elements) == list(range(count))
    assert {cell.band for cell in cells} <= {"shell", "inner"}
    assert [cell.elements for cell in cells] == [
        cell.elements for cell in cut_cells(elements, bodies, boxes, first_level_bytes=first_level_bytes)
    ]


def test_elements_too_long_for_the_common_extent_share_tiles() -> None:
    lengths = [150.0, 160.0, 170.0, 400.0, 20.0]
    bodies = {
        i: Body(i, shape("road"), matrix((0, 3.0 * i, 0), scale=(n, 1, 1))) for i, n in enumerate(lengths)
    }
    elements = [Element(i, f"{i}", i, "IfcSlab") for i in bodies]
    boxes = np.array([bodies[i].box() for i in bodies])
    assert [cell.elements for cell in cut_cells(elements, bodies, boxes)] == [(4,), (0, 1, 2), (3,)]


def _stored(cell: Cell, bodies: dict[int, Body]) -> int:
    """Triangles that a tile of the cell keeps if it keeps each shape once."""
    return sum({bodies[i].shape.key: len(bodies[i].shape.triangles) for i in cell.elements}.values())
