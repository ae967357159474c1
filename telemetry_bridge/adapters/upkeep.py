"""Keeping a connection up: one task that works, and comes back with growing pauses when it breaks."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from telemetry_bridge.ending import end
from telemetry_bridge.ports import Health
from telemetry_bridge.said import Said, located, said_of

LOG = logging.getLogger(__name__)

#: So many failures that the pause is the longest.
SLOW = 30


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before the next try: doubling, each shortened by up to a half at random.

    At random, so that many servers do not come back at once.
    """

    first_s: float = 0.5
    longest_s: float = 30.0

    def pause_s(self, failures: int) -> float:
        """Give the pause after so many failures in a row, s."""
        return min(self.longest_s, self.first_s * 2.0 ** min(failures, SLOW)) * random.uniform(0.5, 1.0)


class Counts(Protocol):
    """What came over a connection, and what of it was refused; `Delivery` and `Tally` count."""

    received: int
    refused: int
    last_ms: float | None
    last_error: str


class Upkeep:
    """Runs `work` again and again; `work` calls `is_up` once it is connected, and raises when that breaks."""

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        troubles: tuple[type[Exception], ...],
        patience: Patience | None = None,
    ) -> None:
        """`troubles` are the errors of a network; any other is a fault of ours, and tried again slowly."""
        self._name, self._work = name, work
        self._troubles: tuple[type[Exception], ...] = (OSError, *troubles)  # TimeoutError is an OSError
        self._patience = patience or Patience()
        self._task: asyncio.Task[None] | None = None
        self._failures = 0
        self.connections = 0
        self.connected = False
        self.trouble = Said("not started", "not-started")
        self.last_error: str = ""

    @property
    def reconnects(self) -> int:
        """How often it came back."""
        return max(0, self.connections - 1)

    def start(self) -> None:
        """Begin; harmless when it runs."""
        if self._task is None:
            self.trouble = Said("connecting", "connecting")
            self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """End the work and wait for it."""
        task, self._task = self._task, None
        if task is not None:
            await end(task)
            self.connected, self.trouble = False, Said("stopped", "stopped")

    def is_up(self) -> None:
        """Note that the connection stands."""
        self.connected = True
        self.connections += 1
        self._failures = 0
        LOG.info("%s: connected", self._name)

    def health(self, address: str, counts: Counts, points: int = 0, bad: int = 0) -> Health:
        """Say how the connection is and what came over it; `bad` of so many `points` cannot be read."""
        detail: str = located(self.trouble, at=address)
        if self.connected:
            detail = f"connected to {address}" + (f"; {bad} of {points} points bad" if bad else "")
        return Health(
            self.connected,
            detail,
            counts.received,
            counts.refused,
            self.reconnects,
            counts.last_ms,
            counts.last_error or self.last_error,
            points,
            bad,
        )

    async def _run(self) -> None:
        while True:
            try:
                await self._work()
                self._note(Said("the connection was closed", "closed"))
            except self._troubles as error:
                self._note(said_of(error))
            except Exception as error:  # noqa: BLE001 - whatever it was, the line must come back
                self._note_fault(error)
            finally:
                self.connected = False
            await asyncio.sleep(self._patience.pause_s(self._failures))
            self._failures += 1

    def _note_fault(self, error: Exception) -> None:
        """A fault of ours, such as an answer that nobody thought of: kept whole once, tried again slowly."""
        fault = Said(
            f"a fault in the adapter: {error!r}; please report it with the log",
            "adapter-fault",
            error=repr(error),
        )
        if fault != self.trouble:
            LOG.error("%s has failed", self._name, exc_info=error)
        self.trouble = self.last_error = fault
        self._failures = SLOW

    def _note(self, trouble: Said) -> None:
        if trouble != self.trouble:
            LOG.warning("%s: %s; trying again", self._name, trouble)
        self.trouble = self.last_error = trouble
