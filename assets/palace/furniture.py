"""Furniture, sports gear, sanitary ware and cars as parts in their own frames: on the floor, front to -y."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin

from assets.palace.devices_mesh import Mesh, joined, lathe, prism, tube
from assets.palace.ifc_writer import Part
from assets.palace.joinery import slab
from assets.palace.meshes import bar, ribbon


@dataclass(frozen=True)
class Piece:
    """A catalogue entry: IFC type class, predefined type, names, geometry."""

    zh: str
    en: str
    parts: Callable[[], list[Part]]
    cls: str = "IfcFurnitureType"
    predefined: str = "USERDEFINED"


def _legs(wide: float, deep: float, high: float, size: float = 0.05) -> Mesh:
    x, y, h = wide / 2 - size, deep / 2 - size, size / 2
    return joined([slab(a - h, b - h, 0, a + h, b + h, high) for a in (-x, x) for b in (-y, y)])


def _table(wide: float, deep: float, high: float, top: str, legs: str = "steel_dark") -> list[Part]:
    board = slab(-wide / 2, -deep / 2, high - 0.04, wide / 2, deep / 2, high)
    return [Part(board, top), Part(_legs(wide, deep, high - 0.04), legs)]


def _round_table(radius: float, high: float, top: str) -> list[Part]:
    board = tube(radius, high - 0.03, high, 20)
    foot = joined([tube(0.04, 0.03, high - 0.03, 8), tube(radius * 0.55, 0, 0.03, 14)])
    return [Part(board, top), Part(foot, "steel_dark")]


def _chair(seat: str) -> list[Part]:
    shell = joined(
        [slab(-0.23, -0.22, 0.43, 0.23, 0.22, 0.47), bar((0, 0.21, 0.47), (0, 0.27, 0.85), 0.44, 0.04)]
    )
    return [Part(shell, seat), Part(_legs(0.46, 0.44, 0.43, 0.03), "steel")]


def _office_chair() -> list[Part]:
    seat = joined(
        [
            slab(-0.25, -0.24, 0.45, 0.25, 0.24, 0.52),
            slab(-0.23, 0.22, 0.55, 0.23, 0.28, 1.05),
            slab(-0.29, -0.15, 0.66, -0.25, 0.15, 0.69),
            slab(0.25, -0.15, 0.66, 0.29, 0.15, 0.69),
        ]
    )
    foot = joined(
        [
            tube(0.03, 0.08, 0.45, 8),
            *(
                bar((0, 0, 0.08), (0.3 * cos(a), 0.3 * sin(a), 0.05), 0.05)
                for a in (0.3, 1.55, 2.8, 4.05, 5.3)
            ),
        ]
    )
    return [Part(seat, "fabric_grey"), Part(foot, "black")]


def _theatre_seat() -> list[Part]:
    cushion = joined(
        [slab(-0.24, -0.28, 0.38, 0.24, 0.18, 0.48), bar((0, 0.17, 0.44), (0, 0.3, 1.0), 0.48, 0.09)]
    )
    arms = joined([slab(s * 0.27 - 0.025, -0.24, 0, s * 0.27 + 0.025, 0.2, 0.62) for s in (-1, 1)])
    return [Part(cushion, "fabric_red"), Part(arms, "wood_dark")]


def _stand_seat() -> list[Part]:
    shell = joined(
        [
            slab(-0.21, -0.2, 0.36, 0.21, 0.18, 0.42),
            bar((0, 0.17, 0.4), (0, 0.22, 0.74), 0.42, 0.04),
            slab(-0.04, -0.02, 0, 0.04, 0.1, 0.36),
        ]
    )
    return [Part(shell, "fabric_blue")]


def _sofa() -> list[Part]:
    body = joined(
        [
            slab(-0.95, -0.4, 0.12, 0.95, 0.4, 0.42),
            slab(-0.95, 0.2, 0.42, 0.95, 0.4, 0.8),
            slab(-0.95, -0.4, 0.42, -0.78, 0.2, 0.6),
            slab(0.78, -0.4, 0.42, 0.95, 0.2, 0.6),
        ]
    )
    return [Part(body, "fabric_green"), Part(_legs(1.8, 0.7, 0.12, 0.06), "wood_dark")]


def _bookshelf() -> list[Part]:
    """Double-sided, 2.4 m long, 1.8 m high, five shelves of books."""
    frame = [slab(-1.2, -0.3, z, 1.2, 0.3, z + 0.03) for z in (0.08, 0.44, 0.8, 1.16, 1.52, 1.8)]
    frame += [slab(x - 0.02, -0.3, 0, x + 0.02, 0.3, 1.83) for x in (-1.18, -0.4, 0.4, 1.18)]
    books: dict[str, list[Mesh]] = {
        "book_red": [],
        "book_blue": [],
        "book_green": [],
        "book_sand": [],
        "paper": [],
    }
    names = list(books)
    for level in range(5):
        for side in (-1, 1):
            for k in range(9):
                x, z, pick = -1.14 + 0.258 * k, 0.11 + 0.36 * level, (k * 7 + level * 3 + side) % 5
                high = 0.2 + 0.02 * ((k * 5 + level) % 4)
                books[names[pick]].append(
                    slab(
                        x, min(0.04 * side, 0.27 * side), z, x + 0.22, max(0.04 * side, 0.27 * side), z + high
                    )
                )
    return [Part(joined(frame), "wood"), *(Part(joined(rows), name) for name, rows in books.items() if rows)]


def _reception() -> list[Part]:
    """A curved counter of 6 m: terracotta front, stone top."""
    ring = [(3.4 * sin(a), 1.6 - 3.4 * cos(a)) for a in (-1.0 + 2.0 * i / 16 for i in range(17))]
    back = [(2.75 * sin(a), 1.6 - 2.75 * cos(a)) for a in (1.0 - 2.0 * i / 16 for i in range(17))]
    front = ribbon(
        [
            [
                (x, y, 0.0),
                (x, y, 1.05),
                (x * 0.93, 1.6 + (y - 1.6) * 0.93, 1.05),
                (x * 0.93, 1.6 + (y - 1.6) * 0.93, 0.0),
            ]
            for x, y in ring
        ]
    )
    top = ribbon(
        [
            [
                (x * 1.02, 1.6 + (y - 1.6) * 1.02, 1.05),
                (x * 1.02, 1.6 + (y - 1.6) * 1.02, 1.1),
                (bx, by, 1.1),
                (bx, by, 1.05),
            ]
            for (x, y), (bx, by) in zip(ring, reversed(back), strict=True)
        ]
    )
    return [Part(front, "terracotta"), Part(top, "granite_light")]


def _showcase() -> list[Part]:
    return [
        Part(slab(-0.6, -0.3, 0, 0.6, 0.3, 0.9), "white"),
        Part(slab(-0.58, -0.28, 0.9, 0.58, 0.28, 1.4), "glass_clear"),
        Part(
            joined(
                [
                    lathe([(0.05, 0.9), (0.12, 1.0), (0.08, 1.15), (0.1, 1.2)], 10).moved(x=x)
                    for x in (-0.3, 0.3)
                ]
            ),
            "terracotta",
        ),
    ]


def _panel_wall() -> list[Part]:
    board = slab(-1.5, -0.06, 0, 1.5, 0.06, 2.6)
    pictures = [slab(-1.2 + 0.9 * i, -0.1, 1.1, -0.5 + 0.9 * i, -0.06, 2.0) for i in range(3)]
    back = [slab(-1.0, 0.06, 1.0, 1.0, 0.1, 2.1)]
    return [
        Part(board, "white"),
        Part(joined(pictures[::2]), "book_blue"),
        Part(joined([pictures[1], *back]), "book_sand"),
    ]


def _easel() -> list[Part]:
    legs = joined(
        [
            bar((-0.35, 0, 0), (0, 0.1, 1.7), 0.04),
            bar((0.35, 0, 0), (0, 0.1, 1.7), 0.04),
            bar((0, 0.7, 0), (0, 0.1, 1.6), 0.04),
        ]
    )
    return [
        Part(legs, "wood"),
        Part(slab(-0.35, -0.04, 0.75, 0.35, -0.02, 1.45), "paper"),
        Part(slab(-0.4, -0.08, 0.7, 0.4, 0.02, 0.74), "wood"),
    ]


def _piano() -> list[Part]:
    """An upright piano with its stool."""
    body = joined(
        [
            slab(-0.75, 0.0, 0, 0.75, 0.32, 1.22),
            slab(-0.75, -0.3, 0.62, 0.75, 0.0, 0.74),
            slab(-0.72, -0.28, 0, -0.64, -0.2, 0.62),
            slab(0.64, -0.28, 0, 0.72, -0.2, 0.62),
        ]
    )
    stool = joined(
        [
            slab(-0.35, -0.85, 0.45, 0.35, -0.5, 0.52),
            *(slab(x, y, 0, x + 0.05, y + 0.05, 0.45) for x in (-0.33, 0.28) for y in (-0.83, -0.57)),
        ]
    )
    return [
        Part(body, "black"),
        Part(slab(-0.68, -0.28, 0.74, 0.68, -0.05, 0.76), "paper"),
        Part(stool, "black"),
    ]


def _grand_piano() -> list[Part]:
    shape = [(-0.75, -0.9), (0.75, -0.9), (0.75, 0.1), (0.45, 0.5), (0.15, 1.0), (-0.35, 1.15), (-0.75, 0.9)]
    lid = [(x * 0.98, y) for x, y in shape]
    legs = joined(
        [tube(0.05, 0, 0.62, 8).moved(x=x, y=y) for x, y in ((-0.6, -0.7), (0.6, -0.7), (-0.3, 0.8))]
    )
    raised = Mesh(
        tuple((x, y, z + 0.45 * (0.75 + x)) for x, y, z in prism(lid, 1.0, 1.02).vertices),
        prism(lid, 1.0, 1.02).faces,
    )
    return [
        Part(joined([prism(shape, 0.62, 0.95), raised, legs]), "black"),
        Part(slab(-0.65, -1.05, 0.7, 0.65, -0.9, 0.74), "paper"),
    ]


def _zither() -> list[Part]:
    board = ribbon(
        [
            [(x, -0.15, 0.68), (x, 0.0, 0.76), (x, 0.15, 0.68), (x, 0.0, 0.66)]
            for x in (-0.8, -0.4, 0.0, 0.4, 0.8)
        ]
    )
    return [
        Part(board, "wood_dark"),
        Part(joined([slab(x - 0.03, -0.15, 0, x + 0.03, 0.15, 0.66) for x in (-0.6, 0.6)]), "wood"),
        Part(slab(-0.25, -0.7, 0.4, 0.25, -0.4, 0.45), "wood"),
    ]


def _drums() -> list[Part]:
    kit = [
        tube(0.28, -0.22, 0.22, 14).along_y().moved(z=0.3),
        tube(0.16, 0.62, 0.8, 12).moved(x=-0.25, y=0.1),
        tube(0.16, 0.62, 0.8, 12).moved(x=0.25, y=0.1),
        tube(0.2, 0.25, 0.65, 12).moved(x=0.6, y=-0.35),
        tube(0.18, 0.5, 0.66, 12).moved(x=-0.5, y=-0.35),
    ]
    cymbals = [tube(0.25, 1.05, 1.06, 14).moved(x=x, y=0.2) for x in (-0.65, 0.65)] + [
        tube(0.015, 0, 1.05, 6).moved(x=x, y=0.2) for x in (-0.65, 0.65)
    ]
    return [Part(joined(kit), "fabric_red"), Part(joined(cymbals), "gold")]


def _table_tennis() -> list[Part]:
    """A table of 2.74 x 1.525 m (ITTF Laws 2.1), length along x, with its net."""
    lines = joined([slab(-1.37, y - 0.01, 0.761, 1.37, y + 0.01, 0.764) for y in (-0.75, 0.0, 0.75)])
    net = slab(-0.005, -0.9, 0.76, 0.005, 0.9, 0.91)
    return [
        Part(slab(-1.37, -0.7625, 0.73, 1.37, 0.7625, 0.76), "book_blue"),
        Part(lines, "line_white"),
        Part(net, "paper"),
        Part(_legs(2.3, 1.2, 0.73, 0.08), "black"),
    ]


def _barrier() -> list[Part]:
    return [
        Part(slab(-1.0, -0.02, 0.04, 1.0, 0.02, 0.76), "sport_green"),
        Part(joined([slab(x, -0.2, 0, x + 0.05, 0.2, 0.05) for x in (-0.9, 0.85)]), "black"),
    ]


def _hoop() -> list[Part]:
    """A basketball stand; the board's face over the origin, the post behind it at +y."""
    ring = ribbon(
        [
            [
                (0.225 * cos(a) + 0.01 * cos(b) * cos(a), -0.6 + 0.225 * sin(a), 3.05 + 0.01 * sin(b))
                for b in (0.0, 2.1, 4.2)
            ]
            for a in (2 * pi * i / 16 for i in range(17))
        ]
    )
    post = joined(
        [
            slab(-0.5, 1.6, 0, 0.5, 2.8, 0.35),
            bar((0, 2.1, 0.35), (0, 1.2, 2.7), 0.25),
            bar((0, 1.25, 2.6), (0, 0.1, 3.3), 0.16),
            slab(-0.05, -0.4, 3.03, 0.05, 0.05, 3.1),
        ]
    )
    return [
        Part(slab(-0.9, 0.0, 2.9, 0.9, 0.05, 3.95), "glass_clear"),
        Part(
            joined(
                [
                    slab(-0.3, -0.01, 3.05, 0.3, 0.0, 3.08),
                    slab(-0.3, -0.01, 3.45, 0.3, 0.0, 3.48),
                    slab(-0.92, 0, 2.86, 0.92, 0.06, 2.92),
                ]
            ),
            "line_white",
        ),
        Part(ring, "fabric_orange"),
        Part(post, "sport_blue"),
    ]


