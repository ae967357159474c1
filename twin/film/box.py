"""The file of an export: a zip of stretches of film as the database keeps them, with a manifest of hashes.

| part | what it holds |
| --- | --- |
| `registries/HASH` | a list of points, as `described.encode_registry` writes it |
| `film/NNNNNN` | a stretch: one line of JSON (`Head`), then its strips (`codec`), one after the other |
| `bindings/HASH`, `scenes.json` | which bindings and which model revision were in force (`scene_parts`) |
| `manifest.json` | at the end: format, version, what was asked for, and of every part its size and SHA-256 |

The archive of an incident (`twin.incidents`) holds film in today's point numbers, for people with other
programs; this file gives back what was recorded to the bit, under the lists of points of then. Version 1 had
no scenes.
"""

import hashlib
import json
import math
import os
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twin.errors import DamagedFilmError
from twin.film.codec import decode_segment, encode_segment
from twin.film.described import PastRegistry, decode_registry, encode_registry
from twin.film.errors import FilmFileError
from twin.film.scene_parts import (
    FOLDER,
    HASH,
    SCENES,
    CarriedScenes,
    decode_set,
    decode_stays,
    encode_set,
    encode_stays,
)
from twin.film.segment import Segment
from twin.film.stored import Cut, highest

FORMAT: Final = "twinfilm"
VERSION: Final = 2
READ: Final = (1, 2)
SUFFIX: Final = ".twinfilm"
MANIFEST: Final = "manifest.json"
MOST_PARTS: Final = 200_000
MOST_BYTES: Final = 1 << 28  # of a part: more than any segment has
MOST_HEAD: Final = 1 << 20
MANIFEST_BYTES: Final = 64 << 20
THE_TIME: Final = (1980, 1, 1, 0, 0, 0)  # zip's earliest; the manifest tells when it was made
END_RECORD: Final = struct.Struct("<4s4H2LH")  # APPNOTE 4.3.16
PART_NAME: Final = re.compile(rf"film/\d{{6}}|registries/[0-9a-f]{{12}}|{FOLDER}{HASH}|{re.escape(SCENES)}")
KEY: Final = re.compile(r"[0-9a-f]{12}")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Part(_Strict):
    """A part of the file."""

    bytes: int = Field(ge=0, le=MOST_BYTES)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(_Strict):
    """What the file says of itself; ms since 1970 UTC. `to_ms` is not included."""

    format: str
    version: int
    made: str
    made_by: str
    from_ms: float
    to_ms: float
    devices: list[str]
    points: list[str]
    classes: list[str]
    samples: int = Field(ge=0)
    stretches: int = Field(ge=0)
    scenes: int = Field(default=0, ge=0)
    parts: dict[str, Part] = Field(max_length=MOST_PARTS)


class Head(_Strict):
    """The first line of a stretch: its time, whose its numbers are, and each strip's number and size."""

    from_ms: float
    to_ms: float
    registry: str = Field(pattern=r"^[0-9a-f]{12}$")
    afterwards: bool
    samples: int = Field(ge=0)
    strips: list[tuple[int, int]] = Field(max_length=1 << 24)


# Writing


