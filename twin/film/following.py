"""The film as a server sees it that does not record it: read from the database as it grows."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from twin.film.catalogue import Catalogue
from twin.film.codec import decode_chunk
from twin.film.late import LateBatch, read_late
from twin.film.segment import Growing
from twin.film.store import FilmStore, StoredChunk
from twin.film.timeline import just_after


@dataclass(slots=True, eq=False)
class _Open:
    """A segment that is not whole yet."""

    registry: str
    reel: Growing
    parts: int = 0

    def add(self, chunk: StoredChunk) -> None:
        keyframe, samples = decode_chunk(chunk.data)
        if len(keyframe):
            self.reel.keyframe = keyframe
        self.reel.add(samples)
        self.parts += 1


class Follower:
    """Keeps a catalogue up to the database; holds the segments that still grow, and late samples."""

    def __init__(self, store: FilmStore, catalogue: Catalogue, on_change: Callable[[int], None]) -> None:
        """Call `on_change` with the id of each segment that was written, or written again."""
        self._store, self._catalogue, self._on_change = store, catalogue, on_change
        self._open: dict[int, _Open] = {}
        self._late: dict[int, LateBatch] = {}
        self._last_change = 0
        self._reading = asyncio.Lock()

    @property
    def late(self) -> tuple[LateBatch, ...]:
        """Samples that are not in their segments yet."""
        return tuple(self._late.values())

    def reel(self, segment_id: int) -> tuple[str, Growing] | None:
        """A segment that still grows, with its registry's hash."""
        found = self._open.get(segment_id)
        return None if found is None else (found.registry, found.reel)

    @property
    def open_spans(self) -> list[tuple[float, float]]:
        """From when to when the segments that still grow tell, by the samples that they have."""
        return [(each.reel.start_ms, math.inf) for each in self._open.values()]

    async def catch_up(self) -> None:
        """Read what is new. Raises what the database raises, and DamagedFilmError."""
        async with self._reading:
            await self._catch_up()

    async def _catch_up(self) -> None:
        # Parts before the wholes that replace them: what is written meanwhile is read twice, never missed.
        await self._catch_up_late()
        marks = await self._store.chunk_marks()
        await self._learn_wholes()
        gone = [await self._read(segment, number) for segment, number, _ in marks]
        if any(gone):
            await self._learn_wholes()
        last = {segment: until_ms for segment, _, until_ms in marks}
        self._open = {key: each for key, each in self._open.items() if key in last}
        for segment, each in self._open.items():
            self._catalogue.timeline.add(segment, each.reel.start_ms, just_after(last[segment]))

    async def _learn_wholes(self) -> None:
        # In the order in which they were recorded: at the moment that two share the later one counts.
        for entry in await self._store.catalogue(self._last_change):
            self._catalogue.add(entry)
            self._open.pop(entry.id, None)
            self._on_change(entry.id)
            self._last_change = max(self._last_change, entry.change)

    async def _catch_up_late(self) -> None:
        left = set(await self._store.late_ids())
        self._late = {key: each for key, each in self._late.items() if key in left}
        for stored in await self._store.late(max(self._late, default=0)) if left - set(self._late) else ():
            self._late[stored.id] = LateBatch(stored.registry, read_late(stored))

    async def _read(self, segment: int, number: int) -> bool:
        """Read a part that is news; whether it is gone, because its segment is whole by now."""
        known = self._open.get(segment)
        if number != (0 if known is None else known.parts) or self._catalogue.entry(segment) is not None:
            return False
        chunk = await self._store.chunk(segment, number)
        if chunk is None:
            return True
        if known is None:
            keyframe, _ = decode_chunk(chunk.data)
            known = self._open[segment] = _Open(chunk.registry, Growing(chunk.start_ms, keyframe))
        known.add(chunk)
        return False

    def clear(self) -> None:
        """Forget what grows: this server records now, or has recorded, and knows better."""
        self._open.clear()
        self._late.clear()
