"""IMDF's features (OGC 20-094): each type with all the members that its table names. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from twin.export.outlines import GeoJson

VERSION = "1.0.0"
#: Declared in the manifest: every feature that is an element tells its GlobalId in `ifc_guid`.
EXTENSION = "imdf:extension:venue-twin:ifc#1.0.0"
GUID_KEY = "ifc_guid"

#: The files of an archive, in the order in which features refer to one another.
FEATURE_TYPES = ("address", "venue", "building", "footprint", "level", "unit", "opening", "amenity")

Labels = dict[str, str]
_HAN = re.compile(r"[\u3400-\u9fff]")


def labels(name: str, name_en: str, language: str) -> Labels | None:
    """LABELS: the names by language; the given language is always among them. None without a name.

    A name in Chinese characters counts as `zh-CN`, any other one as the export's language.
    """
    found: Labels = {}
    if name:
        found["zh-CN" if _HAN.search(name) else language] = name
    if name_en:
        found["en"] = name_en
    if found and language not in found:
        found[language] = next(iter(found.values()))
    return found or None


def collection(features: Sequence[GeoJson]) -> GeoJson:
    """A FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}


def _feature(kind: str, identifier: str, geometry: GeoJson | None, properties: GeoJson) -> GeoJson:
    return {
        "id": identifier,
        "type": "Feature",
        "feature_type": kind,
        "geometry": geometry,
        "properties": properties,
    }


def address(identifier: str, street: str, locality: str, province: str | None, country: str) -> GeoJson:
    """An Address; `country` is ISO 3166-1 (CN), `province` ISO 3166-2 (CN-FJ)."""
    properties = {
        "address": street,
        "unit": None,
        "locality": locality,
        "province": province,
        "country": country,
        "postal_code": None,
        "postal_code_ext": None,
        "postal_code_vanity": None,
    }
    return _feature("address", identifier, None, properties)


def venue(
    identifier: str,
    geometry: GeoJson,
    name: Labels,
    category: str,
    display_point: GeoJson,
    address_id: str | None,
    hours: str | None = None,
) -> GeoJson:
    """The Venue; `hours` in the OpenStreetMap notation."""
    properties = {
        "category": category,
        "restriction": None,
        "name": name,
        "alt_name": None,
        "hours": hours,
        "phone": None,
        "website": None,
        "display_point": display_point,
        "address_id": address_id,
    }
    return _feature("venue", identifier, geometry, properties)


def building(
    identifier: str,
    name: Labels | None,
    display_point: GeoJson | None,
    address_id: str | None,
    guid: str | None,
) -> GeoJson:
    """A Building, which has no geometry of its own: its Footprint has."""
    properties = {
        "category": "unspecified",
        "restriction": None,
        "name": name,
        "alt_name": None,
        "display_point": display_point,
        "address_id": address_id,
        GUID_KEY: guid,
    }
    return _feature("building", identifier, None, properties)


def footprint(identifier: str, geometry: GeoJson, building_id: str) -> GeoJson:
    """The ground that a building covers."""
    properties = {"category": "ground", "name": None, "building_ids": [building_id]}
    return _feature("footprint", identifier, geometry, properties)


def level(
    identifier: str,
    geometry: GeoJson,
    name: Labels,
    short_name: Labels,
    ordinal: int,
    display_point: GeoJson,
    building_id: str,
    guid: str,
    *,
    outdoor: bool,
) -> GeoJson:
    """A Level; ordinal 0 is the ground floor."""
    properties = {
        "category": "unspecified",
        "restriction": None,
        "outdoor": outdoor,
        "ordinal": ordinal,
        "name": name,
        "short_name": short_name,
        "display_point": display_point,
        "address_id": None,
        "building_ids": [building_id],
        GUID_KEY: guid,
    }
    return _feature("level", identifier, geometry, properties)


def unit(
    identifier: str,
    geometry: GeoJson,
    category: str,
    restriction: str | None,
    name: Labels | None,
    alt_name: Labels | None,
    level_id: str,
    display_point: GeoJson,
    guid: str,
) -> GeoJson:
    """A Unit: a space."""
    properties = {
        "category": category,
        "restriction": restriction,
        "accessibility": None,
        "name": name,
        "alt_name": alt_name,
        "level_id": level_id,
        "display_point": display_point,
        GUID_KEY: guid,
    }
    return _feature("unit", identifier, geometry, properties)


def opening(
    identifier: str,
    geometry: GeoJson,
    category: str,
    door: GeoJson | None,
    name: Labels | None,
    level_id: str,
    guid: str | None,
) -> GeoJson:
    """An Opening: a door, or the line where one room goes over into the next."""
    properties = {
        "category": category,
        "accessibility": None,
        "access_control": None,
        "door": door,
        "name": name,
        "alt_name": None,
        "display_point": None,
        "level_id": level_id,
        GUID_KEY: guid,
    }
    return _feature("opening", identifier, geometry, properties)


def amenity(
    identifier: str,
    geometry: GeoJson,
    category: str,
    name: Labels | None,
    unit_ids: Sequence[str],
    correlation_id: str | None = None,
    guid: str | None = None,
) -> GeoJson:
    """An Amenity: a point that people look for."""
    wheelchair = "wheelchair" in category.split(".")
    properties = {
        "category": category,
        "accessibility": ["wheelchair"] if wheelchair else None,
        "name": name,
        "alt_name": None,
        "hours": None,
        "phone": None,
        "website": None,
        "unit_ids": list(unit_ids),
        "address_id": None,
        "correlation_id": correlation_id,
        GUID_KEY: guid,
    }
    return _feature("amenity", identifier, geometry, properties)


def manifest(created: str, language: str, generated_by: str) -> GeoJson:
    """`manifest.json`; `created` is ISO 8601."""
    return {
        "version": VERSION,
        "created": created,
        "generated_by": generated_by,
        "language": language,
        "extensions": [EXTENSION],
    }
