"""A day of telemetry in minutes: does memory stay flat, and does the live state drift?

    python -m benchmarks.soak [--quick]

Devices report as they do in a venue, by a clock that is moved by hand: in columns and in JSON reports; late,
twice, out of range, with NaN for a reading, silent for an hour, and some with clocks an hour behind. Bridge,
pump, hub, film (into SQLite) and three clients run as in the server; one client keeps up, one stalls for
minutes, one leaves and comes back by `(epoch, seq)`.

The live state is held, every minute of the clock, against a replay of the inputs, one by one, by a plain
dictionary; so is, every hour, what each client has, and what the film says of that moment. The resident set
is noted every hour, after a collection.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson

from benchmarks.film import HandClock
from benchmarks.film_trace import START_MS
from benchmarks.report import finish, print_table
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.hub import Hub
from telemetry_bridge.live import STALE_AFTER_PERIODS, Rows
from telemetry_bridge.payload import deliver, parse_reports
from telemetry_bridge.points import Device, DeviceType, PointType, Registry
from telemetry_bridge.pump import Pump
from telemetry_bridge.wire import Kind, Quality, Values, decode_frame
from twin.film.film import Film
from twin.film.reading import FilmSettings
from twin.film.recorder import RecorderSettings
from twin.store.database import open_database

SEED = 11
HOUR_S, MINUTE_S = 3600, 60
PERIOD_S = 60.0
LOW, HIGH = -40.0, 200.0
SKEWED = 5
SKEW_MS = HOUR_S * 1000.0
LATE_SHARE, TWICE_SHARE, NAN_SHARE, NONSENSE_SHARE, REPORT_SHARE = 0.02, 0.01, 0.005, 0.005, 0.1
FLUSH_EVERY_S = 10
EVENT_EVERY_S = 10
LONGEST_STALL_S = 600
#: What the resident set may grow from a quarter of the way to the end, MiB.
GOAL_GROWTH_MIB = 16.0
SETTLED_SHARE = 0.25
MIB = 1024.0 * 1024.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How many points, samples a second of the clock, hours of it."""

    points: int
    rate: float
    hours: int


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """What came in one second: columns of one length, NaN where a device has no reading."""

    index: Rows
    value: Values
    time_ms: Values


def registry_of(points: int) -> Registry:
    """So many gauges that report about once a minute."""
    kind = DeviceType("gauge", points=(PointType("value", low=LOW, high=HIGH, period_s=PERIOD_S),))
    return Registry([kind], [Device(f"D-{number:05}", "gauge") for number in range(points)])


def arrivals(plan: Plan) -> Iterator[Arrival]:
    """One a second; the same for the same plan. The first `SKEWED` points have clocks an hour behind."""
    random = np.random.default_rng(SEED)
    value = np.round(random.normal(20.0, 5.0, plan.points), 1)
    last = Arrival(np.empty(0, np.intp), np.empty(0), np.empty(0))
    for second in range(1, plan.hours * HOUR_S + 1):
        now_ms = START_MS + second * 1000.0
        # A tenth of the points is silent, another one each hour.
        tenth = second // HOUR_S % 10
        index = random.integers(0, plan.points, random.poisson(plan.rate))
        index = np.unique(index[(index % 10 != tenth) | (index < SKEWED)])
        value[index] = np.round(value[index] + random.normal(0.0, 0.3, len(index)), 1)
        said = value[index].copy()
        said[random.random(len(index)) < NONSENSE_SHARE] = 1e6
        said[random.random(len(index)) < NAN_SHARE] = np.nan
        time_ms = now_ms - np.where(
            random.random(len(index)) < LATE_SHARE, 600_000.0, 2000.0
        ) * random.random(len(index))
        time_ms[index < SKEWED] = now_ms - SKEW_MS
        again = last.index[random.random(len(last.index)) < TWICE_SHARE]
        again = np.flatnonzero(np.isin(last.index, again[again >= SKEWED]))
        # To the microsecond, as texts carry times, so that both ways in mean the same.
        time_ms = np.round(time_ms * 1000.0) / 1000.0
        arrival = Arrival(
            np.concatenate([index, last.index[again]]),
            np.concatenate([said, last.value[again]]),
            np.concatenate([time_ms, last.time_ms[again]]),
        )
        last = Arrival(index, said, time_ms)
        yield arrival


