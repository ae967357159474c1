"""Where the cooling, ventilation and water plant goes, which space each machine serves, and how big it is."""

# ruff: noqa: E501  (tables and the arguments of a placing read better in rows)

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from assets.palace.devices_spec import (
    Wish,
    along_walls,
    area,
    at_spot,
    ceiling,
    ceiling_grid,
    grid,
    middle,
    number,
    outline,
    wing_letter,
    wish,
)
from assets.palace.layout import Layout, SpaceSpec

#: Spaces that an air handling unit serves through ducts; all others that are cooled have fan coils.
AHU_FUNCTIONS = frozenset({
    "basketball_hall", "swimming_pool", "badminton_hall", "lobby", "theatre", "stage", "exhibition_hall", "foyer",
    "gallery_walk",
})  # fmt: skip
UNCOOLED = frozenset({
    "car_park", "stair", "lift", "shaft", "storage", "toilet_women", "toilet_men", "toilet_accessible", "ramp",
    "electrical_closet", "electrical_room", "hvac_plant", "pool_plant", "water_plant", "battery_room", "workshop",
    "robot_dock", "water_point", "arcade", "forecourt", "plaza", "outdoor_stage", "garden", "pavement", "courtyard",
    "roof",
})  # fmt: skip
TOILETS = ("toilet_women", "toilet_men", "toilet_accessible")
FCU_COOLING_KW = 7.2
AHU_COOLING_W_M2 = 260.0


@dataclass(frozen=True, slots=True)
class AhuRule:
    """An air handling unit: short name, names, its room, where it stands, and the spaces that it serves."""

    key: str
    name_zh: str
    name_en: str
    room: str
    x: float
    y: float
    yaw_deg: float
    serves: tuple[str, ...]


AHUS = (
    AhuRule("AHU-S1", "篮球馆空调机组", "Basketball hall AHU", "B1.hvac", 30.4, 38.4, 0, ("L1.basketball",)),
    AhuRule("AHU-S2", "泳池除湿空调机组", "Pool hall AHU", "B1.pool_plant", 19.8, 48.6, 180, ("L1.pool",)),
    AhuRule("AHU-S3", "羽毛球馆空调机组", "Badminton hall AHU", "B1.hvac", 25.4, 38.4, 0, ("L3.badminton",)),
    AhuRule("AHU-A1", "大厅空调机组", "Lobby AHU", "RF.deck_w", 80.0, 34.0, 0,
            ("L1.lobby", "L2.gallery", "L3.gallery", "L4.gallery")),
    AhuRule("AHU-C1", "剧场空调机组", "Theatre AHU", "RF.deck_w", 80.0, 30.2, 0, ("L1.theatre",)),
    AhuRule("AHU-C2", "舞台空调机组", "Stage AHU", "RF.deck_w", 80.0, 26.4, 0, ("L1.stage",)),
    AhuRule("AHU-C3", "展厅与前厅空调机组", "Exhibition and foyer AHU", "RF.deck_w", 80.0, 22.6, 0,
            ("L1.exhibition", "L1.foyer")),
)  # fmt: skip


def climate(layout: Layout) -> Iterator[Wish]:
    """Give all machines and terminals of cooling, ventilation and water."""
    yield from _fan_coils(layout)
    for rule in AHUS:
        yield from _ahu(layout, rule)
    yield from _exhaust(layout)
    yield from _chiller_plant(layout)
    yield from _roof_plant(layout)
    yield from _pool_plant(layout)
    yield from _water_plant(layout)
    yield from _water_meters(layout)


def power_circuit(space: SpaceSpec) -> str:
    """The power circuit of a space: sockets, fan coils and what stands in it."""
    return f"{space.storey}-PWR-{wing_letter(space)}"


def base_z(layout: Layout, room: SpaceSpec) -> float:
    """Where machines stand in a room, m: its floor, or the plinths of the roof's plant zones."""
    return layout.plant_zones[0].z if room.storey == "RF" else room.floor_z


def chilled_circuit(space: SpaceSpec) -> str:
    """The chilled water branch of a space."""
    return "CHW-S" if wing_letter(space) == "S" else "CHW-C"


def fan_coil_spots(space: SpaceSpec) -> list[tuple[float, float]]:
    """Where the fan coils of a space hang; none where an air handling unit serves it or it is not cooled."""
    if space.function in UNCOOLED | AHU_FUNCTIONS or space.external:
        return []
    count = max(1, ceil(area(space) / 62.0))
    x0, y0, x1, y1 = outline(space).bounds
    step = max(x1 - x0, y1 - y0) / count
    wide = max(step, min(x1 - x0, y1 - y0) * 0.75)
    return grid(space, wide, 0.9)[: count + 1] or [middle(space)]


