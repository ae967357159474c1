"""The sums of an hour and of 256 points as bytes, and back. Pure.

| type       | field                                                                       |
| ---------- | --------------------------------------------------------------------------- |
| 4 bytes    | `RSUM`                                                                      |
| u8         | version = 1                                                                 |
| u32        | CRC-32 (ISO-HDLC) of all that follows                                       |
| u16        | n points of which anything is known                                         |
| u16        | r points that began anew                                                    |
| u16        | s states of all points                                                      |
| Zstandard  | columns: of numbers with several bytes first all lowest bytes, and so on    |

| column         | type   | what                                                                        |
| -------------- | ------ | --------------------------------------------------------------------------- |
| point          | u8[n]  | within the strip, ascending                                                 |
| code           | u8[n]  | how values are told: k / 10**code, from 7 on that as a 32-bit float, 14: bits |
| states         | u8[n]  | how many the point has                                                      |
| known          | u32[n] | us                                                                          |
| readings       | u32[n] |                                                                             |
| least          | u64[n] | k, zigzagged, or bits                                                       |
| others         | u64[n] x 3 | first, last, greatest: k more than the least, or bits                   |
| mean           | u32[n] | where between least and greatest, of 2**32 - 1; of gauges alone             |
| who began anew | u8[r]  | its place among the n                                                       |
| lost, how often | f64[r], u32[r] | what it showed before, in sum                                       |
| in each state  | u32[s] | us                                                                          |

Least, greatest, first and last come back exactly; a mean is off by no more than a four-thousand-millionth of
the difference between least and greatest, times by half a microsecond. Numbers are little-endian.
"""

import struct
import zlib
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import numpy as np
import zstandard
from numpy.typing import NDArray

from twin.errors import DamagedFilmError
from twin.film.rollup import layout as k

VERSION: Final = 1
_SEAL: Final = struct.Struct("<4sBI")
_HEAD: Final = struct.Struct("<HHH")
_US: Final = 1000.0
_WHOLE: Final = 2.0**32 - 1
_EXACT: Final = 2.0**53
SINGLE: Final = 7
BITS: Final = 14
_COUNTER: Final = 0x80
_POINT_TYPES: Final = ("<u1", "<u1", "<u1", "<u4", "<u4", "<u8", "<u8", "<u8", "<u8", "<u4")
_RESET_TYPES: Final = ("<u1", "<f8", "<u4")
_TYPES: Final = (*_POINT_TYPES, *_RESET_TYPES, "<u4")
_SIZES: Final = tuple(np.dtype(kind).itemsize for kind in _TYPES)
_LEVEL: Final = 6

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class StripSums:
    """Sums of an hour: `point` (n,) int64 within the strip, ascending; `sums` (FIELDS, n); the states of all
    points one after the other, `state_at` (n + 1,) where each point's begin.
    """

    point: NDArray[np.int64]
    sums: Floats
    state_at: NDArray[np.int64]
    states: Floats

    def of(self, point: int) -> tuple[Floats, Floats] | None:
        """One point's sums (FIELDS,) and states; None: nothing was known of it."""
        row = int(np.searchsorted(self.point, point))
        if row == len(self.point) or self.point[row] != point:
            return None
        return self.sums[:, row], self.states[self.state_at[row] : self.state_at[row + 1]]