class Reference:
    """What the live state should be: a dictionary and a loop, one sample after the other."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, float, bool]] = {}

    def take(self, arrival: Arrival) -> None:
        """Keep the newest of each point: value, time, whether it is bad."""
        columns = (arrival.index.tolist(), arrival.value.tolist(), arrival.time_ms.tolist())
        for index, value, time_ms in zip(*columns, strict=True):
            before = self._known.get(index)
            if before is not None and time_ms < before[1]:
                continue
            is_number = value == value  # noqa: PLR0124 - NaN is the one that is not
            kept = value if is_number else before[0] if before is not None else np.nan
            self._known[index] = (kept, time_ms, not (is_number and LOW <= value <= HIGH))

    def state(self, points: int, now_ms: float) -> tuple[Values, Rows]:
        """(n,) values and qualities; those of the skewed devices mean nothing."""
        value, quality = np.full(points, np.nan), np.full(points, int(Quality.BAD), dtype=np.intp)
        for index, (number, time_ms, is_bad) in self._known.items():
            is_stale = now_ms - time_ms > STALE_AFTER_PERIODS * PERIOD_S * 1000.0
            value[index] = number
            quality[index] = Quality.BAD if is_bad else Quality.STALE if is_stale else Quality.GOOD
        return value, quality


class Client:
    """A client of the hub, which takes what waits for it in its own time."""

    def __init__(self, hub: Hub, points: int) -> None:
        self._hub = hub
        self.value, self.quality = np.full(points, np.nan), np.full(points, int(Quality.BAD))
        self.seq = 0
        self.events = 0
        self._client = hub.connect(lambda: None)

    def take(self) -> None:
        """Take all that waits."""
        while (message := self._client.take()) is not None:
            if isinstance(message.payload, str):
                self.events += 1
                continue
            frame = decode_frame(message.payload)
            if frame.kind is Kind.SNAPSHOT:
                self.value[:], self.quality[:] = np.nan, int(Quality.BAD)
            self.value[frame.point_index], self.quality[frame.point_index] = frame.value, frame.quality
            self.seq = frame.seq

    def come_back(self) -> None:
        """Leave, and come back with what was had."""
        self._hub.disconnect(self._client)
        self._client = self._hub.connect(lambda: None)
        self._client.resume(self._hub.epoch, self.seq)


@dataclass
class Twin:
    """What runs in a server, moved by hand."""

    film: Film
    clock: HandClock
    bridge: Bridge
    points: int
    hub: Hub = field(init=False)
    pump: Pump = field(init=False)
    clients: tuple[Client, Client, Client] = field(init=False)

    def __post_init__(self) -> None:
        self.hub = Hub(self.points, epoch=self.bridge.epoch)
        self.pump = Pump(self.bridge, self.hub, monotonic_s=lambda: self.clock.time_ms / 1000.0)
        self.bridge.live.on_written = self.film.recorder.take
        self.clients = (
            Client(self.hub, self.points),
            Client(self.hub, self.points),
            Client(self.hub, self.points),
        )

    def take(self, arrival: Arrival, *, as_reports: bool) -> None:
        """Take what came: in columns, or as each device's own report."""
        if not as_reports:
            self.bridge.accept_columns(arrival.index, arrival.value, arrival.time_ms, Quality.GOOD)
            return
        for index, value, time_ms in zip(arrival.index, arrival.value, arrival.time_ms, strict=True):
            stamp = np.datetime64(round(time_ms * 1000.0), "us")
            body = {"time": f"{stamp}Z", "points": {"value": None if np.isnan(value) else float(value)}}
            deliver(parse_reports(f"D-{index:05}", orjson.dumps(body)), self.bridge)


