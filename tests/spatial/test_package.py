"""A package answers who, what and where; a folder that is none is refused in one line."""

from __future__ import annotations

import json
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import (
    BadCursorError,
    IncompletePackageError,
    NotAPackageError,
    PackageError,
    QueryError,
    UnknownPlaceError,
    WrongFormatError,
)
from spatial.manifest import read_manifest
from spatial.model import ElementFilter, Page
from spatial.package import ModelPackage

from .conftest import ELEMENTS, guid_of


def indices(page: Page) -> list[int]:
    return [element.element_index for element in page.items]


def test_an_element_is_found_by_guid_index_and_tag(package: ModelPackage) -> None:
    door = package.element(guid_of(10))
    assert (door.element_index, door.ifc_class, door.name, door.tag) == (10, "IfcDoor", "门", "D-01")
    assert door.box == (9.9, 4, 0, 10.1, 5, 2.1)
    assert package.element_at(10) == door
    assert package.elements_by_tag("D-01") == (door,)
    assert package.elements_by_tag("") == ()
    assert [element.element_index for element in package.elements_at([12, 3, 99, 10])] == [12, 3, 10]
    assert package.element_at(13).box is None


def test_unknown_elements_and_places_are_named(package: ModelPackage) -> None:
    for ask in (package.element, package.detail, package.storey, package.space):
        with pytest.raises(UnknownPlaceError, match="nowhere"):
            ask("nowhere")
    with pytest.raises(UnknownPlaceError, match="99"):
        package.element_at(99)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ElementFilter(), list(range(len(ELEMENTS)))),
        (ElementFilter(classes=("IfcWall",)), [8, 9]),
        (ElementFilter(classes=("ifcwallstandardcase",)), [9]),
        (ElementFilter(classes=("lightfixture", "Door")), [10, 11, 12]),
        (ElementFilter(classes=("IfcPump",)), []),
        (ElementFilter(storey_index=3), [7]),
        (ElementFilter(space_index=4), [11, 13]),
        (ElementFilter(classes=("IfcLightFixture",), space_index=6), [12]),
        (ElementFilter(text="羽毛"), [4]),
        (ElementFilter(text="灯具"), [11, 12]),
        (ElementFilter(text="灯具 2"), [12]),
        (ElementFilter(text="floor"), [2, 3]),
        (ElementFilter(text="l-0"), [11, 12]),
        (ElementFilter(text="hall"), [4, 7, 1]),  # rooms before the building
        (ElementFilter(text="hall", storey_index=3), [7]),
        (ElementFilter(text="  "), list(range(len(ELEMENTS)))),
        (ElementFilter(text="-*-"), []),
        (ElementFilter(text="' OR 1=1 --"), []),
        (ElementFilter(indices=(7, 3, 500)), [3, 7]),
        (ElementFilter(indices=()), []),
    ],
)
def test_filters(package: ModelPackage, wanted: ElementFilter, expected: list[int]) -> None:
    assert indices(package.find(wanted)) == expected
    assert [element.element_index for element in package.iterate(wanted)] == expected


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 14, 15, 1000])
def test_pages_make_up_the_whole_list(package: ModelPackage, limit: int) -> None:
    found, cursor = [], ""
    while True:
        page = package.find(limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        found += indices(page)
        if page.next is None:
            break
        cursor = page.next
    assert found == list(range(len(ELEMENTS)))


def test_pages_of_a_search_make_up_the_whole_too(package: ModelPackage) -> None:
    pages = [package.find(ElementFilter(text="hall"), limit=1)]
    while pages[-1].next is not None:
        pages.append(package.find(ElementFilter(text="hall"), limit=1, cursor=pages[-1].next))
    assert [indices(page) for page in pages] == [[4], [7], [1]]


def test_limits_are_brought_into_bounds(package: ModelPackage) -> None:
    assert len(package.find(limit=0).items) == 1
    assert len(package.find(limit=10**9).items) == len(ELEMENTS)


@pytest.mark.parametrize("cursor", ["-1", "x", "1; DROP", "٣", "9" * 40])
def test_a_made_up_cursor_is_refused(package: ModelPackage, cursor: str) -> None:
    with pytest.raises(BadCursorError, match="cursor"):
        package.find(cursor=cursor)


def test_detail_tells_all_of_a_door(package: ModelPackage) -> None:
    detail = package.detail(guid_of(10))
    assert detail.type is not None
    assert (detail.type.name, detail.type.guid) == ("Fire door", "type-guid")
    told = {
        (pset.name, entry.name): (entry.value, entry.unit, entry.from_type)
        for pset in detail.property_sets
        for entry in pset.properties
    }
    assert told == {
        ("A_Own", "尺寸"): ([1, 2], "mm", False),
        ("Pset_DoorCommon", "FireRating"): ("EI30", "", True),
        ("Pset_DoorCommon", "IsExternal"): (True, "", False),
        ("Qto", "Width"): (0.9, "m", True),
    }
    assert [material.name for material in detail.materials] == ["Oak", "Glass"]
    assert [entry.code for entry in detail.classifications] == ["SL"]
    assert [parent.name for parent in detail.parents] == ["墙", "1F", "Palace", "Site"]
    assert detail.placement is not None
    assert detail.placement[:3, 3].tolist() == [9.9, 4, 0]
    assert package.detail(guid_of(11)).systems[0].name == "Lighting"
    assert package.detail(guid_of(13)).placement is None


def test_children_are_listed_and_counted(package: ModelPackage) -> None:
    detail = package.detail(guid_of(2))
    assert [child.element_index for child in detail.children] == [4, 5, 6, 8, 9]
    assert detail.child_count == 5
    assert len(package.children(2, limit=2)) == 2


def test_a_loop_of_parents_ends(folder: Path) -> None:
    with sqlite3.connect(folder / "model.db") as connection:
        connection.execute("UPDATE element SET parent_index = 10 WHERE element_index = 1")
    with ModelPackage.open(folder) as package:
        assert [parent.element_index for parent in package.detail(guid_of(10)).parents] == [8, 2, 1]


def test_columns_follow_the_elements(package: ModelPackage) -> None:
    columns = package.columns
    names = [columns.class_names[number] for number in columns.class_id]
    assert names == [row.ifc_class for row in ELEMENTS]
    assert columns.storey.tolist() == [-1 if row.storey is None else row.storey for row in ELEMENTS]
    assert columns.space.tolist() == [-1 if row.space is None else row.space for row in ELEMENTS]


def test_storeys_spaces_and_portals(package: ModelPackage) -> None:
    assert [(storey.name, storey.elevation_m) for storey in package.storeys] == [("1F", 0.0), ("2F", 4.0)]
    assert package.storey(guid_of(3)).name_en == "Upper floor"
    hall = package.space(guid_of(4))
    assert (hall.long_name, hall.area_m2, hall.footprint.area) == ("羽毛球馆", 80.0, 80.0)
    assert package.spaces_named("S1-01") == (hall,)
    door, passage = package.portals
    assert (door.space_a, door.space_b, door.a, door.b) == (4, 6, (9.5, 4.5, 0), (10.5, 4.5, 0))
    assert door.path is None
    assert passage.element_index is None
    assert passage.path is not None
    assert passage.path.tolist() == [[9, 4.5, 0], [11, 4.5, 0]]


def test_plans(package: ModelPackage) -> None:
    assert package.plan(package.storeys[0])["type"] == "FeatureCollection"
    with pytest.raises(UnknownPlaceError, match="2F"):
        package.plan_bytes(package.storeys[1])


@pytest.mark.parametrize(
    ("point", "space", "storey"),
    [
        ((5, 5, 1), 4, 2),
        ((2, 2, 1), 5, 2),  # in the booth, which stands in the hall
        ((2, 2, 3), 4, 2),  # over the booth
        ((12, 2, 1), 6, 2),
        ((12, 2, -0.1), 6, 2),  # a little under the floor
        ((12, 2, 3.8), None, 2),  # between the ceiling and the floor above
        ((12, 2, 4.1), 7, 3),
        ((12, 2, 20), None, None),
        ((100, 2, 1), None, None),
        ((12, 2, -5), None, None),
    ],
)
def test_locate(
    package: ModelPackage, point: tuple[float, float, float], space: int | None, storey: int | None
) -> None:
    found = package.locate(*point)
    assert (found.space and found.space.element_index) == space
    assert (found.storey and found.storey.element_index) == storey
    assert package.space_indices_at([point]).tolist() == [-1 if space is None else space]


def test_locate_names_what_holds_the_point_small_things_first(package: ModelPackage) -> None:
    found = package.locate(10.0, 4.5, 1.0)
    assert [element.name for element in found.elements] == ["门", "墙"]


def test_many_points_at_once_match_one_by_one(package: ModelPackage) -> None:
    points = np.random.default_rng(5).uniform([-1, -1, -1], [18, 10, 9], (500, 3))
    at_once = package.space_indices_at(points)
    assert at_once.tolist() == [int(package.space_indices_at(point)[0]) for point in points]
    assert package.space_indices_at(np.empty((0, 3))).tolist() == []


def test_nearest(package: ModelPackage) -> None:
    lights = package.nearest(11, 2, 3.05, ["IfcLightFixture"])
    assert [near.element.tag for near in lights] == ["L-02", "L-01"]
    assert lights[0].distance_m == pytest.approx(1.0)
    assert [near.element.name for near in package.nearest(10, 4.5, 1, limit=2)] == ["墙", "门"]
    assert {near.element.ifc_class for near in package.nearest(5, 5, 1)}.isdisjoint({"IfcSpace"})
    assert package.nearest(0, 0, 0, ["IfcPump"]) == ()
    assert [near.element.tag for near in package.nearest(11, 2, 3.05, ["IfcLightFixture"], radius_m=1.5)] == [
        "L-02"
    ]
    assert package.nearest(11, 2, 3.05, ["IfcLightFixture"], radius_m=0.5) == ()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_point_must_be_somewhere(package: ModelPackage, bad: float) -> None:
    for ask in (package.locate, package.nearest):
        with pytest.raises(QueryError, match="finite"):
            ask(1.0, bad, 2.0)


def test_far_away_there_is_nothing(package: ModelPackage) -> None:
    found = package.locate(1e300, -1e300, 1e300)
    assert (found.space, found.storey, found.elements) == (None, None, ())


def test_inside_takes_what_lies_wholly_in_the_box(package: ModelPackage) -> None:
    assert package.inside((0, 0, 0, 10.05, 8, 4)).tolist() == [4, 5, 11]
    assert package.inside((0, -1, 0, 20, 20, 4)).tolist() == [4, 5, 6, 8, 9, 10, 11, 12]


def test_threads_share_a_package(package: ModelPackage) -> None:
    def ask(number: int) -> tuple[int, ...]:
        page = package.find(ElementFilter(text="灯具"), limit=1 + number % 3)
        return (package.element(guid_of(number % 14)).element_index, len(page.items), len(package.spaces))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(200)))
    assert answers == [(number % 14, min(1 + number % 3, 2), 4) for number in range(200)]


