"""Samples as columns, for gateways that send thousands at once: bytes in, arrays out. Pure.

Two forms (`docs/wire.md`): JSON `{"columns": {...}}`, and frames of the wire contract, one after the other.
No step here costs a turn of a Python loop for each sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np

from telemetry_bridge.errors import PayloadError, WireError
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import MAX_LISTED, Acceptance, ColumnSink, Refusal, clipped
from telemetry_bridge.times import parse_rfc3339
from telemetry_bridge.values import BadValue, number_of
from telemetry_bridge.wire import Frame, Quality, Values, decode_frame, frame_length

#: A message of this type holds frames of the wire contract.
FRAME_MEDIA_TYPE = "application/vnd.venue-twin.frame"
MAX_COLUMN_SAMPLES = 100_000
MAX_FRAMES = 1000

KNOWN_FIELDS = {"registry", "point", "point_index", "value", "time", "time_ms", "quality"}
SHAPE = (
    '{"columns": {"point": ["device/point"], "value": [number], "time_ms"?: [number], "quality"?: [0..3]}}'
)

Rows = np.ndarray[tuple[int], np.dtype[np.intp]]


@dataclass(frozen=True, slots=True, eq=False)
class ColumnBatch:
    """m samples.

    `point_index` (m,) intp, -1 where there is no such point; `value` (m,) float64 in the point's unit, NaN:
    no reading; `time_ms` (m,) or (), ms since 1970 UTC, None: now; `quality` (m,)
    or () intp. `keys` are the
    names that the message used for its points, where it did.
    """

    point_index: Rows
    value: Values
    time_ms: Values | np.float64 | None
    quality: Rows | np.intp
    keys: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.point_index)

    @property
    def strangers(self) -> Rows:
        """(k,) the rows of which the registry has no point."""
        return np.flatnonzero(self.point_index < 0)

    def of_device(self, registry: Registry, device: str) -> "ColumnBatch":
        """Give the same with the points of all other devices made unknown."""
        own = [point.point_index for point in registry.points_of(device)]
        return replace(self, point_index=np.where(np.isin(self.point_index, own), self.point_index, -1))


class ColumnReader:
    """Reads messages of columns for one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._index_of = {point.key: point.point_index for point in registry.points}

    def read_json(self, message: object) -> ColumnBatch:
        """Read `{"columns": {...}}`, parsed already.

        Raises:
            PayloadError: columns that are missing, of different lengths or of other types; numbers of points
                for another registry. Unknown names are not among these: they refuse their samples alone.
        """
        document = message.get("columns") if isinstance(message, dict) else None
        if not isinstance(document, dict):
            raise PayloadError("wrong_shape", f"send {SHAPE}")
        _check_fields(document)
        values = _numbers(document, "value", float)
        index, keys = self._points(document)
        _check_lengths(len(index), values)
        values = self._with_truths(document["value"], index, values)
        quality = _quality(document, len(index))
        return ColumnBatch(index, values, _times(document, len(index)), quality, keys)

    def _points(self, document: Mapping[str, Any]) -> tuple[Rows, Sequence[str]]:
        if "point_index" in document:
            self._check_registry(document.get("registry"))
            return self._known(_numbers(document, "point_index", int).astype(np.intp)), ()
        keys = document.get("point")
        if not isinstance(keys, list) or set(map(type, keys)) - {str}:
            raise PayloadError("wrong_shape", f'"point" is a list of texts "device/point"; send {SHAPE}')
        found = map(self._index_of.get, keys, repeat(-1))
        return np.fromiter(found, dtype=np.intp, count=len(keys)), keys

    def _with_truths(self, column: Sequence[object], index: Rows, values: Values) -> Values:
        """Give the values with what true and false are at each point."""
        if bool not in set(map(type, column)):
            return values
        is_truth = np.fromiter((type(each) is bool for each in column), dtype=np.bool_, count=len(column))
        rows = np.flatnonzero(is_truth & (index >= 0))
        values[rows] = self._truths[index[rows], values[rows].astype(np.intp)]
        return values

    @cached_property
    def _truths(self) -> Values:
        """(n, 2) what false and true are at each point; NaN: it takes neither."""
        found = [[number_of(point, truth) for truth in (False, True)] for point in self._registry.points]
        numbers = [[np.nan if isinstance(each, BadValue) else each for each in pair] for pair in found]
        return np.array(numbers, dtype=np.float64).reshape(-1, 2)

    def _known(self, index: Rows) -> Rows:
        return np.where((index >= 0) & (index < len(self._registry)), index, -1)

    def _check_registry(self, name: object) -> None:
        if name != self._registry.hash:
            raise PayloadError(
                "wrong_registry",
                f"numbers of points are those of a registry, and this one is {self._registry.hash}; load "
                "GET /api/points again, and the registry from GET /api/model",
            )

    def read_frames(self, data: bytes, registry: object) -> ColumnBatch:
        """Read frames, one after the other; each sample's time is its frame's.

        `registry` is what the sender says that the points' numbers mean.

        Raises:
            PayloadError: another registry, bytes that are no frames, or too many of them.
        """
        self._check_registry(registry)
        frames = _frames(data)
        index = np.concatenate([_NO_INDICES, *(frame.point_index for frame in frames)])
        return ColumnBatch(
            self._known(index.astype(np.intp)),
            np.concatenate([_NO_VALUES, *(frame.value for frame in frames)]),
            np.repeat([frame.time_ms for frame in frames], [len(frame) for frame in frames]),
            np.concatenate([_NO_QUALITIES, *(frame.quality for frame in frames)]).astype(np.intp),
        )


