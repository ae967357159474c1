"""Supply: transformers, boards, meters, PV, storage, chargers; and the tree of circuits that the meters measure.

A load names its `circuit`. A meter names the `circuit` that it measures and the `parent_circuit` that
contains it: MAIN <- T1, T2 <- the circuits of storeys and plant. `connected_kw` of a meter is what can run
below it, sockets (`plug_kw`) included.
"""

# ruff: noqa: E501  (tables and the arguments of a placing read better in rows)

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from assets.palace.devices_climate import power_circuit
from assets.palace.devices_models import PV_PANEL
from assets.palace.devices_spec import Wish, along_walls, area, at_spot, number, wish
from assets.palace.layout import Layout, SpaceSpec, Zone

#: Sockets and what is plugged in, W/m2 installed (orders of magnitude of GB/T 51161-2016's use of electricity).
PLUG_W_M2: dict[str, float] = {
    "office": 15, "training_room": 10, "music_room": 10, "art_room": 10, "library": 8, "cafe": 40, "canteen": 40,
    "shop": 20, "server_room": 350, "control_room": 120, "fitness": 25, "fitness_studio": 15, "stage": 20,
    "theatre": 6, "exhibition_hall": 12, "multifunction_hall": 15, "lobby": 6, "meeting_room": 12, "workshop": 30,
    "dressing_room": 20, "health_check": 25, "first_aid": 15, "changing_room_men": 15, "changing_room_women": 15,
}  # fmt: skip
PLUG_DEFAULT_W_M2 = 3.0
PANEL_KWP = 0.58
CIRCUIT_NAMES = {
    "MAIN": ("总进线", "Main intake"), "T1": ("1号变压器", "Transformer 1"), "T2": ("2号变压器", "Transformer 2"),
    "CHILLERS": ("冷水机组", "Chillers"), "PUMPS": ("空调与给水泵", "HVAC and water pumps"),
    "TOWERS": ("冷却塔", "Cooling towers"), "AHU-B1": ("地下空调机组", "Basement AHUs"),
    "AHU-RF": ("屋面空调机组", "Roof AHUs"), "POOL": ("泳池机房", "Pool plant"), "EV": ("充电桩", "EV chargers"),
    "LIFTS": ("电梯", "Lifts"), "FIRE": ("消防动力", "Fire pumps"), "SCREENS": ("大屏", "Large screens"),
    "PV": ("光伏并网", "PV feed-in"), "BATTERY": ("储能", "Battery storage"), "ROBOTS": ("清洁机器人", "Cleaning robots"),
    "UPS": ("不间断电源", "UPS"),
}  # fmt: skip
KIND_NAMES = {
    "LTG": ("照明", "lighting"), "PWR": ("动力与插座", "power and sockets"), "EMG": ("应急照明", "emergency lighting"),
    "ELV": ("弱电", "low-current systems"),
}  # fmt: skip
WING_ZH = {"S": "体育区", "C": "文化区", "A": "中庭", "B": "地下", "P": "广场", "R": "屋面", "": ""}
WING_EN = {
    "S": "sports wing",
    "C": "culture wing",
    "A": "atrium",
    "B": "basement",
    "P": "plaza",
    "R": "roof",
    "": "",
}
FIRST_TRANSFORMER = frozenset({"POOL", "EV", "LIFTS", "SCREENS", "AHU-B1", "ROBOTS", "FIRE", "UPS"})


def sources(layout: Layout) -> Iterator[Wish]:
    """Give everything that makes, stores or takes much power but the boards and the meters."""
    yield from _transformers(layout)
    for i, zone in enumerate(layout.pv_zones):
        yield from _pv_field(layout, zone, first=i * 2)
    yield from _inverters(layout)
    yield from _batteries(layout)
    yield from _chargers(layout)
    yield from _lifts(layout)
    yield from _robots(layout)


