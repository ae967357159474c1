"""A value as a device or a person wrote it, into the number that a point carries."""

import math
from dataclasses import dataclass

from telemetry_bridge.points import Point
from telemetry_bridge.ports import RefusalCode

SHOWN = 40


@dataclass(frozen=True, slots=True)
class BadValue:
    """A value that a point cannot take: a code for programs, a reason for people."""

    code: RefusalCode
    reason: str


def number_of(point: Point, value: object) -> float | BadValue:
    """Give the number for a value: a number, a truth value, or the key of one of the point's states.

    Numbers outside the range pass (their quality is judged later); a number that is no state's does not.
    """
    if value is None:
        return BadValue("bad_value", f"null is no value of {point.key}")
    if isinstance(value, bool):
        return _from_truth(point, value)
    if isinstance(value, int | float):
        return _from_number(point, value)
    if isinstance(value, str):
        return _from_text(point, value)
    kind = type(value).__name__
    return BadValue("bad_value", f"{point.key} takes a number, true, false or a state's key, not a {kind}")


def _from_truth(point: Point, value: bool) -> float | BadValue:
    keys = [state.key for state in point.states]
    if "off" in keys and "on" in keys:
        return float(keys.index("on" if value else "off"))
    if len(keys) == 2 or (not keys and point.unit in ("1", "")):
        return float(value)
    return BadValue("bad_value", f"{point.key} takes {_expected(point)}, not {str(value).lower()}")


def _from_number(point: Point, value: float) -> float | BadValue:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        return BadValue("bad_value", f"{number} is no value of {point.key}")
    if point.states and not number.is_integer():
        return BadValue("unknown_state", f"{point.key} takes {_expected(point)}, not {number}")
    return number


def _from_text(point: Point, text: str) -> float | BadValue:
    for position, state in enumerate(point.states):
        if state.key == text:
            return float(position)
    code: RefusalCode = "unknown_state" if point.states else "bad_value"
    return BadValue(code, f"{point.key} takes {_expected(point)}, not {text[:SHOWN]!r}")


def _expected(point: Point) -> str:
    if not point.states:
        return "a number"
    keys = ", ".join(state.key for state in point.states[:10])
    return f"one of {keys} or its position from 0"
