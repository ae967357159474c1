"""What hangs in the rooms: climate sensors, people counters, locks, gates, screens, loudspeakers, radio."""

# ruff: noqa: E501  (tables and the arguments of a placing read better in rows)

from collections.abc import Iterator
from math import hypot

from shapely import Point, Polygon, box

from assets.palace.devices_climate import UNCOOLED, power_circuit
from assets.palace.devices_spec import (
    WallSpot,
    Wish,
    along_walls,
    at_spot,
    beside_door,
    ceiling,
    ceiling_grid,
    covered,
    doors_of,
    middle,
    outline,
    wall_spot,
    wish,
)
from assets.palace.layout import DoorSpec, Layout, SpaceSpec

NOT_COUNTED = frozenset({
    "stair", "lift", "shaft", "ramp", "electrical_closet", "electrical_room", "hvac_plant", "pool_plant", "water_plant",
    "battery_room", "storage", "roof", "pavement", "robot_dock", "car_park", "server_room",
})  # fmt: skip
SENSED_TOO = frozenset({"car_park", "electrical_room", "battery_room", "water_point", "electrical_closet"})
#: Rooms that are booked by the hour, with a display at the door.
BOOKABLE = (
    "training_room", "music_room", "art_room", "dance_room", "meeting_room", "yoga_room", "rehearsal_room",
    "multifunction_hall", "fitness_studio", "martial_arts", "kids_sports", "table_tennis_hall", "badminton_hall",
    "basketball_hall", "theatre",
)  # fmt: skip
LOCKED = frozenset({
    *BOOKABLE, "office", "storage", "workshop", "control_room", "server_room", "electrical_room", "electrical_closet",
    "hvac_plant", "pool_plant", "water_plant", "battery_room", "robot_dock", "shop", "stage", "dressing_room",
    "first_aid", "health_check", "fitness", "swimming_pool", "exhibition_hall", "gallery", "library", "canteen", "cafe",
    "shaft", "lounge",
})  # fmt: skip
LEAVES = frozenset({"single", "double", "glass", "glass_double", "fire", "fire_double"})
#: Gates: key of the space, x, y of the first lane, yaw, lanes, step to the next lane.
GATES = (
    ("L1.link", 56.6, 24.18, 90.0, 3, (0.0, 1.02)),
    ("L1.cor_s", 78.0, 11.72, 90.0, 2, (0.0, 1.02)),
    ("L1.cor_n", 78.0, 37.52, 90.0, 2, (0.0, 1.02)),
    ("L2.link", 56.6, 24.18, 90.0, 3, (0.0, 1.02)),
    ("L2.library", 84.0, 9.2, 0.0, 2, (1.02, 0.0)),
    ("L3.link", 56.6, 24.18, 90.0, 3, (0.0, 1.02)),
)
KIOSKS = (
    ("L1.lobby", 62.4, 14.0, 180.0), ("L1.lobby", 64.0, 14.0, 180.0), ("L1.lobby", 70.4, 14.0, 180.0),
    ("L1.lobby", 72.0, 14.0, 180.0), ("L2.gallery", 74.8, 24.0, 90.0), ("L3.gallery", 74.8, 24.0, 90.0),
    ("L2.library", 88.0, 9.7, 180.0), ("L2.library", 89.6, 9.7, 180.0), ("L1.foyer", 101.4, 5.4, -90.0),
    ("B1.lobby_s", 42.0, 26.4, 180.0), ("B1.lobby_w", 91.9, 18.0, 90.0), ("B1.lobby_e", 118.1, 18.0, -90.0),
)  # fmt: skip
VENDING = ("L1.cor_h", "L1.link", "L2.link", "L3.link", "L2.gallery", "L3.gallery", "L4.gallery", "L1.foyer")
SCREENS = (
    ("L1.lobby", "screen_large", "6", 3.2), ("L1.stage", "screen_large", "6", 4.5), ("L1.basketball", "screen_medium", "3.2", 6.5),
    ("L1.pool", "screen_medium", "3.2", 6.0), ("L3.badminton", "screen_medium", "3.2", 4.6), ("L1.multi", "screen_medium", "3.2", 2.3),
    ("L1.exhibition", "screen_medium", "3.2", 2.4), ("L5.meeting_l", "screen_medium", "3.2", 2.0), ("L1.control", "screen_medium", "3.2", 2.0),
    ("L2.fitness", "screen_small", "0.2", 2.4), ("L2.table_tennis", "screen_small", "0.2", 2.4), ("L1.cafe", "screen_small", "0.2", 2.3),
)  # fmt: skip


def rooms(layout: Layout) -> Iterator[Wish]:
    """Give all devices of the rooms and their doors."""
    yield from _sensors(layout)
    yield from _counters(layout)
    yield from _locks(layout)
    yield from _gates(layout)
    yield from _screens(layout)
    yield from _furniture(layout)
    yield from _sound_and_radio(layout)


