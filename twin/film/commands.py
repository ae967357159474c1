"""What `twin film` does."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from twin.errors import DatabaseError, SettingError
from twin.film import compacting
from twin.film.box import SUFFIX, BoxReader, opened_box
from twin.film.cold.opening import shelf_of_tools
from twin.film.compacting import Compacted
from twin.film.errors import FilmFaultError
from twin.film.exporting import Exported, Order, export_film, export_table
from twin.film.faults import Fault
from twin.film.hold import rewriting
from twin.film.importing import Imported, import_film
from twin.film.verifying import Audit, Verifier, repair
from twin.progress import progress_bar
from twin.store.database import open_database, open_existing
from twin.store.tables import METADATA

MOST_SAID = 20


def is_up_to_date(connection: Connection) -> bool:
    """Whether a database has the film's tables as this version knows them; for `run_sync`."""
    there = inspect(connection)
    return all(
        there.has_table(table.name)
        and {column["name"] for column in there.get_columns(table.name)} == set(table.columns.keys())
        for table in METADATA.tables.values()
        if table.name.startswith("film_")
    )


TABLES = (".parquet", ".csv")


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
            return await Verifier(engine, shelf_of_tools()).verify(), []
        async with rewriting(engine):
            audit = await Verifier(engine, shelf_of_tools()).verify()
            return audit, await repair(engine, audit.faults)


def _summary(audit: Audit) -> str:
    if not audit.segments and not audit.chunks:
        return "there is no film yet"
    span = f", {told(audit.first_ms)} to {told(audit.last_ms)} UTC" if audit.segments else ""
    waiting = f"; {audit.chunks} parts of a stretch in the making" if audit.chunks else ""
    cold = f" and {audit.cold_files:,} cold files" if audit.cold_files else ""
    return (
        f"the film is as it was written: {audit.samples:,} samples in {audit.segments:,} segments{cold}, "
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
    if all(fault.kind == "cold" for fault in faults):
        return (
            f"the film has {count} in its cold files: see each, and bring back from a backup what is missing"
        )
    return f"the film has {count} that nothing can be taken out for: bring the database back from a backup"


def compact(url: str, *, as_json: bool) -> None:
    """Make the film smaller. Raises FilmHeldError beside a server, DamagedFilmError, DatabaseError."""
    with progress_bar("film") as show:
        done = asyncio.run(_compact(url, show))
    won = done.bytes_before - done.bytes_after
    if as_json:
        print(json.dumps(asdict(done) | {"bytes_won": won}, ensure_ascii=False))
    say(
        f"{done.joined:,} segments joined to others, {done.left:,} are left; {done.bytes_before:,} bytes "
        f"before, {done.bytes_after:,} after: {won:,} won"
    )
    if done.files_left:
        say(f"{done.files_joined:,} cold files joined to others, {done.files_left:,} are left")
    for note in (done.note, done.files_note):
        if note:
            say(note)


async def _compact(url: str, show: Callable[[float, str], None]) -> Compacted:
    async with opened(url) as engine, rewriting(engine):
        return await compacting.compact(engine, show)


def export(url: str, file: Path, order: Order, *, as_json: bool) -> None:
    """Write a part of the film into a file; its ending says of which kind.

    Raises SettingError: another ending, or nothing to write; DamagedFilmError, DatabaseError, OSError.
    """
    if file.suffix != SUFFIX and file.suffix not in TABLES:
        raise SettingError(f"{file.name}: give a file that ends in {SUFFIX}, {' or '.join(TABLES)}")
    done = asyncio.run(_export(url, file, order))
    if as_json:
        print(json.dumps(asdict(done) | {"file": str(file)}, ensure_ascii=False))
    say(
        f"{file}: {done.samples:,} samples, {told(done.from_ms)} to {told(done.to_ms)} UTC, "
        f"{done.bytes:,} bytes"
    )


async def _export(url: str, file: Path, order: Order) -> Exported:
    async with opened(url) as engine:
        write = export_table if file.suffix in TABLES else export_film
        return await write(engine, file, order)


def import_(url: Callable[[], str], file: Path, *, as_json: bool) -> None:
    """Take an export in; `url` makes the database's folder where there is none.

    Raises FilmFileError, FilmHeldError beside a server, DatabaseError, OSError.
    """
    with opened_box(file) as box:
        box.check()
        done = asyncio.run(_import(url(), box))
    if as_json:
        print(json.dumps(asdict(done), ensure_ascii=False))
    say(
        f"{done.new_samples:,} samples in {done.new_segments:,} new segments; {done.merged_samples:,} merged "
        f"into what was there, {done.known_samples:,} were there already"
    )
    if done.new_scenes:
        say(f"which model and bindings were in force is known of {done.new_scenes:,} more times")
    if done.unknown:
        say(f"left out: {done.unknown:,} samples of points that the film did not have at that time")


async def _import(url: str, box: BoxReader) -> Imported:
    engine = await open_database(url)
    try:
        async with rewriting(engine):
            return await import_film(engine, box)
    finally:
        await engine.dispose()


def _document(audit: Audit, given_up: Sequence[Fault]) -> dict[str, Any]:
    facts = asdict(audit) | {"holds": len(audit.faults) == len(given_up)}
    facts["faults"] = [_fault_document(fault) for fault in audit.faults]
    facts["given_up"] = [_fault_document(fault) for fault in given_up]
    return facts


def _fault_document(fault: Fault) -> dict[str, Any]:
    facts = {key: value for key, value in asdict(fault).items() if key != "remedy"}
    return facts | {"can_be_taken_out": fault.remedy is not None}
