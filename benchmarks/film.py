"""The film against plain rows: writing, size, and the state of a moment.

    python -m benchmarks.film [--quick] [--points N] [--minutes N] [--database URL]

A trace of gauges, switches and counters, each sampled about every 5 s at jittered times, goes through the
film's own recorder into a database, and in the same run as rows (point, time, value, quality), one a sample
with an index by point and time, into SQLite. Both commit every two seconds of the trace, so that a power cut
costs them the same; the rows once more in transactions of 50,000, as is best for them (`bulk`). Then the
state of random moments is asked of both: of the film without a cache and again with one, of the rows by the
usual query, the last row at or before the moment of each point. Both answers are compared.

A gauge's value has a decimal, a counter's three, as instruments report; `--noise` gives full floats instead.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.report import finish, print_table
from telemetry_bridge.points import Device, DeviceType, PointType, Registry
from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import Frame, Kind
from twin.film.film import Film, FilmSettings
from twin.film.recorder import RecorderSettings
from twin.store.database import open_database
from twin.store.tables import FILM_STRIP

START_MS = 1_790_000_000_000.0
PERIOD_S = 5.0
FRAME_MS = 200.0
MINUTE_MS = 60_000.0
FLUSH_MS = 2000.0
ROWS_A_TRANSACTION = 50_000
GOAL_RATIO = 10.0
SEED = 7


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: points, minutes of trace, random moments, full floats or short decimals."""

    points: int
    minutes: int
    moments: int
    noise: bool


@dataclass
class HandClock:
    """A clock that the trace moves."""

    time_ms: float = START_MS
    speed: float = 1.0

    def now_ms(self) -> float:
        """ms since 1970 UTC."""
        return self.time_ms


def registry_of(points: int) -> Registry:
    """So many devices of one point."""
    kind = DeviceType("gauge", points=(PointType("value"),))
    return Registry([kind], [Device(f"D-{number:06}", "gauge") for number in range(points)])


def trace(plan: Plan) -> Iterator[Frame]:
    """Frames five times a second: 70 % gauges that wander, 20 % switches, 10 % counters."""
    random = np.random.default_rng(SEED)
    kind = np.arange(plan.points) % 10
    value = np.where(kind < 7, np.round(random.normal(20, 5, plan.points), 1), 0.0)
    per_frame = FRAME_MS / 1000.0 / PERIOD_S
    for number in range(int(plan.minutes * MINUTE_MS / FRAME_MS)):
        index = np.flatnonzero(random.random(plan.points) < per_frame)
        value[index] = _next(random, value[index], kind[index], noise=plan.noise)
        time_ms = START_MS + (number + 1) * FRAME_MS + random.random()
        quality = np.zeros(len(index), dtype=np.uint8)
        yield Frame(Kind.DELTA, number, time_ms, index.astype(np.uint32), value[index], quality)


