"""The widget: what it sends to the browser, what it does with its answers, a notebook run whole."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from spatial.model import Element
from spatial.package import ModelPackage
from twin.errors import ExportError
from twin.notebook import ModelView, view
from twin.notebook.colours import PALETTE, rgb

DOCS = Path(__file__).parents[3] / "docs" / "notebook.md"


class Series:
    """As much of a pandas Series as is asked for."""

    def __init__(self, pairs: dict[str, Any], name: str) -> None:
        self.name = name
        self._pairs = pairs

    def items(self) -> Any:
        return zip(self._pairs, self._pairs.values(), strict=True)


@pytest.fixture(scope="module")
def model(palace_package: Path) -> Iterator[ModelView]:
    shown = view(palace_package)
    yield shown
    shown.close()


@pytest.fixture
def shown(model: ModelView) -> ModelView:
    model.colour(None)
    model.show_storey(None)
    return model


def sent_colours(shown: ModelView) -> np.ndarray[Any, Any]:
    """(elements, 3) the colour that the browser gets for each element, NaN for what is not drawn."""
    found = np.full((shown.package.element_count, 3), np.nan)
    for body, mesh in zip(shown.bodies, shown.meshes, strict=True):
        found[body.feature] = mesh.geometry.attributes["color"].array
    return found


def pick(shown: ModelView, which: int, mesh: Any, triangle: int | None) -> None:
    """What the browser tells of a pick: the mesh, the triangle, the point, in one message."""
    state = {
        "object": None if mesh is None else f"IPY_MODEL_{mesh.model_id}",
        "faceIndex": triangle,
        "point": [1.0 + (triangle or 0), 2.0, 3.0],
    }
    shown.pickers[which].set_state(state)


def elements_of(shown: ModelView, ifc_class: str) -> list[Element]:
    return [element for element in shown.package.iterate() if element.ifc_class == ifc_class]


def test_buffers_hold_the_model_in_its_own_colours(shown: ModelView) -> None:
    triangles = 0
    for body, mesh in zip(shown.bodies, shown.meshes, strict=True):
        attributes = mesh.geometry.attributes
        assert attributes["position"].array.dtype == np.float32
        assert attributes["index"].array.dtype == np.uint32
        assert attributes["index"].array.max() < len(attributes["position"].array)
        assert np.array_equal(attributes["color"].array, body.colours)
        assert mesh.material.flatShading == (body.normals is None) == ("normal" not in attributes)
        assert mesh.material.transparent == (body.material in ("glass", "space"))
        triangles += len(attributes["index"].array) // 3
    spaces = sum(e.triangles for e in shown.package.iterate() if e.ifc_class == "IfcSpace")
    assert triangles == pytest.approx(shown.package.manifest.counts["triangles"] - spaces, rel=0.01)
    assert shown.legend.entries == ()


def test_by_class_every_element_has_its_class_s_colour(shown: ModelView) -> None:
    legend = shown.colour("class")
    colour_of = {entry.label: rgb(entry.colour) for entry in legend.entries}
    colours = sent_colours(shown)
    for ifc_class in ("IfcWall", "IfcFurniture"):
        drawn = [
            e.element_index
            for e in elements_of(shown, ifc_class)
            if not np.isnan(colours[e.element_index, 0])
        ]
        assert np.allclose(colours[drawn], colour_of.get(ifc_class) or rgb(PALETTE[-1]), atol=1e-6)
    drawn_elements = int(np.count_nonzero(~np.isnan(colours[:, 0])))
    assert sum(entry.count for entry in legend.entries) == drawn_elements


def test_by_storey_and_by_property(shown: ModelView) -> None:
    assert {entry.label for entry in shown.colour("storey").entries} >= {
        s.name for s in shown.package.storeys
    }
    name, value = next(
        (f"{pset.name}.{p.name}", p.value)
        for pset in shown.package.detail(elements_of(shown, "IfcWall")[0].guid).property_sets
        for p in pset.properties
    )
    legend = shown.colour(name)
    assert legend.title == name
    assert legend.scale is not None or str(value) in {entry.label for entry in legend.entries}
    assert re.search(re.escape(name), shown.widget.children[1].children[1].value)


def test_by_numbers_of_one_s_own(shown: ModelView) -> None:
    walls = [wall for wall in elements_of(shown, "IfcWall") if wall.triangles][:10]
    numbers = {wall.guid: float(i) for i, wall in enumerate(walls)}
    legend = shown.colour(Series(numbers, "load, kN"), "magma")
    assert legend.title == "load, kN"
    assert legend.scale is not None
    assert legend.scale[:2] == (0.0, 9.0)
    colours = sent_colours(shown)
    assert np.allclose(colours[walls[0].element_index], rgb("#000004"), atol=1e-6)
    assert np.allclose(colours[walls[-1].element_index], rgb("#fcfdbf"), atol=1e-6)


def test_a_guid_too_many_is_a_warning_and_none_at_all_an_error(shown: ModelView) -> None:
    wall = elements_of(shown, "IfcWall")[0].guid
    with pytest.warns(UserWarning, match="1 of 2 guids"):
        shown.colour({wall: 1.0, "nobody": 2.0})
    with pytest.raises(ExportError, match="none of the 1 keys"):
        shown.colour({"nobody": 2.0})


@pytest.mark.parametrize("by", ["Pset_Nothing.At", "colour", "NameEn"])
def test_an_unknown_property_is_an_error_that_says_what_there_is(shown: ModelView, by: str) -> None:
    with pytest.raises(ExportError, match=r"class, storey, Pset\.Name"):
        shown.colour(by)


def test_other_mistakes_are_told(shown: ModelView, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="viridis"):
        shown.colour("class", "rainbow")
    with pytest.raises(ExportError, match="this model has"):
        shown.show_storey("the attic")
    with pytest.raises(Exception, match="no model package"):
        view(tmp_path)


def test_one_storey_is_shown_alone(shown: ModelView) -> None:
    storey = shown.package.storeys[2]
    shown.show_storey(storey.guid)
    for body, mesh in zip(shown.bodies, shown.meshes, strict=True):
        assert mesh.visible == (body.storey == storey.element_index)
    shown.widget.children[0].value = "all storeys"
    assert all(mesh.visible for mesh in shown.meshes)


def test_a_click_tells_the_element(shown: ModelView) -> None:
    told: list[Element | None] = []
    shown.on_pick(told.append)
    body, mesh = shown.bodies[0], shown.meshes[0]
    pick(shown, 1, mesh, 5)
    expected = shown.package.element_at(int(body.feature[body.triangles[5, 0]]))
    assert told == [expected]
    assert shown.picked == expected
    assert expected.guid in shown.widget.children[2].value
    pick(shown, 1, None, None)
    assert told == [expected, None]
    assert shown.picked is None


def test_the_pointer_over_the_model_tells_the_guid(shown: ModelView) -> None:
    mesh = shown.meshes[-1]
    pick(shown, 0, mesh, 0)
    element = shown.element_at(mesh, 0)
    assert element is not None
    assert element.guid in shown.widget.children[2].value


def test_jupyter_is_given_the_widget(shown: ModelView) -> None:
    bundle = shown._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == shown.widget.model_id


def test_an_open_package_and_rooms(palace_package: Path) -> None:
    with ModelPackage.open(palace_package) as package:
        areas = {space.guid: space.area_m2 for space in package.spaces}
        shown = view(package, areas, spaces=True, storey=package.storeys[1].name, size=(400, 300))
    assert {body.material for body in shown.bodies} >= {"space", "opaque"}
    assert shown.renderer.width == 400
    assert shown.legend.scale is not None


def code_of_the_page() -> list[str]:
    return re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)


def test_the_example_of_the_documentation_runs_in_a_notebook(palace_package: Path, tmp_path: Path) -> None:
    cells = [code.replace("palace.twin", str(palace_package)) for code in code_of_the_page()]
    assert len(cells) >= 4
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        NotebookClient(notebook, timeout=100, kernel_name="python3").execute(
            cwd=str(Path(__file__).parents[3])
        )
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.output_type == "error"]
    shown = [o for o in outputs if "application/vnd.jupyter.widget-view+json" in o.get("data", {})]
    assert len(shown) >= 1
    nbformat.validate(notebook)
