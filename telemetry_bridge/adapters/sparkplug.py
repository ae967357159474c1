"""Edge nodes that speak Sparkplug B through any broker; `telemetry_bridge/sparkplug.py` is what it means."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from telemetry_bridge import sparkplug
from telemetry_bridge.adapters.gathering import Gathering
from telemetry_bridge.adapters.mqtt_link import Listener, MqttLink, MqttSettings
from telemetry_bridge.adapters.tally import Tally
from telemetry_bridge.errors import AdapterError, CommandError, MqttError, PayloadError
from telemetry_bridge.mqtt_codec import Message, Will
from telemetry_bridge.mqtt_url import parse_mqtt_url
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import Command, Health, Reading, Sink, clipped
from telemetry_bridge.said import Said, located, said_of

MS_PER_S = 1000.0


@dataclass(frozen=True, slots=True)
class SparkplugSettings:
    """Which nodes to hear, and as whom.

    `group`: the Sparkplug group, `+` for all; `host_id`: the name of this host where nodes wait for their
    primary host, None: it does not say that it is there; `points`: names of points by names of metrics.
    """

    group: str = "+"
    host_id: str | None = None
    points: Mapping[str, str] = field(default_factory=dict)


class SparkplugAdapter:
    """Listens to all edge nodes of a group; comes back by itself when the connection breaks."""

    def __init__(
        self,
        url: str,
        registry: Registry,
        settings: SparkplugSettings | None = None,
        mqtt: MqttSettings | None = None,
    ) -> None:
        """Take an address as `MqttAdapter` does.

        Raises:
            AdapterError: an address that can never work, or a name that is no part of a topic.
        """
        self._settings = settings or SparkplugSettings()
        _check_names(self._settings)
        wanted = sparkplug.topics(self._settings.group)
        self._gathering = Gathering(self._deliver)
        listener = Listener(wanted, self._gathering.take, self._take_oversized, self._say_online, self._will)
        self._link = MqttLink(parse_mqtt_url(url), listener, mqtt)
        self._host = sparkplug.SparkplugHost(registry, self._settings.points)
        self._tally = Tally("Sparkplug")
        self._sink: Sink | None = None
        self._since_ms = 0.0

    async def start(self, sink: Sink) -> None:
        """Begin to connect and deliver; returns at once, and never raises for a broker that is away."""
        self._sink = sink
        self._link.start()

    async def stop(self) -> None:
        """Say that this host is gone, and disconnect."""
        self._post_state(online=False)
        await self._link.stop()
        self._gathering.flush()

    async def send(self, command: Command) -> None:
        """Publish a command and wait until the broker has it. CommandError: it does not."""
        message = self._host.command(command)
        try:
            await self._link.publish(message)
        except MqttError as error:
            said = said_of(error)
            text = f"the command was not sent: {said}"
            raise CommandError(Said(text, said.reason, **said.named)) from error

    def writes(self, device: str, point: str) -> bool:
        """Say whether commands to this point are for this adapter: some node was born with it."""
        return self._host.writes(device, point)

    def health(self) -> Health:
        """Say whether the broker is there, how many nodes are alive, and what came."""
        health, alive = self._link.health(self._tally), len(self._host.nodes)
        nodes = f", {alive} edge node{'' if alive == 1 else 's'} alive" if health.connected else ""
        return replace(health, detail=Said.of(health.detail).and_also(nodes))

    def _deliver(self, messages: list[Message]) -> None:
        now_ms = time.time() * MS_PER_S
        readings: list[Reading] = []
        for message in messages:
            try:
                heard = self._host.take(message, now_ms)
            except PayloadError as error:
                self._tally.refuse(1, located(said_of(error), message=clipped(message.topic)))
                continue
            readings += heard.readings
            if heard.rebirth is not None:
                self._link.post(sparkplug.rebirth_message(heard.rebirth, now_ms))
        if self._sink is not None and readings:
            self._tally.take(self._sink.accept(readings))

    def _take_oversized(self, topics: Sequence[str]) -> None:
        self._tally.refuse(
            len(topics),
            located(Said("the message is far too large", "too-large"), message=clipped(topics[0])),
        )

    def _will(self) -> Will | None:
        """Begin a new connection's time, which its birth and its death have in common."""
        self._since_ms = time.time() * MS_PER_S
        host_id = self._settings.host_id
        return None if host_id is None else sparkplug.state_will(host_id, self._since_ms)

    def _say_online(self) -> None:
        self._post_state(online=True)

    def _post_state(self, *, online: bool) -> None:
        if self._settings.host_id is not None:
            self._link.post(sparkplug.state_message(self._settings.host_id, self._since_ms, online=online))


def _check_names(settings: SparkplugSettings) -> None:
    for name, value in (("group", settings.group), ("host id", settings.host_id or "host")):
        if not value or (value != "+" and set(value) & set("/+#")):
            raise AdapterError(f"the Sparkplug {name} {value!r} must be a word without / + #")
