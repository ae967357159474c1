"""Fencing tokens in the database: of several servers the newest to take a thing over is obeyed, no other.

A lease alone does not do this: a server that was stopped for a while does not know that it has lost it. See
Kleppmann, "How to do distributed locking" (2016).
"""

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from twin.errors import FencedError
from twin.store.database import writing
from twin.store.tables import FENCE


async def claim(engine: AsyncEngine, name: str, token: int) -> None:
    """Take a thing over under a token. FencedError: somebody did under a greater one."""
    async with writing(engine) as connection:
        known = (await connection.execute(select(FENCE.c.token).where(FENCE.c.name == name))).scalar()
        if known is not None:
            await check(connection, name, token)
            return
    try:
        async with writing(engine) as connection:
            await connection.execute(insert(FENCE).values(name=name, token=token))
    except IntegrityError:
        await claim(engine, name, token)


async def check(connection: AsyncConnection, name: str, token: int) -> None:
    """Make sure, within a transaction that writes, that nobody took the thing over since. FencedError.

    Nobody can until the transaction ends.
    """
    await connection.run_sync(ensure, name, token)


def ensure(connection: Connection, name: str, token: int) -> None:
    """As `check`, on a connection of the other kind."""
    still = update(FENCE).where(FENCE.c.name == name, FENCE.c.token <= token).values(token=token)
    if (connection.execute(still)).rowcount == 0:
        raise FencedError(f"another server has taken the {name} over; this one follows")
