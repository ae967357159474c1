"""Times as people write them on the command line. No I/O."""

from datetime import datetime

from twin.errors import SettingError

MS_PER_S = 1000.0


def parse_moment(text: str, option: str) -> int:
    """A time in ms since 1970 UTC: RFC 3339, or a date, with or without a time, by this machine's clock.

    Raises:
        SettingError: it is no time, or one that the clocks of this machine show twice or never.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        example = "2026-05-01 or 2026-05-01T08:00:00+08:00"
        raise SettingError(f"{option}: '{text[:40]}' is no time; write {example}") from error
    if moment.tzinfo is None:
        first, second = moment.replace(fold=0).astimezone(), moment.replace(fold=1).astimezone()
        if first.utcoffset() != second.utcoffset():
            raise SettingError(
                f"{option}: clocks here show {text} twice or not at all; add the offset, such as "
                f"{first.isoformat()}"
            )
        moment = first
    return round(moment.timestamp() * MS_PER_S)
