"""What the venue's equipment looks like: one model a product, built from small closed meshes.

Local frame: a ceiling model hangs from its origin to -Z; a wall model has its origin on the wall's face and
stands off to +Y; a floor model stands on its origin and faces +Y. Metres.
"""

# ruff: noqa: E501  (the catalogue reads better with one row a product)

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from assets.palace.devices_mesh import Mesh, block, box, dome, frustum, joined, lathe, prism, tube

#: A mesh and its finish, a name of `palette.PALETTE`.
Item = tuple[Mesh, str]
Items = list[Item]


@dataclass(frozen=True, slots=True)
class Model:
    """A product: the IFC class of its occurrences and its shape, one item a colour."""

    key: str
    ifc_class: str
    predefined: str
    name_zh: str
    name_en: str
    manufacturer: str
    article: str
    items: tuple[Item, ...]


def merged(items: Items) -> tuple[Item, ...]:
    """Join the meshes of one colour, in the order in which the colours first appear."""
    colours = dict.fromkeys(style for _, style in items)
    return tuple((joined(mesh for mesh, each in items if each == style), style) for style in colours)


def _highbay() -> Items:
    bell = lathe([(0.21, -0.80), (0.20, -0.72), (0.12, -0.62), (0.07, -0.52)], 12)
    return [
        (tube(0.008, -0.5, 0.0, 4), "steel_dark"),
        (bell, "steel_dark"),
        (tube(0.185, -0.81, -0.79, 12), "lamp"),
    ]


def _linear() -> Items:
    wires = [tube(0.004, -0.3, 0.0, 4).moved(x=x) for x in (-0.45, 0.45)]
    return [
        (joined([*wires, block((1.2, 0.08, 0.05), (0, 0, -0.35))]), "white"),
        (block((1.18, 0.06, 0.012), (0, 0, -0.362)), "lamp"),
    ]


def _panel_light() -> Items:
    return [
        (block((0.62, 0.62, 0.03), (0, 0, -0.03)), "white"),
        (block((0.57, 0.57, 0.008), (0, 0, -0.036)), "lamp"),
    ]


def _batten() -> Items:
    return [
        (block((1.5, 0.10, 0.06), (0, 0, -0.06)), "aluminium"),
        (block((1.44, 0.08, 0.03), (0, 0, -0.09)), "lamp"),
    ]


def _downlight() -> Items:
    return [(tube(0.095, -0.02, 0.0, 12), "white"), (tube(0.07, -0.026, -0.019, 12), "lamp")]


def _pendant() -> Items:
    shade = lathe([(0.30, -1.32), (0.33, -1.25), (0.33, -1.12), (0.24, -1.02), (0.04, -0.98)], 12)
    return [
        (tube(0.006, -1.0, 0.0, 4), "steel_dark"),
        (shade, "signal_orange"),
        (tube(0.27, -1.345, -1.31, 12), "lamp"),
    ]


def _stage_spot() -> Items:
    can = joined([tube(0.11, -0.22, 0.18, 10), tube(0.13, -0.28, -0.22, 10)]).tilted(35).moved(z=-0.4)
    yoke = joined([block((0.02, 0.05, 0.35), (x, 0, -0.42)) for x in (-0.13, 0.13)])
    return [(joined([can, yoke, block((0.28, 0.05, 0.07), (0, 0, -0.07))]), "black")]


def _street_lamp() -> Items:
    pole = lathe([(0.16, 0.0), (0.14, 0.25), (0.07, 0.4), (0.05, 3.6)], 8)
    lantern = frustum((0.30, 0.30), (0.42, 0.42), 3.66, 4.16)
    roof = frustum((0.62, 0.62), (0.10, 0.10), 4.16, 4.40)
    return [
        (joined([pole, block((0.34, 0.34, 0.06), (0, 0, 3.6)), tube(0.03, 4.4, 4.5, 6)]), "steel_dark"),
        (lantern, "lamp"),
        (roof, "steel_dark"),
    ]


def _bollard() -> Items:
    return [
        (lathe([(0.09, 0.0), (0.09, 0.75)], 10), "steel_dark"),
        (tube(0.085, 0.75, 0.87, 10), "lamp"),
        (tube(0.1, 0.87, 0.92, 10), "steel_dark"),
    ]


def _exit_light() -> Items:
    return [
        (box((0.40, 0.05, 0.18), (0, 0.025, 0)), "white"),
        (box((0.36, 0.012, 0.14), (0, 0.053, 0)), "signal_green"),
    ]


def _diffuser() -> Items:
    rings = [frustum((s, s), (s + 0.10, s + 0.10), -0.03, -0.012) for s in (0.12, 0.30, 0.46)]
    return [
        (joined([block((0.60, 0.60, 0.012), (0, 0, -0.012)), *rings]), "white"),
        (block((0.46, 0.46, 0.24), (0, 0, 0.0)), "steel"),
    ]


def _jet_nozzle() -> Items:
    cone = lathe([(0.14, -0.34), (0.16, -0.30), (0.24, -0.06), (0.26, 0.0)], 12)
    return [(cone, "white"), (tube(0.12, -0.345, -0.335, 12), "black")]


def _grille() -> Items:
    slats = [box((0.50, 0.02, 0.012), (0, y, -0.02)) for y in (-0.2, -0.1, 0.0, 0.1, 0.2)]
    frame = block((0.56, 0.56, 0.01), (0, 0, -0.01))
    return [(joined([frame, *slats]), "aluminium")]


