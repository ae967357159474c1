"""What energy points read at given times: from the film, with what is not known left open."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.wire import Quality
from tests.twin.film.filming import Filming
from tests.twin.film.scenes import START_MS, frame_of
from twin.errors import DamagedFilmError
from twin.film.reading import Moment
from twin.film.segment import State
from twin.panels.energy import readings
from twin.panels.energy.readings import SETTLED_MS, SILENT_MS, Readings, known_values
from twin.store.database import open_database

POINTS = np.array([2, 0])
MINUTE = 60_000.0


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    opened = await open_database(f"sqlite:///{tmp_path / 'twin.db'}")
    yield opened
    await opened.dispose()


def good(run: Filming, minute: float, **values: float) -> None:
    update = {int(point[1:]): (value, int(Quality.GOOD)) for point, value in values.items()}
    run.record(frame_of(START_MS + minute * MINUTE, update))


async def read(run: Filming, *minutes: float, reader: Readings | None = None) -> readings.Grid:
    chosen = reader or Readings(run.film, run.clock, POINTS)
    return await chosen.at([START_MS + each * MINUTE for each in minutes])


async def test_columns_are_the_points_asked_for_with_when_they_came(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine)
    good(run, 1, p0=10.0, p2=30.0)
    good(run, 5, p0=11.0)
    run.clock.time_ms = START_MS + 9 * MINUTE
    grid = await read(run, 0.5, 1, 4, 9)
    assert grid.values.tolist()[1:] == [[30.0, 10.0], [30.0, 10.0], [30.0, 11.0]]
    assert np.isnan(grid.values[0]).all(), "nothing had been heard"
    assert ((grid.read_ms[1:] - START_MS) / MINUTE).tolist() == [[1, 1], [1, 1], [1, 5]]
    assert grid.of([1]).tolist()[1:] == [[10.0], [10.0], [11.0]]


async def test_what_is_not_over_yet_and_what_was_before_all_is_not_known(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine)
    good(run, 1, p0=10.0, p2=30.0)
    grid = await read(run, -10, 1, 2)
    assert np.isnan(grid.values).tolist() == [[True] * 2, [False] * 2, [True] * 2]
    assert np.isnan(grid.read_ms[[0, 2]]).all()
    assert (await read(run)).values.shape == (0, 2)


async def test_a_gap_is_open(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine)
    good(run, 1, p0=10.0, p2=30.0)
    await run.film.recorder.stop()
    again = await Filming.begin(engine, START_MS + 60 * MINUTE)
    good(again, 61, p0=12.0, p2=33.0)
    grid = await read(again, 1, 30, 61)
    assert grid.values[[0, 2]].tolist() == [[30.0, 10.0], [33.0, 12.0]]
    assert np.isnan(grid.values[1]).all()


@pytest.mark.parametrize(
    ("quality", "age_ms", "known"),
    [
        (Quality.GOOD, 1e9, True),
        (Quality.SIMULATED, 1e9, True),
        (Quality.STALE, SILENT_MS, True),
        (Quality.STALE, SILENT_MS + 1, False),
        (Quality.BAD, 0.0, False),
    ],
)
def test_bad_values_and_long_silence_are_unknown(quality: Quality, age_ms: float, known: bool) -> None:
    state = State(np.array([7.0]), np.array([quality], dtype=np.uint8), np.array([1e12]))
    found = known_values(state, np.array([0]), 1e12 + age_ms)
    assert found.tolist() == [7.0] if known else np.isnan(found).all()


class Counting:
    """A film that counts how often it is read, and cannot be read at some time."""

    def __init__(self, run: Filming, damaged_ms: float | None = None) -> None:
        self.film, self.damaged_ms, self.reads = run.film, damaged_ms, 0

    async def state_at(self, time_ms: float) -> Moment:
        self.reads += 1
        if time_ms == self.damaged_ms:
            raise DamagedFilmError("half a page")
        return await self.film.state_at(time_ms)


async def test_what_is_settled_is_read_once_and_what_may_still_change_again(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine)
    good(run, 1, p0=10.0, p2=30.0)
    run.clock.time_ms = START_MS + MINUTE + SETTLED_MS
    film = Counting(run)
    reader = Readings(film, run.clock, POINTS)  # type: ignore[arg-type]
    for _ in range(2):
        await read(run, 1, reader=reader)
    assert film.reads == 2, "so young that more may be written of it"
    run.clock.time_ms += 1
    for _ in range(3):
        assert (await read(run, 1, reader=reader)).values.tolist() == [[30.0, 10.0]]
    assert film.reads == 3


async def test_only_so_much_is_kept_and_what_was_used_last_stays(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "MOST_KEPT", 2)
    run = await Filming.begin(engine)
    good(run, 1, p0=10.0, p2=30.0)
    run.clock.time_ms = START_MS + 60 * MINUTE
    film = Counting(run)
    reader = Readings(film, run.clock, POINTS)  # type: ignore[arg-type]
    await read(run, 2, 3, 2, 4, 2, reader=reader)
    assert film.reads == 3
    await read(run, 3, reader=reader)
    assert film.reads == 4


async def test_a_stretch_that_cannot_be_read_is_a_gap_and_no_error(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine)
    good(run, 1, p0=10.0, p2=30.0)
    run.clock.time_ms = START_MS + 9 * MINUTE
    reader = Readings(Counting(run, START_MS + 2 * MINUTE), run.clock, POINTS)  # type: ignore[arg-type]
    grid = await read(run, 1, 2, 3, reader=reader)
    assert np.isnan(grid.values).any(axis=1).tolist() == [False, True, False]
