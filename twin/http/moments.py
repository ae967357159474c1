"""Times in requests."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime

from twin.errors import BadRequestError
from twin.runtime import Twin

DAY_MS = 86_400_000.0

From = Annotated[
    AwareDatetime | None, Query(alias="from", description="RFC 3339, with `Z` or an offset (`%2B08:00`).")
]
To = Annotated[AwareDatetime | None, Query(description="RFC 3339; not included.")]


def milliseconds(moment: datetime | None) -> int | None:
    """A time in whole ms since 1970 UTC; None stays None."""
    return None if moment is None else round(moment.timestamp() * 1000.0)


def span_of(twin: Twin, from_: datetime | None, to: datetime | None) -> tuple[float, float]:
    """From when to before when, ms since 1970 UTC: to now where `to` is left out, a day where `from_` is.

    Raises BadRequestError where the span is empty.
    """
    end, begin = milliseconds(to), milliseconds(from_)
    to_ms = twin.clock.now_ms() if end is None else float(end)
    from_ms = to_ms - DAY_MS if begin is None else float(begin)
    if not from_ms < to_ms:
        raise BadRequestError("from must be before to")
    return from_ms, to_ms