def _treadmill() -> list[Part]:
    frame = joined(
        [
            slab(-0.4, -0.9, 0, 0.4, 0.9, 0.16),
            bar((-0.38, 0.75, 0.16), (-0.38, 0.6, 1.25), 0.06),
            bar((0.38, 0.75, 0.16), (0.38, 0.6, 1.25), 0.06),
            bar((-0.38, 0.6, 1.0), (-0.38, 0.0, 0.95), 0.05),
            bar((0.38, 0.6, 1.0), (0.38, 0.0, 0.95), 0.05),
        ]
    )
    return [
        Part(frame, "steel_dark"),
        Part(slab(-0.28, -0.85, 0.16, 0.28, 0.7, 0.175), "black"),
        Part(slab(-0.4, 0.58, 1.15, 0.4, 0.66, 1.5), "screen"),
    ]


def _bike() -> list[Part]:
    frame = joined(
        [
            slab(-0.25, -0.55, 0, 0.25, -0.45, 0.06),
            slab(-0.25, 0.45, 0, 0.25, 0.55, 0.06),
            slab(-0.03, -0.5, 0.06, 0.03, 0.5, 0.14),
            bar((0, -0.25, 0.1), (0, -0.3, 0.95), 0.07),
            bar((0, 0.35, 0.1), (0, 0.45, 1.1), 0.07),
            slab(-0.25, 0.35, 1.08, 0.25, 0.5, 1.13),
        ]
    )
    wheel = tube(0.24, -0.04, 0.04, 16).along_x().moved(y=0.4, z=0.36)
    return [
        Part(frame, "fabric_red"),
        Part(joined([wheel, slab(-0.11, -0.42, 0.95, 0.11, -0.15, 1.02)]), "black"),
    ]


