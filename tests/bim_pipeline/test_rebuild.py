"""A build onto an older revision: the same package as a full build, and a true list of what changed."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bim_pipeline import cache as cache_module
from bim_pipeline.build import build_package
from bim_pipeline.cache import CACHE
from bim_pipeline.differences import DIFFERENCES, read_differences
from bim_pipeline.package import is_intact
from bim_pipeline.previous import DAMAGED, FOREIGN, UNKNOWN
from tests.bim_pipeline.models import MM, House

FILES = Path(__file__).parents[3] / "shared" / "ifc"
Edit = Callable[[House], object]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a package but those that speak of the build and of what was there before."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in ("report.json", "manifest.json", DIFFERENCES)
    }


def told(folder: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What changed, by name."""
    content = read_differences(folder)
    assert content is not None
    return {row["name"]: (row["kind"], tuple(row["what"])) for row in content["differences"]}


def assert_as_built_anew(package: Path, source: Path, folder: Path) -> None:
    shutil.rmtree(folder / "anew.twin", ignore_errors=True)
    build_package(source, folder / "anew.twin", jobs=1)
    assert contents(package) == contents(folder / "anew.twin")
    old, new = (json.loads((p / "manifest.json").read_bytes()) for p in (package, folder / "anew.twin"))
    old["files"].pop(DIFFERENCES)
    assert old == new


def move(house: House, name: str, x_m: float) -> None:
    point = house.products[name].ObjectPlacement.RelativePlacement.Location
    x, y, z = point.Coordinates
    own = house.make("IfcCartesianPoint", Coordinates=(x + x_m * MM, y, z))
    house.products[name].ObjectPlacement.RelativePlacement.Location = own


def rename(house: House, name: str) -> None:
    house.products[name].LongName = "another name"


def repaint(house: House) -> None:
    style = next(s for s in house.file.by_type("IfcSurfaceStyle") if s.Name == "Red steel")
    colour = house.make("IfcColourRgb", Red=0.0, Green=0.0, Blue=1.0)
    style.Styles[0].SurfaceColour = colour


def remove(house: House, name: str) -> None:
    product = house.products[name]
    relations: list[Any] = list(house.file.get_inverse(product))
    for inverse in relations:
        if inverse.is_a("IfcRelContainedInSpatialStructure"):
            inverse.RelatedElements = [e for e in inverse.RelatedElements if e != product]
        elif inverse.is_a("IfcRelDefinesByType"):
            inverse.RelatedObjects = [e for e in inverse.RelatedObjects if e != product]
    house.file.remove(product)


def add(house: House) -> None:
    ground = house.products["ground"].ObjectPlacement
    boiler = house.rooted(
        "IfcBoiler",
        "boiler",
        ObjectPlacement=house.placement(5, 6, 0, ground),
        Representation=house.shape([house.box(0.8, 0.6, 1.1)]),
    )
    house.contain("ground", boiler)


def widen_opening(house: House) -> None:
    opening = house.file.by_type("IfcOpeningElement")[0]
    opening.Representation.Representations[0].Items[0].Depth *= 1.25


def thicken(house: House) -> None:
    house.file.by_type("IfcMaterialLayer")[0].LayerThickness = 250.0


def power(house: House) -> None:
    value = next(p for p in house.file.by_type("IfcPropertySingleValue") if p.Name == "Power")
    value.NominalValue = house.measure("IfcPowerMeasure", 3.5)


EDITS: dict[str, tuple[Edit, dict[str, tuple[str, tuple[str, ...]]]]] = {
    "moved door": (lambda h: move(h, "door", 0.25), {"door": ("changed", ("placement",))}),
    "moved chair": (lambda h: move(h, "chair 2", -0.4), {"chair 2": ("changed", ("placement",))}),
    "renamed space": (lambda h: rename(h, "hall"), {"hall": ("changed", ("properties",))}),
    "repainted": (repaint, {f"chair {i}": ("changed", ("shape",)) for i in range(6)}),
    "removed pump": (lambda h: remove(h, "pump"), {"pump": ("removed", ())}),
    "removed chair": (lambda h: remove(h, "chair 5"), {"chair 5": ("removed", ())}),
    "added boiler": (add, {"boiler": ("added", ())}),
    "wider opening": (widen_opening, {"wall": ("changed", ("shape",))}),
    "thicker layer": (thicken, {"wall": ("changed", ("properties",))}),
    "more power": (power, {"pump": ("changed", ("properties",))}),
}


