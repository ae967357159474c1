"""What a model's makers should mend: each check on tables made for it, and all of them on a package."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import networkx as nx
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.model import Element, Portal, Space, Storey
from spatial.package import ModelPackage
from spatial.quality import TITLES, ModelTables, QualityReport, check_quality
from tests.spatial.conftest import guid_of

CLASSES = ("IfcBuilding", "IfcBuildingStorey", "IfcSpace", "IfcSpace", "IfcDoor", "IfcStair", "IfcWall")
BUILDING, STOREY, HALL, OFFICE, DOOR, STAIR, WALL = range(len(CLASSES))
DOWN = (0.0, 0.0, 0.0)


def element(index: int, ifc_class: str, **fields: Any) -> Element:
    known: dict[str, Any] = {
        "predefined_type": None, "name": f"n{index}", "name_en": "", "long_name": "", "object_type": "",
        "description": "", "tag": "", "type_index": None, "parent_index": STOREY, "storey_index": STOREY,
        "space_index": None, "box": (0, 0, 0, 1, 1, 2), "triangles": 12, "shape_status": "drawn",
    }  # fmt: skip
    return Element(index, guid_of(index), ifc_class, **{**known, **fields})


def space(index: int, low_x: float, high_x: float, floor: float = 0.0) -> Space:
    outline = shapely.box(low_x, 0, high_x, 4)
    return Space(index, guid_of(index), "", "", "", "", STOREY, floor, 2.8, outline.area, outline)


def portal(kind: str, at: int | None, a: int | None, b: int | None) -> Portal:
    return Portal(0, at, kind, a, b, DOWN, DOWN, 1.0, None)


def storey(index: int, elevation: float, height: float = 3.0) -> Storey:
    return Storey(index, guid_of(index), f"s{index}", "", "", 0, elevation, height)


SOUND = ModelTables(
    elements=[element(index, name) for index, name in enumerate(CLASSES)],
    storeys=[storey(STOREY, 0.0)],
    spaces=[space(HALL, 0, 5), space(OFFICE, 5.2, 9)],
    portals=[portal("door", DOOR, HALL, OFFICE)],
    warnings=[],
    door_facts={},
    boundaries=[],
)


def findings(**changed: Any) -> list[tuple[str, tuple[int, ...]]]:
    """Codes and element indices of what is found after a change to the sound model."""
    report = check_quality(replace(SOUND, **changed))
    return [(f.code, tuple(int(guid) for guid in f.guids)) for f in report.findings]


def with_element(index: int, **fields: Any) -> list[Element]:
    elements = list(SOUND.elements)
    elements[index] = replace(elements[index], **fields)
    return elements


def test_a_sound_model_has_nothing_to_mend() -> None:
    report = check_quality(SOUND)
    assert report.findings == ()
    assert [(len(group.rooms), group.exits) for group in report.groups] == [(2, 0)]


def test_rooms_without_a_way_and_ways_without_rooms() -> None:
    assert findings(portals=[]) == [("space_unconnected", (HALL,)), ("space_unconnected", (OFFICE,))]
    outside = [*SOUND.portals, portal("door", DOOR, None, HALL)]
    assert findings(portals=outside) == [("door_of_one_room", (DOOR, HALL))]
    assert findings(portals=outside, door_facts={DOOR: {"IsExternal": True}}) == []
    assert findings(portals=[*SOUND.portals, portal("door", DOOR, None, None)]) == [
        ("door_of_no_room", (DOOR,))
    ]
    assert findings(portals=[*SOUND.portals, portal("stair", STAIR, HALL, None)]) == [
        ("stair_unjoined", (STAIR,))
    ]
    assert findings(spaces=[], portals=[portal("door", DOOR, None, None)]) == [("no_rooms", ())]


def test_rooms_that_share_floor_at_the_same_height_overlap() -> None:
    assert findings(spaces=[space(HALL, 0, 5), space(OFFICE, 4, 9)]) == [("spaces_overlap", (HALL, OFFICE))]
    assert findings(spaces=[space(HALL, 0, 5), space(OFFICE, 4, 9, floor=2.8)]) == []
    assert findings(spaces=[space(HALL, 0, 5), space(OFFICE, 4.99, 9)]) == []


def test_a_space_without_a_volume_is_told_once() -> None:
    empty = replace(space(OFFICE, 0, 1), footprint=shapely.Polygon())
    assert findings(spaces=[space(HALL, 0, 5), empty]) == [("space_without_shape", (OFFICE,))]


def test_boundaries_are_compared_only_where_a_door_has_any() -> None:
    assert findings(boundaries=[(HALL, DOOR), (OFFICE, DOOR), (HALL, WALL)]) == []
    assert findings(boundaries=[(HALL, DOOR)]) == [("boundary_differs", (DOOR, OFFICE))]


def test_elements_off_their_storey_and_off_any() -> None:
    assert findings(elements=with_element(WALL, storey_index=None)) == [("no_storey", (WALL,))]
    assert findings(elements=with_element(WALL, box=(0, 0, 6, 1, 1, 9))) == [("off_storey", (WALL, STOREY))]
    assert findings(elements=with_element(WALL, box=(0, 0, -4, 1, 1, -2))) == [("off_storey", (WALL, STOREY))]
    assert findings(elements=with_element(WALL, box=(0, 0, -4, 1, 1, 9))) == []
    assert findings(elements=with_element(WALL, box=None, storey_index=None)) == []
    assert findings(storeys=[]) == [("no_storeys", ())]


def test_trees_need_no_storey_and_a_high_hall_holds_its_lamps() -> None:
    site = [*with_element(WALL, storey_index=None, parent_index=7), element(7, "IfcSite", storey_index=None)]
    assert findings(elements=site) == []
    on_no_floor = with_element(WALL, storey_index=None, parent_index=BUILDING)
    assert findings(elements=on_no_floor) == [("no_storey", (WALL,))]
    lamp = with_element(WALL, box=(0, 0, 7, 1, 1, 7.2), space_index=HALL)
    high = [replace(space(HALL, 0, 5), height_m=7.5), space(OFFICE, 5.2, 9)]
    assert findings(elements=lamp, spaces=high) == []
    assert findings(elements=lamp) == [("off_storey", (WALL, STOREY))]


def test_storeys_of_one_building_must_not_clash() -> None:
    elements = [*SOUND.elements, element(7, "IfcBuildingStorey", parent_index=STOREY)]
    at_one = [storey(STOREY, 0.0), storey(7, 0.1)]
    assert findings(elements=elements, storeys=at_one) == [("storeys_at_one_level", (STOREY, 7))]
    assert findings(elements=elements, storeys=[storey(STOREY, 0.0), storey(7, 1.2)]) == [
        ("storey_low", (STOREY,))
    ]
    other_building = [*SOUND.elements, element(7, "IfcBuildingStorey", parent_index=WALL)]
    assert findings(elements=other_building, storeys=at_one) == []


def test_what_the_pipeline_warned_of_is_told_with_the_element_s_name() -> None:
    warnings = [{"code": "shape_failed", "guid": guid_of(WALL), "message": "IfcWall: no volume"}]
    report = check_quality(replace(SOUND, warnings=warnings))
    assert [(f.code, f.message) for f in report.findings] == [
        ("shape_failed", "Wall 'n6': IfcWall: no volume")
    ]


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
def test_groups_are_the_components_of_the_graph_of_rooms(edges: list[tuple[int, int]]) -> None:
    spaces = [space(index, 10 * index, 10 * index + 5) for index in range(12)]
    portals = [portal("opening", None, a, b) for a, b in edges]
    elements = [element(index, "IfcSpace") for index in range(12)]
    report = check_quality(replace(SOUND, elements=elements, spaces=spaces, portals=portals, storeys=[]))
    graph: nx.Graph[int] = nx.Graph(edges)
    graph.add_nodes_from(range(12))
    expected = {frozenset(guid_of(room) for room in part) for part in nx.connected_components(graph)}
    assert {frozenset(group.rooms) for group in report.groups} == expected
    sizes = [len(group.rooms) for group in report.groups]
    assert sizes == sorted(sizes, reverse=True)


def test_a_package_is_checked_and_every_code_has_a_title(package: ModelPackage) -> None:
    report = package.quality()
    assert isinstance(report, QualityReport)
    assert set(report.counts) <= set(TITLES)
    # The booth stands in the hall; nothing leads into it, nor into the upper hall.
    assert report.counts == {"spaces_overlap": 1, "space_unconnected": 2}
    assert [(len(group.rooms), group.exits) for group in report.groups] == [(2, 0), (1, 0), (1, 0)]
