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
    """`times_ms` (t,) float64 ascending; `values` (t, points) float64, NaN where nothing is known."""

    times_ms: Floats
    values: Floats

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

    async def at(self, times_ms: Sequence[float] | Floats) -> Grid:
        """What the points read at some times; nothing of times that are not over yet."""
        rows = [await self._row(float(each)) for each in times_ms]
        values = np.array(rows) if rows else np.empty((0, len(self._points)))
        return Grid(np.asarray(times_ms, dtype=np.float64), values)

    async def _row(self, time_ms: float) -> Floats:
        if time_ms in self._kept:
            self._kept.move_to_end(time_ms)
            return self._kept[time_ms]
        now_ms = self._clock.now_ms()
        row = np.full(len(self._points), np.nan) if time_ms > now_ms else await self._read(time_ms)
        if time_ms < now_ms - SETTLED_MS:
            self._kept[time_ms] = row.astype(np.float64)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return row

    async def _read(self, time_ms: float) -> Floats:
        """NaN in a gap of the film, of a point that was silent or bad, and where the film cannot be read."""
        try:
            moment = await self._film.state_at(time_ms)
        except (NotRecordedError, DamagedFilmError):
            return np.full(len(self._points), np.nan)
        if moment.gap is not None:
            return np.full(len(self._points), np.nan)
        return known_values(moment.state, self._points, time_ms)


def known_values(state: State, points: Ints, time_ms: float) -> Floats:
    """(points,) What is known of some points at a time: NaN for bad ones, and for those silent for long."""
    value, quality = state.value[points], state.quality[points]
    fresh = (quality == Quality.GOOD) | (quality == Quality.SIMULATED)
    just_silent = (quality == Quality.STALE) & (time_ms - state.time_ms[points] <= SILENT_MS)
    known: Floats = np.where(fresh | just_silent, value, np.nan)
    return known
