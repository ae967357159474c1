"""A full disk, a read-only database, a server that goes away: clear errors, nothing by half, recovery."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as hooks
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from telemetry_bridge.clock import SystemClock
from tests.twin.events.killing import drafts_of
from tests.twin.events.logs import SteppedClock
from tests.twin.events.postgres import cluster
from twin.events.event import Draft
from twin.events.filter import EventFilter
from twin.events.log import EventLog
from twin.store.away import why_away
from twin.store.database import open_database, writing

ROOMY = 1_000_000


class Pragma:
    """What SQLite is told at every use of a connection: how a disk fills up, or turns read-only."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.text = f"max_page_count={ROOMY}"
        hooks.listen(engine.sync_engine, "checkout", self._set)

    def _set(self, connection: Any, _record: object, _proxy: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA {self.text}")
        cursor.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(f"sqlite:///{tmp_path / 'twin.db'}")
    yield engine
    await engine.dispose()


async def whole(log: EventLog, acknowledged: set[str]) -> None:
    """Everything acknowledged is there, in whole batches, and nothing of the rest."""
    events = [event async for event in log.all()]
    assert acknowledged <= {event.id for event in events}
    batches = {event.data["batch"]: event.data["of"] for event in events}
    assert sum(batches.values()) == len(events)
    assert await log.verify() is None
    assert len(await log.find(EventFilter(text="灯"), len(events) + 1)) == len(events)


async def test_a_full_disk_takes_no_half_event_and_is_written_again_once_there_is_room(
    sqlite: AsyncEngine,
) -> None:
    pragma, log = Pragma(sqlite), EventLog(sqlite, SystemClock())
    heard: list[str] = []
    log.listen(lambda event: heard.append(event.id))
    acknowledged = {event.id for event in await log.append(*drafts_of("first", 3))}
    async with sqlite.connect() as connection:
        pages = int((await connection.execute(text("PRAGMA page_count"))).scalar() or 0)
    pragma.text = f"max_page_count={pages + 10}"

    async def fill() -> None:
        for number in range(10_000):
            acknowledged.update([event.id for event in await log.append(*drafts_of(f"b{number}", 4))])

    with pytest.raises(OperationalError) as caught:
        await fill()
    assert why_away(caught.value) == "the database cannot be written: its disk is full; make room"
    await whole(log, acknowledged)
    assert set(heard) == acknowledged
    for _ in range(3):
        with pytest.raises(OperationalError):
            await log.append(*drafts_of("huge", 400))
    pragma.text = f"max_page_count={ROOMY}"
    acknowledged |= {event.id for event in await log.append(*drafts_of("last", 4))}
    await whole(log, acknowledged)


async def test_a_database_that_turns_read_only_says_so_and_is_written_again_later(
    sqlite: AsyncEngine,
) -> None:
    pragma, log = Pragma(sqlite), EventLog(sqlite, SystemClock())
    acknowledged = {event.id for event in await log.append(*drafts_of("first", 3))}
    pragma.text = "query_only=ON"
    with pytest.raises(OperationalError) as caught:
        await log.append(*drafts_of("second", 2))
    assert "read-only" in (why_away(caught.value) or "")
    await whole(log, acknowledged)
    pragma.text = "query_only=OFF"
    acknowledged |= {event.id for event in await log.append(*drafts_of("third", 2))}
    await whole(log, acknowledged)


async def test_a_postgres_that_is_read_only_says_so(
    postgres_server: str, request: pytest.FixtureRequest
) -> None:
    async with _database(postgres_server) as url:
        engine = await open_database(url)
        log = EventLog(engine, SystemClock())
        acknowledged = {event.id for event in await log.append(*drafts_of("first", 3))}
        name = url.rsplit("/", 1)[1]
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        await engine.dispose()
        with pytest.raises(SQLAlchemyError) as caught:
            await log.append(*drafts_of("second", 2))
        assert "read-only" in (why_away(caught.value) or "")
        await whole(log, acknowledged)
        await engine.dispose()


@contextlib.asynccontextmanager
async def _database(server: str) -> AsyncIterator[str]:
    name = "test_read_only_events"
    admin = create_async_engine(
        f"{server}/postgres".replace("postgresql:", "postgresql+asyncpg:"), isolation_level="AUTOCOMMIT"
    )
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await admin.dispose()
    yield f"{server}/{name}"


class Caller:
    """Appends for ever; what fails is tried again as another batch, as a device's next report would be."""

    def __init__(self, engine: AsyncEngine, name: str) -> None:
        self.log, self.name = EventLog(engine, SystemClock()), name
        self.acknowledged: set[str] = set()
        self.faults: list[str | None] = []

    async def run(self) -> None:
        number = 0
        while True:
            number += 1
            try:
                events = await self.log.append(*drafts_of(f"{self.name}-{number}", 1 + number % 3))
            except (SQLAlchemyError, OSError) as error:
                self.faults.append(why_away(error))
                await asyncio.sleep(0.02)
            else:
                self.acknowledged |= {event.id for event in events}


async def until(callers: list[Caller], more: int) -> None:
    """Wait until every caller has so many more events acknowledged."""
    wanted = [len(caller.acknowledged) + more for caller in callers]
    async with asyncio.timeout(120):
        while any(len(each.acknowledged) < least for each, least in zip(callers, wanted, strict=True)):
            await asyncio.sleep(0.01)


async def test_a_postgres_that_crashes_and_comes_back_loses_no_acknowledged_event() -> None:
    with cluster() as server:
        engine = await open_database(server.url)
        callers = [Caller(engine, f"c{number}") for number in range(4)]
        tasks = [asyncio.create_task(caller.run()) for caller in callers]
        for _ in range(3):
            await until(callers, 5)
            await asyncio.to_thread(server.crash)
            await asyncio.to_thread(server.start)
        await until(callers, 5)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert all(fault is not None for caller in callers for fault in caller.faults)
        assert any(caller.faults for caller in callers)
        await whole(callers[0].log, set().union(*(caller.acknowledged for caller in callers)))
        await engine.dispose()


def test_what_a_statement_of_ours_did_wrong_is_no_fault_of_the_database() -> None:
    assert why_away(IntegrityError("insert", {}, Exception("UNIQUE constraint failed"))) is None
    assert why_away(ZeroDivisionError()) is None
    assert why_away(ValueError("disk full")) is None
    gone = why_away(ConnectionRefusedError(111, "Connection refused"))
    assert gone == "the database cannot be reached now; try again"


async def test_the_clock_going_back_an_hour_leaves_ids_in_order(sqlite: AsyncEngine) -> None:
    """Daylight saving's repeated hour is none in UTC; a clock that somebody sets back is."""
    clock = SteppedClock()
    log = EventLog(sqlite, clock)
    ids = []
    for step in (0, 1, -3_600_000, 1, 0, 3_600_000):
        clock.ms += step
        ids += [event.id for event in await log.append(Draft("door.opened", "device:door", "system", {}))]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    async with writing(sqlite) as connection:
        times = (await connection.execute(text("SELECT time_ms FROM event ORDER BY seq"))).scalars().all()
    assert times == sorted(times[:2]) + list(times[2:])
    assert times[2] < times[1]
