"""A process that records film until it is killed, again and again; run as a program.

`python -m tests.twin.film.killing URL ROUNDS SEED`: each round forks a process that records generated
samples, late ones among them, cuts small segments, merges and cleans, and writes into a pipe what it was fed
and what is safe; in some rounds another one follows the film and reads it. They are killed (SIGKILL) at a
random moment, and the film is compared with what was fed. Prints one line of JSON with what happened.
"""

import asyncio
import contextlib
import json
import math
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.samples import Samples
from tests.telemetry_bridge.builders import HandClock, registry
from tests.twin.events.killing import forked, killed
from tests.twin.film.scenes import same_state
from twin.errors import NotRecordedError
from twin.film import film as film_module
from twin.film.codec import decode_segment, encode_segment
from twin.film.film import DAY_MS, Film
from twin.film.reading import FilmSettings, Moment
from twin.film.recorder import RecorderSettings
from twin.film.segment import Growing, Keyframe, Mask, State
from twin.store.database import open_existing
from twin.store.tables import FILM_CHUNK

START_MS = 1_790_000_000_000.0
STEP_MS = 100.0
#: So that no two samples of a point are of one moment: a float64 of these times has so many steps in 1 ms.
STEPS_A_MS = 4096
KEEP_MS = 60_000.0
LAGS_MS = ((0, 1), (0, 300), (0, 4000), (0, 15_000))
N = 9
TIGHT = RecorderSettings(flush_s=0.02, segment_s=2.0, grace_s=0.5, worth_a_key=0.0)
SETTINGS = FilmSettings(keep_days=KEEP_MS / DAY_MS, recorder=TIGHT)
MERGE_EVERY_S, CLEAN_EVERY_S, CHECK_EVERY_S = 0.06, 0.1, 0.1
#: A feeder that is so far ahead of the database waits, so that nothing unsafe gets as old as what is deleted.
MOST_UNSAFE = 100
MOST_FED, LINE_BYTES = 150, 18
MOST_MISSED = 80


def time_of(number: int) -> float:
    """When a batch comes, ms since 1970 UTC."""
    return START_MS + number * STEP_MS + number % STEPS_A_MS / STEPS_A_MS


def batch(seed: int, number: int) -> Samples:
    """What devices report at once: some points, most of them on time."""
    chance = np.random.default_rng([seed, number])
    index = np.flatnonzero(chance.random(N) < 0.3).astype(np.uint32)
    low, high = LAGS_MS[int(chance.choice(len(LAGS_MS), p=(0.6, 0.25, 0.1, 0.05)))]
    lag_ms = chance.integers(low, high, len(index))
    value = np.round(chance.normal(20, 3, len(index)), 1)
    odd = chance.random(len(index)) < 0.1
    value[odd] = chance.integers(0, 2**64, int(odd.sum()), dtype=np.uint64).view(np.float64)
    return Samples.of(index, time_of(number) - lag_ms, value, chance.integers(0, 4, len(index)))


class Feeder:
    """Feeds one process's film from a number on, and says how far it is."""

    def __init__(self, film: Film, clock: HandClock, pipe: int, seed: int, first: int) -> None:
        self._film, self._clock, self._pipe, self._seed = film, clock, pipe, seed
        self._next, self._safe = first, first - 1
        self._chance = random.Random(f"{seed} {first}")

    def _say(self, word: str, number: int) -> None:
        os.write(self._pipe, f"{word} {number} {time.monotonic():.3f}\n".encode())

    async def feed(self) -> None:
        """Take batches for ever. A batch is told before it is taken: what was not told cannot be there."""
        self._say("from", self._next)
        while True:
            self._say("fed", self._next)
            self._clock.time_ms = time_of(self._next)
            self._film.recorder.take(batch(self._seed, self._next))
            self._next += 1
            await asyncio.sleep(self._chance.random() * 0.004)
            while self._next - self._safe > MOST_UNSAFE:
                await asyncio.sleep(0.001)

    async def check(self) -> None:
        """Say now and then up to where all is in the database."""
        while True:
            number = self._next - 1
            if await self._film.recorder.flush() and not self._film.recorder.is_behind:
                self._safe = number
                self._say("safe", number)
            await asyncio.sleep(self._chance.random() * CHECK_EVERY_S)


