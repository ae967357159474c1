"""A house built end to end: what is drawn, what the catalogue says, and that nothing depends on chance."""

from __future__ import annotations

import gzip
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import numpy as np
import pytest

from bim_pipeline.build import build_package
from bim_pipeline.report import BuildReport, Progress
from tests.bim_pipeline.glb_reader import Drawn, Glb
from tests.bim_pipeline.models import House


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    build_package(House().write(folder / "house.ifc"), folder / "house.twin", jobs=1)
    return folder / "house.twin"


def rows(package: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(package / "model.db")
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def index_of(package: Path, name: str) -> int:
    return int(rows(package, "SELECT element_index FROM element WHERE name = ?", name)[0][0])


def tiles(package: Path) -> dict[str, list[Drawn]]:
    return {p.name: Glb(p.read_bytes()).drawn() for p in sorted((package / "tiles").glob("*.glb"))}


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "report.json"
    }


def leaves(tile: dict[str, Any]) -> list[dict[str, Any]]:
    own = [tile] if "content" in tile else []
    return own + [leaf for child in tile.get("children", []) for leaf in leaves(child)]


def test_every_drawn_element_is_in_exactly_one_tile(package: Path) -> None:
    drawn = [{d.feature for d in parts} for parts in tiles(package).values()]
    everything = [feature for features in drawn for feature in features]
    expected = [r[0] for r in rows(package, "SELECT element_index FROM element WHERE shape_status = 'drawn'")]
    assert sorted(everything) == sorted(expected)


def test_triangles_of_each_element_are_those_of_the_catalogue(package: Path) -> None:
    counted: dict[int, int] = {}
    for parts in tiles(package).values():
        for part in parts:
            counted[part.feature] = counted.get(part.feature, 0) + len(part.corners)
    assert counted == dict(rows(package, "SELECT element_index, triangles FROM element WHERE triangles > 0"))


def test_drawn_boxes_are_the_catalogue_boxes_within_the_stated_error(package: Path) -> None:
    error = json.loads((package / "manifest.json").read_bytes())["quantization_error_m"]
    boxes = {
        r[0]: np.array(r[1:])
        for r in rows(package, "SELECT element_index, min_x, min_y, min_z, max_x, max_y, max_z FROM element")
    }
    assert 0 < error < 0.001
    points: dict[int, list[Any]] = {}
    for parts in tiles(package).values():
        for part in parts:
            points.setdefault(part.feature, []).append(part.corners.reshape(-1, 3))
    for feature, corners in points.items():
        stacked = np.concatenate(corners)
        drawn = np.concatenate([stacked.min(axis=0), stacked.max(axis=0)])
        assert np.abs(drawn - boxes[feature]).max() <= error + 1e-5


def test_normals_look_out_of_the_bodies(package: Path) -> None:
    for parts in tiles(package).values():
        for part in parts:
            a, b, c = part.corners[:, 0], part.corners[:, 1], part.corners[:, 2]
            faces = np.cross(b - a, c - a)
            sizes = np.linalg.norm(faces, axis=1)
            solid = sizes > 1e-6
            unit = faces[solid] / sizes[solid, None]
            assert (np.einsum("ij,ij->i", unit, part.normals[solid, 0]) > 0.99).all()


def test_repeated_furniture_is_instanced_and_stands_where_the_model_says(package: Path) -> None:
    chairs = [d for parts in tiles(package).values() for d in parts if d.instanced]
    assert {d.feature for d in chairs} == {index_of(package, f"chair {i}") for i in range(6)}
    turned = next(d for d in chairs if d.feature == index_of(package, "chair 1"))
    low, high = turned.corners.reshape(-1, 3).min(axis=0), turned.corners.reshape(-1, 3).max(axis=0)
    # Its x axis points along y: 0.5 m of depth lie along -x of its place at x = 2 m.
    assert low == pytest.approx([1.5, 4.0, 0.0], abs=1e-3)
    assert high[0] == pytest.approx(2.0, abs=1e-3)


