"""Samples summed by point or by bucket, compiled to machine code. No I/O.

A slot is a point of one hour, or a bucket of one point. `sums` (FIELDS, slots) float64 is as `layout` says;
`states` (any,) float64 are ms in each state, a row of so many as the point has states for each slot.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spatial.kernels import compiled
from telemetry_bridge.wire import Indices, Qualities, Values
from twin.film.rollup import counting
from twin.film.rollup.layout import (
    COUNT,
    FIRST,
    HIGH,
    KNOWN,
    LAST,
    LOST,
    LOW,
    RESETS,
    WEIGHTED,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Numbers in compiled code.
Number = Any

GOOD: Final = 0
SIMULATED: Final = 3

began_anew = compiled(counting.began_anew)


@compiled
def _is_known(value: Number, quality: Number, n_states: Number) -> bool:
    """Whether a value holds: it was read, and where the point has states it is one of them."""
    if quality not in (GOOD, SIMULATED) or not np.isfinite(value):
        return False
    return bool(n_states == 0 or (0 <= value < n_states and value == np.floor(value)))


@compiled
def _hold(
    sums: Floats,
    states: Floats,
    at: Number,
    state_at: Number,
    n_states: Number,
    edges: Floats,
    slot: Number,
    from_ms: Number,
    to_ms: Number,
    value: Number,
) -> None:
    """A value held from a time to before another; `slot` is that of the first."""
    while from_ms < to_ms:
        until = min(to_ms, edges[slot + 1])
        lasted, row = until - from_ms, at + slot
        sums[KNOWN, row] += lasted
        sums[WEIGHTED, row] += value * lasted
        if not sums[LOW, row] <= value:
            sums[LOW, row] = value
        if not sums[HIGH, row] >= value:
            sums[HIGH, row] = value
        if np.isnan(sums[FIRST, row]):
            sums[LAST, row] = value
        if n_states > 0:
            states[state_at + slot * n_states + np.int64(value)] += lasted
        from_ms = until
        slot += 1


@compiled
def _read(sums: Floats, row: Number, value: Number, counts: Number) -> None:
    """A value was read."""
    if counts and not np.isnan(sums[FIRST, row]) and began_anew(sums[LAST, row], value):
        sums[LOST, row] += sums[LAST, row]
        sums[RESETS, row] += 1
    if np.isnan(sums[FIRST, row]):
        sums[FIRST, row] = value
    if not sums[LOW, row] <= value:
        sums[LOW, row] = value
    if not sums[HIGH, row] >= value:
        sums[HIGH, row] = value
    sums[LAST, row] = value
    sums[COUNT, row] += 1


@compiled
def add_run(
    sums: Floats,
    states: Floats,
    at: Number,
    state_at: Number,
    n_states: Number,
    counts: Number,
    edges: Floats,
    from_ms: Number,
    to_ms: Number,
    value: Number,
    quality: Number,
    times: Values,
    values: Values,
    qualities: Qualities,
    first: Number,
    end: Number,
) -> None:
    """Add what one point did from a time to before another, as far as it is within the edges (n + 1,).

    Its slots are from `at` on, one a bucket, its states from `state_at` on. `value` and `quality` are what
    it read at the start; its samples are the rows from `first` to before `end`, ascending in time.
    """
    from_ms, to_ms = max(from_ms, edges[0]), min(to_ms, edges[-1])
    if not from_ms < to_ms:
        return
    known, slot = _is_known(value, quality, n_states), np.int64(np.searchsorted(edges, from_ms, "right")) - 1
    for row in range(first, end):
        moment = times[row]
        if moment >= to_ms:
            break
        if moment > from_ms:
            if known:
                _hold(sums, states, at, state_at, n_states, edges, slot, from_ms, moment, value)
            while edges[slot + 1] <= moment:
                slot += 1
            from_ms = moment
        value, quality = values[row], qualities[row]
        known = _is_known(value, quality, n_states)
        if known and moment >= from_ms:
            _read(sums, at + slot, value, counts)
    if known:
        _hold(sums, states, at, state_at, n_states, edges, slot, from_ms, to_ms, value)


@compiled
def add_segment(
    sums: Floats,
    states: Floats,
    points: tuple[Ints, Ints, Ints],
    edges: Floats,
    span: tuple[float, float],
    key: tuple[Indices, Values, Qualities],
    samples: tuple[Indices, Values, Values, Qualities],
) -> None:
    """Add what a segment tells of a span, slot n being point n; `edges` are those of one bucket.

    points: of each where its states begin, how many it has, and whether it counts. The keyframe's points,
    values and qualities, by point; the samples by point, then by time. Points beyond are left out.
    """
    state_at, n_states, counts = points
    key_point, key_value, key_quality = key
    point, times, values, qualities = samples
    known, row = 0, 0
    while known < len(key_point) or row < len(point):
        of = np.int64(1 << 40)
        if known < len(key_point):
            of = np.int64(key_point[known])
        if row < len(point):
            of = min(of, np.int64(point[row]))
        if of >= len(n_states):
            break
        value, quality = np.nan, np.uint8(2)
        if known < len(key_point) and key_point[known] == of:
            value, quality = key_value[known], key_quality[known]
            known += 1
        first = row
        while row < len(point) and point[row] == of:
            row += 1
        add_run(
            sums,
            states,
            of,
            state_at[of],
            n_states[of],
            counts[of],
            edges,
            span[0],
            span[1],
            value,
            quality,
            times,
            values,
            qualities,
            first,
            row,
        )