def _fan_coil() -> Items:
    slats = [box((0.86, 0.01, 0.014), (0, 0.305, -0.22 + 0.045 * i)) for i in range(4)]
    pipes = [tube(0.018, 0.0, 0.14, 6).along_x().moved(0.55, y, -0.16) for y in (-0.1, 0.06)]
    return [
        (block((1.10, 0.60, 0.26), (0, 0, -0.28)), "steel"),
        (joined([box((0.92, 0.02, 0.20), (0, 0.30, -0.155)), *slats]), "white"),
        (joined(pipes), "device_teal"),
    ]


def _ahu() -> Items:
    sections = [block((1.42, 1.9, 1.9), (x, 0, 0.15)) for x in (-1.46, 0.0, 1.46)]
    handles = [box((0.04, 0.06, 0.3), (x, 0.97, 1.1)) for x in (-0.95, 0.5, 1.9)]
    stub = [block((0.9, 0.9, 0.35), (-1.46, 0, 2.05)), block((0.3, 1.2, 1.2), (2.3, 0, 0.5))]
    port = tube(0.22, 0.0, 0.03, 12).along_y().moved(0.0, 0.945, 1.15)
    return [
        (block((4.4, 1.8, 0.15)), "steel_dark"),
        (joined(sections), "white"),
        (joined(stub), "steel"),
        (joined([port, *handles]), "device_blue"),
    ]


def _exhaust_fan() -> Items:
    body = joined([tube(0.42, -0.5, 0.5, 16), *(tube(0.47, z, z + 0.05, 16) for z in (-0.5, 0.45))])
    feet = [block((0.08, 0.7, 0.35), (x, 0, -0.6)) for x in (-0.3, 0.3)]
    return [
        (body.along_x().moved(z=0.6), "steel"),
        (joined([*feet, block((0.35, 0.25, 0.2), (0, 0, 0.4))]).moved(z=0.6), "steel_dark"),
    ]


def _jet_fan() -> Items:
    body = lathe(
        [(0.14, -1.1), (0.18, -1.0), (0.18, -0.35), (0.24, -0.2), (0.24, 0.2), (0.18, 0.35), (0.18, 1.1)]
    )
    return [
        (body.along_x().moved(z=-0.3), "aluminium"),
        (joined([block((0.06, 0.4, 0.1), (x, 0, -0.1)) for x in (-0.3, 0.3)]), "steel_dark"),
    ]


def _chiller() -> Items:
    shells = [tube(0.42, -1.7, 1.7, 16).along_x().moved(0, y, 0.75) for y in (-0.5, 0.5)]
    heads = [
        tube(0.46, x, x + 0.12, 16).along_x().moved(0, y, 0.75) for y in (-0.5, 0.5) for x in (-1.82, 1.7)
    ]
    compressor = tube(0.33, -0.7, 0.7, 14).along_x().moved(-0.3, 0, 1.34)
    feet = [block((0.2, 1.6, 0.4), (x, 0, 0)) for x in (-1.2, 1.2)]
    return [
        (joined(shells), "device_teal"),
        (joined([*heads, *feet]), "steel_dark"),
        (compressor, "aluminium"),
        (block((0.5, 0.3, 1.1), (1.1, 0.75, 0.9)), "white"),
    ]


def _cooling_tower() -> Items:
    louvres = [box((2.5, 0.05, 0.10), (0, y, 0.45 + 0.22 * i)) for i in range(6) for y in (-1.27, 1.27)]
    stack = lathe([(0.95, 2.3), (0.90, 2.5), (0.98, 2.85)], 16)
    return [
        (block((2.6, 2.4, 2.3)), "aluminium"),
        (joined(louvres), "steel_dark"),
        (stack, "white"),
        (tube(0.86, 2.86, 2.87, 16), "black"),
    ]


def _pump() -> Items:
    motor = joined([tube(0.17, 0.1, 0.62, 12), tube(0.10, 0.62, 0.68, 12)]).along_x().moved(z=0.42)
    volute = joined(
        [tube(0.26, -0.12, 0.1, 14).along_x().moved(z=0.42), tube(0.1, 0.6, 0.9, 10).moved(z=0.0)]
    )
    suction = tube(0.11, -0.32, -0.1, 10).along_x().moved(z=0.42)
    return [
        (block((1.2, 0.5, 0.16), (0.15, 0, 0)), "steel_dark"),
        (motor, "device_blue"),
        (joined([volute, suction]), "steel"),
    ]


def _heat_pump() -> Items:
    fans = [tube(0.38, 1.55, 1.66, 14).moved(x=x) for x in (-0.5, 0.5)]
    slats = [box((1.9, 0.03, 0.06), (0, 0.51, 0.3 + 0.16 * i)) for i in range(7)]
    return [
        (block((2.0, 1.0, 1.45), (0, 0, 0.1)), "white"),
        (joined([block((1.9, 0.9, 0.1)), *slats]), "steel_dark"),
        (joined(fans), "aluminium"),
    ]


def _boiler() -> Items:
    return [
        (block((1.1, 1.5, 1.6), (0, 0, 0.1)), "white"),
        (joined([block((1.0, 1.4, 0.1)), tube(0.14, 1.7, 2.6, 10)]), "steel"),
        (box((0.7, 0.04, 0.35), (0, 0.76, 1.3)), "device_blue"),
    ]