def _power_rack() -> list[Part]:
    posts = joined(
        [slab(x - 0.04, y - 0.04, 0, x + 0.04, y + 0.04, 2.2) for x in (-0.6, 0.6) for y in (-0.6, 0.6)]
        + [slab(-0.64, y - 0.04, 2.12, 0.64, y + 0.04, 2.2) for y in (-0.6, 0.6)]
        + [slab(x - 0.04, -0.6, 2.12, x + 0.04, 0.6, 2.2) for x in (-0.6, 0.6)]
    )
    weights = joined(
        [
            tube(0.015, -1.0, 1.0, 8).along_x().moved(y=-0.65, z=1.3),
            *(
                tube(0.22, -0.03, 0.03, 14).along_x().moved(x=x, y=-0.65, z=1.3)
                for x in (-0.85, -0.78, 0.78, 0.85)
            ),
        ]
    )
    return [
        Part(posts, "steel_dark"),
        Part(weights, "black"),
        Part(slab(-0.15, -0.5, 0.4, 0.15, 0.6, 0.48), "fabric_red"),
    ]


def _dumbbells() -> list[Part]:
    rack = joined(
        [
            slab(-1.1, -0.3, 0.25, 1.1, 0.0, 0.3),
            slab(-1.1, -0.1, 0.7, 1.1, 0.2, 0.75),
            slab(-1.1, -0.3, 0, -1.02, 0.25, 0.9),
            slab(1.02, -0.3, 0, 1.1, 0.25, 0.9),
        ]
    )
    bells = joined(
        [
            tube(0.06, -0.12, 0.12, 8).along_y().moved(x=-0.95 + 0.21 * i, y=y, z=z)
            for i in range(10)
            for y, z in ((-0.15, 0.37), (0.05, 0.82))
        ]
    )
    return [Part(rack, "steel_dark"), Part(bells, "black")]


