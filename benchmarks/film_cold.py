"""The film's cold tier: moving an hour into files, and reading moments and a point back, in CPU time.

    python -m benchmarks.film_cold [--quick] [--points N] [--minutes N] [--hours N]

The trace of `benchmarks.film` is recorded, and hours of film are modelled from it: the recorded segments
again, at other times. Then all of it is moved into a folder, and random moments and one point's samples are
asked for, as of the database before and of the files afterwards; the answers are compared. Everything is CPU
time of this process, `wall` beside it: the figures are to be read on a busy machine too. Each moment is asked
of a film that was opened anew; the system's file cache is warm.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.film import HandClock, film_bytes, film_written, modelled
from benchmarks.film_trace import MINUTE_MS, SEED, START_MS, Plan, registry_of, trace
from benchmarks.report import finish, print_table
from twin.film import codec
from twin.film.cold.shelf import FolderShelf, Shelf
from twin.film.cold.tier import Keeping
from twin.film.film import Film
from twin.film.policy import DAY_MS, DEFAULT, Policies, Policy
from twin.film.reading import FilmSettings, History, Moment
from twin.store.database import open_database

Figures = dict[str, float]
COLD = Policies(Policy(DEFAULT, 1.0, None))
POINT = ("D-000123", "value")


class Stopwatch:
    """CPU and wall seconds since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def told(self) -> tuple[float, float]:
        """CPU, wall, s."""
        return time.process_time() - self._cpu, time.perf_counter() - self._wall


async def _opened(engine: AsyncEngine, points: int, shelf: Shelf) -> Film:
    settings = FilmSettings(cache_bytes=1, keeping=Keeping(COLD, shelf))
    film = Film(engine, registry_of(points), HandClock(), settings)
    await film.open(records=False)
    return film


async def _moments(
    engine: AsyncEngine, points: int, shelf: Shelf, moments: Sequence[float]
) -> tuple[list[Moment], list[float], list[float]]:
    """The states, and CPU and wall ms of each."""
    found, cpu, wall = [], [], []
    for moment in moments:
        film = await _opened(engine, points, shelf)
        watch = Stopwatch()
        found.append(await film.state_at(moment))
        spent = watch.told()
        cpu.append(spent[0] * 1000.0)
        wall.append(spent[1] * 1000.0)
    return found, cpu, wall


async def _point(
    engine: AsyncEngine, points: int, shelf: Shelf, from_ms: float, to_ms: float
) -> tuple[History, float, float]:
    """All samples of a point, and CPU and wall ms."""
    film = await _opened(engine, points, shelf)
    point = film.find_point(*POINT)
    if point is None:
        raise SystemExit("the trace has no such point")
    watch = Stopwatch()
    found = await film.history(point, from_ms, to_ms, 0)
    cpu, wall = watch.told()
    return found, cpu * 1000.0, wall * 1000.0


async def measured(options: argparse.Namespace, folder: Path) -> Figures:
    """Every figure. SystemExit: files do not say what the database said."""
    codec.warm_up()
    engine = await open_database(f"sqlite:///{folder / 'film.db'}")
    shelf = FolderShelf(folder / "cold")
    clock = HandClock()
    recorded = Film(engine, registry_of(options.points), clock, FilmSettings())
    await recorded.open()
    await film_written(recorded, clock, list(trace(Plan(options.points, options.minutes, 100.0, False))))
    await modelled(engine, options.hours / 24.0)
    from_ms, to_ms = START_MS - options.hours * 60.0 * MINUTE_MS, START_MS + options.minutes * MINUTE_MS
    moments = np.random.default_rng(SEED).uniform(from_ms + MINUTE_MS, to_ms, options.moments).tolist()
    before, warm_cpu, warm_wall = await _moments(engine, options.points, shelf, moments)
    line_before, point_warm_cpu, _ = await _point(engine, options.points, shelf, from_ms, to_ms)
    warm_bytes = await film_bytes(engine)
    film = Film(engine, registry_of(options.points), HandClock(), FilmSettings(keeping=Keeping(COLD, shelf)))
    await film.open()
    shelf.check()
    watch, moved = Stopwatch(), 0
    while (done := await film.cold.mover.move(to_ms + 3 * DAY_MS)) is not None:
        moved += done.moved
    cpu, wall = watch.told()
    after, cold_cpu, cold_wall = await _moments(engine, options.points, shelf, moments)
    line_after, point_cold_cpu, _ = await _point(engine, options.points, shelf, from_ms, to_ms)
    _check(before, after, line_before, line_after)
    hour = options.points * 720.0
    sizes = shelf.keys().values()
    await engine.dispose()
    return {
        "samples": float(moved),
        "files": float(len(sizes)),
        "warm_bytes_per_sample": warm_bytes / moved,
        "cold_bytes_per_sample": sum(sizes) / moved,
        "moved_samples_per_cpu_s": moved / cpu,
        "hour_moved_cpu_s": hour * cpu / moved,
        "hour_moved_wall_s": hour * wall / moved,
        "state_warm_cpu_p50_ms": statistics.median(warm_cpu),
        "state_warm_wall_p50_ms": statistics.median(warm_wall),
        "state_cold_cpu_p50_ms": statistics.median(cold_cpu),
        "state_cold_wall_p50_ms": statistics.median(cold_wall),
        "point_samples": float(len(line_after.track)),
        "point_warm_cpu_us_per_sample": point_warm_cpu * 1000.0 / len(line_before.track),
        "point_cold_cpu_us_per_sample": point_cold_cpu * 1000.0 / len(line_after.track),
        "point_day_cold_cpu_ms": point_cold_cpu * 17_280.0 / len(line_after.track),
    }


def _check(before: Sequence[Moment], after: Sequence[Moment], line: History, other: History) -> None:
    for one, two in zip(before, after, strict=True):
        if any(
            getattr(one.state, name).tobytes() != getattr(two.state, name).tobytes()
            for name in ("value", "quality", "time_ms")
        ):
            raise SystemExit("the files do not say what the database said")
    if line.track.value.tobytes() != other.track.value.tobytes():
        raise SystemExit("the files do not say what the database said of a point")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and as the last line one JSON object."""
    parser = argparse.ArgumentParser(description="The film's cold tier.")
    parser.add_argument("--quick", action="store_true", help="2,000 points, half an hour")
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--minutes", type=int, default=11, help="of film that is recorded")
    parser.add_argument("--hours", type=float, default=1.0, help="of film that is modelled")
    parser.add_argument("--moments", type=int, default=15)
    options = parser.parse_args(arguments)
    if options.quick:
        options.points, options.hours = 2000, 0.5
    with tempfile.TemporaryDirectory(prefix="twin-film-") as folder:
        figures = asyncio.run(measured(options, Path(folder)))
    title = f"{options.points:,} points, {options.minutes} min recorded, {options.hours:g} h modelled"
    print_table(title, ["", ""], [(name, f"{value:,.3g}") for name, value in figures.items()])
    finish("film_cold", figures, {}, {}, {}, {})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
