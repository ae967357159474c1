"""Which bodies the fast kernel may cut, and that what cannot be true is not believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bim_pipeline import shapes
from bim_pipeline.cutting import is_cut_by_solids, is_plausible_cut, measured
from bim_pipeline.shapes import FAST_KERNEL, SAFE_KERNEL, body_representations, plan_chunks, shape_chunk
from bim_pipeline.source import FloatArray
from tests.bim_pipeline.models import House
from tests.bim_pipeline.test_mesh import cube

sizes = st.tuples(*[st.floats(0.01, 100) for _ in range(3)])


def box(size: tuple[float, ...], at: float = 0.0) -> tuple[FloatArray, Any]:
    vertices, triangles = cube()
    return vertices * np.array(size) + at, triangles


@settings(deadline=None)
@given(sizes, st.floats(-1000, 1000))
def test_a_box_is_measured_wherever_it_stands(size: tuple[float, ...], at: float) -> None:
    found = measured(*box(size, at))
    assert found is not None
    assert abs(found.volume_m3) == pytest.approx(np.prod(size), rel=1e-6)
    assert found.high - found.low == pytest.approx(np.array(size), abs=1e-9)


@settings(deadline=None)
@given(sizes, st.floats(0.01, 0.99), st.integers(0, 2))
def test_a_part_of_a_body_can_be_its_cut_and_nothing_else(
    size: tuple[float, ...], share: float, axis: int
) -> None:
    less = tuple(s * share if i == axis else s for i, s in enumerate(size))
    whole, cut, outside = measured(*box(size)), measured(*box(less)), measured(*box(less, at=max(size)))
    assert is_plausible_cut(cut, whole)
    assert not is_plausible_cut(whole, cut)
    assert not is_plausible_cut(whole, whole)
    assert not is_plausible_cut(outside, whole)
    assert not is_plausible_cut(None, whole)


def test_an_inside_out_body_is_not_believed() -> None:
    vertices, triangles = box((1.0, 1.0, 0.5))
    whole = measured(*box((1.0, 1.0, 1.0)))
    assert is_plausible_cut(measured(vertices, triangles), whole)
    assert not is_plausible_cut(measured(vertices, triangles[:, ::-1]), whole)


def clipped(house: House, name: str) -> None:
    """Put a half space through the top of a product's body."""
    representation = house.products[name].Representation.Representations[0]
    point = house.make("IfcCartesianPoint", Coordinates=(0.0, 0.0, 1500.0))
    plane = house.make(
        "IfcPlane",
        Position=house.make("IfcAxis2Placement3D", Location=point),
    )
    half = house.make("IfcHalfSpaceSolid", BaseSurface=plane, AgreementFlag=False)
    representation.Items = [
        house.make(
            "IfcBooleanClippingResult",
            Operator="DIFFERENCE",
            FirstOperand=representation.Items[0],
            SecondOperand=half,
        )
    ]
    representation.RepresentationType = "Clipping"


def by_solids(house: House, name: str) -> bool:
    product = house.products[name]
    return is_cut_by_solids(product, body_representations(product))


def test_a_wall_with_a_door_is_cut_by_solids_until_a_half_space_cuts_it() -> None:
    house = House()
    assert by_solids(house, "wall")
    assert not by_solids(house, "slab")
    clipped(house, "wall")
    assert not by_solids(house, "wall")


def test_a_wrong_cut_of_the_fast_kernel_is_done_again_by_the_safe_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House(chairs=0)
    wall = house.products["wall"]
    with monkeypatch.context() as safely:
        safely.setattr(shapes, "is_cut_by_solids", lambda product, representations: False)
        right = shape_chunk(house.file, [wall.id()])
    asked: list[str] = []
    original = shapes._Meshes.of

    def wrong(model: Any, products: Any, kernel: str, *, uncut: bool = False) -> Any:
        asked.append(kernel)
        # The whole wall, with no door in it, instead of the cut one.
        return original(model, products, SAFE_KERNEL, uncut=uncut or kernel == FAST_KERNEL)

    monkeypatch.setattr(shapes._Meshes, "of", wrong)
    found = shape_chunk(house.file, [wall.id()])
    assert asked == [FAST_KERNEL, SAFE_KERNEL, SAFE_KERNEL]
    assert found.shapes[0].vertices.tolist() == right.shapes[0].vertices.tolist()
    assert found.shapes[0].triangles.tolist() == right.shapes[0].triangles.tolist()


def test_the_fast_kernel_cuts_a_door_out_of_a_wall_to_a_tenth_of_a_millimetre() -> None:
    house = House(chairs=0)
    found = shape_chunk(house.file, [house.products["wall"].id()]).shapes[0]
    cut = measured(found.vertices, found.triangles)
    assert FAST_KERNEL in found.key
    assert cut is not None
    assert np.concatenate([cut.low, cut.high]) == pytest.approx([0, 0, 0, 10, 0.3, 3], abs=1e-4)
    assert cut.volume_m3 == pytest.approx((10 * 3 - 1 * 2.1) * 0.3, abs=1e-4)


def test_every_body_is_in_one_chunk_and_instances_stay_together(tmp_path: Path) -> None:
    house = House(chairs=300)
    products = [p for p in house.file.by_type("IfcProduct") if p.Representation]
    chunks = plan_chunks(products)
    everything = [step_id for chunk in chunks for step_id in chunk]
    assert sorted(everything) == sorted(p.id() for p in products if body_representations(p))
    chairs = {house.products[f"chair {i}"].id() for i in range(300)}
    assert sum(1 for chunk in chunks if chairs & set(chunk)) == 1
