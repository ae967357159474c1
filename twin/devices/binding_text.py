"""Tables of bindings as CSV: a column `device`, a column `element` (a GlobalId, empty: none). Pure."""

import csv
import io
from collections.abc import Iterable

from telemetry_bridge.bindings import Binding
from telemetry_bridge.errors import BindingError, Fault

COLUMNS = ("device", "element")
MOST_ROWS = 100_000


def parse_bindings(text: str, file: str) -> list[Binding]:
    """Read a table; other columns are passed over, each row's binding says its line.

    Raises:
        BindingError: a column is missing, a row is broken; all faults, each with its line.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    faults, found = list[Fault](), list[Binding]()
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise BindingError([Fault(f"{file}:1", f"columns missing: {', '.join(missing)}")])
        for row in reader:
            where = f"{file}:{reader.line_num}"
            if None in row or None in row.values():
                faults.append(Fault(where, "more or fewer fields than columns; quote a field with a comma"))
            else:
                found.append(Binding(row["device"].strip(), row["element"].strip() or None, where))
            if len(found) > MOST_ROWS:
                raise BindingError([Fault(where, f"more than {MOST_ROWS:,} rows; send several tables")])
    except csv.Error as error:
        faults.append(Fault(f"{file}:{reader.reader.line_num}", f"not CSV: {error}"))
    if faults:
        raise BindingError(faults)
    return found


def write_bindings(bindings: Iterable[Binding]) -> str:
    """The table of some bindings; `parse_bindings` reads it back."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows((each.device, each.element or "") for each in bindings)
    return target.getvalue()