def _transformers(layout: Layout) -> Iterator[Wish]:
    room = layout.space("B1.transformer")
    for i, y in enumerate((33.0, 36.5)):
        yield wish(
            "transformer", "transformer", room, (4.2, y, room.floor_z), 0.0, "power",
            feeds=f"T{i + 1}", rated_kva="1000", name_zh=f"{i + 1}号变压器", name_en=f"Transformer {i + 1}",
        )  # fmt: skip
    yield wish(
        "generator", "generator", room, (4.2, 47.4, room.floor_z), 0.0, "power",
        feeds="FIRE", capacity_kw="400", name_zh="应急柴油发电机", name_en="Emergency generator",
    )  # fmt: skip
    for key in ("B1.comms", "L5.server", "L1.control"):
        place = layout.space(key)
        x0, y0 = min(p[0] for p in place.polygon), min(p[1] for p in place.polygon)
        for i in range(2):
            yield wish(
                "ups", "ups", place, (x0 + 0.9 + 0.8 * i, y0 + 0.7, place.floor_z), 0.0, "power data",
                circuit="UPS", rated_kw="1.2", capacity_kwh="20", serves=place.number,
            )  # fmt: skip


def _pv_field(layout: Layout, zone: Zone, first: int) -> Iterator[Wish]:
    """Rows of 16 + 16 + 12 panels; a gap between the rows so that they do not shade each other."""
    x0, y0, _, y1 = zone.rect
    pitch = 2.75
    rows = int((y1 - y0 - PV_PANEL[1]) / pitch) + 1
    for row in range(rows):
        x = x0 + 0.4
        y = y0 + PV_PANEL[1] / 2 + row * ((y1 - y0 - PV_PANEL[1]) / max(rows - 1, 1))
        for panels in (16, 16, 12):
            width = panels * (PV_PANEL[0] + 0.02)
            deck = layout.space("RF.deck_w" if x + width / 2 < 104 else "RF.deck_e")
            yield _string(
                deck, zone, (x + width / 2, y, zone.z), panels, f"INV-{first + row % 2 + 1}", row + 1
            )
            x += width + 0.6


def _string(
    deck: SpaceSpec, zone: Zone, at: tuple[float, float, float], panels: int, inverter: str, row: int
) -> Wish:
    return wish(
        "pv_string", f"pv_{panels}", deck, at, 0.0, "pv",
        panels=str(panels), kwp=number(panels * PANEL_KWP), tilt_deg="12", azimuth_deg="180", inverter=inverter,
        circuit="PV", name_zh=f"{zone.name_zh}{row}排组串（{panels}块）", name_en=f"{zone.name_en} row {row} string of {panels}",
    )  # fmt: skip


def _inverters(layout: Layout) -> Iterator[Wish]:
    deck = layout.space("RF.deck_e")
    for i in range(4):
        yield wish(
            "inverter", "inverter", deck, (119.0 - 0.0 * i, 17.5 + 0.9 * i, deck.floor_z + 1.3), 0.0, "pv",
            unit=f"INV-{i + 1}", capacity_kw="50", circuit="PV",
            name_zh=f"逆变器 {i + 1}", name_en=f"Inverter {i + 1}",
        )  # fmt: skip


def _batteries(layout: Layout) -> Iterator[Wish]:
    room = layout.space("B1.battery")
    for i in range(5):
        yield wish(
            "battery", "battery", room, (80.6 + 1.6 * i, 48.9, room.floor_z), 180.0, "power",
            circuit="BATTERY", capacity_kwh="215", capacity_kw="100", unit=f"BAT-{i + 1}",
            name_zh=f"储能柜 {i + 1}", name_en=f"Storage cabinet {i + 1}",
        )  # fmt: skip


def _chargers(layout: Layout) -> Iterator[Wish]:
    """Fast chargers stand between the first bays, slow ones hang on the wall behind the others."""
    bays = [bay for bay in layout.bays if bay.charger]
    for i, bay in enumerate(bays):
        fast = i < 4
        wall = bay.y - bay.length / 2 - 1.05
        at = (bay.x + 1.0, wall + 0.45, bay.z) if fast else (bay.x, 0.1, bay.z + 1.3)
        yield wish(
            "ev_charger", "ev_fast" if fast else "ev_slow", layout.space(bay.space), at, 0.0, "power",
            circuit="EV", rated_kw="60" if fast else "7", bay=bay.number,
            name_zh=f"{'快' if fast else '慢'}充桩 {bay.number}", name_en=f"{'DC' if fast else 'AC'} charger {bay.number}",
        )  # fmt: skip


def _lifts(layout: Layout) -> Iterator[Wish]:
    """Controllers sit in the shaft wall at the top stop, as lifts without a machine room have them."""
    for lift in layout.lifts:
        shaft = layout.space(lift.spaces[-1])
        spot = max(along_walls(shaft, 3.0, clear=0.0), key=lambda s: (s.y, s.x))
        yield wish(
            "lift_controller", "lift_panel", shaft, at_spot(spot, shaft.floor_z + 1.6), spot.yaw_deg, "power control",
            circuit="LIFTS", rated_kw="11", lift=lift.key, stops=";".join(lift.stops),
            name_zh=f"{lift.name_zh}控制柜", name_en=f"{lift.name_en} controller",
        )  # fmt: skip


