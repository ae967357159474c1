"""Real files by many tools: what each package holds, counted; a change here has to be meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.geom
import pytest

from bim_pipeline.build import build_package
from bim_pipeline.errors import UnsupportedSchemaError
from tests.bim_pipeline.glb_reader import Glb
from tests.bim_pipeline.test_build import contents, rows

FILES = Path(__file__).parents[3] / "shared" / "ifc"
pytestmark = pytest.mark.skipif(not FILES.exists(), reason="the shared IFC files are not here")


@dataclass(frozen=True)
class Golden:
    """What a file's package holds."""

    elements: int
    rendered: int
    storeys: int
    spaces: int
    failed: int = 0


GOLDEN = {
    "AC11-FZK-Haus": Golden(121, 118, 2, 7),
    "AC20-FZK-Haus_SB55": Golden(91, 88, 2, 4),
    "BW_LargeBuilding": Golden(127, 122, 2, 8),
    "Duplex_E": Golden(109, 104, 3, 1),
    "Duplex_Handover_COBie": Golden(260, 0, 4, 22),
    "Duplex_baseline": Golden(245, 236, 4, 21),
    "Duplex_delslab": Golden(244, 235, 4, 21),
    "Duplex_movedoor": Golden(245, 236, 4, 21),
    "HHS_construction": Golden(353, 339, 4, 0),
    "Office_A": Golden(909, 902, 3, 99),
    "PCERT_infra-bridge": Golden(77, 48, 11, 0),
    "acad2010_objects": Golden(57, 56, 0, 4),
    "b03_heating_with_building": Golden(258, 255, 1, 5),
    "hvac_heating": Golden(225, 222, 1, 0),
    "xbim_House": Golden(156, 147, 3, 13),
}
SLOW = {
    "MiniProject": Golden(3690, 2636, 1, 0),
    "revit2012_janesville_restaurant": Golden(1558, 1532, 4, 20, 2),
}


def check(name: str, expected: Golden, target: Path) -> None:
    report = build_package(FILES / f"{name}.ifc", target, jobs=2)
    failed = sum(w["code"] == "shape_failed" for w in report.warnings)
    found = Golden(report.elements, report.rendered_elements, report.storeys, report.spaces, failed)
    assert found == expected
    features = [
        feature
        for tile in (target / "tiles").glob("*.glb")
        for feature in {d.feature for d in Glb(tile.read_bytes()).drawn()}
    ]
    drawn = [r[0] for r in rows(target, "SELECT element_index FROM element WHERE shape_status = 'drawn'")]
    assert sorted(features) == drawn


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_packages_hold_what_the_files_hold(name: str, tmp_path: Path) -> None:
    check(name, GOLDEN[name], tmp_path / "package")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SLOW))
def test_packages_hold_what_the_large_files_hold(name: str, tmp_path: Path) -> None:
    check(name, SLOW[name], tmp_path / "package")


def test_a_schema_of_the_past_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedSchemaError, match="IFC2X_FINAL"):
        build_package(FILES / "Vogel_Gesamt.ifc", tmp_path / "package")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["Duplex_E", "AC20-FZK-Haus_SB55"])
def test_real_files_give_the_same_bytes_at_any_number_of_jobs(name: str, tmp_path: Path) -> None:
    for jobs in (1, 2):
        build_package(FILES / f"{name}.ifc", tmp_path / str(jobs), jobs=jobs)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_walls_cut_by_openings_have_the_exact_kernels_volume(tmp_path: Path) -> None:
    """A kernel that is metres off on two walls of this file must not be what is used."""
    build_package(FILES / "AC20-FZK-Haus_SB55.ifc", tmp_path / "package", jobs=1)
    boxes = {
        r[0]: r[1:]
        for r in rows(
            tmp_path / "package", "SELECT guid, min_x, min_y, min_z, max_x, max_y, max_z FROM element"
        )
    }
    model = ifcopenshell.open(str(FILES / "AC20-FZK-Haus_SB55.ifc"))
    geom: Any = ifcopenshell.geom
    settings = geom.settings()
    settings.set("use-world-coords", True)
    walls = model.by_type("IfcWall")
    assert len(walls) == 13
    for wall in walls:
        vertices = geom.create_shape(settings, wall).geometry.verts
        exact = [f(vertices[i::3]) for f in (min, max) for i in range(3)]
        assert boxes[wall.GlobalId] == pytest.approx(exact, abs=1e-4)
