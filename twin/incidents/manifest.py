"""What stands in an archive's `manifest.json`: its parts with their hashes, and what it is. Pure."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twin.incidents.errors import ArchiveError

FORMAT = "twinincident"
VERSION = 1
SUFFIX = ".twinincident"
MANIFEST = "manifest.json"
MANIFEST_BYTES = 16 << 20
MOST_PARTS = 100_000
SEGMENT = re.compile(r"[\w.\- ()（）+@,~#&=%\[\]]{1,200}", re.UNICODE)
DEVICE_NAMES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Part(_Strict):
    """A file of the archive."""

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ModelNote(_Strict):
    """The model package that the points' elements are of; not `included`: whoever opens it needs it."""

    name: str
    revision: str
    included: bool
    source_file: str
    source_sha256: str
    pipeline: str


class IncidentNote(_Strict):
    """What it is about; ms since 1970 UTC."""

    id: str = Field(pattern=r"^[0-9A-Z]{26}$")
    number: int
    title: str
    from_ms: int
    to_ms: int
    at_ms: int


class EventsNote(_Strict):
    """`count` events in a row from seq `first` on; `before` is the hash of the event before the first."""

    count: int = Field(ge=0)
    first: int
    before: str = Field(pattern=r"^[0-9a-f]{64}$")


class FilmNote(_Strict):
    """The film's time, its joints and gaps (`to` null: to the end), ms since 1970 UTC; and its samples."""

    from_ms: float
    to_ms: float
    registry: str
    registered: int = Field(ge=0)
    joints_ms: list[float] = Field(min_length=1, max_length=100_000)
    gaps_ms: list[tuple[float, float | None]] = Field(max_length=100_000)
    samples: int = Field(ge=0)


class SceneNote(_Strict):
    """Which model revision and which bindings (by their hash) were in force at `at_ms`, and since when."""

    since_ms: float
    revision: str
    bindings: str


class Manifest(_Strict):
    """The whole manifest."""

    format: str
    version: int
    made: str
    made_by: str
    server: str
    venue: str
    timezone: str
    incident: IncidentNote
    model: ModelNote
    events: EventsNote
    film: FilmNote
    scene: SceneNote | None = None
    """Null: nobody noted it; the bindings are those of when the archive was made."""
    report: str | None = None
    """Why there is no `report.pdf`; null: there is."""
    parts: dict[str, Part]


@dataclass(frozen=True, slots=True)
class Head:
    """What an archive of any version says first."""

    format: object
    version: object


def read_manifest(data: bytes) -> Manifest:
    """Read and check a manifest.

    Raises:
        ArchiveError: it is none, of another version, or names parts outside the archive.
    """
    try:
        document: Any = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ArchiveError("this is no incident archive: its manifest is no JSON") from error
    head = Head(document.get("format"), document.get("version")) if isinstance(document, dict) else Head(0, 0)
    if head.format != FORMAT:
        raise ArchiveError("this is no incident archive: its manifest is of something else")
    if head.version != VERSION:
        raise ArchiveError(
            f"this archive is of version {str(head.version)[:20]}; this program reads version {VERSION}: "
            "open it with the one that made it, or a newer one"
        )
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ArchiveError(
            f"the archive's manifest is damaged: {where[:100]}: {first['msg'][:100]}"
        ) from error
    _check(manifest)
    return manifest


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _check(manifest: Manifest) -> None:
    if len(manifest.parts) > MOST_PARTS:
        raise ArchiveError(f"the archive names {len(manifest.parts)} parts; at most {MOST_PARTS} are read")
    for name in manifest.parts:
        if not is_safe(name):
            raise ArchiveError(f"the archive names a part that would lie outside of it: {name[:100]!r}")
    film, incident = manifest.film, manifest.incident
    joints = film.joints_ms
    numbers = (film.from_ms, film.to_ms, *joints)
    in_order = all(one < other for one, other in pairwise(joints))
    if not all(map(math.isfinite, numbers)) or not in_order or joints[0] != film.from_ms:
        raise ArchiveError("the archive's manifest is damaged: the times of its film make no sense")
    if not (film.from_ms <= film.to_ms and incident.from_ms < incident.to_ms):
        raise ArchiveError("the archive's manifest is damaged: its time ends before it begins")


def is_safe(name: str) -> bool:
    """Whether a name is a relative path that stays below wherever it is put, on any system."""
    segments = name.split("/")
    return len(segments) <= 8 and all(
        SEGMENT.fullmatch(each) is not None
        and not each.startswith((" ", "~"))
        and not each.endswith((".", " "))
        and DEVICE_NAMES.fullmatch(each) is None
        for each in segments
    )


def written(manifest: Manifest) -> bytes:
    """The manifest as a file."""
    document: Mapping[str, Any] = manifest.model_dump(mode="json")
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()
