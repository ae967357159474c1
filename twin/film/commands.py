"""What `twin film` does."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from twin.errors import DatabaseError
from twin.film.errors import FilmFaultError
from twin.film.hold import rewriting
from twin.film.verifying import Audit, Fault, Verifier, repair
from twin.store.database import open_existing
from twin.store.tables import FILM_CHUNK, FILM_COLD, FILM_LATE, FILM_REGISTRY, FILM_SEGMENT, FILM_STRIP

MOST_SAID = 20


def is_up_to_date(connection: Connection) -> bool:
    """Whether a database has the film's tables as this version knows them; for `run_sync`."""
    there = inspect(connection)
    return all(
        there.has_table(table.name)
        and {column["name"] for column in there.get_columns(table.name)} == set(table.columns.keys())
        for table in (FILM_REGISTRY, FILM_SEGMENT, FILM_STRIP, FILM_CHUNK, FILM_LATE, FILM_COLD)
    )


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[AsyncEngine]:
    """The database as it is. Raises DatabaseError."""
    engine = await open_existing(url)
    try:
        async with engine.connect() as connection:
            if not await connection.run_sync(is_up_to_date):
                raise DatabaseError(
                    "the database is of another version of Venue Twin: serve it once with this one, which "
                    "brings it up to date"
                )
        yield engine
    finally:
        await engine.dispose()


def say(text: str) -> None:
    """Tell people; stdout is for the JSON."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(text, markup=False)


def told(time_ms: float | None) -> str:
    """A time for people, UTC."""
    try:
        moment = datetime.fromtimestamp((time_ms or 0.0) / 1000.0, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{time_ms} ms"
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def line_of(fault: Fault) -> str:
    """A fault in one line: when, which segment, what, and of which points."""
    when = "" if fault.from_ms is None else f"{told(fault.from_ms)} to {told(fault.to_ms)} UTC, "
    where = "" if fault.segment is None else f"segment {fault.segment}: "
    more = fault.n_points - len(fault.points)
    points = ", ".join(fault.points) + (f" and {more} more points" if more > 0 else "")
    return f"{when}{where}{fault.what}{': ' + points if points else ''}"


def verify(url: str, *, as_json: bool, mend: bool) -> None:
    """Read the whole film, and say what of it is not what was written; `mend` takes that out.

    Raises:
        FilmFaultError: something is not; FilmHeldError: `mend` beside a server; DatabaseError.
    """
    audit, given_up = asyncio.run(_verify(url, mend=mend))
    for fault in audit.faults[:MOST_SAID]:
        say(line_of(fault))
    if len(audit.faults) > MOST_SAID:
        say(f"and {len(audit.faults) - MOST_SAID} more; --json gives all")
    for fault in given_up:
        say(f"given up: {line_of(fault)}")
    left = [fault for fault in audit.faults if fault not in given_up]
    if as_json:
        print(json.dumps(_document(audit, given_up), ensure_ascii=False))
    elif not audit.faults:
        say(_summary(audit))
    if left:
        raise FilmFaultError(_advice(left))


async def _verify(url: str, *, mend: bool) -> tuple[Audit, list[Fault]]:
    async with opened(url) as engine:
        if not mend:
            return await Verifier(engine).verify(), []
        async with rewriting(engine):
            audit = await Verifier(engine).verify()
            return audit, await repair(engine, audit.faults)


def _summary(audit: Audit) -> str:
    if not audit.segments and not audit.chunks:
        return "there is no film yet"
    span = f", {told(audit.first_ms)} to {told(audit.last_ms)} UTC" if audit.segments else ""
    waiting = f"; {audit.chunks} parts of a stretch in the making" if audit.chunks else ""
    return (
        f"the film is as it was written: {audit.samples:,} samples in {audit.segments:,} segments, "
        f"{audit.bytes:,} bytes{span}{waiting}"
    )


def _advice(faults: Sequence[Fault]) -> str:
    days = sorted({told(fault.from_ms)[:10] for fault in faults if fault.from_ms is not None})
    of_days = f" ({days[0]}{' to ' + days[-1] if len(days) > 1 else ''})" if days else ""
    count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}{of_days}"
    if any(fault.remedy is not None for fault in faults):
        return (
            f"the film has {count}: bring that part back from a backup (twin film import fills what is "
            "missing), or stop the server and take it out with twin film verify --repair"
        )
    return f"the film has {count} that nothing can be taken out for: bring the database back from a backup"


def _document(audit: Audit, given_up: Sequence[Fault]) -> dict[str, Any]:
    facts = asdict(audit) | {"holds": len(audit.faults) == len(given_up)}
    facts["faults"] = [_fault_document(fault) for fault in audit.faults]
    facts["given_up"] = [_fault_document(fault) for fault in given_up]
    return facts


def _fault_document(fault: Fault) -> dict[str, Any]:
    facts = {key: value for key, value in asdict(fault).items() if key != "remedy"}
    return facts | {"can_be_taken_out": fault.remedy is not None}
