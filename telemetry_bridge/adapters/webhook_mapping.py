"""From a message to samples and events, by the rules of the file. Pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from telemetry_bridge.adapter_file_webhook import (
    EventRule,
    Lookup,
    SampleRule,
    Scalar,
    WebhookSettings,
    When,
    word,
)
from telemetry_bridge.errors import HookError
from telemetry_bridge.json_paths import MISSING, JsonPath, parse_path
from telemetry_bridge.ports import Reading, Refusal, clipped
from telemetry_bridge.times import parse_rfc3339

MAX_PARTS = 1000
MAX_TEXT = 500
MS_PER_S = 1000.0
SECONDS_UP_TO = 1e11


@dataclass(frozen=True, slots=True)
class HookEvent:
    """An event of another system: `device` is what it is about, "" the system itself."""

    type: str
    device: str
    data: dict[str, str | float | bool | None]


@dataclass(frozen=True, slots=True)
class Mapped:
    """What came of a message; `refused` are samples that it should have given and did not."""

    readings: tuple[Reading, ...]
    events: tuple[HookEvent, ...]
    refused: tuple[Refusal, ...]


class Rules:
    """The rules of one webhook, with their paths taken apart."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._each = parse_path(settings.each)
        self._paths: dict[str, JsonPath] = {}

    def apply(self, document: Any) -> Mapped:
        """Give what a message holds. HookError: far too many parts."""
        parts = list(self._each.find(document, document))
        if len(parts) > MAX_PARTS:
            raise HookError("malformed", f"more than {MAX_PARTS:,} parts at {self._settings.each}")
        results: list[Reading | Refusal] = []
        events: list[HookEvent] = []
        for part in parts:
            for rule in self._settings.samples:
                if self._counts(rule.when, part, document):
                    results.append(self._sample(rule, part, document, len(results)))
            events += self._events(part, document)
        return Mapped(
            tuple(each for each in results if isinstance(each, Reading)),
            tuple(events),
            tuple(each for each in results if isinstance(each, Refusal)),
        )

    def _counts(self, when: When | None, part: Any, root: Any) -> bool:
        if when is None:
            return True
        found = self._path(when.path).first(part, root)
        return found is not MISSING and word(found) in when.equals

    def _path(self, text: str) -> JsonPath:
        if text not in self._paths:
            self._paths[text] = parse_path(text)
        return self._paths[text]

    def _value(self, source: Lookup | Scalar, part: Any, root: Any) -> Any:
        """What a source gives, MISSING where nothing stands there."""
        if isinstance(source, Lookup):
            found = self._path(source.path).first(part, root)
            if source.map is not None and found is not MISSING:
                found = source.map.get(word(found), MISSING)
            return source.default if found is MISSING and source.default is not None else found
        if isinstance(source, str) and source.startswith("$"):
            return self._path(source).first(part, root)
        return source

    def _sample(self, rule: SampleRule, part: Any, root: Any, row: int) -> Reading | Refusal:
        device, point, value = (
            self._value(each, part, root) for each in (rule.device, rule.point, rule.value)
        )
        if not isinstance(device, str) or not isinstance(point, str):
            reason = f"no device at {_where(rule.device)}, or no point at {_where(rule.point)}"
            return Refusal.of(row, device, point, "wrong_shape", reason)
        if value is MISSING:
            return Refusal.of(row, device, point, "wrong_shape", f"no value at {_where(rule.value)}")
        try:
            time_ms = None if rule.time is None else _time_ms(self._path(rule.time).first(part, root))
        except ValueError as error:
            return Refusal.of(row, device, point, "bad_time", f"{rule.time}: {error}")
        return Reading(device, point, value, time_ms, row)

    def _events(self, part: Any, root: Any) -> Iterator[HookEvent]:
        for rule in self._settings.events:
            if self._counts(rule.when, part, root):
                yield self._event(rule, part, root)

    def _event(self, rule: EventRule, part: Any, root: Any) -> HookEvent:
        device = "" if rule.device is None else self._value(rule.device, part, root)
        data = {name: _shown(self._value(source, part, root)) for name, source in rule.data.items()}
        return HookEvent(rule.type, device if isinstance(device, str) else "", data)


def _where(source: Lookup | Scalar) -> str:
    return source.path if isinstance(source, Lookup) else str(source)


def _shown(value: Any) -> str | float | bool | None:
    """A value as an event may hold it: short, finite, and no structure."""
    if value is MISSING or value is None:
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    return clipped(value) if isinstance(value, str) and len(value) > MAX_TEXT else str(value)[:MAX_TEXT]


def _time_ms(value: Any) -> float | None:
    """A time in a message: RFC 3339, or s or ms since 1970. ValueError: none of these."""
    if value is MISSING or value is None:
        return None
    if isinstance(value, str):
        return parse_rfc3339(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"a {type(value).__name__} is no time")
    return value * MS_PER_S if value < SECONDS_UP_TO else float(value)
