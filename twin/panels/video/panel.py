"""The cameras' recordings, as the server runs them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import structlog

from twin.panels.panel import Panel
from twin.panels.video.folder import folder_of, open_library, video_file_of
from twin.panels.video.routes import router
from twin.panels.video.running import Recording
from twin.panels.video.scenes import Scenes
from twin.panels.video.service import CameraVideo
from twin.runtime import Twin
from twin.video.supervising import Supervisor

LOG = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def run(twin: Twin) -> AsyncIterator[CameraVideo]:
    """The recordings of a running twin, recorded here where this server is to record. Raises VenueError."""
    file, folder = video_file_of(twin), folder_of(twin)
    supervisor = Supervisor(
        file,
        str(folder),
        twin.clock,
        simulates=twin.settings.simulate,
        zone=twin.venue.info.timezone,
    )
    video = CameraVideo(twin, file, open_library(twin), lambda: supervisor.healths)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(video.stills.close)
        if file.cameras and twin.archive is None:
            records = twin.settings.video
            recording = Recording(twin, supervisor, lambda: records and twin.leads)
            await stack.enter_async_context(_beside(recording.run()))
            if records:
                twin.note_sources.append(lambda: supervisor.note)
                await stack.enter_async_context(_beside(Scenes(twin, supervisor, folder).run()))
        yield video


@contextlib.asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something run beside the block; why it failed, if it did, is logged."""
    task = asyncio.create_task(work, name="video")
    task.add_done_callback(_note_failure)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _note_failure(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        LOG.error("a part of the cameras' recording failed", exc_info=error)


VIDEO = Panel("video", router, run)
