"""Finds the columns in blocks of bytes as `columns` writes them; compiled to machine code by numba. No I/O.

Any bytes may come: nothing is read beyond a block's end, and what no block has is a fault.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial.kernels import compiled
from twin.film.layout import BASE, DENSE, DIGITS, PLACE, SIZE, STORED, TAKEN

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
#: An int64 in compiled code, which is no Python int.
Whole = Any

#: Places of `FAULTS`.
NUMBER, UNKNOWN, LARGE, SHORT, STRANGE, LONG = range(1, 7)
#: How many digits of a base a byte has room for, by base.
DIGIT = np.array(DIGITS)
#: Bits of a Zstandard frame's first byte: its header says the content's size. Ours leave it out: the
#: decompressor would take as much memory as a damaged one claims.
CLAIMS_SIZE = 0xE0
VARINT_MOST = 1 << 35


@compiled
def varint(data: Bytes, at: Whole, end: Whole) -> tuple[Whole, Whole]:
    """The number at a place, and the place after it; -1: there is none."""
    number, shift = np.int64(0), 0
    while at < end and number < VARINT_MOST and shift < 42:
        byte = np.int64(data[at])
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7
    return np.int64(-1), at


@compiled
def _find_directory(data: Bytes, at: Whole, end: Whole, limits: Ints, block: Ints) -> tuple[Whole, Whole]:
    """Fill sizes and lengths of one block, (FIELDS, columns); gives the fault, and where columns begin."""
    if end - at < 2:
        return NUMBER, at
    mask = np.int64(data[at]) | np.int64(data[at + 1]) << 8
    at += 2
    if mask >> len(limits):
        return UNKNOWN, at
    for column in range(len(limits)):
        if not mask >> column & 1:
            continue
        size, at = varint(data, at, end)
        length, at = varint(data, at, end)
        if size < 0 or length < 0 or at >= end:
            return NUMBER, at
        base = np.int64(data[at])
        at += 1
        if size > limits[column] or base == 1 or base >= len(DIGIT):
            return LARGE, at
        dense = (size + DIGIT[base] - 1) // DIGIT[base]
        block[SIZE, column], block[DENSE, column], block[BASE, column] = size, dense, base
        block[TAKEN, column], block[STORED, column] = length if length else dense, length == 0
    return 0, at


@compiled
def _find_places(data: Bytes, at: Whole, end: Whole, block: Ints) -> Whole:
    """Fill where each column of one block begins; gives the fault."""
    for column in range(block.shape[1]):
        block[PLACE, column] = at
        if block[TAKEN, column] > end - at:
            return SHORT
        if block[TAKEN, column] and not block[STORED, column] and data[at] & CLAIMS_SIZE:
            return STRANGE
        at += block[TAKEN, column]
    return 0 if at == end else LONG


@compiled
def find_columns(data: Bytes, ends: Ints, limits: Ints, found: Ints) -> Whole:
    """Fill what blocks say of their columns, (FIELDS, blocks, columns); gives the first fault, 0: none.

    ends (blocks,): where each ends in the data; limits (columns,): bytes that each may have.
    """
    start = np.int64(0)
    for number in range(len(ends)):
        block = found[:, number]
        fault, at = _find_directory(data, start, ends[number], limits, block)
        if not fault:
            fault = _find_places(data, at, ends[number], block)
        if fault:
            return fault
        start = ends[number]
    return 0
