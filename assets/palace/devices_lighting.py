"""Where the luminaires go: by what a room is for, in even rows, and on which circuit they are."""

# ruff: noqa: E501  (tables and the arguments of a placing read better in rows)

from collections.abc import Iterator
from dataclasses import dataclass

from shapely import Point

from assets.palace.devices_spec import (
    Wish,
    ceiling,
    ceiling_grid,
    covered,
    doors_of,
    grid,
    inside_door,
    number,
    outline,
    wing_letter,
    wish,
)
from assets.palace.layout import MODULE, SLAB, DoorSpec, Layout, SpaceSpec

HUNG = "lighting"


@dataclass(frozen=True, slots=True)
class LightRule:
    """A product, its device type, the distance of the rows in m, W each, and m that it hangs below the ceiling."""

    model: str
    type: str
    step_m: float
    watts: float
    drop_m: float = 0.0


HIGHBAY = LightRule("highbay", "luminaire_highbay", 5.6, 200)
LINEAR = LightRule("linear", "luminaire_linear", 4.0, 40)
PANEL = LightRule("panel", "luminaire_linear", 4.2, 36)
DOWN = LightRule("downlight", "luminaire_downlight", 4.2, 15)
WET = LightRule("downlight", "luminaire_downlight", 3.4, 15)
BATTEN = LightRule("batten", "luminaire_linear", 6.0, 28, 0.4)
GARAGE = LightRule("batten", "luminaire_linear", 7.2, 28, 1.35)
BOLLARD = LightRule("bollard", "luminaire_downlight", 6.0, 12)
#: Places without a ceiling that are lit from the ground: space, step of the rows, distance from the edges, m.
BOLLARD_PLACES = (
    ("L1.grove", 9.0, 2.0),
    ("L3.court", 6.0, 1.2),
    ("L3.gallery", 4.2, 0.5),
    ("L4.gallery", 4.2, 0.5),
)
PENDANT = LightRule("pendant", "luminaire_downlight", 5.6, 60)
STAGE = LightRule("stage_spot", "luminaire_stage", 3.0, 350, 1.2)

RULES: dict[str, LightRule | None] = {
    **dict.fromkeys(("basketball_hall", "swimming_pool", "badminton_hall"), HIGHBAY),
    **dict.fromkeys(("table_tennis_hall", "martial_arts", "kids_sports"), LINEAR),
    **dict.fromkeys(
        ("fitness", "fitness_studio", "library", "music_room", "dance_room", "rehearsal_room"), LINEAR
    ),
    **dict.fromkeys(
        ("training_room", "office", "meeting_room", "health_check", "control_room", "canteen"), PANEL
    ),
    **dict.fromkeys(("art_room", "gallery", "exhibition_hall", "multifunction_hall", "first_aid"), PANEL),
    **dict.fromkeys(
        ("corridor", "lift_lobby", "foyer", "gallery_walk", "lounge", "yoga_room", "nursing_room"), DOWN
    ),
    **dict.fromkeys(("toilet_women", "toilet_men", "toilet_accessible", "water_point"), WET),
    **dict.fromkeys(("changing_room_men", "changing_room_women", "dressing_room", "shop"), WET),
    **dict.fromkeys(
        ("storage", "workshop", "electrical_room", "hvac_plant", "pool_plant", "water_plant"), BATTEN
    ),
    **dict.fromkeys(("battery_room", "server_room", "electrical_closet", "robot_dock", "ramp"), BATTEN),
    **dict.fromkeys(("cafe", "lobby"), PENDANT),
    "theatre": DOWN,
    "stage": STAGE,
    "car_park": GARAGE,
    **dict.fromkeys(("stair", "lift", "shaft", "roof", "plaza", "outdoor_stage", "garden", "pavement"), None),
    **dict.fromkeys(("courtyard", "forecourt", "arcade"), None),
}

EXIT_DOORS = frozenset({"fire", "fire_double"})


def luminaires(layout: Layout) -> Iterator[Wish]:
    """Give all luminaires: rooms, stairs, exits, plaza."""
    for space in layout.spaces:
        rule = RULES[space.function]
        if rule is not None:
            yield from _rows(space, rule)
        elif space.function == "stair":
            yield from _stair(space)
    yield from _outdoors(layout)
    yield from exit_lights(layout)


