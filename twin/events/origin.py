"""Where a chain of causes begins: a sample, a person, a device's report, or the system's clock. No I/O."""

import math
from enum import StrEnum
from typing import Any

from telemetry_bridge.times import format_rfc3339
from twin.events.event import Event

SYSTEM = "system"


class Origin(StrEnum):
    """What the first event of a chain came from."""

    SAMPLE = "sample"
    PERSON = "person"
    DEVICE = "device"
    SYSTEM = "system"
    UNKNOWN = "unknown"


def sample_data(key: str, time_ms: float, value: float) -> dict[str, Any] | None:
    """A sample as events name it in `sample`: `point` is its key `device/point`, `time` its own, as the film
    has it; None where the point was never sampled."""
    if not (math.isfinite(time_ms) and math.isfinite(value)):
        return None
    return {"point": key, "time": format_rfc3339(time_ms), "value": value}


def origin_of(event: Event) -> Origin:
    """What an event came from by itself, its cause aside.

    A rule without a sample judged that there was none: the clock told it so. A webhook speaks for a device.
    """
    who = event.actor.split(":", 1)[0]
    if who == "person":
        return Origin.PERSON
    if event.data.get("sample"):
        return Origin.SAMPLE
    if who in ("hook", "device"):
        return Origin.DEVICE
    if event.actor == SYSTEM or (who == "rule" and "sample" in event.data):
        return Origin.SYSTEM
    return Origin.UNKNOWN
