"""What the viewer is generated from is what the server serves."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from twin.app import describe_api
from twin.openapi import openapi_text

VIEWER = Path(__file__).parents[2] / "web_viewer"
GENERATED = VIEWER / "src" / "generated"
HINT = "run: python -m twin.openapi > web_viewer/src/generated/openapi.json; npm run generate"


def test_the_committed_description_is_the_servers() -> None:
    assert (GENERATED / "openapi.json").read_text("utf-8") == openapi_text(), HINT


def test_the_committed_types_follow_the_description(tmp_path: Path) -> None:
    tool = VIEWER / "node_modules" / ".bin" / "openapi-typescript"
    if not tool.exists() or shutil.which("node") is None:
        pytest.skip("the viewer's tools are not installed (make setup)")
    fresh = tmp_path / "api.d.ts"
    subprocess.run(
        [tool, GENERATED / "openapi.json", "-o", fresh], cwd=VIEWER, check=True, capture_output=True
    )
    assert fresh.read_text("utf-8") == (GENERATED / "api.d.ts").read_text("utf-8"), HINT


def operations() -> list[tuple[str, dict[str, Any]]]:
    paths = describe_api().openapi()["paths"]
    return [(path, operation) for path, methods in paths.items() for operation in methods.values()]


def test_every_operation_has_a_name_a_description_and_an_answer() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(set(names)) == len(names)
    for path, operation in operations():
        assert operation.get("description"), path
        good = {code: answer for code, answer in operation["responses"].items() if code.startswith("2")}
        assert good, path
        assert all(answer.get("content") for code, answer in good.items() if code != "204"), path


def test_every_reference_leads_somewhere() -> None:
    description = describe_api().openapi()
    known = set(description["components"]["schemas"])
    references: set[str] = set()

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            references.update(value for key, value in node.items() if key == "$ref")
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(description)
    assert references
    assert {reference.removeprefix("#/components/schemas/") for reference in references} <= known


@pytest.mark.parametrize(
    "name", ["ElementPage", "SpacePage", "StoreyPage", "PointPage", "DevicePage", "PoiList"]
)
def test_lists_have_items_and_a_cursor(name: str) -> None:
    schema = describe_api().openapi()["components"]["schemas"][name]
    assert {"items", "next"} <= set(schema["required"])


def test_a_point_carries_what_the_contract_says() -> None:
    schema = describe_api().openapi()["components"]["schemas"]["Point"]
    wanted = {"device", "point", "point_index", "class", "unit", "range", "states", "element"}
    assert wanted <= set(schema["required"])
