"""What a point did in a stretch of time, in figures, and how far it can be trusted. Pure."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.wire import Quality
from twin.film.segment import Track

DOUBTFUL = (Quality.STALE, Quality.BAD)


@dataclass(frozen=True, slots=True)
class Reading:
    """A value at a moment; `value` NaN and `quality` None where nothing is known."""

    value: float = math.nan
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """`least`, `greatest`: of the values read, NaN where there are none; `mean`: weighted by time.

    `samples`: how many came within; `doubtful`: the share of the time, 0..1, in which the value was stale,
    bad or not known at all.
    """

    least: float = math.nan
    greatest: float = math.nan
    mean: float = math.nan
    samples: int = 0
    doubtful: float = 1.0


def figures(before: Track, track: Track, from_ms: float, to_ms: float) -> Figures:
    """A point's figures; each value holds until the next sample. `before`: at most one earlier sample."""
    whole = Track.joined([before[-1:], track])
    if not len(whole):
        return Figures()
    start = np.clip(whole.time_ms, from_ms, to_ms)
    length = np.append(start[1:], to_ms) - start
    finite = np.isfinite(whole.value)
    sound = finite & ~np.isin(whole.quality, DOUBTFUL)
    span = max(to_ms - from_ms, 1e-9)
    return Figures(
        _edge(whole.value[finite], least=True),
        _edge(whole.value[finite], least=False),
        _mean(whole.value[finite], length[finite]),
        len(track),
        float(np.clip(1.0 - length[sound].sum() / span, 0.0, 1.0)),
    )


def _edge(values: NDArray[np.float64], *, least: bool) -> float:
    if not len(values):
        return math.nan
    return float(values.min() if least else values.max())


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    total = float(weights.sum())
    if total <= 0.0:
        return float(values[-1]) if len(values) else math.nan
    return float((values * weights).sum() / total)
