"""The film against rows in SQLite and PostgreSQL and DuckDB over Parquet: writing, size, moments, a point.

    python -m benchmarks.film [--quick] [--points N] [--minutes N] [--days N] [--database URL]

A trace (`film_trace`: each sample with its device's own time, jittered about a beat of 5 s) goes through the
film's own recorder into a database, and its first minutes as rows into each rival, in the same run. Film,
SQLite and PostgreSQL are safe every two seconds of the trace, Parquet every five minutes. Then film of
`--days` days is modelled: the recorded segments again, at other times, stored by the film's code.

Random moments of all those days are asked for: of the film as opened anew for each (`cold`: nothing of ours
in memory; the system's file cache is warm), then again with its cache (`warm`). The rivals are asked for
moments of their minutes (`--row-minutes`; 60, of `--minutes 60`, are realistic and take them ten minutes to
write; fewer flatter them). One point's history is asked for of the film over all its days, and of the rivals
of as many points as give as many samples. All answers are compared. `bytes_1ms` is the same trace, its times
at 1 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import struct
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.film_rows import DuckParquet, PostgresRows, Rival, SqliteRows, postgres
from benchmarks.film_trace import MINUTE_MS, SEED, START_MS, Arrival, Plan, registry_of, trace
from benchmarks.report import finish, print_table
from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import encode_frame
from twin.film import codec
from twin.film.film import DAY_MS, Film
from twin.film.reading import FilmSettings
from twin.film.replay import delta
from twin.film.segment import Keyframe, Segment, in_order
from twin.film.store import FilmStore, News
from twin.store.database import open_database
from twin.store.tables import FILM_STRIP

Figures = dict[str, float]
Told = dict[int, float]

FLUSH_MS = 2000.0
MODELLED_ID = 1_000_000
#: Film is moved by multiples of it: of every unit in which its times are kept.
SHIFT_MS = 60_000.0
#: Where a strip has its checksum, and after its seal the start.
CHECK, CHECK_AT, START, SEAL_BYTES = struct.Struct("<I"), 5, struct.Struct("<d"), 9
REPLAY_SPEED, FRAME_S = 60.0, 0.1
GOALS = {
    "bytes_100ms": 1.0,
    "bytes_1ms": 1.8,
    "samples_per_s": 2_000_000.0,
    "state_cold_p99_ms": 20.0,
    "ratio_to_rows": 10.0,
}


@dataclass
class HandClock:
    """A clock that the trace moves."""

    time_ms: float = START_MS
    speed: float = 1.0

    def now_ms(self) -> float:
        """ms since 1970 UTC."""
        return self.time_ms


async def film_written(film: Film, clock: HandClock, arrivals: Sequence[Arrival]) -> tuple[float, float]:
    """Record it all; wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    due_ms = START_MS + FLUSH_MS
    for arrival in arrivals:
        clock.time_ms = arrival.time_ms
        film.recorder.take(arrival.samples)
        if arrival.time_ms >= due_ms:
            due_ms += FLUSH_MS
            if not await film.recorder.flush():
                raise SystemExit(film.recorder.note)
    await film.recorder.stop()
    return time.perf_counter() - wall, time.process_time() - cpu


async def film_bytes(engine: AsyncEngine) -> int:
    """What the segments take."""
    async with engine.connect() as connection:
        query = select(func.sum(func.length(FILM_STRIP.c.data)))
        return int((await connection.execute(query)).scalar() or 0)


async def compared(engine: AsyncEngine, arrivals: Sequence[Arrival]) -> None:
    """SystemExit: what is stored is not to the bit what came."""
    store = FilmStore(engine)
    found = [codec.decode_segment(await store.strips(entry.id)).samples for entry in await store.catalogue()]
    stored, came = (
        in_order(Samples.joined(found)),
        in_order(Samples.joined([each.samples for each in arrivals])),
    )
    for name in ("point_index", "time_ms", "value", "quality"):
        if getattr(stored, name).tobytes() != getattr(came, name).tobytes():
            raise SystemExit(f"the film is not what was recorded: {name}")


