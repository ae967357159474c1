"""IMDF's features as JSON Schema, written from the tables of OGC 20-094 (1.0.0), not from the exporter.

Address, Venue, Building, Footprint, Level, Unit, Opening and Amenity; Categories for the enumerations.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

UUID: Schema = {
    "type": "string",
    "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
}
LABELS: Schema = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": "^[a-z]{2,3}(-[A-Za-z0-9]+)*$"},
    "additionalProperties": {"type": "string", "minLength": 1},
}
POSITION: Schema = {
    "type": "array",
    "minItems": 2,
    "maxItems": 2,
    "prefixItems": [
        {"type": "number", "minimum": -180, "maximum": 180},
        {"type": "number", "minimum": -90, "maximum": 90},
    ],
}
RING: Schema = {"type": "array", "minItems": 4, "items": POSITION}
POLYGON: Schema = {"type": "array", "minItems": 1, "items": RING}
ACCESSIBILITY = [
    "assisted.listening", "braille", "hearing", "hearingloop", "signlanginterpreter", "tactilepaving", "tdd",
    "trs", "volume", "wheelchair",
]  # fmt: skip
ACCESS_CONTROL = [
    "badgereader", "fingerprintreader", "guard", "keyaccess", "outofservice", "passwordaccess",
    "retinascanner", "voicerecognition",
]  # fmt: skip
DOOR_TYPES = [
    "movablepartition", "open", "revolving", "shutter", "sliding", "swinging", "turnstile",
    "turnstile.fullheight", "turnstile.waistheight", None,
]  # fmt: skip
VENUES = [
    "airport", "airport.intl", "aquarium", "businesscampus", "casino", "communitycenter", "conventioncenter",
    "governmentfacility", "healthcarefacility", "hotel", "museum", "parkingfacility", "resort", "retailstore",
    "shoppingcenter", "stadium", "stripmall", "theater", "themepark", "trainstation", "transitstation",
    "university",
]  # fmt: skip
UNITS = [
    "auditorium", "brick", "classroom", "column", "concrete", "conferenceroom", "drywall", "elevator",
    "escalator", "fieldofplay", "firstaid", "fitnessroom", "foodservice", "footbridge", "glass", "huddleroom",
    "kitchen", "laboratory", "library", "lobby", "lounge", "mailroom", "mothersroom", "movietheater",
    "movingwalkway", "nonpublic", "office", "opentobelow", "parking", "phoneroom", "platform",
    "privatelounge", "ramp", "recreation", "restroom", "restroom.family", "restroom.female",
    "restroom.female.wheelchair", "restroom.male", "restroom.male.wheelchair", "restroom.transgender",
    "restroom.transgender.wheelchair", "restroom.unisex", "restroom.unisex.wheelchair", "restroom.wheelchair",
    "road", "room", "serverroom",
    "shower", "smokingarea", "stairs", "steps", "storage", "structure", "terrace", "theater",
    "unenclosedarea", "unspecified", "vegetation", "waitingroom", "walkway", "walkway.island", "wood",
]  # fmt: skip
AMENITIES = [
    "copymachine", "defibrillator", "drinkingfountain", "elevator", "escalator", "fieldofplay",
    "firealarmpullstation", "fireextinguisher", "firstaid", "foodservice", "library", "mothersroom",
    "movingwalkway", "parking", "ramp", "restroom", "restroom.female", "restroom.female.wheelchair",
    "restroom.male", "restroom.male.wheelchair", "restroom.wheelchair", "shower", "smokingarea", "stairs",
    "vendingmachine",
]  # fmt: skip


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [{"type": "null"}, schema]}


def geometry(kind: str, coordinates: Schema) -> Schema:
    properties = {"type": {"const": kind}, "coordinates": coordinates}
    return {"type": "object", "required": ["type", "coordinates"], "properties": properties}


POINT = geometry("Point", POSITION)
LINE = geometry("LineString", {"type": "array", "minItems": 2, "items": POSITION})
POLYGONAL: Schema = {
    "anyOf": [
        geometry("Polygon", POLYGON),
        geometry("MultiPolygon", {"type": "array", "minItems": 1, "items": POLYGON}),
    ]
}
NULL: Schema = {"type": "null"}
NAME, TEXT = nullable(LABELS), nullable({"type": "string"})
RESTRICTION: Schema = {"enum": [None, "employeesonly", "restricted"]}
GUID = nullable({"type": "string"})
ACCESSIBLE = nullable({"type": "array", "minItems": 1, "items": {"enum": ACCESSIBILITY}})
DOOR = nullable(
    {
        "type": "object",
        "required": ["type", "automatic", "material"],
        "properties": {
            "type": {"enum": DOOR_TYPES},
            "automatic": {"type": ["boolean", "null"]},
            "material": {"enum": ["wood", "glass", "metal", "gate", None]},
        },
        "additionalProperties": False,
    }
)
IDS: Schema = {"type": "array", "minItems": 1, "items": UUID}


def feature(kind: str, shape: Schema, properties: dict[str, Schema]) -> Schema:
    """A feature with exactly the members of its table, and the extension's `ifc_guid`."""
    return {
        "type": "object",
        "required": ["id", "type", "feature_type", "geometry", "properties"],
        "properties": {
            "id": UUID,
            "type": {"const": "Feature"},
            "feature_type": {"const": kind},
            "geometry": shape,
            "properties": {
                "type": "object",
                "required": list(properties),
                "properties": {**properties, "ifc_guid": GUID},
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    }


SCHEMAS: dict[str, Schema] = {
    "address": feature(
        "address",
        NULL,
        {
            "address": {"type": "string"},
            "unit": TEXT,
            "locality": {"type": "string"},
            "province": nullable({"type": "string", "pattern": "^[A-Z]{2}-[A-Z0-9]{1,3}$"}),
            "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
            "postal_code": TEXT,
            "postal_code_ext": TEXT,
            "postal_code_vanity": TEXT,
        },
    ),
    "venue": feature(
        "venue",
        POLYGONAL,
        {
            "category": {"enum": VENUES},
            "restriction": RESTRICTION,
            "name": LABELS,
            "alt_name": NAME,
            "hours": TEXT,
            "phone": TEXT,
            "website": TEXT,
            "display_point": POINT,
            "address_id": UUID,
        },
    ),
    "building": feature(
        "building",
        NULL,
        {
            "name": NAME,
            "alt_name": NAME,
            "category": {"enum": ["parking", "transit", "transit.bus", "transit.train", "unspecified"]},
            "restriction": RESTRICTION,
            "display_point": nullable(POINT),
            "address_id": nullable(UUID),
        },
    ),
    "footprint": feature(
        "footprint",
        POLYGONAL,
        {"category": {"enum": ["aerial", "ground", "subterranean"]}, "name": NAME, "building_ids": IDS},
    ),
    "level": feature(
        "level",
        POLYGONAL,
        {
            "category": {"enum": ["arrivals", "departures", "parking", "transit", "unspecified"]},
            "restriction": RESTRICTION,
            "outdoor": {"type": "boolean"},
            "ordinal": {"type": "integer"},
            "name": LABELS,
            "short_name": LABELS,
            "display_point": nullable(POINT),
            "address_id": nullable(UUID),
            "building_ids": nullable(IDS),
        },
    ),
    "unit": feature(
        "unit",
        POLYGONAL,
        {
            "category": {"enum": UNITS},
            "restriction": RESTRICTION,
            "accessibility": ACCESSIBLE,
            "name": NAME,
            "alt_name": NAME,
            "level_id": UUID,
            "display_point": nullable(POINT),
        },
    ),
    "opening": feature(
        "opening",
        LINE,
        {
            "category": {
                "enum": [
                    "automobile",
                    "bicycle",
                    "emergencyexit",
                    "pedestrian",
                    "pedestrian.principal",
                    "pedestrian.transit",
                    "service",
                ]
            },
            "accessibility": ACCESSIBLE,
            "access_control": nullable({"type": "array", "items": {"enum": ACCESS_CONTROL}}),
            "door": DOOR,
            "name": NAME,
            "alt_name": NAME,
            "display_point": nullable(POINT),
            "level_id": UUID,
        },
    ),
    "amenity": feature(
        "amenity",
        POINT,
        {
            "category": {"enum": AMENITIES},
            "accessibility": ACCESSIBLE,
            "name": NAME,
            "alt_name": NAME,
            "hours": TEXT,
            "phone": TEXT,
            "website": TEXT,
            "unit_ids": IDS,
            "address_id": nullable(UUID),
            "correlation_id": nullable(UUID),
        },
    ),
}
MANIFEST: Schema = {
    "type": "object",
    "required": ["version", "created", "language"],
    "properties": {
        "version": {"const": "1.0.0"},
        "created": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"},
        "generated_by": {"type": "string"},
        "language": {"type": "string"},
        "extensions": {
            "type": "array",
            "items": {"type": "string", "pattern": r"^imdf:extension:[\w-]+:[\w-]+#\d+\.\d+\.\d+$"},
        },
    },
}
