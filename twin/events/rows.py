"""Events as rows of the table `event`, and back. No I/O."""

import json
from typing import Any

from sqlalchemy import Row

from twin.events.event import Event, canonical


def row_of(event: Event) -> dict[str, Any]:
    """The row of an event."""
    return {
        "seq": event.seq,
        "id": event.id,
        "time_ms": event.time_ms,
        "type": event.type,
        "subject": event.subject,
        "actor": event.actor,
        "cause": event.cause,
        "data": canonical(event.data),
        "hash": event.hash,
    }


def event_of(row: Row[Any]) -> Event:
    """The event of a row."""
    return Event(
        row.seq,
        row.id,
        row.time_ms,
        row.type,
        row.subject,
        row.actor,
        row.cause,
        json.loads(row.data),
        row.hash,
    )
