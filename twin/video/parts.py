"""What becomes of part files: each gets its name, cut after what is whole of it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from twin.video.errors import MediaError
from twin.video.index import SegmentIndex, read_index
from twin.video.names import PART_SUFFIX, Segment, parse_name


def end_part(path: Path) -> tuple[Segment, int] | None:
    """Cut a part file after its last whole fragment and name it as a whole segment.

    Gives the segment and its last fragment's number; None where it held nothing: it is deleted then.
    Raises OSError.
    """
    part = parse_name(path.name)
    index = _index(path)
    if part is None or index is None:
        path.unlink(missing_ok=True)
        return None
    begin_ms = part.begin_ms
    whole = Segment(begin_ms, part.take, max(round(index.end_ms), begin_ms + 1))
    if path.stat().st_size != index.size:
        os.truncate(path, index.size)
    path.rename(path.with_name(whole.name))
    return whole, index.fragments[-1].sequence


def _index(path: Path) -> SegmentIndex | None:
    try:
        return read_index(path)
    except MediaError:
        return None


def left_behind(folder: Path) -> Iterator[Path]:
    """The part files below a folder of recordings; nobody may be writing them."""
    with contextlib.suppress(OSError):
        yield from sorted(folder.glob(f"*/*/*{PART_SUFFIX}"))
