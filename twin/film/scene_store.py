"""The scenes' rows in the database."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from twin.film.scenes import Scene, StoredBindings
from twin.store.tables import FILM_BINDINGS, FILM_SCENE

Writing = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


@dataclass
class SceneStore:
    """Reads and writes; every method is one transaction, or one query. `writing` is a transaction of the
    server that records.
    """

    engine: AsyncEngine
    writing: Writing

    async def scenes(self, from_number: int = 0) -> list[Scene]:
        """Scenes from a number on, in order."""
        query = select(FILM_SCENE).where(FILM_SCENE.c.number >= from_number).order_by(FILM_SCENE.c.number)
        async with self.engine.connect() as connection:
            return [Scene(*row) for row in (await connection.execute(query)).all()]

    async def bindings(self, key: str) -> StoredBindings | None:
        """A set of bindings by its hash."""
        query = select(FILM_BINDINGS).where(FILM_BINDINGS.c.hash == key)
        async with self.engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else StoredBindings(row.hash, row.base, bytes(row.data))

    async def save(self, scenes: Sequence[Scene], sets: Sequence[StoredBindings]) -> None:
        """Write scenes that are new or have ended, and sets that may be there already; all or nothing.

        The same again does no harm. Raises FencedError, IntegrityError where another server took a number.
        """
        async with self.writing() as connection:
            for each in sets:
                await _save_set(connection, each)
            for scene in scenes:
                await _save_scene(connection, scene)

    async def delete(self, before_ms: float, keep: Collection[str]) -> None:
        """Delete scenes that ended before a time, but for the last, and sets that none is of; `keep` stay."""
        kept, used = FILM_BINDINGS.c, select(FILM_SCENE.c.bindings)
        needed = or_(kept.hash.in_(used), kept.hash.in_(keep))
        bases = select(kept.base).where(needed, kept.base.is_not(None))
        async with self.writing() as connection:
            await connection.execute(delete(FILM_SCENE).where(_is_old(before_ms)))
            found = list((await connection.execute(bases.distinct())).scalars())
            await connection.execute(delete(FILM_BINDINGS).where(~needed, kept.hash.not_in(found)))

    async def has_old(self, before_ms: float) -> bool:
        """Whether there is anything that `delete` would delete."""
        query = select(FILM_SCENE.c.number).where(_is_old(before_ms)).limit(1)
        async with self.engine.connect() as connection:
            return (await connection.execute(query)).first() is not None


async def all_scenes(connection: AsyncConnection) -> tuple[list[Scene], dict[str, StoredBindings]]:
    """Every scene, by number, and every set of bindings that is kept, by hash."""
    scenes = await connection.execute(select(FILM_SCENE).order_by(FILM_SCENE.c.number))
    sets = await connection.execute(select(FILM_BINDINGS))
    return [Scene(*row) for row in scenes.all()], {
        str(row.hash): StoredBindings(row.hash, row.base, bytes(row.data)) for row in sets.all()
    }


def _is_old(before_ms: float) -> ColumnElement[bool]:
    last = select(func.max(FILM_SCENE.c.number)).scalar_subquery()
    return and_(FILM_SCENE.c.until_ms < before_ms, FILM_SCENE.c.number != last)


async def _save_set(connection: AsyncConnection, found: StoredBindings) -> None:
    """Keep a set. One that is there as changes becomes a whole one, since others will be told by it."""
    same = FILM_BINDINGS.c.hash == found.hash
    known = (await connection.execute(select(FILM_BINDINGS.c.base).where(same))).first()
    values = {"base": found.base, "data": found.data}
    if known is None:
        await connection.execute(FILM_BINDINGS.insert().values(hash=found.hash, **values))
    elif known.base is not None and found.base is None:
        await connection.execute(update(FILM_BINDINGS).where(same).values(**values))


async def _save_scene(connection: AsyncConnection, scene: Scene) -> None:
    # By its start too: another server's scene of this number must not be replaced but refuse ours.
    own = (FILM_SCENE.c.number == scene.number) & (FILM_SCENE.c.from_ms == scene.from_ms)
    done = await connection.execute(update(FILM_SCENE).where(own).values(until_ms=scene.until_ms))
    if done.rowcount == 0:
        await connection.execute(
            FILM_SCENE.insert().values(
                number=scene.number,
                from_ms=scene.from_ms,
                until_ms=scene.until_ms,
                revision=scene.revision,
                bindings=scene.bindings,
            )
        )
