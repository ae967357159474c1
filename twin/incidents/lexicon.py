"""Names that people know: of devices, points, states, places, alarms and persons. Look-ups only."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from telemetry_bridge.points import Label, Registry

UNKNOWN = Label("未知", "unknown")
SYSTEM = Label("系统", "System")


def both(text: str) -> Label:
    """A text that is the same in both languages."""
    return Label(text, text)


def spoken(label: Label, otherwise: str = "") -> Label:
    """The label with no language empty."""
    return Label(label.zh or label.en or otherwise, label.en or label.zh or otherwise)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`place` names the element or space of a guid; `people` display names by account name; `rules` by id."""

    registry: Registry
    place: Callable[[str], Label]
    people: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Label] = field(default_factory=dict)

    def device(self, device: str) -> Label:
        """What people call a device; its id where nobody named it."""
        known = self.registry.devices.get(device)
        return both(device) if known is None else spoken(known.label, device)

    def point(self, device: str, point: str) -> Label:
        """What people call a quantity of a device."""
        known = self.registry.find(device, point)
        return both(point) if known is None else spoken(known.type.label, point)

    def value(self, device: str, point: str, value: object) -> Label:
        """A value with its unit, or the state that it is."""
        known = self.registry.find(device, point)
        number = float(value) if isinstance(value, int | float) else math.nan
        if known is None or not math.isfinite(number):
            return both("—" if value is None or not isinstance(value, str | bool) else str(value))
        if known.states and number.is_integer() and 0 <= number < len(known.states):
            state = known.states[int(number)]
            return spoken(Label(state.zh, state.en), state.key)
        return both(f"{plain(number)} {unit_text(known.unit)}".strip())

    def actor(self, actor: str) -> Label:
        """Who or what did something, as events name it."""
        kind, _, name = actor.partition(":")
        if kind == "person":
            return both(self.people.get(name) or name)
        if kind == "rule":
            rule = spoken(self.rules.get(name, Label()), name)
            return Label(f"规则“{rule.zh}”", f"rule “{rule.en}”")
        if actor == "system":
            return SYSTEM
        return both(actor)


UNIT_TEXTS = {
    "1": "",
    "persons": "",
    "degC": "°C",
    "deg": "°",
    "m3": "m³",
    "m3/h": "m³/h",
    "ug/m3": "µg/m³",
    "W/m2": "W/m²",
    "mm_h": "mm/h",
}


def unit_text(unit: str) -> str:
    """A unit as people write it."""
    return UNIT_TEXTS.get(unit, unit)


def plain(number: float) -> str:
    """A number for people: as many digits as say something, none of them a power of ten."""
    if not math.isfinite(number):
        return "—"
    digits = 0 if abs(number) >= 1000 else 1 if abs(number) >= 100 else 2
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
