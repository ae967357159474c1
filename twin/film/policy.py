"""For how long which points' film is kept where. Pure.

A policy is for the points of some classes; every other point goes by the default.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.points import Registry
from twin import days
from twin.film.described import PastRegistry

DEFAULT: Final = "default"
DAY_MS: Final = 86_400_000.0
PolicyNumbers = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Policy:
    """How many days film stays in the database (`warm_days`), and then in files (`cold_days`; 0: it does not,
    None: for ever).
    """

    name: str
    warm_days: float
    cold_days: float | None = 0.0
    classes: frozenset[str] = frozenset()

    @property
    def goes_cold(self) -> bool:
        """Whether what it is for is kept in files at all."""
        return self.cold_days is None or self.cold_days > 0

    def kept_days(self, *, with_cold: bool) -> float:
        """Days until it is deleted; inf: never."""
        if not with_cold:
            return self.warm_days
        return self.warm_days + (math.inf if self.cold_days is None else self.cold_days)


@dataclass(frozen=True, slots=True)
class Policies:
    """A venue's policies; the one for all other points is the first of `all`."""

    default: Policy
    others: tuple[Policy, ...] = ()

    @property
    def all(self) -> tuple[Policy, ...]:
        """Each of them, by number."""
        return self.default, *self.others

    @property
    def go_cold(self) -> bool:
        """Whether any of it is kept in files."""
        return any(each.goes_cold for each in self.all)

    def find(self, name: str) -> Policy | None:
        """One by its name."""
        return next((each for each in self.all if each.name == name), None)

    def kept_days(self, *, with_cold: bool) -> float:
        """Days until the last of a stretch of film is deleted."""
        return max(each.kept_days(with_cold=with_cold) for each in self.all)


@dataclass(slots=True, eq=False)
class PolicyBook:
    """Which point goes by which policy."""

    policies: Policies
    _known: dict[str, PolicyNumbers] = field(default_factory=dict)

    def numbers(self, past: PastRegistry) -> PolicyNumbers:
        """(n_points,) int16: the number of each point's policy in `policies.all`, by its class of then."""
        if past.hash not in self._known:
            by_class = {name: row for row, each in enumerate(self.policies.all) for name in each.classes}
            found = [by_class.get(point.point_class, 0) for point in past.points]
            self._known[past.hash] = np.array(found, dtype=np.int16)
        return self._known[past.hash]


def unused_classes(policies: Policies, registry: Registry) -> list[str]:
    """Classes that a policy names and no point has, as `policy: class`."""
    known = {point.point_class for point in registry.points}
    return [f"{each.name}: {name}" for each in policies.all for name in sorted(each.classes - known)]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the venue: its date, and when it begins and ends, ms since 1970 UTC."""

    name: str
    from_ms: float
    to_ms: float


def day_of(time_ms: float, zone: tzinfo) -> Day:
    """The day in which a moment lies; one on which clocks are changed has 23 or 25 hours."""
    local = days.day_of(time_ms, zone)
    return Day(local.isoformat(), *days.day_bounds(local, zone))


def due(policies: Sequence[Policy], end_ms: float, now_ms: float) -> frozenset[int]:
    """The numbers of the policies that want what ended then out of the database by now."""
    return frozenset(row for row, each in enumerate(policies) if end_ms + each.warm_days * DAY_MS <= now_ms)
