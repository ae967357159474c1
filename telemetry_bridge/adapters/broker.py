"""An MQTT broker inside the server, for a demo and for venues without one.

It listens on the loopback interface alone, and lets everybody in: whoever is on the machine already.
"""

import asyncio
import ipaddress
import logging
import socket

from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig, ListenerConfig
from amqtt.errors import AMQTTError

from telemetry_bridge.errors import AdapterError

LOOPBACK = "127.0.0.1"


class EmbeddedBroker:
    """A broker on `mqtt://127.0.0.1:<port>`; `start` and `stop` it from the server's event loop."""

    def __init__(self, port: int = 0, host: str = LOOPBACK) -> None:
        """Take a port, 0 for any free one.

        Raises:
            AdapterError: a host that is not the loopback interface.
        """
        if not _is_loopback(host):
            raise AdapterError(
                f"the embedded broker lets everybody in, so it listens on {LOOPBACK} only, not on {host}; "
                "for other machines run a broker such as mosquitto and give its address"
            )
        self._host, self._port = host, port
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
        broker = Broker(_config(self._host, self._port))
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


def _config(host: str, port: int) -> BrokerConfig:
    return BrokerConfig(
        listeners={"default": ListenerConfig(bind=f"{host}:{port}")},
        plugins={"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    )


def _quieten() -> None:
    """amqtt logs every connection; what matters of it the adapter says itself."""
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.ERROR)