async def record_for_ever(url: str, seed: int, first: int, pipe: int) -> None:
    """The process that is killed."""
    film_module.MERGE_EVERY_S, film_module.CLEAN_EVERY_S = MERGE_EVERY_S, CLEAN_EVERY_S
    clock = HandClock(time_of(first))
    film = Film(await open_existing(url), registry(), clock, SETTINGS)
    async with film.running():
        feeder = Feeder(film, clock, pipe, seed, first)
        await asyncio.gather(feeder.feed(), feeder.check())


async def follow_for_ever(url: str, seed: int, first: int) -> None:
    """Another process, which sees the film grow: whatever it asks for is there, or is said not to be."""
    clock, chance = HandClock(time_of(first)), random.Random(seed)
    film = Film(await open_existing(url), registry(), clock, SETTINGS)
    async with film.running(records=False):
        while True:
            with contextlib.suppress(NotRecordedError):
                await film.state_at(time_of(first) - chance.uniform(-3000, 20_000))
                await _found(film, time_of(first) - 10_000)
            await asyncio.sleep(0.01)


@contextlib.contextmanager
def following(url: str, seed: int, first: int) -> Iterator[None]:
    """Another process that follows until it is killed, when the block ends.

    RuntimeError: it ended by itself.
    """
    child = forked(lambda: asyncio.run(follow_for_ever(url, seed, first)))
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        raise RuntimeError("the process that followed ended by itself; its error is above")


@dataclass
class Report:
    """What happened: batches fed, how many of them were safe, samples that were lost and for how long at most
    they had been in memory, s, samples that came late, and moments that were compared.
    """

    rounds: int = 0
    fed: int = 0
    safe: int = 0
    lost: int = 0
    longest_lost_s: float = 0.0
    late: int = 0
    moments: int = 0


@dataclass
class Told:
    """All that was fed and must be there, as columns; `run` says in which round."""

    samples: Samples = field(default_factory=Samples.none)
    run: "np.ndarray[tuple[int], np.dtype[np.int64]]" = field(default_factory=lambda: np.empty(0, np.int64))

    def add(self, samples: Samples, run: int) -> None:
        """Take some of a round."""
        self.samples = Samples.joined([self.samples, samples])
        self.run = np.append(self.run, np.full(len(samples), run))

    def state_at(self, time_ms: float, run: int) -> State:
        """What a run, or one after it, was told up to a time, one sample after the other."""
        state = State.unknown(N)
        columns = self.samples
        for row in np.flatnonzero((self.run >= run) & (columns.time_ms <= time_ms)):
            point, moment = int(columns.point_index[row]), columns.time_ms[row]
            if moment >= state.time_ms[point]:
                state.time_ms[point] = moment
                state.value[point], state.quality[point] = columns.value[row], columns.quality[row]
        return state


Key = tuple[int, float, int, int]


def keys_of(samples: Samples) -> list[Key]:
    """Each sample as what may be compared: NaN too."""
    bits = np.ascontiguousarray(samples.value).view(np.uint64)
    columns = (samples.point_index, samples.time_ms, bits, samples.quality)
    return list(zip(*(column.tolist() for column in columns), strict=True))


async def _found(film: Film, from_ms: float) -> Samples:
    """Every sample of the film from a time on."""
    parts = []
    for row, each in enumerate(film._now.points):
        track = (await film.history(each, from_ms, math.inf, 0)).track
        parts.append(Samples.of(np.full(len(track), row), track.time_ms, track.value, track.quality))
    return Samples.joined(parts)


