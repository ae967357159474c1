"""Names of segments: camera, beginning, end and take are in them, so that the folder is the catalogue. Pure.

A camera's folder holds one folder a day (UTC, of a segment's beginning): `CAMERA/2026-05-01/`. In it
`BEGIN-END[-TAKE].mp4` is a whole segment and `BEGIN[-TAKE].part.mp4` one that grows; times are ms since 1970
UTC. The take counts how often the clock was set back: where recordings overlap, the later take holds.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

_WHOLE = re.compile(r"(\d{1,15})-(\d{1,15})(?:-([1-9]\d{0,8}))?\.mp4", re.ASCII)
_PART = re.compile(r"(\d{1,15})(?:-([1-9]\d{0,8}))?\.part\.mp4", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LAST_MS = 253_402_300_799_999  # the end of the year 9999
PART_SUFFIX = ".part.mp4"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one camera's recording; `end_ms` None: it grows."""

    begin_ms: int
    take: int
    end_ms: int | None

    @property
    def name(self) -> str:
        """The file's name within its day."""
        tail = f"-{self.take}" if self.take else ""
        if self.end_ms is None:
            return f"{self.begin_ms}{tail}{PART_SUFFIX}"
        return f"{self.begin_ms}-{self.end_ms}{tail}.mp4"

    @property
    def day(self) -> str:
        """The folder of its day."""
        return day_of(self.begin_ms)


def day_of(time_ms: float) -> str:
    """The folder of a moment: its date, UTC."""
    return datetime.fromtimestamp(time_ms / 1000.0, UTC).strftime("%Y-%m-%d")


def is_day(name: str) -> bool:
    """Whether a folder is that of a day."""
    return _DAY.fullmatch(name) is not None


def parse_name(name: str) -> Segment | None:
    """The segment of a file's name; None: it is none of ours."""
    whole = _WHOLE.fullmatch(name)
    if whole is not None:
        begin, end, take = (int(each or 0) for each in whole.groups())
        return Segment(begin, take, end) if begin < end <= _LAST_MS else None
    part = _PART.fullmatch(name)
    if part is None:
        return None
    begin, take = (int(each or 0) for each in part.groups())
    return Segment(begin, take, None) if begin <= _LAST_MS else None


def folder_of(camera: str) -> str:
    """The name of a camera's folder: what no file system takes is written %XX."""
    name = quote(camera, safe="-_.~ ")
    return "%2E" + name[1:] if name.startswith(".") else name


def camera_of(folder: str) -> str:
    """The camera of a folder's name."""
    return unquote(folder)
