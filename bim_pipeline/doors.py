"""Doors in plan: where they stand, which way they face, and the rooms on their two sides.

IFC 4.3, IfcDoor: the local x axis runs along the door's width, the local y axis is the normal of its plane
and points to where a swinging leaf opens. The box of a door is no help: an open leaf inflates it. Exporters
do not all keep to the convention, so the mesh has the last word where it contradicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bim_pipeline.rooms import NOWHERE, RoomFinder
from bim_pipeline.source import Element, FloatArray, Mesh, Portal

DOOR_CLASSES = frozenset({"IfcDoor", "IfcDoorStandardCase"})
# Walls are up to 0.5 m thick and a placement may lie on either face; few things are an odd 0.085 m apart.
PROBE_STEPS_M = np.arange(0.085, 0.86, 0.1)
PROBE_HEIGHT_M = 0.1
CLEAR_M = 0.3  # one stands so far behind the room's edge
OUTSIDE_M = 0.6  # ... and so far from the door where there is no room
DEFAULT_WIDTH_M = 0.9
_AXIS_TOLERANCE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class DoorFrame:
    """A door in plan: the middle of its sill `centre` (3,), unit vectors `along` and `normal` (2,), m."""

    element: Element
    centre: FloatArray
    along: FloatArray
    normal: FloatArray
    width_m: float

    def threshold(self) -> FloatArray:
        """Give the two ends of the door's line, (2, 2), m."""
        half = self.along * self.width_m / 2
        return np.stack([self.centre[:2] - half, self.centre[:2] + half])


def door_frames(elements: Iterable[Element], meshes: Mapping[int, Mesh]) -> list[DoorFrame]:
    """Find where all doors stand; those with neither placement nor body are left out, trapdoors too."""
    doors = (e for e in elements if e.ifc_class in DOOR_CLASSES and e.predefined_type != "TRAPDOOR")
    frames = (door_frame(door, meshes.get(door.element_index)) for door in doors)
    return [frame for frame in frames if frame is not None]


def door_frame(door: Element, mesh: Mesh | None) -> DoorFrame | None:
    """Find where one door (or window) stands; None where nothing tells."""
    width = _width_attribute(door)
    axes = _placed_axes(door.placement)
    points = None if mesh is None or len(mesh[1]) == 0 else mesh[0][np.unique(mesh[1])]
    if points is None:
        return None if axes is None else _frame_without_body(door, axes, width or DEFAULT_WIDTH_M)
    if axes is None or _is_turned(points, axes, width):
        axes = _long_axes(points)
    along, normal = axes
    origin = points.mean(axis=0) if door.placement is None else door.placement[:3, 3]
    across = (points[:, :2] - origin[:2]) @ np.stack([along, normal], axis=1)
    (low_u, low_v), (high_u, high_v) = across.min(axis=0), across.max(axis=0)
    # An open leaf reaches far from the wall, the placement does not; but it must be somewhere at the body.
    v = 0.0 if low_v - _AXIS_TOLERANCE <= 0.0 <= high_v + _AXIS_TOLERANCE else (low_v + high_v) / 2
    middle = origin[:2] + along * (low_u + high_u) / 2 + normal * v
    body_width = float(high_u - low_u)
    believed = width if width and 0.5 * body_width <= width <= 1.5 * body_width else body_width
    return DoorFrame(door, np.append(middle, points[:, 2].min()), along, normal, believed)


def probe_rooms(frames: Sequence[DoorFrame], finder: RoomFinder) -> list[Portal]:
    """Make a portal of each door: side a is against its normal, side b along it.

    Where no room is found on a side, that space is None; a door inside one room has it on both sides.
    """
    if not frames:
        return []
    points = _probes(frames)
    storeys = np.array([-1 if f.element.storey_index is None else f.element.storey_index for f in frames])
    shape = points.shape[:3]
    rooms = finder.at(points.reshape(-1, 3), np.repeat(storeys, shape[1] * shape[2])).reshape(shape)
    return [_portal(frame, sides, finder) for frame, sides in zip(frames, rooms, strict=True)]


def _probes(frames: Sequence[DoorFrame]) -> FloatArray:
    """(doors, 2 sides, steps, 3): points ever farther from the door's line, first against its normal."""
    points = np.empty((len(frames), 2, len(PROBE_STEPS_M), 3))
    for row, frame in enumerate(frames):
        for side, sign in enumerate((-1.0, 1.0)):
            points[row, side, :, :2] = frame.centre[:2] + sign * PROBE_STEPS_M[:, None] * frame.normal
        points[row, :, :, 2] = frame.centre[2] + PROBE_HEIGHT_M
    return points


