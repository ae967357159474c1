"""Records every sample that counts. What it does on the event loop is to copy columns; encoding runs in a
thread, and the database waits for nobody but this recorder.

A segment is in the making for some minutes. Every `flush_s` what is new in it goes to the database as a
chunk; when it is full, it goes there whole, in place of its chunks. It is cut a few seconds in the past, so
that what comes a little late is in its segment; what comes later still waits, safe in the database, until it
is merged (`late`). Where another server records, this one remembers the last samples, so that it can go on
where that one was when it died. While the database cannot be written, segments wait in memory; when there are
too many, the oldest is given up, and is a gap.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from telemetry_bridge.clock import MS_PER_S, Clock
from telemetry_bridge.samples import Samples
from twin.errors import DamagedFilmError
from twin.film.catalogue import Catalogue
from twin.film.codec import decode_chunk, encode_chunk, encode_segment
from twin.film.late import Late
from twin.film.segment import Growing, Keyframe, Segment, State
from twin.film.store import Entry, FilmStore, News, StoredChunk
from twin.film.timeline import just_after
from twin.film.trouble import MOST_FAILURES, Condition, Lost, Trouble

LOG = structlog.get_logger(__name__)

WRITE_TIMEOUT_S = 30.0
REMEMBERED_S = 60.0  # of samples that another server records; more than it takes to notice that it died
#: Of what another server recorded last, this much is recorded again: samples do not reach both at once.
SURE_MS = 1000.0
MOST_AT_ONCE = 4  # segments in one transaction
#: A clock that is kept right by small steps back is not set back.
CLOCK_TREMBLES_MS = 1000.0
#: A clock that is set ahead by more leaves a gap: nobody says that nothing happened in between.
LEAP_MS = 86_400_000.0
#: More than this does not pass between two looks at the clock, unless it was set.
QUIET_MS = 60_000.0

Encoded = tuple[dict[int, bytes], int]
"""A segment's strips, and how many samples they hold."""


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """How often a chunk is written (real s), how long a segment is and how far in the past it is cut (clock s
    at speed 1), how many samples it holds at most, and how many samples may wait in memory for the database
    (21 bytes each).

    Where little happens, a segment goes on for up to `quiet_factor` times as long, until it has `worth_a_key`
    samples for each point of its keyframe: else keyframes would be most of the film.
    """

    flush_s: float = 2.0
    segment_s: float = 300.0
    grace_s: float = 5.0
    segment_samples: int = 2_000_000
    quiet_factor: float = 6.0
    worth_a_key: float = 4.0
    waiting_samples: int = 6_000_000


@dataclass(slots=True, eq=False)
class Take:
    """A segment in the making; `stored` of its samples are in the database, as `chunks` chunks, and what
    these know of its start is `stored_key`. `encoded`: what it is as a whole, once that was to be written.
    """

    id: int
    reel: Growing
    until_ms: float
    stored: int = 0
    chunks: int = 0
    stored_until_ms: float = -math.inf
    stored_key: Keyframe | None = None
    encoded: Encoded | None = None

    @property
    def start_ms(self) -> float:
        """When it begins."""
        return self.reel.start_ms

    @property
    def end_ms(self) -> float:
        """When it ends, not included."""
        return just_after(self.until_ms)


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """Samples that another server records, and when they came."""

    time_ms: float
    samples: Samples


