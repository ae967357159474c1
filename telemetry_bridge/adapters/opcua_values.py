"""What an OPC UA server says of a variable, into samples; and what is written. Pure."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

from telemetry_bridge.adapter_file_opcua import NodeEntry
from telemetry_bridge.adapter_file_parts import Conversion
from telemetry_bridge.adapters.delivery import Sample
from telemetry_bridge.points import Point
from telemetry_bridge.said import Said, located
from telemetry_bridge.wire import Quality

MS_PER_S = 1000.0
#: The two highest bits of a status (OPC 10000-4, 7.39): 0 good, 1 uncertain, else bad.
SEVERITY_SHIFT = 30
GOOD, UNCERTAIN = 0, 1
#: The substatus, without the bits that say where a value was cut off or limited.
SUBSTATUS = 0xFFFF0000
#: UncertainNoCommunicationLastUsableValue, UncertainLastUsableValue (OPC 10000-8, table 33): an old value.
LAST_USABLE = (0x408F0000, 0x40900000)


def quality_of(status: int, name: str) -> tuple[Quality, str]:
    """Give the quality of a status and, where the value cannot be trusted, why.

    Good is good; the last usable value is stale; every other uncertain one is bad, as are the bad.
    """
    severity = status >> SEVERITY_SHIFT & 3
    if severity == GOOD:
        return Quality.GOOD, ""
    if severity == UNCERTAIN and status & SUBSTATUS in LAST_USABLE:
        return Quality.STALE, ""
    return Quality.BAD, Said(f"the server says {name}", "device-refused", text=name)


def ms_of(moment: datetime | None) -> float | None:
    """Give ms since 1970 UTC; a time without a zone is UTC (OPC 10000-6, 5.2.2.5)."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return aware.timestamp() * MS_PER_S


def sample_of(
    entry: NodeEntry, value: object, status: int, name: str, time_ms: float | None = None
) -> Sample:
    """Give the sample of a value with its status code and the status's name."""
    quality, fault = quality_of(status, name)
    converted, unusable = _converted(entry.conversion(), value)
    where = located(fault or unusable, place=entry.node) if fault or unusable else ""
    return Sample(entry.ref, converted, where, time_ms, quality)


def _converted(conversion: Conversion, value: object) -> tuple[object, str]:
    """The value as a reading has it, and why there is none."""
    if value is None:
        return None, Said("there is no value", "no-value")
    if isinstance(value, str):
        return value, ""
    if not isinstance(value, bool | int | float):
        return None, f"a {type(value).__name__} is no number, truth value or text"
    if not math.isfinite(value):
        return None, f"{value} is no reading"
    try:
        return conversion.read(float(value)), ""
    except ValueError as error:
        return None, str(error)


#: How each kind of variable takes a number, by the name of its built-in type (OPC 10000-6, 5.1.2).
_WRITERS: dict[str, Callable[[float], object]] = {
    "Boolean": bool,
    "Float": float,
    "Double": float,
} | dict.fromkeys(("SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64"), round)


def written_value(entry: NodeEntry, value: float, point: Point, built_in: str) -> object:
    """Give what to write for a command's value into a variable of a built-in type.

    Raises:
        ValueError: a state without a number, or a variable that takes no numbers.
    """
    if built_in == "String" and point.states:
        return point.states[int(value)].key
    if built_in not in _WRITERS:
        raise ValueError(f"a variable of the type {built_in} cannot be written")
    return _WRITERS[built_in](entry.conversion().write(value, point))