def _fan_coils(layout: Layout) -> Iterator[Wish]:
    for space in layout.spaces:
        for x, y in fan_coil_spots(space):
            yield wish(
                "fan_coil", "fan_coil", space, (x, y, ceiling(space) + 0.46), 0.0, "chilled_water supply_air",
                circuit=power_circuit(space), rated_kw="0.14", cooling_kw=number(FCU_COOLING_KW), flow_m3h="1180",
                chw_circuit=chilled_circuit(space), serves=space.number,
            )  # fmt: skip


def terminal_spots(space: SpaceSpec) -> list[tuple[float, float]]:
    """Where the supply terminals of a ducted space are."""
    return ceiling_grid(space, 6.4 if ceiling(space) - space.floor_z > 6 else 5.2, 0.8)


def _ahu(layout: Layout, rule: AhuRule) -> Iterator[Wish]:
    spaces = [layout.space(key) for key in rule.serves]
    cooled = sum(area(space) for space in spaces) * AHU_COOLING_W_M2 / 1000
    flow = (
        cooled * 220
    )  # m3/h: supply air 9 K colder than the room carries 3 W per m3/h; latent load the rest
    room = layout.space(rule.room)
    yield wish(
        "ahu", "ahu", room, (rule.x, rule.y, base_z(layout, room)), rule.yaw_deg, "supply_air chilled_water",
        circuit=f"AHU-{room.storey}", rated_kw=number(flow / 1000 * 0.42, 1), cooling_kw=number(cooled, 1),
        flow_m3h=number(flow, 0), unit=rule.key, chw_circuit=chilled_circuit(spaces[0]),
        serves=";".join(space.number for space in spaces), name_zh=rule.name_zh, name_en=rule.name_en,
    )  # fmt: skip
    share = flow / sum(len(terminal_spots(space)) for space in spaces)
    for space in spaces:
        yield from _terminals(space, rule.key, share)


def _terminals(space: SpaceSpec, unit: str, flow: float) -> Iterator[Wish]:
    high = ceiling(space) - space.floor_z > 6
    for x, y in terminal_spots(space):
        yield wish(
            "air_terminal", "jet_nozzle" if high else "diffuser", space,
            (x, y, ceiling(space) - (0.55 if high else 0.0)), 0.0, "supply_air",
            unit=unit, flow_m3h=number(flow, 0), serves=space.number,
        )  # fmt: skip


def _exhaust(layout: Layout) -> Iterator[Wish]:
    for space in layout.of(*TOILETS, "changing_room_men", "changing_room_women"):
        fan = "EXF-S" if wing_letter(space) == "S" else "EXF-C"
        for x, y in grid(space, 5.0, 0.5)[:2]:
            yield wish(
                "exhaust_terminal", "grille", space, (x + 0.9, y, ceiling(space)), 0.0, "exhaust",
                unit=fan, flow_m3h="420", serves=space.number,
            )  # fmt: skip
    yield from _exhaust_fans(layout)
    for i, (x, y) in enumerate(_jet_fan_spots(layout)):
        zone = _park_zone(layout, x)
        yield wish(
            "jet_fan", "jet_fan", zone, (x, y, zone.floor_z + 3.7), 0.0 if i % 2 else 180.0, "exhaust",
            circuit=power_circuit(zone), rated_kw="1.1", serves=zone.number,
        )  # fmt: skip


def _jet_fan_spots(layout: Layout) -> list[tuple[float, float]]:
    spots = [(x, y) for y in (9.6, 26.4) for x in (12.0, 28.0, 56.0, 72.0, 100.0, 112.0)]
    return [(x, y) for x, y in spots if any(_holds(s, x, y) for s in layout.of("car_park"))]


def _holds(space: SpaceSpec, x: float, y: float) -> bool:
    x0, y0, x1, y1 = outline(space).buffer(-1.0).bounds
    return bool(x0 < x < x1 and y0 < y < y1)


def _park_zone(layout: Layout, x: float) -> SpaceSpec:
    return next((s for s in layout.of("car_park") if _holds(s, x, 9.6)), layout.of("car_park")[0])


