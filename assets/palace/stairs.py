"""Stairs with flights, landings and railings; lift cars; the car park's ramp."""

from __future__ import annotations

from math import hypot

from shapely import box

from assets.palace.devices_mesh import Mesh, joined
from assets.palace.ifc_writer import Entity, Extrusion, Frame, IfcWriter, Part, TypeHandle
from assets.palace.joinery import slab
from assets.palace.meshes import bar
from assets.palace.shapes import LiftSpec, RampSpec, StairSpec
from assets.palace.structure import LANDING, flat_part

GOING = 0.28
WAIST = 0.3
UP = (0.0, 0.0, 1.0)


def place_all(writer: IfcWriter) -> None:
    """Write all stairs, lifts and ramps."""
    for stair in writer.layout.stairs:
        if stair.form == "u":
            _u_stair(writer, stair)
        else:
            _straight_stair(writer, stair)
    cars: dict[tuple[float, float], TypeHandle] = {}
    for lift in writer.layout.lifts:
        _lift(writer, lift, cars)
    for ramp in writer.layout.ramps:
        _ramp(writer, ramp)


def stair_frame(stair: StairSpec) -> tuple[Frame, float, float]:
    """The stair's own frame (x from its entry inwards), its length and its width, m."""
    x0, y0, x1, y1 = stair.rect
    z = stair.z_bottom
    if stair.form == "straight":
        return Frame(x1, y0, z, 90.0), y1 - y0, x1 - x0
    frames = {"-x": Frame(x0, y0, z), "+x": Frame(x1, y1, z, 180.0), "+y": Frame(x0, y1, z, 270.0)}
    frames["-y"] = Frame(x1, y0, z, 90.0)
    along_x = stair.entry[1] == "x"
    return frames[stair.entry], (x1 - x0 if along_x else y1 - y0), (y1 - y0 if along_x else x1 - x0)


