"""The inner loops of the film's codec, compiled to machine code. No I/O.

What a strip is, and its runs, rows and clocks, says `layout`.

Times and values are first made whole numbers, by a `code` that says how a number is read (`real`), checked
to come back to the bit. Then each is kept as what it is more than foretold, zigzagged (0, -1, 1, -2, ... as
0, 1, 2, 3, ...), in one byte; a byte of `LITERAL` or `WIDE` means that the next of a column of 64-bit words
is the value's bits or the difference.

A value is foretold as the one before plus the run's slope; a time as the one before plus the clock's beat,
less what the one before was late (`carried`): devices keep to a grid, and how late one message is says
nothing of the next. The first time is foretold as the clock's origin.

Whoever decodes calls `laid_out` first. It checks that what the bytes say fits into the columns, so that no
other kernel can leave its arrays; integers wrap, and any bits are some number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial.kernels import compiled
from twin.film.layout import (
    BANDS,
    C_AT,
    C_BEAT,
    C_CODE,
    C_DIRECT,
    C_FIRST,
    C_KEY,
    C_ROWS,
    C_WAY,
    C_WIDE,
    CHANGE_BYTES,
    CHANGES,
    CLOCK_BYTES,
    CLOCK_FIELDS,
    DIGITS,
    HEADS,
    MOST,
    N_BANDS,
    POINTS,
    R_AT,
    R_CHANGE,
    R_CLOCK,
    R_CODE,
    R_FIRST,
    R_LITERAL,
    R_POINT,
    R_QUALITY,
    R_ROW,
    R_SLOPE,
    R_WIDE,
    R_WIDES,
    RUN_BYTES,
    RUN_FIELDS,
    S_CHANGES,
    S_CLOCKS,
    S_DATA,
    S_POINT,
    S_RUNS,
    TIMES,
    TIMES_WIDE,
    VALUES_WIDE,
    WORD,
)

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Points = NDArray[np.uint32]
Mask = NDArray[np.bool_]
#: An int64 or a uint64 in compiled code: neither is a Python int, and none of the other.
Whole = Any

#: Bytes that stand for words: a value's bits, and a difference.
LITERAL, WIDE = 254, 255

#: Codes: k / 10**code; the same rounded to a float32, from SINGLE on; the bits; k * 10**(code - BITS).
SINGLE, BITS, CODES = 7, 14, 18
PLACES = 6
POWER = np.array([10.0**places for places in range(PLACES + 1)])
#: Integers up to here are exact as float64.
EXACT = 2.0**53
SIGN = np.uint64(1)
#: Before and after all of them, and far enough from the limits to reckon with.
LOWEST, HIGHEST = -(1 << 60), 1 << 60

#: How a clock's times are foretold; STEADY: exactly so, nothing is stored.
STEPS, SLOW, GRID, STEADY = 0, 1, 2, 3

#: So many steps tell their median well enough.
ENOUGH = 31

#: How many digits of a base a byte has room for, and which they are, by base, the first in the lowest byte.
DIGIT = np.array(DIGITS)
SPREAD = np.zeros((len(DIGITS), 256), dtype=np.uint64)
for _base in range(2, len(DIGITS)):
    _digits = (np.arange(256)[:, None] // _base ** np.arange(8) % _base).astype(np.uint8)
    SPREAD[_base] = _digits.view("<u8")[:, 0]

#: About what a zigzagged byte costs, bits.
COST = np.append(np.log2(1.0 + np.arange(LITERAL)), [24.0, 24.0])


@compiled
def zigzag(number: Whole) -> Whole:
    """0, -1, 1, -2, ... as 0, 1, 2, 3, ..., as uint64."""
    number = np.int64(number)
    return np.uint64((number << 1) ^ (number >> 63))


@compiled
def unzigzag(number: Whole) -> Whole:
    """The inverse of `zigzag`."""
    number = np.uint64(number)
    return np.int64(number >> SIGN) ^ -np.int64(number & SIGN)


@compiled
def real(number: Whole, code: Whole) -> float:
    """The number that a whole one stands for; not for BITS."""
    if code < SINGLE:
        return np.float64(number / POWER[code])
    if code < BITS:
        return np.float64(np.float32(number / POWER[code - SINGLE]))
    return np.float64(number * POWER[code - BITS])


@compiled
def scaled(value: float, code: Whole) -> float:
    """The whole number that stands for a value best, as a float; not for BITS."""
    if code < SINGLE:
        return np.float64(np.rint(value * POWER[code]))
    if code < BITS:
        return np.float64(np.rint(value * POWER[code - SINGLE]))
    return np.float64(np.rint(value / POWER[code - BITS]))


@compiled
def fits(value: float, code: Whole) -> bool:
    """Whether a value that is not -0.0 comes back exactly."""
    whole = scaled(value, code)
    return abs(whole) <= EXACT and real(np.int64(whole), code) == value


@compiled
def reference(start_ms: float, start_bits: Whole, code: Whole) -> Whole:
    """What a clock's first time is told from."""
    if code == BITS:
        return start_bits
    whole = scaled(start_ms, code)
    return np.int64(whole) if abs(whole) <= EXACT else np.int64(0)


@compiled
def _within_beat(late: Whole, beat: Whole) -> Whole:
    """A lateness without the whole beats in it; beat > 0."""
    half = beat >> 1
    if late > half or late < -half:
        late -= (late + half) // beat * beat
    return late


@compiled
def carried(late: Whole, beat: Whole, way: Whole) -> Whole:
    """How much of a lateness the next time is expected to have made good; beats left out are none."""
    if way == STEPS or beat <= 0:
        return np.int64(0)
    late = _within_beat(late, beat)
    if way == SLOW:
        return late - (late + (late >> 63 & 7) >> 3)
    return late


# Encoding


