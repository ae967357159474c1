"""`film.yaml` of the venue folder: for how long which points' film is kept where."""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError, model_validator

from telemetry_bridge.errors import Fault, RegistryError
from telemetry_bridge.yaml_lines import line_of, load_yaml
from twin.errors import VenueError
from twin.film.policy import DEFAULT, Policies, Policy
from twin.venue import Venue, VenueModel

FILE = "film.yaml"
MOST_DAYS = 36_500.0


def _no_default(name: str) -> str:
    if name == DEFAULT:
        raise ValueError("the default stands under 'default', without classes")
    return name


Days = Annotated[float, Field(gt=0, le=MOST_DAYS)]
ColdDays = Annotated[float, Field(ge=0, le=MOST_DAYS)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$"), AfterValidator(_no_default)]


class DefaultModel(VenueModel):
    """For all points that no other policy is for."""

    warm_days: Days | None = None
    cold_days: ColdDays | None = 0.0


class PolicyModel(VenueModel):
    """For the points of some classes."""

    name: Name
    classes: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    warm_days: Days
    cold_days: ColdDays | None = 0.0


class FilmModel(VenueModel):
    """`film.yaml`."""

    default: DefaultModel = DefaultModel()
    policies: list[PolicyModel] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _each_once(self) -> "FilmModel":
        names = [each.name for each in self.policies]
        classes = [name for each in self.policies for name in set(each.classes)]
        for kind, found in (("policy", names), ("class", classes)):
            twice = sorted({each for each in found if found.count(each) > 1})
            if twice:
                raise ValueError(f"the {kind} {twice[0]} is there twice")
        return self


def plain_policies(keep_days: float) -> Policies:
    """Those of a venue without the file: all film stays in the database, and then is deleted."""
    return Policies(Policy(DEFAULT, keep_days))


def load_policies(venue: Venue, keep_days: float) -> Policies:
    """Read the file; where there is none all film is kept so many days in the database.

    VenueError names every fault with its line.
    """
    path = None if venue.folder is None else venue.folder / FILE
    if path is None or not path.is_file():
        return plain_policies(keep_days)
    try:
        return parse_policies(path.read_text(encoding="utf-8"), keep_days)
    except (OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise VenueError(str(venue.folder), [f"{FILE}: cannot be read: {reason}"]) from error
    except RegistryError as error:
        raise VenueError(str(venue.folder), [str(each) for each in error.faults]) from error


def parse_policies(text: str, keep_days: float) -> Policies:
    """Read what stands in the file; `keep_days` are the default's `warm_days` where it names none.

    RegistryError: all its faults, each with file and line.
    """
    value, lines = load_yaml(text, FILE)
    try:
        found = FilmModel.model_validate({} if value is None else value)
    except ValidationError as error:
        raise RegistryError(
            [
                Fault(f"{FILE}:{line_of(each['loc'], lines)}", _message(each["loc"], each["msg"]))
                for each in error.errors(include_url=False)
            ]
        ) from error
    return Policies(
        Policy(DEFAULT, found.default.warm_days or keep_days, found.default.cold_days),
        tuple(
            Policy(each.name, each.warm_days, each.cold_days, frozenset(each.classes))
            for each in found.policies
        ),
    )


def _message(loc: tuple[str | int, ...], message: str) -> str:
    where = ".".join(str(part) for part in loc)
    said = message.removeprefix("Value error, ")
    if where:
        return f"{where}: {said}"
    return f"{said} (give 'default' and 'policies')" if said.startswith("Input") else said