class BoxWriter:
    """Writes parts, each as it comes; `close` writes the manifest."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.parts: dict[str, Part] = {}
        self.samples = self.stretches = self.scenes = 0
        self.first_ms, self.last_ms = math.inf, -math.inf

    def add_registry(self, registry: PastRegistry) -> None:
        """Add a list of points, once."""
        name = f"registries/{registry.hash}"
        if name not in self.parts:
            self._add(name, encode_registry(registry))

    def add(self, cut: Cut) -> None:
        """Add a stretch."""
        self.add_registry(cut.registry)
        strips = encode_segment(cut.segment)
        head = Head(
            from_ms=cut.from_ms,
            to_ms=cut.to_ms,
            registry=cut.registry.hash,
            afterwards=cut.afterwards,
            samples=len(cut.segment),
            strips=[(number, len(data)) for number, data in strips.items()],
        )
        line = json.dumps(head.model_dump(), allow_nan=False).encode() + b"\n"
        self.stretches += 1
        self._add(f"film/{self.stretches:06d}", b"".join((line, *strips.values())))
        self.samples += len(cut.segment)
        self.first_ms, self.last_ms = min(self.first_ms, cut.from_ms), max(self.last_ms, cut.to_ms)

    def add_scenes(self, found: CarriedScenes) -> None:
        """Add what was in force; nothing where nobody noted it."""
        for each in found.sets:
            self._add(f"{FOLDER}{each.hash}", encode_set(each))
        if found.stays:
            self._add(SCENES, encode_stays(found.stays))
        self.scenes = len(found.stays)

    def close(self, facts: Mapping[str, object]) -> Manifest:
        """Write the manifest: `facts` are its fields that the parts do not tell."""
        manifest = Manifest.model_validate(
            {
                "format": FORMAT,
                "version": VERSION,
                "from_ms": self.first_ms,
                "to_ms": self.last_ms,
                "samples": self.samples,
                "stretches": self.stretches,
                "scenes": self.scenes,
                "parts": self.parts,
                **facts,
            }
        )
        text = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=1, allow_nan=False)
        self._archive.writestr(_entry(MANIFEST, zipfile.ZIP_DEFLATED), text.encode())
        return manifest

    def _add(self, name: str, data: bytes) -> None:
        self._archive.writestr(_entry(name, zipfile.ZIP_STORED), data)  # its columns are packed already
        self.parts[name] = Part(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def _entry(name: str, method: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, THE_TIME)
    entry.compress_type = method
    entry.external_attr = 0o644 << 16
    return entry


@contextmanager
def writing_file(target: Path) -> Iterator[Path]:
    """A file beside the target that takes its place at the end, safe on disk, or not at all."""
    handle, name = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name}.")
    os.close(handle)
    new = Path(name)
    try:
        new.chmod(0o644)
        yield new
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(target)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


# Reading


class BoxReader:
    """Reads an export that anybody may have made; `check` first."""

    def __init__(self, file: Path, archive: zipfile.ZipFile) -> None:
        """Read the manifest. FilmFileError: it is no export, or of another version."""
        self._name, self._archive = file.name, archive
        self.manifest = self._manifest()
        self._registries: dict[str, PastRegistry] = {}

    def _manifest(self) -> Manifest:
        data = self._read(MANIFEST, MANIFEST_BYTES)
        try:
            document = json.loads(data)
            head = (
                (document.get("format"), document.get("version")) if isinstance(document, dict) else ("", 0)
            )
        except (ValueError, RecursionError) as error:
            raise self._fault("its manifest is no JSON") from error
        if head[0] != FORMAT:
            raise FilmFileError(f"{self._name} is no export of film: its manifest is of something else")
        if head[1] not in READ:
            raise FilmFileError(
                f"{self._name} is of version {str(head[1])[:20]}; this program reads up to {VERSION}"
            )
        try:
            manifest = Manifest.model_validate_json(data)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))[:100]
            raise self._fault(f"its manifest: {where}: {first['msg'][:100]}") from error
        self._check_names(manifest)
        return manifest

    def _check_names(self, manifest: Manifest) -> None:
        names = [entry.filename for entry in self._archive.infolist()]
        if len(set(names)) != len(names) or {*manifest.parts, MANIFEST} != set(names):
            raise self._fault("it has other parts than its manifest names")
        stretches = [name for name in manifest.parts if name.startswith("film/")]
        wrong = [name for name in manifest.parts if PART_NAME.fullmatch(name) is None]
        if wrong or stretches != [f"film/{number + 1:06d}" for number in range(manifest.stretches)]:
            raise self._fault("its parts have other names than an export's")

    def check(self) -> None:
        """Read every part. FilmFileError: one was changed, is missing, or holds what no film can."""
        before: Head | None = None
        for name in self.manifest.parts:
            data = self._part(name)
            if name.startswith("film/"):
                head, _ = self._head(name, data)
                if before is not None and head.from_ms < before.to_ms:
                    raise self._fault(f"{name} is not in order of time")
                before = head
        self.scenes()

    def scenes(self) -> CarriedScenes:
        """What was in force. FilmFileError: it contradicts itself, or bindings are missing or damaged."""
        there = self.manifest.parts
        try:
            found = decode_stays(self._part(SCENES)) if SCENES in there else ()
            keys = [name.removeprefix(FOLDER) for name in there if name.startswith(FOLDER)]
            sets = tuple(decode_set(key, self._part(f"{FOLDER}{key}")) for key in keys)
        except ValueError as error:
            raise self._fault(str(error)) from error
        both = CarriedScenes(found, sets)
        fault = both.fault() if len(found) == self.manifest.scenes else "it has other scenes than it says"
        if fault is not None:
            raise self._fault(fault)
        return both

    def cuts(self) -> Iterator[Cut]:
        """The stretches, in order. FilmFileError."""
        for number in range(self.manifest.stretches):
            name = f"film/{number + 1:06d}"
            head, strips = self._head(name, self._part(name))
            try:
                segment = decode_segment(strips)
            except DamagedFilmError as error:
                raise self._fault(f"{name} cannot be read ({error})") from error
            yield self._cut(name, head, segment)

    def _cut(self, name: str, head: Head, segment: Segment) -> Cut:
        registry = self.registry(head.registry)
        if math.isinf(segment.start_ms):
            segment = Segment(head.from_ms, segment.keyframe, segment.samples)
        is_one = segment.start_ms == head.from_ms and len(segment) == head.samples
        if not is_one or (segment.samples.time_ms >= head.to_ms).any() or highest(segment) >= len(registry):
            raise self._fault(f"{name} is not what its first line says")
        return Cut(head.from_ms, head.to_ms, registry, segment, head.afterwards)

    def registry(self, key: str) -> PastRegistry:
        """A list of points. FilmFileError."""
        if key not in self._registries:
            name = f"registries/{key}"
            if name not in self.manifest.parts:
                raise self._fault(f"it lacks the list of points {key}")
            try:
                self._registries[key] = decode_registry(key, self._part(name))
            except DamagedFilmError as error:
                raise self._fault(str(error)) from error
        return self._registries[key]

    def registries(self) -> list[PastRegistry]:
        """All of them."""
        prefix = "registries/"
        return [
            self.registry(name.removeprefix(prefix))
            for name in self.manifest.parts
            if name.startswith(prefix)
        ]

    def _head(self, name: str, data: bytes) -> tuple[Head, dict[int, bytes]]:
        line, _, rest = data.partition(b"\n")
        try:
            head = Head.model_validate_json(line[:MOST_HEAD])
        except ValidationError as error:
            raise self._fault(f"{name} has no first line of a stretch") from error
        in_time = head.from_ms < head.to_ms and math.isfinite(head.from_ms) and math.isfinite(head.to_ms)
        if not in_time or sum(size for _, size in head.strips) != len(rest) or _falls(head.strips):
            raise self._fault(f"{name} is not what its first line says")
        strips, at = {}, 0
        for number, size in head.strips:
            strips[number], at = rest[at : at + size], at + size
        return head, strips

    def _part(self, name: str) -> bytes:
        part = self.manifest.parts[name]
        data = self._read(name, part.bytes)
        if len(data) != part.bytes or hashlib.sha256(data).hexdigest() != part.sha256:
            raise self._fault(f"{name} was changed: its hash is wrong")
        return data

    def _read(self, name: str, most: int) -> bytes:
        try:
            entry = self._archive.getinfo(name)
            if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise self._fault(f"{name} is packed in an unknown way")
            with self._archive.open(entry) as source:
                data = source.read(most + 1)
        except KeyError as error:
            raise FilmFileError(f"{self._name} is no export of film: it has no {name}") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise self._fault(f"{name} cannot be read ({' '.join(str(error).split())[:100]})") from error
        if len(data) > most:
            raise self._fault(f"{name} is longer than it says")
        return data

    def _fault(self, what: str) -> FilmFileError:
        return FilmFileError(f"{self._name} is damaged: {what}")


def _falls(strips: list[tuple[int, int]]) -> bool:
    numbers_fall = any(one[0] >= other[0] for one, other in pairwise(strips))
    return numbers_fall or any(number < 0 or size <= 0 for number, size in strips)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for, for the manifest."""

    devices: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


@contextmanager
def opened_box(file: Path) -> Iterator[BoxReader]:
    """An export, to be read. FilmFileError: it is none; OSError."""
    _check_end(file)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise FilmFileError(f"{file.name} is no export of film, or its end is missing") from error
    with archive:
        yield BoxReader(file, archive)


def _check_end(file: Path) -> None:
    """Refuse a file that was cut off, and a list of parts that would fill the memory, before it is read."""
    with file.open("rb") as source:
        size = source.seek(0, os.SEEK_END)
        source.seek(max(0, size - 65_557))
        tail = source.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < END_RECORD.size:
        raise FilmFileError(f"{file.name} is no export of film, or its end is missing")
    listed = END_RECORD.unpack_from(tail, place)[5]
    if listed > 256 * MOST_PARTS and listed != 0xFFFFFFFF:
        raise FilmFileError(f"{file.name} lists more parts than an export has")