def _water_tank() -> Items:
    ribs = [block((0.06, 2.1, 2.0), (x, 0, 0.2)) for x in (-1.5, -0.5, 0.5, 1.5)]
    rails = [block((3.1, 2.14, 0.06), (0, 0, z)) for z in (0.8, 1.5)]
    return [
        (block((3.0, 2.0, 2.0), (0, 0, 0.2)), "steel"),
        (joined([*ribs, *rails, block((3.0, 2.0, 0.2))]), "aluminium"),
        (tube(0.3, 2.2, 2.3, 10), "device_blue"),
    ]


def _room_sensor() -> Items:
    return [
        (box((0.09, 0.025, 0.12), (0, 0.0125, 0)), "white"),
        (box((0.06, 0.004, 0.035), (0, 0.026, 0.022)), "screen"),
    ]


def _people_counter() -> Items:
    return [
        (block((0.24, 0.08, 0.05), (0, 0, -0.05)), "white"),
        (joined([dome(0.03, 8, 2).moved(x, 0, -0.05) for x in (-0.07, 0.07)]), "black"),
    ]


def _smoke_detector() -> Items:
    body = lathe([(0.03, -0.065), (0.042, -0.045), (0.052, -0.035), (0.055, 0.0)], 12)
    return [(body, "white"), (tube(0.006, -0.07, -0.065, 6), "signal_red")]


def _leak_sensor() -> Items:
    return [
        (lathe([(0.05, 0.0), (0.05, 0.02), (0.03, 0.035)], 10), "white"),
        (tube(0.012, 0.035, 0.042, 8), "device_blue"),
    ]


def _pool_sensor() -> Items:
    probes = [tube(0.025, -0.45, -0.2, 8).moved(x, 0.08, 0) for x in (-0.12, 0.0, 0.12)]
    return [
        (box((0.50, 0.16, 0.40), (0, 0.08, 0.05)), "white"),
        (joined([box((0.30, 0.01, 0.16), (0, 0.165, 0.12))]), "screen"),
        (joined(probes), "device_teal"),
    ]


def _parking_sensor() -> Items:
    return [
        (lathe([(0.05, -0.07), (0.07, -0.04), (0.07, 0.0)], 10), "white"),
        (tube(0.04, -0.082, -0.069, 10), "signal_green"),
    ]


def _weather_station() -> Items:
    shield = [tube(0.11, 1.2 + 0.05 * i, 1.23 + 0.05 * i, 10).moved(0.25) for i in range(5)]
    cups = [dome(0.05, 6, 2).along_x().moved(*p, 2.25) for p in ((0.65, 0.0), (0.43, 0.13), (0.43, -0.13))]
    vane = [box((0.4, 0.01, 0.02), (-0.5, 0, 2.25)), box((0.12, 0.008, 0.14), (-0.68, 0, 2.27))]
    arm = joined(
        [box((1.1, 0.04, 0.04), (0, 0, 2.12)), *(tube(0.012, 2.12, 2.25, 6).moved(x) for x in (-0.5, 0.5))]
    )
    return [
        (joined([tube(0.03, 0.0, 2.3, 8), arm, tube(0.2, 0.0, 0.03, 8)]), "steel"),
        (joined([*shield, box((0.3, 0.03, 0.03), (0.12, 0, 1.3))]), "white"),
        (joined([*cups, *vane]), "steel_dark"),
    ]


def _dome_camera() -> Items:
    return [
        (tube(0.075, -0.05, 0.0, 12), "white"),
        (dome(0.062, 12, 3).moved(z=-0.05), "black"),
    ]


def _bullet_camera() -> Items:
    bracket = joined([box((0.09, 0.02, 0.09), (0, 0.01, 0)), box((0.03, 0.12, 0.03), (0, 0.07, 0.0))])
    body = joined([tube(0.045, 0.0, 0.24, 10).along_y(), box((0.1, 0.28, 0.01), (0, 0.14, 0.05))])
    lens = tube(0.034, 0.24, 0.247, 10).along_y()
    return [
        (joined([bracket, body.tilted(-15).moved(y=0.12)]), "white"),
        (lens.tilted(-15).moved(y=0.12), "black"),
    ]


def _pole_camera() -> Items:
    body = joined([tube(0.06, -0.05, 0.3, 10).along_y(), box((0.14, 0.38, 0.012), (0, 0.12, 0.068))])
    return [
        (
            joined(
                [lathe([(0.08, 0.0), (0.05, 0.3), (0.04, 4.5)], 8), box((0.05, 0.5, 0.05), (0, 0.2, 4.45))]
            ),
            "aluminium",
        ),
        (body.tilted(-20).moved(0, 0.35, 4.33), "white"),
    ]


def _turnstile() -> Items:
    top = prism([(-0.10, -0.6), (0.10, -0.6), (0.10, 0.6), (-0.10, 0.6)], 0.96, 1.0)
    cabinets = [block((0.18, 1.2, 0.96), (x, 0, 0)) for x in (-0.42, 0.42)]
    wing = [box((0.30, 0.02, 0.75), (x, 0, 0.55)) for x in (-0.17, 0.17)]
    readers = [box((0.12, 0.2, 0.02), (x, 0.45, 1.01)) for x in (-0.42, 0.42)]
    return [
        (joined(cabinets), "steel"),
        (joined([top.moved(x=-0.42), top.moved(x=0.42)]), "steel_dark"),
        (joined(wing), "glass_clear"),
        (joined(readers), "device_teal"),
    ]


