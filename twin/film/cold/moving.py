"""Takes what is old out of the database: into cold files, or for good, as the policies say.

It does a part at a time, of one day: what is read and written for it does not hold up the recording, and
what is lost by a clock that was set wrong is little. Only the transaction at the end waits for the recorder.
Whatever a stop leaves behind at any place is found and done again, or undone, the next time.
"""

import asyncio
import hashlib
import io
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby
from typing import Final

import numpy as np
import structlog

from telemetry_bridge.clock import Clock
from twin.errors import ColdAwayError, DamagedFilmError
from twin.film.arrow import PointTexts
from twin.film.codec import STRIP_POINTS, encode_segment, open_strip
from twin.film.cold.joining import joined
from twin.film.cold.ledger import NO_FILE, ColdFile, ColdLedger, ColdPart, Moved, Warm
from twin.film.cold.parquet import Groups, Part, read_groups, read_map, write_file
from twin.film.cold.reading import ColdReader
from twin.film.cold.shelf import MissingFileError, Shelf
from twin.film.described import PastRegistry
from twin.film.policy import DAY_MS, Day, Policy, PolicyBook, PolicyNumbers, day_of, due
from twin.film.segment import Mask, Segment, same
from twin.film.store import Entry

LOG = structlog.get_logger(__name__)

#: Samples in a file, about: what is in memory at once, and what a stop in between lets be done again.
MOST_SAMPLES: Final = 4_000_000
#: Files that are deleted at a time, so that a clock that was set wrong does not cost the whole film.
MOST_EXPIRED: Final = 20


@dataclass(frozen=True, slots=True)
class Batch:
    """Segments of a day of the venue that are taken out of the database together, by these policies."""

    day: Day
    entries: tuple[Entry, ...]
    due: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """A segment's strips as they are to be: per policy what is taken out, and strips anew (None: they go)."""

    entry: Entry
    taken: Mapping[int, Segment]
    strips: Mapping[int, bytes | None]
    gone: bool


@dataclass(frozen=True, slots=True)
class Done:
    """What was moved: samples into files, samples deleted for good, and the segments that are no more."""

    moved: int = 0
    dropped: int = 0
    gone: tuple[int, ...] = ()


def split(entry: Entry, strips: Mapping[int, bytes], numbers: PolicyNumbers, wanted: frozenset[int]) -> Split:
    """Take the points of some policies out of a segment's strips. DamagedFilmError: one cannot be read."""
    taken: dict[int, list[Segment]] = {}
    anew: dict[int, bytes | None] = {}
    for number, data in sorted(strips.items()):
        of_points = numbers[number * STRIP_POINTS : (number + 1) * STRIP_POINTS]
        if not wanted.intersection(np.unique(of_points).tolist()):
            continue
        whole = open_strip(data).segment()
        keys, rows = numbers[whole.keyframe.point_index], numbers[whole.samples.point_index]
        here = wanted.intersection(np.unique(np.concatenate((keys, rows))).tolist())
        for each in here:
            taken.setdefault(each, []).append(_picked(whole, keys == each, rows == each))
        if here:
            rest = _picked(whole, ~np.isin(keys, list(here)), ~np.isin(rows, list(here)))
            anew[number] = encode_segment(rest).get(number)
    gone = all(number in anew and anew[number] is None for number in strips)
    return Split(entry, {each: joined(entry.start_ms, parts) for each, parts in taken.items()}, anew, gone)


def _picked(segment: Segment, keys: Mask, rows: Mask) -> Segment:
    return Segment(segment.start_ms, segment.keyframe[keys], segment.samples[rows])


def next_batch(warm: Sequence[Warm], policies: Sequence[Policy], zone: tzinfo, now_ms: float) -> Batch | None:
    """What is to be taken out first; None: nothing is.

    By whole days, so that files are few; of a day as much as a file may hold.
    """
    everything = frozenset(range(len(policies)))
    for _, group in groupby(((day_of(each.entry.start_ms, zone), each) for each in warm), key=_by_day):
        found = list(group)
        day = found[0][0]
        wanted = due(policies, max(day.to_ms, *(each.entry.end_ms for _, each in found)), now_ms)
        names = {policies[each].name for each in wanted}
        left = [each.entry for _, each in found if wanted and (wanted == everything or names - each.done)]
        if left:
            return Batch(day, tuple(_first(left)), wanted)
    return None


def _by_day(each: tuple[Day, Warm]) -> str:
    return each[0].name


def _first(entries: Sequence[Entry]) -> Iterator[Entry]:
    room = MOST_SAMPLES
    for each in entries:
        yield each
        room -= each.samples
        if room <= 0:
            return


