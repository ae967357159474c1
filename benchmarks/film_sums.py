"""Sums of the film by the hour: what an hour of them costs and takes, and what is asked of them.

    python -m benchmarks.film_sums [--quick] [--points N] [--days N]

Five minutes of the trace of `benchmarks.film` are recorded again and again until an hour is full (counters go
on counting), and its sums are made. Then the hour's rows are taken for all hours of some days, and a gauge, a
switch and a counter are asked for by hour and by day; what is kept of an hour is compared with its samples.
CPU time of this process: to be read on a busy machine too.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.film import HandClock
from benchmarks.film_trace import Plan, trace
from benchmarks.report import finish, print_table
from telemetry_bridge.points import Device, DeviceType, PointType, Registry, State
from telemetry_bridge.samples import Samples
from twin.film.codec import encode_segment
from twin.film.film import Film
from twin.film.rollup import summing
from twin.film.rollup.hours import DAY_MS, HOUR_MS, Every
from twin.film.rollup.joining import Buckets
from twin.film.rollup.making import RollupSettings
from twin.film.rollup.rollups import Rollups
from twin.film.segment import Keyframe, Segment
from twin.film.store import Entry, News
from twin.store.database import open_database

ZONE = ZoneInfo("Asia/Shanghai")
MINUTES = 5
PARTS = int(HOUR_MS / MINUTES / 60_000)
KINDS = ("gauge", "switch", "counter")
SWITCH = (State("off", "", ""), State("on", "", ""))
TYPES = {
    "gauge": PointType("value", "Zone_Air_Temperature_Sensor", "degC"),
    "switch": PointType("value", "On_Off_Status", states=SWITCH),
    "counter": PointType("value", "Electric_Energy_Sensor", "kWh"),
}


@dataclass(frozen=True, eq=False)
class Trace:
    """Five minutes of samples by point, then by time, and what each point is, as a place in KINDS."""

    samples: Samples
    kind: NDArray[np.int64]
    rise: NDArray[np.float64]

    @classmethod
    def of(cls, points: int) -> Trace:
        """That of so many points."""
        samples = Samples.joined([each.samples for each in trace(Plan(points, MINUTES, 100.0))])
        samples = Segment.of(0.0, Keyframe.empty(), samples).samples
        first = np.searchsorted(samples.point_index, np.arange(points))
        last = np.append(first[1:], len(samples)) - 1
        top = np.maximum.reduceat(samples.value, first)
        falls = np.append(np.diff(samples.value) < 0, False)
        falls[last] = False
        rises = np.add.reduceat(falls, first) == 0
        is_switch = np.isin(samples.value, (0.0, 1.0))
        kind = np.where(np.logical_and.reduceat(is_switch, first), 1, np.where(rises & (top > 60), 2, 0))
        rise = np.where(kind == 2, samples.value[last] - samples.value[first], 0.0)
        return cls(samples, kind, rise)

    def part(self, start_ms: float, number: int) -> Samples:
        """The samples of a part of the hour."""
        shift = (
            start_ms + number * MINUTES * 60_000.0 - np.floor(self.samples.time_ms.min() / 60_000) * 60_000
        )
        value = self.samples.value + number * self.rise[self.samples.point_index]
        return replace(self.samples, time_ms=self.samples.time_ms + shift, value=np.round(value, 3))

    def registry(self) -> Registry:
        """The devices, one point each."""
        types = [DeviceType(name, points=(point,)) for name, point in TYPES.items()]
        return Registry(types, [Device(f"D-{row:06}", KINDS[of]) for row, of in enumerate(self.kind)])


async def recorded(film: Film, found: Trace, start_ms: float) -> int:
    """Write an hour, as segments; gives how many samples."""
    count, keyframe = 0, Keyframe.empty()
    for number in range(PARTS):
        from_ms = start_ms + number * MINUTES * 60_000.0
        part = found.part(start_ms, number)
        part = part[(part.time_ms >= from_ms) & (part.time_ms < from_ms + MINUTES * 60_000.0)]
        segment = Segment(from_ms, keyframe, part)
        state = segment.state_at(np.inf, len(found.kind))
        keyframe = state.keyframe()
        count += len(part)
        entry = Entry(number + 1, from_ms, from_ms + MINUTES * 60_000.0, film.registry, len(part), number + 1)
        await film.store.save(News([(entry, encode_segment(segment))]))
    return count


async def copied(film: Film, start_ms: float, hours: int) -> None:
    """The hour's rows for the hours before, too."""
    async with film.store.writing() as connection:
        for number in range(1, hours):
            before = number * HOUR_MS
            await connection.exec_driver_sql(
                "INSERT INTO film_rollup SELECT strip, start_ms - ?, part, end_ms - ?, registry, data "
                "FROM film_rollup WHERE start_ms = ?",
                (before, before, start_ms),
            )


