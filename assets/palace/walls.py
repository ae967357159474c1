"""Writes walls, their openings, doors and windows, curtain walls and gallery railings, storey by storey."""

from __future__ import annotations

from assets.palace import facade
from assets.palace.facade import Grid
from assets.palace.ifc_writer import Entity, Extrusion, Frame, IfcWriter, Part, TypeHandle, rectangle
from assets.palace.joinery import DOOR_NAMES, Joinery, slab
from assets.palace.layout import SLAB
from assets.palace.shapes import DoorSpec, StoreySpec
from assets.palace.wall_plan import Edge, edges

WALL_TYPES: dict[str, tuple[str, str, str, str, tuple[tuple[str, float], ...], str]] = {
    "partition": (
        "加气混凝土隔墙200",
        "Aerated concrete partition 200",
        "PARTITIONING",
        "plaster",
        (("抹灰", 0.015), ("加气混凝土砌块", 0.17), ("抹灰", 0.015)),
        "1h",
    ),
    "core": (
        "钢筋混凝土核心墙200",
        "Concrete core wall 200",
        "SHEAR",
        "plaster_warm",
        (("钢筋混凝土", 0.2),),
        "2h",
    ),
    "punched": (
        "花岗岩外墙300",
        "Granite outer wall 300",
        "SOLIDWALL",
        "granite",
        (("花岗岩干挂", 0.03), ("岩棉", 0.07), ("加气混凝土砌块", 0.2)),
        "2h",
    ),
    "band": (
        "红砖外墙300",
        "Brick outer wall 300",
        "SOLIDWALL",
        "brick",
        (("清水红砖", 0.06), ("岩棉", 0.07), ("钢筋混凝土", 0.17)),
        "2h",
    ),
    "blind": (
        "花岗岩实墙300",
        "Blind granite wall 300",
        "SOLIDWALL",
        "granite",
        (("花岗岩干挂", 0.03), ("岩棉", 0.07), ("加气混凝土砌块", 0.2)),
        "2h",
    ),
    "retaining": (
        "地下室外墙300",
        "Retaining wall 300",
        "SHEAR",
        "concrete",
        (("钢筋混凝土", 0.25), ("防水保护层", 0.05)),
        "3h",
    ),
}
TURNS = {("x", -1): 0.0, ("x", 1): 180.0, ("y", 1): 90.0, ("y", -1): 270.0, ("x", 0): 0.0, ("y", 0): 90.0}
# Height from the basement's floor to the underside of the pool's tank, m.
POOL_CLEAR = 3.05
WINDOWS = {"punched": (1.8, 2.5, 0.7, 2.8), "band": (2.6, 1.2, 2.5, 4.2)}


