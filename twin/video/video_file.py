"""`video.yaml`: which cameras are recorded, from where, and for how long. No I/O but `load`.

Every fault names file and line. Secrets stand in the environment: `${NAME}` in a URL is replaced by the
variable's value; a password written out in the file is a fault.
"""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from telemetry_bridge.errors import Fault, RegistryError
from telemetry_bridge.yaml_lines import line_of, load_yaml
from twin.errors import VenueError

FILE = "video.yaml"
SCHEMES = ("rtsp", "rtsps", "http", "https")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PASSWORD = re.compile(r"(//[^/@:\s]*):([^/\s]*)@")

Transport = Literal["tcp", "udp"]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class CameraEntry(_Shape):
    """One camera as written."""

    url: str | None = Field(default=None, min_length=1, max_length=2000)
    transport: Transport = "tcp"
    simulated: bool = False
    enabled: bool = True

    @model_validator(mode="after")
    def _one_source(self) -> "CameraEntry":
        if (self.url is None) == (not self.simulated):
            raise ValueError("give either url or simulated: true")
        return self


class _File(_Shape):
    folder: str | None = Field(default=None, min_length=1)
    keep_days: float = Field(default=14.0, gt=0, le=36_500)
    most_gb: float | None = Field(default=None, gt=0)
    least_free_gb: float = Field(default=2.0, ge=0)
    segment_s: float = Field(default=60.0, ge=2, le=600)
    cameras: dict[str, CameraEntry] = {}


@dataclass(frozen=True, slots=True)
class CameraSource:
    """Where a camera's pictures come from; `url` still has its `${NAME}`s. `line` is that of the file."""

    camera: str
    url: str | None
    transport: Transport
    simulated: bool
    enabled: bool
    line: int


@dataclass(frozen=True, slots=True)
class VideoFile:
    """What the file says; `folder` None: beside the rest of the data."""

    folder: str | None = None
    keep_days: float = 14.0
    most_gb: float | None = None
    least_free_gb: float = 2.0
    segment_s: float = 60.0
    cameras: Mapping[str, CameraSource] = field(default_factory=dict)


def load_video_file(folder: Path | None, devices: Collection[str]) -> VideoFile | None:
    """The file of a venue folder; None: there is none.

    Raises VenueError with every fault, each with its line.
    """
    path = None if folder is None else folder / FILE
    if path is None or not path.is_file():
        return None
    try:
        return parse_video_file(path.read_text(encoding="utf-8"), devices)
    except RegistryError as error:
        raise VenueError(str(folder), [str(fault) for fault in error.faults]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise VenueError(str(folder), [f"{FILE}: cannot be read: {error}"]) from error


def parse_video_file(text: str, devices: Collection[str]) -> VideoFile:
    """Read the text of a file; `devices` are the ids that the venue knows. Raises RegistryError."""
    value, lines = load_yaml(text, FILE)
    try:
        found = _File.model_validate({} if value is None else value)
    except ValidationError as error:
        raise RegistryError([_fault(each, lines) for each in error.errors(include_url=False)]) from error
    sources = {
        camera: CameraSource(
            camera,
            entry.url,
            entry.transport,
            entry.simulated,
            entry.enabled,
            line_of(("cameras", camera), lines),
        )
        for camera, entry in found.cameras.items()
    }
    faults = [
        Fault(f"{FILE}:{source.line}", message)
        for source in sources.values()
        for message in _faults(source, devices)
    ]
    if faults:
        raise RegistryError(faults)
    return VideoFile(
        found.folder, found.keep_days, found.most_gb, found.least_free_gb, found.segment_s, sources
    )


def _fault(error: Any, lines: Mapping[Any, int]) -> Fault:
    loc = tuple(error["loc"])
    where = ".".join(str(part) for part in loc)
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "no such setting; is it misspelt?"
    return Fault(f"{FILE}:{line_of(loc, lines)}", f"{where}: {message}" if where else message)


def _faults(source: CameraSource, devices: Collection[str]) -> Iterator[str]:
    if source.camera not in devices:
        near = difflib.get_close_matches(source.camera, devices, 1)
        hint = f"; do you mean {near[0]}?" if near else "; see devices.csv"
        yield f"the venue has no device {source.camera}{hint}"
    if source.url is None:
        return
    try:
        parts = urlsplit(source.url)
        password = parts.password
    except ValueError as error:
        yield f"url: {error}"
        return
    if password and not _VARIABLE.fullmatch(password):
        yield "url: no password in the file; write ${NAME}, and set the variable NAME where the server runs"
    if parts.scheme and len(parts.scheme) > 1 and parts.scheme not in SCHEMES:
        yield f"url: {parts.scheme} is none of {', '.join(SCHEMES)}, and no file's path"


def variables(url: str) -> list[str]:
    """The variables that a URL names."""
    return _VARIABLE.findall(url)


def resolved(url: str, environment: Mapping[str, str]) -> tuple[str | None, list[str]]:
    """A URL with its variables' values, and the variables that are not set; the URL is None then.

    What stands for a user or a password is written as a URL wants it (RFC 3986, 2.1).
    """
    missing = [name for name in variables(url) if not environment.get(name)]
    if missing:
        return None, missing
    return _VARIABLE.sub(lambda found: quote(environment[found[1]], safe="-._~"), url), []


def is_file_source(url: str) -> bool:
    """Whether a source is a file's path, as tests use it."""
    return "://" not in url


def without_secrets(text: str) -> str:
    """A text in which no URL has a password or a query, for logs and people."""
    hidden = _PASSWORD.sub(r"\1:***@", text)
    return re.sub(r"(://[^\s?'\"]+)\?[^\s'\"]+", r"\1?***", hidden)
