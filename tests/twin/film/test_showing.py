"""What viewers of a player are told, against a plain model of where it was and what it met."""

import asyncio
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry_bridge.selection import EVERYTHING
from telemetry_bridge.wire import Frame
from tests.twin.film.playing import POINTS, Clock, Log, MemoryFilm, Watcher, event, met, settled, showing_of
from tests.twin.film.scenes import frame_of
from twin.events.event import Event
from twin.film.replay import Place
from twin.film.showing import MAX_STEPS, Pace, Showing
from twin.film.wishes import Moving, Pause, Play, Seek, Step

T0 = 1_790_000_000_000.0
SPAN_MS = 60_000.0
#: A minute of film, twenty seconds without, another minute.
PIECES = [(T0, T0 + SPAN_MS), (T0 + SPAN_MS + 20_000.0, T0 + 2 * SPAN_MS + 20_000.0)]
END = PIECES[1][1]


def frames_every(step_ms: float = 700.0) -> list[Frame]:
    count = int((END - T0) / step_ms)
    return [
        frame_of(T0 + number * step_ms, {number % POINTS: (float(number), number % 3)})
        for number in range(count)
    ]


FRAMES = frames_every()


def seek(time_ms: float) -> Seek:
    return Seek(type="seek", time=datetime.fromtimestamp(time_ms / 1000.0, UTC))


def play(speed: float) -> Play:
    return Play(type="play", speed=speed)


def step(to: Any, **options: Any) -> Step:
    return Step(type="step", to=to, **options)


def never(text: str) -> None:
    raise AssertionError(text)


class Model:
    """Where the player must be, in plain arithmetic."""

    def __init__(self) -> None:
        self.place: Place | None = None
        self.speed, self.playing, self.since_s = 1.0, False, 0.0

    def along(self, wanted_ms: float, back: bool) -> tuple[Place, bool]:
        assert self.place is not None
        last = math.nextafter(END, -math.inf)
        if not T0 <= wanted_ms <= last:
            return Place(min(max(wanted_ms, T0), last)), True
        (_, gap_from), (gap_to, _) = PIECES
        if gap_from <= wanted_ms < gap_to:
            wanted_ms = math.nextafter(gap_from, -math.inf) if back else gap_to
        return Place(wanted_ms), False

    def tick(self, now_s: float) -> Place:
        if self.place is None:
            self.place, self.since_s = Place(math.nextafter(END, -math.inf) if self.speed < 0 else T0), now_s
        wanted = self.place.time_ms + (now_s - self.since_s) * self.speed * 1000.0
        reached, is_end = self.along(wanted, self.speed < 0)
        reached = min(reached, self.place) if self.speed < 0 else max(reached, self.place)
        self.playing = self.playing and not is_end
        self.place, self.since_s = reached, now_s
        return reached


moments = st.one_of(
    st.floats(-5000.0, END - T0 + 5000.0).map(lambda each: round(T0 + each)),
    st.sampled_from([T0, *PIECES[0], *PIECES[1]]),
)
waits = st.tuples(st.just("wait"), st.sampled_from([0.2, 0.5, 3.0]))
moves = st.one_of(
    st.tuples(st.just("seek"), moments),
    st.tuples(
        st.just("play"),
        st.sampled_from([0.1, 1.0, 7.5, 25.0, 60.0, 3600.0, -0.1, -1.0, -7.5, -25.0, -3600.0]),
    ),
    st.tuples(st.just("pause"), st.just(0.0)),
    st.tuples(st.just("nudge"), st.booleans()),
    st.tuples(st.just("lag"), st.integers(0, 9)),
    st.tuples(st.just("ack"), st.integers(0, 3)),
)
#: Playing into what is seldom met by chance: the gap, the ends.
encounters = st.sampled_from(
    [
        [("seek", PIECES[0][1] - 5000.0), ("play", 25.0), ("wait", 0.5)],
        [("seek", PIECES[1][0] + 5000.0), ("play", -25.0), ("wait", 0.5)],
        [("seek", PIECES[0][1] + 5000.0), ("play", 1.0), ("wait", 0.5)],
        [("seek", PIECES[0][1] + 5000.0), ("play", -1.0), ("wait", 0.5)],
        [("seek", END - 500.0), ("play", 1.0), ("wait", 0.5), ("wait", 0.5)],
        [("seek", T0 + 500.0), ("nudge", 1.0), ("play", -1.0)],
    ]
)
turns = st.one_of(waits, moves, waits).map(lambda each: [each])
scripts = st.lists(st.one_of(turns, turns, turns, encounters), max_size=25).map(
    lambda parts: [each for part in parts for each in part]
)
logs = st.lists(
    st.one_of(
        st.integers(0, 3000),
        st.integers(0, int(END - T0) - 1),
        st.sampled_from([60_000, 70_000, 80_000, 80_000]),
    ),
    max_size=25,
).map(lambda offsets: [event(seq + 1, int(T0) + offset) for seq, offset in enumerate(offsets)])


