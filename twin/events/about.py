"""What an event is about, as keys under which it is found, and how severe it is. No I/O."""

from collections.abc import Iterator
from typing import Any

from twin.events.event import RANDOM_BITS, Event, JsonObject, number_of, severity_of

KINDS = ("element", "device", "space", "storey", "alarm", "booking")
"""Members of an event's data that name something, alone or in the plural: it is about that too."""
SET_BACK = "clock:set_back"
"""The key of events whose time is before that of their id: the clock had gone back."""
LONGEST_KEY = 160


def severity_key(severity: str) -> str:
    """The key of events of a severity."""
    return f"severity:{severity}"


def keys_of(event: Event) -> frozenset[str]:
    """The keys of an event: its subject (`device:lamp`), its type's noun (`kind:alarm`), what it names."""
    keys = {event.subject, f"kind:{event.type.split('.')[0]}", *_named(event.data)}
    severity = severity_of(event.type, event.data)
    if severity is not None:
        keys.add(severity_key(severity))
    if id_time_ms(event.id) > event.time_ms:
        keys.add(SET_BACK)
    return frozenset(key[:LONGEST_KEY] for key in keys)


def id_time_ms(event_id: str) -> int:
    """The time in an id, ms since 1970 UTC: never before that of the event before it."""
    return number_of(event_id) >> RANDOM_BITS


def _named(data: JsonObject) -> Iterator[str]:
    for kind in KINDS:
        for name in (kind, f"{kind}s"):
            for each in _texts(data.get(name)):
                yield f"{kind}:{each}"


def _texts(value: Any) -> Iterator[str]:
    values = value if isinstance(value, list | tuple) else (value,)
    for each in values:
        if isinstance(each, str) and each:
            yield each