class Mover:
    """Moves and deletes what the policies say. One at a time; who calls it records the film."""

    def __init__(
        self,
        ledger: ColdLedger,
        shelf: Shelf | None,
        book: PolicyBook,
        zone: tzinfo,
        clock: Clock,
        registry: Callable[[str], Awaitable[PastRegistry]],
        writing: asyncio.Lock,
    ) -> None:
        """`writing` is held while anything of the film is written."""
        self._ledger, self._shelf, self._book = ledger, shelf, book
        self._zone, self._clock, self._registry, self._writing = zone, clock, registry, writing
        self._reader = ColdReader(shelf)
        self._texts: tuple[str, PointTexts] | None = None
        self.damaged: dict[int, int] = {}
        """Segments that cannot be moved, and as of which change: they stay where they are."""
        self.damaged_files: set[str] = set()
        """Files that cannot be written anew: they stay as they are."""

    @property
    def drops(self) -> bool:
        """Whether any policy deletes what others keep in the database."""
        policies = self._book.policies.all
        return any(not self._goes_cold(each) for each in policies) and len(policies) > 1

    def _goes_cold(self, policy: Policy) -> bool:
        return self._shelf is not None and policy.goes_cold

    async def move(self, now_ms: float) -> Done | None:
        """Take a part out of the database; None: nothing is old enough.

        Raises ColdAwayError, DamagedFilmError, and what the database raises; then nothing has changed.
        """
        policies = self._book.policies.all
        before_ms = now_ms - min(each.warm_days for each in policies) * DAY_MS
        found = await self._ledger.warm(before_ms)
        sound = [each for each in found if self.damaged.get(each.entry.id) != each.entry.change]
        batch = next_batch(sound, policies, self._zone, now_ms)
        return None if batch is None else await self._move(batch)

    async def _move(self, batch: Batch) -> Done:
        tried = [await self._split(entry, batch.due) for entry in batch.entries]
        splits = [each for each in tried if each is not None]
        files: list[ColdFile] = []
        parts: dict[int, list[ColdPart]] = {entry.id: [] for entry in batch.entries}
        for row in sorted(batch.due):
            policy = self._book.policies.all[row]
            if self._goes_cold(policy):
                own = [(each.entry, each.taken[row]) for each in splits if row in each.taken]
                await self._write(batch.day, policy, own, files, parts)
        moved = [self._moved(each, batch.due, parts[each.entry.id]) for each in splits]
        async with self._writing:
            if not await self._ledger.commit(files, moved):
                return Done()  # written again meanwhile: what was made of it is swept, and it is done anew
        return Done(
            sum(part.samples for each in moved for part in each.parts),
            sum(each.dropped for each in moved),
            tuple(each.entry.id for each in moved if each.gone and not _has_files(each.parts)),
        )

    async def _split(self, entry: Entry, wanted: frozenset[int]) -> Split | None:
        stored = await self._ledger.stored(entry.id)
        numbers = self._book.numbers(await self._registry(entry.registry))
        try:
            return await asyncio.to_thread(split, entry, stored.strips, numbers, wanted)
        except (DamagedFilmError, IndexError) as error:
            LOG.error("a stretch of film cannot be moved", segment=entry.id, reason=str(error))
            self.damaged[entry.id] = entry.change
            return None

    async def _write(
        self,
        day: Day,
        policy: Policy,
        segments: Sequence[tuple[Entry, Segment]],
        files: list[ColdFile],
        parts: dict[int, list[ColdPart]],
    ) -> None:
        """Write a file, and add it and its parts to what is to count."""
        written = await self._written(day.name, policy.name, segments)
        if written is not None:
            file, own = written
            files.append(file)
            for each in own:
                parts[each.segment].append(each)

    async def _written(
        self, day: str, policy: str, segments: Sequence[tuple[Entry, Segment]]
    ) -> tuple[ColdFile, list[ColdPart]] | None:
        """A new file on the shelf, which counts for nothing yet; None: there is nothing to be in it."""
        made = [Part(entry.id, await self._texts_of(entry.registry), segment) for entry, segment in segments]
        data, groups = await asyncio.to_thread(write_file, made)
        if not groups or self._shelf is None:
            return None
        await asyncio.to_thread(_check, data, groups, made)
        by_id = {entry.id: (entry, segment) for entry, segment in segments}
        own = [by_id[each.segment_id] for each in groups]
        file = ColdFile(
            key=f"day={day}/policy={policy}/{own[0][0].id}-{secrets.token_hex(4)}.parquet",
            day=day,
            policy=policy,
            from_ms=min(entry.start_ms for entry, _ in own),
            to_ms=max(entry.end_ms for entry, _ in own),
            parts=len(own),
            samples=sum(len(segment) for _, segment in own),
            bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            written_ms=round(self._clock.now_ms()),
        )
        async with self._writing:
            await self._ledger.intend([file])
        await asyncio.to_thread(_put, self._shelf, file, data)
        rows = {each.segment_id: (each.first, each.count) for each in groups}
        return file, [
            ColdPart(entry.id, policy, file.key, *rows[entry.id], len(segment)) for entry, segment in own
        ]

    async def _texts_of(self, key: str) -> PointTexts:
        if self._texts is None or self._texts[0] != key:
            past = await self._registry(key)
            self._texts = key, await asyncio.to_thread(PointTexts.of, past.points)
        return self._texts[1]

    def _moved(self, each: Split, wanted: frozenset[int], parts: Sequence[ColdPart]) -> Moved:
        names = {self._book.policies.all[row].name for row in wanted} - {part.policy for part in parts}
        marks = () if each.gone else tuple(ColdPart(each.entry.id, name, NO_FILE, 0, 0, 0) for name in names)
        taken = sum(len(segment) for segment in each.taken.values())
        dropped = taken - sum(part.samples for part in parts)
        return Moved(each.entry, each.strips, (*parts, *marks), dropped, each.gone)

    async def mend(self) -> bool:
        """Write a file anew of which not all is needed any more; False: there is none.

        Raises ColdAwayError, and what the database raises.
        """
        found = await self._ledger.holed(self.damaged_files)
        if found is None:
            return False
        old, parts = found
        written = None
        if parts:
            try:
                segments = await self._read_again(parts)
            except ColdAwayError:
                raise
            except DamagedFilmError as error:
                LOG.error("a cold file cannot be written anew", file=old.key, reason=str(error))
                self.damaged_files.add(old.key)
                return True
            written = await self._written(old.day, old.policy, segments)
        async with self._writing:
            file, own = (None, []) if written is None else written
            await self._ledger.replace([old.key], file, own)
        return True

    async def contents(self) -> list[tuple[ColdFile, list[ColdPart]]]:
        """Every file that counts and can be read, with what of it is needed."""
        files = [each for each in await self._ledger.files() if each.key not in self.damaged_files]
        return [(each, await self._ledger.parts_of(each.key)) for each in files]

    async def join(self, files: Sequence[ColdFile], parts: Sequence[ColdPart]) -> bool:
        """Let one file count in place of some of a day and a policy; False: they stay as they are.

        `parts` is all that is needed of them, each segment once. Raises ColdAwayError, and what the database
        raises.
        """
        try:
            segments = await self._read_again(parts)
        except ColdAwayError:
            raise
        except DamagedFilmError as error:
            LOG.error("cold files cannot be joined", day=files[0].day, reason=str(error))
            return False
        segments.sort(key=lambda each: (each[0].start_ms, each[0].id))
        written = await self._written(files[0].day, files[0].policy, segments)
        async with self._writing:
            file, own = (None, []) if written is None else written
            return await self._ledger.replace([each.key for each in files], file, own)

    async def _read_again(self, parts: Sequence[ColdPart]) -> list[tuple[Entry, Segment]]:
        entries = await self._ledger.entries([part.segment for part in parts])
        found = []
        for part in parts:
            entry = entries[part.segment]
            try:
                [segment] = await asyncio.to_thread(self._reader.segments, [part], entry.start_ms)
            except MissingFileError as error:
                raise DamagedFilmError(f"the cold file {part.file} is missing") from error
            found.append((entry, segment))
        return found

    async def expire(self, now_ms: float) -> tuple[int, ...]:
        """Delete some files that are too old; gives the segments that are no more."""
        if self._shelf is None:
            return ()
        gone: list[int] = []
        for policy in self._book.policies.all:
            days = policy.kept_days(with_cold=True)
            if np.isfinite(days):
                async with self._writing:
                    gone += await self._ledger.expire(policy.name, now_ms - days * DAY_MS, MOST_EXPIRED)
        return tuple(gone)

    async def sweep(self) -> int:
        """Delete files that count for nothing; gives how many. Raises ColdAwayError."""
        keys = await self._ledger.unfinished()
        if self._shelf is None:
            return 0
        for key in keys:
            await asyncio.to_thread(self._shelf.delete, key)
            async with self._writing:
                await self._ledger.forget(key)
        return len(keys)


