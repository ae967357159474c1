"""Times in which the film cannot be written: since when, why, what was lost, what people are told. Pure."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from telemetry_bridge.bus import StoreTrouble
from telemetry_bridge.clock import MS_PER_S
from telemetry_bridge.times import format_rfc3339
from twin.events.event import Draft
from twin.store.away import Fault, fault_of

SUBJECT, ACTOR = "film:recording", "system"
FAULTS: Final[tuple[Fault, ...]] = get_args(Fault)
OTHER: Final[Fault] = "other"
MOST_REMEMBERED = 100  # outages that are over and wait for the log of events
MOST_FAILURES = 3  # after so many, tries are no further apart


@dataclass(frozen=True, slots=True)
class Lost:
    """Samples that had to be given up, and from when to when they were measured, ms since 1970 UTC."""

    samples: int
    from_ms: float
    to_ms: float

    def __add__(self, other: "Lost") -> "Lost":
        return Lost(
            self.samples + other.samples, min(self.from_ms, other.from_ms), max(self.to_ms, other.to_ms)
        )


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which nothing could be written, ms since 1970 UTC."""

    from_ms: float
    to_ms: float
    fault: Fault
    reason: str
    lost: Lost | None

    def drafts(self) -> Iterator[Draft]:
        """What the log of events is told of it."""
        yield Draft("film.behind", SUBJECT, ACTOR, {**_span(self.from_ms, self.to_ms), "reason": self.reason})
        if self.lost is not None:
            data = {**_span(self.lost.from_ms, self.lost.to_ms), "samples": self.lost.samples}
            yield Draft("film.lost", SUBJECT, ACTOR, data)


def _span(from_ms: float, to_ms: float) -> dict[str, Any]:
    return {"from": format_rfc3339(from_ms), "to": format_rfc3339(to_ms)}


@dataclass(frozen=True, slots=True)
class Condition:
    """How it is while nothing can be written: since when (ms since 1970 UTC), why, how many samples wait and
    for how many there is room, for how long that will do (clock s; None: nobody knows), and what is lost.
    """

    since_ms: float
    fault: Fault
    reason: str
    waiting: int
    room: int
    lasts_s: float | None
    lost: Lost | None

    @property
    def note(self) -> str:
        """The same for people."""
        lost = f"; {self.lost.samples} samples are lost" if self.lost else ""
        return (
            f"the film cannot be written ({self.reason}): samples wait in memory{lost}; "
            "free the disk or bring the database back"
        )

    def told(self) -> StoreTrouble:
        """The same for the other servers."""
        lost = self.lost or Lost(0, 0.0, 0.0)
        return StoreTrouble(
            self.since_ms,
            self.fault,
            self.reason,
            self.waiting,
            self.room,
            self.lasts_s,
            lost.samples,
            lost.from_ms,
            lost.to_ms,
        )

    @classmethod
    def heard(cls, trouble: StoreTrouble) -> "Condition":
        """What another server told; a fault that this release does not know is one of the others."""
        lost = Lost(trouble.lost, trouble.lost_from_ms, trouble.lost_to_ms) if trouble.lost else None
        fault = next((each for each in FAULTS if each == trouble.fault), OTHER)
        return cls(
            trouble.since_ms, fault, trouble.reason, trouble.waiting, trouble.room, trouble.lasts_s, lost
        )


@dataclass(slots=True)
class Trouble:
    """What a recorder notes of its failures."""

    given_up: int = 0
    """Samples lost since the server began."""
    failures: int = 0
    """How many times in a row nothing could be written."""
    over: deque[Outage] = field(default_factory=lambda: deque(maxlen=MOST_REMEMBERED))
    """What is over and not in the log of events yet."""
    _since_ms: float | None = None
    _fault: Fault = "other"
    reason: str = ""
    """Why nothing can be written, as the database says it."""
    _lost: Lost | None = None

    def fail(self, now_ms: float, error: BaseException) -> None:
        """Note that nothing could be written."""
        self.failures += 1
        self._fault = fault_of(error)
        said = " ".join(str(getattr(error, "orig", None) or error).split())[:200]
        self.reason = said or type(error).__name__
        if self._since_ms is None:
            self._since_ms = now_ms

    def lose(self, now_ms: float, lost: Lost) -> None:
        """Note what had to be given up; also where each write succeeds, but they are too slow."""
        self.given_up += lost.samples
        self._lost = lost if self._lost is None else self._lost + lost
        if self._since_ms is None:
            self._since_ms, self.reason = now_ms, "the database is too slow"

    def end(self, now_ms: float) -> Outage | None:
        """Note that all is well; gives what is over."""
        if self._since_ms is None:
            return None
        outage = Outage(self._since_ms, max(self._since_ms, now_ms), self._fault, self.reason, self._lost)
        self.over.append(outage)
        self.forget()
        return outage

    def forget(self) -> None:
        """Begin anew."""
        self._since_ms, self._lost, self.reason, self._fault, self.failures = None, None, "", "other", 0

    def condition(self, now_ms: float, waiting: int, room: int) -> Condition | None:
        """How it is now; None: all is well."""
        since_ms = self._since_ms
        if since_ms is None:
            return None
        for_s = (now_ms - since_ms) / MS_PER_S
        lasts_s = None
        if self._lost is None and for_s > 0 and waiting:
            lasts_s = max(room - waiting, 0) * for_s / waiting
        return Condition(since_ms, self._fault, self.reason, waiting, room, lasts_s, self._lost)
