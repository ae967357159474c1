"""Tables of devices as CSV: read with every fault by its line, written safe for spreadsheets. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry_bridge.errors import Fault
from telemetry_bridge.ports import clipped
from twin.devices.errors import DeviceFactsError
from twin.devices.facts import TABLE_FIELDS, Facts, fact_fault

MOST_ROWS = 100_000
KEY = "device"
#: Columns of an export that tell what the venue's files hold; an import passes them over.
SHOWN_COLUMNS = ("type", "name_zh", "name_en", "element")
#: A cell that begins so is a formula to a spreadsheet (OWASP, "CSV Injection").
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """What a table says of one device; `facts` holds the columns that the table has, '' as the files say."""

    line: int
    device: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A device of an export."""

    device: str
    type: str
    name_zh: str
    name_en: str
    element: str
    facts: Facts


def parse_table(text: str, file: str, devices: Iterable[str]) -> list[Row]:
    """Read a table: a column `device` and any of `TABLE_FIELDS`.

    Raises:
        DeviceFactsError: all faults, each with its line.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), restkey="", strict=True)
    known, faults, rows = frozenset(devices), list[Fault](), list[Row]()
    seen: dict[str, int] = {}
    try:
        _check_columns(reader.fieldnames or (), file)
        for row in reader:
            line = reader.line_num
            found = list(_row_faults(row, known, seen))
            faults += [Fault(f"{file}:{line}", fault) for fault in found]
            if not found:
                seen[_plain(row[KEY])] = line
                rows.append(_row(row, line))
            if len(rows) > MOST_ROWS:
                raise DeviceFactsError([Fault(f"{file}:{line}", f"more than {MOST_ROWS:,} rows")])
    except csv.Error as error:
        faults.append(Fault(f"{file}:{reader.reader.line_num}", f"not CSV: {error}"))
    if faults:
        raise DeviceFactsError(faults)
    return rows


def _check_columns(names: Iterable[str], file: str) -> None:
    names = list(names)
    faults = [f"the column {KEY} is missing"] if KEY not in names else []
    allowed = {KEY, *TABLE_FIELDS, *SHOWN_COLUMNS}
    strange = [name for name in names if name not in allowed]
    if strange:
        faults.append(
            f"unknown columns: {', '.join(map(clipped, strange))}; known are {', '.join(TABLE_FIELDS)}"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        faults.append(f"columns there twice: {', '.join(map(clipped, twice))}")
    if faults:
        raise DeviceFactsError([Fault(f"{file}:1", fault) for fault in faults])


def _row_faults(row: Mapping[str, Any], known: frozenset[str], seen: Mapping[str, int]) -> Iterable[str]:
    if "" in row:
        yield "more fields than columns; quote a field that holds a comma"
        return
    if None in row.values():
        yield "fewer fields than columns"
        return
    device = _plain(row[KEY])
    if device not in known:
        yield f"there is no device {clipped(device)!r}; devices come with the venue's devices.csv"
    if device in seen:
        yield f"device {clipped(device)} is there already, on line {seen[device]}"
    for name in TABLE_FIELDS:
        if name in row and (fault := fact_fault(name, _plain(row[name]))):
            yield fault


def _row(row: Mapping[str, str], line: int) -> Row:
    facts = {name: _plain(row[name]) for name in TABLE_FIELDS if name in row}
    return Row(line, _plain(row[KEY]), facts)


def _plain(cell: str) -> str:
    """A cell's text, without what `_safe` put before it."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA_SIGNS) else text


def write_table(lines: Iterable[Line]) -> str:
    """The table of some devices; `parse_table` reads it back."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([KEY, *SHOWN_COLUMNS, *TABLE_FIELDS])
    for line in lines:
        shown = (line.device, line.type, line.name_zh, line.name_en, line.element)
        facts = (getattr(line.facts, name) for name in TABLE_FIELDS)
        writer.writerow([_safe(cell) for cell in (*shown, *facts)])
    return target.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_SIGNS) else text
