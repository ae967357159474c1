"""An event, its id and its place in the chain. No I/O."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry_bridge.times import format_rfc3339

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ID_LENGTH = 26
RANDOM_BITS = 80
LAST_MS = (1 << 48) - 1
GENESIS = "0" * 64
SEVERITIES = ("critical", "high", "medium", "low")

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it is in the log: what its author knows.

    `type` is noun, dot, past (`alarm.raised`); `subject` what it is about, with its kind in front
    (`device:B1-AHU-0001`, `element:<guid>`, `booking:<id>`, `person:<name>`); `actor` who or what did it
    (`person:<name>`, `rule:<id>`, `system`); `cause` the id of the event that led to it.
    """

    type: str
    subject: str
    actor: str
    data: JsonObject
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event in the log; `seq` counts from 1 without a gap, `hash` covers it and the hash before it."""

    seq: int
    id: str
    time_ms: int
    type: str
    subject: str
    actor: str
    cause: str | None
    data: JsonObject
    hash: str


def new_id(time_ms: int, after: str = "") -> str:
    """A ULID: sorts by time, and after `after` even within a millisecond or when the clock went back.

    Source: the ULID specification (github.com/ulid/spec), monotonic variant.
    """
    number = (max(time_ms, 0) << RANDOM_BITS) | secrets.randbits(RANDOM_BITS - 1)
    if after:
        number = max(number, number_of(after) + 1)
    return _ulid(number)


def first_id(time_ms: int) -> str:
    """The least id of a time: no event has it, all of that time or later sort after it."""
    return _ulid(min(max(time_ms, 0), LAST_MS) << RANDOM_BITS)


def _ulid(number: int) -> str:
    return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def number_of(ulid: str) -> int:
    """A ULID as a number: 48 bits of time, ms, then 80 at random."""
    value = 0
    for letter in ulid:
        value = value << 5 | CROCKFORD.index(letter)
    return value


def canonical(data: JsonObject) -> str:
    """JSON with one spelling: sorted keys, no blanks.

    Raises:
        ValueError: the data holds NaN or an infinity; TypeError: something that JSON has not.
    """
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def chained(event: Event, before: str) -> str:
    """SHA-256, hex, over the hash before and every field of an event but its own hash."""
    fields = [event.seq, event.id, event.time_ms, event.type, event.subject, event.actor, event.cause]
    text = json.dumps([before, *fields, canonical(event.data)], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def severity_of(kind: str, data: JsonObject) -> str | None:
    """One of `SEVERITIES`: an alarm's priority, else what the data says in `severity`; None: it has none."""
    said = data.get("priority") if kind.startswith("alarm.") else data.get("severity")
    return said if isinstance(said, str) and said in SEVERITIES else None


def event_json(event: Event) -> dict[str, Any]:
    """The event as clients get it, live, replayed and from the API: `time` as RFC 3339."""
    return {
        "seq": event.seq,
        "id": event.id,
        "time": format_rfc3339(event.time_ms),
        "type": event.type,
        "subject": event.subject,
        "actor": event.actor,
        "cause": event.cause,
        "severity": severity_of(event.type, event.data),
        "data": event.data,
        "hash": event.hash,
    }


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends: the last event's seq, id and hash."""

    seq: int = 0
    id: str = ""
    hash: str = GENESIS


def appended(drafts: Iterable[Draft], head: Head, time_ms: int) -> Iterator[Event]:
    """The drafts as the events that come after `head`, all at one time (ms since 1970 UTC)."""
    for draft in drafts:
        ulid = new_id(time_ms, head.id)
        event = Event(
            head.seq + 1, ulid, time_ms, draft.type, draft.subject, draft.actor, draft.cause, draft.data, ""
        )
        sealed = chained(event, head.hash)
        head = Head(event.seq, ulid, sealed)
        yield Event(
            event.seq, ulid, time_ms, draft.type, draft.subject, draft.actor, draft.cause, draft.data, sealed
        )


def first_fault(events: Iterable[Event], head: Head | None = None) -> str | None:
    """What is wrong with a run of events that should follow `head`; None: the chain holds."""
    seq, before = (head.seq, head.hash) if head else (0, GENESIS)
    for event in events:
        if event.seq != seq + 1:
            return f"event {seq + 1} is missing: {event.seq} follows {seq}"
        if event.hash != chained(event, before):
            return f"event {event.seq} ({event.id}) was changed, or one before it"
        seq, before = event.seq, event.hash
    return None
