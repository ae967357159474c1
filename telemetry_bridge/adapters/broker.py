"""An MQTT broker inside the server, for a demo and for venues without one.

It listens on the loopback interface alone. A gate says who may come in and which topics a device may use;
without one it lets everybody in: whoever is on the machine already.
"""

import asyncio
import ipaddress
import logging
import socket
from dataclasses import dataclass
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action, BaseContext, BrokerConfig, ListenerConfig
from amqtt.errors import AMQTTError
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from telemetry_bridge.errors import AdapterError
from telemetry_bridge.gate import Gate, Use

LOOPBACK = "127.0.0.1"


class GateAuth(BaseAuthPlugin):
    """Asks the gate whether a client may connect."""

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._gate: Gate = self.config.gate

    async def authenticate(self, *, session: Session) -> bool:
        """Say whether the session may begin."""
        return self._gate.admits(session.username, session.password)

    @dataclass
    class Config:
        """What amqtt hands the plugin."""

        gate: Any


class GateTopics(BaseTopicPlugin):
    """Asks the gate whether a client may use a topic."""

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._gate: Gate = self.config.gate

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """Say whether the topic may be used so."""
        if session is None or topic is None or action is None:
            return False
        return self._gate.permits(session.username, session.password, topic, Use(action.value))

    @dataclass
    class Config:
        """What amqtt hands the plugin."""

        gate: Any


class EmbeddedBroker:
    """A broker on `mqtt://127.0.0.1:<port>`; `start` and `stop` it from the server's event loop."""

    def __init__(self, port: int = 0, host: str = LOOPBACK, gate: Gate | None = None) -> None:
        """Take a port, 0 for any free one; `gate` None: everybody may come in and use every topic.

        Raises:
            AdapterError: a host that is not the loopback interface.
        """
        if not _is_loopback(host):
            raise AdapterError(
                f"the embedded broker does not encrypt, so it listens on {LOOPBACK} only, not on {host}; "
                "for other machines run a broker such as mosquitto and give its address"
            )
        self._host, self._port, self._gate = host, port, gate
        self._broker: Broker | None = None

    @property
    def url(self) -> str:
        """Address for clients; with the real port once started."""
        return f"mqtt://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            AdapterError: the port is taken or may not be used.
        """
        if self._broker is not None:
            return
        _quieten()
        self._port = _free_port(self._host, self._port)
        broker = Broker(_config(self._host, self._port, self._gate))
        try:
            await broker.start()
        except AMQTTError as error:
            raise AdapterError(f"the embedded MQTT broker cannot start: {error}") from error
        self._broker = broker

    async def stop(self) -> None:
        """Drop all clients and stop listening; harmless when not started."""
        broker, self._broker = self._broker, None
        if broker is not None:
            await broker.shutdown()
            # amqtt leaves the handlers of dropped clients to end by themselves.
            await asyncio.sleep(0)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _free_port(host: str, port: int) -> int:
    """Give the port if it is free, any free one for 0: amqtt itself answers a taken port with a traceback."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise AdapterError(
                f"the embedded MQTT broker cannot listen on {host}:{port} ({error}); choose another port"
            ) from error
        bound: int = probe.getsockname()[1]
        return bound


def _config(host: str, port: int, gate: Gate | None) -> BrokerConfig:
    return BrokerConfig(listeners={"default": ListenerConfig(bind=f"{host}:{port}")}, plugins=_plugins(gate))


def _plugins(gate: Gate | None) -> dict[str, Any]:
    if gate is None:
        return {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    return {f"{__name__}.{each.__name__}": {"gate": gate} for each in (GateAuth, GateTopics)}


def _quieten() -> None:
    """amqtt logs every connection; what matters of it the adapter says itself."""
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.ERROR)