def _robots(layout: Layout) -> Iterator[Wish]:
    room = layout.space("B1.robots")
    areas = ("L1.lobby", "L1.cor_h;L1.link", "L2.gallery;L2.link", "L3.badminton")
    for i, keys in enumerate(areas):
        serves = ";".join(layout.space(key).number for key in keys.split(";"))
        yield wish(
            "robot_dock", "robot_dock", room, (82.0 + 1.15 * i, 17.5, room.floor_z), 0.0, "power data",
            circuit="ROBOTS", rated_kw="0.4", capacity_kwh="1.2", speed_m2_h="1200", serves=serves,
            name_zh=f"清洁机器人 {i + 1}", name_en=f"Cleaning robot {i + 1}",
        )  # fmt: skip


def parking_and_site(layout: Layout) -> Iterator[Wish]:
    """Give bay sensors, the barriers of the ramp, irrigation valves and the weather station."""
    for bay in layout.bays:
        reach = bay.length / 2 - 0.6
        y = bay.y + (reach if bay.turn_deg == 0 else -reach)
        yield wish(
            "parking_sensor", "parking_sensor", layout.space(bay.space), (bay.x, y, bay.z + 2.72), 0.0, "data",
            bay=bay.number, accessible=str(int(bay.accessible)), charger=str(int(bay.charger)),
            name_zh=f"车位 {bay.number}", name_en=f"Bay {bay.number}",
        )  # fmt: skip
    yield from _barriers(layout)
    for key, x, y in (("L1.grove", -20.0, -8.0), ("L1.grove", -20.0, -38.0), ("L1.plaza", 26.0, -40.5),
                      ("L1.plaza", 56.0, -40.5), ("L1.plaza", 86.0, -40.5), ("L3.court", 94.0, 15.4)):  # fmt: skip
        space = layout.space(key)
        yield wish(
            "irrigation_valve", "valve", space, (x, y, space.floor_z), 0.0, "cold_water", circuit="W-GARDEN",
            flow_m3h="6", serves=space.number,
        )  # fmt: skip
    deck = layout.space("RF.deck_w")
    yield wish("weather_station", "weather_station", deck, (102.5, 12.8, deck.floor_z), 0.0, "control data")


def _barriers(layout: Layout) -> Iterator[Wish]:
    ramp = layout.ramps[0]
    street = layout.space("L1.street")
    x, y, z = ramp.top
    for side, zh, en in ((-1, "入口", "entry"), (1, "出口", "exit")):
        yield wish(
            "vehicle_barrier", "barrier", street, (x + side * (ramp.width / 2 + 0.3), y - 1.2, z), 0.0 if side < 0 else 180.0,
            "security power", circuit="L1-PWR-P", rated_kw="0.2", direction=en,
            name_zh=f"车库{zh}道闸", name_en=f"Car park {en} barrier",
        )  # fmt: skip


# -- boards and meters ---------------------------------------------------------------------------------------


def parent_of(circuit: str) -> str:
    """The circuit that contains a circuit; empty for the intake."""
    if circuit == "MAIN":
        return ""
    if circuit in {"T1", "T2"}:
        return "MAIN"
    first = (
        circuit in FIRST_TRANSFORMER
        or circuit.endswith(("-S", "-A", "-B", "-P"))
        or circuit.startswith("B1-")
    )
    return "T1" if first else "T2"


def plug_kw(layout: Layout) -> dict[str, float]:
    """Installed sockets by circuit, kW."""
    total: dict[str, float] = defaultdict(float)
    for space in layout.spaces:
        if not space.external and space.function not in {"lift", "shaft", "stair"}:
            total[power_circuit(space)] += (
                area(space) * PLUG_W_M2.get(space.function, PLUG_DEFAULT_W_M2) / 1000
            )
    return total


def connected_kw(layout: Layout, wishes: Sequence[Wish]) -> dict[str, float]:
    """What can run on each circuit and on those above it, kW."""
    total: dict[str, float] = defaultdict(float)
    for circuit, kilowatts in plug_kw(layout).items():
        total[circuit] += kilowatts
    for each in wishes:
        own = each.attributes.get("circuit")
        if own and each.type not in {"water_meter", "cooling_meter", "irrigation_valve"}:
            total[own] += float(each.attributes.get("rated_kw", 0))
    for circuit in sorted(total):
        for above in _above(circuit):
            total[above] += total[circuit]
    return total


