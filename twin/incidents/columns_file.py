"""A cut film's samples and states as Parquet, which DuckDB and pandas read. pyarrow is imported when needed.

Numbers come back bit for bit, NaN payloads too: no dictionary over values, and no statistics to trust.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.film.described import PastPoint
from twin.incidents.errors import ArchiveError, ExportUnableError
from twin.incidents.film_cut import FilmCut, Joint

MOST_ROWS = 100_000_000
NEEDED = "the archive needs pyarrow, which is not installed: pip install 'venue-twin[parquet]'"
SAMPLE_COLUMNS = {"time_ms": np.float64, "row": np.int32, "value": np.float64, "quality": np.uint8}
STATE_COLUMNS = {"at_ms": np.float64, **SAMPLE_COLUMNS}
Column = NDArray[Any]


def _arrow() -> Any:
    try:
        import pyarrow.parquet  # noqa: PLC0415 - see the module's first lines
    except ImportError as error:
        raise ExportUnableError(NEEDED, "pyarrow") from error
    return pyarrow


def check_columns() -> None:
    """Raise ExportUnableError where pyarrow is missing."""
    _arrow()


def samples_file(cut: FilmCut) -> bytes:
    """The samples by time: `time_ms`, `row`, `value`, `quality`, and `device` and `point` by name."""
    columns: dict[str, Column] = {
        "time_ms": cut.time_ms,
        "row": cut.row,
        "value": cut.value,
        "quality": cut.quality,
    }
    return _written(columns, cut.points)


def states_file(cut: FilmCut) -> bytes:
    """The joints' states: `at_ms`, the moment, and the columns of samples."""
    joints = cut.joints
    columns = {
        "at_ms": np.repeat([joint.at_ms for joint in joints], [len(joint.row) for joint in joints]),
        "time_ms": np.concatenate([joint.time_ms for joint in joints]),
        "row": np.concatenate([joint.row for joint in joints]),
        "value": np.concatenate([joint.value for joint in joints]),
        "quality": np.concatenate([joint.quality for joint in joints]),
    }
    return _written(columns, cut.points)


def _written(columns: dict[str, Column], points: Sequence[PastPoint]) -> bytes:
    arrow = _arrow()
    arrays = {name: arrow.array(column) for name, column in columns.items()}
    for name, texts in (
        ("device", [each.device for each in points]),
        ("point", [each.name for each in points]),
    ):
        arrays[name] = arrow.DictionaryArray.from_arrays(arrow.array(columns["row"]), arrow.array(texts))
    target = io.BytesIO()
    arrow.parquet.write_table(
        arrow.table(arrays),
        target,
        compression="zstd",
        use_dictionary=["device", "point"],
        use_byte_stream_split=["time_ms", "value"],
        write_statistics=False,
        store_schema=False,
    )
    return target.getvalue()


def read_samples(data: bytes, rows: int) -> dict[str, Column]:
    """The columns of `samples_file`; `rows` is the number of points.

    Raises:
        ArchiveError: it is none, or holds what no film can.
    """
    columns = _read(data, SAMPLE_COLUMNS, rows, "samples")
    if np.any(np.diff(columns["time_ms"]) < 0):
        raise ArchiveError("the archive's samples are not in order of time: it was not made by Venue Twin")
    return columns


def read_joints(data: bytes, moments: Sequence[float], rows: int) -> tuple[Joint, ...]:
    """The joints of `states_file` at the moments that the manifest names. Raises ArchiveError."""
    columns = _read(data, STATE_COLUMNS, rows, "states")
    at_ms = columns.pop("at_ms")
    if not np.isin(at_ms, moments).all():
        raise ArchiveError("the archive's states are of other moments than its manifest says")
    return tuple(
        Joint(moment, **{name: column[at_ms == moment] for name, column in columns.items()})
        for moment in moments
    )


def _read(data: bytes, wanted: dict[str, Any], rows: int, what: str) -> dict[str, Column]:
    arrow = _arrow()
    try:
        file = arrow.parquet.ParquetFile(io.BytesIO(data))
        if file.metadata.num_rows > MOST_ROWS:
            raise ArchiveError(f"the archive says that it has {file.metadata.num_rows} {what}: too many")
        table = file.read(columns=list(wanted))
        columns = {name: table.column(name).to_numpy() for name in wanted}
    except (arrow.ArrowException, OSError, KeyError, ValueError) as error:
        raise ArchiveError(f"the archive's {what} cannot be read ({_short(error)})") from error
    for name, kind in wanted.items():
        if columns[name].dtype != kind:
            raise ArchiveError(f"the archive's {what}: the column {name} has a wrong type")
    if not _is_possible(columns, rows):
        raise ArchiveError(f"the archive's {what} hold numbers that no film can hold")
    return columns


def _is_possible(columns: dict[str, Column], rows: int) -> bool:
    row, quality = columns["row"], columns["quality"]
    in_range = not len(row) or (int(row.min()) >= 0 and int(row.max()) < rows and int(quality.max()) <= 3)
    return in_range and bool(np.isfinite(columns["time_ms"]).all())


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
