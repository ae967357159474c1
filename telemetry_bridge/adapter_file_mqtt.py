"""The settings of a broker, as `adapters.yaml` has them. No I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import StringConstraints

from telemetry_bridge.adapter_file_parts import AdapterSettings, EnvironmentName, Text
from telemetry_bridge.errors import AdapterError
from telemetry_bridge.mqtt_url import parse_mqtt_url
from telemetry_bridge.yaml_lines import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings(AdapterSettings):
    """A broker, and as whom to come."""

    url: Text
    username: str | None = None
    password_env: EnvironmentName | None = None

    def faults(self) -> Iterator[tuple[Path, str]]:
        """Give what does not fit together."""
        try:
            address = parse_mqtt_url(self.url)
        except AdapterError as error:
            yield ("url",), str(error)
            return
        if address.password is not None:
            yield ("url",), "url: no password in the file; name the variable that holds it in password_env"
        if self.password_env is not None and self.username is None:
            yield ("password_env",), "username is missing: a password alone signs nobody in"
        if self.username is not None and address.username is not None:
            yield ("username",), "the url names a user too; leave one of them out"


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttLineSettings(BrokerSettings):
    """A broker to which devices publish with our own payloads."""

    kind: Literal["mqtt"]


#: A word of a topic.
Word = Annotated[str, StringConstraints(pattern=r"^[^/+#\s]+$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkplugLineSettings(BrokerSettings):
    """A broker to which edge nodes publish Sparkplug B.

    `group`: the nodes' group, all of them when left out; `host_id`: the name under which they look for their
    primary host; `metrics`: names of points by names of metrics, where they differ.
    """

    kind: Literal["sparkplug"]
    group: Word | None = None
    host_id: Word | None = None
    metrics: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