def circuit(space: SpaceSpec) -> str:
    """The lighting circuit of a space."""
    return f"{space.storey}-LTG-{wing_letter(space)}"


def _light(space: SpaceSpec, rule: LightRule, x: float, y: float, z: float) -> Wish:
    return wish(
        rule.type, rule.model, space, (x, y, z), _turn(space), HUNG,
        circuit=circuit(space), rated_kw=number(rule.watts / 1000), serves=space.number,
    )  # fmt: skip


def _turn(space: SpaceSpec) -> float:
    """Linear luminaires lie along a room's longer side."""
    x0, y0, x1, y1 = outline(space).bounds
    return 0.0 if x1 - x0 >= y1 - y0 else 90.0


def _rows(space: SpaceSpec, rule: LightRule) -> Iterator[Wish]:
    margin = min(0.6, rule.step_m / 4)
    for x, y in ceiling_grid(space, rule.step_m, margin):
        yield _light(space, rule, x, y, ceiling(space) - rule.drop_m)


def _stair(space: SpaceSpec) -> Iterator[Wish]:
    """One light over the landing, where the flight above is farthest: a metre inside the door."""
    for door in doors_of(space)[:1]:
        x, y = inside_door(space, door, 0.9)
        yield _light(space, LightRule("downlight", "luminaire_downlight", 1, 15), x, y, ceiling(space))


def _outdoors(layout: Layout) -> Iterator[Wish]:
    outside = [s for s in layout.spaces if s.storey == "L1" and s.external]
    for x, y in layout.lamps:
        space = next((s for s in outside if outline(s).contains(Point(x, y))), layout.space("L1.plaza"))
        yield wish(
            "street_lamp", "street_lamp", space, (x, y, space.floor_z), 0.0, HUNG,
            circuit=circuit(space), rated_kw="0.06", serves=space.number,
        )  # fmt: skip
    yield from _arcades(layout)
    for key, step, margin in BOLLARD_PLACES:
        space = layout.space(key)
        for x, y in grid(space, step, margin):
            if not covered(space).contains(Point(x, y)):
                yield _light(space, BOLLARD, x, y, space.floor_z)


def _arcades(layout: Layout) -> Iterator[Wish]:
    """Bollards between the columns of the high west arcade, pendants below the soffit of the east one."""
    west, east = layout.of("arcade")
    for i in range(7):
        yield _light(west, BOLLARD, MODULE * (i + 0.5), -3.1, west.floor_z)
    soffit = layout.storey("L2").elevation - SLAB
    x0, _, x1, _ = outline(east).bounds
    for i in range(14):
        yield _light(east, PENDANT, x0 + (x1 - x0) * (i + 0.5) / 14, -1.8, soffit)


def exit_lights(layout: Layout) -> Iterator[Wish]:
    """Give an exit sign above every fire door and every door to the outside, on the side people come from."""
    for door in layout.doors:
        space = layout.space(door.space_a)
        if door.space_b and space.function in {"stair", "electrical_closet", "shaft"}:
            space = layout.space(door.space_b)
        leads_out = door.space_b is None or layout.space(door.space_b).external
        if (door.kind in EXIT_DOORS or leads_out) and door.kind != "open" and not space.external:
            yield _exit_light(space, door)


def _exit_light(space: SpaceSpec, door: DoorSpec) -> Wish:
    x, y = inside_door(space, door, 0.1)
    yaw = {(0, 1): 0.0, (0, -1): 180.0, (1, 0): -90.0, (-1, 0): 90.0}[_sign(x - door.x), _sign(y - door.y)]
    z = min(door.z + door.height + 0.18, ceiling(space) - 0.12)
    return wish(
        "emergency_light", "exit_light", space, (x, y, z), yaw, HUNG,
        circuit=f"{space.storey}-EMG", rated_kw="0.003", door=door.number,
    )  # fmt: skip


def _sign(value: float) -> int:
    return 0 if abs(value) < 1e-9 else (1 if value > 0 else -1)
