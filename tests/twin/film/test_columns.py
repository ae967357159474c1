"""Columns come back, several symbols to a byte where that is less."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import DamagedFilmError
from twin.film import kernels
from twin.film.columns import Packed, pack, put_varint, unpack
from twin.film.directory import varint
from twin.film.layout import DIGITS

MOST = [1 << 20] * 4
columns = st.lists(
    st.one_of(
        st.binary(max_size=200),
        st.integers(1, 15).flatmap(lambda most: st.lists(st.integers(0, most), max_size=300)).map(bytes),
    ),
    min_size=4,
    max_size=4,
)


def spread(packed: Packed) -> list[bytes]:
    out = np.empty(packed.sizes.sum(), np.uint8)
    layout = np.array((packed.sizes.ravel(), packed.dense.ravel(), packed.bases.ravel()))
    kernels.spread_out(np.frombuffer(packed.data, np.uint8), layout, out)
    return [part.tobytes() for part in np.split(out, np.cumsum(packed.sizes)[:-1])]


def packed_with_all_forms(plain: list[bytes]) -> bytes:
    size = np.array([len(column) for column in plain])
    dense, base = np.empty_like(size), np.empty_like(size)
    denser = kernels.densified(np.frombuffer(b"".join(plain), np.uint8).copy(), size, dense, base)
    parts = [part.tobytes() for part in np.split(denser, np.cumsum(dense)[:-1])]
    return pack(plain, parts, base.tolist(), thoroughly=1)


@given(columns)
def test_columns_come_back(plain: list[bytes]) -> None:
    assert spread(unpack([packed_with_all_forms(plain)], MOST)) == plain
    assert spread(unpack([pack(plain)], MOST)) == plain


@given(st.lists(columns, max_size=4))
def test_blocks_are_read_together(blocks: list[list[bytes]]) -> None:
    packed = unpack([packed_with_all_forms(plain) for plain in blocks], MOST)
    assert packed.sizes.shape == (len(blocks), len(MOST))
    assert b"".join(spread(packed)) == b"".join(b"".join(plain) for plain in blocks)


def test_a_base_has_room_for_its_digits() -> None:
    for base in range(2, 17):
        assert base ** DIGITS[base] <= 256 < base ** (DIGITS[base] + 1)


def test_symbols_of_few_bits_take_few_bits() -> None:
    symbols = np.random.default_rng(1).choice([0, 1, 2, 3, 4], 20_000, p=[0.68, 0.15, 0.15, 0.01, 0.01])
    packed = packed_with_all_forms([b"", symbols.astype(np.uint8).tobytes(), b"", b""])
    assert len(packed) < 0.19 * len(symbols)  # entropy: 1.33 bits of 8


@given(st.integers(0, 2**35 - 1), st.binary(max_size=3))
def test_varints(number: int, rest: bytes) -> None:
    data = put_varint(number)
    whole = np.frombuffer(data + rest, np.uint8)
    assert varint(whole, 0, len(whole)) == (number, len(data))
    assert varint(whole, 0, len(data) - 1)[0] == -1


@given(st.binary(max_size=12))
def test_no_varint_is_read_beyond_its_end(data: bytes) -> None:
    number, at = varint(np.frombuffer(data, np.uint8), 0, len(data))
    assert -1 <= number < 1 << 42
    assert at <= len(data)


@given(columns, st.data())
def test_damage_is_refused_or_read(plain: list[bytes], data: st.DataObject) -> None:
    packed = bytearray(packed_with_all_forms(plain))
    packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = unpack([bytes(packed)], MOST)
    except DamagedFilmError:
        return
    assert list(map(len, spread(found))) == found.sizes[0].tolist()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x10\x00", "nobody knows"),
        (b"\x01\x00\xff\xff\xff\xff\x0f\x00\x00", "bytes"),
        (b"\x01\x00\x04\x00\x01abcd", "bytes"),
        (b"\x01\x00\x04\x00\x11abcd", "bytes"),
        (b"\x01\x00\x04\x00\x00abc", "before its time"),
        (b"\x01\x00\x04\x00\x00abcde", "more bytes"),
        (b"\x01\x00\x04\x03\x00abc", "as film is written"),
        (b"\x01\x00\x04\x03\x00\x00bc", "decompressed"),
        (b"\x01\x00\x04", "within a number"),
    ],
)
def test_what_is_no_column_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(DamagedFilmError, match=what):
        unpack([data], MOST)


def test_a_column_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(DamagedFilmError):
        unpack([pack([bytes(2 << 20)])], MOST)
