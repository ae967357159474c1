"""The tiles as an analyst's notebook reads them: nothing lost, everything where the package says."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spatial.errors import TileFormatError
from spatial.glb import FAULTS, contents, rotations
from spatial.package import ModelPackage
from twin.errors import ExportError
from twin.notebook.bodies import Body, join, srgb
from twin.notebook.tiles import Piece, pieces_of, read_pieces


@pytest.fixture(scope="module")
def package(palace_package: Path) -> ModelPackage:
    return ModelPackage.open(palace_package)


@pytest.fixture(scope="module")
def bodies(package: ModelPackage) -> tuple[Body, ...]:
    return join(read_pieces(package.folder, spaces=True), package.columns.storey)


def test_every_drawn_element_is_there_with_all_its_triangles(
    package: ModelPackage, bodies: tuple[Body, ...]
) -> None:
    counted = np.zeros(package.element_count, dtype=np.int64)
    for body in bodies:
        np.add.at(counted, body.feature[body.triangles[:, 0]], 1)
    expected = np.array([element.triangles for element in package.iterate()])
    drawn = np.array([element.shape_status == "drawn" for element in package.iterate()])
    assert np.array_equal(counted > 0, drawn & (expected > 0))
    assert counted.sum() == pytest.approx(expected.sum(), rel=0.01)


def test_elements_stand_in_their_boxes(package: ModelPackage, bodies: tuple[Body, ...]) -> None:
    low = np.full((package.element_count, 3), np.inf)
    high = -low
    for body in bodies:
        np.minimum.at(low, body.feature, body.positions)
        np.maximum.at(high, body.feature, body.positions)
    boxes = package.boxes()
    drawn = np.isfinite(low[:, 0])
    tolerance = package.manifest.raw["quantization_error_m"] + 1e-3
    assert np.abs(low[drawn] - boxes[drawn, :3]).max() <= tolerance
    assert np.abs(high[drawn] - boxes[drawn, 3:]).max() <= tolerance


def test_bodies_are_cut_by_storey_and_their_triangles_by_element(
    package: ModelPackage, bodies: tuple[Body, ...]
) -> None:
    assert len({(body.storey, body.material, body.normals is None) for body in bodies}) == len(bodies)
    for body in bodies:
        assert set(package.columns.storey[body.feature].tolist()) == {body.storey}
        corners = body.feature[body.triangles]
        assert (corners == corners[:, :1]).all()
        assert (np.diff(corners[:, 0]) >= 0).all()
        if body.normals is not None:
            assert np.allclose(np.linalg.norm(body.normals, axis=1), 1, atol=1e-5)
        assert body.element_at(0) == corners[0, 0]
        assert body.element_at(-1) is None
        assert body.element_at(len(body.triangles)) is None


def test_without_rooms_no_volume_of_a_room_is_drawn(package: ModelPackage) -> None:
    spaces = package.class_ids(["IfcSpace"])
    for piece in read_pieces(package.folder):
        assert not np.isin(package.columns.class_id[piece.feature], spaces).any()


def test_what_finer_tiles_replace_is_left_out() -> None:
    leaf = {"content": {"uri": "fine.glb"}}
    coarse = {"refine": "REPLACE", "content": {"uri": "coarse.glb"}, "children": [leaf]}
    rooms = {"content": {"uri": "rooms.glb"}, "extras": {"kind": "spaces"}}
    root = {"refine": "ADD", "content": {"uri": "big.glb"}, "children": [coarse, rooms]}
    assert list(contents(root, spaces=False)) == ["big.glb", "fine.glb"]
    assert list(contents(root, spaces=True)) == ["big.glb", "fine.glb", "rooms.glb"]


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 1e-3))
def test_rotations_are_those_of_scipy(quaternion: list[float]) -> None:
    expected = Rotation.from_quat(quaternion).as_matrix()
    assert np.allclose(rotations(np.array([quaternion]))[0], expected, atol=1e-9)


def test_linear_light_becomes_srgb() -> None:
    values = np.array([0.0, 0.0021, 0.2140, 1.0], dtype=np.float32)
    assert np.allclose(srgb(values), [0.0, 0.0271, 0.5, 1.0], atol=1e-3)


def test_a_piece_over_two_storeys_is_cut() -> None:
    vertices = np.arange(18, dtype=np.float32).reshape(6, 3)
    piece = Piece(
        "opaque",
        vertices,
        np.tile(np.array([0, 0, 1], dtype=np.float32), (6, 1)),
        np.ones((6, 4), dtype=np.float32),
        np.array([1, 1, 1, 0, 0, 0]),
        np.array([[0, 1, 2], [3, 4, 5]]),
    )
    upper, lower = sorted(join([piece], np.array([7, 9], dtype=np.int32)), key=lambda body: -body.storey)
    assert (upper.storey, lower.storey) == (9, 7)
    assert np.array_equal(upper.positions[upper.triangles[0]], vertices[:3])
    assert np.array_equal(lower.positions[lower.triangles[0]], vertices[3:])


def glb(document: dict[str, Any], binary: bytes = b"") -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = (
        struct.pack("<II", len(text), 0x4E4F534A)
        + text
        + struct.pack("<II", len(binary), 0x004E4942)
        + binary
    )
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"glTF",
        glb({})[:-3],
        glb({"extensionsRequired": ["KHR_draco_mesh_compression"]}),
        glb({"nodes": [{"mesh": 0}], "meshes": []}),
    ],
)
def test_bytes_that_are_no_tile_are_an_error_that_says_what_to_do(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "tileset.json").write_text('{"root": {"content": {"uri": "tile.glb"}}}')
    (tmp_path / "tile.glb").write_bytes(content)
    with pytest.raises(ExportError, match="build the package again"):
        list(read_pieces(tmp_path))


@given(cut=st.integers(0, 2000), flip=st.integers(0, 255), at=st.integers(0, 2000))
def test_damage_is_told_as_damage(cut: int, flip: int, at: int) -> None:
    content = bytearray(glb({"nodes": [], "asset": {"version": "2.0"}}, b"\0" * 16))
    content[at % len(content)] ^= flip
    try:
        pieces_of(bytes(content[: max(cut, 1)]))
    except (TileFormatError, *FAULTS):
        return
