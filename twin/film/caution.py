"""What time it is for whoever deletes: a clock that was set ahead is not believed at once. Pure."""

import time
from collections.abc import Callable

from telemetry_bridge.clock import MS_PER_S, Clock

DAY_MS = 86_400_000.0
#: A clock that goes further off than this was set, or the machine slept.
SET_MS = 3_600_000.0


class CautiousClock:
    """Goes on as before where the clock jumps ahead, until it has done so for a day; follows it back at once.

    So a clock that is a year ahead for an hour makes no film a year old. A server that was off for more than
    a day cannot tell that from such a clock: it deletes nothing more for its first day.
    """

    def __init__(self, clock: Clock, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._monotonic_s = clock, monotonic_s
        self._seen_ms, self._seen_s = clock.now_ms(), monotonic_s()
        self._believed_ms, self._set_ms = self._seen_ms, -float("inf")

    @property
    def speed(self) -> float:
        """Clock seconds that pass in a real second."""
        return self._clock.speed

    def begin(self, film_end_ms: float) -> None:
        """Note up to when there was film when the server began, ms since 1970 UTC."""
        now_ms = self.now_ms()
        if now_ms - film_end_ms > DAY_MS:
            self._believed_ms, self._set_ms = film_end_ms, now_ms

    def now_ms(self) -> float:
        """Give the time, ms since 1970 UTC."""
        now_ms, now_s = self._clock.now_ms(), self._monotonic_s()
        passed_ms = max(now_s - self._seen_s, 0.0) * MS_PER_S * self.speed
        if abs(now_ms - self._seen_ms - passed_ms) > SET_MS * max(self.speed, 1.0):
            self._set_ms = now_ms
        self._seen_ms, self._seen_s = now_ms, now_s
        self._believed_ms = min(self._believed_ms + passed_ms, now_ms)
        if now_ms - self._set_ms >= DAY_MS:
            self._believed_ms = now_ms
        return self._believed_ms
