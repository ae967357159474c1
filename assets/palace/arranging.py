"""Where furniture stands: pure rules per room function, clear of doors and columns. Metres."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from shapely import Point, Polygon, box, unary_union
from shapely.geometry.base import BaseGeometry

from assets.palace.layout import Layout
from assets.palace.shapes import SpaceSpec


@dataclass(frozen=True)
class Spot:
    """A piece of the catalogue at (x, y), `z` above the room's floor, turned by degrees."""

    piece: str
    x: float
    y: float
    turn: float = 0.0
    z: float = 0.0


@dataclass(frozen=True)
class Site:
    """A room to furnish: its bounds, its outline, and the ground that must stay free."""

    spec: SpaceSpec
    x0: float
    y0: float
    x1: float
    y1: float
    outline: Polygon
    keep_free: BaseGeometry

    @property
    def wide(self) -> float:
        """Extent along x."""
        return self.x1 - self.x0

    @property
    def deep(self) -> float:
        """Extent along y."""
        return self.y1 - self.y0


Rule = Callable[[Site], Iterator[Spot]]


def site_of(layout: Layout, spec: SpaceSpec, columns: list[tuple[float, float]]) -> Site:
    """The room as a furnisher sees it: 1.3 m before each door and the columns' feet stay free."""
    outline = Polygon(spec.polygon)
    x0, y0, x1, y1 = outline.bounds
    free = [Point(d.x, d.y).buffer(max(1.3, d.width / 2 + 0.5)) for d in layout.doors
            if spec.key in (d.space_a, d.space_b) and d.kind != "open"]  # fmt: skip
    free += [box(x - 0.4, y - 0.4, x + 0.4, y + 0.4) for x, y in columns]
    return Site(spec, x0, y0, x1, y1, outline, unary_union(free))


def arrange(site: Site) -> list[Spot]:
    """The furniture of a room, by its function; empty for rooms that stay bare."""
    rule = RULES.get(site.spec.key) or RULES.get(site.spec.function)
    return list(rule(site)) if rule else []


def _fits(site: Site, x: float, y: float, half_x: float, half_y: float) -> bool:
    area = box(x - half_x, y - half_y, x + half_x, y + half_y)
    return site.outline.contains(area) and not site.keep_free.intersects(area)


