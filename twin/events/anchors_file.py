"""The file of anchors: where the log ended, noted beside the database."""

from pathlib import Path

from telemetry_bridge.times import format_rfc3339
from telemetry_bridge.whole_file import replace_file
from twin.events.audit import Anchor, anchors_text, read_anchors, thinned
from twin.events.errors import EventFileError

FILE = "events.anchors"


def load_anchors(path: Path) -> tuple[Anchor, ...]:
    """The anchors of a file, none where there is no file. Raises EventFileError, OSError."""
    try:
        return read_anchors(path.read_text("utf-8"), path.name)
    except FileNotFoundError:
        return ()
    except ValueError as error:
        raise EventFileError(f"{path}: {error}; keep the file and see who changed it") from error


def load_all(folder: Path) -> tuple[Anchor, ...]:
    """The anchors of a data folder, those set aside included. Raises as `load_anchors`."""
    return tuple(anchor for path in sorted(folder.glob(f"{FILE}*")) for anchor in load_anchors(path))


def add_anchor(path: Path, anchor: Anchor) -> None:
    """Add the log's newest end; one that another server knew before is no news. Raises as `load_anchors`."""
    known = load_anchors(path)
    if not known or known[-1].seq < anchor.seq:
        kept = thinned((*known, anchor), anchor.time_ms)
        replace_file(path, anchors_text(kept).encode())


def set_aside(path: Path, time_ms: int) -> Path:
    """Keep a file whose anchors do not fit the log under another name: it proves that something is gone."""
    kept = path.with_name(f"{path.name}.{format_rfc3339(time_ms)[:19].replace(':', '')}Z")
    path.rename(kept)
    return kept
