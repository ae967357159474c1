"""Columns of numbers as few bytes, exact to the bit. Pure.

An integer column is cut into byte planes (the lowest bytes of all numbers, then the next ones, ...) as many
as its largest number needs, and compressed with Zstandard: high planes are mostly zeros and cost next to
nothing.

Floats come in runs, one run a point. A run whose every value is a short decimal (what instruments report:
21.5, not 21.499999) is kept as integers of that many decimals, each as its difference to the one before; any
other run as the XOR of each value's 64 bits with those before it (Pelkonen et al., "Gorilla", VLDB 2015,
4.1.2). Decoding repeats the very division that encoding has checked, so that every bit comes back, NaN
payloads and the sign of zero included.
"""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
import zstandard
from numpy.typing import NDArray

from telemetry_bridge.wire import Values
from twin.errors import DamagedFilmError

Unsigned = NDArray[np.uint64]
Signed = NDArray[np.int64]

LEVEL: Final = 3
MAX_DECIMALS: Final = 6
#: Integers up to here are exact as float64.
EXACT: Final = float(2**53)
_HEAD: Final = struct.Struct("<BI")
_STORED: Final = 0x80  # the planes as they are: they did not get smaller
_ONE: Final = np.uint64(1)


@dataclass(slots=True)
class Reader:
    """A place in a block of bytes, which moves on as columns are read."""

    data: memoryview
    at: int = 0

    def take(self, length: int) -> memoryview:
        """The next bytes. DamagedFilmError: there are not so many."""
        end = self.at + length
        if end > len(self.data):
            raise DamagedFilmError("a column ends before its time")
        part = self.data[self.at : end]
        self.at = end
        return part


def zigzag(numbers: Signed) -> Unsigned:
    """0, -1, 1, -2, ... as 0, 1, 2, 3, ...: small numbers of either sign become small ones."""
    return (numbers.view(np.uint64) << _ONE) ^ (numbers >> 63).view(np.uint64)


def unzigzag(numbers: Unsigned) -> Signed:
    """The inverse of `zigzag`."""
    return ((numbers >> _ONE) ^ (np.uint64(0) - (numbers & _ONE))).view(np.int64)


def pack(numbers: Unsigned) -> bytes:
    """An integer column, (n,) uint64, as bytes; whoever reads it knows n."""
    largest = int(numbers.max()) if len(numbers) else 0
    width = (largest.bit_length() + 7) // 8
    planes = np.ascontiguousarray(numbers).view(np.uint8).reshape(-1, 8)[:, :width].T.tobytes()
    packed = zstandard.compress(planes, LEVEL) if width else b""
    if len(packed) < len(planes):
        return _HEAD.pack(width, len(packed)) + packed
    return _HEAD.pack(width | _STORED, len(planes)) + planes


def unpack(reader: Reader, n: int) -> Unsigned:
    """The next column, of n numbers. DamagedFilmError: it is none."""
    head, length = _HEAD.unpack(reader.take(_HEAD.size))
    width = head & ~_STORED
    body = reader.take(length)
    if width > 8:
        raise DamagedFilmError(f"a column of {width} bytes a number")
    planes = bytes(body) if head & _STORED else _decompressed(body, width * n)
    if len(planes) != width * n:
        raise DamagedFilmError(f"a column of {len(planes)} bytes, not {width * n}")
    return _joined(np.frombuffer(planes, np.uint8).reshape(width, n))


def _decompressed(body: memoryview, size: int) -> bytes:
    try:
        return zstandard.decompress(body, max_output_size=size)
    except zstandard.ZstdError as error:
        raise DamagedFilmError(f"a column that cannot be decompressed ({error})") from error


def _joined(planes: NDArray[np.uint8]) -> Unsigned:
    numbers = np.zeros(planes.shape[1], dtype=np.uint64)
    for place, plane in enumerate(planes):
        if place == 0:
            numbers |= plane
        elif plane.any():
            numbers |= plane.astype(np.uint64) << np.uint64(8 * place)
    return numbers


def pack_ascending(numbers: NDArray[np.unsignedinteger]) -> bytes:
    """A column that never falls, as its steps."""
    steps = numbers.astype(np.uint64)
    steps[1:] -= steps[:-1].copy()
    return pack(steps)


def unpack_ascending(reader: Reader, n: int) -> Unsigned:
    """The inverse of `pack_ascending`."""
    return np.cumsum(unpack(reader, n), dtype=np.uint64)