def _next(
    random: np.random.Generator,
    value: np.ndarray[tuple[int], np.dtype[np.float64]],
    kind: np.ndarray[tuple[int], np.dtype[np.int64]],
    *,
    noise: bool,
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    wander = value + random.normal(0, 0.2, len(value))
    gauge = wander if noise else np.round(wander, 1)
    switch = np.where(random.random(len(value)) < 0.02, 1.0 - value, value)
    counter = np.round(value + random.integers(0, 20, len(value)) / 1000.0, 3)
    return np.where(kind < 7, gauge, np.where(kind < 9, switch, counter))


async def film_written(film: Film, clock: HandClock, frames: Sequence[Frame]) -> tuple[float, float]:
    """Record it all; wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    next_flush_ms = START_MS + FLUSH_MS
    for frame in frames:
        clock.time_ms = frame.time_ms
        film.recorder.take(Samples.of(frame.point_index, frame.time_ms, frame.value, frame.quality))
        if frame.time_ms >= next_flush_ms:
            next_flush_ms += FLUSH_MS
            if not await film.recorder.flush():
                raise SystemExit(film.recorder.note)
    await film.recorder.stop()
    return time.perf_counter() - wall, time.process_time() - cpu


def rows_written(path: Path, frames: Sequence[Frame], *, bulk: bool) -> tuple[float, float]:
    """The same as rows, in a transaction every two seconds or in large ones; wall and CPU seconds."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
    connection.execute("CREATE TABLE sample (point INTEGER, time REAL, value REAL, quality INTEGER)")
    connection.execute("CREATE INDEX sample_by_point ON sample (point, time)")
    wall, cpu = time.perf_counter(), time.process_time()
    rows: list[tuple[int, float, float, int]] = []
    next_ms = START_MS + FLUSH_MS
    for frame in frames:
        columns = (frame.point_index.tolist(), frame.value.tolist(), frame.quality.tolist())
        rows += [
            (point, frame.time_ms, value, quality) for point, value, quality in zip(*columns, strict=True)
        ]
        is_due = len(rows) >= ROWS_A_TRANSACTION if bulk else frame.time_ms >= next_ms
        if is_due or frame is frames[-1]:
            next_ms += FLUSH_MS
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO sample VALUES (?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
            rows.clear()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return time.perf_counter() - wall, time.process_time() - cpu


async def film_read(film: Film, moments: Sequence[float]) -> tuple[list[float], list[dict[int, float]]]:
    """Seconds per moment, and what each point read."""
    seconds, found = [], []
    for moment in moments:
        start = time.perf_counter()
        state = (await film.state_at(moment)).state
        seconds.append(time.perf_counter() - start)
        known = np.flatnonzero(state.known)
        found.append(dict(zip(known.tolist(), state.value[known].tolist(), strict=True)))
    return seconds, found


LAST_OF_EACH = """
    WITH RECURSIVE p(point) AS (SELECT 0 UNION ALL SELECT point + 1 FROM p WHERE point < :last)
    SELECT point, (
        SELECT value FROM sample WHERE sample.point = p.point AND time <= :moment ORDER BY time DESC LIMIT 1
    ) FROM p
"""


def rows_read(
    path: Path, points: int, moments: Sequence[float]
) -> tuple[list[float], list[dict[int, float]]]:
    """Seconds per moment, and what each point read: one look into the index a point."""
    connection = sqlite3.connect(path)
    seconds, found = [], []
    for moment in moments:
        start = time.perf_counter()
        rows = connection.execute(LAST_OF_EACH, {"moment": moment, "last": points - 1}).fetchall()
        seconds.append(time.perf_counter() - start)
        found.append({point: value for point, value in rows if value is not None})
    connection.close()
    return seconds, found


async def film_bytes(engine: AsyncEngine) -> int:
    """What the segments take."""
    async with engine.connect() as connection:
        query = select(func.sum(func.length(FILM_STRIP.c.data)))
        return int((await connection.execute(query)).scalar() or 0)


async def measured(plan: Plan, folder: Path, url: str) -> dict[str, float]:
    """Every figure of both ways. SystemExit: they do not say the same."""
    frames = list(trace(plan))
    samples = sum(len(frame) for frame in frames)
    random = np.random.default_rng(SEED)
    moments = (START_MS + 1000 + random.random(plan.moments) * (plan.minutes * MINUTE_MS - 1000)).tolist()
    engine, clock, registry = await open_database(url), HandClock(), registry_of(plan.points)
    settings = FilmSettings(recorder=RecorderSettings())
    film = Film(engine, registry, clock, settings)
    await film.open()
    film_wall, film_cpu = await film_written(film, clock, frames)
    path = folder / "rows.db"
    rows_wall, rows_cpu = rows_written(path, frames, bulk=False)
    bulk_wall, _ = rows_written(folder / "bulk.db", frames, bulk=True)
    cold, told = await film_read(await _opened(engine, registry, clock, 0), moments)
    cached = await _opened(engine, registry, clock, 1 << 30)
    await film_read(cached, moments)
    warm, _ = await film_read(cached, moments)
    some = moments[: max(plan.moments // 10, 5)]
    rows, rows_told = rows_read(path, plan.points, some)
    if told[: len(some)] != rows_told:
        raise SystemExit("the film and the rows do not say the same")
    size = await film_bytes(engine)
    await engine.dispose()
    return {
        "samples": samples,
        "film_samples_per_s": samples / film_wall,
        "film_samples_per_cpu_s": samples / film_cpu,
        "film_bytes_per_sample": size / samples,
        **_percentiles("film_state_cold", cold),
        **_percentiles("film_state_warm", warm),
        "rows_samples_per_s": samples / rows_wall,
        "rows_bulk_samples_per_s": samples / bulk_wall,
        "rows_samples_per_cpu_s": samples / rows_cpu,
        "rows_bytes_per_sample": path.stat().st_size / samples,
        **_percentiles("rows_state", rows),
    }


async def _opened(engine: AsyncEngine, registry: Registry, clock: HandClock, cache_bytes: int) -> Film:
    film = Film(engine, registry, clock, FilmSettings(cache_bytes=cache_bytes))
    await film.open()
    return film


def _percentiles(name: str, seconds: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {f"{name}_p50_ms": cuts[49] * 1000.0, f"{name}_p99_ms": cuts[98] * 1000.0}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The film against plain rows in SQLite.")
    parser.add_argument("--quick", action="store_true", help="2,000 points, 4 minutes")
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--minutes", type=int, default=15)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--noise", action="store_true", help="values of full precision")
    parser.add_argument("--database", help="where the film goes; a SQLite file when left out")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and as the last line one JSON object."""
    options = _options(arguments)
    plan = Plan(options.points, options.minutes, options.moments, options.noise)
    if options.quick:
        plan = Plan(2000, 4, 50, options.noise)
    with tempfile.TemporaryDirectory(prefix="twin-film-") as folder:
        url = options.database or f"sqlite:///{Path(folder) / 'film.db'}"
        figures = asyncio.run(measured(plan, Path(folder), url))
    _report(plan, figures)
    return 0


def _report(plan: Plan, figures: dict[str, float]) -> None:
    film = {key: value for key, value in figures.items() if not key.startswith("rows_")}
    rows = {key: value for key, value in figures.items() if key.startswith("rows_")}
    ratios = {
        "write": figures["film_samples_per_s"] / figures["rows_samples_per_s"],
        "bytes": figures["rows_bytes_per_sample"] / figures["film_bytes_per_sample"],
        "state_cold_p50": figures["rows_state_p50_ms"] / figures["film_state_cold_p50_ms"],
        "state_cold_p99": figures["rows_state_p99_ms"] / figures["film_state_cold_p99_ms"],
    }
    table = [
        ("samples/s written", "film_samples_per_s", "rows_samples_per_s"),
        ("the same, in large transactions", None, "rows_bulk_samples_per_s"),
        ("bytes per sample", "film_bytes_per_sample", "rows_bytes_per_sample"),
        ("state at T, cold, p50 ms", "film_state_cold_p50_ms", "rows_state_p50_ms"),
        ("state at T, cold, p99 ms", "film_state_cold_p99_ms", "rows_state_p99_ms"),
        ("state at T, warm, p50 ms", "film_state_warm_p50_ms", "rows_state_p50_ms"),
    ]
    title = f"{plan.points:,} points, {plan.minutes} min, {int(figures['samples']):,} samples"
    lines = [(name, _shown(figures, one), _shown(figures, other)) for name, one, other in table]
    print_table(title, ("", "film", "rows in SQLite"), lines)
    finish(
        "film",
        {"points": plan.points, "minutes": plan.minutes, "noise": plan.noise, **film},
        rows,
        ratios,
        {f"{name}_ratio": GOAL_RATIO for name in ratios},
        {name: ratio >= GOAL_RATIO for name, ratio in ratios.items()},
    )


def _shown(figures: dict[str, float], name: str | None) -> str:
    return "" if name is None else f"{figures[name]:,.3g}" if figures[name] < 100 else f"{figures[name]:,.0f}"


if __name__ == "__main__":
    raise SystemExit(main())