async def modelled(engine: AsyncEngine, days: float) -> int:
    """Store the recorded segments again and again, for so many days before them; gives how many.

    SystemExit: a strip at another time is not what encoding its samples there gives.
    """
    store = FilmStore(engine)
    recorded = await store.catalogue()
    parts = [(entry, await store.strips(entry.id)) for entry in recorded]
    step_ms = np.ceil((recorded[-1].end_ms - recorded[0].start_ms) / SHIFT_MS) * SHIFT_MS
    for entry, strips in parts:
        if codec.encode_segment(_moved(codec.decode_segment(strips), step_ms)) != _again(strips, step_ms):
            raise SystemExit(f"segment {entry.id} cannot be modelled at another time")
    count, change = 0, recorded[-1].change
    for again in range(1, int(np.ceil(days * DAY_MS / step_ms)) + 1):
        by_ms, news = again * step_ms, []
        for entry, strips in parts:
            count, change = count + 1, change + 1
            times = {"start_ms": entry.start_ms - by_ms, "end_ms": entry.end_ms - by_ms}
            line = replace(entry, id=MODELLED_ID + count, change=change, **times)
            news.append((line, _again(strips, by_ms)))
        await store.save(News(news))
    return count


def _again(strips: Mapping[int, bytes], by_ms: float) -> dict[int, bytes]:
    """Strips as they were so much earlier: of the times in them only the start is not told from the start."""
    found = {}
    for number, data in strips.items():
        start_ms: float = START.unpack_from(data, SEAL_BYTES)[0]
        body = START.pack(start_ms - by_ms) + data[SEAL_BYTES + START.size :]
        found[number] = data[:CHECK_AT] + CHECK.pack(zlib.crc32(body)) + body
    return found


def _moved(segment: Segment, by_ms: float) -> Segment:
    key, samples = segment.keyframe, segment.samples
    keyframe = Keyframe(key.point_index, key.value, key.quality, key.time_ms - by_ms)
    return Segment(segment.start_ms - by_ms, keyframe, replace(samples, time_ms=samples.time_ms - by_ms))


async def opened(engine: AsyncEngine, points: int, clock: HandClock, cache_bytes: int) -> Film:
    """A film that is read, and not recorded."""
    film = Film(engine, registry_of(points), clock, FilmSettings(cache_bytes=cache_bytes))
    await film.open(records=False)
    return film


async def states(film: Film, moments: Sequence[float]) -> list[float]:
    """Seconds per moment."""
    seconds = []
    for moment in moments:
        start = time.perf_counter()
        await film.state_at(moment)
        seconds.append(time.perf_counter() - start)
    return seconds


async def replayed(film: Film, minutes: int) -> float:
    """Frames a second of the newest minutes at 60 times the speed, each made and encoded."""
    moments = np.arange(START_MS + 1000.0, START_MS + minutes * MINUTE_MS, REPLAY_SPEED * FRAME_S * 1000.0)
    before = (await film.state_at(float(moments[0]))).state
    start = time.perf_counter()
    for number, moment in enumerate(moments[1:].tolist()):
        state = (await film.state_at(moment)).state
        encode_frame(delta(before, state, number, moment))
        before = state
    return (len(moments) - 1) / (time.perf_counter() - start)


async def histories(film: Film, from_ms: float, to_ms: float) -> dict[str, float]:
    """Milliseconds for one point's samples of a time: all of them, and as a line of 1,000."""
    point = film.find_point("D-000123", "value")
    assert point is not None
    start = time.perf_counter()
    line = await film.history(point, from_ms, to_ms, 1000)
    line_ms = (time.perf_counter() - start) * 1000.0
    start = time.perf_counter()
    whole = await film.history(point, from_ms, to_ms, 0)
    whole_ms = (time.perf_counter() - start) * 1000.0
    assert len(line.track) <= 1000
    return {
        "point_samples": float(len(whole.track)),
        "point_line_ms": line_ms,
        "point_whole_ms": whole_ms,
        "point_us_per_sample": whole_ms * 1000.0 / max(len(whole.track), 1),
    }


