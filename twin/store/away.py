"""Which errors mean that the database cannot do its work now, through no fault of the request. No I/O."""

import sqlite3
from typing import Literal

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

OURS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""What a statement did wrong: a fault of the program, not of the database."""

Fault = Literal["full", "read_only", "locked", "away", "other"]
"""What is wrong with a database; `other`: nothing that people could mend there."""

ADVICE: tuple[tuple[Fault, tuple[str, ...], str], ...] = (
    ("full", ("full", "no space", "disk i/o error", "file too large"), "its disk is full; make room"),
    (
        "read_only",
        ("readonly", "read-only", "read only", "query_only"),
        "it is read-only; let the server write to it",
    ),
    ("locked", ("locked", "busy"), "another program holds it; end that"),
)


def fault_of(error: BaseException) -> Fault:
    """What an error says of the database."""
    if not isinstance(error, SQLAlchemyError | OSError | TimeoutError) or isinstance(error, OURS):
        return "other"
    if isinstance(error, SQLAlchemyError) and not isinstance(error, DBAPIError | PoolTimeoutError):
        return "other"
    said = _said(error)
    return next((fault for fault, words, _ in ADVICE if any(word in said for word in words)), "away")


def why_away(error: BaseException) -> str | None:
    """Why the database cannot be used now, and what to do; None: that is not what the error says."""
    fault = fault_of(error)
    if fault == "other":
        return None
    if fault != "away":
        advice = next(advice for known, _, advice in ADVICE if known == fault)
        return f"the database cannot be written: {advice}"
    is_file = isinstance(getattr(error, "orig", None), sqlite3.Error)
    return f"the database cannot be {'used' if is_file else 'reached'} now; try again"


def _said(error: BaseException) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split()).lower()
