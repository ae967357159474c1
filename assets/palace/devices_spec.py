"""A device as the placing rules give it, the circuits that feed it, and where in a room things go.

Pure geometry over `assets.palace.layout`; no IFC. Metres, Z up, the model's local frame; angles in degrees,
counter-clockwise, 0 = the model's own +Y stays +Y.
"""

# ruff: noqa: E501  (tables and the arguments of a placing read better in rows)

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import atan2, ceil, degrees, dist, hypot
from types import MappingProxyType

from shapely import Point, Polygon, prepare
from shapely.geometry.base import BaseGeometry

from assets.palace.devices_models import HANGABLE, model
from assets.palace.layout import SLAB, DoorSpec, SpaceSpec, build_layout
from assets.palace.structure import beam_spans, column_places

XY = tuple[float, float]
Vec3 = tuple[float, float, float]
#: Half of the wall's thickness: from a door's centreline to the wall's face.
WALL_FACE = 0.1
WING_NAMES = {"sports": "S", "culture": "C", "atrium": "A", "basement": "B", "plaza": "P", "roof": "R"}


#: Rooms below the pool's basin (1.8 m deep, 0.25 m thick); and clear heights that differ from the room's:
#: there, and in the lobby up to the gallery's slab.
BELOW_POOL = frozenset({"B1.transformer", "B1.switch", "B1.hvac", "B1.pool_plant"})
CLEAR_M = dict.fromkeys(BELOW_POOL, 2.85) | {"L1.lobby": 5.1}
LONGEST_ROD_M = 2.0
#: From a column's middle to where something may hang beside it.
COLUMN_REACH_M = 0.75
BESIDE_COLUMN_M = 0.5
#: From a beam's middle line to where something may hang beside it.
BEAM_REACH_M = 0.5
#: Spaces open to the atrium's roof but where a gallery lies above: that gallery, or "" for none.
COVERED_BY = {"L1.lobby": "L2.gallery", "L3.gallery": "L4.gallery", "L4.gallery": ""}


@dataclass(frozen=True, slots=True)
class Wish:
    """A device before it has a number: what, where, and its attributes."""

    type: str
    code: str
    model: str
    space: SpaceSpec
    position: Vec3
    yaw_deg: float = 0.0
    attributes: Mapping[str, str] = field(default_factory=dict)
    systems: tuple[str, ...] = ()
    name_zh: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """A device of the venue: its id (also the element's Tag), product, place and attributes."""

    id: str
    type: str
    model: str
    space: SpaceSpec
    position: Vec3
    yaw_deg: float
    attributes: Mapping[str, str]
    systems: tuple[str, ...]
    name_zh: str
    name_en: str
    serial: str


#: The letters of each device type in ids.
CODES = {
    "luminaire_highbay": "LUM", "luminaire_linear": "LUM", "luminaire_downlight": "LUM", "luminaire_stage": "LUM",
    "street_lamp": "SLP", "emergency_light": "EML", "air_terminal": "SAT", "exhaust_terminal": "EXT", "fan_coil": "FCU",
    "ahu": "AHU", "exhaust_fan": "EXF", "jet_fan": "JTF", "chiller": "CHR", "cooling_tower": "CTW", "pump": "PMP",
    "pool_heat_pump": "HPU", "boiler": "BLR", "water_tank": "TNK", "room_sensor": "ENV", "people_counter": "PPL",
    "smoke_detector": "SMK", "leak_sensor": "LEK", "pool_sensor": "WQS", "parking_sensor": "BAY",
    "weather_station": "WST", "camera": "CAM", "gate": "GTE", "vehicle_barrier": "BAR", "door_lock": "LCK",
    "electricity_meter": "EMT", "water_meter": "WMT", "cooling_meter": "CMT", "hydrant": "HYD", "alarm_button": "MCP",
    "sos_button": "SOS", "aed": "AED", "pv_string": "PVS", "inverter": "INV", "battery": "BAT", "ups": "UPS",
    "transformer": "TRF", "generator": "GEN", "distribution_board": "DBX", "ev_charger": "EVC", "led_screen": "SCR",
    "info_kiosk": "KSK", "speaker": "SPK", "access_point": "APT", "smart_locker": "LKR", "vending_machine": "VND",
    "water_dispenser": "DSP", "lift_controller": "LFT", "robot_dock": "RBT", "irrigation_valve": "IRR",
}  # fmt: skip


def wish(
    kind: str,
    key: str,
    space: SpaceSpec,
    at: Vec3,
    yaw_deg: float = 0.0,
    systems: str = "",
    **attributes: str,
) -> Wish:
    """Ask for a device of type `kind`, product `key`, at `at`; `systems` are keys parted by blanks."""
    names = {name: attributes.pop(name, "") for name in ("name_zh", "name_en")}
    return Wish(
        kind,
        CODES[kind],
        on_rod(key, space, at[2]),
        space,
        at,
        yaw_deg,
        attributes,
        tuple(systems.split()),
        **names,
    )


def at_spot(spot: "WallSpot", z: float) -> Vec3:
    """A wall spot at the height z, m, local frame."""
    return spot.x, spot.y, z