def _lockers() -> list[Part]:
    body = slab(-0.9, -0.25, 0, 0.9, 0.25, 1.9)
    doors = joined(
        [
            slab(-0.88 + 0.3 * i, -0.265, 0.08 + 0.6 * j, -0.6 + 0.3 * i, -0.25, 0.64 + 0.6 * j)
            for i in range(6)
            for j in range(3)
        ]
    )
    return [Part(body, "steel"), Part(doors, "wood_light")]


def _long_bench() -> list[Part]:
    return [
        Part(
            joined([slab(-0.9, -0.18, 0.4, 0.9, -0.01, 0.44), slab(-0.9, 0.01, 0.4, 0.9, 0.18, 0.44)]), "wood"
        ),
        Part(_legs(1.7, 0.34, 0.4, 0.05), "steel"),
    ]


def _wc() -> list[Part]:
    bowl = [
        lathe([(0.13, 0), (0.14, 0.2), (0.2, 0.4)], 12).moved(y=-0.1),
        slab(-0.19, 0.1, 0.0, 0.19, 0.3, 0.8),
    ]
    return [Part(joined(bowl), "white")]


def _stall() -> list[Part]:
    """A cubicle of 0.95 x 1.35 m round a WC: one side panel and a door panel at the front."""
    return [
        Part(
            joined([slab(-0.49, -1.0, 0.12, -0.46, 0.35, 2.0), slab(-0.46, -1.02, 0.12, 0.46, -0.99, 2.0)]),
            "sport_blue",
        )
    ]


