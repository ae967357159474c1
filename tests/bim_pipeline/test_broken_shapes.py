"""Whatever a mesh is like, portals and plans are derived from it without an error."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bim_pipeline.flights import ramp_line, stair_line
from bim_pipeline.plans import build_plans
from bim_pipeline.portals import derive_portals
from bim_pipeline.sections import hull, level_areas, projection, section_area
from bim_pipeline.source import Mesh

from .sample_house import placed, sample_house

CLASSES = (
    "IfcDoor",
    "IfcWindow",
    "IfcWall",
    "IfcCurtainWall",
    "IfcColumn",
    "IfcRailing",
    "IfcStair",
    "IfcStairFlight",
    "IfcRamp",
    "IfcTransportElement",
    "IfcFurniture",
)


@st.composite
def soups(draw: st.DrawFn) -> Mesh:
    """Triangles that make no body: flat ones, double ones, huge ones, or none."""
    seed = draw(st.integers(0, 2**32 - 1))
    size = draw(st.sampled_from([0, 1, 2, 5, 40]))
    scale = draw(st.sampled_from([0.0, 1e-5, 1.0, 30.0, 1e5]))
    coarse = draw(st.sampled_from([0, 1, 8]))
    rng = np.random.default_rng(seed)
    vertices = np.round(rng.uniform(-1, 1, (draw(st.integers(0, 3)) if size == 0 else size + 2, 3)), coarse)
    return vertices * scale, rng.integers(0, max(len(vertices), 1), (size, 3)).astype(np.int32)


@given(soups(), st.floats(-2, 2))
def test_cuts_and_lines_of_any_soup(mesh: Mesh, z: float) -> None:
    assert section_area(mesh, z).area >= 0
    assert projection(mesh).area >= 0
    assert hull(mesh).area >= 0
    assert all(area.area > 0 for _, area in level_areas(mesh))
    for found in (stair_line(mesh), ramp_line(mesh)):
        assert found is None or (np.isfinite(found[0]).all() and found[1] >= 0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(CLASSES), soups(), st.booleans())
def test_a_house_with_a_broken_element_is_still_understood(
    ifc_class: str, mesh: Mesh, has_placement: bool
) -> None:
    house = sample_house()
    before = {
        (p.kind, p.element_index) for p in derive_portals(*house.parts()) if p.kind in ("door", "stair")
    }
    placement = placed(1, 1, 0, 20) if has_placement else None
    house.add(ifc_class, "broken", mesh, storey_index=0, placement=placement)
    after = derive_portals(*house.parts())
    assert before <= {(p.kind, p.element_index) for p in after}
    assert np.isfinite([[*p.a, *p.b, p.width_m] for p in after]).all()
    for content in build_plans(*house.parts()).values():
        assert "NaN" not in json.dumps(json.loads(content))
