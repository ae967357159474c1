"""Opens an archive that anybody may have made: nothing is believed, nothing written outside of its folder."""

import hashlib
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.errors import RequestError
from twin.events.event import Event, Head, chained, first_fault
from twin.film.described import PastPoint
from twin.film.timeline import Gap
from twin.incidents.columns_file import read_joints, read_samples
from twin.incidents.errors import ArchiveError
from twin.incidents.film_cut import FilmCut
from twin.incidents.manifest import MANIFEST, MANIFEST_BYTES, MOST_PARTS, Manifest, read_manifest
from twin.incidents.model import Incident, Picture, Scope
from twin.incidents.png import checked_png
from twin.incidents.scenes_part import PART, PastScenes, read_scenes

CHUNK = 1 << 20
DIRECTORY_BYTES = 64 << 20
"""Of the zip's list of entries: more than a hundred thousand parts need."""
DEFAULT_MOST_BYTES = 8 << 30
END_RECORD = struct.Struct("<4s4H2LH")  # APPNOTE 4.3.16
ENCRYPTED = 0x1
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
NEEDED = ("incident.json", "events.jsonl", "context.jsonl", "bindings.json", "film/points.json")
FILM_PARTS = ("film/states.parquet", "film/samples.parquet")
MOST_LINE = 4 << 20


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An archive in a folder, checked part by part against its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def model(self) -> Path | None:
        """The model package, where it came along."""
        return self.folder / "model" if self.manifest.model.included else None

    @property
    def venue(self) -> Path | None:
        """The venue folder, where the server that made it had one."""
        folder = self.folder / "venue"
        return folder if (folder / "venue.yaml").is_file() else None


def unpack(file: Path, target: Path, most_bytes: int = DEFAULT_MOST_BYTES) -> Unpacked:
    """Unpack an archive into an empty folder, every part checked.

    Raises:
        ArchiveError: damaged, forged, too large (`most_bytes` unpacked), of another version, or none.
    """
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            manifest = read_manifest(_manifest_bytes(archive))
            entries = _entries(archive, manifest, most_bytes)
            for name, entry in entries.items():
                _extract(archive, entry, target / name, manifest.parts[name].sha256)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error) as error:
        raise ArchiveError(f"{file.name} is no incident archive, or damaged ({_short(error)})") from error
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{file.name} cannot be opened ({_short(error)})") from error
    return Unpacked(target, manifest)


def _check_directory(file: Path) -> None:
    """Refuse a list of entries that would fill the memory, before it is read."""
    with file.open("rb") as source:
        size = source.seek(0, 2)
        source.seek(max(0, size - 65_557))
        tail = source.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < END_RECORD.size:
        raise ArchiveError(f"{file.name} is no incident archive: it is no zip file, or its end is missing")
    if END_RECORD.unpack_from(tail, place)[5] > DIRECTORY_BYTES:
        raise ArchiveError(f"{file.name} lists more parts than an archive has")


def _manifest_bytes(archive: zipfile.ZipFile) -> bytes:
    try:
        entry = archive.getinfo(MANIFEST)
    except KeyError as error:
        raise ArchiveError("this is no incident archive: it has no manifest") from error
    _check_entry(entry)
    with archive.open(entry) as source:
        data = source.read(MANIFEST_BYTES + 1)
    if len(data) > MANIFEST_BYTES:
        raise ArchiveError("the archive's manifest is larger than one can be")
    return data


def _entries(archive: zipfile.ZipFile, manifest: Manifest, most_bytes: int) -> dict[str, zipfile.ZipInfo]:
    """The parts' entries: exactly those that the manifest names, each once."""
    listed = archive.infolist()
    if len(listed) > MOST_PARTS + 1:
        raise ArchiveError(f"the archive has {len(listed)} parts; at most {MOST_PARTS} are read")
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in listed:
        if entry.filename in entries:
            raise ArchiveError(f"the archive has two parts of the name {entry.filename[:100]!r}")
        entries[entry.filename] = entry
    del entries[MANIFEST]
    if stray := sorted(entries.keys() - manifest.parts.keys()):
        raise ArchiveError(f"the archive holds {stray[0][:100]!r}, which its manifest does not name")
    if absent := sorted(manifest.parts.keys() - entries.keys()):
        raise ArchiveError(f"the archive lacks {absent[0][:100]!r}, which its manifest names")
    if lacking := [name for name in (*NEEDED, *FILM_PARTS) if name not in entries]:
        raise ArchiveError(f"the archive lacks {lacking[0]!r}")
    total = sum(part.bytes for part in manifest.parts.values())
    if total > most_bytes:
        raise ArchiveError(
            f"the archive unpacks to {total} bytes; at most {most_bytes} are taken (--most-gb)"
        )
    for name, entry in entries.items():
        _check_entry(entry)
        if entry.file_size != manifest.parts[name].bytes:
            raise ArchiveError(f"the archive's part {name[:100]!r} has another size than its manifest says")
    return entries


