"""Where cameras, detectors, hydrants, call points, SOS buttons and defibrillators go."""

# ruff: noqa: E501  (tables and the arguments of a placing read better in rows)

from collections.abc import Iterator
from math import atan2, degrees, hypot

from assets.palace.devices_spec import (
    WallSpot,
    Wish,
    along_walls,
    area,
    at_spot,
    beside_door,
    ceiling,
    ceiling_grid,
    clear_of_beams,
    doors_of,
    grid,
    inside_door,
    middle,
    number,
    outline,
    wall_spot,
    wish,
)
from assets.palace.layout import Layout, SpaceSpec

NO_SMOKE = frozenset({"lift", "shaft", "swimming_pool"})
HALLS = (
    "basketball_hall",
    "swimming_pool",
    "badminton_hall",
    "table_tennis_hall",
    "theatre",
    "exhibition_hall",
)
WATCHED = (
    "library", "gallery", "foyer", "shop", "cafe", "server_room", "control_room", "electrical_room", "battery_room",
    "hvac_plant", "pool_plant", "water_plant", "lift_lobby", "gallery_walk", "fitness", "robot_dock", "multifunction_hall",
    "kids_sports", "martial_arts",
)  # fmt: skip
LEAK_PRONE = (
    "server_room", "electrical_room", "battery_room", "pool_plant", "water_plant", "hvac_plant", "water_point",
    "control_room",
)  # fmt: skip
CORRIDORS = ("corridor", "gallery_walk", "lobby", "foyer")
AED_PLACES = (
    "L1.lobby",
    "L1.pool",
    "L1.basketball",
    "L1.foyer",
    "L2.fitness",
    "L3.badminton",
    "L3.cor_n",
    "L4.cor_n",
    "L5.cor_n",
)
POLES = ((30.0, -10.5, -90.0), (62.0, -16.0, 180.0), (90.0, -22.0, 180.0), (12.0, -37.0, 0.0), (60.0, -40.0, 0.0),
         (112.0, -9.0, 180.0), (-10.0, -20.0, -90.0))  # fmt: skip


def safety(layout: Layout) -> Iterator[Wish]:
    """Give all devices of fire safety, security and help."""
    yield from _cameras(layout)
    yield from _smoke(layout)
    yield from _leaks(layout)
    yield from _hydrants(layout)
    yield from _help(layout)


def _cameras(layout: Layout) -> Iterator[Wish]:
    for space in layout.of("corridor"):
        yield from _corridor_cameras(space)
    for space in layout.of(*HALLS, "lobby", "courtyard"):
        yield from _corner_cameras(space, 4)
    for space in layout.of(*WATCHED):
        yield from _corner_cameras(space, 1)
    for space in layout.of("car_park"):
        for x, y in grid(space, 21.0, 2.0):
            yield _dome(space, x, y, space.floor_z + 2.7, 0.0, "360", "14")
    for space in layout.of("arcade"):
        yield from _facade_cameras(space)
    yield from _plaza_cameras(layout)


def _facade_cameras(space: SpaceSpec) -> Iterator[Wish]:
    """On the building's wall behind an arcade, looking out over the plaza."""
    for spot in along_walls(space, 14.0):
        if round(spot.yaw_deg) == 180:
            yield _bullet(space, spot, 270.0)


def _corridor_cameras(space: SpaceSpec) -> Iterator[Wish]:
    """One at each end of a corridor, looking along it."""
    x0, y0, x1, y1 = outline(space).bounds
    if x1 - x0 >= y1 - y0:
        ends = ((x0 + 0.8, (y0 + y1) / 2, 0.0), (x1 - 0.8, (y0 + y1) / 2, 180.0))
    else:
        ends = (((x0 + x1) / 2, y0 + 0.8, 90.0), ((x0 + x1) / 2, y1 - 0.8, 270.0))
    for x, y, look in ends:
        yield _dome(space, x, y, ceiling(space), look, "80", number(min(30.0, hypot(x1 - x0, y1 - y0)), 0))


def _dome(space: SpaceSpec, x: float, y: float, z: float, look_deg: float, fov: str, reach: str) -> Wish:
    return wish(
        "camera", "dome_camera", space, (x, y, z), look_deg - 90, "security data",
        look_yaw_deg=number(look_deg % 360, 1), look_pitch_deg="-90" if fov == "360" else "-25", fov_deg=fov,
        range_m=reach, rated_kw="0.01", circuit=f"{space.storey}-ELV",
    )  # fmt: skip


def _corner_cameras(space: SpaceSpec, count: int) -> Iterator[Wish]:
    """Bullet cameras on the walls near the corners, looking at the middle of the room."""
    mx, my = middle(space)
    spots = sorted(along_walls(space, 1.5), key=lambda s: (-round(hypot(s.x - mx, s.y - my), 2), s.x, s.y))
    chosen: list[WallSpot] = []
    apart = max(3.0, min(outline(space).bounds[2] - outline(space).bounds[0], 12.0))
    for spot in spots:
        if len(chosen) < count and all(hypot(spot.x - c.x, spot.y - c.y) > apart for c in chosen):
            chosen.append(spot)
    for spot in chosen:
        yield _bullet(space, spot, degrees(atan2(my - spot.y, mx - spot.x)))


def _bullet(space: SpaceSpec, spot: WallSpot, look_deg: float) -> Wish:
    z = min(ceiling(space) - 0.4, space.floor_z + 5.5)
    return wish(
        "camera", "bullet_camera", space, at_spot(spot, z), spot.yaw_deg, "security data",
        look_yaw_deg=number(look_deg % 360, 1), look_pitch_deg="-18", fov_deg="90",
        range_m=number(min(40.0, 2 * area(space) ** 0.5), 0), rated_kw="0.012", circuit=f"{space.storey}-ELV",
    )  # fmt: skip


