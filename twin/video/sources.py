"""Where packets come from: a camera's stream as libav reads it, and a file that is played over and over."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import av
from av.error import FFmpegError

from twin.video.health import Reason
from twin.video.video_file import is_file_source, without_secrets

OPEN_S, STALL_S = 10.0, 10.0
PROTOCOLS = "rtsp,rtsps,rtp,udp,tcp,tls,http,https,httpproxy,crypto,hls"
PLAYABLE = ("h264", "hevc", "av1", "mjpeg")
"""What MP4 can hold of what cameras send."""


class SourceError(Exception):
    """A source that gives nothing (any more): why, as a code and for people."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason: Reason = reason
        self.text = text


class Source(Protocol):
    """Packets of one video stream."""

    @property
    def template(self) -> Any:
        """A stream of the packets' format."""

    def packets(self) -> Iterator[Any]:
        """The packets as they come. Raises SourceError at its end."""

    def close(self) -> None:
        """Let it go."""


@dataclass(slots=True)
class StreamSource:
    """A camera's stream, or a file's path."""

    url: str
    transport: str
    template: Any
    _container: Any

    @classmethod
    def open(cls, url: str, transport: str = "tcp") -> "StreamSource":
        """Connect. Raises SourceError."""
        options = {"analyzeduration": "3000000", "probesize": "2000000", "fpsprobesize": "0"}
        if not is_file_source(url):
            options["protocol_whitelist"] = PROTOCOLS
        if url.startswith("rtsp"):
            options["rtsp_transport"] = transport
        try:
            container = av.open(url, "r", options=options, timeout=(OPEN_S, STALL_S))
        except (FFmpegError, OSError, ValueError) as error:
            raise _source_error(error, has_begun=False) from error
        video = container.streams.video
        if not video or video[0].codec_context.name not in PLAYABLE:
            name = video[0].codec_context.name if video else "no video"
            container.close()
            raise SourceError("no-video" if not video else "format", f"it sends {name}")
        return cls(url, transport, video[0], container)

    def packets(self) -> Iterator[Any]:
        """The packets as they come. Raises SourceError at its end."""
        if is_file_source(self.url):
            return _paced(self._demuxed())
        return self._demuxed()

    def _demuxed(self) -> Iterator[Any]:
        try:
            for packet in self._container.demux(self.template):
                if packet.size and not packet.is_corrupt and stamp_of(packet) is not None:
                    yield packet
        except (FFmpegError, OSError) as error:
            raise _source_error(error, has_begun=True) from error
        raise SourceError("ended", "the stream has ended")

    def close(self) -> None:
        """Let it go."""
        self._container.close()


def stamp_of(packet: Any) -> float | None:
    """A packet's decode time, s of the camera's own time."""
    stamp = packet.pts if packet.dts is None else packet.dts
    return None if stamp is None or packet.time_base is None else float(stamp * packet.time_base)


def _paced(packets: Iterator[Any]) -> Iterator[Any]:
    """The packets at the pace at which they were recorded."""
    begun_s: float | None = None
    for packet in packets:
        stamp_s = stamp_of(packet) or 0.0
        if begun_s is None:
            begun_s = time.monotonic() - stamp_s
        time.sleep(max(begun_s + stamp_s - time.monotonic(), 0.0))
        yield packet


def _source_error(error: Exception, *, has_begun: bool) -> SourceError:
    """Why a source cannot be read; without what URLs hide."""
    name = type(error).__name__
    text = without_secrets(str(getattr(error, "strerror", None) or error))[:200]
    if name in ("HTTPUnauthorizedError", "HTTPForbiddenError"):
        return SourceError("refused", "it refuses the user or the password")
    if name in ("HTTPNotFoundError", "FileNotFoundError"):
        return SourceError("not-found", "there is no such stream")
    if name == "ExitError" or isinstance(error, TimeoutError):
        return SourceError(
            "stalled" if has_begun else "unreachable", f"it has sent nothing for {STALL_S:g} s"
        )
    if name in ("InvalidDataError", "DecoderNotFoundError", "StreamNotFoundError"):
        return SourceError("format", f"what it sends cannot be read: {text}")
    if isinstance(error, EOFError):
        return SourceError("ended", "the stream has ended")
    return SourceError("ended" if has_begun else "unreachable", text or name)