def risers(rise: float) -> int:
    """An even number of risers of at most 165 mm."""
    count = int(-(-rise // 0.165))
    return count + count % 2


def step_profile(count: int, riser: float, going: float) -> list[tuple[float, float]]:
    """The side of a flight of `count` risers: (run, rise), counter-clockwise, from its first riser, m.

    The last riser is the landing's edge, so the flight has one tread less than risers.
    """
    treads = count - 1
    steps = [(0.0, 0.0)]
    for i in range(treads):
        steps += [(i * going, (i + 1) * riser), ((i + 1) * going, (i + 1) * riser)]
    end, top = treads * going, treads * riser
    foot = end - (top - WAIST) * going / riser
    return [(foot, 0.0), (end, top - WAIST), *reversed(steps)]


def flight_part(
    count: int, riser: float, going: float, x: float, y0: float, y1: float, z: float, back: bool, finish: str
) -> Part:
    """A flight from (x, z) between y0 and y1 of the stair's frame; `back` runs towards smaller x."""
    ring = step_profile(count, riser, going)
    # The profile's plane stands upright: its x along the flight, its y up, its normal across.
    if back:
        frame = Frame(x, y0, z, 0.0, (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0))
    else:
        frame = Frame(x, y1, z, 0.0, (0.0, -1.0, 0.0), (1.0, 0.0, 0.0))
    return Part(Extrusion(ring, y1 - y0, frame), finish)


def _whole(writer: IfcWriter, stair: StairSpec, kind: str, frame: Frame) -> Entity:
    number = risers(stair.z_top - stair.z_bottom)
    rise = (stair.z_top - stair.z_bottom) / number
    going = GOING if stair.form == "u" else 0.3
    return writer.element(
        "IfcStair",
        stair.key,
        stair.name_zh,
        frame,
        stair.spaces[0].partition(".")[0],
        predefined=kind,
        name_en=stair.name_en,
        psets={
            "Pset_StairCommon": {
                "NumberOfRiser": number,
                "NumberOfTreads": number - 2,
                "RiserHeight": ("IfcPositiveLengthMeasure", round(rise, 4)),
                "TreadLength": ("IfcPositiveLengthMeasure", going),
                "HandicapAccessible": False,
                "FireExit": stair.form == "u",
            }
        },
    )


def _u_stair(writer: IfcWriter, stair: StairSpec) -> None:
    frame, length, width = stair_frame(stair)
    whole = _whole(writer, stair, "HALF_TURN_STAIR", frame)
    count = risers(stair.z_top - stair.z_bottom) // 2
    riser = (stair.z_top - stair.z_bottom) / (2 * count)
    middle, end, half = count * riser, LANDING + (count - 1) * GOING, width / 2 - 0.06
    parts = {
        "1": flight_part(count, riser, GOING, LANDING, 0.0, half, 0.0, False, "screed"),
        "2": flight_part(count, riser, GOING, end, width - half, width, middle, True, "screed"),
    }
    for name, part in parts.items():
        _piece(
            writer,
            "IfcStairFlight",
            f"{stair.key}/flight{name}",
            f"梯段{name}",
            frame,
            stair,
            part,
            whole,
            "STRAIGHT",
        )
    landing = flat_part(box(end, 0, length, width), 0.2, middle - 0.2, "screed")
    _piece(writer, "IfcSlab", f"{stair.key}/landing", "休息平台", frame, stair, landing, whole, "LANDING")
    run = (count - 1) * GOING
    rails = [_slope_rail(LANDING, 0, run, middle, half), _slope_rail(end, middle, -run, middle, width - half)]
    for i, mesh in enumerate(rails):
        _piece(
            writer,
            "IfcRailing",
            f"{stair.key}/rail{i}",
            "楼梯扶手",
            frame,
            stair,
            Part(mesh, "railing"),
            whole,
            "HANDRAIL",
        )


def _slope_rail(x: float, z: float, run: float, rise: float, y: float) -> Mesh:
    """Balusters and a handrail up a flight; `run` is signed."""
    steps = 9
    posts = [
        slab(
            x + run * t - 0.015, y - 0.015, z + rise * t, x + run * t + 0.015, y + 0.015, z + rise * t + 0.95
        )
        for t in (i / steps for i in range(steps + 1))
    ]
    return joined([*posts, bar((x, y, z + 0.95), (x + run, y, z + rise + 0.95), 0.05)])


def _piece(
    writer: IfcWriter,
    cls: str,
    key: str,
    name: str,
    frame: Frame,
    stair: StairSpec,
    part: Part,
    whole: Entity,
    kind: str,
) -> None:
    storey = stair.spaces[0].partition(".")[0]
    writer.element(
        cls, key, f"{stair.name_zh} {name}", frame, storey, parts=[part], predefined=kind, whole=whole
    )


def _straight_stair(writer: IfcWriter, stair: StairSpec) -> None:
    """The lobby's grand stair: two flights in line with a landing between, granite steps, glass sides."""
    frame, length, width = stair_frame(stair)
    whole = _whole(writer, stair, "STRAIGHT_RUN_STAIR", frame)
    count = risers(stair.z_top) // 2
    riser, going = stair.z_top / (2 * count), 0.3
    run = (count - 1) * going
    first = length - 2 * run - 1.8
    starts = ((first, 0.0), (first + run + 1.8, count * riser))
    for i, (x, z) in enumerate(starts):
        part = flight_part(count, riser, going, x, 0.0, width, z, False, "granite_light")
        _piece(
            writer,
            "IfcStairFlight",
            f"{stair.key}/flight{i}",
            f"梯段{i + 1}",
            frame,
            stair,
            part,
            whole,
            "STRAIGHT",
        )
        for side, y in enumerate((0.04, width - 0.04)):
            rail = Part(_slope_rail(x, z, run, count * riser, y), "bronze")
            _piece(
                writer,
                "IfcRailing",
                f"{stair.key}/rail{i}{side}",
                "扶手",
                frame,
                stair,
                rail,
                whole,
                "HANDRAIL",
            )
    middle = count * riser
    landing = flat_part(box(first + run, 0, first + run + 1.8, width), 0.25, middle - 0.25, "granite_light")
    _piece(writer, "IfcSlab", f"{stair.key}/landing", "休息平台", frame, stair, landing, whole, "LANDING")


def _lift(writer: IfcWriter, lift: LiftSpec, cars: dict[tuple[float, float], TypeHandle]) -> None:
    x0, y0, x1, y1 = lift.rect
    size = (round(x1 - x0, 2), round(y1 - y0, 2))
    if size not in cars:
        cars[size] = _car_type(writer, *size)
    floor = writer.layout.storey("L1").elevation
    capacity = 26 if lift.key.endswith("c3") else 13
    writer.element(
        "IfcTransportElement",
        lift.key,
        lift.name_zh,
        Frame((x0 + x1) / 2, (y0 + y1) / 2, floor),
        lift.spaces[1],
        type=cars[size],
        predefined="ELEVATOR",
        name_en=lift.name_en,
        tag=lift.key.upper().replace("_", "-"),
        psets={
            "Pset_TransportElementCommon": {"Reference": lift.key},
            "Pset_TransportElementElevator": {
                "CapacityPeople": capacity,
                "FireFightingLift": lift.key.endswith("c3"),
            },
            "Venue_Lift": {"Stops": ",".join(lift.stops)},
        },
    )


def _car_type(writer: IfcWriter, width: float, depth: float) -> TypeHandle:
    a, b = width / 2 - 0.2, depth / 2 - 0.2
    shell = joined(
        [
            slab(-a, -b, 0.0, a, b, 0.08),
            slab(-a, -b, 2.4, a, b, 2.5),
            slab(-a, -b, 0.08, -a + 0.04, b, 2.4),
            slab(-a, b - 0.04, 0.08, a, b, 2.4),
        ]
    )
    glass = slab(a - 0.02, -b, 0.08, a, b, 2.4)
    rail = slab(-a + 0.06, b - 0.1, 0.9, a - 0.06, b - 0.06, 0.95)
    return writer.type(
        "IfcTransportElementType",
        f"lift/{width}/{depth}",
        f"乘客电梯轿厢 {width:.1f}×{depth:.1f}",
        [Part(shell, "aluminium"), Part(glass, "glass_clear"), Part(rail, "chrome")],
        predefined="ELEVATOR",
        name_en="Lift car",
    )


def _ramp(writer: IfcWriter, ramp: RampSpec) -> None:
    """A car ramp running down northwards: the flight, its side walls and their caps."""
    (x, y_low, z_low), (_, y_top, z_top) = ramp.bottom, ramp.top
    half = ramp.width / 2
    slope = (z_top - z_low) / (y_low - y_top)
    whole = writer.element(
        "IfcRamp",
        ramp.key,
        ramp.name_zh,
        Frame(0, 0, 0),
        "B1",
        predefined="STRAIGHT_RUN_RAMP",
        name_en=ramp.name_en,
        psets={
            "Pset_RampCommon": {
                "RequiredSlope": ("IfcPlaneAngleMeasure", round(slope * 57.2958, 2)),
                "HandicapAccessible": False,
            }
        },
    )
    side = [(y_top, z_top), (y_top, z_top - 0.35), (y_low, z_low - 0.35), (y_low, z_low)]
    # In the upright plane x = const the profile's x is +y and its y is up, so its normal is +x.
    plane = Frame(x - half, 0, 0, 0.0, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    flight = Part(Extrusion(side, ramp.width, plane), "concrete_dark")
    writer.element(
        "IfcRampFlight",
        f"{ramp.key}/flight",
        "坡道段",
        Frame(0, 0, 0),
        "B1",
        parts=[flight],
        predefined="STRAIGHT",
        whole=whole,
        psets={
            "Pset_RampFlightCommon": {
                "Slope": ("IfcPlaneAngleMeasure", round(slope * 57.2958, 2)),
                "ClearWidth": ("IfcPositiveLengthMeasure", ramp.width),
            }
        },
    )
    _ramp_sides(writer, ramp)


def _ramp_sides(writer: IfcWriter, ramp: RampSpec) -> None:
    (x, y_low, z_low), (_, y_top, z_top) = ramp.bottom, ramp.top
    half = ramp.width / 2
    length = hypot(y_low - y_top, z_top - z_low)
    lines = [
        Part(_stripe(x + dx, y_top, y_low, z_top, z_low), "line_yellow")
        for dx in (-half + 0.3, 0.0, half - 0.3)
    ]
    writer.element(
        "IfcCovering",
        f"{ramp.key}/lines",
        "坡道标线",
        Frame(0, 0, 0),
        "B1",
        parts=lines,
        predefined="FLOORING",
    )
    for i, (a, b) in enumerate(((x - half - 0.35, x - half), (x + half, x + half + 0.35))):
        wall = [(y_top, 0.9), (y_top, z_top - 0.5), (y_low, z_low - 0.5), (y_low, 0.9)]
        part = Part(Extrusion(wall, b - a, Frame(a, 0, 0, 0.0, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))), "granite")
        writer.element(
            "IfcWall",
            f"{ramp.key}/wall{i}",
            "坡道侧墙",
            Frame(0, 0, 0),
            "B1",
            parts=[part],
            predefined="PARAPET",
            psets={"Pset_WallCommon": {"IsExternal": True, "Reference": f"L={length:.1f}"}},
        )


def _stripe(x: float, y0: float, y1: float, z0: float, z1: float) -> Mesh:
    return bar((x, y0, z0 + 0.01), (x, y1, z1 + 0.01), 0.12, 0.02)
