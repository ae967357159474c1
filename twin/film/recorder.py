"""Records the live stream. What it does on the event loop is to keep references to frames; encoding runs in a
thread, and the database waits for nobody but this recorder.

A segment is open for about a minute. Every `flush_s` what is new in it goes to the database as a chunk; when
it is full, it goes there whole, in place of its chunks. Where another server records, this one remembers the
last frames, so that it can go on where that one was when it died. While the database cannot be written,
segments wait in memory; when there are too many, the oldest is given up, and is a gap.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog

from telemetry_bridge.bridge import Outgoing
from telemetry_bridge.clock import MS_PER_S, Clock
from telemetry_bridge.wire import Frame
from twin.errors import DamagedFilmError
from twin.film.codec import decode_segment, encode_segment
from twin.film.segment import Keyframe, Segment, State
from twin.film.store import Entry, FilmStore, StoredChunk
from twin.film.timeline import Timeline, just_after

LOG = structlog.get_logger(__name__)

WRITE_TIMEOUT_S = 30.0
REMEMBERED_S = 60.0  # of frames that another server records; more than it takes to notice that it died
MOST_AT_ONCE = 4  # segments in one transaction


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """How often a chunk is written (real s), how long a segment is (clock s at speed 1), how many samples it
    holds at most, and how many samples may wait in memory for the database (13 bytes each).

    Where little changes, a segment goes on for up to `quiet_factor` times as long, until it has `worth_a_key`
    samples for each point of its keyframe: else keyframes would be most of the film.
    """

    flush_s: float = 2.0
    segment_s: float = 60.0
    segment_samples: int = 500_000
    quiet_factor: float = 10.0
    worth_a_key: float = 4.0
    waiting_samples: int = 4_000_000


@dataclass(slots=True, eq=False)
class Take:
    """A segment in the making; `stored` of its frames are in the database, as `chunks` chunks."""

    id: int
    start_ms: float
    keyframe: Keyframe
    until_ms: float
    frames: list[Frame] = field(default_factory=list)
    samples: int = 0
    stored: int = 0
    chunks: int = 0
    stored_until_ms: float = -np.inf
    _segment: Segment | None = None

    def add(self, frame: Frame) -> None:
        """Take a frame."""
        self.frames.append(frame)
        self.samples += len(frame)
        self.until_ms = max(self.until_ms, frame.time_ms)

    @property
    def end_ms(self) -> float:
        """When it ends, not included."""
        return just_after(self.until_ms)

    def segment(self) -> Segment:
        """What was taken so far, for readers."""
        if self._segment is None or len(self._segment.times_ms) != len(self.frames):
            self._segment = Segment.of(self.start_ms, self.keyframe, self.frames)
        return self._segment


class Recorder:
    """Takes frames with `take`, and writes them while `run` runs. Single-threaded: one event loop."""

    def __init__(
        self,
        store: FilmStore,
        timeline: Timeline,
        registry: str,
        n_points: int,
        clock: Clock,
        settings: RecorderSettings | None = None,
    ) -> None:
        """Record points 0..n-1 of the registry with this hash."""
        self._store, self._timeline, self._clock = store, timeline, clock
        self._registry = registry
        self._settings = settings or RecorderSettings()
        self._state = State.unknown(n_points)
        self._next_id = 1
        self._open: Take | None = None
        self._waiting: deque[Take] = deque()
        self._flushing = asyncio.Lock()
        self._records = False
        self._recent: deque[Frame] = deque()
        self.note: str | None = None
        """What is wrong with recording, for people; None: nothing."""
        self.given_up = 0
        """Samples lost because the database could not be written for too long."""

    async def start(self) -> None:
        """Make whole segments of what an unclean stop left, learn what there is, and begin."""
        await self._recover()
        for entry in await self._store.catalogue():
            self._timeline.add(entry.id, entry.start_ms, entry.end_ms)
        self._next_id = await self._store.last_id() + 1
        self._records = True
        self._go_on(self._timeline.span)

    def _go_on(self, span: tuple[float, float] | None) -> None:
        """Begin where the film ends, if all frames since are remembered; else now."""
        end_ms = span[1] if span else -np.inf
        frames, self._recent = self._recent, deque()
        begin_ms = self._clock.now_ms()
        if frames:
            begin_ms = end_ms if frames[0].time_ms <= end_ms <= begin_ms else frames[0].time_ms
        while frames and frames[0].time_ms < begin_ms:
            self._state.take(frames.popleft())
        self._begin(begin_ms)
        for frame in frames:
            self._take(frame)

    def rest(self) -> None:
        """Record no more, and remember frames from now on; call `stop` to write what waits."""
        self._records = False

    def forget(self) -> None:
        """Give up what could not be written before another server took over."""
        self._timeline.remove([take.id for take in (*self._waiting, *([self._open] if self._open else []))])
        self._waiting.clear()
        self._open, self.note = None, None

    async def _recover(self) -> None:
        chunks = await self._store.chunks()
        for segment in sorted({chunk.segment for chunk in chunks}):
            parts = [chunk for chunk in chunks if chunk.segment == segment]
            whole = await asyncio.to_thread(_mended, parts)
            if whole is None:
                LOG.error("the start of an unfinished stretch of film cannot be read", segment=segment)
                await self._store.drop_chunks(segment)
            else:
                await self._store.save([whole], None, None)

    def _begin(self, time_ms: float) -> None:
        self._open = Take(self._next_id, time_ms, self._state.keyframe(), time_ms)
        self._next_id += 1
        self._timeline.add(self._open.id, time_ms, self._open.end_ms)

    def take(self, outgoing: Outgoing) -> None:
        """Record a frame, or remember it where another server records; cheap, never blocks."""
        frame = _ordered(outgoing.frame)
        if self._records:
            self._take(frame)
        else:
            self._remember(frame)

    def _remember(self, frame: Frame) -> None:
        self._recent.append(frame)
        oldest_ms = frame.time_ms - REMEMBERED_S * MS_PER_S
        while self._recent[0].time_ms < oldest_ms:
            self._state.take(self._recent.popleft())

    def _take(self, frame: Frame) -> None:
        if self._open is None or self._is_full(self._open, frame.time_ms):
            self._seal(frame.time_ms)
            self._begin(frame.time_ms)
        assert self._open is not None
        self._open.add(frame)
        self._state.take(frame)

    def _is_full(self, take: Take, time_ms: float) -> bool:
        if time_ms < take.until_ms:
            return True  # the clock was set back
        if time_ms == take.until_ms and take.frames:
            return False  # one moment is never in two segments
        settings = self._settings
        is_quiet = take.samples < settings.worth_a_key * len(take.keyframe)
        length_s = settings.segment_s * (settings.quiet_factor if is_quiet else 1.0)
        length_ms = length_s * MS_PER_S * max(self._clock.speed, 1.0)
        return time_ms - take.start_ms >= length_ms or take.samples >= settings.segment_samples

    def _seal(self, time_ms: float) -> None:
        if self._open is None:
            return
        self._extend(self._open, time_ms)
        self._waiting.append(self._open)
        self._open = None
        while len(self._waiting) > 1 and self._waiting_samples() > self._settings.waiting_samples:
            lost = self._waiting.popleft()
            self._timeline.remove([lost.id])
            self.given_up += lost.samples

    def _waiting_samples(self) -> int:
        return sum(take.samples for take in self._waiting)

    def _extend(self, take: Take, now_ms: float) -> None:
        """Nothing changed until now, and that is known."""
        take.until_ms = max(take.until_ms, now_ms)
        self._timeline.add(take.id, take.start_ms, take.end_ms)

    def touch(self) -> None:
        """Let the timeline reach to now; for those who are about to ask it."""
        if self._open is not None:
            self._extend(self._open, self._clock.now_ms())

    def segment(self, segment_id: int) -> Segment | None:
        """A segment that is still in memory."""
        for take in (*self._waiting, *([self._open] if self._open else [])):
            if take.id == segment_id:
                return take.segment()
        return None

    async def run(self) -> None:
        """Write every `flush_s` until cancelled."""
        while True:
            await asyncio.sleep(self._settings.flush_s)
            await self.flush()

    async def stop(self) -> None:
        """Write all that there is, as whole segments."""
        self._seal(self._clock.now_ms())
        while await self.flush() and self._waiting:
            continue

    async def flush(self) -> bool:
        """Write what is new. Whatever prevents it is said in `note` and tried again the next time."""
        async with self._flushing:
            try:
                async with asyncio.timeout(WRITE_TIMEOUT_S):
                    await self._write()
            except Exception as error:  # noqa: BLE001 - the live stream goes on, whatever happens to the film
                self._complain(error)
                return False
        if self.note is not None:
            LOG.info("the film is recorded again", samples_lost=self.given_up)
        self.note = None
        return True

    def _complain(self, error: Exception) -> None:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:200] or type(error).__name__
        if self.note is None:
            LOG.error("the film cannot be written", reason=reason)
        lost = f"; {self.given_up} samples are lost" if self.given_up else ""
        self.note = (
            f"the film cannot be written ({reason}): frames wait in memory{lost}; "
            "free the disk or bring the database back"
        )

    async def _write(self) -> None:
        self.touch()
        waiting, current = list(self._waiting)[:MOST_AT_ONCE], self._open
        whole = [(self._entry(take), await asyncio.to_thread(_encoded, take)) for take in waiting]
        if current is None:
            await self._store.save(whole, None, None)
        else:
            await self._write_with(current, whole)
        for take in waiting:
            if take in self._waiting:
                self._waiting.remove(take)

    async def _write_with(self, current: Take, whole: Sequence[tuple[Entry, bytes]]) -> None:
        """Write whole segments, and of the open one what is new."""
        count, until_ms = len(current.frames), current.until_ms
        if count > current.stored or not current.chunks:
            chunk = await asyncio.to_thread(_chunk, current, count, until_ms, self._registry)
            await self._store.save(whole, chunk, None)
            current.stored, current.chunks = count, current.chunks + 1
        else:
            until = (current.id, until_ms) if until_ms > current.stored_until_ms else None
            if whole or until:
                await self._store.save(whole, None, until)
        current.stored_until_ms = until_ms

    def _entry(self, take: Take) -> Entry:
        return Entry(take.id, take.start_ms, take.end_ms, self._registry, take.samples)


def _encoded(take: Take) -> bytes:
    return encode_segment(Segment.of(take.start_ms, take.keyframe, take.frames))


def _chunk(take: Take, count: int, until_ms: float, registry: str) -> StoredChunk:
    """The frames that are not stored yet, up to the count; the first chunk has the keyframe."""
    keyframe = Keyframe.empty() if take.chunks else take.keyframe
    data = encode_segment(Segment.of(take.start_ms, keyframe, take.frames[take.stored : count]))
    return StoredChunk(take.id, take.chunks, until_ms, registry, data)


def _mended(chunks: Sequence[StoredChunk]) -> tuple[Entry, bytes] | None:
    """A whole segment of the chunks that can be read, up to the first that cannot; None: no chunk can."""
    parts: list[Segment] = []
    until_ms = -np.inf
    for number, chunk in enumerate(chunks):
        try:
            part = decode_segment(chunk.data)
        except DamagedFilmError:
            break
        if chunk.number != number:
            break
        parts.append(part)
        until_ms = max(until_ms, chunk.until_ms)
    if not parts:
        return None
    whole = Segment.joined(parts)
    entry = Entry(chunks[0].segment, whole.start_ms, just_after(until_ms), chunks[0].registry, len(whole))
    return entry, encode_segment(whole)


def _ordered(frame: Frame) -> Frame:
    """The frame with ascending points; of one that comes twice the last counts."""
    index = frame.point_index
    if len(index) < 2 or bool(np.all(index[1:] > index[:-1])):
        return frame
    order = np.argsort(index, kind="stable")
    order = order[np.append(index[order][1:] != index[order][:-1], True)]
    return Frame(frame.kind, frame.seq, frame.time_ms, index[order], frame.value[order], frame.quality[order])
