"""Makes the sums of the hours that are over, and again where film of them was written since."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from telemetry_bridge.clock import Clock
from twin.errors import DamagedFilmError, FencedError, NotRecordedError, RequestError
from twin.film.described import PastRegistry
from twin.film.film import Film
from twin.film.rollup.hours import DAY_MS, hour_edges
from twin.film.rollup.layout import PointTable
from twin.film.rollup.store import Due, MadeHour, RollupStore
from twin.film.rollup.summing import HourSums
from twin.film.timeline import Piece

LOG = structlog.get_logger(__name__)

FAULTS = (SQLAlchemyError, OSError, TimeoutError, RequestError, FencedError)
#: So much less film of an hour is no less: ends are told to the last bit.
COVERED_SAME_MS = 1.0

Hour = tuple[float, float]


@dataclass(frozen=True, slots=True)
class RollupSettings:
    """For how many days sums are kept, how often is looked what is due (real s), how long an hour whose film
    was written again waits until it is summed again (real s), and how long it rests after each segment.
    """

    keep_days: float = 3650.0
    beat_s: float = 20.0
    again_s: float = 900.0
    rest_s: float = 0.05


@dataclass(eq=False)
class Maker:
    """Makes sums while `run` runs, on the server that records."""

    film: Film
    store: RollupStore
    zone: ZoneInfo
    clock: Clock
    settings: RollupSettings
    _learned: bool = False
    _unmade: set[Hour] = field(default_factory=set)
    _done: dict[int, set[Hour]] = field(default_factory=dict)
    _made_s: dict[Hour, float] = field(default_factory=dict)
    _tables: dict[str, PointTable] = field(default_factory=dict)

    async def run(self) -> None:
        """Make what is due until cancelled; what fails is tried again."""
        while True:
            await asyncio.sleep(self.settings.beat_s)
            try:
                await self.make_due()
                await self.clean()
            except FAULTS as error:
                LOG.warning("sums by the hour cannot be made", reason=str(error))

    async def make_due(self) -> int:
        """Make the sums of each hour that is over and due; gives of how many. Nothing where another records.

        Raises what the database raises.
        """
        if not self.film.records:
            self._learned = False
            return 0
        if not self._learned:
            await self._learn()
        due = await self.store.due()
        of_change = {each.change: self._hours(each.from_ms, each.to_ms) for each in due}
        wanted = self._unmade.union(*of_change.values())
        made = [hour for hour in sorted(wanted) if self._is_ready(hour) and await self._try(hour)]
        for hour in made:
            self._unmade.discard(hour)
            for change, hours in of_change.items():
                if hour in hours:
                    self._done.setdefault(change, set()).add(hour)
        await self._settle(due, of_change)
        return len(made)

    async def _learn(self) -> None:
        """Find the hours of which there is film but no sums: of before there were any, or of another zone."""
        span = self.film.span
        self._done.clear()
        self._unmade = set()
        if span is not None:
            known = {
                (each.start_ms, each.end_ms) for each in await self.store.made(span[0] - DAY_MS, span[1])
            }
            missing = set(self._hours(*span)) - known
            self._unmade = {hour for hour in missing if self.film.pieces(*hour)}
        self._learned = True

    def _hours(self, from_ms: float, to_ms: float) -> list[Hour]:
        """The hours in which any of a time lies, from the first film and as far back as sums are kept."""
        span = self.film.span
        if span is None:
            return []
        now_ms = self.clock.now_ms()
        first_ms = float(hour_edges(span[0], span[0], self.zone)[0])
        begin_ms = max(from_ms, first_ms, now_ms - self.settings.keep_days * DAY_MS)
        end_ms = min(to_ms, span[1])
        if not begin_ms < end_ms:
            return []
        edges = hour_edges(begin_ms, end_ms, self.zone).tolist()
        return list(pairwise(edges))

    def _is_ready(self, hour: Hour) -> bool:
        """Whether an hour is over, and all of it is in the database."""
        start_ms, end_ms = hour
        if self._made_s.get(hour, -self.settings.again_s) + self.settings.again_s > time.monotonic():
            return False
        growing = (from_ms < end_ms and to_ms > start_ms for from_ms, to_ms in self.film.spans_in_memory())
        return end_ms <= self.clock.now_ms() and not any(growing)

    async def _try(self, hour: Hour) -> bool:
        try:
            await self._make(*hour)
        except FAULTS as error:
            LOG.warning("the sums of an hour cannot be made", start_ms=hour[0], reason=str(error))
            return False
        return True

    async def _make(self, start_ms: float, end_ms: float) -> None:
        """Sum an hour, unless less of its film is left than was summed before."""
        hour = HourSums(start_ms, end_ms)
        for piece in self.film.pieces(start_ms, end_ms):
            with contextlib.suppress(NotRecordedError):
                await self._add(hour, piece)
            await asyncio.sleep(self.settings.rest_s)
        before = [each for each in await self.store.made(start_ms, end_ms) if each.start_ms == start_ms]
        self._note_made((start_ms, end_ms))
        if before and before[0].covered_ms > hour.covered_ms + COVERED_SAME_MS:
            LOG.info("an hour's sums stay as they are: some of its film is gone", start_ms=start_ms)
            return
        kept = await self.store.all_sums(start_ms) if before else []
        rows = await asyncio.to_thread(hour.rows, kept)
        async with self.film.recorder.writing:
            await self.store.save(MadeHour(start_ms, end_ms, hour.covered_ms), rows)

    async def _add(self, hour: HourSums, piece: Piece) -> None:
        try:
            registry, segment = await self.film.segment_of(piece)
        except DamagedFilmError as error:
            LOG.error("a stretch of film is left out of its hour's sums", reason=str(error))
            return
        await asyncio.to_thread(hour.add, piece, registry, self._table(registry), segment)

    def _table(self, registry: PastRegistry) -> PointTable:
        if registry.hash not in self._tables:
            self._tables = {registry.hash: PointTable.of_registry(registry)}
        return self._tables[registry.hash]

    def _note_made(self, hour: Hour) -> None:
        now_s = time.monotonic()
        recent = {each: at_s for each, at_s in self._made_s.items() if at_s + self.settings.again_s > now_s}
        self._made_s = {**recent, hour: now_s}

    async def _settle(self, due: Sequence[Due], of_change: dict[int, list[Hour]]) -> None:
        """Forget what is not due any more."""
        begin_ms: dict[int, float | None] = {}
        for each in due:
            left = [hour for hour in of_change[each.change] if hour not in self._done.get(each.change, ())]
            first_ms = max(left[0][0], each.from_ms) if left else None
            if first_ms != each.from_ms:
                begin_ms[each.change] = first_ms
        if begin_ms:
            async with self.film.recorder.writing:
                await self.store.settle(begin_ms)
        for change in [change for change, first_ms in begin_ms.items() if first_ms is None]:
            self._done.pop(change, None)

    async def clean(self) -> int:
        """Delete some of what is too old; gives how many rows."""
        if not self.film.records:
            return 0
        async with self.film.recorder.writing:
            return await self.store.delete_before(self.film.believed_ms - self.settings.keep_days * DAY_MS)