def _barrier() -> Items:
    white = [box((0.5, 0.05, 0.10), (0.55 + i, 0, 0.95)) for i in range(3)]
    red = [box((0.5, 0.05, 0.10), (1.05 + i, 0, 0.95)) for i in range(3)]
    return [
        (block((0.36, 0.32, 1.1)), "signal_orange"),
        (joined([*white, block((0.38, 0.34, 0.06), (0, 0, 1.1))]), "white"),
        (joined(red), "signal_red"),
    ]


def _door_lock() -> Items:
    return [
        (box((0.08, 0.025, 0.16), (0, 0.0125, 0)), "steel_dark"),
        (box((0.055, 0.005, 0.055), (0, 0.026, 0.035)), "screen"),
        (box((0.03, 0.005, 0.008), (0, 0.027, -0.045)), "signal_green"),
    ]


def _electricity_meter() -> Items:
    return [
        (box((0.18, 0.07, 0.26), (0, 0.035, 0)), "white"),
        (box((0.12, 0.006, 0.06), (0, 0.073, 0.06)), "screen"),
        (box((0.14, 0.004, 0.04), (0, 0.072, -0.08)), "aluminium"),
    ]


def _water_meter() -> Items:
    rim = [tube(0.10, x, x + 0.03, 10).along_x() for x in (-0.19, 0.16)]
    body = joined([tube(0.07, -0.16, 0.16, 10).along_x(), *rim]).moved(y=0.15)
    return [(body, "device_blue"), (tube(0.07, 0.05, 0.13, 10).moved(y=0.15), "white")]


def _hydrant_cabinet() -> Items:
    return [
        (box((0.70, 0.18, 1.00), (0, 0.09, 0)), "signal_red"),
        (box((0.50, 0.008, 0.55), (0, 0.183, 0.12)), "white"),
        (box((0.03, 0.03, 0.12), (0.29, 0.19, -0.05)), "steel"),
    ]


def _outdoor_hydrant() -> Items:
    arms = [
        tube(0.06, -0.22, 0.22, 8).along_x().moved(z=0.55),
        tube(0.07, 0.0, 0.2, 8).along_y().moved(z=0.5),
    ]
    return [
        (
            joined(
                [
                    lathe(
                        [(0.16, 0.0), (0.16, 0.04), (0.10, 0.06), (0.10, 0.7), (0.13, 0.74), (0.0, 0.86)], 10
                    ),
                    *arms,
                ]
            ),
            "signal_red",
        )
    ]


def _call_point() -> Items:
    return [
        (box((0.09, 0.04, 0.09), (0, 0.02, 0)), "signal_red"),
        (box((0.06, 0.004, 0.04), (0, 0.041, 0)), "white"),
    ]


def _sos_button() -> Items:
    return [
        (box((0.12, 0.03, 0.18), (0, 0.015, 0)), "signal_yellow"),
        (tube(0.03, 0.0, 0.02, 10).along_y().moved(0, 0.03, -0.03), "signal_red"),
    ]


def _aed() -> Items:
    return [
        (box((0.38, 0.20, 0.46), (0, 0.10, 0)), "white"),
        (
            joined([box((0.20, 0.008, 0.06), (0, 0.204, 0.04)), box((0.06, 0.008, 0.20), (0, 0.204, 0.04))]),
            "signal_red",
        ),
        (box((0.38, 0.204, 0.05), (0, 0.102, 0.255)), "signal_green"),
    ]


PV_PANEL = (1.134, 2.278)


def _pv_string(panels: int) -> Items:
    """A row of panels along X that face -Y, tilted 12 degrees (a low tilt for typhoons), on a light frame."""
    width, depth = PV_PANEL
    tilt, lift = 12.0, 0.62
    xs = [(i - (panels - 1) / 2) * (width + 0.02) for i in range(panels)]
    cells = [box((width - 0.05, depth - 0.05, 0.012), (x, 0, 0.022)) for x in xs]
    frames = [box((width, depth, 0.032), (x, 0, 0)) for x in xs]
    span = panels * (width + 0.02)
    legs = [
        block((0.05, 0.05, height), (x, y, 0.0))
        for x in (-span / 2 + 0.4, 0.0, span / 2 - 0.4)
        for y, height in ((-0.85, lift - 0.2), (0.85, lift + 0.16))
    ]
    return [
        (joined(cells).tilted(tilt).moved(z=lift), "pv_cell"),
        (joined([joined(frames).tilted(tilt).moved(z=lift), *legs]), "steel"),
    ]


def _inverter() -> Items:
    fins = [box((0.03, 0.08, 0.5), (x, 0.05, 0)) for x in (-0.36, -0.24, 0.24, 0.36)]
    return [
        (box((0.70, 0.24, 0.60), (0, 0.20, 0)), "white"),
        (joined([*fins, box((0.75, 0.04, 0.62), (0, 0.04, 0))]), "steel_dark"),
        (box((0.16, 0.006, 0.08), (0, 0.322, 0.15)), "screen"),
    ]


def _battery() -> Items:
    doors = [box((0.62, 0.012, 1.9), (x, 0.606, 1.1)) for x in (-0.33, 0.33)]
    vents = [box((0.5, 0.01, 0.05), (x, 0.615, z)) for x in (-0.33, 0.33) for z in (0.35, 0.5, 0.65)]
    return [
        (block((1.4, 1.2, 2.2)), "white"),
        (joined(doors), "aluminium"),
        (joined([*vents, block((1.42, 1.22, 0.1))]), "steel_dark"),
        (box((0.4, 0.012, 0.1), (-0.33, 0.616, 1.75)), "signal_green"),
    ]


