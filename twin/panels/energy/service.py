"""What the energy routes work with: the plant, its readings, and figures of any day."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from twin.bound import BoundDevices
from twin.days import day_bounds, day_of
from twin.panels.energy.days import Step, bounds
from twin.panels.energy.energy_file import EnergyInfo, load_energy
from twin.panels.energy.figures import Balance, balance
from twin.panels.energy.plant import Plant, plant_of
from twin.panels.energy.readings import Floats, Grid, Readings
from twin.runtime import Twin

READ_EVERY: Step = "15min"


@dataclass(frozen=True, slots=True)
class Span:
    """A day of the venue up to a moment, or whole; ms since 1970 UTC."""

    day: date
    from_ms: float
    to_ms: float
    end_ms: float


class EnergyRoom:
    """One venue's energy; made anew where devices are bound otherwise."""

    def __init__(self, twin: Twin, info: EnergyInfo) -> None:
        self.twin, self.info = twin, info
        self._made: tuple[BoundDevices, Plant, Readings] | None = None

    def _current(self) -> tuple[BoundDevices, Plant, Readings]:
        twin = self.twin
        if self._made is None or self._made[0] is not twin.bound:
            plant = plant_of(twin.registry, twin.package, twin.bound)
            self._made = (twin.bound, plant, Readings(twin.film, twin.clock, plant.points))
        return self._made

    @property
    def plant(self) -> Plant:
        """What measures electricity here."""
        return self._current()[1]

    @property
    def readings(self) -> Readings:
        """What it reads at any time."""
        return self._current()[2]

    def span(self, day: date | None, at_ms: float) -> Span:
        """A day as far as it had come at a moment; that moment's own day where none is given."""
        zone = self.twin.venue.zone
        wanted = day_of(at_ms, zone) if day is None else day
        begin, end = day_bounds(wanted, zone)
        return Span(wanted, begin, max(begin, min(end, at_ms)), end)

    def earlier(self, span: Span, days: int) -> Span:
        """Another day up to the same time by the clock."""
        day = span.day - timedelta(days=days)
        begin, end = day_bounds(day, self.twin.venue.zone)
        elapsed = span.to_ms - span.from_ms
        return Span(day, begin, end if span.to_ms == span.end_ms else min(begin + elapsed, end), end)

    async def grid(self, span: Span) -> Grid:
        """The readings of a span, every quarter of an hour and at its end."""
        times = bounds(span.from_ms, span.to_ms, READ_EVERY, self.twin.venue.zone)
        return await self.readings.at(np.unique(times))

    async def balance(self, span: Span) -> Balance:
        """Where a span's energy came from and went."""
        return balance(self.plant, await self.grid(span))

    async def moment(self, at_ms: float) -> Floats:
        """What everything reads at a moment, `(points,)`."""
        row: Floats = (await self.readings.at([at_ms])).values[0]
        return row


@contextlib.asynccontextmanager
async def run(twin: Twin) -> AsyncIterator[EnergyRoom]:
    """The panel's service. VenueError: energy.yaml has faults."""
    yield EnergyRoom(twin, load_energy(twin.venue))
