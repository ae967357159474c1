"""Devices that speak MQTT, through any broker (3.1.1). Topics and payloads: `docs/wire.md`."""

import asyncio
import contextlib
import logging
import random
import secrets
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import cast

import aiomqtt

from telemetry_bridge.commands import command_payload
from telemetry_bridge.errors import AdapterError, CommandError, PayloadError
from telemetry_bridge.mqtt_url import parse_mqtt_url
from telemetry_bridge.payload import Batch, command_topic, parse_mqtt, telemetry_topic
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import Command, Health, Reading, Refusal, Sink, clipped

LOG = logging.getLogger(__name__)

QOS_AT_LEAST_ONCE = 1
MAX_WAITING = 10_000
MAX_AT_ONCE = 100
LOG_REFUSALS_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """How patiently to speak with the broker, in s.

    Reconnection waits double from `first_pause_s` to `longest_pause_s`, each shortened by up to a half at
    random, so that many servers do not come back at once.
    """

    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    timeout_s: float = 10.0
    keepalive_s: int = 30


class Inbox(asyncio.Queue[aiomqtt.Message]):
    """Messages that wait; lets go of the oldest when full, since old telemetry is worth the least."""

    def __init__(self, maxsize: int = MAX_WAITING) -> None:
        super().__init__(maxsize)
        self._dropped = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Add a message; never raises QueueFull."""
        if self.full():
            self.get_nowait()
            self._dropped += 1
        super().put_nowait(item)

    def take(self, most: int) -> list[aiomqtt.Message]:
        """Give what waits, oldest first, at most so many."""
        return [self.get_nowait() for _ in range(min(most, self.qsize()))]

    def take_dropped(self) -> int:
        """Give how many were let go since last asked."""
        dropped, self._dropped = self._dropped, 0
        return dropped


class MqttAdapter:
    """Listens to all devices of a venue at one broker; comes back by itself when the connection breaks."""

    def __init__(
        self, url: str, venue: str, registry: Registry, settings: MqttSettings | None = None
    ) -> None:
        """Take `mqtt://user:password@host:port` or `mqtts://...`.

        Raises:
            AdapterError: an address that can never work, or a venue id that is no part of a topic.
        """
        if not venue or set(venue) & set("/+#"):
            raise AdapterError(
                f"the venue id {venue!r} must be a word without / + #: it is part of the topics"
            )
        self._address = parse_mqtt_url(url)
        self._venue = venue
        self._registry = registry
        self._settings = settings or MqttSettings()
        self._client: aiomqtt.Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._trouble = "not started"
        self._received = self._refused = self._connections = 0
        self._refusal_logged_s = float("-inf")

    async def start(self, sink: Sink) -> None:
        """Begin to connect and deliver; returns at once, and never raises for a broker that is away."""
        if self._task is None:
            self._trouble = "connecting"
            self._task = asyncio.create_task(self._run(sink), name="mqtt")
            self._task.add_done_callback(_log_failure)

    async def stop(self) -> None:
        """Disconnect."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self._trouble = "stopped"

    async def send(self, command: Command) -> None:
        """Publish a command and wait until the broker has it. CommandError: it does not."""
        if self._client is None:
            raise CommandError(f"no connection with the broker {self._address}: {self._trouble}")
        topic = command_topic(self._venue, command.device)
        payload = command_payload(command, self._registry)
        try:
            await self._client.publish(
                topic, payload, qos=QOS_AT_LEAST_ONCE, timeout=self._settings.timeout_s
            )
        except aiomqtt.MqttError as error:
            raise CommandError(f"the broker {self._address} did not take the command: {error}") from error

    def health(self) -> Health:
        """Say whether the broker is there, and what came."""
        connected = self._client is not None
        if self._task is not None and self._task.done():
            connected, self._trouble = False, "failed; see the log"
        detail = f"connected to {self._address}" if connected else f"{self._address}: {self._trouble}"
        return Health(connected, detail, self._received, self._refused, max(0, self._connections - 1))

    async def _run(self, sink: Sink) -> None:
        pause_s = self._settings.first_pause_s
        while True:
            before = self._connections
            try:
                await self._listen(sink)
            except aiomqtt.MqttError as error:
                self._note_trouble(str(error) or type(error).__name__)
            if self._connections > before:
                pause_s = self._settings.first_pause_s
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, self._settings.longest_pause_s)

    def _note_trouble(self, trouble: str) -> None:
        if trouble != self._trouble:
            LOG.warning("MQTT broker %s: %s; trying again", self._address, trouble)
        self._trouble = trouble

    async def _listen(self, sink: Sink) -> None:
        inbox = Inbox()
        async with self._connected(inbox) as client:
            # A turn of this loop costs far more than a message: take all that wait with the first.
            async for first in client.messages:
                self._handle([first, *inbox.take(MAX_AT_ONCE)], sink)
                if dropped := inbox.take_dropped():
                    self._note_refused(dropped, "messages came faster than they can be read")

    @contextlib.asynccontextmanager
    async def _connected(self, inbox: Inbox) -> AsyncIterator[aiomqtt.Client]:
        client = self._new_client(inbox)
        async with client:
            await client.subscribe(telemetry_topic(self._venue, "+"), qos=QOS_AT_LEAST_ONCE)
            self._client = client
            self._connections += 1
            self._trouble = "disconnected"
            LOG.info("MQTT broker %s: connected", self._address)
            try:
                yield client
            finally:
                self._client = None

    def _new_client(self, inbox: Inbox) -> aiomqtt.Client:
        address = self._address
        return aiomqtt.Client(
            address.host,
            address.port,
            username=address.username,
            password=address.password,
            identifier=f"venue-twin-{secrets.token_hex(4)}",
            protocol=aiomqtt.ProtocolVersion.V311,
            timeout=self._settings.timeout_s,
            keepalive=self._settings.keepalive_s,
            # aiomqtt makes its queue by calling this; one that we hold can be emptied in one go.
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", lambda maxsize: inbox),  # noqa: ARG005
            tls_context=ssl.create_default_context() if address.tls else None,
        )

    def _handle(self, messages: Sequence[aiomqtt.Message], sink: Sink) -> None:
        readings: list[Reading] = []
        for message in messages:
            batch = self._parsed(message)
            readings += batch.readings
            self._note_refusals(batch.refused)
        acceptance = sink.accept(readings)
        self._received += acceptance.accepted
        self._note_refusals(acceptance.refused)

    def _parsed(self, message: aiomqtt.Message) -> Batch:
        topic, payload = str(message.topic), message.payload
        data = payload if isinstance(payload, bytes) else str(payload or "").encode()
        try:
            return parse_mqtt(topic, data, retained=message.retain)
        except PayloadError as error:
            self._note_refused(1, f"{clipped(topic)}: {error}")
            return Batch(())

    def _note_refusals(self, refused: Sequence[Refusal]) -> None:
        if refused:
            first = refused[0]
            self._note_refused(len(refused), f"{first.device}/{first.point}: {first.reason}")

    def _note_refused(self, count: int, reason: str) -> None:
        self._refused += count
        now_s = asyncio.get_running_loop().time()
        if now_s - self._refusal_logged_s >= LOG_REFUSALS_EVERY_S:
            self._refusal_logged_s = now_s
            LOG.warning("MQTT telemetry refused (%d so far): %s", self._refused, reason)


def _log_failure(task: asyncio.Task[None]) -> None:
    """Say so when the adapter ends by a fault of its own, which no reconnection mends."""
    if not task.cancelled() and (error := task.exception()) is not None:
        LOG.error("the MQTT adapter has failed and does not go on", exc_info=error)
