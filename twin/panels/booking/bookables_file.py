"""`bookables.yaml` of the venue folder, read and checked as a whole."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, Field, ValidationError

from twin.accounts.roles import Role, role_of
from twin.errors import VenueError
from twin.panels.booking.model import Bookable, Kind, LightRule, Names, Rules, Spans
from twin.venue import DAYS, Day, LooseName, Name, TimeOfDay, Venue, VenueModel

FILE = "bookables.yaml"
EVERY_DAY: Spans = (("08:00", "22:00"),)
MINUTES_A_TICK = 15


def _role(text: str) -> str:
    role_of(text)
    return text


RoleKey = Annotated[str, AfterValidator(_role)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
SlotMinutes = Annotated[int, Field(ge=MINUTES_A_TICK, le=1440, multiple_of=MINUTES_A_TICK)]


class RulesIn(VenueModel):
    """Who may book when; what is left out is as for the whole venue."""

    min_role: RoleKey | None = None
    days_ahead: int | None = Field(default=None, ge=0, le=365)
    per_day: int | None = Field(default=None, ge=1)
    cancel_until_min: int | None = Field(default=None, ge=0)
    check_in_from_min: int | None = Field(default=None, ge=0, le=1440)
    hold_min: int | None = Field(default=None, ge=1)

    def over(self, below: Rules) -> Rules:
        """These rules, with the ones below where nothing is said."""
        said = {key: value for key, value in self.model_dump().items() if value is not None}
        if "min_role" in said:
            said["min_role"] = role_of(said["min_role"])
        return replace(below, **said)


class KindIn(VenueModel):
    """A sport or a use, and what holds for all of it."""

    name: LooseName
    slot_min: SlotMinutes = 60
    capacity: int = Field(default=4, ge=1)
    price: float = Field(default=0.0, ge=0)
    lights: LightRule = "area"
    rules: RulesIn = RulesIn()


class BookableIn(VenueModel):
    """A hall, a court or a room."""

    id: Id
    kind: str
    name: LooseName
    space: str
    parts: list[Id] | None = Field(default=None, min_length=1)
    element: str | None = None
    area: tuple[float, float, float, float] | None = None
    slot_min: SlotMinutes | None = None
    capacity: int | None = Field(default=None, ge=1)
    price: float | None = Field(default=None, ge=0)
    lights: LightRule | None = None
    hours: dict[Day, list[tuple[TimeOfDay, TimeOfDay]]] | None = None
    rules: RulesIn = RulesIn()


class BookablesIn(VenueModel):
    """The whole file."""

    rules: RulesIn = RulesIn()
    kinds: dict[Id, KindIn]
    bookables: list[BookableIn]


def load_bookables(venue: Venue) -> tuple[Bookable, ...]:
    """What can be booked at a venue; nothing where its folder has no such file.

    Raises VenueError with every fault.
    """
    path = None if venue.folder is None else venue.folder / FILE
    if path is None or not path.is_file():
        return ()
    read = _read(path)
    faults = list(_faults(read))
    if faults:
        raise VenueError(str(path.parent), faults)
    opening = _week(venue.info.opening_hours) if venue.info.opening_hours else (EVERY_DAY,) * len(DAYS)
    return tuple(_bookable(entry, read, opening) for entry in read.bookables)


def _read(path: Path) -> BookablesIn:
    try:
        return BookablesIn.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        fault = f"{FILE}: not YAML: {' '.join(str(error).split())}"
    except (OSError, UnicodeDecodeError) as error:
        fault = f"{FILE}: cannot be read: {error}"
    except ValidationError as error:
        raise VenueError(str(path.parent), [_shown(item) for item in error.errors()]) from error
    raise VenueError(str(path.parent), [fault])


def _shown(item: Mapping[str, object]) -> str:
    where = item["loc"]
    place = ".".join(str(part) for part in where) if isinstance(where, tuple) else ""
    return f"{FILE}: {place}: {str(item['msg']).removeprefix('Value error, ')}"


def _faults(read: BookablesIn) -> Iterator[str]:
    seen: set[str] = set()
    for entry in read.bookables:
        if entry.id in seen:
            yield f"{FILE}: the id '{entry.id}' is used more than once"
        seen.add(entry.id)
        if entry.kind not in read.kinds:
            yield f"{FILE}: {entry.id}: no kind '{entry.kind}'; there are {', '.join(read.kinds)}"
        if entry.area is not None and not (entry.area[0] < entry.area[2] and entry.area[1] < entry.area[3]):
            yield f"{FILE}: {entry.id}: area is [min x, min y, max x, max y], m"


def _bookable(entry: BookableIn, read: BookablesIn, opening: tuple[Spans, ...]) -> Bookable:
    kind = read.kinds[entry.kind]
    return Bookable(
        id=entry.id,
        kind=Kind(entry.kind, _names(kind.name)),
        name=_names(entry.name),
        space=entry.space,
        parts=tuple(dict.fromkeys(entry.parts or [entry.id])),
        slot_min=entry.slot_min or kind.slot_min,
        capacity=entry.capacity or kind.capacity,
        rules=entry.rules.over(kind.rules.over(read.rules.over(Rules(min_role=Role.MEMBER)))),
        hours=opening if entry.hours is None else _week(entry.hours),
        price=kind.price if entry.price is None else entry.price,
        element=entry.element,
        area=entry.area,
        lights=entry.lights or kind.lights,
    )


def _names(name: Name) -> Names:
    return Names(name.zh or name.en, name.en or name.zh)


def _week(hours: Mapping[Day, list[tuple[str, str]]]) -> tuple[Spans, ...]:
    written = {str(day): spans for day, spans in hours.items()}
    return tuple(tuple((begin, end) for begin, end in written.get(day, [])) for day in DAYS)