def _plaza_cameras(layout: Layout) -> Iterator[Wish]:
    places = layout.of("plaza", "outdoor_stage", "garden")
    for x, y, yaw in POLES:
        space = next(s for s in places if _inside(s, x, y))
        yield wish(
            "camera", "pole_camera", space, (x, y, space.floor_z), yaw, "security data",
            look_yaw_deg=number((yaw + 90) % 360, 1), look_pitch_deg="-20", fov_deg="100", range_m="45",
            rated_kw="0.02", circuit="L1-LTG-P",
        )  # fmt: skip


def _inside(space: SpaceSpec, x: float, y: float) -> bool:
    x0, y0, x1, y1 = outline(space).bounds
    return bool(x0 <= x <= x1 and y0 <= y <= y1)


def _smoke(layout: Layout) -> Iterator[Wish]:
    """GB 50116-2013 table 6.2.2: a point smoke detector for 60 m2 below 6 m, for 80 m2 up to 12 m."""
    for space in layout.spaces:
        if space.function in NO_SMOKE or space.external:
            continue
        step = 8.8 if space.height > 6 else 7.6
        low = 1.3 if space.function == "car_park" else 0.0
        for x, y in _smoke_spots(space, step):
            yield wish(
                "smoke_detector", "smoke_detector", space, (x, y, ceiling(space) - low), 0.0,
                "fire_alarm", zone=f"FZ-{space.storey}-{space.wing[0].upper()}", serves=space.number,
            )  # fmt: skip


def _smoke_spots(space: SpaceSpec, step: float) -> list[tuple[float, float]]:
    """Beside the luminaires' rows; in a stair over the landing inside the door, clear of the flights."""
    if space.function == "stair":
        x, y = inside_door(space, doors_of(space)[0], 0.9)
        return [(x + 0.3, y + 0.3)]
    return [clear_of_beams(space, (x + 0.45, y + 0.45)) for x, y in ceiling_grid(space, step, 0.6)]


def _leaks(layout: Layout) -> Iterator[Wish]:
    for space in layout.of(*LEAK_PRONE):
        spot = wall_spot(space)
        x, y = middle(space)
        at = (spot.x + 0.05 * (x - spot.x), spot.y + 0.05 * (y - spot.y), space.floor_z)
        yield wish("leak_sensor", "leak_sensor", space, at, 0.0, "control", serves=space.number)


def _hydrants(layout: Layout) -> Iterator[Wish]:
    """Cabinets along the ways of escape, each with a manual call point beside it; street hydrants outside."""
    for space in layout.of("corridor", "car_park", *HALLS, "fitness", "gallery_walk", "lobby", "library"):
        count = max(1, round(area(space) / 230))
        spots = along_walls(space, 2.5, clear=1.2)
        for spot in spots[:: max(1, len(spots) // count)][:count]:
            yield from _hydrant(space, spot)
    for x, y in ((8.0, -6.5), (50.0, -6.5), (94.0, -8.0), (128.0, -40.0)):
        place = next(s for s in layout.of("plaza", "outdoor_stage") if _inside(s, x, y))
        yield wish(
            "hydrant",
            "outdoor_hydrant",
            place,
            (x, y, place.floor_z),
            180.0,
            "fire",
            zone="FZ-OUT",
            serves=place.number,
        )


def _hydrant(space: SpaceSpec, spot: WallSpot) -> Iterator[Wish]:
    zone = f"FZ-{space.storey}-{space.wing[0].upper()}"
    yield wish(
        "hydrant", "hydrant_cabinet", space, at_spot(spot, space.floor_z + 1.1), spot.yaw_deg, "fire",
        zone=zone, serves=space.number,
    )  # fmt: skip
    beside = _shifted(spot, 0.6)
    yield wish(
        "alarm_button", "call_point", space, at_spot(beside, space.floor_z + 1.4), spot.yaw_deg, "fire_alarm",
        zone=zone, serves=space.number,
    )  # fmt: skip


def _shifted(spot: WallSpot, by: float) -> WallSpot:
    """A spot moved along its wall."""
    dx, dy = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[round(spot.yaw_deg) % 360]
    return WallSpot(spot.x + dx * by, spot.y + dy * by, spot.yaw_deg)


def _help(layout: Layout) -> Iterator[Wish]:
    for space in layout.of("toilet_accessible", "lift_lobby", "nursing_room", "swimming_pool", "first_aid"):
        yield _sos(space, _near_door(space))
    for space in layout.of("car_park"):
        for spot in along_walls(space, 24.0, clear=1.0)[:4]:
            yield _sos(space, spot)
    for key in AED_PLACES:
        space = layout.space(key)
        yield wish(
            "aed", "aed", space, at_spot(_near_door(space, 0.6), space.floor_z + 1.35), _near_door(space, 0.6).yaw_deg,
            "data", serves=space.number,
        )  # fmt: skip


def _near_door(space: SpaceSpec, gap: float = 0.35) -> WallSpot:
    for door in doors_of(space):
        if door.kind not in {"open", "opening", "lift", "glass", "glass_double"}:
            spot = beside_door(door, space, gap)
            if spot is not None:
                return spot
    return wall_spot(space)


def _sos(space: SpaceSpec, spot: WallSpot) -> Wish:
    return wish(
        "sos_button", "sos_button", space, at_spot(spot, space.floor_z + 1.1), spot.yaw_deg, "data",
        serves=space.number,
    )  # fmt: skip
