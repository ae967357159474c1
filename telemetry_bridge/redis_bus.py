"""The bus over Redis Streams: see `bus` for what each part promises."""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from telemetry_bridge.bus import ProcessReport
from telemetry_bridge.bus_codec import decode_report, encode_report
from telemetry_bridge.errors import WireError
from telemetry_bridge.redis_commands import RedisCommands
from telemetry_bridge.redis_leases import TIMES, RedisLease
from telemetry_bridge.redis_link import BLOCK_MS, FAULTS, RedisLink
from telemetry_bridge.redis_samples import RedisSamples, SampleSettings, entries_of, text

LOG = logging.getLogger(__name__)

KEPT_RINGS = 1000
BOARD_S = 1.0
#: A process tells how it is at least so many times before it is taken for gone.
TOLD_TIMES = 3.0


@dataclass(frozen=True, slots=True)
class BusSettings:
    """For how long a process is believed to live, and its leases last, when it dies; see `SampleSettings`."""

    lease_s: float = 5.0
    samples: SampleSettings = field(default_factory=SampleSettings)


class RedisBell:
    """News of events, through the stream `events`: their numbers, the events are in the database."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._hearing: list[Callable[[int], None]] = []
        self._unsaid = 0
        self._news = asyncio.Event()
        self._position: str | None = None
        link.when_back(self._after_silence)

    def ring(self, seq: int) -> None:
        """Say that events up to `seq` are on disk."""
        self._unsaid = max(self._unsaid, seq)
        self._news.set()

    def listen(self, hear: Callable[[int], None]) -> None:
        """Call `hear` with every `seq`; after Redis was away with 0: there may be any."""
        self._hearing.append(hear)

    def _after_silence(self) -> None:
        self._position = None
        self._tell(0)

    def _tell(self, seq: int) -> None:
        for hear in self._hearing:
            hear(seq)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ring and listen until the block ends."""
        async with self._link.repeating(self._say, "events told"):
            if not self._hearing:
                yield
                return
            async with self._link.repeating(self._hear, "events heard"):
                yield

    async def _say(self) -> None:
        await self._news.wait()
        self._news.clear()
        try:
            key = self._link.key("events")
            await self._link.ask("XADD", key, "MAXLEN", "~", KEPT_RINGS, "*", "seq", self._unsaid)
        except BaseException:
            self._news.set()
            raise

    async def _hear(self) -> None:
        key = self._link.key("events")
        if self._position is None:
            last = await self._link.ask("XREVRANGE", key, "+", "-", "COUNT", 1)
            found = entries_of([(b"", last)])
            self._position = found[0][0] if found else "0-0"
            self._tell(0)
        answer = await self._link.ask("XREAD", "BLOCK", BLOCK_MS, "STREAMS", key, self._position)
        for entry, fields in entries_of(answer):
            self._tell(int(fields[b"seq"]))
            if self._position is not None:
                self._position = entry


class RedisBoard:
    """How processes are, a key for each that runs out when it is gone."""

    def __init__(self, link: RedisLink, kept_s: float) -> None:
        """A process that said nothing for `kept_s` is gone, and so are its lines."""
        self._link, self._kept_s = link, kept_s
        self._own: ProcessReport | None = None
        self._processes: tuple[ProcessReport, ...] = ()

    def post(self, report: ProcessReport) -> None:
        """Replace what this process said before; it is repeated."""
        self._own = report

    @property
    def processes(self) -> Sequence[ProcessReport]:
        """What the processes told that were heard of lately, by name."""
        return self._processes

    async def step(self) -> None:
        """Tell and read once. Raises one of `FAULTS`."""
        if self._own is not None:
            kept_ms = round(1000 * self._kept_s)
            key = self._link.key(f"process:{self._own.name}")
            await self._link.ask("SADD", self._link.key("processes"), self._own.name)
            await self._link.ask("SET", key, encode_report(self._own), "PX", kept_ms)
        self._processes = tuple([each async for each in self._read()])
        await asyncio.sleep(min(BOARD_S, self._kept_s / TOLD_TIMES))

    async def _read(self) -> AsyncIterator[ProcessReport]:
        members = self._link.key("processes")
        names = sorted(text(each) for each in await self._link.ask("SMEMBERS", members))
        keys = [self._link.key(f"process:{name}") for name in names]
        told = await self._link.ask("MGET", *keys) if keys else ()
        for name, data in zip(names, told, strict=True):
            if data is None:
                await self._link.ask("SREM", members, name)
                continue
            try:
                yield decode_report(data)
            except WireError as error:
                LOG.error("%s", error)

    async def take_down(self) -> None:
        """Say that this process ends."""
        own, self._own = self._own, None
        if own is not None:
            with contextlib.suppress(*FAULTS):
                await self._link.ask("DEL", self._link.key(f"process:{own.name}"))


class RedisBus:
    """Joins this process with all others that were given the same Redis and venue."""

    def __init__(
        self, url: str, venue: str, registry: str, n_points: int, settings: BusSettings | None = None
    ) -> None:
        """Raises BusError where the URL is none; nothing is connected yet."""
        self._settings = settings or BusSettings()
        self._link = RedisLink(url, venue)
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.samples = RedisSamples(self._link, registry, n_points, self._settings.samples)
        self.commands = RedisCommands(self._link, self.name)
        self.bell = RedisBell(self._link)
        self.board = RedisBoard(self._link, self._settings.lease_s)
        self._leases: dict[str, RedisLease] = {}

    @property
    def note(self) -> str | None:
        """What is wrong with it, for people; None: nothing."""
        return self._link.note or self.samples.note

    def when_back(self, call: Callable[[], None]) -> None:
        """Call this each time that Redis is there again: it may have forgotten everything."""
        self._link.when_back(call)

    def lease(self, name: str, *, asked: bool = True) -> RedisLease:
        """Give a lease, which is asked for from when `running` begins."""
        if name not in self._leases:
            length_s = self._settings.lease_s
            self._leases[name] = RedisLease(self._link, name, self.name, length_s, asked=asked)
        return self._leases[name]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Join until the block ends; leases are given up then. BusError: Redis cannot be reached."""
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self._link.close)
            await self._link.check()
            await stack.enter_async_context(self.samples.running())
            await stack.enter_async_context(self.bell.running())
            stack.push_async_callback(self.board.take_down)
            await stack.enter_async_context(self._link.repeating(self.board.step, "processes told"))
            await stack.enter_async_context(
                self._link.repeating(self.commands.read_answers, "answers to commands")
            )
            stack.push_async_callback(self._give_up_all)
            await stack.enter_async_context(self._link.repeating(self._renew_all, "leases"))
            yield

    async def _renew_all(self) -> None:
        """Ask for all leases, or renew them, and wait until that is due again. Raises one of `FAULTS`."""
        for lease in tuple(self._leases.values()):
            await lease.step()
        await asyncio.sleep(self._settings.lease_s / TIMES)

    async def _give_up_all(self) -> None:
        for lease in tuple(self._leases.values()):
            await lease.give_up()


__all__ = ["FAULTS", "BusSettings", "RedisBus", "SampleSettings"]
