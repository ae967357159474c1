"""Where on Earth a model says it is: site coordinates, the map's grid, true north."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from bim_pipeline.entities import instances
from bim_pipeline.units import read_unit

Georeference: TypeAlias = dict[str, Any]
# A grid's scale is within a percent of 1; what is farther off is a unit that was forgotten.
_LEAST_SCALE, _MOST_SCALE = 0.5, 2.0
_CONVERSION_SET, _CRS_SET = "epset_mapconversion", "epset_projectedcrs"
_METRES_PER_NAMED_UNIT = {
    "METRE": 1.0, "METER": 1.0, "M": 1.0, "MILLIMETRE": 0.001, "MILLIMETER": 0.001, "MM": 0.001,
    "FOOT": 0.3048, "FEET": 0.3048, "FT": 0.3048, "US SURVEY FOOT": 1200 / 3937,
}  # fmt: skip


def read_georeference(model: Any, metres_per_unit: float) -> Georeference | None:
    """Read site coordinates, the projected CRS, the map conversion and true north; None without any of them.

    `true_north_deg` is the angle from local y to true north, clockwise positive. `map_conversion` is IFC's
    IfcMapConversion in metres, else the ePset_MapConversion by which IFC2X3 models tell it: a point (x, y, z)
    of the source's frame, m, is at easting `eastings_m + scale * (x cos r - y sin r)`, northing
    `northings_m + scale * (x sin r + y cos r)`, height `orthogonal_height_m + scale * z`, with r the
    `rotation_deg`, counter-clockwise (IFC 4.3, 8.18.3.11).
    """
    latitude, longitude, elevation = _site_place(model)
    conversion, crs = _map_conversion(model, metres_per_unit), _projected_crs(model)
    if latitude is None and longitude is None and crs is None and conversion is None:
        return None
    return {
        "latitude": latitude,
        "longitude": longitude,
        "elevation_m": _metres(elevation, metres_per_unit),
        "crs": crs["name"] if crs else None,
        "projected_crs": crs,
        "map_conversion": conversion,
        "true_north_deg": _true_north(model),
    }


def degrees(angle: Sequence[int] | None, limit: float = 360.0) -> float | None:
    """Turn an IfcCompoundPlaneAngleMeasure (degrees, minutes, seconds, millionths) into degrees.

    One negative part makes all of the angle negative: IFC wants the sign on every part, some exporters
    write it on the first one alone. None for what is beyond `limit`.
    """
    if not angle:
        return None
    parts = [*angle, 0, 0, 0, 0][:4]
    value = sum(abs(part) / share for part, share in zip(parts, (1, 60, 3600, 3.6e9), strict=True))
    if not math.isfinite(value) or value > limit:
        return None
    return round(-value if min(parts) < 0 else value, 9)


def _site_place(model: Any) -> tuple[float | None, float | None, Any]:
    """Give latitude, longitude and elevation of the first site with coordinates, else of the first one."""
    sites = model.by_type("IfcSite")
    if not sites:
        return None, None, None
    site = next((s for s in sites if s.RefLatitude and s.RefLongitude), sites[0])
    return degrees(site.RefLatitude, 90.0), degrees(site.RefLongitude, 180.0), site.RefElevation


def _metres(value: Any, metres_per_unit: float) -> float | None:
    number = _number(value)
    return None if number is None else float(f"{number * metres_per_unit:.15g}")


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _map_conversion(model: Any, metres_per_unit: float) -> Georeference | None:
    """Read IfcMapConversion, else the property set that stands for it in IFC2X3."""
    entities = instances(model, "IfcMapConversion")
    if entities:
        unit = _map_unit(getattr(entities[0], "TargetCRS", None)) or metres_per_unit
        return _conversion(lambda name: getattr(entities[0], name, None), unit, metres_per_unit)
    said = _property_set(model, _CONVERSION_SET)
    if said is None:
        return None
    named = (_property_set(model, _CRS_SET) or {}).get("mapunit")
    unit = _METRES_PER_NAMED_UNIT.get(str(named or "").upper(), metres_per_unit)
    return _conversion(lambda name: said.get(name.lower()), unit, metres_per_unit)


def _conversion(
    said: Callable[[str], Any], metres_per_map_unit: float, metres_per_unit: float
) -> Georeference | None:
    """Give a conversion in metres; None where it tells no place."""
    eastings = _metres(said("Eastings"), metres_per_map_unit)
    northings = _metres(said("Northings"), metres_per_map_unit)
    if eastings is None or northings is None:
        return None
    x, y = _number(said("XAxisAbscissa")), _number(said("XAxisOrdinate"))
    turn = math.degrees(math.atan2(y, x)) if x is not None and y is not None and (x or y) else 0.0
    return {
        "eastings_m": eastings,
        "northings_m": northings,
        "orthogonal_height_m": _metres(said("OrthogonalHeight"), metres_per_map_unit) or 0.0,
        "rotation_deg": round(turn, 9),
        "scale": _scale(_number(said("Scale")), metres_per_map_unit, metres_per_unit),
    }


def _scale(scale: float | None, metres_per_map_unit: float, metres_per_unit: float) -> float:
    """Give the grid's scale, metres on the map a metre of the model.

    IFC's Scale also converts units; many exporters leave that out, and write 1 for a model in millimetres on
    a map in metres.
    """
    if scale is None or scale <= 0:
        return 1.0
    converted = scale * metres_per_map_unit / metres_per_unit
    known = next((s for s in (converted, scale) if _LEAST_SCALE <= s <= _MOST_SCALE), 1.0)
    return float(f"{known:.12g}")


def _projected_crs(model: Any) -> Georeference | None:
    """Read the map's coordinate system; None where it has no name."""
    entities = instances(model, "IfcCoordinateReferenceSystem")
    if entities:
        crs = entities[0]
        named = {name: getattr(crs, name, None) for name in _CRS_FIELDS}
        return _crs(named, _map_unit(crs)) if crs.Name else None
    said = _property_set(model, _CRS_SET) or {}
    named = {name: said.get(name.lower()) for name in _CRS_FIELDS}
    unit = _METRES_PER_NAMED_UNIT.get(str(said.get("mapunit") or "").upper())
    return _crs(named, unit) if named["Name"] else None