def _sensors(layout: Layout) -> Iterator[Wish]:
    for space in layout.spaces:
        if space.external or (space.function in UNCOOLED and space.function not in SENSED_TOO):
            continue
        spot = _quiet_spot(space)
        yield wish(
            "room_sensor", "room_sensor", space, at_spot(spot, space.floor_z + 1.5), spot.yaw_deg, "control",
            serves=space.number,
        )  # fmt: skip


def _quiet_spot(space: SpaceSpec) -> WallSpot:
    """Beside a door, where no sun falls and a switch would be; else the middle of a wall."""
    for door in doors_of(space):
        if door.kind in LEAVES:
            spot = beside_door(door, space, 0.7)
            if spot is not None:
                return spot
    return wall_spot(space)


def _counters(layout: Layout) -> Iterator[Wish]:
    """One a room: the count that the venue reports for it."""
    for space in layout.spaces:
        if space.function in NOT_COUNTED:
            continue
        yield wish(
            "people_counter", "people_counter", space, _overlooking(layout, space), 0.0, "data control",
            serves=space.number, capacity=str(space.capacity),
        )  # fmt: skip


def _overlooking(layout: Layout, space: SpaceSpec) -> tuple[float, float, float]:
    """Below the ceiling near the middle; on the nearest lamp outdoors; on a wall where there is neither."""
    x, y = middle(space)
    near = _nearest(ceiling_grid(space, 4.0), x, y)
    if near:
        aside = (near[0] + 1.0, near[1] - 1.0)
        x, y = aside if covered(space).contains(Point(*aside)) else (near[0] + 0.3, near[1] - 0.3)
        return x, y, ceiling(space)
    lamp = _nearest([p for p in layout.lamps if outline(space).contains(Point(*p))], x, y)
    if lamp:
        return lamp[0] + 0.1, lamp[1], space.floor_z + 3.3
    spot = wall_spot(space)
    return spot.x, spot.y, space.floor_z + 3.0


def _nearest(points: list[tuple[float, float]], x: float, y: float) -> tuple[float, float] | None:
    return min(points, key=lambda p: (round(hypot(p[0] - x, p[1] - y), 2), p), default=None)


def _locks(layout: Layout) -> Iterator[Wish]:
    for door in layout.doors:
        found = _locked_room(layout, door)
        if found is None or door.kind not in LEAVES:
            continue
        room, reader_side = found
        spot = beside_door(door, reader_side) or beside_door(door, room)
        side = reader_side if beside_door(door, reader_side) else room
        if spot is not None:
            yield wish(
                "door_lock", "door_lock", side, at_spot(spot, door.z + 1.25), spot.yaw_deg, "security data",
                door=door.number, door_kind=door.kind, serves=room.number, rated_kw="0.006",
                circuit=f"{side.storey}-ELV",
            )  # fmt: skip


def _locked_room(layout: Layout, door: DoorSpec) -> tuple[SpaceSpec, SpaceSpec] | None:
    """The room that a door's lock protects, and the side on which its reader hangs; None: no lock."""
    a = layout.space(door.space_a)
    b = layout.space(door.space_b) if door.space_b else None
    if b is None or b.external:
        return a, a
    if a.function in LOCKED:
        return a, (a if b.function in {"shaft", "stair"} else b)
    return (b, a) if b.function in LOCKED else None


def _gates(layout: Layout) -> Iterator[Wish]:
    for key, x, y, yaw, lanes, (dx, dy) in GATES:
        space = layout.space(key)
        for lane in range(lanes):
            yield wish(
                "gate", "turnstile", space, (x + lane * dx, y + lane * dy, space.floor_z), yaw, "security data",
                lane=str(lane + 1), serves=space.number, rated_kw="0.08", circuit=power_circuit(space),
            )  # fmt: skip


def _screens(layout: Layout) -> Iterator[Wish]:
    for key, model, watts, height in SCREENS:
        space = layout.space(key)
        spot = _screen_spot(space)
        yield _screen(space, model, at_spot(spot, space.floor_z + height), spot.yaw_deg, watts)
    for space in _lift_places(layout):
        spot = wall_spot(space)
        yield _screen(space, "screen_small", at_spot(spot, space.floor_z + 1.8), spot.yaw_deg, "0.2")
    for space in layout.of(*BOOKABLE):
        yield from _door_screen(layout, space)
    stage = layout.space("L1.stage_out")
    yield _screen(stage, "screen_outdoor", (115.0, -5.2, stage.floor_z), 180.0, "18")


def _screen_spot(space: SpaceSpec) -> WallSpot:
    """The stage's screen hangs on its back wall, to the east; others on the wall nearest to the middle."""
    x, y = middle(space)
    if space.function == "stage":
        return wall_spot(space, lambda spot: hypot(spot.x - x - 100, spot.y - y))
    return wall_spot(space)


def _lift_places(layout: Layout) -> list[SpaceSpec]:
    corridors = [s for s in layout.of("corridor") if s.key.endswith(("cor_w", "link"))]
    return layout.of("lift_lobby") + corridors


