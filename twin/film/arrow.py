"""Samples as an Arrow table, which Parquet, DuckDB and pandas read, and back, to the bit. No I/O.

| column | type | |
| --- | --- | --- |
| `device`, `point` | dictionary of strings | |
| `time` | timestamp[us, UTC] | for readers: the nearest microsecond; null where the calendar ends |
| `time_ms` | float64 | the same exactly, ms since 1970 UTC; in cold files null where `time` is exact |
| `value` | float64 | in `unit`, bit for bit, NaN payloads too |
| `quality` | uint8 | 0 good, 1 stale, 2 bad, 3 simulated |
| `state` | dictionary of strings | the key of the point's state, where it has states |
| `unit` | dictionary of strings | |

pyarrow is imported when it is needed: it is an extra, and slow to load.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import Values
from twin.errors import DamagedFilmError, ParquetMissingError
from twin.film.described import PastPoint, PastRegistry
from twin.film.segment import Mask, Rows

US_PER_MS: Final = 1000.0
#: Beyond it a float64 of microseconds is no whole number for sure.
LAST_US: Final = 2.0**53
TEXTS: Final = ("device", "point", "state", "unit")
#: How Parquet keeps the numbers best: device times repeat among the points of a device, values do not.
ENCODINGS: Final = {
    "time": "PLAIN",
    "time_ms": "BYTE_STREAM_SPLIT",
    "value": "PLAIN",
    "quality": "PLAIN",
}
QUALITIES: Final = {b"quality": b"0 good, 1 stale, 2 bad, 3 simulated"}
Codes = NDArray[np.int32]


def arrow() -> Any:
    """pyarrow. ParquetMissingError: it is not installed."""
    try:
        import pyarrow.parquet  # noqa: PLC0415 - see the module's first lines
    except ImportError as error:
        raise ParquetMissingError from error
    return pyarrow


def sample_fields() -> list[Any]:
    """The columns of a table of samples, as Arrow fields."""
    pa = arrow()
    text = pa.dictionary(pa.int32(), pa.string())
    return [
        pa.field("device", text, nullable=False),
        pa.field("point", text, nullable=False),
        pa.field("time", pa.timestamp("us", "UTC")),
        pa.field("time_ms", pa.float64()),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("quality", pa.uint8(), nullable=False, metadata=QUALITIES),
        pa.field("state", text),
        pa.field("unit", text, nullable=False),
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """A column of texts by point: the different ones, and (n_points,) int32 which of them is whose."""

    texts: tuple[str, ...]
    code: Codes

    @classmethod
    def of(cls, each: Sequence[str]) -> "Words":
        """Of one text a point."""
        known: dict[str, int] = {}
        code = np.array([known.setdefault(text, len(known)) for text in each], dtype=np.int32)
        return cls(tuple(known), code)


@dataclass(frozen=True, slots=True, eq=False)
class PointTexts:
    """What a table says of a registry's points; made once for many tables.

    `first_state` (n,) int32 is where a point's states begin in `states`, `n_states` (n,) how many it has.
    """

    device: Words
    point: Words
    unit: Words
    states: tuple[str, ...]
    first_state: Codes
    n_states: Codes

    @classmethod
    def of(cls, points: Sequence[PastPoint]) -> "PointTexts":
        """Of points by their number."""
        lists: dict[tuple[str, ...], int] = {(): 0}
        states: list[str] = []
        for each in points:
            if each.states not in lists:
                lists[each.states] = len(states)
                states += each.states
        return cls(
            Words.of([each.device for each in points]),
            Words.of([each.name for each in points]),
            Words.of([each.unit for each in points]),
            tuple(states),
            np.array([lists[each.states] for each in points], dtype=np.int32),
            np.array([len(each.states) for each in points], dtype=np.int32),
        )


def table_of(registry: PastRegistry | PointTexts, samples: Samples, *, sparse_times: bool = False) -> Any:
    """The samples as a pyarrow.Table, in their order; `samples.point_index` are numbers of the registry.

    `sparse_times`: `time_ms` only where `time` is not it to the bit; of most devices that is nowhere.
    """
    pa = arrow()
    texts = registry if isinstance(registry, PointTexts) else PointTexts.of(registry.points)
    index = samples.point_index
    times, time_ms = _times(pa, samples.time_ms, sparse=sparse_times)
    columns = [
        _words(pa, texts.device, index),
        _words(pa, texts.point, index),
        times,
        time_ms,
        pa.array(samples.value),
        pa.array(samples.quality),
        _states(pa, texts, samples),
        _words(pa, texts.unit, index),
    ]
    return pa.Table.from_arrays(columns, schema=pa.schema(sample_fields()))


def _words(pa: Any, words: Words, index: NDArray[np.uint32]) -> Any:
    """Of the texts those alone that are needed: each part of a Parquet file has all that it is given."""
    first, last = (int(index.min()), int(index.max())) if len(index) else (0, -1)
    used, code = np.unique(words.code[first : last + 1], return_inverse=True)
    texts = [words.texts[each] for each in used]
    return pa.DictionaryArray.from_arrays(
        pa.array(code.astype(np.int32)[index - first]), pa.array(texts, pa.string())
    )


def _times(pa: Any, time_ms: Values, *, sparse: bool) -> tuple[Any, Any]:
    told = np.abs(time_ms) < LAST_US / US_PER_MS
    whole_us = np.round(np.where(told, time_ms, 0.0) * US_PER_MS).astype(np.int64)
    times = pa.array(whole_us, pa.timestamp("us", "UTC"), mask=~told)
    exact = told & (_bits(whole_us / US_PER_MS) == _bits(time_ms)) if sparse else np.zeros(len(told), bool)
    return times, pa.array(time_ms, mask=exact)


def _bits(numbers: Values) -> Rows:
    return np.ascontiguousarray(numbers).view(np.int64)


def _states(pa: Any, texts: PointTexts, samples: Samples) -> Any:
    count = texts.n_states[samples.point_index]
    value = samples.value
    said: Mask = (value >= 0) & (value < count) & (value == np.floor(value))
    code = texts.first_state[samples.point_index] + np.where(said, value, 0.0).astype(np.int32)
    found = pa.array(code, mask=~said)
    words = Words.of(texts.states)  # two lists may have a key in common
    same = pa.array(words.code).take(found) if len(words.code) else found
    return pa.DictionaryArray.from_arrays(same, pa.array(words.texts, pa.string()))


def samples_of(table: Any, registry: PastRegistry) -> Samples:
    """The samples of a table, in its order, in the numbers of a registry.

    DamagedFilmError: a column is missing or of another type, or a point is none of the registry's.
    """
    pa = arrow()
    try:
        index = _numbers(table, registry)
        return Samples(index, times_of(table), *_numeric(table))
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise DamagedFilmError(
            f"the table is none of samples ({' '.join(str(error).split())[:120]})"
        ) from error


def _numeric(table: Any) -> tuple[Values, NDArray[np.uint8]]:
    value, quality = table.column("value").to_numpy(), table.column("quality").to_numpy()
    if value.dtype != np.float64 or quality.dtype != np.uint8:
        raise ValueError("a value or a quality of a wrong type")
    return value, quality


def times_of(table: Any) -> Values:
    """(n,) float64 ms since 1970 UTC: `time_ms`, and `time` where that says nothing."""
    exact = table.column("time_ms").combine_chunks()
    pa = arrow()
    if exact.type != pa.float64():
        raise ValueError("times of a wrong type")
    if not exact.null_count:
        return np.asarray(exact.to_numpy(zero_copy_only=False), dtype=np.float64)
    time = table.column("time").combine_chunks().cast(pa.int64())
    missing = exact.is_null().to_numpy(zero_copy_only=False)
    if time.null_count and bool((missing & time.is_null().to_numpy(zero_copy_only=False)).any()):
        raise ValueError("a sample without a time")
    plain: Values = time.fill_null(0).to_numpy() / US_PER_MS
    return plain if missing.all() else np.where(missing, plain, exact.to_numpy(zero_copy_only=False))


def _numbers(table: Any, registry: PastRegistry) -> NDArray[np.uint32]:
    device, devices = _coded(table.column("device"))
    point, points = _coded(table.column("point"))
    pair = device.astype(np.int64) * max(len(points), 1) + point
    different, of_pair = np.unique(pair, return_inverse=True)
    names = [(devices[each // max(len(points), 1)], points[each % max(len(points), 1)]) for each in different]
    found = [registry.index.get(name, -1) for name in names]
    if -1 in found:
        device_name, name = names[found.index(-1)]
        raise DamagedFilmError(f"the point {device_name}/{name} is none of those that were recorded then")
    numbers: NDArray[np.uint32] = np.array(found, dtype=np.uint32)[of_pair]
    return numbers


def _coded(column: Any) -> tuple[Codes, list[str]]:
    """A column of texts as codes, and the texts."""
    pa = arrow()
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    whole = column.unify_dictionaries().combine_chunks()
    whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    if whole.null_count:
        raise ValueError("a sample without a device or a point")
    return whole.indices.to_numpy().astype(np.int32), whole.dictionary.to_pylist()
