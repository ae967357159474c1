"""A film and a log in memory, a clock moved by hand, and viewers that write down what they are told."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from telemetry_bridge.wire import Frame, Kind, Quality, decode_frame
from tests.twin.film.scenes import folded
from twin.errors import NotRecordedError
from twin.events.event import Event
from twin.events.log import EventFilter
from twin.film.reading import Moment
from twin.film.replay import Place
from twin.film.scene_book import SceneBook
from twin.film.scenes import Scene
from twin.film.seat import Seat
from twin.film.segment import State
from twin.film.showing import Pace, Showing
from twin.film.timeline import Gap, Piece, Timeline

POINTS = 5


def event(seq: int, time_ms: int, kind: str = "thing.happened", **data: Any) -> Event:
    return Event(seq, f"id{seq}", time_ms, kind, f"device:D-{seq % 3}", "system", None, data, "")


@dataclass
class Log:
    """Events, found as the log finds them; `asked` counts how often."""

    events: Sequence[Event]
    asked: int = 0

    async def find(self, wanted: EventFilter, limit: int, *, newest_first: bool = False) -> tuple[Event, ...]:
        self.asked += 1
        found = [each for each in self.events if self._is_wanted(each, wanted)]
        found.sort(key=lambda each: each.seq, reverse=newest_first)
        return tuple(found[:limit])

    def _is_wanted(self, each: Event, wanted: EventFilter) -> bool:
        return (
            (wanted.from_ms is None or each.time_ms >= wanted.from_ms)
            and (wanted.to_ms is None or each.time_ms < wanted.to_ms)
            and (wanted.after_seq is None or each.seq > wanted.after_seq)
            and (wanted.before_seq is None or each.seq < wanted.before_seq)
            and _matches(each.type, wanted.type)
            and _matches(each.subject, wanted.subject)
        )


def _matches(text: str, pattern: str | None) -> bool:
    return pattern is None or (text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern)


@dataclass
class MemoryFilm:
    """Frames, and the pieces of time of which there is film."""

    frames: Sequence[Frame]
    pieces: Sequence[tuple[float, float]]
    registry: str = "r"
    asked: list[float] = field(default_factory=list)
    broken: Exception | None = None
    scenes: SceneBook = field(default_factory=SceneBook)

    def __post_init__(self) -> None:
        self._timeline = Timeline()
        for number, (from_ms, to_ms) in enumerate(self.pieces):
            self._timeline.add(number, from_ms, to_ms)

    @property
    def span(self) -> tuple[float, float] | None:
        return self._timeline.span

    def piece_at(self, time_ms: float) -> tuple[Piece, Gap | None]:
        found = self._timeline.at(time_ms)
        if found is None:
            raise NotRecordedError("nothing was recorded at that time")
        return found

    async def state_at(self, time_ms: float) -> Moment:
        self.asked.append(time_ms)
        if self.broken is not None:
            raise self.broken
        _, gap = self.piece_at(time_ms)
        return Moment(time_ms, self.state(time_ms, gap), gap, (), self.registry)

    def scene_at(self, time_ms: float) -> Scene | None:
        return self.scenes.at(time_ms)

    def state(self, time_ms: float, gap: Gap | None = None) -> State:
        state = folded(self.frames, time_ms if gap is None else gap.from_ms, POINTS)
        if gap is not None:
            state.quality[state.known] = Quality.STALE
        return state


def met(events: Sequence[Event], start: Place, end: Place) -> list[int]:
    """The oracle: which events lie on the way from one place to another, in the order of meeting them."""
    low, high = min(start, end), max(start, end)
    between = sorted((each.time_ms, each.seq) for each in events if low < (each.time_ms, each.seq) <= high)
    return [seq for _, seq in (reversed(between) if end < start else between)]


class Watcher:
    """A viewer that writes down what it is told: `told` holds (event or stepped, seq) and (frame, time)."""

    def __init__(self, clock: "Clock", patience_s: float = 30.0) -> None:
        self.clock = clock
        self.seat = Seat(lambda: None, patience_s)
        self.told: list[tuple[str, float]] = []
        self.frames: list[Frame] = []
        self.texts: list[dict[str, Any]] = []
        self.shown = State.unknown(POINTS)

    def take(self, most: float = math.inf) -> int:
        """Take what there is, `most` messages at most; how many it was."""
        count = 0
        while count < most and (message := self.seat.take(self.clock.now_s)) is not None:
            self._hear(message)
            self.seat.sent()
            count += 1
        return count

    def _hear(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            frame = decode_frame(message)
            if frame.kind is Kind.SNAPSHOT:
                self.shown = State.unknown(POINTS)
            self.shown.value[frame.point_index] = frame.value
            self.shown.quality[frame.point_index] = frame.quality
            self.frames.append(frame)
            self.told.append(("frame", frame.time_ms))
            return
        text: dict[str, Any] = json.loads(message)
        self.texts.append(text)
        if text["type"] in ("event", "stepped"):
            self.told.append((text["type"], text["event_seq"]))

    def heard(self, kind: str) -> list[dict[str, Any]]:
        return [text for text in self.texts if text["type"] == kind]

    @property
    def seqs(self) -> list[float]:
        """The events that it was told of."""
        return [number for kind, number in self.told if kind == "event"]

    def sees(self, state: State) -> bool:
        """Whether it shows this, to the bit, but for what is bad and unknown either way."""
        return (
            self.shown.value.tobytes() == np.where(state.known, state.value, np.nan).tobytes()
            and self.shown.quality.tobytes() == state.quality.tobytes()
        )


@dataclass
class Clock:
    """Monotonic seconds, moved by hand."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


async def settled(showing: Showing) -> None:
    """Let it do all that is due now."""
    for _ in range(100):
        await showing.step()
        if showing._wait_s() != 0.0:
            return
    raise AssertionError("it always has something to do")


def showing_of(film: MemoryFilm, log: Log, clock: Clock, pace: Pace | None = None) -> Showing:
    return Showing(film, log.find, clock, pace or Pace(settle_ms=0.0))
