"""Cold storage for the tests: a folder, policies, and a shelf that fails when it is told to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.points import Registry
from tests.telemetry_bridge.builders import HandClock, registry
from tests.twin.film.filming import SHORT, Filming
from tests.twin.film.scenes import START_MS
from twin.film.cold.shelf import FolderShelf, Shelf
from twin.film.cold.tier import Keeping
from twin.film.film import Film
from twin.film.policy import DAY_MS, DEFAULT, Policies, Policy
from twin.film.reading import FilmSettings
from twin.film.recorder import RecorderSettings

ALL_COLD = Policies(Policy(DEFAULT, 2.0, None))
#: Later than any policy waits for.
MUCH_LATER_MS = 400 * DAY_MS


class Killed(BaseException):
    """As if the process ended here."""


class BrittleShelf:
    """A folder; `fail` says which of its next steps go wrong, and how, before and after they are done."""

    def __init__(self, folder: Path) -> None:
        self._inner = FolderShelf(folder)
        self.place = self._inner.place
        self.steps: list[str] = []
        self.fail: dict[str, BaseException] = {}

    def _step(self, name: str) -> None:
        self.steps.append(name)
        error = self.fail.pop(name, None)
        if error is not None:
            raise error

    def put(self, key: str, data: bytes) -> None:
        self._step("before put")
        self._inner.put(key, data)
        self._step("after put")

    def open(self, key: str) -> Any:
        self._step("open")
        return self._inner.open(key)

    def delete(self, key: str) -> None:
        self._step("before delete")
        self._inner.delete(key)
        self._step("after delete")

    def keys(self) -> dict[str, int]:
        return self._inner.keys()

    def check(self) -> None:
        self._inner.check()


async def filming(
    engine: AsyncEngine,
    shelf: Shelf | None,
    policies: Policies = ALL_COLD,
    start_ms: float = START_MS,
    settings: RecorderSettings = SHORT,
    devices: Registry | None = None,
) -> Filming:
    """A film whose old parts go to a shelf."""
    clock, known = HandClock(start_ms), devices or registry()
    film = Film(engine, known, clock, FilmSettings(recorder=settings, keeping=Keeping(policies, shelf)))
    await film.open()
    return Filming(engine, clock, known, film)


async def freeze(film: Film, now_ms: float = START_MS + MUCH_LATER_MS, most: int = 100) -> list[int]:
    """Move all that there is to be moved by a time; gives the segments that are no more."""
    gone: list[int] = []
    for _ in range(most):
        before = await _left(film)
        found, _rest = await film.cold.tend(now_ms)
        gone += found
        film._catalogue.remove(found)
        if not found and await _left(film) == before:
            return gone
    raise AssertionError("it never ends")


async def _left(film: Film) -> tuple[Sequence[Any], ...]:
    ledger = film.cold.ledger
    return await ledger.files(), await ledger.warm(float("inf")), await ledger.unfinished()
