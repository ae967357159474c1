"""What the benchmark of building measures with: larger models made of smaller ones, and figures read off."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import ifcopenshell
import pytest

from benchmarks.build import OWN_WAYS, Run, RunFailedError, _finish, _run
from benchmarks.copies import write_copies
from benchmarks.peers import Way, b3dm_counts, counted

FILES = Path(__file__).parents[3] / "shared" / "ifc"


@pytest.mark.skipif(not FILES.exists(), reason="the shared IFC files are not here")
def test_copies_stand_side_by_side_with_guids_of_their_own(tmp_path: Path) -> None:
    write_copies(FILES / "Duplex_E.ifc", tmp_path / "three.ifc", 3, 50_000.0)
    one, three = (ifcopenshell.open(str(p)) for p in (FILES / "Duplex_E.ifc", tmp_path / "three.ifc"))
    guids = [root.GlobalId for root in three.by_type("IfcRoot")]
    assert len(guids) == len(set(guids)) == 3 * (len(one.by_type("IfcRoot")) - 1) + 1
    assert len(three.by_type("IfcProject")) == 1
    places = [
        site.ObjectPlacement.RelativePlacement.Location.Coordinates for site in three.by_type("IfcSite")
    ]
    assert [x for x, _, _ in places[1:]] == [50_000.0, 100_000.0]
    assert sum(len(r.RelatedObjects) for r in three.by_type("IfcRelAggregates")) == 3 * sum(
        len(r.RelatedObjects) for r in one.by_type("IfcRelAggregates")
    )


def test_a_model_without_a_site_cannot_be_copied(tmp_path: Path) -> None:
    source = tmp_path / "x.ifc"
    source.write_bytes(b"ISO-10303-21;\nDATA;\n#1=IFCPROJECT('a',$);\nENDSEC;\nEND-ISO-10303-21;\n")
    with pytest.raises(ValueError, match="site"):
        write_copies(source, tmp_path / "y.ifc", 2, 1.0)


def test_elements_of_a_tile_are_counted() -> None:
    primitive = {"indices": 0}
    gltf = {
        "nodes": [{"mesh": 0}, {"mesh": 1}, {"children": [0, 1]}],
        "meshes": [{"primitives": [primitive]}, {"primitives": [primitive, primitive]}],
        "accessors": [{"count": 36}],
    }
    content = json.dumps(gltf).encode()
    glb = struct.pack("<4sIIII", b"glTF", 2, 20 + len(content), len(content), 0x4E4F534A) + content
    table = b'{"BATCH_LENGTH":0}  '
    header = struct.pack("<4s6I", b"b3dm", 1, 28 + len(table) + len(glb), len(table), 0, 0, 0)
    assert b3dm_counts(header + table + glb) == (2, 36)
    with pytest.raises(ValueError, match="b3dm"):
        b3dm_counts(b"glTF" + header[4:] + table + glb)


def test_figures_are_read_off_a_log(tmp_path: Path) -> None:
    (tmp_path / "out.xkt").write_bytes(b"12345")
    log = "[convert2xkt] Converted drawable objects: 104\n[convert2xkt] Converted triangles: 9687\n"
    found = counted(Way("xeokit", (), "", "log"), log, tmp_path / "out.xkt")
    assert found == {"rendered_elements": 104, "triangles": 9687, "bytes": 5}


@pytest.mark.skipif(not FILES.exists(), reason="the shared IFC files are not here")
@pytest.mark.parametrize("way", [way for way in OWN_WAYS if way.name != "pipeline"], ids=lambda way: way.name)
def test_ifcopenshells_own_ways_run(way: Way) -> None:
    run = _run(way, FILES / "Duplex_E.ifc")
    assert run.rendered_elements == 104
    assert run.triangles > 9000
    assert (run.bytes > 0) == (way.name == "gltf_serializer")


def script(code: str) -> Way:
    return Way("script", (sys.executable, "-c", code, "{source}"), "")


def test_a_run_is_measured_and_a_failed_one_is_named(tmp_path: Path) -> None:
    print_it = "import json; print(json.dumps({'rendered_elements': 1, 'triangles': 2, 'bytes': 3}))"
    run = _run(script("import time; x = b'1' * 50_000_000; time.sleep(0.3); " + print_it), tmp_path)
    assert (run.rendered_elements, run.triangles, run.bytes) == (1, 2, 3)
    assert run.peak_mb > 50
    with pytest.raises(RunFailedError, match="ended with 3"):
        _run(script("raise SystemExit(3)"), tmp_path)
    with pytest.raises(RunFailedError, match="cannot be read"):
        _run(script("print('no figures')"), tmp_path)


def test_goals_count_on_large_files_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small, large = tmp_path / "small.ifc", tmp_path / "large.ifc"
    small.write_bytes(b"")
    with large.open("wb") as file:
        file.truncate(30_000_000)
    ours, bare = Run(2, 2, 170, 9, 1, 5, 5), Run(1, 1, 100, 10, 0, 5, 0)
    ways = {"pipeline": ours, "iterator_hybrid": bare, "web_ifc_raw": bare}
    _finish([small, large], {"small": ways, "large": ways}, {"xeokit": "no npm"})
    line = json.loads(capsys.readouterr().out)
    assert line["met"] == {
        "small.elements": True,
        "large.elements": True,
        "large.time.iterator_hybrid": False,
        "large.time.web_ifc_raw": True,
        "large.memory": False,
    }
    assert line["baselines"]["not_measured"] == {"xeokit": "no npm"}