def resident_bytes() -> int:
    """The resident set of this process (proc(5))."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def check(when: int, what: str, found: tuple[Values, Rows], expected: tuple[Values, Rows]) -> None:
    """SystemExit: they differ, and where."""
    for name, one, other in zip(("value", "quality"), found, expected, strict=True):
        differs = ~((one == other) | ((one != one) & (other != other)))  # noqa: PLR0124 - NaN equals NaN
        differs[:SKEWED] = False
        if differs.any():
            row = int(np.flatnonzero(differs)[0])
            raise SystemExit(
                f"at {when}: the {name} of point {row} in {what} is {one[row]}, not {other[row]}"
            )


async def lived(plan: Plan, url: str) -> dict[str, float]:
    """Let the day pass; every figure."""
    engine, clock, registry = await open_database(url), HandClock(), registry_of(plan.points)
    film = Film(engine, registry, clock, FilmSettings(recorder=RecorderSettings()))
    await film.open()
    twin = Twin(film, clock, Bridge(registry, clock), plan.points)
    reference, random = Reference(), np.random.default_rng(SEED + 1)
    resident: list[int] = []
    samples, stalled_until_s = 0, 0
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    for second, arrival in enumerate(arrivals(plan), start=1):
        clock.time_ms = START_MS + second * 1000.0
        twin.take(arrival, as_reports=random.random() < REPORT_SHARE)
        reference.take(arrival)
        samples += len(arrival.index)
        twin.pump.step()
        if second % EVENT_EVERY_S == 0:
            twin.hub.publish_event({"type": "soak.passed", "second": second})
        if second >= stalled_until_s:
            twin.clients[1].take()
            stalled_until_s = second + int(random.integers(1, LONGEST_STALL_S))
            twin.clients[2].come_back()
        twin.clients[0].take()
        if second % FLUSH_EVERY_S == 0 and not await film.recorder.flush():
            raise SystemExit(film.recorder.note)
        if second % MINUTE_S == 0:
            _check_live(second, twin, reference)
        if second % HOUR_S == 0:
            resident.append(await _checked(second // HOUR_S, twin, reference))
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    skewed = {each.device for each in twin.bridge.clocks.skews}
    if skewed != {f"D-{number:05}" for number in range(SKEWED)}:
        raise SystemExit(f"clocks that are taken for wrong: {sorted(skewed)[:10]}")
    await film.recorder.stop()
    await engine.dispose()
    settled = resident[int(len(resident) * SETTLED_SHARE)]
    return {
        "samples": samples,
        "hours": plan.hours,
        "events_seen": twin.clients[0].events,
        "resident_mib_first_hour": resident[0] / MIB,
        "resident_mib_end": resident[-1] / MIB,
        "growth_mib_from_a_quarter": (resident[-1] - settled) / MIB,
        "cpu_s": cpu_s,
        "wall_s": wall_s,
    }


def _check_live(second: int, twin: Twin, reference: Reference) -> None:
    live = twin.bridge.live
    found = (live.value, live.quality.astype(np.intp))
    check(second, "the live state", found, reference.state(twin.points, twin.clock.time_ms))


async def _checked(hour: int, twin: Twin, reference: Reference) -> int:
    """Hold clients and film against the reference; gives the resident set."""
    expected = reference.state(twin.points, twin.clock.time_ms)
    for number, client in enumerate(twin.clients):
        client.take()
        check(hour, f"client {number}", (client.value, client.quality), expected)
    if not await twin.film.recorder.flush():
        raise SystemExit(twin.film.recorder.note)
    filmed = (await twin.film.state_at(twin.clock.time_ms)).state
    check(hour, "the film", (filmed.value, filmed.quality.astype(np.intp)), expected)
    return resident_bytes()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A day of telemetry in minutes.")
    parser.add_argument("--quick", action="store_true", help="three hours")
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=100.0, help="samples a second of the clock")
    parser.add_argument("--hours", type=int, default=24)
    return parser.parse_args(arguments)


def soaked(plan: Plan) -> dict[str, float]:
    """Let the plan pass in a folder that is removed after; every figure."""
    with tempfile.TemporaryDirectory(prefix="twin-soak-") as folder:
        return asyncio.run(lived(plan, f"sqlite:///{Path(folder) / 'soak.db'}"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print a table, and as the last line one JSON object."""
    options = _options(arguments)
    plan = Plan(options.points, options.rate, 3 if options.quick else options.hours)
    figures = soaked(plan)
    title = f"{plan.points:,} points, {plan.hours} h of the clock, {int(figures['samples']):,} samples"
    print_table(
        title, ("", ""), [(name.replace("_", " "), f"{value:,.1f}") for name, value in figures.items()]
    )
    goals = {"growth_mib_from_a_quarter": GOAL_GROWTH_MIB, "drift": 0}
    met = {"memory": figures["growth_mib_from_a_quarter"] <= GOAL_GROWTH_MIB, "drift": True}
    finish("soak", {"points": plan.points, "rate": plan.rate, **figures}, {}, {}, goals, met)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
