"""A venue's telemetry as it arrives: gauges, switches and counters of devices that report together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from telemetry_bridge.points import Device, DeviceType, PointType, Registry
from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import Values

START_MS = 1_790_000_000_000.0
PERIOD_MS = 5000.0
MINUTE_MS = 60_000.0
#: How much a message is off its device's beat (standard deviation), and how long it is on its way.
JITTER_MS, WAY_MS = 50.0, 20.0
ARRIVALS_MS = 200.0
SEED = 7
#: How many of 100 devices have 1, 2, ... 8 points.
SIZES = np.array([25, 25, 20, 12, 8, 5, 3, 2]) / 100.0


@dataclass(frozen=True, slots=True)
class Plan:
    """`points`, `minutes` of trace; `unit_ms`: devices round their times to; `noise`: values in full."""

    points: int
    minutes: int
    unit_ms: float
    noise: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """What came until a time, ms since 1970 UTC."""

    time_ms: float
    samples: Samples


def registry_of(points: int) -> Registry:
    """So many points: devices of one point each, for the film does not ask which point is whose."""
    kind = DeviceType("gauge", points=(PointType("value"),))
    return Registry([kind], [Device(f"D-{number:06}", "gauge") for number in range(points)])


def trace(plan: Plan) -> Iterator[Arrival]:
    """All samples in the order in which they arrive, five times a second.

    70 % gauges that wander by about two of their last digits, 20 % switches that turn once in 50 samples,
    10 % counters.
    """
    samples = _samples(plan)
    random = np.random.default_rng(SEED + 1)
    arrives_ms = samples.time_ms + random.exponential(WAY_MS, len(samples))
    order = np.argsort(arrives_ms, kind="stable")
    samples, arrives_ms = samples[order], arrives_ms[order]
    steps = np.arange(START_MS + ARRIVALS_MS, arrives_ms[-1] + ARRIVALS_MS, ARRIVALS_MS)
    edges = [0, *np.searchsorted(arrives_ms, steps, side="right").tolist()]
    for time_ms, first, end in zip(steps.tolist(), edges, edges[1:], strict=False):
        yield Arrival(time_ms, samples[first:end])


def _samples(plan: Plan) -> Samples:
    random = np.random.default_rng(SEED)
    device = np.repeat(np.arange(plan.points), random.choice(8, plan.points, p=SIZES) + 1)[: plan.points]
    steps = int(plan.minutes * MINUTE_MS / PERIOD_MS)
    phase = random.uniform(0, PERIOD_MS, int(device[-1]) + 1)[:, None]
    jitter = random.normal(0, JITTER_MS, (len(phase), steps))
    time_ms = START_MS + 2 * JITTER_MS + phase + PERIOD_MS * np.arange(steps) + np.abs(jitter)
    time_ms = np.floor(time_ms / plan.unit_ms) * plan.unit_ms
    value = _values(random, plan, steps)
    index = np.repeat(np.arange(plan.points, dtype=np.uint32), steps)
    whole = Samples.of(index, time_ms[device].ravel(), value.ravel(), 0)
    return whole[whole.time_ms >= START_MS]


def _values(random: np.random.Generator, plan: Plan, steps: int) -> Values:
    """(points, steps)"""
    kind = random.permutation(plan.points) % 10
    shape = (plan.points, steps)
    wander = random.normal(20, 5, (plan.points, 1)) + np.cumsum(random.normal(0, 0.2, shape), axis=1)
    gauge = wander if plan.noise else np.round(wander, 1)
    switch = (np.cumsum(random.random(shape) < 0.02, axis=1) % 2).astype(np.float64)
    begun = random.integers(0, 10**6, (plan.points, 1))
    counter = np.round((begun + np.cumsum(random.integers(0, 20, shape), axis=1)) / 1000.0, 3)
    return np.where((kind < 7)[:, None], gauge, np.where((kind < 9)[:, None], switch, counter))
