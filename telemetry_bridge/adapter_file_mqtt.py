"""The settings of a broker, as `adapters.yaml` has them. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from telemetry_bridge.adapter_file_parts import AdapterSettings, EnvironmentName, Text
from telemetry_bridge.errors import AdapterError
from telemetry_bridge.mqtt_url import parse_mqtt_url
from telemetry_bridge.yaml_lines import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttLineSettings(AdapterSettings):
    """A broker to which devices publish."""

    kind: Literal["mqtt"]
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
