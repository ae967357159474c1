"""What the routes of recordings answer."""

from pydantic import Field

from twin.http.schemas import FROM, Answer
from twin.video.health import Reason, State


class VideoCamera(Answer):
    """A camera and how it is recorded. Times are RFC 3339; what is not known is null.

    `since`: from when on it is in this state; `reason`: why, as a code, `text` for people; `last`: when its
    last picture was taken; `first`: when its oldest one; `codec` as RFC 6381 names it (`avc1.64001f`: H.264,
    `hvc1...`: H.265); `simulated`: what it shows is drawn, not seen.
    """

    camera: str
    state: State
    reason: Reason
    text: str
    since: str | None
    last: str | None
    kbps: float | None
    codec: str | None
    width: int | None
    height: int | None
    first: str | None
    keep_days: float
    simulated: bool


class VideoCameras(Answer):
    """All cameras; `pictures`: whether this server can give single pictures (PyAV is installed)."""

    cameras: list[VideoCamera]
    pictures: bool


class VideoSpan(Answer):
    """A stretch of recording."""

    from_time: str = FROM
    to: str


class VideoSpans(Answer):
    """Stretches of recording in order; joints under a second are none."""

    spans: list[VideoSpan] = Field(default_factory=list)
