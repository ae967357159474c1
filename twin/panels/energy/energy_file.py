"""`energy.yaml` of the venue folder: what a kilowatt-hour emits and costs."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from telemetry_bridge.errors import Fault, RegistryError
from telemetry_bridge.yaml_lines import line_of, load_yaml
from twin.errors import VenueError
from twin.venue import Venue, VenueModel

FILE = "energy.yaml"


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise ValueError("give the three capital letters of ISO 4217, such as CNY")
    return text


class EmissionFactor(VenueModel):
    """What a kilowatt-hour from the grid emits, and who says so."""

    kgco2e_per_kwh: float = Field(ge=0, allow_inf_nan=False)
    source: str = Field(min_length=1)


class Tariff(VenueModel):
    """What a kilowatt-hour from the grid costs, the same at all times, and who says so."""

    currency: Annotated[str, AfterValidator(_currency)]
    per_kwh: float = Field(ge=0, allow_inf_nan=False)
    source: str = Field(min_length=1)


class EnergyInfo(VenueModel):
    """`energy.yaml`; what is left out is not reckoned."""

    emission_factor: EmissionFactor | None = None
    tariff: Tariff | None = None


def load_energy(venue: Venue) -> EnergyInfo:
    """Read the file; all unknown where there is none. VenueError names every fault with its line."""
    path = None if venue.folder is None else venue.folder / FILE
    if path is None or not path.is_file():
        return EnergyInfo()
    try:
        return parse_energy(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise VenueError(str(venue.folder), [f"{FILE}: cannot be read: {reason}"]) from error
    except RegistryError as error:
        raise VenueError(str(venue.folder), [str(each) for each in error.faults]) from error


def parse_energy(text: str) -> EnergyInfo:
    """Read what stands in the file. RegistryError: all its faults, each with file and line."""
    value, lines = load_yaml(text, FILE)
    try:
        return EnergyInfo.model_validate({} if value is None else value)
    except ValidationError as error:
        raise RegistryError(
            [
                Fault(f"{FILE}:{line_of(each['loc'], lines)}", _message(each["loc"], each["msg"]))
                for each in error.errors(include_url=False)
            ]
        ) from error


def _message(loc: tuple[str | int, ...], message: str) -> str:
    where = ".".join(str(part) for part in loc)
    said = message.removeprefix("Value error, ")
    return f"{where}: {said}" if where else "give emission_factor and tariff, or neither"
