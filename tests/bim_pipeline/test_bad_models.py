"""What cannot be built ends in one clear line and leaves what was there; what can, is built with warnings."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ifcopenshell
import pytest

from bim_pipeline import errors, making
from bim_pipeline.build import build_package
from tests.bim_pipeline.models import House
from tests.bim_pipeline.test_build import contents, rows


def folder_names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def refuse(source: Path, target: Path, kind: type[errors.PipelineError]) -> str:
    before = folder_names(source.parent) if source.parent.exists() else set()
    with pytest.raises(kind) as caught:
        build_package(source, target)
    assert folder_names(source.parent) == before, "something was left behind"
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "none.ifc" in refuse(tmp_path / "none.ifc", tmp_path / "t", errors.SourceMissingError)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "ISO-10303-21"),
        (b"hello world", "ISO-10303-21"),
        (b"PK\x03\x04zip", "unpack"),
        (b"<?xml ?>", "XML"),
    ],
)
def test_what_is_no_ifc_file(tmp_path: Path, content: bytes, hint: str) -> None:
    (tmp_path / "x.ifc").write_bytes(content)
    assert hint in refuse(tmp_path / "x.ifc", tmp_path / "t", errors.NotIfcError)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_file(tmp_path: Path, kept: float) -> None:
    source = House().write(tmp_path / "x.ifc")
    content = source.read_bytes()
    source.write_bytes(content[: int(len(content) * kept)])
    assert "breaks off" in refuse(source, tmp_path / "t", errors.TruncatedSourceError)


def test_a_schema_that_cannot_be_read(tmp_path: Path) -> None:
    source = House().write(tmp_path / "x.ifc")
    source.write_bytes(source.read_bytes().replace(b"'IFC4'", b"'IFC2X_FINAL'"))
    assert "IFC2X_FINAL" in refuse(source, tmp_path / "t", errors.UnsupportedSchemaError)


def test_a_model_without_products(tmp_path: Path) -> None:
    file = ifcopenshell.file(schema="IFC4")
    file.create_entity("IfcWallType", GlobalId="0" * 22, PredefinedType="STANDARD")
    file.write(str(tmp_path / "x.ifc"))
    assert "no building element" in refuse(tmp_path / "x.ifc", tmp_path / "t", errors.EmptyModelError)


def test_a_model_without_shapes_is_a_package_with_a_warning(tmp_path: Path) -> None:
    house = House()
    for product in house.products.values():
        product.Representation = None
    report = build_package(house.write(tmp_path / "x.ifc"), tmp_path / "t")
    assert (report.elements, report.rendered_elements, report.tiles, report.spaces) == (16, 0, 0, 1)
    assert [w["code"] for w in report.warnings] == ["no_geometry"]


def test_a_cyclic_placement_costs_one_element_its_place_and_no_more(tmp_path: Path) -> None:
    house = House()
    placement = house.products["pump"].ObjectPlacement
    placement.PlacementRelTo = placement
    report = build_package(house.write(tmp_path / "x.ifc"), tmp_path / "t")
    assert {(w["code"], w["guid"]) for w in report.warnings} >= {
        ("broken_placement", house.products["pump"].GlobalId)
    }
    assert report.elements == 16
    assert report.rendered_elements >= 11


def test_absurd_coordinates_cost_one_element_its_shape_and_no_more(tmp_path: Path) -> None:
    house = House()
    point = house.products["pump"].ObjectPlacement.RelativePlacement.Location
    point.Coordinates = (1e12, 0.0, 0.0)
    report = build_package(house.write(tmp_path / "x.ifc"), tmp_path / "t")
    assert [(w["code"], w["guid"]) for w in report.warnings] == [
        ("shape_failed", house.products["pump"].GlobalId)
    ]
    assert rows(tmp_path / "t", "SELECT shape_status FROM element WHERE name = 'pump'") == [("failed",)]
    assert report.rendered_elements == 11


def test_a_shape_that_cannot_be_made_is_reported_by_guid(tmp_path: Path) -> None:
    house = House()
    solid = house.products["pump"].Representation.Representations[0].Items[0]
    solid.Depth = 0.0
    report = build_package(house.write(tmp_path / "x.ifc"), tmp_path / "t")
    assert [(w["code"], w["guid"]) for w in report.warnings] == [
        ("shape_failed", house.products["pump"].GlobalId)
    ]
    assert rows(tmp_path / "t", "SELECT value FROM element_property WHERE name = 'Power'") == [("1.5",)]


def test_elements_that_share_a_guid_are_all_kept_and_told(tmp_path: Path) -> None:
    house = House()
    shared = house.products["chair 0"].GlobalId
    for name in ("chair 1", "chair 2"):
        house.products[name].GlobalId = shared
    report = build_package(house.write(tmp_path / "x.ifc"), tmp_path / "t")
    found = dict(rows(tmp_path / "t", "SELECT name, guid FROM element WHERE name LIKE 'chair _'"))
    assert len(set(found.values())) == len(found) == 6
    assert found["chair 0"] == shared
    assert [(w["code"], w["guid"]) for w in report.warnings] == [
        ("duplicate_guid", found["chair 1"]),
        ("duplicate_guid", found["chair 2"]),
    ]
    assert all(shared in str(w["message"]) for w in report.warnings)
    assert report.elements == 16
    again = build_package(house.write(tmp_path / "x.ifc"), tmp_path / "u")
    assert dict(rows(tmp_path / "u", "SELECT name, guid FROM element WHERE name LIKE 'chair _'")) == found
    assert again.elements == 16


def test_stray_stars_of_an_exporter_do_not_cost_shapes(tmp_path: Path) -> None:
    source = House().write(tmp_path / "x.ifc")
    text = source.read_text()
    line = next(line for line in text.splitlines() if "IFCWALL(" in line)
    assert ",'wall',$,$," in line
    source.write_text(text.replace(line, line.replace(",'wall',$,$,", ",'wall',*,*,")))
    report = build_package(source, tmp_path / "t")
    assert (report.rendered_elements, report.warnings) == (12, ())


def test_a_body_in_an_untyped_context_is_drawn(tmp_path: Path) -> None:
    house = House()
    plan = house.make(
        "IfcGeometricRepresentationContext",
        ContextType="Plan",
        CoordinateSpaceDimension=3,
        WorldCoordinateSystem=house.model.WorldCoordinateSystem,
    )
    house.products["pump"].Representation.Representations[0].ContextOfItems = plan
    house.project.RepresentationContexts = [house.model, plan]
    report = build_package(house.write(tmp_path / "x.ifc"), tmp_path / "t")
    assert report.rendered_elements == 12


def test_a_target_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    source = House().write(tmp_path / "x.ifc")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    refuse(source, tmp_path / "thesis", errors.TargetOccupiedError)
    refuse(source, source, errors.TargetOccupiedError)
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    source = House().write(tmp_path / "x.ifc")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert "locked" in refuse(source, locked / "t", errors.TargetUnwritableError)


def test_a_target_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    source = House().write(tmp_path / "x.ifc")
    assert "x.ifc" in refuse(source, source / "sub" / "t", errors.TargetUnwritableError)


def test_a_full_disk_leaves_the_old_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "t"
    build_package(House(chairs=2).write(tmp_path / "x.ifc"), target)
    before = contents(target)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(making, "write_catalogue", full)
    House(chairs=4).write(tmp_path / "x.ifc")
    assert "full" in refuse(tmp_path / "x.ifc", target, errors.DiskFullError)
    assert contents(target) == before


@pytest.mark.parametrize("stage", ["read", "shapes", "tiles", "write"])
def test_a_killed_build_leaves_the_old_package_and_the_next_one_cleans_up(tmp_path: Path, stage: str) -> None:
    source, target = tmp_path / "x.ifc", tmp_path / "t"
    build_package(House(chairs=2).write(source), target)
    before = contents(target)
    House(chairs=4).write(source)
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom bim_pipeline.build import build_package\n"
        "def stop(p):\n    if p.stage == sys.argv[3]:\n        print('there', flush=True)\n"
        "        time.sleep(120)\n"
        "build_package(Path(sys.argv[1]), Path(sys.argv[2]), progress=stop)\n"
    )
    command = [sys.executable, "-c", script, str(source), str(target), stage]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.send_signal(signal.SIGKILL)
    assert contents(target) == before
    report = build_package(source, target)
    assert report.rendered_elements == 10
    assert folder_names(tmp_path) == {"x.ifc", "t"}


@pytest.mark.parametrize("when", ["while they work", "before they begin"])
def test_the_processes_of_a_killed_build_end_with_it(when: str) -> None:
    script = (
        "import os, sys, time\nfrom bim_pipeline import workers\n"
        "build, die_with_parent = os.getpid(), workers.die_with_parent\n"
        "def late():\n    while os.getppid() == build:\n        time.sleep(0.01)\n    die_with_parent()\n"
        "if sys.argv[1] == 'before they begin':\n    workers.die_with_parent = late\n"
        "workers.shape_chunk = lambda model, ids, facets: time.sleep(120)\n"
        "job = workers.ShapeJob(None, [[1], [2]], 2, lambda a, b: None)\njob.start()\n"
        "print(*[p.pid for p in job._processes], flush=True)\ntime.sleep(120)\n"
    )
    command = [sys.executable, "-c", script, when]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        children = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
    assert len(children) == 2
    deadline = time.monotonic() + 60
    while any(is_running(pid) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_running(pid) for pid in children)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
