"""Any part of the film as Parquet or CSV, a row group at a time: memory stays small however much it is.

What few points did is read point by point, from their strips alone; what many did, stretch by stretch. The
samples of a row group are by point, then by time.
"""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from telemetry_bridge.samples import Samples
from twin.errors import BadRequestError
from twin.film.arrow import ENCODINGS, TEXTS, PointTexts, arrow, sample_fields, table_of
from twin.film.choosing import Choice, chosen, meanings
from twin.film.described import PastPoint
from twin.film.film import Film

GROUP_ROWS: Final = 1 << 18  # DuckDB gives a row group to each core from some 120,000 rows on
FEW: Final = 64  # points that are read one by one
PAGE: Final = 1 << 20
MOST: Final = 100_000_000
DEFAULT_MOST: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """The samples of points from one time to before another, ms since 1970 UTC; `most`: no more than that."""

    choice: Choice
    from_ms: float
    to_ms: float
    most: int | None = None


@dataclass(slots=True)
class Tally:
    """How many samples were given."""

    samples: int = 0


async def tables(film: Film, wanted: Wanted) -> AsyncIterator[Any]:
    """The samples as pyarrow tables of some GROUP_ROWS rows.

    Raises BadRequestError: more than `most`, before anything was given; DamagedFilmError, NotRecordedError.
    """
    await check_size(film, wanted)
    waiting: list[Any] = []
    rows = 0
    async for registry, samples in _parts(film, wanted):
        for table in await asyncio.to_thread(_cut, registry, samples):
            waiting.append(table)
            rows += len(table)
            if rows >= GROUP_ROWS:
                yield await asyncio.to_thread(_joined, waiting)
                waiting, rows = [], 0
    if waiting:
        yield await asyncio.to_thread(_joined, waiting)


async def check_size(film: Film, wanted: Wanted) -> None:
    """Raise BadRequestError where the film has more samples of it than `most`."""
    if wanted.most is None or film.samples_at_most(wanted.from_ms, wanted.to_ms) <= wanted.most:
        return
    count = 0
    async for _, samples in _parts(film, wanted):
        count += len(samples)
        if count > wanted.most:
            raise BadRequestError(
                f"this is more than {wanted.most:,} samples: ask for fewer points or a shorter time, or for "
                f"more with max (at most {MOST:,})",
                "too-many-samples",
                most=wanted.most,
            )


def _parts(film: Film, wanted: Wanted) -> AsyncIterator[tuple[PointTexts, Samples]]:
    points = meanings(film.registries, wanted.choice)
    return _by_point(film, wanted, points) if len(points) <= FEW else _by_stretch(film, wanted)


async def _by_point(
    film: Film, wanted: Wanted, points: list[PastPoint]
) -> AsyncIterator[tuple[PointTexts, Samples]]:
    for point in points:
        texts, from_ms = PointTexts.of([point]), wanted.from_ms
        while True:
            found = await film.history(point, from_ms, wanted.to_ms, 0, limit=PAGE)
            track = found.track
            if len(track):
                yield texts, Samples.of(np.zeros(len(track)), track.time_ms, track.value, track.quality)
            if found.next_ms is None:
                break
            from_ms = found.next_ms


async def _by_stretch(film: Film, wanted: Wanted) -> AsyncIterator[tuple[PointTexts, Samples]]:
    known: dict[str, tuple[PointTexts, Any]] = {}
    async for stretch in film.samples(wanted.from_ms, wanted.to_ms):
        registry = stretch.registry
        if registry.hash not in known:
            known[registry.hash] = PointTexts.of(registry.points), wanted.choice.mask(registry)
        texts, mask = known[registry.hash]
        samples = await asyncio.to_thread(chosen, stretch.samples, mask)
        if len(samples):
            yield texts, samples


def _cut(texts: PointTexts, samples: Samples) -> list[Any]:
    starts = range(0, len(samples), GROUP_ROWS)
    return [table_of(texts, samples[start : start + GROUP_ROWS]) for start in starts]


def _joined(parts: list[Any]) -> Any:
    """Tables as one, their texts in one dictionary."""
    return arrow().concat_tables(parts).unify_dictionaries().combine_chunks()


# Bytes


class Outbox(io.RawIOBase):
    """A file that is given on as it grows: what was written since is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        """Whether it can be written."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes."""
        part = bytes(data)
        self._parts.append(part)
        self._at += len(part)
        return len(part)

    def tell(self) -> int:
        """How much was written."""
        return self._at

    def taken(self) -> bytes:
        """What was written since the last time."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found


def parquet_writer(sink: Any, facts: dict[str, str] | None = None) -> Any:
    """A writer of row groups of `sample_fields`, exact to the bit; `facts` stand in the file's metadata."""
    pa = arrow()
    return pa.parquet.ParquetWriter(
        sink,
        pa.schema(sample_fields(), metadata=facts or {}),
        compression="zstd",
        use_dictionary=list(TEXTS),
        column_encoding=ENCODINGS,
        write_statistics=["device", "point", "time", "time_ms", "quality"],
    )


async def parquet_bytes(
    film: Film, wanted: Wanted, facts: dict[str, str], tally: Tally | None = None
) -> AsyncIterator[bytes]:
    """The samples as a Parquet file, a row group at a time. Raises as `tables`, before the first bytes."""
    outbox = Outbox()
    writer = await asyncio.to_thread(parquet_writer, outbox, facts)
    async for table in tables(film, wanted):
        await asyncio.to_thread(writer.write_table, table)
        if tally is not None:
            tally.samples += len(table)
        yield outbox.taken()
    await asyncio.to_thread(writer.close)
    yield outbox.taken()


async def csv_bytes(film: Film, wanted: Wanted, tally: Tally | None = None) -> AsyncIterator[bytes]:
    """The samples as CSV in UTF-8 with a first line of names; numbers by the fewest digits that tell them.

    Times in both ways; NaN payloads are lost. Raises as `tables`.
    """
    yield csv_head()
    async for table in tables(film, wanted):
        if tally is not None:
            tally.samples += len(table)
        yield await asyncio.to_thread(csv_rows, table)


def csv_head() -> bytes:
    """The first line."""
    return (",".join(str(field.name) for field in sample_fields()) + "\n").encode()


def csv_rows(table: Any) -> bytes:
    """A table's rows as CSV."""
    import pyarrow.csv  # noqa: PLC0415 - slow to load, see `arrow`

    pa = arrow()
    sink = io.BytesIO()
    columns = {name: _plain(pa, table.column(name)) for name in table.column_names}
    pyarrow.csv.write_csv(pa.table(columns), sink, pyarrow.csv.WriteOptions(include_header=False))
    return sink.getvalue()


def _plain(pa: Any, column: Any) -> Any:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