class Walls:
    """Writes the walls of all storeys; `joinery` holds the types that fill them."""

    def __init__(self, writer: IfcWriter, joinery: Joinery) -> None:
        self.writer = writer
        self.joinery = joinery
        self.types = {key: self._wall_type(key) for key in WALL_TYPES}
        self.curtain_type = writer.type(
            "IfcCurtainWallType",
            "curtain",
            "明框玻璃幕墙",
            predefined="NOTDEFINED",
            name_en="Glass curtain wall",
        )
        self.counter = 0

    def _wall_type(self, key: str) -> TypeHandle:
        zh, en, predefined, _, layers, _ = WALL_TYPES[key]
        material = self.writer.layers(zh, layers)
        return self.writer.type(
            "IfcWallType", f"wall/{key}", zh, predefined=predefined, name_en=en, material=material
        )

    def storey(self, spec: StoreySpec) -> None:
        """Everything that stands on the wall lines of a storey."""
        for edge in (p for e in edges(self.writer.layout, spec.key) for p in facade.pieces(e)):
            kind = facade.kind_of(edge)
            self.counter += 1
            key = f"{edge.storey}/{edge.axis}{edge.at:g}/{edge.low:g}"
            if kind in ("curtain", "fins", "glazed"):
                self._curtain(edge, spec, kind, key)
            elif kind == "railing":
                railing(
                    self.writer, f"rail/{key}", _frame(edge, edge.low, spec.elevation), edge.length, spec.key
                )
            elif kind in WALL_TYPES:
                self._wall(edge, spec, kind, key)
            else:
                for door in edge.doors:
                    self._door(door, edge, None)

    # -- solid walls -------------------------------------------------------------------------------

    def _wall(self, edge: Edge, spec: StoreySpec, kind: str, key: str) -> None:
        zh, _, _, finish, _, fire = WALL_TYPES[kind]
        height = _wall_height(edge, spec)
        wall = self.writer.element(
            "IfcWall",
            f"wall/{key}",
            f"{zh} {edge.storey}-{self.counter}",
            Frame(0, 0, spec.elevation),
            spec.key,
            type=self.types[kind],
            parts=[Part(Extrusion(_footprint(edge), height), finish)],
            psets={
                "Pset_WallCommon": {
                    "Reference": zh,
                    "IsExternal": edge.exterior,
                    "FireRating": fire,
                    "LoadBearing": kind in ("core", "retaining"),
                    "ThermalTransmittance": (
                        "IfcThermalTransmittanceMeasure",
                        0.55 if edge.exterior else 1.8,
                    ),
                }
            },
        )
        self.writer.quantities(wall, "Qto_WallBaseQuantities", Length=edge.length, Height=height)
        for door in edge.doors:
            self._door(door, edge, wall)
        if kind in WINDOWS and edge.storey != "B1":
            self._windows(edge, spec, kind, wall, key)

    def _windows(self, edge: Edge, spec: StoreySpec, kind: str, wall: Entity, key: str) -> None:
        width, height, sill, pitch = WINDOWS[kind]
        for i, low in enumerate(facade.window_places(edge, width, pitch)):
            z = spec.elevation + sill
            hole = Extrusion(rectangle(0, -0.5, width, 0.5), height)
            opening = self.writer.opening(
                wall, f"window/{key}/{i}", _frame(edge, low, z, width), spec.key, hole
            )
            window = self.writer.element(
                "IfcWindow",
                f"window/{key}/{i}",
                f"窗 {edge.storey}-{self.counter}-{i + 1}",
                _frame(edge, low, z, width),
                spec.key,
                type=self.joinery.window(width, height),
                predefined="WINDOW",
                attributes={"OverallWidth": width, "OverallHeight": height},
                psets={"Pset_WindowCommon": {"IsExternal": True, "Reference": "LC"}},
            )
            self.writer.fill(opening, window, f"window/{key}/{i}")
            if kind == "punched":
                self._brick_panel(edge, low, z, width, height, f"{key}/{i}", spec)

    def _brick_panel(
        self, edge: Edge, low: float, z: float, width: float, height: float, key: str, spec: StoreySpec
    ) -> None:
        """A brick panel beside the window, on alternate sides from storey to storey."""
        side = low - 0.62 if int(spec.key[1]) % 2 else low + width + 0.04
        if side < edge.low + 0.05 or side + 0.58 > edge.high - 0.05:
            return
        at = _frame(edge, side, z, 0.58, offset=0.2)
        self.writer.element(
            "IfcCovering",
            f"panel/{key}",
            "红砖饰面板",
            at,
            spec.key,
            type=self.joinery.panel(0.58, height - 0.1, "brick"),
            predefined="CLADDING",
        )

    # -- doors -------------------------------------------------------------------------------------

    def _door(self, door: DoorSpec, edge: Edge, wall: Entity | None) -> None:
        along = door.x if edge.axis == "x" else door.y
        frame = _frame(edge, along - door.width / 2, door.z, door.width)
        opening = None
        if wall is not None:
            hole = Extrusion(rectangle(0, -0.5, door.width, 0.5), door.height)
            opening = self.writer.opening(wall, f"door/{door.key}", frame, door.storey, hole)
        if door.kind == "opening":
            return
        made = self.writer.element(
            "IfcDoor",
            f"door/{door.key}",
            f"{DOOR_NAMES[door.kind][0]} {door.number}",
            frame,
            door.storey,
            type=self.joinery.door(door.kind, door.width, door.height),
            tag=door.number,
            predefined="DOOR",
            name_en=f"{DOOR_NAMES[door.kind][1]} {door.number}",
            attributes={"OverallWidth": door.width, "OverallHeight": door.height},
            psets={"Pset_DoorCommon": _door_facts(door, edge)},
        )
        if opening is not None:
            self.writer.fill(opening, made, f"door/{door.key}")

    # -- glass -------------------------------------------------------------------------------------

    def _curtain(self, edge: Edge, spec: StoreySpec, kind: str, key: str) -> None:
        grid = facade.curtain_grid(edge, spec.height, 2.1 if kind == "glazed" else 1.4)
        wall = self.writer.element(
            "IfcCurtainWall",
            f"curtain/{key}",
            f"玻璃幕墙 {edge.storey}-{self.counter}",
            Frame(0, 0, spec.elevation),
            spec.key,
            type=self.curtain_type,
            predefined="NOTDEFINED",
            psets={"Pset_CurtainWallCommon": {"IsExternal": edge.exterior, "Reference": "MQ"}},
        )
        self._bars(edge, grid, wall, spec, key)
        self._panes(edge, grid, wall, spec, key)
        if kind == "fins":
            self._fins(edge, wall, spec, key)
        for door in edge.doors:
            self._door(door, edge, None)

    def _bars(self, edge: Edge, grid: Grid, wall: Entity, spec: StoreySpec, key: str) -> None:
        height = grid.zs[-1]
        deep = 0.16 if edge.exterior else 0.09
        upright = self.joinery.bar(round(height, 3), True, deep=deep)
        for i, x in enumerate(grid.xs):
            at = _frame(edge, edge.low + x, spec.elevation, 0)
            self.writer.element(
                "IfcMember",
                f"mullion/{key}/{i}",
                "幕墙竖梃",
                at,
                spec.key,
                type=upright,
                predefined="MULLION",
                whole=wall,
            )
        transom = self.joinery.bar(round(edge.length, 3), False, deep=deep)
        for j, z in enumerate(grid.zs):
            if j == 0 and grid.gaps:
                continue
            at = _frame(edge, edge.low, spec.elevation + min(max(z, 0.03), height - 0.03), edge.length)
            self.writer.element(
                "IfcMember",
                f"transom/{key}/{j}",
                "幕墙横梃",
                at,
                spec.key,
                type=transom,
                predefined="MULLION",
                whole=wall,
            )

    def _panes(self, edge: Edge, grid: Grid, wall: Entity, spec: StoreySpec, key: str) -> None:
        for i, (x0, x1) in enumerate(zip(grid.xs, grid.xs[1:], strict=False)):
            if x1 - x0 < 0.05:
                continue
            door_below = any(abs(x0 - a) < 1e-3 and abs(x1 - b) < 1e-3 for a, b in grid.gaps)
            for j, finish in enumerate(grid.finishes):
                if j == 0 and door_below:
                    continue
                z0, z1 = grid.zs[j], grid.zs[j + 1]
                at = _frame(edge, edge.low + x0, spec.elevation + z0, x1 - x0)
                self.writer.element(
                    "IfcPlate",
                    f"pane/{key}/{i}/{j}",
                    "幕墙玻璃",
                    at,
                    spec.key,
                    predefined="CURTAIN_PANEL",
                    type=self.joinery.pane(round(x1 - x0, 3), round(z1 - z0, 3), finish),
                    whole=wall,
                )

    def _fins(self, edge: Edge, wall: Entity, spec: StoreySpec, key: str) -> None:
        count = round(edge.length / 0.7)
        for i in range(count):
            along = edge.low + edge.length * (i + 0.5) / count
            self.writer.element(
                "IfcMember",
                f"fin/{key}/{i}",
                "陶土竖向遮阳",
                _frame(edge, along, spec.elevation, 0),
                spec.key,
                type=self.joinery.fin(spec.height),
                predefined="MEMBER",
                whole=wall,
            )


