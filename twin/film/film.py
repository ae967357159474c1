"""A venue's film: recorded or followed, put in order as samples come late, moved and deleted when old."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any

import numpy as np
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import Clock
from telemetry_bridge.points import Registry
from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import Quality
from twin.errors import ColdAwayError, DamagedFilmError, RequestError
from twin.film.codec import encode_segment
from twin.film.described import encode_registry, mapping
from twin.film.late import LateBatch
from twin.film.merging import merge, stale_before
from twin.film.reading import FilmReader, FilmSettings, Stretch, state_of
from twin.film.segment import Keyframe, Rows, Segment
from twin.film.store import Entry, News

LOG = structlog.get_logger(__name__)

DAY_MS = 86_400_000.0
CLEAN_EVERY_S = 600.0
MERGE_EVERY_S = 60.0


class Film(FilmReader):
    """One venue's film; one for each server process."""

    def __init__(
        self, engine: AsyncEngine, registry: Registry, clock: Clock, settings: FilmSettings | None = None
    ) -> None:
        super().__init__(engine, registry, clock, settings)
        self._tasks: list[asyncio.Task[None]] = []
        self._merging_needs_files = False

    @contextlib.asynccontextmanager
    async def running(self, *, records: bool = True) -> AsyncIterator[None]:
        """Record, and delete what is too old, until the block ends.

        Without `records` another server does, as long as `record` is not called: this one follows.
        """
        await self.open(records=records)
        self._begin(*(self._work() if records else (self._follow_for_ever,)))
        try:
            yield
        finally:
            await self._end()
            if self._records:
                await self.recorder.stop()
                await self._write_scenes()

    def _work(self) -> tuple[Callable[[], Coroutine[Any, Any, None]], ...]:
        """What the server that records does."""
        return (
            self.recorder.run,
            self._clean_for_ever,
            self._move_for_ever,
            self._merge_for_ever,
            self._keep_scenes,
        )

    async def open(self, *, records: bool = True) -> None:
        """Learn what was recorded, and begin to record."""
        await self._store.add_registry(self._now.hash, encode_registry(self._now))
        self._records = records
        for key in await self._store.registry_hashes():
            await self._registry(key)
        if records:
            await self._start()
        else:
            await self._catch_up()
            self._believe()

    async def _start(self) -> None:
        """Begin to record. What was late before belongs to the time before."""
        await self.recorder.learn()
        await self._try_to_merge()
        await self.scenes.learn(self._catalogue.ends_ms)
        self._believe()
        self.recorder.begin()

    def _believe(self) -> None:
        """Judge the clock by what there is of film."""
        span = self._catalogue.timeline.span
        if span is not None:
            self._cautious.begin(span[1])

    async def record(self, token: int) -> None:
        """Be the server that records, where the last one was.

        Raises:
            FencedError: another took it over under a greater token; what the database raises.
        """
        await self._store.claim(token)
        await self._end()
        try:
            await self._start()
        except BaseException:
            self._begin(self._follow_for_ever)
            raise
        self._follower.clear()
        self._records = True
        self._begin(*self._work())

    async def follow_only(self) -> None:
        """Let another server record; what waits is written first, unless another has begun."""
        if not self._records:
            return
        await self._end()
        self.recorder.rest()
        await self.recorder.stop()
        self.recorder.forget()
        await self._write_scenes()
        self.scenes.rest()
        self._records = False
        self._begin(self._follow_for_ever)

    def _begin(self, *work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._tasks = [asyncio.create_task(each(), name="film") for each in work]

    async def _end(self) -> None:
        async with self.recorder.writing:  # a transaction that is cut off keeps SQLite locked
            for task in self._tasks:
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks = []

    async def _keep_scenes(self) -> None:
        while True:
            await asyncio.sleep(self._settings.recorder.flush_s)
            await self._write_scenes()

    async def _write_scenes(self) -> None:
        async with self.recorder.writing:
            await self.scenes.flush()

    async def _catch_up(self) -> None:
        await self._follower.catch_up()
        await self.scenes.catch_up()

    async def _follow_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._settings.recorder.flush_s)
            try:
                await self._catch_up()
                self._forget_old(self._cautious.now_ms())
                self.recorder.trouble.forget()
            except (SQLAlchemyError, OSError, TimeoutError, DamagedFilmError) as error:
                self.recorder.trouble.fail(self._clock.now_ms(), error)
                LOG.warning("the film cannot be followed", reason=str(error))

    def _forget_old(self, now_ms: float) -> None:
        """Leave out of the catalogue what the server that records deletes."""
        limit_ms = now_ms - self._settings.kept.days * DAY_MS
        self._catalogue.remove([entry.id for entry in self._catalogue.entries() if entry.end_ms < limit_ms])
        span = self.span
        if span is not None:
            self.scenes.forget_before(span[0])

    async def _move_for_ever(self) -> None:
        await self.cold.run(self._catalogue.remove, self._cautious.now_ms)

    async def _merge_for_ever(self) -> None:
        while True:
            await asyncio.sleep(MERGE_EVERY_S)
            await self._try_to_merge()

    async def _try_to_merge(self) -> None:
        try:
            if self._merging_needs_files:  # not within `merge_late`: nothing can be written meanwhile
                await self.cold.check()
            await self.merge_late()
            self._merging_needs_files = False
        except ColdAwayError as error:
            self._merging_needs_files = True
            LOG.error("late samples wait for cold storage", reason=str(error))
        except (SQLAlchemyError, OSError, TimeoutError, RequestError) as error:
            LOG.error("late samples cannot be put into the film", reason=str(error))

    async def merge_late(self) -> int:
        """Put what came late into the segments of its time; gives how many samples.

        Until all is done it stays where it waits: a stop in between does no harm.
        """
        async with self.recorder.writing:
            late = self.recorder.late
            last_id, stored = late.last_id, late.stored
            batches = [*late.older, LateBatch(self._now.hash, stored)]
            if self.recorder.is_behind or not any(len(batch.samples) for batch in batches):
                return 0
            for batch in batches:
                if len(batch.samples):
                    await self._merge(batch)
            await self.recorder.write()  # what the open segment knows of its start
            await self._store.save(News(merged_late=last_id))
            late.note_merged(len(stored))
            return sum(len(batch.samples) for batch in batches)

    async def _merge(self, batch: LateBatch) -> None:
        late = batch.samples
        for from_ms, to_ms in self._catalogue.uncovered(float(late.time_ms.min()), float(late.time_ms.max())):
            await self._learn_of(from_ms, to_ms)
        carried, before = late[:0], None
        for piece in self._catalogue.pieces(float(late.time_ms.min()), math.inf):
            own = late[(late.time_ms >= piece.from_ms) & (late.time_ms < piece.to_ms)]
            if (
                before is None
                or before.to_ms != piece.from_ms
                or self._catalogue.is_afterwards(before.segment)
            ):
                carried = late[late.time_ms < piece.from_ms]  # a server that began anew knew nothing younger
            before = piece
            if piece.segment == self.recorder.open_id:
                numbers = await self._numbers(batch.registry, self._now.hash)
                still_there = carried[numbers[carried.point_index] >= 0]
                self.recorder.know_at_start(_renumbered(still_there, numbers))
            elif len(own) or len(carried):
                held = stale_before(carried, self._catalogue.gap_start_ms(piece.segment))
                carried = await self._merge_into(piece.segment, batch.registry, own, held)

    async def _learn_of(self, from_ms: float, to_ms: float) -> None:
        """Make a segment of a time of which nothing was recorded, for what is delivered of it now."""
        key, keyframe = self._now.hash, Keyframe.empty()
        if self._catalogue.at(from_ms) is not None:
            piece, _ = self.piece_at(from_ms)
            key, reel = await self._reel(piece.segment)
            state = await state_of(reel, from_ms, len(await self._registry(key)))
            state.quality[state.known & (state.quality != Quality.BAD)] = Quality.STALE
            keyframe = state.keyframe(from_ms)
        until_ms = math.nextafter(to_ms, -math.inf)
        entry = self.recorder.entry(self.recorder.new_id(), from_ms, until_ms, key, 0)
        await self._write(replace(entry, afterwards=True), Segment(from_ms, keyframe, Samples.none()))

    async def _merge_into(self, segment_id: int, registry: str, own: Samples, carried: Samples) -> Samples:
        """Merge into one segment; gives what still holds at its end."""
        entry = self._entry(segment_id)
        _, segment = await self._whole(segment_id)
        numbers = await self._numbers(registry, entry.registry)
        own, carried = own[numbers[own.point_index] >= 0], carried[numbers[carried.point_index] >= 0]
        merged = await asyncio.to_thread(
            merge, segment, _renumbered(own, numbers), _renumbered(carried, numbers)
        )
        if merged.segment is not segment:
            until_ms = math.nextafter(entry.end_ms, -math.inf)
            again = self.recorder.entry(
                entry.id, entry.start_ms, until_ms, entry.registry, len(merged.segment)
            )
            await self._write(replace(again, afterwards=entry.afterwards), merged.segment)
        return Samples.joined([carried, own])[merged.holds]

    async def _numbers(self, from_key: str, to_key: str) -> Rows:
        """(n,) the number that each point of a registry has in another; -1: none."""
        to = await self._registry(to_key)
        return mapping(await self._registry(from_key), to).now_index

    async def _write(self, entry: Entry, segment: Segment) -> None:
        strips = await asyncio.to_thread(encode_segment, segment)
        await self._store.save(News([(entry, strips)]))
        self._catalogue.add(entry)
        self._changed(entry.id)

    async def _clean_for_ever(self) -> None:
        while True:
            await asyncio.sleep(CLEAN_EVERY_S)
            try:
                await self.clean(self._cautious.now_ms())
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                LOG.error("old film cannot be deleted", reason=str(error))

    async def clean(self, now_ms: float | None = None) -> int:
        """Delete some of what is too old; gives how many segments. `now_ms`: the clock's, where left out.

        A part at a time: a clock that was set wrong, and is set right soon, does not cost the whole film.
        """
        now_ms = self._clock.now_ms() if now_ms is None else now_ms
        limit_ms = now_ms - self._settings.kept.days * DAY_MS
        deleted = await self._store.delete_before(limit_ms)
        self._catalogue.remove(deleted)
        await self._clean_scenes()
        return len(deleted)

    async def _clean_scenes(self) -> None:
        """Delete scenes of which there is no film any more."""
        span = self.span
        if span is not None:
            async with self.recorder.writing:
                await self.scenes.clean(span[0])

    async def samples(self, from_ms: float, to_ms: float) -> AsyncIterator[Stretch]:
        """See `FilmReader.samples`; what waits for its place is merged first."""
        if self._records:
            await self.recorder.flush()
            await self.merge_late()
        async for stretch in super().samples(from_ms, to_ms):
            yield stretch


def _renumbered(samples: Samples, numbers: Rows) -> Samples:
    return replace(samples, point_index=numbers[samples.point_index].astype(np.uint32))
