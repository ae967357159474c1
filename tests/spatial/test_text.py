"""What is typed is found, in Chinese and Latin, and no text breaks the query."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spatial
from spatial.text import index_text, match_query

SCHEMA = (Path(spatial.__file__).parent / "schema.sql").read_text()
HAN = "羽毛球馆篮乒乓游泳池剧院控制室配电房々〇𠀀"
ALPHABET = HAN + "がカ한국áßﬁＡ１abcXYZ019 -_.'\"*()^:+~\\/\0\ud800½"


@pytest.fixture(scope="module")
def database() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    return connection


def finds(connection: sqlite3.Connection, stored: str, typed: str) -> bool:
    """Whether an element with the stored text is found by the typed one, through SQLite itself."""
    connection.execute("SAVEPOINT one")
    try:
        connection.execute("INSERT INTO element_text(rowid, text) VALUES (7, ?)", (stored,))
        rows = connection.execute(
            "SELECT rowid FROM element_text WHERE element_text MATCH ?", (match_query(typed),)
        )
        return rows.fetchall() == [(7,)]
    finally:
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["羽毛球馆", "Badminton Hall"], "羽 毛 球 馆 badminton hall"),
        (["B1地下车库"], "b1 地 下 车 库"),
        (["  ", "", "\0"], ""),
        (["ＡＢ－１２"], "ab-12"),
        (["カラオケ한국"], "カ ラ オ ケ 한 국"),
    ],
)
def test_index_text(parts: list[str], expected: str) -> None:
    assert index_text(parts) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ""),
        (" -*\"' ", ""),
        ("羽毛球 badm", '"羽 毛 球" AND "badm"*'),
        ("S1-03", '"s1 03"*'),
        ("B1地下", '"b1"* AND "地 下"'),
        ('a" OR text:*', '"a"* AND "or"* AND "text"*'),
    ],
)
def test_match_query(typed: str, expected: str) -> None:
    assert match_query(typed) == expected


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("羽毛球", True),
        ("毛球馆", True),
        ("球毛", False),
        ("羽馆", False),
        ("hall 羽毛", True),
        ("BADM", True),
        ("adminton", False),
        ("s1-0", True),
        ("S1 03", True),
        ("03-S1", False),
        ("cafe", True),
        ("NOT", False),
        ("hall NEAR badminton", False),
    ],
)
def test_a_hall_is_found_as_people_type_it(database: sqlite3.Connection, typed: str, found: bool) -> None:
    stored = index_text(["羽毛球馆", "Badminton Hall", "S1-03", "Café"])
    assert finds(database, stored, typed) is found


@given(stored=st.text(ALPHABET, max_size=30), start=st.integers(0, 30), length=st.integers(1, 30))
def test_any_word_of_a_text_finds_it(
    database: sqlite3.Connection, stored: str, start: int, length: int
) -> None:
    words = stored.split()
    typed = " ".join(words[start : start + length])
    if match_query(typed):
        assert finds(database, index_text([stored]), typed)


@given(stored=st.text(HAN, min_size=1, max_size=20), data=st.data())
def test_any_run_of_han_finds_its_text(
    database: sqlite3.Connection, stored: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(stored) - 1))
    end = data.draw(st.integers(start + 1, len(stored)))
    assert finds(database, index_text([stored]), stored[start:end])


@given(typed=st.text())
def test_no_text_breaks_the_query(database: sqlite3.Connection, typed: str) -> None:
    query = match_query(typed)
    if query:
        database.execute("SELECT rowid FROM element_text WHERE element_text MATCH ?", (query,)).fetchall()
