"""The recordings in a folder: what is there is found by listing it, and read by the segments' own indices.

Safe to use from several threads. A folder is listed again when its time of change says that something came
or went; a file that grows is read on from where it was read last.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from twin.video.errors import MediaError
from twin.video.index import SegmentIndex, read_index
from twin.video.names import Segment, camera_of, day_of, folder_of, is_day, parse_name
from twin.video.timeline import Piece, pieces

MOST_INDICES = 2048
SETTLED_NS = 2_000_000_000
DAY_MS = 86_400_000.0
LAST_MS = 253_402_300_799_000.0


@dataclass(slots=True)
class _Day:
    changed_ns: int = -1
    segments: tuple[Segment, ...] = ()
    newest: Segment | None = None


@dataclass(slots=True)
class _Camera:
    days: dict[str, _Day] = field(default_factory=dict)


class Library:
    """All cameras' recordings below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._cameras: dict[str, _Camera] = {}
        self._indices: OrderedDict[tuple[str, int, int], tuple[Path, int, SegmentIndex]] = OrderedDict()

    def cameras(self) -> list[str]:
        """The cameras of which there is a folder."""
        try:
            return sorted(camera_of(each.name) for each in self.folder.iterdir() if is_camera(each))
        except OSError:
            return []

    def path_of(self, camera: str, segment: Segment) -> Path:
        """Where a segment lies."""
        return self.folder / folder_of(camera) / segment.day / segment.name

    def segments(
        self, camera: str, from_ms: float | None = None, to_ms: float | None = None
    ) -> list[Segment]:
        """A camera's segments in order, those that a stretch touches; all where it is open."""
        first = "" if from_ms is None else day_of(max(from_ms - DAY_MS, 0.0))
        last = "9999" if to_ms is None or to_ms > LAST_MS else day_of(max(to_ms, 0.0))
        return [
            segment
            for name, day in self._days(camera)
            if first <= name <= last
            for segment in day.segments
            if (to_ms is None or segment.begin_ms < to_ms)
            and (from_ms is None or segment.end_ms is None or segment.end_ms > from_ms)
        ]

    def _days(self, camera: str) -> list[tuple[str, _Day]]:
        """The days of a camera, in order, as they are on the disk now."""
        with self._lock:
            known = self._cameras.setdefault(camera, _Camera())
            self._list_days(camera, known)
            return sorted(known.days.items(), key=lambda each: each[0])

    def _list_days(self, camera: str, known: _Camera) -> None:
        folder = self.folder / folder_of(camera)
        try:
            names = {each.name for each in folder.iterdir() if is_day(each.name)}
        except OSError:
            names = set()
        for name in known.days.keys() - names:
            del known.days[name]
        for name in names:
            _list_day(folder / name, known.days.setdefault(name, _Day()))

    def index_of(self, camera: str, segment: Segment) -> SegmentIndex:
        """What a segment holds.

        Raises MediaError and OSError; FileNotFoundError where it has gone meanwhile.
        """
        key = (camera, segment.begin_ms, segment.take)
        path = self.path_of(camera, segment)
        size = path.stat().st_size
        with self._lock:
            kept = self._indices.get(key)
            if kept is not None:
                self._indices.move_to_end(key)
        if kept is not None and kept[1] == size:
            return kept[2]  # a part file that was renamed has the same bytes
        known = kept[2] if kept is not None and size > kept[1] else None
        index = read_index(path, known)
        with self._lock:
            self._indices[key] = (path, size, index)
            while len(self._indices) > MOST_INDICES:
                self._indices.popitem(last=False)
        return index

    def find(self, camera: str, name: str) -> tuple[Segment, Path] | None:
        """The segment of a file's name; a part that is whole by now is found under its old name too.

        None: there is none. The name is understood, never joined to a path as it stands.
        """
        segment = parse_name(name)
        if segment is None:
            return None
        for each in self.segments(camera, segment.begin_ms - 1.0, segment.begin_ms + 1.0):
            if (each.begin_ms, each.take) != (segment.begin_ms, segment.take):
                continue
            if segment.end_ms in (None, each.end_ms):
                return each, self.path_of(camera, each)
        return None

    def end_of(self, camera: str, segment: Segment) -> float | None:
        """When a segment ends; None: it holds nothing yet, or cannot be read."""
        if segment.end_ms is not None:
            return float(segment.end_ms)
        try:
            return self.index_of(camera, segment).end_ms
        except (MediaError, OSError):
            return None

    def pieces(self, camera: str, from_ms: float, to_ms: float) -> list[Piece]:
        """What tells of each moment of a stretch, in order."""
        ended = (
            (segment, end_ms)
            for segment in self.segments(camera, from_ms, to_ms)
            if (end_ms := self.end_of(camera, segment)) is not None
        )
        return pieces(ended, from_ms, to_ms)

    def extent(self, camera: str) -> tuple[float, float] | None:
        """When the first picture and the last one were taken; None: nothing is recorded."""
        days = [day.segments for _, day in self._days(camera) if day.segments]
        if not days:
            return None
        late = [*(days[-2] if len(days) > 1 else ()), *days[-1]][-2:]
        ends = [end for each in late if (end := self.end_of(camera, each)) is not None]
        return (float(days[0][0].begin_ms), max(ends)) if ends else None

    def newest(self, camera: str) -> Segment | None:
        """The segment that was written last: of the latest take, the latest."""
        of_days = (day.newest for _, day in self._days(camera) if day.newest is not None)
        return max(of_days, key=_written, default=None)


def is_camera(folder: Path) -> bool:
    """Whether a folder holds a camera's recordings."""
    return not folder.name.startswith(".") and folder.is_dir()


def _written(segment: Segment) -> tuple[int, int]:
    """Sorts segments as they were written."""
    return segment.take, segment.begin_ms


def _list_day(folder: Path, day: _Day) -> None:
    try:
        changed_ns = folder.stat().st_mtime_ns
        if changed_ns == day.changed_ns:
            return
        found = (parse_name(each.name) for each in folder.iterdir())
        ours = (each for each in found if each is not None and each.day == folder.name)
        day.segments = tuple(sorted(ours, key=lambda each: (each.begin_ms, each.take)))
        day.newest = max(day.segments, key=_written, default=None)
        # Clocks of file systems are coarse: what has just changed may change again at the same time.
        day.changed_ns = changed_ns if time.time_ns() - changed_ns > SETTLED_NS else -1
    except OSError:
        day.segments, day.newest, day.changed_ns = (), None, -1
