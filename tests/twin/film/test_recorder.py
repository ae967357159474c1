"""What was recorded is there after every kind of stop, and a database that fails stops nothing."""

import asyncio
import sqlite3
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.wire import Frame, Kind
from tests.twin.film.filming import SHORT, Filming, noise, times_of
from tests.twin.film.scenes import START_MS, frame_of, same_state
from twin.film.recorder import RecorderSettings
from twin.store.database import writing
from twin.store.tables import FILM_CHUNK, FILM_SEGMENT


async def count(engine: AsyncEngine, table: Any) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar() or 0)


@pytest.mark.parametrize("killed_after", range(0, 25, 2))
async def test_a_kill_at_any_flush_loses_only_what_was_not_flushed(
    engine: AsyncEngine, killed_after: int
) -> None:
    first = await Filming.begin(engine)
    flushed = 0
    for number, frame in enumerate(noise(24), 1):
        first.record(frame)
        if number % 3 == 0:
            assert await first.film.recorder.flush()
            flushed = number
        if number == killed_after:
            break
    second = await Filming.begin(engine, first.clock.time_ms + 10_000)
    kept = first.frames[:flushed]
    assert await count(engine, FILM_CHUNK) == 0
    for time_ms in times_of(kept):
        moment = await second.film.state_at(time_ms)
        assert moment.gap is None
        assert same_state(moment.state, first.expected(time_ms))
    if kept:
        (gap,) = second.film.gaps(0, np.inf)
        assert gap.from_ms == pytest.approx(kept[-1].time_ms, abs=0.01)
        assert gap.to_ms == second.clock.time_ms


async def test_a_clean_stop_loses_nothing_and_leaves_no_chunk(engine: AsyncEngine) -> None:
    first = await Filming.begin(engine)
    for frame in noise(24):
        first.record(frame)
        await first.film.recorder.flush()
    await first.film.recorder.stop()
    assert (await count(engine, FILM_CHUNK), await count(engine, FILM_SEGMENT)) == (0, 5)
    second = await Filming.begin(engine, first.clock.time_ms + 1000)
    for time_ms in times_of(first.frames):
        assert same_state((await second.film.state_at(time_ms)).state, first.expected(time_ms))


async def test_a_damaged_chunk_costs_itself_and_what_follows_it(engine: AsyncEngine) -> None:
    first = await Filming.begin(engine, settings=RecorderSettings(segment_s=60))
    for number, frame in enumerate(noise(12), 1):
        first.record(frame)
        if number % 4 == 0:
            await first.film.recorder.flush()
    async with writing(engine) as connection:
        await connection.execute(update(FILM_CHUNK).where(FILM_CHUNK.c.number == 1).values(data=b"rubbish"))
    second = await Filming.begin(engine, first.clock.time_ms + 1000)
    time_ms = first.frames[3].time_ms
    assert same_state((await second.film.state_at(time_ms)).state, first.expected(time_ms))
    assert (await second.film.state_at(first.frames[7].time_ms)).gap is not None


async def test_a_damaged_first_chunk_stops_no_server(engine: AsyncEngine) -> None:
    first = await Filming.begin(engine)
    first.record(noise(1)[0])
    await first.film.recorder.flush()
    async with writing(engine) as connection:
        await connection.execute(update(FILM_CHUNK).values(data=b""))
    second = await Filming.begin(engine, first.clock.time_ms + 1000)
    assert second.film.span is not None
    assert second.film.span[0] == second.clock.time_ms
    assert await count(engine, FILM_CHUNK) == 0


class Failing:
    """A store whose writes fail while `broken`."""

    def __init__(self, save: Any) -> None:
        self.save_really = save
        self.broken = True

    async def save(self, *arguments: Any) -> None:
        if self.broken:
            raise OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full"))
        await self.save_really(*arguments)


