"""A player of the film and those who watch it: one, or all of a session.

Moments are cut when a viewer can take one, from where the player is by then, so that a slow viewer sees fewer
of them and is never behind. Each is read and encoded once for all. On its way the player meets the events of
the film; every viewer is told of each of them, before the frame of its moment. Jumps (a seek, a step to an
event) meet none but the one that they go to. Of seeks that wait only the last is answered.
"""

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
import structlog
from sqlalchemy.exc import SQLAlchemyError

from telemetry_bridge.clock import MS_PER_S
from telemetry_bridge.times import format_rfc3339
from twin.errors import NotRecordedError, RequestError
from twin.events.event import Event, event_json
from twin.events.log import EventFilter
from twin.film.passing import FindEvents, Road, passed, place_of
from twin.film.reading import Moment
from twin.film.replay import Cut, Place, Player
from twin.film.scenes import Scene
from twin.film.seat import REPLAY, Seat
from twin.film.timeline import Gap, Piece
from twin.film.wishes import DEFAULT_RATE, Moving, Pause, Play, Seek, Step

LOG = structlog.get_logger(__name__)

STATUS_EVERY_S = 1.0
MAX_STEPS = 32
MINUTE_MS = 60_000.0
Answer = Callable[[str], None]


class Reel(Protocol):
    """As much of `Film` as is played."""

    @property
    def registry(self) -> str:
        """The hash of the points' registry."""

    @property
    def span(self) -> tuple[float, float] | None:
        """From when to when there is film, ms since 1970 UTC."""

    def piece_at(self, time_ms: float) -> tuple[Piece, Gap | None]:
        """What tells of a time, and the gap in which it lies."""

    async def state_at(self, time_ms: float) -> Moment:
        """The state of a moment."""

    def scene_at(self, time_ms: float) -> Scene | None:
        """Which model and which bindings were in force."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`settle_ms`: events of the film's last moments may not be in the log yet, so that playing ends before
    them. `events_at_once`: so many about are told between two frames; of more, time passes
    slower. `search_s`: so long an event is looked for.
    """

    settle_ms: float = 1000.0
    events_at_once: int = 250
    search_s: float = 5.0


@dataclass(frozen=True, slots=True)
class _Jump:
    """A seek or a step that waits; `answer` is whose who asked."""

    wish: Seek | Step
    answer: Answer


