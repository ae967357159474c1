"""HLS playlists of recordings (RFC 8216): fragments are byte ranges of segments. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telemetry_bridge.times import format_rfc3339
from twin.video.boxes import Fragment
from twin.video.index import SegmentIndex
from twin.video.timeline import JOINT_MS

MS_PER_S = 1000.0
VERSION = 7  # of EXT-X-MAP in playlists of fragmented MP4
MEDIA_TYPE = "application/vnd.apple.mpegurl"


@dataclass(frozen=True, slots=True)
class Shown:
    """A fragment of a segment: `name` is the file's."""

    name: str
    index: SegmentIndex
    fragment: Fragment

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return (self.fragment.end_ms - self.fragment.begin_ms) / MS_PER_S


def shown(name: str, index: SegmentIndex, from_ms: float, to_ms: float) -> list[Shown]:
    """The fragments of a segment that a stretch touches, begun with one that can be shown by itself."""
    touched = [
        place for place, each in enumerate(index.fragments) if each.begin_ms < to_ms and each.end_ms > from_ms
    ]
    if not touched:
        return []
    first = index.key_before(touched[0])
    return [Shown(name, index, each) for each in index.fragments[first : touched[-1] + 1]]


def is_joint(before: Shown, after: Shown) -> bool:
    """Whether a player must begin anew between two fragments: time is missing, or runs back, or the format
    changes.
    """
    gap_ms = after.fragment.begin_ms - before.fragment.end_ms
    return not -1.0 <= gap_ms < JOINT_MS or before.index.track.setup != after.index.track.setup


def since_last_joint(found: Sequence[Shown]) -> Sequence[Shown]:
    """The last stretch without a joint."""
    begin = len(found) - 1
    while begin > 0 and not is_joint(found[begin - 1], found[begin]):
        begin -= 1
    return found[max(begin, 0) :]


def written(found: Sequence[Shown], media: str = "media/", *, live: bool = False) -> str:
    """The text of a playlist; `media` is where files are, seen from it. A live one has no end."""
    longest = max((each.duration_s for each in found), default=1.0)
    sequence = found[0].fragment.sequence if live and found else 0
    head = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{max(math.floor(longest + 0.5), 1)}",
        f"#EXT-X-MEDIA-SEQUENCE:{sequence}",
    ]
    if not live:
        head.append("#EXT-X-PLAYLIST-TYPE:VOD")
    if all(each.fragment.starts_with_key for each in found):
        head.append("#EXT-X-INDEPENDENT-SEGMENTS")
    tail = [] if live else ["#EXT-X-ENDLIST"]
    return "\n".join([*head, *_lines(found, media), *tail]) + "\n"


def _lines(found: Sequence[Shown], media: str) -> Iterable[str]:
    before: Shown | None = None
    for each in found:
        if before is not None and is_joint(before, each):
            yield "#EXT-X-DISCONTINUITY"
        if before is None or before.name != each.name:
            yield f'#EXT-X-MAP:URI="{media}{each.name}",BYTERANGE="{each.index.track.head}@0"'
        fragment = each.fragment
        yield f"#EXT-X-PROGRAM-DATE-TIME:{format_rfc3339(fragment.begin_ms)}"
        yield f"#EXTINF:{each.duration_s:.3f},"
        yield f"#EXT-X-BYTERANGE:{fragment.size}@{fragment.offset}"
        yield f"{media}{each.name}"
        before = each