def edited(*edits: Edit) -> House:
    house = House()
    for edit in edits:
        edit(house)
    return house


def renumbered(source: Path, target: Path, seed: int) -> Path:
    """Write the same model with other ids, as another export would; the order of lines stays."""
    text = source.read_text("latin-1")
    ids = sorted({int(n) for n in re.findall(r"^#(\d+)\s*=", text, re.MULTILINE)})
    step = random.Random(seed)
    number, table = 0, {}
    for old in ids:
        number += step.randint(1, 9)
        table[str(old)] = str(number)
    # Numbers within quotes are text; a `#` there is none of ours in these models.
    target.write_text(re.sub(r"#(\d+)", lambda m: "#" + table.get(m[1], m[1]), text), "latin-1")
    return target


@pytest.fixture
def base(tmp_path: Path) -> Path:
    build_package(House().write(tmp_path / "house.ifc"), tmp_path / "house.twin", jobs=1)
    return tmp_path / "house.twin"


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_gives_the_package_of_a_full_build_and_is_told(base: Path, tmp_path: Path, name: str) -> None:
    edit, expected = EDITS[name]
    source = edited(edit).write(tmp_path / "house.ifc")
    report = build_package(source, base, jobs=2)
    assert report.note is None
    assert told(base) == expected
    assert_as_built_anew(base, source, tmp_path)


def test_a_chain_of_random_edits_stays_equal_to_full_builds(base: Path, tmp_path: Path) -> None:
    chance = random.Random(11)
    names = list(EDITS)
    for turn in range(6):
        chosen = chance.sample(names, chance.randint(1, 4))
        if "removed chair" in chosen and "moved chair" in chosen:
            chosen.remove("removed chair")
        source = edited(*(EDITS[name][0] for name in chosen)).write(tmp_path / "plain.ifc")
        source = renumbered(source, tmp_path / "house.ifc", turn)
        build_package(source, base, jobs=chance.randint(1, 2))
        assert_as_built_anew(base, source, tmp_path)


def test_other_ids_change_nothing_and_everything_is_taken_over(base: Path, tmp_path: Path) -> None:
    source = renumbered(tmp_path / "house.ifc", tmp_path / "again.ifc", 3)
    before = contents(base)
    report = build_package(source, base, jobs=1)
    assert report.changes == {"added": 0, "removed": 0, "changed": 0}
    assert report.reused == {"bodies": report.rendered_elements, "tiles": report.tiles}
    after = contents(base)
    assert after == before


def test_a_moved_door_leaves_other_tiles_their_names_and_bytes(base: Path, tmp_path: Path) -> None:
    before = {name for name in contents(base) if name.endswith(".glb")}
    source = edited(lambda h: move(h, "door", 0.25)).write(tmp_path / "house.ifc")
    report = build_package(source, base, jobs=1)
    after = {name for name in contents(base) if name.endswith(".glb")}
    assert len(before - after) == len(after - before) == 1
    assert report.reused == {"bodies": report.rendered_elements - 1, "tiles": report.tiles - 1}


def test_the_list_names_both_revisions_and_where_things_are(base: Path, tmp_path: Path) -> None:
    old = json.loads((base / "manifest.json").read_bytes())["revision"]
    build_package(edited(lambda h: remove(h, "pump")).write(tmp_path / "next.ifc"), base, jobs=1)
    content = read_differences(base)
    assert content is not None
    assert content["previous"] == old
    assert content["previous_file"] == "house.ifc"
    assert content["revision"] == json.loads((base / "manifest.json").read_bytes())["revision"]
    (pump,) = content["differences"]
    assert (pump["class"], pump["element_index"]) == ("IfcPump", None)
    assert pump["box"] == pytest.approx([9, 7, 0, 9.3, 7.3, 0.4], abs=1e-3)


def test_the_same_file_built_again_keeps_the_list(base: Path, tmp_path: Path) -> None:
    source = edited(lambda h: move(h, "door", 0.25)).write(tmp_path / "house.ifc")
    build_package(source, base, jobs=1)
    before = (base / DIFFERENCES).read_bytes()
    build_package(source, base, jobs=1, force=True)
    assert (base / DIFFERENCES).read_bytes() == before


def test_a_first_build_has_no_list(base: Path) -> None:
    assert read_differences(base) is None


def _other_pipeline(package: Path) -> None:
    manifest = json.loads((package / "manifest.json").read_bytes())
    (package / "manifest.json").write_text(json.dumps({**manifest, "pipeline": "0.other"}))


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x40
    path.write_bytes(bytes(content))


