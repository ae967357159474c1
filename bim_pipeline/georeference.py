"""Where on Earth a model says it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


def read_georeference(model: Any, metres_per_unit: float) -> dict[str, float | str | None] | None:
    """Read site coordinates, the projected CRS and true north; None where the model says none of them.

    `true_north_deg` is the angle from local y to true north, clockwise positive.
    """
    sites = model.by_type("IfcSite")
    latitude = longitude = elevation = None
    if sites:
        latitude = degrees(sites[0].RefLatitude)
        longitude = degrees(sites[0].RefLongitude)
        elevation = sites[0].RefElevation
    crs, north = _crs(model), _true_north(model)
    if latitude is None and longitude is None and crs is None:
        return None
    return {
        "latitude": latitude,
        "longitude": longitude,
        "elevation_m": _metres(elevation, metres_per_unit),
        "crs": crs,
        "true_north_deg": north,
    }


def degrees(angle: Sequence[int] | None) -> float | None:
    """Turn an IfcCompoundPlaneAngleMeasure (degrees, minutes, seconds, millionths) into degrees."""
    if not angle:
        return None
    parts = [*angle, 0, 0, 0, 0][:4]
    value = parts[0] + parts[1] / 60 + parts[2] / 3600 + parts[3] / 3.6e9
    return round(value, 9) if math.isfinite(value) and abs(value) <= 360 else None


def _metres(value: Any, metres_per_unit: float) -> float | None:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(f"{value * metres_per_unit:.12g}")


def _crs(model: Any) -> str | None:
    if model.schema == "IFC2X3":
        return None
    found = model.by_type("IfcCoordinateReferenceSystem")
    return str(found[0].Name) if found and found[0].Name else None


def _true_north(model: Any) -> float | None:
    for context in model.by_type("IfcGeometricRepresentationContext", include_subtypes=False):
        direction = getattr(context, "TrueNorth", None)
        if direction is not None and len(direction.DirectionRatios) >= 2:
            x, y = direction.DirectionRatios[:2]
            if math.isfinite(x) and math.isfinite(y) and (x or y):
                return round(math.degrees(math.atan2(x, y)), 6)
    return None
