"""Simulated cameras: rays, scenes, people, words, and that what is drawn is a stream like any other."""

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.package import ModelPackage
from spatial.sight import TriangleIndex
from telemetry_bridge.clock import SimulatedClock
from tests.spatial.conftest import folder, package
from twin.alarms.sight import axes_of, in_picture
from twin.venue import CameraPose
from twin.video import simulated
from twin.video.drawing import HEIGHT, WIDTH, Scene, people_at, picture, rays
from twin.video.glyphs import HIGH, text_mask
from twin.video.scene_process import draw, write
from twin.video.simulated import SimulatedSource, Stage, read_scene
from twin.video.sources import SourceError

__all__ = ["folder", "package"]


@given(
    yaw=st.floats(-360, 360),
    pitch=st.floats(-89, 89),
    fov=st.floats(20, 150),
    x=st.integers(0, 39),
    y=st.integers(0, 21),
)
def test_what_a_pixels_ray_meets_is_in_the_picture_of_the_pose(
    yaw: float, pitch: float, fov: float, x: int, y: int
) -> None:
    pose = CameraPose(position=(1.0, 2.0, 3.0), yaw_deg=yaw, pitch_deg=pitch, fov_deg=fov, range_m=50.0)
    directions = rays(40, 22, fov, axes_of(pose)).reshape(22, 40, 3)
    assert np.allclose(np.linalg.norm(directions, axis=-1), 1.0)
    seen = np.array(pose.position) + 10.0 * directions[y, x]
    _, _, inside = in_picture(pose, seen[None, :])
    assert inside.all()
    right, up, _ = axes_of(pose)
    assert (directions[y, x] @ right > 0) == (x >= 20)
    assert (directions[y, x] @ up > 0) == (y < 11)


def test_a_dome_sees_the_half_space_below_it() -> None:
    pose = CameraPose(position=(0, 0, 3), yaw_deg=0, pitch_deg=-90, fov_deg=360, range_m=10)
    directions = rays(64, 36, 360, axes_of(pose))
    assert (directions[:, 2] < 1e-9).all()
    assert directions[:, 2].min() < -0.99


def test_a_scene_shows_floor_and_wall_and_people_stand_on_the_floor(package: ModelPackage) -> None:
    floor = [[[-20, -20, 0], [20, -20, 0], [20, 20, 0]], [[-20, -20, 0], [20, 20, 0], [-20, 20, 0]]]
    wall = [[[8, -20, 0], [8, 20, 0], [8, 20, 9]], [[8, -20, 0], [8, 20, 9], [8, -20, 9]]]
    triangles = TriangleIndex.of(np.array([*floor, *wall], dtype=float), [8, 8, 9, 9])
    pose = CameraPose(position=(0, 0, 3), yaw_deg=0, pitch_deg=-20, fov_deg=80, range_m=15)
    hidden = np.zeros(package.element_count, dtype=np.bool_)
    scene, _ = draw(package, triangles, hidden, pose)
    assert scene.rgb.shape == (HEIGHT, WIDTH, 3)
    assert scene.rgb[5, WIDTH // 2].tolist() != scene.rgb[-5, WIDTH // 2].tolist()
    horizon = np.tan(np.radians(20.0)) / np.tan(np.radians(40.0)) * WIDTH / 2.0
    assert len(scene.spots)
    assert (scene.spots[:, 1] > HEIGHT / 2 - horizon).all()
    assert np.isfinite(scene.spots).all()
    hidden[9] = True
    open_scene, _ = draw(package, triangles, hidden, pose)
    assert not np.array_equal(open_scene.rgb, scene.rgb)


def test_people_walk_and_are_as_many_as_are_counted() -> None:
    spots = np.array([[100.0 + 10 * n, 200.0 + n, 20.0] for n in range(30)])
    assert len(people_at(spots, 7, 5.0)) == 7
    assert len(people_at(spots, 999, 5.0)) == 30
    assert len(people_at(np.empty((0, 3)), 7, 5.0)) == 0
    moved = np.abs(people_at(spots, 7, 5.0) - people_at(spots, 7, 5.5))
    assert 0 < moved.max() < 30


def test_words_are_drawn_and_letters_that_are_not_there_are_blank() -> None:
    assert text_mask("模拟").shape == (HIGH, 32)
    assert text_mask("0").any()
    assert not text_mask("é ").any()
    scene = Scene(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), np.empty((0, 3)))
    drawn = picture(scene, "L1-CAM-0001  模拟 SIMULATED", np.empty((0, 3)))
    assert (drawn[: HEIGHT - HIGH - 8] == 90).all()
    assert (drawn[HEIGHT - HIGH - 8 :] > 200).any()
    assert (scene.rgb == 90).all()


def test_a_stage_gives_packets_once_it_has_its_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "FPS", 50)
    stage = Stage("cam-1", SimulatedClock(1_795_281_000_000.0), "Asia/Shanghai")
    with pytest.raises(SourceError, match="being drawn"):
        stage.picture()
    monkeypatch.setattr(simulated, "PATIENCE_S", 0.0)
    with pytest.raises(SourceError, match="being drawn"):
        SimulatedSource(stage)
    monkeypatch.setattr(simulated, "PATIENCE_S", 60.0)
    scene = Scene(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), np.array([[300.0, 200.0, 30.0]]))
    write(tmp_path / "scene.npz", scene)
    threading.Timer(0.05, stage.take, ({"scene": str(tmp_path / "scene.npz"), "people": 1},)).start()
    source = SimulatedSource(stage)
    packets = [packet for packet, _ in zip(source.packets(), range(6), strict=False)]
    assert [each.is_keyframe for each in packets] == [True, False, False, False, True, False]
    assert (source.template.width, source.template.height) == (WIDTH, HEIGHT)
    empty = stage.picture()
    stage.take({"people": 0})
    assert not np.array_equal(stage.picture(), empty)
    (tmp_path / "other.npz").write_bytes(b"nothing")
    with pytest.raises((ValueError, OSError)):
        read_scene(tmp_path / "other.npz")
