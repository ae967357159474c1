"""SQLite by plain calls within one thread, for what is asked often.

The asynchronous driver passes each step of a statement to a thread of its own and back, some twenty times a
transaction; that costs more than what the film asks for. So whole transactions run in one thread here. Other
databases are a network away: there nothing is gained, and the work goes the usual way.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

from twin.store.database import plain_engine, writing

T = TypeVar("T")
Work = Callable[[Connection], T]

_ENGINES: WeakKeyDictionary[AsyncEngine, Engine] = WeakKeyDictionary()


async def read(engine: AsyncEngine, work: Work[T]) -> T:
    """Do what only reads on a connection, in one transaction; on SQLite in another thread."""
    plain = _plain(engine)
    if plain is None:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    return await asyncio.to_thread(_read, plain, work)


async def write(engine: AsyncEngine, work: Work[T]) -> T:
    """Do what writes, in one transaction, all or nothing; on SQLite in another thread.

    There it is done, or fails, also where whoever waits for it is cancelled.
    """
    plain = _plain(engine)
    if plain is None:
        async with writing(engine) as connection:
            return await connection.run_sync(work)
    return await asyncio.to_thread(_write, plain, work)


def _read(engine: Engine, work: Work[T]) -> T:
    with engine.connect() as connection:
        return work(connection)


def _write(engine: Engine, work: Work[T]) -> T:
    with engine.connect() as connection:
        connection.execution_options(writes=True)
        with connection.begin():
            return work(connection)


def _plain(engine: AsyncEngine) -> Engine | None:
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return None
    if engine not in _ENGINES:
        plain = plain_engine(engine)
        event.listen(engine.sync_engine, "engine_disposed", lambda _: plain.dispose())
        _ENGINES[engine] = plain
    return _ENGINES[engine]