@compiled
def merged(
    key_point: Points,
    key: tuple[Floats, Floats, Bytes],
    point: Points,
    sample: tuple[Floats, Floats, Bytes],
    runs: tuple[Ints, Ints, Ints],
    row: tuple[Floats, Floats, Bytes],
) -> Whole:
    """Keyframe and samples (time, value, quality each) as rows by run; gives how many runs, -1: out of order.

    `runs` takes each run's point, first row (and the end), and whether it begins with the keyframe's.
    """
    made = at = i = j = 0
    while i < len(key_point) or j < len(point):
        known = i < len(key_point) and (j >= len(point) or key_point[i] <= point[j])
        own = key_point[i] if known else point[j]
        if made == POINTS or (made and runs[0][made - 1] >= own):
            return -1
        runs[0][made], runs[1][made], runs[2][made] = own, at, known
        if known:
            row[0][at], row[1][at], row[2][at] = key[0][i], key[1][i], key[2][i]
            at, i = at + 1, i + 1
        first = j
        while j < len(point) and point[j] == own:
            if j > first and not sample[0][j] > sample[0][j - 1]:
                return -1
            row[0][at], row[1][at], row[2][at] = sample[0][j], sample[1][j], sample[2][j]
            at, j = at + 1, j + 1
        made += 1
    runs[1][made] = at
    return made


@compiled
def _same_times(bits: Ints, one: Whole, other: Whole, n: Whole) -> bool:
    if bits[one + n - 1] != bits[other + n - 1]:
        return False
    for i in range(n):  # noqa: SIM110 - compiled
        if bits[one + i] != bits[other + i]:
            return False
    return True


@compiled
def shared_clocks(bits: Ints, runs: tuple[Ints, Ints, Ints], n: Whole, refs: Bytes, owner: Ints) -> Whole:
    """Find which runs share times: `refs` is 0 for a new clock, else how many clocks back; gives how many.

    `owner` takes the run that first had each clock.
    """
    made = 0
    for run in range(n):
        rows = runs[1][run + 1] - runs[1][run]
        found = made
        for clock in range(made - 1, -1, -1):
            other = owner[clock]
            alike = runs[1][other + 1] - runs[1][other] == rows and runs[2][other] == runs[2][run]
            if alike and _same_times(bits, runs[1][run], runs[1][other], rows):
                found = clock
                break
        refs[run] = made - found
        if found == made:
            owner[made] = run
            made += 1
    return made


@compiled
def time_code(time: Floats, bits: Ints, first: Whole, end: Whole, number: Ints) -> Whole:
    """The coarsest unit of which all times are whole multiples; `number` takes them."""
    for code in (17, 16, 15, 0, 3):
        whole = True
        for i in range(first, end):
            if not fits(time[i], code) or (time[i] == 0.0 and bits[i] != 0):
                whole = False
                break
            number[i] = np.int64(scaled(time[i], code))
        if whole:
            return code
    for i in range(first, end):
        number[i] = bits[i]
    return BITS


