"""Who works on the film: servers, several of them at once, or one tool that rewrites it, and nobody else.

On SQLite it is a lock of the operating system on a file beside the database (`flock`; not the database's own
file, since closing that would drop SQLite's locks); on PostgreSQL an advisory lock, held by a connection of
its own. Both end with the process that held them, however it ends.
"""

import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from twin.errors import DatabaseError
from twin.film.errors import FilmHeldError

LOG = structlog.get_logger(__name__)

SUFFIX = ".film-lock"
KEY = 0x7477_696E_6669_6C6D  # "twinfilm"
SERVED = "a server, or another tool, works with this film: stop it first (verify and export may run beside)"
REWRITTEN = (
    "a tool is rewriting the film (twin film compact, import or verify --repair): wait until it has ended"
)


@contextlib.asynccontextmanager
async def served(engine: AsyncEngine) -> AsyncIterator[None]:
    """Hold the film as a server, beside other servers, until the block ends.

    Raises DatabaseError: a tool is rewriting it; what the database raises.
    """
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(_held(engine, alone=False))
        except FilmHeldError as error:
            raise DatabaseError(REWRITTEN) from error
        yield


@contextlib.asynccontextmanager
async def rewriting(engine: AsyncEngine) -> AsyncIterator[None]:
    """Hold the film alone until the block ends. Raises FilmHeldError: a server or another tool has it."""
    async with _held(engine, alone=True):
        yield


@contextlib.asynccontextmanager
async def _held(engine: AsyncEngine, *, alone: bool) -> AsyncIterator[None]:
    path = engine.url.database or ""
    if engine.dialect.name == "postgresql":
        async with _advisory(engine, alone=alone):
            yield
    elif path in ("", ":memory:"):
        yield
    else:
        with _locked(Path(path + SUFFIX), alone=alone):
            yield


@contextlib.contextmanager
def _locked(path: Path, *, alone: bool) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FilmHeldError(SERVED) from error
        yield
    finally:
        os.close(handle)


@contextlib.asynccontextmanager
async def _advisory(engine: AsyncEngine, *, alone: bool) -> AsyncIterator[None]:
    name = "pg_try_advisory_lock" if alone else "pg_try_advisory_lock_shared"
    connection = await (await engine.connect()).execution_options(isolation_level="AUTOCOMMIT")
    try:
        if not (await connection.execute(text(f"SELECT {name}({KEY})"))).scalar():
            raise FilmHeldError(SERVED)
        yield
    finally:
        await _let_go(connection)


async def _let_go(connection: AsyncConnection) -> None:
    """Give the lock back: in the pool the connection would keep it."""
    try:
        await connection.execute(text("SELECT pg_advisory_unlock_all()"))
        await connection.close()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        LOG.warning("the database was away: the hold on the film ended with it", reason=str(error))
        with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
            await connection.invalidate()
