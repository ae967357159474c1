"""RFC 3339 and ms since 1970 UTC."""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
EXAMPLE = "write 2026-01-31T08:30:00.000Z"
# RFC 3339, 5.6. Digits of a second beyond the sixth are dropped.
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:(\.\d{1,6})\d*)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def parse_rfc3339(text: str) -> float:
    """Give ms since 1970 UTC.

    Raises:
        ValueError: not RFC 3339, or without an offset; the text says what to write instead.
    """
    # What nearly all devices write; the pattern would cost more than all else here.
    is_usual = len(text) == 24 and text[4:20:3] == "--T::." and text[23] == "Z"
    try:
        moment = datetime.fromisoformat(text if is_usual else _as_iso(text))
        return (moment - _EPOCH) / _MS
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is no RFC 3339 time: {error}; {EXAMPLE}") from error


def _as_iso(text: str) -> str:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("another form, or no offset")
    date, clock, fraction, offset = match.groups()
    return f"{date}T{clock}{(fraction or '.0'):0<7}{offset.upper()}"


def format_rfc3339(time_ms: float) -> str:
    """Give UTC with milliseconds and a Z. OverflowError: outside the years 1..9999."""
    moment = _EPOCH + round(time_ms) * _MS
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