def numbered(wishes: Iterable[Wish]) -> list[DeviceSpec]:
    """Give every wish its id: storey, code, and a number that counts up per storey and code."""
    counts: dict[tuple[str, str], int] = {}
    inside: dict[tuple[str, str], int] = {}
    specs = []
    for wish in wishes:
        storey = wish.space.storey
        number = counts[storey, wish.code] = counts.get((storey, wish.code), 0) + 1
        nth = inside[wish.space.key, wish.model] = inside.get((wish.space.key, wish.model), 0) + 1
        specs.append(_spec(wish, f"{storey}-{wish.code}-{number:04d}", nth))
    return specs


def _spec(wish: Wish, device_id: str, nth: int) -> DeviceSpec:
    product = model(wish.model)
    place = wish.space
    common = {"space": place.number, "storey": place.storey}
    return DeviceSpec(
        id=device_id,
        type=wish.type,
        model=wish.model,
        space=place,
        position=(round(wish.position[0], 3), round(wish.position[1], 3), round(wish.position[2], 3)),
        yaw_deg=round(wish.yaw_deg % 360, 2),
        attributes=MappingProxyType(common | dict(wish.attributes)),
        systems=wish.systems,
        name_zh=wish.name_zh or f"{place.name_zh} {_short(product.name_zh)} {nth}",
        name_en=wish.name_en or f"{place.name_en} {_lower(product.name_en)} {nth}",
        serial=f"{product.article}-{_serial(device_id)}",
    )


def _short(name: str) -> str:
    return name.split(" ", maxsplit=1)[0]


def _lower(name: str) -> str:
    return name if name[:2].isupper() else name[0].lower() + name[1:]


def _serial(device_id: str) -> str:
    """Six digits that look like a serial and never change: a checksum of the id (FNV-1a, 32 bit)."""
    value = 0x811C9DC5
    for byte in device_id.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return f"{value % 1_000_000:06d}"


@cache
def outline(space: SpaceSpec) -> Polygon:
    """The clear floor of a space as a polygon, x and y in metres."""
    shape = Polygon(space.polygon)
    prepare(shape)
    return shape


def area(space: SpaceSpec) -> float:
    """Clear floor area, m2."""
    return float(outline(space).area)


def ceiling(space: SpaceSpec) -> float:
    """Height up to which a space is clear, m, local frame: of its ceiling, a slab or the pool's basin."""
    return space.floor_z + CLEAR_M.get(space.key, space.height)


def on_rod(key: str, space: SpaceSpec, z: float) -> str:
    """The product on a rod that reaches from `z` up to the slab, where there is one near; else the product."""
    if key not in HANGABLE or space.external or space.key in BELOW_POOL or space.function == "badminton_hall":
        return key
    slabs = [storey.elevation - SLAB for storey in build_layout().storeys]
    length = min((slab - z for slab in slabs if slab > z - 0.05), default=0.0)
    return f"{key}@{length:.2f}" if 0.1 < length < LONGEST_ROD_M else key


@cache
def covered(space: SpaceSpec) -> BaseGeometry:
    """The part of a space that has a ceiling to hang things from: the atrium's void has none."""
    above = COVERED_BY.get(space.key)
    if space.external or above == "":
        return Polygon()
    return outline(space) if above is None else outline(space).intersection(Polygon(_gross(above)))


def _gross(key: str) -> tuple[XY, ...]:
    return build_layout().space(key).gross


def middle(space: SpaceSpec) -> XY:
    """A point well inside the space: the centroid where that is inside, else a point on the surface."""
    shape = outline(space)
    point = shape.centroid if shape.contains(shape.centroid) else shape.representative_point()
    return float(point.x), float(point.y)


def grid(space: SpaceSpec, step: float, margin: float = 0.6) -> list[XY]:
    """Points in even rows about `step` metres apart, at least `margin` from the walls; never none."""
    return _grid(outline(space), outline(space), step, margin) or [middle(space)]


def ceiling_grid(space: SpaceSpec, step: float, margin: float = 0.6) -> list[XY]:
    """The same below the ceiling: none where there is no ceiling."""
    shape = covered(space)
    if shape.is_empty:
        return []
    points = _grid(outline(space), shape, step, margin)
    points = points or ([middle(space)] if shape.equals(outline(space)) else [])
    return [clear_of_beams(space, point) for point in points]


def clear_of_beams(space: SpaceSpec, point: XY) -> XY:
    """The point, moved aside where a beam of the storey runs just above it, if the room is wide enough."""
    x, y = point
    for low, high, beam in _beams(space.storey):
        if low <= x <= high and abs(y - beam) < BEAM_REACH_M:
            aside = (x, beam + BEAM_REACH_M if y >= beam else beam - BEAM_REACH_M)
            return aside if covered(space).buffer(-0.1).contains(Point(*aside)) else point
    return point


@cache
def _beams(storey: str) -> tuple[tuple[float, float, float], ...]:
    layout = build_layout()
    return tuple(beam_spans(layout, layout.storey(storey)))


