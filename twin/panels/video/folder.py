"""Where a twin's recordings lie."""

from pathlib import Path

from twin.runtime import Twin
from twin.video.library import Library
from twin.video.video_file import VideoFile, load_video_file

FOLDER = "video"


def video_file_of(twin: Twin) -> VideoFile:
    """What the venue says of recordings. Raises VenueError."""
    return twin.cached("video.yaml", lambda: _read(twin))


def _read(twin: Twin) -> VideoFile:
    return load_video_file(twin.venue.folder, twin.registry.devices) or VideoFile()


def folder_of(twin: Twin) -> Path:
    """The folder of the recordings."""
    return twin.settings.data_folder / (video_file_of(twin).folder or FOLDER)


def open_library(twin: Twin) -> Library:
    """The recordings of a twin; the same one for all who ask."""
    return twin.cached("video library", lambda: Library(folder_of(twin)))
