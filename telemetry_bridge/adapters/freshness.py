"""How fresh each point of a protocol is that reports changes alone. No I/O and no clock: time is passed in.

Where nothing changes nothing comes, and yet the value holds: a point that was silent for its period is asked
for, so that a sensor that stands still and a line that is dead can be told apart.
"""

from collections.abc import Mapping

from telemetry_bridge.adapter_file_parts import PointRef

MS_PER_S = 1000.0


class Freshness:
    """When each point was last heard of."""

    def __init__(self, periods_s: Mapping[PointRef, float]) -> None:
        """Begin with nothing heard; `periods_s` are the points' reporting periods, s."""
        self._periods_s = dict(periods_s)
        self._heard_s: dict[PointRef, float] = {}
        self._stamped_ms: dict[PointRef, float] = {}

    def set_period(self, ref: PointRef, period_s: float) -> None:
        """Ask for a point in another period from now on, s."""
        self._periods_s[ref] = period_s

    def heard(self, ref: PointRef, now_s: float) -> None:
        """Note that something came of a point, or that it was asked for."""
        self._heard_s[ref] = now_s

    def forget(self) -> None:
        """Begin anew, as after a connection: every point is due."""
        self._heard_s.clear()

    def due(self, now_s: float) -> list[PointRef]:
        """Give the points that were silent for their period."""
        return [
            ref
            for ref, period_s in self._periods_s.items()
            if now_s - self._heard_s.get(ref, float("-inf")) >= period_s
        ]

    def stamp(self, ref: PointRef, source_ms: float | None, now_ms: float) -> float | None:
        """Give the time for a sample: the device's, or None for now.

        The device's time is when the value last changed. It counts where it is no more than a period away
        and later than the sample before; else the value holds now, as the device has just said.
        """
        last_ms = self._stamped_ms.get(ref, float("-inf"))
        allowed_ms = self._periods_s[ref] * MS_PER_S
        usable = source_ms is not None and last_ms < source_ms and now_ms - allowed_ms <= source_ms <= now_ms
        self._stamped_ms[ref] = source_ms if usable and source_ms is not None else max(last_ms, now_ms)
        return source_ms if usable else None
