"""The ledger's list: filtered, sorted, cut into pages. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from twin.errors import BadRequestError
from twin.panels.ops.devices import Entry, EntryFilter, matching
from twin.panels.ops.health import Health
from twin.panels.ops.service import Condition, Standing

Line = tuple[Entry, Condition]
Sort = Literal["device", "name", "type", "storey", "health", "last_seen", "alarms", "faults", "availability"]

_NEVER = float("-inf")
_KEYS: Mapping[str, Callable[[Line], Any]] = {
    "device": lambda line: line[0].device.id,
    "name": lambda line: line[0].device.label.zh or line[0].device.label.en,
    "type": lambda line: line[0].device.type,
    "storey": lambda line: -1 if line[0].storey is None else line[0].storey.position,
    "health": lambda line: -line[1].health,  # what needs somebody comes first
    "last_seen": lambda line: _NEVER if line[1].last_ms is None else line[1].last_ms,
    "alarms": lambda line: -line[1].alarms,
    "faults": lambda line: -line[1].record.faults,
    "availability": lambda line: line[1].record.availability,
}


def lines_of(standing: Standing, wanted: EntryFilter) -> list[Line]:
    """The lines that meet a filter, by device id."""
    return [(entry, standing.conditions[entry.row]) for entry in matching(standing.entries, wanted)]


def count_health(lines: list[Line]) -> dict[Health, int]:
    """How many lines are in each health."""
    found = [now.health for _, now in lines]
    return {health: found.count(health) for health in Health}


def in_order(lines: list[Line], sort: Sort, *, descending: bool = False) -> list[Line]:
    """The lines sorted; equal ones stay by device id."""
    return sorted(lines, key=_KEYS[sort], reverse=descending)


def page(lines: list[Line], limit: int, cursor: str) -> tuple[list[Line], str | None]:
    """The page behind a cursor, and the next cursor. Raises BadRequestError."""
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise BadRequestError(f"cursor: '{cursor[:40]}' is none that this list gave")
    first = int(cursor or 0)
    last = first + limit
    return lines[first:last], str(last) if last < len(lines) else None
