import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text
from sqlalchemy import event as hooks
from sqlalchemy.ext.asyncio import AsyncEngine

from twin.errors import DatabaseError
from twin.events.index import INDEX_METADATA
from twin.store.database import open_database, writing
from twin.store.tables import FILM_REGISTRY, METADATA


def is_ours(_object: object, name: str | None, kind: str, *_rest: object) -> bool:
    """Not what SQLite's full-text search and the version table of the events' index consist of."""
    return not (kind == "table" and (name or "").startswith(("event_text", "event_index_version")))


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"include_object": is_ours})
    known = MetaData()
    for table in (*METADATA.sorted_tables, *INDEX_METADATA.sorted_tables):
        table.to_metadata(known)
    return list(compare_metadata(context, known))


async def test_the_migrations_give_the_tables_that_the_code_knows(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_database_is_opened_again_as_it_was(database_url: str) -> None:
    for _ in range(2):
        engine = await open_database(database_url)
        async with engine.connect() as connection:
            assert (await connection.execute(text("select version_num from alembic_version"))).scalar()
        await engine.dispose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://a@b/c", "sqlite:///FILE or postgresql://"),
        ("nonsense", "sqlite:///FILE or postgresql://"),
        ("sqlite:////nowhere/at/all/twin.db", "cannot be used"),
        ("postgresql://me:hunter2@127.0.0.1:1/none", "cannot be used"),
    ],
)
async def test_a_database_that_cannot_be_used_is_named_without_its_password(url: str, says: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        await open_database(url)
    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "twin.db"
    path.write_bytes(b"this is no database, it is a letter" * 200)
    with pytest.raises(DatabaseError, match="not a database"):
        await open_database(f"sqlite:///{path}")


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "INSERT INTO film_registry", "SELECT"])
async def test_a_task_that_is_cancelled_in_the_midst_of_a_write_leaves_nothing_locked(
    tmp_path: Path, statement: str
) -> None:
    """What it was doing lives on in its traceback, and must not keep the transaction open."""
    engine = await open_database(f"sqlite:///{tmp_path / 'twin.db'}")

    async def write() -> None:
        async with writing(engine) as connection:
            await connection.execute(FILM_REGISTRY.insert(), {"hash": "half", "data": b"0" * 100_000})
            await connection.execute(text("SELECT hash FROM film_registry"))

    def cancel(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        if sql.startswith(statement):
            task.cancel()

    hooks.listen(engine.sync_engine, "before_cursor_execute", cancel)
    task = asyncio.create_task(write())
    with pytest.raises(asyncio.CancelledError) as kept:
        await task
    assert kept.tb is not None
    assert await asyncio.to_thread(_hashes_once_writable, tmp_path / "twin.db") == []
    await engine.dispose()


def _hashes_once_writable(file: Path) -> list[tuple[str]]:
    with contextlib.closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        return connection.execute("SELECT hash FROM film_registry").fetchall()
