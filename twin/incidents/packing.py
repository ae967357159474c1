"""Writes an archive: parts in, one zip file out, whole or not at all."""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from twin.events.event import Event
from twin.film.described import PastPoint
from twin.incidents.film_cut import FilmCut
from twin.incidents.manifest import MANIFEST, EventsNote, FilmNote, Manifest, Part, written

PACKED = frozenset({".png", ".pdf", ".gz", ".br", ".parquet", ".mp4"})
"""Packed already: once more would cost time and save nothing."""
THE_TIME = (1980, 1, 1, 0, 0, 0)  # zip's earliest; the manifest tells when it was made
CHUNK = 1 << 20
ADAPTERS = "adapters.yaml"
VENUE_FILES = (
    "venue.yaml",
    "device_types.yaml",
    "devices.csv",
    "bindings.yaml",
    "interlocks.yaml",
    "layers.yaml",
    "cameras.yaml",
    "pois.yaml",
    "rules.yaml",
    "accessible_routes.yaml",
    "bookables.yaml",
    "energy.yaml",
    "programme.yaml",
)
"""What is needed to show the venue. `adapters.yaml` holds addresses and passwords: it stays at home."""
LEFT_AT_HOME = frozenset({"rebuild.cache"})


@dataclass(slots=True)
class Parts:
    """The parts of an archive, small ones as bytes, those of the model as files."""

    contents: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)

    def add_json(self, name: str, document: Any) -> None:
        """Add a document."""
        text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        self.contents[name] = text.encode()

    def add_folder(self, prefix: str, folder: Path, names: Iterable[Path]) -> None:
        """Add files of a folder."""
        for path in names:
            self.files[f"{prefix}/{path.relative_to(folder).as_posix()}"] = path

    def described(self) -> dict[str, Part]:
        """Every part with its size and hash; reads the files. Raises OSError."""
        known = {name: _part(data) for name, data in self.contents.items()}
        return dict(sorted((known | {name: _file_part(path) for name, path in self.files.items()}).items()))


def venue_files(folder: Path) -> list[Path]:
    """The files of a venue folder that an archive takes along."""
    return [folder / name for name in VENUE_FILES if (folder / name).is_file()]


def model_files(folder: Path) -> list[Path]:
    """The files of a model package that an archive takes along."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in LEFT_AT_HOME)


def event_lines(events: Sequence[Event]) -> bytes:
    """Events as JSON, one a line, with everything that their hashes cover."""
    return "".join(_line(asdict(event)) for event in events).encode()


def single_lines(events: Sequence[tuple[Event, str]]) -> bytes:
    """Events that do not follow each other: each with the hash of the one before it."""
    return "".join(_line(asdict(event) | {"before": before}) for event, before in events).encode()


def _line(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, allow_nan=False) + "\n"


def points_document(points: Sequence[PastPoint]) -> list[dict[str, Any]]:
    """The points of a cut film, by row."""
    return [
        {
            "row": row,
            "device": each.device,
            "point": each.name,
            "unit": each.unit,
            "states": list(each.states),
        }
        for row, each in enumerate(points)
    ]


def film_note(cut: FilmCut) -> FilmNote:
    """What the manifest says of a film."""
    return FilmNote(
        from_ms=cut.from_ms,
        to_ms=cut.to_ms,
        registry=cut.registry,
        registered=cut.registered,
        joints_ms=[joint.at_ms for joint in cut.joints],
        gaps_ms=[(gap.from_ms, gap.to_ms) for gap in cut.gaps],
        samples=len(cut),
    )


def events_note(events: Sequence[Event], before: str) -> EventsNote:
    """What the manifest says of events that follow each other."""
    return EventsNote(count=len(events), first=events[0].seq if events else 0, before=before)


def pack(target: Path, manifest: Manifest, parts: Parts) -> None:
    """Write the archive; where it fails nothing is left. Raises OSError."""
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            _add(archive, MANIFEST, written(manifest))
            for name in manifest.parts:
                data = parts.contents.get(name)
                if data is not None:
                    _add(archive, name, data)
                else:
                    _add_file(archive, name, parts.files[name])
    except BaseException:
        with suppress(OSError):
            target.unlink()
        raise


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, THE_TIME)
    entry.compress_type = zipfile.ZIP_STORED if Path(name).suffix in PACKED else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(_entry(name), data)


def _add_file(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    entry = _entry(name)
    entry.file_size = path.stat().st_size
    with path.open("rb") as source, archive.open(entry, "w") as target:
        while chunk := source.read(CHUNK):
            target.write(chunk)


def _part(data: bytes) -> Part:
    return Part(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def _file_part(path: Path) -> Part:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Part(bytes=size, sha256=digest.hexdigest())
