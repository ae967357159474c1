"""What an alarm says, in both languages. No I/O."""

import math
from collections.abc import Iterable

from telemetry_bridge.points import Device, Label, Point
from telemetry_bridge.wire import Quality
from twin.alarms.model import Check, Place
from twin.alarms.table import WatchedPoint

UNITS = {"1": "", "degC": "°C", "ug/m3": "µg/m³", "m3": "m³", "m3/h": "m³/h", "m2": "m²", "persons": ""}
CLOSE_UP = ("%", "°C")
UNKNOWN = "—"
QUALITIES = {Quality.STALE: Label("数据中断", "no data"), Quality.BAD: Label("数据异常", "bad data")}


def message(row: WatchedPoint, device: Device, place: Place, value: float) -> Label:
    """The rule's message, filled in; `value` is the point's newest trusted one, NaN: none."""
    return Label(
        zh=row.rule.message.zh.format(**_filling(row, device, place, value, "zh")),
        en=row.rule.message.en.format(**_filling(row, device, place, value, "en")),
    )


def _filling(row: WatchedPoint, device: Device, place: Place, value: float, language: str) -> dict[str, str]:
    return {
        "device": _said(device.label, language) or device.id,
        "space": _said(place.space_name, language) or UNKNOWN,
        "value": value_text(row.point, value, language),
        "limit": _limit_text(row, language),
    }


def value_text(point: Point, value: float, language: str) -> str:
    """A value with its unit, or the state's name; `language` is `zh` or `en`."""
    if not math.isfinite(value):
        return UNKNOWN
    if point.states and value.is_integer() and 0 <= value < len(point.states):
        state = point.states[int(value)]
        return (state.zh if language == "zh" else state.en) or state.key
    unit = UNITS.get(point.unit, point.unit)
    number = f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{number}{unit}" if unit in CLOSE_UP else f"{number} {unit}".rstrip()


def _limit_text(row: WatchedPoint, language: str) -> str:
    condition = row.rule.condition
    if condition.check is Check.STATE:
        keys = [state.key for state in row.point.states]
        return _joined(value_text(row.point, float(keys.index(key)), language) for key in condition.states)
    if condition.check is Check.QUALITY:
        return _joined(_said(QUALITIES[quality], language) for quality in condition.qualities)
    return value_text(row.point, condition.limit, language)


def _joined(texts: Iterable[str]) -> str:
    return " / ".join(texts)


def _said(label: Label, language: str) -> str:
    """The name in a language, or in the other one."""
    first, second = (label.zh, label.en) if language == "zh" else (label.en, label.zh)
    return first or second
