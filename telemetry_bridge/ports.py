"""The port between the devices' protocols and the bridge."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from numpy.typing import ArrayLike

from telemetry_bridge.wire import Quality


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that a device reported, as it came: `value` and `time` are not checked yet.

    `time_ms` is ms since 1970 UTC; None: now. `row` is its place in the message it came in, so that a
    refusal can name it. `quality` is what the protocol says of it: with BAD and the value None there is no
    reading, and the point keeps its last value, marked bad.
    """

    device: str
    point: str
    value: object
    time_ms: float | None = None
    row: int = 0
    quality: Quality = Quality.GOOD


#: Why a sample was refused, for programs; `docs/wire.md` explains each.
RefusalCode = Literal[
    "unknown_device",
    "unknown_point",
    "wrong_device",
    "bad_value",
    "unknown_state",
    "bad_time",
    "future",
    "too_old",
    "wrong_shape",
]

#: So much of a text that came from outside is repeated in an answer or a log.
SHOWN = 100
#: So many refusals of a batch are made out one by one or listed in an answer; the count is always whole.
MAX_LISTED = 1000


def clipped(text: str) -> str:
    """Make a foreign text fit to repeat: short, and free of what UTF-8 cannot hold (lone surrogates)."""
    return text[:SHOWN].encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sample that was not taken, and why; `code` is for programs, `reason` for people."""

    index: int
    device: str
    point: str
    code: RefusalCode
    reason: str

    @classmethod
    def of(cls, index: int, device: object, point: object, code: RefusalCode, reason: str) -> "Refusal":
        """Make one from what came from outside; what is no text is left out."""
        names = [clipped(each) if isinstance(each, str) else "" for each in (device, point)]
        return cls(index, names[0], names[1], code, reason)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What became of a batch: how many samples were taken, and each that was not.

    Of a large batch of columns not every refusal is made out: `unlisted` is how many more there are.
    """

    accepted: int
    refused: tuple[Refusal, ...] = ()
    unlisted: int = 0

    @property
    def refused_count(self) -> int:
        """How many were not taken."""
        return len(self.refused) + self.unlisted


@dataclass(frozen=True, slots=True)
class Command:
    """A value that a writable point should take; `id` comes back in the device's acknowledgement."""

    id: str
    device: str
    point: str
    value: float
    time_ms: float


@dataclass(frozen=True, slots=True)
class Health:
    """How an adapter is: `connected` now, and what a person should know (`detail`).

    `last_ms` is when something last came, ms since 1970 UTC (None: never, or not known); `last_error` what
    last went wrong, kept when all is well again (both texts may be a `said.Said`). `points` are those that it
    serves, where it knows them, `bad` those of them that it cannot read now.
    """

    connected: bool
    detail: str
    received: int = 0
    refused: int = 0
    reconnects: int = 0
    last_ms: float | None = None
    last_error: str = ""
    points: int = 0
    bad: int = 0


class Sink(Protocol):
    """Where an adapter delivers; `Bridge` is one."""

    def accept(self, readings: Sequence[Reading]) -> Acceptance:
        """Take the good readings and say which were refused, and why. Never raises for bad readings."""


@runtime_checkable
class ColumnSink(Protocol):
    """Where columns of samples go; `Bridge` is one."""

    def accept_columns(
        self, point_index: ArrayLike, value: ArrayLike, time_ms: ArrayLike | None, quality: ArrayLike
    ) -> Acceptance:
        """Take m samples as columns; see `Bridge.accept_columns`."""

    def note_strangers(self, devices: Collection[str]) -> None:
        """Count those of the devices that a message named which nobody knows."""


class Adapter(Protocol):
    """One way of talking with devices."""

    async def start(self, sink: Sink) -> None:
        """Begin to deliver; returns at once. AdapterError: settings with which it can never work."""

    async def stop(self) -> None:
        """Stop delivering and let go of connections; harmless when not started."""

    async def send(self, command: Command) -> None:
        """Hand a command to the device. CommandError: it could not be handed over."""

    def health(self) -> Health:
        """Say how it is; never blocks."""


@runtime_checkable
class Selective(Protocol):
    """An adapter that knows which points it can write, besides what every adapter does."""

    def writes(self, device: str, point: str) -> bool:
        """Say whether commands to this point are for this adapter."""
