"""Samples come back from a table, from Parquet and from DuckDB as they were, to the bit."""

import io

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.samples import Samples
from tests.twin.film.samples import Run, same_columns, scenes, segment_of
from twin.errors import DamagedFilmError
from twin.film.arrow import samples_of, table_of
from twin.film.described import PastPoint, PastRegistry

SWITCH = ("off", "on")
REGISTRY = PastRegistry(
    "x",
    tuple(
        PastPoint(
            f"d{number // 3}", f"p{number % 3}", "1" if number % 3 else "degC", SWITCH[: number % 3 * 2]
        )
        for number in range(700)
    ),
)


@given(scene=scenes(), sparse=st.booleans())
def test_samples_come_back_to_the_bit(scene: tuple[float, dict[int, Run]], *, sparse: bool) -> None:
    samples = segment_of(scene).samples
    table = table_of(REGISTRY, samples, sparse_times=sparse)
    assert same_columns(samples_of(table, REGISTRY), samples)
    file = io.BytesIO()
    pq.write_table(table, file)
    assert same_columns(samples_of(pq.read_table(file), REGISTRY), samples)
    plain = pq.read_table(file).cast(
        pa.schema(
            [
                each.with_type(pa.string()) if pa.types.is_dictionary(each.type) else each
                for each in table.schema
            ]
        )
    )
    assert same_columns(samples_of(plain, REGISTRY), samples)


def test_times_that_microseconds_tell_are_not_kept_twice() -> None:
    times = [1.79e12, 1.79e12 + 0.25, 1.79e12 + 0.123, np.nextafter(1.79e12, np.inf), -0.0, np.inf]
    samples = Samples.of(range(6), times, 1.0, 0)
    table = table_of(REGISTRY, samples, sparse_times=True)
    assert table.column("time_ms").is_valid().to_pylist() == [False, False, False, True, True, True]
    assert table.column("time").null_count == 1


def test_a_state_is_told_by_its_key() -> None:
    samples = Samples.of([1, 1, 1, 1, 0, 1], 0.0, [0.0, 1.0, 2.0, 0.5, 1.0, np.nan], 0)
    table = table_of(REGISTRY, samples)
    assert table.column("state").to_pylist() == ["off", "on", None, None, None, None]
    assert table.column("unit").to_pylist()[4] == "degC"


def test_duckdb_reads_what_was_measured() -> None:
    samples = Samples.of([4, 3], [1.79e12, 1.79e12 + 1], [1.0, 21.5], [0, 3])
    tables = duckdb.connect()
    tables.register("read", table_of(REGISTRY, samples))
    found = tables.sql(
        "select device, point, epoch_ms(time), value, quality, state, unit from read"
    ).fetchall()
    assert found == [
        ("d1", "p1", 1_790_000_000_000, 1.0, 0, "on", "1"),
        ("d1", "p0", 1_790_000_000_001, 21.5, 3, None, "degC"),
    ]


def test_a_table_of_something_else_is_refused() -> None:
    good = table_of(REGISTRY, Samples.of([0], 0.0, 1.0, 0))
    with pytest.raises(DamagedFilmError, match="none of samples"):
        samples_of(good.drop_columns(["value"]), REGISTRY)
    with pytest.raises(DamagedFilmError, match="d0/p0 is none of those"):
        samples_of(good, PastRegistry("y", ()))
    with pytest.raises(DamagedFilmError, match="wrong type"):
        samples_of(good.set_column(5, "quality", pa.array([0])), REGISTRY)
    with pytest.raises(DamagedFilmError, match="without a time"):
        samples_of(
            good.set_column(3, "time_ms", pa.array([None], pa.float64())).set_column(
                2, "time", pa.array([None], pa.timestamp("us", "UTC"))
            ),
            REGISTRY,
        )