_CRS_FIELDS = ("Name", "Description", "GeodeticDatum", "VerticalDatum", "MapProjection", "MapZone")


def _crs(named: Mapping[str, Any], metres_per_map_unit: float | None) -> Georeference:
    text = {name: None if value is None else str(value) for name, value in named.items()}
    return {
        "name": text["Name"],
        "description": text["Description"],
        "geodetic_datum": text["GeodeticDatum"],
        "vertical_datum": text["VerticalDatum"],
        "map_projection": text["MapProjection"],
        "map_zone": text["MapZone"],
        "metres_per_map_unit": metres_per_map_unit,
    }


def _map_unit(crs: Any) -> float | None:
    """Give the metres in a unit of the map; None where the CRS does not say (then the project's holds)."""
    entity = getattr(crs, "MapUnit", None)
    unit = read_unit(entity) if entity is not None else None
    return unit.factor if unit else None


def _property_set(model: Any, name: str) -> dict[str, Any] | None:
    """Give the values, by lower-case name, of a property set of the project, the site or the building.

    Spelling of the set's name is free in its case: ePSet_MapConversion, ePset_MapConversion.
    """
    owners = (owner for kind in ("IfcProject", "IfcSite", "IfcBuilding") for owner in model.by_type(kind))
    relations = (relation for owner in owners for relation in getattr(owner, "IsDefinedBy", None) or ())
    for relation in relations:
        definition = getattr(relation, "RelatingPropertyDefinition", None)
        if definition is None or not definition.is_a("IfcPropertySet"):
            continue
        if str(definition.Name or "").lower() == name:
            return {
                str(p.Name).lower(): getattr(getattr(p, "NominalValue", None), "wrappedValue", None)
                for p in definition.HasProperties or ()
            }
    return None


def _true_north(model: Any) -> float | None:
    for context in model.by_type("IfcGeometricRepresentationContext", include_subtypes=False):
        direction = getattr(context, "TrueNorth", None)
        if direction is not None and len(direction.DirectionRatios) >= 2:
            x, y = direction.DirectionRatios[:2]
            if math.isfinite(x) and math.isfinite(y) and (x or y):
                return round(math.degrees(math.atan2(x, y)), 6)
    return None
