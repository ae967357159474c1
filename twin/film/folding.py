"""Samples in the order in which they came, folded into a state or put in order. No I/O; compiled by numba.

This module takes a third of a second to load: it is imported when the first moment is asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spatial.kernels import compiled
from telemetry_bridge.wire import Indices, Qualities, Values

Columns = tuple[Indices, Values, Values, Qualities]
Rows = NDArray[np.int64]


@compiled
def fold(
    index: Indices,
    time_ms: Values,
    value: Values,
    quality: Qualities,
    until_ms: float,
    out_value: Values,
    out_quality: Qualities,
    out_time_ms: Values,
) -> None:
    """Write samples (n,) of times up to `until_ms` into columns by point, unless they know a younger one.

    Of two of one point and time the later given counts. `index` is within the columns.
    """
    for row in range(len(index)):
        point, moment = index[row], time_ms[row]
        if moment <= until_ms and moment >= out_time_ms[point]:
            out_value[point], out_quality[point], out_time_ms[point] = value[row], quality[row], moment


@compiled
def sort(given: Columns, start: Rows, out: Columns) -> int:
    """Write samples (n,) by point, then by time; of two of one point and time that which was given later.

    start: (points + 1,) zeros, where points are numbered from 0. Gives how many are left; -1: it would
    take long, for a time is no number or many samples are not in the order of their times.
    """
    index, time_ms = given[0], given[1]
    n, moves = len(index), 0
    for row in range(n):
        start[index[row] + 1] += 1
    for point in range(1, len(start)):
        start[point] += start[point - 1]
    first = start.copy()
    for row in range(n):
        point, moment = index[row], time_ms[row]
        at = start[point]
        start[point] += 1
        while at > first[point] and not out[1][at - 1] <= moment:
            out[1][at], out[2][at], out[3][at] = out[1][at - 1], out[2][at - 1], out[3][at - 1]
            at -= 1
            moves += 1
        if moves > n or np.isnan(moment):
            return -1
        out[1][at], out[2][at], out[3][at] = moment, given[2][row], given[3][row]
    left = 0
    for point in range(len(first) - 1):
        for row in range(first[point], first[point + 1]):
            if row + 1 < first[point + 1] and out[1][row + 1] == out[1][row]:
                continue
            out[0][left] = point
            out[1][left], out[2][left], out[3][left] = out[1][row], out[2][row], out[3][row]
            left += 1
    return left
