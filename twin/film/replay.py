"""Playing the film: where a viewer stands, and what changed between two moments. Pure."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.clock import MS_PER_S
from telemetry_bridge.wire import Frame, Kind
from twin.film.segment import State


@dataclass(slots=True)
class Player:
    """Where a viewer stands in the film (ms since 1970 UTC; None: nowhere yet), and how fast it plays."""

    time_ms: float | None = None
    speed: float = 1.0
    playing: bool = False

    def target(self, real_s: float) -> float:
        """Where it will be after some real seconds of playing. ValueError: it stands nowhere."""
        if self.time_ms is None:
            raise ValueError("nowhere yet")
        return self.time_ms + real_s * self.speed * MS_PER_S


def between(time_ms: float, other_ms: float) -> tuple[int, int]:
    """The whole ms, second not included, of events after the earlier of two times, up to the later."""
    earlier, later = sorted((time_ms, other_ms))
    return math.floor(earlier) + 1, math.floor(later) + 1


def snapshot(state: State, seq: int, time_ms: float) -> Frame:
    """The whole state as a frame of a replay."""
    return _frame(Kind.SNAPSHOT, state, np.flatnonzero(state.known), seq, time_ms)


def delta(before: State, after: State, seq: int, time_ms: float) -> Frame:
    """What differs between two states, to the bit.

    A point that was known before and is not any more has no value, and is bad.
    """
    differs = before.value.view(np.uint64) != after.value.view(np.uint64)
    differs |= (before.quality != after.quality) | (before.known != after.known)
    return _frame(Kind.DELTA, after, np.flatnonzero(differs), seq, time_ms)


def _frame(kind: Kind, state: State, rows: NDArray[np.intp], seq: int, time_ms: float) -> Frame:
    index = rows.astype(np.uint32)
    return Frame(kind, seq, time_ms, index, state.value[rows], state.quality[rows], replay=True)