def _basins() -> list[Part]:
    """Two basins in a stone counter, 1.6 m, with a mirror behind at +y."""
    counter = slab(-0.8, -0.3, 0.76, 0.8, 0.27, 0.82)
    bowls = joined(
        [lathe([(0.1, 0.8), (0.2, 0.88), (0.21, 0.9)], 12).moved(x=x, y=-0.05) for x in (-0.4, 0.4)]
    )
    return [
        Part(counter, "granite_dark"),
        Part(bowls, "white"),
        Part(slab(-0.8, 0.25, 1.05, 0.8, 0.27, 1.95), "chrome"),
        Part(slab(-0.78, -0.1, 0.0, 0.78, 0.25, 0.5), "wood_dark"),
    ]


def _urinal() -> list[Part]:
    return [
        Part(
            joined([slab(-0.18, 0.05, 0.35, 0.18, 0.3, 1.1), slab(-0.18, -0.1, 0.35, 0.18, 0.05, 0.6)]),
            "white",
        )
    ]


def _desk() -> list[Part]:
    top = _table(1.5, 0.75, 0.74, "wood_light")
    screen = [
        slab(-0.28, 0.1, 0.88, 0.28, 0.13, 1.22),
        slab(-0.03, 0.1, 0.74, 0.03, 0.14, 0.9),
        slab(-0.12, 0.05, 0.74, 0.12, 0.2, 0.75),
    ]
    return [*top, Part(joined(screen), "screen"), Part(slab(0.3, -0.3, 0.05, 0.7, 0.3, 0.62), "steel")]


def _student_desk() -> list[Part]:
    return _table(1.2, 0.5, 0.75, "wood_light", "steel")


def _whiteboard() -> list[Part]:
    return [
        Part(slab(-1.8, -0.03, 0.9, 1.8, 0.0, 2.15), "white"),
        Part(
            joined([slab(-1.84, -0.04, 0.86, 1.84, 0.0, 0.9), slab(-1.84, -0.04, 2.15, 1.84, 0.0, 2.19)]),
            "steel",
        ),
    ]


def _mirror_barre() -> list[Part]:
    rail = joined(
        [
            tube(0.025, -1.4, 1.4, 8).along_x().moved(y=-0.25, z=1.05),
            *(slab(x - 0.02, -0.25, 0, x + 0.02, -0.21, 1.05) for x in (-1.2, 1.2)),
        ]
    )
    return [Part(slab(-1.45, -0.02, 0.15, 1.45, 0.0, 2.2), "chrome"), Part(rail, "wood")]


