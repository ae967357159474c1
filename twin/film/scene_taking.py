"""Takes an export's scenes into a film: of the times of which it has none."""

import math

from twin.film.scene_carrying import book_of, lacking, stays, taken_in
from twin.film.scene_parts import CarriedScenes
from twin.film.scene_store import SceneStore
from twin.film.stored import StoredFilm


async def take_scenes(film: StoredFilm, store: SceneStore, given: CarriedScenes) -> int:
    """Keep what is missing, in one transaction; gives of how many times something was.

    The caller holds the film alone, has learned what there is of it, and brings its film afterwards. Raises
    what the database raises.
    """
    book = book_of(await store.scenes(), film.ends_ms)
    new = lacking(stays(book, film.pieces(-math.inf, math.inf)), given.stays)
    if new:
        await store.save(taken_in(book, new), given.only(new).sets)
    return len(new)
