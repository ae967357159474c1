"""The cameras' recordings, as the server runs them."""

import contextlib
from collections.abc import AsyncIterator

from twin.panels.panel import Panel
from twin.panels.video.routes import router
from twin.panels.video.service import CameraVideo
from twin.runtime import Twin
from twin.video.library import Library
from twin.video.video_file import VideoFile, load_video_file

FOLDER = "video"


@contextlib.asynccontextmanager
async def run(twin: Twin) -> AsyncIterator[CameraVideo]:
    """The recordings of a running twin, recorded here where this server records. Raises VenueError."""
    file = load_video_file(twin.venue.folder, twin.registry.devices) or VideoFile()
    folder = twin.settings.data_folder / (file.folder or FOLDER)
    video = CameraVideo(twin, file, Library(folder))
    try:
        yield video
    finally:
        await video.stills.close()


VIDEO = Panel("video", router, run)
