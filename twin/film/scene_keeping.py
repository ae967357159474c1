"""Keeps which model and which bindings were in force: written by the server that records, read by all."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from telemetry_bridge.clock import Clock
from twin.errors import DamagedFilmError, FencedError
from twin.film.scene_book import SceneBook
from twin.film.scene_store import SceneStore
from twin.film.scenes import BindingSet, Scene, StoredBindings, decode_bindings, encode_bindings

LOG = structlog.get_logger(__name__)

SETS_IN_MEMORY = 16
WRITE_TIMEOUT_S = 30.0


class Scenes:
    """The scenes of one venue; one for each server process. Single-threaded: one event loop.

    `put` says what is in force here; it is recorded from `begin` to `rest`.
    """

    def __init__(self, store: SceneStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._book = SceneBook()
        self._revision, self._now = "", BindingSet.of({})
        self._is_told = self._records = False
        self._unwritten: dict[str, BindingSet] = {}
        self._whole: BindingSet | None = None
        self._sets: OrderedDict[str, BindingSet] = OrderedDict()
        self.note: str | None = None
        """Why what is in force cannot be written, for people; None: it can."""

    # What is in force

    async def put(self, revision: str, elements: Mapping[str, str | None]) -> None:
        """This model revision is shown from now on, each device (id) at this element (guid; None: none)."""
        found = await asyncio.to_thread(_hashed, elements)
        self._revision, self._now, self._is_told = revision, found, True
        if self._records:
            self._keep(found)
            self._book.change(revision, found.hash, self._clock.now_ms())

    @property
    def now(self) -> tuple[str, BindingSet]:
        """The revision and the bindings of this server, whether or not it records them."""
        return self._revision, self._now

    def at(self, time_ms: float) -> Scene | None:
        """What was in force at a time, ms since 1970 UTC; None: nobody noted it."""
        self._book.touch(self._clock.now_ms())
        return self._book.at(time_ms)

    def between(self, from_ms: float, to_ms: float) -> list[tuple[float, Scene]]:
        """What was in force from one time to another, each with since when within that, in order."""
        self._book.touch(self._clock.now_ms())
        return self._book.between(from_ms, to_ms)

    async def bindings(self, key: str) -> BindingSet:
        """A scene's bindings by their hash. DamagedFilmError: they are missing or cannot be read."""
        for known in (self._now, self._unwritten.get(key)):
            if known is not None and known.hash == key:
                return known
        if key not in self._sets:
            self._sets[key] = await self._read(key)
        self._sets.move_to_end(key)
        while len(self._sets) > SETS_IN_MEMORY:
            self._sets.popitem(last=False)
        return self._sets[key]

    async def _read(self, key: str) -> BindingSet:
        stored = await self._stored(key)
        base = None if stored.base is None else await self._stored(stored.base)
        return await asyncio.to_thread(_decoded, stored, base)

    async def _stored(self, key: str) -> StoredBindings:
        found = await self._store.bindings(key)
        if found is None:
            raise DamagedFilmError(f"the film's bindings {key} are missing")
        return found

    # While another server records

    async def catch_up(self) -> None:
        """Read what is new. Raises what the database raises."""
        last = self._book.last
        self._book.take(await self._store.scenes(0 if last is None else last.number), self._clock.now_ms())

    # While this server records

    async def learn(self, film_ends_ms: Sequence[float]) -> None:
        """Read what was in force before; `film_ends_ms` as for `SceneBook.learn`."""
        self._book = SceneBook()
        self._book.learn(await self._store.scenes(), film_ends_ms)

    def begin(self, time_ms: float) -> None:
        """Film begins: the server has started, or took over, or its clock was set back."""
        if not self._is_told:
            return
        self._records = True
        self._keep(self._now)
        self._book.begin(self._revision, self._now.hash, time_ms)

    def _keep(self, found: BindingSet) -> None:
        self._unwritten[found.hash] = found

    def rest(self) -> None:
        """Record no more, and give up what could not be written: another server took over."""
        self._records, self.note = False, None
        self._book, self._whole = SceneBook(), None
        self._unwritten.clear()

    async def flush(self) -> None:
        """Write what is new; whoever calls it holds the film's `writing`. What prevents it is said in `note`
        and tried again the next time.
        """
        self._book.touch(self._clock.now_ms())
        if not self._book.unwritten:
            return
        try:
            await self._write(tuple(self._book.unwritten.values()))
        except (SQLAlchemyError, OSError, TimeoutError, FencedError) as error:
            self._complain(error)
        else:
            self.note = None

    async def _write(self, scenes: Sequence[Scene]) -> None:
        found = [
            self._unwritten[key]
            for key in dict.fromkeys(each.bindings for each in scenes)
            if key in self._unwritten
        ]
        sets, whole = await asyncio.to_thread(_encoded, found, self._whole)
        async with asyncio.timeout(WRITE_TIMEOUT_S):
            await self._store.save(scenes, sets)
        self._whole = whole
        self._book.written(scenes)
        for each in found:
            if not any(scene.bindings == each.hash for scene in self._book.unwritten.values()):
                self._unwritten.pop(each.hash, None)

    def _complain(self, error: Exception) -> None:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:200] or type(error).__name__
        if self.note is None:
            LOG.error("the bindings in force cannot be written to the film", reason=reason)
        self.note = (
            f"which bindings are in force cannot be written to the film ({reason}); it is tried again: "
            "free the disk or bring the database back"
        )

    async def clean(self, film_from_ms: float) -> None:
        """Delete what ended before there is any film; whoever calls it holds the film's `writing`."""
        if not await self._store.has_old(film_from_ms):
            return
        pending = {scene.bindings for scene in self._book.unwritten.values()}
        await self._store.delete(film_from_ms, {*pending, self._now.hash})
        self._book.forget_before(film_from_ms)
        self._whole = None

    def forget_before(self, film_from_ms: float) -> None:
        """Leave out what the server that records deletes."""
        self._book.forget_before(film_from_ms)


def _hashed(elements: Mapping[str, str | None]) -> BindingSet:
    found = BindingSet.of(elements)
    _ = found.hash
    return found


def _decoded(stored: StoredBindings, base: StoredBindings | None) -> BindingSet:
    return decode_bindings(stored, None if base is None else decode_bindings(base, None))


def _encoded(
    found: Sequence[BindingSet], whole: BindingSet | None
) -> tuple[list[StoredBindings], BindingSet | None]:
    """The sets as they are kept, and the last one that is kept as a whole."""
    stored = []
    for each in found:
        stored.append(encode_bindings(each, whole))
        whole = each if stored[-1].base is None else whole
    return stored, whole
