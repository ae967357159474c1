"""Doing at the start of a server what the first query of each kind would otherwise wait for."""

from spatial.package import ModelPackage
from spatial.sight import TriangleIndex


def warm_up(package: ModelPackage) -> None:
    """Load the queries' machine code, or compile it where this installation has not run before.

    The latter takes seconds, most of them without Python's lock; then it is kept on disk.
    """
    origin = (0.0, 0.0, 0.0)
    package.index.containing(origin)
    package.index.nearest(origin, 1)
    package.space_indices_at(origin)
    corner = [[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]
    TriangleIndex.of(corner, [0]).sees([origin], [[0.0, 0.0, 1.0]])
