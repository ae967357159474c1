"""A connection with an MQTT broker that comes back by itself; `mqtt_codec` is what is said over it.

Shared by all adapters whose devices speak over a broker. Messages are handed on in batches: those of one
read of the socket, at most 64 KiB, so that a flood neither starves the event loop nor is held in memory.
"""

import asyncio
import logging
import secrets
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from telemetry_bridge.adapters.upkeep import Counts, Patience, Upkeep
from telemetry_bridge.errors import MqttError
from telemetry_bridge.mqtt_codec import DISCONNECT, FAILURE, PING, Login, Message, Received, Session, Will
from telemetry_bridge.mqtt_url import MqttAddress
from telemetry_bridge.ports import Health
from telemetry_bridge.said import Said

LOG = logging.getLogger(__name__)

READ_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """How patiently to speak with the broker, in s.

    A broker that is silent for one and a half times `keepalive_s` is taken for gone.
    """

    patience: Patience = field(default_factory=Patience)
    timeout_s: float = 10.0
    keepalive_s: int = 30


@dataclass(frozen=True, slots=True)
class Listener:
    """What an adapter wants of its link: topics, and to be told; the calls come from the event loop.

    `on_messages` gets those of one read; `on_oversized` the topics of messages too large to be held;
    `on_connected` comes after the broker granted the topics; `will` is asked before each connection. Without
    the first `needed` topics (None: all of them) there is no connection; without the others there is.
    """

    topics: Sequence[str]
    on_messages: Callable[[list[Message]], None]
    on_oversized: Callable[[Sequence[str]], None]
    on_connected: Callable[[], None] = lambda: None
    will: Callable[[], Will | None] = lambda: None
    needed: int | None = None


