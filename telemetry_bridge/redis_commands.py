"""Commands over Redis streams, one for each line, read by who holds the line's lease.

A command is in the stream until its taker has answered, and is claimed by the next holder if that one dies
(XAUTOCLAIM). Whoever is about to send it sets a mark first, which only one can set, so that it is sent at
most once: by one taker, or by none where the one who waits for it has set the mark to withdraw it.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any

from telemetry_bridge.bus import TakeCommand
from telemetry_bridge.bus_codec import decode_command, encode_command
from telemetry_bridge.errors import CommandError, WireError
from telemetry_bridge.ports import Command
from telemetry_bridge.redis_link import BLOCK_MS, FAULTS, RedisLink
from telemetry_bridge.redis_samples import entries_of, text

LOG = logging.getLogger(__name__)

GROUP = "workers"
ANSWER_S = 8.0
KEPT = 1000
MARK_S = 24 * 3600
ANSWERS_S = 60
REMEMBERED = 10_000
WITHDRAWN = "withdrawn"


class RedisCommands:
    """Both ends: `hand_over` for servers, `serve` for workers. `me` is this process's name."""

    def __init__(self, link: RedisLink, me: str, answer_s: float = ANSWER_S) -> None:
        self._link, self._me, self._answer_s = link, me, answer_s
        self._waiting: dict[str, asyncio.Future[str]] = {}
        self._sent: OrderedDict[str, None] = OrderedDict()

    # Those who have something to say to a device

    async def hand_over(self, line: str, command: Command) -> None:
        """Give a command to the worker that holds the line, and wait until it was sent, or may have been.

        Raises:
            CommandError: Redis is away, no worker took it in time, or its line could not send it.
        """
        answer = asyncio.get_running_loop().create_future()
        self._waiting[command.id] = answer
        try:
            await self._add(line, command)
            async with asyncio.timeout(self._answer_s):
                fault = await answer
        except TimeoutError:
            fault = await self._withdraw(line, command)
        finally:
            self._waiting.pop(command.id, None)
        if fault:
            raise CommandError(fault)

    async def _add(self, line: str, command: Command) -> None:
        try:
            await self._link.ask(
                *("XADD", self._stream(line), "MAXLEN", "~", KEPT, "*"),
                *("command", encode_command(command), "by", self._me),
            )
        except FAULTS as error:
            withdrawn = await self._set_mark(command, WITHDRAWN)
            if withdrawn is not False:
                raise CommandError(f"{self._link.note or error}") from error

    async def _withdraw(self, line: str, command: Command) -> str:
        """Say why the command was not sent; '': it may have been, and the device's report will tell."""
        if await self._set_mark(command, WITHDRAWN) is False:
            return ""
        return f"no worker took the command for the line {line}; look whether 'twin bridge' runs"

    async def _set_mark(self, command: Command, by: str) -> bool | None:
        """Set the mark of a command; False: another has set it, None: Redis cannot be asked."""
        try:
            done = await self._link.ask("SET", self._mark(command.id), by, "NX", "EX", MARK_S)
        except FAULTS:
            return None
        return bool(done)

    async def read_answers(self) -> None:
        """Wait for one answer to a command of this process; a step of a loop. Raises one of `FAULTS`."""
        found = await self._link.ask("BLPOP", self._link.key(f"answers:{self._me}"), BLOCK_MS // 1000)
        if found:
            command_id, _, fault = text(found[1]).partition(" ")
            waiting = self._waiting.get(command_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(fault)

    # Those who hold a line

    @contextlib.asynccontextmanager
    async def serve(self, line: str, send: TakeCommand) -> AsyncIterator[None]:
        """Take the line's commands until the block ends, first those that the last holder left."""
        taker = _Taker(self, self._link, line, send)
        async with self._link.repeating(taker.step, f"commands for {line}"):
            yield
        await taker.close()

    def _stream(self, line: str) -> str:
        return self._link.key(f"commands:{line}")

    def _mark(self, command_id: str) -> str:
        return self._link.key(f"command:{command_id}")

    async def send_once(self, command: Command, send: TakeCommand) -> str:
        """Send a command unless its mark says that it was; gives why it could not be, or ''.

        Raises one of `FAULTS`: it was not sent.
        """
        if not await self._link.ask("SET", self._mark(command.id), self._me, "NX", "EX", MARK_S):
            by = text(await self._link.ask("GET", self._mark(command.id)) or WITHDRAWN)
            # A mark of ours whose answer was lost on the way: nothing was sent under it yet.
            if by != self._me or command.id in self._sent:
                return ""
        self._sent[command.id] = None
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        try:
            await send(command)
        except CommandError as error:
            return str(error)
        return ""

    async def answer(self, by: str, command_id: str, fault: str) -> None:
        """Tell who waits for a command what became of it. Raises one of `FAULTS`."""
        key = self._link.key(f"answers:{by}")
        await self._link.ask("RPUSH", key, f"{command_id} {fault}")
        await self._link.ask("EXPIRE", key, ANSWERS_S)

    @property
    def me(self) -> str:
        """This process's name."""
        return self._me

    def stream_of(self, line: str) -> str:
        """Give the key of a line's stream."""
        return self._stream(line)


class _Taker:
    """Takes one line's commands, each in a task of its own: a slow device holds up no other."""

    def __init__(self, commands: RedisCommands, link: RedisLink, line: str, send: TakeCommand) -> None:
        self._commands, self._link, self._send = commands, link, send
        self._stream = commands.stream_of(line)
        self._ready = False
        self._tasks: set[asyncio.Task[None]] = set()
        link.when_back(self._prepare_again)

    def _prepare_again(self) -> None:
        self._ready = False

    async def step(self) -> None:
        """Take what is there, or wait for a second. Raises one of `FAULTS`."""
        if not self._ready:
            await self._prepare()
            self._ready = True
        try:
            found = await self._link.ask(
                *("XREADGROUP", "GROUP", GROUP, self._commands.me, "COUNT", 100, "BLOCK", BLOCK_MS),
                *("STREAMS", self._stream, ">"),
            )
        except FAULTS:
            self._ready = False
            raise
        for entry, fields in entries_of(found):
            self._begin(entry, fields)

    async def _prepare(self) -> None:
        """Make the group where there is none, and claim what another took and did not answer."""
        try:
            await self._link.ask("XGROUP", "CREATE", self._stream, GROUP, "0", "MKSTREAM")
        except FAULTS as error:
            if "BUSYGROUP" not in str(error):
                raise
        position: Any = "0-0"
        while True:
            position, entries, *_ = await self._link.ask(
                "XAUTOCLAIM", self._stream, GROUP, self._commands.me, 0, position
            )
            for entry, fields in entries_of([(b"", entries)]):
                self._begin(entry, fields)
            if text(position) == "0-0":
                return

    def _begin(self, entry: str, fields: dict[bytes, bytes]) -> None:
        task = asyncio.create_task(self._take(entry, fields))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, FAULTS):
            self._ready = False  # what was not acknowledged is claimed again
        elif error is not None:
            LOG.error("a command could not be taken", exc_info=error)

    async def _take(self, entry: str, fields: dict[bytes, bytes]) -> None:
        try:
            command = decode_command(fields.get(b"command", b""))
        except WireError as error:
            LOG.error("%s", error)
        else:
            fault = await self._commands.send_once(command, self._send)
            await self._commands.answer(text(fields.get(b"by", b"")), command.id, fault)
        await self._link.ask("XACK", self._stream, GROUP, entry)

    async def close(self) -> None:
        """Wait for what is being sent."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=BLOCK_MS / 1000)
        for task in tuple(self._tasks):
            task.cancel()
