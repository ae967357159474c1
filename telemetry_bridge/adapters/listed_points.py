"""What adapters have in common that serve points which the file lists, over a connection that comes back."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from telemetry_bridge.adapter_file_parts import PointRef
from telemetry_bridge.adapters.delivery import Delivery
from telemetry_bridge.adapters.upkeep import Patience, Upkeep
from telemetry_bridge.errors import CommandError
from telemetry_bridge.points import Point, Registry
from telemetry_bridge.ports import Command, Health, Sink
from telemetry_bridge.said import Said, said_of


class Listed(Protocol):
    """Where a point stands, as the file has it."""

    @property
    def ref(self) -> PointRef:
        """The point."""

    @property
    def writable(self) -> bool:
        """Whether it takes commands."""

    @property
    def place(self) -> str:
        """Where it stands, for people."""


E = TypeVar("E", bound=Listed)


class ListedPoints(ABC, Generic[E]):
    """An `Adapter` but for the protocol itself: `_work` and `_write`."""

    def __init__(
        self,
        name: str,
        entries: Iterable[E],
        registry: Registry,
        troubles: tuple[type[Exception], ...],
        patience: Patience | None = None,
    ) -> None:
        """Keep the entries whose points the venue has; `troubles` are what the protocol may fail with."""
        self._name, self._registry = name, registry
        self._entries = {each.ref: each for each in entries if registry.find(*each.ref) is not None}
        self._troubles: tuple[type[Exception], ...] = (*troubles, OSError, ValueError)
        self._delivery = Delivery(name)
        self._upkeep = Upkeep(name, self._work, troubles, patience)

    @property
    @abstractmethod
    def _address(self) -> str:
        """What it speaks with, for people."""

    @abstractmethod
    async def _work(self) -> None:
        """Connect, call `is_up` of the upkeep, and deliver until the connection breaks."""

    @abstractmethod
    async def _write(self, entry: E, point: Point, value: float) -> None:
        """Let a point have a value and deliver what it reads then. One of `troubles`, or why it cannot."""

    async def start(self, sink: Sink) -> None:
        """Begin to connect and deliver; returns at once."""
        self._delivery.connect(sink)
        self._upkeep.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._upkeep.stop()

    def writes(self, device: str, point: str) -> bool:
        """Say whether a point is one of this line's that can be written."""
        entry = self._entries.get(PointRef(device, point))
        return entry is not None and entry.writable

    async def send(self, command: Command) -> None:
        """Write a point and read it back. CommandError: it was not written, or did not stay."""
        ref = PointRef(command.device, command.point)
        entry, point = self._entries.get(ref), self._registry.find(*ref)
        if entry is None or point is None or not entry.writable:
            text = f"{ref.key} is not writable in {self._name}"
            raise CommandError(Said(text, "read-only", key=ref.key))
        try:
            await self._write(entry, point, command.value)
        except self._troubles as error:
            said = said_of(error)
            text = f"{ref.key} ({entry.place}): {said}"
            named = {**said.named, "point": ref.key, "place": entry.place}
            raise CommandError(Said(text, said.reason, **named)) from error

    def health(self) -> Health:
        """Say whether the other side is there, and what came."""
        delivery = self._delivery
        return self._upkeep.health(self._address, delivery, len(self._entries), len(delivery.faults))
