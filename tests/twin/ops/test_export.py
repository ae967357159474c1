"""Spreadsheets: what is written is read back; nothing that people wrote becomes a formula."""

import io
import re
import zipfile
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from twin.panels.ops.export import ColumnHead, clean, workbook

NS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
SHANGHAI = ZoneInfo("Asia/Shanghai")
HEADS = (
    ColumnHead("标题", "Title"),
    ColumnHead("时间", "Time", "time"),
    ColumnHead("次数", "Times", "number"),
)


def read(content: bytes) -> tuple[list[list[str]], bytes]:
    """The cells as text, row by row, and the sheet's XML."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet, shared = book.read("xl/worksheets/sheet1.xml"), book.read("xl/sharedStrings.xml")
    texts = [
        "".join(t.text or "" for t in item.iterfind(".//x:t", NS)) for item in ElementTree.fromstring(shared)
    ]
    rows = []
    for row in ElementTree.fromstring(sheet).iterfind(".//x:row", NS):
        cells = ((cell.get("t"), cell.findtext("x:v", "", NS)) for cell in row)
        rows.append([texts[int(value)] if kind == "s" else value for kind, value in cells])
    return rows, sheet


def test_times_are_the_venues_and_headings_the_readers() -> None:
    line = ("灯不亮", 1_700_000_000_000, 3)
    for language, heading in (("zh", "标题"), ("en", "Title")):
        rows, _ = read(workbook("s", HEADS, [line], language, SHANGHAI))  # type: ignore[arg-type]
        assert rows[0][0] == heading
    assert rows[1][0] == "灯不亮"
    assert float(rows[1][1]) == 45245.2592592593 or abs(float(rows[1][1]) - 45245.2592592593) < 1e-6
    assert rows[1][2] == "3"


@given(st.sampled_from("=+-@\t\r") | st.just(""), st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_what_people_wrote_stays_text(start: str, rest: str) -> None:
    text = start + rest
    rows, sheet = read(workbook("s", HEADS[:1], [(text,)], "zh", SHANGHAI))
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet
    written = rows[1][0] if len(rows) > 1 and rows[1] else ""
    plain = re.sub(r"\s|_x000D_|[\ufffe\uffff]", "", clean(text))
    assert re.sub(r"\s|_x000D_|[\ufffe\uffff]", "", written) == plain


def test_a_cell_holds_no_more_than_it_can() -> None:
    assert len(clean("长" * 40_000)) == 32_767
    assert clean("a\x00b\x0bc") == "abc"