def _portal(frame: DoorFrame, sides: NDArray[np.int64], finder: RoomFinder) -> Portal:
    """sides: (2, steps) rooms found at each probe."""
    hits = _two_rooms(sides)
    rooms = [NOWHERE if hit is None else int(side[hit]) for hit, side in zip(hits, sides, strict=True)]
    stands = [
        _stand(frame, sign, hit, side, finder)
        for sign, hit, side in zip((-1.0, 1.0), hits, sides, strict=True)
    ]
    return Portal(
        frame.element.element_index,
        "door",
        finder.element_index(rooms[0]),
        finder.element_index(rooms[1]),
        stands[0],
        stands[1],
        frame.width_m,
    )


def _two_rooms(sides: NDArray[np.int64]) -> list[int | None]:
    """Which probe tells the room of each side: the first that hits one, or None.

    Where both sides meet the same room, the door's line may lie before its wall: then the nearest other room
    beyond, on either side, is that side's.
    """
    hits = [_first(side != NOWHERE) for side in sides]
    here, there = hits
    if here is None or there is None or sides[0, here] != sides[1, there]:
        return hits
    same = sides[0, here]
    beyond = [(_first((side != NOWHERE) & (side != same)), row) for row, side in enumerate(sides)]
    others = [(hit, row) for hit, row in beyond if hit is not None]
    if others:
        hit, row = min(others)
        hits[row] = hit
    return hits


def _first(flags: NDArray[np.bool_]) -> int | None:
    return int(flags.argmax()) if flags.any() else None


def _stand(
    frame: DoorFrame, sign: float, hit: int | None, side: NDArray[np.int64], finder: RoomFinder
) -> tuple[float, float, float]:
    """Where one stands before the door on one side: a little behind the room's edge, on its floor."""
    if hit is None:
        distance, floor = OUTSIDE_M, float(frame.centre[2])
    else:
        behind = PROBE_STEPS_M[hit] + CLEAR_M >= PROBE_STEPS_M
        distance = float(PROBE_STEPS_M[(side == side[hit]) & behind][-1])
        floor = finder.floor(int(side[hit]), float(frame.centre[2]))
    x, y = frame.centre[:2] + sign * distance * frame.normal
    return (float(x), float(y), floor)


def _width_attribute(door: Element) -> float | None:
    width = door.attributes.get("OverallWidth")
    return float(width) if isinstance(width, int | float) and 0.1 < width < 50 else None


def _placed_axes(placement: FloatArray | None) -> tuple[FloatArray, FloatArray] | None:
    """The plan directions of local x and y; None where the door does not stand upright."""
    if placement is None or not np.isfinite(placement).all() or abs(placement[2, 2]) < 0.9:
        return None
    length = np.linalg.norm(placement[:2, 0])
    if length < 0.5:
        return None
    along = placement[:2, 0] / length
    normal = np.array([-along[1], along[0]])
    return along, normal if normal @ placement[:2, 1] >= 0 else -normal


def _is_turned(points: FloatArray, axes: tuple[FloatArray, FloatArray], width: float | None) -> bool:
    """Whether the body has its width along local y: narrow along x, and as wide as told along y."""
    across = np.ptp(points[:, :2] @ np.stack(axes, axis=1), axis=0)
    expected = width or max(across)
    return bool(across[0] < 0.6 * expected and 0.8 * expected <= across[1] <= 1.25 * expected)


def _long_axes(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The longer horizontal direction of a body, and the one across it."""
    centred = points[:, :2] - points[:, :2].mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    along = vectors[:, 1] * (1.0 if vectors[np.abs(vectors[:, 1]).argmax(), 1] > 0 else -1.0)
    return along, np.array([-along[1], along[0]])


def _frame_without_body(door: Element, axes: tuple[FloatArray, FloatArray], width: float) -> DoorFrame | None:
    """IFC's convention: the placement is at the left end of the sill."""
    if door.placement is None:
        return None
    origin = door.placement[:3, 3]
    return DoorFrame(door, origin + np.append(axes[0] * width / 2, 0.0), axes[0], axes[1], width)
