"""Opening the database and bringing its schema up to date."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from twin.errors import DatabaseError

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
EVENT_MIGRATIONS = Path(__file__).parents[1] / "events" / "migrations"
EVENT_VERSION_TABLE = "event_index_version"
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


class RollingBack(sqlite3.Connection):
    """A connection that ends its transaction when it is closed.

    sqlite3_close_v2 alone leaves it open, and the file locked, for as long as a statement is not finalized:
    until the garbage collector finds the cursor of a task that was cancelled in the midst of a write.
    """

    def close(self) -> None:
        """Roll back what is not committed, and close."""
        with contextlib.suppress(sqlite3.Error):
            self.rollback()
        super().close()


def default_url(data_folder: Path) -> str:
    """The SQLite file that a twin without `--database` keeps in its data folder."""
    return f"sqlite:///{data_folder / 'twin.db'}"


async def open_database(url: str) -> AsyncEngine:
    """Connect, and migrate the schema to this version's.

    `url` is `sqlite:///path/to/file` or `postgresql://user:password@host:port/name`.

    Raises:
        DatabaseError: the URL is none of these, or the database cannot be reached or migrated.
    """
    engine = _engine(url)
    try:
        await migrate(engine, MIGRATIONS / "versions", VERSION_TABLE)
        await migrate(engine, EVENT_MIGRATIONS, EVENT_VERSION_TABLE)
    except (TimeoutError, DBAPIError, OSError) as error:
        await engine.dispose()
        raise DatabaseError(f"the database {_shown(url)} cannot be used ({_reason(error)})") from error
    return engine


async def open_existing(url: str) -> AsyncEngine:
    """Connect to a database as it is, to read it. Raises DatabaseError, also where there is none of ours."""
    engine = _engine(url)
    path = engine.url.database or ""
    if engine.dialect.name == "sqlite" and not Path(path).is_file():
        raise DatabaseError(f"there is no database {path}; see --package, --data and --database")
    try:
        async with engine.connect() as connection:
            has_events = await connection.run_sync(lambda each: inspect(each).has_table("event"))
    except (TimeoutError, DBAPIError, OSError) as error:
        await engine.dispose()
        raise DatabaseError(f"the database {_shown(url)} cannot be used ({_reason(error)})") from error
    if not has_events:
        await engine.dispose()
        raise DatabaseError(f"the database {_shown(url)} has no log of events; was it served before?")
    return engine


def _engine(url: str) -> AsyncEngine:
    try:
        parsed = make_url(url)
        driver = DRIVERS[parsed.drivername]
    except (ArgumentError, KeyError) as error:
        raise DatabaseError(
            f"{_shown(url)} is no database; give sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from error
    is_sqlite = driver.startswith("sqlite")
    engine = create_async_engine(
        parsed.set(drivername=driver),
        pool_pre_ping=not is_sqlite,
        connect_args={"factory": RollingBack} if is_sqlite else {},
    )
    if is_sqlite:
        _prepare(engine.sync_engine)
    return engine


@contextlib.asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction that will write; commits at the end, rolls back on an error.

    On SQLite it takes the write lock at once: a transaction that reads first and writes later fails when
    another wrote in between.
    """
    async with engine.connect() as connection:
        await connection.execution_options(writes=True)
        async with connection.begin():
            yield connection


def plain_engine(engine: AsyncEngine) -> Engine:
    """An engine of the same SQLite database whose connections work in whichever thread calls them."""
    plain = create_engine(engine.url.set(drivername="sqlite"), connect_args={"factory": RollingBack})
    _prepare(plain)
    return plain


def _prepare(engine: Engine) -> None:
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Readers beside one writer, and a commit that survives the power going off.

    The driver's own BEGIN comes too late for savepoints (SQLAlchemy, "Serializable isolation / Savepoints").
    """
    connection.isolation_level = None
    try:
        _set_pragmas(connection)
    except sqlite3.Error:
        connection.close()  # nobody else knows of it yet, and it holds a thread
        raise


def _set_pragmas(connection: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


async def migrate(engine: AsyncEngine, versions: Path, version_table: str) -> None:
    """Apply the alembic revisions in a folder that are not applied yet; all or none.

    Each feature has its own folder and its own `version_table`, so that one can come without the others.
    """
    async with writing(engine) as connection:
        await connection.run_sync(_upgrade, versions, version_table)


def _upgrade(connection: Connection, versions: Path, version_table: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", str(versions))
    config.attributes["connection"] = connection
    config.attributes["version_table"] = version_table
    command.upgrade(config, "head")


def _shown(url: str) -> str:
    """The URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "the given URL"


def _reason(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    text = " ".join(str(original).split()) or type(original).__name__
    return text if isinstance(original, sqlite3.Error | OSError) else text[:200]
