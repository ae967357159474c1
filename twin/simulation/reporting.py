"""When a simulated device sends: at its period, and at once when something a person would notice changed."""

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.points import Registry
from twin.simulation.noise import keys_of, uniform

Floats = NDArray[np.float64]

DEADBAND = 0.01  # of the shown value; smaller changes wait for the period
DEADBAND_FLOOR = 0.05
SOONEST = 0.2  # of the period: a quantity that moved reports no sooner


class Reporting:
    """Which points report now; columns are `(points,)` in the registry's order."""

    def __init__(self, registry: Registry, seed: int) -> None:
        """Spread the periods, so that ten thousand points do not report in the same instant."""
        self._period_ms = registry.period_ms
        self._enumerated = np.array([bool(point.states) for point in registry.points], dtype=np.bool_)
        keys = keys_of(seed, [point.key for point in registry.points])
        self._jitter = 0.8 + 0.4 * uniform(keys, 0, channel=71)
        self._sent_ms = np.full(len(registry), -np.inf)
        self._sent = np.full(len(registry), np.nan)
        self._first = True

    def due(self, value: Floats, now_ms: float) -> NDArray[np.int64]:
        """The points, `(k,)` ascending, whose `value` (NaN: silent) is to be sent at `now_ms`."""
        waited = now_ms - self._sent_ms
        moved = np.abs(value - self._sent) > np.maximum(np.abs(self._sent) * DEADBAND, DEADBAND_FLOOR)
        changed = np.where(
            self._enumerated, value != self._sent, moved & (waited >= SOONEST * self._period_ms)
        )
        sends = (changed | (waited >= self._period_ms * self._jitter)) & np.isfinite(value)
        chosen = np.flatnonzero(sends)
        self._sent[chosen] = value[chosen]
        self._sent_ms[chosen] = now_ms
        if self._first:
            # The first time everybody reports; from here on each at its own moment.
            self._sent_ms[chosen] -= self._period_ms[chosen] * (self._jitter[chosen] - 0.8) * 2.0
            self._first = False
        return chosen
