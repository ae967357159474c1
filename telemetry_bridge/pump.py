"""The beat: five times a second what changed becomes a frame; once a second at least there is one."""

import asyncio
import time
from collections.abc import Callable

from telemetry_bridge.bridge import Bridge, Outgoing
from telemetry_bridge.hub import Hub

FLUSH_EVERY_S = 0.2
HEARTBEAT_EVERY_S = 1.0


class Pump:
    """Moves frames from the bridge to the hub, and to whoever else listens (the film, the rules)."""

    def __init__(
        self,
        bridge: Bridge,
        hub: Hub,
        *,
        listener: Callable[[Outgoing], None] | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Join the two; `listener` gets every frame that holds samples."""
        self._bridge, self._hub, self._listener = bridge, hub, listener
        self._monotonic_s = monotonic_s
        self._last_sent_s = -HEARTBEAT_EVERY_S

    def step(self) -> Outgoing | None:
        """Cut and publish one frame, or a heartbeat if the last frame is a second old; None: neither."""
        outgoing = self._bridge.flush()
        if outgoing is not None and self._listener is not None:
            self._listener(outgoing)
        now_s = self._monotonic_s()
        # The next step comes FLUSH_EVERY_S later: beat now if it would be late by then.
        if outgoing is None and now_s - self._last_sent_s > HEARTBEAT_EVERY_S - FLUSH_EVERY_S:
            outgoing = self._bridge.heartbeat()
        if outgoing is not None:
            self._last_sent_s = now_s
            self._hub.publish(outgoing)
        return outgoing

    async def run(self) -> None:
        """Step for ever; cancel to stop."""
        while True:
            self.step()
            await asyncio.sleep(FLUSH_EVERY_S)
