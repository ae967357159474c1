"""When sums are made and made again, what of them stays, and how they outlive the film."""

import math
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import pytest_asyncio
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.points import Device, DeviceType, PointType, Registry
from telemetry_bridge.samples import Samples
from tests.twin.film.filming import Filming
from twin.film.described import PastPoint
from twin.film.recorder import RecorderSettings
from twin.film.rollup.counting import PointKind, is_counter, kind_of
from twin.film.rollup.hours import HOUR_MS
from twin.film.rollup.joining import Buckets
from twin.film.rollup.making import RollupSettings
from twin.film.rollup.rollups import Rollups
from twin.simulation.instruments import COUNTERS
from twin.store.database import open_database
from twin.store.tables import FILM_ROLLUP, FILM_SEGMENT, FILM_STRIP

UTC = ZoneInfo("UTC")
START_MS = math.ceil(1_790_000_000_000 / HOUR_MS) * HOUR_MS
LONG = RecorderSettings(segment_s=600.0, grace_s=1.0, worth_a_key=0.0)
AT_ONCE = RollupSettings(again_s=0.0, rest_s=0.0)
TYPE = DeviceType("t", points=(PointType("energy", "Water_Usage_Sensor", "m3"), PointType("level", unit="%")))


def devices(*names: str) -> Registry:
    return Registry([TYPE], [Device(name, "t") for name in names])


ONE = devices("d5")
#: One device more before it: the same points have other numbers.
MORE = devices("d1", "d5")


@pytest_asyncio.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    found = await open_database(f"sqlite:///{tmp_path / 'twin.db'}")
    yield found
    await found.dispose()


async def begun(
    engine: AsyncEngine, at_ms: float, known: Registry = ONE, settings: RollupSettings = AT_ONCE
) -> tuple[Filming, Rollups]:
    filming = await Filming.begin(engine, at_ms, LONG, known)
    return filming, Rollups(filming.film, UTC, filming.clock, settings)


async def told(filming: Filming, minute: float, *values: tuple[int, float], quality: int = 0) -> None:
    """Readings of points at a minute after the start, written."""
    filming.clock.time_ms = START_MS + minute * 60_000.0
    rows, numbers = zip(*values, strict=True)
    filming.film.recorder.take(Samples.of(rows, filming.clock.time_ms, numbers, quality))
    await filming.film.recorder.flush()


async def later(filming: Filming, minute: float) -> None:
    filming.clock.time_ms = START_MS + minute * 60_000.0
    await filming.film.recorder.flush()


async def asked(rollups: Rollups, name: str = "energy", hours: int = 3) -> Buckets:
    point = rollups.ask.film.find_point("d5", name)
    assert point is not None
    return (await rollups.ask.buckets_of([point], START_MS, START_MS + hours * HOUR_MS, "hour"))[0]