class Recorder:
    """Takes samples with `take`, and writes them while `run` runs. Single-threaded: one event loop."""

    def __init__(
        self,
        store: FilmStore,
        catalogue: Catalogue,
        registry: str,
        n_points: int,
        clock: Clock,
        settings: RecorderSettings | None = None,
    ) -> None:
        """Record points 0..n-1 of the registry with this hash."""
        self._store, self._catalogue, self._clock = store, catalogue, clock
        self.registry, self.n_points = registry, n_points
        self._settings = settings or RecorderSettings()
        self._state = State.unknown(n_points)
        self._next_id = self._next_change = 1
        self._open: Take | None = None
        self._waiting: deque[Take] = deque()
        self._records = False
        self._recent: deque[Remembered] = deque()
        self._monotonic_s = time.monotonic
        self._seen_ms, self._seen_s = clock.now_ms(), time.monotonic()
        self.writing = asyncio.Lock()
        """Held while anything of the film is written."""
        self.late = Late(registry)
        self.on_begin: Callable[[float], None] = lambda _time_ms: None
        """Told when a stretch of film begins, ms since 1970 UTC."""
        self.trouble = Trouble()
        """What is noted of times in which the database could not be written."""
        self._in_hand: frozenset[int] = frozenset()  # segments that are being written now
        self._parts: set[int] = set()  # segments that were given up, of which chunks are in the database

    @property
    def condition(self) -> Condition | None:
        """How it is while the database cannot be written; None: all is well."""
        late = len(self.late.samples) - len(self.late.stored)
        waiting = late + sum(len(take.reel) - take.stored for take in self._takes())
        return self.trouble.condition(self._clock.now_ms(), waiting, self._settings.waiting_samples)

    @property
    def note(self) -> str | None:
        """What is wrong with recording, for people; None: nothing."""
        condition = self.condition
        return None if condition is None else condition.note

    @property
    def given_up(self) -> int:
        """Samples lost because the database could not be written for too long."""
        return self.trouble.given_up

    async def learn(self) -> None:
        """Make whole segments of what an unclean stop left, and learn what there is."""
        numbers = await self._store.numbers()
        self._next_id, self._next_change = numbers.segment + 1, numbers.change + 1
        self.late.open(await self._store.late())
        await self._recover(await self._store.chunks())
        for entry in await self._store.catalogue():
            self._catalogue.add(entry)

    def begin(self) -> None:
        """Begin where the film ends, if all samples since are remembered; else now."""
        self._records = True
        span = self._catalogue.timeline.span
        end_ms = span[1] if span else -math.inf
        recent, self._recent = self._recent, deque()
        begin_ms = self._clock.now_ms()
        if recent:
            begin_ms = end_ms if recent[0].time_ms <= end_ms <= begin_ms else recent[0].time_ms
        while recent and recent[0].time_ms < begin_ms - SURE_MS:
            self._state.take(recent.popleft().samples)
        self._begin(begin_ms)
        for each in recent:
            self._record(each.samples, each.time_ms)

    def rest(self) -> None:
        """Record no more, and remember samples from now on; call `stop` to write what waits."""
        self._records = False

    def forget(self) -> None:
        """Give up what could not be written before another server took over."""
        self._catalogue.remove([take.id for take in self._takes()])
        self._waiting.clear()
        self.late.clear()
        self._open = None
        self.trouble.forget()

    async def _recover(self, chunks: Sequence[StoredChunk]) -> list[Entry]:
        """Make whole segments of chunks."""
        entries = []
        for segment in sorted({chunk.segment for chunk in chunks}):
            parts = [chunk for chunk in chunks if chunk.segment == segment]
            found = await asyncio.to_thread(mended, parts)
            if found is None:
                LOG.error("the start of an unfinished stretch of film cannot be read", segment=segment)
                await self._store.drop_chunks(segment)
                continue
            whole, until_ms = found
            entry = self.entry(segment, whole.start_ms, until_ms, parts[0].registry, len(whole))
            await self._store.save(News([(entry, await asyncio.to_thread(encode_segment, whole))]))
            entries.append(entry)
        return entries

    def entry(self, id_: int, start_ms: float, until_ms: float, registry: str, samples: int) -> Entry:
        """A line of the catalogue, under the next change."""
        self._next_change += 1
        return Entry(id_, start_ms, just_after(until_ms), registry, samples, self._next_change - 1)

    def _entry_of(self, take: Take, samples: int) -> Entry:
        return self.entry(take.id, take.start_ms, take.until_ms, self.registry, samples)

    def new_id(self) -> int:
        """The id of the next segment."""
        self._next_id += 1
        return self._next_id - 1

    def _begin(self, time_ms: float) -> None:
        self._seen_ms, self._seen_s = self._clock.now_ms(), self._monotonic_s()
        keyframe = self._state.keyframe(time_ms)
        self._open = Take(self.new_id(), Growing(time_ms, keyframe), time_ms)
        self._catalogue.timeline.add(self._open.id, time_ms, self._open.end_ms)
        self.on_begin(time_ms)

    def take(self, samples: Samples) -> None:
        """Record samples, or remember them where another server records; cheap, never blocks."""
        now_ms = self._clock.now_ms()
        if self._records:
            if self._has_leapt(now_ms) and self._open is not None:
                self._begin_anew(now_ms, samples)
            self._record(samples, now_ms)
        else:
            self._remember(Remembered(now_ms, samples))

    def _remember(self, news: Remembered) -> None:
        self._recent.append(news)
        oldest_ms = news.time_ms - REMEMBERED_S * MS_PER_S
        while self._recent[0].time_ms < oldest_ms:
            self._state.take(self._recent.popleft().samples)

    def _record(self, samples: Samples, now_ms: float) -> None:
        if self._open is not None and now_ms < self._open.until_ms - CLOCK_TREMBLES_MS:
            self._begin_anew(now_ms, samples)
        if self._open is None:
            self._begin(now_ms)
        assert self._open is not None
        late = samples.time_ms < self._open.start_ms
        if late.any():
            self.late.add(samples[late])
            samples = samples[~late]
        self._open.reel.add(samples)
        self._open.until_ms = max(self._open.until_ms, now_ms)

    def _begin_anew(self, now_ms: float, samples: Samples | None = None) -> None:
        """End the open segment as it is, because the clock was set, and begin another.

        What was measured in the moment in which that is noticed is of the new time: the new one has it.
        """
        assert self._open is not None
        first_ms = now_ms if samples is None or not len(samples) else float(samples.time_ms.min())
        self._state = self._open.reel.state_at(math.inf, self.n_points)
        self._seal()
        self._begin(float(math.floor(max(min(first_ms, now_ms), now_ms - CLOCK_TREMBLES_MS))))

    def _has_leapt(self, now_ms: float) -> bool:
        """Whether the clock was set far ahead since this was last asked, or the machine slept for so long."""
        now_s, speed = self._monotonic_s(), max(self._clock.speed, 1.0)
        passed_ms = (now_s - self._seen_s) * MS_PER_S * speed
        leapt = now_ms - self._seen_ms - passed_ms > LEAP_MS * speed
        self._seen_ms, self._seen_s = now_ms, now_s
        return leapt or (self._open is not None and self._would_hide(self._open, now_ms))

    def _would_hide(self, take: Take, now_ms: float) -> bool:
        """Whether to go on until now would hide film that was recorded before the clock was set back."""
        if now_ms - take.until_ms <= QUIET_MS * max(self._clock.speed, 1.0):
            return False
        return any(
            piece.segment != take.id for piece in self._catalogue.timeline.pieces(take.until_ms, now_ms)
        )

    def _takes(self) -> list[Take]:
        return [*self._waiting, *([self._open] if self._open else [])]

    async def cut(self) -> None:
        """Begin a new segment where the open one is full."""
        self.touch()
        take = self._open
        if take is None or not self._is_full(take):
            return
        grace_ms = self._settings.grace_s * MS_PER_S * max(self._clock.speed, 1.0)
        cut_ms = float(math.floor(take.until_ms - grace_ms))
        if cut_ms <= take.start_ms:
            return
        count = len(take.reel)
        before, after = await asyncio.to_thread(_split, take.reel, cut_ms, self.n_points)
        if self._open is not take:
            return  # the clock was set meanwhile, and it has ended
        newer = take.reel.samples(count)
        self.late.add(newer[newer.time_ms < cut_ms])
        after.add(newer[newer.time_ms >= cut_ms])
        self._open = Take(self.new_id(), after, take.until_ms)
        take.reel, take.until_ms = before, math.nextafter(cut_ms, -math.inf)
        self._catalogue.timeline.add(self._open.id, cut_ms, self._open.end_ms)
        self._wait(take)

    def _is_full(self, take: Take) -> bool:
        settings = self._settings
        is_quiet = len(take.reel) < settings.worth_a_key * len(take.reel.keyframe)
        length_s = settings.segment_s * (settings.quiet_factor if is_quiet else 1.0) + settings.grace_s
        length_ms = length_s * MS_PER_S * max(self._clock.speed, 1.0)
        return take.until_ms - take.start_ms >= length_ms or len(take.reel) >= settings.segment_samples

    def _seal(self) -> None:
        """End the open segment as it is."""
        if self._open is not None:
            self._catalogue.timeline.add(self._open.id, self._open.start_ms, self._open.end_ms)
            self._wait(self._open)
            self._open = None

    def _wait(self, take: Take) -> None:
        self._waiting.append(take)
        room = self._settings.waiting_samples
        while (
            len(self._waiting) > 1
            and self._waiting_rows() > room
            and self._waiting[0].id not in self._in_hand
        ):
            self._give_up(self._waiting.popleft())
        late = self.late.shorten(room)
        if len(late):
            self._lose(len(late), float(late.time_ms.min()), float(late.time_ms.max()))

    def _waiting_rows(self) -> int:
        return sum(len(take.reel) + len(take.reel.keyframe) for take in self._waiting)

    def _give_up(self, take: Take) -> None:
        self._catalogue.remove([take.id])
        if take.chunks:
            self._parts.add(take.id)
        self._lose(len(take.reel) - take.stored, max(take.start_ms, take.stored_until_ms), take.until_ms)

    def _lose(self, samples: int, from_ms: float, to_ms: float) -> None:
        if samples:
            self.trouble.lose(self._clock.now_ms(), Lost(samples, from_ms, to_ms))

    def touch(self) -> None:
        """Let the timeline reach to now: nothing else came until now, and that is known."""
        if self._open is None:
            return
        now_ms = self._clock.now_ms()
        if self._has_leapt(now_ms) or now_ms < self._open.until_ms - CLOCK_TREMBLES_MS:
            self._begin_anew(now_ms)
        take = self._open
        take.until_ms = max(take.until_ms, now_ms)
        self._catalogue.timeline.add(take.id, take.start_ms, take.end_ms)

    def reel(self, segment_id: int) -> Growing | None:
        """A segment that is still in memory."""
        return next((take.reel for take in self._takes() if take.id == segment_id), None)

    @property
    def spans(self) -> list[tuple[float, float]]:
        """From when to when the segments that are still in memory tell."""
        return [(take.start_ms, take.end_ms) for take in self._takes()]

    @property
    def open_id(self) -> int | None:
        """The id of the segment in the making."""
        return None if self._open is None else self._open.id

    @property
    def is_behind(self) -> bool:
        """Whether whole segments wait for the database."""
        return bool(self._waiting)

    def know_at_start(self, samples: Samples) -> None:
        """Mend what the open segment knows of its start by samples that came late."""
        if self._open is not None:
            state = State.unknown(self.n_points)
            state.take(self._open.reel.keyframe.samples)
            state.take(samples)
            self._open.reel.keyframe = state.keyframe(self._open.start_ms)

    async def run(self) -> None:
        """Write every `flush_s` until cancelled."""
        while True:
            longer = 2 ** min(self.trouble.failures, MOST_FAILURES)
            await asyncio.sleep(self._settings.flush_s * longer)
            while await self.flush() and self.is_behind:
                continue

    async def stop(self) -> None:
        """Write all that there is, as whole segments."""
        if self._open is not None:
            self._state = self._open.reel.state_at(math.inf, self.n_points)
        self.touch()
        self._seal()
        while await self.flush() and self._waiting:
            continue
        condition = self.condition
        if condition is not None:
            LOG.error("the recorder stops, and what waits is lost", samples=condition.waiting)

    async def flush(self) -> bool:
        """Write what is new. Whatever prevents it is said in `note` and tried again the next time."""
        async with self.writing:
            try:
                await self.cut()
                await self.write()
                await self._mend_parts()
            except Exception as error:  # noqa: BLE001 - the live stream goes on, whatever happens to the film
                self._complain(error)
                return False
        if not self._waiting:
            outage = self.trouble.end(self._clock.now_ms())
            if outage is not None:
                LOG.info("the film is recorded again", samples_lost=outage.lost.samples if outage.lost else 0)
        return True

    def _complain(self, error: Exception) -> None:
        is_new = self.trouble.failures == 0
        self.trouble.fail(self._clock.now_ms(), error)
        if is_new:
            LOG.error("the film cannot be written; samples wait in memory", reason=self.trouble.reason)

    async def _mend_parts(self) -> None:
        """What the database has of stretches that were given up becomes whole segments."""
        if self._parts:
            chunks = [chunk for chunk in await self._store.chunks() if chunk.segment in self._parts]
            for entry in await self._recover(chunks):
                self._catalogue.add(entry)
            self._parts.clear()

    async def write(self) -> None:
        """Write what is new; whoever calls it holds `writing`. Raises what the database raises."""
        waiting, current = list(self._waiting)[:MOST_AT_ONCE], self._open
        self._in_hand = frozenset(take.id for take in waiting)
        try:
            await self._write(waiting, current)
        finally:
            self._in_hand = frozenset()

    async def _write(self, waiting: Sequence[Take], current: Take | None) -> None:
        whole = [(self._entry_of(take, count), strips) for take, (strips, count) in await _each(waiting)]
        late, late_count = await self.late.news()
        if current is None:
            await self._save(News(whole, late=late))
        else:
            await self._write_with(current, News(whole, late=late))
        self.late.note_stored(late_count)
        for take, (entry, _) in zip(waiting, whole, strict=True):
            self._catalogue.note(entry)
            self._waiting.remove(take)

    async def _write_with(self, current: Take, news: News) -> None:
        """Write whole segments, and of the open one what is new."""
        count, until_ms, keyframe = len(current.reel), current.until_ms, current.reel.keyframe
        if count > current.stored or keyframe is not current.stored_key:
            known = Keyframe.empty() if keyframe is current.stored_key else keyframe
            part = current.reel.samples(current.stored)[: count - current.stored]
            data = await asyncio.to_thread(encode_chunk, known, part)
            chunk = StoredChunk(current.id, current.chunks, current.start_ms, until_ms, self.registry, data)
            await self._save(News(news.whole, chunk, late=news.late))
            current.stored, current.chunks, current.stored_key = count, current.chunks + 1, keyframe
        else:
            until = (current.id, until_ms) if until_ms > current.stored_until_ms else None
            await self._save(News(news.whole, until=until, late=news.late))
        current.stored_until_ms = until_ms

    async def _save(self, news: News) -> None:
        if news:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                await self._store.save(news)


