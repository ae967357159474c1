"""What a controller says of an object, into samples; and what is written. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from telemetry_bridge.adapter_file_bacnet import ObjectEntry
from telemetry_bridge.adapters.delivery import Sample
from telemetry_bridge.points import Point
from telemetry_bridge.said import Said, located, said_of

#: The bits of Status_Flags (ANSI/ASHRAE 135-2020, 12: BACnetStatusFlags).
FAULT, OVERRIDDEN, OUT_OF_SERVICE = 1, 2, 3
NO_FAULT = "no-fault-detected"
SINGLE_PRECISION = 1e-6


@dataclass(frozen=True, slots=True)
class Seen:
    """A value with its status flags (in alarm, fault, overridden, out of service) and its reliability.

    `fault`: why there is no value. Flags and reliability are empty where the controller did not say.
    """

    value: float | str | None = None
    flags: tuple[bool, ...] = ()
    reliability: str = ""
    fault: str = ""


def sample_of(entry: ObjectEntry, seen: Seen) -> Sample:
    """Give the sample of what was seen: bad where the flags say that the value means nothing.

    In fault and out of service are bad; overridden by hand is bad for an input, whose value is then not
    measured, and good for all else, whose value is then what the hand has set.
    """
    fault = seen.fault or doubt(entry, seen)
    value: object = seen.value
    if isinstance(seen.value, int | float):
        if not math.isfinite(seen.value):
            return Sample(
                entry.ref, fault=located(Said(f"{seen.value} is no reading", "no-reading"), place=entry.place)
            )
        try:
            value = entry.conversion().read(float(seen.value))
        except ValueError as error:
            value, fault = None, fault or said_of(error)
    elif seen.value is None and not fault:
        fault = Said("there is no value", "no-value")
    return Sample(entry.ref, value, located(fault, place=entry.place) if fault else "")


def doubt(entry: ObjectEntry, seen: Seen) -> str:
    """Say why a value cannot be trusted; "": it can."""
    flags = (*seen.flags, False, False, False, False)
    if flags[OUT_OF_SERVICE]:
        return Said("out of service", "out-of-service")
    if seen.reliability and seen.reliability != NO_FAULT:
        return Said(seen.reliability, "device-refused", text=seen.reliability)
    if flags[FAULT]:
        return Said("in fault", "in-fault")
    by_hand = flags[OVERRIDDEN] and entry.is_input
    return Said("overridden by hand", "overridden") if by_hand else ""


def is_release(entry: ObjectEntry, value: float, point: Point) -> bool:
    """Say whether a command gives the point back to the controller."""
    return entry.release is not None and bool(point.states) and point.states[int(value)].key == entry.release


def written_value(entry: ObjectEntry, value: float, point: Point) -> float | int:
    """Give what to write for a command's value.

    Raises:
        ValueError: a state without a number.
    """
    raw = entry.conversion().write(value, point)
    return round(raw) if entry.whole else raw


def selected(entry: ObjectEntry, priorities: Sequence[object]) -> Seen:
    """Give what a selector shows: what is commanded at our priority, or that nothing is."""
    slot = priorities[entry.priority - 1] if len(priorities) >= entry.priority else None
    return Seen(float(slot)) if isinstance(slot, int | float) else Seen(entry.release)


def agrees(written: float, seen: Seen) -> bool:
    """Say whether what is read back is what was written, but for single precision."""
    if not isinstance(seen.value, int | float):
        return False
    return abs(seen.value - written) <= max(SINGLE_PRECISION * abs(written), SINGLE_PRECISION)


def commanded_by(priorities: Sequence[object], ours: int) -> int | None:
    """Give the priority above ours that commands an object, 1 the highest; None: none does."""
    return next((place for place, value in enumerate(priorities[: ours - 1], 1) if value is not None), None)
