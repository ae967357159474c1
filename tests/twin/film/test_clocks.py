"""Clocks that are set back or ahead, the hour that is repeated: nothing freezes, nothing is lost."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.testclient import TestClient

from telemetry_bridge.times import format_rfc3339
from tests.telemetry_bridge.builders import HandClock, registry
from tests.twin.film.filming import SHORT, Filming, noise, times_of
from tests.twin.film.scenes import START_MS, same_state
from tests.twin.incidents.house import got, settings_of, tell, until
from twin.app import assemble
from twin.film import film as film_module
from twin.film import recorder as recorder_module
from twin.film.caution import DAY_MS, SET_MS, CautiousClock
from twin.film.film import Film
from twin.film.reading import FilmSettings
from twin.runtime import open_twin
from twin.settings import Settings

HOUR_MS = 3_600_000.0


class SetClock:
    """The machine's clock, set by hand."""

    speed = 1.0

    def __init__(self, now_ms: float | None = None) -> None:
        self.ahead_ms = 0.0 if now_ms is None else now_ms - time.time() * 1000.0

    def now_ms(self) -> float:
        return time.time() * 1000.0 + self.ahead_ms

    def text(self, later_ms: float = 0.0) -> str:
        return format_rfc3339(self.now_ms() + later_ms)


@contextmanager
def serving(settings: Settings, clock: SetClock) -> Iterator[TestClient]:
    app = assemble(open_twin(settings, clock))
    with TestClient(app, "http://127.0.0.1", client=("127.0.0.1", 40_000)) as client:
        yield client


def level(client: TestClient, **query: Any) -> tuple[float, str] | None:
    items = got(client, "/api/state", **query)["items"]
    found = [each for each in items if (each["device"], each["point"]) == ("L-01", "level")]
    return (found[0]["value"], found[0]["quality"]) if found else None


def told_and_shown(client: TestClient, clock: SetClock, value: float) -> None:
    """Tell a level, which live state and film then have, and nothing ends later than now."""
    tell(client, value)
    until(client, "/api/film", lambda _: level(client) == (value, "good"))
    assert level(client, at=clock.text()) == (value, "good")
    film = got(client, "/api/film")
    assert film["recording"]
    assert abs(datetime.fromisoformat(film["last"]).timestamp() * 1000 - clock.now_ms()) < 10_000


def history(client: TestClient, from_: str, to: str) -> list[float]:
    query = {"from": from_, "to": to, "max_points": 0}
    return [each["value"] for each in got(client, "/api/history/L-01/level", **query)["items"]]


def test_a_server_whose_clock_is_set_back_and_ahead_goes_on(tmp_path: Path) -> None:
    settings, clock = settings_of(tmp_path), SetClock()
    start_ms = clock.now_ms()
    around = format_rfc3339(start_ms - 3 * HOUR_MS), format_rfc3339(start_ms + 3 * HOUR_MS)
    with serving(settings, clock) as client:
        told_and_shown(client, clock, 80.0)
        told_and_shown(client, clock, 5.0)
        until(client, "/api/alarms", lambda found: len(found["items"]) == 1)
        clock.ahead_ms = -HOUR_MS
        told_and_shown(client, clock, 65.0)
        until(client, "/api/alarms", lambda found: not found["items"][0]["active"])
        told_and_shown(client, clock, 66.0)
        assert history(client, *around) == [65.0, 66.0, 80.0, 5.0]
    clock.ahead_ms = -HOUR_MS - 60_000
    with serving(settings, clock) as client:
        told_and_shown(client, clock, 50.0)
        clock.ahead_ms += DAY_MS
        told_and_shown(client, clock, 40.0)
        clock.ahead_ms -= DAY_MS
        told_and_shown(client, clock, 41.0)
        found = history(client, *around)
        assert found == [50.0, 41.0, 65.0, 66.0, 80.0, 5.0]
        events = got(client, "/api/events", type="alarm.raised", **{"from": around[0], "to": around[1]})
        events["items"] += got(
            client, "/api/events", type="alarm.returned", **{"from": around[0], "to": around[1]}
        )["items"]
        assert [event["type"] for event in events["items"]] == ["alarm.raised", "alarm.returned"]
        first, second = events["items"]
        assert (first["seq"] < second["seq"], first["id"] < second["id"]) == (True, True)
        assert first["time"] > second["time"]
        assert got(client, "/api/health")["film"] is None