def test_colours_are_linear_and_transparency_decides_the_material(package: Path) -> None:
    everything = [d for parts in tiles(package).values() for d in parts]
    window = next(d for d in everything if d.feature == index_of(package, "window"))
    assert window.material == "glass"
    # sRGB 0.5 is 0.214 in linear light (IEC 61966-2-1).
    assert window.colours[0, 0] == pytest.approx([0.214, 0.5225, 1.0, 0.4], abs=0.004)
    chair = next(d for d in everything if d.feature == index_of(package, "chair 0"))
    assert (chair.material, chair.colours[0, 0].tolist()) == ("metal", [1.0, 0.0, 0.0, 1.0])


def test_tiles_belong_to_one_storey_and_spaces_have_their_own(package: Path) -> None:
    tileset = json.loads((package / "tileset.json").read_bytes())
    storey_of = dict(rows(package, "SELECT element_index, storey_index FROM element"))
    classes = dict(rows(package, "SELECT element_index, class FROM element"))
    drawn = tiles(package)
    found = leaves(tileset["root"])
    assert len(found) == len(drawn)
    for leaf in found:
        features = {d.feature for d in drawn[Path(leaf["content"]["uri"]).name]}
        assert {storey_of[f] for f in features} == {leaf["extras"]["storey"]}
        assert all((classes[f] == "IfcSpace") == (leaf["extras"]["kind"] == "spaces") for f in features)


def test_tile_boxes_hold_their_contents_and_their_children(package: Path) -> None:
    def check(tile: dict[str, Any]) -> None:
        low, high = span(tile)
        if "content" in tile:
            points = np.concatenate(
                [d.corners.reshape(-1, 3) for d in drawn[Path(tile["content"]["uri"]).name]]
            )
            assert (points.min(axis=0) >= low - 1e-3).all()
            assert (points.max(axis=0) <= high + 1e-3).all()
        for child in tile.get("children", []):
            child_low, child_high = span(child)
            assert (child_low >= low - 1e-3).all()
            assert (child_high <= high + 1e-3).all()
            assert child["geometricError"] <= tile["geometricError"]
            check(child)

    def span(tile: dict[str, Any]) -> tuple[Any, Any]:
        box = np.array(tile["boundingVolume"]["box"])
        half = np.abs(box[3:].reshape(3, 3)).sum(axis=0)
        return box[:3] - half, box[:3] + half

    drawn = tiles(package)
    check(json.loads((package / "tileset.json").read_bytes())["root"])


def test_the_catalogue_tells_what_the_model_says(package: Path) -> None:
    pump = rows(
        package, "SELECT class, predefined_type, storey_index, space_index FROM element WHERE name = 'pump'"
    )
    assert pump == [("IfcPump", "booster", index_of(package, "ground"), index_of(package, "hall"))]
    properties = rows(
        package, "SELECT name, value, unit FROM element_property WHERE pset = 'Pset_Pump' ORDER BY name"
    )
    assert properties == [("Depth", "2.5", "m"), ("Power", "1.5", "kW")]
    assert rows(package, "SELECT name_en, long_name FROM element WHERE class = 'IfcSpace'") == [
        ("Badminton hall", "羽毛球馆")
    ]
    assert rows(package, "SELECT name, thickness_m FROM element_material") == [
        ("Brick", 0.2),
        ("Plaster", 0.015),
    ]
    assert rows(package, "SELECT source, code, name FROM element_classification") == [
        ("Uniclass 2015", "Ss_25", "Wall systems")
    ]
    assert rows(
        package,
        "SELECT s.class, s.name, e.name FROM system s JOIN system_member USING (system_index)"
        " JOIN element e USING (element_index)",
    ) == [("IfcDistributionSystem", "Heating", "pump")]
    assert rows(package, "SELECT position, elevation_m, height_m FROM storey ORDER BY position") == [
        (0, 0.0, 3.0),
        (1, 3.0, 2.2),
    ]
    assert rows(package, "SELECT function, area_m2, height_m FROM space") == [("badminton_hall", 77.0, 2.8)]


