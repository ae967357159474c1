"""The ledger and the work orders as spreadsheets. Rows in, bytes out.

A cell that a person wrote is a text, never a formula: `write_string` takes `=1+1`, `+`, `-`, `@` as they are
(OWASP, "CSV Injection"; of XLSX the cell's type decides, and ours is text).
"""

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

import xlsxwriter

Language = Literal["zh", "en"]
Kind = Literal["text", "number", "percent", "time"]
Cell = str | float | int | None

MOST_CHARACTERS = 32_767  # of one cell (Excel specifications and limits)
WIDEST, NARROWEST = 48, 8
FORMATS = {"percent": "0.0%", "time": "yyyy-mm-dd hh:mm", "number": "General"}


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """A column: its heading in both languages, and what its cells hold; a `time` is ms since 1970 UTC."""

    zh: str
    en: str
    kind: Kind = "text"
    width: int = 16

    def text(self, language: Language) -> str:
        """The heading."""
        return self.zh if language == "zh" else self.en


def workbook(
    title: str, heads: Sequence[ColumnHead], rows: Iterable[Sequence[Cell]], language: Language, zone: tzinfo
) -> bytes:
    """An XLSX file of one sheet: headings that stay in view with a filter, times in the venue's zone."""
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    sheet = book.add_worksheet(title[:31])
    bold = book.add_format({"bold": True, "bg_color": "#DDE7F0", "bottom": 1, "valign": "top"})
    formats = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
    for column, head in enumerate(heads):
        sheet.set_column(column, column, min(max(head.width, NARROWEST), WIDEST))
        sheet.write_string(0, column, head.text(language), bold)
    count = 0
    for count, row in enumerate(rows, 1):
        for column, (head, cell) in enumerate(zip(heads, row, strict=True)):
            _write(sheet, (count, column), head.kind, cell, formats, zone)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, count, len(heads) - 1)
    book.close()
    return target.getvalue()


def _write(
    sheet: Any, place: tuple[int, int], kind: Kind, cell: Cell, formats: dict[str, Any], zone: tzinfo
) -> None:
    if cell is None or cell == "":
        return
    if kind == "text" or isinstance(cell, str):
        sheet.write_string(*place, clean(str(cell)))
    elif kind == "time":
        moment = datetime.fromtimestamp(cell / 1000.0, zone).replace(tzinfo=None)
        sheet.write_datetime(*place, moment, formats["time"])
    elif math.isfinite(cell):
        sheet.write_number(*place, cell, formats[kind])


def clean(text: str) -> str:
    """A text that a cell can hold: without control characters, which XML forbids, and not too long."""
    kept = "".join(letter for letter in text if letter >= " " or letter in "\t\n\r")
    return kept.encode("utf-8", "ignore").decode()[:MOST_CHARACTERS]
