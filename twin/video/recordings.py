"""What is asked of recordings: stretches, playlists, pictures, clips. Reads files; blocks: for a thread."""

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from telemetry_bridge.times import format_rfc3339
from twin.errors import NotRecordedError
from twin.video import playlist
from twin.video.errors import MediaError
from twin.video.index import SegmentIndex
from twin.video.library import Library
from twin.video.names import Segment
from twin.video.playlist import Shown
from twin.video.stills import Wanted
from twin.video.timeline import JOINT_MS, Piece, Span, gap_at, spans

FOREVER_MS = 253_402_300_800_000.0
LIVE_MS = 20_000.0
REACHES_MS = (3_600_000.0, 86_400_000.0, FOREVER_MS)


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a moment: since when it is shown, where it is; `whole`: its file changes no more."""

    time_ms: float
    wanted: Wanted
    whole: bool


class Recordings:
    """Answers what is asked of a library."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def spans(self, camera: str, from_ms: float, to_ms: float) -> list[Span]:
        """From when to when there are recordings within a stretch."""
        return spans(self.library.pieces(camera, from_ms, to_ms))

    def shown(self, camera: str, from_ms: float, to_ms: float) -> list[Shown]:
        """The fragments that show a stretch. Raises NotRecordedError where there is none."""
        found: list[Shown] = []
        for piece in self.library.pieces(camera, from_ms, to_ms):
            index = self._index(camera, piece)
            if index is not None:
                found += playlist.shown(piece.segment.name, index, piece.from_ms, piece.to_ms)
        if not found:
            raise self.nothing(camera, from_ms)
        return found

    def live(self, camera: str, now_ms: float, speed: float = 1.0) -> list[Shown]:
        """The fragments of the last seconds, without what lies before a joint.

        `speed`: how many seconds of the venue pass in a real one. Raises NotRecordedError.
        """
        reach_ms = LIVE_MS * max(speed, 1.0)
        newest = self.library.newest(camera)
        end_ms = None if newest is None else self.library.end_of(camera, newest)
        if newest is None or end_ms is None or now_ms - end_ms > reach_ms:
            newest, end_ms = self._whole_before(camera, newest, now_ms, reach_ms)
        found = self.shown(camera, end_ms - reach_ms, end_ms + 1.0)
        return list(playlist.since_last_joint(found))

    def _whole_before(
        self, camera: str, newest: Segment | None, now_ms: float, reach_ms: float
    ) -> tuple[Segment, float]:
        """The segment before one that has just been begun. Raises NotRecordedError."""
        for each in reversed(self.library.segments(camera, now_ms - 2 * reach_ms)):
            end_ms = self.library.end_of(camera, each)
            if each != newest and end_ms is not None and now_ms - end_ms <= reach_ms:
                return each, end_ms
        raise self.nothing(camera, now_ms)

    def _index(self, camera: str, piece: Piece) -> SegmentIndex | None:
        try:
            return self.library.index_of(camera, piece.segment)
        except (MediaError, OSError):
            return None  # damaged, or deleted meanwhile: what is left is shown

    def picture(self, camera: str, at_ms: float | None, width: int | None, *, key: bool) -> Picture:
        """Which picture is shown at a moment, or the newest. Raises NotRecordedError."""
        if at_ms is None:
            newest = self.library.newest(camera)
            end_ms = None if newest is None else self.library.end_of(camera, newest)
            extent = self.library.extent(camera) if end_ms is None else (0.0, end_ms)
            at_ms = FOREVER_MS if extent is None else extent[1] - 1.0
        for piece in reversed(self.library.pieces(camera, at_ms - JOINT_MS, at_ms + 1.0)):
            index = self._index(camera, piece)
            if index is not None and piece.from_ms <= at_ms:
                return self._picture(camera, piece.segment, index, min(at_ms, piece.to_ms), width, key=key)
        raise self.nothing(camera, at_ms)

    def _picture(
        self,
        camera: str,
        segment: Segment,
        index: SegmentIndex,
        at_ms: float,
        width: int | None,
        *,
        key: bool,
    ) -> Picture:
        place = index.place_of(at_ms)
        first = index.key_before(place)
        shown_ms = index.fragments[first if key else place].shown_ms
        time_ms = shown_ms[0 if key else max(bisect_right(shown_ms, at_ms) - 1, 0)]
        last = first if key else place
        parts = tuple((each.offset, each.size) for each in index.fragments[first : last + 1])
        wanted = Wanted(
            str(self.library.path_of(camera, segment)), ((0, index.track.head), *parts), time_ms, width, key
        )
        return Picture(time_ms, wanted, segment.end_ms is not None)

    def file(self, camera: str, name: str) -> tuple[Segment, Path] | None:
        """The segment of a file's name; None: there is none."""
        return self.library.find(camera, name)

    def _gap(self, camera: str, at_ms: float) -> tuple[float | None, float | None]:
        """The gap around a moment, looked for ever farther away."""
        extent = self.library.extent(camera) or (at_ms, at_ms)
        before: float | None = None
        after: float | None = None
        for reach_ms in REACHES_MS:
            near = self.library.pieces(camera, max(at_ms - reach_ms, 0.0), at_ms + reach_ms)
            before, after = gap_at(spans(near), at_ms)
            is_first, is_last = extent[0] > at_ms, extent[1] <= at_ms
            if (before is not None or is_first) and (after is not None or is_last):
                break
        return before, after

    def nothing(self, camera: str, at_ms: float) -> NotRecordedError:
        """What is said of a moment of which nothing is recorded: `named` tells the gap."""
        before, after = self._gap(camera, at_ms)
        named = {
            key: format_rfc3339(value)
            for key, value in (("from", before), ("to", after))
            if value is not None
        }
        reason = "gap" if before is not None and after is not None else "after" if before else "before"
        if not named:
            return NotRecordedError(f"nothing of {camera} is recorded", "none")
        gap = " ".join(f"{key} {value}" for key, value in named.items())
        return NotRecordedError(f"{camera} has no recording {gap}", reason, **named)
