"""Takes an export into a film: what is missing there is filled in, what is there already stays as it is.

Of a time of which the film knows nothing, segments are made as they were; of a time that it has, samples that
it lacks are merged as late ones are (`Film.merge_late`), and those that it has of a point and a time count.
Scenes come first, all at once: once the film of a time is there, its scene would be taken for the one before.
Every step is one transaction that leaves a whole film: an import that was stopped is simply begun again.
"""

import asyncio
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.samples import Samples
from twin.film.box import BoxReader
from twin.film.codec import MOST_IN_CHUNK, encode_chunk, encode_segment
from twin.film.described import encode_registry, mapping
from twin.film.errors import FilmFileError
from twin.film.scene_store import SceneStore
from twin.film.scene_taking import take_scenes
from twin.film.segment import Keyframe, Mask, Rows, Segment, State
from twin.film.store import StoredLate
from twin.film.stored import Cut, StoredFilm, cut_of, highest
from twin.film.timeline import Piece
from twin.store.database import writing

MERGE_AT = 1_000_000  # samples that wait


@dataclass(slots=True)
class Imported:
    """What an import did. `unknown`: samples of points that the film did not have at that time, left out."""

    stretches: int = 0
    new_segments: int = 0
    new_samples: int = 0
    merged_samples: int = 0
    known_samples: int = 0
    unknown: int = 0
    new_scenes: int = 0
    from_ms: float = math.inf
    to_ms: float = -math.inf


async def import_film(engine: AsyncEngine, box: BoxReader) -> Imported:
    """Take an export in that was checked (`BoxReader.check`); the caller holds the film alone.

    Raises FilmFileError: its points are others under the same name (nothing was written), or a stretch holds
    what no film can (those before it were taken); what the database raises.
    """
    film = StoredFilm(engine)
    await film.learn()
    return await _Import(film, box, SceneStore(engine, lambda: writing(engine))).run()


class _Import:
    def __init__(self, film: StoredFilm, box: BoxReader, scenes: SceneStore) -> None:
        self._film, self._box, self._scenes, self._waiting = film, box, scenes, 0
        self._done = Imported()

    async def run(self) -> Imported:
        await self._registries()
        self._done.new_scenes = await take_scenes(
            self._film, self._scenes, await asyncio.to_thread(self._box.scenes)
        )
        cuts = self._box.cuts()
        while (cut := await asyncio.to_thread(next, cuts, None)) is not None:
            self._done.stretches += 1
            self._done.from_ms = min(self._done.from_ms, cut.from_ms)
            self._done.to_ms = max(self._done.to_ms, cut.to_ms)
            await self._take(cut)
        await self._film.merge_waiting()
        return self._done

    async def _registries(self) -> None:
        """Keep the lists of points of then. FilmFileError: one is there under the same hash, but another."""
        known = {registry.hash: registry for registry in self._film.registries}
        for registry in await asyncio.to_thread(self._box.registries):
            own = known.get(registry.hash)
            if own is not None and own.points != registry.points:
                raise FilmFileError(
                    f"the file's list of points {registry.hash} is another than the twin's of that name; "
                    "nothing of it was taken"
                )
        for registry in await asyncio.to_thread(self._box.registries):
            await self._film.keep_registry(registry, encode_registry(registry))

    async def _take(self, cut: Cut) -> None:
        there = self._film.pieces(cut.from_ms, cut.to_ms)
        for piece in free(cut, there):
            await self._fill(cut, piece)
        for piece in there:
            await self._complete(cut, piece)
        if self._waiting >= MERGE_AT:
            await self._film.merge_waiting()
            self._waiting = 0

    async def _fill(self, cut: Cut, piece: Piece) -> None:
        """Make a segment of a time of which nothing is known, and note what its neighbours lack."""
        segment, key = cut_of(cut.segment, piece.from_ms, piece.to_ms), cut.registry.hash
        late = [Samples.none()]
        if not cut.afterwards:
            before, after = await self._neighbours(cut, piece)
            if before is not None:
                segment = replace(segment, keyframe=updated(segment.keyframe, end_of(before.segment)))
                late.append(younger(segment.keyframe, end_of(before.segment), before.from_ms))
            if after is not None:
                late.append(younger(end_of(segment), after.segment.keyframe, piece.from_ms))
                late.append(younger(after.segment.keyframe, end_of(segment), piece.from_ms))
        entry = self._film.new_entry(piece, key, len(segment), afterwards=cut.afterwards)
        strips = await asyncio.to_thread(encode_segment, segment)
        await self._film.put(entry, strips, await self._row(key, Samples.joined(late)))
        self._done.new_segments += 1
        self._done.new_samples += len(segment)

    async def _neighbours(self, cut: Cut, piece: Piece) -> tuple[Cut | None, Cut | None]:
        """What a time touches before and after it, where the points are the same."""
        found = [
            None if each is None else await self._film.cut(each) for each in self._film.neighbours(piece)
        ]
        before, after = (
            each if each is not None and each.registry.hash == cut.registry.hash else None for each in found
        )
        return before, after

    async def _complete(self, cut: Cut, piece: Piece) -> None:
        """Note the samples that a segment of a time that is known lacks."""
        part = cut_of(cut.segment, piece.from_ms, piece.to_ms).samples
        if not len(part):
            return
        own = await self._film.cut(piece)
        numbers = mapping(cut.registry, own.registry).now_index
        known = numbers[part.point_index] >= 0
        placed = part[known]
        there = is_in(renumbered(placed, numbers), own.segment.samples)
        self._done.unknown += int((~known).sum())
        self._done.known_samples += int(there.sum())
        missing = placed[~there]
        self._done.merged_samples += len(missing)
        row = await self._row(cut.registry.hash, missing)
        if row is not None:
            await self._film.put_late(row)

    async def _row(self, registry: str, samples: Samples) -> StoredLate | None:
        if not len(samples):
            return None
        self._waiting += len(samples)
        if len(samples) > MOST_IN_CHUNK:
            raise FilmFileError(f"a stretch of the file has {len(samples)} samples: more than a segment can")
        data = await asyncio.to_thread(encode_chunk, Keyframe.empty(), samples)
        return StoredLate(await self._film.next_late(), registry, data)


