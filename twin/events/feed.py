"""From the log to the live stream: every event on disk reaches the hub once, in order, whoever wrote it.

So do those who follow what other servers write: their alarms, their commands, their bindings.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from telemetry_bridge.hub import KEPT_EVENTS, Hub
from twin.events.event import Draft, Event, event_json
from twin.events.log import PAGE, EventFilter, EventLog

LOG = structlog.get_logger(__name__)

EPOCH_DIGITS = 16
RETRY_S = 1.0
LOOK_S = 2.0
"""So often the log of several servers is looked at though nobody said that there is anything new."""
Follower = Callable[[Sequence[Event]], Awaitable[None]]
BEGUN = Draft("log.begun", "log", "system", {})


class EventFeed:
    """Hands the log's events to a hub; reading the log again, it neither skips nor repeats one."""

    def __init__(self, log: EventLog, hub: Hub, *, shared: bool = False) -> None:
        """`shared`: other servers write to the log too."""
        self._log, self._hub, self._shared = log, hub, shared
        self._news = asyncio.Event()
        self._followers: list[Follower] = []

    def follow(self, follower: Follower) -> None:
        """Hand `follower` every part of the log that comes, whoever wrote it; it must not raise."""
        self._followers.append(follower)

    async def open(self) -> None:
        """Let the hub go on where the log ends; an empty log gets its first event, which names it."""
        if not await self._log.find(EventFilter(), 1):
            await self._log.append(BEGUN)
        (first,) = await self._log.find(EventFilter(), 1)
        last = await self._log.find(EventFilter(), KEPT_EVENTS, newest_first=True)
        self._hub.continue_log(
            first.hash[:EPOCH_DIGITS], last[0].seq, [event_json(event) for event in reversed(last)]
        )
        self._log.listen(lambda _event: self.wake())

    def wake(self) -> None:
        """Say that there may be something new."""
        self._news.set()

    async def _wait(self) -> None:
        """Wait for news; where others write too, not for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S if self._shared else None):
                await self._news.wait()

    async def run(self) -> None:
        """Hand over what comes until cancelled; a database that is away is asked again."""
        while True:
            await self._wait()
            self._news.clear()
            try:
                await self._hand_over()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                LOG.warning("events cannot be read", reason=str(error))
                self._news.set()
                await asyncio.sleep(RETRY_S)

    async def _hand_over(self) -> None:
        while page := await self._log.find(EventFilter(after_seq=self._hub.event_seq), PAGE):
            for follow in self._followers:
                await follow(page)
            for event in page:
                self._hub.publish_event(event_json(event))
