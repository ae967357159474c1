"""Samples that came after their segment was cut, until they are merged into it. No I/O."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from telemetry_bridge.samples import Samples
from twin.errors import DamagedFilmError
from twin.film.codec import decode_chunk, encode_chunk
from twin.film.segment import Growing, Keyframe
from twin.film.store import StoredLate

LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class LateBatch:
    """Late samples in the numbers of a registry."""

    registry: str
    samples: Samples


def read_late(stored: StoredLate) -> Samples:
    """What a row holds; nothing where it cannot be read."""
    try:
        return decode_chunk(stored.data)[1]
    except DamagedFilmError as error:
        LOG.error("late samples cannot be read", reason=str(error))
        return Samples.none()


class Late:
    """Samples that wait for their place; `samples` are of today's registry, `older` of those before."""

    def __init__(self, registry: str) -> None:
        self._registry = registry
        self._rows = _rows()
        self._stored = 0
        self._last_id = 0
        self.older: tuple[LateBatch, ...] = ()

    def open(self, stored: Sequence[StoredLate]) -> None:
        """Take what the database holds."""
        found = [LateBatch(each.registry, read_late(each)) for each in stored]
        self.older = tuple(each for each in found if each.registry != self._registry)
        for each in found:
            if each.registry == self._registry:
                self._rows.add(each.samples)
        self._stored = len(self._rows)
        self._last_id = max((each.id for each in stored), default=0)

    def clear(self) -> None:
        """Forget all: another server records."""
        self._rows, self._stored, self.older = _rows(), 0, ()

    def add(self, samples: Samples) -> None:
        """Take samples in the order in which they came."""
        if len(samples):
            self._rows.add(samples)

    @property
    def samples(self) -> Samples:
        """What waits, in the order in which it came."""
        return self._rows.samples()

    @property
    def stored(self) -> Samples:
        """What waits and is safe in the database."""
        return self._rows.samples()[: self._stored]

    @property
    def last_id(self) -> int:
        """The greatest id of what is in the database; 0: none ever was."""
        return self._last_id

    async def news(self) -> tuple[StoredLate | None, int]:
        """What is to be written, and how many samples wait when it is."""
        count = len(self._rows)
        if count == self._stored:
            return None, count
        part = self._rows.samples(self._stored)
        data = await asyncio.to_thread(encode_chunk, Keyframe.empty(), part)
        return StoredLate(self._last_id + 1, self._registry, data), count

    def note_stored(self, count: int) -> None:
        """So many of what waits are in the database now."""
        if count > self._stored:
            self._stored, self._last_id = count, self._last_id + 1

    def note_merged(self, count: int) -> None:
        """The first so many are in their segments now, and so are the older ones."""
        rest = self._rows.samples(count)
        self._rows, self._stored, self.older = _rows(), self._stored - count, ()
        self._rows.add(rest)

    def shorten(self, limit: int) -> Samples:
        """Give up what is more than a limit and not in the database; gives what is lost."""
        excess = max(min(len(self._rows) - limit, len(self._rows) - self._stored), 0)
        kept = self._rows.samples()
        lost = kept[self._stored : self._stored + excess]
        if excess:
            self._rows = _rows()
            self._rows.add(Samples.joined([kept[: self._stored], kept[self._stored + excess :]]))
        return lost


def _rows() -> Growing:
    return Growing(-math.inf, Keyframe.empty())
