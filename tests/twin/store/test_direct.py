"""Whole transactions in one thread, on SQLite; the usual way elsewhere."""

import asyncio
import threading

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from twin.store import direct
from twin.store.database import open_database, writing
from twin.store.tables import FENCE


def claim(name: str) -> direct.Work[int]:
    def work(connection: Connection) -> int:
        connection.execute(insert(FENCE).values(name=name, token=1))
        return threading.get_ident()

    return work


def names(connection: Connection) -> list[str]:
    return [str(row[0]) for row in connection.execute(select(FENCE.c.name).order_by(FENCE.c.name))]


async def test_what_is_written_is_read_by_either_way(engine: AsyncEngine) -> None:
    await direct.write(engine, claim("one"))
    async with writing(engine) as connection:
        await connection.run_sync(claim("two"))
    assert await direct.read(engine, names) == ["one", "two"]
    async with engine.connect() as connection:
        assert await connection.run_sync(names) == ["one", "two"]


async def test_what_fails_leaves_nothing(engine: AsyncEngine) -> None:
    def twice(connection: Connection) -> None:
        claim("other")(connection)
        claim("one")(connection)

    await direct.write(engine, claim("one"))
    with pytest.raises(IntegrityError):
        await direct.write(engine, twice)
    await direct.write(engine, claim("three"))
    assert await direct.read(engine, names) == ["one", "three"]


async def test_sqlite_works_beside_the_event_loop(engine: AsyncEngine) -> None:
    here = await direct.write(engine, claim("one")) == threading.get_ident()
    assert here == (engine.dialect.name != "sqlite")


async def test_a_write_whose_waiter_is_cancelled_is_whole_and_locks_nobody_out(database_url: str) -> None:
    engine = await open_database(database_url)
    begun, go_on = threading.Event(), threading.Event()

    def slowly(connection: Connection) -> None:
        claim("one")(connection)
        begun.set()
        go_on.wait(10)
        claim("two")(connection)

    if engine.dialect.name == "sqlite":
        task = asyncio.create_task(direct.write(engine, slowly))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        await direct.write(engine, claim("three"))  # waits for the lock
        assert await direct.read(engine, names) == ["one", "three", "two"]
    await engine.dispose()


async def test_a_database_that_is_closed_has_no_connection_left(database_url: str) -> None:
    engine = await open_database(database_url)
    await direct.write(engine, claim("one"))
    await engine.dispose()
    again = await open_database(database_url)
    assert await direct.read(again, names) == ["one"]
    await again.dispose()
