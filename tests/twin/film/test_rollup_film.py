"""Sums are what a naive reader of all that was told would say, whatever was cut, merged, made or killed."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from telemetry_bridge.points import Device, DeviceType, PointType, Registry
from tests.telemetry_bridge.builders import STATUS
from tests.twin.film.filming import Filming
from tests.twin.film.test_late import Venue
from twin.film.recorder import RecorderSettings
from twin.film.rollup.counting import PointKind
from twin.film.rollup.hours import Every
from twin.film.rollup.joining import Buckets
from twin.film.rollup.making import RollupSettings
from twin.film.rollup.rollups import Rollups
from twin.film.timeline import just_after
from twin.store.database import open_database

MINUTE_MS = 60_000
#: Where hours begin at half past by UTC, and where clocks are changed soon after the start.
PLACES = (
    ("Asia/Kolkata", "2026-09-21T13:33:20+00:00"),
    ("America/New_York", "2026-03-08T05:10:00+00:00"),
    ("America/New_York", "2026-11-01T03:20:00+00:00"),
    ("Australia/Lord_Howe", "2026-10-03T13:40:00+00:00"),
    ("Australia/Lord_Howe", "2026-04-04T12:20:00+00:00"),
)
SLOW = RecorderSettings(segment_s=1500.0, grace_s=20.0, worth_a_key=0.0)
AT_ONCE = RollupSettings(again_s=0.0, rest_s=0.0)
METER = DeviceType(
    "meter",
    points=(
        PointType("energy", "Electric_Energy_Sensor", "kWh"),
        PointType("power", "Electric_Power_Sensor", "kW"),
        PointType("status", "Status", states=STATUS),
    ),
)
DEVICES = Registry([METER], [Device(each, "meter") for each in ("m1",)])

lags_min = st.one_of(st.just(0), st.integers(0, 20), st.integers(0, 300))
arrivals = st.lists(
    st.tuples(st.integers(0, 2), lags_min, st.integers(-1, 9), st.sampled_from([0, 0, 0, 3, 1, 2])),
    min_size=1,
    max_size=4,
)
steps = st.one_of(
    st.tuples(st.just("samples"), st.integers(1, 40), arrivals),
    st.tuples(st.just("samples"), st.integers(1, 40), arrivals),
    st.tuples(
        st.sampled_from(["flush", "flush", "merge", "make", "ask", "kill", "stop"]),
        st.integers(1, 90),
        st.none(),
    ),
)


@dataclass
class Metered(Venue):
    """Runs of a server with meters, whose film is summed."""

    zone: ZoneInfo = ZoneInfo("UTC")  # noqa: RUF009 - it never changes
    rollups: Rollups | None = None
    shares: Sequence[tuple[float, float]] = ()

    async def begin(self) -> None:
        self.filming = await Filming.begin(self.engine, self.now_ms, SLOW, DEVICES)
        self.runs.append((self.now_ms, math.inf))
        self.rollups = Rollups(self.film.film, self.zone, self.filming.clock, AT_ONCE)

    async def act(self, kind: str, ms: int, samples: Sequence[tuple[int, int, int, int]] | None) -> None:
        minutes = [(point, lag * MINUTE_MS, value, quality) for point, lag, value, quality in samples or ()]
        if kind in {"merge", "make", "ask"}:
            await super().act("flush", ms * MINUTE_MS, None)
        if kind == "make":
            assert self.rollups is not None
            await self.rollups.make.make_due()
        elif kind == "ask":
            await self.check_sums()
        else:
            await super().act(kind, 0 if kind == "merge" else ms * MINUTE_MS, minutes)

    def spans(self) -> list[tuple[float, float, int]]:
        """Times that were recorded, with the run; and those between, of which late samples alone tell, -1."""
        found, known_ms = [], -math.inf
        for run, (from_ms, to_ms) in enumerate(self.runs):
            if from_ms <= to_ms:
                until_ms = just_after(min(to_ms, self.now_ms))  # its last moment was recorded too
                found += [(known_ms, from_ms, -1), (from_ms, until_ms, run)]
                known_ms = found[-1][1]
        return found

    def pieces(self, point: int) -> list[tuple[float, float, float]]:
        """From when to when which value was known."""
        found = []
        for from_ms, to_ms, run in self.spans():
            told = [each for each in self.told if each.point == point and each.time_ms < to_ms]
            told = [each for each in told if each.run >= run and (run >= 0 or each.time_ms >= from_ms)]
            times = sorted({max(each.time_ms, from_ms) for each in told})
            for begin_ms, end_ms in zip(times, [*times[1:], to_ms], strict=False):
                held = max((each for each in told if each.time_ms <= begin_ms), key=lambda each: each.time_ms)
                latest = [each for each in told if each.time_ms == held.time_ms][-1]
                if is_reading(latest.value, latest.quality, point):
                    found.append((begin_ms, end_ms, latest.value))
        return found

    def readings(self, point: int) -> list[tuple[float, float]]:
        last = {each.time_ms: each for each in self.told if each.point == point}
        known = (each for each in last.values() if is_reading(each.value, each.quality, point))
        return sorted((each.time_ms, each.value) for each in known)

    async def check_sums(self) -> None:
        assert self.rollups is not None
        for number, (one, other) in enumerate(self.shares):
            first, last = sorted((one, other))
            length_ms = self.now_ms - self.runs[0][0] + 400 * MINUTE_MS
            from_ms = self.now_ms - (1 - first) * length_ms
            to_ms = self.now_ms - (1 - last) * length_ms + 1
            every: Every = ("hour", "day", "minute")[number % 3]
            if every == "minute":
                from_ms = max(from_ms, to_ms - 200 * MINUTE_MS)
            points = [each for each in map(self.film.film.find_point, *zip(*NAMES, strict=True)) if each]
            found = await self.rollups.ask.buckets_of(points, from_ms, to_ms, every)
            for point, buckets in enumerate(found):
                self.check_point(point, buckets)

    def check_point(self, point: int, found: Buckets) -> None:
        pieces, readings = self.pieces(point), self.readings(point)
        for row, (from_ms, to_ms) in enumerate(zip(found.edges, found.edges[1:], strict=False)):
            expected = naive(pieces, readings, from_ms, to_ms, found.kind)
            told = (point, from_ms, expected, of_row(found, row))
            if expected["known"] < 1e-6:  # kept sums round away what held for a run's last moment alone
                expected["mean"] = told[-1]["mean"]
            assert told[-1] == pytest.approx(expected, nan_ok=True, abs=2e-6), told


NAMES = [(f"m{device}", name) for device in (1,) for name in ("energy", "power", "status")]


def is_reading(value: float, quality: int, point: int) -> bool:
    return quality in (0, 3) and (point % 3 < 2 or 0 <= value < 3)


def of_row(found: Buckets, row: int) -> dict[str, float]:
    columns = (found.known_s, found.count, found.mean, found.low, found.high, found.last, found.increase)
    names = ("known", "count", "mean", "low", "high", "last", "increase")
    states = {f"state{state}": each for state, each in enumerate(found.states_s[row])}
    return {name: float(column[row]) for name, column in zip(names, columns, strict=True)} | {
        "resets": float(found.resets[row]),
        **{name: float(each) for name, each in states.items()},
    }


def naive(
    pieces: Sequence[tuple[float, float, float]],
    readings: Sequence[tuple[float, float]],
    from_ms: float,
    to_ms: float,
    kind: PointKind,
) -> dict[str, float]:
    held = [(max(a, from_ms), min(b, to_ms), value) for a, b, value in pieces if a < to_ms and b > from_ms]
    known = sum(b - a for a, b, _ in held)
    own = [value for time_ms, value in readings if from_ms <= time_ms < to_ms]
    values = own + [value for a, b, value in held if b > a]
    counts, nan = kind is PointKind.COUNTER, math.nan
    found = {
        "known": known / 1000,
        "count": float(len(own)),
        "mean": sum((b - a) * value for a, b, value in held) / known if known and not counts else nan,
        "low": min(values, default=nan),
        "high": max(values, default=nan),
        "last": own[-1] if own else (held[-1][2] if held else nan),
        "increase": nan,
        "resets": 0.0,
    }
    if counts and values:
        before = [value for time_ms, value in readings if time_ms < from_ms][-1:]
        line = before + own
        pairs = list(pairwise(line))
        found["increase"] = sum(after if after < one else after - one for one, after in pairs)
        found["resets"] = float(sum(after < one for one, after in pairs))
    if kind is PointKind.STATE:
        for state in range(3):
            found[f"state{state}"] = sum(b - a for a, b, value in held if value == state) / 1000
    return found


#: Without shrinking: an example takes a second.
PHASES = (Phase.explicit, Phase.generate)
FIXTURE = HealthCheck.function_scoped_fixture


SCRIPTS = st.lists(steps, min_size=1, max_size=25)
SHARES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=3)
Script = list[tuple[str, int, list[tuple[int, int, int, int]] | None]]
#: Samples of before all film come in two deliveries, the older ones later: two segments tell of one gap.
OLDER_LATER: Script = [
    ("samples", 24, [(2, 107, 7, 2)]),
    ("stop", 6, None),
    ("samples", 35, [(0, 247, 3, 3)]),
    ("samples", 25, [(0, 281, 0, 3)]),
]
#: A server that began anew is told only what is older than what was read last before: it holds, but it is not
#: the last reading of its day.
OLDER_HOLDS: Script = [
    ("stop", 89, None),
    ("samples", 68, [(2, 9, 1, 0)]),
    ("samples", 9, [(2, 4, 5, 2)]),
    ("stop", 7, None),
    ("samples", 12, [(2, 38, 0, 0)]),
    ("samples", 71, [(2, 0, 8, 2)]),
]
#: A late value is told again, of the same time; what holds in the next segment is the one told last.
TOLD_AGAIN: Script = [
    ("samples", 40, [(1, 14, 3, 0)]),
    ("flush", 13, None),
    ("samples", 60, [(1, 0, 4, 0)]),
    ("samples", 40, [(1, 127, 9, 0), (1, 0, 6, 0)]),
    ("make", 32, None),
    ("merge", 2, None),
]
#: The last moment of a run is the first of an hour.
ENDS_WITH_THE_HOUR: Script = [
    ("samples", 438, [(1, 0, 1, 0)]),
    ("stop", 82, None),
    ("samples", 42, [(1, 180, 5, 0)]),
    ("samples", 50, [(1, 0, 8, 0)]),
]


async def play(
    folder: Path, script: Script, shares: Sequence[tuple[float, float]], place: tuple[str, str]
) -> None:
    engine = await open_database(f"sqlite:///{folder / 'twin.db'}")
    start_ms = datetime.fromisoformat(place[1]).timestamp() * 1000.0
    venue = Metered(engine, start_ms, zone=ZoneInfo(place[0]), shares=shares)
    await venue.begin()
    for kind, minutes, samples in script:
        await venue.act(kind, minutes, samples)
    for kind, minutes in (
        ("ask", 1),
        ("make", 60),
        ("ask", 1),
        ("merge", 1),
        ("ask", 1),
        ("make", 60),
        ("ask", 1),
    ):
        await venue.act(kind, minutes, None)
    await engine.dispose()


@settings(max_examples=4, deadline=None, phases=PHASES, suppress_health_check=[FIXTURE])
@example(OLDER_LATER, [(0.0, 1.0)] * 3, PLACES[0])
@example(OLDER_HOLDS, [(0.0, 1.0)] * 3, PLACES[2])
@example(TOLD_AGAIN, [(0.0, 1.0)] * 3, PLACES[3])
@example(ENDS_WITH_THE_HOUR, [(0.0, 1.0)] * 3, PLACES[2])
@given(script=SCRIPTS, shares=SHARES, place=st.sampled_from(PLACES))
def test_sums_are_what_a_naive_reader_would_say_in_any_order_and_over_any_stop(
    tmp_path_factory: pytest.TempPathFactory,
    script: Script,
    shares: list[tuple[float, float]],
    place: tuple[str, str],
) -> None:
    asyncio.run(play(tmp_path_factory.mktemp("sums"), script, shares, place))


@pytest.mark.slow
@settings(max_examples=200, deadline=None, phases=PHASES, suppress_health_check=[FIXTURE])
@given(script=SCRIPTS, shares=SHARES, place=st.sampled_from(PLACES))
def test_sums_are_what_a_naive_reader_would_say_many_times(
    tmp_path_factory: pytest.TempPathFactory,
    script: Script,
    shares: list[tuple[float, float]],
    place: tuple[str, str],
) -> None:
    asyncio.run(play(tmp_path_factory.mktemp("sums"), script, shares, place))
