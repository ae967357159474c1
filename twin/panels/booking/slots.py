"""Slots of a day in the venue's time zone. No I/O."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from twin.panels.booking.model import MS_PER_MINUTE, TICK_MS, Bookable, Slot, Spans


def day_bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """When a local day begins and ends; 23 to 25 hours where the clocks change."""
    return local_ms(day, "00:00", zone), local_ms(day, "24:00", zone)


def local_ms(day: date, clock: str, zone: ZoneInfo) -> int:
    """A local time of day (00:00 to 24:00) as ms UTC.

    A time that the clocks skip is the moment that they skip at, by the offset before; one that they show
    twice is the first of the two.
    """
    hours, minutes = (int(part) for part in clock.split(":"))
    whole = day + timedelta(days=hours // 24)
    moment = datetime.combine(whole, time(hours % 24, minutes), zone)
    return round(moment.astimezone(UTC).timestamp() * 1000)


def slots_of_day(bookable: Bookable, day: date, zone: ZoneInfo) -> tuple[Slot, ...]:
    """The slots that begin on a local day, in order: whole ones within the opening hours."""
    length_ms = bookable.slot_min * MS_PER_MINUTE
    return tuple(
        slot
        for begin, end in _joined(_open_times(bookable.hours[day.weekday()], day, zone))
        for slot in _filled(begin, end, length_ms)
    )


def _open_times(spans: Spans, day: date, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    for begin, end in spans:
        yield local_ms(day, begin, zone), local_ms(day, end, zone)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that overlap or meet made one; empty ones left out."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if end <= begin:
            continue
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def _filled(begin: int, end: int, length_ms: int) -> Iterator[Slot]:
    """Slots one after the other, from the first quarter hour on."""
    start = -(-begin // TICK_MS) * TICK_MS
    while start + length_ms <= end:
        yield Slot(start, start + length_ms)
        start += length_ms
