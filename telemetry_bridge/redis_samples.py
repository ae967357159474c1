"""Samples over a Redis stream: published in batches, read by everyone who wants the live state.

The stream is bounded. What it has dropped is in a key that a replica writes every few seconds, with the
stream's position: a new reader takes that state, then what came after.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from telemetry_bridge.bus import Batch, TakeBatch
from telemetry_bridge.bus_buffer import Outbox
from telemetry_bridge.bus_codec import decode_batch, encode_batch
from telemetry_bridge.errors import WireError
from telemetry_bridge.redis_link import BLOCK_MS, FAULTS, RedisLink

LOG = logging.getLogger(__name__)

START = "0-0"
GATHER_S = 0.01
MOST_AT_ONCE = 50_000
READ_AT_ONCE = 100
CLOSE_S = 2.0


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """How many entries the stream keeps, about, and how many samples wait while Redis is away."""

    kept_entries: int = 5_000
    waiting_samples: int = 2_000_000


class RedisSamples:
    """What devices reported, through the stream `samples` and the key `state`."""

    def __init__(
        self, link: RedisLink, registry: str, n_points: int, settings: SampleSettings | None = None
    ) -> None:
        """`registry` is the hash by which both sides know that they mean the same points."""
        self._link, self._registry, self._n_points = link, registry, n_points
        self._settings = settings or SampleSettings()
        self._outbox = Outbox(self._settings.waiting_samples)
        self._news = asyncio.Event()
        self._subscribers: list[TakeBatch] = []
        self._position: str | None = None
        self._refused = ""
        link.when_back(self._look_again)

    @property
    def note(self) -> str | None:
        """What is wrong, for people; None: nothing."""
        if self._refused:
            return self._refused
        return (
            f"{self._outbox.lost} samples were lost while Redis was away: more came than may wait"
            if self._outbox.lost
            else None
        )

    def publish(self, batch: Batch) -> None:
        """Hand samples on; while Redis is away they wait, the oldest are given up first."""
        self._outbox.put(batch)
        self._news.set()

    def subscribe(self, take: TakeBatch) -> None:
        """Call `take` with what is known from before, then with every batch."""
        self._subscribers.append(take)

    async def keep(self, state: Batch) -> None:
        """Keep the whole state; a Redis that is away is told the next time."""
        if self._position is None:
            return
        try:
            await self._link.ask(
                "HSET",
                self._link.key("state"),
                *("at", self._position, "registry", self._registry, "batch", encode_batch(state)),
            )
        except FAULTS:
            return

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Publish, and read for those who subscribed, until the block ends; what waits then is sent first."""
        async with AsyncExitStack() as stack:
            if self._subscribers:
                await stack.enter_async_context(self._link.repeating(self._read, "samples read"))
            await stack.enter_async_context(self._link.repeating(self._send, "samples published"))
            yield
            await self._drain()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                while len(self._outbox):
                    await self._send()
        except FAULTS:
            LOG.warning("%d samples were not published", self._outbox.samples)

    async def _send(self) -> None:
        await self._news.wait()
        await asyncio.sleep(GATHER_S)
        batch = self._outbox.take(MOST_AT_ONCE)
        if batch is None:
            self._news.clear()
            return
        try:
            await self._link.ask(
                *("XADD", self._link.key("samples"), "MAXLEN", "~", self._settings.kept_entries, "*"),
                *("registry", self._registry, "batch", encode_batch(batch)),
            )
        except BaseException:
            self._outbox.put_back(batch)
            raise

    def _look_again(self) -> None:
        """Redis may have lost its memory: then positions in the stream mean nothing any more."""
        self._position = None

    async def _read(self) -> None:
        if self._position is None:
            self._position = await self._restore()
        found = await self._link.ask(
            *("XREAD", "COUNT", READ_AT_ONCE, "BLOCK", BLOCK_MS),
            *("STREAMS", self._link.key("samples"), self._position),
        )
        for entry, fields in entries_of(found):
            self._take(fields)
            # While waiting for Redis it may have been away: then begin anew.
            if self._position is not None:
                self._position = entry

    async def _restore(self) -> str:
        """Take the state that was kept; gives the position after which to read on."""
        kept = _fields(await self._link.ask("HGETALL", self._link.key("state")))
        if b"at" not in kept or not self._take(kept):
            return START
        return kept[b"at"].decode()

    def _take(self, fields: dict[bytes, bytes]) -> bool:
        if fields.get(b"registry", b"").decode() != self._registry:
            self._refuse(
                "a worker knows other devices than this server; start both with the same venue folder"
            )
            return False
        try:
            batch = decode_batch(fields.get(b"batch", b""), self._n_points)
        except WireError as error:
            self._refuse(f"a batch of samples cannot be read: {error}")
            return False
        self._refused = ""
        for take in self._subscribers:
            take(batch)
        return True

    def _refuse(self, reason: str) -> None:
        if reason != self._refused:
            LOG.error(reason)
        self._refused = reason


def entries_of(answer: Any) -> Sequence[tuple[str, dict[bytes, bytes]]]:
    """Give the entries that XREAD found in its one stream: id and fields."""
    if not answer:
        return ()
    _, entries = answer[0]
    return [(text(entry), _fields(fields)) for entry, fields in entries if fields]


def _fields(found: Any) -> dict[bytes, bytes]:
    """Give names and values, whether the client has paired them already or not."""
    if isinstance(found, dict):
        return found
    return dict(zip(found[::2], found[1::2], strict=True))


def text(value: bytes | str) -> str:
    """Give a short answer as text."""
    return value.decode() if isinstance(value, bytes) else value