async def cost(work: Callable[[], Coroutine[Any, Any, Any]]) -> tuple[Any, float]:
    """What it gives, and CPU s."""
    begun = time.process_time()
    found = await work()
    return found, time.process_time() - begun


async def measured(points: int, days: int) -> tuple[dict[str, float], bool]:
    """All figures, and whether the sums are right."""
    found, start_ms = Trace.of(points), np.floor(1_790_000_000_000.0 / HOUR_MS) * HOUR_MS
    summing.warm_up()
    with tempfile.TemporaryDirectory() as folder:
        engine = await open_database(f"sqlite:///{Path(folder) / 'twin.db'}")
        film = Film(engine, found.registry(), HandClock(), None)
        await film.open(records=False)
        samples = await recorded(film, found, start_ms)
        clock = HandClock()
        clock.time_ms = start_ms + HOUR_MS + 1.0
        film = Film(engine, found.registry(), clock, None)
        await film.open()
        rollups = Rollups(film, ZONE, clock, RollupSettings(rest_s=0.0))
        clock.time_ms += 1000.0
        made, making_s = await cost(rollups.make.make_due)
        size = await rollups.make.store.bytes_kept()
        figures = {
            "samples of the hour": samples,
            "CPU s to sum it": making_s,
            "bytes a point, hour": size / points,
        }
        await copied(film, start_ms, days * 24)
        for name, number in zip(KINDS, range(3), strict=True):
            row = int(np.flatnonzero(found.kind == number)[0])
            point = film.find_point(f"D-{row:06}", "value")
            for every in ("hour", "day"):
                asked = _asking(rollups, point, start_ms, days, every)
                await asked()
                answer, spent_s = await cost(asked)
                figures[f"{name}, {days} days by {every}, CPU ms"] = spent_s * 1000.0
        right = made == 1 and await _is_right(film, rollups, start_ms)
        await engine.dispose()
    return figures, right and answer is not None


def _asking(
    rollups: Rollups, point: Any, start_ms: float, days: int, every: Every
) -> Callable[[], Coroutine[Any, Any, list[Buckets]]]:
    return lambda: rollups.ask.buckets_of([point], start_ms - days * DAY_MS, start_ms + HOUR_MS, every)


async def _is_right(film: Film, rollups: Rollups, start_ms: float) -> bool:
    """Whether kept sums are those of the samples, for some points."""
    for row in range(0, 300, 7):
        point = film.find_point(f"D-{row:06}", "value")
        if point is None:
            continue
        kept = (await rollups.ask.buckets_of([point], start_ms, start_ms + HOUR_MS, "hour"))[0]
        minutes = (await rollups.ask.buckets_of([point], start_ms, start_ms + HOUR_MS, "minute"))[0]
        same = kept.count[0] == minutes.count.sum() and np.isclose(kept.known_s[0], minutes.known_s.sum())
        mean = np.nansum(minutes.mean * minutes.known_s) / minutes.known_s.sum()
        if not same or not (np.isnan(kept.mean[0]) or np.isclose(kept.mean[0], mean, rtol=1e-8)):
            return False
    return True


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Sums of the film by the hour.")
    parser.add_argument("--quick", action="store_true", help="2,000 points, 5 days")
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=60)
    options = parser.parse_args()
    points, days = (2000, 5) if options.quick else (options.points, options.days)
    figures, right = asyncio.run(measured(points, days))
    title = f"{points:,} points every 5 s"
    print_table(title, ("figure", ""), [(name, f"{value:,.3f}") for name, value in figures.items()])
    finish("film_sums", figures, {}, {}, {"CPU s to sum it": 5.0}, {"right": right})
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