def _ups() -> Items:
    return [
        (block((0.6, 0.8, 1.9)), "steel_dark"),
        (box((0.3, 0.01, 0.18), (0, 0.406, 1.5)), "screen"),
        (joined([box((0.45, 0.01, 0.03), (0, 0.406, z)) for z in (0.3, 0.4, 0.5)]), "aluminium"),
    ]


def _transformer() -> Items:
    coils = [tube(0.27, 0.35, 1.35, 14).moved(x=x) for x in (-0.6, 0.0, 0.6)]
    bars = [block((1.8, 0.3, 0.2), (0, 0, z)) for z in (0.12, 1.4)]
    return [
        (joined(coils), "signal_orange"),
        (joined([*bars, block((1.9, 0.8, 0.12))]), "steel_dark"),
        (joined([block((0.06, 0.06, 0.4), (x, 0.2, 1.5)) for x in (-0.6, 0.0, 0.6)]), "copper"),
    ]


def _generator() -> Items:
    louvres = [box((0.03, 0.9, 0.06), (1.66, 0, 0.5 + 0.14 * i)) for i in range(7)]
    return [
        (block((3.3, 1.3, 1.6), (0, 0, 0.2)), "signal_yellow"),
        (joined([block((3.4, 1.2, 0.2)), *louvres, tube(0.1, 1.8, 2.6, 10).moved(x=-1.1)]), "steel_dark"),
    ]


def _switchboard() -> Items:
    doors = [box((0.7, 0.012, 1.9), (x, 0.406, 1.1)) for x in (-0.75, 0.0, 0.75)]
    meters = [box((0.18, 0.01, 0.12), (x, 0.416, 1.8)) for x in (-0.75, 0.0, 0.75)]
    return [
        (block((2.3, 0.8, 2.2)), "aluminium"),
        (joined(doors), "white"),
        (joined(meters), "screen"),
    ]


def _panel_board() -> Items:
    return [
        (box((0.60, 0.16, 0.90), (0, 0.08, 0)), "aluminium"),
        (box((0.54, 0.01, 0.84), (0, 0.164, 0)), "white"),
        (box((0.08, 0.02, 0.14), (0.2, 0.17, 0)), "steel_dark"),
        (
            prism([(-0.06, 0), (0.06, 0), (0.0, 0.10)], 0.0, 0.006).tilted(90).moved(0, 0.177, 0.2),
            "signal_yellow",
        ),
    ]


def _ev_charger() -> Items:
    return [
        (joined([block((0.42, 0.28, 1.55), (0, 0, 0.05)), block((0.55, 0.45, 0.05))]), "white"),
        (box((0.26, 0.01, 0.18), (0, 0.145, 1.3)), "screen"),
        (
            joined([box((0.07, 0.12, 0.2), (0.24, 0.06, 1.0)), tube(0.02, 0.35, 0.95, 6).moved(0.25, 0.06)]),
            "black",
        ),
        (box((0.42, 0.284, 0.08), (0, 0, 1.56)), "signal_green"),
    ]


def _wall_charger() -> Items:
    return [
        (box((0.30, 0.16, 0.45), (0, 0.08, 0)), "white"),
        (box((0.14, 0.008, 0.10), (0, 0.163, 0.1)), "screen"),
        (
            joined([box((0.06, 0.1, 0.14), (0, 0.19, -0.1)), tube(0.02, -0.8, -0.2, 6).moved(0.0, 0.12)]),
            "black",
        ),
    ]


def _screen(width: float, height: float) -> Items:
    return [
        (box((width + 0.08, 0.14, height + 0.08), (0, 0.07, 0)), "black"),
        (box((width, 0.012, height), (0, 0.146, 0)), "screen"),
    ]


def _outdoor_screen() -> Items:
    posts = [block((0.35, 0.35, 2.4), (x, 0, 0)) for x in (-2.4, 2.4)]
    return [
        (joined([*posts, block((8.3, 0.5, 4.8), (0, 0, 2.2))]), "steel_dark"),
        (box((8.0, 0.02, 4.5), (0, 0.26, 4.6)), "screen"),
    ]


def _kiosk() -> Items:
    screen = box((0.52, 0.03, 0.90), (0, 0, 0)).tilted(-12).moved(0, 0.10, 1.25)
    back = box((0.58, 0.06, 0.98), (0, -0.045, 0)).tilted(-12).moved(0, 0.10, 1.25)
    return [
        (joined([block((0.6, 0.45, 0.04)), block((0.34, 0.16, 0.85), (0, 0, 0.04)), back]), "white"),
        (screen, "screen"),
    ]


def _speaker() -> Items:
    return [
        (lathe([(0.10, -0.03), (0.115, -0.015), (0.115, 0.0)], 12), "white"),
        (tube(0.09, -0.034, -0.029, 12), "aluminium"),
    ]


def _access_point() -> Items:
    body = lathe([(0.07, -0.04), (0.105, -0.03), (0.105, 0.0)], 12)
    return [(body, "white"), (tube(0.012, -0.043, -0.039, 6), "device_blue")]


def _locker() -> Items:
    doors = [
        box((0.44, 0.012, 0.42), (x, 0.256, z))
        for x in (-0.70, -0.233, 0.233, 0.70)
        for z in (0.33, 0.79, 1.25, 1.71)
    ]
    return [
        (block((1.9, 0.5, 1.95), (0, 0, 0.05)), "aluminium"),
        (joined(doors), "device_teal"),
        (block((1.86, 0.46, 0.05)), "steel_dark"),
    ]


