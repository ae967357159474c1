"""A stretch of the log as lines of JSON, for somebody who has no database of ours. No I/O.

The first line says after what it begins, the last one how it ends; each between is an event with its hash.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from telemetry_bridge.times import format_rfc3339
from twin.events.audit import Anchor, Auditor
from twin.events.errors import EventFileError, LogFaultError
from twin.events.event import Event, Head

FORMAT = "venue-twin events"
VERSION = 1
FIELDS = ("seq", "id", "time_ms", "type", "subject", "actor", "cause", "data", "hash")


def first_line(after: Head, written_ms: int) -> str:
    """The line before the events that come after `after`."""
    return _line(
        {
            "format": FORMAT,
            "version": VERSION,
            "written": format_rfc3339(written_ms),
            "after": {"seq": after.seq, "hash": after.hash},
        }
    )


def event_line(event: Event) -> str:
    """The line of an event; `time` is `time_ms` for people."""
    fields = {name: getattr(event, name) for name in FIELDS[:-1]}
    return _line({**fields, "time": format_rfc3339(event.time_ms), "hash": event.hash})


def last_line(end: Head, events: int, written_ms: int) -> str:
    """The line after the last event: without it the file is not whole."""
    return _line(
        {"end": {"seq": end.seq, "hash": end.hash, "events": events, "written": format_rfc3339(written_ms)}}
    )


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def audit_lines(lines: Iterable[str], name: str, before: Anchor | None = None) -> tuple[int, Anchor]:
    """How many events a file's lines hold, all as they were written, and where they end.

    `before`: where the file before ended, after which this one must begin.

    Raises:
        EventFileError: the lines are no export of events; LogFaultError: they are not as they were written.
    """
    numbered = enumerate(lines, 1)
    auditor = Auditor(_after(numbered, name, before))
    for number, line in numbered:
        said = _object(line, number, name)
        if "end" in said:
            return auditor.events, _checked_end(said["end"], numbered, auditor, name)
        fault = auditor.take(_event(said, number, name))
        if fault is not None:
            raise LogFaultError(f"{name}, line {number}: {fault}")
    raise LogFaultError(f"{name} has no last line: it was cut off after event {auditor.head.seq}")


def _after(lines: Iterator[tuple[int, str]], name: str, before: Anchor | None) -> Head:
    number, line = next(lines, (1, ""))
    said = _object(line, number, name)
    if said.get("format") != FORMAT or said.get("version") != VERSION:
        raise EventFileError(f"{name} is no export of events of version {VERSION}; see twin events export")
    try:
        after = Head(int(said["after"]["seq"]), "", str(said["after"]["hash"]))
    except (KeyError, TypeError, ValueError) as error:
        raise EventFileError(f"{name}, line 1: it does not say after what it begins") from error
    if before is not None and (before.seq, before.hash) != (after.seq, after.hash):
        raise LogFaultError(f"{name} begins after event {after.seq}; the file before ends with {before.seq}")
    return after


def _checked_end(said: Any, rest: Iterator[tuple[int, str]], auditor: Auditor, name: str) -> Anchor:
    end = auditor.head
    told = said if isinstance(said, dict) else {}
    if (told.get("seq"), told.get("hash"), told.get("events")) != (end.seq, end.hash, auditor.events):
        raise LogFaultError(f"{name}: its last line does not fit event {end.seq}, with which it ends")
    if next(rest, None) is not None:
        raise LogFaultError(f"{name} goes on after its last line")
    return Anchor(end.seq, end.hash, 0, name)


def _object(line: str, number: int, name: str) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError as error:
        raise EventFileError(f"{name}, line {number}: no JSON; was the file changed or cut off?") from error
    if not isinstance(said, dict):
        raise EventFileError(f"{name}, line {number}: no event")
    return said


def _event(said: dict[str, Any], number: int, name: str) -> Event:
    try:
        event = Event(**{field: said[field] for field in FIELDS})
        told = format_rfc3339(event.time_ms)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise LogFaultError(f"{name}, line {number}: no event as they are written") from error
    if said.get("time") != told or not isinstance(event.data, dict) or not isinstance(event.seq, int):
        raise LogFaultError(f"{name}, line {number}: event {event.seq} was changed")
    return event