def _rack() -> list[Part]:
    units = joined([slab(-0.28, -0.52, 0.15 + 0.24 * i, 0.28, -0.5, 0.34 + 0.24 * i) for i in range(7)])
    return [Part(slab(-0.3, -0.5, 0, 0.3, 0.5, 2.0), "black"), Part(units, "steel_dark")]


def _console() -> list[Part]:
    """A control desk of two places with four screens."""
    screens = [slab(-1.25 + 0.64 * i, 0.15, 0.95, -0.67 + 0.64 * i, 0.19, 1.3) for i in range(4)]
    return [
        *_table(2.6, 0.9, 0.75, "steel_dark"),
        Part(joined(screens), "screen"),
        Part(slab(-1.3, 0.3, 0, 1.3, 0.42, 0.9), "steel_dark"),
    ]


def _video_wall() -> list[Part]:
    panels = joined(
        [
            slab(-1.9 + 0.96 * i, -0.08, 0.9 + 0.56 * j, -0.96 + 0.96 * i, 0.0, 1.44 + 0.56 * j)
            for i in range(4)
            for j in range(3)
        ]
    )
    return [Part(panels, "screen"), Part(slab(-1.95, 0.0, 0, 1.95, 0.3, 2.65), "steel_dark")]


def _plant() -> list[Part]:
    leaves = [
        bar((0, 0, 0.5), (0.45 * cos(a), 0.45 * sin(a), 1.1 + 0.2 * (i % 3)), 0.14, 0.03)
        for i, a in enumerate(2 * pi * k / 9 for k in range(9))
    ]
    return [Part(lathe([(0.2, 0), (0.26, 0.5)], 12), "terracotta"), Part(joined(leaves), "leaf")]


def _car(width: float, length: float, height: float) -> list[Mesh]:
    half = length / 2
    body = [(-half, 0.25), (half, 0.25), (half, 0.75), (half * 0.55, 0.9), (-half, 0.95)]
    cabin = [(-half * 0.82, 0.9), (half * 0.42, 0.9), (half * 0.12, height), (-half * 0.6, height)]
    return [_across(body, width / 2), _across(cabin, width / 2 - 0.12)]


def _across(side: list[tuple[float, float]], half: float) -> Mesh:
    """A side view (y, z) drawn across x from -half to half."""
    return ribbon([[(x, y, z) for y, z in side] for x in (-half, half)])


def car(finish: str, height: float = 1.45) -> list[Part]:
    """A parked car, its nose to +y."""
    body, cabin = _car(1.8, 4.5, height)
    wheels = joined(
        [
            tube(0.32, -0.1, 0.1, 12).along_x().moved(x=x, y=y, z=0.32)
            for x in (-0.82, 0.82)
            for y in (-1.4, 1.4)
        ]
    )
    lamps = joined([slab(s * 0.7 - 0.18, 2.2, 0.6, s * 0.7 + 0.18, 2.26, 0.72) for s in (-1, 1)])
    return [Part(body, finish), Part(cabin, "screen"), Part(wheels, "black"), Part(lamps, "white")]


