"""What `twin events` does."""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from telemetry_bridge.clock import SystemClock
from twin.errors import SettingError
from twin.events.anchors_file import load_all
from twin.events.audit import Anchor, Audit
from twin.events.errors import EventFileError, LogFaultError
from twin.events.event import GENESIS, Head
from twin.events.exchange import audit_lines, event_line, first_line, last_line
from twin.events.filter import EventFilter
from twin.events.log import EventLog
from twin.settings import StoreSettings, data_folder_of
from twin.store.database import default_url, open_existing


@dataclass(frozen=True, slots=True)
class Store:
    """Where a log is: the database's URL, and the folder with its anchors, None where nobody said."""

    url: str
    folder: Path | None


def store_of(settings: StoreSettings) -> Store | None:
    """The store that the settings name; None: they name none."""
    folder = settings.data or (settings.package and data_folder_of(settings.package))
    if settings.database is not None:
        return Store(settings.database, folder)
    return None if folder is None else Store(default_url(folder), folder)


@asynccontextmanager
async def _opened(store: Store) -> AsyncIterator[EventLog]:
    engine = await open_existing(store.url)
    try:
        yield EventLog(engine, SystemClock())
    finally:
        await engine.dispose()


def verify(files: Sequence[Path], store: Store | None, *, as_json: bool) -> None:
    """Say whether files of events, and a log, are what was written.

    Of several files each must go on where the one before ends; a log must have what the files end with.

    Raises:
        LogFaultError: the first event that is not; SettingError: nothing to look at was named;
        EventFileError, DatabaseError, OSError.
    """
    if not files and store is None:
        raise SettingError("say what to verify: a FILE of twin events export, or --package DIR")
    said: list[tuple[str, Audit]] = []
    ends: list[Anchor] = []
    for path in files:
        with path.open(encoding="utf-8") as lines:
            events, end = _audited(lines, path, ends[-1] if ends else None)
        ends.append(end)
        said.append((path.name, Audit(events, Head(end.seq, "", end.hash), None)))
    if store is not None:
        audit = asyncio.run(_audit(store, ends))
        if audit.fault is not None:
            raise LogFaultError(f"the log of events is not what was written: {audit.fault}")
        said.append(("the log", audit))
    _say(said, as_json=as_json)


def _audited(lines: Iterable[str], path: Path, before: Anchor | None) -> tuple[int, Anchor]:
    try:
        return audit_lines(lines, path.name, before)
    except UnicodeDecodeError as error:
        raise EventFileError(f"{path.name} is no text in UTF-8, so no export of events") from error


async def _audit(store: Store, ends: Sequence[Anchor]) -> Audit:
    noted = load_all(store.folder) if store.folder is not None else ()
    async with _opened(store) as log:
        return await log.audit((*noted, *ends))


def _say(said: Sequence[tuple[str, Audit]], *, as_json: bool) -> None:
    if as_json:
        facts = [
            {"what": what, "events": each.events, "seq": each.head.seq, "hash": each.head.hash}
            for what, each in said
        ]
        print(json.dumps({"holds": True, "checked": facts}, ensure_ascii=False))
        return
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for what, each in said:
        end = f"; the last is {each.head.seq} with the hash {each.head.hash}" if each.events else ""
        console.print(f"{what}: {each.events:,} events are as they were written{end}", markup=False)


def export(file: Path, store: Store, from_ms: int | None, to_ms: int | None) -> None:
    """Write the events of a span as lines of JSON: all from the first to the last of it, or no file.

    Raises DatabaseError, OSError, and SettingError where no event is within the span.
    """
    events = asyncio.run(_export(file, store, EventFilter(from_ms, to_ms)))
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"{file}: {events:,} events; twin events verify {file} checks them", markup=False)


async def _export(file: Path, store: Store, span: EventFilter) -> int:
    async with _opened(store) as log:
        seqs = await log.seqs_of(span)
        if seqs is None:
            raise SettingError("there are no events in that span; see --from and --to")
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        new = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
                async for line in _lines(log, *seqs):
                    out.write(line)
                out.flush()
                os.fsync(out.fileno())
            new.replace(file)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise
    return seqs[1] - seqs[0] + 1


async def _lines(log: EventLog, first: int, last: int) -> AsyncIterator[str]:
    before = await log.find(EventFilter(after_seq=first - 2, before_seq=first), 1)
    head = Head(before[0].seq, before[0].id, before[0].hash) if before else Head(0, "", GENESIS)
    now_ms = int(SystemClock().now_ms())
    yield first_line(head, now_ms)
    async for event in log.all(first - 1):
        if event.seq > last:
            break
        head = Head(event.seq, event.id, event.hash)
        yield event_line(event)
    yield last_line(head, last - first + 1, now_ms)
