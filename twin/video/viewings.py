"""Who looked at what, so that it is noted once and not with every picture. Pure."""

from dataclasses import dataclass, field

AGAIN_AFTER_S = 600.0
MOST = 10_000
HOUR_MS = 3_600_000.0


@dataclass(slots=True)
class Viewings:
    """Remembers viewings; one that goes on is one, until nobody looked for `AGAIN_AFTER_S`."""

    _seen_s: dict[tuple[str, ...], float] = field(default_factory=dict)

    def is_new(self, now_s: float, *what: str) -> bool:
        """Whether this begins a viewing, and is to be noted."""
        before = self._seen_s.pop(what, None)
        self._seen_s[what] = now_s
        if len(self._seen_s) > MOST:
            del self._seen_s[next(iter(self._seen_s))]
        return before is None or now_s - before > AGAIN_AFTER_S

    def forget(self, *what: str) -> None:
        """It could not be noted: the next look is a new viewing."""
        self._seen_s.pop(what, None)


def hour_of(at_ms: float) -> tuple[float, float]:
    """The hour around a moment: single pictures of one hour are one viewing."""
    begin = at_ms - at_ms % HOUR_MS
    return begin, begin + HOUR_MS
