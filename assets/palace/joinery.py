"""Types that fill walls: doors, windows, panes and mullions, with mapped geometry.

In a type's own frame x runs along the wall from 0, y across it (outside or the approach side at negative
y), z up from the floor or sill; metres.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assets.palace.devices_mesh import Mesh, box, joined
from assets.palace.ifc_writer import IfcWriter, Part, TypeHandle

FRAME = 0.06
DOOR_NAMES = {
    "single": ("单扇木门", "Single timber door"),
    "double": ("双扇木门", "Double timber door"),
    "glass": ("单扇玻璃门", "Single glass door"),
    "glass_double": ("双扇玻璃门", "Double glass door"),
    "fire": ("单扇防火门", "Single fire door"),
    "fire_double": ("双扇防火门", "Double fire door"),
    "roller": ("卷帘门", "Roller shutter"),
    "lift": ("电梯层门", "Lift landing door"),
}
OPERATIONS = {
    "single": "SINGLE_SWING_LEFT",
    "glass": "SINGLE_SWING_LEFT",
    "fire": "SINGLE_SWING_RIGHT",
    "roller": "ROLLINGUP",
    "lift": "DOUBLE_DOOR_SLIDING",
}


def slab(x0: float, y0: float, z0: float, x1: float, y1: float, z1: float) -> Mesh:
    """An axis-parallel box between two corners."""
    return box((x1 - x0, y1 - y0, z1 - z0), ((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2))


def frame_of(width: float, height: float, depth: float, bar: float, sill: bool = False) -> Mesh:
    """Jambs and head (and sill) around an opening."""
    half = depth / 2
    bars = [
        slab(0, -half, 0, bar, half, height),
        slab(width - bar, -half, 0, width, half, height),
        slab(bar, -half, height - bar, width - bar, half, height),
    ]
    if sill:
        bars.append(slab(bar, -half, 0, width - bar, half, bar))
    return joined(bars)


def _leaf_ends(width: float, leaves: int) -> list[tuple[float, float]]:
    clear = width - 2 * FRAME
    step = clear / leaves
    return [(FRAME + i * step + 0.006, FRAME + (i + 1) * step - 0.006) for i in range(leaves)]


def _timber_leaf(x0: float, x1: float, height: float, finish: str, hinge_left: bool) -> list[Part]:
    top = height - FRAME - 0.005
    grip = x1 - 0.09 if hinge_left else x0 + 0.09
    handles = joined(
        [slab(grip - 0.06, y - 0.012, 1.0, grip + 0.06, y + 0.012, 1.025) for y in (-0.06, 0.06)]
    )
    sight = slab((x0 + x1) / 2 - 0.1, -0.028, 1.25, (x0 + x1) / 2 + 0.1, 0.028, 1.85)
    kick = slab(x0 + 0.03, -0.027, 0.04, x1 - 0.03, 0.027, 0.22)
    return [
        Part(slab(x0, -0.025, 0.01, x1, 0.025, top), finish),
        Part(joined([handles, kick]), "steel"),
        Part(sight, "glass"),
    ]


def _glass_leaf(x0: float, x1: float, height: float, hinge_left: bool) -> list[Part]:
    top = height - FRAME - 0.005
    rails = joined(
        [
            slab(x0, -0.025, 0.01, x1, 0.025, 0.11),
            slab(x0, -0.025, top - 0.07, x1, 0.025, top),
            slab(x0, -0.025, 0.11, x0 + 0.05, 0.025, top - 0.07),
            slab(x1 - 0.05, -0.025, 0.11, x1, 0.025, top - 0.07),
        ]
    )
    grip = x1 - 0.1 if hinge_left else x0 + 0.1
    bars = joined([slab(grip - 0.015, y - 0.015, 0.8, grip + 0.015, y + 0.015, 1.4) for y in (-0.055, 0.055)])
    pane = slab(x0 + 0.05, -0.008, 0.11, x1 - 0.05, 0.008, top - 0.07)
    return [Part(rails, "mullion"), Part(bars, "chrome"), Part(pane, "glass_clear")]


def door_parts(kind: str, width: float, height: float) -> list[Part]:
    """A door's geometry by kind: frame, leaves, handles."""
    if kind == "lift":
        return _lift_door(width, height)
    if kind == "roller":
        slats = [
            slab(0.05, -0.03, z / 10, width - 0.05, 0.03, z / 10 + 0.09) for z in range(int(height * 10) - 2)
        ]
        return [Part(frame_of(width, height, 0.34, 0.08), "steel_dark"), Part(joined(slats), "aluminium")]
    leaves = 2 if kind.endswith("double") else 1
    ends = _leaf_ends(width, leaves)
    frame = "mullion" if kind.startswith("glass") else "door_fire" if kind.startswith("fire") else "wood_dark"
    parts = [Part(frame_of(width, height, 0.24, FRAME), frame)]
    for i, (x0, x1) in enumerate(ends):
        if kind.startswith("glass"):
            parts += _glass_leaf(x0, x1, height, i == 0)
        else:
            finish = "door_fire" if kind.startswith("fire") else "door_wood"
            parts += _timber_leaf(x0, x1, height, finish, i == 0)
    return parts


