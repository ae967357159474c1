"""The ports between the processes of one twin: workers that hold the lines to devices, servers as replicas.

Four small ones, bundled as a `Bus`: samples (everyone sees all), commands (one takes each), a bell for events
(which themselves are in the database) and leases (one of several does a thing). `bus_local` is the bus of a
single process, `redis_bus` one over Redis Streams; the same tests hold both to what is said here.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.device_clocks import ClockSkew
from telemetry_bridge.ports import Command, Health
from telemetry_bridge.refused import RefusedSender
from telemetry_bridge.wire import Indices, Qualities, Values


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """m samples, judged already by the bridge that took them.

    `point_index` (m,) uint32, `value` (m,) float64 in the point's unit, NaN: no reading; `time_ms` (m,)
    float64, ms since 1970 UTC; `quality` (m,) uint8.
    """

    point_index: Indices
    value: Values
    time_ms: Values
    quality: Qualities

    def __len__(self) -> int:
        return len(self.point_index)

    @classmethod
    def of(
        cls, point_index: NDArray[np.intp], value: Values, time_ms: Values, quality: NDArray[np.intp]
    ) -> "Batch":
        """Make one of the columns of a bridge."""
        return cls(
            point_index.astype(np.uint32),
            value.astype(np.float64, copy=False),
            time_ms.astype(np.float64, copy=False),
            quality.astype(np.uint8),
        )

    @classmethod
    def joined(cls, batches: Sequence["Batch"]) -> "Batch":
        """Make one batch of several, in their order."""
        if len(batches) == 1:
            return batches[0]
        return cls(
            np.concatenate([each.point_index for each in batches]),
            np.concatenate([each.value for each in batches]),
            np.concatenate([each.time_ms for each in batches]),
            np.concatenate([each.quality for each in batches]),
        )


@dataclass(frozen=True, slots=True)
class LineReport:
    """How a line to devices is, as its worker tells: see `adapter_lines.Line`.

    `writes` are the points that it names as its own for commands, by `point_index`. `token` is that of the
    line's lease: where two tell of a line, the one with the greater token holds it.
    """

    id: str
    kind: str
    worker: str
    enabled: bool
    any_point: bool
    health: Health
    notes: tuple[str, ...] = ()
    writes: frozenset[int] = frozenset()
    token: int = 0


@dataclass(frozen=True, slots=True)
class Findings:
    """What a process found out by itself: whom it turned away, the last first, and devices' wrong clocks.

    `refused_total` counts also those that are not listed.
    """

    refused: tuple[RefusedSender, ...] = ()
    refused_total: int = 0
    clocks: tuple[ClockSkew, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreTrouble:
    """That what a process records cannot be written: since when, why, what waits for how long, what is lost.

    `fault` is a word for programs, `reason` what the database says. `lost` are samples, measured from
    `lost_from_ms` to `lost_to_ms`. Times are ms since 1970 UTC.
    """

    since_ms: float
    fault: str
    reason: str
    waiting: int
    room: int
    lasts_s: float | None = None
    lost: int = 0
    lost_from_ms: float = 0.0
    lost_to_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """What a process tells the others: the lines that it could hold, those that it holds, what it found.

    `reload_ms`: when somebody told it last that all are to read their files of lines anew, ms since 1970 UTC.
    `store`: why it cannot write what it records.
    """

    name: str
    able: frozenset[str] = frozenset()
    lines: tuple[LineReport, ...] = ()
    findings: Findings = field(default_factory=Findings)
    reload_ms: float = 0.0
    store: StoreTrouble | None = None


TakeBatch = Callable[[Batch], None]
TakeCommand = Callable[[Command], Awaitable[None]]


class Samples(Protocol):
    """What devices reported, to every replica."""

    def publish(self, batch: Batch) -> None:
        """Hand samples on; never blocks, and keeps a bounded number of them while the bus is away."""

    def subscribe(self, take: TakeBatch) -> None:
        """Call `take` with what is known from before, then with every batch; call this before `running`."""

    async def keep(self, state: Batch) -> None:
        """Keep the whole state, for those who subscribe later."""


class Commands(Protocol):
    """What devices are told, to the one worker that holds their line."""

    async def hand_over(self, line: str, command: Command) -> None:
        """Give a command to who serves the line; returns when the line has taken it, or may have.

        The same command is never sent twice. CommandError: it was not sent, and will not be.
        """

    def serve(self, line: str, send: TakeCommand) -> AbstractAsyncContextManager[None]:
        """Take the line's commands until the block ends; only for who holds its lease."""


class Bell(Protocol):
    """Says that there are new events in the log, to every replica."""

    def ring(self, seq: int) -> None:
        """Say that events up to `seq` are on disk; never blocks, and may be lost."""

    def listen(self, hear: Callable[[int], None]) -> None:
        """Call `hear` with every `seq` that others rang; call this before `running`."""


class Lease(Protocol):
    """The right to do a thing that one of several may do at a time.

    `token` grows with every holder: what is written under a smaller one than the last must be refused. A
    holder that cannot be told otherwise goes on: that is what the token is for.
    """

    @property
    def token(self) -> int:
        """The token while it is held; 0: it is not."""

    async def changed(self, seen: int) -> int:
        """Wait until the token is another one than `seen`; gives it."""

    def ask(self) -> None:
        """Ask for it again, after `give_up`."""

    async def give_up(self) -> None:
        """Let another have it, and ask no more."""


class Board(Protocol):
    """Where processes say how they are."""

    def post(self, report: ProcessReport) -> None:
        """Replace what this process said before; never blocks."""

    @property
    def processes(self) -> Sequence[ProcessReport]:
        """What the processes told that were heard of lately, by name."""


class Bus(Protocol):
    """What joins the processes of a twin."""

    @property
    def name(self) -> str:
        """This process's name among the others."""

    @property
    def samples(self) -> Samples:
        """What devices reported."""

    @property
    def commands(self) -> Commands:
        """What devices are told."""

    @property
    def bell(self) -> Bell:
        """Says that there are new events."""

    @property
    def board(self) -> Board:
        """Says how the processes and their lines to devices are."""

    @property
    def note(self) -> str | None:
        """What is wrong with it, for people; None: nothing."""

    def lease(self, name: str, *, asked: bool = True) -> Lease:
        """Give a lease, which is asked for from now on while the bus runs, or from `ask` on."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Join until the block ends."""