def _grid(
    site: Site, step: tuple[float, float], size: tuple[float, float], margin: tuple[float, float] = (0.8, 0.8)
) -> Iterator[tuple[float, float]]:
    """Centres on a centred grid where a thing of that size (x, y) fits."""
    (dx, dy), (sx, sy), (mx, my) = step, size, margin
    nx = int((site.wide - 2 * mx - sx) // dx) + 1
    ny = int((site.deep - 2 * my - sy) // dy) + 1
    for j in range(max(ny, 0)):
        for i in range(max(nx, 0)):
            x = (site.x0 + site.x1) / 2 + (i - (nx - 1) / 2) * dx
            y = (site.y0 + site.y1) / 2 + (j - (ny - 1) / 2) * dy
            if _fits(site, x, y, sx / 2, sy / 2):
                yield round(x, 3), round(y, 3)


def _along(
    site: Site, piece: str, side: str, step: float, size: tuple[float, float], z: float = 0.0
) -> Iterator[Spot]:
    """Pieces in a row with their backs to a wall; size is (along the wall, off it)."""
    turn = {"n": 0.0, "s": 180.0, "w": 90.0, "e": 270.0}[side]
    length = site.wide if side in "ns" else site.deep
    for i in range(int((length - 0.4) // step)):
        at = (length - step * int((length - 0.4) // step)) / 2 + step * (i + 0.5)
        off = size[1] / 2 + 0.05
        x = site.x0 + at if side in "ns" else site.x0 + off if side == "w" else site.x1 - off
        y = site.y0 + at if side in "we" else site.y0 + off if side == "s" else site.y1 - off
        half = (size[0] / 2, size[1] / 2) if side in "ns" else (size[1] / 2, size[0] / 2)
        if _fits(site, x, y, *half):
            yield Spot(piece, round(x, 3), round(y, 3), turn, z)


def _door_side(site: Site) -> str:
    """The wall, south or north, on the side of the corridor."""
    return "n" if site.y1 < 20 else "s"


def _classroom(site: Site) -> Iterator[Spot]:
    """Rows of two-seat desks looking at a whiteboard, on the west wall unless a door is there."""
    middle = (site.y0 + site.y1) / 2
    west = not site.keep_free.intersects(box(site.x0, middle - 2, site.x0 + 0.3, middle + 2))
    sign, wall = (1.0, site.x0) if west else (-1.0, site.x1)
    face = 90.0 if west else 270.0
    for x, y in _grid(site, (1.35, 1.5), (0.5, 1.2), (1.6, 1.0)):
        if abs(x - wall) < 2.4:
            continue
        yield Spot("student_desk", x, y, face)
        for dy in (-0.3, 0.3):
            yield Spot("chair", round(x + 0.45 * sign, 3), round(y + dy, 3), 360.0 - face)
    yield Spot("whiteboard", round(wall + 0.02 * sign, 3), round(middle, 3), face)
    yield from _fit_one(site, "desk", wall + 1.4 * sign, site.y0 + 2.0, face)


def _fit_one(
    site: Site, piece: str, x: float, y: float, turn: float = 0.0, size: float = 0.7
) -> Iterator[Spot]:
    if _fits(site, x, y, size, size):
        yield Spot(piece, round(x, 3), round(y, 3), turn)


def _office(site: Site) -> Iterator[Spot]:
    for k, (x, y) in enumerate(_grid(site, (2.4, 2.2), (1.5, 1.6), (0.7, 0.7))):
        turn = 180.0 if k % 2 else 0.0
        yield Spot("desk", x, y, turn)
        yield Spot("office_chair", x, round(y + (0.65 if turn else -0.65), 3), turn + 180.0)
    yield from list(_along(site, "cabinet", "w", 1.0, (0.9, 0.45)))[:4]
    yield from _corner_plants(site)


def _corner_plants(site: Site) -> Iterator[Spot]:
    for x in (site.x0 + 0.5, site.x1 - 0.5):
        for y in (site.y0 + 0.5, site.y1 - 0.5):
            yield from _fit_one(site, "plant", x, y, 0.0, 0.4)


def _lounge(site: Site) -> Iterator[Spot]:
    for x, y in _grid(site, (3.2, 3.4), (2.0, 2.6), (0.3, 0.3)):
        yield Spot("coffee_table", x, y)
        yield Spot("sofa", x, round(y + 1.05, 3), 0.0)
        yield Spot("sofa", x, round(y - 1.05, 3), 180.0)
    yield from _corner_plants(site)


def _cafe(site: Site) -> Iterator[Spot]:
    for x, y in _grid(site, (2.3, 2.1), (1.5, 1.5)):
        yield Spot("cafe_table", x, y)
        for dx, turn in ((-0.62, 90.0), (0.62, 270.0)):
            yield Spot("cafe_chair", round(x + dx, 3), y, turn)
    yield from _corner_plants(site)


def _library(site: Site) -> Iterator[Spot]:
    """Stacks across the deep side, tables with chairs along the windows."""
    half = (site.y0 + site.y1) / 2
    for x, y in _grid(site, (2.0, 2.5), (0.62, 2.42), (1.2, 1.6)):
        if y > half:
            yield Spot("bookshelf", x, y, 90.0)
    for x, y in _grid(site, (4.0, 2.6), (2.4, 2.2), (1.0, 0.8)):
        if y < half - 0.6:
            yield Spot("reading_table", x, y)
            yield from _seats_round(x, y, "cafe_chair", 0.8, (-0.7, 0.7))


def _seats_round(x: float, y: float, piece: str, off: float, along: tuple[float, ...]) -> Iterator[Spot]:
    for dx in along:
        yield Spot(piece, round(x + dx, 3), round(y - off, 3), 180.0)
        yield Spot(piece, round(x + dx, 3), round(y + off, 3), 0.0)


def _meeting(site: Site) -> Iterator[Spot]:
    for x, y in _grid(site, (7.0, 4.6), (5.0, 2.8), (0.8, 1.4)):
        yield Spot("meeting_table", x, y)
        yield from _seats_round(x, y, "office_chair", 1.1, (-1.8, -0.9, 0.0, 0.9, 1.8))
    yield from _corner_plants(site)


def _art(site: Site) -> Iterator[Spot]:
    for k, (x, y) in enumerate(_grid(site, (2.6, 2.4), (2.0, 1.8))):
        if k % 3 == 2:
            yield Spot("easel", x, y, 90.0 * (k % 4))
        else:
            yield Spot("work_table", x, y)
            yield from _seats_round(x, y, "chair", 0.75, (-0.5, 0.5))


def _music(site: Site) -> Iterator[Spot]:
    name = site.spec.key
    piece = (
        "piano" if "piano" in name else "zither" if "guzheng" in name else "drums" if "band" in name else ""
    )
    if piece:
        for x, y in _grid(site, (2.4, 2.6), (1.7, 2.0), (0.9, 1.2)):
            yield Spot(piece, x, y)
        return
    for x, y in _grid(site, (0.9, 1.1), (0.5, 0.6), (1.2, 2.4)):
        yield Spot("chair", x, y)
    yield from _fit_one(
        site,
        "grand_piano",
        (site.x0 + site.x1) / 2,
        site.y1 - 1.6 if _door_side(site) == "s" else site.y0 + 1.6,
        0.0,
        0.9,
    )


def _dance(site: Site) -> Iterator[Spot]:
    for side in "we":
        yield from _along(site, "mirror_barre", side, 2.95, (2.9, 0.3))


def _gym(site: Site) -> Iterator[Spot]:
    rows = ("treadmill", "treadmill", "bike", "bike", "power_rack", "power_rack")
    for x, y in _grid(site, (1.75, 2.35), (1.4, 1.9), (0.8, 0.8)):
        row = int((y - site.y0) / 2.4)
        yield Spot(rows[row % len(rows)], x, y, 180.0)
    yield from _along(site, "dumbbells", "n", 2.4, (2.2, 0.6))


def _studio(site: Site) -> Iterator[Spot]:
    for x, y in _grid(site, (1.4, 1.6), (0.6, 1.2), (1.2, 1.2)):
        yield Spot("bike", x, y)


def _table_tennis(site: Site) -> Iterator[Spot]:
    for x, y in _grid(site, (6.6, 4.2), (4.6, 2.8), (0.4, 0.4)):
        yield Spot("table_tennis", x, y)
        if _fits(site, x, y + 2.0, 1.1, 0.2):
            yield Spot("barrier", x, round(y + 2.0, 3))


def _changing(site: Site) -> Iterator[Spot]:
    for side in "sn":
        yield from _along(site, "lockers", side, 1.85, (1.8, 0.5))
    for x, y in _grid(site, (1.85, 2.9), (1.8, 1.2), (1.0, 1.5)):
        yield Spot("lockers", x, round(y + 0.3, 3))
        yield Spot("long_bench", x, round(y - 0.5, 3))


def _toilet(site: Site) -> Iterator[Spot]:
    """Cubicles along the north wall, basins (and urinals for men) along the south wall."""
    for spot in _along(site, "wc", "n", 1.0, (0.95, 0.7)):
        yield spot
        yield Spot("stall", spot.x, spot.y, spot.turn)
    south = list(_along(site, "basins", "s", 1.7, (1.6, 0.6)))
    yield from south[:2]
    if site.spec.function == "toilet_men" and south:
        limit = max(s.x for s in south[:2]) + 0.9
        yield from (s for s in _along(site, "urinal", "s", 0.75, (0.7, 0.6)) if s.x - 0.4 > limit)


def _accessible_toilet(site: Site) -> Iterator[Spot]:
    yield from list(_along(site, "wc", "n", 1.0, (0.95, 0.7)))[:1]
    yield from list(_along(site, "basins", "s", 1.7, (1.6, 0.6)))[:1]


def _exhibition(site: Site) -> Iterator[Spot]:
    for k, (x, y) in enumerate(_grid(site, (3.8, 3.0), (3.0, 1.2), (1.0, 1.2))):
        yield Spot("panel_wall" if k % 2 else "showcase", x, y, 0.0)


def _storage(site: Site) -> Iterator[Spot]:
    for x, y in _grid(site, (2.1, 1.9), (2.0, 0.6), (0.5, 0.5)):
        yield Spot("shelf", x, y)


def _servers(site: Site) -> Iterator[Spot]:
    for x, y in _grid(site, (0.62, 2.2), (0.6, 1.0), (0.9, 0.8)):
        yield Spot("rack", x, y)


def _control(site: Site) -> Iterator[Spot]:
    yield Spot("video_wall", (site.x0 + site.x1) / 2, site.y1 - 0.35)
    for dy in (2.6, 4.2):
        y = round(site.y1 - dy, 3)
        yield Spot("console", round((site.x0 + site.x1) / 2, 3), y)
        for dx in (-0.7, 0.7):
            yield Spot("office_chair", round((site.x0 + site.x1) / 2 + dx, 3), round(y - 0.8, 3), 180.0)


def _theatre(site: Site) -> Iterator[Spot]:
    """Fifteen rows rising to the west, seats 0.55 m apart, two aisles; they look at the stage in the east."""
    for row in range(THEATRE_ROWS):
        x, z = theatre_row(row)
        for y in np.arange(site.y0 + 1.4, site.y1 - 1.2, 0.56):
            aisle = any(abs(float(y) - (site.y0 + site.deep * t)) < 0.6 for t in (0.3, 0.7))
            if not aisle:
                yield Spot("theatre_seat", round(x, 3), round(float(y), 3), 90.0, z)


THEATRE_ROWS = 15


def theatre_row(row: int) -> tuple[float, float]:
    """Place along x and height of the floor of a row of the theatre, m; row 0 is next to the stage."""
    return 105.4 - 0.88 * row, round(0.2 * row, 3)


STAND_ROWS = 5


def stand_row(row: int) -> tuple[float, float]:
    """Place along y and height of the floor of a row of the basketball stand, m; row 0 is the lowest."""
    return 20.3 + 0.85 * row, round(0.42 * (row + 1), 3)


def _basketball(_site: Site) -> Iterator[Spot]:
    for row in range(STAND_ROWS):
        y, z = stand_row(row)
        for x in np.arange(3.0, 30.8, 0.5):
            if min(abs(float(x) - a) for a in (9.9, 16.9, 23.9)) > 0.62:
                yield Spot("stand_seat", round(float(x), 3), y, 0.0, z)
    # The board's face is 1.2 m inside the end line (FIBA art. 3): over x = 4.0 and 29.6 here.
    yield Spot("hoop", 4.0, 9.6, 90.0)
    yield Spot("hoop", 29.6, 9.6, 270.0)


def _lobby(site: Site) -> Iterator[Spot]:
    yield Spot("reception", 67.2, 21.0)
    yield Spot("office_chair", 66.2, 20.4)
    yield Spot("office_chair", 68.2, 20.4)
    for x, y, turn in ((61.0, 13.0, 90.0), (61.0, 31.5, 90.0), (73.4, 31.5, 270.0), (73.4, 27.0, 270.0)):
        yield from _fit_one(site, "sofa", x, y, turn, 0.9)
        yield from _fit_one(site, "coffee_table", x + (1.2 if turn < 180 else -1.2), y, 0.0, 0.5)
    yield from (Spot("plant", x, y) for x in (59.6, 74.8) for y in (10.4, 22.4, 40.0))


RULES: dict[str, Rule] = {
    "training_room": _classroom,
    "office": _office,
    "lounge": _lounge,
    "cafe": _cafe,
    "canteen": _cafe,
    "library": _library,
    "meeting_room": _meeting,
    "art_room": _art,
    "music_room": _music,
    "dance_room": _dance,
    "rehearsal_room": _dance,
    "fitness": _gym,
    "fitness_studio": _studio,
    "table_tennis_hall": _table_tennis,
    "changing_room_men": _changing,
    "changing_room_women": _changing,
    "dressing_room": _changing,
    "toilet_men": _toilet,
    "toilet_women": _toilet,
    "toilet_accessible": _accessible_toilet,
    "exhibition_hall": _exhibition,
    "gallery": _exhibition,
    "storage": _storage,
    "server_room": _servers,
    "control_room": _control,
    "theatre": _theatre,
    "basketball_hall": _basketball,
    "lobby": _lobby,
    "shop": _exhibition,
    "foyer": _lounge,
    "first_aid": _office,
    "nursing_room": _lounge,
    "health_check": _office,
    "workshop": _storage,
    "multifunction_hall": _meeting,
}
