"""How devices are, from what their points read now. No I/O."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.live import LiveState
from telemetry_bridge.points import Registry
from telemetry_bridge.wire import Quality

FAULT_KEYS = frozenset({"fault", "tripped", "error"})
OFFLINE_KEYS = frozenset({"offline"})
STALE_SHARE = 0.5

Floats = NDArray[np.float64]


class Health(IntEnum):
    """How a device is; what needs somebody first sorts last."""

    ONLINE = 0
    STALE = 1  # half of what it told before is old, or it never told anything
    BAD = 2  # tells values that cannot be
    FAULT = 3  # says itself that it is out of order

    @property
    def key(self) -> str:
        """`online`, `stale`, `bad` or `fault`."""
        return self.name.lower()


@dataclass(frozen=True, eq=False)
class DeviceColumns:
    """Which points are whose, as columns over the registry's n points and m devices (by id)."""

    registry: Registry

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each device."""
        return {device: row for row, device in enumerate(self.registry.devices)}

    @cached_property
    def device(self) -> NDArray[np.intp]:
        """(n,) intp: the device's row of each point."""
        rows = (self.row_of[point.device] for point in self.registry.points)
        return np.fromiter(rows, dtype=np.intp, count=len(self.registry))

    @cached_property
    def fault_value(self) -> Floats:
        """(n,) float64: the value that says fault; NaN: there is none."""
        return self._value_of(FAULT_KEYS)

    @cached_property
    def offline_value(self) -> Floats:
        """(n,) float64: the value by which a gateway says that the device is away; NaN: there is none."""
        return self._value_of(OFFLINE_KEYS)

    def _value_of(self, keys: frozenset[str]) -> Floats:
        found = [
            next((float(i) for i, state in enumerate(point.states) if state.key in keys), np.nan)
            for point in self.registry.points
        ]
        return np.array(found, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Healths:
    """Of m devices by row: `health` uint8 (`Health`), `stale_share` float64 0..1 of the points that ever told
    anything (NaN: none did), `last_ms` float64, ms since 1970 UTC (-inf: never)."""

    health: NDArray[np.uint8]
    stale_share: Floats
    last_ms: Floats


def judge(columns: DeviceColumns, live: LiveState) -> Healths:
    """How every device is now."""
    count = len(columns.registry.devices)

    def number_with(mask: NDArray[np.bool_]) -> Floats:
        return np.bincount(columns.device, weights=mask, minlength=count).astype(np.float64)

    known = live.known
    told = number_with(known)
    stale = number_with(known & (live.quality == Quality.STALE))
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Floats = stale / told
    usable = known & (live.quality != Quality.BAD)
    health = np.full(count, Health.ONLINE, dtype=np.uint8)
    away = number_with(usable & (live.value == columns.offline_value)) > 0
    health[(told == 0) | (share >= STALE_SHARE) | away] = Health.STALE
    health[number_with(known & (live.quality == Quality.BAD)) > 0] = Health.BAD
    health[number_with(usable & (live.value == columns.fault_value)) > 0] = Health.FAULT
    last_ms = np.full(count, -np.inf)
    np.maximum.at(last_ms, columns.device, live.time_ms)
    return Healths(health, share, last_ms)
