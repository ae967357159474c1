"""What a live client may send: small JSON texts, seldom. Pure; gives the close code for the rest."""

import orjson

MAX_MESSAGE_BYTES = 4096
MESSAGES_PER_S = 10.0
BURST = 20.0
CLOSE_POLICY = 1008
CLOSE_TOO_BIG = 1009


class MessageGuard:
    """A token bucket for one client: `burst` messages at once, `per_s` in the long run."""

    __slots__ = ("_at_s", "_burst", "_per_s", "_tokens")

    def __init__(self, burst: float = BURST, per_s: float = MESSAGES_PER_S) -> None:
        self._burst, self._per_s = burst, per_s
        self._tokens = burst
        self._at_s: float | None = None

    def check(self, data: str | bytes, now_s: float) -> int | None:
        """Give the code to close with, or None. `now_s` is monotonic.

        1009: longer than `MAX_MESSAGE_BYTES`; 1008: too many, binary, or no JSON object.
        """
        size = len(data.encode()) if isinstance(data, str) else len(data)
        if size > MAX_MESSAGE_BYTES:
            return CLOSE_TOO_BIG
        if not self.spend(now_s) or not isinstance(data, str) or not _is_object(data):
            return CLOSE_POLICY
        return None

    def spend(self, now_s: float) -> bool:
        """Take a token, as for a ping or a part of a message; False: there is none left."""
        passed_s = 0.0 if self._at_s is None else max(0.0, now_s - self._at_s)
        self._at_s = now_s
        self._tokens = min(self._burst, self._tokens + passed_s * self._per_s) - 1.0
        return self._tokens >= 0.0


def _is_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False
