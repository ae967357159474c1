"""The venue folder: what a venue's staff keeps beside the model, read and checked as a whole.

Its files are described in docs/architecture.md. Each is optional but ``venue.yaml``; every fault in every
file is collected and named by file before anything is refused. ``device_types.yaml`` and ``devices.csv`` are
read by `telemetry_bridge.registry`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from twin.errors import VenueError

T = TypeVar("T")

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MINUTES_A_DAY = 1440


class VenueModel(BaseModel):
    """Base of what the venue's files hold: frozen, and strict about names, so that a slip is found."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Name(VenueModel):
    """What people call a thing, in both languages; one of them may be empty."""

    zh: str = ""
    en: str = ""


def _named(value: object) -> object:
    """A bare text is the name in both languages."""
    return {"zh": value, "en": value} if isinstance(value, str) else value


def _listed(value: object) -> object:
    """One thing is a list of one."""
    return [value] if isinstance(value, str) else value


LooseName = Annotated[Name, BeforeValidator(_named)]


def _time_of_day(value: object) -> object:
    """YAML 1.1 reads an unquoted ``08:00`` as sixty-based number 480: turn it back into text."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MINUTES_A_DAY:
        return f"{value // 60:02d}:{value % 60:02d}"
    return value


TimeOfDay = Annotated[
    str,
    BeforeValidator(_time_of_day),
    Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", examples=["08:00"]),
]


class Location(VenueModel):
    """WGS 84, degrees."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class VenueInfo(VenueModel):
    """``venue.yaml``."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    """Part of the MQTT topics."""
    name: LooseName
    timezone: str = "UTC"
    location: Location | None = None
    opening_hours: dict[Day, list[tuple[TimeOfDay, TimeOfDay]]] = {}
    operator: LooseName | None = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone '{zone}'; write one such as Asia/Shanghai") from error
        return zone


class Ramp(VenueModel):
    """A continuous colour scale; colours are ``#rrggbb``."""

    stops: list[tuple[float, str]] = Field(min_length=2)
    unit: str = ""

    @field_validator("stops")
    @classmethod
    def _ascending(cls, stops: list[tuple[float, str]]) -> list[tuple[float, str]]:
        if any(right[0] <= left[0] for left, right in pairwise(stops)):
            raise ValueError("the stops' values must go up")
        return stops


class LayerRule(VenueModel):
    """Which points a layer paints, on what, in which colours."""

    point_class: Annotated[list[str], BeforeValidator(_listed)]
    paint: Literal["element", "space"] = "element"
    ramp: Ramp | None = None
    states: dict[str, str] | None = None
    label: LooseName | None = None

    @field_validator("states", mode="before")
    @classmethod
    def _keys_as_text(cls, states: object) -> object:
        """YAML reads the keys ``on``, ``off`` and ``1`` as a boolean and a number."""
        return (
            {_state_key(key): colour for key, colour in states.items()}
            if isinstance(states, dict)
            else states
        )


class Layer(VenueModel):
    """One way to colour the scene."""

    id: str
    name: LooseName
    default: bool = False
    rules: list[LayerRule] = []


class CameraPose(VenueModel):
    """Where a camera hangs and looks: metres and degrees, local frame, yaw 0 = +x, counter-clockwise."""

    position: tuple[float, float, float]
    yaw_deg: float
    pitch_deg: float = 0.0
    fov_deg: float = Field(default=90.0, gt=0, le=360)
    range_m: float = Field(default=15.0, gt=0)


class PointOfInterest(VenueModel):
    """A place that people look for, in a space (by its IFC Name) or at a position (metres, local frame)."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    id: str
    name: LooseName
    kind: str
    space: str | None = None
    position: tuple[float, float, float] | None = None


class Booking(VenueModel):
    """One line of the weekly programme that the simulator plays."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    space: str
    days: list[Day]
    start: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    people: int = Field(ge=0)
    title: LooseName = Name()


def _state_key(key: object) -> str:
    if isinstance(key, bool):
        return "on" if key else "off"
    return str(key)


@dataclass(frozen=True, slots=True)
class Venue:
    """A venue's own data; all but `info` is empty where there is no venue folder."""

    info: VenueInfo
    folder: Path | None = None
    layers: tuple[Layer, ...] = ()
    cameras: Mapping[str, CameraPose] = field(default_factory=dict)
    pois: tuple[PointOfInterest, ...] = ()
    programme: tuple[Booking, ...] = ()
    accessible_routes: Any = None
    """``accessible_routes.yaml`` as it stands; nothing here interprets it yet."""

    @property
    def zone(self) -> ZoneInfo:
        """The venue's time zone."""
        return ZoneInfo(self.info.timezone)


def plain_venue(model_name: str, location: Location | None = None) -> Venue:
    """The venue of a model that has no venue folder: the model's name, UTC, nothing else."""
    slug = re.sub(r"[^a-z0-9]+", "-", model_name.lower()).strip("-") or "venue"
    info = VenueInfo(id=slug, name=Name(zh=model_name, en=model_name), timezone="UTC", location=location)
    return Venue(info)


def load_venue(folder: Path) -> Venue:
    """Read a venue folder whole.

    Raises VenueError with every fault of every file, each beginning with the file's name.
    """
    if not folder.is_dir():
        raise VenueError(str(folder), ["there is no such folder; give the one that holds venue.yaml"])
    faults: list[str] = []
    info = _read(folder, "venue", VenueInfo, None, faults)
    layers = _read(folder, "layers", list[Layer], [], faults)
    cameras = _read(folder, "cameras", dict[str, CameraPose], {}, faults)
    pois = _read(folder, "pois", list[PointOfInterest], [], faults)
    programme = _read(folder, "programme", list[Booking], [], faults)
    routes = _read(folder, "accessible_routes", Any, None, faults)
    faults += _repeated("layers.yaml", [layer.id for layer in layers or []])
    faults += _repeated("pois.yaml", [poi.id for poi in pois or []])
    if faults or info is None:
        raise VenueError(str(folder), faults)
    return Venue(
        info=info,
        folder=folder,
        layers=tuple(layers or ()),
        cameras=cameras or {},
        pois=tuple(pois or ()),
        programme=tuple(programme or ()),
        accessible_routes=routes,
    )


def _read(folder: Path, stem: str, shape: Any, absent: Any, faults: list[str]) -> Any:
    """One file, checked; `absent` where there is no such file or it is faulty (the faults are appended)."""
    path = folder / f"{stem}.yaml"
    if not path.is_file():
        if stem == "venue":
            faults.append("venue.yaml: missing; it holds id, name and timezone")
        return absent
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(shape).validate_python(_unwrapped(content, stem))
    except yaml.YAMLError as error:
        faults.append(f"{path.name}: not YAML: {_one_line(error)}")
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path.name}: cannot be read: {_one_line(error)}")
    except ValidationError as error:
        faults.extend(_validation_faults(path.name, error))
    return absent


def _unwrapped(content: Any, stem: str) -> Any:
    """The list below ``layers:`` in layers.yaml, or the list itself where it stands at the top."""
    if isinstance(content, dict) and list(content) == [stem]:
        return content[stem]
    return content


def _validation_faults(file: str, error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        yield f"{file}: {where}: {message}" if where else f"{file}: {message}"


def _repeated(file: str, ids: list[str]) -> list[str]:
    twice = sorted({name for name in ids if ids.count(name) > 1})
    return [f"{file}: the id '{name}' is used more than once" for name in twice]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
