"""People in rooms: arrivals and departures around what the programme and the hour ask for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.simulation.profiles import Profile, share_of_peak
from twin.simulation.programme import Programme

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


SESSION_TURNOVER_S = 150.0


@dataclass(frozen=True, slots=True)
class Demand:
    """What draws people to each space: walk-in use of its area, or the booked programme."""

    profiles: tuple[Profile, ...]
    area_m2: Floats  # (spaces,)
    programme: Programme
    popularity: Floats  # (spaces,), about 1: some rooms are liked more

    def target(self, local_s: float, *, is_open: bool) -> Floats:
        """People who would be in each space, `(spaces,)`, at a local time (s since 1970, venue's zone)."""
        hour = local_s % 86400.0 / 3600.0
        weekend = int(local_s // 86400 + 3) % 7 >= 5  # 1970-01-01 was a Thursday
        walk_in = np.array([self._walk_in(profile, hour, weekend, is_open) for profile in self.profiles])
        booked = self.programme.people_at(local_s)
        return np.where(np.isnan(booked), walk_in * self.area_m2 * self.popularity, booked)

    def stay_s(self, local_s: float) -> Floats:
        """How long people stay, s, `(spaces,)`: whoever comes for a session comes and goes with it."""
        booked = ~np.isnan(self.programme.people_at(local_s))
        walk_in = np.array([profile.stay_min * 60.0 for profile in self.profiles])
        return np.where(booked, SESSION_TURNOVER_S, walk_in)

    @staticmethod
    def _walk_in(profile: Profile, hour: float, weekend: bool, is_open: bool) -> float:
        """People per m2; a closed house keeps its night watch and nobody else."""
        if not is_open and profile.name not in {"control", "outdoor", "parking"}:
            return 0.0
        return profile.density * share_of_peak(profile, hour, weekend=weekend)


def move_people(count: Ints, target: Floats, stay_s: Floats, step_s: float, rng: np.random.Generator) -> Ints:
    """The next count of people per space: Poisson arrivals, each present one leaving at a rate of 1/stay.

    In equilibrium the count is Poisson distributed around `target`. All arrays `(spaces,)`.
    """
    leave = -np.expm1(-step_s / stay_s)
    arriving = rng.poisson(np.maximum(target, 0.0) * leave)
    leaving = rng.binomial(count, leave)
    return count + arriving - leaving