def _grid(frame: Polygon, shape: BaseGeometry, step: float, margin: float) -> list[XY]:
    x0, y0, x1, y1 = frame.bounds
    inner = shape.buffer(-margin)
    return [(x, y) for y in _even(y0, y1, step) for x in _even(x0, x1, step) if inner.contains(Point(x, y))]


def _even(low: float, high: float, step: float) -> list[float]:
    count = max(1, round((high - low) / step))
    return [round(low + (i + 0.5) * (high - low) / count, 3) for i in range(count)]


@cache
def _columns(storey: str) -> tuple[XY, ...]:
    layout = build_layout()
    return tuple(column_places(layout, layout.storey(storey)))


@dataclass(frozen=True, slots=True)
class WallSpot:
    """A place on a wall's face: x, y and the yaw that turns a wall model into the room."""

    x: float
    y: float
    yaw_deg: float


def walls(space: SpaceSpec) -> Iterator[tuple[XY, XY]]:
    """The edges of a space's clear floor, counter-clockwise, so that the room lies to their left."""
    ring = space.polygon
    yield from zip(ring, [*ring[1:], ring[0]], strict=True)


def _yaw(a: XY, b: XY) -> float:
    return degrees(atan2(b[1] - a[1], b[0] - a[0]))


def along_walls(space: SpaceSpec, step: float, clear: float = 0.5) -> list[WallSpot]:
    """Spots on the walls about `step` metres apart that no door and no column covers."""
    blocked = [(door.x, door.y, door.width / 2 + clear) for door in doors_of(space)]
    blocked += [(x, y, COLUMN_REACH_M) for x, y in _columns(space.storey)]
    spots = []
    for a, b in walls(space):
        length = hypot(b[0] - a[0], b[1] - a[1])
        for i in range(ceil(length / step) if length > 1.2 else 0):
            t = (i + 0.5) / ceil(length / step)
            x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
            if all(hypot(x - dx, y - dy) > reach for dx, dy, reach in blocked):
                spots.append(WallSpot(round(x, 3), round(y, 3), _yaw(a, b)))
    return spots


def wall_spot(space: SpaceSpec, prefer: Callable[[WallSpot], float] | None = None) -> WallSpot:
    """One good spot on a wall: the lowest by `prefer`, else the middle of the longest wall without a door."""
    spots = along_walls(space, 1.0) or [_corner_spot(space)]
    if prefer is None:
        x, y = middle(space)
        return min(spots, key=lambda s: (round(hypot(s.x - x, s.y - y), 2), s.x, s.y))
    return min(spots, key=lambda s: (prefer(s), s.x, s.y))


def _corner_spot(space: SpaceSpec) -> WallSpot:
    a, b = max(walls(space), key=lambda edge: hypot(edge[1][0] - edge[0][0], edge[1][1] - edge[0][1]))
    return WallSpot((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, _yaw(a, b))


@cache
def _doors_by_space() -> Mapping[str, Sequence[DoorSpec]]:
    found: dict[str, list[DoorSpec]] = {}
    for door in build_layout().doors:
        for key in (door.space_a, door.space_b):
            if key:
                found.setdefault(key, []).append(door)
    return found


def doors_of(space: SpaceSpec) -> Sequence[DoorSpec]:
    """The doors and openings of a space."""
    return _doors_by_space().get(space.key, ())


def inside_door(space: SpaceSpec, door: DoorSpec, depth: float) -> XY:
    """The point `depth` metres straight inside a door of the space."""
    dx, dy = (0.0, depth) if door.axis == "x" else (depth, 0.0)
    ahead = (door.x + dx, door.y + dy)
    return ahead if outline(space).contains(Point(*ahead)) else (door.x - dx, door.y - dy)


def beside_door(door: DoorSpec, space: SpaceSpec, gap: float = 0.22) -> WallSpot | None:
    """The spot on the wall beside a door, seen from inside `space`; None where no wall is left there."""
    along, across = ((1, 0), (0, 1)) if door.axis == "x" else ((0, 1), (1, 0))
    shape = outline(space)
    for side in (1, -1):
        for turn in (1, -1):
            reach = door.width / 2 + gap
            x = door.x + along[0] * reach * turn + across[0] * WALL_FACE * side
            y = door.y + along[1] * reach * turn + across[1] * WALL_FACE * side
            ahead = Point(x + across[0] * side * 0.3, y + across[1] * side * 0.3)
            bare = all(dist((x, y), column) > BESIDE_COLUMN_M for column in _columns(space.storey))
            if bare and shape.contains(ahead) and shape.boundary.distance(Point(x, y)) < 0.02:
                yaw = degrees(atan2(across[1] * side, across[0] * side)) - 90
                return WallSpot(round(x, 3), round(y, 3), yaw)
    return None


def wing_letter(space: SpaceSpec) -> str:
    """The letter of the space's wing, as in circuit names."""
    return WING_NAMES[space.wing]


def number(value: float, digits: int = 3) -> str:
    """A number as the venue's files write it: no exponent, no trailing zeros."""
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