def _check_entry(entry: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.is_dir() or kind not in (0, stat.S_IFREG) or entry.flag_bits & ENCRYPTED:
        raise ArchiveError(f"the archive's part {entry.filename[:100]!r} is no plain file")
    if entry.compress_type not in METHODS:
        raise ArchiveError(f"the archive's part {entry.filename[:100]!r} is packed in an unknown way")


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, sha256: str) -> None:
    """Write a part; never more than it says, and only what its hash says."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, left = hashlib.sha256(), entry.file_size
    with archive.open(entry) as source, target.open("xb") as file:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise ArchiveError(f"the archive's part {entry.filename[:100]!r} is longer than it says")
            digest.update(chunk)
            file.write(chunk)
    if left or digest.hexdigest() != sha256:
        raise ArchiveError(f"the archive's part {entry.filename[:100]!r} was changed: its hash is wrong")


# What the parts hold


def events_of(unpacked: Unpacked) -> list[Event]:
    """The events of the incident's time, which follow each other. Raises ArchiveError."""
    note = unpacked.manifest.events
    events = [_event(document) for document in _lines(unpacked.folder / "events.jsonl")]
    head = Head(note.first - 1, "", note.before)
    fault = first_fault(events, head)
    if fault is not None or len(events) != note.count:
        raise ArchiveError(f"the archive's events were changed: {fault or 'some are missing'}")
    return events


def context_of(unpacked: Unpacked) -> list[Event]:
    """Earlier events that those of the incident go back to, each with its own hash. Raises ArchiveError."""
    found = []
    for document in _lines(unpacked.folder / "context.jsonl"):
        before = document.pop("before", None)
        event = _event(document)
        if not isinstance(before, str) or chained(event, before) != event.hash:
            raise ArchiveError(f"the archive's earlier event {event.seq} was changed")
        found.append(event)
    return found


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        while line := file.readline(MOST_LINE + 1):
            if len(line) > MOST_LINE:
                raise ArchiveError(f"the archive's {path.name} has a line longer than any event")
            document = _json(line, path.name)
            if not isinstance(document, dict):
                raise ArchiveError(f"the archive's {path.name} holds something that is no event")
            yield document


def _json(data: bytes, name: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f"the archive's {name} is no JSON") from error


def _event(document: Mapping[str, Any]) -> Event:
    kinds = {"seq": int, "id": str, "time_ms": int, "type": str, "subject": str, "actor": str, "hash": str}
    is_one = (
        document.keys() == {*kinds, "cause", "data"}
        and all(type(document[name]) is kind for name, kind in kinds.items())
        and isinstance(document["cause"], str | None)
        and isinstance(document["data"], dict)
    )
    if not is_one:
        raise ArchiveError("the archive holds something that is no event")
    return Event(**document)


def film_of(unpacked: Unpacked) -> FilmCut:
    """The film. Raises ArchiveError."""
    note, folder = unpacked.manifest.film, unpacked.folder / "film"
    points = tuple(_points(_json((folder / "points.json").read_bytes(), "film/points.json")))
    if note.registered > len(points):
        raise ArchiveError("the archive's film tells of more points than it lists")
    joints = read_joints((folder / "states.parquet").read_bytes(), note.joints_ms, len(points))
    columns = read_samples((folder / "samples.parquet").read_bytes(), len(points))
    if len(columns["row"]) != note.samples:
        raise ArchiveError("the archive's film has another number of samples than its manifest says")
    gaps = tuple(Gap(begin, end) for begin, end in note.gaps_ms)
    return FilmCut(
        note.from_ms, note.to_ms, note.registry, points, note.registered, joints, **columns, gaps=gaps
    )


def _points(document: Any) -> Iterator[PastPoint]:
    try:
        for row, each in enumerate(document):
            states = tuple(each["states"])
            texts = (each["device"], each["point"], each["unit"], *states)
            if each["row"] != row or not all(isinstance(text, str) for text in texts):
                raise ValueError("a row out of order")
            yield PastPoint(each["device"], each["point"], each["unit"], states)
    except (KeyError, TypeError, ValueError) as error:
        raise ArchiveError("the archive's list of points is damaged") from error


def incident_of(unpacked: Unpacked) -> Incident:
    """The report's record. Raises ArchiveError."""
    document = _json((unpacked.folder / "incident.json").read_bytes(), "incident.json")
    try:
        made = {
            "scope": Scope(**document["scope"]),
            "points": tuple(document["points"]),
            "pictures": tuple(Picture(**each) for each in document["pictures"]),
        }
        incident = Incident(**document | made)
    except (KeyError, TypeError) as error:
        raise ArchiveError("the archive's record of the incident is damaged") from error
    note = unpacked.manifest.incident
    if (incident.id, incident.from_ms, incident.to_ms) != (note.id, note.from_ms, note.to_ms):
        raise ArchiveError("the archive's record is of another incident than its manifest")
    return incident


def pictures_of(unpacked: Unpacked, incident: Incident) -> dict[str, bytes]:
    """The pictures by id; one that is no plain PNG is refused. Raises ArchiveError."""
    found = {}
    for picture in incident.pictures:
        name = f"pictures/{picture.id}.png"
        if name not in unpacked.manifest.parts:
            raise ArchiveError(f"the archive lacks {name[:100]!r}")
        try:
            found[picture.id] = checked_png((unpacked.folder / name).read_bytes()).data
        except RequestError as error:
            raise ArchiveError(f"the archive's picture {picture.id[:40]}: {error}") from error
    return found


def bindings_of(unpacked: Unpacked) -> dict[str, str | None]:
    """The element of each device, by guid; null: of none. Raises ArchiveError."""
    document = _json((unpacked.folder / "bindings.json").read_bytes(), "bindings.json")
    if not isinstance(document, dict) or not all(isinstance(each, str | None) for each in document.values()):
        raise ArchiveError("the archive's bindings are damaged")
    return document


def scenes_of(unpacked: Unpacked) -> PastScenes:
    """Which bindings were in force when; none where nobody noted it. Raises ArchiveError."""
    if PART not in unpacked.manifest.parts:
        return PastScenes()
    return read_scenes(_json((unpacked.folder / PART).read_bytes(), PART))


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
