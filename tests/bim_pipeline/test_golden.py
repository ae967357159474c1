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
from bim_pipeline.products import EXCLUDED
from bim_pipeline.report import BuildReport
from tests.bim_pipeline.glb_reader import Glb
from tests.bim_pipeline.test_build import contents, rows

FILES = Path(__file__).parents[3] / "shared" / "ifc"
pytestmark = pytest.mark.skipif(not FILES.exists(), reason="the shared IFC files are not here")


@dataclass(frozen=True)
class Golden:
    """What a file's package holds. `doors`, `passages` and `stairs` are portals."""

    elements: int
    rendered: int
    storeys: int
    spaces: int
    derived: int = 0
    failed: int = 0
    doors: int = 0
    passages: int = 0
    stairs: int = 0
    systems: int = 0
    connections: int = 0
    thousand_triangles: int = 0


GOLDEN = {
    "AC11-FZK-Haus": Golden(121, 118, 2, 7, doors=5, passages=3, stairs=1, thousand_triangles=37),
    "AC20-FZK-Haus_SB55": Golden(91, 88, 2, 4, doors=5, stairs=1, thousand_triangles=24),
    "BW_LargeBuilding": Golden(127, 122, 2, 8, doors=18, thousand_triangles=36),
    "Duplex_E": Golden(109, 104, 3, 1, thousand_triangles=29),
    "Duplex_Handover_COBie": Golden(260, 0, 4, 22, systems=12),
    "Duplex_baseline": Golden(245, 236, 4, 21, doors=14, passages=8, stairs=2, thousand_triangles=26),
    "Duplex_delslab": Golden(244, 235, 4, 21, doors=14, passages=8, stairs=2, thousand_triangles=26),
    "Duplex_movedoor": Golden(245, 236, 4, 21, doors=14, passages=8, stairs=2, thousand_triangles=26),
    "HHS_construction": Golden(359, 345, 4, 6, derived=6, stairs=8, thousand_triangles=62),
    "Office_A": Golden(909, 902, 3, 99, doors=102, passages=12, stairs=2, thousand_triangles=56),
    "PCERT_infra-bridge": Golden(77, 48, 11, 0, thousand_triangles=13),
    "acad2010_objects": Golden(57, 56, 0, 4, doors=7, stairs=2, thousand_triangles=9),
    "b03_heating_with_building": Golden(258, 255, 1, 5, systems=9, connections=228, thousand_triangles=55),
    "hvac_heating": Golden(225, 222, 1, 0, systems=9, connections=228, thousand_triangles=54),
    "xbim_House": Golden(156, 147, 3, 13, doors=19, stairs=4, thousand_triangles=7),
}
SLOW = {
    "MiniProject": Golden(3690, 2636, 1, 0, thousand_triangles=182),
    "revit2012_janesville_restaurant": Golden(
        1558, 1532, 4, 20, failed=2, doors=40, passages=9, stairs=4, thousand_triangles=1800
    ),
}
# A kernel may cut the same surface into somewhat more or fewer triangles.
TRIANGLE_BAND = 0.1


def check(name: str, expected: Golden, target: Path) -> None:
    report = build_package(FILES / f"{name}.ifc", target, jobs=2)
    assert found_in(report, target, expected) == expected
    features = [
        feature
        for tile in (target / "tiles").glob("*.glb")
        for feature in {d.feature for d in Glb(tile.read_bytes()).drawn()}
    ]
    drawn = [r[0] for r in rows(target, "SELECT element_index FROM element WHERE shape_status = 'drawn'")]
    assert sorted(features) == drawn
    assert_whole(name, target, {str(w["guid"]) for w in report.warnings if w["code"] == "shape_failed"})


def found_in(report: BuildReport, target: Path, expected: Golden) -> Golden:
    """Count what a package holds; triangles within the band count as those expected."""
    kinds = dict(rows(target, "SELECT kind, count(*) FROM portal GROUP BY kind"))
    thousands = report.triangles / 1000
    near = abs(thousands - expected.thousand_triangles) <= TRIANGLE_BAND * expected.thousand_triangles + 0.5
    return Golden(
        report.elements,
        report.rendered_elements,
        report.storeys,
        report.spaces,
        derived=count(target, "space WHERE derived"),
        failed=sum(w["code"] == "shape_failed" for w in report.warnings),
        doors=kinds.get("door", 0),
        passages=kinds.get("opening", 0),
        stairs=kinds.get("stair", 0),
        systems=count(target, "system"),
        connections=count(target, "connection"),
        thousand_triangles=expected.thousand_triangles if near else round(thousands),
    )


def count(target: Path, table: str) -> int:
    return int(rows(target, f"SELECT count(*) FROM {table}")[0][0])


def assert_whole(name: str, target: Path, failed: set[str]) -> None:
    """Every product of the file is in the package, and drawn or told as failed where it has a body."""
    model = ifcopenshell.open(str(FILES / f"{name}.ifc"))
    left_out = {p.id() for kind in EXCLUDED for p in model.by_type(kind)}
    products = [p for p in model.by_type("IfcProduct") if p.id() not in left_out]
    status = dict(rows(target, "SELECT guid, shape_status FROM element"))
    assert {p.GlobalId for p in products} <= set(status)
    with_body = {p.GlobalId for p in products if p.Representation is not None and has_body(p)}
    assert {guid for guid in with_body if status[guid] != "drawn"} == failed


def has_body(product: Any) -> bool:
    """Whether some representation is more than an axis, an outline in plan or a box."""
    flat = {"Axis", "FootPrint", "Box", "Annotation", "Plan", "Profile", "Reference", "CoG"}
    return any(r.RepresentationIdentifier not in flat for r in product.Representation.Representations)


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
