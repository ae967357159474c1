"""Text for full-text search: how it is stored, and how what a user types becomes a query.

SQLite's `unicode61` tokenizer cuts at blanks and punctuation, so a Chinese sentence would be one token.
Both sides therefore put a blank between the characters of Chinese, Japanese and Korean text, and a word
typed by a user becomes a phrase of characters. Latin words match by their beginning.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby

# Han with its extensions and compatibility forms, kana, bopomofo, Hangul.
CJK_RANGES = (
    (0x1100, 0x11FF),
    (0x3005, 0x3007),
    (0x3031, 0x3035),
    (0x3041, 0x318F),
    (0x31A0, 0x31BF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFD),
)

_ASCII_CONTROLS = dict.fromkeys([*range(32), 127], " ")


def index_text(parts: Iterable[str]) -> str:
    """The text of one element for the column `element_text.text`.

    Parts are joined by blanks, compatibility forms are folded (NFKC: full-width letters and digits become
    plain ones), letters are lowered, and each CJK character stands alone.
    """
    return " ".join(filter(None, (_spaced(part) for part in parts)))


def match_query(user_text: str) -> str:
    """An FTS5 query that finds all of what a user typed; '' if nothing in it can be searched for.

    Each run of CJK characters must occur as it is; each other word must begin a word of the text. A word
    with punctuation inside, such as `S1-03`, is a phrase. No operator of FTS5 survives, so any text is safe.
    """
    words = (word for chunk in folded(user_text).split() for word in _word_queries(chunk))
    return " AND ".join(words)


def folded(text: str) -> str:
    """A text with compatibility forms folded and letters lowered, twice: lowering can leave new forms."""
    lowered = unicodedata.normalize("NFKC", text).lower()
    return unicodedata.normalize("NFKC", lowered)


def _spaced(text: str) -> str:
    """Folded text with every CJK character as a word of its own and single blanks elsewhere."""
    if text.isascii():  # nothing to fold and no CJK: most of a model's text, forty times as fast
        return " ".join(text.lower().translate(_ASCII_CONTROLS).split())
    spread = "".join(f" {char} " if _is_cjk(char) else _printable(char) for char in folded(text))
    return " ".join(spread.split())


def _printable(char: str) -> str:
    """The character, or a blank for what SQLite cannot store or would end a string at."""
    return " " if unicodedata.category(char) in ("Cc", "Cs") else char


def _is_cjk(char: str) -> bool:
    code = ord(char)
    return code >= 0x1100 and any(low <= code <= high for low, high in CJK_RANGES) and _is_word(char)


def _is_word(char: str) -> bool:
    """Whether `unicode61` keeps the character in a token: letters, numbers, private use and their marks."""
    category = unicodedata.category(char)
    return category[0] in "LNM" or category == "Co"


def _word_queries(chunk: str) -> Iterator[str]:
    """The FTS5 phrases of one blank-free piece of text: CJK runs exact, other runs with an open end."""
    for is_cjk, run in groupby(_tokens(chunk), key=lambda token: _is_cjk(token[0])):
        tokens = list(run)
        yield f'"{" ".join(tokens)}"' + ("" if is_cjk else "*")


def _tokens(chunk: str) -> Iterator[str]:
    """The tokens of a piece of text: single CJK characters, and runs of other letters and digits."""
    for kind, run in groupby(chunk, key=_kind):
        characters = "".join(run)
        if kind == "cjk":
            yield from characters
        elif kind == "word":
            yield characters


def _kind(char: str) -> str:
    if _is_cjk(char):
        return "cjk"
    return "word" if _is_word(char) else "other"