def free(cut: Cut, pieces: list[Piece]) -> Iterator[Piece]:
    """The parts of a cut's time of which the film knows nothing."""
    from_ms = cut.from_ms
    for piece in pieces:
        if piece.from_ms > from_ms:
            yield Piece(from_ms, piece.from_ms, 0)
        from_ms = max(from_ms, piece.to_ms)
    if from_ms < cut.to_ms:
        yield Piece(from_ms, cut.to_ms, 0)


def end_of(segment: Segment) -> Keyframe:
    """What a segment's points read at its end."""
    state = State.unknown(highest(segment) + 1)
    state.take(segment.keyframe.samples)
    state.take(segment.samples)
    return state.keyframe()


def updated(keyframe: Keyframe, other: Keyframe) -> Keyframe:
    """A keyframe with what another knows better of its points."""
    newer = younger(other, keyframe)
    if not len(newer):
        return keyframe
    state = State.unknown(int(keyframe.point_index.max()) + 1)
    state.take(keyframe.samples)
    state.take(newer)
    return state.keyframe()


def younger(one: Keyframe, other: Keyframe, from_ms: float = -math.inf) -> Samples:
    """What one of two knows, from a time on, of points of which the other knows something older."""
    both, own, others = np.intersect1d(one.point_index, other.point_index, return_indices=True)
    del both
    newer = (one.time_ms[own] > other.time_ms[others]) & (one.time_ms[own] >= from_ms)
    return one.samples[own[newer]]


def renumbered(samples: Samples, numbers: Rows) -> Samples:
    """Samples in the numbers of another list of points, which has them all."""
    return replace(samples, point_index=numbers[samples.point_index].astype(np.uint32))


def is_in(samples: Samples, among: Samples) -> Mask:
    """(n,) bool: whether there is a sample of the same point and time among others."""
    index = np.concatenate((among.point_index, samples.point_index))
    time_ms = np.concatenate((among.time_ms, samples.time_ms))
    given = np.arange(len(index)) >= len(among)
    order = np.lexsort((given, time_ms, index))
    index, time_ms, given = index[order], time_ms[order], given[order]
    new = np.append(True, (index[1:] != index[:-1]) | (time_ms[1:] != time_ms[:-1]))[: len(index)]
    of_first = ~given[np.maximum.accumulate(np.where(new, np.arange(len(new)), 0))] if len(new) else given
    found = np.empty(len(index), dtype=np.bool_)
    found[order] = of_first
    return found[len(among) :]