def test_openings_are_cut_and_not_listed(package: Path) -> None:
    assert rows(package, "SELECT count(*) FROM element WHERE class = 'IfcOpeningElement'") == [(0,)]
    wall = index_of(package, "wall")
    corners = np.concatenate(
        [d.corners for parts in tiles(package).values() for d in parts if d.feature == wall]
    )
    sizes = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    # Two faces of 10 x 3 m less the opening, the rim, and the opening's sides.
    expected = 2 * (30 - 2.1) + 2 * (3 * 0.3) + 10 * 0.3 + 9 * 0.3 + (2 * 2.1 + 1) * 0.3
    assert sizes.sum() == pytest.approx(expected, abs=0.05)


def test_text_search_finds_chinese_names(package: Path) -> None:
    found = rows(package, "SELECT rowid FROM element_text WHERE element_text MATCH ?", '"羽 毛 球"')
    assert found == [(index_of(package, "hall"),)]


def test_the_same_model_gives_the_same_bytes_at_any_number_of_jobs(tmp_path: Path) -> None:
    source = House(chairs=150).write(tmp_path / "house.ifc")
    for jobs in (1, 2, 3):
        build_package(source, tmp_path / f"{jobs}.twin", jobs=jobs)
    one, two, three = (contents(tmp_path / f"{jobs}.twin") for jobs in (1, 2, 3))
    assert one == two == three


def test_an_up_to_date_package_is_kept(package: Path) -> None:
    before = (package / "manifest.json").stat().st_mtime_ns
    report = build_package(package.parent / "house.ifc", package)
    assert (package / "manifest.json").stat().st_mtime_ns == before
    assert report == BuildReport.from_json(json.loads((package / "report.json").read_bytes()))
    assert report.rendered_elements == 12


def test_a_damaged_package_is_built_again(tmp_path: Path) -> None:
    source, target = House().write(tmp_path / "house.ifc"), tmp_path / "house.twin"
    build_package(source, target)
    whole = contents(target)
    tile = next((target / "tiles").glob("*.glb"))
    tile.write_bytes(tile.read_bytes()[:-8])
    build_package(source, target)
    assert contents(target) == whole


def test_a_changed_model_replaces_the_package(tmp_path: Path) -> None:
    target = tmp_path / "house.twin"
    build_package(House(chairs=2).write(tmp_path / "house.ifc"), target)
    report = build_package(House(chairs=3).write(tmp_path / "house.ifc"), target)
    assert report.rendered_elements == 9
    assert rows(target, "SELECT count(*) FROM element WHERE class = 'IfcFurniture'") == [(3,)]


def test_precompressed_files_hold_the_same_tiles(package: Path) -> None:
    for path in (package / "tiles").glob("*.glb"):
        digest = hashlib.sha256(path.read_bytes()).digest()
        coded = path.with_name(path.name + ".gz").read_bytes(), path.with_name(path.name + ".br").read_bytes()
        assert hashlib.sha256(gzip.decompress(coded[0])).digest() == digest
        assert hashlib.sha256(brotli.decompress(coded[1])).digest() == digest


def test_progress_goes_forward_to_the_end(tmp_path: Path) -> None:
    told: list[Progress] = []
    build_package(House().write(tmp_path / "house.ifc"), tmp_path / "house.twin", progress=told.append)
    fractions = [step.fraction for step in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    assert {"read", "shapes", "tiles", "write"} <= {step.stage for step in told}


def test_a_far_model_is_shifted_to_the_origin(tmp_path: Path) -> None:
    offset = (3_500_000.0, 5_400_000.0, 250.0)
    report = build_package(House(offset_m=offset).write(tmp_path / "far.ifc"), tmp_path / "far.twin")
    manifest = json.loads((tmp_path / "far.twin" / "manifest.json").read_bytes())
    matrix = np.array(manifest["local_from_source"]).reshape(4, 4)
    local = matrix @ np.array([*offset, 1.0])
    assert report.rendered_elements == 12
    assert np.abs(local[:2]).max() < 20
    assert local[2] == pytest.approx(250.0)
    door = rows(tmp_path / "far.twin", "SELECT min_x, min_y, placement FROM element WHERE name = 'door'")[0]
    placement = np.frombuffer(door[2]).reshape(4, 4)
    assert placement[:3, 3] == pytest.approx(local[:3] + np.array([4.0, 0.1, 0.0]), abs=1e-6)
    assert door[:2] == pytest.approx(tuple(local[:2] + np.array([4.0, 0.1])), abs=1e-4)