@compiled
def _origin(number: Ints, first: Whole, end: Whole, beat: Whole, way: Whole) -> Whole:
    """Where a clock's grid begins."""
    if way == STEPS or beat <= 0:
        return number[first]
    total = np.int64(0)
    for i in range(first, end):
        total += _within_beat(number[i] - number[first] - (i - first) * beat, beat)
    return number[first] + (total + (end - first) // 2) // (end - first)


@compiled
def _clock_cost(
    number: Ints, first: Whole, end: Whole, beat: Whole, way: Whole, most: float
) -> tuple[float, Whole]:
    """About the bits that a clock's times take, not further than `most`, and its origin."""
    origin = _origin(number, first, end, beat, way)
    # A grid is read at any place without what lies before; another beat than the last clock's is stored.
    cost, factor = 0.0, 1.0 if way == GRID else 1.05
    expected = origin
    for i in range(first, end):
        late = number[i] - expected
        cost += factor * COST[min(zigzag(late), np.uint64(WIDE))]
        expected = number[i] + beat - carried(late, beat, way)
        if cost > most:
            break
    return cost, origin


@compiled
def _rounded(number: Whole) -> Whole:
    """To two digits: what a beat was meant to be."""
    unit = 1
    while number // 100 >= unit:
        unit *= 10
    return (number + unit // 2) // unit * unit


@compiled
def _median_step(number: Ints, first: Whole, end: Whole) -> Whole:
    """The median of the steps between a clock's numbers, of `ENOUGH` of them where there are more."""
    steps, stride = np.empty(ENOUGH, np.int64), (end - first - 2) // ENOUGH + 1
    n = 0
    for i in range(first + 1, end, stride):
        step, place = number[i] - number[i - 1], n
        while place > 0 and steps[place - 1] > step:
            steps[place] = steps[place - 1]
            place -= 1
        steps[place] = step
        n += 1
    return steps[n // 2]


@compiled
def _clock_way(number: Ints, first: Whole, end: Whole, before: Whole) -> tuple[Whole, Whole, Whole]:
    """The beat, way and origin that make a clock's times smallest; `before` is the last clock's beat."""
    n = end - first - 1
    if n < 1:
        return before, STEADY, number[first]
    mean = np.int64(np.rint((number[end - 1] - number[first]) / n))
    median = _median_step(number, first, end)
    best, beat, way, origin = np.inf, before, STEPS, number[first]
    for each in (before, _rounded(median), mean, median):
        extra = 0.0 if each == before else 8.0
        for how in (GRID, SLOW, STEPS):
            if extra > 0 and each == beat:
                continue
            cost, start = _clock_cost(number, first, end, each, how, best - extra)
            if cost + extra < best:
                # Every step costs something but one of 0.
                best, beat, way, origin = cost + extra, each, STEADY if cost == 0.0 else how, start
    return beat, way, origin


@compiled
def put_word(column: Bytes, at: Whole, n: Whole, i: Whole, number: Whole) -> None:
    """Write the i-th of n words, which lie in byte planes, the lowest first."""
    number = np.uint64(number)
    for plane in range(WORD):
        column[at + plane * n + i] = np.uint8(number & np.uint64(255))
        number >>= np.uint64(8)


@compiled
def word(column: Bytes, at: Whole, n: Whole, i: Whole) -> Whole:
    """The inverse of `put_word`."""
    number = np.uint64(0)
    for plane in range(WORD):
        number |= np.uint64(column[at + plane * n + i]) << np.uint64(8 * plane)
    return number


@compiled
def _put_symbol(number: Whole, column: Bytes, at: Whole, wide: Words, wides: Whole) -> Whole:
    """Write a zigzagged number; gives how many wide ones there are now."""
    if number < np.uint64(LITERAL):
        column[at] = np.uint8(number)
        return wides
    column[at] = WIDE
    wide[wides] = number
    return wides + 1


@compiled
def encode_clocks(
    time: Floats,
    start: tuple[float, Whole],
    runs: tuple[Ints, Ints, Ints],
    owner: Ints,
    heads: Bytes,
    column: Bytes,
    wide: Words,
) -> tuple[Whole, Whole]:
    """Write the clocks' heads and times; gives how many bytes and words."""
    n, at, wides, beat = len(owner), 0, 0, np.int64(0)
    bits = time.view(np.int64)
    number = np.empty(len(time), dtype=np.int64)
    for clock in range(n):
        first, end = runs[1][owner[clock]], runs[1][owner[clock] + 1]
        code = time_code(time, bits, first, end, number)
        before = beat
        beat, way, origin = _clock_way(number, first, end, before)
        heads[clock] = code | way << 5 | runs[2][owner[clock]] << 7
        for plane in range(4):
            heads[(1 + plane) * n + clock] = (end - first) >> 8 * plane & 255
        put_word(heads, 5 * n, n, clock, zigzag(origin - reference(start[0], start[1], code)))
        put_word(heads, 13 * n, n, clock, zigzag(beat - before))
        for i in range(first, first if way == STEADY else end):
            late = number[i] - origin
            wides = _put_symbol(zigzag(late), column, at, wide, wides)
            origin = number[i] + beat - carried(late, beat, way)
            at += 1
    return at, wides


@compiled
def _special(value: float, bits: Whole) -> bool:
    """What no whole number stands for: not finite, or minus zero."""
    return not np.isfinite(value) or (value == 0.0 and bits != 0)


@compiled
def _places(value: Floats, bits: Ints, first: Whole, end: Whole, family: Whole) -> Whole:
    """The decimals that most values of a run need; -1: too many have none."""
    places = misses = 0
    for i in range(first, end):
        need = places
        if _special(value[i], bits[i]) or (family == SINGLE and np.float64(np.float32(value[i])) != value[i]):
            need = PLACES + 1
        while need <= PLACES and not fits(value[i], family + need):
            need += 1
        if need <= PLACES:
            places = need
        else:
            misses += 1
            if misses > (end - first) // 4:
                return -1
    return places


@compiled
def value_code(value: Floats, bits: Ints, first: Whole, end: Whole, number: Ints, literal: Mask) -> Whole:
    """How a run's values are kept; `number` takes them, `literal` which are kept as bits all the same."""
    for family in (0, SINGLE):
        places = _places(value, bits, first, end, family)
        misses = 0
        for i in range(first, end if places >= 0 else first):
            literal[i] = _special(value[i], bits[i]) or not fits(value[i], family + places)
            misses += literal[i]
            number[i] = 0 if literal[i] else np.int64(scaled(value[i], family + places))
        if places >= 0 and misses <= (end - first) // 4:
            return family + places
    for i in range(first, end):
        number[i], literal[i] = bits[i], False
    return BITS


@compiled
def _run_cost(number: Ints, literal: Mask, first: Whole, end: Whole, slope: Whole) -> float:
    cost, before = 0.0, number[first]
    for i in range(first + 1, end):
        if not literal[i]:
            cost += COST[min(zigzag(number[i] - before - slope), np.uint64(WIDE))]
            before = number[i]
    return cost


@compiled
def _slope(number: Ints, literal: Mask, first: Whole, end: Whole, code: Whole) -> Whole:
    """By how much a run rises from row to row, where it is worth saying."""
    if code == BITS or end - first < 8 or literal[first] or literal[end - 1]:
        return np.int64(0)
    mean = np.int64(np.rint((number[end - 1] - number[first]) / (end - first - 1)))
    if mean == 0:
        return mean
    # Smaller numbers need not be fewer bits: what is spread as before is coded as before.
    with_it = 1.5 * _run_cost(number, literal, first, end, mean) + 16.0
    return mean if with_it < _run_cost(number, literal, first, end, 0) else np.int64(0)


@compiled
def _encode_run(
    rows: tuple[Ints, Mask, Ints],
    span: tuple[Whole, Whole],
    slope: Whole,
    column: Bytes,
    wide: Words,
    wides: Whole,
) -> tuple[Whole, Whole]:
    """Write a run's bytes at its rows' places; gives the wide ones so far and the sum of the bytes."""
    number, literal, bits = rows
    before, total = number[span[0]], 0
    for i in range(span[0] + 1, span[1]):
        if literal[i]:
            column[i] = LITERAL
            wide[wides] = np.uint64(bits[i])
            wides += 1
        else:
            wides = _put_symbol(zigzag(number[i] - before - slope), column, i, wide, wides)
            before = number[i]
        total += column[i]
    return wides, total


@compiled
def _band(total: Whole, n: Whole) -> Whole:
    """Runs of like size lie together; 0: nothing ever changed, and nothing is stored."""
    if total == 0:
        return 0
    if 4 * total < n:
        return 1
    if total < 2 * n:
        return 2
    if total < 8 * n:
        return 3
    return 4 if total < 32 * n else 5


@compiled
def encode_runs(
    value: Floats,
    quality: Bytes,
    runs: tuple[Ints, Ints, Ints],
    refs: Bytes,
    head: tuple[Bytes, Whole],
    column: Bytes,
    wide: Words,
    bands: Bytes,
) -> Whole:
    """Write the runs' heads and, at their rows' places, their bytes; gives how many words."""
    heads, at, n, wides = head[0], head[1], len(refs), 0
    bits = value.view(np.int64)
    number, literal = np.empty(len(value), dtype=np.int64), np.empty(len(value), dtype=np.bool_)
    before = np.int64(-1)
    for run in range(n):
        first, end = runs[1][run], runs[1][run + 1]
        code = value_code(value, bits, first, end, number, literal)
        slope = _slope(number, literal, first, end, code)
        wides, total = _encode_run((number, literal, bits), (first, end), slope, column, wide, wides)
        bands[run] = _band(total + literal[first], end - first - 1)
        place = runs[0][run] % POINTS
        heads[at + run] = place - before - 1
        heads[at + n + run] = refs[run]
        heads[at + 2 * n + run] = code | literal[first] << 7
        heads[at + 3 * n + run] = bands[run]
        heads[at + 4 * n + run] = quality[first]
        told = np.uint64(bits[first]) if literal[first] else zigzag(number[first])
        put_word(heads, at + 5 * n, n, run, told)
        put_word(heads, at + 13 * n, n, run, zigzag(slope))
        before = place
    return wides


@compiled
def find_changes(quality: Bytes, runs: tuple[Ints, Ints, Ints], n: Whole, place: Ints) -> Whole:
    """Find the rows whose quality is not that of the row before in their run; gives how many."""
    found = 0
    for run in range(n):
        for i in range(runs[1][run] + 1, runs[1][run + 1]):
            if quality[i] != quality[i - 1]:
                place[found] = i
                found += 1
    return found


@compiled
def _copied(data: Bytes, first: Whole, end: Whole, out: Bytes, at: Whole) -> Whole:
    """Copy bytes to a place; gives the place after them. (Assigning a slice takes the compiler ten times as
    long; indices that count from 0 are known not to be negative, and such loops become vector code.)
    """
    n = end - first
    here, there = data[first:end], out[at : at + n]
    for i in range(n):
        there[i] = here[i]
    return at + n


@compiled
def _put_bands(
    runs: tuple[Ints, Ints, Ints], bands: Bytes, column: Bytes, out: Bytes, at: Whole, size: Ints
) -> Whole:
    for band in range(1, N_BANDS + 1):
        start = at
        for run in range(len(bands)):
            if bands[run] == band:
                first, end = runs[1][run] + 1, runs[1][run + 1]
                at = _copied(column, first, end, out, at)
        size[BANDS + band - 1] = at - start
    return at


@compiled
def _put_wide(wide: Words, n: Whole, out: Bytes, at: Whole) -> Whole:
    for i in range(n):
        put_word(out, at, n, i, wide[i])
    return at + WORD * n


@compiled
def _put_changes(place: Ints, n: Whole, quality: Bytes, out: Bytes, at: Whole) -> Whole:
    before = np.int64(0)
    for i in range(n):
        for plane in range(4):
            out[at + plane * n + i] = (place[i] - before) >> 8 * plane & 255
        out[at + 4 * n + i] = quality[place[i]]
        before = place[i]
    return at + CHANGE_BYTES * n


@compiled
def encode_strip(
    start: tuple[float, Whole],
    key_point: Points,
    key: tuple[Floats, Floats, Bytes],
    point: Points,
    sample: tuple[Floats, Floats, Bytes],
    size: Ints,
) -> tuple[Bytes, Whole, Whole]:
    """A strip's columns one after the other, how many runs (-1: they are out of order) and clocks.

    start: the segment's, ms, and its bits; key, sample: times, values, qualities; size (COLUMNS,): takes each
    column's bytes.
    """
    total = len(key_point) + len(point)
    runs = (np.empty(POINTS, np.int64), np.empty(POINTS + 1, np.int64), np.empty(POINTS, np.int64))
    time, value, quality = np.empty(total), np.empty(total), np.empty(total, np.uint8)
    n = merged(key_point, key, point, sample, runs, (time, value, quality))
    if n < 0:
        return quality, n, 0
    refs, owner, bands = np.empty(n, np.uint8), np.empty(n, np.int64), np.empty(n, np.uint8)
    clocks = shared_clocks(time.view(np.int64), runs, n, refs, owner)
    heads = np.empty(CLOCK_BYTES * clocks + RUN_BYTES * n, np.uint8)
    ticks, late = np.empty(total, np.uint8), np.empty(total, np.uint64)
    size[TIMES], lates = encode_clocks(time, start, runs, owner[:clocks], heads, ticks, late)
    column, wide = np.empty(total, np.uint8), np.empty(total, np.uint64)
    wides = encode_runs(value, quality, runs, refs, (heads, CLOCK_BYTES * clocks), column, wide, bands)
    place = np.empty(total, np.int64)
    changes = find_changes(quality, runs, n, place)
    size[HEADS], size[TIMES_WIDE], size[VALUES_WIDE] = len(heads), WORD * lates, WORD * wides
    size[CHANGES] = CHANGE_BYTES * changes
    out = np.empty(size.sum() + total, np.uint8)
    at = _copied(heads, 0, len(heads), out, 0)
    at = _copied(ticks, 0, size[TIMES], out, at)
    at = _put_wide(late, lates, out, at)
    at = _put_bands(runs, bands, column, out, at, size)
    at = _put_wide(wide, wides, out, at)
    return out[: _put_changes(place, changes, quality, out, at)], n, clocks


@compiled
def densified(data: Bytes, size: Ints, dense: Ints, base: Ints) -> Bytes:
    """Columns of small bytes, several in one, one after the other; `dense` and `base` take the columns' bytes
    and bases, 0: nothing is gained.
    """
    out = np.empty(len(data), np.uint8)
    first, at = 0, 0
    for column in range(len(size)):
        n, most = size[column], np.uint8(0)
        for i in range(first, first + n):
            most = max(most, data[i])
        dense[column], base[column] = 0, 0
        if 1 <= most < 16:
            radix, digits = np.int64(most) + 1, DIGIT[most + 1]
            dense[column], base[column] = (n + digits - 1) // digits, radix
            for i in range(dense[column]):
                number = 0
                for place in range(min(first + n, first + (i + 1) * digits) - 1, first + i * digits - 1, -1):
                    number = number * radix + data[place]
                out[at + i] = number
            at += dense[column]
        first += n
    return out[:at]


# Decoding


@compiled
def _spread(packed: Bytes, words: Words, digits: Whole, out: Bytes) -> None:
    """Several bytes of each one. out (digits * n,)."""
    for i in range(len(packed)):
        number = words[packed[i]]
        for place in range(digits):
            out[digits * i + place] = np.uint8(number >> np.uint64(8 * place) & np.uint64(255))


@compiled
def _spread_by(packed: Bytes, words: Words, digits: Whole, out: Bytes) -> None:
    """The same, by loops that the compiler knows the length of."""
    if digits == 2:
        _spread(packed, words, 2, out)
    elif digits == 3:
        _spread(packed, words, 3, out)
    elif digits == 4:
        _spread(packed, words, 4, out)
    elif digits == 5:
        _spread(packed, words, 5, out)
    else:
        _spread(packed, words, 8, out)


@compiled
def spread_out(packed: Bytes, layout: Ints, out: Bytes) -> None:
    """Columns as they were. layout (3, columns): bytes of each, bytes of it in `packed`, its base."""
    first, at = 0, 0
    for column in range(layout.shape[1]):
        n, dense, radix = layout[0, column], layout[1, column], layout[2, column]
        digits, end = DIGIT[radix], at + n
        if radix == 0:
            _copied(packed, first, first + n, out, at)
        else:
            whole = (dense - 1) * digits
            _spread_by(packed[first : first + dense - 1], SPREAD[radix], digits, out[at : at + whole])
            number = SPREAD[radix, packed[first + dense - 1]]
            for place in range(end - at - whole):
                out[at + whole + place] = np.uint8(number >> np.uint64(8 * place) & np.uint64(255))
        first += dense
        at = end


@compiled
def _wide_ones(data: Bytes, first: Whole, end: Whole) -> tuple[Whole, Whole]:
    """How many of some bytes stand for words, and the largest of the others."""
    count, most, some = np.int64(0), np.uint8(0), data[first:end]
    for i in range(end - first):
        wide = some[i] >= LITERAL
        count += wide
        most = max(most, np.uint8(0) if wide else some[i])
    return count, np.int64(most)


@compiled
def _is_direct(data: Bytes, at: Ints, first_wide: Whole, n_wide: Whole, most: Whole, beat: Whole) -> bool:
    """Whether a clock's times are all within half a beat of its grid: each can be told without the others."""
    if beat <= 0 or most > beat:
        return False
    words = (at[BANDS] - at[TIMES_WIDE]) // WORD
    for i in range(first_wide, min(first_wide + n_wide, words)):
        if word(data, at[TIMES_WIDE], words, i) > np.uint64(beat):
            return False
    return True


@compiled
def _join_planes(data: Bytes, at: Whole, planes: Whole, out: Ints) -> None:
    """Numbers that lie in byte planes, the lowest first."""
    n = len(out)
    for i in range(n):
        out[i] = 0
    for plane in range(planes):
        some = data[at + plane * n : at + (plane + 1) * n]
        for i in range(n):
            out[i] |= np.int64(some[i]) << 8 * plane


@compiled
def _lay_clocks(data: Bytes, at: Ints, start: tuple[float, Whole], table: Ints) -> bool:
    """Fill the clocks' table; False: they do not fit their columns."""
    n, place, wides, beat = table.shape[1], at[TIMES], 0, np.int64(0)
    _join_planes(data, n, 4, table[C_ROWS])
    _join_planes(data, 5 * n, WORD, table[C_FIRST])
    _join_planes(data, 13 * n, WORD, table[C_BEAT])
    for clock in range(n):
        code, way, rows = data[clock] & 31, data[clock] >> 5 & 3, table[C_ROWS, clock]
        stored = 0 if way == STEADY else rows
        if code >= CODES or SINGLE <= code < BITS or not 1 <= rows <= MOST or place + stored > at[TIMES_WIDE]:
            return False
        beat += unzigzag(table[C_BEAT, clock])
        table[C_BEAT, clock] = beat
        table[C_CODE, clock], table[C_WAY, clock], table[C_KEY, clock] = code, way, data[clock] >> 7
        table[C_FIRST, clock] = unzigzag(table[C_FIRST, clock]) + reference(start[0], start[1], code)
        table[C_AT, clock], table[C_WIDE, clock] = place, wides
        wide, most = _wide_ones(data, place, place + stored)
        steady = way in (STEADY, GRID)
        table[C_DIRECT, clock] = steady and _is_direct(data, at, wides, wide, most, beat - 1)
        wides += wide
        place += stored
    return bool(place == at[TIMES_WIDE] and WORD * wides == at[BANDS] - at[TIMES_WIDE])


@compiled
def _lay_runs(data: Bytes, at: Ints, clocks: Ints, table: Ints) -> bool:
    """Fill the runs' table; False: they do not fit their columns."""
    n, head = table.shape[1], CLOCK_BYTES * clocks.shape[1]
    ends = at[BANDS : VALUES_WIDE + 1].copy()
    point, made, wides, rows = np.int64(-1), np.int64(0), np.int64(0), np.int64(0)
    some_wide = _wide_ones(data, at[BANDS], at[VALUES_WIDE])[0] > 0
    _join_planes(data, head + 5 * n, WORD, table[R_FIRST])
    _join_planes(data, head + 13 * n, WORD, table[R_SLOPE])
    for run in range(n):
        point += np.int64(data[head + run]) + 1
        back = np.int64(data[head + n + run])
        clock = made - back
        made += back == 0
        code, band = data[head + 2 * n + run] & 31, np.int64(data[head + 3 * n + run])
        if point >= POINTS or not 0 <= clock < clocks.shape[1] or code >= CODES or band > N_BANDS:
            return False
        own = clocks[C_ROWS, clock]
        table[R_POINT, run], table[R_CLOCK, run], table[R_CODE, run] = point, clock, code
        table[R_LITERAL, run], table[R_QUALITY, run] = data[head + 2 * n + run] >> 7, data[head + 4 * n + run]
        if not table[R_LITERAL, run]:
            table[R_FIRST, run] = unzigzag(table[R_FIRST, run])
        table[R_SLOPE, run] = unzigzag(table[R_SLOPE, run])
        table[R_AT, run], table[R_WIDE, run], table[R_WIDES, run], table[R_ROW, run] = -1, wides, 0, rows
        rows += own
        if band:
            table[R_AT, run] = ends[band - 1]
            ends[band - 1] += own - 1
            if ends[band - 1] > at[BANDS + band]:
                return False
            if some_wide:
                table[R_WIDES, run] = _wide_ones(data, table[R_AT, run], ends[band - 1])[0]
                wides = wides + table[R_WIDES, run]
    for place in range(N_BANDS):
        if ends[place] != at[BANDS + place + 1]:
            return False
    fits_words = WORD * wides == at[CHANGES] - at[VALUES_WIDE]
    return bool(made == clocks.shape[1] and rows <= MOST and fits_words)


@compiled
def _lay_changes(data: Bytes, at: Ints, runs: Ints, rows: Whole, place: Ints) -> bool:
    """Find the rows at which qualities change, and each run's first; False: they are not of this strip."""
    n, before = len(place), np.int64(0)
    _join_planes(data, at[CHANGES], 4, place)
    for i in range(n):
        gap = place[i]
        if gap == 0 or before + gap >= rows:
            return False
        before += gap
        place[i] = before
    i = 0
    for run in range(runs.shape[1]):
        while i < n and place[i] < runs[R_ROW, run]:
            i += 1
        runs[R_CHANGE, run] = i
    return True


@compiled
def laid_out(
    data: Bytes, at: Ints, start: tuple[float, Whole], clocks: Ints, runs: Ints, place: Ints
) -> bool:
    """Fill the tables of clocks and runs, and the rows at which qualities change; False: it is damaged.

    clocks (CLOCK_FIELDS, clocks), runs (RUN_FIELDS, runs); at (COLUMNS + 1,): where each column begins in
    `data`, and the end; heads have the length that the tables' say, CHANGES that which `place` says, words
    are whole.
    """
    if not _lay_clocks(data, at, start, clocks) or not _lay_runs(data, at, clocks, runs):
        return False
    rows = 0
    for run in range(runs.shape[1]):
        rows += clocks[C_ROWS, runs[R_CLOCK, run]]
    return _lay_changes(data, at, runs, rows, place)


@compiled
def put_real(number: Whole, code: Whole, out: Floats, bits: Ints, i: Whole) -> None:
    """Write a number as what it stands for; `bits` is the view of `out`."""
    if code == BITS:
        bits[i] = number
    else:
        out[i] = real(number, code)


@compiled
def _late(data: Bytes, at: Ints, place: Whole, wide: Whole) -> tuple[Whole, Whole]:
    """The lateness at a place of the times, and how many words there were by then."""
    symbol = np.int64(data[place])
    if symbol < LITERAL:
        return unzigzag(symbol), wide
    words = (at[BANDS] - at[TIMES_WIDE]) // WORD
    return unzigzag(word(data, at[TIMES_WIDE], words, wide)), wide + 1


@compiled
def decode_clock(data: Bytes, at: Ints, clocks: Ints, clock: Whole, out: Floats) -> None:
    """A clock's times, ms; out (rows,)."""
    code, way, beat = clocks[C_CODE, clock], clocks[C_WAY, clock], clocks[C_BEAT, clock]
    bits = out.view(np.int64)
    place, wide, number = clocks[C_AT, clock], clocks[C_WIDE, clock], clocks[C_FIRST, clock]
    late = np.int64(0)
    for i in range(clocks[C_ROWS, clock]):
        if way != STEADY:
            late, wide = _late(data, at, place + i, wide)
        number += late
        put_real(number, code, out, bits, i)
        number += beat - carried(late, beat, way)


@compiled
def decode_run(data: Bytes, at: Ints, runs: Ints, run: Whole, out: Floats) -> None:
    """A run's values; out (rows,)."""
    bits, code, slope = out.view(np.int64), runs[R_CODE, run], runs[R_SLOPE, run]
    words, wide, place = (at[CHANGES] - at[VALUES_WIDE]) // WORD, runs[R_WIDE, run], runs[R_AT, run] - 1
    literal = runs[R_LITERAL, run] != 0
    number = np.int64(0) if literal else runs[R_FIRST, run]
    put_real(runs[R_FIRST, run], BITS if literal else code, out, bits, 0)
    for i in range(1, len(out)):
        symbol = np.int64(0) if runs[R_AT, run] < 0 else np.int64(data[place + i])
        if symbol < LITERAL:
            number += unzigzag(symbol) + slope
        else:
            found = word(data, at[VALUES_WIDE], words, wide)
            wide += 1
            if symbol == LITERAL:
                bits[i] = np.int64(found)
                continue
            number += unzigzag(found) + slope
        put_real(number, code, out, bits, i)


@compiled
def decode_quality(data: Bytes, at: Ints, runs: Ints, run: Whole, place: Ints, out: Bytes) -> None:
    """A run's qualities; out (rows,)."""
    n, i, now = len(place), runs[R_CHANGE, run], np.uint8(runs[R_QUALITY, run])
    for row in range(len(out)):
        if i < n and place[i] == runs[R_ROW, run] + row:
            now = data[at[CHANGES] + 4 * n + i]
            i += 1
        out[row] = now


@compiled
def decode_all(
    data: Bytes,
    at: Ints,
    tables: tuple[Ints, Ints, Ints],
    point: Points,
    into: tuple[Floats, Floats, Bytes],
    known: Mask,
) -> None:
    """Every row: its point within the strip, time, value, quality, and whether it is the keyframe's."""
    clocks, runs, place = tables
    for run in range(runs.shape[1]):
        clock = runs[R_CLOCK, run]
        first, rows = runs[R_ROW, run], clocks[C_ROWS, clock]
        end = first + rows
        decode_clock(data, at, clocks, clock, into[0][first:end])
        decode_run(data, at, runs, run, into[1][first:end])
        decode_quality(data, at, runs, run, place, into[2][first:end])
        for row in range(first, end):
            point[row], known[row] = np.uint32(runs[R_POINT, run]), False
        known[first] = clocks[C_KEY, clock] != 0


@compiled
def latest(time_ms: float, code: Whole) -> Whole:
    """The greatest number that stands for a time up to this; not for BITS, nor for single precision."""
    if np.isnan(time_ms):
        return LOWEST
    whole = np.floor(scaled(time_ms, code))
    if not abs(whole) <= EXACT:
        return HIGHEST if whole > 0 else LOWEST
    number = np.int64(whole)
    while real(number + 1, code) <= time_ms:
        number += 1
    while real(number, code) > time_ms:
        number -= 1
    return number


@compiled
def _number_of(data: Bytes, at: Ints, clocks: Ints, clock: Whole, row: Whole) -> Whole:
    """The number of a row of a clock that keeps to its grid."""
    number = clocks[C_FIRST, clock] + row * clocks[C_BEAT, clock]
    if clocks[C_WAY, clock] == STEADY:
        return number
    first, wide = clocks[C_AT, clock], clocks[C_WIDE, clock]
    if data[first + row] >= LITERAL:
        wide += _wide_ones(data, first, first + row)[0]
    return number + _late(data, at, first + row, wide)[0]


@compiled
def _jump_to(data: Bytes, at: Ints, clocks: Ints, clock: Whole, until: Whole) -> tuple[Whole, Whole]:
    """The last row up to a number, and that row's, of a clock that keeps to its grid; row -1: none."""
    # No time is more than half a beat off: it is this row, the one before or the one after.
    row = (until - clocks[C_FIRST, clock]) // max(clocks[C_BEAT, clock], 1) + 1
    row, number = min(max(row, 0), clocks[C_ROWS, clock] - 1), np.int64(0)
    while row >= 0:
        number = _number_of(data, at, clocks, clock, row)
        if number <= until:
            break
        row -= 1
    return row, number


@compiled
def _step_to(
    data: Bytes, at: Ints, clocks: Ints, clock: Whole, time_ms: float, until: Whole
) -> tuple[Whole, Whole]:
    """The last row up to a time, and its number; row -1: none."""
    code, way, beat = clocks[C_CODE, clock], clocks[C_WAY, clock], clocks[C_BEAT, clock]
    place, wide, expected = clocks[C_AT, clock], clocks[C_WIDE, clock], clocks[C_FIRST, clock]
    late, number = np.int64(0), np.int64(0)
    stamp = np.empty(1)
    bits = stamp.view(np.int64)
    for row in range(clocks[C_ROWS, clock]):
        if way != STEADY:
            late, wide = _late(data, at, place + row, wide)
        bits[0] = expected + late
        if not stamp[0] <= time_ms if code == BITS else bits[0] > until:
            return row - 1, number
        number = bits[0]
        expected = number + beat - carried(late, beat, way)
    return clocks[C_ROWS, clock] - 1, number


@compiled
def _first_number(data: Bytes, at: Ints, clocks: Ints, clock: Whole) -> Whole:
    number = clocks[C_FIRST, clock]
    if clocks[C_WAY, clock] != STEADY:
        number += _late(data, at, clocks[C_AT, clock], clocks[C_WIDE, clock])[0]
    return number


@compiled
def _clocks_at(data: Bytes, at: Ints, clocks: Ints, time_ms: float, rows: Ints, stamp: Floats) -> None:
    """How many rows of each clock are up to a time, the keyframe's in any case, and the last one's time."""
    until = np.empty(CODES, dtype=np.int64)
    for code in range(CODES):
        until[code] = latest(time_ms, code) if code < SINGLE or code > BITS else 0
    bits = stamp.view(np.int64)
    for clock in range(clocks.shape[1]):
        code = clocks[C_CODE, clock]
        if clocks[C_DIRECT, clock] and code != BITS:
            row, number = _jump_to(data, at, clocks, clock, until[code])
        else:
            row, number = _step_to(data, at, clocks, clock, time_ms, until[code])
        if row < 0 and clocks[C_KEY, clock]:
            row, number = 0, _first_number(data, at, clocks, clock)
        rows[clock] = row + 1
        put_real(number, code, stamp, bits, clock)


@compiled
def _wide_value(data: Bytes, at: Ints, runs: Ints, run: Whole, rows: Whole) -> tuple[Whole, bool]:
    """The number of the last of a run's first rows, or its bits, and whether they are that."""
    literal = runs[R_LITERAL, run] != 0
    number, found = np.int64(0) if literal else runs[R_FIRST, run], runs[R_FIRST, run]
    words, wide, first = (at[CHANGES] - at[VALUES_WIDE]) // WORD, runs[R_WIDE, run], runs[R_AT, run]
    for place in range(first, first + rows - 1):
        symbol = np.int64(data[place])
        literal = symbol == LITERAL
        if symbol < LITERAL:
            number += unzigzag(symbol) + runs[R_SLOPE, run]
            continue
        bits = word(data, at[VALUES_WIDE], words, wide)
        wide += 1
        if literal:
            found = np.int64(bits)
        else:
            number += unzigzag(bits) + runs[R_SLOPE, run]
    return found if literal else number, literal


@compiled
def _values_at(data: Bytes, at: Ints, runs: Ints, rows: Ints, first_point: Whole, out: Floats) -> None:
    """Write the values of the last of each run's first rows, as its clock has them."""
    bits, n_points = out.view(np.int64), len(out)
    for run in range(runs.shape[1]):
        point, count = first_point + runs[R_POINT, run], rows[runs[R_CLOCK, run]]
        if count == 0 or point >= n_points:
            continue
        first, number = runs[R_AT, run], runs[R_FIRST, run]
        literal = runs[R_LITERAL, run] != 0
        if runs[R_WIDES, run] or literal:
            number, literal = _wide_value(data, at, runs, run, count if first >= 0 else 1)
        else:
            total, stored = np.int64(0), count - 1 if first >= 0 else 0
            some = data[first : first + stored]
            for i in range(stored):
                total += (np.int64(some[i]) >> 1) ^ -(np.int64(some[i]) & 1)
            number += total + (count - 1) * runs[R_SLOPE, run]
        put_real(number, BITS if literal else runs[R_CODE, run], out, bits, point)


@compiled
def _qualities_at(
    data: Bytes, at: Ints, runs: Ints, place: Ints, rows: Ints, first_point: Whole, out: Bytes
) -> None:
    """Write the qualities of the last of each run's first rows, as its clock has them."""
    n = len(place)
    for run in range(runs.shape[1]):
        point, count = first_point + runs[R_POINT, run], rows[runs[R_CLOCK, run]]
        if count == 0 or point >= len(out):
            continue
        i, now = runs[R_CHANGE, run], np.uint8(runs[R_QUALITY, run])
        while i < n and place[i] < runs[R_ROW, run] + count:
            now = data[at[CHANGES] + 4 * n + i]
            i += 1
        out[point] = now


@compiled
def state_at(
    data: Bytes,
    at: Ints,
    tables: tuple[Ints, Ints, Ints],
    first_point: Whole,
    time_ms: float,
    state: tuple[Floats, Floats, Bytes],
) -> None:
    """Write time, value and quality of the strip's points at a time into the state of all."""
    clocks, runs, place = tables
    rows, stamp = np.empty(clocks.shape[1], dtype=np.int64), np.empty(clocks.shape[1])
    _clocks_at(data, at, clocks, time_ms, rows, stamp)
    for run in range(runs.shape[1]):
        clock, point = runs[R_CLOCK, run], first_point + runs[R_POINT, run]
        if rows[clock] and point < len(state[0]):
            state[0][point] = stamp[clock]
    _values_at(data, at, runs, rows, first_point, state[1])
    _qualities_at(data, at, runs, place, rows, first_point, state[2])


# Several strips at once: `Strips` has their columns and tables one after the other


@compiled
def tables_of(tables: tuple[Ints, Ints, Ints], where: Ints, strip: Whole) -> tuple[Ints, Ints, Ints]:
    """The tables of one of several strips; where (STRIP_FIELDS, strips + 1): where each begins in them."""
    clock, run = where[S_CLOCKS, strip], where[S_RUNS, strip]
    clocks, runs = where[S_CLOCKS, strip + 1] - clock, where[S_RUNS, strip + 1] - run
    return (
        tables[0][CLOCK_FIELDS * clock : CLOCK_FIELDS * (clock + clocks)].reshape((CLOCK_FIELDS, clocks)),
        tables[1][RUN_FIELDS * run : RUN_FIELDS * (run + runs)].reshape((RUN_FIELDS, runs)),
        tables[2][where[S_CHANGES, strip] : where[S_CHANGES, strip + 1]],
    )


@compiled
def _data_of(data: Bytes, where: Ints, strip: Whole) -> Bytes:
    return data[where[S_DATA, strip] : where[S_DATA, strip + 1]]


@compiled
def all_laid_out(
    data: Bytes, at: Ints, start_ms: Floats, where: Ints, tables: tuple[Ints, Ints, Ints]
) -> bool:
    """As `laid_out`, of several strips. at (strips, COLUMNS + 1), start_ms (strips,)."""
    bits = start_ms.view(np.int64)
    for strip in range(len(at)):
        clocks, runs, place = tables_of(tables, where, strip)
        own = _data_of(data, where, strip)
        if not laid_out(own, at[strip], (start_ms[strip], bits[strip]), clocks, runs, place):
            return False
    return True


@compiled
def states_at(
    data: Bytes,
    at: Ints,
    where: Ints,
    tables: tuple[Ints, Ints, Ints],
    time_ms: float,
    state: tuple[Floats, Floats, Bytes],
) -> None:
    """As `state_at`, of several strips."""
    for strip in range(len(at)):
        own = _data_of(data, where, strip)
        state_at(own, at[strip], tables_of(tables, where, strip), where[S_POINT, strip], time_ms, state)


@compiled
def find_runs(
    where: Ints, tables: tuple[Ints, Ints, Ints], point: Whole, run: Ints, known: Mask, first: Ints
) -> None:
    """Find a point's run in each of several strips, -1: none; whether it begins with the keyframe's row; and
    where its rows begin among those of all. run, known (strips,), first (strips + 1,) zeros.
    """
    for strip in range(len(run)):
        clocks, runs, _ = tables_of(tables, where, strip)
        run[strip], known[strip], first[strip + 1] = -1, False, first[strip]
        place = np.searchsorted(runs[R_POINT], point - where[S_POINT, strip])
        if place < runs.shape[1] and runs[R_POINT, place] == point - where[S_POINT, strip]:
            clock = runs[R_CLOCK, place]
            run[strip], known[strip] = place, clocks[C_KEY, clock] != 0
            first[strip + 1] += clocks[C_ROWS, clock]


@compiled
def decode_runs(
    data: Bytes,
    at: Ints,
    where: Ints,
    tables: tuple[Ints, Ints, Ints],
    run: Ints,
    first: Ints,
    into: tuple[Floats, Floats, Bytes],
) -> None:
    """Decode the run that `find_runs` found in each of several strips, one after the other."""
    for strip in range(len(run)):
        if run[strip] >= 0:
            clocks, runs, place = tables_of(tables, where, strip)
            own, ends, some = _data_of(data, where, strip), at[strip], slice(first[strip], first[strip + 1])
            decode_clock(own, ends, clocks, runs[R_CLOCK, run[strip]], into[0][some])
            decode_run(own, ends, runs, run[strip], into[1][some])
            decode_quality(own, ends, runs, run[strip], place, into[2][some])


# Chunks: samples in any order, in byte planes


@compiled
def _put_plane(words: Words, plane: Whole, out: Bytes) -> None:
    shift = np.uint64(8 * plane)
    for i in range(len(words)):
        out[i] = np.uint8(words[i] >> shift & np.uint64(255))


@compiled
def put_samples(point: Points, time: Floats, value: Floats, quality: Bytes, out: Bytes) -> None:
    """Samples as byte planes, those of points and times as steps. out (SAMPLE_BYTES * n,)."""
    n, words = len(point), np.empty(len(point), np.uint64)
    before = np.int64(0)
    for i in range(n):
        # The step modulo 2**32, from -2**31 on: four planes hold it.
        words[i] = zigzag((np.int64(point[i]) - before + (1 << 31) & 0xFFFFFFFF) - (1 << 31))
        before = np.int64(point[i])
    for plane in range(4):
        _put_plane(words, plane, out[plane * n : (plane + 1) * n])
    bits, before = time.view(np.int64), np.int64(0)
    for i in range(n):
        words[i] = zigzag(bits[i] - before)
        before = bits[i]
    for plane in range(WORD):
        _put_plane(words, plane, out[(4 + plane) * n : (5 + plane) * n])
        _put_plane(value.view(np.uint64), plane, out[(12 + plane) * n : (13 + plane) * n])
    _copied(quality, 0, n, out, 20 * n)


@compiled
def take_samples(data: Bytes, point: Points, time: Floats, value: Floats, quality: Bytes) -> None:
    """The inverse of `put_samples`."""
    n = len(point)
    numbers = np.empty(n, np.int64)
    _join_planes(data, 0, 4, numbers)
    before = np.int64(0)
    for i in range(n):
        before += unzigzag(numbers[i])
        point[i] = np.uint32(before & 0xFFFFFFFF)
    bits = time.view(np.int64)
    _join_planes(data, 4 * n, WORD, bits)
    before = np.int64(0)
    for i in range(n):
        before += unzigzag(bits[i])
        bits[i] = before
    _join_planes(data, 12 * n, WORD, value.view(np.int64))
    _copied(data, 20 * n, 21 * n, quality, 0)
