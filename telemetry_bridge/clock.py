"""What time it is: one clock for every part, so that a faster simulation is consistent everywhere."""

import time
from collections.abc import Callable
from typing import Protocol

MS_PER_S = 1000.0


class Clock(Protocol):
    """What "now" means."""

    @property
    def speed(self) -> float:
        """Clock seconds that pass in a real second."""

    def now_ms(self) -> float:
        """Give the time, ms since 1970 UTC."""


class SystemClock:
    """The machine's clock."""

    speed = 1.0

    def now_ms(self) -> float:
        """Give the time, ms since 1970 UTC."""
        return time.time() * MS_PER_S


class SimulatedClock:
    """A clock that starts where it is told and runs `speed` times as fast as the real one.

    Driven by monotonic time: it never jumps when somebody sets the machine's clock. Changing `speed` keeps
    the time that was reached.
    """

    def __init__(
        self, start_ms: float, speed: float = 1.0, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic_s = monotonic_s
        self._speed = _checked_speed(speed)
        self._start_ms = start_ms
        self._started_s = monotonic_s()

    @property
    def speed(self) -> float:
        """Clock seconds that pass in a real second."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Run at another speed from now on; 0 stands still. ValueError if negative or not finite."""
        checked = _checked_speed(speed)
        self._start_ms, self._started_s = self.now_ms(), self._monotonic_s()
        self._speed = checked

    def now_ms(self) -> float:
        """Give the time, ms since 1970 UTC."""
        return self._start_ms + (self._monotonic_s() - self._started_s) * self._speed * MS_PER_S


def _checked_speed(speed: float) -> float:
    if not 0 <= speed < float("inf"):
        raise ValueError(f"speed is {speed}: give a finite number, 0 or more")
    return speed
