"""A TCP proxy that misbehaves when told: for tests of what happens when a network does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Proxy:
    """Passes bytes on between its own port and another one's server.

    `delay_s` holds each piece back, `mute` swallows everything (a half-open connection), `garble` turns over
    the bits of what the server says, `truncate` lets so many of its bytes pass and then cuts the connection;
    `cut` breaks all connections now, and `refuse` new ones too until `restore`.
    """

    def __init__(self, target_port: int, target_host: str = "127.0.0.1") -> None:
        self._target = (target_host, target_port)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._port = 0
        self.delay_s = 0.0
        self.mute = self.garble = False
        self.truncate: int | None = None
        self.connections = 0

    @property
    def port(self) -> int:
        """Where to connect instead of the server's port; stays the same over `refuse` and `restore`."""
        return self._port

    async def start(self) -> None:
        """Listen on a free port, or on the one from before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Break all connections and let nobody in, as a cable that is pulled out of a switch."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()
        await asyncio.sleep(0)

    async def restore(self) -> None:
        """Let everybody in again, and misbehave no more."""
        self.delay_s, self.mute, self.garble, self.truncate = 0.0, False, False, None
        if self._server is None:
            await self.start()

    def cut(self) -> None:
        """Break all connections at once, without a goodbye."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def stop(self) -> None:
        """End everything."""
        await self.refuse()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._writers |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, far_writer, from_server=False))
                group.create_task(self._pass_on(far_reader, writer, from_server=True))
        finally:
            self._writers -= both
            for each in both:
                each.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_server: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if self.mute:
                    continue
                if from_server and self.truncate is not None:
                    writer.write(data[: self.truncate])
                    self.truncate -= min(len(data), self.truncate)
                    if not self.truncate:
                        await writer.drain()
                        break
                    continue
                writer.write(
                    data if not (self.garble and from_server) else bytes(each ^ 0xFF for each in data)
                )
                await writer.drain()
        # The other way must end too, or a server that hangs up would never be noticed.
        writer.close()


@contextlib.asynccontextmanager
async def proxied(target_port: int) -> AsyncIterator[Proxy]:
    """A proxy before a port of this machine, until the block ends."""
    proxy = Proxy(target_port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
