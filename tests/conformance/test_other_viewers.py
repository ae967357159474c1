"""The tileset opens in implementations that are not ours: 3d-tiles-renderer as it comes, and loaders.gl.

Both decode EXT_meshopt_compression by meshoptimizer's decoder; what they draw is compared with the model.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bim_pipeline.build import build_package
from tests.bim_pipeline.models import House

ROOT = Path(__file__).parents[2]
VIEWER = ROOT / "web_viewer"
SCRIPT = VIEWER / "bench" / "open_tileset.mjs"
#: The first test may have to wait until the demo venue is built.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module", params=["house", "palace", "Office_A", "xbim_House"])
def package(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    real_package: Callable[[str], Path],
) -> Path:
    if request.param == "palace":
        package: Path = request.getfixturevalue("palace_package")
        return package
    if request.param != "house":
        return real_package(request.param)
    folder = tmp_path_factory.mktemp("house")
    build_package(House(chairs=8).write(folder / "house.ifc"), folder / "package", jobs=1)
    return folder / "package"


@pytest.fixture(scope="module")
def opened(package: Path) -> dict[str, dict[str, Any]]:
    if shutil.which("node") is None or not (VIEWER / "node_modules" / "@loaders.gl").exists():
        pytest.skip("the other viewers are not installed; run npm ci in web_viewer")
    done = subprocess.run(["node", str(SCRIPT), str(package)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("viewer", ["three", "loaders"])
def test_another_viewer_draws_every_element_with_all_its_triangles(
    package: Path, opened: dict[str, dict[str, Any]], viewer: str
) -> None:
    counts = json.loads((package / "manifest.json").read_bytes())["counts"]
    with sqlite3.connect(package / "model.db") as database:
        rows = database.execute(
            "SELECT element_index FROM element WHERE shape_status = 'drawn' ORDER BY element_index"
        )
        drawn = [index for (index,) in rows]
    found = opened[viewer]
    assert found["tiles"] == counts["tiles"]
    assert found["triangles"] == counts["triangles"]
    assert found["features"] == drawn
