"""The film's third tier as the film sees it: what of a segment lies in files, and what is to go there."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from telemetry_bridge.clock import Clock
from twin.errors import ColdAwayError, DamagedFilmError, FencedError
from twin.film.codec import open_strip
from twin.film.cold.ledger import ColdLedger, Stored
from twin.film.cold.moving import Mover
from twin.film.cold.reading import ColdReader
from twin.film.cold.shelf import SETTING, MissingFileError, Shelf
from twin.film.described import PastRegistry
from twin.film.policy import Policies, PolicyBook
from twin.film.segment import Reel, Segment
from twin.film.store import Entry

LOG = structlog.get_logger(__name__)

TEND_EVERY_S: Final = 600.0
FIRST_AFTER_S: Final = 30.0
#: While there is more to move it rests so many times as long as it worked: recording and viewers come first.
REST: Final = 4.0
TRIES: Final = 3
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long film is kept where; `zone` says when the venue's days begin. No shelf: no film is in files."""

    policies: Policies
    shelf: Shelf | None = None
    zone: tzinfo = UTC

    @property
    def days(self) -> float:
        """Days until the last of a stretch of film is deleted; inf: never."""
        return self.policies.kept_days(with_cold=self.shelf is not None)


class ColdTier:
    """Reads what lies in files, and moves what is to go there."""

    def __init__(
        self,
        ledger: ColdLedger,
        keeping: Keeping,
        clock: Clock,
        registry: Callable[[str], Awaitable[PastRegistry]],
        writing: asyncio.Lock,
    ) -> None:
        """`writing` is held while anything of the film is written."""
        self.ledger, self._shelf, self._clock = ledger, keeping.shelf, clock
        self._keeping = keeping
        self._reader = ColdReader(keeping.shelf)
        book = PolicyBook(keeping.policies)
        self.mover = Mover(ledger, keeping.shelf, book, keeping.zone, clock, registry, writing)
        self._away: str | None = None
        self._orphaned: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is wrong with it, for people, in one line each."""
        found = []
        if self._away is not None:
            found.append(f"the film's cold storage cannot be used: {self._away}")
        if self._orphaned:
            names = ", ".join(self._orphaned)
            found.append(f"cold film of policies that film.yaml has no more is kept for ever: {names}")
        if self.mover.damaged_files:
            found.append(f"{len(self.mover.damaged_files)} cold file(s) are damaged; run twin film verify")
        if self.mover.damaged:
            found.append(
                f"{len(self.mover.damaged)} stretch(es) of film are damaged and cannot be moved to cold "
                "storage; run twin film verify"
            )
        return tuple(found)

    async def read(self, entry: Entry) -> tuple[Mapping[int, bytes], tuple[Segment, ...]]:
        """What there is of a segment: strips of the database, and what files hold.

        Raises ColdAwayError, DamagedFilmError, and what the database raises.
        """
        stored = await self.ledger.stored(entry.id)
        for _ in range(TRIES if stored.parts else 0):
            try:
                return stored.strips, tuple(
                    await self._in_files(self._reader.segments, stored.parts, entry.start_ms)
                )
            except MissingFileError as error:
                stored = await self._moved_on(stored, await self.ledger.stored(entry.id), error)
        return stored.strips, ()

    async def of_point(
        self, number: int, strip: int, entries: Mapping[int, Entry]
    ) -> dict[int, Reel | bytes]:
        """What there is of a point's number in some segments of one registry: the strip that has it, or what
        files hold of it; a segment that has neither is left out. Raises as `read` does.
        """
        stored = await self.ledger.stored_strip(strip, list(entries))
        for _ in range(TRIES):
            try:
                return await self._of_point(number, strip, stored, entries)
            except MissingFileError as error:
                again = await self.ledger.stored_strip(strip, list(entries))
                if {key: each.parts for key, each in again.items()} == {
                    key: each.parts for key, each in stored.items()
                }:
                    raise self._missing(error) from error
                stored = again
        raise DamagedFilmError("cold film is moved faster than it can be read; try again")

    async def _of_point(
        self, number: int, strip: int, stored: Mapping[int, Stored], entries: Mapping[int, Entry]
    ) -> dict[int, Reel | bytes]:
        found: dict[int, Reel | bytes] = {
            key: each.strips[strip] for key, each in stored.items() if each.strips
        }
        cold = {key: (entries[key].start_ms, each.parts) for key, each in stored.items() if each.parts}
        if cold:
            both = {key: each for key, each in found.items() if key in cold and isinstance(each, bytes)}
            has = await asyncio.to_thread(_have_point, both, number)
            wanted = {key: each for key, each in cold.items() if key not in has}
            if wanted:
                found.update(await self._in_files(self._reader.point, number, wanted))
        return found

    async def _in_files(self, read: Callable[..., Found], *args: Any) -> Found:
        try:
            found = await asyncio.to_thread(read, *args)
        except ColdAwayError as error:
            self._away = str(error.named.get("reason", error))
            raise
        self._away = None
        return found

    async def _moved_on(self, before: Stored, now: Stored, error: MissingFileError) -> Stored:
        if before.parts == now.parts:
            raise self._missing(error) from error
        return now

    def _missing(self, error: MissingFileError) -> DamagedFilmError:
        place = "cold storage" if self._shelf is None else self._shelf.place
        return DamagedFilmError(
            f"a file of film is missing in {place} ({str(error)[-160:]}); bring it back from a backup"
        )

    async def check(self) -> None:
        """Raise ColdAwayError where the files cannot be reached."""
        if self._shelf is not None:
            await self._in_files(self._shelf.check)

    async def tend(self, now_ms: float | None = None) -> tuple[tuple[int, ...], float]:
        """Delete, mend and move a part of what is due; gives the segments that are no more, and after how
        many seconds there is more to do.

        Raises ColdAwayError, DamagedFilmError, and what the database raises.
        """
        now_ms = self._clock.now_ms() if now_ms is None else now_ms
        begun_s = time.monotonic()
        if self._shelf is not None:
            await asyncio.to_thread(self._shelf.check)
            await self.mover.sweep()
            known = {each.name for each in self._keeping.policies.all}
            self._orphaned = tuple(sorted(await self.ledger.policies() - known))
        gone = await self.mover.expire(now_ms)
        if await self.mover.mend():
            return gone, self._rest(begun_s)
        done = await self.mover.move(now_ms) if self._moves else None
        self._away = None
        if done is None:
            return gone, TEND_EVERY_S
        LOG.info("film was moved", samples=done.moved, deleted=done.dropped)
        return (*gone, *done.gone), TEND_EVERY_S if self.mover.drops else self._rest(begun_s)

    @property
    def _moves(self) -> bool:
        """Whether anything leaves the database other than whole."""
        policies = self._keeping.policies
        return (self._shelf is not None and policies.go_cold) or len(policies.all) > 1

    def _rest(self, begun_s: float) -> float:
        return min(max(REST * (time.monotonic() - begun_s), 1.0), TEND_EVERY_S)

    async def run(self, forget: Callable[[tuple[int, ...]], None], now_ms: Callable[[], float]) -> None:
        """Tend until cancelled; `forget` is told of segments that are no more, `now_ms` tells the time."""
        pause_s = FIRST_AFTER_S
        while True:
            await asyncio.sleep(pause_s)
            try:
                gone, pause_s = await self.tend(now_ms())
            except ColdAwayError as error:
                self._complain(str(error))
                pause_s = TEND_EVERY_S / 10
            except (SQLAlchemyError, OSError, TimeoutError, DamagedFilmError, FencedError) as error:
                LOG.error("film cannot be moved to cold storage", reason=str(error))
                pause_s = TEND_EVERY_S
            else:
                forget(gone)

    def _complain(self, reason: str) -> None:
        if self._away is None:
            LOG.error("the film's cold storage cannot be used", reason=reason)
        self._away = reason


def _have_point(strips: Mapping[int, bytes], number: int) -> set[int]:
    """The segments whose strip has anything of a point."""
    opened = {key: open_strip(data) for key, data in strips.items()}
    return {key for key, each in opened.items() if len(each.at_start(number)) or len(each.track(number))}


def notes_of(keeping: Keeping) -> list[str]:
    """What the settings ask for in vain, for people."""
    if keeping.shelf is None and keeping.policies.go_cold:
        return [f"film.yaml asks for cold_days, and {SETTING} is not set: older film is deleted instead"]
    if keeping.shelf is not None and not keeping.policies.go_cold:
        return [f"{SETTING} is set, and no policy of film.yaml asks for cold_days: no film goes there"]
    return []
