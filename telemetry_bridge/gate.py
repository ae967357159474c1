"""The port by which a broker asks who may come in, and which topics a device may use. Pure."""

from enum import StrEnum
from typing import Protocol


class Use(StrEnum):
    """What a client wants of a topic."""

    PUBLISH = "publish"
    SUBSCRIBE = "subscribe"
    RECEIVE = "receive"


class Gate(Protocol):
    """Lets clients in; both are asked often and must not block."""

    def admits(self, username: str | None, password: str | None) -> bool:
        """Whether a client may connect; a refusal is counted by whoever implements this."""

    def permits(self, username: str | None, password: str | None, topic: str, use: Use) -> bool:
        """Whether a client with this user name and password may use a topic, or a filter of topics, so."""

    def admit_insider(self, username: str, password: str) -> None:
        """Let the server's own client in from now on, to every topic."""


def device_of_topic(topic: str, venue: str, kind: str) -> str | None:
    """The device of `twin/<venue>/devices/<device>/<kind>`; None: it is no such topic, or has a wildcard."""
    match topic.split("/"):
        case ["twin", found, "devices", device, last] if found == venue and last == kind:
            return None if set(device) & set("+#") or not device else device
        case _:
            return None