SPOILS: dict[str, tuple[Callable[[Path], object], str]] = {
    "made by another pipeline": (_other_pipeline, FOREIGN),
    "no cache": (lambda p: (p / CACHE).unlink(), UNKNOWN),
    "cut cache": (lambda p: os.truncate(p / CACHE, 40), UNKNOWN),
    "a bit of the cache": (lambda p: _flip(p / CACHE), DAMAGED),
    "a bit of a tile": (lambda p: _flip(next((p / "tiles").glob("*.glb"))), DAMAGED),
    "a bit of the catalogue": (lambda p: _flip(p / "model.db"), DAMAGED),
}


@pytest.mark.parametrize("name", SPOILS)
def test_nothing_is_built_on_what_is_damaged_or_foreign(base: Path, tmp_path: Path, name: str) -> None:
    spoil, note = SPOILS[name]
    spoil(base)
    source = edited(lambda h: move(h, "door", 0.25)).write(tmp_path / "house.ifc")
    report = build_package(source, base, jobs=1)
    assert report.note == note
    assert report.reused == {"bodies": 0, "tiles": 0}
    assert_as_built_anew(base, source, tmp_path)


def test_a_cache_makes_nothing_but_plain_data() -> None:
    evil = b"cos\nsystem\n(S'true'\ntR."
    with pytest.raises(Exception, match="no plain data"):
        cache_module.unpack_tables(evil)


_BUILD = "import sys; from pathlib import Path; from bim_pipeline.build import build_package; "
_BUILD += "build_package(Path(sys.argv[1]), Path(sys.argv[2]), jobs=1)"


def test_a_rebuild_that_is_killed_leaves_the_old_package_whole(base: Path, tmp_path: Path) -> None:
    source = edited(lambda h: move(h, "door", 0.25), add).write(tmp_path / "house.ifc")
    root = Path(__file__).parents[2]
    for wait_s in (0.5, 0.8, 1.1, 1.4):
        command = [sys.executable, "-c", _BUILD, str(source), str(base)]
        child = subprocess.Popen(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
        time.sleep(wait_s)
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert is_intact(base, json.loads((base / "manifest.json").read_bytes())["files"])
    build_package(source, base, jobs=1)
    assert_as_built_anew(base, source, tmp_path)


def _real(name: str) -> Path:
    path = FILES / f"{name}.ifc"
    if not path.is_file():
        pytest.skip("the real models are not here")
    return path


def test_three_revisions_of_a_real_house(tmp_path: Path) -> None:
    package = tmp_path / "duplex.twin"
    build_package(_real("Duplex_baseline"), package, jobs=2)
    reports = []
    for name in ("Duplex_movedoor", "Duplex_delslab"):
        reports.append(build_package(_real(name), package, jobs=2))
        assert_as_built_anew(package, _real(name), tmp_path)
    moved, deleted = reports
    assert moved.reused["bodies"] > 0.8 * moved.rendered_elements
    assert deleted.changes is not None
    slabs = [r for r in _differences(package) if (r["kind"], r["class"]) == ("removed", "IfcSlab")]
    assert slabs


def _differences(package: Path) -> list[dict[str, Any]]:
    content = read_differences(package)
    assert content is not None
    rows: list[dict[str, Any]] = content["differences"]
    return rows


@pytest.mark.parametrize("name", ["AC20-FZK-Haus_SB55", "hvac_heating", "MiniProject", "acad2010_objects"])
def test_a_real_model_with_other_ids_is_taken_over(tmp_path: Path, name: str) -> None:
    package = tmp_path / "model.twin"
    build_package(_real(name), package, jobs=2)
    before = contents(package)
    report = build_package(renumbered(_real(name), tmp_path / f"{name}.ifc", 5), package, jobs=2)
    assert report.changes == {"added": 0, "removed": 0, "changed": 0}
    assert report.reused["tiles"] == report.tiles
    after = contents(package)
    assert after == before


def test_a_storey_put_in_below_renames_the_tiles_above(base: Path, tmp_path: Path) -> None:
    def cellar(house: House) -> None:
        storey = house.rooted(
            "IfcBuildingStorey", "cellar", ObjectPlacement=house.placement(0, 0, -3), Elevation=-3000.0
        )
        house.aggregate(house.file.by_type("IfcBuilding")[0], storey)

    source = edited(cellar).write(tmp_path / "house.ifc")
    build_package(source, base, jobs=1)
    assert_as_built_anew(base, source, tmp_path)
