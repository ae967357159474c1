"""What hides a place is what is drawn: triangles read back from a package's tiles."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from spatial.errors import IncompletePackageError, TileFormatError
from spatial.package import ModelPackage
from spatial.tiles import read_triangles, tile_triangles
from twin.alarms.occluders import sight_past, triangles_of


def test_triangles_read_back_fill_the_boxes_of_their_elements(house: Path) -> None:
    drawn = read_triangles(house)
    manifest = json.loads((house / "manifest.json").read_text())
    error = manifest["quantization_error_m"] + 1e-4
    with ModelPackage.open(house) as package:
        spaces = np.isin(package.columns.class_id, package.class_ids(["IfcSpace"]))
        boxes = package.boxes()
    assert not spaces[drawn.elements].any()
    expected = np.flatnonzero(~np.isnan(boxes[:, 0]) & ~spaces)
    assert np.unique(drawn.elements).tolist() == expected.tolist()
    for element in expected:
        corners = drawn.corners[drawn.elements == element].reshape(-1, 3)
        around = np.hstack([corners.min(axis=0), corners.max(axis=0)])
        np.testing.assert_allclose(around, boxes[element], atol=error)


def test_a_wall_of_the_house_hides_and_one_that_is_left_out_does_not(house: Path) -> None:
    with ModelPackage.open(house) as package:
        triangles = triangles_of(package)
        assert triangles is not None
        walls = np.flatnonzero(np.isin(package.columns.class_id, package.class_ids(["IfcWall"])))
        middle = package.boxes()[walls[0]].reshape(2, 3).mean(axis=0)
        thin = int(np.argmin(np.diff(package.boxes()[walls[0]].reshape(2, 3), axis=0)))
        away = np.eye(3)[thin] * 0.8
        eye, behind = middle - away, (middle + away)[None]
        assert not sight_past(package, triangles, [])(eye, behind)[0]
        assert sight_past(package, triangles, walls.tolist())(eye, behind)[0]
        assert not sight_past(package, None, [])(eye, behind)[0]


def test_tiles_that_cannot_be_read_are_told_in_one_line_and_boxes_serve(house: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.twin"
    shutil.copytree(house, broken)
    tile = next((broken / "tiles").glob("*.glb"))
    content = tile.read_bytes()
    for damaged in (
        b"",
        b"nonsense" * 9,
        content[: len(content) // 2],
        content.replace(b"KHR_mesh", b"XYZ_mesh"),
    ):
        with pytest.raises(TileFormatError, match=r"a\.glb"):
            tile_triangles(damaged, "a.glb")
    tile.write_bytes(content[: len(content) // 2])
    with pytest.raises(IncompletePackageError):
        read_triangles(broken)
    with ModelPackage.open(broken) as package:
        assert triangles_of(package) is None