def _vending() -> Items:
    shelves = [box((0.62, 0.012, 0.03), (-0.1, 0.402, z)) for z in (0.75, 1.0, 1.25, 1.5)]
    return [
        (block((1.0, 0.8, 1.85)), "device_blue"),
        (box((0.68, 0.01, 1.15), (-0.1, 0.396, 1.15)), "screen"),
        (joined([*shelves, box((0.5, 0.015, 0.16), (-0.1, 0.40, 0.35))]), "white"),
        (box((0.18, 0.012, 0.34), (0.38, 0.402, 1.2)), "aluminium"),
    ]


def _dispenser() -> Items:
    return [
        (block((0.62, 0.42, 1.4)), "steel"),
        (
            joined([box((0.5, 0.02, 0.3), (0, 0.216, 0.95)), box((0.16, 0.01, 0.1), (0, 0.216, 1.25))]),
            "steel_dark",
        ),
        (joined([box((0.03, 0.08, 0.05), (x, 0.25, 1.02)) for x in (-0.14, 0.0, 0.14)]), "device_blue"),
    ]


def _lift_panel() -> Items:
    return [
        (box((0.5, 0.18, 0.9), (0, 0.09, 0)), "steel"),
        (box((0.2, 0.008, 0.1), (0, 0.184, 0.28)), "screen"),
        (joined([box((0.36, 0.006, 0.02), (0, 0.183, z)) for z in (-0.3, -0.2, -0.1)]), "steel_dark"),
    ]


def _robot_dock() -> Items:
    robot = lathe([(0.30, 0.05), (0.33, 0.12), (0.33, 0.40), (0.26, 0.50), (0.12, 0.58)], 14)
    return [
        (joined([block((0.8, 0.2, 0.9)), block((0.8, 0.9, 0.02), (0, 0.35, 0))]), "steel_dark"),
        (robot.moved(y=0.45), "white"),
        (
            joined([tube(0.335, 0.25, 0.29, 14).moved(y=0.45), box((0.3, 0.01, 0.08), (0, 0.105, 0.75))]),
            "device_teal",
        ),
    ]


def _valve() -> Items:
    body = joined(
        [tube(0.05, -0.14, 0.14, 8).along_x(), *(tube(0.08, x, x + 0.02, 8).along_x() for x in (-0.15, 0.13))]
    )
    return [(body.moved(z=0.15), "steel"), (block((0.12, 0.1, 0.16), (0, 0, 0.18)), "signal_green")]


_Entry = tuple[str, str, str, str, str, str, Callable[[], Items]]

