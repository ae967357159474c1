"""Devices that speak MQTT with our own payloads, through any broker. Topics and payloads: `docs/wire.md`."""

import contextlib
from collections.abc import Iterator, Sequence

from telemetry_bridge.adapters.gathering import Gathering
from telemetry_bridge.adapters.mqtt_link import Listener, MqttLink, MqttSettings
from telemetry_bridge.adapters.tally import Tally
from telemetry_bridge.columns import ColumnReader, deliver_columns
from telemetry_bridge.commands import command_payload
from telemetry_bridge.errors import AdapterError, CommandError, MqttError, PayloadError
from telemetry_bridge.mqtt_codec import Message
from telemetry_bridge.mqtt_url import parse_mqtt_url
from telemetry_bridge.payload import (
    columns_topic,
    command_topic,
    frames_topic,
    parse_reports,
    read_document,
    telemetry_topic,
)
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import ColumnSink, Command, Health, Reading, Sink, clipped
from telemetry_bridge.said import Said, located, said_of

__all__ = ["MqttAdapter", "MqttSettings"]


class MqttAdapter:
    """Listens to all devices of a venue at one broker; comes back by itself when the connection breaks."""

    def __init__(
        self, url: str, venue: str, registry: Registry, settings: MqttSettings | None = None
    ) -> None:
        """Take `mqtt://user:password@host:port` or `mqtts://...`, with `?version=5` at the end for MQTT 5.

        Raises:
            AdapterError: an address that can never work, or a venue id that is no part of a topic.
        """
        if not venue or set(venue) & set("/+#"):
            raise AdapterError(
                f"the venue id {venue!r} must be a word without / + #: it is part of the topics"
            )
        telemetry, columns = telemetry_topic(venue, "+"), columns_topic(venue)
        topics = (telemetry, columns, frames_topic(venue, "+"))
        self._gathering = Gathering(self._deliver)
        listener = Listener(topics, self._gathering.take, self._take_oversized, needed=1)
        self._link = MqttLink(parse_mqtt_url(url), listener, settings)
        self._before_device, self._after_device = telemetry.split("+")
        self._columns_topic, self._frames_prefix = columns, frames_topic(venue, "")
        self._venue, self._registry = venue, registry
        self._reader = ColumnReader(registry)
        self._tally = Tally("MQTT")
        self._sink: Sink | None = None

    async def start(self, sink: Sink) -> None:
        """Begin to connect and deliver; returns at once, and never raises for a broker that is away."""
        self._sink = sink
        self._link.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._link.stop()
        self._gathering.flush()

    async def send(self, command: Command) -> None:
        """Publish a command and wait until the broker has it. CommandError: it does not."""
        payload = command_payload(command, self._registry)
        try:
            await self._link.publish(Message(command_topic(self._venue, command.device), payload))
        except MqttError as error:
            said = said_of(error)
            text = f"the command was not sent: {said}"
            raise CommandError(Said(text, said.reason, **said.named)) from error

    def health(self) -> Health:
        """Say whether the broker is there, and what came."""
        return self._link.health(self._tally)

    def _take_oversized(self, topics: Sequence[str]) -> None:
        self._tally.refuse(
            len(topics),
            located(Said("the message is far too large", "too-large"), message=clipped(topics[0])),
        )

    def _deliver(self, messages: list[Message]) -> None:
        readings: list[Reading] = []
        for message in messages:
            topic = message.topic
            if topic.startswith(self._before_device) and topic.endswith(self._after_device):
                self._read(message, readings)
            else:
                self._take_columns(message)
        if self._sink is not None and readings:
            self._tally.take(self._sink.accept(readings))

    def _read(self, message: Message, readings: list[Reading]) -> None:
        """Add the readings of one report of a device."""
        device = message.topic[len(self._before_device) : -len(self._after_device)]
        with self._refusing(message.topic):
            batch = parse_reports(device, message.payload, retained=message.retained)
            readings += batch.readings
            self._tally.take_refusals(batch.refused)

    def _take_columns(self, message: Message) -> None:
        with self._refusing(message.topic):
            if message.retained:
                raise PayloadError("wrong_shape", "columns are not to be retained")
            if message.topic == self._columns_topic:
                batch = self._reader.read_json(read_document(message.payload))
            else:
                registry = message.topic.removeprefix(self._frames_prefix)
                batch = self._reader.read_frames(message.payload, registry)
            if isinstance(self._sink, ColumnSink):
                self._tally.take(deliver_columns(batch, self._sink))

    @contextlib.contextmanager
    def _refusing(self, topic: str) -> Iterator[None]:
        """Count a message that cannot be read at all."""
        try:
            yield
        except PayloadError as error:
            self._tally.refuse(1, located(said_of(error), message=clipped(topic)))
