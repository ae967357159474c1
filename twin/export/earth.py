"""From the model's frame to the Earth: WGS 84 longitude and latitude of local points. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

Floats: TypeAlias = NDArray[np.float64]

WGS84 = "EPSG:4326"
LOCAL = "local metres"
FAR_M = 20_000.0


@dataclass(frozen=True, slots=True)
class Earth:
    """Where local points are: `to_map` turns them into `crs`, by `how`; `warnings` are for the user.

    `map_from_local` is (2, 3) float64: map coordinates, m, of a local (x, y, 1).
    """

    crs: str
    how: str
    map_from_local: Floats
    transformer: Transformer | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_wgs84(self) -> bool:
        """Whether coordinates are longitude and latitude, not metres of the model's own."""
        return self.transformer is not None

    def to_map(self, points: ArrayLike) -> Floats:
        """(n, 2) local x, y, m to (n, 2): longitude and latitude in degrees, or the same metres."""
        local = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        plane = local @ self.map_from_local[:, :2].T + self.map_from_local[:, 2]
        if self.transformer is None:
            return plane
        longitude, latitude = self.transformer.transform(plane[:, 0], plane[:, 1])
        return np.column_stack([longitude, latitude])


def locate(
    georeference: Mapping[str, Any] | None,
    source_from_local: Floats,
    site_origin: tuple[float, float] = (0.0, 0.0),
    fallback: tuple[float, float] | None = None,
) -> Earth:
    """Find how a model lies on the Earth, by the best that is said of it.

    First the map conversion with its projected CRS (IfcMapConversion, IFC 4.3, 8.18.3.11); then the site's
    latitude and longitude, which are those of the site's placement, with true north; then `fallback`, a
    latitude and longitude from elsewhere; else local metres.

    georeference: as in the manifest. source_from_local: (4, 4) float64. site_origin: local x, y, m, of the
    site's placement.
    """
    told = georeference or {}
    gridded = _by_map(told, source_from_local)
    placed = _by_site(told, site_origin, fallback)
    if isinstance(gridded, Earth):
        return _compared(gridded, placed)
    warnings = () if gridded is None else (gridded,)
    if placed is not None:
        return Earth(placed.crs, placed.how, placed.map_from_local, placed.transformer, warnings)
    nowhere = (
        "the model does not say where on Earth it is: coordinates are local metres, which no map will take; "
        "give IfcSite a latitude and longitude, or use --latitude and --longitude"
    )
    return Earth(LOCAL, "no georeference", np.eye(3)[:2], None, (*warnings, nowhere))


def _by_map(told: Mapping[str, Any], source_from_local: Floats) -> Earth | str | None:
    """By the map conversion; a text says why it cannot be used, None that there is none."""
    conversion, name = told.get("map_conversion"), told.get("crs")
    if not conversion or not name:
        return None
    try:
        transformer = Transformer.from_crs(CRS.from_user_input(name), WGS84, always_xy=True)
    except ProjError:
        return f"the model's coordinate system {name!r} is not known, its map conversion is left aside"
    turn, scale = math.radians(conversion["rotation_deg"]), conversion["scale"]
    linear = scale * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    place = np.array([conversion["eastings_m"], conversion["northings_m"]])
    unit = _map_unit(transformer)
    matrix = (
        np.column_stack([linear @ source_from_local[:2, :2], linear @ source_from_local[:2, 3] + place])
        / unit
    )
    earth = Earth(WGS84, f"map conversion in {name}", matrix, transformer)
    if not np.isfinite(earth.to_map([[0.0, 0.0]])).all():
        return f"the model's map conversion leads out of {name}, it is left aside"
    return earth


def _map_unit(transformer: Transformer) -> float:
    """Metres in a unit of the projected system; 1 where it is none."""
    crs = transformer.source_crs
    axes = crs.axis_info if crs is not None else []
    return float(axes[0].unit_conversion_factor) if axes and crs is not None and crs.is_projected else 1.0


def _by_site(
    told: Mapping[str, Any], site_origin: tuple[float, float], fallback: tuple[float, float] | None
) -> Earth | None:
    """By a latitude and longitude, on a plane that touches the Earth there."""
    place = (told.get("latitude"), told.get("longitude"))
    how = "the site's latitude and longitude"
    if None in place:
        if fallback is None:
            return None
        place, how = fallback, "the latitude and longitude given"
    latitude, longitude = (float(part) for part in place if part is not None)
    plane = CRS.from_dict({"proj": "aeqd", "lat_0": latitude, "lon_0": longitude, "ellps": "WGS84"})
    transformer = Transformer.from_crs(plane, WGS84, always_xy=True)
    # true_north_deg: from local y to north, clockwise; east is a quarter turn clockwise from north.
    north = math.radians(told.get("true_north_deg") or 0.0)
    linear = np.array([[math.cos(north), -math.sin(north)], [math.sin(north), math.cos(north)]])
    return Earth(WGS84, how, np.column_stack([linear, -linear @ np.array(site_origin)]), transformer)


def _compared(gridded: Earth, placed: Earth | None) -> Earth:
    """The map's answer, with a warning where the site's coordinates contradict it."""
    if placed is None or placed.transformer is None:
        return gridded
    here = gridded.to_map([[0.0, 0.0]])
    x, y = placed.transformer.transform(here[:, 0], here[:, 1], direction="INVERSE")
    distance = float(np.hypot(x, y)[0])
    if distance < FAR_M:
        return gridded
    warning = (
        f"the map conversion and the site's latitude and longitude are {distance / 1000:.0f} km apart; "
        "the map conversion is taken"
    )
    return Earth(gridded.crs, gridded.how, gridded.map_from_local, gridded.transformer, (warning,))
