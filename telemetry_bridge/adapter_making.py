"""Adapters out of their settings; each loads its protocol's library when it is made, and not before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from telemetry_bridge.adapter_file_bacnet import BacnetSettings
from telemetry_bridge.adapter_file_modbus import ModbusSettings
from telemetry_bridge.adapter_file_mqtt import BrokerSettings, MqttLineSettings, SparkplugLineSettings
from telemetry_bridge.adapter_file_opcua import OpcUaSettings
from telemetry_bridge.adapter_file_parts import AdapterSettings, secret_of
from telemetry_bridge.adapter_file_replay import ReplaySettings
from telemetry_bridge.adapter_file_webhook import WebhookSettings
from telemetry_bridge.adapters.upkeep import Patience
from telemetry_bridge.clock import Clock
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import Adapter


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What adapters need to know of the venue; `folder` is what paths in the file start from.

    `patience` is how they come back to what is away.
    """

    venue: str
    registry: Registry
    clock: Clock
    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    patience: Patience = field(default_factory=Patience)


def make_adapter(settings: AdapterSettings, around: Surroundings) -> Adapter:
    """Make the adapter of an entry; loads the library that it needs.

    Raises:
        AdapterError: it can never work like this, for example because its secret is not set.
    """
    return MAKERS[type(settings)](settings, around)


def _modbus(settings: ModbusSettings, around: Surroundings) -> Adapter:
    from telemetry_bridge.adapters.modbus import ModbusAdapter  # noqa: PLC0415

    return ModbusAdapter(settings, around.registry, around.patience)


def _bacnet(settings: BacnetSettings, around: Surroundings) -> Adapter:
    from telemetry_bridge.adapters.bacnet import BacnetAdapter  # noqa: PLC0415

    return BacnetAdapter(settings, around.registry, around.patience)


def _opcua(settings: OpcUaSettings, around: Surroundings) -> Adapter:
    from telemetry_bridge.adapters.opcua import OpcUaAdapter  # noqa: PLC0415

    return OpcUaAdapter(
        settings, around.registry, around.clock, around.folder, around.environment, around.patience
    )


def _webhook(settings: WebhookSettings, around: Surroundings) -> Adapter:
    from telemetry_bridge.adapters.webhook import WebhookAdapter  # noqa: PLC0415

    return WebhookAdapter(settings, around.environment)


def _replay(settings: ReplaySettings, around: Surroundings) -> Adapter:
    from telemetry_bridge.adapters.replay_file import ReplayAdapter  # noqa: PLC0415

    return ReplayAdapter(settings, around.folder, around.patience)


def _mqtt(settings: MqttLineSettings, around: Surroundings) -> Adapter:
    from telemetry_bridge.adapters.mqtt import MqttAdapter, MqttSettings  # noqa: PLC0415

    patiently = MqttSettings(around.patience)
    return MqttAdapter(_broker_url(settings, around), around.venue, around.registry, patiently)


def _sparkplug(settings: SparkplugLineSettings, around: Surroundings) -> Adapter:
    from telemetry_bridge.adapters.mqtt_link import MqttSettings  # noqa: PLC0415
    from telemetry_bridge.adapters.sparkplug import SparkplugAdapter, SparkplugSettings  # noqa: PLC0415

    wanted = SparkplugSettings(settings.group or "+", settings.host_id, settings.metrics)
    return SparkplugAdapter(
        _broker_url(settings, around), around.registry, wanted, MqttSettings(around.patience)
    )


def _broker_url(settings: BrokerSettings, around: Surroundings) -> str:
    """Give the address with user and password; AdapterError: the password is not set."""
    password = secret_of(settings.password_env, around.environment)
    scheme, _, rest = settings.url.partition("://")
    user = "" if settings.username is None else quote(settings.username, safe="")
    credentials = (
        f"{user}:{quote(password, safe='')}@" if password is not None else f"{user}@" if user else ""
    )
    return f"{scheme}://{credentials}{rest}"


MAKERS: Mapping[type[AdapterSettings], Callable[[Any, Surroundings], Adapter]] = {
    MqttLineSettings: _mqtt,
    SparkplugLineSettings: _sparkplug,
    ModbusSettings: _modbus,
    OpcUaSettings: _opcua,
    BacnetSettings: _bacnet,
    WebhookSettings: _webhook,
    ReplaySettings: _replay,
}
