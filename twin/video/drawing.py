"""What a simulated camera sees: the model's surfaces as its rays meet them, people, words. Numpy alone. Pure.

A scene is worked out once from where rays end; a picture is that scene with what is there at a moment.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.video.glyphs import HIGH, text_mask

Floats = NDArray[np.float64]
Rgb = NDArray[np.uint8]

WIDTH, HEIGHT = 640, 360
PANORAMIC_DEG = 180.0
SKY = np.array([150.0, 178.0, 204.0])
LIGHT = np.array([0.35, 0.25, 0.9]) / np.linalg.norm([0.35, 0.25, 0.9])
FLOOR_SLOPE = 0.95
MOST_SPOTS = 400
PERSON_M = 1.7
COLOURS: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("IfcSlab", (176, 170, 160)),
    ("IfcWall", (208, 204, 196)),
    ("IfcCovering", (196, 188, 172)),
    ("IfcDoor", (142, 108, 78)),
    ("IfcWindow", (128, 164, 184)),
    ("IfcPlate", (128, 164, 184)),
    ("IfcCurtainWall", (128, 164, 184)),
    ("IfcColumn", (188, 184, 180)),
    ("IfcStair", (168, 160, 150)),
    ("IfcRailing", (110, 114, 118)),
    ("IfcFurnish", (150, 124, 92)),
    ("IfcSite", (128, 142, 112)),
    ("IfcGeographic", (112, 136, 96)),
)
OTHER = (164, 168, 172)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """An empty scene: rgb (h, w, 3) uint8; `spots` (n, 3), where people may stand: x, y, pixels a metre."""

    rgb: Rgb
    spots: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """From where a scene is seen: `eye` (3,) m, how far it reaches, m, and how wide."""

    eye: Floats
    range_m: float
    fov_deg: float


def rays(width: int, height: int, fov_deg: float, axes: tuple[Floats, Floats, Floats]) -> Floats:
    """The directions of a picture's pixels, (h * w, 3), row by row; `axes`: right, up, forward.

    A camera that sees a half-space or more shows it as a fisheye does, by equal angles, up to 90 degrees.
    """
    right, up, forward = axes
    x = (np.arange(width) + 0.5) / width * 2.0 - 1.0
    y = (1.0 - (np.arange(height) + 0.5) / height * 2.0) * height / width
    across, high = np.meshgrid(x, y)
    if fov_deg >= PANORAMIC_DEG:
        radius = np.hypot(across, high) / (height / width)
        angle = np.minimum(radius, 1.0) * np.pi / 2.0
        turn = np.arctan2(high, across)
        local = np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=-1)
    else:
        reach = np.tan(np.radians(fov_deg) / 2.0)
        local = np.stack([across * reach, high * reach, np.ones_like(across)], axis=-1)
    directions = local @ np.stack([right, up, forward])
    flat = directions.reshape(-1, 3)
    unit: Floats = flat / np.linalg.norm(flat, axis=1)[:, None]
    return unit


def colour_of(ifc_class: str) -> tuple[int, int, int]:
    """The colour of an element's surface, by its class."""
    return next((colour for prefix, colour in COLOURS if ifc_class.startswith(prefix)), OTHER)


def shaded(points: Floats, owners: NDArray[np.int64], colours: Floats, pose: Seen) -> Scene:
    """A scene of what rays met: points (h, w, 3) m, infinite for nothing; owners (h, w), -1 for nothing;
    colours (h, w, 3), of the owners.
    """
    met = owners >= 0
    place = np.where(met[..., None], points, 0.0)
    normal = _normals(place)
    away = np.linalg.norm(place - pose.eye, axis=-1)
    light = 0.45 + 0.55 * np.abs(normal @ LIGHT)
    light *= 1.0 - 0.45 * np.clip(away / (2.0 * pose.range_m), 0.0, 1.0)
    light = np.where(_edges(owners), light * 0.72, light)
    rgb = np.where(met[..., None], colours * light[..., None], SKY)
    return Scene(np.clip(rgb, 0, 255).astype(np.uint8), _spots(met, normal, away, pose.fov_deg))