class Scene:
    """A player, a fast viewer, a slow one that is behind, and what they must have been told."""

    def __init__(self, events: list[Event], at_once: int) -> None:
        self.events, self.at_once = events, at_once
        self.clock, self.film = Clock(), MemoryFilm(FRAMES, PIECES)
        self.showing = showing_of(
            self.film, Log(events), self.clock, Pace(settle_ms=0.0, events_at_once=at_once)
        )
        self.fast, self.slow = Watcher(self.clock), Watcher(self.clock)
        self.model, self.expected = Model(), list[tuple[str, float]]()
        for each in (self.fast, self.slow):
            self.showing.attach(each.seat)
        self.fast.seat.select(EVERYTHING, 1e6)
        self.slow.seat.acknowledge(0, 1)

    async def do(self, what: str, value: float) -> None:
        self.clock.now_s += 0.001  # no two moments within the time of a frame
        before = self.model.place
        match what:
            case "wait":
                self.clock.now_s += value
            case "seek":
                self.move(seek(value))
            case "play":
                self.move(play(value))
                self.model.speed, self.model.playing = value, True
                self.model.since_s = self.clock.now_s
            case "pause":
                self.move(Pause(type="pause"))
                self.model.playing = False
            case "nudge":
                self.move(step("second", back=bool(value)))
                self.model.playing = False
            case "lag":
                self.slow.take(value)
            case "ack" if self.slow.frames:
                self.slow.seat.acknowledge(self.slow.frames[-1].seq, None)
        await self.heed(what, value, before)

    def move(self, wish: Moving) -> None:
        self.showing.move(wish, never)

    async def heed(self, what: str, value: float, before: Place | None) -> None:
        """Let the player do what is due, and the model too; write down what the fast viewer must hear."""
        self.fast.take()
        for _ in range(100):
            count = len(self.film.asked)
            await self.showing.step()
            if len(self.film.asked) == count:
                self.fast.take()
                return
            reached = self.showing._player.place
            assert reached is not None
            self.check_place(what, value, reached)
            if what == "seek":
                self.expected.append(("frame", reached.time_ms))
            else:
                start = before if before is not None else self.start()
                self.expected += [("event", seq) for seq in met(self.events, start, reached)]
                self.expected.append(("frame", reached.time_ms))
            before, what = reached, "wait"
            self.fast.take()
        raise AssertionError("it always has something to do")

    def catch_up(self) -> None:
        """Let the slow viewer take all that waits."""
        is_more = True
        while is_more:
            self.clock.now_s += 1.0
            if self.slow.frames:
                self.slow.seat.acknowledge(self.slow.frames[-1].seq, None)
            is_more = self.slow.take() > 0

    def start(self) -> Place:
        """Where it began that stood nowhere: at the one end of the film, or at the other."""
        return Place(math.nextafter(END, -math.inf) if self.model.speed < 0 else T0)

    def check_place(self, what: str, value: float, reached: Place) -> None:
        model = self.model
        if what == "seek":
            place = Place(min(max(value, T0), math.nextafter(END, -math.inf)))
        elif what == "nudge":
            model.place = model.place or Place(T0)
            wanted = model.place.time_ms + (-1000.0 if value else 1000.0)
            place = model.along(wanted, bool(value))[0]
            place = min(place, model.place) if value else max(place, model.place)
        else:
            place = model.tick(self.clock.now_s)
        if self.at_once > len(self.events):
            assert reached.time_ms == pytest.approx(place.time_ms, abs=0.01)
        if self.showing._player.playing:
            model.playing = True
        model.place, model.since_s = reached, self.clock.now_s


@settings(max_examples=500, deadline=None)
@given(logs, scripts, st.sampled_from([1, 2, 3, 250]))
def test_every_viewer_is_told_what_the_player_met_in_order(
    events: list[Event], script: list[tuple[str, float]], at_once: int
) -> None:
    async def watch() -> Scene:
        scene = Scene(events, at_once)
        for what, value in script:
            await scene.do(what, value)
        return scene

    scene = asyncio.run(watch())
    assert scene.fast.told == scene.expected
    # The slow one catches up: the same events in the same order, and some of the frames, the newest too.
    slow, expected = scene.slow, scene.expected
    scene.catch_up()
    assert slow.seqs == scene.fast.seqs
    assert is_thinned(slow.told, expected)
    assert slow.told[-1:] == expected[-1:]
    if expected:
        for viewer in (scene.fast, slow):
            time_ms = viewer.frames[-1].time_ms
            assert viewer.sees(scene.film.state(time_ms, scene.film.piece_at(time_ms)[1]))


