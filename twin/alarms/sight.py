"""Which cameras look at a place: by pose, and by line of sight past walls, slabs and doors.

What hides is the caller's to know (`twin.alarms.occluders`): triangles of the model or, where there are none,
boxes, with which a wall that stands askew hides more than it does in truth. A door counts as shut and glass,
which mirrors, as solid. So a camera named here sees the place; another may be missing.
No I/O.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.venue import CameraPose

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Sees = Callable[[Floats, Floats], Mask]
"""Whether an eye (3,) sees each of some points (n, 3), m: (n,) bool."""

ASPECT = 9 / 16
"""Height of a picture by its width; `fov_deg` is across."""
PANORAMIC_DEG = 180.0
"""From this field of view on a camera sees the whole half-space that it faces (a dome below a ceiling)."""
TOLERANCE_M = 0.35
"""What hides only the last bit before the target is what it is mounted on."""
MOUNT_M = 0.1
SHRUNK = 0.9


@dataclass(frozen=True, slots=True)
class Sighting:
    """A camera that sees the place: how far off, how far from the middle of its picture, how much of it.

    `share` is the part of the target's probe points that is in sight, over 0 to 1.
    """

    device: str
    distance_m: float
    angle_deg: float
    share: float


def probe_points(box: ArrayLike) -> Floats:
    """Centre and middles of the faces, drawn in a little, of a box (6,) m: (7, 3) m."""
    low, high = np.asarray(box, dtype=np.float64).reshape(2, 3)
    centre, half = (low + high) / 2, SHRUNK * (high - low) / 2
    steps = np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)])
    points: Floats = centre + steps * half
    return points


def sightings(
    cameras: Mapping[str, CameraPose], targets: ArrayLike, sees: Sees, limit: int = 5
) -> tuple[Sighting, ...]:
    """The cameras that see some of the target points ((n, 3) m), the best ones first.

    A camera is the better the nearer it is for its range, and the nearer the place is to the middle of its
    picture.
    """
    points = np.asarray(targets, dtype=np.float64).reshape(-1, 3)
    found: list[tuple[float, Sighting]] = []
    for device, pose in cameras.items():
        distance_m, angle_deg, inside = in_picture(pose, points)
        if not inside.any():
            continue
        seen = points[inside]
        clear = sees(np.array(pose.position), seen)
        if not clear.any():
            continue
        share = float(clear.sum() / len(points))
        near, middle = float(distance_m[inside][clear].min()), float(angle_deg[inside][clear].min())
        rating = near / pose.range_m + middle / (pose.fov_deg / 2) + (1.0 - share)
        found.append((rating, Sighting(device, round(near, 2), round(middle, 1), round(share, 2))))
    found.sort(key=lambda pair: (pair[0], pair[1].device))
    return tuple(sighting for _, sighting in found[:limit])


def in_picture(pose: CameraPose, points: Floats) -> tuple[Floats, Floats, Mask]:
    """Distance (n,) m, angle off the axis (n,) degrees and whether range and picture hold the point (n,)."""
    away = points - np.array(pose.position)
    distance = np.linalg.norm(away, axis=1)
    right, up, forward = axes_of(pose)
    x, y, z = away @ right, away @ up, away @ forward
    angle = np.degrees(np.arctan2(np.hypot(x, y), z))
    if pose.fov_deg >= PANORAMIC_DEG:
        inside = z >= 0
    else:
        reach = np.tan(np.radians(pose.fov_deg) / 2)
        inside = (z > 0) & (np.abs(x) <= reach * z) & (np.abs(y) <= ASPECT * reach * z)
    return distance, angle, inside & (distance <= pose.range_m)


def axes_of(pose: CameraPose) -> tuple[Floats, Floats, Floats]:
    """Right, up and forward, unit vectors (3,) in the local frame: yaw 0 is +x, counter-clockwise."""
    yaw, pitch = np.radians(pose.yaw_deg), np.radians(pose.pitch_deg)
    forward = np.array([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    return right, np.cross(right, forward), forward


def blocked(eye: Floats, points: Floats, boxes: Floats) -> Mask:
    """Whether a box stands between the eye (3,) and each of n points: (n,) bool; boxes (k, 6), m.

    The first `MOUNT_M` and the last `TOLERANCE_M` of the way do not count, and a box that holds the eye is
    what the camera hangs on. Source of the test: Kay and Kajiya's slabs (SIGGRAPH 1986).
    """
    low, high = boxes[:, :3], boxes[:, 3:]
    around = ((low <= eye) & (eye <= high)).all(axis=1)
    low, high = low[~around], high[~around]
    way = points - eye
    length = np.linalg.norm(way, axis=1)
    begin = np.minimum(MOUNT_M / np.maximum(length, 1e-9), 1.0)
    end = 1.0 - np.minimum(TOLERANCE_M / np.maximum(length, 1e-9), 1.0)
    enter, leave = _crossing(eye, way, low, high)
    hit = np.maximum(enter, begin[:, None]) < np.minimum(leave, end[:, None])
    result: Mask = hit.any(axis=1)
    return result


def _crossing(eye: Floats, way: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Where each of n ways enters and leaves each of k boxes, as parts of the way: two (n, k)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        first = (low[None] - eye) / way[:, None]
        second = (high[None] - eye) / way[:, None]
    # Along an axis on which the way does not move 0/0 may stand: on the very face counts as beside.
    enter = np.nan_to_num(np.minimum(first, second), nan=np.inf, posinf=np.inf, neginf=-np.inf)
    leave = np.nan_to_num(np.maximum(first, second), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    return enter.max(axis=2, initial=-np.inf), leave.min(axis=2, initial=np.inf)
