"""The film as a server sees it that does not record it: read from the database as it grows."""

import asyncio
from dataclasses import dataclass, field

from twin.film.codec import decode_segment
from twin.film.segment import Segment
from twin.film.store import FilmStore
from twin.film.timeline import Timeline, just_after


@dataclass(slots=True, eq=False)
class _Growing:
    """A segment that is not whole yet."""

    registry: str
    parts: list[Segment] = field(default_factory=list)
    joined: Segment | None = None

    def segment(self) -> Segment:
        """What there is of it so far."""
        if self.joined is None:
            self.joined = Segment.joined(self.parts)
        return self.joined


class Follower:
    """Keeps a timeline up to the database; holds the segments that still grow."""

    def __init__(self, store: FilmStore, timeline: Timeline) -> None:
        self._store, self._timeline = store, timeline
        self._growing: dict[int, _Growing] = {}
        self._last_whole = 0
        self._reading = asyncio.Lock()

    def segment(self, segment_id: int) -> tuple[str, Segment] | None:
        """A segment that still grows, with its registry's hash."""
        found = self._growing.get(segment_id)
        return None if found is None else (found.registry, found.segment())

    async def catch_up(self) -> None:
        """Read what is new. Raises what the database raises, and DamagedFilmError."""
        async with self._reading:
            await self._catch_up()

    async def _catch_up(self) -> None:
        # In the order in which they were recorded: at the moment that two share the later one counts.
        for entry in await self._store.catalogue(self._last_whole):
            self._timeline.add(entry.id, entry.start_ms, entry.end_ms)
            self._growing.pop(entry.id, None)
            self._last_whole = entry.id
        marks = await self._store.chunk_marks()
        for segment, number, _ in marks:
            await self._read(segment, number)
        until = {segment: until_ms for segment, _, until_ms in marks}
        self._growing = {key: each for key, each in self._growing.items() if key in until}
        for segment, growing in self._growing.items():
            self._timeline.add(segment, growing.parts[0].start_ms, just_after(until[segment]))

    async def _read(self, segment: int, number: int) -> None:
        growing = self._growing.get(segment)
        if number != (0 if growing is None else len(growing.parts)):
            return
        chunk = await self._store.chunk(segment, number)
        if chunk is None:
            return
        growing = self._growing.setdefault(segment, _Growing(chunk.registry))
        growing.parts.append(decode_segment(chunk.data))
        growing.joined = None

    def clear(self) -> None:
        """Forget what grows: this server records now, or has recorded, and knows better."""
        self._growing.clear()
