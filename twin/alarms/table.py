"""Rules over the points that they watch, as columns: what the engine works on. No I/O."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.points import Point, Registry
from twin.alarms.model import Check, Match, Place, Rule, Source
from twin.alarms.rules_file import FILE

MS_PER_S = 1000.0
MOST_STATES = 64
"""Of one point's enumeration: they are bits of a u64."""

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
PlaceOf = Callable[[str], Place]
CHECKS = tuple(Check)


@dataclass(frozen=True, slots=True)
class WatchedPoint:
    """One rule over one point: a row of the table."""

    rule: Rule
    point: Point

    @property
    def source(self) -> Source:
        """What an alarm of this row comes from."""
        return (self.rule.id, self.point.device, self.point.name)


@dataclass(frozen=True, eq=False)
class RuleTable:
    """All (rule, point) pairs, k rows by ascending point_index.

    Columns of length k: `point` intp; `check` uint8, the position in `CHECKS`; `low_on`, `high_on` float64,
    a value below or above which the condition begins to hold; `low_off`, `high_off`, at or beyond which it
    ends; `bits` uint64, the states or qualities that count, by position; `delay_ms`, `off_delay_ms`;
    `priority` int8.
    """

    rows: tuple[WatchedPoint, ...]
    n_points: int

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def point(self) -> Rows:
        """(k,) intp, ascending."""
        return np.fromiter((row.point.point_index for row in self.rows), dtype=np.intp, count=len(self))

    @cached_property
    def first_row(self) -> Rows:
        """(n_points + 1,) intp: rows of point i are `first_row[i]` to `first_row[i + 1]`."""
        return np.searchsorted(self.point, np.arange(self.n_points + 1)).astype(np.intp)

    @cached_property
    def check(self) -> NDArray[np.uint8]:
        """(k,) uint8, position in `CHECKS`."""
        kinds = (CHECKS.index(row.rule.condition.check) for row in self.rows)
        return np.fromiter(kinds, dtype=np.uint8, count=len(self))

    @cached_property
    def limit(self) -> Floats:
        """(k,) float64, unit of the point: the condition begins beyond it."""
        return self._column(row.rule.condition.limit for row in self.rows)

    @cached_property
    def hysteresis(self) -> Floats:
        """(k,) float64, unit of the point: so far inside the limit the condition ends."""
        return self._column(row.rule.condition.hysteresis for row in self.rows)

    @cached_property
    def bits(self) -> NDArray[np.uint64]:
        """(k,) uint64: bit i is set where state, or quality, i counts."""
        return np.fromiter((_bits(row) for row in self.rows), dtype=np.uint64, count=len(self))

    @cached_property
    def delay_ms(self) -> Floats:
        """(k,) float64."""
        return self._column(row.rule.condition.delay_s * MS_PER_S for row in self.rows)

    @cached_property
    def off_delay_ms(self) -> Floats:
        """(k,) float64."""
        return self._column(row.rule.condition.off_delay_s * MS_PER_S for row in self.rows)

    @cached_property
    def row_of(self) -> dict[Source, int]:
        """The row of each source."""
        return {row.source: number for number, row in enumerate(self.rows)}

    @cached_property
    def points_of_rule(self) -> dict[str, int]:
        """How many points each rule watches; a rule that watches none is absent."""
        counts: dict[str, int] = {}
        for row in self.rows:
            counts[row.rule.id] = counts.get(row.rule.id, 0) + 1
        return counts

    def _column(self, values: Iterable[float]) -> Floats:
        return np.fromiter(values, dtype=np.float64, count=len(self))


def _bits(row: WatchedPoint) -> int:
    condition = row.rule.condition
    if condition.check is Check.QUALITY:
        return sum(1 << int(quality) for quality in condition.qualities)
    keys = [state.key for state in row.point.states]
    return sum(1 << keys.index(key) for key in condition.states)


def make_table(
    rules: Sequence[Rule], registry: Registry, place_of: PlaceOf
) -> tuple[RuleTable, list[str], list[str]]:
    """The table, the faults that forbid its use, and notes on what deserves a look.

    `place_of` gives the place of a device. A rule whose states a point lacks is faulty; one that matches no
    point, or names cause data that no device has, is noted.
    """
    faults: list[str] = []
    notes: list[str] = []
    rows: list[WatchedPoint] = []
    for rule in rules:
        points = matching(rule.match, registry, place_of)
        wrong = list(_state_faults(rule, points))
        faults += wrong
        rows += [] if wrong else [WatchedPoint(rule, point) for point in points]
        notes += _notes(rule, points, registry)
    rows.sort(key=lambda row: row.point.point_index)
    return RuleTable(tuple(rows), len(registry)), faults, notes


def matching(match: Match, registry: Registry, place_of: PlaceOf) -> list[Point]:
    """The points that meet every given part of a match, by point_index."""
    devices = {
        device.id
        for device in registry.devices.values()
        if _fits(match.device, device.id)
        and _fits(match.device_type, device.type)
        and (not match.space_function or _fits(match.space_function, place_of(device.id).space_function))
    }
    return [
        point
        for point in registry.points
        if point.device in devices
        and _fits(match.point_class, point.point_class)
        and _fits(match.point, point.name)
    ]


def _fits(patterns: tuple[str, ...], text: str) -> bool:
    return not patterns or any(_pattern(each).match(text) for each in patterns)


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))


def _state_faults(rule: Rule, points: Sequence[Point]) -> Iterator[str]:
    if rule.condition.check is not Check.STATE:
        return
    for kind in sorted({(point.name, tuple(state.key for state in point.states)) for point in points}):
        name, keys = kind
        missing = [key for key in rule.condition.states if key not in keys]
        if missing and not keys:
            yield f"{FILE}: rule '{rule.id}': point '{name}' has no states; use above or below"
        elif missing:
            known = ", ".join(keys)
            yield f"{FILE}: rule '{rule.id}': point '{name}' has no state '{missing[0]}'; it has {known}"
        elif len(keys) > MOST_STATES:
            yield f"{FILE}: rule '{rule.id}': point '{name}' has more than {MOST_STATES} states"


def _notes(rule: Rule, points: Sequence[Point], registry: Registry) -> Iterator[str]:
    if not points:
        yield f"{FILE}: rule '{rule.id}' matches no point"
        return
    names = {each.name for device in {p.device for p in points} for each in registry.points_of(device)}
    unknown = sorted(set(rule.cause_data) - names)
    if unknown:
        yield f"{FILE}: rule '{rule.id}': cause_data '{unknown[0]}' is a point of none of its devices"
