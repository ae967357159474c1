"""Who was turned away: counted by name and reason, in bounded memory. Pure."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Literal

from telemetry_bridge.clock import Clock, SystemClock
from telemetry_bridge.ports import clipped

#: How somebody came: over MQTT, over HTTP, or inside a message that was let in.
Way = Literal["mqtt", "http", "message"]
#: Why they were turned away, for programs.
#:
#: `bad_secret`: never issued; `revoked`, `expired`: it was good once; `no_secret`: none was shown where one
#: is needed; `wrong_device`: a secret used for another device; `unknown_device`: not in the registry;
#: `wrong_topic`: a topic that the device may not use.
SenderFault = Literal[
    "bad_secret", "revoked", "expired", "no_secret", "wrong_device", "unknown_device", "wrong_topic"
]

MOST_NAMES = 1000


@dataclass(frozen=True, slots=True)
class RefusedSender:
    """Somebody who was turned away, by the name that they gave; times are ms since 1970 UTC."""

    way: Way
    name: str
    fault: SenderFault
    times: int
    first_ms: float
    last_ms: float


class RefusedSenders:
    """Counts refusals; of very many names those not heard of for longest are forgotten, `total` is not."""

    def __init__(self, most: int = MOST_NAMES, clock: Clock | None = None) -> None:
        self._most = most
        self._clock = clock or SystemClock()
        self._found: OrderedDict[tuple[Way, str, SenderFault], RefusedSender] = OrderedDict()
        self.total = 0

    def count(self, way: Way, name: str, fault: SenderFault) -> None:
        """Note one refusal."""
        self.total += 1
        now_ms = self._clock.now_ms()
        key = (way, clipped(name), fault)
        known = self._found.pop(key, None) or RefusedSender(*key, times=0, first_ms=now_ms, last_ms=now_ms)
        self._found[key] = replace(known, times=known.times + 1, last_ms=now_ms)
        if len(self._found) > self._most:
            self._found.popitem(last=False)

    def all(self) -> tuple[RefusedSender, ...]:
        """Everyone who is remembered, the last one first."""
        return tuple(reversed(self._found.values()))