def rivals_measured(
    rivals: Sequence[Rival],
    arrivals: Sequence[Arrival],
    points: int,
    told: Callable[[float], dict[int, float]],
    enough: float,
) -> dict[str, dict[str, float]]:
    """Every figure of each rival, a point's of `enough` samples. SystemExit: one does not say what the film
    says.
    """
    samples = sum(len(arrival.samples) for arrival in arrivals)
    end_ms = arrivals[-1].time_ms
    moments = (START_MS + np.random.default_rng(SEED).uniform(0.3, 1.0, 7) * (end_ms - START_MS)).tolist()
    found = {}
    for rival in rivals:
        seconds, asked = rival.write(arrivals), []
        for moment in moments:
            start = time.perf_counter()
            answer = rival.state(moment, points)
            asked.append(time.perf_counter() - start)
            if answer != told(moment):
                raise SystemExit(f"the film and {rival.name} do not say the same")
        start, count = time.perf_counter(), 0
        for point in range(123, points):
            count += len(rival.track(point))
            if count >= enough:
                break
        found[rival.name] = {
            "samples_per_s": samples / seconds,
            "bytes_per_sample": rival.nbytes() / samples,
            "state_p50_ms": statistics.median(asked) * 1000.0,
            "point_us_per_sample": (time.perf_counter() - start) * 1e6 / count,
        }
    return found


def naive(arrivals: Sequence[Arrival], points: int) -> Callable[[float], dict[int, float]]:
    """What every point read at a moment, by a scan over all samples."""
    whole = Samples.joined([arrival.samples for arrival in arrivals])
    order = np.argsort(whole.time_ms, kind="stable")
    index, time_ms, value = whole.point_index[order], whole.time_ms[order], whole.value[order]

    def told(moment: float) -> dict[int, float]:
        count = int(np.searchsorted(time_ms, moment, side="right"))
        last = np.full(points, np.nan)
        last[index[:count]] = value[:count]
        known = np.unique(index[:count])
        return dict(zip(known.tolist(), last[known].tolist(), strict=True))

    return told