CATALOGUE: dict[str, Piece] = {
    "chair": Piece("培训椅", "Training chair", lambda: _chair("fabric_blue"), predefined="CHAIR"),
    "cafe_chair": Piece("餐椅", "Café chair", lambda: _chair("wood"), predefined="CHAIR"),
    "office_chair": Piece("办公椅", "Office chair", _office_chair, predefined="CHAIR"),
    "theatre_seat": Piece("剧场座椅", "Theatre seat", _theatre_seat, predefined="CHAIR"),
    "stand_seat": Piece("看台座椅", "Stand seat", _stand_seat, predefined="CHAIR"),
    "sofa": Piece("沙发", "Sofa", _sofa, predefined="SOFA"),
    "desk": Piece("办公桌", "Office desk", _desk, predefined="DESK"),
    "student_desk": Piece("培训桌", "Training desk", _student_desk, predefined="DESK"),
    "reading_table": Piece(
        "阅览桌", "Reading table", lambda: _table(2.4, 1.2, 0.75, "wood"), predefined="TABLE"
    ),
    "meeting_table": Piece(
        "会议桌", "Meeting table", lambda: _table(4.8, 1.5, 0.75, "wood_dark"), predefined="TABLE"
    ),
    "work_table": Piece("工作台", "Work table", lambda: _table(2.0, 1.0, 0.8, "wood"), predefined="TABLE"),
    "coffee_table": Piece(
        "茶几", "Coffee table", lambda: _round_table(0.45, 0.42, "wood_dark"), predefined="TABLE"
    ),
    "cafe_table": Piece(
        "餐桌", "Café table", lambda: _round_table(0.4, 0.74, "wood_light"), predefined="TABLE"
    ),
    "bookshelf": Piece("双面书架", "Book stack", _bookshelf, predefined="SHELF"),
    "reception": Piece("总服务台", "Service desk", _reception, predefined="DESK"),
    "showcase": Piece("展柜", "Showcase", _showcase),
    "panel_wall": Piece("展板", "Exhibition panel", _panel_wall),
    "easel": Piece("画架", "Easel", _easel),
    "piano": Piece("立式钢琴", "Upright piano", _piano),
    "grand_piano": Piece("三角钢琴", "Grand piano", _grand_piano),
    "zither": Piece("古筝", "Guzheng", _zither),
    "drums": Piece("架子鼓", "Drum kit", _drums),
    "table_tennis": Piece("乒乓球台", "Table-tennis table", _table_tennis),
    "barrier": Piece("场地挡板", "Court barrier", _barrier),
    "hoop": Piece("篮球架", "Basketball stand", _hoop),
    "treadmill": Piece("跑步机", "Treadmill", _treadmill),
    "bike": Piece("动感单车", "Exercise bike", _bike),
    "power_rack": Piece("深蹲架", "Power rack", _power_rack),
    "dumbbells": Piece("哑铃架", "Dumbbell rack", _dumbbells),
    "lockers": Piece("更衣柜", "Lockers", _lockers, predefined="FILECABINET"),
    "cabinet": Piece(
        "文件柜",
        "Filing cabinet",
        lambda: [Part(slab(-0.45, -0.22, 0, 0.45, 0.22, 1.8), "steel")],
        predefined="FILECABINET",
    ),
    "long_bench": Piece("更衣凳", "Changing bench", _long_bench),
    "wc": Piece("坐便器", "WC", _wc, "IfcSanitaryTerminalType", "TOILETPAN"),
    "stall": Piece("厕所隔断", "Cubicle", _stall),
    "basins": Piece("双联洗手台", "Twin basin", _basins, "IfcSanitaryTerminalType", "WASHHANDBASIN"),
    "urinal": Piece("小便器", "Urinal", _urinal, "IfcSanitaryTerminalType", "URINAL"),
    "whiteboard": Piece("白板", "Whiteboard", _whiteboard),
    "mirror_barre": Piece("镜面把杆", "Mirror and barre", _mirror_barre),
    "rack": Piece("服务器机柜", "Server rack", _rack),
    "console": Piece("监控操作台", "Control desk", _console, predefined="DESK"),
    "video_wall": Piece("监控大屏", "Video wall", _video_wall),
    "shelf": Piece(
        "库房货架",
        "Storage rack",
        lambda: [
            Part(joined([slab(-1.0, -0.3, z, 1.0, 0.3, z + 0.04) for z in (0.1, 0.6, 1.1, 1.6)]), "steel"),
            Part(_legs(2.0, 0.6, 2.0, 0.06), "sport_blue"),
            Part(
                joined(
                    [
                        slab(-0.9 + 0.5 * i, -0.22, z, -0.55 + 0.5 * i, 0.22, z + 0.3)
                        for i in range(4)
                        for z in (0.14, 0.64, 1.14)
                    ]
                ),
                "book_sand",
            ),
        ],
        predefined="SHELF",
    ),
    "plant": Piece("绿植", "Potted plant", _plant),
    "car_white": Piece("轿车(白)", "Car, white", lambda: car("car_white")),
    "car_black": Piece("轿车(黑)", "Car, black", lambda: car("car_black")),
    "car_red": Piece("轿车(红)", "Car, red", lambda: car("car_red")),
    "car_blue": Piece("多用途车(蓝)", "Van, blue", lambda: car("car_blue", 1.75)),
    "car_silver": Piece("轿车(银)", "Car, silver", lambda: car("car_silver")),
    "car_green": Piece("新能源车(绿)", "Electric car, green", lambda: car("car_green", 1.55)),
}
