"""When what is due, for adapters that ask. No I/O and no clock: time is passed in, s."""

from collections.abc import Mapping


class Schedule:
    """Beats of several periods. A beat that was missed is not made up for: the next is in step again."""

    def __init__(self, periods_s: Mapping[str, float], now_s: float) -> None:
        """Begin; everything is due at once."""
        self._periods_s = dict(periods_s)
        self._due_s = dict.fromkeys(periods_s, now_s)
        self.missed = 0

    def due(self, now_s: float) -> list[str]:
        """Give the names whose time has come, those due first in front, and set when they are due again."""
        names = sorted((at_s, name) for name, at_s in self._due_s.items() if at_s <= now_s)
        for at_s, name in names:
            period_s = self._periods_s[name]
            beats = int((now_s - at_s) // period_s)
            # Rounding may leave the next beat where it already is.
            beats += at_s + (beats + 1) * period_s <= now_s
            self.missed += beats
            self._due_s[name] = at_s + (beats + 1) * period_s
        return [name for _, name in names]

    def wait_s(self, now_s: float) -> float:
        """Give how long nothing is due, s."""
        return max(0.0, min(self._due_s.values(), default=now_s) - now_s)
