"""Are the scenes what was written: which model and which bindings were in force. Pure, but for the repair.

A film may have times for which no scene was noted: a kill between the two, film of an export without
scenes. Those have the scene before them. That a scene was lost is told by its number.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, pairwise

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from twin.film.faults import Fault, Remedy
from twin.film.scene_book import SceneBook
from twin.film.scenes import GIVEN_UP, Scene, StoredBindings, unreadable
from twin.film.store import Entry
from twin.store.tables import FILM_BINDINGS, FILM_SCENE


def scene_faults(
    scenes: Sequence[Scene], sets: Mapping[str, StoredBindings], entries: Sequence[Entry]
) -> list[Fault]:
    """What is wrong with scenes, by number, and sets of bindings, by hash; `entries`: whole segments."""
    ends_ms = max((entry.end_ms for entry in entries), default=math.inf)
    return [*_set_faults(scenes, sets, ends_ms), *_span_faults(scenes), *_lost(scenes, entries)]


def _set_faults(
    scenes: Sequence[Scene], sets: Mapping[str, StoredBindings], film_ends_ms: float
) -> Iterator[Fault]:
    """Sets that cannot be read, or are not there, each with the time that it is needed for."""
    wrong = unreadable(sets)
    for scene in scenes:
        if scene.is_known and scene.bindings not in sets:
            wrong[scene.bindings] = f"the film's bindings {scene.bindings} are missing"
    for key, what in wrong.items():
        own = [scene for scene in scenes if scene.bindings == key]
        begin = min((scene.from_ms for scene in own), default=None)
        end = max((_until(scene, film_ends_ms) for scene in own), default=None)
        end = begin if end is not None and not math.isfinite(end) else end
        yield Fault("bindings", what, None, begin, end, remedy=Remedy(bindings=key))


def _until(scene: Scene, film_ends_ms: float) -> float:
    return max(scene.from_ms, film_ends_ms) if scene.until_ms is None else scene.until_ms


def _span_faults(scenes: Sequence[Scene]) -> Iterator[Fault]:
    """What scenes say of their times that cannot be."""
    for scene in scenes:
        until_ms = math.inf if scene.until_ms is None else scene.until_ms
        if not (math.isfinite(scene.from_ms) and scene.from_ms <= until_ms):
            yield Fault("scene", f"scene {scene.number} ends before it begins", None, *_times(scene))
    for scene, later in pairwise(scenes):
        if scene.until_ms is None:
            what = f"scene {scene.number} has no end, and scene {later.number} was recorded after it"
            yield Fault("scene", what, None, *_times(scene))


def _times(scene: Scene) -> tuple[float, float]:
    return scene.from_ms, scene.from_ms if scene.until_ms is None else scene.until_ms


def _lost(scenes: Sequence[Scene], entries: Sequence[Entry]) -> Iterator[Fault]:
    """Film after the first scene for which none was noted, where the numbers say that there was one.

    What old film's deletion takes with it leaves no film behind.
    """
    numbers = {scene.number for scene in scenes}
    recorded = [entry for entry in entries if not entry.afterwards]
    for before, after in _holes(scenes):
        missing = next(number for number in count(before[1] + 1) if number not in numbers)
        inside = (entry.start_ms < after[0] and entry.end_ms > before[0] for entry in recorded)
        if missing < after[1] and any(inside):
            what = f"scene {missing} is missing: nobody knows which bindings were in force"
            yield Fault("scene", what, None, before[0], after[0])


def _holes(scenes: Sequence[Scene]) -> Iterator[tuple[tuple[float, int], tuple[float, int]]]:
    """Times for which no scene was noted: where the one before ends and the one after begins; numbers."""
    book = SceneBook()
    book.take(scenes, -math.inf)
    spans = book.spans()
    for one, other in pairwise(spans):
        if one[1] < other[0]:
            yield (one[1], one[2].number), (other[0], other[2].number)


async def give_up(connection: AsyncConnection, key: str) -> None:
    """Take out a set of bindings that cannot be read: of its scenes' times nobody knows what was in force.

    The scenes stay, or the time would seem to be of those before them; their revision stays known.
    """
    await connection.execute(delete(FILM_BINDINGS).where(FILM_BINDINGS.c.hash == key))
    same = FILM_SCENE.c.bindings == key
    await connection.execute(update(FILM_SCENE).where(same).values(bindings=GIVEN_UP))