_NO_INDICES, _NO_VALUES, _NO_QUALITIES = np.empty(0, np.uint32), np.empty(0), np.empty(0, np.uint8)


def _frames(data: bytes) -> list[Frame]:
    view, samples = memoryview(data), 0
    frames: list[Frame] = []
    while view:
        try:
            length = frame_length(view)
            frame = decode_frame(view[:length])
        except WireError as error:
            at = len(data) - len(view)
            raise PayloadError("wrong_shape", f"frame {len(frames)} at byte {at}: {error}") from error
        samples += len(frame)
        _check_count(samples)
        if len(frames) >= MAX_FRAMES:
            raise PayloadError("too_large", f"more than {MAX_FRAMES:,} frames; send fewer at once")
        frames.append(frame)
        view = view[length:]
    return frames


def deliver_columns(batch: ColumnBatch, sink: ColumnSink, speaker: str | None = None) -> Acceptance:
    """Hand a batch on; gives what was refused in the message's order, the first `MAX_LISTED` one by one.

    `speaker` is the device that signed the message, where it may speak for itself alone.
    """
    known = batch.point_index >= 0
    if known.all():
        return sink.accept_columns(batch.point_index, batch.value, batch.time_ms, batch.quality)
    rows = np.flatnonzero(known)
    taken = sink.accept_columns(
        batch.point_index[rows], batch.value[rows], _at(batch.time_ms, rows), _at(batch.quality, rows)
    )
    strangers = batch.strangers
    refused = [_stranger(batch, int(row), speaker) for row in strangers[:MAX_LISTED]]
    if speaker is None:
        sink.note_strangers({each.device for each in refused if each.device})
    refused += [replace(each, index=int(rows[each.index])) for each in taken.refused]
    refused.sort(key=lambda each: each.index)
    return Acceptance(taken.accepted, tuple(refused), taken.unlisted + max(0, len(strangers) - MAX_LISTED))


def _at(column: Any, rows: Rows) -> Any:
    """Give the rows of a column; a number for all, or none, stays what it is."""
    return column[rows] if np.ndim(column) else column


def _stranger(batch: ColumnBatch, row: int, speaker: str | None) -> Refusal:
    key = batch.keys[row] if batch.keys else ""
    device, _, point = key.partition("/")
    if speaker is not None and device != speaker:
        reason = f"this was signed by {speaker}, which speaks for itself alone"
        return Refusal.of(row, device, point, "wrong_device", reason)
    reason = f"no point {clipped(key)!r} in the registry" if key else "no point of this number"
    return Refusal.of(row, device, point, "unknown_point", reason)


def _check_fields(document: Mapping[str, Any]) -> None:
    if unknown := sorted(set(document) - KNOWN_FIELDS):
        raise PayloadError("wrong_shape", f"columns have no field {clipped(unknown[0])!r}; send {SHAPE}")
    if {"time", "time_ms"} <= set(document):
        raise PayloadError("wrong_shape", "give time or time_ms, not both")


def _numbers(document: Mapping[str, Any], name: str, kind: type[float] | type[int]) -> Values:
    """Give a column of numbers; null is NaN among floats."""
    column = document.get(name)
    allowed = {int} if kind is int else {int, float, bool, type(None)}
    if not isinstance(column, list) or set(map(type, column)) - allowed:
        raise PayloadError("wrong_shape", f'"{name}" is a list of numbers; send {SHAPE}')
    _check_count(len(column))
    try:
        return np.array(column, dtype=np.float64)
    except OverflowError:
        raise PayloadError("wrong_shape", f'"{name}" holds a number beyond 64 bits') from None


def _times(document: Mapping[str, Any], length: int) -> Values | np.float64 | None:
    text, number = document.get("time"), document.get("time_ms")
    if isinstance(text, str):
        try:
            return np.float64(parse_rfc3339(text))
        except ValueError as error:
            raise PayloadError("wrong_shape", f"time: {error}") from error
    if text is not None:
        raise PayloadError("wrong_shape", 'time is one RFC 3339 text for all; several go into "time_ms"')
    if number is None:
        return None
    times = _numbers({"time_ms": number if isinstance(number, list) else [number]}, "time_ms", float)
    if not isinstance(number, list):
        return np.float64(times[0])
    _check_lengths(length, times)
    return times


def _quality(document: Mapping[str, Any], length: int) -> Rows | np.intp:
    given = document.get("quality")
    if given is None:
        return np.intp(Quality.GOOD)
    column = _numbers({"quality": given if isinstance(given, list) else [given] * length}, "quality", int)
    _check_lengths(length, column)
    if len(column) and not (column.min() >= 0 and column.max() <= max(Quality)):
        raise PayloadError("wrong_shape", "a quality is 0 good, 1 stale, 2 bad or 3 simulated")
    return column.astype(np.intp)


def _check_lengths(length: int, column: Values) -> None:
    if len(column) != length:
        raise PayloadError("wrong_shape", f"columns differ in length: {length:,} and {len(column):,}")


def _check_count(count: int) -> None:
    if count > MAX_COLUMN_SAMPLES:
        raise PayloadError("too_large", f"more than {MAX_COLUMN_SAMPLES:,} samples; send smaller batches")
