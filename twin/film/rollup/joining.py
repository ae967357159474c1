"""Sums of parts of a time, in order, joined to sums of buckets. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.film.rollup import layout as k
from twin.film.rollup.counting import PointKind, began_anew
from twin.film.rollup.hours import DAY_MS, Edges

Floats = NDArray[np.float64]

#: A reading is compared with one of an hour that began so long before at most: beyond that nobody knows
#: whether it is the same meter.
COMPARED_MS = 31 * DAY_MS


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What one point did in u parts of time, ascending: `start_ms` (u,) of each, `hour_ms` (u,) when the hour
    of it began, `sums` (FIELDS, u) and `states` (u, s) ms as `layout` has them.
    """

    start_ms: Floats
    hour_ms: Floats
    sums: Floats
    states: Floats

    @classmethod
    def none(cls, n_states: int) -> "Parts":
        """No parts."""
        return cls(np.empty(0), np.empty(0), k.no_sums(0), np.empty((0, n_states)))

    @classmethod
    def joined(cls, parts: Sequence["Parts"], n_states: int) -> "Parts":
        """Parts by their time; those of one start in the order given. States that one has not are 0 there."""
        whole = [cls.none(n_states), *parts]
        start_ms = np.concatenate([part.start_ms for part in whole])
        order = np.argsort(start_ms, kind="stable")
        states = [_widened(part.states, n_states) for part in whole]
        return cls(
            start_ms[order],
            np.concatenate([part.hour_ms for part in whole])[order],
            np.concatenate([part.sums for part in whole], axis=1)[:, order],
            np.concatenate(states)[order],
        )

    def __len__(self) -> int:
        return len(self.start_ms)

    @property
    def has_reading(self) -> bool:
        """Whether anything was read in any of them."""
        return bool((self.sums[k.COUNT] > 0).any())


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """What a point did in b buckets, from `edges[n]` to before `edges[n + 1]`; NaN where nothing is known.

    `mean` is by time, of the time when the value was known: `known_s`; of counters it is NaN. `increase` and
    `resets` are of counters, the step from the last reading before a bucket included; `states_s` (b, s).
    """

    edges: Edges
    kind: PointKind
    known_s: Floats
    count: Floats
    mean: Floats
    low: Floats
    high: Floats
    last: Floats
    increase: Floats
    resets: Floats
    states_s: Floats


def buckets(parts: Parts, edges: Edges, kind: PointKind) -> Buckets:
    """Join parts into the buckets in which they begin; those before the first tell what was read before."""
    n = len(edges) - 1
    into = np.searchsorted(edges, parts.start_ms, "right") - 1
    inside = (into >= 0) & (into < n)
    own, sums = into[inside], parts.sums[:, inside]

    def added(row: Floats) -> Floats:
        return np.bincount(own, row, minlength=n).astype(np.float64)

    known_ms = added(sums[k.KNOWN])
    states = np.zeros((n, parts.states.shape[1]))
    np.add.at(states, own, parts.states[inside])
    increase, resets = _increase(parts)
    counts = kind is PointKind.COUNTER
    touched = (known_ms > 0) | (added(sums[k.COUNT]) > 0)
    nothing = np.full(n, np.nan)
    with np.errstate(invalid="ignore", over="ignore"):
        mean = added(sums[k.WEIGHTED]) / np.where(known_ms > 0, known_ms, np.nan)
    return Buckets(
        edges=edges,
        kind=kind,
        known_s=known_ms / 1000.0,
        count=added(sums[k.COUNT]),
        mean=nothing if counts else mean,
        low=_extreme(np.fmin, own, sums[k.LOW], n),
        high=_extreme(np.fmax, own, sums[k.HIGH], n),
        last=_last(own, sums, n),
        increase=np.where(touched, added(increase[inside]), np.nan) if counts else nothing,
        resets=added(resets[inside]) if counts else np.zeros(n),
        states_s=states / 1000.0,
    )


def _increase(parts: Parts) -> tuple[Floats, Floats]:
    """(u,) what each part counted, the step into it included, and how often it began anew."""
    sums = parts.sums
    increase, resets = np.zeros(len(parts)), sums[k.RESETS].copy()
    read = np.flatnonzero(sums[k.COUNT] > 0)
    first, last = sums[k.FIRST, read], sums[k.LAST, read]
    increase[read] = last - first + sums[k.LOST, read]
    if len(read) > 1:
        before, after, to = last[:-1], first[1:], read[1:]
        anew = began_anew(before, after)
        compared = parts.hour_ms[to] - parts.hour_ms[read[:-1]] <= COMPARED_MS
        increase[to] += np.where(compared, np.where(anew, after, after - before), 0.0)
        resets[to] += anew & compared
    return increase, resets


def _extreme(which: np.ufunc, into: NDArray[np.int64], values: Floats, n: int) -> Floats:
    found = np.full(n, np.nan)
    which.at(found, into, values)
    return found


def _last(into: NDArray[np.int64], sums: Floats, n: int) -> Floats:
    """The last that was read, or else that held; parts are in order."""
    found, values = np.full(n, np.nan), sums[k.LAST]
    for told in (~np.isnan(values), sums[k.COUNT] > 0):
        found[into[told]] = values[told]
    return found


def _widened(states: Floats, n_states: int) -> Floats:
    """As many states as there are today: they are only ever added at the end, or left out there."""
    found = np.zeros((len(states), n_states))
    width = min(n_states, states.shape[1])
    found[:, :width] = states[:, :width]
    return found
