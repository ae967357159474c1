"""What travels on a bus, as bytes. Pure.

A batch of m samples, little-endian, its columns those of the wire's frames and a time for each sample:

| offset | type   | field                                             |
| ------ | ------ | ------------------------------------------------- |
| 0      | u8     | version = 1                                       |
| 1      | u8[3]  | zero                                              |
| 4      | u32    | m                                                 |
| 8      | f64[m] | value; NaN: no reading                            |
| ...    | f64[m] | time, ms since 1970 UTC                           |
| ...    | u32[m] | point_index                                       |
| ...    | u8[m]  | quality: 0 good, 1 stale, 2 bad, 3 simulated      |
"""

import struct
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import orjson

from telemetry_bridge.bus import Batch, Findings, LineReport, ProcessReport, StoreTrouble
from telemetry_bridge.device_clocks import ClockSkew
from telemetry_bridge.errors import WireError
from telemetry_bridge.ports import Command, Health
from telemetry_bridge.refused import RefusedSender
from telemetry_bridge.said import Said
from telemetry_bridge.wire import Quality

VERSION: Final = 1
SAMPLE_BYTES: Final = 21
_HEADER: Final = struct.Struct("<B3xI")


def encode_batch(batch: Batch) -> bytes:
    """Give a batch's bytes."""
    return b"".join(
        (
            _HEADER.pack(VERSION, len(batch)),
            batch.value.astype("<f8", copy=False).tobytes(),
            batch.time_ms.astype("<f8", copy=False).tobytes(),
            batch.point_index.astype("<u4", copy=False).tobytes(),
            batch.quality.astype("u1", copy=False).tobytes(),
        )
    )


def decode_batch(data: bytes, n_points: int) -> Batch:
    """Read a batch for a registry of `n_points`; the columns are read-only views into `data`.

    Raises:
        WireError: bytes that are no batch, or that name points, qualities or times that do not exist.
    """
    if len(data) < _HEADER.size:
        raise WireError(f"a batch has at least {_HEADER.size} bytes, this one has {len(data)}")
    version, m = _HEADER.unpack_from(data)
    if version != VERSION:
        raise WireError(f"a batch of version {version} is unknown: run one release of the program everywhere")
    if len(data) != _HEADER.size + SAMPLE_BYTES * m:
        raise WireError(f"{m} samples take {_HEADER.size + SAMPLE_BYTES * m} bytes, these are {len(data)}")
    value = np.frombuffer(data, "<f8", m, _HEADER.size)
    time_ms = np.frombuffer(data, "<f8", m, _HEADER.size + 8 * m)
    point_index = np.frombuffer(data, "<u4", m, _HEADER.size + 16 * m)
    quality = np.frombuffer(data, "u1", m, _HEADER.size + 20 * m)
    if m and (int(point_index.max()) >= n_points or int(quality.max()) > max(Quality)):
        raise WireError("a point or a quality that does not exist")
    if not np.isfinite(time_ms).all():
        raise WireError("a time that is no time")
    return Batch(point_index, value, time_ms, quality)


def encode_command(command: Command) -> bytes:
    """Give a command's bytes."""
    return orjson.dumps(command)


def decode_command(data: bytes) -> Command:
    """Read a command. WireError: these bytes are none."""
    try:
        document = orjson.loads(data)
        return Command(
            str(document["id"]),
            str(document["device"]),
            str(document["point"]),
            float(document["value"]),
            float(document["time_ms"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise WireError("bytes that are no command") from error


def encode_report(report: ProcessReport) -> bytes:
    """Give what a process tells as JSON."""
    return orjson.dumps(report, default=_listed, option=orjson.OPT_PASSTHROUGH_SUBCLASS)


def _listed(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Said):
        return value.document()
    raise TypeError(f"{type(value).__name__} is not written on a bus")


def decode_report(data: bytes) -> ProcessReport:
    """Read what a process tells. WireError: these bytes are none of that."""
    try:
        document: Mapping[str, Any] = orjson.loads(data)
        return ProcessReport(
            str(document["name"]),
            frozenset(document["able"]),
            tuple(_line(each) for each in document["lines"]),
            _findings(document["findings"]),
            float(document["reload_ms"]),
            None if document["store"] is None else StoreTrouble(**document["store"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise WireError("bytes that are no report of a process: run one release everywhere") from error


def _line(document: Mapping[str, Any]) -> LineReport:
    health = dict(document["health"])
    said = {name: Said.from_document(health[name]) for name in ("detail", "last_error")}
    changed = {
        "health": Health(**{**health, **said}),
        "notes": tuple(Said.from_document(each) for each in document["notes"]),
        "writes": frozenset(document["writes"]),
    }
    return LineReport(**{**document, **changed})


def _findings(document: Mapping[str, Any]) -> Findings:
    return Findings(
        tuple(RefusedSender(**each) for each in document["refused"]),
        int(document["refused_total"]),
        tuple(ClockSkew(**each) for each in document["clocks"]),
    )