#: model: IFC class, predefined type (or an object type in lower case), names, manufacturer, article, shape.
#: Manufacturers are invented.
_CATALOGUE: dict[str, _Entry] = {
    "highbay": ("IfcLightFixture", "DIRECTIONSOURCE", "高天棚灯 200W", "High-bay luminaire 200 W", "鹭光照明", "HB-200D", _highbay),
    "linear": ("IfcLightFixture", "DIRECTIONSOURCE", "吊线线形灯 40W", "Suspended linear luminaire 40 W", "鹭光照明", "LN-40S", _linear),
    "panel": ("IfcLightFixture", "DIRECTIONSOURCE", "嵌入式面板灯 36W", "Recessed panel luminaire 36 W", "鹭光照明", "PN-36", _panel_light),
    "batten": ("IfcLightFixture", "DIRECTIONSOURCE", "三防灯 28W", "Weatherproof batten 28 W", "鹭光照明", "BT-28IP65", _batten),
    "downlight": ("IfcLightFixture", "POINTSOURCE", "筒灯 15W", "Downlight 15 W", "鹭光照明", "DL-15", _downlight),
    "pendant": ("IfcLightFixture", "POINTSOURCE", "红砖色吊灯 60W", "Terracotta pendant 60 W", "鹭光照明", "PD-60T", _pendant),
    "stage_spot": ("IfcLightFixture", "DIRECTIONSOURCE", "舞台聚光灯 350W", "Stage spotlight 350 W", "闽艺舞台", "SP-350", _stage_spot),
    "street_lamp": ("IfcLightFixture", "POINTSOURCE", "庭院灯 60W", "Garden lantern 60 W", "鹭光照明", "GL-60", _street_lamp),
    "bollard": ("IfcLightFixture", "POINTSOURCE", "草坪灯 12W", "Bollard light 12 W", "鹭光照明", "BL-12", _bollard),
    "exit_light": ("IfcLightFixture", "SECURITYLIGHTING", "安全出口标志灯", "Exit sign", "安行应急", "EX-3", _exit_light),
    "diffuser": ("IfcAirTerminal", "DIFFUSER", "方形散流器", "Square diffuser", "海风空调", "FK-600", _diffuser),
    "jet_nozzle": ("IfcAirTerminal", "DIFFUSER", "喷口", "Jet nozzle", "海风空调", "JN-400", _jet_nozzle),
    "grille": ("IfcAirTerminal", "GRILLE", "排风格栅", "Exhaust grille", "海风空调", "GR-500", _grille),
    "fan_coil": ("IfcUnitaryEquipment", "AIRCONDITIONINGUNIT", "卧式暗装风机盘管", "Concealed fan coil unit", "海风空调", "FCU-68", _fan_coil),
    "ahu": ("IfcUnitaryEquipment", "AIRHANDLER", "组合式空调机组", "Air handling unit", "海风空调", "AHU-20", _ahu),
    "exhaust_fan": ("IfcFan", "TUBEAXIAL", "管道排风机", "Duct exhaust fan", "海风空调", "EF-80", _exhaust_fan),
    "jet_fan": ("IfcFan", "PROPELLORAXIAL", "诱导风机", "Jet fan", "海风空调", "JF-36", _jet_fan),
    "chiller": ("IfcChiller", "WATERCOOLED", "螺杆式冷水机组", "Screw chiller", "海风空调", "WSC-900", _chiller),
    "cooling_tower": ("IfcCoolingTower", "MECHANICALINDUCEDDRAFT", "横流冷却塔", "Cross-flow cooling tower", "海风空调", "CT-250", _cooling_tower),
    "pump": ("IfcPump", "ENDSUCTION", "端吸离心泵", "End-suction pump", "鼓浪泵业", "ES-150", _pump),
    "heat_pump": ("IfcUnitaryEquipment", "pool_heat_pump", "泳池热泵", "Pool heat pump", "海风空调", "PHP-90", _heat_pump),
    "boiler": ("IfcBoiler", "WATER", "燃气热水锅炉", "Gas hot water boiler", "暖海锅炉", "GB-350", _boiler),
    "water_tank": ("IfcTank", "STORAGE", "不锈钢组合水箱", "Sectional steel tank", "鼓浪泵业", "WT-12", _water_tank),
    "room_sensor": ("IfcSensor", "TEMPERATURESENSOR", "温湿度与二氧化碳传感器", "Temperature, humidity and CO2 sensor", "筼筜物联", "RS-5", _room_sensor),
    "people_counter": ("IfcSensor", "MOVEMENTSENSOR", "双目客流计数器", "Stereo people counter", "筼筜物联", "PC-2", _people_counter),
    "smoke_detector": ("IfcSensor", "SMOKESENSOR", "点型光电感烟探测器", "Photoelectric smoke detector", "安行消防", "SD-100", _smoke_detector),
    "leak_sensor": ("IfcSensor", "MOISTURESENSOR", "漏水传感器", "Leak sensor", "筼筜物联", "LS-1", _leak_sensor),
    "pool_sensor": ("IfcSensor", "IONCONCENTRATIONSENSOR", "泳池水质监测仪", "Pool water analyser", "碧波水务", "WQ-4", _pool_sensor),
    "parking_sensor": ("IfcSensor", "MOVEMENTSENSOR", "超声波车位探测器", "Ultrasonic bay sensor", "筼筜物联", "PS-U", _parking_sensor),
    "weather_station": ("IfcSensor", "WINDSENSOR", "自动气象站", "Weather station", "筼筜物联", "WS-6", _weather_station),
    "dome_camera": ("IfcAudioVisualAppliance", "CAMERA", "半球摄像机", "Dome camera", "鹭眼安防", "DC-4M", _dome_camera),
    "bullet_camera": ("IfcAudioVisualAppliance", "CAMERA", "枪型摄像机", "Bullet camera", "鹭眼安防", "BC-8M", _bullet_camera),
    "pole_camera": ("IfcAudioVisualAppliance", "CAMERA", "立杆摄像机", "Pole camera", "鹭眼安防", "PC-8M", _pole_camera),
    "turnstile": ("IfcElectricAppliance", "turnstile", "翼闸", "Flap turnstile", "筼筜物联", "TS-W", _turnstile),
    "barrier": ("IfcElectricAppliance", "vehicle_barrier", "车牌识别道闸", "Number plate barrier", "筼筜物联", "VB-35", _barrier),
    "door_lock": ("IfcActuator", "ELECTRICACTUATOR", "门禁读卡电锁", "Electric lock with reader", "鹭眼安防", "DL-2", _door_lock),
    "electricity_meter": ("IfcFlowMeter", "ENERGYMETER", "多功能电能表", "Multi-function energy meter", "南海仪表", "EM-3", _electricity_meter),
    "water_meter": ("IfcFlowMeter", "WATERMETER", "远传水表", "Remote-reading water meter", "南海仪表", "WM-80", _water_meter),
    "cooling_meter": ("IfcFlowMeter", "cooling_meter", "冷量表", "Cooling energy meter", "南海仪表", "CM-150", _water_meter),
    "hydrant_cabinet": ("IfcFireSuppressionTerminal", "FIREHYDRANT", "室内消火栓箱", "Indoor hydrant cabinet", "安行消防", "SG24", _hydrant_cabinet),
    "outdoor_hydrant": ("IfcFireSuppressionTerminal", "FIREHYDRANT", "室外地上消火栓", "Outdoor hydrant", "安行消防", "SS100", _outdoor_hydrant),
    "call_point": ("IfcAlarm", "MANUALPULLBOX", "手动火灾报警按钮", "Manual call point", "安行消防", "MCP-1", _call_point),
    "sos_button": ("IfcAlarm", "sos_button", "一键求助按钮", "SOS button", "筼筜物联", "SOS-2", _sos_button),
    "aed": ("IfcMedicalDevice", "aed", "自动体外除颤器", "Automated external defibrillator", "心安医疗", "AED-7", _aed),
    "pv_12": ("IfcSolarDevice", "SOLARPANEL", "光伏组串 12 块", "PV string of 12", "鹭岛光伏", "M-580x12", lambda: _pv_string(12)),
    "pv_16": ("IfcSolarDevice", "SOLARPANEL", "光伏组串 16 块", "PV string of 16", "鹭岛光伏", "M-580x16", lambda: _pv_string(16)),
    "pv_8": ("IfcSolarDevice", "SOLARPANEL", "光伏组串 8 块", "PV string of 8", "鹭岛光伏", "M-580x8", lambda: _pv_string(8)),
    "inverter": ("IfcTransformer", "INVERTER", "组串式逆变器", "String inverter", "鹭岛光伏", "SI-50", _inverter),
    "battery": ("IfcElectricFlowStorageDevice", "BATTERY", "磷酸铁锂储能柜", "LFP storage cabinet", "鹭岛光伏", "BS-215", _battery),
    "ups": ("IfcElectricFlowStorageDevice", "UPS", "不间断电源", "UPS", "南海仪表", "UPS-30", _ups),
    "transformer": ("IfcTransformer", "VOLTAGE", "干式变压器 1000kVA", "Dry-type transformer 1000 kVA", "南海电气", "SCB14-1000", _transformer),
    "generator": ("IfcElectricGenerator", "ENGINEGENERATOR", "柴油发电机组", "Diesel generator set", "南海电气", "DG-400", _generator),
    "switchboard": ("IfcElectricDistributionBoard", "SWITCHBOARD", "低压配电柜", "Low voltage switchboard", "南海电气", "GGD-3", _switchboard),
    "panel_board": ("IfcElectricDistributionBoard", "DISTRIBUTIONBOARD", "楼层配电箱", "Floor distribution board", "南海电气", "PZ-30", _panel_board),
    "ev_fast": ("IfcElectricAppliance", "ev_charger", "直流快充桩 60kW", "DC charger 60 kW", "鹭岛光伏", "DC-60", _ev_charger),
    "ev_slow": ("IfcElectricAppliance", "ev_charger", "交流充电桩 7kW", "AC charger 7 kW", "鹭岛光伏", "AC-7", _wall_charger),
    "screen_large": ("IfcAudioVisualAppliance", "DISPLAY", "LED 大屏 6×3.4 m", "LED wall 6 x 3.4 m", "闽艺显示", "LW-6", lambda: _screen(6.0, 3.4)),
    "screen_medium": ("IfcAudioVisualAppliance", "DISPLAY", "LED 屏 4×2.25 m", "LED screen 4 x 2.25 m", "闽艺显示", "LW-4", lambda: _screen(4.0, 2.25)),
    "screen_small": ("IfcAudioVisualAppliance", "DISPLAY", "信息屏 55 英寸", "55 inch information display", "闽艺显示", "ID-55", lambda: _screen(1.22, 0.69)),
    "screen_door": ("IfcAudioVisualAppliance", "DISPLAY", "门牌信息屏", "Door-side display", "闽艺显示", "ID-10", lambda: _screen(0.24, 0.16)),
    "screen_outdoor": ("IfcAudioVisualAppliance", "DISPLAY", "广场 LED 大屏", "Plaza LED screen", "闽艺显示", "LO-8", _outdoor_screen),
    "kiosk": ("IfcCommunicationsAppliance", "info_kiosk", "自助服务终端", "Self-service kiosk", "筼筜物联", "KS-32", _kiosk),
    "speaker": ("IfcAudioVisualAppliance", "SPEAKER", "吸顶扬声器", "Ceiling speaker", "闽艺音响", "CS-6", _speaker),
    "access_point": ("IfcCommunicationsAppliance", "ANTENNA", "无线接入点", "Wireless access point", "筼筜物联", "AP-7", _access_point),
    "locker": ("IfcElectricAppliance", "smart_locker", "智能储物柜", "Smart locker bank", "筼筜物联", "SL-16", _locker),
    "vending": ("IfcElectricAppliance", "VENDINGMACHINE", "自动售货机", "Vending machine", "鼓浪饮品", "VM-8", _vending),
    "dispenser": ("IfcElectricAppliance", "FREESTANDINGWATERHEATER", "直饮水机", "Drinking water dispenser", "碧波水务", "DW-3", _dispenser),
    "lift_panel": ("IfcController", "PROGRAMMABLE", "电梯控制柜", "Lift controller", "南洋电梯", "LC-8", _lift_panel),
    "robot_dock": ("IfcElectricAppliance", "robot_dock", "清洁机器人与基站", "Cleaning robot and dock", "筼筜物联", "CR-3", _robot_dock),
    "valve": ("IfcValve", "REGULATING", "灌溉电磁阀", "Irrigation solenoid valve", "鼓浪泵业", "IV-40", _valve),
}  # fmt: skip


#: Ceiling products that also come with a rod, for rooms whose services are left open to view.
HANGABLE = frozenset({
    "panel", "batten", "downlight", "smoke_detector", "speaker", "access_point", "people_counter", "dome_camera",
})  # fmt: skip


@cache
def model(key: str) -> Model:
    """Give a product by its key; `downlight@0.6` is the downlight on a rod of 0.6 m.

    Raises:
        KeyError: no such product.
    """
    base, _, rod = key.partition("@")
    ifc_class, predefined, name_zh, name_en, manufacturer, article, shape = _CATALOGUE[base]
    items = shape()
    if rod:
        items = [*items, (tube(0.008, 0.0, float(rod), 4), items[0][1])]
        article = f"{article}-R{float(rod) * 1000:.0f}"
    return Model(key, ifc_class, predefined, name_zh, name_en, manufacturer, article, merged(items))


def model_keys() -> tuple[str, ...]:
    """Give the keys of all products."""
    return tuple(_CATALOGUE)