async def test_a_full_disk_is_said_and_what_was_filmed_meanwhile_is_kept(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await Filming.begin(engine)
    store = Failing(run.film.recorder._store.save)
    monkeypatch.setattr(run.film.recorder._store, "save", store.save)
    for frame in noise(24):
        run.record(frame)
        await run.film.recorder.flush()
    assert "disk is full" in (run.film.recorder.note or "")
    time_ms = run.frames[7].time_ms
    assert same_state((await run.film.state_at(time_ms)).state, run.expected(time_ms))
    store.broken = False
    await run.film.recorder.stop()
    assert run.film.recorder.note is None
    again = await Filming.begin(engine, run.clock.time_ms + 1000)
    for time_ms in times_of(run.frames):
        assert same_state((await again.film.state_at(time_ms)).state, run.expected(time_ms))


async def test_a_database_that_stays_away_costs_old_film_and_not_memory(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await Filming.begin(
        engine, settings=RecorderSettings(segment_s=1.0, grace_s=0.3, waiting_samples=40, worth_a_key=0.0)
    )
    monkeypatch.setattr(run.film.recorder._store, "save", Failing(None).save)
    for frame in noise(200):
        run.record(frame)
        assert not await run.film.recorder.flush()
    assert sum(len(take.reel) for take in run.film.recorder._waiting) <= 40
    assert run.film.recorder.given_up > 0
    assert f"{run.film.recorder.given_up} samples are lost" in (run.film.recorder.note or "")
    span = run.film.span
    assert span is not None
    assert span[0] > START_MS + 20_000
    time_ms = run.frames[-1].time_ms
    assert same_state((await run.film.state_at(time_ms)).state, run.expected(time_ms))


async def test_the_same_twice_does_no_harm(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit whose answer was lost is written again."""
    run = await Filming.begin(engine)
    save = run.film.recorder._store.save
    answers = iter([False, True] * 100)

    async def forgetful(*arguments: Any) -> None:
        await save(*arguments)
        if not next(answers):
            raise TimeoutError

    monkeypatch.setattr(run.film.recorder._store, "save", forgetful)
    for frame in noise(20):
        run.record(frame)
        await run.film.recorder.flush()
    await run.film.recorder.stop()
    await run.film.recorder.stop()
    again = await Filming.begin(engine, run.clock.time_ms + 1000)
    for time_ms in times_of(run.frames):
        assert same_state((await again.film.state_at(time_ms)).state, run.expected(time_ms))


async def test_frames_that_come_while_it_writes_are_written_the_next_time(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine)
    flushes = []
    for frame in noise(40):
        run.record(frame)
        flushes.append(asyncio.create_task(run.film.recorder.flush()))
        await asyncio.sleep(0)
    assert all(await asyncio.gather(*flushes))
    again = await Filming.begin(engine, run.clock.time_ms + 1000)
    for time_ms in times_of(run.frames):
        assert same_state((await again.film.state_at(time_ms)).state, run.expected(time_ms))


async def test_after_the_clock_was_set_back_the_later_recording_counts(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine)
    old = noise(30)
    new = noise(10, START_MS + 2000, seed=2)
    for frame in (*old, *new):
        run.record(frame)
    await run.film.recorder.stop()
    again = await Filming.begin(engine, START_MS + 60_000)
    last = new[-1].time_ms
    for frame in old:
        state = (await again.film.state_at(frame.time_ms)).state
        if frame.time_ms < START_MS + 2000 or frame.time_ms > last + 1:
            run.frames = [each for each in old if each.time_ms <= frame.time_ms]
            assert same_state(state, run.expected(frame.time_ms))
    for frame in new[1:]:
        state = (await again.film.state_at(frame.time_ms)).state
        run.frames = [*old, *(each for each in new if each.time_ms <= frame.time_ms)]
        expected = run.expected(np.inf)
        assert state.value.tobytes() == expected.value.tobytes()
        assert state.quality.tobytes() == expected.quality.tobytes()
        assert state.time_ms.max() <= frame.time_ms, "nothing was measured after its moment"


async def test_another_servers_segment_is_not_overwritten(engine: AsyncEngine) -> None:
    one, other = await Filming.begin(engine), await Filming.begin(engine, START_MS + 500)
    for run in (one, other):
        run.record(noise(1, run.clock.time_ms)[0])
    await one.film.recorder.stop()
    await other.film.recorder.stop()
    assert "cannot be written" in (other.film.recorder.note or "")
    assert same_state((await one.film.state_at(one.frames[0].time_ms)).state, one.expected(np.inf))


async def test_of_a_point_twice_in_a_frame_the_last_counts(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine)
    index = np.array([3, 1, 3], dtype=np.uint32)
    frame = Frame(Kind.DELTA, 1, START_MS + 1, index, np.array([1.0, 2.0, 3.0]), np.zeros(3, dtype=np.uint8))
    run.record(frame)
    state = (await run.film.state_at(START_MS + 1)).state
    assert (state.value[1], state.value[3]) == (2.0, 3.0)


async def test_a_quiet_time_is_no_gap(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine, settings=SHORT)
    run.record(frame_of(START_MS + 100, {0: (1.0, 0)}))
    await run.film.recorder.flush()
    run.clock.time_ms += 30_000
    await run.film.recorder.flush()
    again = await Filming.begin(engine, run.clock.time_ms + 5000)
    quiet = await again.film.state_at(START_MS + 29_000)
    assert (quiet.gap, quiet.state.value[0]) == (None, 1.0)
    assert (await again.film.state_at(START_MS + 32_000)).gap is not None


async def test_where_little_changes_keyframes_are_seldom(engine: AsyncEngine) -> None:
    settings = RecorderSettings(segment_s=1.0, grace_s=0.1, worth_a_key=4.0, quiet_factor=10.0)
    run = await Filming.begin(engine, settings=settings)
    run.record(frame_of(START_MS + 1, dict.fromkeys(range(9), (1.0, 0))))
    for number in range(1, 21):
        run.record(frame_of(START_MS + 1500 * number, {0: (float(number), 0)}))
        await run.film.recorder.flush()
    await run.film.recorder.stop()
    quiet = await count(engine, FILM_SEGMENT)
    assert 3 <= quiet <= 5
    for time_ms in times_of(run.frames):
        assert same_state((await run.film.state_at(time_ms)).state, run.expected(time_ms))
    for number in range(1, 21):
        update = dict.fromkeys(range(9), (float(number), 0))
        run.record(frame_of(START_MS + 60_000 + 500 * number, update))
        await run.film.recorder.flush()
    await run.film.recorder.stop()
    assert await count(engine, FILM_SEGMENT) - quiet >= 4


async def test_nothing_is_left_of_what_was_deleted(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine)
    for frame in noise(30):
        run.record(frame)
        await run.film.recorder.flush()
    run.clock.time_ms = START_MS + 30 * 86_400_000 + 3000
    deleted = await run.film.clean()
    assert deleted == 2
    span = run.film.span
    assert span is not None
    assert span[0] > START_MS + 2000
    async with writing(engine) as connection:
        await connection.execute(delete(FILM_SEGMENT))
    time_ms = run.frames[-1].time_ms
    assert same_state((await run.film.state_at(time_ms)).state, run.expected(time_ms))
