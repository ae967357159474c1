"""A recording in a file, played as if its devices were there: CSV, or Parquet with the extra `parquet`."""

import asyncio
import csv
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from telemetry_bridge.adapter_file_parts import PointRef
from telemetry_bridge.adapter_file_replay import ReplaySettings
from telemetry_bridge.adapters.replay_rows import BadRow, Playback, Row, batches, check_columns, row_of
from telemetry_bridge.adapters.tally import Tally
from telemetry_bridge.adapters.upkeep import Patience, Upkeep
from telemetry_bridge.errors import AdapterError, CommandError
from telemetry_bridge.ports import Command, Health, Reading, Sink
from telemetry_bridge.said import Said, located
from telemetry_bridge.wire import Quality

LOG = logging.getLogger(__name__)

ROWS_AT_ONCE = 2000
MS_PER_S = 1000.0
#: Rows that are due within this are delivered together, s.
BEAT_S = 0.05


class ReplayAdapter:
    """Plays one file, once or over and over."""

    def __init__(self, settings: ReplaySettings, folder: Path, patience: Patience | None = None) -> None:
        """Look for the file.

        Raises:
            AdapterError: there is no such file, it lacks columns, or Parquet cannot be read here.
        """
        self._settings, self._path = settings, folder / settings.file
        self._quality = Quality.SIMULATED if settings.quality == "simulated" else Quality.GOOD
        self._tally = Tally(settings.id)
        self._upkeep = Upkeep(settings.id, self._play, (AdapterError,), patience)
        self._sink: Sink | None = None
        self._rounds = 0
        self._ended = False
        self._check()

    def _check(self) -> None:
        if not self._path.is_file():
            raise AdapterError(Said(f"there is no file {self._path}", "file-missing", file=str(self._path)))
        for _ in self._rows():
            break

    async def start(self, sink: Sink) -> None:
        """Begin to play; returns at once."""
        self._sink = sink
        self._upkeep.start()

    async def stop(self) -> None:
        """Stop playing."""
        await self._upkeep.stop()

    async def send(self, command: Command) -> None:
        """Refuse: a recording does not obey. CommandError always."""
        key = PointRef(command.device, command.point).key
        raise CommandError(f"{key}: {self._settings.id} plays a recording, which takes no commands")

    def writes(self, device: str, point: str) -> bool:  # noqa: ARG002 - the port's names
        """Say that no command is for a recording."""
        return False

    def health(self) -> Health:
        """Say how far it is; a recording that was played to its end is well."""
        health = self._upkeep.health(self._path.name, self._tally)
        if not health.connected:
            return health
        state = "played to its end" if self._ended else f"plays, round {self._rounds}"
        return replace(health, detail=f"{self._path.name}: {state}")

    async def _play(self) -> None:
        self._upkeep.is_up()
        while True:
            self._rounds += 1
            played = await self._play_round()
            if not self._settings.loop:
                break
            if not played:
                raise AdapterError(Said("the file has no rows that can be played", "nothing-to-play"))
            await asyncio.sleep(BEAT_S)
        self._ended = True
        await asyncio.Event().wait()  # until it is stopped

    async def _play_round(self) -> int:
        """Play the file once; gives how many rows could be."""
        loop = asyncio.get_running_loop()
        playback = Playback(self._settings.speed)
        rows = batches(self._rows(), ROWS_AT_ONCE)
        played = 0
        # Reading blocks: it is done in a thread, a batch at a time, so that a file of any size is played.
        while batch := await asyncio.to_thread(next, rows, None):
            waiting: list[Row] = []
            for row in batch:
                now_ms = loop.time() * MS_PER_S
                due_ms = None if isinstance(row, BadRow) else playback.due_ms(row, now_ms)
                if isinstance(row, BadRow) or due_ms is None:
                    self._refuse(row)
                    continue
                if due_ms > now_ms + BEAT_S * MS_PER_S:
                    self._deliver(waiting)
                    waiting = []
                    await asyncio.sleep((due_ms - now_ms) / MS_PER_S)
                waiting.append(row)
                played += 1
            self._deliver(waiting)
        return played

    def _refuse(self, row: Row | BadRow) -> None:
        reason = row.reason if isinstance(row, BadRow) else "older than the row before; sort the file by time"
        self._tally.refuse(1, located(reason, message=f"{self._path.name}:{row.line}"))

    def _deliver(self, rows: list[Row]) -> None:
        """Hand rows over with the time of now: what was recorded happens again."""
        if self._sink is None or not rows:
            return
        self._tally.take(
            self._sink.accept(
                [
                    Reading(each.device, each.point, each.value, None, place, self._quality)
                    for place, each in enumerate(rows)
                ]
            )
        )

    def _rows(self) -> Iterator[Row | BadRow]:
        """Read the file from its beginning. AdapterError: it cannot be read."""
        read = self._parquet_rows if self._path.suffix == ".parquet" else self._csv_rows
        try:
            yield from read()
        except (OSError, ValueError, csv.Error) as error:  # pyarrow's are ValueErrors
            text = f"{self._path.name} cannot be read: {error}"
            raise AdapterError(
                Said(text, "file-unreadable", file=self._path.name, text=str(error))
            ) from error

    def _csv_rows(self) -> Iterator[Row | BadRow]:
        with self._path.open(encoding="utf-8-sig", newline="") as file:
            yield from self._csv_rows_of(file)

    def _csv_rows_of(self, file: IO[str]) -> Iterator[Row | BadRow]:
        reader = csv.DictReader(file)
        names = self._settings.columns
        check_columns(names, reader.fieldnames or ())
        for cells in reader:
            yield row_of(reader.line_num, cells, names)

    def _parquet_rows(self) -> Iterator[Row | BadRow]:
        parquet = _parquet()
        names = self._settings.columns
        file = parquet.ParquetFile(self._path)
        try:
            check_columns(names, file.schema_arrow.names)
            wanted = [names.time, names.device, names.point, names.value]
            line = 0
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=wanted):
                for cells in batch.to_pylist():
                    line += 1
                    yield row_of(line, cells, names)
        finally:
            file.close()


def _parquet() -> Any:
    try:
        from pyarrow import parquet  # noqa: PLC0415 - an extra, loaded for such a file
    except ImportError as error:
        raise AdapterError(
            Said(
                "Parquet needs pyarrow: pip install 'venue-twin[parquet]', or write the recording as CSV",
                "parquet-missing",
            )
        ) from error
    return parquet
