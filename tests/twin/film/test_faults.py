"""A full disk, a read-only one, a server that goes away: the live stream goes on, people are told, and what
waited in memory is in the film afterwards, to the bit.
"""

import asyncio
import math
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event as hooks
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import SystemClock
from telemetry_bridge.samples import Samples
from tests.telemetry_bridge.builders import registry
from tests.twin.events.postgres import cluster
from tests.twin.events.test_faults import ROOMY, Pragma
from tests.twin.film.filming import SHORT, Filming, noise, times_of
from tests.twin.film.scenes import START_MS, same_state
from tests.twin.film.test_recorder import Failing
from tests.twin.incidents.house import got, now, serving, settings_of, shown_level, tell, until
from twin.events.filter import EventFilter
from twin.events.log import EventLog
from twin.film.codec import warm_up
from twin.film.film import Film
from twin.film.reading import FilmSettings
from twin.film.recorder import RecorderSettings
from twin.film.telling import tell_once
from twin.film.trouble import Lost, Trouble
from twin.store import direct
from twin.store.away import Fault
from twin.store.database import open_database

FAULTS = pytest.mark.parametrize(
    ("pragma", "fault"), [("max_page_count=1", "full"), ("query_only=ON", "read_only")]
)
WIDE = registry([f"r{number}" for number in range(200)])
WELL = f"max_page_count={ROOMY}"


