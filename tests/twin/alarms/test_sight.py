"""Poses and lines of sight, against small rooms that one can draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from twin.alarms.sight import MOUNT_M, TOLERANCE_M, Sees, blocked, in_picture, probe_points, sightings
from twin.venue import CameraPose

Floats = NDArray[np.float64]
WALL = np.array([[5.0, -10.0, 0.0, 5.2, 10.0, 4.0]])
NOTHING = np.empty((0, 6))


def past(boxes: Floats) -> Sees:
    return lambda eye, points: ~blocked(eye, points, boxes)


def camera(yaw: float = 0.0, pitch: float = 0.0, fov: float = 90.0, reach: float = 20.0) -> CameraPose:
    return CameraPose(position=(0.0, 0.0, 2.0), yaw_deg=yaw, pitch_deg=pitch, fov_deg=fov, range_m=reach)


def sees(pose: CameraPose, point: tuple[float, float, float]) -> bool:
    return bool(in_picture(pose, np.array([point]))[2][0])


@pytest.mark.parametrize(
    ("pose", "point", "expected"),
    [
        (camera(), (10, 0, 2), True),
        (camera(), (-10, 0, 2), False),
        (camera(yaw=90), (0, 10, 2), True),
        (camera(yaw=90), (0, -10, 2), False),
        (camera(), (10, 9.9, 2), True),
        (camera(), (10, 10.1, 2), False),
        (camera(), (10, 0, 7.5), True),  # 29 degrees up: the picture's half height
        (camera(), (10, 0, 8), False),
        (camera(pitch=-90, fov=360), (3, 3, 0), True),
        (camera(pitch=-90, fov=360), (3, 3, 2.5), False),
        (camera(pitch=-30), (10, 0, -3.8), True),
        (camera(reach=5), (10, 0, 2), False),
    ],
)
def test_the_picture(pose: CameraPose, point: tuple[float, float, float], expected: bool) -> None:
    assert sees(pose, point) is expected


def test_a_wall_hides_what_is_behind_it_and_not_what_is_on_it() -> None:
    eye = np.array([0.0, 0.0, 2.0])
    points = np.array([[9.0, 0, 2], [4.0, 0, 2], [5.1, 0, 2], [5.3, 0, 2], [9.0, 0, 20.0]])
    assert blocked(eye, points, WALL).tolist() == [True, False, False, False, False]
    assert not blocked(eye, points, NOTHING).any()


def test_what_the_camera_hangs_on_hides_nothing() -> None:
    eye = np.array([5.19, 0.0, 2.0])
    assert not blocked(eye, np.array([[9.0, 0, 2], [1.0, 0, 2]]), WALL).any()


def sampled(eye: Floats, point: Floats, box: Floats) -> tuple[bool, bool]:
    """Whether a fine walk along the line meets a box shrunk, and one grown, by a hair."""
    length = float(np.linalg.norm(point - eye))
    begin, end = min(MOUNT_M, length), length - TOLERANCE_M
    if end <= begin:
        return False, False
    along = eye + (point - eye) * (np.linspace(begin, end, 4001) / length)[:, None]

    def meets(grow: float) -> bool:
        return bool(((along > box[:3] - grow) & (along < box[3:] + grow)).all(axis=1).any())

    return meets(-0.01), meets(0.01)


coordinates = st.integers(-40, 40).map(lambda number: number / 4)
places = st.tuples(coordinates, coordinates, coordinates).map(np.array)


@given(places, places, places, places)
def test_the_test_of_slabs_is_a_walk_along_the_line(
    eye: Floats, point: Floats, corner: Floats, other: Floats
) -> None:
    box = np.concatenate([np.minimum(corner, other), np.maximum(corner, other) + 0.25])
    if ((box[:3] <= eye) & (eye <= box[3:])).all():
        return
    surely, perhaps = sampled(eye, point, box)
    got = bool(blocked(eye, point[None], box[None])[0])
    assert surely <= got <= perhaps


def test_the_nearest_and_straightest_camera_comes_first() -> None:
    target = np.array([[6.0, 0.0, 2.0]])
    cameras = {
        "far": CameraPose(position=(-8, 0, 2), yaw_deg=0, range_m=20),
        "near": CameraPose(position=(2, 0, 2), yaw_deg=0, range_m=20),
        "aslant": CameraPose(position=(2, 0, 2), yaw_deg=40, range_m=20),
        "behind": CameraPose(position=(12, 0, 2), yaw_deg=0, range_m=20),
        "walled": CameraPose(position=(6, -12, 2), yaw_deg=90, range_m=20),
    }
    wall = np.array([[0.0, -5.0, 0.0, 12.0, -4.8, 4.0]])
    found = sightings(cameras, target, past(wall))
    assert [each.device for each in found] == ["near", "far", "aslant"]
    assert (found[0].distance_m, found[0].angle_deg, found[0].share) == (4.0, 0.0, 1.0)
    assert len(sightings(cameras, target, past(wall), limit=1)) == 1


def test_a_thing_half_hidden_is_seen_in_part() -> None:
    target = probe_points([8.0, -2.0, 1.0, 10.0, 2.0, 3.0])
    half = np.array([[5.0, -10.0, 0.0, 5.2, -0.2, 4.0]])
    (found,) = sightings({"c": camera()}, target, past(half))
    assert 0 < found.share < 1
