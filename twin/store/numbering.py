"""Numbers for people: 1, 2, 3 ... within a table."""

from typing import Any

from sqlalchemy import Column, func, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def next_number(connection: AsyncConnection, column: Column[Any], lock: int) -> int:
    """The number after the greatest of a column; nobody else gets it while the transaction lasts.

    `lock` is the PostgreSQL advisory lock by which takers wait for each other. On SQLite `writing` holds the
    only write lock already.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(lock)))
    newest = (await connection.execute(select(func.max(column)))).scalar_one()
    return int(newest or 0) + 1