def is_thinned(told: list[tuple[str, float]], whole: list[tuple[str, float]]) -> bool:
    """Whether what was told is the whole without some of the frames, in the same order."""
    rest = iter(whole)
    return all(any(each == other for other in rest) for each in told)


@given(logs, st.lists(st.sampled_from([False, True]), max_size=30), st.floats(0.0, END - T0))
def test_steps_visit_each_event_there_and_back(
    events: list[Event], directions: list[bool], begin: float
) -> None:
    order = sorted((each.time_ms, each.seq) for each in events)

    async def walk() -> None:
        clock = Clock()
        showing = showing_of(MemoryFilm(FRAMES, PIECES), Log(events), clock)
        viewer = Watcher(clock)
        showing.attach(viewer.seat)
        showing.move(seek(round(T0 + begin)), never)
        await settled(showing)
        viewer.take()
        at = sum(each <= (round(T0 + begin), math.inf) for each in order)  # so many have happened
        visited = False
        for back in directions:
            goal = (at - 2 if visited else at - 1) if back else at
            refused: list[str] = []
            showing.move(step("event", back=back), refused.append)
            await settled(showing)
            viewer.take()
            if 0 <= goal < len(order):
                assert refused == []
                assert viewer.told[-2:] == [("stepped", order[goal][1]), ("frame", float(order[goal][0]))]
                at, visited = goal + 1, True
            else:
                assert "no such event" in refused[0]

    asyncio.run(walk())


# One viewer, step by step


class Alone:
    """A player with one viewer."""

    def __init__(self, events: list[Event] | None = None, pace: Pace | None = None) -> None:
        self.clock, self.film = Clock(), MemoryFilm(FRAMES, PIECES)
        self.showing = showing_of(self.film, Log(events or []), self.clock, pace)
        self.viewer, self.answers = Watcher(self.clock), list[str]()
        self.showing.attach(self.viewer.seat)

    async def ask(self, *wishes: Moving) -> None:
        for wish in wishes:
            self.showing.move(wish, self.answers.append)
        await self.go(0.0)

    async def go(self, seconds: float) -> None:
        self.clock.now_s += seconds
        await settled(self.showing)
        self.viewer.take()

    @property
    def status(self) -> dict[str, Any]:
        return self.viewer.heard("replay")[-1]

    @property
    def offset_ms(self) -> float:
        return self.viewer.frames[-1].time_ms - T0


async def test_of_seeks_that_wait_only_the_last_is_answered() -> None:
    alone = Alone()
    await alone.ask(*(seek(T0 + 1000.0 * number) for number in range(50)))
    assert [frame.time_ms for frame in alone.viewer.frames] == [T0 + 49_000.0]
    assert alone.film.asked == [T0 + 49_000.0]


async def test_a_seek_does_not_wait_for_a_viewer_that_may_take_no_more_nor_is_it_lost() -> None:
    alone = Alone()
    alone.viewer.seat.acknowledge(0, 1)
    await alone.ask(seek(T0))
    await alone.ask(seek(T0 + 1000.0))
    assert alone.offset_ms == 0.0
    alone.viewer.seat.acknowledge(1, None)
    await alone.go(0.0)
    assert alone.offset_ms == 1000.0


async def test_a_change_of_speed_holds_from_then_on() -> None:
    alone = Alone()
    await alone.ask(seek(T0 + 10_000.0), play(1.0))
    await alone.go(2.0)
    await alone.ask(play(-10.0))
    await alone.go(1.0)
    assert alone.offset_ms == pytest.approx(2_000.0, abs=1.0)
    await alone.ask(Pause(type="pause"))
    await alone.go(5.0)
    assert alone.offset_ms == pytest.approx(2_000.0, abs=1.0)


async def test_playing_ends_before_the_moments_whose_events_may_be_missing_yet() -> None:
    alone = Alone(pace=Pace(settle_ms=1000.0))
    await alone.ask(seek(END - 5000.0), play(60.0))
    await alone.go(1.0)
    assert alone.viewer.frames[-1].time_ms == pytest.approx(END - 1000.0, abs=0.01)
    assert alone.status["playing"] is False
    await alone.ask(seek(END), play(1.0))
    await alone.go(1.0)
    assert alone.viewer.frames[-1].time_ms == pytest.approx(END, abs=0.01)
    assert alone.status["playing"] is False


