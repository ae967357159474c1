"""What a person types finds what it says, and the index never hides what it finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.events.event import Event
from twin.events.words import MOST_TEXT, searched, sought, terms

LETTERS = st.sampled_from("ab1号空调é-_ /İſ．Ａ灯・ß０")
TEXTS = st.text(LETTERS, max_size=14)


def event(*texts: object, kind: str = "alarm.raised", subject: str = "device:B1-AHU-0001") -> Event:
    return Event(1, "0" * 26, 0, kind, subject, "person:chen", None, {"said": list(texts)}, "")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("空调", True),
        ("调机", True),
        ("机", True),
        ("空", True),
        ("空机", False),
        ("调机组", False),
        ("ahu", True),
        ("AH", True),
        ("hu", False),
        ("b1-ahu", True),
        ("B1-AHU-00", True),
        ("AHU-B1", False),
        ("B1 0001 空调", True),
        ("chen raised", True),
        ("3号", True),
        ("3号空调机过", True),
        ("３号", True),
        ("17", True),
        ("1.5", False),
        ("true", False),
        ("过热!", True),
    ],
)
def test_words_by_their_beginning_and_chinese_wherever_it_stands(typed: str, found: bool) -> None:
    text = searched(event("3号空调机过热", 17, 1.5, True))
    assert sought(typed).finds(text) is found


@pytest.mark.parametrize("typed", ["", "  ", "---", "_", "!?", "\ud800"])
def test_what_holds_no_letter_or_digit_can_not_be_searched_for(typed: str) -> None:
    assert sought(typed).patterns == ()


def test_texts_of_an_event_do_not_run_together() -> None:
    text = searched(event("大厅", "空调"))
    assert sought("空调").finds(text)
    assert not sought("大厅空调").finds(text)


def test_long_words_and_floods_are_cut_the_same_way_on_both_sides() -> None:
    long = "x" * 300
    text = searched(event(long + "y", "空" * MOST_TEXT, "灯"))
    assert len(text) == MOST_TEXT
    assert sought(long).finds(text)
    assert not sought(long + "z").finds(text)
    assert all(any(term.startswith(each) for term in terms(text)) for each in sought(long).beginnings)


@given(st.lists(TEXTS, max_size=3), TEXTS)
def test_the_index_never_hides_what_is_found(texts: list[str], typed: str) -> None:
    text = searched(event(*texts))
    wanted, known = sought(typed), terms(text)
    if wanted.patterns and wanted.finds(text):
        assert set(wanted.terms) <= known
        assert all(any(term.startswith(each) for term in known) for each in wanted.beginnings)


@given(TEXTS, st.data())
def test_any_piece_of_chinese_and_any_beginning_of_a_word_is_found(said: str, data: st.DataObject) -> None:
    text = searched(event(said))
    runs = [run for run in searched(event(said)).split("\n")[-1].split() if run]
    if runs:
        run = data.draw(st.sampled_from(runs))
        is_cjk = not run[0].isascii() and run[0] in "号空调灯・"
        start = data.draw(st.integers(0, len(run) - 1)) if is_cjk else 0
        end = data.draw(st.integers(start + 1, len(run)))
        assert sought(run[start:end]).finds(text)
