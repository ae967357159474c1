"""The connection with Redis (or Valkey): it comes back by itself, and says how it is."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from telemetry_bridge.ending import end
from telemetry_bridge.errors import BusError

LOG = logging.getLogger(__name__)

#: What may go wrong with a request.
FAULTS = (RedisError, OSError, TimeoutError)
#: Refusals that are answers: the group is there already; it is gone, and made again.
EXPECTED = ("BUSYGROUP", "NOGROUP")
BLOCK_MS = 1000
SOCKET_TIMEOUT_S = 5.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 3.0
SCHEMES = ("redis", "rediss", "unix")


class RedisLink:
    """The connection that the parts of a bus share.

    Keys begin with `twin:<venue>:`. Whether Redis is there is what the last request said.
    """

    def __init__(self, url: str, venue: str) -> None:
        """Raises BusError where the URL is none; nothing is connected yet."""
        self._shown = shown_url(url)
        try:
            self._client: Any = Redis.from_url(
                url,
                protocol=2,
                socket_timeout=SOCKET_TIMEOUT_S,
                socket_connect_timeout=SOCKET_TIMEOUT_S,
                health_check_interval=15,
                retry=Retry(NoBackoff(), 0),
            )
        except ValueError as error:
            raise BusError(f"{self._shown} is no address of Redis; give redis://HOST:6379") from error
        self._prefix = f"twin:{venue}:"
        self._away: str | None = None
        self._refused: dict[str, str] = {}
        self.reconnects = 0
        self._back: list[Callable[[], None]] = []

    @property
    def away(self) -> str | None:
        """Why Redis cannot be reached; None: it can."""
        return self._away

    @property
    def note(self) -> str | None:
        """What is wrong, for people; None: nothing."""
        if self._away is not None:
            return (
                f"Redis at {self._shown} cannot be reached ({self._away}): what workers hear waits there, "
                "and commands are refused; bring it back"
            )
        for word, reason in self._refused.items():
            return f"Redis at {self._shown} refuses {word} ({reason}); see to its memory and its rights"
        return None

    def key(self, name: str) -> str:
        """Give the key of a thing of this venue."""
        return self._prefix + name

    def when_back(self, call: Callable[[], None]) -> None:
        """Call this each time that Redis is there again: it may have forgotten everything."""
        self._back.append(call)

    async def ask(self, *words: str | bytes | int | float) -> Any:
        """Send one request; gives what Redis answers. Raises one of `FAULTS`."""
        try:
            answer = await self._client.execute_command(*words)
        except ResponseError as error:
            self._found()
            if not str(error).startswith(EXPECTED):
                self._refused[str(words[0])] = _short(error)
            raise
        except FAULTS as error:
            self._lost(error)
            raise
        self._found()
        self._refused.pop(str(words[0]), None)
        return answer

    def _lost(self, error: Exception) -> None:
        reason = _short(error)
        if self._away is None:
            LOG.error("Redis cannot be reached: %s", reason)
        self._away = reason

    def _found(self) -> None:
        if self._away is None:
            return
        self._away = None
        self.reconnects += 1
        LOG.warning("Redis is there again")
        for call in self._back:
            call()

    async def check(self) -> None:
        """See whether Redis answers. BusError: it does not."""
        try:
            await self.ask("PING")
        except FAULTS as error:
            raise BusError(
                f"Redis at {self._shown} cannot be reached ({self._away}); start it, or mend --redis"
            ) from error

    async def for_ever(self, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat a step until cancelled; while Redis is away it is tried again, ever less often."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await step()
                pause_s = FIRST_PAUSE_S
            except FAULTS:
                await asyncio.sleep(pause_s * random.uniform(0.7, 1.3))
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    @asynccontextmanager
    async def repeating(self, step: Callable[[], Awaitable[None]], name: str) -> AsyncIterator[None]:
        """Repeat a step while the block lasts."""
        task = asyncio.create_task(self.for_ever(step), name=name)
        task.add_done_callback(_report)
        try:
            yield
        finally:
            await end(task)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _report(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        LOG.error("a part of the bus has stopped: %s", task.get_name(), exc_info=error)


def shown_url(url: str) -> str:
    """Give an address without its password. BusError: it is none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BusError("--redis is no address; give redis://HOST:6379") from error
    if parts.scheme not in SCHEMES:
        raise BusError(f"--redis: {url.rpartition('@')[2][:80]} is none of Redis; give redis://HOST:6379")
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"
