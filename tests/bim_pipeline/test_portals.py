"""Doors, passages, stairs, ramps and lifts join the rooms they join, wherever and however a house stands."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bim_pipeline.flights import Flight, joined, ramp_line, split_at, stair_line
from bim_pipeline.portals import derive_portals
from bim_pipeline.rooms import NOWHERE, RoomFinder
from bim_pipeline.source import Portal, Space

from .sample_house import House, box_mesh, placed, sample_house, steps


def links(house: House) -> list[tuple[str, str | None, str | None, str | None]]:
    """Kind, element, and the two rooms of every portal, sides sorted."""
    found = []
    for portal in derive_portals(*house.parts()):
        rooms = sorted([house.name(portal.space_a), house.name(portal.space_b)], key=str)
        found.append((portal.kind, house.name(portal.element_index), rooms[0], rooms[1]))
    return sorted(found, key=str)


def only(house: House, kind: str) -> list[Portal]:
    return [portal for portal in derive_portals(*house.parts()) if portal.kind == kind]


SAMPLE_LINKS = [
    ("door", "front door", None, "living"),
    ("door", "inner door", "living", "office"),
    ("opening", None, "living", "studio"),
    ("opening", None, "office", "store"),
    ("stair", "stair", "loft", "office"),
]


def test_the_sample_house_is_understood() -> None:
    assert links(sample_house()) == SAMPLE_LINKS


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 360), st.floats(-500, 500), st.floats(-500, 500))
def test_a_house_is_understood_wherever_it_stands(angle: float, x: float, y: float) -> None:
    house = sample_house()
    moved = house.moved(angle, x, y)
    assert links(moved) == SAMPLE_LINKS
    matrix = placed(x, y, 0.0, angle)
    for here, there in zip(only(house, "door"), only(moved, "door"), strict=True):
        np.testing.assert_allclose(matrix[:3, :3] @ here.a + matrix[:3, 3], there.a, atol=1e-6)
        assert here.width_m == pytest.approx(there.width_m)


def test_one_stands_in_the_rooms_on_either_side_of_a_door() -> None:
    house = sample_house()
    door = next(p for p in only(house, "door") if house.name(p.element_index) == "inner door")
    finder = RoomFinder(house.spaces)
    rooms = finder.at(np.array([door.a, door.b]))
    assert [finder.element_index(int(room)) for room in rooms] == [door.space_a, door.space_b]
    # The normal points to where the leaf opens, and side b is there.
    assert house.name(door.space_b) == "living"
    assert (door.a[1], door.b[1], door.width_m) == pytest.approx((1.95, 1.95, 0.9))


def test_a_door_without_body_or_width_stands_where_it_is_placed() -> None:
    house = sample_house()
    index = next(e.element_index for e in house.elements if e.name == "inner door")
    del house.meshes[index]
    assert ("door", "inner door", "living", "office") in links(house)
    house.elements[index] = replace(house.elements[index], attributes={})
    assert ("door", "inner door", "living", "office") in links(house)


@pytest.mark.parametrize("offset", [-0.1, 0.0, 0.1, 0.25])
def test_a_door_placed_on_either_face_of_its_wall_still_finds_both_rooms(offset: float) -> None:
    house = sample_house()
    index = next(e.element_index for e in house.elements if e.name == "inner door")
    at = placed(5.1 - offset, 1.5, 0.0, 90.0)
    house.elements[index] = replace(house.elements[index], placement=at)
    assert ("door", "inner door", "living", "office") in links(house)


def test_a_door_whose_width_runs_along_the_wrong_axis_is_seen_by_its_body() -> None:
    house = sample_house()
    index = next(e.element_index for e in house.elements if e.name == "inner door")
    house.meshes[index] = box_mesh((5.08, 1.5, 0, 5.12, 2.4, 2.1))
    house.elements[index] = replace(house.elements[index], placement=placed(5.1, 1.95, 0.0, 0.0))
    assert ("door", "inner door", "living", "office") in links(house)


def test_a_door_without_place_or_body_and_a_trapdoor_are_no_portals() -> None:
    house = sample_house()
    house.add("IfcDoor", "nowhere")
    house.add("IfcDoor", "hatch", box_mesh((1, 1, 2.8, 2, 2, 2.9)), predefined_type="TRAPDOOR")
    house.add("IfcDoor", "broken", placement=np.full((4, 4), np.nan))
    assert links(house) == SAMPLE_LINKS


def test_without_spaces_doors_and_stairs_are_still_there() -> None:
    house = sample_house()
    house.spaces.clear()
    assert links(house) == [
        ("door", "front door", None, None),
        ("door", "inner door", None, None),
        ("stair", "stair", None, None),
    ]


def test_spaces_without_an_outline_do_no_harm() -> None:
    house = sample_house()
    empty = bytes(shapely.to_wkb(shapely.Polygon()))
    house.spaces.append(Space(house.spaces[0].element_index, None, "", 0.0, 0.0, 0.0, empty))
    assert links(house) == SAMPLE_LINKS


def test_an_empty_model_has_no_portals() -> None:
    assert derive_portals([], [], [], {}) == []


# Open passages


def test_the_opening_in_a_wall_is_as_wide_as_it_is() -> None:
    house = sample_house()
    through_wall = next(p for p in only(house, "opening") if house.name(p.space_a) == "office")
    assert through_wall.width_m == pytest.approx(1.5, abs=0.2)
    assert through_wall.a[0] == pytest.approx(6.75, abs=0.2)
    open_side = next(p for p in only(house, "opening") if house.name(p.space_a) == "living")
    assert open_side.width_m == pytest.approx(5.0, abs=0.2)


@pytest.mark.parametrize(
    ("ifc_class", "barrier"),
    [
        ("IfcWall", (0, 3.95, 0, 5, 4.05, 2.8)),
        ("IfcWall", (0, 3.95, 0, 5, 4.05, 1.0)),  # a parapet
        ("IfcCurtainWall", (0, 3.99, 0, 5, 4.01, 2.8)),
        ("IfcPlate", (0, 3.99, 0, 5, 4.01, 2.8)),
        ("IfcRailing", (0, 3.98, 1.0, 5, 4.02, 1.05)),  # a handrail alone
    ],
)
def test_a_barrier_closes_a_passage(ifc_class: str, barrier: tuple[float, ...]) -> None:
    house = sample_house()
    house.add(ifc_class, "barrier", box_mesh(barrier), storey_index=0)  # type: ignore[arg-type]
    assert ("opening", None, "living", "studio") not in links(house)


@pytest.mark.parametrize("barrier", [(0, 3.95, 2.2, 5, 4.05, 2.8), (0, 3.95, 0, 5, 4.05, 0.05)])
def test_a_lintel_or_a_threshold_does_not(barrier: tuple[float, ...]) -> None:
    house = sample_house()
    house.add("IfcWall", "beam", box_mesh(barrier), storey_index=0)  # type: ignore[arg-type]
    assert ("opening", None, "living", "studio") in links(house)


def test_a_wall_with_gaps_makes_as_many_passages() -> None:
    house = sample_house()
    wall = box_mesh((0, 3.9, 0, 1, 4.1, 2.8), (2, 3.9, 0, 3, 4.1, 2.8), (3.3, 3.9, 0, 5, 4.1, 2.8))
    house.add("IfcWall", "pierced twice", wall, storey_index=0)
    found = [p for p in only(house, "opening") if house.name(p.space_a) == "living"]
    assert [round(p.a[0], 1) for p in found] == [pytest.approx(1.5, abs=0.15)]  # 0.3 m is too narrow


def test_rooms_on_different_levels_do_not_touch() -> None:
    house = sample_house()
    studio = house.spaces[2]
    house.spaces[2] = replace(studio, floor_z_m=0.9)
    assert ("opening", None, "living", "studio") not in links(house)
    house.spaces[2] = replace(studio, floor_z_m=0.17)
    assert ("opening", None, "living", "studio") in links(house)


def test_a_room_inside_another_is_open_to_it() -> None:
    house = sample_house()
    house.add_room("booth", 0, (1, 5, 2.5, 6.5), 0.0, height=2.5)
    assert ("opening", None, "booth", "studio") in links(house)


# Stairs, ramps, lifts


def test_a_stair_is_walked_from_its_foot_to_its_head() -> None:
    house = sample_house()
    (stair,) = only(house, "stair")
    assert (house.name(stair.space_a), house.name(stair.space_b)) == ("office", "loft")
    assert stair.path is not None
    assert stair.path[0].tolist() == list(stair.a)
    assert stair.path[-1].tolist() == list(stair.b)
    assert (stair.a[2], stair.b[2]) == (0.0, 3.0)
    assert (np.diff(stair.path[:, 2]) >= -1e-9).all()
    assert np.abs(stair.path[:, 0] - 8.3).max() < 1e-6
    assert stair.width_m == pytest.approx(1.0)


@given(st.integers(3, 30), st.floats(0.12, 0.22), st.floats(0.22, 0.4), st.floats(0.6, 3.0))
def test_the_line_of_any_flight_has_a_point_for_each_tread(
    count: int, rise: float, going: float, width: float
) -> None:
    found = stair_line(steps((0, width), 0.0, count, rise, going))
    assert found is not None
    line, told_width = found
    assert len(line) == count + 1
    np.testing.assert_allclose(line[:, 2], rise * np.arange(count + 1), atol=1e-6)
    np.testing.assert_allclose(np.diff(line[1:, 1]), going, atol=2e-4)
    assert told_width == pytest.approx(max(width, going), abs=1e-3)


def test_flights_join_over_their_landing_and_part_at_storeys() -> None:
    house = House()
    ground, upper = house.add_storey("1F", 0.0, 3.0), house.add_storey("2F", 3.0, 3.0)
    top = house.add_storey("3F", 6.0, 3.0)
    for name, storey, z in (("low", ground, 0.0), ("middle", upper, 3.0), ("high", top, 6.0)):
        house.add_room(name, storey, (0, -3, 3, 6), z)
    stair = house.add("IfcStair", "stair", storey_index=ground)
    for z, (left, right), turn in ((0.0, (0, 1), 1), (1.5, (2, 3), -1), (3.0, (0, 1), 1), (4.5, (2, 3), -1)):
        y = 0.0 if turn > 0 else -8 * 0.3
        vertices, triangles = steps((left, right), y, 8, 1.5 / 8, 0.3, z)
        if turn < 0:
            vertices, triangles = vertices * [1, -1, 1], triangles[:, ::-1]
        house.add("IfcStairFlight", "flight", (vertices, triangles), parent_index=stair)
    assert links(house) == [("stair", "stair", "high", "middle"), ("stair", "stair", "low", "middle")]
    for portal in only(house, "stair"):
        assert portal.path is not None
        assert np.diff(portal.path[:, 2]).min() > -0.2
        assert portal.b[2] - portal.a[2] == pytest.approx(3.0)


def test_two_stairs_that_meet_on_a_landing_in_no_room_are_one_way() -> None:
    house = House()
    ground, upper = house.add_storey("1F", 0.0, 3.0), house.add_storey("2F", 3.0, 3.0)
    house.add_room("low", ground, (0, -3, 1, 0), 0.0)
    house.add_room("high", upper, (0, 5.8, 1, 9), 3.0)
    first = house.add("IfcStair", "first", steps((0, 1), 0.0, 8, 3 / 16, 0.3), storey_index=ground)
    house.add("IfcStair", "second", steps((0, 1), 3.4, 8, 3 / 16, 0.3, z=1.5), storey_index=ground)
    (stair,) = only(house, "stair")
    assert (stair.element_index, house.name(stair.space_a), house.name(stair.space_b)) == (
        first,
        "low",
        "high",
    )
    assert stair.path is not None
    assert (stair.path[0].tolist(), stair.path[-1].tolist()) == (list(stair.a), list(stair.b))
    assert np.diff(stair.path[:, 2]).min() > -0.3
    house.spaces.clear()
    assert len(only(house, "stair")) == 2


def test_a_lone_flight_is_a_stair_of_its_own_and_a_slab_is_none() -> None:
    house = sample_house()
    house.add("IfcStairFlight", "lone", steps((6, 7), 0.8, 16, 3.0 / 16, 0.18), storey_index=0)
    house.add("IfcStair", "slab only", box_mesh((0, 0, 0, 1, 1, 0.2)), storey_index=0)
    assert ("stair", "lone", "loft", "office") in links(house)
    assert len(only(house, "stair")) == 2
    assert stair_line(box_mesh((0, 0, 0, 1, 1, 0.2))) is None


def wedge(width: float, length: float, rise: float) -> tuple[np.ndarray, np.ndarray]:
    """A ramp that climbs along +x."""
    vertices = np.array(
        [
            [0, 0, 0],
            [length, 0, 0],
            [length, width, 0],
            [0, width, 0],
            [length, 0, rise],
            [length, width, rise],
        ],
        dtype=np.float64,
    )
    triangles = np.array(
        [[0, 2, 1], [0, 3, 2], [0, 4, 5], [0, 5, 3], [0, 1, 4], [3, 5, 2], [1, 2, 5], [1, 5, 4]]
    )
    return vertices, triangles.astype(np.int32)


def test_a_ramp_is_walked_up_its_slope() -> None:
    house = House()
    low, high = house.add_storey("B1", 0.0, 2.0), house.add_storey("1F", 2.0, 3.0)
    house.add_room("car park", low, (-8, 0, 1, 6), 0.0)
    house.add_room("street", high, (19, 0, 30, 6), 2.0)
    house.add("IfcRamp", "ramp", wedge(6.0, 20.0, 2.0), storey_index=low)
    (ramp,) = only(house, "ramp")
    assert (house.name(ramp.space_a), house.name(ramp.space_b)) == ("car park", "street")
    assert ramp.path is not None
    assert np.abs(ramp.path[:, 1] - 3.0).max() < 1e-6
    np.testing.assert_allclose(ramp.path[1:-1, 2], ramp.path[1:-1, 0] / 10, atol=1e-4)
    assert ramp.width_m == pytest.approx(6.0, abs=1e-3)


def test_a_level_slab_is_no_ramp() -> None:
    assert ramp_line(box_mesh((0, 0, 0, 5, 5, 0.3))) is None


@given(st.lists(st.floats(0.05, 0.5), min_size=4, max_size=60), st.lists(st.floats(-2, 12), max_size=6))
def test_cutting_a_line_at_storeys_loses_nothing(rises: list[float], elevations: list[float]) -> None:
    z = np.concatenate([[0.0], np.cumsum(rises)])
    line = np.column_stack([np.arange(len(z)), np.zeros(len(z)), z])
    parts = split_at(line, np.array(elevations))
    whole = np.vstack([parts[0], *(part[1:] for part in parts[1:])])
    np.testing.assert_array_equal(whole, line)
    for part, following in pairwise(parts):
        assert np.abs(np.array(elevations) - part[-1, 2]).min() <= 0.3
        assert part[-1].tolist() == following[0].tolist()


def test_joining_a_single_flight_changes_nothing() -> None:
    found = stair_line(steps((0, 1), 0.0, 5, 0.18, 0.28))
    assert found is not None
    flight = Flight(sample_house().elements[0], *found)
    np.testing.assert_array_equal(joined([flight]), found[0])


def tower(shaft_rooms: bool = True, doors: bool = True) -> House:
    """Three storeys, each with a hall and, behind a lift door, a shaft of 2 x 2 m."""
    house = House()
    for number in range(3):
        z = 4.0 * number
        storey = house.add_storey(f"{number + 1}F", z, 4.0)
        house.add_room(f"hall {number}", storey, (0, 0, 8, 6), z, height=3.5)
        if shaft_rooms:
            house.add_room(f"shaft {number}", storey, (3, 6.2, 5, 8.2), z, height=3.5)
        if doors:
            door = box_mesh((3.5, 6.08, z, 4.5, 6.12, z + 2.1))
            at = placed(3.5, 6.1, z)
            house.add("IfcDoor", f"lift door {number}", door, storey_index=storey, placement=at)
    car = box_mesh((3.2, 6.4, 0.0, 4.8, 8.0, 2.3))
    house.add(
        "IfcTransportElement",
        "lift",
        car,
        storey_index=0,
        predefined_type="ELEVATOR",
        placement=placed(4, 7.2, 0),
    )
    return house


def lift_links(house: House) -> list[tuple[str | None, str | None]]:
    return [(house.name(p.space_a), house.name(p.space_b)) for p in only(house, "lift")]


def test_a_lift_joins_its_shaft_rooms_storey_by_storey() -> None:
    house = tower()
    assert lift_links(house) == [("shaft 0", "shaft 1"), ("shaft 1", "shaft 2")]
    assert ("door", "lift door 1", "hall 1", "shaft 1") in links(house)
    low, high = only(house, "lift")
    assert (low.a[2], low.b[2], high.b[2]) == (0.0, 4.0, 8.0)
    assert low.width_m == pytest.approx(1.0)


def test_without_shaft_rooms_a_lift_joins_the_halls_before_its_doors() -> None:
    house = tower(shaft_rooms=False)
    assert lift_links(house) == [("hall 0", "hall 1"), ("hall 1", "hall 2")]
    finder = RoomFinder(house.spaces)
    for portal in only(house, "lift"):
        assert NOWHERE not in finder.at(np.array([portal.a, portal.b]))


def test_without_doors_a_lift_stops_where_its_shaft_is_a_room() -> None:
    assert lift_links(tower(doors=False)) == [("shaft 0", "shaft 1"), ("shaft 1", "shaft 2")]


def test_a_lift_skips_a_storey_that_has_no_door_to_it() -> None:
    house = tower()
    index = next(e.element_index for e in house.elements if e.name == "lift door 1")
    house.elements[index] = replace(house.elements[index], placement=placed(0.5, 0.1, 4.0))
    house.meshes[index] = box_mesh((0.5, 0.08, 4, 1.5, 0.12, 6.1))
    assert lift_links(house) == [("shaft 0", "shaft 2")]


def test_one_shaft_through_all_storeys_joins_the_halls() -> None:
    house = tower(shaft_rooms=False)
    house.add_room("whole shaft", 0, (3, 6.2, 5, 8.2), 0.0, height=12.0)
    assert lift_links(house) == [("hall 0", "hall 1"), ("hall 1", "hall 2")]


def test_an_escalator_is_no_lift() -> None:
    house = tower()
    house.elements[-1] = replace(house.elements[-1], predefined_type="ESCALATOR")
    assert lift_links(house) == []
