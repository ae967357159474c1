"""The beat: what changed becomes a frame at once, and the frames keep a distance that the machine can bear.

The first change after a pause goes out immediately. The next frame follows no sooner than `SHORTEST_S`
later, and later still where sending one takes long: so that frames cost at most a tenth of one processor
however many clients there are, down to `FLUSH_EVERY_S`. The film and the rules need no such haste: they are
told five times a second, of the newest value of every point that changed since.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from telemetry_bridge.bridge import Bridge, Outgoing
from telemetry_bridge.hub import Hub
from telemetry_bridge.wire import Frame

SHORTEST_S = 0.04
FLUSH_EVERY_S = 0.2
HEARTBEAT_EVERY_S = 1.0
#: A frame's distance to the one before, in units of the CPU time that making and sending one takes.
REST_FACTOR = 10.0
#: What writing to one client takes (`benchmarks.fanout`); a step does not see it: uvloop writes afterwards.
WRITE_S = 10e-6
#: How much the newest step counts in what a step is expected to take.
NEWEST_WEIGHT = 0.2


class Pump:
    """Moves frames from the bridge to the hub, and to whoever else listens (the film, the rules)."""

    def __init__(
        self,
        bridge: Bridge,
        hub: Hub,
        *,
        listener: Callable[[Outgoing], None] | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
        cpu_s: Callable[[], float] = time.thread_time,
    ) -> None:
        """Join the two; `listener` gets, at most every `FLUSH_EVERY_S`, a frame of what changed since.

        `cpu_s` is the CPU time of the event loop's thread: that a step waits for a processor on a machine
        that is busy with other things is no reason to send less.
        """
        self._bridge, self._hub, self._listener = bridge, hub, listener
        self._monotonic_s, self._cpu_s = monotonic_s, cpu_s
        self._last_sent_s = -HEARTBEAT_EVERY_S
        self._told_s = -FLUSH_EVERY_S
        self._untold: list[Outgoing] = []
        self._step_s = 0.0
        self._news = asyncio.Event()
        bridge.on_news = self._news.set

    @property
    def gap_s(self) -> float:
        """How long to wait from one frame to the next at least, s."""
        expected_s = self._step_s + WRITE_S * self._hub.client_count
        return min(max(SHORTEST_S, REST_FACTOR * expected_s), FLUSH_EVERY_S)

    def step(self) -> Outgoing | None:
        """Cut and publish one frame, or a heartbeat if the last frame is a second old; None: neither."""
        now_s, cpu_s = self._monotonic_s(), self._cpu_s()
        outgoing = self._bridge.flush()
        if outgoing is not None:
            if self._listener is not None:
                self._untold.append(outgoing)
        # The next step may come FLUSH_EVERY_S later: beat now if it would be late by then.
        elif now_s - self._last_sent_s > HEARTBEAT_EVERY_S - FLUSH_EVERY_S:
            outgoing = self._bridge.heartbeat()
        if outgoing is not None:
            self._last_sent_s = now_s
            self._hub.publish(outgoing)
            self._step_s += NEWEST_WEIGHT * (self._cpu_s() - cpu_s - self._step_s)
        self._tell(now_s, outgoing)
        return outgoing

    def _tell(self, now_s: float, cut: Outgoing | None = None) -> None:
        """Tell the listener what it has not heard of, unless it was told a moment ago; `cut` is of now."""
        if self._listener is None or not self._untold or now_s - self._told_s < FLUSH_EVERY_S:
            return
        self._told_s = now_s
        untold, self._untold = self._untold, []
        if len(untold) == 1 and untold[0] is cut:
            self._listener(untold[0])
            return
        # The film may have been asked meanwhile, and has said that nothing changed: it does so now.
        time_ms = max(self._bridge.clock.now_ms(), untold[-1].frame.time_ms)
        self._listener(Outgoing.of(merged([each.frame for each in untold], time_ms)))

    async def run(self) -> None:
        """Step for ever, at news and at least every `FLUSH_EVERY_S`; cancel to stop.

        Whoever listens has heard of everything when it has stopped.
        """
        try:
            while True:
                self._news.clear()
                self.step()
                gap_s = self.gap_s
                await asyncio.sleep(gap_s)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FLUSH_EVERY_S - gap_s):
                        await self._news.wait()
        except asyncio.CancelledError:
            self.step()
            self._tell(math.inf)
            raise


def merged(frames: Sequence[Frame], time_ms: float) -> Frame:
    """Give the one delta that does what these do, one after the other; it has the last one's `seq`."""
    index = np.concatenate([frame.point_index for frame in frames])
    value = np.concatenate([frame.value for frame in frames])
    quality = np.concatenate([frame.quality for frame in frames])
    # The first of each in reverse is the last of each.
    points, place = np.unique(index[::-1], return_index=True)
    rows = len(index) - 1 - place
    last = frames[-1]
    return Frame(last.kind, last.seq, time_ms, points, value[rows], quality[rows])
