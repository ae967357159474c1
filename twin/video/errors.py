"""What can go wrong with recordings.

::

    VideoError
    ├── MediaError            a file that is no fragmented MP4, or none that we can read
    └── FolderHeldError       another process records into the folder
    RequestError (twin.errors)
    ├── CameraError           404, no such camera in video.yaml
    ├── NotRecordedError      404, nothing is recorded there (twin.errors)
    ├── VideoMissingError     503, this machine lacks what reads video
    └── StillError            503, the picture cannot be read
"""

from http import HTTPStatus

from twin.errors import NotFoundError, RequestError, TwinError

INSTALL = "pip install 'venue-twin[video]'"


class VideoError(TwinError):
    """Root of what goes wrong where no request is answered."""


class MediaError(VideoError):
    """A file that is no fragmented MP4, or none that we can read."""


class FolderHeldError(VideoError):
    """Another process records into the folder."""


class CameraError(NotFoundError):
    """No such camera in `video.yaml`."""

    slug = "no-camera"


class VideoMissingError(RequestError):
    """This machine lacks what reads video."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "video-missing"

    def __init__(self) -> None:
        super().__init__(f"pictures need PyAV, which is not installed: {INSTALL}")


class StillError(RequestError):
    """A picture that cannot be read out of a recording."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "no-picture"
