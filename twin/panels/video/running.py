"""Records the cameras while this server is the one to do it, and tells the log of events how they are."""

import asyncio
import contextlib
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from twin.events.event import Draft
from twin.runtime import Twin
from twin.video.health import Watch
from twin.video.supervising import Supervisor

LOG = structlog.get_logger(__name__)
BEAT_S = 1.0


class Recording:
    """The supervisor, at work or at rest as `records` says."""

    def __init__(self, twin: Twin, supervisor: Supervisor, records: Callable[[], bool]) -> None:
        self._twin, self._supervisor, self._records = twin, supervisor, records
        self._work: asyncio.Task[None] | None = None
        self._watch = Watch()
        self._told: list[Draft] = []

    async def run(self) -> None:
        """Go on until cancelled."""
        self._rest()
        try:
            while True:
                await self._change()
                await self._tell()
                await asyncio.sleep(BEAT_S)
        finally:
            await self._stop()

    def _rest(self) -> None:
        off = not self._twin.settings.video
        self._supervisor.rest("switched-off" if off else "elsewhere")

    async def _change(self) -> None:
        if self._records() and self._work is None:
            self._work = asyncio.create_task(self._supervisor.run(), name="cameras' video")
            self._work.add_done_callback(_note_end)
        elif not self._records() and self._work is not None:
            await self._stop()
            self._rest()

    async def _stop(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([work])

    async def _tell(self) -> None:
        """Tell the log of events; what it cannot take now is told later."""
        now_ms = self._twin.clock.now_ms()
        self._told += self._watch.look(now_ms, dict(self._supervisor.healths), low=self._supervisor.is_low)
        if not self._told:
            return
        try:
            await self._twin.events.append(*self._told)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            LOG.warning("how cameras are cannot be noted yet", reason=str(error))
            return
        self._told = []


def _note_end(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        LOG.error("cameras are not recorded any more; restart the server", exc_info=error)
