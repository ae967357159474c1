"""Things break: which device is out of order when, at rates and repair times that venues know."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.simulation.noise import Keys, uniform

_DAY_S = 86400.0
_LONGEST_REPAIR_DAYS = 3


@dataclass(frozen=True, slots=True)
class Faults:
    """A fault history that is a function of time: the same whenever the simulation was started.

    `per_year` is `(devices,)`: faults per device and year.
    """

    keys: Keys
    per_year: NDArray[np.float64]

    def at(self, time_s: float) -> NDArray[np.bool_]:
        """Which devices are faulty at `time_s` (s since 1970), `(devices,) bool`."""
        day = int(time_s // _DAY_S)
        broken = np.zeros(len(self.keys), dtype=np.bool_)
        for begin_day in range(day - _LONGEST_REPAIR_DAYS, day + 1):
            breaks = uniform(self.keys, begin_day, channel=11) < self.per_year / 365.25
            start = (begin_day + uniform(self.keys, begin_day, channel=12)) * _DAY_S
            broken |= breaks & (start <= time_s) & (time_s < start + self._repair_s(begin_day))
        return broken

    def _repair_s(self, day: int) -> NDArray[np.float64]:
        """Repair times: half an hour to three days, most within the working day."""
        spread = uniform(self.keys, day, channel=13)
        return np.clip(1800.0 * 144.0**spread, 1800.0, _LONGEST_REPAIR_DAYS * _DAY_S)