def _normals(place: Floats) -> Floats:
    """The surface's direction at each pixel, from its neighbours."""
    down = np.gradient(place, axis=0)
    along = np.gradient(place, axis=1)
    normal = np.cross(along, down)
    length = np.linalg.norm(normal, axis=-1, keepdims=True)
    unit: Floats = normal / np.maximum(length, 1e-12)
    return unit


def _edges(owners: NDArray[np.int64]) -> NDArray[np.bool_]:
    edge = np.zeros(owners.shape, dtype=np.bool_)
    edge[:, 1:] |= owners[:, 1:] != owners[:, :-1]
    edge[1:, :] |= owners[1:, :] != owners[:-1, :]
    return edge


def _spots(met: NDArray[np.bool_], normal: Floats, away: Floats, fov_deg: float) -> Floats:
    """Where people may stand: level ground a few metres off, the same ones for the same scene."""
    height, width = met.shape
    level = met & (np.abs(normal[..., 2]) > FLOOR_SLOPE) & (away > 3.0) & (away < 40.0)
    level[: height // 3] = False
    rows, columns = np.nonzero(level)
    if not len(rows) or fov_deg >= PANORAMIC_DEG:
        return np.empty((0, 3))  # seen from above nobody stands upright
    focal = width / 2.0 / np.tan(np.radians(fov_deg) / 2.0)
    chosen = np.random.default_rng(7).permutation(len(rows))[:MOST_SPOTS]
    y, x = rows[chosen], columns[chosen]
    found: Floats = np.stack([x, y, focal / away[y, x]], axis=1).astype(np.float64)
    return found


def people_at(spots: Floats, count: int, time_s: float) -> Floats:
    """Where `count` people stand at a moment, (n, 3) as spots: each goes from spot to spot, a leg in 12 s."""
    if not len(spots):
        return spots
    number = np.arange(min(count, len(spots)))
    leg, part = divmod(time_s / 12.0 + number * 0.37, 1.0)
    now = (number * 31 + leg.astype(np.int64) * 17) % len(spots)
    then = (number * 31 + (leg.astype(np.int64) + 1) * 17) % len(spots)
    where: Floats = spots[now] + (spots[then] - spots[now]) * part[:, None]
    return where


def picture(scene: Scene, words: str, people: Floats) -> Rgb:
    """A picture of a scene: people in it, and a line of words below."""
    rgb = scene.rgb.copy()
    for x, y, scale in sorted(people.tolist(), key=lambda each: each[1]):
        _draw_person(rgb, x, y, scale)
    _draw_words(rgb, words)
    return rgb


def _draw_person(rgb: Rgb, x: float, y: float, scale: float) -> None:
    """Somebody whose feet are at (x, y): a body and a head, dark against whatever is behind."""
    high = max(PERSON_M * scale, 6.0)
    wide = max(0.14 * high, 2.0)
    top, left = int(max(y - high, 0)), int(max(x - wide, 0))
    part = rgb[top : int(y) + 1, left : int(x + wide) + 1]
    if not part.size:
        return
    rows = (np.arange(part.shape[0]) + top - y)[:, None] / high  # -1 at the crown, 0 at the feet
    columns = (np.arange(part.shape[1]) + left - x)[None, :] / wide
    head = ((rows + 0.9) / 0.1) ** 2 + (columns / 0.45) ** 2 <= 1.0
    body = ((rows + 0.4) / 0.42) ** 2 + (columns / 0.9) ** 2 <= 1.0
    part[body] = (58, 72, 92)
    part[head] = (202, 160, 132)


def _draw_words(rgb: Rgb, words: str) -> None:
    height, width = rgb.shape[:2]
    mask = text_mask(words)[:, : width - 16]
    band = rgb[height - HIGH - 8 :]
    band[:] = band // 3
    place = band[4 : 4 + HIGH, 8 : 8 + mask.shape[1]]
    place[mask] = (240, 240, 236)