async def test_what_cannot_be_read_is_told_and_nothing_moves() -> None:
    alone = Alone()
    await alone.ask(seek(T0 + 1000.0), play(1.0))
    alone.film.broken = OSError("the disk is gone")
    await alone.go(1.0)
    assert "server's log" in alone.viewer.heard("error")[0]["message"]
    assert (alone.status["playing"], alone.status["time"]) == (False, "2026-09-21T14:13:21.000Z")
    await alone.ask(seek(T0))
    assert len(alone.answers) == 1
    alone.film.broken = None
    await alone.ask(seek(T0))
    assert alone.offset_ms == 0.0


async def test_without_film_it_is_said_that_there_is_none() -> None:
    clock = Clock()
    showing = showing_of(MemoryFilm([], []), Log([]), clock)
    viewer, answers = Watcher(clock), list[str]()
    showing.attach(viewer.seat)
    showing.move(step("event"), answers.append)
    await settled(showing)
    assert "nothing has been recorded" in answers[0]
    viewer.take()
    showing.move(play(1.0), answers.append)
    await settled(showing)
    viewer.take()
    assert "nothing has been recorded" in viewer.heard("error")[0]["message"]
    assert viewer.heard("replay")[-1]["span"] is None


async def test_steps_wait_for_each_other_but_not_without_end() -> None:
    alone = Alone()
    alone.viewer.seat.acknowledge(0, 1)
    await alone.ask(seek(T0))
    await alone.ask(*[step("second")] * (MAX_STEPS + 1))
    assert len(alone.answers) == 1
    alone.viewer.seat.acknowledge(1, 60)
    for _ in range(MAX_STEPS):
        await alone.go(0.2)
    assert alone.offset_ms == 1000.0 * MAX_STEPS


async def test_a_frame_is_what_playing_passes_in_a_tenth_of_a_second() -> None:
    alone = Alone()
    await alone.ask(seek(T0 + 10_000.0), play(60.0), Pause(type="pause"))
    await alone.go(0.2)
    await alone.ask(step("frame"))
    assert alone.offset_ms == 16_000.0
    await alone.go(0.2)
    await alone.ask(step("frame", back=True))
    assert alone.offset_ms == 10_000.0


async def test_a_search_for_an_event_gives_up_and_says_how_far_it_came() -> None:
    events = [event(seq + 1, int(T0) + seq * 10, "alarm.raised", priority="low") for seq in range(1000)]
    alone = Alone(events, Pace(settle_ms=0.0, events_at_once=20, search_s=-1.0))
    await alone.ask(seek(T0), step("event", severity=["critical"]))
    await alone.go(0.2)
    assert "seek there and step on" in alone.answers[0]


async def test_a_seek_ends_a_search() -> None:
    alone = Alone([event(1, int(END) - 10)])

    async def find(*args: Any, **options: Any) -> tuple[Event, ...]:
        alone.showing.move(seek(T0 + 3000.0), never)
        return ()

    showing = alone.showing = Showing(alone.film, find, alone.clock, Pace(settle_ms=0.0))
    showing.attach(alone.viewer.seat)
    await alone.ask(step("event"))
    await alone.go(0.2)
    assert alone.viewer.heard("stepped") == []
    assert alone.offset_ms == 3000.0


async def test_a_storm_of_events_slows_the_film_and_loses_none() -> None:
    storm = [event(seq + 1, int(T0) + 5000 + seq % 7) for seq in range(2000)]
    alone = Alone(storm, Pace(settle_ms=0.0, events_at_once=100))
    await alone.ask(seek(T0), play(3600.0))
    for _ in range(200):
        await alone.go(0.2)
    assert alone.viewer.seqs == met(storm, Place(T0), Place(END))
    assert alone.status["playing"] is False
    counts = [0]
    for kind, _ in alone.viewer.told:
        counts = [*counts, 0] if kind == "frame" else [*counts[:-1], counts[-1] + 1]
    assert max(counts) <= 100


async def test_who_leaves_has_a_player_where_the_film_stands() -> None:
    alone = Alone()
    await alone.ask(seek(T0 + 5000.0), play(60.0))
    other, viewer = alone.showing.beside(), Watcher(alone.clock)
    other.attach(viewer.seat)
    await settled(other)
    viewer.take()
    assert viewer.told == [("frame", T0 + 5000.0)]
    assert viewer.heard("replay")[-1]["playing"] is False
    await alone.go(1.0)
    assert len(viewer.frames) == 1


async def test_before_nobody_the_film_stands_still() -> None:
    alone = Alone()
    await alone.ask(seek(T0 + 5000.0), play(60.0))
    alone.showing.detach(alone.viewer.seat)
    await alone.go(60.0)
    alone.showing.attach(alone.viewer.seat)
    await alone.go(1.0)
    assert alone.offset_ms == 5000.0
    assert alone.status["playing"] is False