def _screen(space: SpaceSpec, model: str, at: tuple[float, float, float], yaw: float, kilowatts: str) -> Wish:
    circuit = (
        "SCREENS" if model in {"screen_large", "screen_outdoor", "screen_medium"} else power_circuit(space)
    )
    return wish(
        "led_screen",
        model,
        space,
        at,
        yaw,
        "av data",
        rated_kw=kilowatts,
        circuit=circuit,
        serves=space.number,
    )


def _door_screen(layout: Layout, room: SpaceSpec) -> Iterator[Wish]:
    """A display in the corridor beside the room's first door, on the side away from the lock's reader."""
    for door in doors_of(room):
        other = door.space_b if door.space_a == room.key else door.space_a
        spot = beside_door(door, layout.space(other), 0.55) if other and door.kind in LEAVES else None
        if spot is not None and other:
            outside = layout.space(other)
            yield wish(
                "led_screen", "screen_door", outside, at_spot(spot, outside.floor_z + 1.5), spot.yaw_deg, "av data",
                rated_kw="0.012", circuit=power_circuit(outside), serves=room.number,
            )  # fmt: skip
            return


def _furniture(layout: Layout) -> Iterator[Wish]:
    for key, x, y, yaw in KIOSKS:
        yield _standing(layout.space(key), "info_kiosk", "kiosk", (x, y), yaw, "0.25")
    for key in VENDING:
        yield from _at_wall(layout.space(key), "vending_machine", "vending", (1.0, 0.84), 1, "0.5")
    for space in layout.of("water_point"):
        yield from _at_wall(space, "water_dispenser", "dispenser", (0.64, 0.62), 1, "3")
    for space in layout.of("changing_room_men", "changing_room_women"):
        yield from _lockers(space)


def _standing(
    space: SpaceSpec, kind: str, model: str, at: tuple[float, float], yaw: float, kilowatts: str
) -> Wish:
    return wish(
        kind, model, space, (*at, space.floor_z), yaw, "power data", rated_kw=kilowatts,
        circuit=power_circuit(space), serves=space.number,
    )  # fmt: skip


def _at_wall(
    space: SpaceSpec, kind: str, model: str, size: tuple[float, float], count: int, kilowatts: str
) -> Iterator[Wish]:
    """`count` machines of `size` (width, depth) m with their backs to the walls, clear of doors and each other."""
    taken: list[Polygon] = []
    spots = along_walls(space, 0.7, clear=size[0] / 2 + 0.2)
    for spot in spots[len(spots) // 3 :] + spots[: len(spots) // 3]:
        dx, dy = {0: (0, 1), 90: (-1, 0), 180: (0, -1), 270: (1, 0)}[round(spot.yaw_deg) % 360]
        x, y = spot.x + dx * (size[1] / 2 + 0.02), spot.y + dy * (size[1] / 2 + 0.02)
        half_x, half_y = (size[0] / 2, size[1] / 2) if dy else (size[1] / 2, size[0] / 2)
        shape = box(x - half_x, y - half_y, x + half_x, y + half_y)
        if (
            len(taken) < count
            and outline(space).contains(shape)
            and not any(shape.intersects(t) for t in taken)
        ):
            taken.append(shape)
            yield _standing(space, kind, model, (x, y), spot.yaw_deg, kilowatts)


def _lockers(space: SpaceSpec) -> Iterator[Wish]:
    """Banks along the east wall; plain lockers stand along the north and the south one."""
    _, y0, x1, y1 = outline(space).bounds
    width, depth = 1.92, 0.54
    count = int((y1 - y0 - 1.6) // width)
    for i in range(count):
        y = (y0 + y1) / 2 + (i - (count - 1) / 2) * width
        if all(abs(y - door.y) > width or abs(x1 - door.x) > 1 for door in doors_of(space)):
            yield _standing(space, "smart_locker", "locker", (x1 - depth / 2 - 0.02, y), 90.0, "0.03")


def _sound_and_radio(layout: Layout) -> Iterator[Wish]:
    for space in layout.of("corridor", "gallery_walk", "lobby", "foyer", "car_park", "lift_lobby"):
        step = 21.0 if space.function == "car_park" else 13.0
        drop = 1.2 if space.function == "car_park" else 0.0
        for x, y in ceiling_grid(space, step, 0.6):
            yield wish(
                "speaker", "speaker", space, (x + 1.1, y, ceiling(space) - drop), 0.0, "av",
                circuit=f"{space.storey}-ELV", rated_kw="0.006", serves=space.number,
            )  # fmt: skip
    for space in layout.of(
        "corridor", "library", "lobby", "badminton_hall", "basketball_hall", "theatre", "car_park"
    ):
        for x, y in ceiling_grid(space, 24.0, 0.6) or ceiling_grid(space, 8.0, 0.6)[:2]:
            drop = 1.2 if space.function == "car_park" else 0.0
            yield wish(
                "access_point", "access_point", space, (x - 1.1, y, ceiling(space) - drop), 0.0, "data",
                circuit=f"{space.storey}-ELV", rated_kw="0.015", serves=space.number,
            )  # fmt: skip
