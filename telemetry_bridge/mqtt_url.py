"""The address of an MQTT broker, as one writes it in a setting."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from telemetry_bridge.errors import AdapterError
from telemetry_bridge.mqtt_codec import Version

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
VERSIONS = {"3.1.1": Version.V311, "5": Version.V5}


@dataclass(frozen=True, slots=True)
class MqttAddress:
    """Where a broker is and as whom to come; `str` leaves the password out."""

    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    version: Version = Version.V311

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


def parse_mqtt_url(url: str) -> MqttAddress:
    """Read `mqtt://user:password@host:port`, or `mqtts://` for TLS; user and password percent-encoded.

    `?version=5` at the end: MQTT 5 instead of 3.1.1.

    Raises:
        AdapterError: anything else; the text never repeats the password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AdapterError(f"the MQTT address cannot be read ({error}); write mqtt://host:1883") from error
    if parts.scheme not in DEFAULT_PORTS or not host:
        raise AdapterError(
            "the MQTT address must look like mqtt://host:1883 or mqtts://user:password@host:8883"
        )
    if parts.path.strip("/") or parts.fragment:
        raise AdapterError("the MQTT address ends after the port; the topics are fixed")
    return MqttAddress(
        host=host,
        port=DEFAULT_PORTS[parts.scheme] if port is None else port,
        tls=parts.scheme == "mqtts",
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        version=_version(parts.query),
    )


def _version(query: str) -> Version:
    match parse_qsl(query, keep_blank_values=True):
        case []:
            return Version.V311
        case [("version", text)] if text in VERSIONS:
            return VERSIONS[text]
        case _:
            raise AdapterError("after the MQTT address nothing may come but ?version=5 or ?version=3.1.1")
