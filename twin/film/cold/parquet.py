"""Parts of segments as one Parquet file, and back. No I/O but on the file that it is given.

The columns are those of `twin.film.arrow`, then

| column | type | |
| --- | --- | --- |
| `number` | uint32 | the point's number in the registry of then |
| `segment` | int64 | which segment it is of |
| `keyframe` | bool | not a sample of that time but what the point read when the segment began |

Rows are by segment, then by point, then by time, what was read at the start first. A row group is one
segment's, or some of its points where there are more than `GROUP_ROWS` rows: a moment is read without the
rest of the day, a point without most of the others. The footer says of each row group which points it has.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.samples import Samples
from twin.errors import DamagedFilmError
from twin.film.arrow import ENCODINGS, PointTexts, arrow, sample_fields, table_of, times_of
from twin.film.segment import Keyframe, Mask, Rows, Segment

GROUP_ROWS: Final = 1 << 15
#: More rows in a row group are refused: a file that lies must not make the reader take all memory.
MOST_GROUP_ROWS: Final = 1 << 24
WORDS: Final = ("device", "point", "state", "unit", "segment")
READ: Final = ("number", "segment", "keyframe", "time", "time_ms", "value", "quality")
LEVEL: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What a file is to hold of a segment; `texts` are of its registry."""

    segment_id: int
    texts: PointTexts
    segment: Segment


@dataclass(frozen=True, slots=True)
class Groups:
    """Where a segment's part lies in a file: its row groups, and how many rows that are."""

    segment_id: int
    first: int
    count: int
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class FileMap:
    """A file's footer: `metadata` as pyarrow has it, and per row group its first and last point (g,)."""

    metadata: Any
    first: Rows
    last: Rows

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory, about."""
        return 4 * int(self.metadata.serialized_size)

    def groups_of(self, groups: Sequence[int], number: int) -> list[int]:
        """Of some row groups those that may hold a point."""
        there = len(self.first)
        return [each for each in groups if each < there and self.first[each] <= number <= self.last[each]]


def write_file(parts: Sequence[Part]) -> tuple[bytes, list[Groups]]:
    """The file of some segments' parts, and where in it each is; a part without rows is in none."""
    pa = arrow()
    target = io.BytesIO()
    found: list[Groups] = []
    with pa.parquet.ParquetWriter(
        target,
        _schema(),
        compression="zstd",
        compression_level=LEVEL,
        use_dictionary=list(WORDS),
        column_encoding=ENCODINGS | {"number": "DELTA_BINARY_PACKED", "keyframe": "RLE"},
        write_statistics=["number", "segment", "time"],
        write_page_checksum=True,
        version="2.6",
    ) as writer:
        written = 0
        for part in parts:
            rows, known = _in_rows(part.segment)
            cuts = list(_cuts(rows.point_index))
            for begin, end in cuts:
                table = _table(part, rows[begin:end], known[begin:end])
                writer.write_table(table, row_group_size=end - begin)
            if cuts:
                found.append(Groups(part.segment_id, written, len(cuts), len(rows)))
            written += len(cuts)
    return target.getvalue(), found


def _schema() -> Any:
    pa = arrow()
    own = (("number", pa.uint32()), ("segment", pa.int64()), ("keyframe", pa.bool_()))
    return pa.schema([*sample_fields(), *(pa.field(name, kind, nullable=False) for name, kind in own)])


def _in_rows(segment: Segment) -> tuple[Samples, Mask]:
    """Keyframe and samples as one, by point, and which rows are the keyframe's."""
    keyframe, samples = segment.keyframe, segment.samples
    at = np.searchsorted(samples.point_index, keyframe.point_index)
    whole = Samples(
        np.insert(samples.point_index, at, keyframe.point_index),
        np.insert(samples.time_ms, at, keyframe.time_ms),
        np.insert(samples.value, at, keyframe.value),
        np.insert(samples.quality, at, keyframe.quality),
    )
    return whole, np.insert(np.zeros(len(samples), dtype=np.bool_), at, True)


