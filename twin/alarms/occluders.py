"""What hides a place from a camera: the triangles of a package, else the boxes of its walls."""

import numpy as np
import structlog
from numpy.typing import NDArray

from spatial.errors import IncompletePackageError
from spatial.package import ModelPackage
from spatial.sight import TriangleIndex
from spatial.tiles import read_triangles
from twin.alarms.sight import MOUNT_M, TOLERANCE_M, Floats, Mask, Sees, blocked

LOG = structlog.get_logger(__name__)

SOLID_CLASSES = (
    "IfcWall",
    "IfcSlab",
    "IfcRoof",
    "IfcCovering",
    "IfcDoor",
    "IfcCurtainWall",
    "IfcPlate",  # of a curtain wall, which then has no body of its own
    "IfcWindow",
)
BUILT_CLASSES = (
    *SOLID_CLASSES,
    "IfcBeam",
    "IfcBuildingElementProxy",
    "IfcColumn",
    "IfcMember",
    "IfcRamp",
    "IfcRampFlight",
    "IfcStair",
    "IfcStairFlight",
)


def triangles_of(package: ModelPackage) -> TriangleIndex | None:
    """The triangles of what is built and stays: walls, slabs, doors, columns, stairs, not furniture.

    None where the package's tiles cannot be read; the log then says why.
    """
    try:
        drawn = read_triangles(package.folder)
    except IncompletePackageError as error:
        LOG.warning("cameras are told by boxes, not by triangles", reason=str(error))
        return None
    built = _of_classes(package, BUILT_CLASSES)[drawn.elements]
    return TriangleIndex.of(drawn.corners[built], drawn.elements[built])


def sight_past(package: ModelPackage, triangles: TriangleIndex | None, unseen: list[int]) -> Sees:
    """The test whether an eye sees points, as if the elements `unseen` were not there."""
    hidden = np.zeros(package.element_count, dtype=np.bool_)
    hidden[unseen] = True
    if triangles is None:
        return _past_boxes(package, _of_classes(package, SOLID_CLASSES) & ~hidden)

    def sees(eye: Floats, points: Floats) -> Mask:
        return triangles.sees(eye, points, hidden, (MOUNT_M, TOLERANCE_M))

    return sees


def _past_boxes(package: ModelPackage, occluding: Mask) -> Sees:
    def sees(eye: Floats, points: Floats) -> Mask:
        both = np.vstack([eye, points])
        rows = package.index.overlapping(np.concatenate([both.min(axis=0), both.max(axis=0)]))
        return ~blocked(eye, points, package.index.boxes(rows[occluding[rows]]))

    return sees


def _of_classes(package: ModelPackage, names: tuple[str, ...]) -> NDArray[np.bool_]:
    """(elements,) bool: which elements are of some classes."""
    return np.isin(package.columns.class_id, package.class_ids(names))
