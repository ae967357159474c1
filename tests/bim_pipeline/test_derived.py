"""Rooms that walls tell: on a house made of boxes, and against real models whose own rooms were taken out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ifcopenshell
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.palace import generate
from assets.palace.layout import build_layout
from bim_pipeline import derived
from bim_pipeline.build import build_package
from bim_pipeline.derived import prism, storeys_without_rooms
from bim_pipeline.enclosures import Enclosure, find_enclosures
from bim_pipeline.source import Element, Storey
from spatial.model import Space
from spatial.package import ModelPackage
from tests.bim_pipeline.models import House as ModelHouse
from tests.bim_pipeline.sample_house import House, box_mesh, placed, sample_house
from tests.bim_pipeline.test_build import contents, rows

FILES = Path(__file__).parents[3] / "shared" / "ifc"


def without_rooms(house: House) -> House:
    """The house as one whose architect drew no rooms."""
    meshes = {i: m for i, m in house.meshes.items() if house.elements[i].ifc_class != "IfcSpace"}
    return replace(house, meshes=meshes, spaces=[])


def rooms_of(house: House) -> list[Enclosure]:
    return find_enclosures(house.elements, house.storeys, house.meshes)


def test_rooms_lie_between_walls_with_the_doors_closed() -> None:
    found = rooms_of(without_rooms(sample_house()))
    ground = [room for room in found if room.floor_z_m == 0.0]
    outlines = sorted((round(room.outline.area, 1), *np.round(room.outline.bounds, 1)) for room in ground)
    # The living room and the studio are one free floor; the column stands in it, as the stair does not.
    assert outlines == [(29.9, 5.2, 0.0, 9.0, 8.0), (39.9, 0.0, 0.0, 5.0, 8.0)]
    assert {room.storey_index for room in ground} == {0}


def test_a_narrow_opening_without_a_door_parts_two_rooms() -> None:
    house = sample_house()
    pierced = next(e for e in house.elements if e.name == "pierced")
    house.meshes[pierced.element_index] = box_mesh((5.2, 4, 0, 6.0, 4.2, 2.8), (7.0, 4, 0, 9, 4.2, 2.8))
    ground = [room for room in rooms_of(without_rooms(house)) if room.floor_z_m == 0.0]
    assert sorted(round(room.outline.area) for room in ground) == [14, 15, 40]


def test_what_is_open_to_the_outside_is_no_room() -> None:
    house = without_rooms(sample_house())
    outer = next(e for e in house.elements if e.name == "outer")
    house.meshes[outer.element_index] = box_mesh((9, 0, 0, 9.2, 8, 5.8), (-0.2, 8, 0, 9.2, 8.2, 5.8))
    assert rooms_of(house) == []


def test_a_cavity_in_a_wall_is_no_room() -> None:
    house = House()
    house.add_storey("1F", 0.0, 3.0)
    for low, high in ((0.0, 6.0), (6.3, 12.0)):
        walls = (low, 0, 0, low + 0.1, 5, 3), (high - 0.1, 0, 0, high, 5, 3)
        house.add("IfcWall", "wall", box_mesh(*walls, (low, 0, 0, high, 0.1, 3), (low, 4.9, 0, high, 5, 3)))
    house.add("IfcWall", "ends", box_mesh((6, 0, 0, 6.3, 0.1, 3), (6, 4.9, 0, 6.3, 5, 3)))
    assert [round(room.outline.area) for room in rooms_of(house)] == [28, 26]


def test_a_gallery_ends_at_its_void_and_a_roof_behind_its_parapet_is_no_room() -> None:
    house = House()
    for number in range(3):
        house.add_storey(f"{number + 1}F", 3.0 * number, 3.0)
    ring = [(0, 0, 0.2, 8), (9.8, 0, 10, 8), (0, 0, 10, 0.2), (0, 7.8, 10, 8)]
    walls = [(x0, y0, 0, x1, y1, 7.3) for x0, y0, x1, y1 in ring]
    house.add("IfcWall", "walls and a parapet of 1.3 m", box_mesh(*walls))
    slabs = ((0, 0, -0.2, 10, 8, 0), (0, 0, 2.8, 4, 8, 3.0), (0, 0, 5.8, 10, 8, 6.0))
    for slab in slabs:
        house.add("IfcSlab", "slab", box_mesh(slab))
    found = [(room.storey_index, round(room.outline.area, 1), room.height_m) for room in rooms_of(house)]
    assert found == [(0, 73.0, 2.8), (1, 29.3, 2.8)]


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 360), st.floats(-300, 300), st.floats(-300, 300))
def test_rooms_are_found_wherever_a_house_stands(angle: float, x: float, y: float) -> None:
    house = without_rooms(sample_house())
    matrix = placed(x, y, 0.0, angle)
    here = shapely.union_all([room.outline for room in rooms_of(house)])
    there = shapely.union_all([room.outline for room in rooms_of(house.moved(angle, x, y))])
    moved = shapely.transform(here, lambda xy: xy @ matrix[:2, :2].T + matrix[:2, 3])
    assert shapely.symmetric_difference(moved, there).area < 0.05


def test_storeys_count_that_have_no_rooms_anywhere_or_doors_but_no_rooms() -> None:
    house = sample_house()
    assert storeys_without_rooms(house.elements, house.storeys, []) == house.storeys
    assert storeys_without_rooms(house.elements, house.storeys, house.spaces) == []
    upstairs = [space for space in house.spaces if space.storey_index != 0]
    assert storeys_without_rooms(house.elements, house.storeys, upstairs) == house.storeys[:1]
    downstairs = [space for space in house.spaces if space.storey_index == 0]
    assert storeys_without_rooms(house.elements, house.storeys, downstairs) == []


rectangles = st.tuples(*[st.integers(1, 40)] * 4).map(
    lambda r: shapely.box(0, 0, r[0] + r[2] + 2, r[1] + r[3] + 2)
)
holes = st.tuples(st.integers(1, 3), st.integers(1, 3))


@given(rectangles, holes, st.floats(0.5, 20))
def test_a_room_s_volume_is_closed_and_wound_outwards(
    outline: shapely.Polygon, hole: tuple[int, int], height: float
) -> None:
    pierced = shapely.difference(outline, shapely.box(0.5, 0.5, 0.5 + hole[0] / 2, 0.5 + hole[1] / 2))
    assert isinstance(pierced, shapely.Polygon)
    vertices, triangles = prism(pierced, height)
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    assert np.einsum("ij,ij", a, np.cross(b, c)) / 6 == pytest.approx(pierced.area * height)
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    assert {tuple(e) for e in edges.tolist()} == {(e[1], e[0]) for e in edges.tolist()}


# Real models, their rooms taken out


@dataclass(frozen=True)
class Match:
    """How well derived rooms are those that were drawn: `matched` have 80 % of both areas in common."""

    drawn: int
    matched: int
    covered: float
    outside: float


def stripped(source: Path, target: Path) -> Path:
    """A copy of a model without its spaces."""
    model: Any = ifcopenshell.open(str(source))
    for space in model.by_type("IfcSpace"):
        model.remove(space)
    model.write(str(target))
    return target


def build(source: Path, target: Path) -> ModelPackage:
    build_package(source, target, jobs=1)
    return ModelPackage.open(target)


def compare(truth: list[Space], derived: tuple[Space, ...]) -> Match:
    matched, covered = 0, 0.0
    for room in truth:
        near = [d.footprint for d in derived if abs(d.floor_z_m - room.floor_z_m) < 1.0]
        common = [shapely.intersection(room.footprint, other) for other in near]
        shares = [c.area / shapely.union(room.footprint, o).area for c, o in zip(common, near, strict=True)]
        matched += max(shares, default=0.0) >= 0.8
        covered += shapely.union_all(common).area if common else 0.0
    outside = 0.0
    for room in derived:
        same = [t.footprint for t in truth if t.floor_z_m - 1.0 < room.floor_z_m < t.floor_z_m + t.height_m]
        outside += shapely.difference(room.footprint, shapely.union_all(same)).area
    total = sum(room.footprint.area for room in truth)
    whole = sum(room.area_m2 for room in derived)
    return Match(len(truth), matched, round(covered / total, 2), round(outside / whole, 2))


@dataclass(frozen=True)
class Least:
    """What must be reached: matched rooms and covered area, and portals of which both rooms are known."""

    drawn: int
    matched: int
    covered: float
    outside: float
    doors: int


# Rooms that are open to each other without a wall are one derived room: those are the ones not matched.
REAL = {
    "Office_A": Least(98, 82, 0.95, 0.02, 85),
    "Duplex_baseline": Least(20, 10, 0.95, 0.05, 10),
    "BW_LargeBuilding": Least(8, 8, 0.99, 0.36, 8),
}


@pytest.mark.parametrize("name", sorted(REAL))
def test_derived_rooms_are_those_that_were_drawn(name: str, tmp_path: Path) -> None:
    source = FILES / f"{name}.ifc"
    if not source.exists():
        pytest.skip(f"{source.name} is not here")
    with build(source, tmp_path / "drawn") as drawn:
        truth = [s for s in drawn.spaces if s.area_m2 > 0 and s.long_name not in ("Roof", "ELEV")]
    with build(stripped(source, tmp_path / "stripped.ifc"), tmp_path / "derived") as package:
        match = compare(truth, package.spaces)
        between = sum(
            p.space_a is not None and p.space_b is not None for p in package.portals if p.kind == "door"
        )
        assert all(space.derived for space in package.spaces)
    least = REAL[name]
    assert match.drawn == least.drawn
    assert match.matched >= least.matched
    assert match.covered >= least.covered
    assert match.outside <= least.outside
    assert between >= least.doors


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_venue_without_its_rooms_has_them_again(palace_package: Path, tmp_path: Path) -> None:
    generate(tmp_path / "palace.ifc")
    outdoors = {space.number for space in build_layout().spaces if space.external}
    with ModelPackage.open(palace_package) as drawn:
        truth = [space for space in drawn.spaces if space.name not in outdoors]
    with build(stripped(tmp_path / "palace.ifc", tmp_path / "stripped.ifc"), tmp_path / "derived") as package:
        match = compare(truth, package.spaces)
    assert match.matched >= 175
    assert match.covered >= 0.9


def test_a_structure_without_facade_has_its_covered_floors_as_rooms(tmp_path: Path) -> None:
    source = FILES / "HHS_construction.ifc"
    if not source.exists():
        pytest.skip(f"{source.name} is not here")
    with build(source, tmp_path / "package") as package:
        floors = {storey.name: 0.0 for storey in package.storeys}
        names = {storey.element_index: storey.name for storey in package.storeys}
        for space in package.spaces:
            floors[names[space.storey_index or 0]] += space.area_m2
        stairs = [p for p in package.portals if p.kind == "stair"]
    assert {name: round(area, -1) for name, area in floors.items()} == {
        "Level 1": 1600, "Level 2": 1530, "Level 3": 1510, "Roof Level": 0,
    }  # fmt: skip
    # Each floor is one great room, and every stair joins two of them.
    assert len(stairs) == 8
    assert all(None not in (stair.space_a, stair.space_b) for stair in stairs)


def test_derived_rooms_keep_their_guids_and_bytes(tmp_path: Path) -> None:
    source = FILES / "BW_LargeBuilding.ifc"
    if not source.exists():
        pytest.skip(f"{source.name} is not here")
    model = stripped(source, tmp_path / "stripped.ifc")
    for jobs in (1, 2):
        build_package(model, tmp_path / str(jobs), jobs=jobs)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    found = rows(
        tmp_path / "1",
        "SELECT e.element_index, guid, class, e.storey_index, shape_status FROM element e "
        "JOIN space s ON s.element_index = e.element_index AND derived ORDER BY 1",
    )
    count = rows(tmp_path / "1", "SELECT count(*) FROM element")[0][0]
    assert [row[0] for row in found] == list(range(count - len(found), count))
    assert [row[1] for row in found] == sorted({row[1] for row in found})
    assert {(row[2], row[4]) for row in found} == {("IfcSpace", "drawn")}
    assert all(row[3] is not None for row in found)
    text = rows(tmp_path / "1", "SELECT count(*) FROM element_text WHERE element_text MATCH 'derived'")
    assert text[0][0] == len(found)


def test_derived_rooms_outlive_a_change_and_an_older_package(tmp_path: Path) -> None:
    """A wall moves: its rooms keep their guids, and the package is what it would be without the older one."""
    source = FILES / "BW_LargeBuilding.ifc"
    if not source.exists():
        pytest.skip(f"{source.name} is not here")
    older = stripped(source, tmp_path / "older.ifc")
    model: Any = ifcopenshell.open(str(older))
    wall = model.by_type("IfcWall")[0]
    location = wall.ObjectPlacement.RelativePlacement.Location
    location.Coordinates = (location.Coordinates[0], location.Coordinates[1] + 300.0, location.Coordinates[2])
    model.write(str(tmp_path / "newer.ifc"))
    build_package(older, tmp_path / "onto", jobs=1)
    before = guids(tmp_path / "onto")
    build_package(tmp_path / "newer.ifc", tmp_path / "onto", jobs=1)
    build_package(tmp_path / "newer.ifc", tmp_path / "scratch", jobs=1)
    assert (tmp_path / "onto" / "model.db").read_bytes() == (tmp_path / "scratch" / "model.db").read_bytes()
    assert len(before & guids(tmp_path / "onto")) >= len(before) - 1


def guids(target: Path) -> set[str]:
    sql = "SELECT guid FROM element JOIN space USING (element_index) WHERE derived"
    return {row[0] for row in rows(target, sql)}


def test_walls_that_cannot_be_cut_cost_the_rooms_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: object) -> list[Enclosure]:
        raise shapely.GEOSException("TopologyException: side location conflict")

    monkeypatch.setattr(derived, "find_enclosures", fails)
    made = ModelHouse(chairs=0)
    made.file.remove(made.products["hall"])
    report = build_package(made.write(tmp_path / "x.ifc"), tmp_path / "package", jobs=1)
    assert [warning["code"] for warning in report.warnings] == ["rooms_not_derived"]
    assert report.spaces == 0
    assert report.rendered_elements > 0


def test_elements_of_no_storey_have_rooms_where_walls_stand() -> None:
    house = House()
    ring = [(0, 0, 0, 0.2, 5, 3), (5, 0, 0, 5.2, 5, 3), (0, 0, 0, 5.2, 0.2, 3), (0, 4.8, 0, 5.2, 5, 3)]
    house.add("IfcWall", "walls", box_mesh(*ring))
    (room,) = find_enclosures(house.elements, [], house.meshes)
    assert (room.storey_index, room.floor_z_m) == (None, 0.0)
    assert room.outline.area == pytest.approx(4.8 * 4.6, abs=0.05)
    assert find_enclosures([Element(0, "0" * 22, 1, "IfcBeam")], [Storey(0, 0, 0.0, 3.0)], {}) == []
