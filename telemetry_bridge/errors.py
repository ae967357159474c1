"""Every error that `telemetry_bridge` raises.

```
BridgeError
├── WireError           a frame that breaks the wire contract
├── FaultsError         several faults in one document, all listed
│   ├── RegistryError   device types or devices that cannot be used
│   ├── BindingError    bindings that cannot be used
│   └── AdapterFileError  adapters.yaml cannot be used
├── PayloadError        a telemetry message that cannot be read at all
├── SubscriptionError   a live client's wish that cannot be met
├── MqttError           a broker that refuses, or bytes that are no MQTT
├── HookError           a webhook's message that is not taken
├── BusError            Redis, by which processes are joined, cannot be used
├── CommandError        a command that cannot be sent
└── AdapterError        an adapter or a broker that cannot be started
```

A sample refused inside an otherwise good batch is no error: see `payload.Refusal`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

PayloadCode = Literal["too_large", "not_json", "wrong_shape", "wrong_registry"]


HookCode = Literal["unsigned", "stale", "replayed", "malformed", "too_large", "busy"]


class BridgeError(Exception):
    """Base of all errors here; the text is meant for the user and says what to do."""


class WireError(BridgeError):
    """Bytes that are no frame of the wire contract, or columns that cannot become one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a document: where (`devices.csv:12`) and what."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class FaultsError(BridgeError):
    """A document with faults; `faults` holds all of them, the text shows the first ten."""

    SHOWN = 10

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        lines = [str(fault) for fault in self.faults[: self.SHOWN]]
        if len(self.faults) > self.SHOWN:
            lines.append(f"and {len(self.faults) - self.SHOWN} more")
        super().__init__("; ".join(lines))


class RegistryError(FaultsError):
    """Device types or devices that cannot be used."""


class BindingError(FaultsError):
    """Bindings that cannot be used; none of the list was applied."""


class AdapterFileError(FaultsError):
    """`adapters.yaml` cannot be used; none of its adapters was started."""


class PayloadError(BridgeError):
    """A telemetry message that cannot be read at all; `code` is for programs."""

    def __init__(self, code: PayloadCode, message: str) -> None:
        self.code = code
        super().__init__(message)


class SubscriptionError(BridgeError):
    """A live client's wish that cannot be met; `id` is the one that its message had."""

    def __init__(self, message: str, id: int | None = None) -> None:  # noqa: A002 - the wire's name for it
        self.id = id
        super().__init__(message)


class MqttError(BridgeError):
    """A broker that refuses or ends the connection, or bytes that are no MQTT."""


class HookError(BridgeError):
    """A message to a webhook of which nothing was taken; `code` is for programs."""

    def __init__(self, code: HookCode, message: str) -> None:
        self.code = code
        super().__init__(message)


class BusError(BridgeError):
    """Redis, by which the processes of a twin are joined, cannot be used."""


class CommandError(BridgeError):
    """A command that cannot be sent: unknown or read-only point, bad value, no connection."""


class AdapterError(BridgeError):
    """An adapter or a broker that cannot be started: bad URL, port in use."""
