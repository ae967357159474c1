"""When a packet's picture was taken: by the server's time, smoothed by the camera's own. Pure.

Packets come in bursts and late, never early. So the line from the camera's time to the venue's is the lowest
that fits: a packet that comes sooner than ever pulls it down at once, and it rises by a hundredth at most. It
begins anew where the camera's time jumps, or where all packets of some seconds were late by more than a
second. Times never run back; where the clock itself was set back a new take begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

LATE_MS = 1000.0
"""Packets later than this begin the line anew, if they stay late for `PATIENCE_MS`."""
PATIENCE_MS = 5000.0
LONGEST_STEP_MS = 10_000.0
SET_BACK_MS = 2000.0
RISE = 0.01

Break = Literal["none", "gap", "set-back"]


@dataclass(frozen=True, slots=True)
class Placed:
    """When a picture was taken, ms since 1970 UTC, and what came before it."""

    time_ms: int
    step_ms: float
    broken: Break


@dataclass(slots=True)
class Moments:
    """The line of one camera; `speed` is how many seconds of the venue pass in a real one."""

    speed: float = 1.0
    last_ms: float | None = None
    """The last picture's time, also of a connection before."""
    _stamp_s: float | None = None
    _late_since_ms: float | None = None

    def reconnect(self) -> None:
        """The camera's time begins anew; the venue's goes on."""
        self._stamp_s = self._late_since_ms = None

    def first_ms(self, held: Sequence[tuple[float, float]]) -> float:
        """When the first of some packets was taken, that came together: stamp, s, and arrival, ms, of each.

        What a connection brings at once was taken over some time; the last of it is the best to go by.
        """
        stamp_s, arrival_ms = held[0]
        line_ms = arrival_ms
        for stamp, arrival in held[1:]:
            step_ms = (stamp - stamp_s) * 1000.0 * self.speed
            if not 0.0 <= step_ms <= LONGEST_STEP_MS * self.speed:
                break
            line_ms = min(line_ms, arrival - step_ms)
        is_set_back = self.last_ms is not None and arrival_ms < self.last_ms - SET_BACK_MS * max(
            self.speed, 1.0
        )
        return line_ms if self.last_ms is None or is_set_back else max(line_ms, self.last_ms + 1.0)

    def place(self, stamp_s: float, arrival_ms: float) -> Placed:
        """Place a packet that the camera stamped and that came at `arrival_ms`, of the venue's clock."""
        last_ms, step_ms = self.last_ms, self._step_ms(stamp_s)
        self._stamp_s = stamp_s
        if last_ms is None:
            return self._put(arrival_ms, 0.0, "none")
        if arrival_ms < last_ms - SET_BACK_MS * max(self.speed, 1.0):
            self._late_since_ms = None
            return self._put(arrival_ms, 0.0, "set-back")
        if step_ms is None:
            return self._anew(arrival_ms, last_ms)
        late_ms = arrival_ms - (last_ms + step_ms)
        if self._is_lost(late_ms, arrival_ms):
            return self._anew(arrival_ms, last_ms)
        rise_ms = min(max(late_ms, 0.0), RISE * step_ms)
        time_ms = min(last_ms + step_ms + rise_ms, arrival_ms)
        return self._put(max(time_ms, last_ms + 1.0), step_ms, "none")

    def _step_ms(self, stamp_s: float) -> float | None:
        """How much venue time lies between two packets; None: the camera's time jumped."""
        if self._stamp_s is None:
            return None
        step_ms = (stamp_s - self._stamp_s) * 1000.0
        return step_ms * self.speed if 0.0 <= step_ms <= LONGEST_STEP_MS else None

    def _is_lost(self, late_ms: float, arrival_ms: float) -> bool:
        """Whether packets have been late for so long that the line must begin anew."""
        if late_ms <= LATE_MS * self.speed:
            self._late_since_ms = None
            return False
        if self._late_since_ms is None:
            self._late_since_ms = arrival_ms
        return arrival_ms - self._late_since_ms > PATIENCE_MS * self.speed

    def _anew(self, arrival_ms: float, last_ms: float) -> Placed:
        self._late_since_ms = None
        time_ms = max(arrival_ms, last_ms + 1.0)
        return self._put(time_ms, 0.0, "gap" if time_ms - last_ms > LATE_MS * self.speed else "none")

    def _put(self, time_ms: float, step_ms: float, broken: Break) -> Placed:
        self.last_ms = time_ms
        return Placed(round(time_ms), step_ms, broken)