def _exhaust_fans(layout: Layout) -> Iterator[Wish]:
    rows: tuple[tuple[str, str, str, float, float, str], ...] = (
        ("EXF-S", "体育区排风机", "Sports wing exhaust fan", 41.9, 17.0, "L3.shaft_s"),
        ("EXF-C", "文化区排风机", "Culture wing exhaust fan", 86.6, 30.0, "RF.deck_w"),
        ("EXF-B1", "车库排风机", "Car park exhaust fan", 43.8, 18.5, "B1.shaft_s"),
    )
    for unit, zh, en, x, y, key in rows:
        room = layout.space(key)
        watts = "15" if unit == "EXF-B1" else "4"
        yield wish(
            "exhaust_fan", "exhaust_fan", room, (x, y, base_z(layout, room)), 90.0, "exhaust",
            circuit=f"AHU-{'RF' if room.storey == 'RF' else 'B1'}", rated_kw=watts, unit=unit, name_zh=zh, name_en=en,
            flow_m3h="36000" if unit == "EXF-B1" else "9000",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PumpRule:
    """A group of equal pumps in a row: where the first stands, how many, its rating and circuit."""

    key: str
    name_zh: str
    name_en: str
    room: str
    x: float
    y: float
    count: int
    kw: float
    flow: float
    circuit: str
    systems: str
    step: tuple[float, float] = (1.5, 0.0)


PUMPS = (
    PumpRule("CHWP", "冷冻水泵", "Chilled water pump", "B1.hvac", 26.2, 31.6, 3, 30, 160, "PUMPS", "chilled_water", (2.2, 0)),
    PumpRule("CWP", "冷却水泵", "Condenser water pump", "B1.hvac", 26.2, 34.2, 3, 37, 200, "PUMPS", "condenser_water", (2.2, 0)),
    PumpRule("PCP", "泳池循环泵", "Pool circulation pump", "B1.pool_plant", 19.0, 42.0, 3, 11, 110, "POOL", "pool", (2.0, 0)),
    PumpRule("FHP", "消火栓泵", "Hydrant pump", "B1.fire_pump", 47.0, 47.6, 2, 55, 108, "FIRE", "fire", (2.0, 0)),
    PumpRule("FSP", "喷淋泵", "Sprinkler pump", "B1.fire_pump", 51.4, 47.6, 2, 55, 108, "FIRE", "fire", (2.0, 0)),
    PumpRule("DWP", "生活给水泵", "Domestic water pump", "B1.water", 63.8, 47.6, 3, 7.5, 24, "PUMPS", "cold_water", (2.0, 0)),
)  # fmt: skip


def _pumps(layout: Layout, keys: Sequence[str]) -> Iterator[Wish]:
    for rule in (rule for rule in PUMPS if rule.key in keys):
        room = layout.space(rule.room)
        for i in range(rule.count):
            yield wish(
                "pump", "pump", room, (rule.x + i * rule.step[0], rule.y + i * rule.step[1], room.floor_z), 90.0,
                rule.systems, circuit=rule.circuit, rated_kw=number(rule.kw), flow_m3h=number(rule.flow),
                unit=f"{rule.key}-{i + 1}", name_zh=f"{rule.name_zh} {i + 1}", name_en=f"{rule.name_en} {i + 1}",
            )  # fmt: skip


def _chiller_plant(layout: Layout) -> Iterator[Wish]:
    room = layout.space("B1.hvac")
    for i, y in enumerate((31.6, 34.6)):
        yield wish(
            "chiller", "chiller", room, (20.2, y, room.floor_z), 0.0, "chilled_water condenser_water",
            circuit="CHILLERS", rated_kw="176", cooling_kw="900", flow_m3h="155", unit=f"CH-{i + 1}",
            name_zh=f"冷水机组 {i + 1}", name_en=f"Chiller {i + 1}",
        )  # fmt: skip
    yield from _pumps(layout, ("CHWP", "CWP"))
    for branch, zh, en, x in (
        ("CHW-S", "体育区", "Sports wing", 19.0),
        ("CHW-C", "文化区", "Culture wing", 20.6),
    ):
        yield wish(
            "cooling_meter", "cooling_meter", room, (x, 37.4, room.floor_z + 2.2), 0.0, "chilled_water",
            chw_circuit=branch, circuit=branch, name_zh=f"{zh}冷量表", name_en=f"{en} cooling meter",
        )  # fmt: skip


def _roof_plant(layout: Layout) -> Iterator[Wish]:
    deck = layout.space("RF.deck_e")
    z = layout.plant_zones[1].z
    for i, y in enumerate((22.0, 26.0, 30.0)):
        yield wish(
            "cooling_tower", "cooling_tower", deck, (131.4, y, z), 90.0, "condenser_water",
            circuit="TOWERS", rated_kw="7.5", cooling_kw="700", flow_m3h="200", unit=f"CT-{i + 1}",
            name_zh=f"冷却塔 {i + 1}", name_en=f"Cooling tower {i + 1}",
        )  # fmt: skip
    for i, y in enumerate((22.0, 25.0, 28.0)):
        yield wish(
            "pool_heat_pump", "heat_pump", deck, (125.6, y, z), 0.0, "pool",
            circuit="POOL", rated_kw="22", heating_kw="90", unit=f"HP-{i + 1}", serves="S1-02",
            name_zh=f"泳池热泵 {i + 1}", name_en=f"Pool heat pump {i + 1}",
        )  # fmt: skip


def _pool_plant(layout: Layout) -> Iterator[Wish]:
    room, pool = layout.space("B1.pool_plant"), layout.space("L1.pool")
    yield from _pumps(layout, ("PCP",))
    yield wish(
        "boiler", "boiler", room, (31.0, 43.0, room.floor_z), 0.0, "hot_water",
        circuit="POOL", rated_kw="1.5", heating_kw="350", unit="BLR-1", serves="S1-20;S1-21",
        name_zh="淋浴热水锅炉", name_en="Shower water boiler",
    )  # fmt: skip
    tank = wish(
        "water_tank", "water_tank", room, (27.4, 48.4, room.floor_z), 0.0, "pool",
        capacity_m3="12", unit="TK-P", name_zh="泳池均衡水箱", name_en="Pool balance tank",
    )  # fmt: skip
    yield tank
    x0, y0, x1, y1 = layout.pool_basin
    names = (("东侧", "east"), ("西侧", "west"), ("回水", "return"))
    spots = ((x1 + 0.35, (y0 + y1) / 2, 90.0), (x0 - 0.35, (y0 + y1) / 2, -90.0))
    for (zh, en), (x, y, yaw) in zip(names, spots, strict=False):
        yield wish(
            "pool_sensor", "pool_sensor", pool, (x, y, pool.floor_z + 0.42), yaw, "pool control",
            serves=pool.number, name_zh=f"泳池水质仪（{zh}）", name_en=f"Pool water sensor, {en}",
        )  # fmt: skip
    yield wish(
        "pool_sensor", "pool_sensor", room, (24.0, 40.2, room.floor_z + 1.5), 0.0, "pool control",
        serves=pool.number, name_zh="泳池水质仪（回水）", name_en="Pool water sensor, return",
    )  # fmt: skip


def _water_plant(layout: Layout) -> Iterator[Wish]:
    yield from _pumps(layout, ("FHP", "FSP", "DWP"))
    rows = (
        ("B1.fire_pump", 59.6, 48.4, "TK-F", "消防水箱", "Fire water tank", "fire"),
        ("B1.water", 73.0, 48.4, "TK-1", "生活水箱 1", "Domestic water tank 1", "cold_water"),
        ("B1.water", 76.8, 48.4, "TK-2", "生活水箱 2", "Domestic water tank 2", "cold_water"),
    )
    for key, x, y, unit, zh, en, system in rows:
        room = layout.space(key)
        yield wish(
            "water_tank", "water_tank", room, (x, y, room.floor_z), 0.0, system,
            capacity_m3="12", unit=unit, name_zh=zh, name_en=en,
        )  # fmt: skip


def _water_meters(layout: Layout) -> Iterator[Wish]:
    room = layout.space("B1.water")
    special = (
        ("W-MAIN", "", "总水表", "Main water meter", room, 70.0, ""),
        ("W-POOL", "W-MAIN", "泳池补水表", "Pool make-up meter", layout.space("B1.pool_plant"), 0.0, "S1-02"),
        (
            "W-TOWERS",
            "W-MAIN",
            "冷却塔补水表",
            "Cooling tower make-up meter",
            layout.space("B1.hvac"),
            0.0,
            "",
        ),
        ("W-GARDEN", "W-MAIN", "绿化灌溉水表", "Irrigation meter", room, 0.0, "P1-04;P1-06"),
    )
    for circuit, parent, zh, en, place, _, serves in special:
        yield _water_meter(place, circuit, parent, zh, en, serves)
    for storey in ("L1", "L2", "L3", "L4", "L5"):
        for wing, shaft in (("S", "shaft_s"), ("C", "shaft_w")):
            wet = [s for s in layout.on(storey) if s.function in WET_FUNCTIONS and wing_letter(s) == wing]
            if wet:
                yield _water_meter(
                    layout.space(f"{storey}.{shaft}"), f"W-{storey}-{wing}", "W-MAIN", f"{storey} {_WING_ZH[wing]}水表",
                    f"{storey} {_WING_EN[wing]} water meter", ";".join(s.number for s in wet),
                )  # fmt: skip


WET_FUNCTIONS = frozenset(
    {*TOILETS, "water_point", "changing_room_men", "changing_room_women", "cafe", "canteen"}
)
_WING_ZH = {"S": "体育区", "C": "文化区"}
_WING_EN = {"S": "sports wing", "C": "culture wing"}


def _water_meter(place: SpaceSpec, circuit: str, parent: str, zh: str, en: str, serves: str) -> Wish:
    taken = sum(ord(letter) for letter in circuit)
    spots = along_walls(place, 1.6)
    spot = spots[taken % len(spots)]
    return wish(
        "water_meter", "water_meter", place, at_spot(spot, place.floor_z + 1.0), spot.yaw_deg, "cold_water",
        circuit=circuit, parent_circuit=parent, serves=serves, name_zh=zh, name_en=en,
    )  # fmt: skip