async def film_measured(
    options: argparse.Namespace, arrivals: Sequence[Arrival], url: str
) -> dict[str, float]:
    """Every figure of the film."""
    engine, clock = await open_database(url), HandClock()
    film = Film(engine, registry_of(options.points), clock, FilmSettings())
    await film.open()
    wall_s, cpu_s = await film_written(film, clock, arrivals)
    samples = sum(len(arrival.samples) for arrival in arrivals)
    size = await film_bytes(engine)
    await compared(engine, arrivals)
    told = naive(arrivals, options.points)
    for share in (0.31, 0.77, 0.999):
        moment = START_MS + share * options.minutes * MINUTE_MS
        state = (await film.state_at(moment)).state
        known = np.flatnonzero(state.known)
        if dict(zip(known.tolist(), state.value[known].tolist(), strict=True)) != told(moment):
            raise SystemExit("the film does not say what was recorded")
    segments = await modelled(engine, options.days)
    span_ms = options.minutes * MINUTE_MS
    from_ms = START_MS - options.days * DAY_MS
    moments = np.random.default_rng(SEED).uniform(from_ms, START_MS + span_ms, options.moments).tolist()
    cold = await states(await opened(engine, options.points, clock, 0), moments)
    cached = await opened(engine, options.points, clock, 1 << 30)
    near = moments[: max(options.moments // 4, 10)]
    await states(cached, near)
    warm = await states(cached, near)
    figures = {
        "samples": float(samples),
        "samples_per_s": samples / wall_s,
        "samples_per_cpu_s": samples / cpu_s,
        "bytes": size / samples,
        "days": options.days,
        "segments": float(segments),
        **_percentiles("state_cold", cold),
        **_percentiles("state_warm", warm),
        "replay_frames_per_s": await replayed(cached, options.minutes),
        **await histories(await opened(engine, options.points, clock, 0), from_ms, START_MS + span_ms),
    }
    await engine.dispose()
    return figures


def _percentiles(name: str, seconds: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {f"{name}_p50_ms": cuts[49] * 1000.0, f"{name}_p99_ms": cuts[98] * 1000.0}


async def bytes_at_1_ms(plan: Plan, folder: Path) -> float:
    """Bytes a sample where times are kept at 1 ms."""
    engine, clock = await open_database(f"sqlite:///{folder / 'fine.db'}"), HandClock()
    film = Film(engine, registry_of(plan.points), clock, FilmSettings())
    await film.open()
    arrivals = list(trace(replace(plan, unit_ms=1.0)))
    await film_written(film, clock, arrivals)
    size = await film_bytes(engine)
    await engine.dispose()
    return size / sum(len(arrival.samples) for arrival in arrivals)


def measured(
    options: argparse.Namespace, folder: Path
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """The figures of the film and of its rivals."""
    codec.warm_up()
    gc.freeze()  # as the server does
    plan = Plan(options.points, options.minutes, 100.0, options.noise)
    arrivals = list(trace(plan))
    url = options.database or f"sqlite:///{folder / 'film.db'}"
    film = asyncio.run(film_measured(options, arrivals, url))
    film["bytes_1ms"] = asyncio.run(bytes_at_1_ms(plan, folder))
    until_ms = START_MS + options.row_minutes * MINUTE_MS
    first = [arrival for arrival in arrivals if arrival.time_ms <= until_ms]
    with ExitStack() as stack:
        rivals: list[Rival] = [SqliteRows(folder), DuckParquet(folder)]
        server = stack.enter_context(postgres())
        if server is not None:
            rivals.append(stack.enter_context(closing(PostgresRows(server))))
        told = naive(first, options.points)
        return film, rivals_measured(rivals, first, options.points, told, film["point_samples"])


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The film against rows and Parquet.")
    parser.add_argument("--quick", action="store_true", help="2,000 points, 11 minutes, half a day modelled")
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--minutes", type=int, default=21)
    parser.add_argument("--row-minutes", type=int, default=3, help="how much of it the rivals get")
    parser.add_argument("--days", type=float, default=1.0, help="film that is modelled; 30 takes 5 GB")
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--noise", action="store_true", help="values of full precision")
    parser.add_argument("--database", help="where the film goes; a SQLite file when left out")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and as the last line one JSON object."""
    options = _options(arguments)
    if options.quick:
        options.points, options.minutes, options.row_minutes, options.days = 2000, 11, 3, 0.5
    with tempfile.TemporaryDirectory(prefix="twin-film-") as folder:
        film, rivals = measured(options, Path(folder))
    _report(options, film, rivals)
    return 0


def _report(options: argparse.Namespace, film: dict[str, float], rivals: dict[str, dict[str, float]]) -> None:
    pairs = [
        ("samples/s written", "samples_per_s", "samples_per_s"),
        ("bytes per sample, times at 100 ms", "bytes", "bytes_per_sample"),
        ("the same, at 1 ms", "bytes_1ms", None),
        ("state at T, cold, p50 ms", "state_cold_p50_ms", "state_p50_ms"),
        ("state at T, cold, p99 ms", "state_cold_p99_ms", None),
        ("state at T, warm, p50 ms", "state_warm_p50_ms", None),
        ("one point, us a sample", "point_us_per_sample", "point_us_per_sample"),
        ("one point of all days as a line, ms", "point_line_ms", None),
        ("frames/s at 60x", "replay_frames_per_s", None),
    ]
    rows = [
        (name, _shown(film[own]), *(_shown(each[other]) if other else "" for each in rivals.values()))
        for name, own, other in pairs
    ]
    title = f"{options.points:,} points, {options.minutes} min recorded, {options.days:g} days modelled"
    print_table(title, ("", "film", *rivals), rows)
    ratios = _ratios(film, rivals)
    met = {
        "bytes_100ms": film["bytes"] <= GOALS["bytes_100ms"],
        "bytes_1ms": film["bytes_1ms"] <= GOALS["bytes_1ms"],
        "samples_per_s": film["samples_per_s"] >= GOALS["samples_per_s"],
        "state_cold_p99_ms": film["state_cold_p99_ms"] <= GOALS["state_cold_p99_ms"],
        **{name: ratio >= GOALS["ratio_to_rows"] for name, ratio in ratios.items()},
    }
    finish("film", film, rivals, ratios, GOALS, met)


def _ratios(film: dict[str, float], rivals: dict[str, dict[str, float]]) -> dict[str, float]:
    """How many times better the film is than each store of rows."""
    found = {}
    for name, each in rivals.items():
        if name.endswith("rows"):
            found[f"write, {name}"] = film["samples_per_s"] / each["samples_per_s"]
            found[f"bytes, {name}"] = each["bytes_per_sample"] / film["bytes"]
            found[f"state, {name}"] = each["state_p50_ms"] / film["state_cold_p50_ms"]
            found[f"one point, {name}"] = each["point_us_per_sample"] / film["point_us_per_sample"]
    return found


def _shown(value: float) -> str:
    return f"{value:,.3g}" if value < 100 else f"{value:,.0f}"


if __name__ == "__main__":
    raise SystemExit(main())