def railing(
    writer: IfcWriter, key: str, at: Frame, length: float, container: str, name: str = "玻璃栏杆"
) -> Entity:
    """A glass railing along +x of the frame: posts, pane, handrail; 1.1 m high."""
    posts = max(2, round(length / 1.5) + 1)
    places = [i * (length - 0.05) / (posts - 1) for i in range(posts)]
    uprights = [Part(slab(x, -0.025, 0, x + 0.05, 0.025, 1.06), "railing") for x in places]
    return writer.element(
        "IfcRailing",
        key,
        name,
        at,
        container,
        predefined="GUARDRAIL",
        name_en="Glass railing",
        parts=[
            *uprights,
            Part(slab(0, -0.03, 1.06, length, 0.03, 1.1), "railing"),
            Part(slab(0.02, -0.008, 0.08, length - 0.02, 0.008, 1.04), "glass_clear"),
        ],
        psets={"Pset_RailingCommon": {"Height": ("IfcPositiveLengthMeasure", 1.1), "IsExternal": False}},
    )


def _wall_height(edge: Edge, spec: StoreySpec) -> float:
    """Up to the next floor outside, to its slab inside; walls under the pool stop at its tank."""
    if edge.exterior or edge.between_halls:
        return spec.height
    return POOL_CLEAR if facade.under_pool(edge) else spec.height - SLAB


def _footprint(edge: Edge) -> tuple[tuple[float, float], ...]:
    low, high = edge.band
    if edge.axis == "x":
        return rectangle(edge.start, low, edge.stop, high)
    return rectangle(low, edge.start, high, edge.stop)


def _frame(edge: Edge, along: float, z: float, width: float = 0.0, offset: float = 0.0) -> Frame:
    """A frame on the wall line whose x spans along..along+width and whose -y looks outside.

    `offset` shifts it outwards from the line, m.
    """
    turn = TURNS[edge.axis, edge.outward]
    # Turned by 180 or 270 degrees, x runs against the axis: start from the other end.
    start = along + width if turn >= 180 else along
    across = edge.at + offset * edge.outward
    return Frame(start, across, z, turn) if edge.axis == "x" else Frame(across, start, z, turn)


def _door_facts(door: DoorSpec, edge: Edge) -> dict[str, bool | str]:
    fire = door.kind.startswith("fire")
    return {
        "Reference": door.kind,
        "IsExternal": edge.exterior,
        "FireExit": fire and (door.space_b is None or "stair" in door.space_a),
        "HandicapAccessible": door.kind not in {"roller"} and door.width >= 1.0,
        "FireRating": "1h" if fire else "",
        "SecurityRating": "access-controlled" if fire else "",
    }
