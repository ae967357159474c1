"""The words of instructions, in Chinese and English. Each names an object or a distance."""

from __future__ import annotations

from navigation.model import Direction, Label

SHORTEST_TOLD_M = 1.5  # a shorter way to the next instruction is not told

_TURN_ZH: dict[Direction, str] = {
    "straight": "直行",
    "slight_left": "向左前方走",
    "slight_right": "向右前方走",
    "left": "左转",
    "right": "右转",
    "sharp_left": "向左后方转",
    "sharp_right": "向右后方转",
    "back": "掉头",
}
_TURN_EN: dict[Direction, str] = {
    "straight": "go straight on",
    "slight_left": "bear left",
    "slight_right": "bear right",
    "left": "turn left",
    "right": "turn right",
    "sharp_left": "turn sharp left",
    "sharp_right": "turn sharp right",
    "back": "turn round",
}


def metres(distance_m: float) -> int:
    """A distance as people say it: to the metre, from 100 m on to five."""
    return round(distance_m) if distance_m < 100 else round(distance_m / 5) * 5


def depart(start: Label, distance_m: float) -> tuple[str, str]:
    """The first instruction."""
    return _joined(f"从{start.zh}出发", f"Start at {start.en}", "straight", distance_m)


def turn(space: Label, direction: Direction, distance_m: float) -> tuple[str, str]:
    """A turn within a room."""
    zh, en = f"在{space.zh}{_TURN_ZH[direction]}", f"In {space.en}, {_TURN_EN[direction]}"
    return _joined(zh, en, "straight", distance_m)


def door(
    name: Label, entered: Label, leaving: bool, direction: Direction, distance_m: float
) -> tuple[str, str]:
    """A door, and the turn behind it; leaving: it is named after the room that one leaves."""
    zh, en = f"经过{name.zh}", f"Go through {name.en}"
    if leaving:
        zh, en = f"{zh}进入{entered.zh}", f"{en} into {entered.en}"
    return _joined(zh, en, direction, distance_m)


def enter(entered: Label, direction: Direction, distance_m: float) -> tuple[str, str]:
    """An open passage into a room."""
    return _joined(f"进入{entered.zh}", f"Enter {entered.en}", direction, distance_m)


def climb(name: Label, storey: Label, up: bool, direction: Direction, distance_m: float) -> tuple[str, str]:
    """A stair or a ramp; distance_m: from its end on."""
    zh = f"走{name.zh}{'上' if up else '下'}到{storey.zh}"
    en = f"Take {name.en} {'up' if up else 'down'} to {storey.en}"
    return _joined(zh, en, direction, distance_m)


def ride(name: Label, storey: Label, distance_m: float) -> tuple[str, str]:
    """A lift."""
    return _joined(f"乘{name.zh}到{storey.zh}", f"Take {name.en} to {storey.en}", "straight", distance_m)


def arrive(goal: Label) -> tuple[str, str]:
    """The last instruction."""
    return f"到达{goal.zh}", f"You have arrived at {goal.en}"


def _joined(zh: str, en: str, turn_: Direction, distance_m: float) -> tuple[str, str]:
    """The turn behind the object, and the way to the next instruction."""
    if turn_ != "straight":
        zh, en = f"{zh}后{_TURN_ZH[turn_]}", f"{en}, {_TURN_EN[turn_]}"
    if distance_m >= SHORTEST_TOLD_M:
        zh, en = f"{zh}，直行 {metres(distance_m)} 米", f"{en}, walk {metres(distance_m)} m"
    return zh, en