def _above(circuit: str) -> list[str]:
    parent = parent_of(circuit)
    return [parent, *_above(parent)] if parent else []


def boards_and_meters(layout: Layout, wishes: Sequence[Wish]) -> Iterator[Wish]:
    """Give a board for each storey's circuits of a room, and a meter for every circuit."""
    connected = connected_kw(layout, wishes)
    plugs = plug_kw(layout)
    rooms: dict[str, list[str]] = defaultdict(list)
    for circuit in sorted(connected):
        rooms[_closet(circuit)].append(circuit)
    for key, circuits in sorted(rooms.items()):
        yield from _closet_devices(layout.space(key), circuits, connected, plugs)


def _closet(circuit: str) -> str:
    """The room in which a circuit's meter hangs."""
    if circuit in {"MAIN", "T1", "T2"}:
        return "B1.transformer"
    storey, _, kind = circuit.partition("-")
    if kind and storey in {"B1", "L1", "L2", "L3", "L4", "L5"}:
        sports = storey == "B1" or circuit.endswith(("-S", "-P"))
        return f"{storey}.elec_{'s' if sports and storey in {'B1', 'L1', 'L2', 'L3'} else 'c'}"
    return "L5.elec_c" if storey == "RF" else "B1.switch"


def _closet_devices(
    room: SpaceSpec, circuits: Sequence[str], connected: dict[str, float], plugs: dict[str, float]
) -> Iterator[Wish]:
    spots = iter(along_walls(room, 0.72 if room.function == "electrical_closet" else 1.4, clear=0.3))
    if room.function == "electrical_closet":
        for group in _pairs(circuits):
            spot = next(spots)
            yield wish(
                "distribution_board", "panel_board", room, at_spot(spot, room.floor_z + 1.5), spot.yaw_deg, "power",
                feeds=";".join(group), capacity_kw=number(sum(connected[c] for c in group), 1),
            )  # fmt: skip
    else:
        yield from _switchboards(room, circuits, connected)
    for circuit in circuits:
        spot = next(spots)
        yield _meter(room, circuit, (spot.x, spot.y, room.floor_z + 1.6), spot.yaw_deg, connected, plugs)


def _pairs(circuits: Sequence[str]) -> Iterable[Sequence[str]]:
    return [circuits[i : i + 2] for i in range(0, len(circuits), 2)]


def _switchboards(room: SpaceSpec, circuits: Sequence[str], connected: dict[str, float]) -> Iterator[Wish]:
    """Free-standing cabinets in a row along the room's middle."""
    x0, y0 = min(p[0] for p in room.polygon), min(p[1] for p in room.polygon)
    for i, group in enumerate(_pairs(circuits)):
        yield wish(
            "distribution_board", "switchboard", room, (x0 + 4.1, y0 + 10.0 - 1.2 + 2.4 * (i - 2), room.floor_z), 90.0,
            "power", feeds=";".join(group), capacity_kw=number(sum(connected[c] for c in group), 1),
        )  # fmt: skip


def _meter(
    room: SpaceSpec,
    circuit: str,
    at: tuple[float, float, float],
    yaw: float,
    connected: dict[str, float],
    plugs: dict[str, float],
) -> Wish:
    zh, en = circuit_name(circuit)
    plug = plugs.get(circuit, 0.0)
    return wish(
        "electricity_meter", "electricity_meter", room, at, yaw, "power control",
        circuit=circuit, parent_circuit=parent_of(circuit), connected_kw=number(connected[circuit], 2),
        plug_kw=number(plug, 2) if plug else "", name_zh=f"{zh}电表", name_en=f"{en} meter",
    )  # fmt: skip


def circuit_name(circuit: str) -> tuple[str, str]:
    """What people call a circuit, in Chinese and English."""
    if circuit in CIRCUIT_NAMES:
        return CIRCUIT_NAMES[circuit]
    storey, kind, *rest = circuit.split("-")
    wing = rest[0] if rest else ""
    zh, en = KIND_NAMES[kind]
    return f"{storey} {WING_ZH[wing]}{zh}", " ".join(part for part in (storey, WING_EN[wing], en) if part)
