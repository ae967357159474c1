"""Samples in the order in which they came, folded into a state; compiled to machine code by numba. No I/O.

This module takes a third of a second to load: it is imported when the first moment is asked for.
"""

from spatial.kernels import compiled
from telemetry_bridge.wire import Indices, Qualities, Values


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
