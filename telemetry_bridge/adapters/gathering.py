"""Messages wait a moment for others: a delivery of a hundred costs little more than one of one."""

import asyncio
from collections.abc import Callable

from telemetry_bridge.mqtt_codec import Message

GATHER_S = 0.004
MAX_GATHERED = 500


class Gathering:
    """Hands messages on in their order, `GATHER_S` after the first of them or when there are many."""

    def __init__(self, deliver: Callable[[list[Message]], None]) -> None:
        self._deliver = deliver
        self._waiting: list[Message] = []
        self._timer: asyncio.TimerHandle | None = None

    def take(self, messages: list[Message]) -> None:
        """Add messages; from the event loop."""
        self._waiting += messages
        if len(self._waiting) >= MAX_GATHERED:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self.flush)

    def flush(self) -> None:
        """Hand on what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        messages, self._waiting = self._waiting, []
        if messages:
            self._deliver(messages)
