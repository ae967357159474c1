"""What energy points read at given times, from the film; read once, kept while there is room."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.clock import Clock
from telemetry_bridge.wire import Quality
from twin.errors import DamagedFilmError, NotRecordedError
from twin.film.film import Film
from twin.film.segment import State

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_KEPT = 4096
SETTLED_MS = 120_000.0  # what is younger may still be written
SILENT_MS = 300_000.0
"""A point that fell silent this short a time ago still tells what it last read."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """`times_ms` (t,) float64 ascending; `values` (t, points) float64, NaN where nothing is known; `read_ms`
    (t, points) when they had come, which is not after `times_ms`.
    """

    times_ms: Floats
    values: Floats
    read_ms: Floats

    def of(self, columns: Sequence[int]) -> Floats:
        """(t, len(columns)): some points' values."""
        return self.values[:, np.asarray(columns, dtype=np.int64)]


class Readings:
    """Reads a fixed list of points at any times.

    A whole state of the film costs what one point of it does, so a few hundred moments are read rather than
    the every sample of a few hundred points.
    """

    def __init__(self, film: Film, clock: Clock, points: Ints) -> None:
        self._film, self._clock, self._points = film, clock, points
        self._kept: OrderedDict[float, Floats] = OrderedDict()
        """By time the values, then when they had come: (2, points)."""

    async def at(self, times_ms: Sequence[float] | Floats) -> Grid:
        """What the points read at some times; nothing of times that are not over yet."""
        rows = [await self._row(float(each)) for each in times_ms]
        table = np.array(rows) if rows else np.empty((0, 2, len(self._points)))
        return Grid(np.asarray(times_ms, dtype=np.float64), table[:, 0], table[:, 1])

    async def _row(self, time_ms: float) -> Floats:
        if time_ms in self._kept:
            self._kept.move_to_end(time_ms)
            return self._kept[time_ms]
        now_ms = self._clock.now_ms()
        row = self._nothing() if time_ms > now_ms else await self._read(time_ms)
        if time_ms < now_ms - SETTLED_MS:
            self._kept[time_ms] = row
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return row

    def _nothing(self) -> Floats:
        return np.full((2, len(self._points)), np.nan)

    async def _read(self, time_ms: float) -> Floats:
        """NaN in a gap of the film, of a point that was silent or bad, and where the film cannot be read."""
        try:
            moment = await self._film.state_at(time_ms)
        except (NotRecordedError, DamagedFilmError):
            return self._nothing()
        if moment.gap is not None:
            return self._nothing()
        values = known_values(moment.state, self._points, time_ms)
        return np.array([values, np.where(np.isnan(values), np.nan, moment.state.time_ms[self._points])])


def known_values(state: State, points: Ints, time_ms: float) -> Floats:
    """(points,) What is known of some points at a time: NaN for bad ones, and for those silent for long."""
    value, quality = state.value[points], state.quality[points]
    fresh = (quality == Quality.GOOD) | (quality == Quality.SIMULATED)
    just_silent = (quality == Quality.STALE) & (time_ms - state.time_ms[points] <= SILENT_MS)
    known: Floats = np.where(fresh | just_silent, value, np.nan)
    return known