async def rows(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return len((await connection.execute(select(FILM_ROLLUP.c.strip))).all())


async def test_an_hour_is_made_when_it_is_over_and_written(engine: AsyncEngine) -> None:
    filming, rollups = await begun(engine, START_MS)
    await told(filming, 5, (0, 10.0), (1, 50.0))
    assert await rollups.make.make_due() == 0
    await told(filming, 55, (0, 12.5))
    await told(filming, 62, (0, 13.0))
    assert await rollups.make.make_due() == 0  # its last segment still grows
    before = await asked(rollups)
    await told(filming, 75, (0, 14.0))
    assert await rollups.make.make_due() == 1
    assert await rollups.make.make_due() == 0
    after = await asked(rollups)
    assert before.increase[:2].tolist() == [2.5, 0.5]
    assert after.increase[:2].tolist() == [2.5, 1.5]
    assert before.known_s[0] == after.known_s[0] == 55 * 60
    assert await rollups.make.store.due(START_MS, START_MS + HOUR_MS) == []


async def test_late_samples_make_it_due_again_but_not_at_every_one(engine: AsyncEngine) -> None:
    filming, rollups = await begun(engine, START_MS, settings=replace(AT_ONCE, again_s=1e6))
    await told(filming, 1, (1, 50.0))
    await later(filming, 75)
    await told(filming, 76, (1, 20.0))
    assert await rollups.make.make_due() == 1
    filming.film.recorder.take(Samples.of([1], START_MS + 30 * 60_000.0, [80.0], 0))
    for _ in range(2):  # while it waits, and when it is merged
        found = await asked(rollups, "level")
        assert found.mean[0] == pytest.approx((29 * 50.0 + 30 * 80.0) / 59)
        await filming.film.recorder.flush()
        await filming.film.merge_late()
    assert await rollups.make.make_due() == 0
    again = Rollups(filming.film, UTC, filming.clock, AT_ONCE)
    assert await again.make.make_due() == 1
    assert (await asked(again, "level")).high[0] == 80.0


async def test_sums_outlive_the_film_and_are_not_made_of_less(engine: AsyncEngine) -> None:
    filming, rollups = await begun(engine, START_MS)
    for minute in range(1, 80, 6):
        await told(filming, minute, (0, float(minute)), (1, 40.0))
    assert await rollups.make.make_due() == 1
    kept = await asked(rollups, hours=1)
    assert kept.increase[0] > 0
    async with engine.begin() as connection:
        await connection.execute(delete(FILM_STRIP).where(FILM_STRIP.c.segment <= 3))
        await connection.execute(delete(FILM_SEGMENT).where(FILM_SEGMENT.c.id <= 3))
    await filming.film.recorder.stop()
    filming, rollups = await begun(engine, START_MS + 3 * HOUR_MS)
    await filming.film.recorder.flush()
    assert (await asked(rollups, hours=1)).increase.tolist() == kept.increase.tolist()
    filming.film.recorder.take(Samples.of([0], START_MS + 55 * 60_000.0, [53.0], 0))
    await filming.film.recorder.flush()
    await filming.film.merge_late()
    assert await rollups.make.make_due() >= 1
    assert (await asked(rollups, hours=1)).count.tolist() == kept.count.tolist()


async def test_devices_that_change_within_an_hour_go_on(engine: AsyncEngine) -> None:
    filming, rollups = await begun(engine, START_MS)
    await told(filming, 10, (0, 100.0))
    await filming.film.recorder.stop()
    filming, rollups = await begun(engine, START_MS + 20 * 60_000.0, MORE)
    await told(filming, 30, (2, 101.5), (0, 7.0))
    await later(filming, 75)
    await told(filming, 76, (2, 102.0))
    samples = await asked(rollups)
    assert await rollups.make.make_due() == 1
    kept = await asked(rollups)
    assert kept.increase[:2].tolist() == samples.increase[:2].tolist() == [1.5, 0.5]
    np.testing.assert_allclose(kept.known_s, samples.known_s, atol=1e-5)
    assert kept.known_s[0] == pytest.approx(30 * 60, abs=0.01)
    gone = filming.film.find_point("d1", "energy")
    assert gone is not None
    assert (await rollups.ask.buckets_of([gone], START_MS, START_MS + HOUR_MS, "hour"))[0].last.tolist() == [
        7.0
    ]


async def test_old_sums_are_deleted(engine: AsyncEngine) -> None:
    filming, rollups = await begun(engine, START_MS, settings=replace(AT_ONCE, keep_days=1.0))
    await told(filming, 1, (0, 1.0))
    await later(filming, 75)
    await told(filming, 76, (0, 2.0))
    assert await rollups.make.make_due() == 1
    assert await rollups.make.clean() == 0
    assert await rows(engine) == 2
    await filming.film.recorder.stop()
    _, rollups = await begun(engine, START_MS + 26 * HOUR_MS, settings=replace(AT_ONCE, keep_days=1.0))
    while await rollups.make.store.delete_before(START_MS + 2 * HOUR_MS):
        continue
    assert await rows(engine) == 0


async def test_a_server_that_follows_makes_none(engine: AsyncEngine) -> None:
    filming, _ = await begun(engine, START_MS)
    await told(filming, 1, (0, 1.0))
    await later(filming, 75)
    await told(filming, 90, (0, 2.0))
    other = Filming(engine, filming.clock, ONE, type(filming.film)(engine, ONE, filming.clock))
    await other.film.open(records=False)
    follows = Rollups(other.film, UTC, other.clock, AT_ONCE)
    assert await follows.make.make_due() == 0
    assert (await asked(follows)).increase[1] == 1.0


def test_what_counts_is_told_by_its_class() -> None:
    assert all(is_counter(each, "kWh") for each in COUNTERS)
    for name, unit in (
        ("Zone_Air_Temperature_Sensor", "degC"),
        ("Venue_Locker_Usage_Sensor", "%"),
        ("Occupancy_Count_Sensor", "persons"),
        ("Electric_Power_Sensor", "kW"),
        ("", "kWh"),
    ):
        assert not is_counter(name, unit)
    assert kind_of(PastPoint("d", "p", "1", ("off", "on"), "Water_Usage_Sensor")) is PointKind.STATE
