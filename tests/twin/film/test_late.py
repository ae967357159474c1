"""Samples that come late are found where they belong, whatever was cut, merged or killed meanwhile."""

import asyncio
import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import Quality
from tests.twin.film.filming import Filming
from tests.twin.film.scenes import START_MS, same_state
from twin.errors import NotRecordedError
from twin.film.recorder import RecorderSettings
from twin.film.segment import State
from twin.store.database import open_database

N = 9
SETTINGS = RecorderSettings(segment_s=2.0, grace_s=0.5, worth_a_key=0.0)

lags_ms = st.one_of(st.integers(0, 400), st.integers(0, 9000), st.sampled_from([0, 30_000]))
arrivals = st.lists(
    st.tuples(st.integers(0, N - 1), lags_ms, st.integers(-5, 5), st.sampled_from([0, 0, 1, 2])),
    min_size=1,
    max_size=5,
)
steps = st.one_of(
    st.tuples(st.just("samples"), st.integers(1, 1500), arrivals),
    st.tuples(st.sampled_from(["flush", "flush", "merge", "kill", "stop"]), st.integers(1, 3000), st.none()),
)


@dataclass
class Told:
    """A sample that the film must know: from which run of the server it is, and whether it is safe."""

    run: int
    point: int
    time_ms: float
    value: float
    quality: int
    safe: bool = False


@dataclass
class Venue:
    """Runs of a server one after the other, and all that they were told."""

    engine: AsyncEngine
    now_ms: float = START_MS
    runs: list[tuple[float, float]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    filming: Filming | None = None

    async def begin(self) -> None:
        self.filming = await Filming.begin(self.engine, self.now_ms, SETTINGS)
        self.runs.append((self.now_ms, math.inf))

    @property
    def film(self) -> Filming:
        assert self.filming is not None
        return self.filming

    async def act(self, kind: str, ms: int, samples: Sequence[tuple[int, int, int, int]] | None) -> None:
        self.now_ms += ms
        self.film.clock.time_ms = self.now_ms
        if kind == "samples":
            self.tell(samples or ())
        elif kind == "flush":
            assert await self.film.film.recorder.flush()
            self.note_safe()
        elif kind == "merge":
            if await self.film.film.merge_late():
                self.note_safe()
        else:
            await self.end(cleanly=kind == "stop")

    def tell(self, samples: Sequence[tuple[int, int, int, int]]) -> None:
        new = [
            Told(len(self.runs) - 1, point, self.now_ms - lag, float(value), quality)
            for point, lag, value, quality in samples
        ]
        self.told += new
        columns = ([each.point for each in new], [each.time_ms for each in new])
        self.film.film.recorder.take(
            Samples.of(*columns, [each.value for each in new], [each.quality for each in new])
        )

    def note_safe(self) -> None:
        self.runs[-1] = (self.runs[-1][0], self.now_ms)
        for each in self.told:
            each.safe = True

    async def end(self, *, cleanly: bool) -> None:
        if cleanly:
            await self.film.film.recorder.stop()
            self.note_safe()
        begun, written_ms = self.runs[-1]
        if math.isinf(written_ms):
            self.runs[-1] = (begun, -math.inf)  # it left nothing
        self.told = [each for each in self.told if each.safe]
        self.now_ms += 5000
        await self.begin()

    def run_of(self, time_ms: float) -> int:
        """The last run that began before a time and left anything; -1: there is none."""
        return max(
            (n for n, (from_ms, to_ms) in enumerate(self.runs) if from_ms <= min(time_ms, to_ms)), default=-1
        )

    def expected(self, time_ms: float) -> State:
        """What a run of then was told, or any after it, up to a time."""
        run = self.run_of(time_ms)
        state = State.unknown(N)
        for each in self.told:
            if each.run >= run and each.time_ms <= time_ms and each.time_ms >= state.time_ms[each.point]:
                row = each.point
                state.value[row], state.quality[row] = each.value, each.quality
                state.time_ms[row] = each.time_ms
        return state

    async def check(self, moments: Sequence[float]) -> None:
        for time_ms in moments:
            if self.run_of(time_ms) < 0:
                with contextlib.suppress(NotRecordedError):
                    await self.film.film.state_at(time_ms)
                continue
            expected = self.expected(time_ms)
            moment = await self.film.film.state_at(time_ms)
            if moment.gap is not None:
                before_gap = expected.time_ms < moment.gap.from_ms
                turned = before_gap & expected.known & (expected.quality != Quality.BAD)
                expected.quality[turned] = Quality.STALE
            assert same_state(moment.state, expected), time_ms - START_MS


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    script=st.lists(steps, min_size=1, max_size=25), shares=st.lists(st.floats(0, 1), min_size=4, max_size=8)
)
def test_every_moment_is_what_was_told_of_it_in_any_order_and_over_any_stop(
    tmp_path_factory: pytest.TempPathFactory,
    script: list[tuple[str, int, list[tuple[int, int, int, int]] | None]],
    shares: list[float],
) -> None:
    async def check() -> None:
        engine = await open_database(f"sqlite:///{tmp_path_factory.mktemp('film') / 'twin.db'}")
        venue = Venue(engine)
        await venue.begin()
        for kind, ms, samples in script:
            await venue.act(kind, ms, samples)
        moments = [START_MS + share * (venue.now_ms - START_MS) for share in shares]
        await venue.check(moments)
        await venue.film.film.recorder.flush()
        await venue.film.film.merge_late()
        await venue.check(moments)
        await venue.end(cleanly=True)
        await venue.check(moments)
        await engine.dispose()

    asyncio.run(check())
