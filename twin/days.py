"""Days by a place's clocks. Pure; times are ms since 1970 UTC."""

from datetime import date, datetime, time, timedelta, tzinfo

from telemetry_bridge.clock import MS_PER_S


def day_of(time_ms: float, zone: tzinfo) -> date:
    """The day in which a moment lies."""
    return datetime.fromtimestamp(time_ms / MS_PER_S, zone).date()


def midnight_ms(day: date, zone: tzinfo) -> float:
    """When a day begins."""
    return datetime.combine(day, time(), zone).timestamp() * MS_PER_S


def day_bounds(day: date, zone: tzinfo) -> tuple[float, float]:
    """From midnight to midnight: 23 or 25 hours where clocks are changed."""
    return midnight_ms(day, zone), midnight_ms(day + timedelta(days=1), zone)
