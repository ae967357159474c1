"""Plans show what an architect's plan shows, and the cuts under them are exact."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from bim_pipeline.doors import door_frame
from bim_pipeline.plans import KINDS, build_plans, door_lines
from bim_pipeline.sections import filled, hull, level_areas, projection, section_area, section_segments
from bim_pipeline.source import Mesh

from .sample_house import House, box_mesh, placed, sample_house, steps


def features(house: House, position: int = 0) -> list[dict[str, Any]]:
    collection = json.loads(build_plans(*house.parts())[position])
    assert collection["type"] == "FeatureCollection"
    found: list[dict[str, Any]] = collection["features"]
    return found


def named(house: House, name: str, position: int = 0) -> BaseGeometry:
    (geometry,) = (f["geometry"] for f in features(house, position) if f["properties"]["name"] == name)
    drawn: BaseGeometry = shape(geometry)
    return drawn


def test_each_storey_has_its_plan_with_everything_that_shows() -> None:
    house = sample_house()
    plans = build_plans(*house.parts())
    assert sorted(plans) == [0, 1]
    shown = [(f["properties"]["kind"], f["properties"]["name"]) for f in features(house)]
    assert shown == [
        ("space", "living"),
        ("space", "office"),
        ("space", "studio"),
        ("space", "store"),
        ("wall", "outer"),
        ("wall", "inner"),
        ("wall", "pierced"),
        ("column", "column"),
        ("door", "inner door"),
        ("door", "front door"),
        ("window", "window"),
        ("stair", "stair"),
        ("furniture", "table"),
    ]
    # What reaches through the upper floor shows there too.
    assert [f["properties"]["name"] for f in features(house, 1)] == ["loft", "outer", "column"]


def test_features_carry_what_the_contract_says() -> None:
    house = sample_house()
    collection = json.loads(build_plans(*house.parts())[0])
    assert collection["storey"] == house.elements[0].guid
    for feature in collection["features"]:
        told = feature["properties"]
        element = house.elements[told["element_index"]]
        assert (told["guid"], told["class"]) == (element.guid, element.ifc_class)
        assert told["kind"] in KINDS


def test_the_same_house_gives_the_same_bytes() -> None:
    assert build_plans(*sample_house().parts()) == build_plans(*sample_house().parts())


def test_walls_are_cut_at_a_persons_height_with_their_openings() -> None:
    inner = named(sample_house(), "inner")
    assert inner.equals(shapely.union_all([shapely.box(5, 0, 5.2, 1.5), shapely.box(5, 2.4, 5.2, 8)]))


def test_a_low_wall_is_cut_at_its_middle_and_only_on_its_own_storey() -> None:
    house = sample_house()
    house.add("IfcWall", "parapet", box_mesh((0, 0, 3, 9, 0.2, 3.9)), storey_index=1)
    assert named(house, "parapet", 1).equals(shapely.box(0, 0, 9, 0.2))
    assert "parapet" not in {f["properties"]["name"] for f in features(house, 0)}


def test_a_curtain_wall_is_one_feature_of_all_its_panes() -> None:
    house = sample_house()
    whole = house.add("IfcCurtainWall", "glass front", storey_index=0)
    for x in (0.0, 1.0, 2.0):
        pane = box_mesh((x, -1, 0, x + 0.9, -0.9, 3))
        house.add("IfcPlate", "pane", pane, storey_index=0, parent_index=whole)
    assert len(shapely.get_parts(named(house, "glass front"))) == 3
    assert named(house, "glass front").area == pytest.approx(0.27)


def test_a_stair_is_drawn_tread_by_tread() -> None:
    treads = shapely.get_parts(named(sample_house(), "stair"))
    assert len(treads) == 16
    assert [tread.area for tread in treads] == pytest.approx([0.18] * 16)


def test_furniture_is_its_outline() -> None:
    assert named(sample_house(), "table").equals(shapely.box(1, 1, 2.5, 1.8))


def test_coordinates_are_written_to_the_millimetre() -> None:
    house = sample_house().moved(33.3, 12.3456, -7.891)
    for feature in features(house):
        coordinates = shapely.get_coordinates(shape(feature["geometry"]))
        np.testing.assert_array_equal(coordinates, np.round(coordinates, 3))


@pytest.mark.parametrize(
    ("operation", "hinges"),
    [
        ("SINGLE_SWING_LEFT", [(0.0, 0.0)]),
        ("SINGLE_SWING_RIGHT", [(1.2, 0.0)]),
        ("DOUBLE_DOOR_SINGLE_SWING", [(0.0, 0.0), (1.2, 0.0)]),
        ("DOUBLE_SWING_LEFT", [(0.0, 0.0)]),
    ],
)
def test_leaves_swing_from_their_hinges_to_the_side_of_local_y(
    operation: str, hinges: list[tuple[float, float]]
) -> None:
    lines = shapely.get_parts(leaf_lines(operation))
    assert len(lines) == 2 * len(hinges)
    leaf_width = 1.2 / len(hinges)
    for hinge, leaf, arc in zip(hinges, lines[::2], lines[1::2], strict=True):
        assert leaf.coords[0] == pytest.approx(hinge)
        assert leaf.coords[1] == pytest.approx((hinge[0], leaf_width))
        reach = np.linalg.norm(shapely.get_coordinates(arc) - hinge, axis=1)
        np.testing.assert_allclose(reach, leaf_width)


@pytest.mark.parametrize("operation", ["SLIDING_TO_LEFT", "REVOLVING", "NOTDEFINED", ""])
def test_other_doors_are_the_line_of_their_opening(operation: str) -> None:
    assert shapely.get_coordinates(leaf_lines(operation)).tolist() == [[0.0, 0.0], [1.2, 0.0]]


def leaf_lines(operation: str) -> shapely.Geometry:
    """A door 1.2 m wide at the origin, facing +y."""
    house = House()
    attributes = {"OverallWidth": 1.2, "OperationType": operation}
    house.add("IfcDoor", "door", placement=placed(0, 0, 0), attributes=attributes)
    frame = door_frame(house.elements[0], None)
    assert frame is not None
    return door_lines(frame)


def test_spaces_without_outline_and_elements_without_storey_are_left_out() -> None:
    house = sample_house()
    empty = bytes(shapely.to_wkb(shapely.Polygon()))
    house.spaces[0] = replace(house.spaces[0], footprint=empty)
    house.add("IfcFurniture", "lost chair", box_mesh((0, 0, 0, 1, 1, 1)))
    names = {f["properties"]["name"] for f in features(house)}
    assert names.isdisjoint({"living", "lost chair"})


def test_a_model_without_storeys_has_no_plans() -> None:
    house = sample_house()
    assert build_plans(house.elements, [], house.spaces, house.meshes) == {}


# Cuts

grid = st.integers(-40, 40).map(lambda n: n / 8)
rectangles = st.lists(
    st.tuples(grid, grid, st.integers(1, 24), st.integers(1, 24)).map(
        lambda r: (r[0], r[1], r[0] + r[2] / 8, r[1] + r[3] / 8)
    ),
    min_size=1,
    max_size=6,
)


def prisms(outlines: list[tuple[float, float, float, float]]) -> Mesh:
    return box_mesh(*((x0, y0, 0.0, x1, y1, 2.0) for x0, y0, x1, y1 in outlines))


@given(rectangles, st.floats(0.01, 1.99))
def test_the_cut_of_boxes_is_their_union_however_they_overlap(
    outlines: list[tuple[float, float, float, float]], z: float
) -> None:
    expected = shapely.union_all([shapely.box(*outline) for outline in outlines])
    found = section_area(prisms(outlines), z)
    assert found.symmetric_difference(expected).area < 1e-6


@given(st.integers(0, 2**32 - 1), st.floats(-0.9, 0.9))
def test_the_cut_of_any_tetrahedron_lies_on_its_edges(seed: int, z: float) -> None:
    corners = np.random.default_rng(seed).uniform(-1, 1, (4, 3))
    triangles = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]], dtype=np.int32)
    if np.linalg.det(corners[1:] - corners[0]) > 0:
        triangles = triangles[:, ::-1]
    segments = section_segments((corners, triangles), z)
    area = section_area((corners, triangles), z)
    crossing = corners[:, 2].min() < z < corners[:, 2].max()
    assert area.area <= hull((corners, triangles)).area + 1e-6
    assert (len(segments) in (3, 4)) or not crossing or area.area < 1e-3
    # The body is on the left: the rings of the segments turn counter-clockwise.
    (x0, y0), (x1, y1) = segments[:, 0].T, segments[:, 1].T
    assert (x0 * y1 - x1 * y0).sum() / 2 == pytest.approx(area.area, abs=1e-3)


def test_a_cut_above_below_or_along_a_face_is_harmless() -> None:
    mesh = box_mesh((0, 0, 0, 1, 1, 2))
    assert section_area(mesh, 3.0).is_empty
    assert section_area(mesh, -1.0).is_empty
    assert section_area(mesh, 2.0).area == pytest.approx(1.0)  # a vertex in the plane counts as above
    assert section_area(mesh, 0.0).is_empty
    assert section_area((np.empty((0, 3)), np.empty((0, 3), np.int32)), 0.0).is_empty


def test_a_hole_in_a_body_stays_open() -> None:
    vertices, triangles = box_mesh((1, 1, 0, 2, 2, 2))
    outside_v, outside_t = box_mesh((0, 0, 0, 3, 3, 2))
    hollow = np.vstack([outside_v, vertices]), np.vstack([outside_t, triangles[:, ::-1] + len(outside_v)])
    assert section_area(hollow, 1.0).area == pytest.approx(8.0)


def test_segments_that_close_no_ring_fill_nothing() -> None:
    assert filled(np.array([[[0.0, 0], [1, 0]], [[1, 0], [1, 1]]])).is_empty
    assert filled(np.empty((0, 2, 2))).is_empty


def test_projection_and_levels_of_steps() -> None:
    mesh = steps((0, 2), 0.0, 5, 0.2, 0.3)
    assert projection(mesh).equals(shapely.box(0, 0, 2, 1.5))
    assert [z for z, _ in level_areas(mesh)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


def test_treads_that_are_single_faces_wound_downwards_are_still_treads() -> None:
    vertices, triangles = steps((0, 2), 0.0, 5, 0.2, 0.3)
    tops = triangles[(vertices[triangles][:, :, 2] > 0.1).all(axis=1)]
    assert len(level_areas((vertices, tops[:, ::-1]))) == 5


def test_a_railings_facets_do_not_run_treads_together() -> None:
    rail = [(0.0, y / 100, y / 150, 0.02, (y + 1) / 100, y / 150 + 0.01) for y in range(150)]
    treads = [(0.0, k * 0.3, 0.0, 2.0, (k + 1) * 0.3, (k + 1) * 0.2) for k in range(5)]
    assert [z for z, _ in level_areas(box_mesh(*treads, *rail))] == pytest.approx(
        [0.2, 0.4, 0.6, 0.8, 1.0], abs=0.01
    )
