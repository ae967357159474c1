"""Outlines as GeoJSON wants them: valid, wound by RFC 7946, on the Earth or in local metres. Pure."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon, mapping
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from twin.export.earth import Earth

GeoJson: TypeAlias = dict[str, Any]

#: 1e-8 of a degree is a millimetre on the ground.
DEGREE_DIGITS = 8
METRE_DIGITS = 3
#: Walls between rooms are no wider than twice this; gaps between their footprints are closed over.
CLOSE_M = 0.35
#: A hole in a floor smaller than this is a shaft or a room that nobody drew, not a courtyard.
COURTYARD_M2 = 20.0
#: What stands apart and is smaller is a post, not a floor.
LEAST_FLOOR_M2 = 2.0


class Outlines:
    """Turns local geometry, m, into the GeoJSON geometry of one export."""

    def __init__(self, earth: Earth) -> None:
        self._earth = earth
        self._digits = DEGREE_DIGITS if earth.is_wgs84 else METRE_DIGITS

    def polygonal(self, area: BaseGeometry) -> GeoJson | None:
        """A Polygon or MultiPolygon, rings counter-clockwise, holes clockwise; None where nothing is left."""
        found = polygons(self._placed(area))
        if not found:
            return None
        wound = [orient(polygon) for polygon in found]
        return dict(mapping(wound[0] if len(wound) == 1 else MultiPolygon(wound)))

    def point(self, x: float, y: float) -> GeoJson:
        """A Point."""
        return dict(mapping(self._placed(shapely.Point(x, y))))

    def line(self, ends: NDArray[np.float64]) -> GeoJson:
        """A LineString through (n, 2) local points."""
        return dict(mapping(self._placed(shapely.LineString(ends.tolist()))))

    def inside(self, area: BaseGeometry) -> GeoJson:
        """A Point that surely lies in an area."""
        point = shapely.point_on_surface(area)
        return self.point(float(point.x), float(point.y))

    def _placed(self, geometry: BaseGeometry) -> BaseGeometry:
        placed: BaseGeometry = shapely.transform(
            geometry, lambda xy: np.round(self._earth.to_map(xy), self._digits) + 0.0
        )
        return placed


def polygons(geometry: BaseGeometry) -> list[Polygon]:
    """The polygons of a geometry, made valid; lines, points and slivers without area are left out."""
    parts = shapely.get_parts(shapely.make_valid(geometry)).tolist()
    flat = [inner for part in parts for inner in shapely.get_parts(part).tolist()]
    return [part for part in flat if isinstance(part, Polygon) and part.area > 0]


def floor_outline(rooms: list[BaseGeometry], solids: list[BaseGeometry]) -> BaseGeometry:
    """The floor that rooms and the walls and columns around them take up, m; empty for none.

    Gaps as wide as a wall are closed. Holes are kept where rooms surround a courtyard; without rooms, walls
    alone are the facade, and what they enclose is floor.
    """
    joined = shapely.union_all([shapely.make_valid(part) for part in [*rooms, *solids]])
    closed = joined.buffer(CLOSE_M, join_style="mitre").buffer(-CLOSE_M, join_style="mitre")
    least = COURTYARD_M2 if rooms else np.inf
    parts = [_without_small_holes(part, least) for part in polygons(closed)]
    whole = [part for part in parts if part.area >= LEAST_FLOOR_M2]
    return shapely.union_all(whole or parts)


def _without_small_holes(polygon: Polygon, least_m2: float) -> Polygon:
    kept = [ring for ring in polygon.interiors if Polygon(ring).area >= least_m2]
    return Polygon(polygon.exterior, kept)