class Showing:
    """One player; `run` it as long as somebody watches."""

    def __init__(
        self, film: Reel, find: FindEvents, now_s: Callable[[], float], pace: Pace | None = None
    ) -> None:
        self._film, self._find, self._now_s = film, find, now_s
        self._pace = pace or Pace()
        self._road = Road(find, self._pace.events_at_once)
        self._player = Player()
        self._jumps: deque[_Jump] = deque()
        self._seats: dict[Seat, None] = {}
        self._cut: Cut | None = None
        self._seq = 0
        self._gap: Gap | None = None
        self._scene: Scene | None = None
        self._said_s = -math.inf
        self._status_due = False
        self._asked = 0
        self._news = asyncio.Event()

    # Who watches

    def attach(self, seat: Seat) -> None:
        """Let a viewer watch: it is told where the player stands and what it shows."""
        self._seats[seat] = None
        seat.freed = self._news.set
        seat.tell(REPLAY, self._status())
        seat.begin(self._cut)

    def detach(self, seat: Seat) -> None:
        """A viewer watches no more; before nobody the film stands still."""
        self._seats.pop(seat, None)
        if not self._seats:
            self.pause()
        self._news.set()

    def beside(self) -> "Showing":
        """A player of its own for somebody who leaves this one; it stands still where this one is."""
        other = Showing(self._film, self._find, self._now_s, self._pace)
        other._player = Player(self._player.place, self._player.speed, since_s=self._now_s())
        if self._cut is not None:
            other._seq = other_seq = 1
            other._cut = Cut(other_seq, self._cut.time_ms, self._cut.state, other_seq)
        other._gap, other._scene = self._gap, self._scene
        return other

    # What it is asked

    def move(self, wish: Moving, answer: Answer) -> None:
        """Take a wish; `answer` is told why one cannot be met."""
        self._asked += 1
        match wish:
            case Seek():
                self._jumps.clear()
                self._jumps.append(_Jump(wish, answer))
            case Step() if len(self._jumps) >= MAX_STEPS:
                answer(refusal(f"{MAX_STEPS} steps wait already"))
            case Step():
                self.pause()
                self._jumps.append(_Jump(wish, answer))
            case Play():
                self._player.since_s = self._now_s()  # the new speed holds from now on
                self._player.speed, self._player.playing = wish.speed, True
            case Pause():
                self._player.playing = False
        self._status_due = True
        self._news.set()

    def pause(self) -> None:
        """Stand still."""
        self._player.playing = False
        self._status_due = True
        self._news.set()

    # What it does

    async def run(self) -> None:
        """Play until cancelled."""
        while True:
            self._news.clear()
            await self.step()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._wait_s()):
                    await self._news.wait()

    async def step(self) -> None:
        """Do what is due."""
        jump = self._jumps[0] if self._jumps else None
        try:
            if jump is not None:
                if any(seat.is_free for seat in self._seats):
                    await self._jump(jump)
            elif self._player.playing and self._wait_s() == 0.0:
                await self._play()
        except (RequestError, SQLAlchemyError, OSError) as error:
            self._fail(error, jump)
        now_s = self._now_s()
        if self._status_due or (self._player.playing and now_s - self._said_s >= STATUS_EVERY_S):
            self._said_s, self._status_due = now_s, False
            status = self._status()
            for seat in self._seats:
                seat.tell(REPLAY, status)

    def _wait_s(self) -> float | None:
        """How long there is nothing to do if nothing happens; None: for ever."""
        if self._jumps or not self._player.playing:
            return 0.0 if self._jumps and any(seat.is_free for seat in self._seats) else None
        now_s = self._now_s()
        slots = [seat.slot_s(now_s) for seat in self._seats if seat.is_free]
        return max(min(slots) - now_s, 0.0) if slots else None

    def _fail(self, error: Exception, jump: _Jump | None) -> None:
        text = refusal(_told(error))
        if jump is None:
            for seat in self._seats:
                seat.answer(text)
        else:
            jump.answer(text)
        self._done(jump)
        self.pause()

    def _done(self, jump: _Jump | None) -> None:
        """A jump is done, unless another one took its place meanwhile."""
        if self._jumps and self._jumps[0] is jump:
            self._jumps.popleft()

    async def _jump(self, jump: _Jump) -> None:
        match jump.wish:
            case Seek() as seek:
                await self._show(Place(self._nearest(seek.time_ms)), ())
            case Step(to="event") as step:
                await self._to_event(step, jump)
            case Step() as step:
                await self._nudge(step)
        self._done(jump)

    async def _to_event(self, step: Step, jump: _Jump) -> None:
        event = await self._look_for(step, jump)
        if not self._jumps or self._jumps[0] is not jump:
            return
        if event is None:
            jump.answer(refusal(f"there is no such event {'before' if step.back else 'after'} this moment"))
            return
        text = _json({"type": "stepped", "event_seq": event.seq, "event": event_json(event)})
        await self._show(place_of(event), (text,))

    async def _look_for(self, step: Step, jump: _Jump) -> Event | None:
        """The next event that a step goes to, among those of the film; None also when it was given up."""
        place, width_ms = self._begun(), MINUTE_MS
        first_ms, last_ms = self._ends()
        wanted = EventFilter(type=step.events, subject=step.subject)
        give_up_s = self._now_s() + self._pace.search_s
        end = Place(first_ms - 1.0 if step.back else max(last_ms, place.time_ms))
        if step.back:
            place = place._replace(seq=place.seq - 1.0)
        while place != end and self._jumps and self._jumps[0] is jump:
            if self._now_s() > give_up_s:
                raise NotRecordedError(
                    f"no such event until {format_rfc3339(place.time_ms)}; seek there and step on"
                )
            goal = place.time_ms + (-width_ms if step.back else width_ms)
            until = max(end, Place(goal)) if step.back else min(end, Place(goal))
            events, place = await passed(self._find, place, until, self._pace.events_at_once, wanted)
            for event in events:
                if step.severity is None or event.data.get("priority") in step.severity:
                    return event
            width_ms *= 2.0 if place == until else 1.0
        return None

    async def _nudge(self, step: Step) -> None:
        """Go on by hand: a second of the film, or what a frame of playing passes."""
        step_ms = MS_PER_S if step.to == "second" else MS_PER_S * abs(self._player.speed) / DEFAULT_RATE
        wanted_ms = self._begun().time_ms + (-step_ms if step.back else step_ms)
        await self._go(self._along(wanted_ms, back=step.back)[0], self._now_s())

    async def _play(self) -> None:
        is_back = self._player.speed < 0.0
        if self._player.place is None:
            self._player.stand(self._begun(back=is_back), self._now_s())
        now_s, asked = self._now_s(), self._asked
        target, is_end = self._along(self._player.target(now_s), back=is_back)
        if await self._go(target, now_s) and is_end and asked == self._asked:
            self.pause()

    async def _go(self, target: Place, now_s: float) -> bool:
        """Pass what happens on the way to a place, and show it; False: it got only a part of the way."""
        start, (first_ms, last_ms) = self._begun(), self._ends()
        limit_ms = first_ms if target < start else last_ms
        events, reached = await self._road.passed(start, target, limit_ms)
        await self._show(reached, tuple(_event_text(event) for event in events), now_s)
        return reached == target

    async def _show(self, place: Place, texts: tuple[str, ...], now_s: float | None = None) -> None:
        """Be at a place, since `now_s`; None: it was jumped to."""
        moment = await self._film.state_at(place.time_ms)
        jumped = now_s is None or self._cut is None
        if now_s is None:
            self._road.forget()
        since_s = self._now_s() if now_s is None else max(now_s, self._player.since_s)
        self._player.stand(place, since_s)
        scene = self._film.scene_at(place.time_ms)
        changed = (moment.gap, _marks(scene)) != (self._gap, _marks(self._scene))
        self._status_due = self._status_due or jumped or changed
        self._gap, self._scene, self._seq = moment.gap, scene, self._seq + 1
        jump_seq = self._seq if jumped or self._cut is None else self._cut.jump_seq
        self._cut = Cut(self._seq, moment.time_ms, moment.state, jump_seq)
        for seat in tuple(self._seats):
            seat.publish(self._cut, texts)

    # Where it may be

    def _ends(self) -> tuple[float, float]:
        """From when to when it can be played. NotRecordedError: there is nothing."""
        span = self._film.span
        if span is None:
            raise NotRecordedError("nothing has been recorded yet")
        return span[0], max(math.nextafter(span[1], -math.inf) - self._pace.settle_ms, span[0])

    def _nearest(self, time_ms: float) -> float:
        """The moment of the film that is nearest to a time."""
        span = self._film.span
        return time_ms if span is None else min(max(time_ms, span[0]), math.nextafter(span[1], -math.inf))

    def _begun(self, *, back: bool = False) -> Place:
        """Where it stands; at the beginning of the film, or at its end, if nowhere."""
        return self._player.place or Place(self._ends()[back])

    def _along(self, wanted_ms: float, *, back: bool) -> tuple[Place, bool]:
        """Where it gets to: gaps are jumped over; and whether that is the end of the film."""
        start, (first_ms, last_ms) = self._begun(), self._ends()
        last_ms = max(last_ms, start.time_ms)
        target_ms = min(max(wanted_ms, first_ms), last_ms)
        is_end = target_ms != wanted_ms
        _, gap = self._film.piece_at(target_ms)
        if gap is not None and not is_end:
            beyond_ms = math.nextafter(gap.from_ms, -math.inf) if back else (gap.to_ms or last_ms)
            target_ms = min(beyond_ms, last_ms)
        return (min if back else max)(Place(target_ms), start), is_end

    def _status(self) -> str:
        span, player = self._film.span, self._player
        status = {
            "type": REPLAY,
            "time": None if player.place is None else format_rfc3339(player.place.time_ms),
            "playing": player.playing,
            "speed": player.speed,
            "span": None if span is None else _times(*span),
            "gap": None if self._gap is None else _times(self._gap.from_ms, self._gap.to_ms),
            "registry": self._film.registry,
            "scene": _marks(self._scene),
        }
        return _json(status)


def refusal(message: str, **more: Any) -> str:
    """What a viewer is told that asked for what cannot be."""
    return _json({"type": "error", "message": message, **more})


def _marks(scene: Scene | None) -> dict[str, str] | None:
    """What a viewer is told of a scene."""
    if scene is None:
        return None
    since = format_rfc3339(math.floor(scene.from_ms))
    return {"since": since, "revision": scene.revision, "bindings": scene.bindings}


def _event_text(event: Event) -> str:
    return _json({"type": "event", "event_seq": event.seq, "event": event_json(event)})


def _times(from_ms: float, to_ms: float | None) -> dict[str, str | None]:
    return {"from": format_rfc3339(from_ms), "to": None if to_ms is None else format_rfc3339(to_ms)}


def _told(error: Exception) -> str:
    if isinstance(error, RequestError):
        return str(error)
    LOG.error("the film cannot be read", exc_info=error)
    return "the film cannot be read now; the server's log says why"


def _json(message: dict[str, Any]) -> str:
    return orjson.dumps(message).decode()