class _Line(asyncio.BufferedProtocol):
    """One connection: the socket's side."""

    def __init__(self, session: Session, listener: Listener) -> None:
        self._session, self._listener = session, listener
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._buffer = bytearray(READ_BYTES)
        self._transport: asyncio.Transport | None = None
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        self.welcomed: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.heard_s = loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.say(self._session.connect())

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - the buffer is as long as it is
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.heard_s = self._loop.time()
        try:
            received = self._session.receive(bytes(memoryview(self._buffer)[:nbytes]))
        except MqttError as error:
            self.end(error)
            return
        self._act_on(received)

    def _act_on(self, received: Received) -> None:
        if received.reply:
            self.say(bytes(received.reply))
        if received.welcome and not self.welcomed.done():
            self.welcomed.set_result(None)
        for answer in received.answers:
            waiting = self._answers.pop(answer.packet_id, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer.codes)
        if received.oversized:
            self._listener.on_oversized(received.oversized)
        if received.messages:
            self._listener.on_messages(received.messages)

    def connection_lost(self, exc: Exception | None) -> None:
        self.end(exc or ConnectionResetError(Said("the connection was closed", "closed")))

    def say(self, data: bytes) -> None:
        """Send; what cannot be sent any more is noticed by the reader."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def ask(self, packet_id: int, data: bytes, timeout_s: float) -> bytes:
        """Send, and wait for the broker's word on it. MqttError, OSError, TimeoutError: there is none."""
        if self.ended.done():
            self.ended.result()
        waiting: asyncio.Future[bytes] = self._loop.create_future()
        self._answers[packet_id] = waiting
        self.say(data)
        try:
            async with asyncio.timeout(timeout_s):
                return await waiting
        finally:
            self._answers.pop(packet_id, None)

    def end(self, error: Exception) -> None:
        """Give the connection up for this reason; everybody who waits is told."""
        everybody: list[asyncio.Future[Any]] = [self.welcomed, self.ended, *self._answers.values()]
        for waiting in everybody:
            if not waiting.done():
                waiting.set_exception(error)
                waiting.exception()  # nobody need fetch it
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        """Say goodbye, so that the broker does not publish the will."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(DISCONNECT)
            self._transport.close()


class MqttLink:
    """Keeps a connection with a broker up, from `start` to `stop`."""

    def __init__(
        self, address: MqttAddress, listener: Listener, settings: MqttSettings | None = None
    ) -> None:
        self.address = address
        self._listener = listener
        self._settings = settings or MqttSettings()
        self._line: _Line | None = None
        self._session: Session | None = None
        self._upkeep = Upkeep(
            f"MQTT broker {address}", self._connection, (MqttError,), self._settings.patience
        )

    @property
    def connected(self) -> bool:
        """Whether the broker is there and has granted the topics."""
        return self._upkeep.connected

    def health(self, counts: Counts) -> Health:
        """Say whether the broker is there, and what came over it."""
        return self._upkeep.health(str(self.address), counts)

    def start(self) -> None:
        """Begin to connect; returns at once, and never raises for a broker that is away."""
        self._upkeep.start()

    async def stop(self) -> None:
        """Disconnect; harmless when not started."""
        await self._upkeep.stop()

    async def publish(self, message: Message) -> None:
        """Publish with QoS 1 and wait until the broker has it. MqttError: it does not, and why."""
        line, session = self._line, self._session
        if line is None or session is None:
            text = f"no connection with the broker {self.address}: {self._upkeep.trouble}"
            raise MqttError(Said(text, "no-connection", at=str(self.address)))
        try:
            codes = await line.ask(*session.publish(message), self._settings.timeout_s)
        except TimeoutError as error:
            text = f"the broker {self.address} does not acknowledge"
            raise MqttError(Said(text, "no-answer", at=str(self.address))) from error
        except OSError as error:
            text = f"the broker {self.address} is gone: {error}"
            raise MqttError(Said(text, "closed", at=str(self.address))) from error
        if codes and codes[0] >= FAILURE:
            raise MqttError(f"the broker {self.address} refused the message (reason 0x{codes[0]:02x})")

    def post(self, message: Message) -> None:
        """Publish with QoS 0, without waiting; nothing happens where there is no connection."""
        if self._line is not None and self._session is not None:
            self._line.say(self._session.publish(message, qos=0)[1])

    async def _connection(self) -> None:
        """Connect, and stay until the connection ends. MqttError or OSError: always, in the end."""
        session = Session(self._login())
        line = await self._opened(session)
        try:
            self._line, self._session = line, session
            self._upkeep.is_up()
            self._listener.on_connected()
            await self._watch(line, session)
        finally:
            self._line = self._session = None
            line.leave()

    def _login(self) -> Login:
        address = self.address
        return Login(
            client_id=f"venue-twin-{secrets.token_hex(4)}",
            version=address.version,
            keepalive_s=self._settings.keepalive_s,
            username=address.username,
            password=address.password,
            will=self._listener.will(),
        )

    async def _opened(self, session: Session) -> _Line:
        address = self.address
        line = _Line(session, self._listener)
        context = ssl.create_default_context() if address.tls else None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await loop.create_connection(lambda: line, address.host, address.port, ssl=context)
                await line.welcomed
            codes = await line.ask(*session.subscribe(self._listener.topics), self._settings.timeout_s)
        except BaseException:
            line.leave()
            raise
        wanted, needed = self._listener.topics, self._listener.needed
        refused = [topic for topic, code in zip(wanted, codes, strict=False) if code >= FAILURE]
        if set(refused) & set(wanted[:needed]):
            line.leave()
            topics = ", ".join(refused)
            raise MqttError(
                Said(f"the broker does not allow to read {topics}", "broker-topics", topics=topics)
            )
        if refused:
            LOG.info("MQTT broker %s does not allow to read %s", self.address, ", ".join(refused))
        return line

    async def _watch(self, line: _Line, session: Session) -> None:
        """Ping twice a period, whatever else is said, so that a line without an answer is known for dead."""
        loop, period_s = asyncio.get_running_loop(), session.keepalive_s
        while True:
            done, _ = await asyncio.wait([line.ended], timeout=period_s / 2 if period_s else None)
            if done:
                line.ended.result()
            if loop.time() - line.heard_s >= 1.5 * period_s:
                text = f"nothing was heard for {1.5 * period_s:g} s"
                raise MqttError(Said(text, "silent", seconds=round(1.5 * period_s)))
            line.say(PING)
