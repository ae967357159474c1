"""Colours: what a model's styles say, what is drawn where they say nothing, and sRGB to linear."""

from __future__ import annotations

import re
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bim_pipeline.source import FloatArray

Colour: TypeAlias = tuple[float, float, float, float]
"""sRGB red, green, blue and alpha, 0..1."""

SPACE_COLOUR: Colour = (0.45, 0.68, 0.90, 0.25)
DEFAULT_COLOUR: Colour = (0.78, 0.77, 0.75, 1.0)
GLASS: Colour = (0.62, 0.78, 0.86, 0.35)

_WALL: Colour = (0.93, 0.92, 0.89, 1.0)
_SLAB: Colour = (0.72, 0.72, 0.71, 1.0)
_WOOD: Colour = (0.66, 0.50, 0.35, 1.0)
_STEEL: Colour = (0.58, 0.61, 0.64, 1.0)
_WHITE: Colour = (0.95, 0.95, 0.95, 1.0)

# Where a model has no style: what an architect's white model would show.
_BY_CLASS: dict[str, Colour] = {
    "IfcWall": _WALL,
    "IfcWallStandardCase": _WALL,
    "IfcWallElementedCase": _WALL,
    "IfcSlab": _SLAB,
    "IfcSlabStandardCase": _SLAB,
    "IfcFooting": (0.60, 0.60, 0.59, 1.0),
    "IfcPile": (0.60, 0.60, 0.59, 1.0),
    "IfcRoof": (0.55, 0.40, 0.36, 1.0),
    "IfcColumn": (0.82, 0.81, 0.79, 1.0),
    "IfcBeam": (0.76, 0.75, 0.73, 1.0),
    "IfcCovering": (0.90, 0.89, 0.86, 1.0),
    "IfcWindow": GLASS,
    "IfcCurtainWall": GLASS,
    "IfcPlate": GLASS,
    "IfcMember": _STEEL,
    "IfcRailing": _STEEL,
    "IfcDoor": _WOOD,
    "IfcDoorStandardCase": _WOOD,
    "IfcStair": (0.80, 0.79, 0.77, 1.0),
    "IfcStairFlight": (0.80, 0.79, 0.77, 1.0),
    "IfcRamp": (0.78, 0.77, 0.75, 1.0),
    "IfcRampFlight": (0.78, 0.77, 0.75, 1.0),
    "IfcFurnishingElement": (0.72, 0.58, 0.43, 1.0),
    "IfcFurniture": (0.72, 0.58, 0.43, 1.0),
    "IfcSystemFurnitureElement": (0.72, 0.58, 0.43, 1.0),
    "IfcSite": (0.56, 0.66, 0.45, 1.0),
    "IfcGeographicElement": (0.42, 0.58, 0.33, 1.0),
    "IfcCivilElement": _SLAB,
    "IfcTransportElement": (0.55, 0.60, 0.66, 1.0),
    "IfcSanitaryTerminal": _WHITE,
    "IfcFlowTerminal": _WHITE,
    "IfcLightFixture": (0.99, 0.96, 0.86, 1.0),
    "IfcLamp": (0.99, 0.96, 0.86, 1.0),
    "IfcDuctSegment": (0.70, 0.76, 0.80, 1.0),
    "IfcDuctFitting": (0.70, 0.76, 0.80, 1.0),
    "IfcAirTerminal": _WHITE,
    "IfcPipeSegment": (0.42, 0.58, 0.70, 1.0),
    "IfcPipeFitting": (0.42, 0.58, 0.70, 1.0),
    "IfcFlowSegment": (0.55, 0.66, 0.72, 1.0),
    "IfcFlowFitting": (0.55, 0.66, 0.72, 1.0),
    "IfcCableCarrierSegment": (0.66, 0.66, 0.64, 1.0),
    "IfcSolarDevice": (0.12, 0.18, 0.32, 1.0),
    "IfcFireSuppressionTerminal": (0.78, 0.18, 0.15, 1.0),
}

# Where there is a material's name but no style, in English, German and Chinese.
_BY_MATERIAL: tuple[tuple[re.Pattern[str], Colour], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), colour)
    for pattern, colour in (
        (r"glas|glazing|玻璃", GLASS),
        (r"steel|alumin|metal|iron|stahl|chrome|zinc|钢|铝|金属", _STEEL),
        (r"wood|timber|oak|holz|plywood|birch|木", _WOOD),
        (r"brick|ziegel|klinker|mauerwerk|砖", (0.68, 0.42, 0.34, 1.0)),
        (r"concrete|beton|混凝土", (0.74, 0.74, 0.73, 1.0)),
        (r"gypsum|plaster|gips|putz|石膏|paint|涂料", _WALL),
        (r"insulation|dämm|daemm|保温", (0.93, 0.86, 0.62, 1.0)),
        (r"grass|lawn|rasen|草", (0.45, 0.62, 0.36, 1.0)),
        (r"asphalt|沥青", (0.33, 0.33, 0.34, 1.0)),
        (r"tile|fliese|ceramic|keramik|瓷", (0.90, 0.90, 0.88, 1.0)),
        (r"stone|stein|marble|granit|石", (0.76, 0.74, 0.70, 1.0)),
        (r"water|wasser|水", (0.35, 0.62, 0.72, 0.6)),
    )
)
_METAL_NAME = re.compile(
    r"steel|alumin|metal|iron|stahl|chrome|zinc|copper|brass|钢|铝|金属|不锈", re.IGNORECASE
)


def fallback_colour(ifc_class: str, material_names: tuple[str, ...] = ()) -> Colour:
    """Choose a colour for an element without a style: by its materials' names, else by its class.

    Glass, doors and windows keep their class's colour, so that a frame's material does not hide the pane.
    """
    if ifc_class in ("IfcSpace", "IfcSpatialZone", "IfcExternalSpatialElement"):
        return SPACE_COLOUR
    own = _BY_CLASS.get(ifc_class)
    if ifc_class in ("IfcWindow", "IfcCurtainWall"):
        return GLASS
    for name in material_names:
        for pattern, colour in _BY_MATERIAL:
            if pattern.search(name):
                return colour
    return own or DEFAULT_COLOUR


def is_metal_name(name: str) -> bool:
    """Say whether a style's or a material's name means bare metal."""
    return bool(_METAL_NAME.search(name))


def linear_from_srgb(srgb: FloatArray) -> FloatArray:
    """Turn sRGB components, 0..1, into linear ones (IEC 61966-2-1); alpha must not be passed."""
    low = srgb / 12.92
    high = ((srgb + 0.055) / 1.055) ** 2.4
    return np.where(srgb <= 0.04045, low, high)


def vertex_colours(colours: FloatArray) -> NDArray[np.uint8]:
    """Turn sRGB colours (k, 4), 0..1, into COLOR_0 bytes (k, 4): linear, alpha kept (glTF 2.0, 3.9.2)."""
    linear = np.concatenate([linear_from_srgb(colours[:, :3]), colours[:, 3:]], axis=1)
    packed: NDArray[np.uint8] = np.rint(np.clip(linear, 0.0, 1.0) * 255.0).astype(np.uint8)
    return packed