class Disk(Pragma):
    """Of every connection to a database, whoever made it; where the fault ends, so does that of each."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        plain = direct._plain(engine)
        assert plain is not None
        hooks.listen(plain, "checkout", self._set)

    def mend(self) -> None:
        self.text = WELL

    def _set(self, connection: Any, record: object, proxy: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA query_only=OFF")
        cursor.execute(f"PRAGMA {self.text}")
        cursor.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(f"sqlite:///{tmp_path / 'twin.db'}")
    yield engine
    await engine.dispose()


async def same_everywhere(run: Filming) -> None:
    """Another server finds each moment as it was."""
    again = await Filming.begin(run.engine, run.clock.time_ms + 1000, devices=run.registry)
    for time_ms in times_of(run.frames):
        moment = await again.film.state_at(time_ms)
        assert moment.gap is None
        assert same_state(moment.state, run.expected(time_ms))


@FAULTS
async def test_what_is_filmed_while_the_disk_takes_nothing_is_in_the_film_afterwards(
    sqlite: AsyncEngine, pragma: str, fault: Fault
) -> None:
    disk, log = Disk(sqlite), EventLog(sqlite, SystemClock())
    run = await Filming.begin(sqlite, devices=WIDE)
    recorder, frames = run.film.recorder, noise(60, n=len(WIDE))
    for frame in frames[:6]:
        run.record(frame)
    assert await recorder.flush()
    assert recorder.condition is None
    disk.text = pragma
    for frame in frames[6:]:
        run.record(frame)
        await recorder.flush()
    condition = recorder.condition
    assert condition is not None
    assert (condition.fault, condition.lost) == (fault, None)
    assert condition.since_ms > frames[5].time_ms
    assert 0 < condition.waiting <= sum(len(frame.point_index) for frame in frames[6:])
    assert condition.lasts_s is not None
    assert condition.lasts_s > 0
    for frame in frames:  # what is stored and what waits
        moment = await run.film.state_at(frame.time_ms)
        assert same_state(moment.state, run.expected(frame.time_ms))
    await tell_once(recorder.trouble, log)
    disk.mend()
    while recorder.is_behind or recorder.note is not None:
        assert await recorder.flush()
    await recorder.stop()
    await same_everywhere(run)
    assert (recorder.given_up, recorder.trouble.failures) == (0, 0)
    await tell_once(recorder.trouble, log)
    (event,) = await log.find(EventFilter(), 10)
    assert (event.type, event.subject) == ("film.behind", "film:recording")
    assert event.data["from"] <= event.data["to"]


@FAULTS
async def test_an_outage_waits_until_the_log_can_be_written(
    sqlite: AsyncEngine, pragma: str, fault: Fault
) -> None:
    disk, log, trouble = Disk(sqlite), EventLog(sqlite, SystemClock()), Trouble()
    trouble.fail(START_MS, OperationalError("insert", {}, Exception("database or disk is full")))
    trouble.lose(START_MS + 1000, Lost(7, START_MS - 5000, START_MS - 4000))
    trouble.lose(START_MS + 2000, Lost(3, START_MS - 4000, START_MS - 3000))
    trouble.end(START_MS + 9000)
    disk.text = pragma
    for _ in range(300):  # until the pages that the database has are full
        await tell_once(trouble, log)
        if trouble.over:
            break
        trouble.over.append(_outage(trouble))
    assert trouble.over
    disk.mend()
    before = len(await log.find(EventFilter(), 1000))
    await tell_once(trouble, log)
    assert not trouble.over
    events = await log.find(EventFilter(), 1000)
    assert len(events) == before + 2
    lost = next(event for event in events if event.type == "film.lost")
    assert lost.data == {
        "from": "2026-09-21T14:13:15.000Z",
        "to": "2026-09-21T14:13:17.000Z",
        "samples": 10,
    }
    assert await log.verify() is None


def _outage(trouble: Trouble) -> Any:
    trouble.fail(START_MS, OSError("no space left on device"))
    trouble.lose(START_MS, Lost(10, START_MS - 5000, START_MS - 3000))
    outage = trouble.end(START_MS + 9000)
    trouble.over.clear()
    return outage


async def test_beyond_the_bound_the_oldest_are_lost_and_counted_and_what_was_safe_stays(
    sqlite: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = RecorderSettings(segment_s=1.0, grace_s=0.3, waiting_samples=60, worth_a_key=0.0)
    run = await Filming.begin(sqlite, settings=settings)
    recorder, frames = run.film.recorder, noise(200)
    for frame in frames[:4]:
        run.record(frame)
    assert await recorder.flush()
    store = Failing(recorder._store.save)
    monkeypatch.setattr(recorder._store, "save", store.save)
    for frame in frames[4:]:
        run.record(frame)
        assert not await recorder.flush()
    condition = recorder.condition
    assert condition is not None
    assert condition.lost is not None
    assert (condition.lasts_s, condition.lost.samples) == (None, recorder.given_up)
    assert f"{recorder.given_up} samples are lost" in condition.note
    store.broken = False
    while recorder.is_behind:
        assert await recorder.flush()
    assert recorder.note is None
    (outage,) = recorder.trouble.over
    assert outage.lost == condition.lost
    await recorder.stop()
    again = await Filming.begin(sqlite, run.clock.time_ms + 1000)
    for film in (run.film, again.film):
        (gap,) = film.gaps(0, run.clock.time_ms)
        found = await _samples(film)
        assert len(found) + recorder.given_up == sum(len(frame.point_index) for frame in frames)
        assert not ((found.time_ms >= gap.from_ms) & (found.time_ms < (gap.to_ms or 0))).any()
        assert gap.from_ms > frames[3].time_ms
        assert outage.lost.from_ms <= gap.from_ms
        assert outage.lost.to_ms < (gap.to_ms or 0)
        for frame in frames:
            moment = await film.state_at(frame.time_ms)
            if moment.gap is None:
                assert same_state(moment.state, run.expected(frame.time_ms))


async def _samples(film: Any) -> Samples:
    return Samples.joined([stretch.samples async for stretch in film.samples(0, math.inf)])


async def test_memory_is_bounded_however_long_the_database_is_away(
    sqlite: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = RecorderSettings(segment_s=10.0, grace_s=0.1, waiting_samples=100_000, worth_a_key=0.0)
    run = await Filming.begin(sqlite, settings=settings, devices=WIDE)
    monkeypatch.setattr(run.film.recorder._store, "save", Failing(None).save)
    chance, taken = np.random.default_rng(1), []

    async def go_on(rounds: int) -> None:
        n = len(run.registry)
        for number in range(rounds):
            run.clock.time_ms += 1000.0
            samples = Samples.of(np.arange(n), run.clock.time_ms, chance.normal(20, 3, n).round(1), 0)
            run.film.recorder.take(samples)
            late = np.full(n // 2, run.clock.time_ms - 60_000) + chance.integers(0, 999, n // 2)
            run.film.recorder.take(Samples.of(np.arange(n // 2), late, 1.0, 0))
            if number % 10 == 9:
                await run.film.recorder.flush()
        taken.append(tracemalloc.get_traced_memory()[0])

    warm_up()
    tracemalloc.start()
    try:
        for rounds in (200, 300, 300):
            await go_on(rounds)
    finally:
        tracemalloc.stop()
    assert run.film.recorder.given_up > 300_000
    assert taken[2] < taken[1] * 1.2
    assert taken[2] < 4 * 21 * 100_000, "as many in time as late, and room for the latter to grow"


async def test_a_postgres_that_is_away_for_a_while_costs_nothing() -> None:
    with cluster() as server:
        engine = await open_database(server.url)
        run = await Filming.begin(engine)
        recorder, frames = run.film.recorder, iter(noise(400))
        recording = asyncio.create_task(recorder.run())
        await _record_until(run, frames, lambda: recorder.condition is None, least=20)
        await asyncio.to_thread(server.crash)
        await _record_until(run, frames, lambda: recorder.condition is not None, least=20)
        condition = recorder.condition
        assert condition is not None
        assert condition.fault == "away", condition.reason
        time_ms = run.frames[-1].time_ms
        assert same_state((await run.film.state_at(time_ms)).state, run.expected(time_ms))
        await asyncio.to_thread(server.start)
        await _record_until(run, frames, lambda: recorder.condition is None, least=10)
        recording.cancel()
        await asyncio.wait([recording])
        await recorder.stop()
        assert recorder.given_up == 0
        await same_everywhere(run)
        await engine.dispose()


async def test_a_server_that_follows_says_that_the_database_is_away(
    sqlite: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = Film(sqlite, registry(), SystemClock(), FilmSettings(recorder=SHORT))
    async with film.running(records=False), asyncio.timeout(60):
        assert film.recorder.condition is None
        with monkeypatch.context() as patch:
            patch.setattr(film._store, "catalogue", Failing(None).save)
            while film.recorder.condition is None:
                await asyncio.sleep(0.005)
            condition = film.recorder.condition
            assert (condition.fault, condition.waiting) == ("full", 0)
        while film.recorder.condition is not None:
            await asyncio.sleep(0.005)
        assert not film.recorder.trouble.over, "whoever records tells of it"


async def _record_until(run: Filming, frames: Any, is_so: Any, least: int) -> None:
    """Record some frames, and then wait until something is so."""
    for _ in range(least):
        run.record(next(frames))
        await asyncio.sleep(0.002)
    async with asyncio.timeout(120):
        while not is_so():
            await asyncio.sleep(0.01)


def test_a_server_whose_disk_is_full_says_so_goes_on_and_writes_down_what_happened(tmp_path: Path) -> None:
    with serving(settings_of(tmp_path)) as client:
        shown_level(client, 80.0)
        assert got(client, "/api/health")["film"] is None
        database = client.app.state.twin.database  # type: ignore[attr-defined]
        disk = Disk(database)
        disk.text = "query_only=ON"
        began = now()
        tell(client, 33.0)
        health = until(client, "/api/health", lambda found: found["film"] is not None)
        assert health["status"] == "degraded"
        assert health["film"]["fault"] == "read_only"
        assert any("cannot be written" in note for note in health["notes"])
        assert got(client, "/api/film")["recording"] is False
        shown_level(client, 34.0)
        disk.mend()
        until(client, "/api/health", lambda found: found["film"] is None)
        events = until(
            client, "/api/events", lambda found: found["items"], **{"from": began, "type": "film.behind"}
        )
        assert [event["data"]["reason"] for event in events["items"]] == [health["film"]["reason"]]
        assert got(client, "/api/film")["recording"] is True
        history = got(client, "/api/history/L-01/level", **{"from": began, "max_points": 0})
        assert [sample["value"] for sample in history["items"]] == [33.0, 34.0]
