"""The building's vocabulary: storeys, rooms, doors, stairs, lifts, bays, as frozen data.

Metres, Z up; x runs east, y runs north; the front door looks south (to negative y).
"""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]
Rect = tuple[float, float, float, float]


@dataclass(frozen=True)
class StoreySpec:
    """A storey: elevation of its finished floor and height to the next floor, m."""

    key: str
    name_zh: str
    name_en: str
    elevation: float
    height: float


@dataclass(frozen=True)
class Room:
    """One row of the room programme: `rects` are on wall centrelines, their union is the room.

    `doors` is `other[ kind][@x,y]; ...`: a door to each named room of the same storey (`out`: outside).
    `height` is the clear height, 0 for the storey's usual one.
    """

    key: str
    name_zh: str
    name_en: str
    function: str
    rects: tuple[Rect, ...]
    capacity: int = 0
    doors: str = ""
    height: float = 0.0
    wing: str = ""
    public: bool = True
    external: bool = False


@dataclass(frozen=True)
class SpaceSpec:
    """A space as built: `polygon` is the clear floor between walls, `gross` the same on wall centrelines.

    Both are open rings of (x, y), m, counter-clockwise. `key` is `<storey>.<room>`, `number` the
    IfcSpace's Name. `external` spaces are open to the sky or the street; `public` ones must be reachable.
    """

    key: str
    number: str
    name_zh: str
    name_en: str
    function: str
    storey: str
    polygon: tuple[Point, ...]
    floor_z: float
    height: float
    wing: str
    capacity: int
    gross: tuple[Point, ...]
    public: bool = True
    external: bool = False


@dataclass(frozen=True)
class DoorSpec:
    """A door in the wall between two spaces; `space_b` is None where it leads outside.

    `x`, `y`: centre of the door on the wall's centreline, m; `axis` is the wall's direction, "x" or "y".
    Kinds: single, double, glass, glass_double, fire, fire_double, roller, lift (all fill an opening),
    opening (a hole in the wall without a leaf), open (no wall there at all).
    """

    key: str
    number: str
    storey: str
    space_a: str
    space_b: str | None
    x: float
    y: float
    z: float
    axis: str
    width: float
    height: float
    kind: str


@dataclass(frozen=True)
class StairSpec:
    """A stair between two storeys; `spaces` are its lower and upper space.

    `form` "u": two flights beside each other in the rectangle `rect`, entered at the end `entry`
    ("+x", "-x", "+y", "-y") on both storeys. "straight": rises towards `entry` over the rectangle.
    """

    key: str
    name_zh: str
    name_en: str
    spaces: tuple[str, str]
    rect: Rect
    entry: str
    z_bottom: float
    z_top: float
    form: str = "u"


@dataclass(frozen=True)
class LiftSpec:
    """A lift: clear shaft `rect`, the side `entry` of its doors, its `stops` (storeys), shaft `spaces`."""

    key: str
    name_zh: str
    name_en: str
    rect: Rect
    entry: str
    stops: tuple[str, ...]
    spaces: tuple[str, ...]


@dataclass(frozen=True)
class RampSpec:
    """A straight ramp from `bottom` to `top`, (x, y, z) on its centreline, of clear `width`, m."""

    key: str
    name_zh: str
    name_en: str
    bottom: tuple[float, float, float]
    top: tuple[float, float, float]
    width: float
    space_bottom: str
    space_top: str | None


@dataclass(frozen=True)
class ParkingBay:
    """A parking bay: centre, turn (degrees, 0 = nose to +y), its space's key, and what it is for."""

    number: str
    x: float
    y: float
    z: float
    turn_deg: float
    space: str
    charger: bool = False
    accessible: bool = False
    width: float = 2.5
    length: float = 5.3


@dataclass(frozen=True)
class Zone:
    """A named rectangle for equipment, such as the roof's PV fields: footprint and height of its base, m."""

    key: str
    name_zh: str
    name_en: str
    rect: Rect
    z: float
    storey: str
