"""Whether a log is what was written: its chain, and the ends of it that were noted elsewhere. No I/O.

The chain shows any change of an event, any event taken out or put in, unless all hashes after it are made
anew. That, and a tail cut off, shows by an anchor: a seq and hash that were noted outside of the database.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telemetry_bridge.times import format_rfc3339
from twin.events.event import Event, Head, first_fault

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Anchor:
    """What was noted of the log at a time, ms since 1970 UTC: that it ended so. `where`: who noted it."""

    seq: int
    hash: str
    time_ms: int
    where: str = ""

    @property
    def said(self) -> str:
        """Where and when it was noted, for people."""
        return f"noted in {self.where or 'an anchor'} at {format_rfc3339(self.time_ms)}"


class Auditor:
    """Takes the events of a log in their order, and says what is wrong first."""

    def __init__(self, head: Head | None = None, anchors: Iterable[Anchor] = ()) -> None:
        """`head`: after what the events begin; None: at the log's beginning."""
        self.head = head or Head()
        self.events = 0
        self._anchors: dict[int, list[Anchor]] = {}
        for anchor in anchors:
            self._anchors.setdefault(anchor.seq, []).append(anchor)

    def take(self, event: Event) -> str | None:
        """What is wrong with the next event; None: nothing."""
        fault = first_fault((event,), self.head)
        if fault is not None:
            return fault
        self.head = Head(event.seq, event.id, event.hash)
        self.events += 1
        other = next((each for each in self._anchors.get(event.seq, ()) if each.hash != event.hash), None)
        return None if other is None else f"event {event.seq} ({event.id}) is not the one {other.said}"

    def end(self) -> str | None:
        """What is wrong once all events were taken: that there were more."""
        last = max(self._anchors, default=0)
        if last <= self.head.seq:
            return None
        missing = last - self.head.seq
        which = f"event {last} was {self._anchors[last][0].said}"
        return f"the log ends with event {self.head.seq}, but {which}: {missing} event(s) are missing"


@dataclass(frozen=True, slots=True)
class Audit:
    """What looking through a log gave: how many events are as they were written, the last, what is wrong."""

    events: int
    head: Head
    fault: str | None


def thinned(anchors: Sequence[Anchor], now_ms: int) -> tuple[Anchor, ...]:
    """The anchors worth keeping: the last of each minute for an hour, of each hour for a day, of each day."""
    last_of = {_slot(anchor.time_ms, now_ms): anchor for anchor in anchors}
    kept = set(last_of.values())
    return tuple(anchor for anchor in anchors if anchor in kept)


def newest_of_each(anchors: Iterable[Anchor]) -> tuple[Anchor, ...]:
    """The anchor of the greatest seq of each file."""
    found: dict[str, Anchor] = {}
    for anchor in anchors:
        known = found.get(anchor.where)
        found[anchor.where] = anchor if known is None or known.seq < anchor.seq else known
    return tuple(found.values())


def _slot(time_ms: int, now_ms: int) -> tuple[int, int]:
    age_ms = now_ms - time_ms
    width = MINUTE_MS if age_ms < HOUR_MS else HOUR_MS if age_ms < DAY_MS else DAY_MS
    return width, time_ms // width


def anchors_text(anchors: Iterable[Anchor]) -> str:
    """Anchors as a file holds them: one JSON object a line."""
    return "".join(
        json.dumps({"seq": each.seq, "hash": each.hash, "time_ms": each.time_ms}) + "\n" for each in anchors
    )


def read_anchors(text: str, where: str) -> tuple[Anchor, ...]:
    """The anchors of a file's text.

    Raises:
        ValueError: a line is none; the text names it.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            said = json.loads(line)
            found.append(Anchor(int(said["seq"]), str(said["hash"]), int(said["time_ms"]), where))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{where}, line {number}: no anchor of the log of events") from error
    return tuple(found)
