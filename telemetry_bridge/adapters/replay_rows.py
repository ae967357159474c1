"""The rows of a recording: texts and numbers into samples, and when each is due. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from telemetry_bridge.adapter_file_replay import ColumnNames
from telemetry_bridge.errors import AdapterError
from telemetry_bridge.times import parse_rfc3339

MS_PER_S = 1000.0
#: Numbers above are ms since 1970, below s.
SECONDS_UP_TO = 1e11


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be played: `time_ms` is that of the recording, `line` where it stands in the file."""

    line: int
    time_ms: float
    device: str
    point: str
    value: object


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be played, and why."""

    line: int
    reason: str


def check_columns(names: ColumnNames, found: Iterable[str]) -> None:
    """Raise AdapterError where a column is missing; it says what there is."""
    there = list(found)
    missing = [each for each in (names.time, names.device, names.point, names.value) if each not in there]
    if missing:
        raise AdapterError(
            f"the file has no column {', '.join(missing)}; it has {', '.join(there) or 'none'}; "
            "name them under columns"
        )


def row_of(line: int, cells: Mapping[str, Any], names: ColumnNames) -> Row | BadRow:
    """Read one row."""
    device, point = cells.get(names.device), cells.get(names.point)
    if not isinstance(device, str) or not isinstance(point, str) or not device or not point:
        return BadRow(line, "device or point is missing")
    try:
        time_ms = time_of(cells.get(names.time))
    except ValueError as error:
        return BadRow(line, str(error))
    return Row(line, time_ms, device, point, value_of(cells.get(names.value)))


def time_of(value: object) -> float:
    """Give ms since 1970 UTC for RFC 3339, s or ms since 1970, or a moment. ValueError: none of these."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * MS_PER_S
    if isinstance(value, str) and not _is_number(value):
        return parse_rfc3339(value)
    number = float(value) if isinstance(value, str | int | float) else math.nan
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no time")
    return number * MS_PER_S if abs(number) < SECONDS_UP_TO else number


def value_of(cell: object) -> object:
    """Give a cell's value: a text that is a number as one; an empty one is no reading."""
    if not isinstance(cell, str):
        return cell
    if not cell:
        return None
    return float(cell) if _is_number(cell) else cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@dataclass(slots=True)
class Playback:
    """When what is due: recording time to playing time, both ms. One round; `anew` begins the next."""

    speed: float
    first_ms: float | None = None
    started_ms: float = 0.0
    last_ms: float = -math.inf

    def due_ms(self, row: Row, now_ms: float) -> float | None:
        """Give when to play a row, ms of the player's clock; None: it is older than the one before."""
        if self.first_ms is None:
            self.first_ms, self.started_ms = row.time_ms, now_ms
        if row.time_ms < self.last_ms:
            return None
        self.last_ms = row.time_ms
        return self.started_ms + (row.time_ms - self.first_ms) / self.speed


def batches(rows: Iterable[Row | BadRow], most: int) -> Iterator[list[Row | BadRow]]:
    """Give the rows in lists of at most `most`."""
    batch: list[Row | BadRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= most:
            yield batch
            batch = []
    if batch:
        yield batch
