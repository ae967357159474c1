"""When the house is open, by local weekday."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Opening:
    """Opening hours in a time zone: per weekday (0 Monday..6) the (start, end) seconds of the local day."""

    zone: ZoneInfo
    hours: tuple[tuple[tuple[float, float], ...], ...]

    def local_s(self, time_ms: float) -> float:
        """Seconds since 1970-01-01 00:00 on the venue's own clocks."""
        moment = datetime.fromtimestamp(time_ms / 1000.0, UTC).astimezone(self.zone)
        offset = moment.utcoffset()
        return time_ms / 1000.0 + (offset.total_seconds() if offset else 0.0)

    def is_open(self, local_s: float, lead_s: float = 0.0) -> bool:
        """Whether the doors are open, or will be within `lead_s` seconds (staff and plant start earlier)."""
        second = local_s % 86400.0
        today = self.hours[int(local_s // 86400 + 3) % 7]
        return any(start - lead_s <= second < end for start, end in today)


def second_of_day(text: str) -> float:
    """`HH:MM` as seconds of the day, 24:00 included.

    Raises:
        ValueError: it is no such time.
    """
    hours, minutes = (int(part) for part in text.split(":"))
    if not (0 <= hours <= 24 and 0 <= minutes < 60):
        raise ValueError(f"{text} is not a time of day: write HH:MM")
    return hours * 3600.0 + minutes * 60.0


def opening_of(zone: ZoneInfo, by_day: Sequence[Sequence[Sequence[str]]]) -> Opening:
    """Opening hours from lists of ["HH:MM", "HH:MM"] per weekday, Monday first."""
    parsed = tuple(tuple((second_of_day(start), second_of_day(end)) for start, end in day) for day in by_day)
    return Opening(zone, parsed)