def test_a_package_replaced_meanwhile_is_read_as_it_was(folder: Path, package: ModelPackage) -> None:
    folder.rename(folder.with_name("old"))
    shutil.rmtree(folder.with_name("old"))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: package.element(guid_of(4)).name, range(16)))
    assert set(found) == {"S1-01"}
    assert package.index.containing([5, 5, 1]).tolist() == [4]


def test_a_folder_without_manifest_is_no_package(tmp_path: Path) -> None:
    with pytest.raises(NotAPackageError, match="twin build"):
        ModelPackage.open(tmp_path)
    with pytest.raises(NotAPackageError, match="no model package"):
        ModelPackage.open(tmp_path / "absent")


@pytest.mark.parametrize("name", ["model.db", "boxes.idx", "tileset.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(IncompletePackageError, match=name):
        ModelPackage.open(folder)


@pytest.mark.parametrize("name", ["model.db", "boxes.idx", "manifest.json"])
@pytest.mark.parametrize("size", [0, 10, 5000])
def test_a_file_cut_short_is_refused(folder: Path, name: str, size: int) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: min(size, len(content) - 20)])
    with pytest.raises(PackageError, match="again"):
        ModelPackage.open(folder)


def test_an_index_of_another_model_is_refused(folder: Path) -> None:
    with sqlite3.connect(folder / "model.db") as connection:
        connection.execute("DELETE FROM element WHERE element_index = 13")
    with pytest.raises(IncompletePackageError, match="differ"):
        ModelPackage.open(folder)
    with sqlite3.connect(folder / "model.db") as connection:
        connection.execute("DELETE FROM element WHERE element_index = 5")
    with pytest.raises(IncompletePackageError, match="lacks elements"):
        ModelPackage.open(folder)


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"format": None}, {"counts": None}, {"counts": {"a": "x"}}, {"bounds": {"min": [1]}}],
)
def test_a_wrong_manifest_is_refused(folder: Path, change: dict[str, object]) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(WrongFormatError, match=r"manifest\.json"):
        ModelPackage.open(folder)


@given(st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr).map(str.encode))
def test_no_bytes_break_the_manifest_reader(content: bytes) -> None:
    with pytest.raises(WrongFormatError):
        read_manifest(content, "manifest.json")


def test_a_model_without_drawn_elements_has_no_bounds(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "bounds": None}))
    with ModelPackage.open(folder) as package:
        assert package.manifest.bounds is None
