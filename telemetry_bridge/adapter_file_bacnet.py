"""The settings of a BACnet/IP network, as `adapters.yaml` has them. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import Field, StringConstraints

from telemetry_bridge.adapter_file_parts import (
    AdapterSettings,
    ConvertedPoint,
    PointRef,
    Seconds,
    StateKey,
    Text,
)
from telemetry_bridge.yaml_lines import Path

#: ANSI/ASHRAE 135-2020, 12: an instance has 22 bits, the last means none.
Instance = Annotated[int, Ge(0), Le(4_194_302)]
#: An IPv4 address of this machine, with the network's prefix, and a port where it is not 47808.
OwnAddress = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+\.\d+(/\d+)?(:\d+)?$")]
#: `10.0.3.40`, `10.0.3.40:47809`, or `2:12` for station 12 of network 2 behind a router.
ControllerAddress = Annotated[str, StringConstraints(pattern=r"^(\d+\.\d+\.\d+\.\d+|\d+)(:\d+)?$")]
ObjectText = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]*,\d+$")]
PropertyText = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]*$")]
#: ANSI/ASHRAE 135-2020, 19.2: 1 and 2 are for life safety, 6 for minimum on and off times.
Priority = Annotated[int, Ge(1), Le(16)]

PRESENT_VALUE = "present-value"
WHOLE_NUMBERS = ("binary-", "multi-state-", "integer-", "positive-integer-")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectEntry(ConvertedPoint):
    """One object of a controller, as written."""

    device: Text
    controller: Text
    object: ObjectText
    reads: Annotated[PropertyText, Field(alias="property")] = PRESENT_VALUE
    cov: bool = True
    """Whether to subscribe to changes; what cannot be subscribed to is polled."""
    poll_s: Seconds | None = None
    priority: Priority = 8
    release: StateKey | None = None
    """The state that gives the object back to the controller's own programme.

    With it the point is a selector: it shows what is commanded at our priority, or this state.
    """
    hold_s: Seconds | None = None
    """After so long a command is given back by itself."""

    @property
    def ref(self) -> PointRef:
        """The point."""
        return PointRef(self.device, self.point)

    @property
    def subscribable(self) -> bool:
        """Whether changes of it can be subscribed to: SubscribeCOV is of present values."""
        return self.cov and self.reads == PRESENT_VALUE and self.release is None

    @property
    def is_input(self) -> bool:
        """Whether it stands for something measured."""
        return self.object.partition(",")[0].endswith("-input")

    @property
    def whole(self) -> bool:
        """Whether it takes whole numbers."""
        return self.object.startswith(WHOLE_NUMBERS)

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        tail = "" if self.reads == PRESENT_VALUE else f" {self.reads}"
        return f"{self.controller} {self.object}{tail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BacnetSettings(AdapterSettings):
    """Controllers on a BACnet/IP network; `address` is our own there, `instance` our device's number."""

    kind: Literal["bacnet"]
    address: OwnAddress
    instance: Instance
    controllers: dict[str, ControllerAddress] = field(default_factory=dict)
    points: Annotated[list[ObjectEntry], MinLen(1)]
    cov_lifetime_s: Annotated[int, Ge(4), Le(86_400)] = 300
    poll_s: Seconds = 30.0
    timeout_s: Seconds = 3.0
    retries: Annotated[int, Ge(0), Le(5)] = 1

    def refs(self) -> Iterator[tuple[PointRef, Path]]:
        """Give the points that it names, each with its place in the entry."""
        for place, entry in enumerate(self.points):
            yield entry.ref, ("points", place)

    def asked_s(self) -> Iterator[tuple[PointRef, float]]:
        """Give the points that are polled, with their periods, s."""
        for entry in self.points:
            if not entry.subscribable:
                yield entry.ref, entry.poll_s or self.poll_s

    def faults(self) -> Iterator[tuple[Path, str]]:
        """Give what does not fit together, each with its place in the entry."""
        for place, entry in enumerate(self.points):
            for message in self._entry_faults(entry):
                yield ("points", place), message

    def _entry_faults(self, entry: ObjectEntry) -> Iterator[str]:
        if entry.controller not in self.controllers:
            known = ", ".join(self.controllers) or "none"
            yield f"controller: no controller {entry.controller!r}; there is {known}"
        if fault := entry.conversion_fault():
            yield fault
        if entry.writable and entry.is_input:
            yield "writable: an input is measured, it cannot be commanded"
        if not entry.writable and (entry.release is not None or entry.hold_s is not None):
            yield "release and hold_s are for writable points"
        if entry.release is not None and entry.release in entry.states.values():
            yield "release: states has a number for that state; leave it out there"
        if entry.reads != PRESENT_VALUE and (entry.release is not None or entry.hold_s is not None):
            yield f"release and hold_s are of {PRESENT_VALUE}: nothing else has priorities"