async def _each(takes: Sequence[Take]) -> list[tuple[Take, Encoded]]:
    return [(take, await _encoded(take)) for take in takes]


async def _encoded(take: Take) -> Encoded:
    """A whole segment's strips, made once: the database may be away for many tries; and its samples, which
    are fewer than were taken where several were of one point and time.
    """
    if take.encoded is None:
        take.encoded = await asyncio.to_thread(_encode, take.reel)
    return take.encoded


def _encode(reel: Growing) -> Encoded:
    segment = reel.segment()
    return encode_segment(segment), len(segment)


def _split(reel: Growing, cut_ms: float, n_points: int) -> tuple[Growing, Growing]:
    """What is before a time, and what is from it on."""
    samples = reel.samples()
    is_before = samples.time_ms < cut_ms
    before = Growing(reel.start_ms, reel.keyframe)
    before.add(samples[is_before])
    after = Growing(cut_ms, before.state_at(math.inf, n_points).keyframe(cut_ms))
    after.add(samples[~is_before])
    return before, after


def mended(chunks: Sequence[StoredChunk]) -> tuple[Segment, float] | None:
    """A whole segment of the chunks that can be read, up to the first that cannot, and until when it tells;
    None: no chunk can.
    """
    reel, until_ms = Growing(chunks[0].start_ms, Keyframe.empty()), -math.inf
    for number, chunk in enumerate(chunks):
        try:
            keyframe, samples = decode_chunk(chunk.data)
        except DamagedFilmError:
            break
        if chunk.number != number:
            break
        reel.keyframe = keyframe if len(keyframe) else reel.keyframe
        reel.add(samples)
        until_ms = max(until_ms, chunk.until_ms)
    return None if until_ms == -math.inf else (reel.segment(), until_ms)
