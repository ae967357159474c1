"""The IMDF archive: against the standard's tables, valid on the map, complete, the same each time."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pyproj import Geod
from shapely.geometry import shape

from spatial.model import Portal
from spatial.package import ModelPackage
from tests.twin.export.imdf_schema import MANIFEST, SCHEMAS
from twin.cli import run
from twin.export.categories import unit_category
from twin.export.earth import Earth
from twin.export.features import FEATURE_TYPES, labels
from twin.export.imdf import opening_ends, ordinals
from twin.export.outlines import Outlines, floor_outline

Archive = dict[str, list[dict[str, Any]]]
ADDRESS = ["--address", "体育路 1 号", "--locality", "厦门", "--province", "CN-FJ", "--country", "CN"]
VENUE = Path(__file__).parents[3] / "assets" / "palace" / "venue"


def read_archive(path: Path) -> Archive:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        files = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    Draft202012Validator(MANIFEST).validate(files.pop("manifest.json"))
    assert {name.removesuffix(".geojson") for name in files} == set(FEATURE_TYPES)
    assert all(content["type"] == "FeatureCollection" for content in files.values())
    return {name.removesuffix(".geojson"): content["features"] for name, content in files.items()}


@pytest.fixture(scope="module")
def package(palace_package: Path) -> ModelPackage:
    return ModelPackage.open(palace_package)


@pytest.fixture(scope="module")
def archive(palace_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    target = tmp_path_factory.mktemp("imdf") / "palace.zip"
    command = ["export", str(palace_package), "--format", "imdf", "-o", str(target), "--venue", str(VENUE)]
    assert run([*command, *ADDRESS]) == 0
    return read_archive(target)


@pytest.mark.parametrize("kind", FEATURE_TYPES)
def test_features_have_the_members_of_their_table(archive: Archive, kind: str) -> None:
    assert archive[kind]
    validator = Draft202012Validator(SCHEMAS[kind])
    for feature in archive[kind]:
        validator.validate(feature)


def test_outlines_are_valid_and_wound_as_geojson_wants(archive: Archive) -> None:
    for kind in ("venue", "footprint", "level", "unit"):
        for feature in archive[kind]:
            outline = shape(feature["geometry"])
            assert outline.is_valid, feature["id"]
            for polygon in shapely.get_parts(outline):
                assert polygon.exterior.is_ccw
                assert not any(ring.is_ccw for ring in polygon.interiors)


def test_every_space_is_one_unit(archive: Archive, package: ModelPackage) -> None:
    guids = [feature["properties"]["ifc_guid"] for feature in archive["unit"]]
    assert sorted(guids) == sorted(space.guid for space in package.spaces)


def test_ids_are_unique_and_references_lead_somewhere(archive: Archive) -> None:
    ids = {kind: {feature["id"] for feature in found} for kind, found in archive.items()}
    everything = [feature["id"] for found in archive.values() for feature in found]
    assert len(everything) == len(set(everything))
    references = {
        "level_id": "level",
        "building_ids": "building",
        "unit_ids": "unit",
        "address_id": "address",
    }
    for feature in (feature for found in archive.values() for feature in found):
        for key, kind in references.items():
            told = feature["properties"].get(key) or []
            assert set([told] if isinstance(told, str) else told) <= ids[kind]


def test_levels_are_numbered_upwards_from_the_ground_floor(archive: Archive, package: ModelPackage) -> None:
    elevation = {storey.guid: storey.elevation_m for storey in package.storeys}
    levels = sorted(archive["level"], key=lambda level: elevation[level["properties"]["ifc_guid"]])
    assert [level["properties"]["ordinal"] for level in levels] == list(range(-1, 6))
    assert levels[0]["properties"]["short_name"]["zh-CN"].startswith("B1")
    assert not any(level["properties"]["outdoor"] for level in levels)


def test_units_lie_on_their_level_and_openings_beside_units(archive: Archive) -> None:
    floor = {level["id"]: shape(level["geometry"]).buffer(1e-6) for level in archive["level"]}
    for unit in archive["unit"]:
        outline = shape(unit["geometry"])
        assert floor[unit["properties"]["level_id"]].intersection(outline).area > 0.99 * outline.area
        assert outline.contains(shape(unit["properties"]["display_point"]))
    units = defaultdict(list)
    for unit in archive["unit"]:
        units[unit["properties"]["level_id"]].append(shape(unit["geometry"]))
    for opening in archive["opening"]:
        # A degree is 111 km: within 0.9 m of a room.
        near = shapely.distance(shape(opening["geometry"]), units[opening["properties"]["level_id"]])
        assert near.min() < 0.8e-5, opening["id"]


def test_areas_on_the_ground_are_those_of_the_model(archive: Archive, package: ModelPackage) -> None:
    area = {space.guid: space.footprint.area for space in package.spaces}
    ellipsoid = Geod(ellps="WGS84")
    for unit in archive["unit"]:
        measured, _ = ellipsoid.geometry_area_perimeter(shape(unit["geometry"]))
        # A Gauss-Krueger zone stretches by parts in ten thousand; coordinates are told to a millimetre.
        assert abs(measured) == pytest.approx(area[unit["properties"]["ifc_guid"]], rel=2e-3, abs=0.02)


def test_people_find_lifts_stairs_and_toilets(archive: Archive) -> None:
    found = defaultdict(list)
    for amenity in archive["amenity"]:
        found[amenity["properties"]["category"]].append(amenity)
    assert {
        "elevator",
        "stairs",
        "restroom.female",
        "restroom.male",
        "restroom.wheelchair",
        "parking",
    } <= set(found)
    assert all(each["properties"]["accessibility"] == ["wheelchair"] for each in found["restroom.wheelchair"])
    stops = defaultdict(set)
    for stop in found["elevator"]:
        stops[stop["properties"]["correlation_id"]].add(stop["id"])
    assert None not in stops
    assert min(map(len, stops.values())) >= 2
    units = {unit["id"]: shape(unit["geometry"]).buffer(1e-6) for unit in archive["unit"]}
    for amenity in found["restroom.female"]:
        (unit,) = amenity["properties"]["unit_ids"]
        assert units[unit].contains(shape(amenity["geometry"]))


def test_the_venue_folder_gives_name_and_hours(archive: Archive) -> None:
    (venue,) = archive["venue"]
    assert set(venue["properties"]["name"]) == {"zh-CN", "en"}
    assert venue["properties"]["hours"].startswith("Mo ")
    (address,) = archive["address"]
    assert address["properties"]["locality"] == "厦门"


def test_outer_doors_are_principal(archive: Archive, package: ModelPackage) -> None:
    principal = [o for o in archive["opening"] if o["properties"]["category"] == "pedestrian.principal"]
    assert 5 < len(principal) < len(archive["opening"]) / 4
    doors = [portal for portal in package.portals if portal.kind in ("door", "opening")]
    assert len(archive["opening"]) == len(doors)


def test_a_folder_is_written_again_but_not_over_other_things(palace_package: Path, tmp_path: Path) -> None:
    command = ["export", str(palace_package), "--format", "imdf", "-o", str(tmp_path / "map")]
    assert run(command) == 0
    first = (tmp_path / "map" / "unit.geojson").read_bytes()
    assert run(command) == 0
    assert (tmp_path / "map" / "unit.geojson").read_bytes() == first
    (tmp_path / "map" / "notes.txt").write_text("mine")
    assert run(command) == 2
    assert (tmp_path / "map" / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["map"]


def test_a_model_that_is_nowhere_is_told_in_local_metres(
    palace_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "nowhere"
    shutil.copytree(palace_package, nowhere)
    facts = json.loads((nowhere / "manifest.json").read_bytes())
    (nowhere / "manifest.json").write_text(json.dumps({**facts, "georeference": None}))
    command = ["export", str(nowhere), "--format", "imdf", "-o", str(tmp_path / "map.zip"), "--json"]
    assert run(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["coordinates"] == "local metres"
    assert "--latitude" in told["warnings"][0]
    low_x, low_y, _, high_x, high_y, _ = ModelPackage.open(nowhere).manifest.bounds or (0.0,) * 6
    for unit in read_archive(tmp_path / "map.zip")["unit"]:
        x, y = unit["properties"]["display_point"]["coordinates"]
        assert low_x <= x <= high_x
        assert low_y <= y <= high_y
    assert run([*command, "--latitude", "24.49", "--longitude", "118.11"]) == 0
    assert json.loads(capsys.readouterr().out)["coordinates"] == "EPSG:4326"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "dwg"], "choose one of imdf"),
        (["--format", "imdf", "--category", "palace"], "communitycenter"),
        (["--format", "imdf", "--latitude", "24"], "go together"),
        (["--format", "imdf", "--latitude", "124", "--longitude", "0"], "-90 to 90"),
        (["--format", "imdf", "--country", "CN"], "--address and --locality"),
        (["--format", "bot", "--base", "no iri"], "IRI"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line(
    palace_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert run(["export", str(palace_package), "-o", str(tmp_path / "out"), *options]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@given(st.lists(st.floats(-50, 200), min_size=1, max_size=12))
def test_ordinals_go_up_with_height_and_one_is_the_ground(elevations: list[float]) -> None:
    found = ordinals(elevations)
    assert sorted(found) == list(range(min(found), min(found) + len(found)))
    ground = found.index(0)
    assert abs(elevations[ground]) == min(map(abs, elevations))
    by_number = [elevation for _, elevation in sorted(zip(found, elevations, strict=True))]
    assert by_number == sorted(elevations)


coordinates = st.floats(-1e3, 1e3)


@given(a=st.tuples(coordinates, coordinates), b=st.tuples(coordinates, coordinates), width=st.floats(0, 20))
def test_an_opening_lies_across_the_way(a: tuple[float, float], b: tuple[float, float], width: float) -> None:
    portal = Portal(0, None, "door", None, None, (*a, 0.0), (*b, 0.0), width, None)
    ends = opening_ends(portal)
    assert np.allclose(ends.mean(axis=0), (np.array(a) + b) / 2)
    assert np.hypot(*(ends[1] - ends[0])) == pytest.approx(max(width, 0.3))
    if np.hypot(*(np.array(b) - a)) > 1e-6:
        assert (ends[1] - ends[0]) @ (np.array(b) - a) == pytest.approx(0, abs=1e-6)


def test_a_floor_keeps_courtyards_and_closes_over_walls() -> None:
    ring = shapely.box(0, 0, 20, 20) - shapely.box(5, 5, 15, 15)
    with_shaft = ring - shapely.box(1, 1, 2, 2)
    halves = [with_shaft & shapely.box(0, 0, 9.9, 20), with_shaft & shapely.box(10.1, 0, 20, 20)]
    floor = floor_outline(halves, [])
    assert floor.area == pytest.approx(300, abs=0.5)
    walls_alone = floor_outline([], [shapely.box(0, 0, 10, 10) - shapely.box(0.3, 0.3, 9.7, 9.7)])
    assert walls_alone.area == pytest.approx(100, abs=0.5)


def test_local_metres_are_told_to_a_millimetre_and_broken_outlines_are_mended() -> None:
    outlines = Outlines(Earth("local", "local", np.eye(3)[:2]))
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2.00049)])
    made = shape(outlines.polygonal(bow_tie) or {})
    assert made.is_valid
    assert made.area == pytest.approx(2.0, abs=0.01)
    assert outlines.polygonal(shapely.Polygon()) is None
    assert outlines.point(1.23456, -0.0) == {"type": "Point", "coordinates": (1.235, 0.0)}


@pytest.mark.parametrize(
    ("told", "category"),
    [
        (("toilet_women", ""), "restroom.female"),
        (("", "Men's toilet"), "restroom.male"),
        (("accessible_toilet", ""), "restroom.wheelchair"),
        (("changing_room_men", "Men's changing room"), "room"),
        (("", "无障碍卫生间"), "restroom.wheelchair"),
        (("lift_lobby", ""), "lobby"),
        (("", "Treppenhaus", "stairwell"), "stairs"),
        (("", "Room 12"), "room"),
        (("badminton_hall", ""), "fieldofplay"),
    ],
)
def test_rooms_get_the_category_that_their_words_tell(told: tuple[str, ...], category: str) -> None:
    assert unit_category(*told) == category


def test_labels_always_have_the_export_s_language() -> None:
    assert labels("大厅", "Lobby", "zh-CN") == {"zh-CN": "大厅", "en": "Lobby"}
    assert labels("大厅", "", "en") == {"zh-CN": "大厅", "en": "大厅"}
    assert labels("Lobby", "", "en") == {"en": "Lobby"}
    assert labels("", "", "en") is None