def _lift_door(width: float, height: float) -> list[Part]:
    half = width / 2
    leaves = joined(
        [
            slab(0.04, -0.02, 0, half - 0.004, 0.02, height),
            slab(half + 0.004, -0.02, 0, width - 0.04, 0.02, height),
        ]
    )
    return [Part(frame_of(width, height, 0.26, 0.05), "steel_dark"), Part(leaves, "chrome")]


class Joinery:
    """The types, made on first use and shared by all occurrences of a size."""

    def __init__(self, writer: IfcWriter) -> None:
        self.writer = writer
        self._types: dict[tuple[object, ...], TypeHandle] = {}

    def door(self, kind: str, width: float, height: float) -> TypeHandle:
        """The door type of a kind and size."""
        zh, en = DOOR_NAMES[kind]
        operation = OPERATIONS.get(kind, "DOUBLE_DOOR_SINGLE_SWING")
        return self._once(
            ("door", kind, width, height),
            "IfcDoorType",
            f"{zh} {width * 1000:.0f}×{height * 1000:.0f}",
            lambda: door_parts(kind, width, height),
            predefined="DOOR",
            name_en=en,
            attributes={"OperationType": operation},
        )

    def window(self, width: float, height: float, finish: str = "mullion") -> TypeHandle:
        """A casement window: frame, centre mullion, transom, two panes and a stone sill outside."""

        def parts() -> list[Part]:
            bars = joined(
                [
                    frame_of(width, height, 0.12, 0.06, sill=True),
                    slab(width / 2 - 0.03, -0.05, 0.06, width / 2 + 0.03, 0.05, height - 0.06),
                    slab(0.06, -0.05, height * 0.72, width - 0.06, 0.05, height * 0.72 + 0.05),
                ]
            )
            pane = slab(0.06, -0.01, 0.06, width - 0.06, 0.01, height - 0.06)
            sill = slab(-0.08, -0.3, -0.08, width + 0.08, -0.02, 0.0)
            return [Part(bars, finish), Part(pane, "glass"), Part(sill, "granite_light")]

        return self._once(
            ("window", width, height, finish),
            "IfcWindowType",
            f"铝合金窗 {width * 1000:.0f}×{height * 1000:.0f}",
            parts,
            predefined="WINDOW",
            name_en="Aluminium window",
            attributes={"PartitioningType": "DOUBLE_PANEL_VERTICAL"},
        )

    def pane(self, width: float, height: float, finish: str) -> TypeHandle:
        """A curtain wall's pane."""
        opaque = not finish.startswith("glass")
        return self._once(
            ("pane", width, height, finish),
            "IfcPlateType",
            f"{'层间板' if opaque else '幕墙玻璃'} {width * 1000:.0f}×{height * 1000:.0f}",
            lambda: [Part(slab(0, -0.015, 0, width, 0.015, height), finish)],
            predefined="CURTAIN_PANEL",
            name_en="Spandrel panel" if opaque else "Glass pane",
        )

    def bar(self, length: float, upright: bool, finish: str = "mullion", deep: float = 0.16) -> TypeHandle:
        """A mullion (upright) or a transom of a curtain wall."""
        size = (
            (-0.03, -deep / 2, 0, 0.03, deep / 2, length)
            if upright
            else (0, -deep / 2.6, -0.03, length, deep / 2.6, 0.03)
        )
        return self._once(
            ("bar", length, upright, finish, deep),
            "IfcMemberType",
            f"幕墙{'竖' if upright else '横'}梃 {length * 1000:.0f}",
            lambda: [Part(slab(*size), finish)],
            predefined="MULLION",
            name_en="Mullion" if upright else "Transom",
        )

    def fin(self, length: float) -> TypeHandle:
        """A terracotta sun fin, standing off the glass."""
        return self._once(
            ("fin", length),
            "IfcMemberType",
            f"陶土竖向遮阳 {length * 1000:.0f}",
            lambda: [Part(slab(-0.045, -0.62, 0, 0.045, -0.24, length), "terracotta")],
            predefined="MEMBER",
            name_en="Terracotta fin",
        )

    def panel(self, width: float, height: float, finish: str) -> TypeHandle:
        """A cladding panel of bricks in relief: every other course stands forward."""

        def parts() -> list[Part]:
            courses = int(height / 0.2)
            rows = [
                slab(0, -0.05 - 0.03 * (i % 2), i * 0.2, width, 0.0, (i + 1) * 0.2) for i in range(courses)
            ]
            return [Part(joined(rows), finish)]

        return self._once(
            ("panel", width, height, finish),
            "IfcCoveringType",
            f"红砖饰面板 {width * 1000:.0f}×{height * 1000:.0f}",
            parts,
            predefined="CLADDING",
            name_en="Brick panel",
        )

    def _once(
        self, key: tuple[object, ...], cls: str, name: str, parts: Callable[[], list[Part]], **facts: Any
    ) -> TypeHandle:
        if key not in self._types:
            text = "/".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in key)
            self._types[key] = self.writer.type(cls, text, name, parts(), **facts)
        return self._types[key]