def _has_files(parts: Sequence[ColdPart]) -> bool:
    return any(part.file != NO_FILE for part in parts)


def _check(data: bytes, groups: Sequence[Groups], made: Sequence[Part]) -> None:
    """Make sure that a file reads as what it was made of. DamagedFilmError: it does not."""
    by_id = {part.segment_id: part.segment for part in made}
    known = read_map(io.BytesIO(data))
    for each in groups:
        wanted = by_id[each.segment_id]
        content = read_groups(io.BytesIO(data), known, range(each.first, each.first + each.count))
        found = content.segment(each.segment_id, wanted.start_ms)
        if not (
            same(found.samples, wanted.samples) and same(found.keyframe.samples, wanted.keyframe.samples)
        ):
            raise DamagedFilmError(f"segment {each.segment_id} does not read as it was written")


def _put(shelf: Shelf, file: ColdFile, data: bytes) -> None:
    """Write a file, and make sure that the shelf has it. ColdAwayError: it has not."""
    shelf.put(file.key, data)
    try:
        with shelf.open(file.key) as stream:
            found = hashlib.sha256(stream.read()).hexdigest()
    except MissingFileError as error:
        raise ColdAwayError(f"{shelf.place} does not keep what is written to it") from error
    if found != file.sha256:
        raise ColdAwayError(f"{shelf.place} gives back other bytes than were written to it")
