"""Which errors mean that the database cannot do its work now, through no fault of the request. No I/O."""

import sqlite3

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

ADVICE = (
    (("full", "no space", "disk i/o error", "file too large"), "its disk is full; make room"),
    (("readonly", "read-only", "read only", "query_only"), "it is read-only; let the server write to it"),
    (("locked", "busy"), "another program holds it; end that"),
)


def why_away(error: BaseException) -> str | None:
    """Why the database cannot be used now, and what to do; None: that is not what the error says."""
    if not isinstance(error, SQLAlchemyError | OSError | TimeoutError) or isinstance(error, OURS):
        return None
    if isinstance(error, SQLAlchemyError) and not isinstance(error, DBAPIError | PoolTimeoutError):
        return None
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    for words, advice in ADVICE:
        if any(word in said.lower() for word in words):
            return f"the database cannot be written: {advice}"
    is_file = isinstance(getattr(error, "orig", None), sqlite3.Error)
    return f"the database cannot be {'used' if is_file else 'reached'} now; try again"