def pack_bits(floats: Values) -> bytes:
    """A few floats of any kind, as the steps between their bits."""
    bits = np.ascontiguousarray(floats).view(np.int64)
    return pack(zigzag(np.diff(bits, prepend=np.int64(0))))


def unpack_bits(reader: Reader, n: int) -> Values:
    """The inverse of `pack_bits`."""
    return np.cumsum(unzigzag(unpack(reader, n)), dtype=np.int64).view(np.float64)


def pack_values(value: Values, starts: Signed) -> bytes:
    """Floats in runs that begin at `starts`, ascending from 0; no run is empty."""
    if not len(value):
        return b""
    lengths = np.diff(starts, append=len(value))
    decimals = _decimals(value, starts, lengths)
    is_decimal = np.repeat(decimals >= 0, lengths)
    power = np.repeat(10.0 ** np.maximum(decimals, 0), lengths)[is_decimal]
    whole = np.rint(value[is_decimal] * power).astype(np.int64)
    bits = np.ascontiguousarray(value[~is_decimal]).view(np.uint64)
    first = np.zeros(len(value), dtype=np.bool_)
    first[starts] = True
    return b"".join(
        (
            pack((decimals + 1).astype(np.uint64)),
            pack(zigzag(_steps(whole, first[is_decimal]))),
            pack(_xors(bits, first[~is_decimal])),
        )
    )


def _decimals(value: Values, starts: Signed, lengths: Signed) -> Signed:
    """(runs,) how many decimals each run is kept with; -1: as bits."""
    own = np.full(len(value), -1, dtype=np.int64)
    left = np.isfinite(value) & ~(np.signbit(value) & (value == 0.0))
    for places in range(MAX_DECIMALS + 1):
        fits = left & _is_decimal(np.where(left, value, 0.0), 10.0**places)
        own[fits] = places
        left &= ~fits
        if not left.any():
            break
    most = np.maximum.reduceat(own, starts)
    most[np.minimum.reduceat(own, starts) < 0] = -1
    # A value that fits three decimals need not come back exactly from five: look again with the run's number.
    power = np.repeat(10.0 ** np.maximum(most, 0), lengths)
    sure = np.where(np.repeat(most >= 0, lengths), value, 0.0)
    most[~np.logical_and.reduceat(_is_decimal(sure, power), starts)] = -1
    return most


def _is_decimal(value: Values, power: Values | float) -> NDArray[np.bool_]:
    # A product that overflows is larger than EXACT, as it should be.
    with np.errstate(over="ignore"):
        whole = np.rint(value * power)
    exact: NDArray[np.bool_] = (np.abs(whole) <= EXACT) & (whole / power == value)
    return exact


def _steps(whole: Signed, first: NDArray[np.bool_]) -> Signed:
    steps = np.diff(whole, prepend=np.int64(0))
    steps[first] = whole[first]
    return steps


def _xors(bits: Unsigned, first: NDArray[np.bool_]) -> Unsigned:
    xors = bits.copy()
    xors[1:] ^= bits[:-1]
    xors[first] = bits[first]
    return xors


def unpack_values(reader: Reader, lengths: Signed) -> Values:
    """The inverse of `pack_values`; `lengths` are the runs'."""
    n = int(lengths.sum())
    if not n:
        return np.empty(0)
    decimals = unpack(reader, len(lengths)).astype(np.int64) - 1
    if decimals.max() > MAX_DECIMALS:
        raise DamagedFilmError(f"a run of {decimals.max()} decimals")
    is_run = decimals >= 0
    is_decimal = np.repeat(is_run, lengths)
    power = np.repeat(10.0 ** np.maximum(decimals, 0), lengths)[is_decimal]
    whole = running_sum(unzigzag(unpack(reader, int(is_decimal.sum()))), lengths[is_run])
    bits = running_xor(unpack(reader, n - len(whole)), lengths[~is_run])
    value = np.empty(n)
    value[is_decimal] = whole / power
    value[~is_decimal] = bits.view(np.float64)
    return value


def running_sum(steps: Signed, lengths: Signed) -> Signed:
    """The sums of each run of `lengths`, from its first step on."""
    if not len(steps):
        return steps
    total = np.cumsum(steps, dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    sums: Signed = total - np.repeat(total[starts] - steps[starts], lengths)
    return sums


def running_xor(xors: Unsigned, lengths: Signed) -> Unsigned:
    """The XORs of each run of `lengths`, from its first number on."""
    if not len(xors):
        return xors
    total = np.bitwise_xor.accumulate(xors)
    starts = np.cumsum(lengths) - lengths
    found: Unsigned = total ^ np.repeat(total[starts] ^ xors[starts], lengths)
    return found