def _cuts(point: NDArray[np.uint32]) -> Iterator[tuple[int, int]]:
    """Where row groups begin and end: between points, with about GROUP_ROWS rows each."""
    begin = 0
    while begin < len(point):
        end = min(begin + GROUP_ROWS, len(point))
        if end < len(point):
            end = int(np.searchsorted(point, point[end], side="left"))
            if end <= begin:
                end = int(np.searchsorted(point, point[begin], side="right"))
        yield begin, end
        begin = end


def _table(part: Part, rows: Samples, known: Mask) -> Any:
    pa = arrow()
    table = table_of(part.texts, rows, sparse_times=True)
    own = (
        pa.array(rows.point_index),
        pa.array(np.full(len(rows), part.segment_id, dtype=np.int64)),
        pa.array(known),
    )
    return pa.Table.from_arrays([*table.columns, *own], schema=_schema())


def read_map(file: Any) -> FileMap:
    """A file's footer. DamagedFilmError: it is none of ours."""
    pa = arrow()
    try:
        metadata = pa.parquet.read_metadata(file)
        names = metadata.schema.names
        number = names.index("number")
        bounds = [_bounds(metadata.row_group(each), number) for each in range(metadata.num_row_groups)]
    except (pa.ArrowException, ValueError, LookupError, AttributeError) as error:
        raise DamagedFilmError(f"it is no file of film ({_short(error)})") from error
    first, last = np.array(bounds, dtype=np.int64).reshape(-1, 2).T
    return FileMap(metadata, first, last)


def _bounds(group: Any, number: int) -> tuple[int, int]:
    if not 0 < group.num_rows <= MOST_GROUP_ROWS:
        raise ValueError(f"{group.num_rows} rows in a row group")
    statistics = group.column(number).statistics
    return int(statistics.min), int(statistics.max)


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """Rows of a file: samples, (n,) int64 of which segment, and (n,) bool whether they are a keyframe's."""

    samples: Samples
    segment_id: Rows
    known: Mask

    def of_point(self, number: int) -> "Content":
        """Those of one point."""
        rows = np.flatnonzero(self.samples.point_index == number)
        return Content(self.samples[rows], self.segment_id[rows], self.known[rows])

    def segment(self, segment_id: int, start_ms: float) -> Segment:
        """What there is of a segment."""
        own = self.segment_id == segment_id
        key, samples = self.samples[own & self.known], self.samples[own & ~self.known]
        return Segment(start_ms, Keyframe.of(key), samples)


def read_groups(file: Any, known: FileMap, groups: Sequence[int]) -> Content:
    """Some row groups of a file, with what was checked when they were written.

    DamagedFilmError: they cannot be read, or hold what no film can. What the file raises when it is read.
    """
    pa = arrow()
    try:
        source = pa.parquet.ParquetFile(
            file, metadata=known.metadata, pre_buffer=True, page_checksum_verification=True
        )
        table = source.read_row_groups(list(groups), columns=list(READ), use_threads=False)
        samples = Samples(
            _column(table, "number", np.uint32),
            times_of(table),
            _column(table, "value", np.float64),
            _column(table, "quality", np.uint8),
        )
        found = Content(samples, _column(table, "segment", np.int64), _column(table, "keyframe", np.bool_))
    except (pa.ArrowException, ValueError, LookupError) as error:
        raise DamagedFilmError(f"its rows cannot be read ({_short(error)})") from error
    if not _in_order(found):
        raise DamagedFilmError("its rows are not in order")
    return found


def _column(table: Any, name: str, kind: Any) -> Any:
    column = table.column(name)
    if column.null_count:
        raise ValueError(f"nothing in {name}")
    found = column.to_numpy()
    if found.dtype != kind:
        raise ValueError(f"{name} of a wrong type")
    return found


def _in_order(content: Content) -> bool:
    """Whether rows are by segment, point and time, of a point the keyframe's first."""
    point, time_ms, known = content.samples.point_index, content.samples.time_ms, content.known
    same = (content.segment_id[1:] == content.segment_id[:-1]) & (point[1:] == point[:-1])
    after = ~known[1:] & (known[:-1] | (time_ms[1:] > time_ms[:-1]))
    rising = (content.segment_id[1:] != content.segment_id[:-1]) | (point[1:] >= point[:-1])
    return bool((rising & (~same | after)).all()) and not bool(np.isnan(time_ms).any())


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