def test_of_the_hour_that_daylight_saving_repeats_both_are_told(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    venue = settings.venue
    assert venue is not None
    file = venue / "venue.yaml"
    file.write_text(file.read_text("utf-8").replace("Asia/Shanghai", "America/New_York"), "utf-8")
    first_ms = datetime(2026, 11, 1, 5, 15, tzinfo=UTC).timestamp() * 1000.0
    clock = SetClock(first_ms)
    with serving(settings, clock) as client:
        for value in (10.0, 20.0, 30.0, 40.0):  # 01:15 and 01:45, twice
            told_and_shown(client, clock, value)
            until(client, "/api/alarms", lambda found: len(found["items"]) == 1)
            clock.ahead_ms += HOUR_MS / 2
        summer, winter = (f"2026-11-01T01:00:00-0{hours}:00" for hours in (4, 5))
        assert history(client, summer, winter) == [10.0, 20.0]
        assert history(client, winter, "2026-11-01T02:00:00-05:00") == [30.0, 40.0]
        for hours, value in ((4, 10.0), (5, 30.0)):
            found = level(client, at=f"2026-11-01T01:30:00-0{hours}:00")
            assert found is not None
            assert found[0] == value
        raised = got(client, "/api/events", type="alarm.raised", **{"from": summer, "to": winter})
        assert len(raised["items"]) == 1
        none = got(client, "/api/events", type="alarm.raised", **{"from": winter})
        assert none["items"] == []


async def test_a_clock_that_is_a_year_ahead_for_a_while_costs_no_film(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film_module, "CLEAN_EVERY_S", 0.005)
    run = await Filming.begin(engine)
    for frame in noise(30):
        run.record(frame)
        await run.film.recorder.flush()
    await run.film.recorder.stop()
    clock = HandClock(run.clock.time_ms + 1000)
    film = Film(engine, registry(), clock, FilmSettings(recorder=SHORT))
    async with film.running():
        clock.time_ms += 400 * DAY_MS
        await _cleaned(film, monkeypatch, times=3)
        clock.time_ms -= 400 * DAY_MS
        await _cleaned(film, monkeypatch, times=1)
        for time_ms in times_of(run.frames):
            assert same_state((await film.state_at(time_ms)).state, run.expected(time_ms))
    again = await Filming.begin(engine, clock.time_ms + HOUR_MS)
    for time_ms in times_of(run.frames):
        assert same_state((await again.film.state_at(time_ms)).state, run.expected(time_ms))
    assert (await again.film.state_at(clock.time_ms + HOUR_MS / 2)).gap is not None, "no server ran"


async def test_a_server_that_starts_with_a_clock_a_year_ahead_costs_no_film(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film_module, "CLEAN_EVERY_S", 0.005)
    run = await Filming.begin(engine)
    for frame in noise(30):
        run.record(frame)
    await run.film.recorder.stop()
    wrong = Film(engine, registry(), HandClock(START_MS + 400 * DAY_MS), FilmSettings(recorder=SHORT))
    async with wrong.running():
        await _cleaned(wrong, monkeypatch, times=3)
    again = await Filming.begin(engine, run.clock.time_ms + 1000)
    for time_ms in times_of(run.frames):
        assert same_state((await again.film.state_at(time_ms)).state, run.expected(time_ms))


async def _cleaned(film: Film, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Wait until the film was cleaned so many times."""
    delete, done = film._store.delete_before, asyncio.Semaphore(0)

    async def counted(time_ms: float) -> list[int]:
        found = await delete(time_ms)
        done.release()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(film._store, "delete_before", counted)
        async with asyncio.timeout(60):
            for _ in range(times):
                await done.acquire()


async def test_after_the_clock_was_set_back_the_film_ends_now(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine)
    for frame in noise(30):  # six seconds
        run.record(frame)
        await run.film.recorder.flush()
    old = list(run.frames)
    for frame in noise(5, START_MS + 1000, seed=2):
        run.record(frame)
    now_ms = run.clock.time_ms
    await run.film.recorder.flush()
    for film in (run.film, (await Filming.begin(engine, now_ms + 100)).film):
        span = film.span
        assert span is not None
        assert span[0] == START_MS
        assert now_ms <= span[1] < now_ms + 1200
        moment = await film.state_at(old[-1].time_ms)
        assert moment.gap is not None, "of a time that is still to come nothing is known"
        assert moment.gap.to_ms is None
    state = (await run.film.state_at(now_ms)).state
    assert state.value.tobytes() == run.expected(np.inf).value.tobytes()


jumps = st.tuples(st.floats(2, 10_000), st.lists(st.floats(0.01, 4), max_size=5), st.floats(0.01, 60))


@given(st.lists(jumps, max_size=6), st.sampled_from([1.0, 60.0]))
def test_who_deletes_is_never_deceived_for_long(
    script: list[tuple[float, list[float], float]], speed: float
) -> None:
    """A clock that is hours ahead for less than a day, again and again; in between it is right."""
    clock, real = HandClock(START_MS, speed), [0.0]
    cautious = CautiousClock(clock, lambda: real[0])
    true_ms = START_MS

    def pass_by(hours: float) -> None:
        nonlocal true_ms
        real[0] += hours * 3600
        true_ms += hours * HOUR_MS * speed

    for ahead_h, looks, right_h in script:
        for hours in (0.0, *looks):
            pass_by(hours / speed)
            clock.time_ms = true_ms + ahead_h * HOUR_MS * speed
            assert cautious.now_ms() <= true_ms + SET_MS * speed
        for hours in (0.0, right_h / speed):
            pass_by(hours)
            clock.time_ms = true_ms
            assert cautious.now_ms() == true_ms
    pass_by(25 / speed)
    clock.time_ms = true_ms
    assert cautious.now_ms() == true_ms


def test_who_deletes_believes_a_clock_that_stays_ahead_after_a_day() -> None:
    clock, real = HandClock(START_MS), [0.0]
    cautious = CautiousClock(clock, lambda: real[0])
    cautious.begin(START_MS - 40 * DAY_MS)
    found = []
    for _ in range(26):
        real[0] += 3600
        clock.time_ms += HOUR_MS
        found.append((clock.time_ms - cautious.now_ms()) / DAY_MS)
    assert found[22] == pytest.approx(40)
    assert found[25] == 0
    steady = CautiousClock(clock, lambda: real[0])
    steady.begin(clock.time_ms - HOUR_MS)
    assert steady.now_ms() == clock.time_ms


async def test_a_clock_that_is_set_back_while_a_segment_is_cut_costs_no_sample(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await Filming.begin(engine)
    split, late = recorder_module._split, noise(3, START_MS - 5000, seed=2)

    def meanwhile(*arguments: Any) -> Any:
        for frame in late:
            run.record(frame)
        return split(*arguments)

    frames = noise(12)
    for frame in frames:
        run.record(frame)
    monkeypatch.setattr(recorder_module, "_split", meanwhile)
    await run.film.recorder.cut()
    monkeypatch.undo()
    await run.film.recorder.stop()
    again = await Filming.begin(engine, START_MS + 60_000)
    found = [stretch.samples async for stretch in again.film.samples(0, START_MS + 60_000)]
    told = sum(len(frame.point_index) for frame in run.frames)
    assert (len(run.frames), sum(len(each) for each in found)) == (15, told)
    state = (await again.film.state_at(late[-1].time_ms)).state
    run.frames = [*frames, *late]
    assert state.value.tobytes() == run.expected(np.inf).value.tobytes()
