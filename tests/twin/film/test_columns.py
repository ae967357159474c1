"""Columns come back to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.film.scenes import values
from twin.errors import DamagedFilmError
from twin.film.columns import (
    Reader,
    pack,
    pack_bits,
    pack_values,
    unpack,
    unpack_bits,
    unpack_values,
    unzigzag,
    zigzag,
)

runs = st.lists(st.lists(values, min_size=1, max_size=5), max_size=6)


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_integers(numbers: list[int]) -> None:
    column = np.array(numbers, dtype=np.uint64)
    reader = Reader(memoryview(pack(column) + b"rest"))
    assert unpack(reader, len(column)).tolist() == numbers
    assert bytes(reader.take(4)) == b"rest"


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_zigzag(numbers: list[int]) -> None:
    column = np.array(numbers, dtype=np.int64)
    assert unzigzag(zigzag(column)).tolist() == numbers


@settings(max_examples=300)
@given(runs)
def test_values_of_every_kind(each_run: list[list[float]]) -> None:
    value = np.array([value for run in each_run for value in run], dtype=np.float64)
    lengths = np.array([len(run) for run in each_run], dtype=np.int64)
    packed = pack_values(value, np.cumsum(lengths) - lengths)
    reader = Reader(memoryview(packed))
    assert unpack_values(reader, lengths).tobytes() == value.tobytes()
    assert reader.at == len(packed)


@given(st.lists(values))
def test_bits(each: list[float]) -> None:
    column = np.array(each, dtype=np.float64)
    assert unpack_bits(Reader(memoryview(pack_bits(column))), len(each)).tobytes() == column.tobytes()


def test_instruments_decimals_take_about_a_byte() -> None:
    steps = np.random.default_rng(1).integers(-20, 21, 10_000)
    value = np.cumsum(steps) / 10.0
    assert len(pack_values(value, np.array([0]))) < 1.0 * len(value)


@pytest.mark.parametrize(
    "broken", [b"", b"\x01", b"\x09\x00\x00\x00\x00", b"\x01\x04\x00\x00\x00abcd", b"\x81\x01\x00\x00\x00a"]
)
def test_what_is_no_column_is_refused(broken: bytes) -> None:
    with pytest.raises(DamagedFilmError):
        unpack(Reader(memoryview(broken)), 2)