class Rounds:
    """Kills, and compares."""

    def __init__(self, url: str, seed: int) -> None:
        self._url, self._seed = url, seed
        self._chance = random.Random(seed)
        self._next = 0
        self._told = Told()
        self._begun: list[float] = []
        self.report = Report()

    def one(self) -> None:
        """A process that records and is killed, and what it left."""
        first = self._next
        wanted = self._chance.randint(0, MOST_FED) * LINE_BYTES
        follow = self._chance.random() < 0.3
        with following(self._url, self._seed, first) if follow else contextlib.nullcontext():
            said = killed(self._recording(first), wanted, self._chance)
        self.report.rounds += 1
        self._compare(said.decode(), time.monotonic())

    def _recording(self, first: int) -> Callable[[int], None]:
        return lambda pipe: asyncio.run(record_for_ever(self._url, self._seed, first, pipe))

    def _compare(self, said: str, killed_s: float) -> None:
        lines = [line.split() for line in said.splitlines()]
        fed = {int(number): float(at_s) for word, number, at_s in lines if word == "fed"}
        safe = max((int(number) for word, number, _ in lines if word == "safe"), default=-1)
        begun = [int(number) for word, number, _ in lines if word == "from"]
        limit_ms = time_of(max(fed, default=self._next)) - KEEP_MS
        self.report.fed += len(fed)
        self.report.safe += sum(number <= safe for number in fed)
        asyncio.run(self._compare_film(begun, fed, safe, limit_ms, killed_s))
        while threading.active_count() > 1:  # none may be in the midst of anything at the next fork
            time.sleep(0.001)
        self._next = max(fed, default=self._next) + self._chance.randint(1, MOST_MISSED)

    async def _compare_film(
        self, begun: list[int], fed: dict[int, float], safe: int, limit_ms: float, killed_s: float
    ) -> None:
        engine = await open_existing(self._url)
        await _alone(engine)
        clock = HandClock(time_of(max(fed, default=self._next)) + STEP_MS / 2)
        film = Film(engine, registry(), clock, SETTINGS)
        recovers = self._chance.random() < 0.3
        await film.open(records=recovers)
        if recovers:
            assert await _chunks(engine) == 0
        found = await _found(film, limit_ms)
        self._settle(fed, safe, set(keys_of(found)), killed_s)
        if begun and _has(film, time_of(begun[0])):
            self._begun.append(time_of(begun[0]))
        elif begun:
            assert safe < 0
            self._begun.append(math.inf)
        self._same_samples(found, limit_ms)
        await self._same_states(film, limit_ms, clock.time_ms)
        await engine.dispose()

    def _settle(self, fed: dict[int, float], safe: int, found: set[Key], killed_s: float) -> None:
        """Note what must be there from now on: what was safe, and what else was found."""
        run = len(self._begun)
        for number, at_s in fed.items():
            samples = batch(self._seed, number)
            self.report.late += int((samples.time_ms < time_of(number) - 1000).sum())
            if number > safe:
                kept = np.array([key in found for key in keys_of(samples)], dtype=bool)
                self._note_lost(kept, killed_s - at_s)
                samples = samples[kept]
            self._told.add(samples, run)

    def _note_lost(self, kept: Mask, age_s: float) -> None:
        if not kept.all():
            self.report.lost += int((~kept).sum())
            self.report.longest_lost_s = round(max(self.report.longest_lost_s, age_s), 3)

    def _same_samples(self, found: Samples, limit_ms: float) -> None:
        """What was found from a time on is what was told, each once, to the bit."""
        told = self._told.samples
        assert sorted(keys_of(found)) == sorted(keys_of(told[told.time_ms >= limit_ms]))

    async def _same_states(self, film: Film, limit_ms: float, to_ms: float) -> None:
        first_ms = min(self._begun, default=math.inf)
        if first_ms > to_ms:
            return
        for _ in range(6):
            time_ms = self._chance.uniform(max(limit_ms, first_ms), to_ms)
            run = max(n for n, begun_ms in enumerate(self._begun) if begun_ms <= time_ms)
            _assert_same(await film.state_at(time_ms), self._told.state_at(time_ms, run))
            self.report.moments += 1


def _assert_same(moment: Moment, expected: State) -> None:
    if moment.gap is None:
        assert same_state(moment.state, expected), moment.time_ms
    else:
        assert moment.state.value.tobytes() == expected.value.tobytes(), moment.time_ms
        assert moment.state.time_ms.tobytes() == expected.time_ms.tobytes(), moment.time_ms


def _has(film: Film, time_ms: float) -> bool:
    """Whether a time was recorded while it happened."""
    try:
        return film.piece_at(time_ms)[1] is None
    except NotRecordedError:
        return False


async def _alone(engine: AsyncEngine) -> None:
    """Wait until PostgreSQL has noticed that a client is dead, and ended what it did."""
    if engine.dialect.name != "postgresql":
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with engine.connect() as connection:
        while (await connection.execute(others)).scalar():
            await connection.rollback()  # a transaction sees one state of it
            await asyncio.sleep(0.002)


async def _chunks(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(FILM_CHUNK))).scalar() or 0)


def _warm_up() -> None:
    """Load what is compiled before the first fork."""
    reel = Growing(0.0, Keyframe.empty())
    reel.add(batch(0, 1))
    decode_segment(encode_segment(reel.segment()))
    reel.state_at(math.inf, N)


def main(url: str, rounds: int, seed: int) -> None:
    """Kill so many processes."""
    _warm_up()
    all_rounds = Rounds(url, seed)
    for _ in range(rounds):
        all_rounds.one()
    print(json.dumps(asdict(all_rounds.report)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
