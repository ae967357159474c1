"""Surface finishes of the palace: sRGB colour, transparency, roughness, and whether it is metal or glass.

The house's colours are those of Minnan building: pale warm granite, brick red, terracotta, dark tile.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finish:
    """A surface: `rgb` (sRGB 0..1), `transparency` (0 opaque), `roughness` 0..1, reflectance `method`."""

    name: str
    rgb: tuple[float, float, float]
    transparency: float = 0.0
    roughness: float = 0.8
    method: str = "MATT"


def _hex(code: str) -> tuple[float, float, float]:
    return (int(code[0:2], 16) / 255, int(code[2:4], 16) / 255, int(code[4:6], 16) / 255)


# Rows of names and colours read better unwrapped.
# ruff: noqa: E501


def _matt(**codes: str) -> list[Finish]:
    return [Finish(name, _hex(code)) for name, code in codes.items()]


def _metal(**codes: str) -> list[Finish]:
    return [Finish(name, _hex(code), 0.0, 0.4, "METAL") for name, code in codes.items()]


def _glass(transparency: float, **codes: str) -> list[Finish]:
    return [Finish(name, _hex(code), transparency, 0.08, "GLASS") for name, code in codes.items()]


PALETTE: dict[str, Finish] = {
    finish.name: finish
    for finish in [
        *_matt(
            granite="dcd0bd", granite_dark="b9a88f", granite_light="e9e1d3", brick="ab6853", brick_dark="8c5343",
            terracotta="bd8368", tile="a0614e", tile_ridge="7c4b3c", plaster="f1ede4", plaster_warm="eae0d0",
            concrete="b9b6b0", concrete_dark="8f8d89", screed="c9c6c0", asphalt="55565a", epoxy="9aa3a5",
            epoxy_green="7fa08c", white="f6f6f4", line_white="fbfbfa", line_yellow="e8c24a", ceiling="f4f2ed",
            wood="c99b66", wood_dark="8a5f3c", wood_light="dcb98a", sport_wood="d8a566", sport_green="5d9a80",
            sport_blue="5480a8", sport_red="b5685a", carpet="7b6a63", carpet_red="8f3f3a", carpet_blue="4f6479",
            stone_floor="d8d0c2", stone_floor_dark="b7aa97", pool_tile="8fd0dc", deck_tile="dfe3de",
            paving="cfc6b6", paving_dark="a79c8b", paving_red="b5765a", grass="a3b387", soil="7a6650",
            leaf="7b9a66", leaf_dark="66875c", leaf_light="9bb076", blossom="c9695a", trunk="7b5f49",
            fabric_red="a63d38", fabric_blue="3f648c", fabric_grey="80858a", fabric_green="5b8a72",
            fabric_orange="d58143", black="2b2c2e", rubber="3a3b3d", book_red="9c4a3f", book_blue="46688a",
            book_green="5c7f62", book_sand="c7ad83", paper="efe8da", door_wood="a9794f", door_fire="9c5546",
            screen="1d232b", skin="d9b79a",
            lamp="fff3d6", signal_green="218c5c", signal_red="bf211c", signal_orange="e67a21",
            signal_yellow="f2c42e", device_blue="29619e", device_teal="338c94", pv_cell="121d3d", copper="ad6b40",
            pipe_green="3f8f5f", pipe_blue="3b78b5", pipe_cyan="4fa7b8", pipe_red="b8322a", pipe_purple="7b6aa6",
            tray_orange="c98a4a", duct_return="a9b4a8", duct_exhaust="b7a58f",
        ),
        *_metal(
            duct="c4c9cd", tray="a3a9ad",
            steel="b7bcc0", steel_dark="5c6166", aluminium="cfd3d6", bronze="8d6f4e", mullion="4a4e52",
            railing="7f858a", chrome="dfe3e6", car_white="eef0f1", car_silver="b9bec3", car_red="a8352f",
            car_blue="35557f", car_black="33363a", car_green="5f8f86", gold="c9a45a",
        ),
        *_glass(0.62, glass="a9cbd2", glass_clear="c3dde0"),
        *_glass(0.45, glass_roof="9cc3cd", glass_frit="c9dad8"),
        *_glass(0.35, water="4fb3cf", water_feature="5aa7bd"),
        Finish("space", _hex("9fc6e8"), 0.85, 0.9, "GLASS"),
    ]
}  # fmt: skip