def encode(found: StripSums, counts: NDArray[np.bool_]) -> bytes:
    """As bytes; `counts` (n,) says which are counters, of which no mean is kept."""
    sums = found.sums
    anew = np.flatnonzero(sums[k.RESETS] > 0)
    n_states = np.diff(found.state_at)
    code, words = _told(sums[[k.LOW, k.FIRST, k.LAST, k.HIGH]])
    is_gauge = (n_states == 0) & ~counts
    columns = (
        found.point,
        code | (_COUNTER * counts),
        n_states,
        np.rint(sums[k.KNOWN] * _US),
        sums[k.COUNT],
        *words,
        np.where(is_gauge, _mean_between(sums), 0),
        anew,
        sums[k.LOST, anew],
        sums[k.RESETS, anew],
        np.rint(found.states * _US),
    )
    planes = b"".join(_planes(column, kind) for column, kind in zip(columns, _TYPES, strict=True))
    body = _HEAD.pack(len(found.point), len(anew), len(found.states))
    body += zstandard.ZstdCompressor(_LEVEL, write_content_size=False).compress(planes)
    return _SEAL.pack(b"RSUM", VERSION, zlib.crc32(body)) + body


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A strip's sums, decompressed: `planes` are the columns, each at its place in `ends`."""

    planes: bytes
    ends: list[int]
    n: int

    def column(self, number: int) -> NDArray[Any]:
        """A column."""
        begin, kind = self.ends[number], np.dtype(_TYPES[number])
        return _numbers(self.planes[begin : self.ends[number + 1]], kind)

    def bytes_at(self, number: int, row: int) -> bytes:
        """The bytes of one row of a column."""
        begin, end = self.ends[number], self.ends[number + 1]
        return self.planes[begin + row : end : (end - begin) // _SIZES[number]]

    def at(self, number: int, row: int) -> int:
        """One row of a column of whole numbers."""
        return int.from_bytes(self.bytes_at(number, row), "little")


def opened(data: bytes) -> Opened:
    """Decompress. DamagedFilmError: they are damaged, or another version wrote them."""
    try:
        magic, version, crc = _SEAL.unpack_from(data)
        body = memoryview(data)[_SEAL.size :]
        n, r, s = _HEAD.unpack_from(body)
    except struct.error as error:
        raise DamagedFilmError("sums of an hour end before their time") from error
    if magic != b"RSUM" or version != VERSION or zlib.crc32(body) != crc:
        raise DamagedFilmError("sums of an hour are damaged, or another version wrote them")
    counts = (*(n,) * len(_POINT_TYPES), *(r,) * len(_RESET_TYPES), s)
    ends = [0, *accumulate(size * count for size, count in zip(_SIZES, counts, strict=True))]
    try:
        planes = zstandard.ZstdDecompressor().decompress(body[_HEAD.size :], max_output_size=ends[-1] or 1)
    except zstandard.ZstdError as error:
        raise DamagedFilmError(f"sums of an hour cannot be decompressed ({error})") from error
    if len(planes) != ends[-1]:
        raise DamagedFilmError("sums of an hour end before their time")
    return Opened(planes, ends, n)


def decode(data: bytes) -> StripSums:
    """Read them. DamagedFilmError: they are damaged, or another version wrote them."""
    found = opened(data)
    return _read([found.column(number) for number in range(len(_TYPES))])


def decode_point(data: bytes, point: int) -> tuple[Floats, Floats] | None:
    """As `decode(data).of(point)`, sooner: only what is of the point is read."""
    found = opened(data)
    row = found.planes.find(point, 0, found.n)
    if row < 0:
        return None
    code, n_states = found.at(1, row), found.at(2, row)
    begin = sum(found.planes[2 * found.n : 2 * found.n + row])
    states = np.array([found.at(len(_TYPES) - 1, begin + each) for each in range(n_states)], dtype=np.float64)
    words = np.array([found.at(number, row) for number in range(5, 9)], dtype=np.uint64)
    values = _values_of(code & (_COUNTER - 1), words)
    sums = np.zeros(k.FIELDS)
    sums[k.KNOWN], sums[k.COUNT] = found.at(3, row) / _US, found.at(4, row)
    sums[k.LOW], sums[k.FIRST], sums[k.LAST], sums[k.HIGH] = values
    if not sums[k.COUNT]:
        sums[k.FIRST] = np.nan
    resets = found.planes.find(row, found.ends[10], found.ends[11]) - found.ends[10]
    if resets >= 0:
        sums[k.LOST] = struct.unpack("<d", found.bytes_at(11, resets))[0]
        sums[k.RESETS] = found.at(12, resets)
    if n_states:
        sums[k.WEIGHTED] = np.arange(n_states) @ (states / _US)
    elif not code & _COUNTER:
        between = values[0] + (values[3] - values[0]) * (found.at(9, row) / _WHOLE)
        sums[k.WEIGHTED] = min(max(between, values[0]), values[3]) * sums[k.KNOWN]
    return sums, states / _US


def _read(columns: list[NDArray[Any]]) -> StripSums:
    point, code, n_states, known, count, *words = columns[:9]
    mean, anew, lost, resets, states = columns[9:]
    counts, code = (code & np.uint8(_COUNTER)) > 0, code & np.uint8(_COUNTER - 1)
    state_at = np.append(0, np.cumsum(n_states, dtype=np.int64))
    in_order = bool((np.diff(point.astype(np.int64)) > 0).all())
    if (
        not in_order
        or state_at[-1] != len(states)
        or (anew >= max(len(point), 1)).any()
        or (code > BITS).any()
    ):
        raise DamagedFilmError("sums of an hour contradict themselves")
    sums = k.no_sums(len(point))
    low, first, last, high = _values(code, np.array(words, dtype=np.uint64))
    has_reading = count > 0
    sums[k.KNOWN], sums[k.COUNT] = known / _US, count
    sums[k.LOW], sums[k.HIGH], sums[k.LAST] = low, high, last
    sums[k.FIRST] = np.where(has_reading, first, np.nan)
    sums[k.LOST, anew], sums[k.RESETS, anew] = lost, resets
    in_state = states / _US
    with np.errstate(all="ignore"):
        between = low + (high - low) * (mean / _WHOLE)
        sums[k.WEIGHTED] = np.where(counts, 0.0, np.clip(between, low, high)) * sums[k.KNOWN]
    _weigh_states(sums, state_at, in_state)
    return StripSums(point.astype(np.int64), sums, state_at, in_state)


def _weigh_states(sums: Floats, state_at: NDArray[np.int64], states: Floats) -> None:
    """The mean of a state's numbers is that of the time in each."""
    owner = np.repeat(np.arange(len(state_at) - 1), np.diff(state_at))
    number = np.arange(len(states)) - state_at[owner]
    weighted = np.bincount(owner, number * states, minlength=len(state_at) - 1)
    sums[k.WEIGHTED] = np.where(np.diff(state_at) > 0, weighted, sums[k.WEIGHTED])


def _mean_between(sums: Floats) -> Floats:
    with np.errstate(all="ignore"):
        mean = sums[k.WEIGHTED] / sums[k.KNOWN]
        share = (mean - sums[k.LOW]) / (sums[k.HIGH] - sums[k.LOW])
    share = np.where(np.isfinite(share), share, 0.0)
    found: Floats = np.rint(np.clip(share, 0.0, 1.0) * _WHOLE)
    return found


def _told(values: Floats) -> tuple[NDArray[np.uint8], Words]:
    """(n,) code, and (4, n) words of values (4, n), the first of them the least; NaN is told as it."""
    values = np.where(np.isnan(values), values[0], values) + 0.0
    code = np.full(values.shape[1], BITS, dtype=np.uint8)
    words = values.view(np.uint64).copy()
    for candidate in range(BITS - 1, -1, -1):
        with np.errstate(all="ignore"):
            whole = np.rint(values * 10.0 ** (candidate % SINGLE))
            fits = (np.abs(whole) <= _EXACT) & (_real(whole, candidate) == values)
        rows = np.flatnonzero(fits.all(axis=0))
        number = whole[:, rows].astype(np.int64)
        code[rows] = candidate
        words[0, rows] = (number[0] << 1 ^ number[0] >> 63).view(np.uint64)
        words[1:, rows] = (number[1:] - number[0]).view(np.uint64)
    return code, words


def _values(code: NDArray[np.generic], words: Words) -> Floats:
    """(4, n) the inverse of `_told`."""
    least = (words[0] >> np.uint64(1)).view(np.int64) ^ -(words[0] & np.uint64(1)).view(np.int64)
    number = words.view(np.int64).copy()
    number[0] = least
    number[1:] += least
    values = words.view(np.float64).copy()
    for each in np.unique(code).tolist():
        rows = code == each
        if each < BITS:
            values[:, rows] = _real(number[:, rows], each)
    return values


def _values_of(code: int, words: Words) -> list[float]:
    """(4,) as `_values`, of one point."""
    if code >= BITS:
        return [float(value) for value in words.view(np.float64)]
    least = (int(words[0]) >> 1) ^ -(int(words[0]) & 1)
    scale = 10.0 ** (code % SINGLE)
    found = [(least + (int(more) if place else 0)) / scale for place, more in enumerate(words)]
    return found if code < SINGLE else [float(np.float32(value)) for value in found]


def _real(whole: NDArray[np.generic], code: int) -> Floats:
    found: Floats = np.asarray(whole, dtype=np.float64) / 10.0 ** (code % SINGLE)
    return found if code < SINGLE else found.astype(np.float32).astype(np.float64)


def _planes(column: NDArray[np.generic], kind: str) -> bytes:
    values = np.ascontiguousarray(column).astype(kind)
    return values.view(np.uint8).reshape(len(values), -1).T.tobytes() if len(values) else b""


def _numbers(planes: bytes, kind: np.dtype[Any]) -> NDArray[Any]:
    rows = np.frombuffer(planes, dtype=np.uint8).reshape(kind.itemsize, -1)
    return np.ascontiguousarray(rows.T).view(kind).reshape(-1)
