"""What the routes of recordings work with."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from telemetry_bridge.times import format_rfc3339
from twin.accounts.accounts import Person
from twin.errors import BadRequestError
from twin.events.event import Draft
from twin.panels.video.schemas import VideoCamera
from twin.runtime import Twin
from twin.video.errors import CameraError, MediaError
from twin.video.health import CameraHealth, Reason
from twin.video.library import Library
from twin.video.recordings import Recordings
from twin.video.stills import Stills
from twin.video.video_file import VideoFile
from twin.video.viewings import Viewings

T = TypeVar("T")
VIEWED, EXPORTED = "video.viewed", "video.exported"


class CameraVideo:
    """The recordings of a running twin."""

    def __init__(
        self,
        twin: Twin,
        file: VideoFile,
        library: Library,
        healths: Callable[[], Mapping[str, CameraHealth]],
    ) -> None:
        self.twin, self.file, self.library = twin, file, library
        self.recordings = Recordings(library)
        self.stills = Stills()
        self._viewings = Viewings()
        self.healths = healths

    async def ask(self, question: Callable[..., T], *details: object) -> T:
        """Ask the recordings in a thread: they read files."""
        return await asyncio.to_thread(question, *details)

    async def check(self, camera: str) -> None:
        """Raise CameraError where neither the file nor the recordings know a camera."""
        if camera not in self.file.cameras and camera not in await self.ask(self.library.cameras):
            raise CameraError(f"no camera {camera[:100]!r} is recorded; see /api/video")

    async def note_viewing(
        self, person: Person, camera: str, from_ms: float, to_ms: float, what: str
    ) -> None:
        """Write down who looks at which recordings: once a viewing, not with every picture.

        What cannot be written down is not shown: the database's error goes on to who asked.
        """
        said = (format_rfc3339(from_ms), format_rfc3339(to_ms))
        if self.twin.archive is not None:
            return  # an archive's log is what it was
        key = (person.actor, camera, what, *(() if what == "live" else said))
        if not self._viewings.is_new(time.monotonic(), *key):
            return
        data = {"camera": camera, "from": said[0], "to": said[1], "as": what}
        try:
            await self.twin.events.append(Draft(VIEWED, f"device:{camera}", person.actor, data))
        except BaseException:
            self._viewings.forget(*key)
            raise

    async def note_export(self, person: Person, camera: str, from_ms: float, to_ms: float) -> None:
        """Write down who took which recordings along."""
        if self.twin.archive is not None:
            return
        data = {"camera": camera, "from": format_rfc3339(from_ms), "to": format_rfc3339(to_ms)}
        await self.twin.events.append(Draft(EXPORTED, f"device:{camera}", person.actor, data))

    def cameras(self) -> list[VideoCamera]:
        """All cameras, those of the file first; reads files."""
        listed = list(self.file.cameras)
        others = [each for each in self.library.cameras() if each not in self.file.cameras]
        healths = self.healths()
        return [self._camera(each, healths.get(each)) for each in (*listed, *others)]

    def _camera(self, camera: str, health: CameraHealth | None) -> VideoCamera:
        source = self.file.cameras.get(camera)
        extent = self.library.extent(camera)
        reason: Reason = "elsewhere" if source else "not-listed"
        known = health or CameraHealth("off", 0.0, reason, last_ms=None if extent is None else extent[1])
        last_ms = extent[1] if extent is not None else known.last_ms
        codec, width, height = self._format(camera)
        return VideoCamera(
            camera=camera,
            state=known.state,
            reason=known.reason,
            text=known.text,
            since=format_rfc3339(known.since_ms) if known.since_ms else None,
            last=None if last_ms is None else format_rfc3339(last_ms),
            kbps=known.kbps,
            codec=codec,
            width=width,
            height=height,
            first=None if extent is None else format_rfc3339(extent[0]),
            keep_days=self.file.keep_days,
            simulated=source is not None and source.simulated,
        )

    def _format(self, camera: str) -> tuple[str | None, int | None, int | None]:
        """Codec, width and height of the newest segment that can be read."""
        for segment in reversed(self.library.segments(camera)[-2:]):
            try:
                track = self.library.index_of(camera, segment).track
            except (MediaError, OSError):
                continue
            return track.codec, track.width, track.height
        return None, None, None


def checked_clip(from_ms: float, to_ms: float, longest_ms: float) -> None:
    """Raise BadRequestError for a clip that is too long."""
    if to_ms - from_ms > longest_ms:
        raise BadRequestError(f"a clip is {longest_ms / 60_000:.0f} minutes long at most; take several")
