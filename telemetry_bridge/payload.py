"""Telemetry messages of devices, as bytes, into readings. Pure; never raises anything but PayloadError.

Two forms (`docs/wire.md`): HTTP `{"samples": [{"device", "point", "value", "time"?}]}`, and MQTT on
`twin/<venue>/devices/<device>/telemetry`: `{"time"?, "points": {name: value}}` or a list of these. A fault in
one sample refuses that sample alone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from telemetry_bridge.errors import PayloadError
from telemetry_bridge.ports import Acceptance, Reading, Refusal, Sink
from telemetry_bridge.times import parse_rfc3339

MAX_PAYLOAD_BYTES = 1024 * 1024
MAX_SAMPLES = 20_000
#: Topics of Sparkplug B begin so.
SPARKPLUG = "spBv1.0/"


@dataclass(frozen=True, slots=True)
class Batch:
    """What a message held: readings to take, and samples that cannot be read."""

    readings: tuple[Reading, ...]
    refused: tuple[Refusal, ...] = ()


def read_samples(document: object) -> Batch:
    """Read `{"samples": [...]}`, parsed already. PayloadError: it is something else, or too long."""
    samples = document.get("samples") if isinstance(document, dict) else None
    if not isinstance(samples, list):
        raise PayloadError("wrong_shape", 'send {"samples": [{"device", "point", "value", "time"?}]}')
    _check_count(len(samples))
    return _batch([_http_sample(row, sample) for row, sample in enumerate(samples)])


def _http_sample(row: int, sample: object) -> Reading | Refusal:
    if not isinstance(sample, dict):
        return Refusal(row, "", "", "wrong_shape", "a sample is an object with device, point and value")
    device, point = sample.get("device"), sample.get("point")
    if not isinstance(device, str) or not isinstance(point, str):
        return Refusal.of(row, device, point, "wrong_shape", "device and point must be texts")
    if "value" not in sample:
        return Refusal.of(row, device, point, "wrong_shape", "the value is missing")
    return _reading(row, device, point, sample["value"], sample.get("time"))


def telemetry_topic(venue: str, device: str) -> str:
    """Give the MQTT topic on which a device reports; `+` as the device: all of them."""
    return f"twin/{venue}/devices/{device}/telemetry"


def command_topic(venue: str, device: str) -> str:
    """Give the MQTT topic on which a device gets commands."""
    return f"twin/{venue}/devices/{device}/command"


def columns_topic(venue: str) -> str:
    """Give the MQTT topic of columns, by which whoever may publish there speaks for all devices."""
    return f"twin/{venue}/columns"


def frames_topic(venue: str, registry: str) -> str:
    """Give the MQTT topic of frames, `+` for any registry; what goes for columns goes for these."""
    return f"twin/{venue}/frames/{registry}"


def speaks_for_all(venue: str, topic: str) -> bool:
    """Say whether what is published on a topic speaks for all devices: columns, frames, Sparkplug."""
    return topic == columns_topic(venue) or topic.startswith((frames_topic(venue, ""), SPARKPLUG))


def parse_reports(device: str, payload: bytes, *, retained: bool = False) -> Batch:
    """Read the payload of a device's MQTT message; a sample's row is its place among all of its points.

    A `retained` one comes from the broker's memory at connection: without a time its age is unknown, and it
    is refused.

    Raises:
        PayloadError: too large, not JSON, or too many points.
    """
    document = read_document(payload)
    reports = document if isinstance(document, list) else [document]
    results: list[Reading | Refusal] = []
    for report in reports:
        results += _report(device, report, len(results), retained)
        _check_count(len(results))
    return _batch(results)


def _report(device: str, report: object, row: int, retained: bool) -> list[Reading | Refusal]:
    points = report.get("points") if isinstance(report, dict) else None
    if not isinstance(report, dict) or not isinstance(points, dict):
        reason = 'a report is {"time"?: RFC 3339, "points": {name: value}}'
        return [Refusal.of(row, device, "", "wrong_shape", reason)]
    time = report.get("time")
    if time is None and retained:
        reason = "a retained report without a time is of unknown age; publish without retain, or with a time"
        return [
            Refusal.of(row + place, device, name, "bad_time", reason) for place, name in enumerate(points)
        ]
    return [
        _reading(row + place, device, name, value, time) for place, (name, value) in enumerate(points.items())
    ]


def _reading(row: int, device: str, point: str, value: object, time: object) -> Reading | Refusal:
    if time is None:
        return Reading(device, point, value, None, row)
    if not isinstance(time, str):
        reason = "time is an RFC 3339 text such as 2026-01-31T08:30:00.000Z, or left out"
        return Refusal.of(row, device, point, "bad_time", reason)
    try:
        return Reading(device, point, value, parse_rfc3339(time), row)
    except ValueError as error:
        return Refusal.of(row, device, point, "bad_time", str(error))


def read_document(data: bytes) -> Any:
    """Parse JSON. PayloadError: too large, or not JSON."""
    if len(data) > MAX_PAYLOAD_BYTES:
        limit = f"{MAX_PAYLOAD_BYTES:,} bytes"
        raise PayloadError(
            "too_large", f"the message has {len(data):,} bytes, the limit is {limit}; send smaller batches"
        )
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return _lenient(data, error)


def _lenient(data: bytes, error: orjson.JSONDecodeError) -> Any:
    """Read JSON with NaN in it, as many devices write it: one such value must not cost the others."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise PayloadError("not_json", f"not JSON: {error}") from None


def _check_count(count: int) -> None:
    if count > MAX_SAMPLES:
        raise PayloadError("too_large", f"more than {MAX_SAMPLES:,} samples; send smaller batches")


def _batch(results: Sequence[Reading | Refusal]) -> Batch:
    readings = tuple(each for each in results if isinstance(each, Reading))
    return Batch(readings, tuple(each for each in results if isinstance(each, Refusal)))


def deliver(batch: Batch, sink: Sink) -> Acceptance:
    """Hand a batch on; gives one list of all that was refused, in the message's order."""
    acceptance = sink.accept(batch.readings)
    refused = sorted((*batch.refused, *acceptance.refused), key=lambda each: each.index)
    return Acceptance(acceptance.accepted, tuple(refused))
